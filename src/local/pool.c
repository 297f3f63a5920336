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

static struct local_pool *local(const tri_pool *pool)
{
    return (struct local_pool *)pool;
}

static struct job *job_of(const tri_future *future)
{
    return (struct job *)future;
}

static void lock(struct local_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
}

static void unlock(struct local_pool *pool)
{
    pthread_mutex_unlock(&pool->mutex);
}

/* ---- Lists ----------------------------------------------------------------------------- */

static void begin_ring(struct job *ring)
{
    ring->previous = ring->following = ring;
}

static void add_to_ring(struct job *ring, struct job *job)
{
    job->previous = ring->previous;
    job->following = ring;
    ring->previous->following = job;
    ring->previous = job;
}

static void take_from_ring(struct job *job)
{
    job->previous->following = job->following;
    job->following->previous = job->previous;
}

/* ---- Making jobs ----------------------------------------------------------------------- */

/* Chunks that get smaller towards the end, so that all workers end at about the same time. Returns
 * how many there are; fills in where they start, and the end, if starts is not NULL. (C.
 * Polychronopoulos and D. Kuck, "Guided Self-Scheduling", 1987) */
static size_t guided_chunks(size_t count, size_t workers, size_t *starts)
{
    size_t chunks = 0;
    for (size_t task = 0; task < count; chunks++) {
        size_t size = (count - task) / (3 * workers);
        if (starts)
            starts[chunks] = task;
        task += size > 0 ? size : 1;
    }
    if (starts)
        starts[chunks] = count;
    return chunks;
}

/* Where the parts of a job lie, in bytes from its beginning. */
struct layout {
    size_t chunks, starts, states, tallies, notes /* all but the following */;
    size_t arguments, results, size;
    bool owns_arguments, owns_results, is_wide;
};

static size_t place(size_t *size, size_t part)
{
    size_t at = (*size + 63) & ~(size_t)63;
    *size = at + part;
    return at;
}

static struct layout lay_out(const struct local_pool *pool, const struct tri__job_call *call)
{
    size_t workers = (size_t)pool->pool.workers;
    struct layout lay = {.size = sizeof(struct job)};
    bool waits = call->results != NULL && !pool->flushes && pool->options.time_limit_s == 0;
    lay.owns_arguments = !waits && !tri__arena_has(call->arguments);
    lay.owns_results = !waits && !tri__arena_has(call->results);
    lay.is_wide = workers > NARROW_WORKERS;
    lay.chunks = call->chunk > 0 ? (call->count - 1) / call->chunk + 1
                                 : guided_chunks(call->count, workers, NULL);
    if (call->count == 0)
        lay.chunks = 0;
    if (call->chunk == 0)
        lay.starts = place(&lay.size, (lay.chunks + 1) * sizeof(size_t));
    lay.states = place(&lay.size, lay.chunks << lay.is_wide);
    if (lay.chunks > 1)
        lay.tallies = place(&lay.size, workers * sizeof(struct tally));
    lay.notes = lay.size;
    if (lay.owns_arguments)
        lay.arguments = place(&lay.size, call->count * call->argument_size);
    if (lay.owns_results)
        lay.results = place(&lay.size, call->count * call->result_size);
    return lay;
}

static const struct tri__future_functions future_functions;

static struct job *new_job(struct local_pool *pool, const struct tri__job_call *call)
{
    struct layout lay = lay_out(pool, call);
    bool is_zero;
    struct job *job = tri__arena_take(lay.size, &is_zero);
    char *memory = (char *)job;
    if (job == NULL)
        return NULL;
    if (!is_zero)
        memset(job, 0, lay.notes);
    job->future = (struct tri_future){&future_functions, &pool->pool, call->count};
    job->task = call->task;
    job->argument_size = call->argument_size;
    job->result_size = call->result_size;
    job->is_single = call->is_single;
    job->is_part = call->is_part;
    job->first = call->first;
    job->is_wide = lay.is_wide;
    job->clears_results = !lay.owns_results || !is_zero;
    job->chunk_count = lay.chunks;
    job->chunk_size = call->chunk;
    job->arguments = lay.owns_arguments ? memory + lay.arguments : call->arguments;
    job->results = lay.owns_results ? memory + lay.results : call->results;
    job->states = memory + lay.states;
    job->tallies = lay.tallies ? (struct tally *)(memory + lay.tallies) : NULL;
    job->limit_s = pool->options.time_limit_s;
    if (lay.starts) {
        size_t *starts = (size_t *)(memory + lay.starts);
        guided_chunks(call->count, (size_t)pool->pool.workers, starts);
        job->chunk_starts = starts;
    }
    if (lay.owns_arguments && call->count * call->argument_size > 0)
        memcpy(memory + lay.arguments, call->arguments, call->count * call->argument_size);
    return job;
}

