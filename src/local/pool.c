/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A pool's owner: opens it, submits jobs, waits for them and frees them. See pool.h for what lies
 * in the arena, manager.c for what happens meanwhile.
 */
#include "pool.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Freeing jobs ---------------------------------------------------------------------- */

/* By a thread that was left behind, which may still be in a task of it. */
static bool is_left_behind(const struct local_pool *pool, const struct job *job)
{
    for (const struct worker *worker = pool->abandoned; worker; worker = worker->abandoned)
        if (atomic_load(&worker->job) == job)
            return true;
    return false;
}

static bool is_held(const struct local_pool *pool, const struct job *job)
{
    for (int i = 0; i < pool->pool.workers; i++)
        if (pool->slots[i] && atomic_load(&pool->slots[i]->job) == job)
            return true;
    return is_left_behind(pool, job);
}

/* Until the last task is over, and nobody is in a callback. */
static bool is_needed(const struct local_pool *pool, const struct job *job)
{
    return atomic_load(&job->phase) != JOB_DONE || atomic_load(&job->calling) ||
           is_left_behind(pool, job);
}

void tri__pool_forget_job(struct local_pool *pool, struct job *job)
{
    tri__take_from_ring(job);
    tri__add_to_ring(&pool->freed, job);
    if (!is_needed(pool, job))
        tri__job_free_data(job);
    tri__pool_sweep(pool);
}

void tri__pool_sweep(struct local_pool *pool)
{
    enum { AT_A_TIME = 4 };
    const struct job *head = tri__arena_at((uint32_t)atomic_load(&pool->head));
    for (int i = 0; i < AT_A_TIME && pool->freed.following != &pool->freed; i++) {
        struct job *job = pool->freed.following;
        bool is_over = !is_needed(pool, job);
        tri__take_from_ring(job);
        if (is_over)
            tri__job_free_data(job);
        if (is_over && job->sequence < head->sequence && !is_held(pool, job))
            tri__job_free(job);
        else
            tri__add_to_ring(&pool->freed, job);
    }
}

/* ---- Submitting ------------------------------------------------------------------------ */

static int count_spinning(const struct local_pool *pool)
{
    int count = 0;
    for (int i = 0; i < pool->spinners; i++)
        count += atomic_load(&pool->slots[i]->is_spinning);
    return count;
}

/* Tells `count` workers that there is something to do: first those who spin and so see it, then
 * those who sleep. With the mutex. */
static void tell_workers(struct local_pool *pool, size_t count)
{
    uint32_t old = atomic_load(&pool->work);
    while (!atomic_compare_exchange_weak(&pool->work, &old, (old + 2) & ~1u))
        ;
    if (!(old & 1))
        return;
    int wanted = (int)tri__smaller(count, (size_t)pool->pool.workers) - count_spinning(pool);
    if (wanted <= 0 || tri__wake(&pool->work, wanted) == wanted)
        atomic_fetch_or(&pool->work, 1); /* more may be asleep */
}

/* With the mutex. */
static void append(struct local_pool *pool, struct job *job)
{
    job->sequence = ++pool->sequence;
    atomic_store(&pool->tail->next, tri__arena_number(job));
    pool->tail = job;
    tell_workers(pool, job->chunk_count);
}

/* With the mutex. */
static int check_open(const struct local_pool *pool)
{
    if (pool->state == POOL_OPEN)
        return 0;
    if (pool->state == POOL_BROKEN)
        return tri_fail(TRI_EBROKEN, "the pool is broken: %s", pool->broken_words);
    return tri_fail(TRI_ECLOSED, "the pool is %s",
                    pool->state == POOL_CLOSED ? "closed" : "terminated");
}

/* With the mutex. */
static int accept_job(struct local_pool *pool, struct job *job)
{
    int code = check_open(pool);
    if (code != 0)
        return code;
    tri__pool_sweep(pool);
    tri__add_to_ring(&pool->jobs, job);
    if (job->chunk_count > 0)
        append(pool, job);
    if (pool->workers == NULL)
        atomic_fetch_add(&pool->live, 1);
    return 0;
}

