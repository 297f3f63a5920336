/* SPDX-License-Identifier: BSD-3-Clause */
#include "csv_reference.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- What a text is ---------------------------------------------------------------------- */

static const char DIGITS[] = "0123456789";

static bool is_one_of(const char *text, const char *const *words)
{
    while (*words != NULL && strcasecmp(text, *words) != 0)
        words++;
    return *words != NULL;
}

enum reference_kind reference_kind(const char *text)
{
    static const char *const missing[] = {"", "na", "nan", "+nan", "-nan", "null", NULL};
    static const char *const infinite[] = {"inf", "infinity", NULL};
    if (is_one_of(text, missing))
        return REFERENCE_MISSING;
    text += *text == '+' || *text == '-';
    if (is_one_of(text, infinite))
        return REFERENCE_DECIMAL;
    size_t whole = strspn(text, DIGITS), fraction = 0;
    text += whole;
    if (*text == '\0')
        return whole > 0 ? REFERENCE_INTEGER : REFERENCE_BAD;
    if (*text == '.') {
        fraction = strspn(++text, DIGITS);
        text += fraction;
    }
    if (whole + fraction == 0)
        return REFERENCE_BAD;
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '+' || *text == '-';
        size_t exponent = strspn(text, DIGITS);
        if (exponent == 0)
            return REFERENCE_BAD;
        text += exponent;
    }
    return *text == '\0' ? REFERENCE_DECIMAL : REFERENCE_BAD;
}

/* ---- Comparing --------------------------------------------------------------------------- */

/* All the digits that a number may have, from the first to the last place; no zero is left out. */
enum { WHOLE = REFERENCE_DIGITS + REFERENCE_EXPONENT, PLACES = 2 * WHOLE };

struct places {
    int sign;
    char digits[PLACES];
};

static void lay_out(const char *text, struct places *places)
{
    int sign = *text == '-' ? -1 : 1;
    text += *text == '+' || *text == '-';
    bool is_infinite = strspn(text, ".0123456789") == 0;
    places->sign = is_infinite ? sign : 0;
    memset(places->digits, is_infinite ? '9' + 1 : '0', PLACES);
    const char *end = is_infinite ? text : text + strcspn(text, "eE");
    long exponent = *end == 'e' || *end == 'E' ? strtol(end + 1, NULL, 10) : 0;
    long at = WHOLE - (long)strcspn(text, ".eE") - exponent;
    for (; text < end; text++)
        if (*text != '.' && at >= 0 && at < PLACES) {
            places->digits[at++] = *text;
            places->sign = *text != '0' ? sign : places->sign;
        }
}

int reference_compare(const char *a, const char *b)
{
    struct places x, y;
    lay_out(a, &x);
    lay_out(b, &y);
    if (x.sign != y.sign)
        return x.sign - y.sign;
    return x.sign * memcmp(x.digits, y.digits, PLACES);
}

bool reference_in_range(const char *text, const char *low, const char *high)
{
    if (reference_kind(text) == REFERENCE_INTEGER)
        return reference_compare(text, low) >= 0 && reference_compare(text, high) <= 0;
    double value = strtod(text, NULL);
    return strtod(low, NULL) <= value && value <= strtod(high, NULL);
}

/* ---- Lines and cells --------------------------------------------------------------------- */

