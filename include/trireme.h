/* SPDX-License-Identifier: BSD-3-Clause
 *
 * trireme.h: one program on threads, on forked processes or on MPI ranks.
 *
 *     static int kernel(tri_team *team, const void *argument, void *result);
 *
 *     static int program(int argc, char **argv)
 *     {
 *         ...
 *         return tri_team_run(kernel, &argument, sizeof argument, &result, sizeof result, NULL);
 *     }
 *
 *     int main(int argc, char **argv) { return tri_main(argc, argv, program); }
 *
 * Words. The controller is the process that runs the program (under MPI: rank 0). A backend is
 * how workers come to life. A team is a number of ranks, 0 … size-1, that run one kernel
 * together and may use collectives.
 *
 * Who may call what is the first word of each description:
 *
 *     Anyone.      any process and any thread, at any time after tri_main has begun
 *     Controller.  the program, from the thread that tri_main called it on
 *     Collective.  every rank of the team, in the same order and with matching arguments
 *     Owner.       any thread of the process that opened the pool or started the process, which is
 *                  the controller, a worker or a task; TRI_ESTATE in any other process
 *
 * Errors. A function that returns int returns 0 (or the count that it promises), or one of the
 * negative codes of TRI_ERROR_MAP. tri_error_message() then says in words what happened: which
 * rank, which signal, which host, and where there is one, the cure. It is the calling thread's
 * own text and lasts until the thread's next error.
 *
 * Sizes are in bytes where the name says size, in elements where it says count, and times are
 * in seconds. Every call that can wait takes a timeout_s, negative meaning for ever.
 */
#ifndef TRIREME_H
#define TRIREME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TRI_VERSION "0.1.0"

#if defined __GNUC__
#define TRI_API __attribute__((visibility("default")))
#define TRI_PRINTF(words, first) __attribute__((format(printf, words, first)))
#else
#define TRI_API
#define TRI_PRINTF(words, first)
#endif

/* ---- Errors ---------------------------------------------------------------------------- */

#define TRI_ERROR_MAP(X)                                                                           \
    X(TRI_EINVAL, -1, "invalid argument")                                                          \
    X(TRI_ENOMEM, -2, "out of memory")                                                             \
    X(TRI_ESYS, -3, "the operating system refused a call")                                         \
    X(TRI_ESTATE, -4, "cannot be called here or now")                                              \
    X(TRI_ENOTSUP, -5, "not supported by this backend or build")                                   \
    X(TRI_ELAUNCH, -6, "started in a way that cannot work")                                        \
    X(TRI_EFAILED, -7, "a rank's kernel or a task returned an error")                              \
    X(TRI_ELOST, -8, "a rank or worker crashed, exited or was killed")                             \
    X(TRI_EENDED, -9, "the team has ended because another rank failed")                            \
    X(TRI_EMISMATCH, -10, "the ranks called different collectives")                                \
    X(TRI_ETIMEOUT, -11, "the time was over")                                                      \
    X(TRI_ECANCELLED, -12, "cancelled")                                                            \
    X(TRI_ECLOSED, -13, "closed")                                                                  \
    X(TRI_EBROKEN, -14, "broken")

enum {
#define TRI_ERROR_CODE(name, value, text) name = value,
    TRI_ERROR_MAP(TRI_ERROR_CODE)
#undef TRI_ERROR_CODE
};

/* Anyone. The words of TRI_ERROR_MAP for a code; never NULL. */
TRI_API const char *tri_strerror(int code);

/* Anyone. What the calling thread's last failed call has to say, without a newline; "" when
 * none has failed. */
TRI_API const char *tri_error_message(void);

/* Anyone. Sets tri_error_message() as printf would and returns `code`. A kernel that ends with
 * `return tri_fail(code, ...)`, for any code but 0, has its words reported by tri_team_run. */
TRI_API int tri_fail(int code, const char *format, ...) TRI_PRINTF(2, 3);

/* ---- The program ----------------------------------------------------------------------- */

/* The user's program; its result is the exit status. */
typedef int tri_program(int argc, char **argv);

/* Finds out how the process was started, runs `program` in the controller, and returns what the
 * program returned. Call it first in main, before threads are started or anything is printed,
 * and do nothing after it but return its result. The thread that calls it must not end before the
 * program does: the workers would die with it.
 *
 * Under mpirun or srun with more than one rank, rank 0 runs the program, the other ranks serve
 * it, and for them tri_main returns 0 without having run anything. The program may also end
 * with exit(). A start that cannot work (a launcher without MPI support, executables that
 * differ between hosts) is one line on stderr and the result 1.
 *
 * The program has one child that ends only with it, the fork server: wait for children of your own
 * by their pid. */
TRI_API int tri_main(int argc, char **argv, tri_program *program);

/* ---- The machine ----------------------------------------------------------------------- */

/* Anyone. The CPUs that this process may use on this host, at least 1: the smallest of its
 * affinity mask, its cgroups' quota (v1 or v2; a part of a CPU counts as a whole one) and what
 * the batch system granted it on this host (Slurm, PBS, LSF, Grid Engine).
 * Compare Python's os.process_cpu_count(), which knows only the first. */
