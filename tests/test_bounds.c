/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a range means for each type: what texts are bounds, and that the intervals found are those
 * in which the numbers compare as csv_reference.h says, at and next to each end.
 */
#include "bounds.h"
#include "csv_reference.h"
#include "kernel.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANDOM_PAIRS = 300, TEXT_MAX = BOUND_TEXT_MAX + 8 };

/* Says what is wrong if it is. */
static bool is_so(bool good, const char *what, const char *low, const char *high)
{
    if (!good)
        printf("# %s, from %.60s to %.60s\n", what, low, high);
    return good;
}

/* ---- Bounds ------------------------------------------------------------------------------ */

#define DIGITS_100                                                                                 \
    "98765432109876543210987654321098765432109876543210987654321098765432109876543210987654321098" \
    "76543210"
#define ZEROS_100                                                                                  \
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" \
    "00000000"

/* In no order: every pair of them is a range. */
static const char *const bounds_texts[] = {
    "0",
    "-0",
    "0.0e5",
    "1",
    "+1",
    "-1",
    "4",
    "8",
    "9.5",
    "-9.5",
    "0.1",
    ".3",
    "-5.",
    "00012",
    "12.50",
    "1e1",
    "1E+2",
    "125e-2",
    "-125e-3",
    "1e-5",
    "4.9406564584124654e-324",
    "1e-400",
    "-1e-400",
    "inf",
    "-inf",
    "+Infinity",
    "127",
    "128",
    "-128",
    "-129",
    "16777217",
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
    "9007199254740993.5",
    "9223372036854775806.9",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775808.5",
    "-9223372036854775809",
    "9999999999999999999",
    "10000000000000000000",
    "18446744073709551614.5",
    "18446744073709551615",
    "18446744073709551616",
    "-18446744073709551616",
    "1e19",
    "3.4028235e38",
    "3.4028236e38",
    "1e300",
    "-1e300",
    "1e400",
    "-1e400",
    DIGITS_100 DIGITS_100 DIGITS_100,
    "-" DIGITS_100 DIGITS_100 DIGITS_100,
    DIGITS_100 "." DIGITS_100,
    "." ZEROS_100 ZEROS_100 ZEROS_100 "1",
    "1" ZEROS_100 ZEROS_100 ZEROS_100 "e-300",
};
enum { TEXTS = sizeof bounds_texts / sizeof *bounds_texts };

static const char *const bad_texts[] = {
    "",        " ",     "-",    "+",   ".",    "-.",    "e",    "e5",  ".e5", "1e",    "1e+",
    "1e-",     "1e ",   "1 ",   " 1",  "1e 5", "1e+ 5", "--1",  "+-1", "-+1", "1.2.",  "1..2",
    "1e5.",    "1e5e5", "nan",  "NaN", "0x10", "0x",    "1,5",  "1_0", "1f",  "1e+-",  "1-",
    "infinit", "in",    "infi", "i",   "inf ", "--inf", "-nan", "1\n", "\t1", "1e\t5",
};
enum { BAD_TEXTS = sizeof bad_texts / sizeof *bad_texts };

static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};

/* ---- Random numbers ------------------------------------------------------------------------ */

/* Digits with or without a sign, a point and an exponent. */
static void random_text(char text[TEXT_MAX])
{
    size_t at = 0, digits = 1 + random_below(random_below(4) ? 20 : 60);
    size_t point = random_below(2) ? random_below(digits + 1) : digits;
    if (random_below(2))
        text[at++] = random_below(4) ? '-' : '+';
    for (size_t i = 0; i < digits; i++) {
        if (i == point)
            text[at++] = '.';
        text[at++] = (char)('0' + random_below(random_below(3) ? 10 : 1));
    }
    text[at] = '\0';
    if (random_below(4) == 0)
        sprintf(text + at, "%c%d", random_below(2) ? 'e' : 'E', (int)random_below(80) - 50);
}

/* ---- Decimals ---------------------------------------------------------------------------- */

