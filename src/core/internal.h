/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the layers of the library promise each other.
 *
 *     src/core    the public API, written once; never asks which backend it runs on
 *     src/local   serial, threads and fork: workers over one arena
 *     src/mpi     ranks that an MPI launcher started
 *
 * Core calls a backend through struct tri__backend, a rank its team through struct
 * tri__collectives, and an owner its pools, futures and processes through their tables of
 * functions. A backend calls nothing of core but what the last section declares.
 */
#ifndef TRI__INTERNAL_H
#define TRI__INTERNAL_H

#include "trireme.h"

#include <stdbool.h>

/* ---- A team, as its ranks see it ------------------------------------------------------- */

/* What a rank is about to do with the others. All ranks of a team must agree on it. */
enum tri__step {
    TRI__END, /* its kernel has returned 0 */
    TRI__BARRIER,
    TRI__BCAST,
    TRI__REDUCE,
    TRI__ALLREDUCE,
    TRI__GATHER,
    TRI__SCATTER,
    TRI__EXSCAN
};

struct tri__signature {
    int32_t step;      /* enum tri__step */
    int32_t root;      /* 0 where there is none */
    int32_t type;      /* tri_type, 0 where there is none */
    int32_t operation; /* tri_operation, 0 where there is none */
    uint64_t size;     /* bytes, or elements where there is a type */
};

/* Why a team has failed: the first cause only. */
struct tri__failure {
    int code;        /* TRI_EFAILED, TRI_ELOST, TRI_EMISMATCH, TRI_ESYS or TRI_ENOMEM */
    char words[512]; /* for tri_error_message(), whole */
};

/* A backend's team begins with this. */
struct tri_team {
    const struct tri__collectives *collectives;
    int rank;
    int size;
};

/* The collectives of a backend. Each is called by every rank with arguments that core has
 * checked, beginning with `signature`; where the ranks' signatures differ all of them return
 * TRI_EENDED and the team has failed with TRI_EMISMATCH. After a failure they return TRI_EENDED
 * at once. Sizes are not limited; in and out are as trireme.h says. */
struct tri__collectives {
    int (*barrier)(tri_team *, const struct tri__signature *);
    int (*bcast)(tri_team *, const struct tri__signature *, void *buffer);
    int (*reduce)(tri_team *, const struct tri__signature *, const void *in, void *out);
    int (*allreduce)(tri_team *, const struct tri__signature *, const void *in, void *out);
    int (*gather)(tri_team *, const struct tri__signature *, const void *in, void *out);
    int (*scatter)(tri_team *, const struct tri__signature *, const void *in, void *out);
    int (*exscan)(tri_team *, const struct tri__signature *, const void *in, void *out);
    /* 0, or TRI_EENDED after a failure. Never waits. */
    int (*check)(tri_team *);
    /* The rank itself has failed: tells the others, and does not wait for them. Only the first
     * failure of a team counts. */
    void (*fail)(tri_team *, const struct tri__failure *);
};

/* What tri_team_run was given. */
struct tri__call {
    tri_kernel *kernel;
    const void *argument;
    size_t argument_size;
    void *result;
    size_t result_size;
};

/* ---- Pools and futures, as their owner sees them --------------------------------------- */

/* What tri_pool_open was given, checked, with defaults filled in. */
struct tri__pool_call {
    tri_pool_options options;
    int workers;
};

/* What tri_submit or a map was given. */
struct tri__job_call {
    tri_task *task;
    const void *arguments;
    void *results; /* where the caller waits for them and nowhere else, else NULL */
    size_t argument_size, result_size, count;
    size_t chunk;   /* 0: large ones first */
    uint64_t first; /* the number of the first task, for messages: … */
    bool is_part;   /* … it is a part of something larger */
    bool is_single; /* … it is no map */
};

/* A backend's pool begins with this. */
struct tri_pool {
    const struct tri__pool_functions *functions;
    int workers;
    bool runs_at_once; /* what is submitted is done when submit returns */
};

/* As their namesakes in trireme.h promise, for arguments that core has checked. All but `check` are
 * called where check has returned 0. */
