/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Bits of values at one SIMD level. values.c, which says how it works, includes this once for each
 * level, with these defined:
 *
 *     LEVEL    the prefix of the level's comparisons in values_lanes.h
 *     TARGET   the level's target attribute
 *
 * `size` and `is_float` are constants wherever a function is inlined, so that no choice is left in
 * a loop.
 */
#define PASTE_(level, name) level##_##name
#define PASTE(level, name) PASTE_(level, name)
#define OP(name) PASTE(LEVEL, name)
#define LANES(size) (OP(BYTES) > (size) ? OP(BYTES) / (size) : 1)

/* Sets a word of in_range, and of missing if these are floats, from 64 values. */
INLINE TARGET void OP(word)(uint64_t *in_range, uint64_t *missing, const unsigned char *from,
                            int size, bool is_float, const struct range *range)
{
    uint64_t within = 0, nan = 0;
    UNROLL for (int i = 0; i < 64; i += LANES(size))
    {
        const unsigned char *lanes = from + i * size;
        if (is_float) {
            within |= OP(between)(lanes, size, range->double_low, range->double_high) << i;
            nan |= OP(nan)(lanes, size) << i;
        } else {
            within |= OP(within)(lanes, size, range->low, range->span) << i;
        }
    }
    *in_range = within;
    if (is_float)
        *missing = nan;
}

/* The bits of a run, and whether one is missing. */
INLINE TARGET bool OP(run)(uint64_t *in_range, uint64_t *missing, const unsigned char *from,
                           size_t count, int size, bool is_float, const struct range *range)
{
    size_t words = count / 64, bytes = 64 * (size_t)size;
    uint64_t any_missing = 0;
    for (size_t word = 0; word < words; word++, from += bytes) {
        OP(word)(in_range + word, missing + word, from, size, is_float, range);
        if (is_float)
            any_missing |= missing[word];
    }
    if (count % 64 > 0) {
        unsigned char rest[64 * SIZE_MOST] = {0};
        memcpy(rest, from, count % 64 * (size_t)size);
        OP(word)(in_range + words, missing + words, rest, size, is_float, range);
        if (is_float)
            any_missing |= missing[words];
    }
    return any_missing != 0;
}

TARGET static bool OP(find)(uint64_t *in_range, uint64_t *missing, const unsigned char *from,
                            size_t count, int size, bool is_float, const struct range *range)
{
    switch (size) {
    case 1:
        return OP(run)(in_range, missing, from, count, 1, false, range);
    case 2:
        return OP(run)(in_range, missing, from, count, 2, false, range);
    case 4:
        return is_float ? OP(run)(in_range, missing, from, count, 4, true, range)
                        : OP(run)(in_range, missing, from, count, 4, false, range);
    default:
        return is_float ? OP(run)(in_range, missing, from, count, 8, true, range)
                        : OP(run)(in_range, missing, from, count, 8, false, range);
    }
}

#undef PASTE_
#undef PASTE
#undef OP
#undef LANES
#undef LEVEL
#undef TARGET
