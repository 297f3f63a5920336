/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Handles and arguments that are none: each function of each kind of object refuses them, in words.
 */
#include "kinds.h"

static void refuse(const struct kind *kind, uint64_t id)
{
    kind->refuse(id);
    REFUSED(kind->free(id));
}

/* ---- Handles that are none ---------------------------------------------------------- */

static void test_none(void)
{
    for (int k = 0; k < KINDS; k++)
        refuse(&kinds[k], 0);
    CHECK(!is_called);
}

/* Before tri_main. */
static tri_lock early;
static int early_code, early_works;

static void test_early(void)
{
    CHECK(early_code == TRI_ESTATE && early.id == 0 && early_works == TRI_EINVAL);
}

static void test_freed(void)
{
    for (int k = 0; k < KINDS; k++) {
        uint64_t id = kinds[k].make();
        CHECK(kinds[k].works(id) && kinds[k].free(id) == 0);
        refuse(&kinds[k], id);
    }
}

static void test_other_kinds(void)
{
    for (int k = 0; k < KINDS; k++) {
        uint64_t id = kinds[k].make();
        for (int other = 0; other < KINDS; other++)
            if (other != k)
                refuse(&kinds[other], id);
        CHECK(kinds[k].works(id) && kinds[k].free(id) == 0);
    }
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void test_made_up(void)
{
    uint64_t state = 88172645463325252;
    for (int k = 0; k < KINDS; k++) {
        uint64_t id = kinds[k].make();
        for (int bit = 0; bit < 64; bit++)
            if ((id ^ UINT64_C(1) << bit) != other_end)
                refuse(&kinds[k], id ^ UINT64_C(1) << bit);
        for (uint64_t small = 1; small < 300; small++)
            if (small != id && small != other_end)
                refuse(&kinds[k], small);
        for (int i = 0; i < 2000; i++) {
            refuse(&kinds[k], next_random(&state));
            refuse(&kinds[k], (id & UINT64_C(0xffffffff00000000)) | next_random(&state) >> 33);
        }
        refuse(&kinds[k], UINT64_MAX);
        CHECK(kinds[k].works(id) && kinds[k].free(id) == 0);
    }
}

/* What takes the place of a freed object is another one. */
static void test_generations(void)
{
    enum { OBJECTS = 1000, TIMES = 20000 };
    static uint64_t old[OBJECTS];
    for (int k = 0; k < KINDS; k++) {
        uint64_t first = kinds[k].make();
        CHECK(kinds[k].free(first) == 0);
        for (int i = 0; i < TIMES; i++) {
            uint64_t id = kinds[k].make();
            CHECK(id != first && kinds[k].free(id) == 0);
            old[i % OBJECTS] = id;
        }
        uint64_t id = kinds[k].make();
        for (int i = 0; i < OBJECTS; i++) {
            REFUSED(kinds[k].free(old[i]));
            refuse(&kinds[(k + 1) % KINDS], old[i]);
        }
        refuse(&kinds[k], first);
        CHECK(kinds[k].works(id) && kinds[k].free(id) == 0);
    }
}

static void test_many(void)
{
    enum { MANY = 20000 };
    static uint64_t ids[MANY];
    for (int i = 0; i < MANY; i++) {
        const struct kind *kind = &kinds[i % KINDS];
        ids[i] = kind->make();
        CHECK(kind->free == free_pipe || kind->works(ids[i]));
    }
    for (int i = 0; i < MANY; i++)
        if (kinds[i % KINDS].free != free_pipe)
            CHECK(kinds[i % KINDS].works(ids[i]) && kinds[i % KINDS].free(ids[i]) == 0);
}

/* ---- Arguments that are none -------------------------------------------------------- */

static int act(const void *argument)
{
    (void)argument;
    return 0;
}

static void test_nowhere_to_put_it(void)
{
    int32_t number = 0;
    REFUSED(tri_lock_new(NULL));
    REFUSED(tri_rlock_new(NULL));
    REFUSED(tri_semaphore_new(NULL, 1, 0));
    REFUSED(tri_event_new(NULL));
    REFUSED(tri_condition_new(NULL));
    REFUSED(tri_barrier_new(NULL, 1, NULL));
    REFUSED(tri_queue_new(NULL, NULL));
    REFUSED(tri_pipe_new(NULL));
    REFUSED(tri_value_new(NULL, TRI_INT32, &number));
    REFUSED(tri_array_new(NULL, TRI_INT32, 1, &number));
}

static void test_bad_arguments(void)
{
    tri_barrier barrier;
    tri_condition condition = {new_condition()};
    tri_queue queue = {new_queue()};
    tri_pipe sender = {new_pipe()};
    tri_barrier_options options = {.action = act, .argument_size = 8};
    REFUSED(tri_barrier_new(&barrier, 0, NULL));
    REFUSED(tri_barrier_new(&barrier, 2, &options));
    CHECK(tri_condition_acquire(condition, 0) == 0);
    REFUSED(tri_condition_wait_for(condition, NULL, NULL, 0));
    CHECK(tri_condition_release(condition) == 0);
    REFUSED(tri_queue_put(queue, NULL, 1, 0));
    CHECK(tri_queue_put(queue, "xyz", 3, 0) == 0);
    REFUSED(tri_queue_get(queue, NULL, 3, NULL, 0));
    CHECK(tri_queue_size(queue) == 1);
    REFUSED(tri_pipe_send(sender, NULL, 1, 0));
    CHECK(tri_pipe_send(sender, "xyz", 3, 0) == 0);
    REFUSED(tri_pipe_recv((tri_pipe){other_end}, NULL, 3, NULL, 0));
    CHECK(tri_pipe_recv((tri_pipe){other_end}, room, 3, NULL, 0) == 0);
}

static void test_no_numbers(void)
{
    tri_value value = {new_value()};
    tri_array array = {new_array()};
    REFUSED(tri_value_get(value, NULL));
    REFUSED(tri_value_set(value, NULL));
    REFUSED(tri_value_add(value, NULL, NULL));
    REFUSED(tri_value_exchange(value, NULL, NULL));
    REFUSED(tri_value_compare_exchange(value, NULL, room));
    REFUSED(tri_value_compare_exchange(value, room, NULL));
    REFUSED(tri_array_get(array, 0, 1, NULL));
    REFUSED(tri_array_set(array, 0, 1, NULL));
    REFUSED(tri_array_add(array, 0, NULL, NULL));
    REFUSED(tri_array_exchange(array, 0, NULL, NULL));
    REFUSED(tri_array_compare_exchange(array, 0, NULL, room));
    REFUSED(tri_array_compare_exchange(array, 0, room, NULL));
    CHECK(works_value(value.id) && works_array(array.id));
}

static const struct test tests[] = {
    {"before tri_main", test_early, 0, 0, 0, 0},
    {"no handle", test_none, 0, 0, 0, 0},
    {"freed handles", test_freed, 0, 0, 0, 0},
    {"handles of other kinds", test_other_kinds, 0, 0, 0, 0},
    {"handles that are made up", test_made_up, 0, 0, 0, 0},
    {"what comes after what was freed", test_generations, 0, 0, 0, 0},
    {"many objects", test_many, 0, 0, 0, 0},
    {"nowhere to put the handle", test_nowhere_to_put_it, 0, 0, 0, 0},
    {"bad arguments", test_bad_arguments, 0, 0, 0, 0},
    {"no numbers", test_no_numbers, 0, 0, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    early_code = tri_lock_new(&early);
    early_works = tri_lock_acquire((tri_lock){UINT64_MAX}, 0);
    return test_main(argc, argv, tests);
}
