/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Semaphores, bounded or not. What they have in common with locks is in test_guards.c.
 * tests/conformance.tsv says which of CPython's tests each case mirrors.
 */
#include "sharing.h"

static tri_semaphore new_semaphore(uint32_t value, uint32_t bound)
{
    tri_semaphore semaphore;
    CHECK(tri_semaphore_new(&semaphore, value, bound) == 0 && semaphore.id != 0);
    return semaphore;
}

static void test_semaphore(void)
{
    tri_semaphore semaphore = new_semaphore(2, 0);
    CHECK(tri_semaphore_value(semaphore) == 2);
    CHECK(tri_semaphore_acquire(semaphore, -1) == 0 && tri_semaphore_value(semaphore) == 1);
    CHECK(tri_semaphore_acquire(semaphore, 0) == 0 && tri_semaphore_value(semaphore) == 0);
    CHECK_LATE(tri_semaphore_acquire(semaphore, 0), 0);
    for (int i = 1; i <= 4; i++)
        CHECK(tri_semaphore_release(semaphore, 1) == 0 && tri_semaphore_value(semaphore) == i);
    CHECK(tri_semaphore_release(semaphore, 1000) == 0 && tri_semaphore_value(semaphore) == 1004);
    CHECK(tri_semaphore_free(semaphore) == 0);
}

static void test_bounded(void)
{
    tri_semaphore semaphore = new_semaphore(2, 3);
    CHECK_REFUSED(tri_semaphore_release(semaphore, 2), TRI_ESTATE);
    CHECK(tri_semaphore_value(semaphore) == 2);
    CHECK(tri_semaphore_release(semaphore, 1) == 0 && tri_semaphore_value(semaphore) == 3);
    CHECK_REFUSED(tri_semaphore_release(semaphore, 1), TRI_ESTATE);
    CHECK_REFUSED(tri_semaphore_release(semaphore, UINT32_MAX), TRI_ESTATE);
    CHECK(tri_semaphore_value(semaphore) == 3);
    for (int i = 2; i >= 0; i--)
        CHECK(tri_semaphore_acquire(semaphore, 0) == 0 && tri_semaphore_value(semaphore) == i);
    CHECK_LATE(tri_semaphore_acquire(semaphore, 0), 0);
    CHECK(tri_semaphore_release(semaphore, 3) == 0 && tri_semaphore_value(semaphore) == 3);
    CHECK(tri_semaphore_free(semaphore) == 0);
}

static void test_limits(void)
{
    tri_semaphore semaphore = new_semaphore(UINT32_MAX, 0);
    CHECK(tri_semaphore_value(semaphore) == UINT32_MAX);
    CHECK_REFUSED(tri_semaphore_release(semaphore, 1), TRI_ESTATE);
    CHECK(tri_semaphore_acquire(semaphore, 0) == 0 && tri_semaphore_release(semaphore, 1) == 0);
    CHECK(tri_semaphore_free(semaphore) == 0);
    semaphore = new_semaphore(1, 0);
    CHECK_REFUSED(tri_semaphore_release(semaphore, UINT32_MAX), TRI_ESTATE);
    CHECK(tri_semaphore_release(semaphore, UINT32_MAX - 1) == 0);
    CHECK(tri_semaphore_value(semaphore) == UINT32_MAX && tri_semaphore_free(semaphore) == 0);
    CHECK_REFUSED(tri_semaphore_new(&semaphore, 4, 3), TRI_EINVAL);
}

static void test_timeouts(void)
{
    tri_semaphore semaphore = new_semaphore(0, 0);
    CHECK_LATE(tri_semaphore_acquire(semaphore, 0), 0);
    CHECK_LATE(tri_semaphore_acquire(semaphore, 0.02), 0.02);
    CHECK_LATE(tri_semaphore_acquire(semaphore, 0.11), 0.11);
    CHECK(tri_semaphore_release(semaphore, 1) == 0 && tri_semaphore_acquire(semaphore, 0.02) == 0);
    CHECK(tri_semaphore_free(semaphore) == 0);
}

/* ---- Several processes -------------------------------------------------------------- */

struct room {
    tri_semaphore semaphore;
    _Atomic int *inside, *most;
};

static int visit(const void *argument)
{
    const struct room *room = argument;
    for (int i = 0; i < 200; i++) {
        CHECK(tri_semaphore_acquire(room->semaphore, -1) == 0);
        int inside = atomic_fetch_add(room->inside, 1) + 1, most = atomic_load(room->most);
        while (inside > most && !atomic_compare_exchange_weak(room->most, &most, inside))
            ;
        if (i % 4 == 0)
            nap(0.0001);
        atomic_fetch_sub(room->inside, 1);
        CHECK(tri_semaphore_release(room->semaphore, 1) == 0);
    }
    return 0;
}

static void test_so_many_inside(void)
{
    enum { VISITORS = 6 };
    tri_process *processes[VISITORS];
    for (uint32_t value = 1; value <= 3; value++) {
        struct room room = {new_semaphore(value, value), new_flag(), new_flag()};
        for (int i = 0; i < VISITORS; i++)
            processes[i] = start(visit, &room, sizeof room);
        end_all(processes, VISITORS);
        CHECK(atomic_load(room.most) >= 1 && atomic_load(room.most) <= (int)value);
        CHECK(tri_semaphore_value(room.semaphore) == value);
        CHECK(tri_semaphore_free(room.semaphore) == 0);
    }
}

