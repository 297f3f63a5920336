/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A pool's worker: takes chunks from the queue, runs their tasks, and sleeps when there are none.
 * At each instruction it may be killed; job.h says how it is seen then what it had in hand.
 */
#include "pool.h"

#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static _Thread_local struct worker *self;

struct worker *tri__pool_self(void)
{
    return self;
}

void tri__pool_forget_self(void)
{
    self = NULL;
}

int tri__local_worker_number(void)
{
    return self ? self->number : -1;
}

/* ---- Tasks ----------------------------------------------------------------------------- */

/* Condemned: on fork a signal is on its way, and a thread has been given up. */
static _Noreturn void do_nothing_more(const struct worker *worker)
{
    if (!worker->pool->has_processes)
        pthread_exit(NULL);
    for (;;)
        pause();
}

static void change_running(struct worker *worker, uint64_t old, uint64_t new)
{
    if (old == CONDEMNED || !atomic_compare_exchange_strong(&worker->running, &old, new))
        do_nothing_more(worker);
}

/* Meanwhile it cannot be condemned; once it has been, the task has an error already. */
static void note_failure(struct worker *worker, struct job *job, size_t task, int code)
{
    long pid = atomic_load(&worker->pid);
    uint64_t ticket = atomic_load(&worker->running);
    change_running(worker, ticket, 0);
    if (code == tri__error_code())
        tri__job_note_error(job, task, TRI_EFAILED, worker->number, pid, "failed with code %d: %s",
                            code, tri_error_message());
    else
        tri__job_note_error(job, task, TRI_EFAILED, worker->number, pid, "returned %d", code);
    atomic_store(&worker->running, ticket);
}

