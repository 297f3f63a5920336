/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Conditions: an rlock, and a list of those who have released it to be notified. When a process
 * that has used the condition is killed, they are told, as it may have been the one to notify.
 */
#include "object.h"

struct state {
    struct tri__rlock lock;
    uint64_t lost; /* a process that was killed while nobody waited; 0 for none */
};

enum { WAIT = TRI__RLOCK_OPERATIONS, REACQUIRE, NOTIFY, IS_HELD };

enum { WAITING = 1 }; /* the list; that of the rlock is 0 */

static int wait(struct state *condition, struct tri__step_call *call)
{
    if (condition->lock.owner != call->user)
        return TRI_ESTATE;
    if (condition->lost) {
        call->woken = condition->lost;
        call->is_taken = true;
        condition->lost = 0;
        return TRI_ELOST;
    }
    call->number = tri__rlock_leave(&condition->lock, call);
    return TRI__AWAIT;
}

static int bury(struct state *condition, struct tri__step_call *call)
{
    int code = tri__rlock_step(&condition->lock, call);
    if (!call->is_member || !call->was_killed)
        return code;
    if (call->waiting[WAITING] == 0)
        condition->lost = call->pid;
    call->wakes[call->wake_count++] =
        (struct tri__wakes){WAITING, TRI_ELOST, TRI__EVERYONE, call->pid};
    return 0;
}

static int step(void *memory, struct tri__step_call *call)
{
    struct state *condition = memory;
    switch (call->operation) {
    case WAIT:
        return wait(condition, call);
    case REACQUIRE:
        return tri__rlock_acquire(&condition->lock, call, (uint32_t)call->number);
    case NOTIFY:
        if (condition->lock.owner != call->user)
            return TRI_ESTATE;
        call->wakes[call->wake_count++] =
            (struct tri__wakes){WAITING, 0, (uint32_t)call->number, 0};
        return 0;
    case IS_HELD:
        return condition->lock.owner == call->user ? 0 : TRI_ESTATE;
    case TRI__TIMED_OUT:
        return 0;
    case TRI__DIED:
        return bury(condition, call);
    }
    return tri__rlock_step(&condition->lock, call);
}

static const struct tri__kind kind = {.name = "condition",
                                      .state_size = sizeof(struct state),
                                      .has_owner = true,
                                      .has_members = true,
                                      .step = step};

int tri_condition_new(tri_condition *condition)
{
    struct state state = {0};
    return tri__object_new(&kind, &state, NULL, condition ? &condition->id : NULL);
}

int tri_condition_free(tri_condition condition)
{
    return tri__object_free(&kind, condition.id);
}

int tri_condition_acquire(tri_condition condition, double timeout_s)
{
    return tri__rlock_take(&kind, condition.id, timeout_s);
}

int tri_condition_release(tri_condition condition)
{
    return tri__rlock_give("tri_condition_release", &kind, condition.id);
}

/* What taking the lock again has to tell counts for more than a timeout, but not than a death. */
int tri_condition_wait(tri_condition condition, double timeout_s)
{
    struct tri__step_call waiting = {.operation = WAIT, .list = WAITING};
    int code = tri__object_do(&kind, condition.id, &waiting, timeout_s);
    if (code == TRI_ESTATE)
        return tri__rlock_is_not_yours("tri_condition_wait");
    if (code == TRI_EINVAL || code == TRI_ENOMEM || code == TRI_ECLOSED)
        return code;
    if (code == TRI_ELOST)
        tri_fail(
            code,
            "process %llu, which had used the condition, was killed, or has ended with an error",
            (unsigned long long)waiting.woken);
    if (waiting.number == 0)
        return code; /* it was not released */
    struct tri__step_call again = {
        .operation = REACQUIRE, .list = TRI__RLOCK_LIST, .number = waiting.number};
    int taken = tri__object_do(&kind, condition.id, &again, -1);
    return taken < 0 || (taken > 0 && code != TRI_ELOST) ? taken : code;
}

static int notify(const char *name, tri_condition condition, uint32_t count)
{
    struct tri__step_call call = {.operation = NOTIFY, .list = -1, .number = count};
    int code = tri__object_do(&kind, condition.id, &call, 0);
    return code == TRI_ESTATE ? tri__rlock_is_not_yours(name) : code;
}

int tri_condition_notify(tri_condition condition, uint32_t count)
{
    return notify("tri_condition_notify", condition, count);
}

int tri_condition_notify_all(tri_condition condition)
{
    return notify("tri_condition_notify_all", condition, TRI__EVERYONE);
}

int tri_condition_wait_for(tri_condition condition, tri_predicate *is_true, void *data,
                           double timeout_s)
{
    double end = tri__time_after(timeout_s);
    if (is_true == NULL)
        return tri_fail(TRI_EINVAL, "tri_condition_wait_for: there is nothing to wait for");
    int status = tri__object_ask(&kind, condition.id, IS_HELD, -1, 0);
    if (status < 0)
        return status == TRI_ESTATE ? tri__rlock_is_not_yours("tri_condition_wait_for") : status;
    while (!is_true(data)) {
        double left = timeout_s < 0 ? -1 : end - tri__now();
        int code = tri_condition_wait(condition, timeout_s < 0 || left > 0 ? left : 0);
        if (code == TRI_ETIMEOUT && is_true(data))
            break;
        if (code < 0)
            return code;
        if (code > 0)
            status = code;
    }
    return status;
}
