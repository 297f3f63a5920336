/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Locks. Anyone may release one; the owner is known all the same, for the day it dies.
 */
#include "object.h"

struct state {
    uint32_t owner; /* a user; 0: free */
    uint32_t pid;   /* the owner's process; while it is free, 1 when its last owner has died */
};

enum { ACQUIRE = TRI__OPERATIONS, RELEASE, LOOK };

static int step(void *memory, struct tri__step_call *call)
{
    struct state *lock = memory;
    switch (call->operation) {
    case ACQUIRE:
        if (lock->owner != 0 || call->must_wait)
            return TRI__BLOCKED;
        int code = lock->pid ? TRI_OWNER_DIED : 0;
        *lock = (struct state){call->user, call->pid};
        call->held = 1;
        return code;
    case RELEASE:
        if (lock->owner == 0)
            return TRI_ESTATE;
        call->held = lock->owner == call->user ? -1 : 0;
        *lock = (struct state){0, 0};
        call->nudge = 1;
        return 0;
    case LOOK:
        call->number = lock->owner ? lock->pid : 0;
        return lock->owner != 0;
    case TRI__DIED:
        if (lock->owner != (uint32_t)call->number)
            return TRI_ESTATE;
        *lock = (struct state){0, 1};
        call->nudge = 1;
        return 0;
    }
    return TRI_EINVAL;
}

static const struct tri__kind kind = {
    .name = "lock", .state_size = sizeof(struct state), .has_owner = true, .step = step};

int tri_lock_new(tri_lock *lock)
{
    struct state state = {0, 0};
    return tri__object_new(&kind, &state, NULL, lock ? &lock->id : NULL);
}

int tri_lock_free(tri_lock lock)
{
    return tri__object_free(&kind, lock.id);
}

int tri_lock_acquire(tri_lock lock, double timeout_s)
{
    return tri__object_ask(&kind, lock.id, ACQUIRE, 0, timeout_s);
}

int tri_lock_release(tri_lock lock)
{
    int code = tri__object_ask(&kind, lock.id, RELEASE, -1, 0);
    return code == TRI_ESTATE ? tri_fail(code, "tri_lock_release: the lock is free") : code;
}

int tri_lock_locked(tri_lock lock, long *pid)
{
    struct tri__step_call call = {.operation = LOOK, .list = -1};
    int code = tri__object_do(&kind, lock.id, &call, 0);
    if (pid && code >= 0)
        *pid = (long)call.number;
    return code;
}
