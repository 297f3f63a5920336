/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The midpoint kernel: the same bits at every SIMD level, right to a few units in the last place.
 *
 *     test_midpoint          the tests, in TAP
 *     test_midpoint --bits   a fixed list of blocks and their sums in hexadecimal, to be compared
 *                            with those of another CPU (tests/aarch64.sh)
 */
#include "kernel.h"
#include "midpoint.h"
#include "simd.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = MIDPOINT_BLOCK, RANDOM_PAIRS = 100 };
static const uint64_t STEPS_MAX = (uint64_t)1 << 53;

struct pair {
    uint64_t steps, block;
};

/* A last block of each kind, edges of blocks, rows and groups, and the largest numbers. */
static const struct pair pairs[] = {
    {0, 0},
    {1, 0},
    {2, 0},
    {15, 0},
    {16, 0},
    {17, 0},
    {127, 0},
    {128, 0},
    {129, 0},
    {1000, 0},
    {8191, 0},
    {8192, 0},
    {8193, 0},
    {8320, 0},
    {12345, 0},
    {BLOCK - 1, 0},
    {BLOCK, 0},
    {BLOCK, 1},
    {BLOCK + 1, 0},
    {BLOCK + 1, 1},
    {2 * BLOCK - 129, 1},
    {1000000, 0},
    {1000000, 3},
    {1000003, 3},
    {100000000, 0},
    {100000000, 190},
    {100000000, 381},
    {10000000000, 1},
    {10000000000, 38146},
    {10000000000, 38147},
    {999999999989, 1234567},
    {(uint64_t)1 << 52, 0},
    {((uint64_t)1 << 53) - 1, ((uint64_t)1 << 35) - 1},
    {((uint64_t)1 << 53) - 1000, ((uint64_t)1 << 35) - 1},
    {(uint64_t)1 << 53, 0},
    {(uint64_t)1 << 53, (uint64_t)1 << 34},
    {(uint64_t)1 << 53, ((uint64_t)1 << 35) - 1},
    {(uint64_t)1 << 53, (uint64_t)1 << 35},
};
enum { PAIRS = sizeof pairs / sizeof *pairs };

/* ---- Pairs at random ----------------------------------------------------------------------- */

/* Steps of all magnitudes, and the last block as often as any other. */
static struct pair random_pair(void)
{
    uint64_t steps = 1 + random_below(STEPS_MAX >> random_below(53));
    uint64_t last = (steps - 1) / BLOCK;
    return (struct pair){steps, random_below(2) ? last : random_below(last + 1)};
}

/* ---- Levels ---------------------------------------------------------------------------- */

static bool same_bits(enum simd_level level, struct pair pair)
{
    simd_force(SIMD_PORTABLE);
    double expected = midpoint_block(pair.steps, pair.block);
    simd_force(level);
    double sum = midpoint_block(pair.steps, pair.block);
    if (memcmp(&sum, &expected, sizeof sum) == 0)
        return true;
    printf("# %s: %" PRIu64 " steps, block %" PRIu64 ": %a, portable %a\n", simd_name(level),
           pair.steps, pair.block, sum, expected);
    return false;
}

static bool all_same_bits(enum simd_level level)
{
    bool same = true;
    for (int i = 0; i < PAIRS; i++)
        same &= same_bits(level, pairs[i]);
    for (uint64_t steps = 1; steps <= 400; steps++)
        same &= same_bits(level, (struct pair){steps, 0});
    random_state = 1;
    for (int i = 0; i < RANDOM_PAIRS; i++)
        same &= same_bits(level, random_pair());
    return same;
}

static void test_level(enum simd_level level)
{
    char what[80];
    snprintf(what, sizeof what, "%s gives the bits of portable C", simd_name(level));
    if (simd_has(level))
        result(all_same_bits(level), what);
    else
        printf("ok %d - %s # SKIP this CPU does not have it\n", ++tests, what);
}

/* ---- Accuracy -------------------------------------------------------------------------- */

/* The block's sum, a division for each step, in sums of 512 so that little is rounded off. */
static long double reference(struct pair pair)
{
    uint64_t i = pair.block * BLOCK, end = i + BLOCK < pair.steps ? i + BLOCK : pair.steps;
    long double sum = 0;
    while (i < end) {
        long double inner = 0;
        for (uint64_t stop = i + 512 < end ? i + 512 : end; i < stop; i++) {
            long double x = (long double)(2 * i + 1) / (2 * (long double)pair.steps);
            inner += 1 / (1 + x * x);
        }
        sum += inner;
    }
    return sum;
}