struct tri__pool_functions {
    /* 0, or TRI_ESTATE when the caller is in another process or in a task of this pool. */
    int (*check)(const tri_pool *);
    int (*submit)(tri_pool *, const struct tri__job_call *, tri_future **);
    int (*close)(tri_pool *);
    int (*terminate)(tri_pool *);
    int (*join)(tri_pool *, double timeout_s);
    void (*free)(tri_pool *);
    void (*stats)(const tri_pool *, tri_pool_statistics *);
    void (*worker_stats)(const tri_pool *, int worker, tri_worker_statistics *);
};

enum tri__future_state { TRI__PENDING, TRI__RUNNING, TRI__DONE, TRI__CANCELLED };

/* A backend's future begins with this. */
struct tri_future {
    const struct tri__future_functions *functions;
    tri_pool *pool;
    size_t count; /* of tasks */
};

struct tri__future_functions {
    enum tri__future_state (*state)(const tri_future *);
    double (*done_time)(const tri_future *); /* of one that is done: when it was */
    int (*wait)(tri_future *, double timeout_s);
    /* The code of the done future, with words; copies the results there are. */
    int (*result)(tri_future *, void *result);
    int (*task_result)(tri_future *, size_t task, void *result);
    int (*cancel)(tri_future *);
    int (*kill)(tri_future *);
    int (*limit)(tri_future *, double time_limit_s);
    int (*on_done)(tri_future *, tri_callback *, void *data);
    void (*free)(tri_future *);
};

/* For waiting for any of many futures: take a ticket, look at the futures, and wait; TRI_ETIMEOUT,
 * without words, when the time is over before any future of this process was done after the ticket
 * was taken, TRI_ESTATE in a callback. */
uint32_t tri__done_ticket(void);
int tri__done_wait(uint32_t ticket, double time);

/* ---- Processes, as their owner sees them ----------------------------------------------- */

/* What tri_process_start was given, with defaults filled in. */
struct tri__process_call {
    tri_function *function;
    const void *argument;
    size_t argument_size;
    char name[64];
    bool is_daemon;
};

/* A backend's process begins with this. */
struct tri_process {
    const struct tri__process_functions *functions;
    char name[64];
    bool is_daemon;
};

struct tri__process_functions {
    int (*check)(const tri_process *); /* as a pool's; TRI_ESTATE in the process itself too */
    int (*join)(tri_process *, double timeout_s);
    int (*exit_code)(const tri_process *, int *code); /* of one that has ended */
    int (*stop)(tri_process *, bool by_force);
    long (*id)(const tri_process *);
    void (*free)(tri_process *);
};

/* ---- A backend, as the controller sees it ---------------------------------------------- */

struct tri__backend {
    tri_backend id;

    /* The number of workers: `requested`, or TRI_EINVAL when it cannot be that; where that is 0,
     * `preferred` if the backend has a choice, and its own default where that is 0 too. Starts
     * nothing. */
    int (*worker_count)(int requested, int preferred);

    /* The number of hosts on which they run. */
    int (*host_count)(void);

    /* Runs the call on `workers` ranks and returns when no rank runs it any more. Sets
     * call->result from rank 0 when all have succeeded. */
    int (*team_run)(const struct tri__call *call, int workers);

    /* NULL where the backend has none. */
    int (*pool_open)(const struct tri__pool_call *call, tri_pool **pool);
    int (*process_start)(const struct tri__process_call *call, tri_process **process);
};

extern const struct tri__backend tri__backend_serial;
extern const struct tri__backend tri__backend_threads;
extern const struct tri__backend tri__backend_fork;
extern const struct tri__backend tri__backend_mpi; /* src/mpi, or its stub --without-mpi */

/* ---- Objects: a state and a step ------------------------------------------------------- */

/* An object is a small state and one function that takes a step: an operation on the state that is
 * taken whole, or not at all. A step never waits, never allocates, and touches nothing but the
 * state, what belongs to it, and the call. Who keeps the objects (src/local/objects.c) sees to the
 * rest: steps of one object come one at a time, a step whose process dies in it has not happened,
 * and those that cannot be taken wait in lists, in their order. */

enum { TRI__LISTS = 4, TRI__STATE_MAX = 112, TRI__FIXED = 4 };

