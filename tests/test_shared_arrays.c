/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Arrays. tests/conformance.tsv says which of CPython's tests each case mirrors.
 */
#include "numbers.h"

static tri_array new_array(tri_type type, size_t count, const void *initial)
{
    tri_array array;
    CHECK(tri_array_new(&array, type, count, initial) == 0 && array.id != 0);
    CHECK(tri_array_count(array) == (int64_t)count);
    return array;
}

/* ---- One process -------------------------------------------------------------------- */

enum { COUNT = 10 };

static const int32_t sequence[COUNT] = {680, 626, 934, 821, 150, 233, 548, 982, 714, 831};

static void test_ranges(void)
{
    static const int32_t four[] = {1, 2, 3, 4};
    int32_t expected[COUNT], numbers[COUNT + 1];
    tri_array array = new_array(TRI_INT32, COUNT, sequence);
    memcpy(expected, sequence, sizeof expected);
    CHECK(tri_array_get(array, 3, 1, numbers) == 0 && numbers[0] == sequence[3]);
    numbers[COUNT] = -1;
    for (size_t first = 0; first <= COUNT; first++)
        for (size_t count = 0; first + count <= COUNT; count++) {
            numbers[count] = -1;
            CHECK(tri_array_get(array, first, count, numbers) == 0 && numbers[count] == -1);
            CHECK(memcmp(numbers, sequence + first, count * sizeof *numbers) == 0);
        }
    CHECK(tri_array_set(array, 4, 4, four) == 0);
    memcpy(expected + 4, four, sizeof four);
    CHECK(tri_array_get(array, 0, COUNT, numbers) == 0);
    CHECK(memcmp(numbers, expected, sizeof expected) == 0);
    CHECK(tri_array_free(array) == 0);
}

static void test_bounds(void)
{
    static const size_t ranges[][2] = {
        {0, COUNT + 1}, {COUNT, 1},    {1, COUNT},        {COUNT + 1, 1},    {SIZE_MAX, 1},
        {1, SIZE_MAX},  {SIZE_MAX, 2}, {2, SIZE_MAX - 1}, {SIZE_MAX / 4, 4}, {SIZE_MAX / 4 + 1, 1}};
    static int32_t numbers[COUNT + 1];
    tri_array array = new_array(TRI_INT32, COUNT, sequence);
    for (int i = 0; i < 10; i++) {
        CHECK_REFUSED(tri_array_get(array, ranges[i][0], ranges[i][1], numbers), TRI_EINVAL);
        CHECK_REFUSED(tri_array_set(array, ranges[i][0], ranges[i][1], numbers), TRI_EINVAL);
    }
    for (size_t index = COUNT; index != 0; index = index == COUNT ? SIZE_MAX / 4 + 1 : 0) {
        int32_t one = 1, old = 77;
        CHECK_REFUSED(tri_array_add(array, index, &one, &old), TRI_EINVAL);
        CHECK_REFUSED(tri_array_exchange(array, index, &one, &old), TRI_EINVAL);
        CHECK_REFUSED(tri_array_compare_exchange(array, index, &old, &one), TRI_EINVAL);
        CHECK(old == 77);
    }
    CHECK(numbers[0] == 0 && tri_array_get(array, 0, COUNT, numbers) == 0);
    CHECK(memcmp(numbers, sequence, sizeof sequence) == 0 && tri_array_free(array) == 0);
}

static void test_no_numbers(void)
{
    int32_t one = 1;
    tri_array array = new_array(TRI_INT32, 0, NULL);
    CHECK(tri_array_get(array, 0, 0, &one) == 0 && tri_array_set(array, 0, 0, &one) == 0);
    CHECK_REFUSED(tri_array_get(array, 0, 1, &one), TRI_EINVAL);
    CHECK_REFUSED(tri_array_add(array, 0, &one, NULL), TRI_EINVAL);
    CHECK(tri_array_acquire(array, 0) == 0 && tri_array_release(array) == 0);
    CHECK(tri_array_free(array) == 0);
}

static void test_too_many(void)
{
    static const size_t counts[] = {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 8, SIZE_MAX / 8 + 2,
                                    (size_t)1 << 48};
    tri_array array;
    for (int i = 0; i < 5; i++) {
        tri_fail(0, "%s", "");
        int code = tri_array_new(&array, TRI_DOUBLE, counts[i], NULL);
        CHECK((code == TRI_ENOMEM || code == TRI_EINVAL) && *tri_error_message());
    }
}