/* Without the mutex, so that the pool can be terminated meanwhile. */
static void run_here(struct local_pool *pool)
{
    pthread_mutex_lock(&pool->turn);
    tri__pool_run(pool->slots[0]);
    pthread_mutex_unlock(&pool->turn);
    tri__pool_lock(pool);
    if (pool->has_aborted)
        tri__pool_settle_aborted(pool);
    tri__pool_unlock(pool);
    atomic_fetch_sub(&pool->live, 1);
    tri__wake_all(&pool->live);
}

static int submit(tri_pool *base, const struct tri__job_call *call, tri_future **future)
{
    struct local_pool *pool = tri__local_pool(base);
    tri__pool_lock(pool);
    int code = check_open(pool);
    tri__pool_unlock(pool);
    if (code != 0)
        return code;
    struct job *job = tri__job_new(pool, call);
    if (job == NULL)
        return TRI_ENOMEM;
    if (call->count == 0)
        atomic_store(&job->phase, JOB_DONE);
    tri__pool_lock(pool);
    code = accept_job(pool, job);
    bool has_limits = pool->has_limits;
    tri__pool_unlock(pool);
    if (code != 0) {
        tri__job_free(job);
        return code;
    }
    *future = &job->future;
    if (pool->workers == NULL)
        run_here(pool);
    else if (has_limits)
        tri__ends_nudge(pool->nudges);
    return 0;
}

/* ---- The end of a pool ----------------------------------------------------------------- */

static void tell_all_workers(struct local_pool *pool)
{
    atomic_fetch_add(&pool->work, 2);
    tri__wake_all(&pool->work);
}

static int pool_close(tri_pool *base)
{
    struct local_pool *pool = tri__local_pool(base);
    tri__pool_lock(pool);
    if (pool->state == POOL_OPEN) {
        pool->state = POOL_CLOSED;
        atomic_store(&pool->is_closing, 1);
        tell_all_workers(pool);
    }
    tri__pool_unlock(pool);
    return 0;
}

void tri__pool_abort(struct local_pool *pool, enum pool_state state, int code, const char *words)
{
    pool->state = state;
    snprintf(pool->broken_words, sizeof pool->broken_words, "%s", words);
    atomic_store(&pool->is_stopping, 1);
    atomic_store(&pool->is_closing, 1);
    for (struct job *job = pool->jobs.following; job != &pool->jobs; job = job->following)
        tri__job_abort(job, code);
    for (struct job *job = pool->freed.following; job != &pool->freed; job = job->following)
        tri__job_abort(job, code);
    if (pool->has_processes)
        pool->workers->signal(&pool->watcher, -1, SIGKILL);
    tell_all_workers(pool);
    tri__ends_nudge(pool->nudges); /* those that wait to be started never will be */
}

static int pool_terminate(tri_pool *base)
{
    struct local_pool *pool = tri__local_pool(base);
    tri__pool_lock(pool);
    if (pool->state == POOL_OPEN || pool->state == POOL_CLOSED)
        tri__pool_abort(pool, POOL_TERMINATED, TRI_ECANCELLED, "");
    tri__pool_unlock(pool);
    return 0;
}

static bool wait_for_none(_Atomic uint32_t *count, double time)
{
    for (uint32_t left; (left = atomic_load(count)) > 0;)
        if (!tri__wait_until(count, left, time))
            return false;
    return true;
}

/* Callbacks are called behind the end of the last worker too. */
static int pool_join(tri_pool *base, double timeout_s)
{
    struct local_pool *pool = tri__local_pool(base);
    double time = tri__time_after(timeout_s);
    tri__pool_lock(pool);
    bool is_open = pool->state == POOL_OPEN;
    tri__pool_unlock(pool);
    if (is_open)
        return tri_fail(TRI_ESTATE, "the pool is open: close or terminate it first");
    if (tri__manager_is_self())
        return tri_fail(TRI_ESTATE, "a callback cannot wait for a pool");
    if (!wait_for_none(&pool->live, time))
        return tri_fail(TRI_ETIMEOUT, "%u workers had not ended within %g s",
                        atomic_load(&pool->live), timeout_s);
    if (!wait_for_none(&pool->uncalled, time))
        return tri_fail(TRI_ETIMEOUT, "%u callbacks had not been called within %g s",
                        atomic_load(&pool->uncalled), timeout_s);
    return 0;
}

