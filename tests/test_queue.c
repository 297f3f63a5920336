/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Queues: who puts, who gets, how they wait for each other and how it ends. What the messages may
 * be is in test_messages.c. tests/conformance.tsv says which of CPython's tests each case mirrors.
 */
#include "sharing.h"

#include <sys/resource.h>

static tri_queue new_queue(uint64_t messages)
{
    tri_queue queue;
    tri_queue_options options = {.messages = messages};
    CHECK(tri_queue_new(&queue, messages ? &options : NULL) == 0 && queue.id != 0);
    return queue;
}

static int put(tri_queue queue, int number, double timeout_s)
{
    return tri_queue_put(queue, &number, sizeof number, timeout_s);
}

/* What is got; a negative code for none. */
static int get(tri_queue queue, double timeout_s)
{
    int number = -1;
    size_t size = 0;
    int code = tri_queue_get(queue, &number, sizeof number, &size, timeout_s);
    if (code != 0)
        return code;
    CHECK(size == sizeof number && number >= 0);
    return number;
}

static void put_numbers(tri_queue queue, int first, int end)
{
    for (int i = first; i < end; i++)
        CHECK(put(queue, i, -1) == 0);
}

static void get_numbers(tri_queue queue, int first, int end)
{
    for (int i = first; i < end; i++)
        CHECK(get(queue, -1) == i);
}

static void check_state(tri_queue queue, int64_t size, int is_empty, int is_full)
{
    CHECK(tri_queue_size(queue) == size);
    CHECK(tri_queue_empty(queue) == is_empty && tri_queue_full(queue) == is_full);
}

/* What the processes of a test share. */
struct work {
    tri_queue queue, answers;
    int first, end;
    _Atomic int *threads, *state;
};

/* ---- Put and get -------------------------------------------------------------------- */

static int get_in_process(const void *argument)
{
    const struct work *work = argument;
    wait_until(work->state, 1);
    get_numbers(work->queue, work->first, work->end);
    atomic_store(work->state, 2);
    return 0;
}

static void test_put(void)
{
    struct work work = {.queue = new_queue(6), .end = 6, .state = new_flag()};
    tri_process *process = start(get_in_process, &work, sizeof work);
    check_state(work.queue, 0, 1, 0);
    CHECK(put(work.queue, 0, -1) == 0 && put(work.queue, 1, 0) == 0 && put(work.queue, 2, 9) == 0);
    check_state(work.queue, 3, 0, 0);
    put_numbers(work.queue, 3, 6);
    check_state(work.queue, 6, 0, 1);
    CHECK_LATE(put(work.queue, 9, 0), 0);
    CHECK_LATE(put(work.queue, 9, 0.05), 0.05);
    atomic_store(work.state, 1);
    wait_until(work.state, 2);
    check_state(work.queue, 0, 1, 0);
    CHECK(end(process) == 0 && tri_queue_free(work.queue) == 0);
}

static int put_in_process(const void *argument)
{
    const struct work *work = argument;
    put_numbers(work->queue, work->first, work->end);
    return 0;
}

static void test_get(void)
{
    struct work work = {.queue = new_queue(0), .first = 2, .end = 6};
    CHECK(end(start(put_in_process, &work, sizeof work)) == 0);
    check_state(work.queue, 4, 0, 0);
    CHECK(get(work.queue, -1) == 2 && get(work.queue, 0) == 3);
    CHECK(get(work.queue, 9) == 4 && get(work.queue, 0) == 5);
    check_state(work.queue, 0, 1, 0);
    CHECK_LATE(get(work.queue, 0), 0);
    CHECK_LATE(get(work.queue, 0.05), 0.05);
    CHECK_LATE(get(work.queue, 0.2), 0.2);
    CHECK(tri_queue_free(work.queue) == 0);
}

