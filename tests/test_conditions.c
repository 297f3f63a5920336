/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Conditions. What their lock has in common with others is in test_guards.c. tests/conformance.tsv
 * says which of CPython's tests each case mirrors.
 */
#include "sharing.h"

enum { SLEEPERS = 6 };

static tri_condition new_condition(void)
{
    tri_condition condition;
    CHECK(tri_condition_new(&condition) == 0 && condition.id != 0);
    return condition;
}

/* ---- Those who sleep ---------------------------------------------------------------- */

struct bedroom {
    tri_condition condition;
    double timeout_s;
    int code; /* what the wait is to return */
    int number;
    _Atomic int *sleeping, *woken, *order;
};

static struct bedroom new_bedroom(double timeout_s, int code)
{
    return (struct bedroom){new_condition(),
                            timeout_s,
                            code,
                            0,
                            new_flag(),
                            new_flag(),
                            shared(SLEEPERS * sizeof(int))};
}

static int sleep_there(const void *argument)
{
    const struct bedroom *room = argument;
    CHECK(tri_condition_acquire(room->condition, -1) == 0);
    atomic_fetch_add(room->sleeping, 1);
    CHECK(tri_condition_wait(room->condition, room->timeout_s) == room->code);
    atomic_store(&room->order[atomic_fetch_add(room->woken, 1)], room->number);
    CHECK(tri_condition_release(room->condition) == 0);
    return 0;
}

static void take(const struct bedroom *room)
{
    CHECK(tri_condition_acquire(room->condition, -1) == 0);
}

static void leave(const struct bedroom *room)
{
    CHECK(tri_condition_release(room->condition) == 0);
}

/* One after the other. Who has the lock after this knows that all of them wait. */
static void start_sleepers(struct bedroom *room, tri_process **processes)
{
    for (int i = 0; i < SLEEPERS; i++) {
        room->number = i;
        processes[i] = start(sleep_there, room, sizeof *room);
        wait_until(room->sleeping, i + 1);
    }
}

static void notify(const struct bedroom *room, uint32_t count)
{
    take(room);
    CHECK(tri_condition_notify(room->condition, count) == 0);
    leave(room);
}

/* So many are awake, and no more although there is time. */
static void check_woken(const struct bedroom *room, int count)
{
    wait_until(room->woken, count);
    nap(0.02);
    CHECK(atomic_load(room->woken) == count);
}

static void test_notify(void)
{
    tri_process *processes[SLEEPERS];
    struct bedroom room = new_bedroom(-1, 0);
    start_sleepers(&room, processes);
    check_woken(&room, 0);
    for (int i = 0; i < SLEEPERS; i++) {
        notify(&room, 1);
        check_woken(&room, i + 1);
        CHECK(room.order[i] == i);
    }
    end_all(processes, SLEEPERS);
    CHECK(tri_condition_free(room.condition) == 0);
}

static void test_notify_many(void)
{
    tri_process *processes[SLEEPERS];
    struct bedroom room = new_bedroom(-1, 0);
    start_sleepers(&room, processes);
    notify(&room, 0);
    check_woken(&room, 0);
    notify(&room, 2);
    check_woken(&room, 2);
    notify(&room, 4);
    check_woken(&room, 6);
    notify(&room, 3);
    end_all(processes, SLEEPERS);
    atomic_store(room.sleeping, 0);
    atomic_store(room.woken, 0);
    start_sleepers(&room, processes); /* for whom nothing is left over */
    check_woken(&room, 0);
    notify(&room, UINT32_MAX);
    end_all(processes, SLEEPERS);
    CHECK(tri_condition_free(room.condition) == 0);
}

static void test_notify_all(void)
{
    tri_process *processes[SLEEPERS];
    struct bedroom room = new_bedroom(0.05, TRI_ETIMEOUT);
    start_sleepers(&room, processes);
    end_all(processes, SLEEPERS); /* they all time out */
    CHECK(atomic_load(room.woken) == SLEEPERS);
    room.timeout_s = -1;
    room.code = 0;
    atomic_store(room.sleeping, 0);
    atomic_store(room.woken, 0);
    start_sleepers(&room, processes);
    check_woken(&room, 0);
    take(&room);
    CHECK(tri_condition_notify_all(room.condition) == 0);
    CHECK(atomic_load(room.woken) == 0); /* not before the lock is released */
    leave(&room);
    end_all(processes, SLEEPERS);
    CHECK(atomic_load(room.woken) == SLEEPERS && tri_condition_free(room.condition) == 0);
}

