/* SPDX-License-Identifier: BSD-3-Clause */
#include "csv_head.h"

#include "csv_cell.h"

#include <string.h>

/* How many lines are looked at to find the delimiter. */
enum { LINES = 20 };

struct line {
    const char *text;
    size_t size; /* with its newline */
};

static bool next_line(const char *text, size_t size, size_t *at, struct line *line)
{
    const char *newline = *at < size ? memchr(text + *at, '\n', size - *at) : NULL;
    if (newline == NULL)
        return false;
    *line = (struct line){text + *at, (size_t)(newline - text) + 1 - *at};
    *at += line->size;
    return true;
}

/* Tabs that delimit are not blank. */
static bool is_blank(const struct line *line, char delimiter)
{
    for (size_t i = 0; i < line->size; i++) {
        char c = line->text[i];
        if (c != ' ' && c != '\r' && c != '\n' && (c != '\t' || delimiter == '\t'))
            return false;
    }
    return true;
}

/* ---- Cells of a line --------------------------------------------------------------------- */

struct shape {
    uint64_t cells, numbers;
    uint64_t open; /* the first cell whose quote is not closed, from 1; or 0 */
};

/* The cells of a line, and how many of them are numbers or missing: of all, or of those selected.
 */
static struct shape shape_of(const struct line *line, char delimiter, const uint64_t *selected)
{
    struct shape shape = {0};
    struct csv_cell cell;
    struct csv_number number;
    for (size_t at = 0; at < line->size; at += cell.end + 1) {
        if (!csv_cell_find(line->text + at, line->size - at, delimiter, &cell))
            break;
        if (delimiter == CSV_BLANKS && cell.length == 0 && !cell.is_quoted)
            continue;
        if (selected == NULL || (selected[shape.cells / 64] >> shape.cells % 64 & 1))
            shape.numbers +=
                !cell.is_open && csv_number(cell.text, cell.length, &number) != CSV_BAD;
        shape.cells++;
        if (cell.is_open && shape.open == 0)
            shape.open = shape.cells;
    }
    return shape;
}

/* ---- The delimiter ----------------------------------------------------------------------- */

/* How well a delimiter fits the lines from text[at] on: 0 if it does not cut the first one. */
static double fit(const char *text, size_t size, size_t at, char delimiter)
{
    struct line line;
    double lines = 0, alike = 0, cells = 0, numbers = 0;
    uint64_t columns = 0;
    while (lines < LINES && next_line(text, size, &at, &line)) {
        if (is_blank(&line, delimiter))
            continue;
        struct shape shape = shape_of(&line, delimiter, NULL);
        if (lines++ == 0)
            columns = shape.cells;
        alike += shape.cells == columns;
        cells += (double)shape.cells;
        numbers += (double)shape.numbers;
    }
    return columns > 1 ? alike / lines + numbers / cells : 0;
}

static char find_delimiter(const char *text, size_t size, size_t at)
{
    static const char candidates[] = {',', '\t', ';', '|', CSV_BLANKS};
    char best = ',';
    double best_fit = 0;
    for (size_t i = 0; i < sizeof candidates; i++) {
        double its_fit = fit(text, size, at, candidates[i]);
        if (its_fit > best_fit) {
            best_fit = its_fit;
            best = candidates[i];
        }
    }
    return best;
}

/* ---- The first row ----------------------------------------------------------------------- */

void csv_head_find(const char *text, size_t size, char delimiter, struct csv_head *head)
{
    struct line line = {text, 0}, comment = {text, 0};
    size_t at = 0, row = 0;
    bool is_found = false;
    *head = (struct csv_head){.delimiter = delimiter};
    while (!is_found && next_line(text, size, &at, &line)) {
        bool is_comment = line.text[0] == '#';
        is_found = !is_comment && !is_blank(&line, delimiter);
        if (is_comment)
            comment = (struct line){line.text + 1, line.size - 1};
        if (!is_found) {
            head->lines++;
            row = at;
        }
    }
    head->row = head->row_end = row;
    if (delimiter == 0)
        head->delimiter = find_delimiter(text, size, row);
    if (delimiter == 0 && head->delimiter == '\t') {
        csv_head_find(text, size, '\t', head); /* for lines of tabs only */
        return;
    }
    if (!is_found)
        return;
    struct shape shape = shape_of(&line, head->delimiter, NULL);
    head->row_end = row + line.size;
    head->columns = shape.cells;
    head->open_column = shape.open;
    if (comment.size > 0 && shape_of(&comment, head->delimiter, NULL).cells == head->columns) {
        head->names = (size_t)(comment.text - text);
        head->names_end = head->names + comment.size;
    }
}

bool csv_head_is_header(const char *text, const struct csv_head *head, const uint64_t *selected)
{
    struct line row = {text + head->row, head->row_end - head->row};
    struct shape shape = shape_of(&row, head->delimiter, selected);
    uint64_t expected = shape.cells;
    if (selected != NULL) {
        expected = 0;
        for (uint64_t i = 0; i < shape.cells; i++)
            expected += selected[i / 64] >> i % 64 & 1;
    }
    return shape.numbers < expected;
}
