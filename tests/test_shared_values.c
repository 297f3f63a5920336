/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Values. tests/conformance.tsv says which of CPython's tests each case mirrors.
 */
#include "numbers.h"

static tri_value new_value(tri_type type, int whole)
{
    tri_value value;
    union number initial = number_of(type, whole);
    CHECK(tri_value_new(&value, type, &initial) == 0 && value.id != 0);
    return value;
}

static bool value_is(tri_value value, tri_type type, int whole)
{
    union number number = unset();
    CHECK(tri_value_get(value, &number) == 0 && is_unset_behind(type, number));
    return is_whole(type, number, whole);
}

/* ---- One process -------------------------------------------------------------------- */

static void test_new(void)
{
    for (int t = 0; t < TYPES; t++) {
        tri_value zero, value = new_value(all_types[t], 100);
        CHECK(tri_value_new(&zero, all_types[t], NULL) == 0);
        CHECK(value_is(zero, all_types[t], 0) && value_is(value, all_types[t], 100));
        CHECK(tri_value_free(zero) == 0 && tri_value_free(value) == 0);
    }
}

static void test_invalid_types(void)
{
    static const int codes[] = {0, -1, 7, 77, 1 << 30};
    tri_value value;
    tri_array array;
    for (int i = 0; i < 5; i++) {
        CHECK_REFUSED(tri_value_new(&value, (tri_type)codes[i], NULL), TRI_EINVAL);
        CHECK_REFUSED(tri_array_new(&array, (tri_type)codes[i], 1, NULL), TRI_EINVAL);
    }
}

static void test_set_and_change(void)
{
    for (int t = 0; t < TYPES; t++) {
        tri_type type = all_types[t];
        tri_value value = new_value(type, 1);
        union number number = number_of(type, 5), old = unset();
        CHECK(tri_value_set(value, &number) == 0 && value_is(value, type, 5));
        number = number_of(type, 7);
        CHECK(tri_value_exchange(value, &number, &old) == 0);
        CHECK(is_whole(type, old, 5) && is_unset_behind(type, old) && value_is(value, type, 7));
        number = number_of(type, 100);
        CHECK(tri_value_add(value, &number, &old) == 0);
        CHECK(is_whole(type, old, 7) && value_is(value, type, 107));
        CHECK(tri_value_add(value, &number, NULL) == 0 && value_is(value, type, 207));
        CHECK(tri_value_exchange(value, &number, NULL) == 0 && value_is(value, type, 100));
        CHECK(tri_value_free(value) == 0);
    }
}

static void test_compare_exchange(void)
{
    for (int t = 0; t < TYPES; t++) {
        tri_type type = all_types[t];
        tri_value value = new_value(type, 3);
        union number desired = number_of(type, 9), expected = unset(), four = number_of(type, 4);
        memcpy(&expected, &four, size_of(type));
        CHECK(tri_value_compare_exchange(value, &expected, &desired) == 0);
        CHECK(is_whole(type, expected, 3) && is_unset_behind(type, expected));
        CHECK(value_is(value, type, 3));
        CHECK(tri_value_compare_exchange(value, &expected, &desired) == 1);
        CHECK(is_whole(type, expected, 3) && value_is(value, type, 9));
        CHECK(tri_value_free(value) == 0);
    }
}

/* Numbers that are equal and have other bits, or are not equal to themselves. */
static void test_bit_for_bit(void)
{
    static const double numbers[] = {-0.0, 0.0, 1.0};
    double not_a_number = NAN, expected = numbers[1], desired = not_a_number;
    tri_value value;
    CHECK(tri_value_new(&value, TRI_DOUBLE, &numbers[0]) == 0);
    CHECK(tri_value_compare_exchange(value, &expected, &desired) == 0 && signbit(expected));
    CHECK(tri_value_compare_exchange(value, &expected, &desired) == 1);
    CHECK(tri_value_get(value, &expected) == 0 && isnan(expected));
    CHECK(tri_value_compare_exchange(value, &expected, &numbers[2]) == 1);
    CHECK(tri_value_free(value) == 0);
}

struct wrap {
    tri_type type;
    union number largest, one, smallest;
};