/* ---- The lock ----------------------------------------------------------------------- */

static void check_depth(tri_condition condition, int depth)
{
    for (int i = 0; i < depth; i++)
        CHECK(tri_condition_release(condition) == 0);
    CHECK_REFUSED(tri_condition_release(condition), TRI_ESTATE);
}

static void test_timeouts(void)
{
    tri_condition condition = new_condition();
    CHECK(tri_condition_acquire(condition, -1) == 0);
    CHECK_LATE(tri_condition_wait(condition, 0), 0);
    CHECK_LATE(tri_condition_wait(condition, 0.05), 0.05);
    check_depth(condition, 1);
    CHECK(tri_condition_free(condition) == 0);
}

static int take_and_notify(const void *argument)
{
    tri_condition condition = *(const tri_condition *)argument;
    CHECK(tri_condition_acquire(condition, -1) == 0);
    CHECK(tri_condition_notify(condition, 1) == 0);
    return tri_condition_release(condition);
}

/* Taken three times, it is released while it is waited, and then as it was. */
static void test_depth(void)
{
    tri_condition condition = new_condition();
    for (int i = 0; i < 3; i++)
        CHECK(tri_condition_acquire(condition, -1) == 0);
    CHECK_LATE(tri_condition_wait(condition, 0.01), 0.01);
    tri_process *process = start(take_and_notify, &condition, sizeof condition);
    CHECK(tri_condition_wait(condition, -1) == 0);
    CHECK(end(process) == 0);
    check_depth(condition, 3);
    CHECK(tri_condition_acquire(condition, 0) == 0);
    check_depth(condition, 1);
    CHECK(tri_condition_free(condition) == 0);
}

static void refuse_without_lock(tri_condition condition)
{
    CHECK_REFUSED(tri_condition_release(condition), TRI_ESTATE);
    CHECK_REFUSED(tri_condition_wait(condition, 0), TRI_ESTATE);
    CHECK_REFUSED(tri_condition_wait(condition, -1), TRI_ESTATE);
    CHECK_REFUSED(tri_condition_notify(condition, 1), TRI_ESTATE);
    CHECK_REFUSED(tri_condition_notify_all(condition), TRI_ESTATE);
}

static int have_no_lock(const void *argument)
{
    refuse_without_lock(*(const tri_condition *)argument);
    CHECK_LATE(tri_condition_acquire(*(const tri_condition *)argument, 0), 0);
    return 0;
}

static void test_without_lock(void)
{
    tri_condition condition = new_condition();
    refuse_without_lock(condition);
    CHECK(tri_condition_acquire(condition, -1) == 0);
    CHECK(end(start(have_no_lock, &condition, sizeof condition)) == 0);
    check_depth(condition, 1);
    CHECK(tri_condition_free(condition) == 0);
}

/* ---- Until something is true -------------------------------------------------------- */

struct countdown {
    tri_condition condition;
    volatile int *state;
    int calls, is_refused;
};

static int has_ended(void *data)
{
    struct countdown *countdown = data;
    countdown->calls++;
    if (tri_condition_notify(countdown->condition, 0) != 0) /* it needs the lock */
        countdown->is_refused = 1;
    return *countdown->state == 0 ? 7 : 0;
}

static struct countdown new_countdown(int state)
{
    struct countdown countdown = {new_condition(), shared(sizeof(int)), 0, 0};
    *countdown.state = state;
    return countdown;
}

static int count_down(const void *argument)
{
    const struct countdown *countdown = argument;
    for (int i = 0; i < 4; i++) {
        nap(0.005);
        CHECK(tri_condition_acquire(countdown->condition, -1) == 0);
        --*countdown->state;
        CHECK(tri_condition_notify(countdown->condition, 1) == 0);
        CHECK(tri_condition_release(countdown->condition) == 0);
    }
    return 0;
}

static void test_wait_for(void)
{
    struct countdown countdown = new_countdown(4);
    CHECK(tri_condition_acquire(countdown.condition, -1) == 0);
    tri_process *process = start(count_down, &countdown, sizeof countdown);
    CHECK(tri_condition_wait_for(countdown.condition, has_ended, &countdown, -1) == 0);
    CHECK(*countdown.state == 0 && !countdown.is_refused && countdown.calls >= 2);
    countdown.calls = 0; /* it is true already */
    CHECK(tri_condition_wait_for(countdown.condition, has_ended, &countdown, 0) == 0);
    CHECK(countdown.calls == 1);
    check_depth(countdown.condition, 1);
    CHECK(end(process) == 0 && tri_condition_free(countdown.condition) == 0);
}

