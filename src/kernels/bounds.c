/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a range means for each type. The bounds are kept as the decimals that they were written as,
 * and a number is compared with them exactly if it is an integer, and as the nearest double or
 * float otherwise. Either way a larger number never compares as less, so that the numbers of a type
 * that are in range are an interval; its ends are found by bisection, with that one comparison.
 */
#include "bounds.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- Decimals -------------------------------------------------------------------------- */

/* Takes the digits and the point at the beginning of `text`, and returns where they end: `text` if
 * there is no digit. */
static const char *take_digits(const char *text, struct decimal *decimal)
{
    bool is_fraction = false, is_number = false;
    const char *at = text;
    for (; isdigit((unsigned char)*at) || (*at == '.' && !is_fraction); at++) {
        if (*at == '.') {
            is_fraction = true;
            continue;
        }
        is_number = true;
        if (decimal->length > 0 || *at != '0')
            decimal->digits[decimal->length++] = *at;
        else if (is_fraction)
            decimal->point--;
        if (decimal->length > 0 && !is_fraction)
            decimal->point++;
    }
    while (decimal->length > 0 && decimal->digits[decimal->length - 1] == '0')
        decimal->length--;
    return is_number ? at : text;
}

/* The same for an exponent, which need not be there. One beyond this is as good as this. */
static const char *take_exponent(const char *text, struct decimal *decimal)
{
    const long most = 1000000;
    char *end;
    if ((*text != 'e' && *text != 'E') || isspace((unsigned char)text[1]))
        return text;
    long exponent = strtol(text + 1, &end, 10);
    decimal->point += exponent > most ? most : exponent < -most ? -most : exponent;
    return end == text + 1 ? text : end;
}

int bounds_decimal(const char *text, struct decimal *decimal)
{
    *decimal = (struct decimal){.sign = *text == '-' ? -1 : 1};
    if (strlen(text) >= BOUND_TEXT_MAX)
        return -1;
    decimal->nearest = strtod(text, NULL);
    decimal->nearest_float = strtof(text, NULL);
    text += *text == '-' || *text == '+';
    decimal->is_infinite = strcasecmp(text, "inf") == 0 || strcasecmp(text, "infinity") == 0;
    if (decimal->is_infinite)
        return 0;
    const char *end = take_digits(text, decimal);
    if (end == text || *take_exponent(end, decimal) != '\0')
        return -1;
    if (decimal->length == 0)
        decimal->sign = 0;
    return 0;
}

static struct decimal negative_of(const struct decimal *decimal)
{
    struct decimal negative = *decimal;
    negative.sign = -negative.sign;
    negative.nearest = -negative.nearest;
    return negative;
}

/* ---- Comparing: less than, equal to or greater than 0, as the first is to the second --------- */

/* 0.d1d2… of two numbers, of which one may have zeros behind that are not written. */
static int compare_digits(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t common = a_length < b_length ? a_length : b_length;
    int order = memcmp(a, b, common);
    for (; order == 0 && common < a_length; common++)
        order = a[common] != '0';
    for (; order == 0 && common < b_length; common++)
        order = -(b[common] != '0');
    return order;
}

static int compare_integer(bool is_negative, const char *digits, size_t length,
                           const struct decimal *bound)
{
    int sign = length == 0 ? 0 : is_negative ? -1 : 1;
    if (sign != bound->sign)
        return sign < bound->sign ? -1 : 1;
    if (bound->is_infinite)
        return -sign;
    if (bound->point < 0 || length != (size_t)bound->point)
        return bound->point > 0 && length < (size_t)bound->point ? -sign : sign;
    return sign * compare_digits(digits, length, bound->digits, (size_t)bound->length);
}

int bounds_compare(const struct decimal *low, const struct decimal *high)
{
    if (low->sign != high->sign)
        return low->sign - high->sign;
    if (low->is_infinite || high->is_infinite)
        return low->sign * (low->is_infinite - high->is_infinite);
    if (low->point != high->point)
        return low->point < high->point ? -low->sign : low->sign;
    return low->sign *
           compare_digits(low->digits, (size_t)low->length, high->digits, (size_t)high->length);
}

bool bounds_has_integer(const struct bounds *bounds, bool is_negative, const char *digits,
                        size_t length)
{
    return compare_integer(is_negative, digits, length, &bounds->low) >= 0 &&
           compare_integer(is_negative, digits, length, &bounds->high) <= 0;
}

/* ---- Intervals ------------------------------------------------------------------------- */

/* A type is a set of keys 0, 1, … in the order of the values that they stand for. */
typedef int comparison(uint64_t key, unsigned scale, const struct decimal *bound);

static int compare_magnitude(bool is_negative, uint64_t magnitude, const struct decimal *bound)
{
    char digits[24];
    int length = magnitude == 0 ? 0 : snprintf(digits, sizeof digits, "%" PRIu64, magnitude);
    return compare_integer(is_negative, digits, (size_t)length, bound);
}

static int compare_uint64(uint64_t key, unsigned scale, const struct decimal *bound)
{
    (void)scale;
    return compare_magnitude(false, key, bound);
}

static const uint64_t INT64_ZERO = (uint64_t)1 << 63;