TRI_API int tri_cpu_count(void);

/* Anyone. Which of these limits decided, in words, such as
 * "the cgroup quota /sys/fs/cgroup/job/cpu.max allows 2". */
TRI_API const char *tri_cpu_count_reason(void);

/* ---- Backends -------------------------------------------------------------------------- */

#define TRI_BACKEND_MAP(X)                                                                         \
    X(TRI_BACKEND_SERIAL, 1, "serial")   /* one rank, in the program's own thread */               \
    X(TRI_BACKEND_THREADS, 2, "threads") /* threads of the controller */                           \
    X(TRI_BACKEND_FORK, 3, "fork")       /* forked processes on this host */                       \
    X(TRI_BACKEND_MPI, 4, "mpi")         /* the ranks that mpirun or srun started */

/* TRI_BACKEND_DEFAULT is mpi under an MPI launcher with more than one rank and fork otherwise;
 * the environment variable TRIREME_BACKEND overrides it. */
typedef enum tri_backend {
    TRI_BACKEND_DEFAULT = 0,
#define TRI_BACKEND_CODE(name, value, text) name = value,
    TRI_BACKEND_MAP(TRI_BACKEND_CODE)
#undef TRI_BACKEND_CODE
} tri_backend;

/* Anyone. The name of a backend; for TRI_BACKEND_DEFAULT, of the one that it stands for. NULL
 * for a value that is no backend, or when TRIREME_BACKEND names none (the message says so). */
TRI_API const char *tri_backend_name(tri_backend backend);

/* Anyone. Sets *backend from its name. TRI_EINVAL for another name, with the list of names in
 * the message. */
TRI_API int tri_backend_from_name(const char *name, tri_backend *backend);

/* The backend and the number of workers. All zero, or a NULL pointer where options are taken,
 * means the defaults: as many workers as tri_cpu_count(), under mpi as many as there are ranks.
 * At most TRI_WORKERS_MAX workers; the serial backend has exactly one. */
typedef struct tri_team_options {
    tri_backend backend;
    int workers;
} tri_team_options;

#define TRI_WORKERS_MAX 65536

/* Anyone. How many ranks a team with these options has. TRI_EINVAL for a number that the backend
 * cannot give, TRI_ENOTSUP for a backend that is not there. */
TRI_API int tri_worker_count(const tri_team_options *options);

/* Anyone. On how many hosts those ranks run. Errors as tri_worker_count. */
TRI_API int tri_host_count(const tri_team_options *options);

/* ---- Teams ----------------------------------------------------------------------------- */

typedef struct tri_team tri_team;

/* What each rank of a team runs. `argument` is a copy of what tri_team_run was given, which ranks
 * may share; `result` is the rank's own, zeroed. Both are aligned for any type. Returns 0, or any
 * other value to say that the rank failed, best with tri_fail(). On the fork backend a rank sees
 * memory, and shared libraries, as they were when tri_main was called; on mpi it is another process
 * altogether: what a kernel needs is in its argument. On serial and mpi it must not end its
 * thread; exit() in it ends the program with status 1 on serial and threads, and the job on mpi. */
typedef int tri_kernel(tri_team *team, const void *argument, void *result);

/* Controller. Runs `kernel` on every rank and waits until all have finished; then copies rank
 * 0's result of `result_size` bytes to `result`.
 *
 * When a rank fails, the others' collectives return TRI_EENDED, ranks that go on nevertheless
 * are killed where that is possible (fork) or end the job (mpi, after half a second), and the
 * result is TRI_EFAILED (a kernel returned an error) or TRI_ELOST (a rank exited, crashed or was
 * killed); the message names the rank, its process, its host and the code or signal. On mpi a
 * rank that dies ends the whole job, with that message and a status that is not 0.
 * One team at a time: TRI_ESTATE when one is running, or when called by a rank. */
TRI_API int tri_team_run(tri_kernel *kernel, const void *argument, size_t argument_size,
                         void *result, size_t result_size, const tri_team_options *options);

/* Any rank. Its number, 0 … size-1, and the size of its team. */
TRI_API int tri_team_rank(const tri_team *team);
TRI_API int tri_team_size(const tri_team *team);

/* Any rank. 0, or TRI_EENDED when another rank has failed. Cheap (under a microsecond): a kernel
 * that works for long between two collectives calls it between pieces of its work, so that the
 * team ends at once. */
TRI_API int tri_team_check(tri_team *team);

/* The collectives. A call that does not match the other ranks' (another collective, root, size,
 * type or operation, or a rank whose kernel has returned) ends the team with TRI_EMISMATCH
 * instead of hanging. They return TRI_EENDED when the team has ended, TRI_EINVAL for arguments
 * that are wrong on their own (the other ranks then wait until this one's kernel returns).
 * In the reductions `in` and `out` may be the same buffer, elsewhere they must not overlap; they
 * may be NULL where the size is 0 or the rank is not concerned (gather's `out`, scatter's `in`
 * and reduce's `out` on other ranks than the root). */

