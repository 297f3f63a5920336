/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A lock that its owner may take again: tri_rlock, and a part of conditions, values and arrays.
 */
#include "object.h"

int tri__rlock_acquire(struct tri__rlock *lock, struct tri__step_call *call, uint32_t depth)
{
    if (lock->owner != call->user && (lock->owner != 0 || call->must_wait))
        return TRI__BLOCKED;
    int code = lock->died ? TRI_OWNER_DIED : 0;
    call->held = lock->owner == 0;
    lock->owner = call->user;
    lock->pid = call->pid;
    lock->depth += depth;
    lock->died = 0;
    return code;
}

uint32_t tri__rlock_leave(struct tri__rlock *lock, struct tri__step_call *call)
{
    uint32_t depth = lock->depth;
    lock->owner = lock->depth = lock->pid = 0;
    call->held = -1;
    call->nudge = 1u << TRI__RLOCK_LIST;
    return depth;
}

static int release(struct tri__rlock *lock, struct tri__step_call *call)
{
    if (lock->owner != call->user)
        return TRI_ESTATE;
    if (--lock->depth == 0)
        tri__rlock_leave(lock, call);
    return 0;
}

static int bury(struct tri__rlock *lock, struct tri__step_call *call)
{
    if (lock->owner != (uint32_t)call->number)
        return TRI_ESTATE;
    tri__rlock_leave(lock, call);
    call->held = 0;
    lock->died = 1;
    return 0;
}

int tri__rlock_step(void *memory, struct tri__step_call *call)
{
    struct tri__rlock *lock = memory;
    switch (call->operation) {
    case TRI__RLOCK_ACQUIRE:
        return tri__rlock_acquire(lock, call, 1);
    case TRI__RLOCK_RELEASE:
        return release(lock, call);
    case TRI__RLOCK_LOOK:
        call->number = lock->pid;
        return (int)lock->depth;
    case TRI__DIED:
        return bury(lock, call);
    }
    return TRI_EINVAL;
}

/* ---- The functions --------------------------------------------------------------------- */

int tri__rlock_is_not_yours(const char *name)
{
    return tri_fail(TRI_ESTATE, "%s: the calling thread does not have the lock", name);
}

int tri__rlock_take(const struct tri__kind *kind, uint64_t id, double timeout_s)
{
    return tri__object_ask(kind, id, TRI__RLOCK_ACQUIRE, TRI__RLOCK_LIST, timeout_s);
}

int tri__rlock_give(const char *name, const struct tri__kind *kind, uint64_t id)
{
    int code = tri__object_ask(kind, id, TRI__RLOCK_RELEASE, -1, 0);
    return code == TRI_ESTATE ? tri__rlock_is_not_yours(name) : code;
}

static const struct tri__kind kind = {.name = "rlock",
                                      .state_size = sizeof(struct tri__rlock),
                                      .has_owner = true,
                                      .step = tri__rlock_step};

int tri_rlock_new(tri_rlock *lock)
{
    struct tri__rlock state = {0};
    return tri__object_new(&kind, &state, NULL, lock ? &lock->id : NULL);
}

int tri_rlock_free(tri_rlock lock)
{
    return tri__object_free(&kind, lock.id);
}

int tri_rlock_acquire(tri_rlock lock, double timeout_s)
{
    return tri__rlock_take(&kind, lock.id, timeout_s);
}

int tri_rlock_release(tri_rlock lock)
{
    return tri__rlock_give("tri_rlock_release", &kind, lock.id);
}

int tri_rlock_locked(tri_rlock lock, long *pid)
{
    struct tri__step_call call = {.operation = TRI__RLOCK_LOOK, .list = -1};
    int code = tri__object_do(&kind, lock.id, &call, 0);
    if (pid && code >= 0)
        *pid = (long)call.number;
    return code;
}