static int compare_int64(uint64_t key, unsigned scale, const struct decimal *bound)
{
    (void)scale;
    bool is_negative = key < INT64_ZERO;
    return compare_magnitude(is_negative, is_negative ? INT64_ZERO - key : key - INT64_ZERO, bound);
}

/* The double nearest to key / 10^scale. Up to 2^53 and 10^22 both are exact and so the division is
 * rounded once (W. Clinger, "How to read floating point numbers accurately", 1990). */
static double scaled(uint64_t key, unsigned scale)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    char text[48];
    if (key <= (uint64_t)1 << 53 && scale < sizeof powers / sizeof *powers)
        return (double)key / powers[scale];
    snprintf(text, sizeof text, "%" PRIu64 "e-%u", key, scale);
    return strtod(text, NULL);
}

static int compare_scaled(uint64_t key, unsigned scale, const struct decimal *bound)
{
    double value = scaled(key, scale);
    return (value > bound->nearest) - (value < bound->nearest);
}

/* The first key up to `last` whose order to `bound` is at least `order`; false if none is. */
static bool find_first(comparison *compare, unsigned scale, uint64_t last,
                       const struct decimal *bound, int order, uint64_t *first)
{
    uint64_t from = 0, to = last;
    if (compare(last, scale, bound) < order)
        return false;
    while (from < to) {
        uint64_t middle = from + (to - from) / 2;
        if (compare(middle, scale, bound) < order)
            from = middle + 1;
        else
            to = middle;
    }
    *first = from;
    return true;
}

/* The keys from *from to *to, of 0 … last, are in range; false if none is. */
static bool find_interval(comparison *compare, unsigned scale, uint64_t last,
                          const struct decimal *low, const struct decimal *high, uint64_t *from,
                          uint64_t *to)
{
    uint64_t beyond;
    if (!find_first(compare, scale, last, low, 0, from))
        return false;
    *to = last;
    if (find_first(compare, scale, last, high, 1, &beyond)) {
        if (beyond <= *from)
            return false;
        *to = beyond - 1;
    }
    return true;
}

/* ---- The range ------------------------------------------------------------------------- */

static const uint64_t MAGNITUDE_LAST = 9999999999999999999u; /* of BOUNDS_DIGITS digits */

static struct bounds_span find_span(unsigned index, const struct decimal *low,
                                    const struct decimal *high)
{
    comparison *compare = index == 0 ? compare_uint64 : compare_scaled;
    unsigned scale = index == 0 ? 0 : index - 1;
    uint64_t from, to;
    if (!find_interval(compare, scale, MAGNITUDE_LAST, low, high, &from, &to))
        return (struct bounds_span){UINT64_MAX, 0};
    return (struct bounds_span){from, to - from};
}

const struct bounds_span *bounds_find_spans(struct bounds *bounds, unsigned index)
{
    struct decimal low = negative_of(&bounds->high), high = negative_of(&bounds->low);
    bounds->spans[index][0] = find_span(index, &bounds->low, &bounds->high);
    bounds->spans[index][1] = find_span(index, &low, &high);
    bounds->known |= (uint64_t)1 << index;
    return bounds->spans[index];
}

/* Above all numbers of 16 digits, and a gap in it overflows nothing. */
static const uint64_t GAPPED_LIMIT = 100000000000000000;

/* m with a 0 before its last `digits` digits. */
static uint64_t gap(uint64_t m, unsigned digits)
{
    uint64_t power = 1;
    for (unsigned i = 0; i < digits; i++)
        power *= 10;
    return m / power * power * 10 + m % power;
}

static struct bounds_span gapped(struct bounds_span span, unsigned index)
{
    uint64_t last = span.low + span.width;
    if (index == 0 || span.low >= GAPPED_LIMIT)
        return span;
    last = last < GAPPED_LIMIT ? last : GAPPED_LIMIT;
    uint64_t low = gap(span.low, index - 1);
    return (struct bounds_span){low, gap(last, index - 1) - low};
}

const struct bounds_span *bounds_find_gapped(struct bounds *bounds, unsigned index)
{
    const struct bounds_span *spans = bounds_spans(bounds, index);
    for (int sign = 0; sign < 2; sign++)
        bounds->gapped[index][sign] = gapped(spans[sign], index);
    bounds->gapped_known |= (uint64_t)1 << index;
    return bounds->gapped[index];
}

int bounds_set(struct bounds *bounds, const char *low, const char *high)
{
    uint64_t from, to;
    *bounds = (struct bounds){.int64_low = 1, .uint64_low = 1};
    if (bounds_decimal(low, &bounds->low) != 0 || bounds_decimal(high, &bounds->high) != 0)
        return -1;
    if (find_interval(compare_int64, 0, UINT64_MAX, &bounds->low, &bounds->high, &from, &to)) {
        bounds->int64_low = (int64_t)(from ^ INT64_ZERO);
        bounds->int64_high = (int64_t)(to ^ INT64_ZERO);
    }
    if (find_interval(compare_uint64, 0, UINT64_MAX, &bounds->low, &bounds->high, &from, &to)) {
        bounds->uint64_low = from;
        bounds->uint64_high = to;
    }
    bounds->double_low = bounds->low.nearest;
    bounds->double_high = bounds->high.nearest;
    bounds->float_low = bounds->low.nearest_float;
    bounds->float_high = bounds->high.nearest_float;
    return 0;
}