enum { WAITERS = 5 };

struct waiter {
    tri_semaphore semaphore;
    _Atomic int *threads, *served, *order;
    int number;
};

static int wait_once(const void *argument)
{
    const struct waiter *waiter = argument;
    note_waiter(&waiter->threads[waiter->number]);
    CHECK(tri_semaphore_acquire(waiter->semaphore, -1) == 0);
    atomic_store(&waiter->order[atomic_load(waiter->served)], waiter->number);
    atomic_fetch_add(waiter->served, 1);
    return 0;
}

static struct waiter start_waiters(tri_process **processes)
{
    struct waiter waiter = {new_semaphore(0, 0), shared(WAITERS * sizeof(int)), new_flag(),
                            shared(WAITERS * sizeof(int)), 0};
    for (; waiter.number < WAITERS; waiter.number++) {
        processes[waiter.number] = start(wait_once, &waiter, sizeof waiter);
        wait_until_waiting(&waiter.threads[waiter.number]);
    }
    return waiter;
}

static void test_order(void)
{
    tri_process *processes[WAITERS];
    struct waiter waiter = start_waiters(processes);
    for (int i = 0; i < WAITERS; i++) {
        CHECK(atomic_load(waiter.served) == i && tri_semaphore_release(waiter.semaphore, 1) == 0);
        wait_until(waiter.served, i + 1);
        CHECK(atomic_load(&waiter.order[i]) == i);
    }
    end_all(processes, WAITERS);
    CHECK(tri_semaphore_value(waiter.semaphore) == 0 && tri_semaphore_free(waiter.semaphore) == 0);
}

/* One release is for so many, of those who wait, and the rest is there for others. */
static void test_release_many(void)
{
    tri_process *processes[WAITERS];
    struct waiter waiter = start_waiters(processes);
    CHECK(tri_semaphore_release(waiter.semaphore, 2) == 0);
    for (int i = 0; i < 2; i++)
        CHECK(end(processes[i]) == 0);
    CHECK(atomic_load(waiter.served) == 2 && tri_process_alive(processes[2]));
    CHECK(tri_semaphore_release(waiter.semaphore, WAITERS) == 0);
    end_all(processes + 2, WAITERS - 2);
    CHECK(tri_semaphore_value(waiter.semaphore) == 2 && tri_semaphore_free(waiter.semaphore) == 0);
}

static int acquire_and_end(const void *argument)
{
    return tri_semaphore_acquire(*(const tri_semaphore *)argument, -1);
}

static void test_not_given_back(void)
{
    tri_semaphore semaphore = new_semaphore(3, 3);
    for (int i = 2; i >= 0; i--) {
        CHECK(end(start(acquire_and_end, &semaphore, sizeof semaphore)) == 0);
        CHECK(tri_semaphore_value(semaphore) == i);
    }
    CHECK_LATE(tri_semaphore_acquire(semaphore, 0.02), 0.02);
    CHECK(tri_semaphore_release(semaphore, 1) == 0 && tri_semaphore_acquire(semaphore, 0) == 0);
    CHECK(tri_semaphore_free(semaphore) == 0);
}

enum { ROUNDS = 20000 };

struct game {
    tri_semaphore ping, pong;
};

static int play(const void *argument)
{
    const struct game *game = argument;
    for (int i = 0; i < ROUNDS; i++) {
        CHECK(tri_semaphore_acquire(game->ping, -1) == 0);
        CHECK(tri_semaphore_release(game->pong, 1) == 0);
    }
    return 0;
}

/* A wake-up that is lost is the end of the game. */
static void test_ping_pong(void)
{
    struct game game = {new_semaphore(0, 1), new_semaphore(0, 1)};
    tri_process *process = start(play, &game, sizeof game);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK(tri_semaphore_release(game.ping, 1) == 0);
        CHECK(tri_semaphore_acquire(game.pong, -1) == 0);
    }
    CHECK(end(process) == 0 && tri_semaphore_value(game.ping) == 0);
    CHECK(tri_semaphore_free(game.ping) == 0 && tri_semaphore_free(game.pong) == 0);
}

static const struct test tests[] = {
    {"a semaphore", test_semaphore, 0, 0, 0, 0},
    {"a bounded semaphore", test_bounded, 0, 0, 0, 0},
    {"the largest numbers", test_limits, 0, 0, 0, 0},
    {"times are waited for", test_timeouts, 0, 0, 0, 0},
    {"so many are inside and no more", test_so_many_inside, ON_LOCAL, 1, 0, 0},
    {"in the order of arrival", test_order, ON_PARALLEL, 1, 0, 0},
    {"one release for many", test_release_many, ON_PARALLEL, 1, 0, 0},
    {"what a process had is not given back", test_not_given_back, ON_LOCAL, 1, 0, 0},
    {"ping-pong", test_ping_pong, ON_PARALLEL, 1, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
