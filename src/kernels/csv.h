/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reading the rows of a text table, piece by piece, and counting the values in range.
 */
#ifndef TRIREME_KERNELS_CSV_H
#define TRIREME_KERNELS_CSV_H

#include "bounds.h"
#include "rows.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many characters before and after a piece of text must be readable, whatever they are. */
enum { CSV_PADDING = 64 };

/* The longest cell, with all that is around it up to its separator. */
enum { CSV_CELL_MAX = 1 << 18 };

enum csv_trouble {
    CSV_FINE,
    CSV_NOT_A_NUMBER, /* a cell */
    CSV_OPEN_QUOTE,   /* a cell's quote is not closed on its line */
    CSV_LONG_CELL,    /* a cell takes more than CSV_CELL_MAX characters, whatever is skipped */
    CSV_WIDTH,        /* a row has more or fewer cells than rows->columns */
};

struct csv_reader {
    char delimiter; /* CSV_BLANKS for any number of spaces and tabs */
    bool skip_bad;  /* count bad rows instead of ending there */
    struct bounds *bounds;
    struct rows *rows; /* of `columns` columns, at no row's middle */

    uint64_t lines;    /* that have ended */
    uint64_t bad_rows; /* that were left out */

    /* the row under way */
    uint64_t cells, missing;
    uint32_t count;
    bool is_bad, is_blank;

    /* why it ended: which cell (or how many, for CSV_WIDTH), and its text */
    enum csv_trouble trouble;
    uint64_t trouble_column;
    const char *trouble_text;
    size_t trouble_length;
};

/* Reads the next `size` characters and returns how many of them it has taken: all but a cell that
 * does not end there, which must come again with what follows it; fewer if there is trouble, which
 * is for good. The table must end with a newline. Any thread, one for a reader.
 *
 * Rows are lines, and the first trouble in a row is what counts. Lines of blanks are no rows. */
size_t csv_read(struct csv_reader *reader, const char *text, size_t size);

#endif
