/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Tasks and pools for the tests of pools and futures.
 */
#ifndef TASKS_H
#define TASKS_H

#include "harness.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

static inline void nap(double seconds)
{
    struct timespec left = {(time_t)seconds, (long)(1e9 * (seconds - (double)(time_t)seconds))};
    while (nanosleep(&left, &left) != 0)
        ;
}

static inline double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static inline bool is_fork(void)
{
    return test_options.backend == TRI_BACKEND_FORK;
}

static inline bool is_serial(void)
{
    return test_options.backend == TRI_BACKEND_SERIAL;
}

static inline tri_pool *open_with(tri_pool_options options)
{
    tri_pool *pool;
    options.backend = test_options.backend;
    if (options.workers == 0)
        options.workers = test_options.workers;
    CHECK(tri_pool_open(&pool, &options) == 0);
    return pool;
}

static inline tri_pool *open_pool(void)
{
    return open_with((tri_pool_options){0});
}

static inline void end_pool(tri_pool *pool)
{
    CHECK(tri_pool_close(pool) == 0 && tri_pool_join(pool, -1) == 0);
    tri_pool_free(pool);
}

static inline int square(const void *argument, void *result)
{
    int number = *(const int *)argument;
    *(int *)result = number * number;
    return 0;
}

static inline int fail_odd(const void *argument, void *result)
{
    int number = *(const int *)argument;
    if (number % 2)
        return tri_fail(42, "%d is odd", number);
    return square(argument, result);
}

static inline int sleep_for(const void *argument, void *result)
{
    (void)result;
    nap(*(const double *)argument);
    return 0;
}

/* Until the flag in shared memory is set. */
static inline int wait_for_flag(const void *argument, void *result)
{
    _Atomic int *flag = *(_Atomic int *const *)argument;
    (void)result;
    while (atomic_load(flag) == 0)
        nap(0.001);
    return 0;
}

struct waiting {
    int number;
    _Atomic int *flag; /* to wait for, or NULL */
};

static inline int square_or_wait(const void *argument, void *result)
{
    const struct waiting *waiting = argument;
    if (waiting->flag)
        wait_for_flag(&waiting->flag, NULL);
    return square(&waiting->number, result);
}

static inline _Atomic int *new_flag(void)
{
    _Atomic int *flag = tri_shared_alloc(sizeof *flag);
    CHECK(flag != NULL);
    return flag;
}

static inline tri_future *submit_square(tri_pool *pool, int number)
{
    tri_future *future;
    CHECK(tri_submit(pool, square, &number, sizeof number, sizeof number, &future) == 0);
    return future;
}

/* A future that is running, or about to be, until the flag is set. */
static inline tri_future *submit_wait(tri_pool *pool, _Atomic int *flag)
{
    tri_future *future;
    CHECK(tri_submit(pool, wait_for_flag, &flag, sizeof flag, 0, &future) == 0);
    return future;
}

/* Or done, as one with a time limit may be by the time that we look. */
static inline void wait_until_running(const tri_future *future)
{
    while (!tri_future_running(future) && !tri_future_done(future))
        nap(0.001);
}

static inline bool says(const char *words)
{
    return strstr(tri_error_message(), words) != NULL;
}

enum { NUMBERS = 100 };

static inline void number(int *numbers)
{
    for (int i = 0; i < NUMBERS; i++)
        numbers[i] = i;
}

static inline void check_squares(const int *squares, int count)
{
    for (int i = 0; i < count; i++)
        CHECK(squares[i] == i * i);
}

#endif
