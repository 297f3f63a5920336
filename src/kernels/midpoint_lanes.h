/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Eight doubles side by side, at each SIMD level: what midpoint_body.h is written in. Every
 * operation rounds once, as IEEE 754 says, so a level gives the bits of every other. The portable
 * one is the definition.
 */
#ifndef TRIREME_KERNELS_MIDPOINT_LANES_H
#define TRIREME_KERNELS_MIDPOINT_LANES_H

#include "simd.h"

#include <math.h>

enum { LANES = 8 };

/* ---- Portable -------------------------------------------------------------------------- */

struct portable {
    double lane[LANES];
};

/* The lane being computed is i. */
#define PORTABLE_LANES(expression)                                                                 \
    struct portable result;                                                                        \
    UNROLL for (int i = 0; i < LANES; i++) result.lane[i] = (expression);                          \
    return result

INLINE struct portable portable_load(const double *from)
{
    PORTABLE_LANES(from[i]);
}

INLINE struct portable portable_set(double number)
{
    PORTABLE_LANES(number);
}

INLINE struct portable portable_add(struct portable a, struct portable b)
{
    PORTABLE_LANES(a.lane[i] + b.lane[i]);
}

INLINE struct portable portable_multiply(struct portable a, struct portable b)
{
    PORTABLE_LANES(a.lane[i] * b.lane[i]);
}

INLINE struct portable portable_divide(struct portable a, struct portable b)
{
    PORTABLE_LANES(a.lane[i] / b.lane[i]);
}

INLINE struct portable portable_fma(struct portable a, struct portable b, struct portable c)
{
    PORTABLE_LANES(fma(a.lane[i], b.lane[i], c.lane[i]));
}

INLINE void portable_store(double *to, struct portable a)
{
    UNROLL for (int i = 0; i < LANES; i++) to[i] = a.lane[i];
}

#if SIMD_X86
#include <immintrin.h>

/* ---- AVX2 ------------------------------------------------------------------------------ */

struct avx2 {
    __m256d low, high;
};

INLINE SIMD_TARGET_AVX2 struct avx2 avx2_load(const double *from)
{
    return (struct avx2){_mm256_loadu_pd(from), _mm256_loadu_pd(from + 4)};
}

INLINE SIMD_TARGET_AVX2 struct avx2 avx2_set(double number)
{
    return (struct avx2){_mm256_set1_pd(number), _mm256_set1_pd(number)};
}

INLINE SIMD_TARGET_AVX2 struct avx2 avx2_add(struct avx2 a, struct avx2 b)
{
    return (struct avx2){_mm256_add_pd(a.low, b.low), _mm256_add_pd(a.high, b.high)};
}

INLINE SIMD_TARGET_AVX2 struct avx2 avx2_multiply(struct avx2 a, struct avx2 b)
{
    return (struct avx2){_mm256_mul_pd(a.low, b.low), _mm256_mul_pd(a.high, b.high)};
}

INLINE SIMD_TARGET_AVX2 struct avx2 avx2_divide(struct avx2 a, struct avx2 b)
{
    return (struct avx2){_mm256_div_pd(a.low, b.low), _mm256_div_pd(a.high, b.high)};
}

INLINE SIMD_TARGET_AVX2 struct avx2 avx2_fma(struct avx2 a, struct avx2 b, struct avx2 c)
{
    return (struct avx2){_mm256_fmadd_pd(a.low, b.low, c.low),
                         _mm256_fmadd_pd(a.high, b.high, c.high)};
}

INLINE SIMD_TARGET_AVX2 void avx2_store(double *to, struct avx2 a)
{
    _mm256_storeu_pd(to, a.low);
    _mm256_storeu_pd(to + 4, a.high);
}

/* ---- AVX-512 --------------------------------------------------------------------------- */

struct avx512 {
    __m512d all;
};

INLINE SIMD_TARGET_AVX512 struct avx512 avx512_load(const double *from)
{
    return (struct avx512){_mm512_loadu_pd(from)};
}

INLINE SIMD_TARGET_AVX512 struct avx512 avx512_set(double number)
{
    return (struct avx512){_mm512_set1_pd(number)};
}

INLINE SIMD_TARGET_AVX512 struct avx512 avx512_add(struct avx512 a, struct avx512 b)
{
    return (struct avx512){_mm512_add_pd(a.all, b.all)};
}

INLINE SIMD_TARGET_AVX512 struct avx512 avx512_multiply(struct avx512 a, struct avx512 b)
{
    return (struct avx512){_mm512_mul_pd(a.all, b.all)};
}

INLINE SIMD_TARGET_AVX512 struct avx512 avx512_divide(struct avx512 a, struct avx512 b)
{
    return (struct avx512){_mm512_div_pd(a.all, b.all)};
}

INLINE SIMD_TARGET_AVX512 struct avx512 avx512_fma(struct avx512 a, struct avx512 b,
                                                   struct avx512 c)
{
    return (struct avx512){_mm512_fmadd_pd(a.all, b.all, c.all)};
}

INLINE SIMD_TARGET_AVX512 void avx512_store(double *to, struct avx512 a)
{
    _mm512_storeu_pd(to, a.all);
}
#endif

#endif