/* What a step returns: 0 or more when it is taken, a TRI_E… when it cannot be, or one of these. */
enum {
    TRI__BLOCKED = -1000, /* not now: it will be taken when the caller's list is nudged */
    TRI__AWAIT,           /* it is taken, and the caller is to wait in its list to be woken */
    TRI__NEEDS            /* not without `spare`, memory of `needs` bytes */
};

/* With this for a code, who is woken takes its step again. */
enum { TRI__RETRY = -1100 };

/* Operations of all kinds; a kind's own come behind them. */
enum {
    TRI__DIED = 1,  /* user `number`, process `pid`, is no more */
    TRI__TIMED_OUT, /* one who was to be woken has left instead */
    TRI__OPERATIONS
};

/* Wakes the first `count` of a list with a code, and a number beside it. */
struct tri__wakes {
    int list;
    int code;
    uint32_t count;
    uint64_t number;
};

#define TRI__EVERYONE UINT32_MAX

struct tri__step_call {
    /* in */
    int operation;
    int list; /* where the caller waits if it must; -1 for a step that never does */
    uint64_t number;
    void *data; /* of `size` bytes: a message, or the room for one */
    size_t size;
    void *block;   /* a large message's own block, which the step takes over or hands out */
    bool is_trial; /* nothing is put, but the answer is that of the step that would */

    /* in, filled in by who keeps the object */
    uint32_t user; /* a thread: no other has this number while it lives, nor while it is mourned */
    uint32_t pid;
    bool was_killed, is_member; /* of TRI__DIED: the latter if it has used this object */
    const uint32_t *waiting;    /* in each list */
    double deadline;            /* of one who has waited; 0 before */
    bool must_wait;             /* others have waited for long: what they wait for is theirs */
    void *spare;                /* a step that takes it sets it to NULL */

    /* out */
    uint64_t woken; /* the number that the caller was woken with */
    size_t needs;
    void *freed;    /* memory that the state no longer needs */
    int held;       /* 1, -1: the caller now owns the object, or no longer */
    bool is_taken;  /* although an error is returned */
    unsigned nudge; /* lists (bits) in which the first one may be able to take its step */
    int wake_count;
    struct tri__wakes wakes[3];
};

struct tri__kind {
    const char *name;
    size_t state_size; /* a multiple of 8 */
    bool has_owner;    /* is to know of deaths … */
    bool has_members;  /* … of all who have used it */
    int (*step)(void *state, struct tri__step_call *call);
    void (*destroy)(void *state, const uint64_t *fixed); /* NULL where nothing belongs to it */
};

/* Makes an object of that state; `fixed` is what never changes, NULL for zeros. */
int tri__object_new(const struct tri__kind *kind, const void *state, const uint64_t *fixed,
                    uint64_t *id);

/* Those who wait get TRI_ECLOSED. */
int tri__object_free(const struct tri__kind *kind, uint64_t id);

/* Takes a step, waiting for as long. What the step returned, or what woke the caller; TRI_ETIMEOUT,
 * TRI_ECLOSED, TRI_ENOMEM; TRI_EINVAL for no such object. Only these have words. */
int tri__object_do(const struct tri__kind *kind, uint64_t id, struct tri__step_call *call,
                   double timeout_s);

/* What never changes, by the way to its memory; NULL, with words, for no such object. */
const uint64_t *tri__object_fixed(const struct tri__kind *kind, uint64_t id);

/* A block for a large message, which is its user's until a step has taken it or from when one has
 * handed it out: so it is freed when the process dies. One at a time. */
void *tri__object_take_block(size_t size);
void tri__object_free_block(void *block);

/* Shared memory that is not zeroed. */
void *tri__local_shared_take(size_t size);

/* ---- How the process was started (core/launch.c) --------------------------------------- */

struct tri__launch {
    bool mpi;            /* by a launcher of MPI programs */
    int ranks;           /* as the launcher's environment has it; 0 where it does not say */
    int rank;            /* likewise */
    const char *by;      /* the launcher, for messages: "mpirun (Open MPI)" */
    const char *trouble; /* NULL, or why no MPI program can work under it, and the cure */
};

/* Looks at the environment alone. `ranks` > 1 or unknown is a launch for the mpi backend. */
struct tri__launch tri__launch_detect(void);

