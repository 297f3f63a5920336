/* SPDX-License-Identifier: BSD-3-Clause */
#include "digits.h"

#include "stream.h"

#include <stdlib.h>

void digits_begin(struct digits *digits, uint64_t seed, uint64_t block)
{
    gsl_rng generator;
    if (gsl_rng_mt19937->size > sizeof digits->state)
        abort(); /* no GSL that there is */
    stream_begin(&generator, digits->state, seed, block);
}

void digits_take(struct digits *digits, uint8_t *digit, size_t count)
{
    gsl_rng generator = {gsl_rng_mt19937, digits->state};
    for (size_t i = 0; i < count; i++)
        digit[i] = (uint8_t)gsl_rng_uniform_int(&generator, 10);
}
