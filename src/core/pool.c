/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Pools: what trireme.h promises, over whatever backend. Arguments are checked here.
 */
#include "options.h"

#include <string.h>

static int check_options(const tri_pool_options *options)
{
    if (options->retries < 0)
        return tri_fail(TRI_EINVAL, "tri_pool_open: %d retries", options->retries);
    if (options->retries > 0 && options->break_on_loss)
        return tri_fail(TRI_EINVAL,
                        "tri_pool_open: a lost worker cannot both break the pool and be retried");
    if (!(options->time_limit_s >= 0))
        return tri_fail(TRI_EINVAL, "tri_pool_open: a time limit of %g s", options->time_limit_s);
    if (options->initializer_argument == NULL && options->initializer_size > 0)
        return tri_fail(TRI_EINVAL, "tri_pool_open: the initializer's argument is NULL");
    return 0;
}

int tri_pool_open(tri_pool **pool, const tri_pool_options *options)
{
    static const tri_pool_options defaults;
    const struct tri__backend *backend;
    struct tri__pool_call call = {.options = options ? *options : defaults};
    if (pool == NULL)
        return tri_fail(TRI_EINVAL, "tri_pool_open: there is nowhere to put the pool");
    *pool = NULL;
    int code = check_options(&call.options);
    if (code != 0)
        return code;
    tri_team_options team = {call.options.backend, call.options.workers};
    call.workers = tri__options_resolve(&team, &backend);
    if (call.workers < 0)
        return call.workers;
    if (backend->pool_open == NULL)
        return tri_fail(TRI_ENOTSUP,
                        "the %s backend has no pools yet: use fork or threads (TRIREME_BACKEND)",
                        tri_backend_name(backend->id));
    return backend->pool_open(&call, pool);
}

/* ---- Submitting ------------------------------------------------------------------------ */

static int check_pool(const char *name, const tri_pool *pool)
{
    if (pool == NULL)
        return tri_fail(TRI_EINVAL, "%s: the pool is NULL", name);
    return pool->functions->check(pool);
}

static int submit(const char *name, tri_pool *pool, const struct tri__job_call *call,
                  tri_future **future)
{
    if (future == NULL)
        return tri_fail(TRI_EINVAL, "%s: there is nowhere to put the future", name);
    *future = NULL;
    int code = check_pool(name, pool);
    if (code != 0)
        return code;
    if (call->task == NULL)
        return tri_fail(TRI_EINVAL, "%s: the task is NULL", name);
    if (call->arguments == NULL && call->argument_size > 0 && call->count > 0)
        return tri_fail(TRI_EINVAL, "%s: the arguments are NULL", name);
    size_t most = SIZE_MAX / 4;
    if (call->count > 0 && (call->argument_size > most / call->count ||
                            call->result_size > most / call->count || call->count > most))
        return tri_fail(TRI_EINVAL, "%s: %zu tasks of %zu and %zu bytes are too many", name,
                        call->count, call->argument_size, call->result_size);
    return pool->functions->submit(pool, call, future);
}

static int submit_and_wait(const char *name, tri_pool *pool, const struct tri__job_call *call)
{
    tri_future *future;
    if (call->results == NULL && call->result_size > 0 && call->count > 0)
        return tri_fail(TRI_EINVAL, "%s: there is nowhere to put the results", name);
    int code = submit(name, pool, call, &future);
    if (code == 0) {
        code = tri_future_result(future, call->results, -1);
        tri_future_free(future);
    }
    return code;
}

int tri_pool_map(tri_pool *pool, tri_task *task, const void *arguments, size_t argument_size,
                 void *results, size_t result_size, size_t count, size_t chunk)
{
    struct tri__job_call call = {.task = task,
                                 .arguments = arguments,
                                 .results = results,
                                 .argument_size = argument_size,
                                 .result_size = result_size,
                                 .count = count,
                                 .chunk = chunk};
    return submit_and_wait("tri_pool_map", pool, &call);
}

int tri_pool_apply(tri_pool *pool, tri_task *task, const void *argument, size_t argument_size,
                   void *result, size_t result_size)
{
    struct tri__job_call call = {.task = task,
                                 .arguments = argument,
                                 .results = result,
                                 .argument_size = argument_size,
                                 .result_size = result_size,
                                 .count = 1,
                                 .chunk = 1,
                                 .is_single = true};
    return submit_and_wait("tri_pool_apply", pool, &call);
}

int tri_pool_map_async(tri_pool *pool, tri_task *task, const void *arguments, size_t argument_size,
                       size_t result_size, size_t count, size_t chunk, tri_future **future)
{
    struct tri__job_call call = {.task = task,
                                 .arguments = arguments,
                                 .argument_size = argument_size,
                                 .result_size = result_size,
                                 .count = count,
                                 .chunk = chunk};
    return submit("tri_pool_map_async", pool, &call, future);
}

int tri_submit(tri_pool *pool, tri_task *task, const void *argument, size_t argument_size,
               size_t result_size, tri_future **future)
{
    struct tri__job_call call = {.task = task,
                                 .arguments = argument,
                                 .argument_size = argument_size,
                                 .result_size = result_size,
                                 .count = 1,
                                 .chunk = 1,
                                 .is_single = true};
    return submit("tri_submit", pool, &call, future);
}

/* ---- The end --------------------------------------------------------------------------- */

int tri_pool_close(tri_pool *pool)
{
    int code = check_pool("tri_pool_close", pool);
    return code ? code : pool->functions->close(pool);
}

int tri_pool_terminate(tri_pool *pool)
{
    int code = check_pool("tri_pool_terminate", pool);
    return code ? code : pool->functions->terminate(pool);
}

int tri_pool_join(tri_pool *pool, double timeout_s)
{
    int code = check_pool("tri_pool_join", pool);
    return code ? code : pool->functions->join(pool, timeout_s);
}

void tri_pool_free(tri_pool *pool)
{
    if (pool && check_pool("tri_pool_free", pool) == 0)
        pool->functions->free(pool);
}

/* ---- In tasks --------------------------------------------------------------------------- */

int tri_worker_number(void)
{
    return tri__local_worker_number();
}

void *tri_shared_alloc(size_t size)
{
    return tri__local_shared_alloc(size);
}

void tri_shared_free(void *memory)
{
    tri__local_shared_free(memory);
}

/* ---- Statistics ------------------------------------------------------------------------ */

int tri_pool_stats(const tri_pool *pool, tri_pool_statistics *stats)
{
    int code = check_pool("tri_pool_stats", pool);
    if (code == 0 && stats == NULL)
        return tri_fail(TRI_EINVAL, "tri_pool_stats: there is nowhere to put them");
    if (code == 0)
        pool->functions->stats(pool, stats);
    return code;
}

int tri_pool_worker_stats(const tri_pool *pool, int worker, tri_worker_statistics *stats)
{
    int code = check_pool("tri_pool_worker_stats", pool);
    if (code == 0 && (stats == NULL || worker < 0 || worker >= pool->workers))
        return tri_fail(TRI_EINVAL,
                        "tri_pool_worker_stats: there is no worker %d, or nowhere to "
                        "put them",
                        worker);
    if (code == 0)
        pool->functions->worker_stats(pool, worker, stats);
    return code;
}
