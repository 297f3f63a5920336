/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Handles of objects of every kind: those that are none are refused, in words, by every function,
 * and the others are good wherever they are passed to.
 */
#include "objects.h"

/* ---- What each function says to a handle that is none ------------------------------------- */

#define REFUSED(call) CHECK_REFUSED(call, TRI_EINVAL)

static char room[64];
static int is_called;

static int call_me(void *data)
{
    (void)data;
    is_called = 1;
    return 1;
}

static void refuse_lock(uint64_t id)
{
    tri_lock lock = {id};
    REFUSED(tri_lock_acquire(lock, 0));
    REFUSED(tri_lock_acquire(lock, -1));
    REFUSED(tri_lock_release(lock));
    REFUSED(tri_lock_locked(lock, NULL));
}

static void refuse_rlock(uint64_t id)
{
    tri_rlock lock = {id};
    REFUSED(tri_rlock_acquire(lock, -1));
    REFUSED(tri_rlock_release(lock));
    REFUSED(tri_rlock_locked(lock, NULL));
}

static void refuse_semaphore(uint64_t id)
{
    tri_semaphore semaphore = {id};
    REFUSED(tri_semaphore_acquire(semaphore, -1));
    REFUSED(tri_semaphore_release(semaphore, 1));
    REFUSED(tri_semaphore_value(semaphore));
}

static void refuse_event(uint64_t id)
{
    tri_event event = {id};
    REFUSED(tri_event_set(event));
    REFUSED(tri_event_clear(event));
    REFUSED(tri_event_is_set(event));
    REFUSED(tri_event_wait(event, -1));
}

static void refuse_condition(uint64_t id)
{
    tri_condition condition = {id};
    REFUSED(tri_condition_acquire(condition, -1));
    REFUSED(tri_condition_release(condition));
    REFUSED(tri_condition_wait(condition, -1));
    REFUSED(tri_condition_wait_for(condition, call_me, NULL, -1));
    REFUSED(tri_condition_notify(condition, 1));
    REFUSED(tri_condition_notify_all(condition));
}

static void refuse_barrier(uint64_t id)
{
    tri_barrier barrier = {id};
    REFUSED(tri_barrier_wait(barrier, -1));
    REFUSED(tri_barrier_abort(barrier));
    REFUSED(tri_barrier_reset(barrier));
    REFUSED(tri_barrier_waiting(barrier));
    REFUSED(tri_barrier_broken(barrier));
}

static void refuse_queue(uint64_t id)
{
    tri_queue queue = {id};
    REFUSED(tri_queue_put(queue, room, sizeof room, -1));
    REFUSED(tri_queue_get(queue, room, sizeof room, NULL, -1));
    REFUSED(tri_queue_size(queue));
    REFUSED(tri_queue_empty(queue));
    REFUSED(tri_queue_full(queue));
    REFUSED(tri_queue_task_done(queue));
    REFUSED(tri_queue_join(queue, -1));
    REFUSED(tri_queue_shutdown(queue, 0));
    REFUSED(tri_queue_shutdown(queue, 1));
}

static void refuse_pipe(uint64_t id)
{
    tri_pipe end_of_pipe = {id};
    REFUSED(tri_pipe_send(end_of_pipe, room, sizeof room, -1));
    REFUSED(tri_pipe_recv(end_of_pipe, room, sizeof room, NULL, -1));
    REFUSED(tri_pipe_poll(end_of_pipe, -1));
}

static void refuse_value(uint64_t id)
{
    tri_value value = {id};
    REFUSED(tri_value_get(value, room));
    REFUSED(tri_value_set(value, room));
    REFUSED(tri_value_add(value, room, NULL));
    REFUSED(tri_value_exchange(value, room, NULL));
    REFUSED(tri_value_compare_exchange(value, room, room));
    REFUSED(tri_value_acquire(value, -1));
    REFUSED(tri_value_release(value));
    CHECK_REFUSED(tri_value_data(value), NULL);
}

static void refuse_array(uint64_t id)
{
    tri_array array = {id};
    REFUSED(tri_array_count(array));
    REFUSED(tri_array_get(array, 0, 1, room));
    REFUSED(tri_array_set(array, 0, 1, room));
    REFUSED(tri_array_add(array, 0, room, NULL));
    REFUSED(tri_array_exchange(array, 0, room, NULL));
    REFUSED(tri_array_compare_exchange(array, 0, room, room));
    REFUSED(tri_array_acquire(array, -1));
    REFUSED(tri_array_release(array));
    CHECK_REFUSED(tri_array_data(array), NULL);
}

