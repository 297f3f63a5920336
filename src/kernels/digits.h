/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A table of random digits, 0 to 9, in blocks. Uses GSL's Mersenne Twister.
 */
#ifndef TRIREME_KERNELS_DIGITS_H
#define TRIREME_KERNELS_DIGITS_H

#include <stddef.h>
#include <stdint.h>

struct digits {
    unsigned long state[640];
};

/* Goes to the beginning of a block, which is the same for the same seed and block whoever asks. */
void digits_begin(struct digits *digits, uint64_t seed, uint64_t block);

/* The next `count` digits of the block, each in a byte. */
void digits_take(struct digits *digits, uint8_t *digit, size_t count);

#endif
