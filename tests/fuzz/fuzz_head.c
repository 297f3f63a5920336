/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The beginnings of text tables. One byte is the delimiter, or none, one is which columns to count,
 * and the rest is the text. What is said of the first row is what the reference makes of it.
 */
#include "fuzz.h"

#include "csv_head.h"
#include "../csv_reference.h"

#include <string.h>

enum { COLUMNS_MAX = 1000 };

static const char DELIMITERS[] = {',', '\t', ';', '|', ' '};

static bool is_blank(const char *text, const char *end)
{
    while (text < end && (*text == ' ' || *text == '\t' || *text == '\r' || *text == '\n'))
        text++;
    return text == end;
}

/* All lines before the first row are blank or comments, and it is not. */
static void check_lines(const char *text, const struct csv_head *head, size_t size)
{
    uint64_t lines = 0;
    const char *end = text + head->row;
    EXPECT(head->row <= head->row_end && head->row_end <= size, "%zu to %zu of %zu", head->row,
           head->row_end, size);
    for (const char *line = text, *next; line < end; line = next, lines++) {
        next = (const char *)memchr(line, '\n', size - (size_t)(line - text)) + 1;
        EXPECT(next <= end, "line %zu goes on", (size_t)lines);
        EXPECT(*line == '#' || is_blank(line, next), "line %zu is a row", (size_t)lines);
    }
    EXPECT(lines == head->lines, "%zu, not %zu", (size_t)head->lines, (size_t)lines);
    const char *row_end = text + head->row_end;
    if (end == row_end) {
        EXPECT(head->row == size && head->columns == 0, "there is a row");
        return;
    }
    EXPECT(row_end[-1] == '\n' && memchr(end, '\n', head->row_end - head->row) == row_end - 1,
           "no line");
    EXPECT(*end != '#' && !is_blank(end, row_end), "no row");
}

/* Reads a line as a row of as many cells as the first row. */
static struct reference read_line(const struct csv_head *head, const char *line, size_t size,
                                  const uint64_t *selected)
{
    static uint64_t histogram[COLUMNS_MAX + 1];
    static int32_t counts[1];
    struct reference reference = {
        .delimiter = head->delimiter,
        .columns = (uint32_t)head->columns,
        .selected = selected,
        .low = "0",
        .high = "0",
        .histogram = histogram,
        .counts = counts,
    };
    reference_read(&reference, line, size);
    return reference;
}

static bool has_width(const struct csv_head *head, const char *line, size_t size)
{
    static const uint64_t none[COLUMNS_MAX / 64 + 1];
    return read_line(head, line, size, none).trouble != CSV_WIDTH;
}

/* A quote that is not closed is trouble in any column, but makes a header in one to count only. */
static bool is_header(const struct csv_head *head, const char *line, size_t size,
                      const uint64_t *selected)
{
    struct reference reference = read_line(head, line, size, selected);
    uint64_t column = reference.trouble_column;
    return reference.trouble != CSV_FINE &&
           (selected == NULL || (selected[column / 64] >> column % 64 & 1));
}

static void check_row(const char *text, const struct csv_head *head, const uint64_t *selected)
{
    const char *row = text + head->row, *names = text + head->names;
    if (head->columns == 0 || head->columns > COLUMNS_MAX)
        return;
    size_t size = head->row_end - head->row, names_size = head->names_end - head->names;
    EXPECT(has_width(head, row, size), "%zu columns", (size_t)head->columns);
    EXPECT(csv_head_is_header(text, head, selected) == is_header(head, row, size, selected),
           "%zu columns", (size_t)head->columns);
    if (names_size == 0)
        return;
    EXPECT(head->names_end <= head->row && names[-1] == '#', "names at %zu", head->names);
    EXPECT(has_width(head, names, names_size), "other names");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct csv_head head;
    unsigned first = take_byte(&bytes, &size), second = take_byte(&bytes, &size);
    char delimiter = memchr(DELIMITERS, (int)first, sizeof DELIMITERS) != NULL ? (char)first : '\0';
    uint64_t *selected = malloc((size / 64 + 2) * sizeof *selected);
    memset(selected, (int)second, (size / 64 + 2) * sizeof *selected);
    char *text = malloc(size + 1);
    memcpy(text, bytes, size);
    text[size++] = '\n';

    csv_head_find(text, size, delimiter, &head);
    EXPECT(memchr(DELIMITERS, head.delimiter, sizeof DELIMITERS) != NULL, "%d", head.delimiter);
    EXPECT(delimiter == '\0' || head.delimiter == delimiter, "%d", head.delimiter);
    check_lines(text, &head, size);
    check_row(text, &head, NULL);
    if (second != 0)
        check_row(text, &head, selected);
    free(text);
    free(selected);
    return 0;
}