static bool are_refused(void)
{
    struct decimal decimal;
    struct bounds bounds;
    bool good = true;
    for (int i = 0; i < BAD_TEXTS; i++) {
        good &= is_so(bounds_decimal(bad_texts[i], &decimal) == -1, "taken", bad_texts[i], "");
        good &= is_so(bounds_set(&bounds, bad_texts[i], "1") == -1, "taken", bad_texts[i], "1");
        good &= is_so(bounds_set(&bounds, "1", bad_texts[i]) == -1, "taken", "1", bad_texts[i]);
    }
    return good;
}

static bool length_is_limited(void)
{
    struct decimal decimal;
    char text[BOUND_TEXT_MAX + 1];
    memset(text, '7', sizeof text);
    text[BOUND_TEXT_MAX] = '\0';
    bool is_refused = bounds_decimal(text, &decimal) == -1;
    text[BOUND_TEXT_MAX - 1] = '\0';
    return is_refused && bounds_decimal(text, &decimal) == 0 &&
           decimal.length == BOUND_TEXT_MAX - 1 && decimal.point == BOUND_TEXT_MAX - 1;
}

static bool are_decimals(void)
{
    static const struct {
        const char *text;
        int sign;
        const char *digits;
        long point;
    } decimals[] = {
        {"0", 0, "", 0},
        {"-0.00e7", 0, "", 0},
        {"1", 1, "1", 1},
        {"-120", -1, "12", 3},
        {"+00120.0300", 1, "12003", 3},
        {".5", 1, "5", 0},
        {"-.0050", -1, "5", -2},
        {"7.", 1, "7", 1},
        {"1e3", 1, "1", 4},
        {"12.5E-4", 1, "125", -2},
        {"0.001e+3", 1, "1", 1},
        {"1e99999999999999999999", 1, "1", 1000001},
        {"1e-99999999999999999999", 1, "1", -999999},
    };
    bool good = true;
    for (size_t i = 0; i < sizeof decimals / sizeof *decimals; i++) {
        const char *text = decimals[i].text;
        size_t length = strlen(decimals[i].digits);
        struct decimal decimal;
        good &= is_so(bounds_decimal(text, &decimal) == 0 && !decimal.is_infinite &&
                          decimal.sign == decimals[i].sign && decimal.length == (int)length &&
                          memcmp(decimal.digits, decimals[i].digits, length) == 0 &&
                          (length == 0 || decimal.point == decimals[i].point) &&
                          decimal.nearest == strtod(text, NULL) &&
                          decimal.nearest_float == strtof(text, NULL),
                      "another decimal", text, "");
    }
    return good;
}

static bool are_infinite(void)
{
    static const char *const texts[] = {"inf",      "+inf",      "-inf",      "INF",
                                        "infinity", "+Infinity", "-INFINITY", "-iNf"};
    bool good = true;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct decimal decimal;
        int sign = *texts[i] == '-' ? -1 : 1;
        good &= is_so(bounds_decimal(texts[i], &decimal) == 0 && decimal.is_infinite &&
                          decimal.sign == sign && decimal.nearest == sign * INFINITY &&
                          decimal.nearest_float == (float)(sign * INFINITY),
                      "not infinite", texts[i], "");
    }
    return good;
}

/* ---- Ranges ------------------------------------------------------------------------------ */

/* What is true of a range. */
typedef bool property(const char *low, const char *high, struct bounds *bounds);

static int sign_of(int number)
{
    return (number > 0) - (number < 0);
}

static bool compares(const char *low, const char *high, struct bounds *bounds)
{
    return is_so(sign_of(bounds_compare(&bounds->low, &bounds->high)) ==
                     sign_of(reference_compare(low, high)),
                 "another order", low, high);
}

/* These of each type, and what is next to them and to the ends of the interval. */
static const uint64_t integers[] = {
    0, 5, 100, (uint64_t)1 << 53, INT64_MAX, UINT64_MAX, (uint64_t)INT64_MIN, (uint64_t)-9};
enum { INTEGERS = sizeof integers / sizeof *integers };

static uint64_t near(int i, uint64_t low, uint64_t high)
{
    uint64_t number = i / 3 < INTEGERS ? integers[i / 3] : i / 3 == INTEGERS ? low : high;
    return number + (uint64_t)(i % 3) - 1;
}

