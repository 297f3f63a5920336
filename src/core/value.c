/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Values and arrays: numbers in shared memory that are changed by the CPU's own atomic
 * instructions, and an rlock for those who need more. A value is an array of one.
 */
#include "object.h"

#include <string.h>

/* What is fixed. */
enum { DATA, TYPE, COUNT };

static void destroy(void *state, const uint64_t *fixed)
{
    (void)state;
    tri__local_shared_free((void *)(uintptr_t)fixed[DATA]);
}

#define KIND(words)                                                                                \
    {                                                                                              \
        .name = (words), .state_size = sizeof(struct tri__rlock), .has_owner = true,               \
        .step = tri__rlock_step, .destroy = destroy                                                \
    }

static const struct tri__kind value_kind = KIND("value"), array_kind = KIND("array");

/* ---- Numbers --------------------------------------------------------------------------- */

/* A number's bits. */
static uint64_t load(const void *place, size_t size)
{
    switch (size) {
    case 1:
        return __atomic_load_n((const uint8_t *)place, __ATOMIC_ACQUIRE);
    case 4:
        return __atomic_load_n((const uint32_t *)place, __ATOMIC_ACQUIRE);
    }
    return __atomic_load_n((const uint64_t *)place, __ATOMIC_ACQUIRE);
}

static void store(void *place, size_t size, uint64_t bits)
{
    switch (size) {
    case 1:
        __atomic_store_n((uint8_t *)place, (uint8_t)bits, __ATOMIC_RELEASE);
        return;
    case 4:
        __atomic_store_n((uint32_t *)place, (uint32_t)bits, __ATOMIC_RELEASE);
        return;
    }
    __atomic_store_n((uint64_t *)place, bits, __ATOMIC_RELEASE);
}

#define CHANGE(type)                                                                               \
    {                                                                                              \
        type old = (type)*expected;                                                                \
        bool is_done = __atomic_compare_exchange_n((type *)place, &old, (type)desired, false,      \
                                                   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);            \
        *expected = old;                                                                           \
        return is_done;                                                                            \
    }

/* False, with *expected what it is, when that was something else. */
static bool change(void *place, size_t size, uint64_t *expected, uint64_t desired)
{
    switch (size) {
    case 1:
        CHANGE(uint8_t)
    case 4:
        CHANGE(uint32_t)
    }
    CHANGE(uint64_t)
}

/* The caller's numbers need not be aligned. */
static uint64_t bits_of(const void *number, size_t size)
{
    uint64_t bits[1];
    memcpy(bits, number, size);
    return load(bits, size);
}

static void put_bits(void *number, size_t size, uint64_t bits)
{
    uint64_t whole[1];
    store(whole, size, bits);
    if (number)
        memcpy(number, whole, size);
}

static uint64_t sum(uint64_t bits, const void *addend, tri_type type)
{
    uint64_t result[1], number[1];
    size_t size = tri__type_size(type);
    store(result, size, bits);
    memcpy(number, addend, size);
    tri__combine(result, number, 1, type, TRI_SUM);
    return load(result, size);
}

/* ---- Any of them ----------------------------------------------------------------------- */

static int make(const struct tri__kind *kind, tri_type type, size_t count, const void *initial,
                uint64_t *id)
{
    struct tri__rlock lock = {0};
    size_t size = tri__type_size(type);
    if (size == 0)
        return tri_fail(TRI_EINVAL, "%d is not a tri_type", (int)type);
    if (count > INT64_MAX / size)
        return tri_fail(TRI_ENOMEM, "an array of %zu numbers", count);
    void *data = tri__local_shared_alloc(count * size);
    if (data == NULL)
        return TRI_ENOMEM;
    if (initial && count > 0)
        memcpy(data, initial, count * size);
    uint64_t fixed[TRI__FIXED] = {(uint64_t)(uintptr_t)data, (uint64_t)type, count};
    int code = tri__object_new(kind, &lock, fixed, id);
    if (code != 0)
        tri__local_shared_free(data);
    return code;
}

/* `count` numbers of an object. */
struct numbers {
    char *place; /* of the first one */
    tri_type type;
    size_t size; /* of each */
};

/* `given` are the caller's. */
static int find(const struct tri__kind *kind, uint64_t id, size_t first, size_t count,
                const void *given, struct numbers *numbers)
{
    const uint64_t *fixed = tri__object_fixed(kind, id);
    if (fixed == NULL)
        return TRI_EINVAL;
    if (given == NULL && count > 0)
        return tri_fail(TRI_EINVAL, "the %s's numbers have no place: NULL", kind->name);
    if (first > fixed[COUNT] || count > fixed[COUNT] - first)
        return tri_fail(TRI_EINVAL, "numbers %zu to %zu of an array of %llu", first,
                        first + count - 1, (unsigned long long)fixed[COUNT]);
    numbers->type = (tri_type)fixed[TYPE];
    numbers->size = tri__type_size(numbers->type);
    numbers->place = (char *)(uintptr_t)fixed[DATA] + first * numbers->size;
    return 0;
}

static int get(const struct tri__kind *kind, uint64_t id, size_t first, size_t count, void *out)
{
    struct numbers numbers;
    int code = find(kind, id, first, count, out, &numbers);
    if (code != 0)
        return code;
    for (size_t at = 0; at < count * numbers.size; at += numbers.size)
        put_bits((char *)out + at, numbers.size, load(numbers.place + at, numbers.size));
    return 0;
}