static void test_zeroed_on_reuse(void)
{
    for (int round = 0; round < 20; round++) {
        int32_t numbers[COUNT], ten[COUNT];
        tri_array array = new_array(TRI_INT32, COUNT, NULL);
        CHECK(tri_array_get(array, 0, COUNT, numbers) == 0);
        for (int i = 0; i < COUNT; i++) {
            CHECK(numbers[i] == 0);
            ten[i] = i + 1;
        }
        CHECK(tri_array_set(array, 0, COUNT, ten) == 0);
        CHECK(tri_array_get(array, 0, COUNT, numbers) == 0);
        CHECK(memcmp(numbers, ten, sizeof ten) == 0 && tri_array_free(array) == 0);
    }
}

static void test_every_type(void)
{
    for (int t = 0; t < TYPES; t++) {
        tri_type type = all_types[t];
        tri_array array = new_array(type, 5, NULL);
        for (size_t i = 0; i < 5; i++) {
            union number number = number_of(type, 2 * (int)i), old = unset();
            CHECK(tri_array_set(array, i, 1, &number) == 0);
            number = number_of(type, 1);
            CHECK(tri_array_add(array, i, &number, &old) == 0 && is_whole(type, old, 2 * (int)i));
            CHECK(is_unset_behind(type, old));
            number = number_of(type, 100 + (int)i);
            CHECK(tri_array_exchange(array, i, &number, &old) == 0);
            CHECK(is_whole(type, old, 2 * (int)i + 1));
            CHECK(tri_array_compare_exchange(array, i, &old, &number) == 0);
            CHECK(is_same(type, old, number));
            number = number_of(type, (int)i);
            CHECK(tri_array_compare_exchange(array, i, &old, &number) == 1);
        }
        for (size_t i = 0; i < 5; i++) { /* the neighbours are as they were */
            union number number = unset();
            CHECK(tri_array_get(array, i, 1, &number) == 0 && is_unset_behind(type, number));
            CHECK(is_whole(type, number, (int)i));
        }
        CHECK(tri_array_free(array) == 0);
    }
}

static void test_copies(void)
{
    tri_array array = new_array(TRI_INT32, COUNT, sequence);
    tri_array copy = new_array(TRI_INT32, COUNT, tri_array_data(array));
    int32_t number = -5;
    CHECK(tri_array_set(array, 2, 1, &number) == 0);
    CHECK(tri_array_get(copy, 2, 1, &number) == 0 && number == sequence[2]);
    CHECK(tri_array_free(array) == 0);
    CHECK(tri_array_get(copy, 0, 1, &number) == 0 && number == sequence[0]);
    CHECK(tri_array_free(copy) == 0);
}

/* What one has written the next one does not see. */
static void test_large(void)
{
    enum { LARGE = 16 << 20 };
    for (int i = 0; i < 40; i++) {
        tri_array array = new_array(TRI_INT64, LARGE, NULL);
        int64_t last = i + 1;
        int64_t *data = tri_array_data(array);
        CHECK(data[0] == 0 && data[LARGE / 2] == 0 && data[LARGE - 1] == 0);
        CHECK(tri_array_set(array, LARGE - 1, 1, &last) == 0 && data[LARGE - 1] == last);
        data[0] = data[LARGE / 2] = last;
        CHECK(tri_array_free(array) == 0);
    }
}

/* ---- Several processes -------------------------------------------------------------- */

static int sum_prefixes(const void *argument)
{
    tri_array array = *(const tri_array *)argument;
    for (size_t i = 1; i < (size_t)tri_array_count(array); i++) {
        int32_t before;
        CHECK(tri_array_get(array, i - 1, 1, &before) == 0);
        CHECK(tri_array_add(array, i, &before, NULL) == 0);
    }
    return 0;
}

static void test_prefix_sums(void)
{
    tri_array array = new_array(TRI_INT32, COUNT, sequence);
    int32_t numbers[COUNT], sum = 0;
    CHECK(end(start(sum_prefixes, &array, sizeof array)) == 0);
    CHECK(tri_array_get(array, 0, COUNT, numbers) == 0);
    for (int i = 0; i < COUNT; i++)
        CHECK(numbers[i] == (sum += sequence[i]));
    CHECK(tri_array_free(array) == 0);
}

enum { CONTENDERS = 4, TIMES = 20000 };

/* Neighbouring bytes at the same time. */
static int add_everywhere(const void *argument)
{
    tri_array array = *(const tri_array *)argument;
    unsigned char one = 1;
    for (size_t i = 0; i < TIMES; i++)
        CHECK(tri_array_add(array, i % COUNT, &one, NULL) == 0);
    return 0;
}

