/* SPDX-License-Identifier: BSD-3-Clause */
#include "csv_pieces.h"

#include "csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- Steps ------------------------------------------------------------------------------- */

size_t pieces_whole(uint64_t *state)
{
    (void)state;
    return SIZE_MAX;
}

size_t pieces_of_one(uint64_t *state)
{
    (void)state;
    return 1;
}

size_t pieces_in_two(uint64_t *state)
{
    size_t step = *state;
    *state = SIZE_MAX;
    return step;
}

/* George Marsaglia, "Xorshift RNGs", 2003. */
size_t pieces_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    size_t most = *state & 64 ? 20 : *state & 128 ? 200 : 10000;
    return 1 + (*state >> 8) % most;
}

/* ---- Memory ------------------------------------------------------------------------------ */

static struct {
    char *text, *end;
} memory;

/* Makes memory for so many characters, a page that cannot be read at both ends. */
static void reserve(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (size / page + 1) * page;
    if (memory.text != NULL)
        munmap(memory.text - page, (size_t)(memory.end - memory.text) + 2 * page);
    char *pages =
        mmap(NULL, whole + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages, page, PROT_NONE) != 0 ||
        mprotect(pages + page + whole, page, PROT_NONE) != 0)
        abort();
    memory.text = pages + page;
    memory.end = memory.text + whole;
}

/* Copies a piece to the end or the beginning of the memory, with padding on both sides. */
static const char *place(const char *piece, size_t size, bool is_at_end, char padding)
{
    size_t whole = CSV_PADDING + size + CSV_PADDING;
    if ((size_t)(memory.end - memory.text) < whole)
        reserve(whole);
    char *place = is_at_end ? memory.end - whole : memory.text;
    memset(place, padding, CSV_PADDING);
    memcpy(place + CSV_PADDING, piece, size);
    memset(place + CSV_PADDING + size, padding, CSV_PADDING);
    return place + CSV_PADDING;
}

/* ---- Reading ----------------------------------------------------------------------------- */

/* Returns how much of the text was taken: all, if there is no trouble. */
static size_t read_pieces(struct csv_reader *reader, const char *text, size_t size,
                          pieces_step *step, uint64_t state)
{
    static const char paddings[] = {',', '1', '\n', '"', ' ', '\t', 'x', '\r'};
    static unsigned turn;
    size_t from = 0, to = 0;
    for (; to < size && reader->trouble == CSV_FINE; turn++) {
        size_t more = step(&state);
        to = size - to > more ? to + more : size;
        const char *piece =
            place(text + from, to - from, turn & 1, paddings[turn / 2 % sizeof paddings]);
        size_t taken = csv_read(reader, piece, to - from);
        if (taken > to - from)
            return SIZE_MAX;
        from += taken;
    }
    return from;
}

static bool has_trouble(const struct csv_reader *reader, const struct reference *expected)
{
    if (reader->trouble != expected->trouble || expected->trouble == CSV_FINE)
        return reader->trouble == expected->trouble;
    return reader->trouble_column == expected->trouble_column &&
           reader->trouble_length == expected->trouble_length &&
           (reader->trouble_text == NULL) == (expected->trouble_text == NULL) &&
           (expected->trouble_text == NULL ||
            memcmp(reader->trouble_text, expected->trouble_text, expected->trouble_length) == 0);
}

static const char *difference(const struct csv_reader *reader, const struct reference *expected,
                              const uint64_t *histogram, const int32_t *counts)
{
    const struct rows *rows = reader->rows;
    if (reader->lines != expected->lines)
        return "lines";
    if (!has_trouble(reader, expected))
        return "trouble";
    if (rows->rows != expected->rows || reader->bad_rows != expected->bad_rows)
        return "rows or bad rows";
    if (rows->missing != expected->missing)
        return "missing values";
    if (rows->column != 0 || rows->count != 0)
        return "rows in their middle";
    size_t columns = expected->columns;
    if (memcmp(histogram, expected->histogram, (columns + 1) * sizeof *histogram) != 0)
        return "histogram";
    if (rows->counts != counts + expected->rows ||
        memcmp(counts, expected->counts, expected->rows * sizeof *counts) != 0)
        return "counts";
    return NULL;
}

static uint32_t selected_count(const struct reference *expected)
{
    uint32_t count = 0;
    if (expected->selected == NULL)
        return expected->columns;
    for (uint32_t column = 0; column < expected->columns; column++)
        count += expected->selected[column / 64] >> column % 64 & 1;
    return count;
}

bool pieces_agree(const struct reference *expected, struct bounds *bounds, const char *text,
                  size_t size, pieces_step *step, uint64_t state, char words[PIECES_WORDS])
{
    uint64_t *histogram = calloc((size_t)expected->columns + 1, sizeof *histogram);
    int32_t *counts = calloc(size + 1, sizeof *counts); /* a row has a newline at least */
    struct rows rows = {
        .columns = expected->columns,
        .selected_count = selected_count(expected),
        .selected = expected->selected,
        .histogram = histogram,
        .counts = counts,
    };
    struct csv_reader reader = {
        .delimiter = expected->delimiter,
        .skip_bad = expected->skip_bad,
        .bounds = bounds,
        .rows = &rows,
    };
    size_t taken = read_pieces(&reader, text, size, step, state);
    const char *what = difference(&reader, expected, histogram, counts);
    if (what == NULL && (taken > size || (taken < size && reader.trouble == CSV_FINE)))
        what = "end";
    if (what != NULL)
        snprintf(words, PIECES_WORDS,
                 "another %s; line %zu, column %zu, trouble %d, %zu rows, %zu missing, %zu bad",
                 what, (size_t)reader.lines, (size_t)reader.trouble_column, (int)reader.trouble,
                 (size_t)rows.rows, (size_t)rows.missing, (size_t)reader.bad_rows);
    free(histogram);
    free(counts);
    return what == NULL;
}
