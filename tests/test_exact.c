/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Exact sums: rounded once whatever was added, in whatever order.
 */
#include "harness.h"
#include "internal.h"

#include <float.h>
#include <math.h>

static double sum_of(const double *numbers, int count)
{
    tri_exact sum = {0};
    for (int i = 0; i < count; i++)
        tri_exact_add(&sum, numbers[i]);
    return tri_exact_value(&sum);
}

#define SUM(...)                                                                                   \
    sum_of((const double[]){__VA_ARGS__}, (int)(sizeof(double[]){__VA_ARGS__} / sizeof(double)))

static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void test_single(void)
{
    static const double numbers[] = {
        0x1p-1074, 0x1.fffffffffffffp-1022, DBL_MIN, DBL_MAX, 1, 0.1, 0x1p-1023,
        0x1.8p31,  0x1.fffffffffffffp31};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        CHECK(same(sum_of(&numbers[i], 1), numbers[i]));
        CHECK(same(SUM(-numbers[i]), -numbers[i]));
    }
    for (int exponent = -1074; exponent < 1024; exponent++) {
        double number = ldexp(1.37, exponent);
        CHECK(same(SUM(number), number));
        CHECK(same(SUM(number, -number), 0.0));
        CHECK(same(SUM(number, number), 2 * number));
    }
}

static void test_zero(void)
{
    CHECK(same(SUM(0.0), 0.0));
    CHECK(same(SUM(-0.0), 0.0));
    CHECK(same(SUM(1e300, 1, -1e300, -1), 0.0));
}

static void test_cancellation(void)
{
    CHECK(SUM(1e308, 1, -1e308) == 1);
    CHECK(SUM(1e308, 1e308, 1e308, -1e308, -1e308, -1e308, 0x1p-1074) == 0x1p-1074);
    CHECK(SUM(1, 1e-300, -1) == 1e-300);
    CHECK(SUM(-1e16, -1, 1e16) == -1);
}

/* Ties go to the even neighbour, unless anything at all lies below the tie. */
static void test_rounding(void)
{
    CHECK(SUM(1, 0x1p-53) == 1);
    CHECK(SUM(1, 0x1p-53, 0x1p-1074) == 1 + DBL_EPSILON);
    CHECK(SUM(1, 0x1p-53, -0x1p-1074) == 1);
    CHECK(SUM(1 + DBL_EPSILON, 0x1p-53) == 1 + 2 * DBL_EPSILON);
    CHECK(SUM(-1, -0x1p-53) == -1);
    CHECK(SUM(-1, -0x1p-53, -0x1p-200) == -1 - DBL_EPSILON);
    CHECK(SUM(0x1.fffffffffffffp0, 0x1p-53) == 2);
}

static void test_overflow(void)
{
    CHECK(SUM(DBL_MAX, DBL_MAX) == INFINITY);
    CHECK(SUM(-DBL_MAX, -DBL_MAX) == -INFINITY);
    CHECK(SUM(DBL_MAX, 0x1p969) == DBL_MAX);
    CHECK(SUM(DBL_MAX, 0x1p970) == INFINITY); /* the tie above the largest number */
}

static void test_specials(void)
{
    CHECK(SUM(INFINITY, 1, -DBL_MAX) == INFINITY);
    CHECK(SUM(-INFINITY, 1) == -INFINITY);
    CHECK(isnan(SUM(INFINITY, -INFINITY)));
    CHECK(isnan(SUM(1, NAN)));
    static const double specials[] = {INFINITY, -INFINITY, NAN};
    for (int i = 0; i < 3; i++) {
        tri_exact sum = {0}, other = {0};
        tri_exact_add(&sum, 1);
        tri_exact_add(&other, specials[i]);
        tri_exact_merge(&sum, &other);
        CHECK(isnan(specials[i]) ? isnan(tri_exact_value(&sum))
                                 : tri_exact_value(&sum) == specials[i]);
    }
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005 + 1442695040888963407;
    return *state >> 11;
}

static double random_number(uint64_t *state)
{
    double mantissa = (double)next_random(state);
    int exponent = (int)(next_random(state) % 1800) - 950;
    return ldexp(next_random(state) % 2 ? mantissa : -mantissa, exponent);
}

/* The same numbers in another order, and in parts that are merged, give the same bits; with their
 * negatives nothing is left. */
static void test_order(void)
{
    enum { COUNT = 1000 };
    static double numbers[2 * COUNT];
    uint64_t state = 1;
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < COUNT; i++)
            numbers[i] = random_number(&state);
        double forwards = sum_of(numbers, COUNT);
        tri_exact parts[7] = {0}, whole = {0};
        for (int i = COUNT - 1; i >= 0; i--)
            tri_exact_add(&parts[next_random(&state) % 7], numbers[i]);
        for (int part = 6; part >= 0; part--)
            tri_exact_merge(&whole, &parts[part]);
        CHECK(same(tri_exact_value(&whole), forwards));
        for (int i = 0; i < COUNT; i++)
            numbers[COUNT + i] = -numbers[(i * 7) % COUNT];
        CHECK(same(sum_of(numbers, 2 * COUNT), 0.0));
    }
}

/* Whole numbers can be checked with integers. */
static void test_integers(void)
{
    uint64_t state = 2;
    for (int round = 0; round < 1000; round++) {
        tri_exact sum = {0};
        __extension__ __int128 expected = 0;
        for (int i = 0; i < 100; i++) {
            int64_t number = (int64_t)next_random(&state) - ((int64_t)1 << 52);
            tri_exact_add(&sum, (double)number);
            expected += number;
        }
        CHECK(tri_exact_value(&sum) == (double)expected);
    }
}

/* Limbs as full as they can be: 2^30 additions without a carry, as `pending` says. */
static void test_carries(void)
{
    tri_exact sum = {0}, half = {0};
    tri_exact_add(&sum, DBL_MAX);
    tri_exact_add(&sum, -DBL_MAX);
    for (int i = 0; i < TRI_EXACT_LIMBS - 4; i++)
        half.limb[i] = ((int64_t)1 << 62) - 1;
    half.pending = (1 << 30) - 2;
    tri_exact before = half;
    tri__exact_carry(&before);
    CHECK(same(tri_exact_value(&before), tri_exact_value(&half)));
    tri_exact_merge(&sum, &half);
    CHECK(same(tri_exact_value(&sum), tri_exact_value(&half)));
    tri_exact_merge(&sum, &half);
    CHECK(same(tri_exact_value(&sum), 2 * tri_exact_value(&half)));
}

static const struct test tests[] = {
    {"one number is itself", test_single, 0, 0, 0, 0},
    {"zero is +0", test_zero, 0, 0, 0, 0},
    {"cancellation", test_cancellation, 0, 0, 0, 0},
    {"rounding to nearest even", test_rounding, 0, 0, 0, 0},
    {"overflow", test_overflow, 0, 0, 0, 0},
    {"infinities and NaN", test_specials, 0, 0, 0, 0},
    {"any order and any parts", test_order, 0, 0, 0, 0},
    {"whole numbers", test_integers, 0, 0, 0, 0},
    {"full limbs", test_carries, 0, 0, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
