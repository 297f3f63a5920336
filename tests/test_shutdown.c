/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Queues that are shut down, at once or when they are empty, while others put, get and join.
 * tests/conformance.tsv says which of CPython's tests each case mirrors.
 */
#include "sharing.h"

static tri_queue new_queue(uint64_t messages)
{
    tri_queue queue;
    tri_queue_options options = {.messages = messages};
    CHECK(tri_queue_new(&queue, &options) == 0);
    return queue;
}

static int put(tri_queue queue, double timeout_s)
{
    return tri_queue_put(queue, "m", 2, timeout_s);
}

static int get(tri_queue queue, double timeout_s)
{
    char text[2];
    return tri_queue_get(queue, text, sizeof text, NULL, timeout_s);
}

static void put_some(tri_queue queue, int count)
{
    for (int i = 0; i < count; i++)
        CHECK(put(queue, -1) == 0);
}

static void check_closed(tri_queue queue)
{
    CHECK_REFUSED(put(queue, -1), TRI_ECLOSED);
    CHECK_REFUSED(put(queue, 0), TRI_ECLOSED);
    CHECK_REFUSED(get(queue, -1), TRI_ECLOSED);
    CHECK_REFUSED(get(queue, 0), TRI_ECLOSED);
    CHECK(tri_queue_size(queue) == 0 && tri_queue_empty(queue) == 1);
}

static void test_empty(void)
{
    for (int immediate = 0; immediate < 2; immediate++) {
        tri_queue queue = new_queue(0);
        CHECK(tri_queue_shutdown(queue, immediate) == 0);
        check_closed(queue);
        CHECK(tri_queue_shutdown(queue, immediate) == 0);
        CHECK(tri_queue_join(queue, -1) == 0);
        CHECK_REFUSED(tri_queue_task_done(queue), TRI_ESTATE);
        check_closed(queue);
        CHECK(tri_queue_free(queue) == 0);
    }
}

static void test_messages_left(void)
{
    tri_queue queue = new_queue(3);
    put_some(queue, 3);
    CHECK(tri_queue_shutdown(queue, 0) == 0 && tri_queue_size(queue) == 3);
    for (int i = 0; i < 3; i++) {
        CHECK_REFUSED(put(queue, 0), TRI_ECLOSED);
        CHECK(get(queue, i - 1) == 0);
    }
    check_closed(queue);
    CHECK_LATE(tri_queue_join(queue, 0.02), 0.02);
    for (int i = 0; i < 3; i++)
        CHECK(tri_queue_task_done(queue) == 0);
    CHECK(tri_queue_join(queue, -1) == 0 && tri_queue_free(queue) == 0);
}

static void test_immediate(void)
{
    tri_queue queue = new_queue(0);
    put_some(queue, 100);
    CHECK(tri_queue_shutdown(queue, 1) == 0);
    check_closed(queue);
    CHECK(tri_queue_join(queue, -1) == 0);
    CHECK_REFUSED(tri_queue_task_done(queue), TRI_ESTATE);
    CHECK(tri_queue_free(queue) == 0);
}

/* Two have been taken and not dealt with: these are waited for. */
static void test_immediate_with_unfinished(void)
{
    tri_queue queue = new_queue(0);
    put_some(queue, 5);
    CHECK(get(queue, -1) == 0 && get(queue, -1) == 0);
    CHECK(tri_queue_shutdown(queue, 1) == 0);
    check_closed(queue);
    CHECK_LATE(tri_queue_join(queue, 0), 0);
    CHECK(tri_queue_task_done(queue) == 0);
    CHECK_LATE(tri_queue_join(queue, 0.02), 0.02);
    CHECK(tri_queue_task_done(queue) == 0 && tri_queue_join(queue, -1) == 0);
    CHECK_REFUSED(tri_queue_task_done(queue), TRI_ESTATE);
    CHECK(tri_queue_free(queue) == 0);
}

static void test_in_two_steps(void)
{
    tri_queue queue = new_queue(0);
    put_some(queue, 4);
    CHECK(tri_queue_shutdown(queue, 0) == 0 && get(queue, 0) == 0);
    CHECK(tri_queue_task_done(queue) == 0 && tri_queue_shutdown(queue, 1) == 0);
    check_closed(queue);
    CHECK(tri_queue_join(queue, -1) == 0 && tri_queue_free(queue) == 0);
}

/* ---- While others wait -------------------------------------------------------------- */

enum { WAITERS = 3 };

struct waiter {
    tri_queue queue;
    int code; /* what the wait is to return */
    _Atomic int *thread;
};

static int wait_to_get(const void *argument)
{
    const struct waiter *waiter = argument;
    note_waiter(waiter->thread);
    CHECK_REFUSED(get(waiter->queue, -1), waiter->code);
    return 0;
}

