/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Events. Who waits when one is set is woken for good, and need not find it set afterwards.
 */
#include "object.h"

struct state {
    uint64_t is_set;
};

enum { SET = TRI__OPERATIONS, CLEAR, LOOK, WAIT };

static int step(void *memory, struct tri__step_call *call)
{
    struct state *event = memory;
    switch (call->operation) {
    case SET:
        event->is_set = 1;
        call->wakes[call->wake_count++] = (struct tri__wakes){.count = TRI__EVERYONE};
        return 0;
    case CLEAR:
        event->is_set = 0;
        return 0;
    case LOOK:
        return event->is_set != 0;
    case WAIT:
        return event->is_set ? 0 : TRI__AWAIT;
    case TRI__TIMED_OUT:
        return 0;
    }
    return TRI_EINVAL;
}

static const struct tri__kind kind = {
    .name = "event", .state_size = sizeof(struct state), .step = step};

int tri_event_new(tri_event *event)
{
    struct state state = {0};
    return tri__object_new(&kind, &state, NULL, event ? &event->id : NULL);
}

int tri_event_free(tri_event event)
{
    return tri__object_free(&kind, event.id);
}

int tri_event_set(tri_event event)
{
    return tri__object_ask(&kind, event.id, SET, -1, 0);
}

int tri_event_clear(tri_event event)
{
    return tri__object_ask(&kind, event.id, CLEAR, -1, 0);
}

int tri_event_is_set(tri_event event)
{
    return tri__object_ask(&kind, event.id, LOOK, -1, 0);
}

int tri_event_wait(tri_event event, double timeout_s)
{
    return tri__object_ask(&kind, event.id, WAIT, 0, timeout_s);
}
