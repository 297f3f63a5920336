/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A pool on one host, as it lies in the arena: a queue of jobs, from which workers take (worker.c);
 * the owner's side, which submits and waits (pool.c); and the manager, a thread of the owner that
 * replaces workers, watches limits and calls back (manager.c).
 *
 * The queue is a list of jobs, of which `head` is the first that may have free chunks. The owner
 * appends; a worker that finds no free chunk in the head moves it on. The head itself always stays,
 * done or not. A worker writes the head's job in its `job`, looks whether it is still the head, and
 * only then touches it: so the owner may free any job that the head has passed and no worker has.
 */
#ifndef TRI__LOCAL_POOL_H
#define TRI__LOCAL_POOL_H

#include "job.h"

#include <pthread.h>
#include <signal.h>

enum pool_state { POOL_OPEN, POOL_CLOSED, POOL_TERMINATED, POOL_BROKEN };

/* So many pools around one are known: in whose tasks it was opened. */
enum { POOL_DEPTH = 8 };

struct local_pool {
    struct tri_pool pool;
    const struct local_pool *within[POOL_DEPTH]; /* only to be compared: they may be gone */
    struct tri__watcher watcher;
    const struct tri__workers *workers; /* NULL: the calling thread runs the tasks */
    tri_pool_options options;           /* its initializer_argument in the arena */
    uint64_t owner;                     /* the process's number */
    sigset_t signals;                   /* the mask of the thread that opened it, for threads */
    int nudges;                         /* the owner's */
    int spinners;                       /* workers below this number may spin */
    bool has_processes;     /* for workers: they can be killed, and have buffers of their own */
    _Atomic uint32_t *done; /* the owner's: see tri__done_tell */

    /* shared: all change often */
    _Alignas(64) _Atomic uint64_t head; /* a tag of 32 bits, the job's number in the arena in 32 */
    _Alignas(64) _Atomic uint32_t work; /* a futex: changes with each job by 2; 1: workers sleep */
    _Atomic int is_closing;             /* workers end when there is nothing left to do */
    _Atomic int is_stopping;            /* for tri_stop_requested */
    pthread_mutex_t turn; /* of the threads that run tasks, where these are the callers */

    /* the owner's, guarded by `mutex` */
    _Alignas(64) pthread_mutex_t mutex;
    enum pool_state state;
    char broken_words[512];
    struct job *tail; /* of the queue */
    struct job jobs;  /* the ring of those whose future is not freed */
    struct job freed; /* and of those whose memory is still needed */
    uint64_t sequence;
    bool has_limits;           /* a task may take too long */
    double shortest_limit_s;   /* that any task has had */
    bool has_callbacks;        /* a job may have some */
    bool has_aborted;          /* a job may be aborted and not yet done */
    _Atomic uint32_t live;     /* workers, or callers that run tasks; a futex */
    _Atomic uint32_t uncalled; /* callbacks; a futex */
    int failed_beginnings;     /* workers in a row that ended before they were ready */
    tri_pool_statistics stats;
    struct worker *abandoned; /* threads that were left behind */
    struct local_pool *next_managed;
    unsigned round;         /* in which the manager has attended to it */
    struct worker *slots[]; /* the worker of each number */
};

static inline struct local_pool *tri__local_pool(const tri_pool *pool)
{
    return (struct local_pool *)pool;
}

static inline void tri__pool_lock(struct local_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
}

static inline void tri__pool_unlock(struct local_pool *pool)
{
    pthread_mutex_unlock(&pool->mutex);
}

/* What call->options and workers say; workers is NULL for the calling thread. */
int tri__local_pool_open(const struct tri__workers *workers, const struct tri__pool_call *call,
                         tri_pool **pool);

/* ---- worker.c -------------------------------------------------------------------------- */

/* A worker's life: the context is its struct worker. */
void tri__pool_worker(void *context, int number);

/* Runs all that is in the queue, in the calling thread. */
void tri__pool_run(struct worker *worker);

