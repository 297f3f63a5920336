/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Barriers. The last of the parties calls the action, if there is one, and then wakes the others
 * for good; who comes while it does waits for the next round.
 */
#include "object.h"

#include <string.h>

enum cause { WHOLE, ABORTED, TIMED_OUT, ACTION_FAILED, KILLED, RESET };

struct state {
    uint32_t parties, arrived;
    uint32_t cause; /* why it is broken: enum cause, and the process that was killed */
    uint32_t killed;
    uint32_t round;
    uint32_t actor; /* the last of the parties, a user, while it is in the action; 0: none is */
};

enum { WAIT = TRI__OPERATIONS, WAIT_OR_ACT, ACTED, BREAK, MEND, LOOK };

enum { ARRIVED, LATE }; /* lists */

/* What is fixed. */
enum { ACTION, ARGUMENT, TIMEOUT };

/* Besides 0. */
enum { IS_TO_ACT = 1 };

static void wake(struct state *barrier, struct tri__step_call *call, int code, enum cause cause,
                 uint32_t killed)
{
    call->wakes[call->wake_count++] =
        (struct tri__wakes){ARRIVED, code, TRI__EVERYONE, (uint64_t)killed << 32 | (uint32_t)cause};
    call->wakes[call->wake_count++] = (struct tri__wakes){LATE, TRI__RETRY, TRI__EVERYONE, 0};
    barrier->arrived = 0;
    if (barrier->actor == call->user)
        call->held = -1;
    barrier->actor = 0;
    barrier->round++;
}

static int break_it(struct state *barrier, struct tri__step_call *call, enum cause cause,
                    uint32_t killed)
{
    if (barrier->cause == WHOLE) {
        wake(barrier, call, TRI_EBROKEN, cause, killed);
        barrier->cause = cause;
        barrier->killed = killed;
    }
    return 0;
}

static int arrive(struct state *barrier, struct tri__step_call *call)
{
    call->woken = (uint64_t)barrier->killed << 32 | barrier->cause;
    if (barrier->cause != WHOLE)
        return TRI_EBROKEN;
    if (barrier->actor != 0) {
        call->list = LATE;
        return TRI__BLOCKED;
    }
    call->list = ARRIVED;
    call->number = barrier->arrived++ | (uint64_t)barrier->round << 32;
    if (barrier->arrived < barrier->parties)
        return TRI__AWAIT;
    if (call->operation == WAIT_OR_ACT) {
        barrier->actor = call->user;
        call->held = 1;
        return IS_TO_ACT;
    }
    wake(barrier, call, 0, WHOLE, 0);
    return 0;
}

/* One that has used the barrier and was killed may be missing, one that was to act is. */
static int bury(struct state *barrier, struct tri__step_call *call)
{
    bool was_acting = barrier->actor == (uint32_t)call->number;
    return was_acting || (call->was_killed && call->is_member)
               ? break_it(barrier, call, KILLED, call->pid)
               : TRI_ESTATE;
}

static int step(void *memory, struct tri__step_call *call)
{
    struct state *barrier = memory;
    switch (call->operation) {
    case WAIT:
    case WAIT_OR_ACT:
        return arrive(barrier, call);
    case ACTED:
        call->woken = (uint64_t)barrier->killed << 32 | barrier->cause;
        if (barrier->cause != WHOLE || barrier->round != (uint32_t)(call->number >> 32))
            return TRI_EBROKEN;
        wake(barrier, call, 0, WHOLE, 0);
        return 0;
    case BREAK:
        return break_it(barrier, call, (enum cause)call->number, 0);
    case TRI__TIMED_OUT:
        return break_it(barrier, call, TIMED_OUT, 0);
    case TRI__DIED:
        return bury(barrier, call);
    case MEND:
        wake(barrier, call, TRI_EBROKEN, RESET, 0);
        barrier->cause = WHOLE;
        return 0;
    case LOOK:
        call->number = barrier->cause != WHOLE;
        return (int)barrier->arrived;
    }
    return TRI_EINVAL;
}

static void destroy(void *state, const uint64_t *fixed)
{
    (void)state;
    tri__local_shared_free((void *)(uintptr_t)fixed[ARGUMENT]);
}

static const struct tri__kind kind = {.name = "barrier",
                                      .state_size = sizeof(struct state),
                                      .has_members = true,
                                      .step = step,
                                      .destroy = destroy};

/* ---- The functions --------------------------------------------------------------------- */

