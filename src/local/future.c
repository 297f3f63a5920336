/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A future is a job, as its owner sees it.
 */
#include "pool.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct job *job_of(const tri_future *future)
{
    return (struct job *)future;
}

static bool is_cancelled(const struct job *job)
{
    return atomic_load(&job->aborted) == TRI_ECANCELLED && tri__job_is_cut_short(job);
}

static enum tri__future_state state(const tri_future *future)
{
    const struct job *job = job_of(future);
    if (atomic_load(&job->phase) == JOB_DONE)
        return is_cancelled(job) ? TRI__CANCELLED : TRI__DONE;
    return tri__chunk_state(job, 0) == CHUNK_FREE ? TRI__PENDING : TRI__RUNNING;
}

static double done_time(const tri_future *future)
{
    return atomic_load(&job_of(future)->done_time);
}

static int wait_for(tri_future *future, double timeout_s)
{
    struct job *job = job_of(future);
    double time = tri__time_after(timeout_s);
    if (atomic_load(&job->phase) == JOB_DONE)
        return 0;
    if (tri__manager_is_self())
        return tri_fail(TRI_ESTATE, "a callback cannot wait for a future");
    if (job->tallies == NULL && tri__local_pool(future->pool)->spinners > 0 && timeout_s != 0)
        tri__spin_while(&job->phase, JOB_PENDING);
    uint32_t phase = JOB_PENDING;
    atomic_compare_exchange_strong(&job->phase, &phase, JOB_AWAITED);
    if (tri__wait_until(&job->phase, JOB_AWAITED, time))
        return 0;
    return tri_fail(TRI_ETIMEOUT, "the %s not done within %g s",
                    job->is_single ? "task was" : "tasks were", timeout_s);
}

/* Of tasks with errors, which a thread that was left behind may still write, there are none, nor of
 * those that have not been done. */
static void copy_results(const struct job *job, char *results)
{
    size_t size = job->result_size, count = job->future.count;
    if (atomic_load(&job->error_count) == 0 && !tri__job_is_cut_short(job)) {
        memcpy(results, job->results, count * size);
        return;
    }
    for (size_t task = 0; task < count; task++)
        if (tri__job_has_result(job, task))
            memcpy(results + task * size, job->results + task * size, size);
}

static void note_return(const tri_future *future)
{
    if (tri__local_pool(future->pool)->has_processes)
        tri__arena_note_return();
}

static int result(tri_future *future, void *results)
{
    const struct job *job = job_of(future);
    note_return(future);
    if (results && results != job->results && job->result_size > 0 && future->count > 0)
        copy_results(job, results);
    return tri__job_first_error(job);
}

static int task_result(tri_future *future, size_t task, void *result)
{
    const struct job *job = job_of(future);
    note_return(future);
    int code = tri__job_error(job, task);
    if (code == 0 && result && job->result_size > 0)
        memcpy(result, job->results + task * job->result_size, job->result_size);
    return code;
}

/* A worker writes `job` before its chunks: so one that is seen with a chunk and then with this job
 * has or had a chunk of it. */
static bool is_in_hand_of(const struct job *job, const struct worker *worker)
{
    size_t chunk = atomic_load(&worker->chunk);
    return chunk > 0 && atomic_load(&worker->job) == job && chunk <= job->chunk_count &&
           tri__chunk_state(job, chunk - 1) == worker->number + 1;
}

static bool is_in_hand(const struct local_pool *pool, const struct job *job)
{
    int worker = 0;
    while (worker < pool->pool.workers && !is_in_hand_of(job, pool->slots[worker]))
        worker++;
    return worker < pool->pool.workers;
}

static void settle_if_aborted(struct local_pool *pool, struct job *job)
{
    if (!atomic_load(&job->aborted) || atomic_load(&job->phase) == JOB_DONE)
        return;
    if (is_in_hand(pool, job))
        pool->has_aborted = true;
    else
        tri__job_announce(job);
}

void tri__pool_settle_aborted(struct local_pool *pool)
{
    pool->has_aborted = false;
    for (struct job *job = pool->jobs.following; job != &pool->jobs; job = job->following)
        settle_if_aborted(pool, job);
    for (struct job *job = pool->freed.following; job != &pool->freed; job = job->following)
        settle_if_aborted(pool, job);
}

void tri__job_abort(struct job *job, int code)
{
    int none = 0;
    if (atomic_load(&job->phase) != JOB_DONE &&
        atomic_compare_exchange_strong(&job->aborted, &none, code))
        settle_if_aborted(tri__local_pool(job->future.pool), job);
}

