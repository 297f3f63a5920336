/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Semaphores, with a bound or without.
 */
#include "object.h"

struct state {
    uint32_t value, bound; /* no bound is the largest one */
};

enum { ACQUIRE = TRI__OPERATIONS, RELEASE, LOOK };

static int step(void *memory, struct tri__step_call *call)
{
    struct state *semaphore = memory;
    switch (call->operation) {
    case ACQUIRE:
        if (semaphore->value == 0 || call->must_wait)
            return TRI__BLOCKED;
        call->nudge = --semaphore->value > 0;
        return 0;
    case RELEASE:
        if (call->number > semaphore->bound - semaphore->value)
            return TRI_ESTATE;
        semaphore->value += (uint32_t)call->number;
        call->nudge = semaphore->value > 0;
        return 0;
    case LOOK:
        call->number = semaphore->value;
        return 0;
    }
    return TRI_EINVAL;
}

static const struct tri__kind kind = {
    .name = "semaphore", .state_size = sizeof(struct state), .step = step};

int tri_semaphore_new(tri_semaphore *semaphore, uint32_t value, uint32_t bound)
{
    struct state state = {value, bound ? bound : UINT32_MAX};
    if (value > state.bound)
        return tri_fail(TRI_EINVAL, "tri_semaphore_new: a value of %u is beyond the bound of %u",
                        value, bound);
    return tri__object_new(&kind, &state, NULL, semaphore ? &semaphore->id : NULL);
}

int tri_semaphore_free(tri_semaphore semaphore)
{
    return tri__object_free(&kind, semaphore.id);
}

int tri_semaphore_acquire(tri_semaphore semaphore, double timeout_s)
{
    return tri__object_ask(&kind, semaphore.id, ACQUIRE, 0, timeout_s);
}

int tri_semaphore_release(tri_semaphore semaphore, uint32_t count)
{
    struct tri__step_call call = {.operation = RELEASE, .list = -1, .number = count};
    int code = tri__object_do(&kind, semaphore.id, &call, 0);
    return code == TRI_ESTATE ? tri_fail(code, "tri_semaphore_release: it would pass its bound")
                              : code;
}

int64_t tri_semaphore_value(tri_semaphore semaphore)
{
    struct tri__step_call call = {.operation = LOOK, .list = -1};
    int code = tri__object_do(&kind, semaphore.id, &call, 0);
    return code < 0 ? code : (int64_t)call.number;
}
