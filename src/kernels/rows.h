/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From values to rows: a table's values come by in the order of its rows, each with a bit that says
 * whether it is in range; out come each row's count of them and the histogram of the counts.
 */
#ifndef TRIREME_KERNELS_ROWS_H
#define TRIREME_KERNELS_ROWS_H

#include <stddef.h>
#include <stdint.h>

struct rows {
    uint32_t columns;         /* values in a row, at least 1 */
    uint32_t selected_count;  /* how many of them are counted */
    const uint64_t *selected; /* bit c % 64 of word c / 64: column c is counted. NULL: all are */
    uint64_t *histogram;      /* selected_count + 1 numbers: rows with 0, 1, … values in range */
    int32_t *counts;          /* NULL, or where the next row's count goes */
    uint64_t rows;            /* that were completed */
    uint64_t missing;         /* selected values that are missing */
    uint32_t column, count;   /* the row under way: values seen, and those in range */
};

/* Takes the next `n` values, any number: bit i % 64 of word i / 64 tells whether the i-th is in
 * range, or missing; `missing` may be NULL for none. The words that hold n bits are read, and one
 * more; what their other bits are does not matter. Beside its values a call takes some 20 ns, so
 * it should bring hundreds of them. */
void rows_add(struct rows *rows, const uint64_t *in_range, const uint64_t *missing, size_t n);

#endif
