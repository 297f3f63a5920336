/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A job in the arena, and the worker that runs it: all that must still make sense when the worker
 * is killed between any two instructions.
 *
 * A job's tasks are dealt in chunks, each with a state of one byte (two where the pool has many
 * workers):
 *
 *     CHUNK_FREE        nobody has it
 *     number + 1        that worker has claimed it, with one compare-and-swap from CHUNK_FREE
 *     CHUNK_DONE        its tasks have been run, and their results lie in their places
 *     CHUNK_CANCELLED   nobody will run it
 *
 * A chunk that is claimed stays so until it is done: when its worker ends, the worker that takes
 * its place goes on with it. What a worker has in hand is in its struct worker:
 *
 *     job       which no one frees as long as it stands here
 *     chunk     that it tries to claim or has claimed, plus 1; 0 for none. Written before the claim
 *     task      the first one in the chunk that has not been run to its end
 *     begun     task + 1 once that has begun
 *     running   not 0 while the task is being run; changes with each. A manager who wants to kill
 *               the worker for this task changes it to CONDEMNED first, and a worker who finds that
 *               does nothing more: so no other task is hit.
 *
 * A chunk is counted in its worker's tally in three steps: `closing` and `expected` are written,
 * the state becomes CHUNK_DONE, `done` becomes `expected`. Whoever comes after a death sees which
 * of them were taken. The job is done when the tallies add up to all chunks.
 *
 * Of a job that is aborted, no chunk is claimed any more, and a worker in the middle of one lets go
 * of it: the chunk stays claimed, and `stopped` is the first of its tasks that has not been done.
 * When no worker has one in hand, the owner takes the job for done.
 */
#ifndef TRI__LOCAL_JOB_H
#define TRI__LOCAL_JOB_H

#include "local.h"

struct local_pool;

/* Where a worker may be killed, by tests that were built for that: between which two steps. */
#define POINT_MAP(X)                                                                               \
    X(POINT_HOLDING, "holds the head")                                                             \
    X(POINT_TRYING, "tries a chunk")                                                               \
    X(POINT_CLAIMED, "has claimed a chunk")                                                        \
    X(POINT_RUNNING, "is about to run a task")                                                     \
    X(POINT_RETURNED, "has run a task")                                                            \
    X(POINT_NOTED, "has noted that it has run a task")                                             \
    X(POINT_STOPPED, "has run a chunk")                                                            \
    X(POINT_CLOSING, "counts a chunk")                                                             \
    X(POINT_DONE, "has marked a chunk done")                                                       \
    X(POINT_COUNTED, "has counted a chunk")                                                        \
    X(POINT_SETTLING, "looks whether all are done")                                                \
    X(POINT_ANNOUNCING, "has marked a job done")                                                   \
    X(POINT_PASSING, "moves the head")                                                             \
    X(POINT_SPINNING, "spins")                                                                     \
    X(POINT_SLEEPING, "is about to sleep")

enum point {
#define POINT_NAME(name, words) name,
    POINT_MAP(POINT_NAME)
#undef POINT_NAME
        POINT_COUNT
};

#ifdef TRI__POINTS
extern void (*tri__at_point)(enum point);
#define AT(point) (tri__at_point ? tri__at_point(point) : (void)0)
#else
#define AT(point) ((void)0)
#endif

enum { CHUNK_FREE = 0, CHUNK_CANCELLED = -2, CHUNK_DONE = -1 };

/* The largest number of workers for which states are bytes. */
enum { NARROW_WORKERS = 253 };

/* A task's error, for its words; in the arena. Once in the list it stays there. */
struct task_error {
    struct task_error *next;
    size_t task;
    _Atomic int code; /* 0 when it has been forgotten */
    char words[448];
};

/* So many of a job's errors have words. */
enum { ERRORS_WITH_WORDS = 1000 };

struct tally {
    _Alignas(64) _Atomic size_t done;
    _Atomic size_t closing, expected;
    _Atomic size_t stopped; /* in the chunk that the worker has let go of */
};

enum job_phase { JOB_PENDING, JOB_AWAITED /* someone sleeps on it */, JOB_DONE };

struct callback;

struct job {
    struct tri_future future;

    /* as submitted */
    tri_task *task;
    const char *arguments;
    char *results;
    size_t argument_size, result_size;
    size_t chunk_size, chunk_count;
    const size_t *chunk_starts; /* chunk_count + 1 of them; NULL where all have chunk_size */
    void *states;               /* a byte or two for each chunk */
    struct tally *tallies;      /* one a worker; NULL when there is one chunk */
    uint64_t sequence;
    uint64_t first; /* the number of its first task in messages */
    bool is_single, is_part, is_wide, clears_results;

