/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The midpoint kernel against the tutorial's loop, on one core: nanoseconds a step, and how many
 * times as many steps a second. The two take turns, so that a machine whose speed drifts slows
 * both; what is printed are medians over the pairs.
 *
 *     bench_midpoint [STEPS [PAIRS]]
 */
#include "clock.h"
#include "midpoint.h"
#include "simd.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAIRS_MAX = 1000 };

double tutorial_loop(int64_t steps);

static double kernel(int64_t steps)
{
    double sum = 0;
    for (int64_t block = 0; block * MIDPOINT_BLOCK < steps; block++)
        sum += midpoint_block((uint64_t)steps, (uint64_t)block);
    return 4 * sum / (double)steps;
}

/* Nanoseconds a step. A wrong answer ends the program: its time would mean nothing. */
static double measure(double (*function)(int64_t steps), int64_t steps)
{
    double start = clock_now(), pi = function(steps), end = clock_now();
    if (fabs(pi - acos(-1)) > 1e-9) {
        fprintf(stderr, "bench_midpoint: pi is not %.17g\n", pi);
        exit(1);
    }
    return (end - start) * 1e9 / (double)steps;
}

static void compare_level(enum simd_level level, int64_t steps, int pairs)
{
    static double loop[PAIRS_MAX], ours[PAIRS_MAX], ratio[PAIRS_MAX];
    simd_force(level);
    for (int i = 0; i < pairs; i++) {
        loop[i] = measure(tutorial_loop, steps);
        ours[i] = measure(kernel, steps);
        ratio[i] = loop[i] / ours[i];
    }
    printf("%-9s %13.4f %12.4f %7.2fx\n", simd_name(level), median(loop, pairs),
           median(ours, pairs), median(ratio, pairs));
}

int main(int argc, char **argv)
{
    int64_t steps = argc > 1 ? (int64_t)strtod(argv[1], NULL) : 100000000;
    int pairs = argc > 2 ? atoi(argv[2]) : 9;
    if (steps < 1e5 || steps > 1e15 || pairs < 1 || pairs > PAIRS_MAX) {
        fprintf(stderr, "usage: bench_midpoint [STEPS, 1e5 to 1e15 [PAIRS, 1 to %d]]\n", PAIRS_MAX);
        return 2;
    }
    printf("%.10g steps, medians of %d pairs\n", (double)steps, pairs);
    printf("%-9s %13s %12s %8s\n", "level", "loop ns/step", "ours ns/step", "ratio");
    for (int level = SIMD_LEVELS - 1; level >= 0; level--)
        if (simd_has((enum simd_level)level))
            compare_level((enum simd_level)level, steps, pairs);
    return 0;
}
