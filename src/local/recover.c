/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a worker that has ended had in hand: its task is lost or tried again, its chunk stays
 * claimed for the worker that takes its place, and what it was about to tell is told. See job.h for
 * what can be seen of it.
 */
#include "pool.h"

bool tri__condemn(struct worker *worker, uint64_t running, int cause)
{
    if (running == CONDEMNED ||
        !atomic_compare_exchange_strong(&worker->running, &running, CONDEMNED))
        return false;
    worker->cause = cause;
    return true;
}

static void note_loss(struct job *job, size_t task, const struct worker *worker,
                      const struct tri__worker_end *end)
{
    char words[128];
    long pid = atomic_load(&worker->pid);
    if (worker->cause == TRI_ETIMEOUT)
        tri__job_note_error(job, task, TRI_ETIMEOUT, worker->number, pid,
                            "took more than its limit of %g s", atomic_load(&job->limit_s));
    else
        tri__job_note_error(job, task, TRI_ELOST, worker->number, pid, "was lost: its worker %s",
                            tri__wait_status_words(end->status, words, sizeof words));
}

/* Whether the task may be tried once more, which is noted. */
static bool may_try_again(struct local_pool *pool, struct worker *worker, struct job *job,
                          size_t task)
{
    if (worker->lost_job != job->sequence || worker->lost_task != task)
        worker->attempts = 0;
    worker->lost_job = job->sequence;
    worker->lost_task = task;
    if (worker->cause != 0 || worker->attempts == pool->options.retries)
        return false;
    worker->attempts++;
    pool->stats.retried++;
    tri__job_forget_error(job, task);
    return true;
}

/* The chunk in the worker's hand has been claimed by it. A task that had begun is lost. */
static void give_up_task(struct local_pool *pool, struct worker *worker, struct job *job,
                         const struct tri__worker_end *end)
{
    size_t task = atomic_load(&worker->task), chunk = atomic_load(&worker->chunk);
    bool had_begun = atomic_load(&worker->begun) == task + 1;
    pool->stats.lost += had_begun;
    if (had_begun && !atomic_load(&job->aborted) && !may_try_again(pool, worker, job, task)) {
        note_loss(job, task, worker, end);
        atomic_store(&worker->task, ++task);
    }
    atomic_store(&worker->begun, 0);
    if (task == tri__job_first(job, chunk))
        tri__job_finish_chunk(worker, job);
    else if (atomic_load(&job->aborted))
        tri__job_let_go(worker, job);
}

/* A worker that has no chunk may have died before it knew that its job is still there. */
static bool is_there(const struct local_pool *pool, const struct job *wanted)
{
    const struct job *job = pool->jobs.following;
    while (job != &pool->jobs && job != wanted)
        job = job->following;
    if (job != &pool->jobs)
        return true;
    job = pool->freed.following;
    while (job != &pool->freed && job != wanted)
        job = job->following;
    return job != &pool->freed;
}

/* It may have been the one that had to settle the job, or to wake those who wait for it. */
static void do_its_last_duties(struct job *job)
{
    tri__job_settle(job);
    if (atomic_load(&job->phase) == JOB_DONE)
        tri__job_wake(job);
}

bool tri__recover(struct local_pool *pool, struct worker *worker, const struct tri__worker_end *end)
{
    struct job *job = atomic_load(&worker->job);
    size_t chunk = atomic_load(&worker->chunk);
    uint64_t lost = pool->stats.lost;
    int state = chunk > 0 ? tri__chunk_state(job, chunk - 1) : CHUNK_FREE;
    if (chunk > 0 && state == CHUNK_DONE)
        tri__job_mend_tally(worker, job, chunk - 1);
    else if (chunk > 0 && state == worker->number + 1)
        give_up_task(pool, worker, job, end);
    if (state != worker->number + 1)
        atomic_store(&worker->chunk, 0);
    if (job && (chunk > 0 || is_there(pool, job)))
        do_its_last_duties(job);
    atomic_store(&worker->running, 0);
    atomic_store(&worker->is_spinning, 0);
    if (atomic_load(&worker->chunk) == 0)
        atomic_store(&worker->job, NULL);
    return pool->stats.lost != lost;
}

void tri__abandon(struct local_pool *pool, struct worker *worker, struct worker *next)
{
    next->pool = pool;
    next->number = worker->number;
    next->cause = worker->cause;
    next->initializer_code = 0;
    atomic_store(&next->pid, atomic_load(&worker->pid));
    atomic_store(&next->tasks, atomic_load(&worker->tasks));
    atomic_store(&next->failed, atomic_load(&worker->failed));
    atomic_store(&next->busy_s, atomic_load(&worker->busy_s));
    atomic_store(&next->job, atomic_load(&worker->job));
    atomic_store(&next->chunk, atomic_load(&worker->chunk));
    atomic_store(&next->task, atomic_load(&worker->task));
    atomic_store(&next->begun, atomic_load(&worker->begun));
    worker->abandoned = pool->abandoned;
    pool->abandoned = worker;
    pool->slots[worker->number] = next;
    tri__recover(pool, next, &worker->end);
}
