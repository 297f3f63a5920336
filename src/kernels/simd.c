/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Finding the SIMD level. It is looked up once and kept; threads that look at the same time find
 * the same, so a relaxed atomic is enough.
 */
#include "simd.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char VARIABLE[] = "TRIREME_SIMD";
static const char *const names[SIMD_LEVELS] = {"portable", "avx2", "avx512"};

enum { UNKNOWN = -1 };
static atomic_int in_use = UNKNOWN;

#if SIMD_X86
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
           __builtin_cpu_supports("popcnt");
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#else
static bool has_avx2(void)
{
    return false;
}

static bool has_avx512(void)
{
    return false;
}
#endif

bool simd_has(enum simd_level level)
{
    switch (level) {
    case SIMD_PORTABLE:
        return true;
    case SIMD_AVX2:
        return has_avx2();
    case SIMD_AVX512:
        return has_avx512();
    }
    return false;
}

const char *simd_name(enum simd_level level)
{
    return names[level];
}

static enum simd_level best(void)
{
    int level = SIMD_LEVELS - 1;
    while (!simd_has((enum simd_level)level))
        level--;
    return (enum simd_level)level;
}

/* What TRIREME_SIMD names: a level, SIMD_LEVELS if it is an unknown word, or the best level if
 * it is unset or empty. */
static int wanted(void)
{
    const char *word = getenv(VARIABLE);
    if (word == NULL || *word == '\0')
        return (int)best();
    int level = 0;
    while (level < SIMD_LEVELS && strcmp(word, names[level]) != 0)
        level++;
    return level;
}

int simd_check(char *message, size_t message_size)
{
    int level = wanted();
    if (level == SIMD_LEVELS)
        snprintf(message, message_size, "%s=%s is unknown: say portable, avx2 or avx512", VARIABLE,
                 getenv(VARIABLE));
    else if (!simd_has((enum simd_level)level))
        snprintf(message, message_size, "%s=%s: this CPU has no more than %s", VARIABLE,
                 names[level], names[best()]);
    else
        return 0;
    return -1;
}

enum simd_level simd_in_use(void)
{
    int level = atomic_load_explicit(&in_use, memory_order_relaxed);
    if (level == UNKNOWN) {
        level = wanted();
        if (level == SIMD_LEVELS || !simd_has((enum simd_level)level))
            level = (int)best();
        simd_force((enum simd_level)level);
    }
    return (enum simd_level)level;
}

void simd_force(enum simd_level level)
{
    atomic_store_explicit(&in_use, (int)level, memory_order_relaxed);
}