static void test_wrap_around(void)
{
    static const struct wrap wraps[] = {
        {TRI_INT32, {.int32 = INT32_MAX}, {.int32 = 1}, {.int32 = INT32_MIN}},
        {TRI_INT64, {.int64 = INT64_MAX}, {.int64 = 1}, {.int64 = INT64_MIN}},
        {TRI_UINT64, {.uint64 = UINT64_MAX}, {.uint64 = 1}, {.uint64 = 0}},
        {TRI_BYTE, {.byte = 255}, {.byte = 1}, {.byte = 0}},
        {TRI_INT32, {.int32 = INT32_MIN}, {.int32 = -1}, {.int32 = INT32_MAX}}};
    for (int i = 0; i < 5; i++) {
        tri_value value;
        union number number = {.uint64 = 0};
        CHECK(tri_value_new(&value, wraps[i].type, &wraps[i].largest) == 0);
        CHECK(tri_value_add(value, &wraps[i].one, &number) == 0);
        CHECK(is_same(wraps[i].type, number, wraps[i].largest));
        CHECK(tri_value_get(value, &number) == 0);
        CHECK(is_same(wraps[i].type, number, wraps[i].smallest));
        CHECK(tri_value_free(value) == 0);
    }
}

static void test_data(void)
{
    double half = 0.5;
    tri_value value;
    CHECK(tri_value_new(&value, TRI_DOUBLE, &half) == 0);
    double *data = tri_value_data(value);
    CHECK(data != NULL && (uintptr_t)data % 64 == 0 && *data == 0.5);
    *data = 0.25;
    CHECK(tri_value_get(value, &half) == 0 && half == 0.25 && tri_value_data(value) == data);
    CHECK(tri_value_free(value) == 0);
}

/* ---- Several processes -------------------------------------------------------------- */

enum { CONTENDERS = 4, TIMES = 10000 };

struct change {
    tri_value value;
    tri_type type;
};

static void let_all(tri_function *function, const void *argument, size_t size)
{
    tri_process *processes[CONTENDERS];
    for (int i = 0; i < CONTENDERS; i++)
        processes[i] = start(function, argument, size);
    end_all(processes, CONTENDERS);
}

static int set_seven(const void *argument)
{
    const struct change *change = argument;
    union number number = number_of(change->type, 7);
    CHECK(value_is(change->value, change->type, 3));
    return tri_value_set(change->value, &number);
}

static void test_child_writes(void)
{
    for (int t = 0; t < TYPES; t++) {
        struct change change = {new_value(all_types[t], 3), all_types[t]};
        CHECK(end(start(set_seven, &change, sizeof change)) == 0);
        CHECK(value_is(change.value, change.type, 7) && tri_value_free(change.value) == 0);
    }
}

static int add_again_and_again(const void *argument)
{
    const struct change *change = argument;
    union number one = number_of(change->type, 1);
    for (int i = 0; i < TIMES; i++)
        CHECK(tri_value_add(change->value, &one, NULL) == 0);
    return 0;
}

static void test_sums(void)
{
    for (int t = 0; t < TYPES; t++) {
        struct change change = {new_value(all_types[t], 0), all_types[t]};
        let_all(add_again_and_again, &change, sizeof change);
        CHECK(value_is(change.value, change.type, CONTENDERS * TIMES));
        CHECK(tri_value_free(change.value) == 0);
    }
}

/* Adds with compare_exchange only. */
static int swap_again_and_again(const void *argument)
{
    const struct change *change = argument;
    double sum, old;
    CHECK(tri_value_get(change->value, &old) == 0);
    for (int i = 0; i < TIMES; i++) {
        int code;
        do {
            sum = old + 1;
            code = tri_value_compare_exchange(change->value, &old, &sum);
        } while (code == 0);
        CHECK(code == 1);
        old = sum;
    }
    return 0;
}

static void test_swaps(void)
{
    struct change change = {new_value(TRI_DOUBLE, 0), TRI_DOUBLE};
    let_all(swap_again_and_again, &change, sizeof change);
    CHECK(value_is(change.value, TRI_DOUBLE, CONTENDERS * TIMES));
    CHECK(tri_value_free(change.value) == 0);
}

struct tokens {
    tri_value value;
    _Atomic uint64_t *sum;
};

/* Each token is somewhere: with a process, or in the value. */
static int exchange_tokens(const void *argument)
{
    const struct tokens *tokens = argument;
    uint64_t token = (uint64_t)gettid();
    atomic_fetch_add(tokens->sum, token);
    for (int i = 0; i < TIMES; i++)
        CHECK(tri_value_exchange(tokens->value, &token, &token) == 0);
    atomic_fetch_sub(tokens->sum, token);
    return 0;
}

static void test_exchanges(void)
{
    struct tokens tokens = {new_value(TRI_UINT64, 0), shared(sizeof(uint64_t))};
    uint64_t token;
    let_all(exchange_tokens, &tokens, sizeof tokens);
    CHECK(tri_value_get(tokens.value, &token) == 0 && token == *tokens.sum);
    CHECK(tri_value_free(tokens.value) == 0);
}

/* A number is never half of the one and half of the other. */
struct halves {
    tri_value value;
    _Atomic int *done;
};

