/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The Monte Carlo kernel: its counts are those of an independent count, depend on nothing but
 * the arguments, and give pi.
 */
#include "kernel.h"
#include "montecarlo.h"
#include "stream.h"

#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

enum { BLOCK = MONTECARLO_BLOCK, BLOCKS = 6, SEEDS = 4 };
static const uint64_t seeds[SEEDS] = {0, 1, 42, UINT64_MAX};

static uint64_t hits[SEEDS][BLOCKS];

static void count_all(void)
{
    for (int s = 0; s < SEEDS; s++)
        for (int b = 0; b < BLOCKS; b++)
            hits[s][b] = montecarlo_block((uint64_t)BLOCKS * BLOCK, (uint64_t)b, seeds[s]);
}

/* Backwards, and as blocks of a longer run. */
static void test_order(void)
{
    bool same = true;
    for (int b = BLOCKS - 1; b >= 0; b--)
        for (int s = SEEDS - 1; s >= 0; s--)
            same &= hits[s][b] == montecarlo_block((uint64_t)1 << 53, (uint64_t)b, seeds[s]);
    result(same, "a block's count depends on its number and the seed only");
}

static void test_pi(void)
{
    double points = (double)BLOCKS * BLOCK, pi = acos(-1);
    double error_allowed = 4 * sqrt(pi * (4 - pi) / points);
    for (int s = 0; s < SEEDS; s++) {
        uint64_t sum = 0;
        for (int b = 0; b < BLOCKS; b++)
            sum += hits[s][b];
        double error = 4 * (double)sum / points - pi;
        printf("# error %+.6f, allowed %.6f\n", error, error_allowed);
        result(fabs(error) <= error_allowed, "pi within four standard errors");
    }
}

static void test_differ(void)
{
    bool differ = true;
    for (int i = 0; i < SEEDS * BLOCKS; i++)
        for (int j = 0; j < i; j++)
            differ &= hits[i / BLOCKS][i % BLOCKS] != hits[j / BLOCKS][j % BLOCKS];
    result(differ, "seeds and blocks differ");
}

/* The same points by GSL's own calls and in floating point: none is so near the circle that
 * rounding would matter. */
static void test_count(void)
{
    gsl_rng *generator = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(generator, stream_seed(42, 3));
    uint64_t count = 0;
    for (int i = 0; i < BLOCK; i++) {
        double x = gsl_rng_uniform(generator), y = gsl_rng_uniform(generator);
        count += hypot(x + 0x1p-33, y + 0x1p-33) < 1;
    }
    gsl_rng_free(generator);
    result(count == hits[2][3], "the points are those of MT19937 seeded with the block's stream");
}

/* The first points of a block are the same in a run that ends within it. */
static void test_partial(void)
{
    uint64_t previous = 0;
    bool good = true;
    for (uint64_t points = 0; points <= 200; points++) {
        uint64_t count = montecarlo_block(2 * (uint64_t)BLOCK + points, 2, 1);
        good &= count == previous || (points > 0 && count == previous + 1);
        previous = count;
    }
    result(good && previous > 100 && previous < 200, "a partial block is the first of its points");
    result(montecarlo_block(3 * (uint64_t)BLOCK - 1, 2, 1) + 1 >= hits[1][2] &&
               montecarlo_block(3 * (uint64_t)BLOCK - 1, 2, 1) <= hits[1][2],
           "a block that lacks its last point");
    result(montecarlo_block(0, 0, 1) == 0 && montecarlo_block(BLOCK, 1, 1) == 0 &&
               montecarlo_block(5, UINT64_MAX, 1) == 0,
           "a block at or after the last point is empty");
}

/* GSL takes seed 0 for 4357. */
static void test_seed_zero(void)
{
    uint64_t steps = (uint64_t)1 << 53;
    uint32_t first = stream_seed(7, 0), zero = 0 - first, other = 4357 - first;
    result(stream_seed(7, zero) == 0 && stream_seed(7, other) == 4357 &&
               montecarlo_block(steps, zero, 7) != montecarlo_block(steps, other, 7),
           "streams 0 and 4357 differ");
}

int main(void)
{
    count_all();
    test_order();
    test_pi();
    test_differ();
    test_count();
    test_partial();
    test_seed_zero();
    return done_testing();
}
