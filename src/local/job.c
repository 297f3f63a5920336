/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The steps in which chunks are claimed and finished, and errors noted; see job.h for what each of
 * them leaves behind when it is the last.
 */
#include "pool.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#ifdef TRI__POINTS
void (*tri__at_point)(enum point);
#endif

/* ---- Chunks ---------------------------------------------------------------------------- */

size_t tri__job_first(const struct job *job, size_t chunk)
{
    if (job->chunk_starts)
        return job->chunk_starts[chunk];
    return tri__smaller(chunk * job->chunk_size, job->future.count);
}

int tri__chunk_state(const struct job *job, size_t chunk)
{
    int state;
    if (job->is_wide)
        state = (int16_t)atomic_load(&((_Atomic uint16_t *)job->states)[chunk]);
    else
        state = atomic_load(&((_Atomic uint8_t *)job->states)[chunk]);
    return job->is_wide || state <= NARROW_WORKERS ? state : state - 256;
}

bool tri__chunk_take(struct job *job, size_t chunk, int state)
{
    uint8_t narrow = CHUNK_FREE;
    uint16_t wide = CHUNK_FREE;
    if (job->is_wide)
        return atomic_compare_exchange_strong(&((_Atomic uint16_t *)job->states)[chunk], &wide,
                                              (uint16_t)state);
    return atomic_compare_exchange_strong(&((_Atomic uint8_t *)job->states)[chunk], &narrow,
                                          (uint8_t)state);
}

static void set_done(struct job *job, size_t chunk)
{
    if (job->is_wide)
        atomic_store(&((_Atomic uint16_t *)job->states)[chunk], (uint16_t)CHUNK_DONE);
    else
        atomic_store_explicit(&((_Atomic uint8_t *)job->states)[chunk], (uint8_t)CHUNK_DONE,
                              memory_order_release);
}

static bool try_chunk(struct worker *worker, struct job *job, size_t chunk)
{
    atomic_store_explicit(&worker->task, tri__job_first(job, chunk), memory_order_relaxed);
    atomic_store_explicit(&worker->begun, 0, memory_order_relaxed);
    atomic_store_explicit(&worker->chunk, chunk + 1, memory_order_release);
    AT(POINT_TRYING);
    if (!tri__chunk_take(job, chunk, worker->number + 1))
        return false;
    AT(POINT_CLAIMED);
    atomic_store_explicit(&job->hint, chunk + 1, memory_order_relaxed);
    return true;
}

/* A chunk that has been cancelled is the first one: those behind it are cancelled too. Whoever
 * aborts the job looks afterwards what workers have in hand; so a worker looks at `aborted` once
 * its chunk is there to be seen, and tells when it has none. */
bool tri__job_claim(struct worker *worker, struct job *job)
{
    size_t chunk = atomic_load(&job->aborted) ? job->chunk_count : atomic_load(&job->hint);
    for (; chunk < job->chunk_count; chunk++) {
        if (tri__chunk_state(job, chunk) == CHUNK_FREE && try_chunk(worker, job, chunk)) {
            if (!atomic_load(&job->aborted))
                return true;
            tri__job_let_go(worker, job);
            break;
        }
        if (tri__chunk_state(job, chunk) == CHUNK_CANCELLED)
            break;
    }
    atomic_store(&worker->chunk, 0);
    if (atomic_load(&job->aborted) && atomic_load(&job->phase) != JOB_DONE)
        tri__ends_nudge(tri__local_pool(job->future.pool)->nudges);
    return false;
}

/* ---- The end of chunks and jobs -------------------------------------------------------- */

void tri__job_finish_chunk(struct worker *worker, struct job *job)
{
    size_t chunk = atomic_load_explicit(&worker->chunk, memory_order_relaxed);
    if (job->tallies) {
        struct tally *tally = &job->tallies[worker->number];
        size_t done = atomic_load_explicit(&tally->done, memory_order_relaxed) + 1;
        atomic_store_explicit(&tally->closing, chunk, memory_order_relaxed);
        atomic_store_explicit(&tally->expected, done, memory_order_release);
        AT(POINT_CLOSING);
        set_done(job, chunk - 1);
        AT(POINT_DONE);
        atomic_store_explicit(&tally->done, done, memory_order_release);
    } else {
        set_done(job, chunk - 1);
        AT(POINT_DONE);
        tri__job_announce(job);
    }
    AT(POINT_COUNTED);
    atomic_store_explicit(&worker->chunk, 0, memory_order_release);
}

