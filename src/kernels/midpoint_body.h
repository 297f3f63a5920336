/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The midpoint kernel at one SIMD level. midpoint.c, which says how it works, includes this once
 * for each level, with these defined:
 *
 *     LEVEL    the prefix of the level's type and operations in midpoint_lanes.h
 *     TARGET   the level's target attribute
 *     FLIGHT   rows in flight: enough that no multiplier waits for another's result, few enough
 *              that all stays in registers. It changes the speed only, never the bits.
 */
#define PASTE_(level, name) level##_##name
#define PASTE(level, name) PASTE_(level, name)
#define OP(name) PASTE(LEVEL, name)
#define VECTOR struct LEVEL

/* v^2 + a v + b: where a polynomial begins. Were it (v + a) v + b, the small a would be rounded
 * to the same multiple of v's last bit in every row, and the errors would add up. */
INLINE TARGET VECTOR OP(begin)(VECTOR v, double a, double b)
{
    return OP(fma)(v, v, OP(fma)(v, OP(set)(a), OP(set)(b)));
}

/* Adds to *sum the next `count` rows, at most FLIGHT, and moves *middle on. */
INLINE TARGET void OP(rows)(VECTOR *sum, VECTOR *middle, const struct group *group, int count)
{
    const double *top = group->above, *bottom = group->below;
    VECTOR v[FLIGHT], above[FLIGHT], below[FLIGHT];
    UNROLL for (int r = 0; r < count; r++)
    {
        VECTOR centre = OP(fma)(*middle, OP(set)(group->step_high),
                                OP(multiply)(*middle, OP(set)(group->step_low)));
        *middle = OP(add)(*middle, OP(set)(ROW));
        v[r] = OP(fma)(centre, centre, OP(set)(1));
        above[r] = OP(begin)(v[r], top[GROUP - 2], top[GROUP - 3]);
        below[r] = OP(begin)(v[r], bottom[GROUP - 1], bottom[GROUP - 2]);
        below[r] = OP(fma)(below[r], v[r], OP(set)(bottom[GROUP - 3]));
    }
    for (int k = GROUP - 4; k >= 0; k--) {
        VECTOR top_k = OP(set)(top[k]), bottom_k = OP(set)(bottom[k]);
        UNROLL for (int r = 0; r < count; r++)
        {
            above[r] = OP(fma)(above[r], v[r], top_k);
            below[r] = OP(fma)(below[r], v[r], bottom_k);
        }
    }
    UNROLL for (int r = 0; r < count; r++) *sum = OP(add)(*sum, OP(divide)(above[r], below[r]));
}

/* The sum of `rows` rows from step `first` on. */
TARGET static double OP(block)(uint64_t steps, uint64_t first, int rows)
{
    struct group group;
    group_make(&group, steps);
    double lane[LANES];
    for (int i = 0; i < LANES; i++)
        lane[i] = (double)(first + (uint64_t)(GROUP * i + GROUP / 2));

    VECTOR middle = OP(load)(lane), outer = OP(set)(0);
    for (int done = 0; done < rows;) {
        int stop = rows - done < INNER ? rows : done + INNER;
        VECTOR inner = OP(set)(0);
        for (; done + FLIGHT <= stop; done += FLIGHT)
            OP(rows)(&inner, &middle, &group, FLIGHT);
        for (; done < stop; done++)
            OP(rows)(&inner, &middle, &group, 1);
        outer = OP(add)(outer, inner);
    }
    OP(store)(lane, outer);
    return GROUP * sum_of_lanes(lane);
}

#undef PASTE_
#undef PASTE
#undef OP
#undef VECTOR
#undef LEVEL
#undef TARGET
#undef FLIGHT
