/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the parts of count.c share: one rank's state while it counts.
 *
 * The rows of the files lie in blocks, which are dealt to the ranks in turn; whatever is between
 * two streams is dealt as one. Ranks work in rounds of a few blocks each. At the end of a round
 * they tell each other whether there is trouble: if so, all blocks before the one with the first
 * trouble have been read, so that what is reported is the same for any number of ranks. Then, if
 * the counts are to be written, each rank learns which rows its own are.
 */
#ifndef COUNTER_H
#define COUNTER_H

#include "count.h"
#include "csv.h"
#include "rows.h"

/* What is wrong, and where. */
enum trouble_kind {
    TROUBLE_NONE,
    TROUBLE_CELL,
    TROUBLE_QUOTE,
    TROUBLE_WIDTH,
    TROUBLE_LONG_CELL,
    TROUBLE_SHRANK,
    TROUBLE_WORDS, /* the text says it all */
};

#define NO_TROUBLE UINT64_MAX

struct trouble {
    uint64_t order; /* of the block that it is in, or NO_TROUBLE */
    enum trouble_kind kind;
    uint64_t source;      /* its index */
    uint64_t from, lines; /* text: the line is so many after the one that begins at this byte */
    uint64_t column;      /* from 0; or how many there are */
    uint64_t byte;        /* where a file ends that should not */
    char text[400];       /* of the cell; the host, for TROUBLE_SHRANK; or the words */
};

enum {
    PIECE = 1 << 18, /* bytes read at a time: with what is done to them they stay in the L2 cache */
    BUFFER = CSV_PADDING + CSV_CELL_MAX + 1 + PIECE + 1 + CSV_PADDING,
};

struct counter {
    tri_team *team;
    int rank, size;
    const struct count_options *options;
    const struct table *table;

    struct bounds bounds;
    struct rows rows;
    struct csv_reader reader;
    uint64_t bad_rows, bytes;
    uint64_t done; /* for the progress: bytes, or numbers of a random table */
    struct trouble trouble;

    char *buffer;              /* of BUFFER bytes */
    int32_t *counts;           /* of the rows of this round; NULL if they are not written */
    const struct source *open; /* whose descriptor this is */
    int fd;
    int output_fd, write_fd;
    uint64_t output_rows, output_bytes; /* that all ranks have written before this round */
    struct progress progress;
};

static inline uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- counter.c --------------------------------------------------------------------------- */

/* Records trouble in a block of this order. Returns false. */
bool counter_fail(struct counter *counter, uint64_t order, enum trouble_kind kind,
                  const struct source *source);

/* The same for a system call that has failed: what on, and errno's words. */
bool counter_fail_system(struct counter *counter, uint64_t order, const char *what);

/* Makes the reader's trouble this rank's. The line is counted from where `from` bytes begin. */
bool counter_fail_text(struct counter *counter, uint64_t order, const struct source *source,
                       uint64_t from);

/* Reads what the file that is open had there when the table was made, or there is trouble. */
bool counter_read(struct counter *counter, const struct source *source, uint64_t order, char *bytes,
                  size_t size, uint64_t offset);

/* Writes to a file, or there is trouble of which these words say what it is. */
bool counter_write(struct counter *counter, uint64_t order, int fd, const char *words,
                   const void *bytes, size_t size, uint64_t offset);

/* Opens a file if it is not the one that is open. */
bool counter_open(struct counter *counter, const struct source *source, uint64_t order);

/* Where a text source is cut, and a new reading of it begins. */
void counter_begin_text(struct counter *counter, const struct source *source);

/* ---- count_block.c ----------------------------------------------------------------------- */

/* Counts the rows that begin in a block of a source that is no stream; `order` is the block's place
 * among all. False when there is trouble. */
bool count_block(struct counter *counter, const struct source *source, uint64_t block,
                 uint64_t order);

/* ---- count_stream.c ---------------------------------------------------------------------- */

/* Collective. Counts the rows of a stream. Returns 0 or the error of a collective. */
int count_stream(struct counter *counter, const struct source *source);

/* ---- count_output.c ---------------------------------------------------------------------- */

/* Opens what is to be written. */
bool count_output_open(struct counter *counter);

/* Collective. Writes the counts of the round, rank by rank. */
int count_output_round(struct counter *counter);

/* ---- count.c ----------------------------------------------------------------------------- */

/* Collective. The end of a round: tells the others of trouble, if there is any, and writes the
 * counts. Returns 0, the error of a collective, or COUNT_TROUBLE: all ranks have the same trouble
 * then. */
enum { COUNT_TROUBLE = 1 };
int count_round(struct counter *counter);

#endif