void tri__job_let_go(struct worker *worker, struct job *job)
{
    size_t task = atomic_load(&worker->task);
    if (job->tallies)
        atomic_store(&job->tallies[worker->number].stopped, task);
    else
        atomic_store(&job->stopped, task);
    atomic_store(&worker->chunk, 0);
}

void tri__job_mend_tally(struct worker *worker, struct job *job, size_t chunk)
{
    if (job->tallies == NULL) {
        tri__job_announce(job);
        return;
    }
    struct tally *tally = &job->tallies[worker->number];
    if (atomic_load(&tally->closing) == chunk + 1)
        atomic_store(&tally->done, atomic_load(&tally->expected));
}

static bool has_all_chunks(const struct job *job)
{
    size_t done = 0;
    if (job->tallies == NULL)
        return tri__chunk_state(job, 0) == CHUNK_DONE;
    for (int i = 0; i < job->future.pool->workers; i++)
        done += atomic_load(&job->tallies[i].done);
    return done == job->chunk_count;
}

/* Whoever has finished a chunk looks afterwards. Of two who have at once, the one that comes later
 * to `settlings` sees what both have counted. */
void tri__job_settle(struct job *job)
{
    if (job->tallies == NULL)
        return;
    atomic_fetch_add(&job->settlings, 1);
    AT(POINT_SETTLING);
    if (has_all_chunks(job) && atomic_load(&job->phase) != JOB_DONE)
        tri__job_announce(job);
}

void tri__job_wake(struct job *job)
{
    const struct local_pool *pool = tri__local_pool(job->future.pool);
    tri__wake_all(&job->phase);
    tri__done_tell(pool->done);
    tri__wake_all(pool->done);
}

void tri__job_announce(struct job *job)
{
    const struct local_pool *pool = tri__local_pool(job->future.pool);
    atomic_store_explicit(&job->done_time, tri__now(), memory_order_relaxed);
    uint32_t phase = atomic_exchange(&job->phase, JOB_DONE);
    AT(POINT_ANNOUNCING);
    if (phase == JOB_AWAITED)
        tri__wake_all(&job->phase);
    tri__done_tell(pool->done);
    if (atomic_load(&job->has_callbacks))
        tri__ends_nudge(pool->nudges);
}

/* ---- Errors ---------------------------------------------------------------------------- */

/* NULL when there is no memory, or for a single task, whose one error is in the list. */
static int32_t *codes_of(struct job *job)
{
    int32_t *codes = atomic_load(&job->codes), *none = NULL;
    if (codes || job->future.count == 1)
        return codes;
    codes = tri__arena_alloc(job->future.count * sizeof *codes);
    if (codes && !atomic_compare_exchange_strong(&job->codes, &none, codes)) {
        tri__arena_free(codes);
        codes = none;
    }
    return codes;
}

