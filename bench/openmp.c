/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a compiler's own threads take for the map of bench/pool: an empty task for each index, the
 * next one taken by whoever is free. Prints the seconds of one task, the median of five loops after
 * one that is not counted.
 */
#include "clock.h"

#include <stdio.h>

enum { TASKS = 1000000, LOOPS = 5 };

__attribute__((noinline)) static int empty(const void *argument, void *result)
{
    (void)argument;
    (void)result;
    return 0;
}

/* through a pointer that no compiler sees through, as a pool calls it */
static int (*volatile task)(const void *argument, void *result) = empty;

static long long arguments[TASKS], results[TASKS];

static double loop(void)
{
    int (*const function)(const void *, void *) = task;
    int failed = 0;
    double start = clock_now();
#pragma omp parallel for schedule(dynamic, 1) num_threads(2) reduction(| : failed)
    for (int i = 0; i < TASKS; i++)
        failed |= function(&arguments[i], &results[i]);
    return failed ? 0 : clock_now() - start;
}

int main(void)
{
    double times[LOOPS];
    loop();
    for (int i = 0; i < LOOPS; i++)
        times[i] = loop();
    printf("%.4g\n", median(times, LOOPS) / TASKS);
    return 0;
}
