/* SPDX-License-Identifier: BSD-3-Clause
 *
 * All that keeps others out (locks of all kinds, a semaphore of 1): that it does, and in what order
 * it lets them in.
 */
#include "sharing.h"

#define GUARD(kind, make)                                                                          \
    static uint64_t new_##kind(void)                                                               \
    {                                                                                              \
        tri_##kind made;                                                                           \
        CHECK((make) == 0 && made.id != 0);                                                        \
        return made.id;                                                                            \
    }                                                                                              \
    static int acquire_##kind(uint64_t id, double timeout_s)                                       \
    {                                                                                              \
        return tri_##kind##_acquire((tri_##kind){id}, timeout_s);                                  \
    }                                                                                              \
    static int free_##kind(uint64_t id)                                                            \
    {                                                                                              \
        return tri_##kind##_free((tri_##kind){id});                                                \
    }

#define RELEASE(kind)                                                                              \
    static int release_##kind(uint64_t id)                                                         \
    {                                                                                              \
        return tri_##kind##_release((tri_##kind){id});                                             \
    }

GUARD(lock, tri_lock_new(&made))
GUARD(rlock, tri_rlock_new(&made))
GUARD(condition, tri_condition_new(&made))
GUARD(value, tri_value_new(&made, TRI_INT32, NULL))
GUARD(array, tri_array_new(&made, TRI_INT32, 3, NULL))
GUARD(semaphore, tri_semaphore_new(&made, 1, 1))
RELEASE(lock)
RELEASE(rlock)
RELEASE(condition)
RELEASE(value)
RELEASE(array)

static int release_semaphore(uint64_t id)
{
    return tri_semaphore_release((tri_semaphore){id}, 1);
}

static const struct guard {
    uint64_t (*make)(void);
    int (*acquire)(uint64_t id, double timeout_s);
    int (*release)(uint64_t id);
    int (*free)(uint64_t id);
    bool is_recursive;
} guards[] = {{new_lock, acquire_lock, release_lock, free_lock, false},
              {new_rlock, acquire_rlock, release_rlock, free_rlock, true},
              {new_condition, acquire_condition, release_condition, free_condition, true},
              {new_value, acquire_value, release_value, free_value, true},
              {new_array, acquire_array, release_array, free_array, true},
              {new_semaphore, acquire_semaphore, release_semaphore, free_semaphore, false}};

enum { GUARDS = sizeof guards / sizeof *guards, WAITERS = 5, CROWD = 64 };

struct contest {
    const struct guard *guard;
    uint64_t id;
    int count;
    double timeout_s;
    volatile int64_t *counter;
};

static int contend(const void *argument)
{
    const struct contest *contest = argument;
    for (int i = 0; i < contest->count; i++) {
        CHECK(contest->guard->acquire(contest->id, -1) == 0);
        int64_t seen = *contest->counter;
        if (i % 50 == 0)
            sched_yield();
        *contest->counter = seen + 1;
        CHECK(contest->guard->release(contest->id) == 0);
    }
    return 0;
}

static void contend_with(const struct guard *guard, int contenders)
{
    tri_process *processes[4];
    struct contest contest = {guard, guard->make(), 3000, -1, shared(sizeof(int64_t))};
    for (int i = 0; i < contenders; i++)
        processes[i] = start(contend, &contest, sizeof contest);
    end_all(processes, contenders);
    CHECK(*contest.counter == (int64_t)contenders * contest.count);
    CHECK(guard->acquire(contest.id, 0) == 0 && guard->release(contest.id) == 0);
    CHECK(guard->free(contest.id) == 0);
    tri_shared_free((void *)contest.counter);
}

static void test_exclusion(void)
{
    for (int i = 0; i < GUARDS; i++)
        for (int contenders = 1; contenders <= 4; contenders++)
            contend_with(&guards[i], contenders);
}

struct line {
    const struct guard *guard;
    uint64_t id;
    double timeout_s;
    _Atomic int *thread; /* who is about to wait */
    _Atomic int *served, *order;
    int number;
};

static struct line new_line(const struct guard *guard)
{
    struct line line = {guard,      guard->make(),
                        -1,         shared(CROWD * sizeof(int)),
                        new_flag(), shared(CROWD * sizeof(int)),
                        0};
    CHECK(guard->acquire(line.id, -1) == 0);
    return line;
}

static int stand_in_line(const void *argument)
{
    const struct line *line = argument;
    note_waiter(&line->thread[line->number]);
    int code = line->guard->acquire(line->id, line->timeout_s);
    if (code != 0)
        return code == TRI_ETIMEOUT ? 100 : 1;
    atomic_store(&line->order[atomic_fetch_add(line->served, 1)], line->number);
    CHECK(line->guard->release(line->id) == 0);
    return 0;
}

static tri_process *join_line(struct line *line, int number, double timeout_s)
{
    line->number = number;
    line->timeout_s = timeout_s;
    tri_process *process = start(stand_in_line, line, sizeof *line);
    wait_until(&line->thread[number], 1);
    while (!is_waiting(&line->thread[number]) && tri_process_alive(process))
        nap(0.0005);
    return process;
}

static void end_line(struct line *line)
{
    CHECK(line->guard->acquire(line->id, -1) == 0 && line->guard->release(line->id) == 0);
    CHECK(line->guard->free(line->id) == 0);
    tri_shared_free(line->thread);
    tri_shared_free(line->served);
    tri_shared_free(line->order);
}