static int wait_to_put(const void *argument)
{
    const struct waiter *waiter = argument;
    note_waiter(waiter->thread);
    CHECK_REFUSED(put(waiter->queue, -1), waiter->code);
    return 0;
}

static int wait_for_all(const void *argument)
{
    const struct waiter *waiter = argument;
    note_waiter(waiter->thread);
    CHECK(tri_queue_join(waiter->queue, -1) == 0);
    return 0;
}

static void start_waiters(tri_queue queue, tri_process **processes, tri_function *function)
{
    for (int i = 0; i < WAITERS; i++) {
        struct waiter waiter = {queue, TRI_ECLOSED, new_flag()};
        processes[i] = start(function, &waiter, sizeof waiter);
        wait_until_waiting(waiter.thread);
    }
}

static void test_getters_wait(void)
{
    for (int immediate = 0; immediate < 2; immediate++) {
        tri_process *processes[WAITERS];
        tri_queue queue = new_queue(0);
        start_waiters(queue, processes, wait_to_get);
        CHECK(tri_queue_shutdown(queue, immediate) == 0);
        end_all(processes, WAITERS);
        CHECK(tri_queue_free(queue) == 0);
    }
}

static void test_putters_wait(void)
{
    for (int immediate = 0; immediate < 2; immediate++) {
        tri_process *processes[WAITERS];
        tri_queue queue = new_queue(2);
        put_some(queue, 2);
        start_waiters(queue, processes, wait_to_put);
        CHECK(tri_queue_shutdown(queue, immediate) == 0);
        end_all(processes, WAITERS);
        CHECK(tri_queue_size(queue) == (immediate ? 0 : 2));
        CHECK(tri_queue_free(queue) == 0);
    }
}

static void test_joiners_wait(void)
{
    for (int immediate = 0; immediate < 2; immediate++) {
        tri_process *processes[WAITERS];
        tri_queue queue = new_queue(0);
        put_some(queue, 2);
        CHECK(get(queue, 0) == 0);
        start_waiters(queue, processes, wait_for_all);
        CHECK(tri_queue_shutdown(queue, immediate) == 0);
        if (!immediate)
            CHECK(get(queue, 0) == 0 && tri_queue_task_done(queue) == 0);
        for (int i = 0; i < WAITERS; i++)
            CHECK(tri_process_join(processes[i], 0.01) == TRI_ETIMEOUT);
        CHECK(tri_queue_task_done(queue) == 0);
        end_all(processes, WAITERS);
        CHECK(tri_queue_free(queue) == 0);
    }
}

/* ---- While others work -------------------------------------------------------------- */

struct counts {
    tri_queue queue;
    _Atomic int *put, *got;
};

static int put_until_closed(const void *argument)
{
    const struct counts *counts = argument;
    int code;
    while ((code = put(counts->queue, -1)) == 0)
        atomic_fetch_add(counts->put, 1);
    return code == TRI_ECLOSED ? 0 : 1;
}

static int get_until_closed(const void *argument)
{
    const struct counts *counts = argument;
    int code;
    while ((code = get(counts->queue, -1)) == 0) {
        atomic_fetch_add(counts->got, 1);
        CHECK(tri_queue_task_done(counts->queue) == 0);
    }
    return code == TRI_ECLOSED ? 0 : 1;
}

/* Whatever was put before is got, or at once nothing more is. */
static void test_while_others_work(void)
{
    for (int round = 0; round < 20; round++) {
        tri_process *processes[4];
        struct counts counts = {new_queue(round % 4 < 2 ? 3 : 0), new_flag(), new_flag()};
        for (int i = 0; i < 4; i++)
            processes[i] =
                start(i % 2 ? put_until_closed : get_until_closed, &counts, sizeof counts);
        wait_until(counts.got, 100);
        CHECK(tri_queue_shutdown(counts.queue, round % 2) == 0);
        CHECK(tri_queue_join(counts.queue, -1) == 0);
        end_all(processes, 4);
        int put_count = atomic_load(counts.put), got_count = atomic_load(counts.got);
        CHECK(round % 2 ? got_count <= put_count : got_count == put_count);
        check_closed(counts.queue);
        CHECK(tri_queue_free(counts.queue) == 0);
    }
}

static const struct test tests[] = {
    {"an empty queue", test_empty, 0, 0, 0, 0},
    {"messages are left", test_messages_left, 0, 0, 0, 0},
    {"at once", test_immediate, 0, 0, 0, 0},
    {"at once with unfinished tasks", test_immediate_with_unfinished, 0, 0, 0, 0},
    {"and then at once", test_in_two_steps, 0, 0, 0, 0},
    {"while others wait to get", test_getters_wait, ON_PARALLEL, 1, 0, 0},
    {"while others wait to put", test_putters_wait, ON_PARALLEL, 1, 0, 0},
    {"while others wait for all", test_joiners_wait, ON_PARALLEL, 1, 0, 0},
    {"while others work", test_while_others_work, ON_PARALLEL, 1, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