static bool has_int64(const char *low, const char *high, struct bounds *bounds)
{
    bool good = true;
    for (int i = 0; i < 3 * (INTEGERS + 2); i++) {
        char text[32];
        int64_t number =
            (int64_t)near(i, (uint64_t)bounds->int64_low, (uint64_t)bounds->int64_high);
        snprintf(text, sizeof text, "%" PRId64, number);
        good &= is_so((bounds->int64_low <= number && number <= bounds->int64_high) ==
                          reference_in_range(text, low, high),
                      text, low, high);
    }
    return good;
}

static bool has_uint64(const char *low, const char *high, struct bounds *bounds)
{
    bool good = true;
    for (int i = 0; i < 3 * (INTEGERS + 2); i++) {
        char text[32];
        uint64_t number = near(i, bounds->uint64_low, bounds->uint64_high);
        snprintf(text, sizeof text, "%" PRIu64, number);
        good &= is_so((bounds->uint64_low <= number && number <= bounds->uint64_high) ==
                          reference_in_range(text, low, high),
                      text, low, high);
    }
    return good;
}

static bool has_nearest(const char *low, const char *high, struct bounds *bounds)
{
    return is_so(
        bounds->double_low == strtod(low, NULL) && bounds->double_high == strtod(high, NULL) &&
            bounds->float_low == strtof(low, NULL) && bounds->float_high == strtof(high, NULL),
        "other doubles or floats", low, high);
}

/* An integer of any length, as a cell of text would have it. */
static bool has_integer(const char *text, const char *low, const char *high,
                        const struct bounds *bounds)
{
    const char *digits = text + strspn(text, "+-0");
    return is_so(bounds_has_integer(bounds, *text == '-', digits, strlen(digits)) ==
                     reference_in_range(text, low, high),
                 text, low, high);
}

static bool has_integers(const char *low, const char *high, struct bounds *bounds)
{
    bool good = true;
    for (int i = 0; i < TEXTS; i++)
        if (reference_kind(bounds_texts[i]) == REFERENCE_INTEGER)
            good &= has_integer(bounds_texts[i], low, high, bounds);
    return good;
}

/* ---- Spans ------------------------------------------------------------------------------- */

static bool has_scaled(const char *low, const char *high, const struct bounds_span *spans,
                       unsigned index, uint64_t magnitude)
{
    bool good = true;
    if (magnitude > 9999999999999999999u)
        return true;
    for (int is_negative = 0; is_negative < 2; is_negative++) {
        char text[64];
        int length = sprintf(text, "%s%" PRIu64, is_negative ? "-" : "", magnitude);
        if (index > 0)
            sprintf(text + length, "e-%u", index - 1);
        good &= is_so(bounds_span_has(&spans[is_negative], magnitude) ==
                          reference_in_range(text, low, high),
                      text, low, high);
    }
    return good;
}

static bool has_span(const char *low, const char *high, struct bounds *bounds, unsigned index)
{
    const struct bounds_span *spans = bounds_spans(bounds, index);
    bool good = true;
    for (uint64_t i = 0; i < 3; i++) {
        for (int is_negative = 0; is_negative < 2; is_negative++) {
            const struct bounds_span *span = &spans[is_negative];
            good &= has_scaled(low, high, spans, index, span->low + i - 1);
            good &= has_scaled(low, high, spans, index, span->low + span->width + i - 1);
        }
        good &= has_scaled(low, high, spans, index, i);
        good &= has_scaled(low, high, spans, index, 9999999999999999999u - i);
        good &= has_scaled(low, high, spans, index, ((uint64_t)1 << 53) + i);
        good &= has_scaled(low, high, spans, index, random_below(10000000000000000000u));
    }
    return good;
}

static bool has_spans(const char *low, const char *high, struct bounds *bounds)
{
    static const unsigned indices[] = {0, 1, 2, 4, 7, 17, 19, 20, 23, 24, BOUNDS_SCALES};
    bool good = bounds->known == 0;
    for (size_t i = 0; i < sizeof indices / sizeof *indices; i++)
        good &= has_span(low, high, bounds, indices[i]);
    return good;
}

static bool has_every_span(const char *low, const char *high, struct bounds *bounds)
{
    bool good = true;
    for (int again = 0; again < 2; again++)
        for (unsigned index = 0; index <= BOUNDS_SCALES; index++)
            good &= has_span(low, high, bounds, index);
    return good;
}

