/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Barriers. tests/conformance.tsv says which of CPython's tests each case mirrors.
 */
#include "sharing.h"

enum { PARTIES = 5 };

/* What the parties share. */
struct party {
    tri_barrier barrier, second;
    int passes;
    _Atomic int *arrived, *left, *first, *broken;
};

static tri_barrier new_barrier(uint32_t parties)
{
    tri_barrier barrier;
    CHECK(tri_barrier_new(&barrier, parties, NULL) == 0 && barrier.id != 0);
    return barrier;
}

static struct party new_party(void)
{
    return (struct party){new_barrier(PARTIES), new_barrier(PARTIES), 1,         new_flag(),
                          new_flag(),           new_flag(),           new_flag()};
}

static void end_party(const struct party *party)
{
    CHECK(tri_barrier_free(party->barrier) == 0 && tri_barrier_free(party->second) == 0);
}

static void have_party(tri_function *function, const struct party *party)
{
    tri_process *processes[PARTIES];
    for (int i = 0; i < PARTIES; i++)
        processes[i] = start(function, party, sizeof *party);
    end_all(processes, PARTIES);
}

/* ---- In lockstep -------------------------------------------------------------------- */

static int pass_many(const void *argument)
{
    const struct party *party = argument;
    for (int i = 0; i < party->passes; i++) {
        atomic_fetch_add(party->arrived, 1);
        CHECK(atomic_load(party->left) == i * PARTIES);
        CHECK(tri_barrier_wait(party->barrier, -1) >= 0);
        atomic_fetch_add(party->left, 1);
        CHECK(atomic_load(party->arrived) == (i + 1) * PARTIES);
        CHECK(tri_barrier_wait(party->barrier, -1) >= 0);
    }
    return 0;
}

static void pass(int passes)
{
    struct party party = new_party();
    party.passes = passes;
    have_party(pass_many, &party);
    CHECK(atomic_load(party.left) == passes * PARTIES);
    CHECK(tri_barrier_waiting(party.barrier) == 0 && tri_barrier_broken(party.barrier) == 0);
    end_party(&party);
}

static void test_lockstep(void)
{
    pass(1);
    pass(10);
}

static void test_thousand(void)
{
    pass(1000);
}

static int note_number(const void *argument)
{
    const struct party *party = argument;
    for (int i = 0; i < 20; i++) {
        int number = tri_barrier_wait(party->barrier, -1);
        CHECK(number >= 0 && number < PARTIES);
        atomic_fetch_or(&party->arrived[i], 1 << number);
        CHECK(tri_barrier_wait(party->barrier, -1) >= 0);
        CHECK(atomic_load(&party->arrived[i]) == (1 << PARTIES) - 1);
    }
    return 0;
}

static void test_numbers(void)
{
    struct party party = new_party();
    party.arrived = shared(20 * sizeof(int));
    have_party(note_number, &party);
    end_party(&party);
}

static void test_one_party(void)
{
    tri_barrier barrier = new_barrier(1);
    for (int i = 0; i < 100; i++)
        CHECK(tri_barrier_wait(barrier, i % 2 ? -1 : 0) == 0);
    CHECK(tri_barrier_waiting(barrier) == 0 && tri_barrier_free(barrier) == 0);
}

static int wait_once(const void *argument)
{
    const struct party *party = argument;
    return tri_barrier_wait(party->barrier, -1) >= 0 ? 0 : 1;
}

static void test_waiting(void)
{
    tri_process *processes[PARTIES];
    struct party party = new_party();
    CHECK(tri_barrier_waiting(party.barrier) == 0);
    for (int i = 0; i < PARTIES - 1; i++) {
        processes[i] = start(wait_once, &party, sizeof party);
        while (tri_barrier_waiting(party.barrier) != i + 1)
            nap(0.001);
    }
    CHECK(tri_barrier_wait(party.barrier, -1) >= 0 && tri_barrier_waiting(party.barrier) == 0);
    end_all(processes, PARTIES - 1);
    end_party(&party);
}

/* Processes that have used it and end as they should do not break it. */
static void test_members_end(void)
{
    struct party party = {.barrier = new_barrier(2)};
    for (int i = 0; i < 20; i++) {
        tri_process *process = start(wait_once, &party, sizeof party);
        CHECK(tri_barrier_wait(party.barrier, -1) >= 0 && end(process) == 0);
        CHECK(tri_barrier_broken(party.barrier) == 0);
    }
    CHECK(tri_barrier_free(party.barrier) == 0);
}

