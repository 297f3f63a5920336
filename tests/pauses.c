/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Pauses at random wherever a function begins or ends, to find what holds only while others are
 * quick. Most are short; a few are as long as a busy machine keeps a thread waiting. By hand:
 *
 *     ./configure CFLAGS='-O1 -g -finstrument-functions' && make pauses.so
 *     LD_PRELOAD=$PWD/pauses.so make check
 */
#include <errno.h>
#include <stdint.h>
#include <time.h>

#define HOOK __attribute__((no_instrument_function))

/* Durations and numbers are powers of two at random, up to these. */
enum { CALLS_BITS = 13, MICROSECONDS_BITS = 14, ONE_LONG_IN = 64, LONG_US = 700000 };

static _Thread_local uint32_t state, calls_left;
static _Thread_local uint64_t rest_until_ns; /* not to sleep more than a third of the time */

HOOK void __cyg_profile_func_enter(void *function, void *caller);
HOOK void __cyg_profile_func_exit(void *function, void *caller);

HOOK static uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Marsaglia's xorshift32 */
HOOK static uint32_t draw(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    return state ^= state << 5;
}

HOOK static uint32_t draw_power(uint32_t bits)
{
    uint32_t power = 1u << draw() % (bits + 1);
    return power | (draw() & (power - 1));
}

HOOK static void pause_sometimes(void)
{
    if (calls_left-- > 0)
        return;
    int error = errno;
    uint64_t now = now_ns();
    state = (state ^ (uint32_t)(now * 2654435761u)) | 1; /* other numbers in a forked process */
    calls_left = draw_power(CALLS_BITS);
    if (now >= rest_until_ns) {
        uint32_t us = draw() % ONE_LONG_IN == 0 ? draw() % LONG_US : draw_power(MICROSECONDS_BITS);
        nanosleep(&(struct timespec){.tv_nsec = (long)us * 1000}, NULL);
        rest_until_ns = now_ns() + us * UINT64_C(2000);
    }
    errno = error;
}

void __cyg_profile_func_enter(void *function, void *caller)
{
    (void)function;
    (void)caller;
    pause_sometimes();
}

void __cyg_profile_func_exit(void *function, void *caller)
{
    (void)function;
    (void)caller;
    pause_sometimes();
}