/* The span is that of the numbers of few digits behind the point, all of which are tried. */
static bool few_digits(void)
{
    struct bounds bounds;
    bool good = bounds_set(&bounds, "-0.3", "0.7000000000000000001") == 0;
    for (unsigned scale = 0; scale <= 3; scale++) {
        const struct bounds_span *spans = bounds_spans(&bounds, scale + 1);
        for (uint64_t i = 0; i < 2000; i++) {
            double number = (double)i / powers[scale];
            good &= bounds_span_has(&spans[0], i) == (number <= 0.7);
            good &= bounds_span_has(&spans[1], i) == (number <= 0.3);
        }
    }
    return good;
}

/* ---- All of them ------------------------------------------------------------------------- */

static bool holds(property *has, const char *low, const char *high)
{
    struct bounds bounds;
    return is_so(bounds_set(&bounds, low, high) == 0, "refused", low, high) &&
           has(low, high, &bounds);
}

static bool of_all_pairs(property *has)
{
    bool good = true;
    for (int i = 0; i < TEXTS; i++)
        for (int j = 0; j < TEXTS; j++)
            good &= holds(has, bounds_texts[i], bounds_texts[j]);
    return good;
}

static bool of_random_pairs(property *has)
{
    bool good = true;
    random_state = 1;
    for (int i = 0; i < RANDOM_PAIRS; i++) {
        char low[TEXT_MAX], high[TEXT_MAX];
        random_text(low);
        random_text(high);
        good &= holds(has, low, high);
    }
    return good;
}

static bool no_numbers(const char *low, const char *high)
{
    struct bounds bounds;
    if (bounds_set(&bounds, low, high) != 0)
        return false;
    const struct bounds_span *spans = bounds_spans(&bounds, 0);
    return bounds.int64_low > bounds.int64_high && bounds.uint64_low > bounds.uint64_high &&
           bounds.double_low > bounds.double_high && bounds.float_low > bounds.float_high &&
           spans[0].low == UINT64_MAX && spans[0].width == 0 && spans[1].low == UINT64_MAX;
}

static bool all_numbers(void)
{
    struct bounds bounds;
    if (bounds_set(&bounds, "-inf", "inf") != 0)
        return false;
    return bounds.int64_low == INT64_MIN && bounds.int64_high == INT64_MAX &&
           bounds.uint64_low == 0 && bounds.uint64_high == UINT64_MAX &&
           bounds.double_low == -INFINITY && bounds.double_high == INFINITY &&
           bounds.float_low == -INFINITY && bounds.float_high == INFINITY &&
           bounds_has_integer(&bounds, true, DIGITS_100, 100);
}

int main(void)
{
    static const struct {
        const char *what;
        property *has;
    } properties[] = {
        {"how they compare", compares},
        {"int64", has_int64},
        {"uint64", has_uint64},
        {"double and float", has_nearest},
        {"integers of any length", has_integers},
    };
    char what[80];
    result(are_refused(), "what is no decimal is refused");
    result(length_is_limited(), "what is too long is refused");
    result(are_decimals(), "decimals are read exactly");
    result(are_infinite(), "infinities, in small letters and capitals");
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++) {
        snprintf(what, sizeof what, "all pairs of bounds: %s", properties[i].what);
        result(of_all_pairs(properties[i].has), what);
        snprintf(what, sizeof what, "random bounds: %s", properties[i].what);
        result(of_random_pairs(properties[i].has), what);
    }
    result(of_random_pairs(has_spans), "random bounds: spans at some scales");
    result(holds(has_every_span, "-1.5", "1e15") &&
               holds(has_every_span, "1e-40", "9007199254740993"),
           "spans at every scale, also when asked again");
    result(holds(has_spans, "-inf", "inf") && holds(has_spans, "0", "0") &&
               holds(has_spans, "8", "4") && holds(has_spans, "9999999999999999999", "1e19"),
           "spans of everything, nothing, zero and the last numbers");
    result(few_digits(), "spans of few digits, number by number");
    result(no_numbers("8", "4") && no_numbers("inf", "-inf") && no_numbers("1.5", "1.25"),
           "a range that is empty is so for every type");
    result(all_numbers(), "a range of everything is so for every type");
    return done_testing();
}
