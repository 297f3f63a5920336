/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A look at the beginning of a file, to find out what it is. Functions that return int return 0 or
 * the exit status, having said what is wrong.
 */
#ifndef LOOK_H
#define LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As much as is read at first. */
enum { LOOK_SIZE = 1 << 16 };

struct look {
    const char *name;
    int fd;
    bool is_stream; /* a pipe or the like */
    bool is_whole;  /* the text is all there is */
    char *text;     /* the beginning, with room for one character more */
    size_t size, capacity;
    uint64_t device, inode;    /* of the file */
    uint64_t start, file_size; /* where the text begins in its file, which is not a stream's */
};

/* "-" is standard input. Close it even if it cannot be opened. */
int look_open(struct look *look, const char *name, bool streams_allowed);

void look_close(struct look *look);

/* Reads on until there are `size` bytes, or all. */
int look_further(struct look *look, size_t size);

/* Refuses what is neither text nor npy. */
int look_check_kind(const struct look *look);

/* Whether it has no name that any process can open. It stays open then: the ranks open it by way of
 * this process. */
bool look_stays_open(const struct look *look);

/* Says what is wrong with the file. */
int look_complain(const struct look *look, const char *what);

#endif
