/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What rowcount(1) says of numbers and of text tables, done slowly and plainly, for tests and fuzz
 * harnesses to compare with. It shares no code with src/kernels.
 */
#ifndef TRIREME_TESTS_CSV_REFERENCE_H
#define TRIREME_TESTS_CSV_REFERENCE_H

#include "csv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimals that are compared have no more digits, and no larger exponents. */
enum { REFERENCE_DIGITS = 1000, REFERENCE_EXPONENT = 500 };

enum reference_kind { REFERENCE_BAD, REFERENCE_MISSING, REFERENCE_INTEGER, REFERENCE_DECIMAL };

enum reference_kind reference_kind(const char *text);

/* Less than, equal to or greater than 0, as a is to b: integers, decimals or infinities. */
int reference_compare(const char *a, const char *b);

/* Whether the number, an integer or a decimal, is from `low` to `high` as its own type compares. */
bool reference_in_range(const char *text, const char *low, const char *high);

struct reference {
    /* a question */
    char delimiter;
    bool skip_bad;
    uint32_t columns;
    const uint64_t *selected; /* NULL: all columns */
    const char *low, *high;

    /* the answer; the caller has the arrays, the histogram filled with zeros */
    uint64_t rows, missing, lines, bad_rows;
    uint64_t *histogram;
    int32_t *counts;
    enum csv_trouble trouble;
    uint64_t trouble_column;
    const char *trouble_text; /* in the text */
    size_t trouble_length;
};

/* Reads a whole table. What follows its last newline is left out. */
void reference_read(struct reference *reference, const char *text, size_t size);

#endif