static void free_ring(struct job *ring)
{
    while (ring->following != ring) {
        struct job *job = ring->following;
        tri__take_from_ring(job);
        tri__job_free(job);
    }
}

static void free_memory(struct local_pool *pool)
{
    free_ring(&pool->jobs);
    free_ring(&pool->freed);
    for (int i = 0; i < pool->pool.workers; i++)
        tri__arena_free(pool->slots[i]);
    tri__arena_free((void *)pool->options.initializer_argument);
    pthread_mutex_destroy(&pool->mutex);
    pthread_mutex_destroy(&pool->turn);
    tri__arena_free(pool);
}

/* What abandoned threads may still use is left to them. */
static void pool_free(tri_pool *base)
{
    struct local_pool *pool = tri__local_pool(base);
    if (tri__manager_is_self())
        return;
    pool_terminate(base);
    pool_join(base, -1);
    if (pool->workers)
        tri__manager_remove(pool);
    if (pool->abandoned == NULL)
        free_memory(pool);
}

/* ---- Statistics ------------------------------------------------------------------------ */

static void pool_stats(const tri_pool *base, tri_pool_statistics *stats)
{
    struct local_pool *pool = tri__local_pool(base);
    tri__pool_lock(pool);
    *stats = pool->stats;
    for (int i = 0; i < base->workers; i++) {
        stats->tasks += atomic_load(&pool->slots[i]->tasks);
        stats->failed += atomic_load(&pool->slots[i]->failed);
    }
    tri__pool_unlock(pool);
}

static void pool_worker_stats(const tri_pool *base, int number, tri_worker_statistics *stats)
{
    struct local_pool *pool = tri__local_pool(base);
    tri__pool_lock(pool);
    const struct worker *worker = pool->slots[number];
    *stats = (tri_worker_statistics){worker->is_live ? atomic_load(&worker->pid) : 0,
                                     atomic_load(&worker->tasks), atomic_load(&worker->busy_s)};
    tri__pool_unlock(pool);
}

/* ---- Opening --------------------------------------------------------------------------- */

static bool is_within(const struct local_pool *inner, const struct local_pool *pool)
{
    for (int i = 0; i < POOL_DEPTH; i++)
        if (inner->within[i] == pool)
            return true;
    return inner == pool;
}

static int check(const tri_pool *base)
{
    const struct local_pool *pool = tri__local_pool(base);
    if (pool->owner != tri__process_number())
        return tri_fail(TRI_ESTATE, "the pool belongs to another process");
    for (const struct worker *worker = tri__pool_self(); worker; worker = worker->outer)
        if (is_within(worker->pool, pool))
            return tri_fail(TRI_ESTATE, "a task cannot use the pool that runs it");
    return 0;
}

static void note_outer_pools(struct local_pool *pool)
{
    const struct worker *self = tri__pool_self();
    if (self == NULL)
        return;
    pool->within[0] = self->pool;
    for (int i = 1; i < POOL_DEPTH; i++)
        pool->within[i] = self->pool->within[i - 1];
}

static const struct tri__pool_functions pool_functions = {
    check, submit, pool_close, pool_terminate, pool_join, pool_free, pool_stats, pool_worker_stats,
};

static void take_note(struct tri__watcher *watcher, const struct tri__worker_end *end)
{
    struct worker *worker = end->context;
    (void)watcher;
    worker->end = *end;
    atomic_store(&worker->has_ended, 1);
}

void tri__pool_start_worker(struct local_pool *pool, struct worker *worker)
{
    worker->is_live = true;
    worker->start_again = 0;
    worker->cause = 0;
    atomic_store(&worker->is_ready, 0);
    atomic_store(&worker->pid, 0);
    pool->stats.started++;
    int code = pool->workers->start(&pool->watcher, tri__pool_worker, worker, worker->number, 1);
    if (code == 0)
        return;
    worker->end = (struct tri__worker_end){worker->number, 0, EAGAIN, 0, worker};
    atomic_store(&worker->has_ended, 1);
    tri__manager_nudge();
}

