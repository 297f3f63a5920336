/* SPDX-License-Identifier: BSD-3-Clause
 *
 * All that waits: it waits as long as it is told to and no less, whatever signals come, uses no CPU
 * meanwhile, and is told when what it waits for is freed.
 */
#include "sharing.h"

#include <signal.h>
#include <sys/syscall.h>

/* ---- What there is to wait for ------------------------------------------------------ */

struct ids {
    uint64_t id, other;
};

/* Waits for `what` of a handle that is called `waited`. */
#define WAIT(name, kind, what)                                                                     \
    static int wait_##name(uint64_t id, double timeout_s)                                          \
    {                                                                                              \
        tri_##kind waited = {id};                                                                  \
        return what;                                                                               \
    }

/* Makes a handle that is called `made`, and frees it. */
#define OBJECT(name, kind, is_made)                                                                \
    static struct ids make_##name(void)                                                            \
    {                                                                                              \
        tri_##kind made;                                                                           \
        CHECK(is_made);                                                                            \
        return (struct ids){made.id, 0};                                                           \
    }
#define FREE(kind)                                                                                 \
    static int free_##kind(const struct ids *ids)                                                  \
    {                                                                                              \
        return tri_##kind##_free((tri_##kind){ids->id});                                           \
    }

OBJECT(lock, lock, tri_lock_new(&made) == 0 && tri_lock_acquire(made, -1) == 0)
WAIT(lock, lock, tri_lock_acquire(waited, timeout_s))
FREE(lock)

OBJECT(rlock, rlock, tri_rlock_new(&made) == 0 && tri_rlock_acquire(made, -1) == 0)
WAIT(rlock, rlock, tri_rlock_acquire(waited, timeout_s))
FREE(rlock)

OBJECT(semaphore, semaphore, tri_semaphore_new(&made, 0, 0) == 0)
WAIT(semaphore, semaphore, tri_semaphore_acquire(waited, timeout_s))
FREE(semaphore)

OBJECT(event, event, tri_event_new(&made) == 0)
WAIT(event, event, tri_event_wait(waited, timeout_s))
FREE(event)

OBJECT(barrier, barrier, tri_barrier_new(&made, 2, NULL) == 0)
WAIT(barrier, barrier, tri_barrier_wait(waited, timeout_s))
FREE(barrier)

OBJECT(value, value, tri_value_new(&made, TRI_INT32, NULL) == 0 && tri_value_acquire(made, -1) == 0)
WAIT(value, value, tri_value_acquire(waited, timeout_s))
FREE(value)

OBJECT(array, array,
       tri_array_new(&made, TRI_INT32, 5, NULL) == 0 && tri_array_acquire(made, -1) == 0)
WAIT(array, array, tri_array_acquire(waited, timeout_s))
FREE(array)

static char bytes[100000];

OBJECT(queue, queue, tri_queue_new(&made, NULL) == 0)
OBJECT(full_queue, queue,
       tri_queue_new(&made, &(tri_queue_options){.messages = 1}) == 0 &&
           tri_queue_put(made, "x", 1, -1) == 0)
WAIT(get, queue, tri_queue_get(waited, bytes, 1, NULL, timeout_s))
WAIT(put, queue, tri_queue_put(waited, "y", 1, timeout_s))
WAIT(join, queue, tri_queue_join(waited, timeout_s))
FREE(queue)

OBJECT(condition, condition, tri_condition_new(&made) == 0)
OBJECT(taken_condition, condition,
       tri_condition_new(&made) == 0 && tri_condition_acquire(made, -1) == 0)
WAIT(condition_lock, condition, tri_condition_acquire(waited, timeout_s))
FREE(condition)

static int is_never_true(void *data)
{
    (void)data;
    return 0;
}

/* It has the lock again when the time is over, and only then. */
static int release_again(tri_condition condition, int code)
{
    if (code == TRI_ETIMEOUT)
        CHECK(tri_condition_release(condition) == 0 && tri_fail(code, "as it was") == code);
    return code;
}

static int wait_condition(uint64_t id, double timeout_s)
{
    tri_condition condition = {id};
    CHECK(tri_condition_acquire(condition, -1) == 0);
    return release_again(condition, tri_condition_wait(condition, timeout_s));
}

static int wait_for_truth(uint64_t id, double timeout_s)
{
    tri_condition condition = {id};
    CHECK(tri_condition_acquire(condition, -1) == 0);
    return release_again(condition,
                         tri_condition_wait_for(condition, is_never_true, NULL, timeout_s));
}

WAIT(recv, pipe, tri_pipe_recv(waited, bytes, 1, NULL, timeout_s))
WAIT(poll, pipe, tri_pipe_poll(waited, timeout_s))
WAIT(send, pipe, tri_pipe_send(waited, bytes, sizeof bytes, timeout_s))

static struct ids make_pipe(void)
{
    tri_pipe ends[2];
    CHECK(tri_pipe_new(ends) == 0);
    return (struct ids){ends[0].id, ends[1].id};
}

static struct ids make_full_pipe(void)
{
    struct ids ids = make_pipe();
    while (wait_send(ids.id, 0) == 0)
        ;
    return ids;
}

static int free_pipe(const struct ids *ids)
{
    int code = tri_pipe_close((tri_pipe){ids->id});
    return code ? code : tri_pipe_close((tri_pipe){ids->other});
}

