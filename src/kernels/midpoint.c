/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The midpoint rule, one division for sixteen steps.
 *
 * A loop over 1/(1+x^2) runs at the speed of the divider, which takes as long as some thirty
 * multiplications. So the terms of GROUP consecutive steps are put over a common denominator, as
 * one adds fractions by hand. With c the middle of the group, v = 1 + c^2, and h the distance of
 * a pair of steps from the middle,
 *
 *     1/(1 + (c-h)^2) + 1/(1 + (c+h)^2) = 2 (v + h^2) / (v^2 - 2 h^2 v + h^4 + 4 h^2)
 *
 * (multiply it out), and the eight pairs together are a polynomial in v of degree 15 over one of
 * degree 16. This is an identity, not a series cut short: each step is there, with two
 * multiplications of its own, whatever the number of steps. (Beyond 1e9 of them h^2 is less than
 * a double can show beside v: the work is the same, and the terms of a group round to one.)
 * The coefficients depend on the number of steps only. They take 0.1 us to make and are made anew
 * for every block, so that there is no state. In v, other than in c^2, those below the first are
 * tiny, of the size of h^2, so that their rounding does not matter.
 *
 * The same bits everywhere: each of eight lanes takes a group, eight groups are a row, and what
 * is added, multiplied and rounded in which order is fixed, whether the CPU does eight lanes at
 * a time, four or one. Where a product is added to something, that is an fma() or the product is
 * exact, so compilers that fuse what they can (GCC does) find nothing to fuse. Plain C is the
 * definition. On x86 it is for CPUs without AVX2, and slow (3.3 ns a step), as fma() is a call.
 *
 * Errors: c is j * (step_high + step_low), with j a whole number, thus right to the last bit for
 * steps up to 2^53. The quotients of 64 rows are added to an inner sum and this to the outer one.
 * A block is right to half a unit in its last place on average, 2.5 at most in tests, with no
 * bias to be seen: 1e8 steps give a sum that is off by 0.004 units of pi's last place, and 1e10
 * steps by 0.008, before the total is rounded.
 *
 * Limits, on an Intel Xeon with AVX-512 at 3.5 GHz. A row is 36 additions and fused multiply-adds
 * and a division: 128 steps. AVX-512 does two of the 36 in a cycle, 5.4 ns in all; the divider
 * works beside them, for 16 cycles or 4.8 ns. If the two overlapped wholly, a step would take
 * 0.042 ns. It takes 0.056 to 0.060. AVX2 needs 10.2 ns a row for the 72 it has, and 4.5 ns for
 * the divisions: 0.079 ns a step; it takes 0.080 to 0.087. The plain loop takes 0.54, which is
 * the divider's limit. Eight steps a division were slower (0.075), 32 a little faster (0.052),
 * but their coefficients underflow. bench/midpoint.c measures this.
 */
#include "midpoint.h"

#include "midpoint_lanes.h"
#include "simd.h"

#include <math.h>

#ifdef __FAST_MATH__
#error "-ffast-math would change the bits of the result"
#endif
_Static_assert(sizeof(double_t) == sizeof(double), "x87 rounds otherwise: use -mfpmath=sse");

enum {
    GROUP = 16,          /* steps that share a division */
    ROW = LANES * GROUP, /* consecutive steps, each lane a group of them */
    INNER = 64,          /* rows in an inner sum */
};

/* What depends on the number of steps only. The mean of a group's terms is above(v) / below(v),
 * coefficients in ascending order; above has degree GROUP-1, below GROUP, both begin with 1. */
struct group {
    double step_high, step_low; /* their sum is 1/steps to twice a double's precision */
    double above[GROUP + 1];
    double below[GROUP + 1];
};

/* Puts one more pair, at the centre -+ sqrt(square), over the common denominator. The products
 * not written as fma() are by powers of two: exact, so contracted or not they are the same. */
INLINE void group_add_pair(struct group *group, int degree, double square)
{
    const double weight = 2.0 / GROUP;
    double *above = group->above, *below = group->below;
    double linear = -2 * square, constant = fma(square, square, 4 * square);
    for (int k = degree + 2; k >= 0; k--) {
        double above_1 = k >= 1 ? above[k - 1] : 0, above_2 = k >= 2 ? above[k - 2] : 0;
        double below_1 = k >= 1 ? below[k - 1] : 0, below_2 = k >= 2 ? below[k - 2] : 0;
        above[k] = fma(constant, above[k], fma(linear, above_1, above_2));
        above[k] = fma(weight * square, below[k], above[k] + weight * below_1);
        below[k] = fma(constant, below[k], fma(linear, below_1, below_2));
    }
}

INLINE void group_make(struct group *group, uint64_t steps)
{
    double count = (double)steps;
    *group = (struct group){.step_high = 1 / count, .below = {1}};
    group->step_low = fma(-group->step_high, count, 1) / count;
    for (int pair = 0; pair < GROUP / 2; pair++) {
        double offset = (pair + 0.5) * group->step_high;
        group_add_pair(group, 2 * pair, offset * offset);
    }
}

INLINE double sum_of_lanes(const double *lane)
{
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

#define LEVEL portable
#define TARGET
#define FLIGHT 1
#include "midpoint_body.h"

#if SIMD_X86
#define LEVEL avx2
#define TARGET SIMD_TARGET_AVX2
#define FLIGHT 2
#include "midpoint_body.h"

#define LEVEL avx512
#define TARGET SIMD_TARGET_AVX512
#define FLIGHT 4
#include "midpoint_body.h"
#endif

/* Steps one by one, where no row is full. What each addition rounds off is kept (Fast2Sum of
 * T. J. Dekker, Numer. Math. 18, 1971): the terms fall, so none is above the sum so far. */
static double tail(uint64_t steps, uint64_t first, uint64_t end)
{
    double count = (double)steps, step_high = 1 / count;
    double step_low = fma(-step_high, count, 1) / count;
    double sum = 0, lost = 0;
    for (uint64_t i = first; i < end; i++) {
        double x = fma((double)i, step_high, fma((double)i, step_low, 0.5 * step_high));
        double term = 1 / fma(x, x, 1), total = sum + term;
        lost += term - (total - sum);
        sum = total;
    }
    return sum + lost;
}

double midpoint_block(uint64_t steps, uint64_t block)
{
    static double (*const sum_of_rows[])(uint64_t steps, uint64_t first, int rows) = {
        [SIMD_PORTABLE] = portable_block,
#if SIMD_X86
        [SIMD_AVX2] = avx2_block,
        [SIMD_AVX512] = avx512_block,
#endif
    };
    if (block > steps / MIDPOINT_BLOCK)
        return 0;
    uint64_t first = block * MIDPOINT_BLOCK;
    uint64_t end = steps - first < MIDPOINT_BLOCK ? steps : first + MIDPOINT_BLOCK;
    int rows = (int)((end - first) / ROW);
    double sum = sum_of_rows[simd_in_use()](steps, first, rows);
    return sum + tail(steps, first + (uint64_t)rows * ROW, end);
}