/* ---- What the backends do for tri_main -------------------------------------------------- */

/* Maps the arena and starts the fork server. With `as_child` the calling process itself becomes
 * the fork server, and the program goes on in a child of it, whose end it sees and reports: so
 * a rank that is killed leaves a word behind. `who` names the process in that report ("rank 3").
 * Returns 0 in the process that goes on with the program. */
int tri__local_open(bool as_child, const char *who);

/* Ends the fork server and what is left of its workers. Does nothing in any other process than
 * the one that tri__local_open returned in, nor twice. Under `as_child`, a process that ends
 * without having called it is reported. */
void tri__local_close(void);

/* Initialises MPI, runs the program on rank 0 and serves it on the others, finalises MPI. *status
 * is what this process should return from tri_main. An error is rank 0's only: the others' is 0. */
int tri__mpi_main(const struct tri__launch *launch, int argc, char **argv, tri_program *program,
                  int *status);

/* What one call of MPI moves, at most; a variable so that tests can make it small. */
extern size_t tri__mpi_piece_size;

/* Ends or waits for what the program has left: pools, daemons, other processes. */
void tri__local_finish(void);

/* As their namesakes in trireme.h. */
tri_process *tri__local_self(void);
long tri__local_parent_id(void);
size_t tri__local_children(tri_process **list, size_t count);
bool tri__local_is_stopping(void);
int tri__local_worker_number(void);
void *tri__local_shared_alloc(size_t size);
void tri__local_shared_free(void *memory);

/* Whether this thread is in a task, or in a process's function that is called in the program's own
 * process. */
bool tri__local_is_in_task(void);

/* ---- What core offers to all layers ---------------------------------------------------- */

/* Runs the call's kernel as one rank, and takes part in the end of the team. `team` is set up by
 * the backend. Returns 0 when all ranks have ended well. */
int tri__team_member(tri_team *team, const struct tri__call *call, void *result);

/* Whether this thread is in a kernel. */
bool tri__team_is_in_kernel(void);

/* The code of the thread's last error: tri_error_message() belongs to it. 0 once forgotten, while
 * the words stay. */
int tri__error_code(void);
void tri__error_forget_code(void);

/* Ends a team whose ranks do not agree: fills in a failure that names the first rank that
 * differs from rank 0. False when all `size` signatures are the same. */
bool tri__signatures_differ(const struct tri__signature *signatures, int size,
                            struct tri__failure *failure);

/* A failure with words for the rank of a team: "rank 2 of 4 (process 71 on h1) ", then the rest.
 * A pid of 0 is no process: "rank 2 of 4 (on h1) ". */
void tri__failure_set(struct tri__failure *failure, int code, int rank, int size, long pid,
                      const char *format, ...) TRI_PRINTF(6, 7);

/* The name of this host. */
const char *tri__host_name(void);

/* Seconds on a clock that never goes back, and the time that is timeout_s from now, for a negative
 * one TRI__FOR_EVER (src/local). */
double tri__now(void);
double tri__time_after(double timeout_s);

static inline size_t tri__smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Of bytes, with a seed to go on from (FNV-1a). */
uint64_t tri__hash(uint64_t seed, const void *data, size_t size);

/* The number in an environment variable; 0 where there is none. */
int tri__environment_number(const char *name);

size_t tri__type_size(tri_type type);

/* out[i] = out[i] op in[i]. Ranks are combined in the order of their numbers. */
void tri__combine(void *out, const void *in, size_t count, tri_type type, tri_operation operation);

/* A function as it travels to other ranks: the build id of the executable or shared library that
 * it is in, and its offset there. */
struct tri__address {
    uint64_t module;
    uint64_t offset;
};

int tri__address_of(tri_kernel *function, struct tri__address *address);
tri_kernel *tri__address_function(struct tri__address address); /* NULL if it is not here */

/* One number for the build of the executable and of this library. */
uint64_t tri__build_id(void);

/* tri_cpu_count() of a machine whose files are under `root` ("" is this one): for tests. */
int tri__cpu_count_under(const char *root, char *reason, size_t reason_size);

/* Carries propagated: every limb but the last is in 0 … 2^32-1. */
void tri__exact_carry(tri_exact *sum);

#endif