static int copy_initializer(struct local_pool *pool, const tri_pool_options *options)
{
    pool->options = *options;
    pool->options.initializer_argument = NULL;
    if (options->initializer == NULL)
        return 0;
    void *copy = tri__arena_alloc(options->initializer_size);
    if (copy == NULL)
        return TRI_ENOMEM;
    if (options->initializer_size > 0)
        memcpy(copy, options->initializer_argument, options->initializer_size);
    pool->options.initializer_argument = copy;
    return 0;
}

static int make_slots(struct local_pool *pool)
{
    for (int i = 0; i < pool->pool.workers; i++) {
        struct worker *worker = tri__arena_alloc(sizeof *worker);
        if (worker == NULL)
            return TRI_ENOMEM;
        worker->pool = pool;
        worker->number = i;
        pool->slots[i] = worker;
    }
    return 0;
}

/* The queue begins with a job that is done. */
static int make_queue(struct local_pool *pool)
{
    struct tri__job_call nothing = {.chunk = 1};
    tri__begin_ring(&pool->jobs);
    tri__begin_ring(&pool->freed);
    struct job *first = tri__job_new(pool, &nothing);
    if (first == NULL)
        return TRI_ENOMEM;
    atomic_store(&first->phase, JOB_DONE);
    first->sequence = ++pool->sequence;
    tri__add_to_ring(&pool->freed, first);
    pool->tail = first;
    atomic_store(&pool->head, tri__arena_number(first));
    return 0;
}

/* With no worker but the caller, the initializer is run now. */
static int begin_serially(struct local_pool *pool)
{
    const tri_pool_options *options = &pool->options;
    pool->slots[0]->is_live = true;
    atomic_store(&pool->slots[0]->pid, getpid());
    tri__error_forget_code();
    int code = options->initializer ? options->initializer(options->initializer_argument) : 0;
    if (code != 0)
        tri__pool_abort(pool, POOL_BROKEN, TRI_EBROKEN, "its initializer failed");
    return 0;
}

static int begin(struct local_pool *pool)
{
    int code = tri__manager_add(pool);
    if (code != 0)
        return code;
    tri__pool_lock(pool);
    atomic_store(&pool->live, (uint32_t)pool->pool.workers);
    for (int i = 0; i < pool->pool.workers; i++)
        tri__pool_start_worker(pool, pool->slots[i]);
    tri__pool_unlock(pool);
    return 0;
}

static int check_options(const struct tri__workers *workers, const struct tri__pool_call *call)
{
    if (call->workers > INT16_MAX)
        return tri_fail(TRI_EINVAL, "a pool has at most %d workers", INT16_MAX);
    if (call->options.memory_limit > 0 && workers != &tri__forked)
        return tri_fail(TRI_ENOTSUP, "memory can be limited for processes only, not for threads");
    return 0;
}

int tri__local_pool_open(const struct tri__workers *workers, const struct tri__pool_call *call,
                         tri_pool **result)
{
    int code = check_options(workers, call);
    if (code == 0)
        code = tri__ends_need();
    if (code != 0)
        return code;
    struct local_pool *pool =
        tri__arena_alloc(sizeof *pool + (size_t)call->workers * sizeof *pool->slots);
    if (pool == NULL)
        return TRI_ENOMEM;
    int cpus = tri_cpu_count();
    pool->pool = (struct tri_pool){&pool_functions, call->workers, workers == NULL};
    pool->watcher.on_end = take_note;
    pool->workers = workers;
    pool->owner = tri__process_number();
    pthread_sigmask(SIG_SETMASK, NULL, &pool->signals);
    pool->nudges = tri__ends_nudges();
    note_outer_pools(pool);
    pool->spinners = call->workers < cpus ? call->workers : cpus - 1;
    pool->has_processes = workers == &tri__forked;
    pool->done = tri__done_word();
    pool->has_limits = call->options.time_limit_s > 0;
    pool->shortest_limit_s = call->options.time_limit_s;
    pool->stats.workers = call->workers;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_mutex_init(&pool->turn, NULL);
    code = pool->done ? copy_initializer(pool, &call->options) : TRI_ENOMEM;
    if (code == 0)
        code = make_slots(pool);
    if (code == 0)
        code = make_queue(pool);
    if (code == 0)
        code = workers ? begin(pool) : begin_serially(pool);
    if (code != 0)
        free_memory(pool);
    else
        *result = &pool->pool;
    return code;
}
