/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Files that are written as a whole or not at all: under a new name in the same folder, which takes
 * the place of the old file in the end. A signal that ends the program takes the new file with it.
 */
#ifndef OUTFILE_H
#define OUTFILE_H

#include <stdbool.h>
#include <stddef.h>

struct outfile {
    const char *name;
    char *temporary; /* what to write to; NULL when there is nothing to be renamed or removed */
};

/* Controller. Makes the empty file. Returns 0, or the exit status, having said what is wrong. */
int outfile_begin(struct outfile *file, const char *name);

/* Writes `size` bytes at its beginning. */
int outfile_put(struct outfile *file, const void *bytes, size_t size);

/* Gives it its name. */
int outfile_commit(struct outfile *file);

/* Removes it, if it is there. */
void outfile_abandon(struct outfile *file);

/* Whether both have been begun and are the same file. */
bool outfile_are_same(const struct outfile *a, const struct outfile *b);

/* Whether the name ends like this, capital or small. */
int outfile_is_a(const char *name, const char *ending);

#endif
