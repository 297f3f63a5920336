/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sixty-four characters side by side, at each SIMD level: what csv_body.h is written in. Bit i of
 * a mask tells of the i-th character. The portable ones are the definition.
 *
 *     equal      which characters are one of three
 *     between    which are from `low` to `high`
 *     gather     the bits at even places, side by side
 *     spread     the reverse
 *     number     a cell that is nothing but a short number
 */
#ifndef TRIREME_KERNELS_CSV_LANES_H
#define TRIREME_KERNELS_CSV_LANES_H

#include "simd.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const uint64_t EVEN = 0x5555555555555555;

/* A number of few digits: magnitude / 10^(index-1), or an integer if index is 0, as
 * bounds_spans() has it. */
struct quick {
    uint64_t magnitude;
    unsigned index;
    bool is_negative;
};

/* ---- Portable -------------------------------------------------------------------------- */

/* Eight characters at a time: in each byte of a word, the highest bit is the answer. */
static const uint64_t EACH = 0x0101010101010101, TOP = 0x8080808080808080;

INLINE uint64_t portable_word(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

INLINE uint64_t portable_zero(uint64_t word)
{
    return ~(((word & ~TOP) + ~TOP) | word) & TOP;
}

INLINE uint64_t portable_equal(const char *text, char a, char b, char c)
{
    uint64_t mask = 0;
    for (int i = 0; i < 8; i++) {
        uint64_t word = portable_word(text + 8 * i);
        uint64_t found = portable_zero(word ^ EACH * (unsigned char)a) |
                         portable_zero(word ^ EACH * (unsigned char)b) |
                         portable_zero(word ^ EACH * (unsigned char)c);
        mask |= ((found >> 7) * 0x0102040810204080 >> 56) << 8 * i;
    }
    return mask;
}

/* `low` and `high` are below 128. */
INLINE uint64_t portable_between(const char *text, char low, char high)
{
    uint64_t mask = 0;
    for (int i = 0; i < 8; i++) {
        uint64_t word = portable_word(text + 8 * i);
        uint64_t from_low = (word | TOP) - EACH * (unsigned char)low;
        uint64_t to_high = (EACH * (unsigned char)high | TOP) - (word & ~TOP);
        uint64_t found = from_low & to_high & ~word & TOP;
        mask |= ((found >> 7) * 0x0102040810204080 >> 56) << 8 * i;
    }
    return mask;
}

INLINE uint32_t portable_gather(uint64_t mask)
{
    mask = (mask | mask >> 1) & 0x3333333333333333;
    mask = (mask | mask >> 2) & 0x0f0f0f0f0f0f0f0f;
    mask = (mask | mask >> 4) & 0x00ff00ff00ff00ff;
    mask = (mask | mask >> 8) & 0x0000ffff0000ffff;
    return (uint32_t)(mask | mask >> 16);
}

INLINE uint64_t portable_spread(uint32_t bits)
{
    uint64_t mask = bits;
    mask = (mask | mask << 16) & 0x0000ffff0000ffff;
    mask = (mask | mask << 8) & 0x00ff00ff00ff00ff;
    mask = (mask | mask << 4) & 0x0f0f0f0f0f0f0f0f;
    mask = (mask | mask << 2) & 0x3333333333333333;
    return (mask | mask << 1) & EVEN;
}

/* Up to 18 digits, with or without a sign and a point. */
INLINE bool portable_number(const char *text, const char *end, struct quick *number)
{
    const char *point = NULL;
    number->is_negative = *text == '-';
    number->magnitude = 0;
    text += *text == '-' || *text == '+';
    if (end - text < 1 || end - text > 18)
        return false;
    for (const char *at = text; at < end; at++) {
        unsigned digit = (unsigned)(*at - '0');
        if (digit <= 9)
            number->magnitude = number->magnitude * 10 + digit;
        else if (*at == '.' && point == NULL)
            point = at;
        else
            return false;
    }
    number->index = point == NULL ? 0 : (unsigned)(end - point);
    return point == NULL || end - text > 1;
}

#if SIMD_X86
#include <immintrin.h>

/* ---- AVX2 ------------------------------------------------------------------------------ */

INLINE SIMD_TARGET_AVX2 uint64_t avx2_mask(__m256i first, __m256i second)
{
    uint64_t high = (uint32_t)_mm256_movemask_epi8(second);
    return high << 32 | (uint32_t)_mm256_movemask_epi8(first);
}

INLINE SIMD_TARGET_AVX2 __m256i avx2_equal_half(__m256i text, char a, char b, char c)
{
    __m256i is_a = _mm256_cmpeq_epi8(text, _mm256_set1_epi8(a));
    __m256i is_b = _mm256_cmpeq_epi8(text, _mm256_set1_epi8(b));
    __m256i is_c = _mm256_cmpeq_epi8(text, _mm256_set1_epi8(c));
    return _mm256_or_si256(_mm256_or_si256(is_a, is_b), is_c);
}

INLINE SIMD_TARGET_AVX2 uint64_t avx2_equal(const char *text, char a, char b, char c)
{
    __m256i first = _mm256_loadu_si256((const __m256i *)text);
    __m256i second = _mm256_loadu_si256((const __m256i *)(text + 32));
    return avx2_mask(avx2_equal_half(first, a, b, c), avx2_equal_half(second, a, b, c));
}

INLINE SIMD_TARGET_AVX2 __m256i avx2_between_half(__m256i text, char low, char high)
{
    __m256i from_low = _mm256_max_epu8(text, _mm256_set1_epi8(low));
    __m256i to_high = _mm256_min_epu8(text, _mm256_set1_epi8(high));
    return _mm256_and_si256(_mm256_cmpeq_epi8(text, from_low), _mm256_cmpeq_epi8(text, to_high));
}

INLINE SIMD_TARGET_AVX2 uint64_t avx2_between(const char *text, char low, char high)
{
    __m256i first = _mm256_loadu_si256((const __m256i *)text);
    __m256i second = _mm256_loadu_si256((const __m256i *)(text + 32));
    return avx2_mask(avx2_between_half(first, low, high), avx2_between_half(second, low, high));
}

INLINE SIMD_TARGET_AVX2 uint32_t avx2_gather(uint64_t mask)
{
    return (uint32_t)_pext_u64(mask, EVEN);
}

INLINE SIMD_TARGET_AVX2 uint64_t avx2_spread(uint32_t bits)
{
    return _pdep_u64(bits, EVEN);
}

/* Of sixteen digits, the first the most significant. */
INLINE SIMD_TARGET_AVX2 uint64_t avx2_value(__m128i digits)
{
    const __m128i tens = _mm_set1_epi16(1 << 8 | 10);
    const __m128i hundreds = _mm_set1_epi32(1 << 16 | 100);
    const __m128i ten_thousands = _mm_set1_epi32(1 << 16 | 10000);
    __m128i pairs = _mm_maddubs_epi16(digits, tens);
    __m128i fours = _mm_madd_epi16(pairs, hundreds);
    __m128i eights = _mm_madd_epi16(_mm_packus_epi32(fours, fours), ten_thousands);
    uint64_t halves = (uint64_t)_mm_cvtsi128_si64(eights);
    return (halves & 0xffffffff) * 100000000 + (halves >> 32);
}

/* The masks of the characters of a number that are no digits, and that are points: the same, and
 * one at most, or it is none. */
INLINE bool avx2_is_number(unsigned others, unsigned points, size_t length)
{
    return others == points && (points & (points - 1)) == 0 && (length > 1 || points == 0);
}

/* Up to sixteen characters. The digits before the point move one place up, over it. */
INLINE SIMD_TARGET_AVX2 bool avx2_short_number(const char *end, size_t length, struct quick *number)
{
    const __m128i lane = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m128i inside = _mm_cmpgt_epi8(lane, _mm_set1_epi8((char)(15 - length)));
    __m128i text = _mm_and_si128(_mm_loadu_si128((const __m128i *)(end - 16)), inside);
    __m128i digits = _mm_and_si128(_mm_sub_epi8(text, _mm_set1_epi8('0')), inside);
    __m128i is_other = _mm_cmpeq_epi8(_mm_max_epu8(digits, _mm_set1_epi8(10)), digits);
    __m128i is_point = _mm_cmpeq_epi8(text, _mm_set1_epi8('.'));
    unsigned points = (unsigned)_mm_movemask_epi8(is_point);
    if (!avx2_is_number((unsigned)_mm_movemask_epi8(is_other), points, length))
        return false;
    unsigned point = _tzcnt_u32(points | 0x10000);
    __m128i moved = _mm_cmpgt_epi8(_mm_set1_epi8((char)(points == 0 ? 0 : point + 1)), lane);
    digits = _mm_blendv_epi8(digits, _mm_slli_si128(digits, 1), moved);
    number->magnitude = avx2_value(digits);
    number->index = 16 - point;
    return true;
}

/* The same for up to thirty-two, if they come to less than 10^19. */
INLINE SIMD_TARGET_AVX2 bool avx2_long_number(const char *end, size_t length, struct quick *number)
{
    const __m256i lane =
        _mm256_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
                         21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
    __m256i inside = _mm256_cmpgt_epi8(lane, _mm256_set1_epi8((char)(31 - length)));
    __m256i text = _mm256_and_si256(_mm256_loadu_si256((const __m256i *)(end - 32)), inside);
    __m256i digits = _mm256_and_si256(_mm256_sub_epi8(text, _mm256_set1_epi8('0')), inside);
    __m256i is_other = _mm256_cmpeq_epi8(_mm256_max_epu8(digits, _mm256_set1_epi8(10)), digits);
    __m256i is_point = _mm256_cmpeq_epi8(text, _mm256_set1_epi8('.'));
    unsigned points = (unsigned)_mm256_movemask_epi8(is_point);
    if (!avx2_is_number((unsigned)_mm256_movemask_epi8(is_other), points, length))
        return false;
    unsigned point = _tzcnt_u32(points);
    __m256i moved = _mm256_cmpgt_epi8(_mm256_set1_epi8((char)(points == 0 ? 0 : point + 1)), lane);
    __m256i lower = _mm256_permute2x128_si256(digits, digits, 0x08);
    __m256i up = _mm256_alignr_epi8(digits, lower, 15);
    digits = _mm256_blendv_epi8(digits, up, moved);
    uint64_t high = avx2_value(_mm256_castsi256_si128(digits));
    number->magnitude = high * 10000000000000000 + avx2_value(_mm256_extracti128_si256(digits, 1));
    number->index = 32 - point;
    return high < 1000;
}

INLINE SIMD_TARGET_AVX2 bool avx2_number(const char *text, const char *end, struct quick *number)
{
    number->is_negative = *text == '-';
    text += *text == '-' || *text == '+';
    size_t length = (size_t)(end - text);
    if (length - 1 < 16)
        return avx2_short_number(end, length, number);
    return length - 1 < 32 && avx2_long_number(end, length, number);
}

/* ---- AVX-512 --------------------------------------------------------------------------- */

INLINE SIMD_TARGET_AVX512 uint64_t avx512_equal(const char *text, char a, char b, char c)
{
    __m512i all = _mm512_loadu_si512(text);
    return _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(a)) |
           _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(b)) |
           _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(c));
}

INLINE SIMD_TARGET_AVX512 uint64_t avx512_between(const char *text, char low, char high)
{
    __m512i all = _mm512_loadu_si512(text);
    return _mm512_cmpge_epu8_mask(all, _mm512_set1_epi8(low)) &
           _mm512_cmple_epu8_mask(all, _mm512_set1_epi8(high));
}

INLINE SIMD_TARGET_AVX512 uint32_t avx512_gather(uint64_t mask)
{
    return (uint32_t)_pext_u64(mask, EVEN);
}

INLINE SIMD_TARGET_AVX512 uint64_t avx512_spread(uint32_t bits)
{
    return _pdep_u64(bits, EVEN);
}

INLINE SIMD_TARGET_AVX512 bool avx512_number(const char *text, const char *end,
                                             struct quick *number)
{
    return avx2_number(text, end, number);
}
#endif

#endif
