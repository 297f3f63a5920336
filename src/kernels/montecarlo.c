/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Counting random points in the quarter circle.
 *
 * Each block has its own stream of the Mersenne Twister MT19937 (M. Matsumoto and T. Nishimura,
 * ACM TOMACS 8(1), 1998; seeded as in their 2002 version), so the answer is that of the blocks,
 * whoever counts them. Its 32-bit seed is a hash of the user's seed plus the number of the block,
 * so no two blocks of a run share one. The hash is the finalizer of SplitMix64 (G. Steele, D. Lea
 * and C. Flood, OOPSLA 2014), which sends nearby seeds far apart.
 *
 * A point is the middle of one of 2^32 by 2^32 squares: (a + 1/2, b + 1/2) / 2^32, with a and b
 * the next two numbers of the stream. It lies within the circle if (2a+1)^2 + (2b+1)^2 < 2^66,
 * which in whole numbers is a(a+1) + b(b+1) < 2^64. So there is no rounding, and the grid puts
 * no more on one side of the circle than on the other.
 *
 * The generator's state, 5 kB, lies on the stack: gsl_rng_alloc() would by default abort the
 * program where memory is short. Nearly all the time is GSL's, about 5 ns for each number.
 */
#include "montecarlo.h"

#include <gsl/gsl_rng.h>
#include <limits.h>

static uint64_t hash(uint64_t number)
{
    number += 0x9e3779b97f4a7c15;
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9;
    number = (number ^ number >> 27) * 0x94d049bb133111eb;
    return number ^ number >> 31;
}

uint32_t montecarlo_stream(uint64_t seed, uint64_t block)
{
    return (uint32_t)(hash(seed) + block);
}

/* GSL takes seed 0 for 4357, the seed of another block. It does so before it drops the bits above
 * the 32nd, so with one of those set 0 stays 0. Where a long has no such bit, that one block in
 * 2^32 is drawn from the generator as it was seeded in 1998. */
static void begin_stream(gsl_rng *generator, uint32_t seed)
{
#if ULONG_MAX > 0xffffffff
    gsl_rng_set(generator, seed | 1UL << 32);
#else
    if (seed == 0)
        generator->type = gsl_rng_mt19937_1998;
    gsl_rng_set(generator, seed);
#endif
}

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
    gsl_rng generator = {gsl_rng_mt19937, state};
    begin_stream(&generator, montecarlo_stream(seed, block));
    return count_hits(&generator, left < MONTECARLO_BLOCK ? left : MONTECARLO_BLOCK);
}
