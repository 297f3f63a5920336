/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Comparing some numbers side by side, at each SIMD level: what values_body.h is written in. The
 * numbers have `size` bytes each and take BYTES bytes, at least one number; bit i of what a
 * function returns is for number i.
 *
 *     within     integers that are at most `span` above `low`, modulo two to their width
 *     between    floating point numbers from low to high, which for size 4 are floats' values
 *     nan        floating point numbers that are none
 *
 * The portable ones are the definition.
 */
#ifndef TRIREME_KERNELS_VALUES_LANES_H
#define TRIREME_KERNELS_VALUES_LANES_H

#include "simd.h"

#include <stdint.h>
#include <string.h>

enum { portable_BYTES = 1, avx2_BYTES = 32, avx512_BYTES = 64 };

/* ---- Portable -------------------------------------------------------------------------- */

INLINE uint64_t portable_integer(const unsigned char *from, int size)
{
    uint8_t one;
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (size) {
    case 1:
        memcpy(&one, from, sizeof one);
        return one;
    case 2:
        memcpy(&two, from, sizeof two);
        return two;
    case 4:
        memcpy(&four, from, sizeof four);
        return four;
    default:
        memcpy(&eight, from, sizeof eight);
        return eight;
    }
}

INLINE uint64_t portable_within(const unsigned char *from, int size, uint64_t low, uint64_t span)
{
    uint64_t width = UINT64_MAX >> (64 - 8 * size);
    return ((portable_integer(from, size) - low) & width) <= span;
}

INLINE double portable_number(const unsigned char *from, int size)
{
    float narrow;
    double wide;
    memcpy(&narrow, from, sizeof narrow);
    if (size == sizeof narrow)
        return narrow;
    memcpy(&wide, from, sizeof wide);
    return wide;
}

INLINE uint64_t portable_between(const unsigned char *from, int size, double low, double high)
{
    double number = portable_number(from, size);
    return (low <= number) & (number <= high);
}

INLINE uint64_t portable_nan(const unsigned char *from, int size)
{
    double number = portable_number(from, size);
    return number != number;
}

#if SIMD_X86
#include <immintrin.h>

/* ---- AVX2 ------------------------------------------------------------------------------ */

INLINE SIMD_TARGET_AVX2 __m256i avx2_set(uint64_t number, int size)
{
    switch (size) {
    case 1:
        return _mm256_set1_epi8((char)number);
    case 2:
        return _mm256_set1_epi16((short)number);
    case 4:
        return _mm256_set1_epi32((int)number);
    default:
        return _mm256_set1_epi64x((long long)number);
    }
}

/* AVX2 compares signed integers only, so both sides are moved by half the range. */
INLINE SIMD_TARGET_AVX2 uint64_t avx2_within(const unsigned char *from, int size, uint64_t low,
                                             uint64_t span)
{
    uint64_t half = (uint64_t)1 << (8 * size - 1);
    __m256i number = _mm256_loadu_si256((const void *)from);
    __m256i first = avx2_set(low + half, size), last = avx2_set(span - half, size), above;
    switch (size) {
    case 1:
        above = _mm256_cmpgt_epi8(_mm256_sub_epi8(number, first), last);
        return ~(uint32_t)_mm256_movemask_epi8(above);
    case 2:
        above = _mm256_cmpgt_epi16(_mm256_sub_epi16(number, first), last);
        return 0xffff ^ (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(
                            _mm256_castsi256_si128(above), _mm256_extracti128_si256(above, 1)));
    case 4:
        above = _mm256_cmpgt_epi32(_mm256_sub_epi32(number, first), last);
        return 0xff ^ (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(above));
    default:
        above = _mm256_cmpgt_epi64(_mm256_sub_epi64(number, first), last);
        return 0xf ^ (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(above));
    }
}

INLINE SIMD_TARGET_AVX2 uint64_t avx2_between(const unsigned char *from, int size, double low,
                                              double high)
{
    if (size == sizeof(float)) {
        __m256 number = _mm256_loadu_ps((const void *)from);
        __m256 above = _mm256_cmp_ps(number, _mm256_set1_ps((float)low), _CMP_GE_OQ);
        __m256 below = _mm256_cmp_ps(number, _mm256_set1_ps((float)high), _CMP_LE_OQ);
        return (uint32_t)_mm256_movemask_ps(_mm256_and_ps(above, below));
    }
    __m256d number = _mm256_loadu_pd((const void *)from);
    __m256d above = _mm256_cmp_pd(number, _mm256_set1_pd(low), _CMP_GE_OQ);
    __m256d below = _mm256_cmp_pd(number, _mm256_set1_pd(high), _CMP_LE_OQ);
    return (uint32_t)_mm256_movemask_pd(_mm256_and_pd(above, below));
}

INLINE SIMD_TARGET_AVX2 uint64_t avx2_nan(const unsigned char *from, int size)
{
    if (size == sizeof(float)) {
        __m256 number = _mm256_loadu_ps((const void *)from);
        return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(number, number, _CMP_UNORD_Q));
    }
    __m256d number = _mm256_loadu_pd((const void *)from);
    return (uint32_t)_mm256_movemask_pd(_mm256_cmp_pd(number, number, _CMP_UNORD_Q));
}

/* ---- AVX-512 --------------------------------------------------------------------------- */

INLINE SIMD_TARGET_AVX512 uint64_t avx512_within(const unsigned char *from, int size, uint64_t low,
                                                 uint64_t span)
{
    __m512i number = _mm512_loadu_si512(from), first, last;
    switch (size) {
    case 1:
        first = _mm512_set1_epi8((char)low), last = _mm512_set1_epi8((char)span);
        return _mm512_cmple_epu8_mask(_mm512_sub_epi8(number, first), last);
    case 2:
        first = _mm512_set1_epi16((short)low), last = _mm512_set1_epi16((short)span);
        return _mm512_cmple_epu16_mask(_mm512_sub_epi16(number, first), last);
    case 4:
        first = _mm512_set1_epi32((int)low), last = _mm512_set1_epi32((int)span);
        return _mm512_cmple_epu32_mask(_mm512_sub_epi32(number, first), last);
    default:
        first = _mm512_set1_epi64((long long)low), last = _mm512_set1_epi64((long long)span);
        return _mm512_cmple_epu64_mask(_mm512_sub_epi64(number, first), last);
    }
}

INLINE SIMD_TARGET_AVX512 uint64_t avx512_between(const unsigned char *from, int size, double low,
                                                  double high)
{
    if (size == sizeof(float)) {
        __m512 number = _mm512_loadu_ps((const void *)from);
        __mmask16 above = _mm512_cmp_ps_mask(number, _mm512_set1_ps((float)low), _CMP_GE_OQ);
        return _mm512_mask_cmp_ps_mask(above, number, _mm512_set1_ps((float)high), _CMP_LE_OQ);
    }
    __m512d number = _mm512_loadu_pd((const void *)from);
    __mmask8 above = _mm512_cmp_pd_mask(number, _mm512_set1_pd(low), _CMP_GE_OQ);
    return _mm512_mask_cmp_pd_mask(above, number, _mm512_set1_pd(high), _CMP_LE_OQ);
}

INLINE SIMD_TARGET_AVX512 uint64_t avx512_nan(const unsigned char *from, int size)
{
    if (size == sizeof(float)) {
        __m512 number = _mm512_loadu_ps((const void *)from);
        return _mm512_cmp_ps_mask(number, number, _CMP_UNORD_Q);
    }
    __m512d number = _mm512_loadu_pd((const void *)from);
    return _mm512_cmp_pd_mask(number, number, _CMP_UNORD_Q);
}
#endif

#endif