int tri_barrier_new(tri_barrier *barrier, uint32_t parties, const tri_barrier_options *options)
{
    static const tri_barrier_options none;
    uint64_t fixed[TRI__FIXED] = {0};
    struct state state = {.parties = parties};
    if (parties == 0 || parties > INT32_MAX)
        return tri_fail(TRI_EINVAL, "tri_barrier_new: a barrier of %u parties", parties);
    if (options == NULL)
        options = &none;
    if (!(options->timeout_s >= 0))
        return tri_fail(TRI_EINVAL, "tri_barrier_new: a timeout of %g s", options->timeout_s);
    if (options->argument_size > 0 && options->argument == NULL)
        return tri_fail(TRI_EINVAL, "tri_barrier_new: the argument is NULL");
    void *argument = tri__local_shared_alloc(options->argument_size);
    if (argument == NULL)
        return TRI_ENOMEM;
    if (options->argument_size > 0)
        memcpy(argument, options->argument, options->argument_size);
    fixed[ACTION] = (uint64_t)(uintptr_t)options->action;
    fixed[ARGUMENT] = (uint64_t)(uintptr_t)argument;
    memcpy(&fixed[TIMEOUT], &options->timeout_s, sizeof(double));
    int code = tri__object_new(&kind, &state, fixed, barrier ? &barrier->id : NULL);
    if (code != 0)
        tri__local_shared_free(argument);
    return code;
}

int tri_barrier_free(tri_barrier barrier)
{
    return tri__object_free(&kind, barrier.id);
}

static int broken(uint64_t woken)
{
    switch ((enum cause)(uint32_t)woken) {
    case WHOLE:
    case RESET:
        return tri_fail(TRI_EBROKEN, "the barrier was reset");
    case ABORTED:
        return tri_fail(TRI_EBROKEN, "the barrier was aborted");
    case TIMED_OUT:
        return tri_fail(TRI_EBROKEN, "one of the barrier's parties has waited too long");
    case ACTION_FAILED:
        return tri_fail(TRI_EBROKEN, "the barrier's action returned an error");
    case KILLED:
        break;
    }
    return tri_fail(
        TRI_EBROKEN,
        "process %u, which had used the barrier, was killed, or has ended with an error",
        (unsigned)(woken >> 32));
}

static int take(tri_barrier barrier, int operation, struct tri__step_call *call, double timeout_s)
{
    call->operation = operation;
    int code = tri__object_do(&kind, barrier.id, call, timeout_s);
    return code == TRI_EBROKEN ? broken(call->woken) : code;
}

static int act(tri_barrier barrier, tri_function *action, const void *argument,
               struct tri__step_call *call)
{
    if (action(argument) == 0)
        return take(barrier, ACTED, call, 0);
    struct tri__step_call failed = {.operation = BREAK, .list = -1, .number = ACTION_FAILED};
    int code = tri__object_do(&kind, barrier.id, &failed, 0);
    return code ? code : broken(ACTION_FAILED);
}

int tri_barrier_wait(tri_barrier barrier, double timeout_s)
{
    double own_timeout_s;
    const uint64_t *fixed = tri__object_fixed(&kind, barrier.id);
    if (fixed == NULL)
        return TRI_EINVAL;
    tri_function *action = (tri_function *)(uintptr_t)fixed[ACTION];
    const void *argument = (const void *)(uintptr_t)fixed[ARGUMENT];
    memcpy(&own_timeout_s, &fixed[TIMEOUT], sizeof own_timeout_s);
    if (timeout_s < 0 && own_timeout_s > 0)
        timeout_s = own_timeout_s;
    struct tri__step_call call = {.list = ARRIVED};
    int code = take(barrier, action ? WAIT_OR_ACT : WAIT, &call, timeout_s);
    if (code == IS_TO_ACT)
        code = act(barrier, action, argument, &call);
    return code < 0 ? code : (int)(uint32_t)call.number;
}

static int simply(tri_barrier barrier, int operation, uint64_t number)
{
    struct tri__step_call call = {.operation = operation, .list = -1, .number = number};
    return tri__object_do(&kind, barrier.id, &call, 0);
}

int tri_barrier_abort(tri_barrier barrier)
{
    return simply(barrier, BREAK, ABORTED);
}

int tri_barrier_reset(tri_barrier barrier)
{
    return simply(barrier, MEND, 0);
}

int tri_barrier_waiting(tri_barrier barrier)
{
    return simply(barrier, LOOK, 0);
}

int tri_barrier_broken(tri_barrier barrier)
{
    struct tri__step_call call = {.operation = LOOK, .list = -1};
    int code = tri__object_do(&kind, barrier.id, &call, 0);
    return code < 0 ? code : (int)call.number;
}
