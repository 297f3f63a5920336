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
 *
 * Errors. A function that returns int returns 0 (or the count that it promises), or one of the
 * negative codes of TRI_ERROR_MAP. tri_error_message() then says in words what happened: which
 * rank, which signal, which host, and where there is one, the cure. It is the calling thread's
 * own text and lasts until the thread's next error.
 *
 * Sizes are in bytes where the name says size, in elements where it says count, and times are
 * in seconds.
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
    X(TRI_EFAILED, -7, "a rank's kernel returned an error")                                        \
    X(TRI_ELOST, -8, "a rank crashed, exited or was killed")                                       \
    X(TRI_EENDED, -9, "the team has ended because another rank failed")                            \
    X(TRI_EMISMATCH, -10, "the ranks called different collectives")

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

typedef enum tri_type { TRI_INT32 = 1, TRI_INT64, TRI_UINT64, TRI_FLOAT, TRI_DOUBLE } tri_type;
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

#ifdef __cplusplus
}
#endif

#endif
