/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Values in range: for every type, in either byte order, aligned or not, at every SIMD level, what
 * comparing one value after the other gives.
 */
#include "kernel.h"
#include "simd.h"
#include "values.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES_MAX = 5000, COLUMNS_MAX = 100, TABLES = 60 };

/* ---- Numbers at random --------------------------------------------------------------------- */

/* An integer near an edge of some type, or a small one, or any. */
static uint64_t random_integer(void)
{
    static const unsigned edges[] = {0, 7, 8, 15, 16, 31, 32, 53, 63};
    uint64_t near = (uint64_t)1 << edges[random_below(sizeof edges / sizeof *edges)];
    switch (random_below(4)) {
    case 0:
        return near + random_below(5) - 2;
    case 1:
        return 0 - near + random_below(5) - 2;
    case 2:
        return random_below(20) - 10;
    default:
        return random_number();
    }
}

static double random_double(void)
{
    static const double special[] = {0.0,     -0.0,     INFINITY,  -INFINITY, NAN,  -NAN,
                                     0x1p-40, 0x1p-149, 0x1p-1074, 1.1,       -1.1, 0x1.fffffep127};
    switch (random_below(4)) {
    case 0:
        return special[random_below(sizeof special / sizeof *special)];
    case 1:
        return (double)random_below(20) - 10;
    default:
        return ((double)random_below(2000001) - 1e6) / 1e5;
    }
}

/* ---- Arrays and bounds ----------------------------------------------------------------- */

static bool is_float(enum npy_type type)
{
    return type == NPY_F4 || type == NPY_F8;
}

/* A number of the type in this machine's order. */
static void random_value(enum npy_type type, unsigned char *to)
{
    uint64_t integer = random_below(3) ? random_integer() : random_below(2);
    double number = random_double();
    float narrow = (float)number;
    uint8_t one = (uint8_t)integer;
    uint16_t two = (uint16_t)integer;
    uint32_t four = (uint32_t)integer;
    const void *from[] = {[1] = &one, [2] = &two, [4] = &four, [8] = &integer};
    if (is_float(type))
        from[4] = &narrow, from[8] = &number;
    memcpy(to, from[npy_size(type)], npy_size(type));
}

static struct bounds random_bounds(void)
{
    struct bounds bounds = {.int64_low = (int64_t)random_integer(),
                            .int64_high = (int64_t)random_integer(),
                            .uint64_low = random_integer(),
                            .uint64_high = random_integer(),
                            .double_low = random_double(),
                            .double_high = random_double()};
    switch (random_below(4)) {
    case 0:
        bounds.int64_low = INT64_MIN, bounds.uint64_low = 0, bounds.double_low = -INFINITY;
        break;
    case 1:
        bounds.int64_high = INT64_MAX, bounds.uint64_high = UINT64_MAX;
        bounds.double_high = INFINITY;
        break;
    case 2:
        bounds.int64_high = bounds.int64_low + (bounds.int64_low < INT64_MAX);
        bounds.uint64_high = bounds.uint64_low + (bounds.uint64_low < UINT64_MAX);
        bounds.double_high = bounds.double_low;
        break;
    }
    if (isnan(bounds.double_low))
        bounds.double_low = 0;
    if (isnan(bounds.double_high))
        bounds.double_high = 0;
    bounds.float_low = (float)bounds.double_low;
    bounds.float_high = (float)bounds.double_high;
    return bounds;
}

/* ---- The reference --------------------------------------------------------------------- */

static bool int64_in_range(int64_t number, const struct bounds *bounds)
{
    return bounds->int64_low <= number && number <= bounds->int64_high;
}

static bool uint64_in_range(uint64_t number, const struct bounds *bounds)
{
    return bounds->uint64_low <= number && number <= bounds->uint64_high;
}

static bool value_in_range(enum npy_type type, const void *value, const struct bounds *bounds)
{
#define READ(c_type, name)                                                                         \
    c_type name;                                                                                   \
    memcpy(&name, value, sizeof name)
    switch (type) {
    case NPY_I1: {
        READ(int8_t, number);
        return int64_in_range(number, bounds);
    }
    case NPY_I2: {
        READ(int16_t, number);
        return int64_in_range(number, bounds);
    }
    case NPY_I4: {
        READ(int32_t, number);
        return int64_in_range(number, bounds);
    }
    case NPY_I8: {
        READ(int64_t, number);
        return int64_in_range(number, bounds);
    }
    case NPY_U1: {
        READ(uint8_t, number);
        return uint64_in_range(number, bounds);
    }
    case NPY_U2: {
        READ(uint16_t, number);
        return uint64_in_range(number, bounds);
    }
    case NPY_U4: {
        READ(uint32_t, number);
        return uint64_in_range(number, bounds);
    }
    case NPY_U8: {
        READ(uint64_t, number);
        return uint64_in_range(number, bounds);
    }
    case NPY_F4: {
        READ(float, number);
        return bounds->float_low <= number && number <= bounds->float_high;
    }
    case NPY_F8: {
        READ(double, number);
        return bounds->double_low <= number && number <= bounds->double_high;
    }
    default: {
        READ(uint8_t, number);
        return uint64_in_range(number != 0, bounds);
    }
    }
}

