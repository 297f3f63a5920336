/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The table that rowcount reads: one or more files, what is in them and which columns count. It is
 * found out once, by the controller; every rank gets it as the argument of its kernel, so it is one
 * piece of memory, in which texts and lists are found by their offset from its beginning.
 */
#ifndef TABLE_H
#define TABLE_H

#include "bounds.h"
#include "npy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most columns, as a histogram of the counts must find its place in every rank's memory. */
enum { COLUMNS_MAX = 1 << 20 };

enum source_kind { SOURCE_TEXT, SOURCE_NPY, SOURCE_RANDOM };

/* A file, or what stands for one. */
struct source {
    enum source_kind kind;
    bool is_stream; /* a pipe or the like: it can only be read once, in order, on this host */
    uint64_t name;  /* the offset of its name, for messages */
    uint64_t path;  /* and of what any process of this host can open */
    int descriptor; /* in the controller, where there is no other name; or -1 */
    uint64_t device, inode;
    uint64_t size;       /* in bytes, all in all: 0 for a stream */
    uint64_t data;       /* in bytes, before its first row */
    uint64_t ahead;      /* the offset of what has been read of a stream after that, */
    uint64_t ahead_size; /* and its length */
    uint64_t lines;      /* of text, before its first row */
    char delimiter;      /* of text */
    struct npy npy;
    uint64_t rows;        /* of npy and random */
    uint64_t blocks;      /* into which its rows are cut, 0 for a stream */
    uint64_t first_block; /* how many those are of the sources before it, back to a stream */
};

struct table {
    size_t size; /* of it all */
    uint64_t columns, selected_count;
    uint64_t selected; /* the offset of the bits of the columns that count, or 0: all do */
    uint64_t block;    /* in bytes */
    int controller;    /* its process */
    uint64_t source_count;
    struct source source[];
};

/* What is asked for. */
struct table_request {
    char **names;
    int count;
    const char *columns; /* as --columns, or NULL */
    char delimiter;      /* 0: to be found */
    enum header { HEADER_AUTO, HEADER_YES, HEADER_NO } header;
    uint64_t block;
    bool streams_allowed, skip_bad;
    uint64_t random_rows, random_columns; /* instead of files, if rows are not 0 */
};

/* Opens every file, reads its beginning and makes the table. Streams stay open: close nothing.
 * Returns 0, or the exit status, having said what is wrong. Free it with free(). */
int table_open(const struct table_request *request, struct table **table);

/* What lies at an offset. */
static inline const void *table_at(const struct table *table, uint64_t offset)
{
    return (const char *)table + offset;
}

/* The bits of the columns that count, or NULL for all. */
static inline const uint64_t *table_selected(const struct table *table)
{
    return table->selected == 0 ? NULL : table_at(table, table->selected);
}

/* How many rows of an npy or random source are a block, or how many bytes of text. */
uint64_t table_block_of(const struct table *table, const struct source *source);

#endif
