/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One cell of a text table: where it ends, and what number it is. This is the definition; csv.c has
 * short cuts for the cells that are common.
 */
#ifndef TRIREME_KERNELS_CSV_CELL_H
#define TRIREME_KERNELS_CSV_CELL_H

#include "bounds.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A delimiter that stands for any number of spaces and tabs. */
enum { CSV_BLANKS = ' ' };

struct csv_cell {
    size_t end;       /* of the separator after it, from the beginning of the text */
    const char *text; /* without the blanks and the quotes around it */
    size_t length;
    bool is_quoted, is_open; /* open: its quote is not closed on this line */
};

/* Finds the cell that begins at text[0], of `size` characters. False when there is no separator
 * after it. */
bool csv_cell_find(const char *text, size_t size, char delimiter, struct csv_cell *cell);

enum csv_kind { CSV_BAD, CSV_MISSING, CSV_INTEGER, CSV_DECIMAL, CSV_INFINITE };

struct csv_number {
    bool is_negative;
    const char *digits; /* of an integer, without leading zeros */
    size_t length;
    /* |number| = magnitude / 10^scale, if is_short */
    bool is_short;
    uint64_t magnitude;
    long scale;
};

/* What the text of a cell is. */
enum csv_kind csv_number(const char *text, size_t length, struct csv_number *number);

/* Whether the number is in range. `text` is what csv_number() was given, and what follows it must
 * not go on with it. */
bool csv_is_in_range(struct bounds *bounds, enum csv_kind kind, const struct csv_number *number,
                     const char *text);

#endif