/* The worker that the calling thread is, or NULL; in a new process it is none. */
struct worker *tri__pool_self(void);
void tri__pool_forget_self(void);

/* ---- pool.c, for the manager; all with the mutex --------------------------------------- */

/* Starts the worker whose slot this is. */
void tri__pool_start_worker(struct local_pool *pool, struct worker *worker);

/* Frees jobs that nobody needs any more, but for their futures those that have been forgotten. */
void tri__pool_sweep(struct local_pool *pool);
void tri__pool_forget_job(struct local_pool *pool, struct job *job);

/* All that is not done has this error, and nobody works any more. The words are for TRI_EBROKEN. */
void tri__pool_abort(struct local_pool *pool, enum pool_state state, int code, const char *words);

/* Whether a job has been submitted whose chunks are not all taken. */
bool tri__pool_has_work(const struct local_pool *pool);

/* In which the job is the ring itself, or one among others. */
static inline void tri__begin_ring(struct job *ring)
{
    ring->previous = ring->following = ring;
}

static inline void tri__add_to_ring(struct job *ring, struct job *job)
{
    job->previous = ring->previous;
    job->following = ring;
    ring->previous->following = job;
    ring->previous = job;
}

static inline void tri__take_from_ring(struct job *job)
{
    job->previous->following = job->following;
    job->following->previous = job->previous;
}

/* ---- job_new.c ------------------------------------------------------------------------- */

/* NULL, with words, when the arena is full. */
struct job *tri__job_new(struct local_pool *pool, const struct tri__job_call *call);
void tri__job_free(struct job *job);

/* Of one whose future is freed and whose tasks are over, arguments and results are needed no more.
 */
void tri__job_free_data(struct job *job);

/* ---- future.c -------------------------------------------------------------------------- */

extern const struct tri__future_functions tri__local_future_functions;

/* What is not done of the job will not be, and has this code. With the mutex. */
void tri__job_abort(struct job *job, int code);

/* Looks which aborted jobs no worker has in hand any more. With the mutex. */
void tri__pool_settle_aborted(struct local_pool *pool);

/* ---- recover.c; all with the mutex ------------------------------------------------------- */

/* A running task is condemned: its worker will do nothing after it. False when it is over. */
bool tri__condemn(struct worker *worker, uint64_t running, int cause);

/* After the end of a worker: whether it has lost a task. Leaves in its hand what the next worker of
 * that number has to go on with. */
bool tri__recover(struct local_pool *pool, struct worker *worker,
                  const struct tri__worker_end *end);

/* A thread that takes too long keeps its struct worker; another, not yet started, is to go on with
 * what it had. */
void tri__abandon(struct local_pool *pool, struct worker *worker, struct worker *next);

/* ---- manager.c ------------------------------------------------------------------------- */

struct callback {
    struct callback *next;
    tri_callback *function;
    void *data;
};

/* From now on the manager looks after the pool, until it is dismissed. */
int tri__manager_add(struct local_pool *pool);
void tri__manager_remove(struct local_pool *pool);

/* Makes it look at once. */
void tri__manager_nudge(void);

/* Whether the calling thread is the manager, in a callback. */
bool tri__manager_is_self(void);

/* Calls a done job's callbacks. With the mutex, which it gives up meanwhile. */
void tri__pool_call_back(struct local_pool *pool, struct job *job);

/* One has been called, or never will be. */
void tri__pool_count_callback(struct local_pool *pool);

/* Ends all pools of this process. */
void tri__manager_finish(void);

/* In a new process: the manager and its pools are its parent's. */
void tri__manager_forget(void);

/* ---- done.c ---------------------------------------------------------------------------- */

/* A word of each process that owns pools: changes by 2 when a job is done while someone waits for
 * any of many; 1: someone does. NULL when there is no memory. */
_Atomic uint32_t *tri__done_word(void);
void tri__done_tell(_Atomic uint32_t *done);

#endif