/* ---- Actions ------------------------------------------------------------------------ */

struct action {
    _Atomic int *calls;
    int fails_at;
};

static int act(const void *argument)
{
    const struct action *action = argument;
    int call = atomic_fetch_add(action->calls, 1) + 1;
    return call == action->fails_at ? tri_fail(42, "the action's words") : 0;
}

static tri_barrier new_barrier_with(struct action action)
{
    tri_barrier barrier;
    tri_barrier_options options = {
        .action = act, .argument = &action, .argument_size = sizeof action};
    CHECK(tri_barrier_new(&barrier, PARTIES, &options) == 0);
    action = (struct action){0}; /* it has been copied */
    return barrier;
}

static int pass_with_action(const void *argument)
{
    const struct party *party = argument;
    for (int i = 0; i < party->passes; i++) {
        CHECK(tri_barrier_wait(party->barrier, -1) >= 0);
        CHECK(atomic_load(party->arrived) == i + 1);
        CHECK(tri_barrier_wait(party->second, -1) >= 0);
    }
    return 0;
}

/* It has been called once when they go on. */
static void test_action(void)
{
    struct party party = new_party();
    CHECK(tri_barrier_free(party.barrier) == 0);
    party.passes = 20;
    party.barrier = new_barrier_with((struct action){party.arrived, 0});
    have_party(pass_with_action, &party);
    CHECK(atomic_load(party.arrived) == 20);
    end_party(&party);
}

static int meet_failing_action(const void *argument)
{
    const struct party *party = argument;
    CHECK(tri_barrier_wait(party->barrier, -1) >= 0);
    CHECK_REFUSED(tri_barrier_wait(party->barrier, -1), TRI_EBROKEN);
    CHECK(says("action"));
    CHECK_REFUSED(tri_barrier_wait(party->barrier, -1), TRI_EBROKEN);
    return 0;
}

static void test_action_fails(void)
{
    struct party party = new_party();
    CHECK(tri_barrier_free(party.barrier) == 0);
    party.barrier = new_barrier_with((struct action){party.arrived, 2});
    have_party(meet_failing_action, &party);
    CHECK(atomic_load(party.arrived) == 2 && tri_barrier_broken(party.barrier) == 1);
    CHECK(tri_barrier_reset(party.barrier) == 0 && tri_barrier_broken(party.barrier) == 0);
    end_party(&party);
}

/* ---- Broken and reset --------------------------------------------------------------- */

/* One of the parties aborts it, or resets it once the others wait. */
static int spoil(const struct party *party, int (*how)(tri_barrier barrier), const char *words)
{
    if (tri_barrier_wait(party->barrier, -1) == PARTIES / 2) {
        while (tri_barrier_waiting(party->barrier) < PARTIES - 1)
            nap(0.001);
        return how(party->barrier);
    }
    CHECK_REFUSED(tri_barrier_wait(party->barrier, -1), TRI_EBROKEN);
    CHECK(says(words));
    atomic_fetch_add(party->broken, 1);
    return 0;
}

static int abort_one(const void *argument)
{
    return spoil(argument, tri_barrier_abort, "aborted");
}

static void test_abort(void)
{
    struct party party = new_party();
    have_party(abort_one, &party);
    CHECK(atomic_load(party.broken) == PARTIES - 1 && tri_barrier_broken(party.barrier) == 1);
    CHECK_REFUSED(tri_barrier_wait(party.barrier, -1), TRI_EBROKEN);
    CHECK_REFUSED(tri_barrier_wait(party.barrier, 0), TRI_EBROKEN);
    CHECK(tri_barrier_abort(party.barrier) == 0 && tri_barrier_waiting(party.barrier) == 0);
    end_party(&party);
}

static int reset_one(const void *argument)
{
    const struct party *party = argument;
    CHECK(spoil(party, tri_barrier_reset, "reset") == 0);
    CHECK(tri_barrier_wait(party->barrier, -1) >= 0);
    atomic_fetch_add(party->left, 1);
    return 0;
}

static void test_reset(void)
{
    struct party party = new_party();
    have_party(reset_one, &party);
    CHECK(atomic_load(party.broken) == PARTIES - 1 && atomic_load(party.left) == PARTIES);
    CHECK(tri_barrier_broken(party.barrier) == 0);
    end_party(&party);
}

