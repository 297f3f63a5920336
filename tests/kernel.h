/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the tests of kernels share: results as TAP, and random numbers.
 */
#ifndef TRIREME_TESTS_KERNEL_H
#define TRIREME_TESTS_KERNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

static int tests, failures;

static inline void result(bool good, const char *what)
{
    failures += !good;
    printf("%s %d - %s\n", good ? "ok" : "not ok", ++tests, what);
}

/* To be returned from main. */
static inline int done_testing(void)
{
    printf("1..%d\n", tests);
    return failures > 0;
}

/* SplitMix64, the same in every run. */
static uint64_t random_state;

static inline uint64_t random_number(void)
{
    uint64_t number = random_state += 0x9e3779b97f4a7c15;
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9;
    number = (number ^ number >> 27) * 0x94d049bb133111eb;
    return number ^ number >> 31;
}

static inline uint64_t random_below(uint64_t limit)
{
    return random_number() % limit;
}

#endif
