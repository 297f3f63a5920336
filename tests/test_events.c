/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Events. tests/conformance.tsv says which of CPython's tests each case mirrors.
 */
#include "sharing.h"

static tri_event new_event(void)
{
    tri_event event;
    CHECK(tri_event_new(&event) == 0 && event.id != 0);
    return event;
}

static int set_later(const void *argument)
{
    nap(0.05);
    return tri_event_set(*(const tri_event *)argument);
}

static void test_event(void)
{
    tri_event event = new_event();
    CHECK(tri_event_is_set(event) == 0);
    CHECK_LATE(tri_event_wait(event, 0), 0);
    CHECK_LATE(tri_event_wait(event, 0.05), 0.05);
    CHECK(tri_event_set(event) == 0 && tri_event_is_set(event) == 1);
    CHECK(tri_event_set(event) == 0 && tri_event_is_set(event) == 1);
    CHECK(tri_event_wait(event, 0) == 0 && tri_event_wait(event, 1) == 0);
    CHECK(tri_event_wait(event, -1) == 0);
    CHECK(tri_event_clear(event) == 0 && tri_event_is_set(event) == 0);
    CHECK(tri_event_clear(event) == 0 && tri_event_is_set(event) == 0);
    CHECK_LATE(tri_event_wait(event, 0.01), 0.01);
    tri_process *process = start(set_later, &event, sizeof event);
    CHECK(tri_event_wait(event, -1) == 0 && end(process) == 0 && tri_event_is_set(event) == 1);
    CHECK(tri_event_free(event) == 0);
}

/* ---- Many wait ---------------------------------------------------------------------- */

enum { WAITERS = 4, ROUNDS = 20 };

struct waiter {
    tri_event event;
    int rounds, number;
    _Atomic int *threads, *seen, *cleared;
};

static int wait_again_and_again(const void *argument)
{
    const struct waiter *waiter = argument;
    for (int i = 0; i < waiter->rounds; i++) {
        note_waiter(&waiter->threads[waiter->number]);
        CHECK(tri_event_wait(waiter->event, -1) == 0);
        atomic_store(&waiter->threads[waiter->number], 0);
        atomic_fetch_add(waiter->seen, 1);
        wait_until(waiter->cleared, i + 1);
    }
    return 0;
}

/* It is clear again before any of those who wait can look. */
static void test_set_and_clear(void)
{
    tri_process *processes[WAITERS];
    struct waiter waiter = {new_event(), ROUNDS,    0, shared(WAITERS * sizeof(int)),
                            new_flag(),  new_flag()};
    for (; waiter.number < WAITERS; waiter.number++)
        processes[waiter.number] = start(wait_again_and_again, &waiter, sizeof waiter);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < WAITERS; i++)
            wait_until_waiting(&waiter.threads[i]);
        CHECK(atomic_load(waiter.seen) == round * WAITERS);
        CHECK(tri_event_set(waiter.event) == 0 && tri_event_clear(waiter.event) == 0);
        wait_until(waiter.seen, (round + 1) * WAITERS);
        atomic_store(waiter.cleared, round + 1);
    }
    end_all(processes, WAITERS);
    CHECK(tri_event_is_set(waiter.event) == 0 && tri_event_free(waiter.event) == 0);
}

enum { GAMES = 10000 };

struct game {
    tri_event ping, pong;
};

static int play(const void *argument)
{
    const struct game *game = argument;
    for (int i = 0; i < GAMES; i++) {
        CHECK(tri_event_wait(game->ping, -1) == 0 && tri_event_clear(game->ping) == 0);
        CHECK(tri_event_set(game->pong) == 0);
    }
    return 0;
}

static void test_ping_pong(void)
{
    struct game game = {new_event(), new_event()};
    tri_process *process = start(play, &game, sizeof game);
    for (int i = 0; i < GAMES; i++) {
        CHECK(tri_event_set(game.ping) == 0);
        CHECK(tri_event_wait(game.pong, -1) == 0 && tri_event_clear(game.pong) == 0);
    }
    CHECK(end(process) == 0);
    CHECK(tri_event_free(game.ping) == 0 && tri_event_free(game.pong) == 0);
}

/* What was written before it was set is there for who has seen it. */
struct news {
    tri_event event;
    volatile int *text;
};

static int publish(const void *argument)
{
    const struct news *news = argument;
    for (int i = 0; i < 1000; i++)
        news->text[i] = i + 1;
    return tri_event_set(news->event);
}

static void test_news(void)
{
    for (int round = 0; round < 20; round++) {
        struct news news = {new_event(), shared(1000 * sizeof(int))};
        tri_process *process = start(publish, &news, sizeof news);
        CHECK(tri_event_wait(news.event, -1) == 0);
        for (int i = 0; i < 1000; i++)
            CHECK(news.text[i] == i + 1);
        CHECK(end(process) == 0 && tri_event_free(news.event) == 0);
        tri_shared_free((void *)news.text);
    }
}

static const struct test tests[] = {
    {"an event", test_event, ON_LOCAL, 1, 0, 0},
    {"set and clear at once", test_set_and_clear, ON_PARALLEL, 1, 0, 0},
    {"ping-pong", test_ping_pong, ON_PARALLEL, 1, 0, 0},
    {"what was done before it was set", test_news, ON_LOCAL, 1, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
