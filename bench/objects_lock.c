/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Locks, against the robust process-shared mutex of the C library; and the tutorial's bank.
 */
#include "clock.h"
#include "objects.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAIRS = 2000000, RUNS = 5, TRANSACTIONS = 10000, ROUNDS = 50 };

static const double CONTEST_S = 0.2;

/* What is acquired and released: a lock, or the mutex. */
struct contest {
    tri_lock lock;
    _Alignas(64) pthread_mutex_t mutex;
    _Alignas(64) _Atomic int is_over;
    _Atomic int64_t pairs;
};

static void lock_pair(struct contest *contest)
{
    check(tri_lock_acquire(contest->lock, -1));
    check(tri_lock_release(contest->lock));
}

static void mutex_pair(struct contest *contest)
{
    if (pthread_mutex_lock(&contest->mutex) != 0 || pthread_mutex_unlock(&contest->mutex) != 0) {
        fprintf(stderr, "objects: the mutex failed\n");
        exit(EXIT_FAILURE);
    }
}

static struct contest *contest_new(void)
{
    struct contest *contest = new_shared(sizeof *contest);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&contest->mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    check(tri_lock_new(&contest->lock));
    return contest;
}

static void contest_free(struct contest *contest)
{
    check(tri_lock_free(contest->lock));
    pthread_mutex_destroy(&contest->mutex);
    tri_shared_free(contest);
}

/* ---- One process ----------------------------------------------------------------------- */

static void lock_pairs(struct contest *contest)
{
    for (int i = 0; i < PAIRS; i++)
        lock_pair(contest);
}

static void mutex_pairs(struct contest *contest)
{
    for (int i = 0; i < PAIRS; i++)
        mutex_pair(contest);
}

/* Of one pair. */
static double alone(void (*pairs)(struct contest *))
{
    struct contest *contest = contest_new();
    double times[RUNS];
    for (int i = -1; i < RUNS; i++) {
        double start = clock_now();
        pairs(contest);
        if (i >= 0)
            times[i] = clock_now() - start;
    }
    contest_free(contest);
    return median(times, RUNS) / PAIRS;
}

double lock(void)
{
    return alone(lock_pairs);
}

double mutex(void)
{
    return alone(mutex_pairs);
}

/* ---- Two processes, and one that says when it is over ---------------------------------- */

static bool is_referee(struct crew *crew, int number, struct contest *contest)
{
    if (number < 2)
        crew_keep_cpu(number);
    crew_begin(crew, number);
    if (number < 2)
        return false;
    nap(CONTEST_S);
    atomic_store(&contest->is_over, 1);
    return true;
}

static void contend_for_lock(struct crew *crew, int number, void *shared)
{
    struct contest *contest = shared;
    int64_t pairs = 0;
    if (is_referee(crew, number, contest))
        return;
    for (; !atomic_load_explicit(&contest->is_over, memory_order_relaxed); pairs++)
        lock_pair(contest);
    atomic_fetch_add(&contest->pairs, pairs);
}

static void contend_for_mutex(struct crew *crew, int number, void *shared)
{
    struct contest *contest = shared;
    int64_t pairs = 0;
    if (is_referee(crew, number, contest))
        return;
    for (; !atomic_load_explicit(&contest->is_over, memory_order_relaxed); pairs++)
        mutex_pair(contest);
    atomic_fetch_add(&contest->pairs, pairs);
}

static double contended(crew_work *work)
{
    double times[RUNS];
    for (int i = -1; i < RUNS; i++) {
        struct contest *contest = contest_new();
        double time = crew_run(work, contest, 3);
        if (i >= 0)
            times[i] = time / (double)atomic_load(&contest->pairs);
        contest_free(contest);
    }
    return median(times, RUNS);
}

double lock_contended(void)
{
    return contended(contend_for_lock);
}

double mutex_contended(void)
{
    return contended(contend_for_mutex);
}

/* ---- The bank -------------------------------------------------------------------------- */

struct transactions {
    tri_lock lock;
    tri_value balance;
    int amount;
};

static int transact(const void *argument)
{
    const struct transactions *all = argument;
    volatile int32_t *balance = tri_value_data(all->balance);
    for (int i = 0; i < TRANSACTIONS; i++) {
        check(tri_lock_acquire(all->lock, -1));
        *balance += all->amount;
        check(tri_lock_release(all->lock));
    }
    return 0;
}

static tri_process *start(struct transactions all, int amount)
{
    static const tri_process_options options = {.backend = TRI_BACKEND_FORK};
    tri_process *process;
    all.amount = amount;
    check(tri_process_start(&process, transact, &all, sizeof all, &options));
    return process;
}

static double bank_once(struct transactions all)
{
    double begun = clock_now();
    tri_process *withdrawals = start(all, -1), *deposits = start(all, 1);
    check(tri_process_join(withdrawals, -1));
    check(tri_process_join(deposits, -1));
    double time = clock_now() - begun;
    check(tri_process_free(withdrawals));
    check(tri_process_free(deposits));
    return time;
}

double bank(void)
{
    struct transactions all;
    double times[ROUNDS];
    int32_t balance = 100;
    check(tri_lock_new(&all.lock));
    check(tri_value_new(&all.balance, TRI_INT32, &balance));
    bank_once(all);
    for (int i = 0; i < ROUNDS; i++)
        times[i] = bank_once(all);
    check(tri_value_get(all.balance, &balance));
    check(tri_value_free(all.balance));
    check(tri_lock_free(all.lock));
    if (balance != 100) {
        fprintf(stderr, "objects: the balance is %d\n", balance);
        exit(EXIT_FAILURE);
    }
    return median(times, ROUNDS);
}