static int set(const struct tri__kind *kind, uint64_t id, size_t first, size_t count,
               const void *in)
{
    struct numbers numbers;
    int code = find(kind, id, first, count, in, &numbers);
    if (code != 0)
        return code;
    for (size_t at = 0; at < count * numbers.size; at += numbers.size)
        store(numbers.place + at, numbers.size, bits_of((const char *)in + at, numbers.size));
    return 0;
}

static int add(const struct tri__kind *kind, uint64_t id, size_t index, const void *addend,
               void *old)
{
    struct numbers numbers;
    int code = find(kind, id, index, 1, addend, &numbers);
    if (code != 0)
        return code;
    uint64_t bits = load(numbers.place, numbers.size);
    while (!change(numbers.place, numbers.size, &bits, sum(bits, addend, numbers.type)))
        ;
    put_bits(old, numbers.size, bits);
    return 0;
}

static int exchange(const struct tri__kind *kind, uint64_t id, size_t index, const void *number,
                    void *old)
{
    struct numbers numbers;
    int code = find(kind, id, index, 1, number, &numbers);
    if (code != 0)
        return code;
    uint64_t bits = load(numbers.place, numbers.size);
    while (!change(numbers.place, numbers.size, &bits, bits_of(number, numbers.size)))
        ;
    put_bits(old, numbers.size, bits);
    return 0;
}

static int compare_exchange(const struct tri__kind *kind, uint64_t id, size_t index, void *expected,
                            const void *desired)
{
    struct numbers numbers;
    int code = find(kind, id, index, 1, desired ? expected : NULL, &numbers);
    if (code != 0)
        return code;
    uint64_t bits = bits_of(expected, numbers.size);
    bool is_done = change(numbers.place, numbers.size, &bits, bits_of(desired, numbers.size));
    put_bits(expected, numbers.size, bits);
    return is_done;
}

static void *data_of(const struct tri__kind *kind, uint64_t id)
{
    struct numbers numbers;
    return find(kind, id, 0, 0, NULL, &numbers) == 0 ? numbers.place : NULL;
}

/* ---- Values ---------------------------------------------------------------------------- */

int tri_value_new(tri_value *value, tri_type type, const void *initial)
{
    return make(&value_kind, type, 1, initial, value ? &value->id : NULL);
}

int tri_value_free(tri_value value)
{
    return tri__object_free(&value_kind, value.id);
}

int tri_value_get(tri_value value, void *number)
{
    return get(&value_kind, value.id, 0, 1, number);
}

int tri_value_set(tri_value value, const void *number)
{
    return set(&value_kind, value.id, 0, 1, number);
}

int tri_value_add(tri_value value, const void *addend, void *old)
{
    return add(&value_kind, value.id, 0, addend, old);
}

int tri_value_exchange(tri_value value, const void *number, void *old)
{
    return exchange(&value_kind, value.id, 0, number, old);
}

int tri_value_compare_exchange(tri_value value, void *expected, const void *desired)
{
    return compare_exchange(&value_kind, value.id, 0, expected, desired);
}

int tri_value_acquire(tri_value value, double timeout_s)
{
    return tri__rlock_take(&value_kind, value.id, timeout_s);
}

int tri_value_release(tri_value value)
{
    return tri__rlock_give("tri_value_release", &value_kind, value.id);
}

void *tri_value_data(tri_value value)
{
    return data_of(&value_kind, value.id);
}

/* ---- Arrays ---------------------------------------------------------------------------- */

int tri_array_new(tri_array *array, tri_type type, size_t count, const void *initial)
{
    return make(&array_kind, type, count, initial, array ? &array->id : NULL);
}

int tri_array_free(tri_array array)
{
    return tri__object_free(&array_kind, array.id);
}

int64_t tri_array_count(tri_array array)
{
    const uint64_t *fixed = tri__object_fixed(&array_kind, array.id);
    return fixed ? (int64_t)fixed[COUNT] : TRI_EINVAL;
}

int tri_array_get(tri_array array, size_t first, size_t count, void *numbers)
{
    return get(&array_kind, array.id, first, count, numbers);
}

int tri_array_set(tri_array array, size_t first, size_t count, const void *numbers)
{
    return set(&array_kind, array.id, first, count, numbers);
}

int tri_array_add(tri_array array, size_t index, const void *addend, void *old)
{
    return add(&array_kind, array.id, index, addend, old);
}

int tri_array_exchange(tri_array array, size_t index, const void *number, void *old)
{
    return exchange(&array_kind, array.id, index, number, old);
}

int tri_array_compare_exchange(tri_array array, size_t index, void *expected, const void *desired)
{
    return compare_exchange(&array_kind, array.id, index, expected, desired);
}

int tri_array_acquire(tri_array array, double timeout_s)
{
    return tri__rlock_take(&array_kind, array.id, timeout_s);
}

int tri_array_release(tri_array array)
{
    return tri__rlock_give("tri_array_release", &array_kind, array.id);
}

void *tri_array_data(tri_array array)
{
    return data_of(&array_kind, array.id);
}
