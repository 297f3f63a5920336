/* SPDX-License-Identifier: BSD-3-Clause */
#include "csv_cell.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- Where a cell ends ------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_separator(char c, char delimiter)
{
    return c == '\n' || c == delimiter || (delimiter == CSV_BLANKS && c == '\t');
}

/* Where the quoted cell that begins at text[at] ends: at its last quote, or at the end of the line.
 * Two quotes stand for one. */
static size_t closing_quote(const char *text, size_t at, size_t size)
{
    for (at++; at < size && text[at] != '\n'; at++)
        if (text[at] == '"') {
            if (at + 1 == size || text[at + 1] != '"')
                break;
            at++;
        }
    return at;
}

static bool are_blank(const char *text, size_t from, size_t to)
{
    while (from < to && is_blank(text[from]))
        from++;
    return from == to;
}

/* The cell is what is not blank from text[from] to text[to]. */
static void set_text(struct csv_cell *cell, const char *text, size_t from, size_t to)
{
    while (from < to && is_blank(text[from]))
        from++;
    while (from < to && is_blank(text[to - 1]))
        to--;
    cell->text = text + from;
    cell->length = to - from;
}

bool csv_cell_find(const char *text, size_t size, char delimiter, struct csv_cell *cell)
{
    size_t at = 0;
    while (at < size && is_blank(text[at]) && !is_separator(text[at], delimiter))
        at++;
    cell->is_quoted = at < size && text[at] == '"';
    size_t quote = cell->is_quoted ? closing_quote(text, at, size) : at;
    cell->is_open = cell->is_quoted && quote < size && text[quote] == '\n';
    cell->end = quote;
    while (cell->end < size && !is_separator(text[cell->end], delimiter))
        cell->end++;
    if (cell->end == size)
        return false;
    if (cell->is_open || (cell->is_quoted && are_blank(text, quote + 1, cell->end)))
        set_text(cell, text, at + 1, quote);
    else /* "3"4: the quotes are part of it */
        set_text(cell, text, at, cell->end);
    return true;
}

/* ---- What it is -------------------------------------------------------------------------- */

static bool is_word(const char *text, size_t length, const char *word)
{
    return length == strlen(word) && strncasecmp(text, word, length) == 0;
}

static enum csv_kind word_kind(const char *text, size_t length, bool has_sign)
{
    if (is_word(text, length, "nan"))
        return CSV_MISSING;
    if (is_word(text, length, "inf") || is_word(text, length, "infinity"))
        return CSV_INFINITE;
    if (!has_sign && (length == 0 || is_word(text, length, "na") || is_word(text, length, "null")))
        return CSV_MISSING;
    return CSV_BAD;
}

/* Digits from `at` on, which are added to the number; returns where they end. */
static const char *take_digits(const char *at, const char *end, struct csv_number *number)
{
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        unsigned digit = (unsigned)(*at - '0');
        if (number->magnitude > (UINT64_MAX - digit) / 10)
            number->is_short = false;
        number->magnitude = number->magnitude * 10 + digit;
    }
    return at;
}

/* [+-]digits up to the end; false if that is not what there is. */
static bool take_exponent(const char *at, const char *end, struct csv_number *number)
{
    const long most = 100000;
    bool is_negative = at < end && *at == '-';
    long exponent = 0;
    at += at < end && (*at == '-' || *at == '+');
    if (at == end)
        return false;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        exponent = exponent < most ? exponent * 10 + (*at - '0') : most;
    number->scale += is_negative ? exponent : -exponent;
    return at == end;
}

enum csv_kind csv_number(const char *text, size_t length, struct csv_number *number)
{
    const uint64_t beyond = 10000000000000000000u; /* BOUNDS_DIGITS digits and one */
    const char *at = text, *end = text + length;
    bool has_sign = length > 0 && (*text == '-' || *text == '+');
    *number = (struct csv_number){.is_negative = has_sign && *text == '-', .is_short = true};
    at += has_sign;
    const char *digits = at;
    at = take_digits(at, end, number);
    bool has_digits = at > digits, is_integer = at == end;
    if (has_digits && is_integer) {
        for (number->digits = digits; number->digits < end && *number->digits == '0';)
            number->digits++;
        number->length = (size_t)(end - number->digits);
    } else if (at < end && *at == '.') {
        const char *fraction = ++at;
        at = take_digits(at, end, number);
        number->scale = at - fraction;
        has_digits |= at > fraction;
    }
    if (!has_digits)
        return word_kind(digits, (size_t)(end - digits), has_sign);
    if (at < end && !((*at == 'e' || *at == 'E') && take_exponent(at + 1, end, number)))
        return CSV_BAD;
    number->is_short &= number->magnitude < beyond;
    return is_integer ? CSV_INTEGER : CSV_DECIMAL;
}

bool csv_is_in_range(struct bounds *bounds, enum csv_kind kind, const struct csv_number *number,
                     const char *text)
{
    if (kind == CSV_INFINITE) {
        double infinity = number->is_negative ? -1 / 0.0 : 1 / 0.0;
        return bounds->double_low <= infinity && infinity <= bounds->double_high;
    }
    if (kind == CSV_INTEGER && !number->is_short)
        return bounds_has_integer(bounds, number->is_negative, number->digits, number->length);
    if (number->is_short && number->scale >= 0 && number->scale < BOUNDS_SCALES) {
        unsigned index = kind == CSV_INTEGER ? 0 : (unsigned)number->scale + 1;
        return bounds_span_has(&bounds_spans(bounds, index)[number->is_negative],
                               number->magnitude);
    }
    double value = strtod(text, NULL);
    return bounds->double_low <= value && value <= bounds->double_high;
}
