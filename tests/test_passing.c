/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Handles are good wherever they are passed to: in the arguments of processes and tasks, in shared
 * memory, and whichever came first.
 */
#include "kinds.h"

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
        kinds[k].refuse(bag->ids[k]);
}

static const struct test tests[] = {
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