struct span {
    const char *text, *end;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct span trimmed(struct span span)
{
    while (span.text < span.end && is_blank(*span.text))
        span.text++;
    while (span.text < span.end && is_blank(span.end[-1]))
        span.end--;
    return span;
}

static bool is_delimiter(const struct reference *reference, char c)
{
    return c == reference->delimiter || (reference->delimiter == ' ' && c == '\t');
}

/* Behind the quoted text at the beginning, or NULL if it is not closed. Two quotes stand for one.
 */
static const char *behind_quotes(struct span line)
{
    for (const char *at = line.text + 1; at < line.end; at++)
        if (*at == '"' && (at + 1 == line.end || at[1] != '"'))
            return at + 1;
        else if (*at == '"')
            at++;
    return NULL;
}

/* Takes the first cell off the line. It has neither the quotes nor the blanks that are around it or
 * within them; `is_open` is that of a quote that is not closed. Returns false at the last one. */
static bool take_cell(const struct reference *reference, struct span *line, struct span *cell,
                      bool *is_quoted, bool *is_open)
{
    const char *at = line->text;
    while (at < line->end && is_blank(*at) && !is_delimiter(reference, *at))
        at++;
    struct span rest = {at, line->end};
    *is_quoted = at < line->end && *at == '"';
    const char *behind = *is_quoted ? behind_quotes(rest) : at;
    *is_open = behind == NULL;
    if (*is_open) {
        *cell = trimmed((struct span){at + 1, line->end});
        return false;
    }
    const char *end = behind;
    while (end < line->end && !is_delimiter(reference, *end))
        end++;
    *cell = trimmed((struct span){at, end});
    if (*is_quoted && cell->end == behind)
        *cell = trimmed((struct span){at + 1, behind - 1});
    line->text = end + 1;
    return end < line->end;
}

/* ---- Rows -------------------------------------------------------------------------------- */

static void spoil(struct reference *reference, bool *is_bad, enum csv_trouble trouble,
                  uint64_t column, struct span cell)
{
    if (!*is_bad) {
        reference->trouble = trouble;
        reference->trouble_column = column;
        reference->trouble_text = cell.text;
        reference->trouble_length = (size_t)(cell.end - cell.text);
    }
    *is_bad = true;
}

static bool is_selected(const struct reference *reference, uint64_t column)
{
    if (column >= reference->columns)
        return false;
    return reference->selected == NULL || (reference->selected[column / 64] >> column % 64 & 1);
}

static enum reference_kind kind_of(struct span cell, char *text)
{
    size_t length = (size_t)(cell.end - cell.text);
    memcpy(text, cell.text, length);
    text[length] = '\0';
    return strlen(text) < length ? REFERENCE_BAD : reference_kind(text);
}

/* False if the row is bad, and then why. */
static bool read_row(struct reference *reference, struct span line, char *text)
{
    uint64_t column = 0, missing = 0;
    int32_t count = 0;
    bool is_bad = false, is_quoted, is_open, goes_on = true;
    while (goes_on) {
        struct span cell;
        goes_on = take_cell(reference, &line, &cell, &is_quoted, &is_open);
        if (reference->delimiter == ' ' && cell.text == cell.end && !is_quoted)
            continue;
        if (is_open)
            spoil(reference, &is_bad, CSV_OPEN_QUOTE, column, cell);
        else if (is_selected(reference, column)) {
            enum reference_kind kind = kind_of(cell, text);
            if (kind == REFERENCE_BAD)
                spoil(reference, &is_bad, CSV_NOT_A_NUMBER, column, cell);
            else if (kind == REFERENCE_MISSING)
                missing++;
            else
                count += reference_in_range(text, reference->low, reference->high);
        }
        column++;
    }
    if (column != reference->columns)
        spoil(reference, &is_bad, CSV_WIDTH, column, (struct span){NULL, NULL});
    if (is_bad)
        return false;
    reference->counts[reference->rows++] = count;
    reference->histogram[count]++;
    reference->missing += missing;
    return true;
}

static bool is_blank_line(const struct reference *reference, struct span line)
{
    for (; line.text < line.end && is_blank(*line.text); line.text++)
        if (reference->delimiter != ' ' && is_delimiter(reference, *line.text))
            return false;
    return line.text == line.end;
}

void reference_read(struct reference *reference, const char *text, size_t size)
{
    const char *end = text + size, *newline;
    char *copy = malloc(size + 1);
    for (; text < end && (newline = memchr(text, '\n', (size_t)(end - text))) != NULL;
         text = newline + 1) {
        struct span line = {text, newline};
        if (!is_blank_line(reference, line) && !read_row(reference, line, copy)) {
            if (!reference->skip_bad)
                break;
            reference->trouble = CSV_FINE;
            reference->bad_rows++;
        }
        reference->lines++;
    }
    free(copy);
}