/* A process is started while messages are in the queue: they are there once. */
static void test_start_between(void)
{
    struct work work = {.queue = new_queue(0), .first = 10, .end = 20};
    put_numbers(work.queue, 0, 10);
    CHECK(end(start(put_in_process, &work, sizeof work)) == 0);
    get_numbers(work.queue, 0, 20);
    CHECK_LATE(get(work.queue, 0), 0);
    CHECK(tri_queue_free(work.queue) == 0);
}

static void test_size(void)
{
    tri_queue queue = new_queue(0);
    for (int i = 0; i < 1000; i++) {
        check_state(queue, i, i == 0, 0);
        CHECK(put(queue, i, 0) == 0);
    }
    for (int i = 0; i < 1000; i++) {
        check_state(queue, 1000 - i, 0, 0);
        CHECK(get(queue, 0) == i);
    }
    check_state(queue, 0, 1, 0);
    CHECK(tri_queue_free(queue) == 0);
}

/* A queue of any bound goes round and round. */
static void test_bounds(void)
{
    for (uint64_t bound = 1; bound <= 9; bound++) {
        tri_queue queue = new_queue(bound);
        for (int round = 0, next = 0; round < 50; round++) {
            int count = 1 + round % (int)bound;
            put_numbers(queue, next, next + count);
            CHECK(tri_queue_full(queue) == (count == (int)bound));
            get_numbers(queue, next, next + count);
            next += count;
        }
        CHECK_LATE(get(queue, 0), 0);
        CHECK(tri_queue_free(queue) == 0);
    }
}

static void test_long_queue(void)
{
    enum { MANY = 300000 };
    tri_queue queue = new_queue(0);
    for (int round = 0; round < 2; round++) {
        put_numbers(queue, 0, MANY);
        CHECK(tri_queue_size(queue) == MANY);
        get_numbers(queue, 0, MANY);
        check_state(queue, 0, 1, 0);
    }
    CHECK(tri_queue_free(queue) == 0);
}

/* 600 MB in all, of which little is in memory at a time. */
static void test_freed_with_messages(void)
{
    static char message[100000];
    struct rusage usage;
    for (int i = 0; i < 3000; i++) {
        tri_queue queue = new_queue(0);
        for (int m = 0; m < 10; m++)
            CHECK(tri_queue_put(queue, message, sizeof message >> m, -1) == 0);
        for (int m = 0; m < 200; m++)
            CHECK(put(queue, m, -1) == 0);
        CHECK(tri_queue_free(queue) == 0);
    }
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_maxrss < 200 * 1024);
}

/* ---- In order of arrival ------------------------------------------------------------ */

enum { WAITERS = 5 };

static int get_one(const void *argument)
{
    const struct work *work = argument;
    note_waiter(&work->threads[work->first]);
    CHECK(get(work->queue, -1) == work->first);
    atomic_fetch_add(work->state, 1);
    return 0;
}

static int put_one(const void *argument)
{
    const struct work *work = argument;
    note_waiter(&work->threads[work->first]);
    CHECK(put(work->queue, work->first, -1) == 0);
    atomic_fetch_add(work->state, 1);
    return 0;
}

static struct work start_waiters(tri_process **processes, uint64_t bound, tri_function *function)
{
    struct work work = {.queue = new_queue(bound),
                        .threads = shared((WAITERS + 1) * sizeof(int)),
                        .state = new_flag()};
    if (bound)
        put_numbers(work.queue, 100, 100 + (int)bound);
    for (int i = 0; i < WAITERS; i++) {
        work.first = i;
        processes[i] = start(function, &work, sizeof work);
        wait_until_waiting(&work.threads[i]);
    }
    CHECK(atomic_load(work.state) == 0);
    return work;
}

static void test_getters_in_order(void)
{
    tri_process *processes[WAITERS];
    struct work work = start_waiters(processes, 0, get_one);
    for (int i = 0; i < WAITERS; i++) {
        CHECK(put(work.queue, i, -1) == 0);
        wait_until(work.state, i + 1);
    }
    end_all(processes, WAITERS);
    CHECK(tri_queue_free(work.queue) == 0);
}