static bool value_missing(enum npy_type type, const void *value)
{
    if (type == NPY_F4) {
        READ(float, number);
        return isnan(number);
    }
    if (type == NPY_F8) {
        READ(double, number);
        return isnan(number);
    }
    return false;
}

/* ---- Tests ----------------------------------------------------------------------------- */

struct answer {
    uint64_t rows, missing, histogram[COLUMNS_MAX + 1];
};

static void swap(unsigned char *value, size_t size)
{
    for (size_t i = 0; i < size / 2; i++) {
        unsigned char byte = value[i];
        value[i] = value[size - 1 - i];
        value[size - 1 - i] = byte;
    }
}

/* A table at random, cut in calls at random. */
static bool is_right(enum npy_type type, bool is_swapped)
{
    size_t size = npy_size(type), shift = random_below(2) ? random_below(16) : 0;
    uint32_t columns = 1 + (uint32_t)random_below(random_below(2) ? 8 : COLUMNS_MAX);
    size_t count = random_below(VALUES_MAX / columns + 1) * columns;
    struct bounds bounds = random_bounds();
    struct answer expected = {0}, found = {0};
    unsigned char *memory = malloc(shift + count * size), *values = memory + shift;

    uint32_t in_row = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned char *value = values + i * size;
        random_value(type, value);
        in_row += value_in_range(type, value, &bounds);
        expected.missing += value_missing(type, value);
        if (is_swapped)
            swap(value, size);
        if (i % columns == columns - 1) {
            expected.histogram[in_row]++;
            expected.rows++;
            in_row = 0;
        }
    }

    struct rows rows = {
        .columns = columns, .selected_count = columns, .histogram = found.histogram};
    size_t most = random_below(2) ? count + 1 : 100;
    for (size_t i = 0, n; i < count; i += n) {
        n = 1 + random_below(most);
        n = n < count - i ? n : count - i;
        values_count(type, is_swapped, values + i * size, n, &bounds, &rows);
    }
    free(memory);
    found.rows = rows.rows;
    found.missing = rows.missing;
    if (memcmp(&found, &expected, sizeof found) == 0)
        return true;
    printf("# %s%s, %u columns, %zu values: %" PRIu64 " rows, %" PRIu64
           " missing, expected %" PRIu64 " and %" PRIu64 "; histogram[0] %" PRIu64
           ", expected %" PRIu64 "\n",
           npy_name(type), is_swapped ? " swapped" : "", columns, count, found.rows, found.missing,
           expected.rows, expected.missing, found.histogram[0], expected.histogram[0]);
    return false;
}

static void test_type(enum simd_level level, enum npy_type type)
{
    char what[80];
    snprintf(what, sizeof what, "%s: %s in either byte order", simd_name(level), npy_name(type));
    if (!simd_has(level)) {
        printf("ok %d - %s # SKIP this CPU does not have it\n", ++tests, what);
        return;
    }
    simd_force(level);
    random_state = (uint64_t)type;
    bool right = true;
    for (int i = 0; i < TABLES; i++)
        right = is_right(type, false) && is_right(type, true) && right;
    result(right, what);
}

/* Every byte, bounds within and beyond the types' own, and bounds that nothing is between. */
static bool all_bytes(enum npy_type type)
{
    bool right = true;
    unsigned char bytes[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (unsigned char)i;
    for (int low = -130; low <= 260; low++)
        for (int high = low - 1; high <= 260; high += 13) {
            struct bounds bounds = {.int64_low = low, .int64_high = high};
            bounds.uint64_low = high < 0 || low > high ? 1 : low < 0 ? 0 : (uint64_t)low;
            bounds.uint64_high = high < 0 || low > high ? 0 : (uint64_t)high;
            uint64_t histogram[2] = {0}, expected = 0;
            struct rows rows = {.columns = 1, .selected_count = 1, .histogram = histogram};
            values_count(type, false, bytes, 256, &bounds, &rows);
            for (int i = 0; i < 256; i++)
                expected += value_in_range(type, bytes + i, &bounds);
            right &= histogram[1] == expected && histogram[0] == 256 - expected;
        }
    return right;
}

static void test_all_bytes(enum simd_level level)
{
    char what[80];
    snprintf(what, sizeof what, "%s: every byte, as i1, u1 and b1", simd_name(level));
    if (!simd_has(level)) {
        printf("ok %d - %s # SKIP this CPU does not have it\n", ++tests, what);
        return;
    }
    simd_force(level);
    result(all_bytes(NPY_I1) && all_bytes(NPY_U1) && all_bytes(NPY_B1), what);
}

int main(void)
{
    for (int level = 0; level < SIMD_LEVELS; level++) {
        for (int type = 0; type < NPY_TYPES; type++)
            test_type((enum simd_level)level, (enum npy_type)type);
        test_all_bytes((enum simd_level)level);
    }
    return done_testing();
}
