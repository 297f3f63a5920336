/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The beginning of a text table: its delimiter, its first row, and whether that is a header.
 */
#ifndef TRIREME_KERNELS_CSV_HEAD_H
#define TRIREME_KERNELS_CSV_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct csv_head {
    char delimiter;
    uint64_t lines;   /* before the first row: blank ones, and comments, which begin with # */
    size_t row;       /* where the first row begins, and where its line ends: equal if there is */
    size_t row_end;   /* none */
    uint64_t columns; /* of that row */
    uint64_t open_column;    /* from 1: of its first cell whose quote is not closed; or 0 */
    size_t names, names_end; /* the last comment, if its cells are as many as columns; or equal */
};

/* Looks at the beginning of a table, which ends with a newline, without a byte order mark. The
 * delimiter is `delimiter` or, if that is 0, the one of , tab ; | and blanks that cuts most of the
 * first lines as it cuts the first one, and into most numbers. */
void csv_head_find(const char *text, size_t size, char delimiter, struct csv_head *head);

/* Whether the first row is a header: one of its cells is no number, nor missing. Of all columns, or
 * of those whose bits are set in `selected`. */
bool csv_head_is_header(const char *text, const struct csv_head *head, const uint64_t *selected);

#endif