typedef enum tri_type {
    TRI_INT32 = 1,
    TRI_INT64,
    TRI_UINT64,
    TRI_FLOAT,
    TRI_DOUBLE,
    TRI_BYTE /* unsigned */
} tri_type;
typedef enum tri_operation { TRI_SUM = 1, TRI_PRODUCT, TRI_MIN, TRI_MAX } tri_operation;

/* Collective. Returns when every rank has called it. (MPI_Barrier) */
TRI_API int tri_team_barrier(tri_team *team);

/* Collective. Copies root's `size` bytes to every rank's `buffer`. (MPI_Bcast) */
TRI_API int tri_team_bcast(tri_team *team, void *buffer, size_t size, int root);

/* Collective. Element by element, combines `count` elements of every rank into root's `out`.
 * Sums of floating-point numbers depend, in their last bits, on the number of ranks: where that
 * matters use tri_team_reduce_exact. (MPI_Reduce) */
TRI_API int tri_team_reduce(tri_team *team, const void *in, void *out, size_t count, tri_type type,
                            tri_operation operation, int root);

/* Collective. The same, with the result on every rank. (MPI_Allreduce) */
TRI_API int tri_team_allreduce(tri_team *team, const void *in, void *out, size_t count,
                               tri_type type, tri_operation operation);

/* Collective. Root's `out`, of size() × `size` bytes, receives every rank's `size` bytes in the
 * order of the ranks. (MPI_Gather) */
TRI_API int tri_team_gather(tri_team *team, const void *in, void *out, size_t size, int root);

/* Collective. The reverse: rank r's `out` receives the r-th `size` bytes of root's `in`.
 * (MPI_Scatter) */
TRI_API int tri_team_scatter(tri_team *team, const void *in, void *out, size_t size, int root);

/* Collective. Rank r's `out` receives the combination of ranks 0 … r-1; rank 0's is left as it
 * is. (MPI_Exscan) */
TRI_API int tri_team_exscan(tri_team *team, const void *in, void *out, size_t count, tri_type type,
                            tri_operation operation);

/* ---- Exact sums ------------------------------------------------------------------------ */

/* A sum of doubles without rounding error: a fixed-point number wide enough for any double, held
 * as limbs of 32 bits in 64, so that the limbs of different ranks can simply be added. All zero
 * is the sum of nothing. Addition is associative here: the value depends neither on the order
 * nor on the number of ranks. After U. Kulisch's long accumulator ("Computer Arithmetic and
 * Validity", 2008); the limbs' spare bits as in R. Neal, "Fast exact summation using small and
 * large superaccumulators", 2015. */
#define TRI_EXACT_LIMBS 68
typedef struct tri_exact {
    int64_t limb[TRI_EXACT_LIMBS]; /* limb i counts 2^(32i-1074) */
    int64_t infinities[2];         /* how many +inf and -inf were added */
    int64_t nans;
    int64_t pending; /* additions since the carries were last propagated */
} tri_exact;

/* Anyone. Adds a number. (4 ns) */
TRI_API void tri_exact_add(tri_exact *sum, double number);

/* Anyone. Adds another sum to this one. */
TRI_API void tri_exact_merge(tri_exact *sum, const tri_exact *other);

/* Anyone. The sum, rounded once, to nearest even: what math.fsum() gives. Infinities and NaNs as
 * in IEEE 754 addition; a zero sum is +0. */
TRI_API double tri_exact_value(const tri_exact *sum);

/* Collective. Merges `count` sums of every rank into root's; the other ranks' keep their values. */
TRI_API int tri_team_reduce_exact(tri_team *team, tri_exact *sums, size_t count, int root);

/* ---- Shared memory --------------------------------------------------------------------- */

/* Anyone. Zeroed memory that all processes of this host see at the same address, so that a pointer
 * to it may be passed in an argument or a result; aligned to 64 bytes. NULL when there is none
 * left. It lasts until it is freed, by whichever process, or the program ends. */
TRI_API void *tri_shared_alloc(size_t size);
TRI_API void tri_shared_free(void *memory);

/* ---- Pools ----------------------------------------------------------------------------- */

/* Workers that run tasks: multiprocessing.Pool and concurrent.futures' executors.
 *
 * A task that returns an error, exits, crashes, is killed or takes too long gives an error on that
 * task, whose words name the task, the worker, its process and the signal; a fresh worker takes the
 * place of a lost one, and all other tasks are run. On threads a worker that crashes or exits is
 * the end of the program, and one that takes too long is left behind until it returns.
 *
 * On the fork backend a task sees memory as it was when tri_main was called, and what the
 * initializer made; on threads all that the program has. On serial a task is run by the call that
 * submits it. A task may open pools and start processes of its own, but not use the pool that runs
 * it: that is TRI_ESTATE. */
typedef struct tri_pool tri_pool;
typedef struct tri_future tri_future;

/* One task: a function of one argument giving one result, both of fixed size. `argument` is a
 * copy; `result` is zeroed. Returns 0, or any other value to say that it failed, best with
 * tri_fail(). Both are aligned to 16 bytes, or in a map as the elements of an array are. Results of
 * varying size are pointers to what the task has from tri_shared_alloc. */
typedef int tri_task(const void *argument, void *result);

/* What every worker runs before its first task. An error breaks the pool. */
typedef int tri_initializer(const void *argument);

