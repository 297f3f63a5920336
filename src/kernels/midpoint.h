/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The midpoint rule for the integral of 1/(1+x^2) from 0 to 1, which is pi/4, in blocks of steps.
 */
#ifndef TRIREME_KERNELS_MIDPOINT_H
#define TRIREME_KERNELS_MIDPOINT_H

#include <stdint.h>

/* Steps in a block. Fixed: the bits of a result depend on it. */
enum { MIDPOINT_BLOCK = 1 << 18 };

/* The sum of 1/(1+x_i^2), x_i = (i + 1/2) / steps, over the steps i of one block: those from
 * block * MIDPOINT_BLOCK up to the next block or to `steps`, at most 2^53. A block that begins
 * at or after `steps` is empty and gives 0. pi is 4/steps times the sum of all blocks.
 * The same bits on every CPU and at every SIMD level. Any thread. */
double midpoint_block(uint64_t steps, uint64_t block);

#endif