static int cancel(tri_future *future)
{
    struct local_pool *pool = tri__local_pool(future->pool);
    struct job *job = job_of(future);
    int code = 0;
    tri__pool_lock(pool);
    if (job->chunk_count > 0 && tri__chunk_take(job, 0, CHUNK_CANCELLED))
        tri__job_abort(job, TRI_ECANCELLED);
    if (state(future) != TRI__CANCELLED)
        code = tri_fail(TRI_ESTATE, "the future is %s",
                        state(future) == TRI__DONE ? "done" : "running");
    tri__pool_unlock(pool);
    return code;
}

/* With the mutex. */
static void kill_workers_of(struct local_pool *pool, const struct job *job)
{
    for (int i = 0; i < pool->pool.workers; i++) {
        struct worker *worker = pool->slots[i];
        uint64_t running = atomic_load(&worker->running);
        if (running != 0 && atomic_load(&worker->job) == job &&
            tri__condemn(worker, running, TRI_ECANCELLED))
            pool->workers->signal(&pool->watcher, i, SIGKILL);
    }
}

static int kill_tasks(tri_future *future)
{
    struct local_pool *pool = tri__local_pool(future->pool);
    struct job *job = job_of(future);
    int code = 0;
    tri__pool_lock(pool);
    bool is_free = job->chunk_count > 0 && tri__chunk_take(job, 0, CHUNK_CANCELLED);
    enum tri__future_state now = state(future);
    if (now == TRI__DONE) {
        code = tri_fail(TRI_ESTATE, "the future is done");
    } else if (now != TRI__CANCELLED && !is_free && !pool->has_processes) {
        code = tri_fail(TRI_ENOTSUP, "a thread cannot be killed");
    } else {
        tri__job_abort(job, TRI_ECANCELLED);
        if (pool->has_processes)
            kill_workers_of(pool, job);
    }
    tri__pool_unlock(pool);
    return code;
}

static int limit(tri_future *future, double time_limit_s)
{
    struct local_pool *pool = tri__local_pool(future->pool);
    struct job *job = job_of(future);
    tri__pool_lock(pool);
    if (future->count > 1)
        atomic_store(&job->limit_since, tri__now());
    atomic_store(&job->limit_s, time_limit_s);
    if (time_limit_s > 0 && (!pool->has_limits || time_limit_s < pool->shortest_limit_s))
        pool->shortest_limit_s = time_limit_s;
    pool->has_limits = pool->has_limits || time_limit_s > 0;
    tri__pool_unlock(pool);
    tri__ends_nudge(pool->nudges);
    return 0;
}

static int on_done(tri_future *future, tri_callback *function, void *data)
{
    struct local_pool *pool = tri__local_pool(future->pool);
    struct job *job = job_of(future);
    struct callback *callback = malloc(sizeof *callback), **last = &job->callbacks;
    if (callback == NULL)
        return tri_fail(TRI_ENOMEM, "no memory for a callback");
    *callback = (struct callback){NULL, function, data};
    tri__pool_lock(pool);
    bool is_first = job->callbacks == NULL && !atomic_load(&job->calling);
    while (*last)
        last = &(*last)->next;
    *last = callback;
    atomic_fetch_add(&pool->uncalled, 1);
    atomic_store(&job->has_callbacks, 1);
    pool->has_callbacks = true;
    if (atomic_load(&job->phase) == JOB_DONE) {
        if (is_first)
            tri__pool_call_back(pool, job);
        else
            tri__ends_nudge(pool->nudges);
    }
    tri__pool_unlock(pool);
    return 0;
}

static void drop_callbacks(struct local_pool *pool, struct job *job)
{
    while (job->callbacks) {
        struct callback *callback = job->callbacks;
        job->callbacks = callback->next;
        free(callback);
        tri__pool_count_callback(pool);
    }
}

static void forget(tri_future *future)
{
    struct local_pool *pool = tri__local_pool(future->pool);
    struct job *job = job_of(future);
    tri__pool_lock(pool);
    while (atomic_load(&job->calling) && !tri__manager_is_self()) {
        tri__pool_unlock(pool);
        tri__wait_until(&job->calling, 1, TRI__FOR_EVER);
        tri__pool_lock(pool);
    }
    if (!atomic_load(&job->calling) && job->callbacks && atomic_load(&job->phase) == JOB_DONE)
        tri__pool_call_back(pool, job); /* those that the manager has not come to */
    drop_callbacks(pool, job);          /* or whose turn has not come, as a callback frees this */
    atomic_store(&job->has_callbacks, 0);
    tri__pool_forget_job(pool, job);
    tri__pool_unlock(pool);
}

const struct tri__future_functions tri__local_future_functions = {
    state, done_time, wait_for, result, task_result, cancel, kill_tasks, limit, on_done, forget,
};
