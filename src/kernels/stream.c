/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A stream's 32-bit seed is a hash of the user's seed plus the number of the block, so no two
 * blocks of a run share one. The hash is the finalizer of SplitMix64 (G. Steele, D. Lea and C.
 * Flood, OOPSLA 2014), which sends nearby seeds far apart.
 */
#include "stream.h"

#include <limits.h>

static uint64_t hash(uint64_t number)
{
    number += 0x9e3779b97f4a7c15;
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9;
    number = (number ^ number >> 27) * 0x94d049bb133111eb;
    return number ^ number >> 31;
}

uint32_t stream_seed(uint64_t seed, uint64_t block)
{
    return (uint32_t)(hash(seed) + block);
}

/* GSL takes seed 0 for 4357, the seed of another block. It does so before it drops the bits above
 * the 32nd, so with one of those set 0 stays 0. Where a long has no such bit, that one block in
 * 2^32 is drawn from the generator as it was seeded in 1998. */
void stream_begin(gsl_rng *generator, void *state, uint64_t seed, uint64_t block)
{
    uint32_t own = stream_seed(seed, block);
    *generator = (gsl_rng){gsl_rng_mt19937, state};
#if ULONG_MAX > 0xffffffff
    gsl_rng_set(generator, own | 1UL << 32);
#else
    if (own == 0)
        generator->type = gsl_rng_mt19937_1998;
    gsl_rng_set(generator, own);
#endif
}
