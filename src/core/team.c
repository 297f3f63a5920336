/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Teams: what trireme.h promises, over whatever backend. Arguments are checked here and become a
 * signature; the backend lets a collective begin only when the ranks' signatures agree, so a
 * mistake in a kernel is an error with words and not a hang.
 */
#include "options.h"

#include <stdatomic.h>
#include <unistd.h>

static atomic_flag team_is_running = ATOMIC_FLAG_INIT;
static _Thread_local bool is_rank;

int tri_team_run(tri_kernel *kernel, const void *argument, size_t argument_size, void *result,
                 size_t result_size, const tri_team_options *options)
{
    if (kernel == NULL || (argument == NULL && argument_size > 0) ||
        (result == NULL && result_size > 0))
        return tri_fail(TRI_EINVAL, "tri_team_run: a kernel, argument or result is NULL");
    if (is_rank)
        return tri_fail(TRI_ESTATE, "tri_team_run: a rank of a team cannot run another team");

    const struct tri__backend *backend;
    int workers = tri__options_resolve(options, &backend);
    if (workers < 0)
        return workers;
    if (atomic_flag_test_and_set(&team_is_running))
        return tri_fail(TRI_ESTATE, "tri_team_run: another team is running");
    struct tri__call call = {kernel, argument, argument_size, result, result_size};
    int code = backend->team_run(&call, workers);
    atomic_flag_clear(&team_is_running);
    return code;
}

/* ---- One rank -------------------------------------------------------------------------- */

bool tri__team_is_in_kernel(void)
{
    return is_rank;
}

/* The words of the thread's last error are the kernel's if it ended with that error's code. */
static void describe_error(const tri_team *team, int code, struct tri__failure *failure)
{
    if (code == tri__error_code())
        tri__failure_set(failure, TRI_EFAILED, team->rank, team->size, getpid(),
                         "failed with code %d: %s", code, tri_error_message());
    else
        tri__failure_set(failure, TRI_EFAILED, team->rank, team->size, getpid(), "returned %d",
                         code);
}

int tri__team_member(tri_team *team, const struct tri__call *call, void *result)
{
    is_rank = true;
    tri__error_forget_code(); /* an error before the kernel is not the kernel's */
    int code = call->kernel(team, call->argument, result);
    is_rank = false;
    if (code != 0) {
        struct tri__failure failure;
        describe_error(team, code, &failure);
        team->collectives->fail(team, &failure);
        return TRI_EENDED;
    }
    struct tri__signature end = {.step = TRI__END};
    return team->collectives->barrier(team, &end);
}

int tri_team_rank(const tri_team *team)
{
    return team->rank;
}

int tri_team_size(const tri_team *team)
{
    return team->size;
}

int tri_team_check(tri_team *team)
{
    return team->collectives->check(team);
}

/* ---- Collectives ----------------------------------------------------------------------- */

static int check_buffers(const char *name, const void *in, const void *out, size_t size)
{
    if (size > 0 && (in == NULL || out == NULL))
        return tri_fail(TRI_EINVAL, "%s: a buffer is NULL", name);
    return 0;
}

static int check_root(const tri_team *team, const char *name, int root)
{
    if (root < 0 || root >= team->size)
        return tri_fail(TRI_EINVAL, "%s: root %d is not a rank of 0 … %d", name, root,
                        team->size - 1);
    return 0;
}

static int check_elements(const char *name, const void *in, const void *out, size_t count,
                          tri_type type, tri_operation operation)
{
    if (tri__type_size(type) == 0)
        return tri_fail(TRI_EINVAL, "%s: %d is not a tri_type", name, (int)type);
    if (operation < TRI_SUM || operation > TRI_MAX)
        return tri_fail(TRI_EINVAL, "%s: %d is not a tri_operation", name, (int)operation);
    if (count > SIZE_MAX / tri__type_size(type))
        return tri_fail(TRI_EINVAL, "%s: %zu elements are too many", name, count);
    return check_buffers(name, in, out, count);
}

