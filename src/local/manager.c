/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The manager: one thread of a process that owns pools. It sleeps until a worker has ended, a limit
 * may be over or a job with callbacks is done; then it attends to each pool: what a dead worker had
 * in hand is given an error or tried again, a fresh worker takes its place and goes on from there.
 */
#include "pool.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* A worker that cannot be started is tried again after a while, and this often if it is the last;
 * as is one for which there was no memory. */
static const double START_AGAIN_S = 0.05;
enum { STARTS = 20 };

/* So many workers in a row that end before they are ready break the pool. */
enum { BEGINNINGS = 10 };

static struct {
    pthread_mutex_t mutex; /* guards the rest; before a pool's */
    pthread_cond_t is_free;
    struct local_pool *pools, *attended;
    pthread_t thread;
    bool has_thread, is_ending;
    unsigned round;
} manager = {.mutex = PTHREAD_MUTEX_INITIALIZER, .is_free = PTHREAD_COND_INITIALIZER};

static _Thread_local bool is_manager;

bool tri__manager_is_self(void)
{
    return is_manager;
}

void tri__manager_nudge(void)
{
    tri__ends_nudge(tri__ends_nudges());
}

/* ---- The ends of workers --------------------------------------------------------------- */

static void TRI_PRINTF(2, 3) break_pool(struct local_pool *pool, const char *format, ...)
{
    char words[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    tri__pool_abort(pool, POOL_BROKEN, TRI_EBROKEN, words);
}

/* What it was to go on with has been aborted. Who joins the pool finds all jobs done. */
static void lose_worker(struct local_pool *pool, struct worker *worker)
{
    struct job *job = atomic_load(&worker->job);
    if (job && atomic_load(&worker->chunk) > 0)
        tri__job_let_go(worker, job);
    atomic_store(&worker->job, NULL);
    if (pool->has_aborted && atomic_load(&pool->live) == 1)
        tri__pool_settle_aborted(pool);
    worker->start_again = 0;
    atomic_fetch_sub(&pool->live, 1);
    tri__wake_all(&pool->live);
}

static bool is_over(const struct local_pool *pool)
{
    return pool->state == POOL_TERMINATED || pool->state == POOL_BROKEN;
}

static bool has_live_worker(const struct local_pool *pool)
{
    for (int i = 0; i < pool->pool.workers; i++)
        if (pool->slots[i]->is_live)
            return true;
    return false;
}

static void take_failed_start(struct local_pool *pool, struct worker *worker)
{
    if (!is_over(pool) && ++worker->failed_starts >= STARTS && !has_live_worker(pool))
        break_pool(pool, "worker %d could not be started: %s", worker->number,
                   strerror(worker->end.error));
    if (is_over(pool))
        lose_worker(pool, worker);
    else
        worker->start_again = tri__now() + START_AGAIN_S;
}

/* Before the worker was ready. */
static void take_bad_beginning(struct local_pool *pool, struct worker *worker)
{
    char words[128];
    const struct tri__worker_end *end = &worker->end;
    if (end->pid == 0)
        return; /* it was killed with the fork server */
    if (worker->initializer_code != 0)
        break_pool(pool, "the initializer of worker %d (process %d) failed with code %d%s%s",
                   worker->number, end->pid, worker->initializer_code,
                   *worker->initializer_words ? ": " : "", worker->initializer_words);
    else if (++pool->failed_beginnings >= BEGINNINGS)
        break_pool(pool, "%d workers in a row ended before they were ready: the last %s",
                   BEGINNINGS, tri__wait_status_words(end->status, words, sizeof words));
}

static void take_end(struct local_pool *pool, struct worker *worker)
{
    char words[128];
    struct tri__worker_end *end = &worker->end;
    worker->is_live = false;
    worker->has_ended = 0;
    if (end->error != 0) {
        take_failed_start(pool, worker);
        return;
    }
    worker->failed_starts = 0;
    bool has_lost = tri__recover(pool, worker, end);
    if (atomic_load(&worker->is_ready))
        pool->failed_beginnings = 0;
    else if (!is_over(pool))
        take_bad_beginning(pool, worker);
    if (pool->options.break_on_loss && !is_over(pool) && worker->cause == 0 &&
        (has_lost || end->status != 0))
        break_pool(pool, "worker %d (process %d) %s", worker->number, end->pid,
                   tri__wait_status_words(end->status, words, sizeof words));
    bool has_more = atomic_load(&worker->chunk) != 0 || tri__pool_has_work(pool);
    if (is_over(pool) || (pool->state == POOL_CLOSED && !has_more))
        lose_worker(pool, worker);
    else
        tri__pool_start_worker(pool, worker);
}

static bool has_free_chunk(const struct job *job)
{
    size_t chunk = atomic_load(&job->aborted) ? job->chunk_count : atomic_load(&job->hint);
    while (chunk < job->chunk_count && tri__chunk_state(job, chunk) != CHUNK_FREE)
        chunk++;
    return chunk < job->chunk_count;
}

bool tri__pool_has_work(const struct local_pool *pool)
{
    const struct job *job = tri__arena_at((uint32_t)atomic_load(&pool->head));
    for (; job; job = tri__arena_at(atomic_load(&job->next)))
        if (has_free_chunk(job))
            return true;
    return false;
}

static void take_abandoned_ends(struct local_pool *pool)
{
    for (struct worker **link = &pool->abandoned; *link;) {
        struct worker *worker = *link;
        if (atomic_load(&worker->has_ended)) {
            *link = worker->abandoned;
            tri__arena_free(worker);
        } else {
            link = &worker->abandoned;
        }
    }
}

/* ---- Limits ---------------------------------------------------------------------------- */

static void replace(struct local_pool *pool, struct worker *worker, struct worker *next)
{
    tri__abandon(pool, worker, next);
    if (is_over(pool))
        lose_worker(pool, next);
    else
        tri__pool_start_worker(pool, next);
}

/* False when there is no memory for a worker in place of the thread: it is as it was. */
static bool end_task(struct local_pool *pool, struct worker *worker, uint64_t running)
{
    if (pool->has_processes) {
        if (tri__condemn(worker, running, TRI_ETIMEOUT))
            pool->workers->signal(&pool->watcher, worker->number, SIGKILL);
        return true;
    }
    struct worker *next = tri__arena_alloc(sizeof *next);
    if (next == NULL)
        return false;
    if (tri__condemn(worker, running, TRI_ETIMEOUT))
        replace(pool, worker, next);
    else
        tri__arena_free(next);
    return true;
}

/* When to look again. */
static double watch_limits(struct local_pool *pool)
{
    double now = tri__now(), next = TRI__FOR_EVER;
    bool is_busy = tri__pool_has_work(pool); /* before the workers' chunks are looked at */
    for (int i = 0; i < pool->pool.workers; i++) {
        struct worker *worker = pool->slots[i];
        uint64_t running = atomic_load(&worker->running);
        const struct job *job = atomic_load(&worker->job);
        is_busy = is_busy || atomic_load(&worker->chunk) != 0;
        if (running == 0 || running == CONDEMNED || job == NULL)
            continue;
        double limit_s = atomic_load(&job->limit_s);
        double begin = fmax(atomic_load(&worker->started), atomic_load(&job->limit_since));
        double time = begin + limit_s;
        if (limit_s > 0 && time > now)
            next = fmin(next, time);
        else if (limit_s > 0 && !end_task(pool, worker, running))
            next = fmin(next, now + START_AGAIN_S);
    }
    return is_busy ? fmin(next, now + pool->shortest_limit_s) : next;
}

/* ---- Callbacks ------------------------------------------------------------------------- */

void tri__pool_count_callback(struct local_pool *pool)
{
    if (atomic_fetch_sub(&pool->uncalled, 1) == 1)
        tri__wake_all(&pool->uncalled);
}

void tri__pool_call_back(struct local_pool *pool, struct job *job)
{
    bool was_manager = is_manager;
    atomic_store(&job->calling, 1);
    while (job->callbacks) {
        struct callback *callback = job->callbacks;
        job->callbacks = callback->next;
        tri__pool_unlock(pool);
        is_manager = true; /* what a callback may not do is the same everywhere */
        callback->function(&job->future, callback->data);
        is_manager = was_manager;
        free(callback);
        tri__pool_lock(pool);
        tri__pool_count_callback(pool);
    }
    atomic_store(&job->has_callbacks, 0);
    atomic_store(&job->calling, 0);
    tri__wake_all(&job->calling);
}

/* All at once: they are not freed while they are called. */
static void call_all_back(struct local_pool *pool)
{
    struct job *first = NULL, **last = &first;
    pool->has_callbacks = false;
    for (struct job *job = pool->jobs.following; job != &pool->jobs; job = job->following) {
        bool is_done = atomic_load(&job->phase) == JOB_DONE;
        if (job->callbacks == NULL)
            continue;
        if (!is_done || atomic_load(&job->calling)) {
            pool->has_callbacks = true;
            continue;
        }
        atomic_store(&job->calling, 1);
        job->next_called = NULL;
        *last = job;
        last = &job->next_called;
    }
    for (struct job *job = first, *next; job; job = next) {
        next = job->next_called;
        tri__pool_call_back(pool, job);
    }
}

/* ---- The thread ------------------------------------------------------------------------ */

/* Returns when to attend again. */
static double attend(struct local_pool *pool)
{
    double next = TRI__FOR_EVER;
    tri__pool_lock(pool);
    for (int i = 0; i < pool->pool.workers; i++) {
        struct worker *worker = pool->slots[i];
        if (atomic_load(&worker->has_ended))
            take_end(pool, worker);
        if (worker->start_again > 0 && is_over(pool))
            lose_worker(pool, worker);
        else if (worker->start_again > 0 && tri__now() >= worker->start_again)
            tri__pool_start_worker(pool, worker);
        if (worker->start_again > 0)
            next = fmin(next, worker->start_again);
    }
    take_abandoned_ends(pool);
    if (pool->has_limits)
        next = fmin(next, watch_limits(pool));
    if (pool->has_aborted)
        tri__pool_settle_aborted(pool);
    if (pool->has_callbacks)
        call_all_back(pool);
    tri__pool_sweep(pool);
    tri__pool_unlock(pool);
    return next;
}

static struct local_pool *next_of_round(void)
{
    struct local_pool *pool = manager.pools;
    while (pool && pool->round == manager.round)
        pool = pool->next_managed;
    return pool;
}

static double attend_to_all(void)
{
    double next = TRI__FOR_EVER;
    struct local_pool *pool;
    pthread_mutex_lock(&manager.mutex);
    manager.round++;
    while ((pool = next_of_round()) != NULL) {
        pool->round = manager.round;
        manager.attended = pool;
        pthread_mutex_unlock(&manager.mutex);
        next = fmin(next, attend(pool));
        pthread_mutex_lock(&manager.mutex);
        manager.attended = NULL;
        pthread_cond_broadcast(&manager.is_free);
    }
    pthread_mutex_unlock(&manager.mutex);
    return next;
}

static bool is_news(void *seen)
{
    return tri__ends_news() != *(unsigned *)seen;
}

/* What is done when the program ends is called back still. */
static void *run(void *nothing)
{
    unsigned seen = 0;
    double next = 0;
    is_manager = true;
    for (;;) {
        tri__ends_wait(is_news, &seen, next);
        tri__ends_lock();
        seen = tri__ends_news();
        tri__ends_unlock();
        pthread_mutex_lock(&manager.mutex);
        bool is_ending = manager.is_ending;
        pthread_mutex_unlock(&manager.mutex);
        next = attend_to_all();
        if (is_ending)
            return nothing;
    }
}

/* With the mutex. No signal of the program's is handled in this thread. */
static int start_thread(void)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int error = pthread_create(&manager.thread, NULL, run, NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (error != 0)
        return tri_fail(TRI_ESYS, "cannot start the manager's thread: %s", strerror(error));
    manager.has_thread = true;
    return 0;
}

void tri__manager_forget(void)
{
    manager.has_thread = is_manager = false;
    pthread_mutex_init(&manager.mutex, NULL);
    pthread_cond_init(&manager.is_free, NULL);
    manager.pools = manager.attended = NULL;
    manager.is_ending = false;
}

int tri__manager_add(struct local_pool *pool)
{
    pthread_mutex_lock(&manager.mutex);
    int code = manager.has_thread ? 0 : start_thread();
    if (code == 0) {
        pool->next_managed = manager.pools;
        manager.pools = pool;
    }
    pthread_mutex_unlock(&manager.mutex);
    return code;
}

void tri__manager_remove(struct local_pool *pool)
{
    pthread_mutex_lock(&manager.mutex);
    struct local_pool **link = &manager.pools;
    while (*link && *link != pool)
        link = &(*link)->next_managed;
    if (*link)
        *link = pool->next_managed;
    while (manager.attended == pool)
        pthread_cond_wait(&manager.is_free, &manager.mutex);
    pthread_mutex_unlock(&manager.mutex);
}

void tri__manager_finish(void)
{
    if (!manager.has_thread || is_manager)
        return;
    pthread_mutex_lock(&manager.mutex);
    for (struct local_pool *pool = manager.pools; pool; pool = pool->next_managed)
        pool->pool.functions->terminate(&pool->pool);
    manager.is_ending = true;
    pthread_mutex_unlock(&manager.mutex);
    tri__manager_nudge();
    pthread_join(manager.thread, NULL);
    manager.has_thread = manager.is_ending = false;
    manager.pools = NULL;
}