    /* shared: not beside what every task reads */
    _Alignas(64) _Atomic uint32_t next; /* the job behind it in the queue, as the arena's number */
    _Atomic uint32_t phase;             /* enum job_phase; a futex */
    _Atomic size_t hint;                /* no chunk before this one is free */
    _Atomic size_t stopped;             /* as a tally's, where there is none */
    _Atomic int aborted;                /* 0, or the code of the tasks that have not been done */
    _Atomic int has_callbacks;
    _Atomic double limit_s; /* 0: none */
    _Atomic double
        limit_since; /* when it was set, where tasks of a chunk are not told apart before */
    _Atomic double done_time;
    _Atomic(struct task_error *) errors;
    _Atomic(int32_t *) codes; /* of each task, once one has failed */
    _Atomic uint32_t error_count;
    _Atomic uint32_t settlings;

    /* the owner's, guarded by the pool's mutex */
    struct job *previous, *following; /* in the list that it is on */
    void *data;                       /* a block with arguments and results, or NULL */
    struct callback *callbacks;
    struct job *next_called;
    _Atomic uint32_t calling; /* a thread is in a callback of it; a futex */
};

enum { CONDEMNED = 1 };

struct worker {
    struct local_pool *pool;
    int number;
    _Atomic int pid;
    _Atomic int is_ready; /* the initializer has succeeded */
    _Atomic int is_spinning;

    _Atomic(struct job *) job;
    _Atomic size_t chunk, task, begun;
    _Atomic uint64_t running;
    _Atomic double started; /* the task, or the chunk where tasks have no limit */

    _Atomic uint64_t tasks, failed;
    _Atomic double busy_s;

    int initializer_code;
    char initializer_words[448];

    /* the owner's */
    bool is_live;       /* started, and its end has not been seen */
    int cause;          /* why it was condemned: TRI_ETIMEOUT, TRI_ECANCELLED */
    uint64_t lost_job;  /* the sequence of the job whose task was lost last, … */
    size_t lost_task;   /* … the task, … */
    int attempts;       /* … and how often it has been tried again */
    double start_again; /* when one that could not be started is tried again; 0 */
    int failed_starts;
    struct worker *outer;     /* whose task this thread was in before; serial only */
    struct worker *abandoned; /* the next in that list */
    struct tri__worker_end end;
    _Atomic int has_ended; /* `end` is set */
};

/* The first task of a chunk; of chunk_count, the number of tasks. */
size_t tri__job_first(const struct job *job, size_t chunk);

int tri__chunk_state(const struct job *job, size_t chunk);

/* From CHUNK_FREE. False if it is not. */
bool tri__chunk_take(struct job *job, size_t chunk, int state);

/* Claims a chunk for the worker, which has the job: false when none is free. */
bool tri__job_claim(struct worker *worker, struct job *job);

/* Notes that the worker's chunk is done, and if that was the last one, the job. */
void tri__job_finish_chunk(struct worker *worker, struct job *job);

/* The job is aborted, and the worker does no more of its chunk. */
void tri__job_let_go(struct worker *worker, struct job *job);

/* If all its chunks are done, the job is. */
void tri__job_settle(struct job *job);

/* After the worker's death between two steps of finishing `chunk`, which is CHUNK_DONE. */
void tri__job_mend_tally(struct worker *worker, struct job *job, size_t chunk);

/* The job is done: wakes all who wait for that. */
void tri__job_announce(struct job *job);

/* Wakes them again, as one who announced it may have died before it did. */
void tri__job_wake(struct job *job);

/* Notes a task's error, in words. `pid` is of the process that it was in. */
void tri__job_note_error(struct job *job, size_t task, int code, int worker, long pid,
                         const char *format, ...) TRI_PRINTF(6, 7);

/* The task is tried again: what it may have had for an error counts no more. With the mutex. */
void tri__job_forget_error(struct job *job, size_t task);

/* Whether it is aborted, and some of its tasks have not been done. */
bool tri__job_is_cut_short(const struct job *job);

/* Whether a task has been done, without an error as far as there was memory to note one. */
bool tri__job_has_result(const struct job *job, size_t task);

/* The error of one task, or the first task's of all that has one, with words; 0 for none. */
int tri__job_error(const struct job *job, size_t task);
int tri__job_first_error(const struct job *job);

#endif