/* Gather and scatter: the root's buffer has to have a size. */
static int check_parts(const tri_team *team, const char *name, size_t size)
{
    if (size > SIZE_MAX / (size_t)team->size)
        return tri_fail(TRI_EINVAL, "%s: %zu bytes a rank are too many", name, size);
    return 0;
}

int tri_team_barrier(tri_team *team)
{
    struct tri__signature signature = {.step = TRI__BARRIER};
    return team->collectives->barrier(team, &signature);
}

int tri_team_bcast(tri_team *team, void *buffer, size_t size, int root)
{
    int code = check_root(team, "tri_team_bcast", root);
    if (code == 0)
        code = check_buffers("tri_team_bcast", buffer, buffer, size);
    struct tri__signature signature = {.step = TRI__BCAST, .root = root, .size = size};
    return code ? code : team->collectives->bcast(team, &signature, buffer);
}

int tri_team_reduce(tri_team *team, const void *in, void *out, size_t count, tri_type type,
                    tri_operation operation, int root)
{
    int code = check_root(team, "tri_team_reduce", root);
    if (code == 0)
        code = check_elements("tri_team_reduce", in, team->rank == root ? out : in, count, type,
                              operation);
    struct tri__signature signature = {TRI__REDUCE, root, (int)type, (int)operation, count};
    return code ? code : team->collectives->reduce(team, &signature, in, out);
}

int tri_team_allreduce(tri_team *team, const void *in, void *out, size_t count, tri_type type,
                       tri_operation operation)
{
    int code = check_elements("tri_team_allreduce", in, out, count, type, operation);
    struct tri__signature signature = {TRI__ALLREDUCE, 0, (int)type, (int)operation, count};
    return code ? code : team->collectives->allreduce(team, &signature, in, out);
}

int tri_team_gather(tri_team *team, const void *in, void *out, size_t size, int root)
{
    int code = check_root(team, "tri_team_gather", root);
    if (code == 0)
        code = check_parts(team, "tri_team_gather", size);
    if (code == 0)
        code = check_buffers("tri_team_gather", in, team->rank == root ? out : in, size);
    struct tri__signature signature = {.step = TRI__GATHER, .root = root, .size = size};
    return code ? code : team->collectives->gather(team, &signature, in, out);
}

int tri_team_scatter(tri_team *team, const void *in, void *out, size_t size, int root)
{
    int code = check_root(team, "tri_team_scatter", root);
    if (code == 0)
        code = check_parts(team, "tri_team_scatter", size);
    if (code == 0)
        code = check_buffers("tri_team_scatter", team->rank == root ? in : out, out, size);
    struct tri__signature signature = {.step = TRI__SCATTER, .root = root, .size = size};
    return code ? code : team->collectives->scatter(team, &signature, in, out);
}

int tri_team_exscan(tri_team *team, const void *in, void *out, size_t count, tri_type type,
                    tri_operation operation)
{
    int code = check_elements("tri_team_exscan", in, out, count, type, operation);
    struct tri__signature signature = {TRI__EXSCAN, 0, (int)type, (int)operation, count};
    return code ? code : team->collectives->exscan(team, &signature, in, out);
}

_Static_assert(sizeof(tri_exact) % sizeof(int64_t) == 0, "a tri_exact is reduced as integers");

int tri_team_reduce_exact(tri_team *team, tri_exact *sums, size_t count, int root)
{
    if (count > SIZE_MAX / sizeof *sums || (count > 0 && sums == NULL))
        return tri_fail(TRI_EINVAL, "tri_team_reduce_exact: a buffer is NULL or too large");
    /* carried limbs have room for the sum of 2^31 ranks */
    for (size_t i = 0; i < count; i++)
        tri__exact_carry(&sums[i]);
    int code = tri_team_reduce(team, sums, sums, count * (sizeof *sums / sizeof(int64_t)),
                               TRI_INT64, TRI_SUM, root);
    for (size_t i = 0; code == 0 && i < count; i++)
        tri__exact_carry(&sums[i]);
    return code;
}
