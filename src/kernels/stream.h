/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Random numbers in blocks: each block of a run has its own stream of the Mersenne Twister MT19937
 * (M. Matsumoto and T. Nishimura, ACM TOMACS 8(1), 1998; seeded as in their 2002 version), so that
 * what is drawn is the same whoever draws it.
 */
#ifndef TRIREME_KERNELS_STREAM_H
#define TRIREME_KERNELS_STREAM_H

#include <gsl/gsl_rng.h>
#include <stdint.h>

/* The seed of the block's own stream, which differs from that of any other of the at most 2^32
 * blocks of a run. */
uint32_t stream_seed(uint64_t seed, uint64_t block);

/* Begins the stream of a block. The state lies where the caller says, in gsl_rng_mt19937->size
 * bytes: gsl_rng_alloc() would by default abort the program where memory is short. */
void stream_begin(gsl_rng *generator, void *state, uint64_t seed, uint64_t block);

#endif