typedef struct tri_pool_options {
    tri_backend backend; /* as tri_team_options; not mpi */
    int workers;         /* likewise, but at most 32767 */
    tri_initializer *initializer;
    const void *initializer_argument; /* copied */
    size_t initializer_size;
    size_t tasks_per_worker; /* after so many a fresh worker takes its place; 0: never */
    int retries;             /* how often a task whose worker was lost is tried again */
    int break_on_loss;       /* 1: a lost worker breaks the pool, as in Python */
    double time_limit_s;     /* for each task; 0: none */
    size_t memory_limit;     /* for each worker, beyond what it begins with; 0: none. fork only */
} tri_pool_options;

/* Anyone. Opens a pool and begins to start its workers. The errors of tri_worker_count, and
 * TRI_EINVAL for options that contradict each other. */
TRI_API int tri_pool_open(tri_pool **pool, const tri_pool_options *options);

/* Owner. Runs task on each of `count` arguments, an array of elements of `argument_size`, and puts
 * the results in an array of elements of `result_size`, in the same order. Workers take `chunk`
 * tasks at a time; 0 means large chunks at first and small ones at the end. Returns when all are
 * done; then the error of the first task, in order of arguments, that has one, or 0. The results of
 * the others are there all the same, those of failed tasks are not. Both arrays may be the same
 * one. Arrays in memory from tri_shared_alloc are not copied. TRI_ECLOSED after close, TRI_EBROKEN
 * when the pool has broken. (Pool.map, Pool.starmap with a struct for argument) */
TRI_API int tri_pool_map(tri_pool *pool, tri_task *task, const void *arguments,
                         size_t argument_size, void *results, size_t result_size, size_t count,
                         size_t chunk);
#define tri_pool_starmap tri_pool_map

/* Owner. The same for one task. (Pool.apply) */
TRI_API int tri_pool_apply(tri_pool *pool, tri_task *task, const void *argument,
                           size_t argument_size, void *result, size_t result_size);

/* Owner. The same without waiting: *future is to be freed. What tri_future_result gives is what the
 * calls above put in `results`. Arrays from tri_shared_alloc must stay as they are until then.
 * (Pool.map_async, Pool.apply_async, Executor.submit) */
TRI_API int tri_pool_map_async(tri_pool *pool, tri_task *task, const void *arguments,
                               size_t argument_size, size_t result_size, size_t count, size_t chunk,
                               tri_future **future);
#define tri_pool_starmap_async tri_pool_map_async
TRI_API int tri_submit(tri_pool *pool, tri_task *task, const void *argument, size_t argument_size,
                       size_t result_size, tri_future **future);
#define tri_pool_apply_async tri_submit

/* Owner. No more tasks are accepted; those that are there will be done, and then the workers end.
 * Closing twice is fine. */
TRI_API int tri_pool_close(tri_pool *pool);

/* Owner. Ends the workers at once: tasks that have not been done have the error TRI_ECANCELLED. On
 * threads, tasks that have begun go on to their end. A future is done when none of its tasks runs
 * any more. */
TRI_API int tri_pool_terminate(tri_pool *pool);

/* Owner. Waits until the workers of a closed or terminated pool have ended, and the callbacks of
 * its futures have been called. TRI_ESTATE for one that is open and in a callback, TRI_ETIMEOUT.
 * Any number of times. */
TRI_API int tri_pool_join(tri_pool *pool, double timeout_s);

/* Owner. Terminates a pool that still has workers, joins it and forgets it; NULL is fine. Its
 * futures and iterations are to be freed before. */
TRI_API void tri_pool_free(tri_pool *pool);

typedef struct tri_pool_statistics {
    int workers;      /* of the pool */
    uint64_t started; /* workers, those that replaced others included */
    uint64_t tasks;   /* that were run to their end, well or not */
    uint64_t failed;  /* of these, with an error */
    uint64_t lost;    /* tasks whose worker ended in them */
    uint64_t retried; /* of these, tried again */
} tri_pool_statistics;

typedef struct tri_worker_statistics {
    long pid;       /* of the worker that has this number now; 0 when there is none */
    uint64_t tasks; /* that workers with this number have run to their end */
    double busy_s;  /* the time that they took */
} tri_worker_statistics;

/* Owner. What the pool has done so far. */
TRI_API int tri_pool_stats(const tri_pool *pool, tri_pool_statistics *stats);
TRI_API int tri_pool_worker_stats(const tri_pool *pool, int worker, tri_worker_statistics *stats);

/* Any task. The number of the worker that runs it, 0 … workers-1; -1 outside of tasks. */
TRI_API int tri_worker_number(void);

/* ---- Results as they come -------------------------------------------------------------- */

/* The next argument of an iteration: 1 when it is in *argument, 0 when there are no more, negative
 * for an error, which ends the iteration behind the results of the arguments before it. Called by
 * tri_pool_imap and tri_pool_next, in the order of the arguments. */
typedef int tri_input(void *data, void *argument);

typedef struct tri_imap_options {
    size_t chunk; /* tasks that a worker takes at a time; 0: 1 */
    size_t ahead; /* tasks begun or waiting, and results not yet taken, at most; 0: 4 chunks a
                     worker */
} tri_imap_options;

