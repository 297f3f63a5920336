/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The operations of reductions, element by element. Integers wrap around.
 */
#include "internal.h"

size_t tri__type_size(tri_type type)
{
    switch (type) {
    case TRI_INT32:
        return sizeof(int32_t);
    case TRI_INT64:
        return sizeof(int64_t);
    case TRI_UINT64:
        return sizeof(uint64_t);
    case TRI_FLOAT:
        return sizeof(float);
    case TRI_DOUBLE:
        return sizeof(double);
    case TRI_BYTE:
        return 1;
    }
    return 0;
}

#define EACH(expression)                                                                           \
    for (size_t i = 0; i < count; i++)                                                             \
        out[i] = (expression);                                                                     \
    break

/* `wide` is the type in which sums and products are made: unsigned, so that they wrap around. */
#define COMBINE(name, type, wide)                                                                  \
    static void name(type *out, const type *in, size_t count, tri_operation operation)             \
    {                                                                                              \
        switch (operation) {                                                                       \
        case TRI_SUM:                                                                              \
            EACH((type)((wide)out[i] + (wide)in[i]));                                              \
        case TRI_PRODUCT:                                                                          \
            EACH((type)((wide)out[i] * (wide)in[i]));                                              \
        case TRI_MIN:                                                                              \
            EACH(in[i] < out[i] ? in[i] : out[i]);                                                 \
        case TRI_MAX:                                                                              \
            EACH(in[i] > out[i] ? in[i] : out[i]);                                                 \
        }                                                                                          \
    }

COMBINE(combine_int32, int32_t, uint32_t)
COMBINE(combine_int64, int64_t, uint64_t)
COMBINE(combine_uint64, uint64_t, uint64_t)
COMBINE(combine_float, float, float)
COMBINE(combine_double, double, double)
COMBINE(combine_byte, unsigned char, unsigned)

void tri__combine(void *out, const void *in, size_t count, tri_type type, tri_operation operation)
{
    switch (type) {
    case TRI_INT32:
        combine_int32(out, in, count, operation);
        break;
    case TRI_INT64:
        combine_int64(out, in, count, operation);
        break;
    case TRI_UINT64:
        combine_uint64(out, in, count, operation);
        break;
    case TRI_FLOAT:
        combine_float(out, in, count, operation);
        break;
    case TRI_DOUBLE:
        combine_double(out, in, count, operation);
        break;
    case TRI_BYTE:
        combine_byte(out, in, count, operation);
        break;
    }
}