static void test_wait_for_too_long(void)
{
    struct countdown countdown = new_countdown(5); /* 4 are not enough */
    for (int i = 0; i < 2; i++)
        CHECK(tri_condition_acquire(countdown.condition, -1) == 0);
    CHECK_LATE(tri_condition_wait_for(countdown.condition, has_ended, &countdown, 0), 0);
    tri_process *process = start(count_down, &countdown, sizeof countdown);
    CHECK_LATE(tri_condition_wait_for(countdown.condition, has_ended, &countdown, 0.2), 0.2);
    CHECK(!countdown.is_refused);
    check_depth(countdown.condition, 2);
    CHECK(end(process) == 0 && *countdown.state == 1);
    CHECK(tri_condition_free(countdown.condition) == 0);
}

static void test_wait_for_without_lock(void)
{
    struct countdown countdown = new_countdown(0);
    CHECK_REFUSED(tri_condition_wait_for(countdown.condition, has_ended, &countdown, 0),
                  TRI_ESTATE);
    CHECK(countdown.calls == 0 && tri_condition_free(countdown.condition) == 0);
}

/* ---- There and back ----------------------------------------------------------------- */

enum { ROUNDS = 5000 };

struct game {
    tri_condition condition;
    volatile int *turn;
    int me;
};

static int is_my_turn(void *data)
{
    const struct game *game = data;
    return *game->turn % 2 == game->me;
}

static int play(const void *argument)
{
    struct game game = *(const struct game *)argument;
    for (int i = 0; i < ROUNDS; i++) {
        CHECK(tri_condition_acquire(game.condition, -1) == 0);
        CHECK(tri_condition_wait_for(game.condition, is_my_turn, &game, -1) == 0);
        ++*game.turn;
        CHECK(tri_condition_notify(game.condition, 1) == 0);
        CHECK(tri_condition_release(game.condition) == 0);
    }
    return 0;
}

static void test_ping_pong(void)
{
    struct game game = {new_condition(), shared(sizeof(int)), 1};
    tri_process *process = start(play, &game, sizeof game);
    game.me = 0;
    CHECK(play(&game) == 0 && end(process) == 0 && *game.turn == 2 * ROUNDS);
    CHECK(tri_condition_free(game.condition) == 0);
}

/* Processes that have used it and end as they should are not missed. */
static void test_members_end(void)
{
    tri_condition condition = new_condition();
    for (int i = 0; i < 20; i++) {
        CHECK(tri_condition_acquire(condition, -1) == 0);
        tri_process *process = start(take_and_notify, &condition, sizeof condition);
        CHECK(tri_condition_wait(condition, -1) == 0);
        CHECK(tri_condition_release(condition) == 0 && end(process) == 0);
        CHECK(tri_condition_acquire(condition, -1) == 0);
        CHECK_LATE(tri_condition_wait(condition, 0.002), 0.002);
        CHECK(tri_condition_release(condition) == 0);
    }
    CHECK(tri_condition_free(condition) == 0);
}

static const struct test tests[] = {
    {"notify wakes one, in order", test_notify, ON_PARALLEL, 1, 0, 0},
    {"notify wakes so many", test_notify_many, ON_PARALLEL, 1, 0, 0},
    {"notify_all wakes all", test_notify_all, ON_PARALLEL, 1, 0, 0},
    {"times are waited for", test_timeouts, 0, 0, 0, 0},
    {"a lock that was taken three times", test_depth, ON_PARALLEL, 1, 0, 0},
    {"without the lock", test_without_lock, ON_PARALLEL, 1, 0, 0},
    {"wait_for", test_wait_for, ON_PARALLEL, 1, 0, 0},
    {"what is waited for does not come true", test_wait_for_too_long, ON_PARALLEL, 1, 0, 0},
    {"wait_for without the lock", test_wait_for_without_lock, 0, 0, 0, 0},
    {"ping-pong", test_ping_pong, ON_PARALLEL, 1, 0, 0},
    {"who has used it ends", test_members_end, ON_PARALLEL, 1, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
