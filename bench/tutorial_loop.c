/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The tutorial's loop for pi in C, as one would write it: what bench/midpoint.c measures against.
 * Compiled with gcc -O3 -march=native -ffast-math -fopenmp, in a file of its own so that none of
 * that touches our kernels, and run by one thread.
 */
#include <stdint.h>

double tutorial_loop(int64_t steps);

double tutorial_loop(int64_t steps)
{
    double dx = 1.0 / (double)steps, pi = 0;
#pragma omp parallel for simd reduction(+ : pi) num_threads(1)
    for (int64_t i = 0; i < steps; i++) {
        double x = ((double)i + 0.5) * dx;
        pi += 4.0 / (1.0 + x * x);
    }
    return pi * dx;
}
