/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Counting random points in the quarter circle.
 *
 * A point is the middle of one of 2^32 by 2^32 squares: (a + 1/2, b + 1/2) / 2^32, with a and b
 * the next two numbers of the block's stream. It lies within the circle if
 * (2a+1)^2 + (2b+1)^2 < 2^66, which in whole numbers is a(a+1) + b(b+1) < 2^64. So there is no
 * rounding, and the grid puts no more on one side of the circle than on the other.
 *
 * Nearly all the time is GSL's, about 5 ns for each number.
 */
#include "montecarlo.h"

#include "stream.h"

static uint64_t count_hits(const gsl_rng *generator, uint64_t points)
{
    unsigned long (*next)(void *state) = generator->type->get;
    uint64_t hits = 0;
    for (uint64_t i = 0; i < points; i++) {
        uint64_t a = next(generator->state), b = next(generator->state);
        hits += a * (a + 1) <= UINT64_MAX - b * (b + 1);
    }
    return hits;
}

uint64_t montecarlo_block(uint64_t steps, uint64_t block, uint64_t seed)
{
    if (block > steps / MONTECARLO_BLOCK)
        return 0;
    uint64_t left = steps - block * MONTECARLO_BLOCK;
    unsigned long state[gsl_rng_mt19937->size / sizeof(unsigned long) + 1];
    gsl_rng generator;
    stream_begin(&generator, state, seed, block);
    return count_hits(&generator, left < MONTECARLO_BLOCK ? left : MONTECARLO_BLOCK);
}