static void serve_in_order(const struct guard *guard, int waiters)
{
    tri_process *processes[CROWD];
    struct line line = new_line(guard);
    for (int i = 0; i < waiters; i++)
        processes[i] = join_line(&line, i, -1);
    CHECK(atomic_load(line.served) == 0);
    CHECK(guard->release(line.id) == 0);
    end_all(processes, waiters);
    for (int i = 0; i < waiters; i++)
        CHECK(line.order[i] == i);
    end_line(&line);
}

static void test_order(void)
{
    for (int i = 0; i < GUARDS; i++)
        serve_in_order(&guards[i], WAITERS);
}

static void test_crowd(void)
{
    serve_in_order(&guards[0], CROWD);
}

/* Every other one gives up; those behind it are served all the same. */
static void test_giving_up(void)
{
    for (int g = 0; g < GUARDS; g++) {
        tri_process *processes[WAITERS];
        struct line line = new_line(&guards[g]);
        for (int i = 0; i < WAITERS; i++)
            processes[i] = join_line(&line, i, i % 2 ? 0.05 : -1);
        for (int i = 1; i < WAITERS; i += 2)
            CHECK(end(processes[i]) == 100);
        CHECK(line.guard->release(line.id) == 0);
        for (int i = 0; i < WAITERS; i += 2)
            CHECK(end(processes[i]) == 0 && line.order[i / 2] == i);
        CHECK(atomic_load(line.served) == (WAITERS + 1) / 2);
        end_line(&line);
    }
}

/* One who takes it again and again does not keep another from it. */
static void test_greed(void)
{
    for (int i = 0; i < GUARDS; i++) {
        struct line line = new_line(&guards[i]);
        tri_process *process = join_line(&line, 0, -1);
        do {
            CHECK(guards[i].release(line.id) == 0);
            CHECK(guards[i].acquire(line.id, -1) == 0);
        } while (atomic_load(line.served) == 0);
        CHECK(guards[i].release(line.id) == 0 && end(process) == 0);
        end_line(&line);
    }
}

/* Its owner takes it once more, however long others have waited for it. */
static void test_taken_again(void)
{
    for (int i = 0; i < GUARDS; i++) {
        if (!guards[i].is_recursive)
            continue;
        struct line line = new_line(&guards[i]);
        tri_process *process = join_line(&line, 0, -1);
        do {
            CHECK(guards[i].release(line.id) == 0);
            CHECK(guards[i].acquire(line.id, -1) == 0);
            nap(0.002);
            CHECK(guards[i].acquire(line.id, 0) == 0);
            CHECK(guards[i].release(line.id) == 0);
        } while (atomic_load(line.served) == 0);
        CHECK(guards[i].release(line.id) == 0 && end(process) == 0);
        end_line(&line);
    }
}

struct holder {
    const struct guard *guard;
    uint64_t id;
    _Atomic int *state; /* 1: taken; 2: to be released */
};

static int hold(const void *argument)
{
    const struct holder *holder = argument;
    CHECK(holder->guard->acquire(holder->id, -1) == 0);
    atomic_store(holder->state, 1);
    wait_until(holder->state, 2);
    CHECK(holder->guard->release(holder->id) == 0);
    return 0;
}

static void test_timeouts(void)
{
    for (int i = 0; i < GUARDS; i++) {
        struct holder holder = {&guards[i], guards[i].make(), new_flag()};
        tri_process *process = start(hold, &holder, sizeof holder);
        wait_until(holder.state, 1);
        CHECK_LATE(guards[i].acquire(holder.id, 0), 0);
        CHECK_LATE(guards[i].acquire(holder.id, 0.03), 0.03);
        atomic_store(holder.state, 2);
        CHECK(guards[i].acquire(holder.id, 20) == 0 && end(process) == 0);
        CHECK(guards[i].release(holder.id) == 0 && guards[i].free(holder.id) == 0);
    }
}

static int take_and_end(const void *argument)
{
    const struct holder *holder = argument;
    CHECK(holder->guard->acquire(holder->id, -1) == 0);
    return 0;
}

/* Who ends without having released it leaves word; only a semaphore knows of no owner. */
static void test_ends_with_it(void)
{
    for (int i = 0; i < GUARDS - 1; i++) {
        struct holder holder = {&guards[i], guards[i].make(), NULL};
        CHECK(end(start(take_and_end, &holder, sizeof holder)) == 0);
        CHECK(guards[i].acquire(holder.id, 10) == TRI_OWNER_DIED);
        CHECK(guards[i].release(holder.id) == 0);
        CHECK(guards[i].acquire(holder.id, 0) == 0 && guards[i].release(holder.id) == 0);
        CHECK(guards[i].free(holder.id) == 0);
    }
}

static const struct test tests[] = {
    {"they keep others out", test_exclusion, ON_LOCAL, 1, 0, 0},
    {"they let others in as they came", test_order, ON_PARALLEL, 1, 0, 0},
    {"a crowd is let in as it came", test_crowd, ON_PARALLEL, 1, 0, 0},
    {"who gives up leaves the line", test_giving_up, ON_PARALLEL, 1, 0, 0},
    {"the greedy let others in", test_greed, ON_PARALLEL, 1, 0, 0},
    {"an owner takes it again", test_taken_again, ON_PARALLEL, 1, 0, 0},
    {"they are not free in time", test_timeouts, ON_PARALLEL, 1, 0, 0},
    {"a process ends and has it", test_ends_with_it, ON_PARALLEL, 1, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