static void test_putters_in_order(void)
{
    tri_process *processes[WAITERS];
    struct work work = start_waiters(processes, 2, put_one);
    get_numbers(work.queue, 100, 102);
    get_numbers(work.queue, 0, WAITERS);
    end_all(processes, WAITERS);
    check_state(work.queue, 0, 1, 0);
    CHECK(tri_queue_free(work.queue) == 0);
}

static int get_any(const void *argument)
{
    const struct work *work = argument;
    note_waiter(&work->threads[work->first]);
    int number = get(work->queue, -1);
    CHECK(number >= 0 && number < WAITERS);
    atomic_fetch_or(work->state, 1 << number);
    return 0;
}

/* All at once: none of them is forgotten. */
static void test_all_at_once(void)
{
    for (int round = 0; round < 5; round++) {
        tri_process *processes[WAITERS];
        struct work work = start_waiters(processes, 0, get_any);
        put_numbers(work.queue, 0, WAITERS);
        end_all(processes, WAITERS);
        CHECK(atomic_load(work.state) == (1 << WAITERS) - 1 && tri_queue_free(work.queue) == 0);
    }
}

/* They are let in by what one call has made room for, and nobody gets anything after that. */
static void test_room_for_all(void)
{
    for (int round = 0; round < 5; round++) {
        char large[WAITERS * sizeof(int)] = "";
        tri_process *processes[WAITERS];
        tri_queue_options options = {.bytes = sizeof large};
        struct work work = {.threads = shared(WAITERS * sizeof(int)), .state = new_flag()};
        CHECK(tri_queue_new(&work.queue, &options) == 0);
        CHECK(tri_queue_put(work.queue, large, sizeof large, 0) == 0);
        for (int i = 0; i < WAITERS; i++) {
            work.first = i;
            processes[i] = start(put_one, &work, sizeof work);
            wait_until_waiting(&work.threads[i]);
        }
        CHECK(tri_queue_get(work.queue, large, sizeof large, NULL, 0) == 0);
        end_all(processes, WAITERS);
        get_numbers(work.queue, 0, WAITERS);
        CHECK(tri_queue_free(work.queue) == 0);
    }
}

static void test_room_for_all_at_once(void)
{
    for (int round = 0; round < 5; round++) {
        tri_process *processes[WAITERS];
        struct work work = start_waiters(processes, WAITERS, put_one);
        get_numbers(work.queue, 100, 100 + WAITERS);
        end_all(processes, WAITERS);
        get_numbers(work.queue, 0, WAITERS);
        CHECK(tri_queue_free(work.queue) == 0);
    }
}

/* ---- Tasks that are to be done ------------------------------------------------------ */

static int do_tasks(const void *argument)
{
    const struct work *work = argument;
    for (int task; (task = get(work->queue, -1)) >= 0;) {
        nap(0.002);
        atomic_fetch_add(work->state, 1);
        CHECK(tri_queue_task_done(work->queue) == 0);
    }
    return 0;
}

static void test_task_done(void)
{
    enum { WORKERS = 4, TASKS = 10 };
    tri_process *processes[WORKERS];
    struct work work = {.queue = new_queue(0), .state = new_flag()};
    CHECK(tri_queue_join(work.queue, 0) == 0);
    for (int i = 0; i < WORKERS; i++)
        processes[i] = start(do_tasks, &work, sizeof work);
    for (int round = 1; round <= 3; round++) {
        put_numbers(work.queue, 0, TASKS);
        CHECK(tri_queue_join(work.queue, -1) == 0);
        CHECK(atomic_load(work.state) == round * TASKS);
    }
    CHECK(tri_queue_shutdown(work.queue, 0) == 0);
    end_all(processes, WORKERS);
    CHECK(tri_queue_free(work.queue) == 0);
}

