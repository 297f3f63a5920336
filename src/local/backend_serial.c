/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The serial backend: the calling thread does everything itself, at once.
 */
#include "pool.h"
#include "process.h"

static int worker_count(int requested, int preferred)
{
    (void)preferred;
    if (requested > 1)
        return tri_fail(TRI_EINVAL, "the serial backend has 1 worker, not %d", requested);
    return 1;
}

static int team_run(const struct tri__call *call, int size)
{
    return tri__local_team_run(NULL, call, size);
}

static int pool_open(const struct tri__pool_call *call, tri_pool **pool)
{
    return tri__local_pool_open(NULL, call, pool);
}

static int process_start(const struct tri__process_call *call, tri_process **process)
{
    return tri__local_process_start(NULL, call, process);
}

const struct tri__backend tri__backend_serial = {
    TRI_BACKEND_SERIAL, worker_count, tri__local_host_count, team_run, pool_open, process_start,
};
