/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Futures: one at a time through their backend's functions, and many at a time over those.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static int check(const char *name, const tri_future *future)
{
    if (future == NULL)
        return tri_fail(TRI_EINVAL, "%s: the future is NULL", name);
    return future->pool->functions->check(future->pool);
}

static enum tri__future_state state_of(const tri_future *future)
{
    return future->functions->state(future);
}

static bool is_done(const tri_future *future)
{
    return state_of(future) >= TRI__DONE;
}

int tri_future_wait(tri_future *future, double timeout_s)
{
    int code = check("tri_future_wait", future);
    return code ? code : future->functions->wait(future, timeout_s);
}

int tri_future_result(tri_future *future, void *result, double timeout_s)
{
    int code = tri_future_wait(future, timeout_s);
    return code ? code : future->functions->result(future, result);
}

int tri_future_task_result(tri_future *future, size_t task, void *result)
{
    int code = check("tri_future_task_result", future);
    if (code == 0 && task >= future->count)
        return tri_fail(TRI_EINVAL, "tri_future_task_result: there is no task %zu of %zu", task,
                        future->count);
    if (code == 0 && !is_done(future))
        return tri_fail(TRI_ESTATE, "tri_future_task_result: the future is not done");
    return code ? code : future->functions->task_result(future, task, result);
}

int tri_future_running(const tri_future *future)
{
    return check("tri_future_running", future) == 0 && state_of(future) == TRI__RUNNING;
}

int tri_future_done(const tri_future *future)
{
    return check("tri_future_done", future) == 0 && is_done(future);
}

int tri_future_cancelled(const tri_future *future)
{
    return check("tri_future_cancelled", future) == 0 && state_of(future) == TRI__CANCELLED;
}

int tri_future_cancel(tri_future *future)
{
    int code = check("tri_future_cancel", future);
    return code ? code : future->functions->cancel(future);
}

int tri_future_kill(tri_future *future)
{
    int code = check("tri_future_kill", future);
    return code ? code : future->functions->kill(future);
}

int tri_future_limit(tri_future *future, double time_limit_s)
{
    int code = check("tri_future_limit", future);
    if (code == 0 && !(time_limit_s >= 0))
        return tri_fail(TRI_EINVAL, "tri_future_limit: a time limit of %g s", time_limit_s);
    return code ? code : future->functions->limit(future, time_limit_s);
}

int tri_future_on_done(tri_future *future, tri_callback *callback, void *data)
{
    int code = check("tri_future_on_done", future);
    if (code == 0 && callback == NULL)
        return tri_fail(TRI_EINVAL, "tri_future_on_done: the callback is NULL");
    return code ? code : future->functions->on_done(future, callback, data);
}

void tri_future_free(tri_future *future)
{
    if (future && check("tri_future_free", future) == 0)
        future->functions->free(future);
}

/* ---- Many of them ---------------------------------------------------------------------- */

static int check_all(const char *name, tri_future *const *futures, size_t count)
{
    if (futures == NULL && count > 0)
        return tri_fail(TRI_EINVAL, "%s: the futures are NULL", name);
    for (size_t i = 0; i < count; i++) {
        int code = check(name, futures[i]);
        if (code != 0)
            return code;
    }
    return 0;
}

static bool has_error(tri_future *future)
{
    return state_of(future) == TRI__DONE && future->functions->result(future, NULL) != 0;
}

static bool is_enough(tri_future *future, tri_when when)
{
    return when == TRI_FIRST_COMPLETED ? is_done(future)
                                       : when == TRI_FIRST_ERROR && has_error(future);
}

/* Returns how many are done, and notes whether that is enough. */
static size_t count_done(tri_future *const *futures, size_t count, tri_when when, bool *enough)
{
    size_t done = 0;
    *enough = false;
    for (size_t i = 0; i < count; i++) {
        done += is_done(futures[i]);
        *enough = *enough || is_enough(futures[i], when);
    }
    *enough = *enough || done == count;
    return done;
}

