/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Running a team on one host, for all three kinds of workers: lay the call into the arena, start
 * a worker a rank, and collect their ends. When a rank fails, the others learn of it at their
 * next collective; those that do not end soon after are killed.
 */
#include "team.h"

#include <math.h>
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

/* A worker that ends well has noted that its kernel returned; whatever it returned, the team
 * knows already. `first` is for the first that did not. */
static void take_end(struct local_team *shared, const struct tri__worker_end *end,
                     struct tri__failure *first)
{
    struct tri__failure failure;
    char words[128];
    bool returned = atomic_load(&shared->returned[end->worker]) != 0;
    if (end->error != 0)
        tri__failure_set(&failure, TRI_ESYS, end->worker, shared->size, 0, "cannot be started: %s",
                         strerror(end->error));
    else if (end->status == 0 && returned)
        return;
    else
        tri__failure_set(&failure, TRI_ELOST, end->worker, shared->size, end->pid, "%s%s",
                         tri__wait_status_words(end->status, words, sizeof words),
                         returned                 ? " after its kernel had returned"
                         : WIFEXITED(end->status) ? " before its kernel had returned"
                                                  : "");
    if (first->code == 0)
        *first = failure;
    tri__local_fail(shared, &failure);
}

/* Returns when no worker is left. After a failure they have a while to end by themselves. */
static int collect_ends(const struct tri__workers *workers, struct local_team *shared,
                        struct tri__failure *first)
{
    double deadline = 0;
    bool killed = workers->kill == NULL;
    for (int left = shared->size; left > 0;) {
        bool failed = atomic_load(&shared->failed) != TEAM_WHOLE;
        if (failed && deadline == 0)
            deadline = tri__now() + GRACE_S;
        struct tri__worker_end end;
        double timeout_s = failed && !killed ? fmax(0, deadline - tri__now()) : -1;
        int count = workers->next_end(&end, timeout_s);
        if (count < 0)
            return count;
        if (count == 0) {
            workers->kill();
            killed = true;
        } else {
            take_end(shared, &end, first);
            left--;
        }
    }
    return 0;
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

int tri__local_team_run(const struct tri__workers *workers, const struct tri__call *call, int size)
{
    int code = tri__arena_check();
    if (code != 0)
        return code;
    struct local_team *shared = team_new(call, size);
    if (shared == NULL)
        return TRI_ENOMEM;
    struct tri__failure first = {0};
    code = workers->start(size, run_rank, shared);
    if (code == 0 && (code = collect_ends(workers, shared, &first)) != 0)
        return code; /* without freeing what a dying worker may still write to */
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
