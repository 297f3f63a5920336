/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Bounds as anyone may type them. Three lines: the least number, the largest one, and an integer to
 * look up. What is accepted, how the two compare and what is in range is what the reference says,
 * and at the ends of each interval what strtod says.
 */
#include "fuzz.h"

#include "bounds.h"
#include "../csv_reference.h"

#include <inttypes.h>
#include <string.h>

enum { TEXT_MAX = BOUND_TEXT_MAX + 8 };

/* ---- Decimals ---------------------------------------------------------------------------- */

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* The digits and the point, written out, are the same number. */
static void check_digits(const char *text, const struct decimal *decimal)
{
    char written[TEXT_MAX + 32];
    snprintf(written, sizeof written, "%s0.%.*se%ld", *text == '-' ? "-" : "", decimal->length,
             decimal->digits, decimal->point);
    EXPECT(same_bits(strtod(written, NULL), strtod(text, NULL)), "%s became %s", text, written);
    EXPECT(decimal->length == 0 ||
               (decimal->digits[0] != '0' && decimal->digits[decimal->length - 1] != '0'),
           "%s", written);
    EXPECT((decimal->sign == 0) == (decimal->length == 0), "%s", written);
}

static bool check_decimal(const char *text)
{
    static struct decimal decimal;
    enum reference_kind kind = reference_kind(text);
    bool is_good =
        (kind == REFERENCE_INTEGER || kind == REFERENCE_DECIMAL) && strlen(text) < BOUND_TEXT_MAX;
    EXPECT((bounds_decimal(text, &decimal) == 0) == is_good, "'%s'", text);
    if (!is_good)
        return false;
    float nearest_float = strtof(text, NULL);
    EXPECT(same_bits(decimal.nearest, strtod(text, NULL)), "%s: %a", text, decimal.nearest);
    EXPECT(memcmp(&decimal.nearest_float, &nearest_float, sizeof nearest_float) == 0, "%s: %a",
           text, (double)decimal.nearest_float);
    if (!decimal.is_infinite)
        check_digits(text, &decimal);
    return true;
}

/* ---- Integers ---------------------------------------------------------------------------- */

static int sign_of(int number)
{
    return (number > 0) - (number < 0);
}

static void check_uint64(const char *low, const char *high, const struct bounds *bounds,
                         uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    bool expected = reference_in_range(text, low, high);
    EXPECT((bounds->uint64_low <= number && number <= bounds->uint64_high) == expected,
           "%s from %s to %s", text, low, high);
}

static void check_int64(const char *low, const char *high, const struct bounds *bounds,
                        int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    bool expected = reference_in_range(text, low, high);
    EXPECT((bounds->int64_low <= number && number <= bounds->int64_high) == expected,
           "%s from %s to %s", text, low, high);
}

static void check_integer(const char *text, const char *low, const char *high,
                          const struct bounds *bounds)
{
    if (reference_kind(text) != REFERENCE_INTEGER)
        return;
    const char *digits = text + strspn(text, "+-0");
    bool has = bounds_has_integer(bounds, *text == '-', digits, strlen(digits));
    EXPECT(has == reference_in_range(text, low, high), "%s from %s to %s", text, low, high);
}

/* ---- Spans ------------------------------------------------------------------------------- */

static void check_scaled(const char *low, const char *high, const struct bounds_span *spans,
                         unsigned index, uint64_t magnitude)
{
    char text[64];
    if (magnitude > 9999999999999999999u)
        return;
    for (int is_negative = 0; is_negative < 2; is_negative++) {
        snprintf(text, sizeof text, "%s%" PRIu64, is_negative ? "-" : "", magnitude);
        if (index > 0)
            snprintf(text + strlen(text), sizeof text - strlen(text), "e-%u", index - 1);
        EXPECT(bounds_span_has(&spans[is_negative], magnitude) ==
                   reference_in_range(text, low, high),
               "%s from %s to %s", text, low, high);
    }
}

static void check_spans(const char *low, const char *high, struct bounds *bounds, unsigned index,
                        uint64_t magnitude)
{
    struct bounds_span spans[2];
    memcpy(spans, bounds_spans(bounds, index), sizeof spans);
    check_scaled(low, high, spans, index, magnitude);
    for (int is_negative = 0; is_negative < 2; is_negative++)
        for (uint64_t i = 0; i < 3; i++) {
            const struct bounds_span *span = &spans[is_negative];
            check_scaled(low, high, spans, index, span->low + i - 1);
            check_scaled(low, high, spans, index, span->low + span->width + i - 1);
        }
}

/* ---- Input ------------------------------------------------------------------------------- */

static void take_line(const uint8_t **bytes, size_t *size, char line[TEXT_MAX])
{
    size_t length = 0;
    for (unsigned c; *size > 0 && (c = take_byte(bytes, size)) != '\n';)
        if (c != '\0' && length < TEXT_MAX - 1)
            line[length++] = (char)c;
    line[length] = '\0';
}

/* The reference knows exponents up to some size only. */
static bool is_moderate(const char *text)
{
    const char *exponent = strpbrk(text, "eE");
    long number = exponent == NULL ? 0 : strtol(exponent + 1, NULL, 10);
    return -REFERENCE_EXPONENT <= number && number <= REFERENCE_EXPONENT;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct bounds bounds;
    char low[TEXT_MAX], high[TEXT_MAX], text[TEXT_MAX];
    take_line(&bytes, &size, low);
    take_line(&bytes, &size, high);
    take_line(&bytes, &size, text);
    bool is_low_good = check_decimal(low), is_good = check_decimal(high) && is_low_good;
    EXPECT((bounds_set(&bounds, low, high) == 0) == is_good, "from %s to %s", low, high);
    if (!is_good || !is_moderate(low) || !is_moderate(high))
        return 0;
    EXPECT(sign_of(bounds_compare(&bounds.low, &bounds.high)) ==
               sign_of(reference_compare(low, high)),
           "%s and %s", low, high);
    uint64_t number = strtoull(text, NULL, 10);
    check_integer(text, low, high, &bounds);
    for (uint64_t i = 0; i < 3; i++) {
        check_uint64(low, high, &bounds, number + i - 1);
        check_uint64(low, high, &bounds, bounds.uint64_low + i - 1);
        check_uint64(low, high, &bounds, bounds.uint64_high + i - 1);
        check_int64(low, high, &bounds, (int64_t)(number + i - 1));
        check_int64(low, high, &bounds, (int64_t)((uint64_t)bounds.int64_low + i - 1));
        check_int64(low, high, &bounds, (int64_t)((uint64_t)bounds.int64_high + i - 1));
    }
    check_spans(low, high, &bounds, 0, number);
    check_spans(low, high, &bounds, 1 + (unsigned)(number % BOUNDS_SCALES), number);
    return 0;
}