/* ---- Every kind --------------------------------------------------------------------------- */

/* How one is made, freed, and found to work, by its number. */
#define KIND(kind, make, works)                                                                    \
    static uint64_t new_##kind(void)                                                               \
    {                                                                                              \
        tri_##kind made;                                                                           \
        CHECK((make) == 0 && made.id != 0);                                                        \
        return made.id;                                                                            \
    }                                                                                              \
    static int free_##kind(uint64_t id)                                                            \
    {                                                                                              \
        return tri_##kind##_free((tri_##kind){id});                                                \
    }                                                                                              \
    static bool works_##kind(uint64_t id)                                                          \
    {                                                                                              \
        tri_##kind made = {id};                                                                    \
        return works;                                                                              \
    }

KIND(lock, tri_lock_new(&made),
     tri_lock_acquire(made, 9) == 0 && tri_lock_locked(made, NULL) == 1 &&
         tri_lock_release(made) == 0)
KIND(rlock, tri_rlock_new(&made),
     tri_rlock_acquire(made, 9) == 0 && tri_rlock_locked(made, NULL) == 1 &&
         tri_rlock_release(made) == 0)
KIND(semaphore, tri_semaphore_new(&made, 1, 1),
     tri_semaphore_acquire(made, 9) == 0 && tri_semaphore_value(made) == 0 &&
         tri_semaphore_release(made, 1) == 0)
KIND(event, tri_event_new(&made),
     tri_event_set(made) == 0 && tri_event_wait(made, 9) == 0 && tri_event_clear(made) == 0)
KIND(condition, tri_condition_new(&made),
     tri_condition_acquire(made, 9) == 0 && tri_condition_notify_all(made) == 0 &&
         tri_condition_release(made) == 0)
KIND(barrier, tri_barrier_new(&made, 1, NULL),
     tri_barrier_wait(made, 9) == 0 && tri_barrier_broken(made) == 0)
KIND(queue, tri_queue_new(&made, NULL),
     tri_queue_put(made, "x", 1, 9) == 0 && tri_queue_get(made, room, 1, NULL, 9) == 0 &&
         tri_queue_task_done(made) == 0 && tri_queue_join(made, 9) == 0)
KIND(value, tri_value_new(&made, TRI_BYTE, "x"),
     tri_value_get(made, room) == 0 && room[0] == 'x' && tri_value_data(made) != NULL)
KIND(array, tri_array_new(&made, TRI_BYTE, 3, "xyz"),
     tri_array_get(made, 2, 1, room) == 0 && room[0] == 'z' && tri_array_count(made) == 3)

static uint64_t other_end; /* of the pipe that was made last */

static uint64_t new_pipe(void)
{
    tri_pipe ends[2];
    CHECK(tri_pipe_new(ends) == 0 && ends[0].id != 0 && ends[1].id != 0);
    CHECK(ends[0].id != ends[1].id);
    other_end = ends[1].id;
    return ends[0].id;
}

static int free_pipe(uint64_t id)
{
    int code = tri_pipe_close((tri_pipe){id});
    return code ? code : tri_pipe_close((tri_pipe){other_end});
}

static bool works_pipe(uint64_t id)
{
    return tri_pipe_send((tri_pipe){id}, "x", 1, 9) == 0 &&
           tri_pipe_recv((tri_pipe){other_end}, room, 1, NULL, 9) == 0;
}

#define OF(kind)                                                                                   \
    {                                                                                              \
        new_##kind, free_##kind, works_##kind, refuse_##kind                                       \
    }

static const struct kind {
    uint64_t (*make)(void);
    int (*free)(uint64_t id);
    bool (*works)(uint64_t id);
    void (*refuse)(uint64_t id); /* all of the functions but free */
} kinds[] = {OF(lock),    OF(rlock), OF(semaphore), OF(event), OF(condition),
             OF(barrier), OF(queue), OF(pipe),      OF(value), OF(array)};

enum { KINDS = sizeof kinds / sizeof *kinds };

static void refuse(const struct kind *kind, uint64_t id)
{
    kind->refuse(id);
    REFUSED(kind->free(id));
}

/* ---- Handles that are none ----------------------------------------------------------------- */