typedef struct tri_results tri_results;

/* Owner. Begins an iteration over the results of task on the arguments that `input` gives, in the
 * order of the arguments or as they come. There may be more arguments than memory holds.
 * (Pool.imap, Pool.imap_unordered, Executor.map with a buffersize) */
TRI_API int tri_pool_imap(tri_pool *pool, tri_task *task, tri_input *input, void *data,
                          size_t argument_size, size_t result_size, const tri_imap_options *options,
                          tri_results **results);
TRI_API int tri_pool_imap_unordered(tri_pool *pool, tri_task *task, tri_input *input, void *data,
                                    size_t argument_size, size_t result_size,
                                    const tri_imap_options *options, tri_results **results);

/* Owner. Waits for the next result: 1 when it is in *result, 0 at the end, TRI_ETIMEOUT (it can
 * still be had later), or the error of the task, behind which the iteration goes on. *index, which
 * may be NULL, is the number of the task, from 0; when the call itself has timed out it stays as it
 * was. One thread at a time. */
TRI_API int tri_pool_next(tri_results *results, void *result, uint64_t *index, double timeout_s);

/* Owner. Ends the iteration: tasks that have not begun are cancelled; waits for those that have. */
TRI_API void tri_results_free(tri_results *results);

/* ---- Futures --------------------------------------------------------------------------- */

/* Owner. Waits until the future's tasks are done, well or not, or cancelled. 0 or TRI_ETIMEOUT. */
TRI_API int tri_future_wait(tri_future *future, double timeout_s);

/* Owner. Waits and copies the result: `result_size` bytes, for a map `count` of them, to `result`,
 * which may be NULL. 0; TRI_EFAILED when a task returned an error, TRI_ELOST when its worker was
 * lost, TRI_ETIMEOUT when it took too long or timeout_s was over (tri_future_done() tells which),
 * TRI_ECANCELLED, TRI_EBROKEN. Any number of times. */
TRI_API int tri_future_result(tri_future *future, void *result, double timeout_s);

/* Owner. The same for one task of a map that is done. TRI_ESTATE when it is not. */
TRI_API int tri_future_task_result(tri_future *future, size_t task, void *result);

/* Owner. 1 or 0. Running: a task has begun and they are not all done. Done: done, well or not, or
 * cancelled. */
TRI_API int tri_future_running(const tri_future *future);
TRI_API int tri_future_done(const tri_future *future);
TRI_API int tri_future_cancelled(const tri_future *future);

/* Owner. Cancels what has not begun: 0, also when it is cancelled already; TRI_ESTATE when it is
 * running or done. */
TRI_API int tri_future_cancel(tri_future *future);

/* Owner. Cancels by force: workers that run the future's tasks are killed, and replaced. The future
 * is done when they have ended. On threads TRI_ENOTSUP when a task has begun; TRI_ESTATE when it is
 * done. */
TRI_API int tri_future_kill(tri_future *future);

/* Owner. A time limit for the future's tasks, each from its beginning, instead of the pool's. One
 * that has begun is measured from its beginning too, or in a map from this call. */
TRI_API int tri_future_limit(tri_future *future, double time_limit_s);

/* What is called when a future is done. It cannot wait for futures (TRI_ESTATE), and must not free
 * this one. */
typedef void tri_callback(tri_future *future, void *data);

/* Owner. Has `callback` called once the future is done: by a thread of the library's own, or at
 * once by this call when it is done already and those given before have returned. In the order in
 * which they were given. */
TRI_API int tri_future_on_done(tri_future *future, tri_callback *callback, void *data);

/* Owner. Forgets a future, whose tasks are done all the same; NULL is fine. */
TRI_API void tri_future_free(tri_future *future);

typedef enum tri_when { TRI_FIRST_COMPLETED = 1, TRI_FIRST_ERROR, TRI_ALL_COMPLETED } tri_when;

/* Owner. Waits until one of the futures is done, or one has an error, or all are done, or the time
 * is over. Returns how many are done, a repeated one each time; tri_future_done() tells which. They
 * may be of different pools. */
TRI_API int64_t tri_wait(tri_future *const *futures, size_t count, tri_when when, double timeout_s);

typedef struct tri_completed tri_completed;

/* Owner. Begins an iteration over futures in the order in which they are done, each of them once.
 * They must not be freed before they have been given. */
TRI_API int tri_as_completed(tri_future *const *futures, size_t count, tri_completed **completed);

/* Owner. 1 with *future, 0 at the end, TRI_ETIMEOUT. One thread at a time. */
TRI_API int tri_completed_next(tri_completed *completed, tri_future **future, double timeout_s);
TRI_API void tri_completed_free(tri_completed *completed);

/* ---- Processes ------------------------------------------------------------------------- */

typedef struct tri_process tri_process;

/* What a process runs; what it returns, 0 … 255, is its exit code. `argument` is a copy. */
typedef int tri_function(const void *argument);