static void run_task(struct worker *worker, struct job *job, size_t task)
{
    char *result = job->results + task * job->result_size;
    tri__error_forget_code();
    atomic_store_explicit(&worker->begun, task + 1, memory_order_relaxed);
    AT(POINT_RUNNING);
    int code = job->task(job->arguments + task * job->argument_size, result);
    if (code != 0)
        note_failure(worker, job, task, code);
    AT(POINT_RETURNED);
    atomic_store_explicit(&worker->task, task + 1, memory_order_release);
    AT(POINT_NOTED);
    if (code != 0)
        atomic_fetch_add(&worker->failed, 1);
    atomic_store_explicit(&worker->tasks,
                          atomic_load_explicit(&worker->tasks, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

/* With no worker but the caller, a limit is looked at afterwards. */
static void judge_time(struct worker *worker, struct job *job, size_t task, double limit_s)
{
    if (worker->pool->workers == NULL && tri__now() - atomic_load(&worker->started) > limit_s)
        tri__job_note_error(job, task, TRI_ETIMEOUT, worker->number, (long)getpid(),
                            "took more than its limit of %g s", limit_s);
}

struct turn {
    uint64_t ticket; /* of `running`: even, never 0 */
    size_t left;     /* tasks until the worker is replaced; 0: no limit */
    double clock;    /* when the last chunk ended; 0 after a sleep */
};

/* What its predecessor, or another job, has left there. */
static void clear_results(struct job *job, size_t first, size_t end)
{
    if (job->result_size > 0 && first < end)
        memset(job->results + first * job->result_size, 0, (end - first) * job->result_size);
}

/* False when the worker is to be replaced. */
static bool run_chunk(struct worker *worker, struct job *job, struct turn *turn)
{
    size_t end = tri__job_first(job, atomic_load(&worker->chunk));
    double begin = turn->clock ? turn->clock : tri__now();
    size_t task = atomic_load(&worker->task);
    bool is_last = false;
    if (job->clears_results)
        clear_results(job, task, end);
    atomic_store_explicit(&worker->started, begin, memory_order_relaxed);
    atomic_store(&worker->running, turn->ticket += 2);
    while (task < end && !is_last && !atomic_load(&job->aborted)) {
        run_task(worker, job, task);
        double limit_s = atomic_load_explicit(&job->limit_s, memory_order_relaxed);
        if (limit_s > 0) {
            judge_time(worker, job, task, limit_s);
            atomic_store(&worker->started, tri__now());
            change_running(worker, turn->ticket, turn->ticket + 2);
            turn->ticket += 2;
        } else if (atomic_load_explicit(&worker->running, memory_order_relaxed) == CONDEMNED) {
            do_nothing_more(worker); /* for a limit that it no longer has */
        }
        task++;
        is_last = turn->left > 0 && --turn->left == 0;
    }
    if (worker->pool->has_processes && __fpending(stdout) > 0)
        fflush(stdout);
    turn->clock = tri__now();
    atomic_store_explicit(&worker->busy_s, atomic_load(&worker->busy_s) + turn->clock - begin,
                          memory_order_relaxed);
    change_running(worker, turn->ticket, 0);
    AT(POINT_STOPPED);
    if (task == end)
        tri__job_finish_chunk(worker, job);
    else if (atomic_load(&job->aborted))
        tri__job_let_go(worker, job);
    return !is_last;
}

/* ---- The queue ------------------------------------------------------------------------- */

static struct job *job_at(uint64_t head)
{
    return tri__arena_at((uint32_t)head);
}

/* The head's job, which stays until the worker's `job` is another. */
static struct job *hold_head(struct worker *worker, uint64_t *head)
{
    struct local_pool *pool = worker->pool;
    do {
        *head = atomic_load(&pool->head);
        atomic_store(&worker->job, job_at(*head));
        AT(POINT_HOLDING);
    } while (atomic_load(&pool->head) != *head);
    return job_at(*head);
}

/* Moves the head on from a job without free chunks. False when that is the last one. */
static bool pass(struct local_pool *pool, const struct job *job, uint64_t head)
{
    uint32_t next = atomic_load(&job->next);
    uint64_t tag = (uint64_t)1 << 32;
    if (next == 0)
        return false;
    AT(POINT_PASSING);
    atomic_compare_exchange_strong(&pool->head, &head, ((head & -tag) + tag) | next);
    return true;
}

/* Spins, if it may, then sleeps until `work` is no longer what it was when `job` was seen to be the
 * last. */
static void wait_for_work(struct worker *worker, const struct job *job, uint32_t work)
{
    struct local_pool *pool = worker->pool;
    if (worker->number < pool->spinners) {
        atomic_store(&worker->is_spinning, 1);
        AT(POINT_SPINNING);
        bool is_over = tri__spin_while(&pool->work, work);
        atomic_store(&worker->is_spinning, 0);
        if (is_over)
            return;
    }
    if (atomic_load(&job->next) != 0)
        return;
    AT(POINT_SLEEPING);
    if ((work & 1) || atomic_compare_exchange_strong(&pool->work, &work, work | 1))
        tri__wait_until(&pool->work, work | 1, TRI__FOR_EVER);
}

/* A job was submitted while this one was about to wake up, which may have been counted on for two:
 * where there is more to do, another is woken. Whether one sleeps cannot be seen, as who submits
 * may just have cleared that bit. */
static void share(struct local_pool *pool, const struct job *job)
{
    if (atomic_load(&job->next) != 0 || atomic_load(&job->hint) < job->chunk_count)
        tri__wake(&pool->work, 1);
}

static void work(struct worker *worker, struct turn *turn, bool waits)
{
    struct local_pool *pool = worker->pool;
    bool has_slept = false;
    for (;;) {
        uint64_t head;
        uint32_t seen = atomic_load(&pool->work);         /* which closing changes last … */
        bool is_closing = atomic_load(&pool->is_closing); /* … and jobs come before closing */
        struct job *job = hold_head(worker, &head);
        while (tri__job_claim(worker, job)) {
            if (has_slept)
                share(pool, job);
            has_slept = false;
            bool goes_on = run_chunk(worker, job, turn);
            if (!goes_on) {
                tri__job_settle(job);
                return;
            }
        }
        tri__job_settle(job);
        if (pass(pool, job, head))
            continue;
        if (is_closing || !waits)
            return;
        wait_for_work(worker, job, seen);
        turn->clock = 0;
        has_slept = true;
    }
}

void tri__pool_run(struct worker *worker)
{
    struct turn turn = {atomic_load(&worker->running), 0, 0};
    worker->outer = self;
    self = worker;
    work(worker, &turn, false);
    self = worker->outer;
}

/* ---- A worker's life ------------------------------------------------------------------- */

/* Of what it has now, its private data, and so much more. */
static void limit_memory(size_t more)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file && fscanf(file, "%*u %*u %*u %*u %*u %lu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    rlim_t limit = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + more;
    setrlimit(RLIMIT_DATA, &(struct rlimit){limit, limit});
}

static bool initialize(struct worker *worker)
{
    const tri_pool_options *options = &worker->pool->options;
    if (options->memory_limit > 0)
        limit_memory(options->memory_limit);
    if (options->initializer == NULL)
        return true;
    tri__error_forget_code();
    int code = options->initializer(options->initializer_argument);
    worker->initializer_code = code;
    snprintf(worker->initializer_words, sizeof worker->initializer_words, "%s",
             code != 0 && code == tri__error_code() ? tri_error_message() : "");
    return code == 0;
}

static void finish_what_was_begun(struct worker *worker, struct turn *turn, bool *goes_on)
{
    struct job *job = atomic_load(&worker->job);
    size_t chunk = atomic_load(&worker->chunk);
    if (job == NULL || chunk == 0)
        return;
    clear_results(job, atomic_load(&worker->task), tri__job_first(job, chunk));
    *goes_on = run_chunk(worker, job, turn);
    tri__job_settle(job);
}

void tri__pool_worker(void *context, int number)
{
    struct worker *worker = context;
    struct turn turn = {0, worker->pool->options.tasks_per_worker, 0};
    bool goes_on = true;
    (void)number;
    self = worker;
    if (!worker->pool->has_processes) /* the manager, which may have started it, takes no signals */
        pthread_sigmask(SIG_SETMASK, &worker->pool->signals, NULL);
    atomic_store(&worker->pid, getpid());
    if (initialize(worker)) {
        atomic_store(&worker->is_ready, 1);
        finish_what_was_begun(worker, &turn, &goes_on);
        if (goes_on)
            work(worker, &turn, true);
    }
    self = NULL;
}