static const struct wait {
    struct ids (*make)(void);
    int (*wait)(uint64_t id, double timeout_s); /* for what will not come; in another process */
    int (*free)(const struct ids *ids);
} waits[] = {{make_lock, wait_lock, free_lock},
             {make_rlock, wait_rlock, free_rlock},
             {make_semaphore, wait_semaphore, free_semaphore},
             {make_event, wait_event, free_event},
             {make_condition, wait_condition, free_condition},
             {make_condition, wait_for_truth, free_condition},
             {make_taken_condition, wait_condition_lock, free_condition},
             {make_barrier, wait_barrier, free_barrier},
             {make_queue, wait_get, free_queue},
             {make_full_queue, wait_put, free_queue},
             {make_full_queue, wait_join, free_queue},
             {make_pipe, wait_recv, free_pipe},
             {make_pipe, wait_poll, free_pipe},
             {make_full_pipe, wait_send, free_pipe},
             {make_value, wait_value, free_value},
             {make_array, wait_array, free_array}};

enum { WAITS = sizeof waits / sizeof *waits };

/* ---- Who waits ---------------------------------------------------------------------- */

struct waiter {
    const struct wait *wait;
    struct ids ids;
    double timeout_s;
    _Atomic int *thread, *done;
    int is_told;         /* that what it waits for is freed */
    _Atomic int *target; /* the thread that gets signals */
};

static double cpu_time(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int wait_there(const void *argument)
{
    const struct waiter *waiter = argument;
    double cpu = cpu_time();
    note_waiter(waiter->thread);
    if (waiter->is_told)
        CHECK_REFUSED(waiter->wait->wait(waiter->ids.id, waiter->timeout_s), TRI_ECLOSED);
    else
        CHECK_LATE(waiter->wait->wait(waiter->ids.id, waiter->timeout_s), waiter->timeout_s);
    CHECK(cpu_time() - cpu < 0.1);
    atomic_store(waiter->done, 1);
    return 0;
}

/* One for each wait, with objects of their own. */
static void start_all(struct waiter *waiters, tri_process **processes, double timeout_s,
                      int is_told)
{
    for (int i = 0; i < WAITS; i++) {
        waiters[i] = (struct waiter){&waits[i],  waits[i].make(), timeout_s, new_flag(),
                                     new_flag(), is_told,         NULL};
        processes[i] = start(wait_there, &waiters[i], sizeof waiters[i]);
    }
}

static void test_times(void)
{
    static const double times[] = {0, 0.01, 0.1};
    struct waiter waiters[WAITS];
    tri_process *processes[WAITS];
    for (int t = 0; t < 3; t++) {
        start_all(waiters, processes, times[t], 0);
        end_all(processes, WAITS);
        for (int i = 0; i < WAITS; i++)
            CHECK(waits[i].free(&waiters[i].ids) == 0);
    }
}

static void test_cpu(void)
{
    struct waiter waiters[WAITS];
    tri_process *processes[WAITS];
    start_all(waiters, processes, 0.5, 0);
    end_all(processes, WAITS);
}

static void test_freed(void)
{
    struct waiter waiters[WAITS];
    tri_process *processes[WAITS];
    start_all(waiters, processes, -1, 1);
    for (int i = 0; i < WAITS; i++) {
        wait_until_waiting(waiters[i].thread);
        CHECK(atomic_load(waiters[i].done) == 0);
        CHECK(waits[i].free(&waiters[i].ids) == 0);
        CHECK(end(processes[i]) == 0);
    }
}

/* Several wait for the same, and one of the others frees it. */
static int free_there(const void *argument)
{
    const struct waiter *waiter = argument;
    return waiter->wait->free(&waiter->ids);
}

static void test_freed_by_another(void)
{
    enum { WAITERS = 4 };
    for (int w = 0; w < WAITS; w++) {
        tri_process *processes[WAITERS];
        struct waiter waiter = {&waits[w], waits[w].make(), -1, NULL, new_flag(), 1, NULL};
        if (waits[w].make == make_barrier) /* a second one would go on */
            continue;
        for (int i = 0; i < WAITERS; i++) {
            waiter.thread = new_flag();
            processes[i] = start(wait_there, &waiter, sizeof waiter);
            wait_until_waiting(waiter.thread);
        }
        CHECK(end(start(free_there, &waiter, sizeof waiter)) == 0);
        end_all(processes, WAITERS);
    }
}

/* ---- Signals ------------------------------------------------------------------------ */

static _Thread_local volatile sig_atomic_t signals;

static void count_signal(int number)
{
    (void)number;
    signals++;
}

static int wait_with_signals(const void *argument)
{
    const struct waiter *waiter = argument;
    struct sigaction action = {.sa_handler = count_signal};
    sigaction(SIGUSR1, &action, NULL);
    atomic_store(waiter->target, gettid());
    CHECK(wait_there(argument) == 0);
    return signals > 0 ? 0 : 1;
}

/* They are handled while it waits, and do not end the wait. */
static void test_signals(void)
{
    struct waiter waiters[WAITS];
    tri_process *processes[WAITS];
    for (int i = 0; i < WAITS; i++) {
        waiters[i] =
            (struct waiter){&waits[i], waits[i].make(), 0.5, new_flag(), new_flag(), 0, new_flag()};
        processes[i] = start(wait_with_signals, &waiters[i], sizeof waiters[i]);
        wait_until(waiters[i].target, 1);
    }
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < WAITS; i++)
            if (atomic_load(waiters[i].done) == 0)
                syscall(SYS_tgkill, tri_process_id(processes[i]), *waiters[i].target, SIGUSR1);
        nap(0.003);
    }
    end_all(processes, WAITS);
}

static const struct test tests[] = {
    {"times are waited for", test_times, ON_PARALLEL, 1, 0, 0},
    {"who waits uses no CPU", test_cpu, ON_PARALLEL, 1, 0, 0},
    {"what is waited for is freed", test_freed, ON_PARALLEL, 1, 0, 0},
    {"several wait for what is freed", test_freed_by_another, ON_PARALLEL, 1, 0, 0},
    {"signals do not end a wait", test_signals, ON_PARALLEL, 1, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