typedef struct tri_process_options {
    tri_backend backend; /* fork: a process; threads: a thread of this one; serial: the function is
                            called by tri_process_start; not mpi */
    const char *name;    /* copied; NULL: "process-1" and so on */
    int daemon;          /* 1: it is killed when the program ends, which else waits for it */
} tri_process_options;

/* Anyone. Starts a process that runs function on a copy of the argument. It has the program's
 * folder, environment, output and error, nothing to read, and flushes its output at its end. */
TRI_API int tri_process_start(tri_process **process, tri_function *function, const void *argument,
                              size_t argument_size, const tri_process_options *options);

/* Owner. Waits for its end: 0 or TRI_ETIMEOUT. Any number of times. A process that joins itself
 * gets TRI_ESTATE. */
TRI_API int tri_process_join(tri_process *process, double timeout_s);

/* Owner. 1 while it runs, else 0. */
TRI_API int tri_process_alive(const tri_process *process);

/* Owner. Its exit code: what its function returned or exit() was given, -N when signal N killed it.
 * TRI_ESTATE while it runs. */
TRI_API int tri_process_exit_code(const tri_process *process, int *code);

/* Owner. Asks it to end: tri_stop_requested() becomes true there; where that is never called,
 * SIGTERM is the end of a process. To one that has ended nothing happens. */
TRI_API int tri_process_terminate(tri_process *process);

/* Owner. Ends it with SIGKILL. TRI_ENOTSUP for a thread. */
TRI_API int tri_process_kill(tri_process *process);

/* Owner, and the process itself. Its name, whether it is a daemon, and its process id, which stays
 * when it has ended; for a thread that of the program. */
TRI_API const char *tri_process_name(const tri_process *process);
TRI_API int tri_process_daemon(const tri_process *process);
TRI_API long tri_process_id(const tri_process *process);

/* Anyone. The process that the caller is or, on threads, that its thread is; NULL in the controller
 * and in workers. */
TRI_API tri_process *tri_process_self(void);

/* Anyone. The id of the process that started this one or its pool or team; 0 in the controller. */
TRI_API long tri_process_parent_id(void);

/* Anyone. The processes that this one has started and that run: at most `count` of them go to
 * `list`, and their number is returned. (multiprocessing.active_children) */
TRI_API size_t tri_process_children(tri_process **list, size_t count);

/* Owner. Forgets a process that has ended: 0, TRI_ESTATE while it runs. NULL is fine.
 * (Process.close) */
TRI_API int tri_process_free(tri_process *process);

/* Any process or task. Whether tri_process_terminate or tri_pool_terminate wants the caller to end.
 * From the first call on, SIGTERM makes it true instead of being the end. */
TRI_API int tri_stop_requested(void);

/* ---- Objects --------------------------------------------------------------------------- */

/* Queues, pipes, locks, semaphores, events, conditions, barriers, values and arrays that threads
 * and processes share: those of multiprocessing, by their names.
 *
 * A handle is one number, plain data: it may be copied, lie in shared memory, be passed in the
 * argument of a task or a process, and is good in every thread and process of the run on this host,
 * whether that began before the object was made or after. All zero is no handle. The functions are
 * for anyone. An object lasts until anyone frees it, or the program ends; a handle that was freed
 * or never made is TRI_EINVAL, and who waits for an object that is freed gets TRI_ECLOSED. Only
 * numbers that are read or written, and an action that is running, must not be freed meanwhile.
 *
 * Where a function takes a timeout_s, 0 means not to wait; TRI_ETIMEOUT is the answer when the time
 * is over. Those who wait sleep, and are served in the order in which they came; one who comes by
 * while the first of them is being woken may go before it, for a millisecond at most.
 *
 * A process that is killed, at whatever instant, leaves every object whole and usable. What it was
 * doing to an object has happened or has not. A lock that it held is free; the next one to take it
 * gets TRI_OWNER_DIED, which is a success: the lock is taken, but what it guards may be half
 * changed. So it is when a thread or process ends and has not released it. A barrier, or condition,
 * that it had used tells the others if it was killed or ended with an error, that is another exit
 * code than 0; who uses more than 16 of these at a time counts as having used all. (Of a process
 * that the program has forked itself this is found out within a second by who waits, and barriers
 * and conditions say nothing.) */
#define TRI_OWNER_DIED 1

#define TRI_HANDLE(name)                                                                           \
    typedef struct name {                                                                          \
        uint64_t id;                                                                               \
    } name

TRI_HANDLE(tri_lock);
TRI_HANDLE(tri_rlock);
TRI_HANDLE(tri_semaphore);
TRI_HANDLE(tri_event);
TRI_HANDLE(tri_condition);
TRI_HANDLE(tri_barrier);
TRI_HANDLE(tri_queue);
TRI_HANDLE(tri_pipe);
TRI_HANDLE(tri_value);
TRI_HANDLE(tri_array);

/* ---- Locks */

/* A lock may be released by another than who took it. (multiprocessing.Lock) */
TRI_API int tri_lock_new(tri_lock *lock);
TRI_API int tri_lock_free(tri_lock lock);

/* 0, TRI_OWNER_DIED or TRI_ETIMEOUT. (20 ns where nobody else wants it) */
TRI_API int tri_lock_acquire(tri_lock lock, double timeout_s);