static void test_neighbours(void)
{
    tri_process *processes[CONTENDERS];
    tri_array array = new_array(TRI_BYTE, COUNT, NULL);
    unsigned char numbers[COUNT];
    for (int i = 0; i < CONTENDERS; i++)
        processes[i] = start(add_everywhere, &array, sizeof array);
    end_all(processes, CONTENDERS);
    CHECK(tri_array_get(array, 0, COUNT, numbers) == 0);
    for (int i = 0; i < COUNT; i++)
        CHECK(numbers[i] == (unsigned char)(CONTENDERS * TIMES / COUNT));
    CHECK(tri_array_free(array) == 0);
}

/* Something that is no number: ctypes' Structure. */
struct record {
    int32_t x;
    double y, list[5];
    char text[20];
};

struct handed {
    tri_array array;
    const void *data; /* where it lies in the process that has made it */
};

static int double_record(const void *argument)
{
    const struct handed *handed = argument;
    CHECK(tri_array_data(handed->array) == handed->data);
    CHECK(tri_array_acquire(handed->array, -1) == 0);
    struct record *record = tri_array_data(handed->array);
    record->x *= 2;
    record->y *= 2;
    for (int i = 0; i < 5; i++)
        record->list[i] *= 2;
    memcpy(record->text + strlen(record->text), "hello", 6);
    return tri_array_release(handed->array);
}

static void test_record(void)
{
    struct record record = {7, 1.0 / 3.0, {0, 1, 2, 3, 4}, "hello"};
    struct handed handed = {new_array(TRI_BYTE, sizeof record, &record), NULL};
    handed.data = tri_array_data(handed.array);
    CHECK((uintptr_t)handed.data % 64 == 0);
    CHECK(end(start(double_record, &handed, sizeof handed)) == 0);
    CHECK(tri_array_get(handed.array, 0, sizeof record, &record) == 0);
    CHECK(record.x == 14 && record.y == 2.0 / 3.0 && strcmp(record.text, "hellohello") == 0);
    for (int i = 0; i < 5; i++)
        CHECK(record.list[i] == 2 * i);
    CHECK(tri_array_free(handed.array) == 0);
}

struct move {
    tri_array array;
    _Atomic int *done;
};

/* The sum stays the same under the lock, and only there. */
static int move_around(const void *argument)
{
    const struct move *move = argument;
    for (size_t i = 0; i < 2000; i++) {
        int32_t one = 1, minus_one = -1;
        CHECK(tri_array_acquire(move->array, -1) == 0);
        CHECK(tri_array_add(move->array, i % COUNT, &one, NULL) == 0);
        CHECK(tri_array_add(move->array, (i + 3) % COUNT, &minus_one, NULL) == 0);
        CHECK(tri_array_release(move->array) == 0);
    }
    atomic_fetch_add(move->done, 1);
    return 0;
}

static void test_lock(void)
{
    struct move move = {new_array(TRI_INT32, COUNT, NULL), new_flag()};
    tri_process *processes[2];
    for (int i = 0; i < 2; i++)
        processes[i] = start(move_around, &move, sizeof move);
    do {
        int32_t numbers[COUNT], sum = 0;
        CHECK(tri_array_acquire(move.array, -1) == 0);
        CHECK(tri_array_get(move.array, 0, COUNT, numbers) == 0);
        CHECK(tri_array_release(move.array) == 0);
        for (int i = 0; i < COUNT; i++)
            sum += numbers[i];
        CHECK(sum == 0);
    } while (atomic_load(move.done) < 2);
    end_all(processes, 2);
    CHECK_REFUSED(tri_array_release(move.array), TRI_ESTATE);
    CHECK(tri_array_free(move.array) == 0);
}

static const struct test tests[] = {
    {"ranges", test_ranges, 0, 0, 0, 0},
    {"bounds", test_bounds, 0, 0, 0, 0},
    {"no numbers", test_no_numbers, 0, 0, 0, 0},
    {"too many numbers", test_too_many, 0, 0, 0, 0},
    {"zero again", test_zeroed_on_reuse, 0, 0, 0, 0},
    {"every type", test_every_type, 0, 0, 0, 0},
    {"copies are independent", test_copies, 0, 0, 0, 0},
    {"large arrays", test_large, 0, 0, 0, 0},
    {"prefix sums by a process", test_prefix_sums, ON_LOCAL, 1, 0, 0},
    {"neighbouring numbers", test_neighbours, ON_LOCAL, 1, 0, 0},
    {"a struct", test_record, ON_LOCAL, 1, 0, 0},
    {"an array's lock", test_lock, ON_LOCAL, 1, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