static void free_job(struct job *job)
{
    for (struct task_error *error = job->errors, *next; error; error = next) {
        next = error->next;
        tri__arena_free(error);
    }
    for (struct callback *callback = job->callbacks, *next; callback; callback = next) {
        next = callback->next;
        free(callback);
    }
    tri__arena_free(job->codes);
    tri__arena_free(job);
}

/* ---- Freeing jobs ---------------------------------------------------------------------- */

static bool is_held(const struct local_pool *pool, const struct job *job)
{
    for (int i = 0; i < pool->pool.workers; i++)
        if (pool->slots[i] && atomic_load(&pool->slots[i]->job) == job)
            return true;
    for (const struct worker *worker = pool->abandoned; worker; worker = worker->abandoned)
        if (atomic_load(&worker->job) == job)
            return true;
    return false;
}

void tri__pool_sweep(struct local_pool *pool)
{
    enum { AT_A_TIME = 4 };
    const struct job *head = tri__arena_at((uint32_t)atomic_load(&pool->head));
    for (int i = 0; i < AT_A_TIME && pool->freed.following != &pool->freed; i++) {
        struct job *job = pool->freed.following;
        take_from_ring(job);
        if (atomic_load(&job->phase) == JOB_DONE && job->sequence < head->sequence &&
            !is_held(pool, job))
            free_job(job);
        else
            add_to_ring(&pool->freed, job);
    }
}

