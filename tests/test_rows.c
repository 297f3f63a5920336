/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Rows from bits: at every SIMD level, for narrow and wide tables, all columns or some of them,
 * and however the values are cut in calls, what a loop over the bits gives.
 */
#include "kernel.h"
#include "rows.h"
#include "simd.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES_MAX = 6000, WIDE_MAX = 2500 };

/* ---- Tables at random ---------------------------------------------------------------------- */

struct table {
    uint32_t columns, selected_count;
    size_t values;
    bool in_range[VALUES_MAX], missing[VALUES_MAX], has_missing;
    bool is_selected[VALUES_MAX];
    uint64_t *selected;
};

/* A third of the tables has all columns, a third some, and in each some are all in range. */
static void make_table(struct table *table, uint32_t columns)
{
    *table = (struct table){.columns = columns};
    uint32_t words = (columns + 63) / 64;
    bool has_all = random_below(3) == 0;
    uint64_t density = random_below(5);
    table->values = random_below(VALUES_MAX / columns + 1) * columns;
    table->has_missing = random_below(2);
    table->selected = has_all ? NULL : calloc(words, sizeof *table->selected);
    for (uint32_t c = 0; c < columns; c++) {
        table->is_selected[c] = has_all || random_below(2);
        table->selected_count += table->is_selected[c];
        if (!has_all)
            table->selected[c / 64] |= (uint64_t)table->is_selected[c] << c % 64;
    }
    for (size_t i = 0; i < table->values; i++) {
        table->in_range[i] = random_below(4) < density;
        table->missing[i] = table->has_missing && !table->in_range[i] && random_below(3) == 0;
    }
}

/* ---- The answer, and the reference ----------------------------------------------------- */

struct answer {
    uint64_t rows, missing, histogram[VALUES_MAX + 1];
    int32_t counts[VALUES_MAX + 1];
};

static void reference(const struct table *table, struct answer *answer)
{
    memset(answer, 0, sizeof *answer);
    for (size_t first = 0; first < table->values; first += table->columns) {
        int32_t count = 0;
        for (uint32_t c = 0; c < table->columns; c++) {
            count += table->is_selected[c] && table->in_range[first + c];
            answer->missing += table->is_selected[c] && table->missing[first + c];
        }
        answer->histogram[count]++;
        answer->counts[answer->rows++] = count;
    }
}

/* The bits of the next n values in memory that holds no word too many, with others above them. */
static uint64_t *bits_of(const bool *values, size_t n)
{
    size_t words = (n + 63) / 64 + 1;
    uint64_t *bits = malloc(words * sizeof *bits);
    for (size_t i = 0; i < words; i++)
        bits[i] = random_number();
    for (size_t i = 0; i < n; i++) {
        bits[i / 64] &= ~((uint64_t)1 << i % 64);
        bits[i / 64] |= (uint64_t)values[i] << i % 64;
    }
    return bits;
}

/* In calls of up to `most` values. */
static void count(const struct table *table, size_t most, bool wants_counts, struct answer *answer)
{
    memset(answer, 0, sizeof *answer);
    uint64_t *histogram = calloc((size_t)table->selected_count + 1, sizeof *histogram);
    int32_t *counts = calloc(table->values / table->columns + 1, sizeof *counts);
    struct rows rows = {.columns = table->columns,
                        .selected_count = table->selected_count,
                        .selected = table->selected,
                        .histogram = histogram,
                        .counts = wants_counts ? counts : NULL};
    for (size_t i = 0, n; i < table->values; i += n) {
        n = random_below(most) + 1;
        n = n < table->values - i ? n : table->values - i;
        uint64_t *in_range = bits_of(table->in_range + i, n);
        uint64_t *missing = table->has_missing ? bits_of(table->missing + i, n) : NULL;
        rows_add(&rows, in_range, missing, n);
        free(in_range);
        free(missing);
    }
    answer->rows = rows.rows;
    answer->missing = rows.missing;
    memcpy(answer->histogram, histogram, ((size_t)table->selected_count + 1) * sizeof *histogram);
    memcpy(answer->counts, counts, rows.rows * sizeof *counts);
    if (rows.column != 0 || rows.count != 0 || (wants_counts && rows.counts != counts + rows.rows))
        answer->rows = UINT64_MAX;
    free(counts);
    free(histogram);
}

/* ---- Tests ----------------------------------------------------------------------------- */

static bool is_right(uint32_t columns)
{
    static struct table table;
    static struct answer expected, found;
    make_table(&table, columns);
    reference(&table, &expected);
    bool wants_counts = random_below(2);
    if (!wants_counts)
        memset(expected.counts, 0, sizeof expected.counts);
    size_t most = random_below(3) == 0 ? VALUES_MAX : 1 + random_below(200);
    count(&table, most, wants_counts, &found);
    free(table.selected);
    if (memcmp(&expected, &found, sizeof found) == 0)
        return true;
    printf("# %u columns, %u selected, %zu values, calls of up to %zu: %" PRIu64 " rows, %" PRIu64
           " missing, expected %" PRIu64 " and %" PRIu64 "\n",
           columns, table.selected_count, table.values, most, found.rows, found.missing,
           expected.rows, expected.missing);
    return false;
}

static void test_level(enum simd_level level)
{
    char what[80];
    snprintf(what, sizeof what, "%s: narrow and wide tables, in calls of any size",
             simd_name(level));
    if (!simd_has(level)) {
        printf("ok %d - %s # SKIP this CPU does not have it\n", ++tests, what);
        return;
    }
    simd_force(level);
    random_state = 1;
    bool right = true;
    for (uint32_t columns = 1; columns <= 200; columns++)
        for (int i = 0; i < (columns <= 16 ? 20 : 5); i++)
            right &= is_right(columns);
    for (int i = 0; i < 50; i++)
        right &= is_right(201 + (uint32_t)random_below(WIDE_MAX - 200));
    result(right, what);
}

/* The widest table: one row in two calls, every other column selected. */
static void test_widest(void)
{
    enum { COLUMNS = 1 << 20, WORDS = COLUMNS / 64, FIRST = 1000003 };
    uint64_t *bits = malloc((WORDS + 2) * sizeof *bits), *selected = malloc(WORDS * sizeof *bits);
    uint64_t *histogram = calloc(COLUMNS / 2 + 1, sizeof *histogram);
    memset(bits, 0xff, (WORDS + 2) * sizeof *bits);
    memset(selected, 0x55, WORDS * sizeof *selected);
    struct rows rows = {.columns = COLUMNS,
                        .selected_count = COLUMNS / 2,
                        .selected = selected,
                        .histogram = histogram};
    rows_add(&rows, bits, NULL, FIRST);
    bool is_under_way = rows.rows == 0 && rows.column == FIRST;
    rows_add(&rows, bits, NULL, COLUMNS - FIRST);
    result(is_under_way && rows.rows == 1 && histogram[COLUMNS / 2] == 1, "a million columns");
    free(histogram);
    free(selected);
    free(bits);
}

int main(void)
{
    for (int level = 0; level < SIMD_LEVELS; level++)
        test_level((enum simd_level)level);
    test_widest();
    return done_testing();
}
