/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Pi by the Monte Carlo method, in blocks of random points. Uses GSL's Mersenne Twister.
 */
#ifndef TRIREME_KERNELS_MONTECARLO_H
#define TRIREME_KERNELS_MONTECARLO_H

#include <stdint.h>

/* Points in a block. Fixed: the result depends on it. */
enum { MONTECARLO_BLOCK = 1 << 21 };

/* How many points of one block fall within the quarter circle. The block's points are those from
 * block * MONTECARLO_BLOCK up to the next block or to `steps`, at most 2^53; a block that begins
 * at or after `steps` is empty and gives 0. pi is about 4/steps times the sum over all blocks,
 * with a standard error of 1.64 / sqrt(steps). Depends on nothing but the arguments. Any thread;
 * allocates nothing and cannot fail. */
uint64_t montecarlo_block(uint64_t steps, uint64_t block, uint64_t seed);

#endif
