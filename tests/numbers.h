/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Numbers of every tri_type, for the tests of values and arrays.
 */
#ifndef NUMBERS_H
#define NUMBERS_H

#include "sharing.h"

#include <math.h>

/* Any of them; only as many bytes as the type has count. */
union number {
    int32_t int32;
    int64_t int64;
    uint64_t uint64;
    float single;
    double real;
    uint8_t byte;
    unsigned char bytes[8];
};

static const tri_type all_types[] = {TRI_INT32, TRI_INT64,  TRI_UINT64,
                                     TRI_FLOAT, TRI_DOUBLE, TRI_BYTE};

enum { TYPES = sizeof all_types / sizeof *all_types };

static inline size_t size_of(tri_type type)
{
    return type == TRI_BYTE ? 1 : type == TRI_INT32 || type == TRI_FLOAT ? 4 : 8;
}

/* A whole number as one of that type. */
static inline union number number_of(tri_type type, int whole)
{
    union number number = {.uint64 = 0};
    switch (type) {
    case TRI_INT32:
        number.int32 = whole;
        break;
    case TRI_INT64:
        number.int64 = whole;
        break;
    case TRI_UINT64:
        number.uint64 = (uint64_t)whole;
        break;
    case TRI_FLOAT:
        number.single = (float)whole;
        break;
    case TRI_DOUBLE:
        number.real = whole;
        break;
    case TRI_BYTE:
        number.byte = (uint8_t)whole;
        break;
    }
    return number;
}

static inline bool is_same(tri_type type, union number number, union number other)
{
    return memcmp(&number, &other, size_of(type)) == 0;
}

static inline bool is_whole(tri_type type, union number number, int whole)
{
    return is_same(type, number, number_of(type, whole));
}

/* What lies behind a number is not touched: it stays like this. */
static inline union number unset(void)
{
    union number number;
    memset(&number, 0xa5, sizeof number);
    return number;
}

static inline bool is_unset_behind(tri_type type, union number number)
{
    for (size_t i = size_of(type); i < sizeof number; i++)
        if (number.bytes[i] != 0xa5)
            return false;
    return true;
}

#endif