static double error_ulp(struct pair pair)
{
    double sum = midpoint_block(pair.steps, pair.block);
    return (double)(sum - reference(pair)) / (nextafter(sum, INFINITY) - sum);
}

static void test_small_steps(void)
{
    double worst = 0;
    for (uint64_t steps = 1; steps <= 2000; steps++)
        worst = fmax(worst, fabs(error_ulp((struct pair){steps, 0})));
    printf("# worst error %.2f ulp\n", worst);
    result(worst <= 3, "up to 2000 steps: within 3 ulp of the reference");
}

static void test_random_blocks(void)
{
    double worst = 0, total = 0;
    random_state = 2;
    for (int i = 0; i < RANDOM_PAIRS; i++) {
        double error = error_ulp(random_pair());
        worst = fmax(worst, fabs(error));
        total += error;
    }
    printf("# worst error %.2f ulp, mean %+.3f ulp\n", worst, total / RANDOM_PAIRS);
    result(worst <= 3, "blocks at random: within 3 ulp of the reference");
    result(fabs(total / RANDOM_PAIRS) <= 0.2, "blocks at random: errors have no sign");
}

static long double sum_of_blocks(uint64_t steps)
{
    long double sum = 0;
    for (uint64_t block = 0; block * BLOCK < steps; block++)
        sum += midpoint_block(steps, block);
    return sum;
}

/* The midpoint rule's own error is 1/(12 steps^2), here far below one ulp. */
static void test_pi(uint64_t steps)
{
    static const double M_PI_ULP = 0x1p-51;
    char what[80];
    double pi = (double)(4 * sum_of_blocks(steps) / (long double)steps);
    printf("# pi = %.17g\n", pi);
    snprintf(what, sizeof what, "%" PRIu64 " steps: pi within 1 ulp", steps);
    result(fabs(pi - 0x1.921fb54442d18p+1) <= M_PI_ULP, what);
}

/* ---- Edges ----------------------------------------------------------------------------- */

static void test_empty(void)
{
    bool empty = midpoint_block(0, 0) == 0 && midpoint_block(BLOCK, 1) == 0 &&
                 midpoint_block(5, 1) == 0 && midpoint_block(5, UINT64_MAX) == 0 &&
                 midpoint_block(STEPS_MAX, STEPS_MAX / BLOCK) == 0;
    result(empty, "a block at or after the last step is empty");
    result(midpoint_block(1, 0) == 0.8, "one step is 1/(1 + 1/4)");
}

static void test_variable(void)
{
    char message[120] = "";
    setenv("TRIREME_SIMD", "sse9", 1);
    bool refused = simd_check(message, sizeof message) != 0;
    result(refused && strstr(message, "sse9") != NULL, "TRIREME_SIMD=sse9 is an error by name");

    bool right = true;
    for (int level = 0; level < SIMD_LEVELS; level++) {
        setenv("TRIREME_SIMD", simd_name((enum simd_level)level), 1);
        bool taken = simd_check(message, sizeof message) == 0;
        right &= taken == simd_has((enum simd_level)level);
    }
    result(right, "TRIREME_SIMD may name the levels this CPU has, and no other");

    setenv("TRIREME_SIMD", "portable", 1);
    result(simd_in_use() == SIMD_PORTABLE, "TRIREME_SIMD=portable lowers the level");
    unsetenv("TRIREME_SIMD");
    result(simd_check(message, sizeof message) == 0, "TRIREME_SIMD may be unset");
}

static void print_bits(void)
{
    for (int i = 0; i < PAIRS; i++)
        printf("%" PRIu64 " %" PRIu64 " %a\n", pairs[i].steps, pairs[i].block,
               midpoint_block(pairs[i].steps, pairs[i].block));
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--bits") == 0) {
        print_bits();
        return 0;
    }
    test_variable(); /* the first, as simd_in_use() looks at the variable once */
    test_level(SIMD_AVX2);
    test_level(SIMD_AVX512);
    int level = SIMD_LEVELS - 1;
    while (!simd_has((enum simd_level)level))
        level--;
    simd_force((enum simd_level)level);
    test_empty();
    test_small_steps();
    test_random_blocks();
    test_pi(100000000);
    test_pi(200000033);
    return done_testing();
}
