/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Running a team on one host, for all three kinds of workers: lay the call into the arena, start
 * a worker a rank, and collect their ends. When a rank fails, the others learn of it at their
 * next collective; those that do not end soon after are killed.
 */
#include "team.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the ranks of a failed team have for ending by themselves. */
static const double GRACE_S = 0.25;

/* ---- One rank -------------------------------------------------------------------------- */

static void run_rank(void *context, int rank)
{
    struct local_team *shared = context;
    struct local_rank self = {{&tri__local_collectives, rank, shared->size}, shared, 0};
    const struct tri__call *call = &shared->call;
    bool is_own = rank != 0 && call->result_size > 0;
    void *result = is_own ? calloc(1, call->result_size) : call->result;
    if (result) {
        tri__team_member(&self.team, call, result);
    } else {
        struct tri__failure failure;
        tri__failure_set(&failure, TRI_ENOMEM, rank, shared->size, getpid(),
                         "has no memory for its result of %zu bytes", call->result_size);
        tri__local_fail(shared, &failure);
    }
    if (is_own)
        free(result);
    atomic_store(&shared->returned[rank], 1);
}

/* ---- The team in the arena ------------------------------------------------------------- */

static void team_free(struct local_team *shared)
{
    if (shared == NULL)
        return;
    tri__arena_free((void *)shared->call.argument);
    tri__arena_free(shared->call.result);
    tri__arena_free(shared->signatures);
    tri__arena_free(shared->stages);
    tri__arena_free(shared);
}

static struct local_team *team_new(const struct tri__call *call, int size)
{
    size_t ranks = (size_t)size;
    struct local_team *shared = tri__arena_alloc(sizeof *shared + ranks * sizeof *shared->returned);
    if (shared == NULL)
        return NULL;
    void *argument = tri__arena_alloc(call->argument_size);
    shared->size = size;
    shared->spin = size <= tri_cpu_count();
    shared->call = *call;
    shared->call.argument = argument;
    shared->call.result = tri__arena_alloc(call->result_size);
    shared->signatures = tri__arena_alloc(ranks * sizeof *shared->signatures);
    shared->stages = tri__arena_alloc(ranks * 2 * TRI__STAGE_SIZE);
    if (argument && shared->call.result && shared->signatures && shared->stages) {
        if (call->argument_size > 0)
            memcpy(argument, call->argument, call->argument_size);
        return shared;
    }
    team_free(shared);
    return NULL;
}

/* ---- How workers end ------------------------------------------------------------------- */

const char *tri__wait_status_words(int status, char *buffer, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(buffer, size, "was killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(buffer, size, "exited with code %d", WEXITSTATUS(status));
    return buffer;
}

/* How the ranks end; guarded by the lock of ends.c. */
struct ranks {
    struct tri__watcher watcher;
    struct local_team *shared;
    int left;
    struct tri__failure first; /* of the first that did not end well */
};

/* A worker that ends well has noted that its kernel returned; whatever it returned, the team
 * knows already. */
static void take_end(struct tri__watcher *watcher, const struct tri__worker_end *end)
{
    struct ranks *ranks = (struct ranks *)watcher;
    struct local_team *shared = ranks->shared;
    struct tri__failure failure;
    char words[128];
    bool returned = atomic_load(&shared->returned[end->worker]) != 0;
    ranks->left--;
    if (end->error != 0)
        tri__failure_set(&failure, TRI_ESYS, end->worker, shared->size, 0, "cannot be started: %s",
                         strerror(end->error));
    else if (end->status == 0 && returned)
        return;
    else if (end->pid == 0)
        tri__failure_set(&failure, TRI_ELOST, end->worker, shared->size, 0,
                         "was killed with the fork server");
    else
        tri__failure_set(&failure, TRI_ELOST, end->worker, shared->size, end->pid, "%s%s",
                         tri__wait_status_words(end->status, words, sizeof words),
                         returned                 ? " after its kernel had returned"
                         : WIFEXITED(end->status) ? " before its kernel had returned"
                                                  : "");
    if (ranks->first.code == 0)
        ranks->first = failure;
    tri__local_fail(shared, &failure);
}

static bool all_have_ended(void *context)
{
    return ((const struct ranks *)context)->left == 0;
}

static bool one_has_failed(void *context)
{
    const struct ranks *ranks = context;
    return ranks->left == 0 || atomic_load(&ranks->shared->failed) != TEAM_WHOLE;
}

/* Returns when no worker is left. After a failure they have a while to end by themselves. */
static void wait_for_ends(const struct tri__workers *workers, struct ranks *ranks)
{
    if (workers->signal) {
        tri__ends_wait(one_has_failed, ranks, TRI__FOR_EVER);
        if (tri__ends_wait(all_have_ended, ranks, tri__time_after(GRACE_S)))
            return;
        workers->signal(&ranks->watcher, -1, SIGKILL);
    }
    tri__ends_wait(all_have_ended, ranks, TRI__FOR_EVER);
}

/* A rank that was killed while it wrote why the team fails is itself the reason. */
static int outcome(const struct local_team *shared, const struct tri__call *call,
                   const struct tri__failure *first)
{
    switch (atomic_load(&shared->failed)) {
    case TEAM_WHOLE:
        if (call->result_size > 0)
            memcpy(call->result, shared->call.result, call->result_size);
        return 0;
    case TEAM_FAILED:
        return tri_fail(shared->failure.code, "%s", shared->failure.words);
    default:
        return tri_fail(first->code, "%s", first->words);
    }
}

static int run_on_workers(const struct tri__workers *workers, struct local_team *shared,
                          struct tri__failure *first)
{
    struct ranks ranks = {{take_end}, shared, shared->size, {0}};
    int code = workers->start(&ranks.watcher, run_rank, shared, 0, shared->size);
    if (code == 0)
        wait_for_ends(workers, &ranks);
    *first = ranks.first;
    return code;
}

int tri__local_team_run(const struct tri__workers *workers, const struct tri__call *call, int size)
{
    struct local_team *shared = team_new(call, size);
    if (shared == NULL)
        return TRI_ENOMEM;
    struct tri__failure first = {0};
    int code = 0;
    if (workers)
        code = run_on_workers(workers, shared, &first);
    else
        run_rank(shared, 0);
    if (code == 0)
        code = outcome(shared, call, &first);
    team_free(shared);
    return code;
}

int tri__local_worker_count(int requested, int preferred)
{
    if (requested > 0)
        return requested;
    return preferred > 0 ? preferred : tri_cpu_count();
}

int tri__local_host_count(void)
{
    return 1;
}
