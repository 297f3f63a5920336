/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A range of numbers, bounds included, given as decimals: what it means for each type that a
 * table may hold. A number is in range if its own type says so: integers compare exactly, floating
 * point numbers with the bound rounded to their type.
 */
#ifndef TRIREME_KERNELS_BOUNDS_H
#define TRIREME_KERNELS_BOUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest text of a bound, its end included. */
enum { BOUND_TEXT_MAX = 320 };

/* A decimal, exactly: sign * 0.d1d2d3… * 10^point. Zero has no digits. */
struct decimal {
    int sign; /* -1 or 1 */
    bool is_infinite;
    int length;
    long point;
    char digits[BOUND_TEXT_MAX]; /* d1 and the last one are not 0 */
    double nearest;
    float nearest_float;
};

/* The magnitudes from `low` to low + width. None: the largest uint64_t, which is no magnitude of
 * those that are looked up here. */
struct bounds_span {
    uint64_t low, width;
};

/* Magnitudes of text are below 10^19, with up to SCALES-1 digits behind the point. */
enum { BOUNDS_DIGITS = 19, BOUNDS_SCALES = 48, BOUNDS_GAPPED = 16 };

struct bounds {
    /* of each type, the numbers from low to high are in range; none where low > high */
    int64_t int64_low, int64_high;
    uint64_t uint64_low, uint64_high;
    double double_low, double_high;
    float float_low, float_high;

    struct decimal low, high;
    /* see bounds_spans(); bit i of `known` is set where spans[i] has been found */
    struct bounds_span spans[BOUNDS_SCALES + 1][2];
    uint64_t known;
    /* see bounds_gapped() */
    struct bounds_span gapped[BOUNDS_GAPPED + 1][2];
    uint64_t gapped_known;
};

/* Sets the range from two decimals as bounds_decimal() reads them. -1 when one is none. Any
 * thread, for a struct of its own. */
int bounds_set(struct bounds *bounds, const char *low, const char *high);

/* Reads [+-]digits[.digits][e[+-]digits] or [+-]inf[inity], up to BOUND_TEXT_MAX - 1 characters;
 * -1 for anything else. */
int bounds_decimal(const char *text, struct decimal *decimal);

/* Less than, equal to or greater than 0, as low is to high. */
int bounds_compare(const struct decimal *low, const struct decimal *high);

/* Whether the integer of `length` digits, which do not begin with 0, is in range. */
bool bounds_has_integer(const struct bounds *bounds, bool is_negative, const char *digits,
                        size_t length);

/* Which m < 10^BOUNDS_DIGITS are in range, when text says m (index 0, compared as an integer) or
 * m / 10^(index-1) (compared as the nearest double), spans[0] for positive and [1] for negative
 * numbers. No number has to be converted to find out: rounding to the nearest double keeps the
 * order, so those in range are an interval of m, and its ends can be found once. */
const struct bounds_span *bounds_find_spans(struct bounds *bounds, unsigned index);

static inline const struct bounds_span *bounds_spans(struct bounds *bounds, unsigned index)
{
    if (bounds->known >> index & 1)
        return bounds->spans[index];
    return bounds_find_spans(bounds, index);
}

/* The same for numbers of at most 16 characters that keep their point as a digit 0: 12.345 is
 * 120345. */
const struct bounds_span *bounds_find_gapped(struct bounds *bounds, unsigned index);

static inline const struct bounds_span *bounds_gapped(struct bounds *bounds, unsigned index)
{
    if (bounds->gapped_known >> index & 1)
        return bounds->gapped[index];
    return bounds_find_gapped(bounds, index);
}

static inline bool bounds_span_has(const struct bounds_span *span, uint64_t magnitude)
{
    return magnitude - span->low <= span->width;
}

#endif
