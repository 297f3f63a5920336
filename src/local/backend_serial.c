/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The serial backend: the one worker is the calling thread, and has ended when it is started.
 */
#include "local.h"

#include <unistd.h>

static int start(int count, tri__worker_entry *entry, void *context)
{
    for (int worker = 0; worker < count; worker++)
        entry(context, worker);
    return 0;
}

static int next_end(struct tri__worker_end *end, double timeout_s)
{
    (void)timeout_s;
    *end = (struct tri__worker_end){.worker = 0, .pid = getpid()};
    return 1;
}

static const struct tri__workers workers = {start, next_end, NULL};

static int worker_count(int requested, int preferred)
{
    (void)preferred;
    if (requested > 1)
        return tri_fail(TRI_EINVAL, "the serial backend has 1 worker, not %d", requested);
    return 1;
}

static int team_run(const struct tri__call *call, int size)
{
    return tri__local_team_run(&workers, call, size);
}

const struct tri__backend tri__backend_serial = {
    TRI_BACKEND_SERIAL,
    worker_count,
    tri__local_host_count,
    team_run,
};