void tri__job_note_error(struct job *job, size_t task, int code, int worker, long pid,
                         const char *format, ...)
{
    char rest[sizeof((struct task_error *)NULL)->words - 128], which[64] = "the task";
    va_list arguments;
    int32_t *codes = codes_of(job);
    if (codes)
        codes[task] = code;
    if (atomic_fetch_add(&job->error_count, 1) >= ERRORS_WITH_WORDS)
        return;
    struct task_error *error = tri__arena_alloc(sizeof *error);
    if (error == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(rest, sizeof rest, format, arguments);
    va_end(arguments);
    if (job->is_part)
        snprintf(which, sizeof which, "task %" PRIu64, job->first + task);
    else if (!job->is_single)
        snprintf(which, sizeof which, "task %zu of %zu", task, job->future.count);
    error->task = task;
    error->code = code;
    snprintf(error->words, sizeof error->words, "%s (worker %d, process %ld) %s", which, worker,
             pid, rest);
    error->next = atomic_load(&job->errors);
    while (!atomic_compare_exchange_weak(&job->errors, &error->next, error))
        ;
}

static struct task_error *find_error(const struct job *job, size_t task)
{
    struct task_error *error = atomic_load(&job->errors);
    while (error && (error->task != task || atomic_load(&error->code) == 0))
        error = error->next;
    return error;
}

void tri__job_forget_error(struct job *job, size_t task)
{
    struct task_error *error = find_error(job, task);
    int32_t *codes = atomic_load(&job->codes);
    if (error == NULL && (codes == NULL || codes[task] == 0))
        return;
    if (error)
        atomic_store(&error->code, 0);
    if (codes)
        codes[task] = 0;
    atomic_fetch_sub(&job->error_count, 1);
}

static int say(const struct job *job, size_t task, int code, const struct task_error *error)
{
    if (error)
        return tri_fail(error->code, "%s", error->words);
    return tri_fail(code, "task %zu of %zu: %s", task, job->future.count, tri_strerror(code));
}

static int say_aborted(const struct job *job)
{
    const struct local_pool *pool = tri__local_pool(job->future.pool);
    int code = atomic_load(&job->aborted);
    if (code == TRI_EBROKEN)
        return tri_fail(code, "the pool is broken: %s", pool->broken_words);
    return tri_fail(code, "the %s cancelled", job->is_single ? "task was" : "tasks were");
}

static size_t chunk_of(const struct job *job, size_t task)
{
    size_t first = 0, last = job->chunk_count - 1;
    if (job->chunk_starts == NULL)
        return task / job->chunk_size;
    while (first < last) {
        size_t middle = (first + last + 1) / 2;
        if (job->chunk_starts[middle] <= task)
            first = middle;
        else
            last = middle - 1;
    }
    return first;
}

/* Of the task's error; 0 for none. Where there was no memory to note it, only that of a single task
 * is known. */
static int code_of(const struct job *job, size_t task, const struct task_error *error)
{
    const int32_t *codes = atomic_load(&job->codes);
    if (error || codes)
        return error ? atomic_load(&error->code) : codes[task];
    return job->future.count == 1 && atomic_load(&job->error_count) > 0 ? TRI_EFAILED : 0;
}

/* Of a job that is aborted. */
static bool has_been_done(const struct job *job, size_t task)
{
    int state = tri__chunk_state(job, chunk_of(job, task));
    if (state <= 0)
        return state == CHUNK_DONE;
    return task < atomic_load(job->tallies ? &job->tallies[state - 1].stopped : &job->stopped);
}

bool tri__job_is_cut_short(const struct job *job)
{
    return atomic_load(&job->aborted) && !has_all_chunks(job);
}

bool tri__job_has_result(const struct job *job, size_t task)
{
    if (atomic_load(&job->aborted) && !has_been_done(job, task))
        return false;
    const struct task_error *error = atomic_load(&job->codes) ? NULL : find_error(job, task);
    return code_of(job, task, error) == 0;
}

int tri__job_error(const struct job *job, size_t task)
{
    if (atomic_load(&job->aborted) && !has_been_done(job, task))
        return say_aborted(job);
    const struct task_error *error = find_error(job, task);
    int code = code_of(job, task, error);
    return code ? say(job, task, code, error) : 0;
}

int tri__job_first_error(const struct job *job)
{
    const int32_t *codes = atomic_load(&job->codes);
    if (tri__job_is_cut_short(job))
        return say_aborted(job);
    if (atomic_load(&job->error_count) == 0)
        return 0;
    for (size_t task = 0; codes && task < job->future.count; task++)
        if (codes[task] != 0)
            return say(job, task, codes[task], find_error(job, task));
    const struct task_error *first = NULL;
    for (const struct task_error *error = atomic_load(&job->errors); error; error = error->next)
        if (atomic_load(&error->code) != 0 && (first == NULL || error->task < first->task))
            first = error;
    return first ? say(job, first->task, first->code, first)
                 : tri_fail(TRI_EFAILED, "a task failed, and there is no memory for words");
}