static int set_halves(const void *argument)
{
    const struct halves *halves = argument;
    for (int i = 0; i < 20000; i++) {
        uint64_t number = i % 2 ? UINT64_C(0x1111111111111111) : UINT64_C(0x2222222222222222);
        CHECK(tri_value_set(halves->value, &number) == 0);
    }
    atomic_store(halves->done, 1);
    return 0;
}

static void test_whole_numbers(void)
{
    struct halves halves = {new_value(TRI_UINT64, 0), new_flag()};
    tri_process *process = start(set_halves, &halves, sizeof halves);
    while (atomic_load(halves.done) == 0) {
        uint64_t number;
        CHECK(tri_value_get(halves.value, &number) == 0);
        CHECK(number == 0 || number == UINT64_C(0x1111111111111111) ||
              number == UINT64_C(0x2222222222222222));
    }
    CHECK(end(process) == 0 && tri_value_free(halves.value) == 0);
}

/* ---- The lock ----------------------------------------------------------------------- */

static int hold_value(const void *argument)
{
    const struct halves *halves = argument;
    CHECK(tri_value_acquire(halves->value, -1) == 0 && tri_value_acquire(halves->value, 0) == 0);
    atomic_store(halves->done, 1);
    wait_until(halves->done, 2);
    CHECK(tri_value_release(halves->value) == 0 && tri_value_release(halves->value) == 0);
    CHECK_REFUSED(tri_value_release(halves->value), TRI_ESTATE);
    return 0;
}

/* What changes a number in one step does not look at the lock. */
static void test_lock(void)
{
    struct halves halves = {new_value(TRI_INT32, 1), new_flag()};
    int32_t two = 2, old = 0;
    CHECK_REFUSED(tri_value_release(halves.value), TRI_ESTATE);
    tri_process *process = start(hold_value, &halves, sizeof halves);
    wait_until(halves.done, 1);
    CHECK_LATE(tri_value_acquire(halves.value, 0), 0);
    CHECK_LATE(tri_value_acquire(halves.value, 0.02), 0.02);
    CHECK_REFUSED(tri_value_release(halves.value), TRI_ESTATE);
    CHECK(tri_value_set(halves.value, &two) == 0);
    CHECK(tri_value_add(halves.value, &two, &old) == 0 && old == 2);
    CHECK(tri_value_exchange(halves.value, &two, &old) == 0 && old == 4);
    CHECK(tri_value_compare_exchange(halves.value, &two, &old) == 1);
    CHECK(tri_value_get(halves.value, &old) == 0 && old == 4);
    atomic_store(halves.done, 2);
    CHECK(tri_value_acquire(halves.value, -1) == 0 && end(process) == 0);
    CHECK(tri_value_release(halves.value) == 0 && tri_value_free(halves.value) == 0);
}

static int increment_under_lock(const void *argument)
{
    tri_value value = *(const tri_value *)argument;
    for (int i = 0; i < 2000; i++) {
        int64_t number;
        CHECK(tri_value_acquire(value, -1) == 0 && tri_value_get(value, &number) == 0);
        number++;
        CHECK(tri_value_set(value, &number) == 0 && tri_value_release(value) == 0);
    }
    return 0;
}

static void test_under_lock(void)
{
    tri_value value = new_value(TRI_INT64, 0);
    let_all(increment_under_lock, &value, sizeof value);
    CHECK(value_is(value, TRI_INT64, CONTENDERS * 2000) && tri_value_free(value) == 0);
}

static const struct test tests[] = {
    {"new values", test_new, 0, 0, 0, 0},
    {"types that are none", test_invalid_types, 0, 0, 0, 0},
    {"set and change", test_set_and_change, 0, 0, 0, 0},
    {"compare_exchange", test_compare_exchange, 0, 0, 0, 0},
    {"bit for bit", test_bit_for_bit, 0, 0, 0, 0},
    {"integers wrap around", test_wrap_around, 0, 0, 0, 0},
    {"where a value lies", test_data, 0, 0, 0, 0},
    {"a process writes a value", test_child_writes, ON_LOCAL, 1, 0, 0},
    {"sums are exact", test_sums, ON_LOCAL, 1, 0, 0},
    {"swaps are exact", test_swaps, ON_LOCAL, 1, 0, 0},
    {"exchanges lose nothing", test_exchanges, ON_LOCAL, 1, 0, 0},
    {"numbers are whole", test_whole_numbers, ON_PARALLEL, 1, 0, 0},
    {"a value's lock", test_lock, ON_PARALLEL, 1, 0, 0},
    {"changed under its lock", test_under_lock, ON_LOCAL, 1, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