/* TRI_ESTATE when it is free. */
TRI_API int tri_lock_release(tri_lock lock);

/* 1 or 0; *pid, which may be NULL, is the process id of who has it, or 0. */
TRI_API int tri_lock_locked(tri_lock lock, long *pid);

/* A lock that its owner, one thread, may take again, and has to release as often.
 * (multiprocessing.RLock) */
TRI_API int tri_rlock_new(tri_rlock *lock);
TRI_API int tri_rlock_free(tri_rlock lock);
TRI_API int tri_rlock_acquire(tri_rlock lock, double timeout_s);

/* TRI_ESTATE when the calling thread does not have it. */
TRI_API int tri_rlock_release(tri_rlock lock);

/* How often its owner has taken it, 0 when it is free. */
TRI_API int tri_rlock_locked(tri_rlock lock, long *pid);

/* ---- Semaphores */

/* A number that acquire lowers by one, waiting while it is 0, and release raises; never beyond
 * `bound`, where that is not 0. What was acquired by a process that died is not given back.
 * (multiprocessing.Semaphore, BoundedSemaphore) */
TRI_API int tri_semaphore_new(tri_semaphore *semaphore, uint32_t value, uint32_t bound);
TRI_API int tri_semaphore_free(tri_semaphore semaphore);
TRI_API int tri_semaphore_acquire(tri_semaphore semaphore, double timeout_s);

/* TRI_ESTATE when it would pass its bound, or 2^32-1: nothing is released then. */
TRI_API int tri_semaphore_release(tri_semaphore semaphore, uint32_t count);
TRI_API int64_t tri_semaphore_value(tri_semaphore semaphore);

/* ---- Events */

/* A flag to wait for. Who waits when it is set has seen it, even if it is cleared at once.
 * (multiprocessing.Event) */
TRI_API int tri_event_new(tri_event *event);
TRI_API int tri_event_free(tri_event event);
TRI_API int tri_event_set(tri_event event);
TRI_API int tri_event_clear(tri_event event);
TRI_API int tri_event_is_set(tri_event event); /* 1 or 0 */
TRI_API int tri_event_wait(tri_event event, double timeout_s);

/* ---- Conditions */

/* An rlock, and waiting for somebody to notify while it is released. Acquire and release as an
 * rlock's. (multiprocessing.Condition) */
TRI_API int tri_condition_new(tri_condition *condition);
TRI_API int tri_condition_free(tri_condition condition);
TRI_API int tri_condition_acquire(tri_condition condition, double timeout_s);
TRI_API int tri_condition_release(tri_condition condition);

/* Releases the lock, however often it was taken, waits to be notified, and takes it again as it
 * was. All of these need the lock: TRI_ESTATE without. TRI_ELOST when a process that had used the
 * condition died: it may have been the one to notify. All who wait then get that, or the next
 * one to wait, rather than TRI_OWNER_DIED, which is as for acquire. Whatever is returned, but
 * TRI_EINVAL, TRI_ESTATE and TRI_ECLOSED, the lock is held. */
TRI_API int tri_condition_wait(tri_condition condition, double timeout_s);

/* Wakes `count` of those who wait, or all; fewer are fine. */
TRI_API int tri_condition_notify(tri_condition condition, uint32_t count);
TRI_API int tri_condition_notify_all(tri_condition condition);

/* Waits until is_true(data), which is called with the lock held, returns other than 0. Returns 0
 * then, else as tri_condition_wait. */
typedef int tri_predicate(void *data);
TRI_API int tri_condition_wait_for(tri_condition condition, tri_predicate *is_true, void *data,
                                   double timeout_s);

/* ---- Barriers */

typedef struct tri_barrier_options {
    tri_function *action; /* called by one of the parties before they go on; an error, that is any
                             other value than 0, breaks the barrier */
    const void *argument; /* copied */
    size_t argument_size;
    double timeout_s; /* for who waits for ever; 0: none */
} tri_barrier_options;

/* Where `parties` threads or processes wait for each other, again and again.
 * (multiprocessing.Barrier) */
TRI_API int tri_barrier_new(tri_barrier *barrier, uint32_t parties,
                            const tri_barrier_options *options);
TRI_API int tri_barrier_free(tri_barrier barrier);

/* Returns 0 … parties-1, a different number to each. Breaks the barrier when the time is over.
 * TRI_EBROKEN when it is broken, or is broken or reset meanwhile; the words say by what. A process
 * that has used the barrier and dies, by a signal or with an error, breaks it. */
TRI_API int tri_barrier_wait(tri_barrier barrier, double timeout_s);

/* Breaks it, until it is reset. */
TRI_API int tri_barrier_abort(tri_barrier barrier);

/* As new: who waits gets TRI_EBROKEN. */
TRI_API int tri_barrier_reset(tri_barrier barrier);
TRI_API int tri_barrier_waiting(tri_barrier barrier); /* how many wait */
TRI_API int tri_barrier_broken(tri_barrier barrier);  /* 1 or 0 */

/* ---- Queues */

/* Messages of any sizes, each from one who puts to one who gets, whole, in the order in which they
 * were put. (multiprocessing.JoinableQueue, queue.Queue) */