static void test_too_many_done(void)
{
    tri_queue queue = new_queue(0);
    CHECK_REFUSED(tri_queue_task_done(queue), TRI_ESTATE);
    put_numbers(queue, 0, 2);
    get_numbers(queue, 0, 2);
    CHECK_LATE(tri_queue_join(queue, 0), 0);
    CHECK_LATE(tri_queue_join(queue, 0.03), 0.03);
    CHECK(tri_queue_task_done(queue) == 0);
    CHECK_LATE(tri_queue_join(queue, 0), 0);
    CHECK(tri_queue_task_done(queue) == 0 && tri_queue_join(queue, -1) == 0);
    CHECK_REFUSED(tri_queue_task_done(queue), TRI_ESTATE);
    CHECK(tri_queue_join(queue, 0) == 0 && tri_queue_free(queue) == 0);
}

/* ---- Passed on ---------------------------------------------------------------------- */

static int make_queue(const void *argument)
{
    tri_queue *post = *(tri_queue *const *)argument;
    tri_queue queue = new_queue(0);
    put_numbers(queue, 0, 100);
    *post = queue;
    return 0;
}

static void test_made_in_process(void)
{
    tri_queue *post = shared(sizeof *post);
    CHECK(end(start(make_queue, &post, sizeof post)) == 0);
    get_numbers(*post, 0, 100);
    check_state(*post, 0, 1, 0);
    CHECK(put(*post, 1, 0) == 0 && tri_queue_free(*post) == 0);
}

static int pass_on(const void *argument)
{
    const struct work *work = argument;
    for (int number; (number = get(work->queue, -1)) >= 0;)
        CHECK(put(work->answers, number + 1, -1) == 0);
    return tri_queue_shutdown(work->answers, 0);
}

/* Three stages, with little room between them. */
static void test_pipeline(void)
{
    enum { STAGES = 3, NUMBERS_THROUGH = 2000 };
    tri_queue queues[STAGES + 1];
    tri_process *processes[STAGES];
    for (int i = 0; i <= STAGES; i++)
        queues[i] = new_queue(i == STAGES ? 0 : 2);
    for (int i = 0; i < STAGES; i++) {
        struct work work = {.queue = queues[i], .answers = queues[i + 1]};
        processes[i] = start(pass_on, &work, sizeof work);
    }
    put_numbers(queues[0], 0, NUMBERS_THROUGH);
    CHECK(tri_queue_shutdown(queues[0], 0) == 0);
    get_numbers(queues[STAGES], STAGES, NUMBERS_THROUGH + STAGES);
    CHECK_REFUSED(get(queues[STAGES], -1), TRI_ECLOSED);
    end_all(processes, STAGES);
    for (int i = 0; i <= STAGES; i++)
        CHECK(tri_queue_free(queues[i]) == 0);
}

static const struct test tests[] = {
    {"put", test_put, ON_PARALLEL, 1, 0, 0},
    {"get", test_get, ON_LOCAL, 1, 0, 0},
    {"a process is started between", test_start_between, ON_LOCAL, 1, 0, 0},
    {"how many there are", test_size, 0, 0, 0, 0},
    {"bounds", test_bounds, 0, 0, 0, 0},
    {"a long queue", test_long_queue, 0, 0, 0, 0},
    {"freed with messages", test_freed_with_messages, 0, 0, 0, 0},
    {"who gets is served in order", test_getters_in_order, ON_PARALLEL, 1, 0, 0},
    {"who puts is served in order", test_putters_in_order, ON_PARALLEL, 1, 0, 0},
    {"messages for all who wait", test_all_at_once, ON_PARALLEL, 1, 0, 0},
    {"room for all who wait", test_room_for_all, ON_PARALLEL, 1, 0, 0},
    {"room for all by several calls", test_room_for_all_at_once, ON_PARALLEL, 1, 0, 0},
    {"tasks are done", test_task_done, ON_PARALLEL, 1, 0, 0},
    {"too many are done", test_too_many_done, 0, 0, 0, 0},
    {"a queue that a process has made", test_made_in_process, ON_LOCAL, 1, 0, 0},
    {"a pipeline", test_pipeline, ON_PARALLEL, 1, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