static int abort_and_reset(const void *argument)
{
    const struct party *party = argument;
    CHECK(spoil(party, tri_barrier_abort, "aborted") == 0);
    if (tri_barrier_wait(party->second, -1) == PARTIES / 2) {
        CHECK(tri_barrier_broken(party->barrier) == 1);
        CHECK(tri_barrier_reset(party->barrier) == 0);
    }
    CHECK(tri_barrier_wait(party->second, -1) >= 0);
    CHECK(tri_barrier_wait(party->barrier, -1) >= 0);
    atomic_fetch_add(party->left, 1);
    return 0;
}

static void test_abort_and_reset(void)
{
    struct party party = new_party();
    have_party(abort_and_reset, &party);
    CHECK(atomic_load(party.broken) == PARTIES - 1 && atomic_load(party.left) == PARTIES);
    end_party(&party);
}

/* ---- Times -------------------------------------------------------------------------- */

/* The one who is late breaks it for all; the first whose time is over gets TRI_ETIMEOUT. */
static int be_late(const struct party *party, double timeout_s, double seconds)
{
    bool is_late = tri_barrier_wait(party->barrier, 20) == PARTIES / 2;
    double begin = now();
    if (is_late)
        while (tri_barrier_broken(party->barrier) == 0)
            nap(0.001);
    int code = tri_barrier_wait(party->barrier, timeout_s);
    CHECK(*tri_error_message());
    if (code == TRI_ETIMEOUT && !is_late)
        CHECK(now() - begin >= seconds);
    else
        CHECK(code == TRI_EBROKEN);
    atomic_fetch_add(code == TRI_ETIMEOUT ? party->first : party->broken, 1);
    return 0;
}

static int be_late_by_argument(const void *argument)
{
    return be_late(argument, 0.1, 0.1);
}

static int be_late_by_default(const void *argument)
{
    return be_late(argument, -1, 0.3);
}

static void check_late(const struct party *party)
{
    int first = atomic_load(party->first), broken = atomic_load(party->broken);
    CHECK(first >= 1 && first + broken == PARTIES && broken >= 1);
    CHECK(tri_barrier_broken(party->barrier) == 1);
    CHECK_REFUSED(tri_barrier_wait(party->barrier, -1), TRI_EBROKEN);
    end_party(party);
}

static void test_timeout(void)
{
    struct party party = new_party();
    have_party(be_late_by_argument, &party);
    check_late(&party);
}

static void test_default_timeout(void)
{
    struct party party = new_party();
    tri_barrier_options options = {.timeout_s = 0.3};
    CHECK(tri_barrier_free(party.barrier) == 0);
    CHECK(tri_barrier_new(&party.barrier, PARTIES, &options) == 0);
    have_party(be_late_by_default, &party);
    check_late(&party);
}

static void test_alone(void)
{
    tri_barrier barrier = new_barrier(2);
    CHECK_LATE(tri_barrier_wait(barrier, 0.02), 0.02);
    CHECK(tri_barrier_broken(barrier) == 1 && tri_barrier_waiting(barrier) == 0);
    CHECK(tri_barrier_reset(barrier) == 0 && tri_barrier_broken(barrier) == 0);
    CHECK_LATE(tri_barrier_wait(barrier, 0), 0);
    CHECK(tri_barrier_broken(barrier) == 1 && tri_barrier_free(barrier) == 0);
}

static const struct test tests[] = {
    {"in lockstep", test_lockstep, ON_PARALLEL, 1, 0, 0},
    {"a thousand passes", test_thousand, ON_PARALLEL, 1, 0, 0},
    {"each has another number", test_numbers, ON_PARALLEL, 1, 0, 0},
    {"one party", test_one_party, 0, 0, 0, 0},
    {"how many wait", test_waiting, ON_PARALLEL, 1, 0, 0},
    {"who has used it ends", test_members_end, ON_PARALLEL, 1, 0, 0},
    {"an action", test_action, ON_PARALLEL, 1, 0, 0},
    {"an action fails", test_action_fails, ON_PARALLEL, 1, 0, 0},
    {"abort", test_abort, ON_PARALLEL, 1, 0, 0},
    {"reset", test_reset, ON_PARALLEL, 1, 0, 0},
    {"abort and reset", test_abort_and_reset, ON_PARALLEL, 1, 0, 0},
    {"one is late", test_timeout, ON_PARALLEL, 1, 0, 0},
    {"one is late for the barrier's own time", test_default_timeout, ON_PARALLEL, 1, 0, 0},
    {"nobody else comes", test_alone, 0, 0, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
