/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which SIMD instructions the kernels use. A kernel is written for up to three levels that give
 * the same answer to the bit; it asks simd_in_use() and nothing else. Functions of a level carry
 * its SIMD_TARGET attribute, so no file needs compiler flags of its own.
 */
#ifndef TRIREME_KERNELS_SIMD_H
#define TRIREME_KERNELS_SIMD_H

#include <stdbool.h>
#include <stddef.h>

enum simd_level { SIMD_PORTABLE, SIMD_AVX2, SIMD_AVX512 };
enum { SIMD_LEVELS = SIMD_AVX512 + 1 };

#if defined(__x86_64__) && defined(__GNUC__)
#define SIMD_X86 1
#define SIMD_TARGET_AVX2 __attribute__((target("avx2,fma,bmi,bmi2,popcnt")))
#define SIMD_TARGET_AVX512                                                                         \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi,bmi2,popcnt")))
#else
#define SIMD_X86 0
#endif

/* A function that is part of its callers, of whichever level they are. */
#define INLINE static inline __attribute__((always_inline))

/* A loop over an array of registers must be unrolled, or the array goes to memory. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* The level to use: the best this CPU has, or a lower one that the environment variable
 * TRIREME_SIMD names, or the one given to simd_force(). Any thread. */
enum simd_level simd_in_use(void);

/* Writes one line to `message` and returns -1 if TRIREME_SIMD is no level, or one that this CPU
 * does not have; otherwise returns 0. simd_in_use() takes such a TRIREME_SIMD for unset, so a
 * program should call this first. */
int simd_check(char *message, size_t message_size);

/* "portable", "avx2" or "avx512". */
const char *simd_name(enum simd_level level);

/* Whether this CPU, and its operating system, can run `level`. */
bool simd_has(enum simd_level level);

/* For tests and benchmarks: from now on simd_in_use() is `level`, which this CPU must have. */
void simd_force(enum simd_level level);

#endif