/* One behind the other: whoever is done before its turn costs nothing. */
static void wait_for_all(tri_future *const *futures, size_t count, double time)
{
    for (size_t i = 0; i < count; i++) {
        double left_s = time - tri__now();
        if (futures[i]->functions->wait(futures[i], left_s > 0 ? left_s : 0) != 0)
            return;
    }
}

int64_t tri_wait(tri_future *const *futures, size_t count, tri_when when, double timeout_s)
{
    bool enough;
    double time = tri__time_after(timeout_s);
    int code = check_all("tri_wait", futures, count);
    if (code != 0)
        return code;
    if (when < TRI_FIRST_COMPLETED || when > TRI_ALL_COMPLETED)
        return tri_fail(TRI_EINVAL, "tri_wait: %d is not a tri_when", (int)when);
    if (when == TRI_ALL_COMPLETED)
        wait_for_all(futures, count, time);
    for (;;) {
        uint32_t ticket = tri__done_ticket();
        size_t done = count_done(futures, count, when, &enough);
        if (enough || (code = tri__done_wait(ticket, time)) == TRI_ETIMEOUT)
            return (int64_t)done;
        if (code != 0)
            return code;
    }
}

/* Those not yet given stand behind `given`; of these, those known to be done come first, in the
 * order in which they were done. */
struct tri_completed {
    size_t given, done, count;
    tri_future *futures[];
};

static int by_address(const void *a, const void *b)
{
    const tri_future *one = *(tri_future *const *)a, *other = *(tri_future *const *)b;
    return (one > other) - (one < other);
}

int tri_as_completed(tri_future *const *futures, size_t count, tri_completed **completed)
{
    int code = check_all("tri_as_completed", futures, count);
    if (code != 0)
        return code;
    if (completed == NULL)
        return tri_fail(TRI_EINVAL, "tri_as_completed: there is nowhere to put the iteration");
    tri_completed *new = malloc(sizeof *new + count * sizeof *futures);
    *completed = new;
    if (new == NULL)
        return tri_fail(TRI_ENOMEM, "tri_as_completed: no memory for %zu futures", count);
    *new = (tri_completed){0, 0, 0};
    if (count > 0)
        memcpy(new->futures, futures, count * sizeof *futures);
    qsort(new->futures, count, sizeof *futures, by_address);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || new->futures[i] != new->futures[new->count - 1])
            new->futures[new->count++] = new->futures[i];
    return 0;
}

static int by_time(const void *a, const void *b)
{
    const tri_future *one = *(tri_future *const *)a, *other = *(tri_future *const *)b;
    double one_time = one->functions->done_time(one);
    double other_time = other->functions->done_time(other);
    return (one_time > other_time) - (one_time < other_time);
}

static void find_done(tri_completed *completed)
{
    size_t known = completed->done;
    for (size_t i = completed->done; i < completed->count; i++)
        if (is_done(completed->futures[i])) {
            tri_future *future = completed->futures[i];
            completed->futures[i] = completed->futures[completed->done];
            completed->futures[completed->done++] = future;
        }
    qsort(completed->futures + known, completed->done - known, sizeof *completed->futures, by_time);
}

int tri_completed_next(tri_completed *completed, tri_future **future, double timeout_s)
{
    double time = tri__time_after(timeout_s);
    if (completed == NULL || future == NULL)
        return tri_fail(TRI_EINVAL, "tri_completed_next: an argument is NULL");
    *future = NULL;
    if (completed->given == completed->count)
        return 0;
    while (completed->given == completed->done) {
        uint32_t ticket = tri__done_ticket();
        int code = check("tri_completed_next", completed->futures[completed->given]);
        if (code != 0)
            return code;
        find_done(completed);
        if (completed->given < completed->done)
            break;
        code = tri__done_wait(ticket, time);
        if (code == TRI_ETIMEOUT)
            return tri_fail(TRI_ETIMEOUT, "%zu of %zu futures are not done",
                            completed->count - completed->given, completed->count);
        if (code != 0)
            return code;
    }
    *future = completed->futures[completed->given++];
    return 1;
}

void tri_completed_free(tri_completed *completed)
{
    free(completed);
}
