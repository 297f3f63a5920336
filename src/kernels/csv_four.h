/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Four plain numbers at a time with AVX-512, for csv.c: each in sixteen characters of a register,
 * the last of them at the right.
 *
 * A number keeps its point, as a digit 0: 12.345 is 120345. Numbers with as many digits behind the
 * point remain in order, so they are compared with bounds that have a 0 there too.
 */
#ifndef TRIREME_KERNELS_CSV_FOUR_H
#define TRIREME_KERNELS_CSV_FOUR_H

#include "bounds.h"
#include "simd.h"

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

/* Of four numbers: in each 16 bits, which characters are points, and whether there is a minus. */
struct four_masks {
    uint64_t digits, points, minuses;
};

/* The four cells that end at text[end[0]] and so on. */
INLINE SIMD_TARGET_AVX512 __m512i four_load(const char *text, const int *end)
{
    __m128i part[4];
    for (int i = 0; i < 4; i++)
        part[i] = _mm_loadu_si128((const __m128i *)(text + end[i] - 16));
    __m512i all = _mm512_castsi128_si512(part[0]);
    all = _mm512_inserti32x4(all, part[1], 1);
    all = _mm512_inserti32x4(all, part[2], 2);
    return _mm512_inserti32x4(all, part[3], 3);
}

/* In each 16 bytes, the number of the byte. */
INLINE SIMD_TARGET_AVX512 __m512i four_lanes(void)
{
    return _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

/* False if one of the four is more than sixteen characters, or more than digits with a point among
 * them and a minus before. The cell before the first one ends at end[-1]. */
INLINE SIMD_TARGET_AVX512 bool four_masks(__m512i text, const int *end, struct four_masks *masks)
{
    const __m512i each = _mm512_setr_epi32(
        0, 0, 0, 0, 0x04040404, 0x04040404, 0x04040404, 0x04040404, 0x08080808, 0x08080808,
        0x08080808, 0x08080808, 0x0c0c0c0c, 0x0c0c0c0c, 0x0c0c0c0c, 0x0c0c0c0c);
    __m128i before = _mm_loadu_si128((const __m128i *)(end - 1));
    __m128i lengths = _mm_sub_epi32(_mm_loadu_si128((const __m128i *)end), before);
    __m128i outside = _mm_sub_epi32(_mm_set1_epi32(17), lengths); /* of the sixteen */
    __m512i first = _mm512_shuffle_epi8(_mm512_broadcast_i32x4(outside), each);
    uint64_t inside = _mm512_cmpge_epi8_mask(four_lanes(), first);
    uint64_t begins = _mm512_cmpeq_epi8_mask(four_lanes(), first);
    __m512i digits = _mm512_sub_epi8(text, _mm512_set1_epi8('0'));
    masks->digits = inside & _mm512_cmple_epu8_mask(digits, _mm512_set1_epi8(9));
    masks->points = inside & _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8('.'));
    masks->minuses = begins & _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8('-'));

    __m128i digit_words = _mm_cvtsi64_si128((long long)masks->digits);
    __m128i point_words = _mm_cvtsi64_si128((long long)masks->points);
    __m128i more_points = _mm_and_si128(point_words, _mm_sub_epi16(point_words, _mm_set1_epi16(1)));
    return (masks->digits | masks->points | masks->minuses) == inside &&
           _mm_cmpgt_epi32_mask(lengths, _mm_set1_epi32(17)) == 0 &&
           (_mm_test_epi16_mask(digit_words, digit_words) & 15) == 15 &&
           _mm_test_epi16_mask(more_points, more_points) == 0;
}

/* The numbers, points taken for zeros, in 64 bits each. */
INLINE SIMD_TARGET_AVX512 __m256i four_values(__m512i text, uint64_t digit_mask)
{
    __m512i digits = _mm512_maskz_sub_epi8(digit_mask, text, _mm512_set1_epi8('0'));
    __m512i pairs = _mm512_maddubs_epi16(digits, _mm512_set1_epi16(1 << 8 | 10));
    __m512i fours = _mm512_madd_epi16(pairs, _mm512_set1_epi32(1 << 16 | 100));
    __m512i eights =
        _mm512_madd_epi16(_mm512_packus_epi32(fours, fours), _mm512_set1_epi32(1 << 16 | 10000));
    __m512i high = _mm512_mul_epu32(eights, _mm512_set1_epi64(100000000));
    __m512i all = _mm512_add_epi64(high, _mm512_srli_epi64(eights, 32));
    return _mm512_castsi512_si256(
        _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 0, 0, 0, 0), all));
}

/* Which of the four are in range, in four bits. */
INLINE SIMD_TARGET_AVX512 unsigned four_compare(struct bounds *bounds, __m256i values,
                                                const struct four_masks *masks)
{
    uint64_t points = masks->points & 0xffff;
    unsigned in_range = 0;
    if (masks->points == points * 0x0001000100010001) {
        const struct bounds_span *span =
            bounds_gapped(bounds, 16 - (unsigned)_tzcnt_u64(points | 0x10000));
        __m128i minus_words = _mm_cvtsi64_si128((long long)masks->minuses);
        __mmask8 minus = _mm_test_epi16_mask(minus_words, minus_words);
        __m256i low = _mm256_mask_set1_epi64(_mm256_set1_epi64x((long long)span[0].low), minus,
                                             (long long)span[1].low);
        __m256i width = _mm256_mask_set1_epi64(_mm256_set1_epi64x((long long)span[0].width), minus,
                                               (long long)span[1].width);
        /* the mask has eight bits, of which GCC 12 may leave rubbish around when it spills them */
        return _mm256_cmple_epu64_mask(_mm256_sub_epi64(values, low), width) & 15u;
    }
    uint64_t value[4];
    _mm256_storeu_si256((__m256i *)value, values);
    for (int i = 0; i < 4; i++) {
        points = masks->points >> 16 * i & 0xffff;
        const struct bounds_span *span =
            bounds_gapped(bounds, 16 - (unsigned)_tzcnt_u64(points | 0x10000));
        bool is_negative = (masks->minuses >> 16 * i & 0xffff) != 0;
        in_range |= (unsigned)bounds_span_has(&span[is_negative], value[i]) << i;
    }
    return in_range;
}

#endif