static void future_free(tri_future *future)
{
    struct local_pool *pool = local(future->pool);
    struct job *job = job_of(future);
    if (!tri__manager_is_self())
        while (atomic_load(&job->calling))
            tri__wait_until(&job->calling, 1, TRI__FOR_EVER);
    lock(pool);
    atomic_store(&job->has_callbacks, 0);
    job->is_freed = true;
    take_from_ring(job);
    add_to_ring(&pool->freed, job);
    tri__pool_sweep(pool);
    unlock(pool);
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

static int submit(tri_pool *base, const struct tri__job_call *call, tri_future **future)
{
    struct local_pool *pool = local(base);
    lock(pool);
    int code = check_open(pool);
    unlock(pool);
    if (code != 0)
        return code;
    struct job *job = new_job(pool, call);
    if (job == NULL)
        return TRI_ENOMEM;
    if (call->count == 0)
        atomic_store(&job->phase, JOB_DONE);
    lock(pool);
    code = check_open(pool);
    if (code == 0) {
        tri__pool_sweep(pool);
        add_to_ring(&pool->jobs, job);
        if (call->count > 0)
            append(pool, job);
        if (pool->workers == NULL)
            tri__pool_run(pool->slots[0]);
    }
    bool has_limits = pool->has_limits;
    unlock(pool);
    if (code != 0) {
        free_job(job);
        return code;
    }
    if (has_limits)
        tri__ends_nudge(pool->nudges);
    *future = &job->future;
    return 0;
}

/* ---- Futures --------------------------------------------------------------------------- */

static enum tri__future_state future_state(const tri_future *future)
{
    const struct job *job = job_of(future);
    if (atomic_load(&job->phase) == JOB_DONE)
        return atomic_load(&job->aborted) == TRI_ECANCELLED ? TRI__CANCELLED : TRI__DONE;
    return tri__chunk_state(job, 0) == CHUNK_FREE ? TRI__PENDING : TRI__RUNNING;
}

static double future_done_time(const tri_future *future)
{
    return atomic_load(&job_of(future)->done_time);
}

static int future_wait(tri_future *future, double timeout_s)
{
    struct job *job = job_of(future);
    double time = tri__time_after(timeout_s);
    if (atomic_load(&job->phase) == JOB_DONE)
        return 0;
    if (tri__manager_is_self())
        return tri_fail(TRI_ESTATE, "a callback cannot wait for a future");
    if (job->tallies == NULL && local(future->pool)->spinners > 0 && timeout_s != 0)
        tri__spin_while(&job->phase, JOB_PENDING);
    uint32_t phase = JOB_PENDING;
    atomic_compare_exchange_strong(&job->phase, &phase, JOB_AWAITED);
    if (tri__wait_until(&job->phase, JOB_AWAITED, time))
        return 0;
    return tri_fail(TRI_ETIMEOUT, "the %s not done within %g s",
                    job->is_single ? "task was" : "tasks were", timeout_s);
}

static int future_result(tri_future *future, void *result)
{
    const struct job *job = job_of(future);
    size_t size = future->count * job->result_size;
    if (result && result != job->results && size > 0 && atomic_load(&job->aborted) == 0)
        memcpy(result, job->results, size);
    return tri__job_first_error(job);
}

static int future_task_result(tri_future *future, size_t task, void *result)
{
    const struct job *job = job_of(future);
    int code = tri__job_error(job, task);
    if (code == 0 && result && job->result_size > 0)
        memcpy(result, job->results + task * job->result_size, job->result_size);
    return code;
}

/* With the mutex. */
static void abort_job(struct job *job, int code)
{
    int none = 0;
    if (atomic_load(&job->phase) == JOB_DONE ||
        !atomic_compare_exchange_strong(&job->aborted, &none, code))
        return;
    tri__job_announce(job);
}

static int future_cancel(tri_future *future)
{
    struct local_pool *pool = local(future->pool);
    struct job *job = job_of(future);
    int code = 0;
    lock(pool);
    if (job->chunk_count > 0 && tri__chunk_take(job, 0, CHUNK_CANCELLED))
        abort_job(job, TRI_ECANCELLED);
    if (future_state(future) != TRI__CANCELLED)
        code = tri_fail(TRI_ESTATE, "the future is %s",
                        future_state(future) == TRI__DONE ? "done" : "running");
    unlock(pool);
    return code;
}

/* With the mutex. */
static void kill_workers_of(struct local_pool *pool, const struct job *job)
{
    for (int i = 0; i < pool->pool.workers; i++) {
        struct worker *worker = pool->slots[i];
        uint64_t running = atomic_load(&worker->running);
        if (running != 0 && atomic_load(&worker->job) == job &&
            tri__manager_condemn(worker, job, running, TRI_ECANCELLED))
            pool->workers->signal(&pool->watcher, i, SIGKILL);
    }
}

static int future_kill(tri_future *future)
{
    struct local_pool *pool = local(future->pool);
    struct job *job = job_of(future);
    int code = 0;
    lock(pool);
    bool is_free = job->chunk_count > 0 && tri__chunk_take(job, 0, CHUNK_CANCELLED);
    enum tri__future_state state = future_state(future);
    if (state == TRI__DONE) {
        code = tri_fail(TRI_ESTATE, "the future is done");
    } else if (state != TRI__CANCELLED && !is_free && !pool->flushes) {
        code = tri_fail(TRI_ENOTSUP, "a thread cannot be killed");
    } else {
        abort_job(job, TRI_ECANCELLED);
        if (pool->flushes)
            kill_workers_of(pool, job);
    }
    unlock(pool);
    return code;
}

static int future_limit(tri_future *future, double time_limit_s)
{
    struct local_pool *pool = local(future->pool);
    struct job *job = job_of(future);
    lock(pool);
    atomic_store(&job->limit_s, time_limit_s);
    if (time_limit_s > 0 && (!pool->has_limits || time_limit_s < pool->shortest_limit_s))
        pool->shortest_limit_s = time_limit_s;
    pool->has_limits = pool->has_limits || time_limit_s > 0;
    unlock(pool);
    tri__ends_nudge(pool->nudges);
    return 0;
}

static int future_on_done(tri_future *future, tri_callback *function, void *data)
{
    struct local_pool *pool = local(future->pool);
    struct job *job = job_of(future);
    struct callback *callback = malloc(sizeof *callback), **last = &job->callbacks;
    if (callback == NULL)
        return tri_fail(TRI_ENOMEM, "no memory for a callback");
    *callback = (struct callback){NULL, function, data};
    lock(pool);
    bool is_first = job->callbacks == NULL && !atomic_load(&job->calling);
    while (*last)
        last = &(*last)->next;
    *last = callback;
    atomic_store(&job->has_callbacks, 1);
    pool->has_callbacks = true;
    if (atomic_load(&job->phase) == JOB_DONE) {
        if (is_first)
            tri__pool_call_back(pool, job);
        else
            tri__ends_nudge(pool->nudges);
    }
    unlock(pool);
    return 0;
}

static const struct tri__future_functions future_functions = {
    future_state,  future_done_time, future_wait,  future_result,  future_task_result,
    future_cancel, future_kill,      future_limit, future_on_done, future_free,
};

/* ---- The end of a pool ----------------------------------------------------------------- */

static void tell_all_workers(struct local_pool *pool)
{
    atomic_fetch_add(&pool->work, 2);
    tri__wake_all(&pool->work);
}

static int pool_close(tri_pool *base)
{
    struct local_pool *pool = local(base);
    lock(pool);
    if (pool->state == POOL_OPEN) {
        pool->state = POOL_CLOSED;
        atomic_store(&pool->is_closing, 1);
        tell_all_workers(pool);
    }
    unlock(pool);
    return 0;
}

void tri__pool_abort(struct local_pool *pool, enum pool_state state, int code, const char *words)
{
    pool->state = state;
    snprintf(pool->broken_words, sizeof pool->broken_words, "%s", words);
    atomic_store(&pool->is_stopping, 1);
    atomic_store(&pool->is_closing, 1);
    for (struct job *job = pool->jobs.following; job != &pool->jobs; job = job->following)
        abort_job(job, code);
    for (struct job *job = pool->freed.following; job != &pool->freed; job = job->following)
        abort_job(job, code);
    if (pool->workers && pool->workers->signal)
        pool->workers->signal(&pool->watcher, -1, SIGKILL);
    tell_all_workers(pool);
}

static int pool_terminate(tri_pool *base)
{
    struct local_pool *pool = local(base);
    lock(pool);
    if (pool->state == POOL_OPEN || pool->state == POOL_CLOSED)
        tri__pool_abort(pool, POOL_TERMINATED, TRI_ECANCELLED, "");
    unlock(pool);
    return 0;
}

static int pool_join(tri_pool *base, double timeout_s)
{
    struct local_pool *pool = local(base);
    double time = tri__time_after(timeout_s);
    lock(pool);
    bool is_open = pool->state == POOL_OPEN;
    unlock(pool);
    if (is_open)
        return tri_fail(TRI_ESTATE, "the pool is open: close or terminate it first");
    if (tri__manager_is_self())
        return tri_fail(TRI_ESTATE, "a callback cannot wait for a pool");
    for (uint32_t live; (live = atomic_load(&pool->live)) > 0;)
        if (!tri__wait_until(&pool->live, live, time))
            return tri_fail(TRI_ETIMEOUT, "%u workers had not ended within %g s", live, timeout_s);
    return 0;
}

static void free_ring(struct job *ring)
{
    while (ring->following != ring) {
        struct job *job = ring->following;
        take_from_ring(job);
        free_job(job);
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
    tri__arena_free(pool);
}

/* What abandoned threads may still use is left to them. */
static void pool_free(tri_pool *base)
{
    struct local_pool *pool = local(base);
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
    struct local_pool *pool = local(base);
    lock(pool);
    *stats = pool->stats;
    for (int i = 0; i < base->workers; i++) {
        stats->tasks += atomic_load(&pool->slots[i]->tasks);
        stats->failed += atomic_load(&pool->slots[i]->failed);
    }
    unlock(pool);
}

static void pool_worker_stats(const tri_pool *base, int number, tri_worker_statistics *stats)
{
    struct local_pool *pool = local(base);
    lock(pool);
    const struct worker *worker = pool->slots[number];
    *stats = (tri_worker_statistics){worker->is_live ? atomic_load(&worker->pid) : 0,
                                     atomic_load(&worker->tasks), atomic_load(&worker->busy_s)};
    unlock(pool);
}

/* ---- Opening --------------------------------------------------------------------------- */

static int check(const tri_pool *base)
{
    const struct local_pool *pool = local(base);
    const struct worker *self = tri__pool_self();
    if (pool->owner != tri__process_number())
        return tri_fail(TRI_ESTATE, "the pool belongs to another process");
    if (self && self->pool == pool)
        return tri_fail(TRI_ESTATE, "a task cannot use the pool that runs it");
    return 0;
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
    begin_ring(&pool->jobs);
    begin_ring(&pool->freed);
    struct job *first = new_job(pool, &nothing);
    if (first == NULL)
        return TRI_ENOMEM;
    atomic_store(&first->phase, JOB_DONE);
    first->sequence = ++pool->sequence;
    first->is_freed = true;
    add_to_ring(&pool->freed, first);
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
    lock(pool);
    atomic_store(&pool->live, (uint32_t)pool->pool.workers);
    for (int i = 0; i < pool->pool.workers; i++)
        tri__pool_start_worker(pool, pool->slots[i]);
    unlock(pool);
    return 0;
}

static int check_options(const struct tri__workers *workers, const struct tri__pool_call *call)
{
    if (call->workers > INT16_MAX)
        return tri_fail(TRI_EINVAL, "a pool has at most %d workers", INT16_MAX);
    if (call->options.memory_limit > 0 && (workers == NULL || workers->signal == NULL))
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
    pool->nudges = tri__ends_nudges();
    pool->spinners = call->workers < cpus ? call->workers : cpus - 1;
    pool->flushes = workers && workers->signal;
    pool->done = tri__done_word();
    pool->has_limits = call->options.time_limit_s > 0;
    pool->shortest_limit_s = call->options.time_limit_s;
    pool->stats.workers = call->workers;
    pthread_mutex_init(&pool->mutex, NULL);
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