typedef struct tri_queue_options {
    uint64_t messages; /* so many at most; 0: any number */
    uint64_t bytes;    /* so many bytes of messages at most; 0: as many as there is memory for */
} tri_queue_options;

TRI_API int tri_queue_new(tri_queue *queue, const tri_queue_options *options);

/* With what is in it. */
TRI_API int tri_queue_free(tri_queue queue);

/* Waits until there is room. TRI_EINVAL for a message larger than the queue, TRI_ENOMEM,
 * TRI_ECLOSED once it is shut down. */
TRI_API int tri_queue_put(tri_queue queue, const void *message, size_t size, double timeout_s);

/* Takes the next message, of `size` bytes, to `message`, which has room for so many; a message
 * larger than that is TRI_EINVAL and stays. *actual, which may be NULL, is its size in both cases.
 * TRI_ECLOSED once it is shut down and empty. */
TRI_API int tri_queue_get(tri_queue queue, void *message, size_t size, size_t *actual,
                          double timeout_s);

/* How many messages there are; and 1 or 0. */
TRI_API int64_t tri_queue_size(tri_queue queue);
TRI_API int tri_queue_empty(tri_queue queue);
TRI_API int tri_queue_full(tri_queue queue);

/* Says that what was taken has been dealt with: TRI_ESTATE when there is nothing left to be. Join
 * waits until all that was put has been. */
TRI_API int tri_queue_task_done(tri_queue queue);
TRI_API int tri_queue_join(tri_queue queue, double timeout_s);

/* No more messages are taken; those that are there can be had, or with `immediate` are dropped, and
 * count as dealt with. Wakes who waits. Again is fine. (Queue.shutdown) */
TRI_API int tri_queue_shutdown(tri_queue queue, int immediate);

/* ---- Pipes */

/* Two ends: what is sent at one is received at the other, whole messages in their order. At most
 * about a MiB is under way, or one message that is larger: send waits for that.
 * (multiprocessing.Pipe) */
TRI_API int tri_pipe_new(tri_pipe ends[2]);
TRI_API int tri_pipe_send(tri_pipe end, const void *message, size_t size, double timeout_s);

/* As tri_queue_get. TRI_ECLOSED when the other end was closed and all has been received. */
TRI_API int tri_pipe_recv(tri_pipe end, void *message, size_t size, size_t *actual,
                          double timeout_s);

/* 0 when there is something to receive, the end of the messages included, or TRI_ETIMEOUT. */
TRI_API int tri_pipe_poll(tri_pipe end, double timeout_s);

/* Closes an end, for all; the pipe is freed when both are closed. */
TRI_API int tri_pipe_close(tri_pipe end);

/* ---- Values and arrays */

/* Numbers in shared memory, each with a lock. Get, set and what changes a number in one step are
 * atomic for each number, and do not need the lock, nor look at it; who does more than that takes
 * it. (multiprocessing.Value, Array; without the lock RawValue, RawArray) */
TRI_API int tri_value_new(tri_value *value, tri_type type, const void *initial); /* NULL: zero */
TRI_API int tri_value_free(tri_value value);
TRI_API int tri_value_get(tri_value value, void *number);
TRI_API int tri_value_set(tri_value value, const void *number);

/* *old, which may be NULL, is what it was. Integers wrap around. */
TRI_API int tri_value_add(tri_value value, const void *addend, void *old);
TRI_API int tri_value_exchange(tri_value value, const void *number, void *old);

/* Sets it to *desired if it is *expected, bit for bit: 1; else sets *expected to what it is: 0. */
TRI_API int tri_value_compare_exchange(tri_value value, void *expected, const void *desired);

/* Its lock, an rlock. */
TRI_API int tri_value_acquire(tri_value value, double timeout_s);
TRI_API int tri_value_release(tri_value value);

/* `count` numbers, zero, or copied from `initial` where that is not NULL. */
TRI_API int tri_array_new(tri_array *array, tri_type type, size_t count, const void *initial);
TRI_API int tri_array_free(tri_array array);
TRI_API int64_t tri_array_count(tri_array array);

/* Copies `count` numbers from the one of number `first` on. TRI_EINVAL where there are not so
 * many. */
TRI_API int tri_array_get(tri_array array, size_t first, size_t count, void *numbers);
TRI_API int tri_array_set(tri_array array, size_t first, size_t count, const void *numbers);
TRI_API int tri_array_add(tri_array array, size_t index, const void *addend, void *old);
TRI_API int tri_array_exchange(tri_array array, size_t index, const void *number, void *old);
TRI_API int tri_array_compare_exchange(tri_array array, size_t index, void *expected,
                                       const void *desired);
TRI_API int tri_array_acquire(tri_array array, double timeout_s);
TRI_API int tri_array_release(tri_array array);

/* Where the numbers lie, aligned to 64 bytes, the same in every process of this host: for structs,
 * as an array of TRI_BYTE, or for speed. NULL with words for no handle. (get_obj) */
TRI_API void *tri_array_data(tri_array array);
TRI_API void *tri_value_data(tri_value value);

#ifdef __cplusplus
}
#endif

#endif