static void test_none(void)
{
    for (int k = 0; k < KINDS; k++)
        refuse(&kinds[k], 0);
    CHECK(!is_called);
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

/* ---- Arguments that are none ----------------------------------------------------------------- */

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

/* ---- Handles that are passed on ----------------------------------------------------------------
 */

struct bag {
    uint64_t ids[KINDS], other_end;
};

static struct bag fill_bag(void)
{
    struct bag bag;
    for (int k = 0; k < KINDS; k++)
        bag.ids[k] = kinds[k].make();
    bag.other_end = other_end;
    return bag;
}

static int use_bag(const void *argument)
{
    const struct bag *bag = argument;
    other_end = bag->other_end;
    for (int k = 0; k < KINDS; k++)
        CHECK(kinds[k].works(bag->ids[k]));
    return 0;
}

static void free_bag(const struct bag *bag)
{
    CHECK(use_bag(bag) == 0);
    for (int k = 0; k < KINDS; k++)
        CHECK(kinds[k].free(bag->ids[k]) == 0);
}

static void test_to_a_process(void)
{
    struct bag bag = fill_bag();
    CHECK(end(start(use_bag, &bag, sizeof bag)) == 0);
    free_bag(&bag);
}

static int use_bag_in_task(const void *argument, void *result)
{
    *(int *)result = 1;
    return use_bag(argument);
}

/* The pool's workers were there before the objects. */
static void test_to_a_task(void)
{
    tri_pool *pool = open_pool();
    int number = 3, result = 0;
    CHECK(tri_pool_apply(pool, square, &number, sizeof number, &result, sizeof result) == 0);
    struct bag bag = fill_bag();
    for (int i = 0; i < 10; i++) {
        result = 0;
        CHECK(tri_pool_apply(pool, use_bag_in_task, &bag, sizeof bag, &result, sizeof result) == 0);
        CHECK(result == 1);
    }
    free_bag(&bag);
    end_pool(pool);
}

static int wait_for_bag(const void *argument)
{
    struct {
        _Atomic int *flag;
        struct bag *bag;
    } const *post = argument;
    wait_until(post->flag, 1);
    return use_bag(post->bag);
}

/* The process was there before the objects, and finds their handles in shared memory. */
static void test_through_memory(void)
{
    struct {
        _Atomic int *flag;
        struct bag *bag;
    } post = {new_flag(), shared(sizeof(struct bag))};
    tri_process *process = start(wait_for_bag, &post, sizeof post);
    *post.bag = fill_bag();
    atomic_store(post.flag, 1);
    CHECK(end(process) == 0);
    free_bag(post.bag);
}

static int make_bag(const void *argument)
{
    **(struct bag *const *)argument = fill_bag();
    return 0;
}

static int empty_bag(const void *argument)
{
    free_bag(argument);
    return 0;
}

/* One process makes them and ends, another uses them, a third one frees them. */
static void test_back_from_a_process(void)
{
    struct bag *bag = shared(sizeof *bag);
    CHECK(end(start(make_bag, &bag, sizeof bag)) == 0);
    CHECK(end(start(use_bag, bag, sizeof *bag)) == 0 && use_bag(bag) == 0);
    CHECK(end(start(empty_bag, bag, sizeof *bag)) == 0);
    for (int k = 0; k < KINDS; k++)
        refuse(&kinds[k], bag->ids[k]);
}

static const struct test tests[] = {
    {"no handle", test_none, 0, 0, 0, 0},
    {"freed handles", test_freed, 0, 0, 0, 0},
    {"handles of other kinds", test_other_kinds, 0, 0, 0, 0},
    {"handles that are made up", test_made_up, 0, 0, 0, 0},
    {"what comes after what was freed", test_generations, 0, 0, 0, 0},
    {"many objects", test_many, 0, 0, 0, 0},
    {"nowhere to put the handle", test_nowhere_to_put_it, 0, 0, 0, 0},
    {"bad arguments", test_bad_arguments, 0, 0, 0, 0},
    {"no numbers", test_no_numbers, 0, 0, 0, 0},
    {"passed to a process", test_to_a_process, ON_LOCAL, 1, 0, 0},
    {"passed to tasks of an older pool", test_to_a_task, ON_LOCAL, 0, 0, 0},
    {"passed through shared memory", test_through_memory, ON_PARALLEL, 1, 0, 0},
    {"passed back by a process that ends", test_back_from_a_process, ON_LOCAL, 1, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
