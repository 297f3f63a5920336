/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Pipes: one object with messages in both directions. An end's handle has a bit that says which
 * end it is.
 */
#include "object.h"

struct state {
    struct tri__messages to[2]; /* for each end to receive */
    uint32_t is_closed[2];
};

_Static_assert(sizeof(struct state) <= TRI__STATE_MAX, "the state fits into an object");

enum { SEND = TRI__OPERATIONS, RECEIVE, POLL, CLOSE };

enum { RECEIVERS = 0, SENDERS = 2 }; /* lists, each two, by their end */

/* Under way, at most, with something for each message; unless there is one message only. */
enum { BYTES_MAX = 1024 * 1024, BESIDES = 16 };

static const uint64_t OTHER_END = UINT64_C(1) << 31;

static int end_of(const struct tri__step_call *call)
{
    return call->list % 2;
}

static bool has_room(const struct tri__messages *messages, size_t size)
{
    return messages->count == 0 || messages->bytes + messages->count * BESIDES + size <= BYTES_MAX;
}

static int send(struct state *pipe, struct tri__step_call *call, int end)
{
    struct tri__messages *messages = &pipe->to[!end];
    if (pipe->is_closed[0] || pipe->is_closed[1])
        return TRI_ECLOSED;
    if (!has_room(messages, call->size) || call->must_wait)
        return TRI__BLOCKED;
    if (call->is_trial)
        return 0;
    int code = tri__messages_put(messages, call);
    call->nudge = code == 0 ? 1u << (RECEIVERS + !end) | 1u << (SENDERS + end) : 0;
    return code;
}

static int receive(struct state *pipe, struct tri__step_call *call, int end)
{
    struct tri__messages *messages = &pipe->to[end];
    if (pipe->is_closed[end])
        return TRI_ECLOSED;
    if (messages->count == 0)
        return pipe->is_closed[!end] ? TRI_ECLOSED : TRI__BLOCKED;
    if (call->must_wait)
        return TRI__BLOCKED;
    int code = tri__messages_get(messages, call);
    if (code == 0)
        call->nudge = 1u << (SENDERS + !end) | (unsigned)(messages->count > 0) << (RECEIVERS + end);
    return code;
}

/* 1 when both ends are closed. */
static int close_end(struct state *pipe, struct tri__step_call *call, int end)
{
    if (pipe->is_closed[end])
        return TRI_ECLOSED;
    pipe->is_closed[end] = 1;
    call->nudge = (1u << TRI__LISTS) - 1;
    return pipe->is_closed[!end] != 0;
}

static int step(void *memory, struct tri__step_call *call)
{
    struct state *pipe = memory;
    int end = call->operation == CLOSE ? (int)call->number : end_of(call);
    switch (call->operation) {
    case SEND:
        return send(pipe, call, end);
    case RECEIVE:
        return receive(pipe, call, end);
    case POLL:
        if (pipe->is_closed[end])
            return TRI_ECLOSED;
        call->nudge = 1u << (RECEIVERS + end); /* what there is is there for the next one too */
        return pipe->to[end].count > 0 || pipe->is_closed[!end] ? 0 : TRI__BLOCKED;
    case CLOSE:
        return close_end(pipe, call, end);
    }
    return TRI_EINVAL;
}

static void destroy(void *state, const uint64_t *fixed)
{
    struct state *pipe = state;
    (void)fixed;
    tri__messages_free(&pipe->to[0]);
    tri__messages_free(&pipe->to[1]);
}

static const struct tri__kind kind = {
    .name = "pipe", .state_size = sizeof(struct state), .step = step, .destroy = destroy};

/* ---- The functions --------------------------------------------------------------------- */

static int number_of(tri_pipe end)
{
    return (end.id & OTHER_END) != 0;
}

int tri_pipe_new(tri_pipe ends[2])
{
    struct state state = {.is_closed = {0, 0}};
    int code = tri__object_new(&kind, &state, NULL, ends ? &ends[0].id : NULL);
    if (code == 0)
        ends[1].id = ends[0].id | OTHER_END;
    return code;
}

int tri_pipe_send(tri_pipe end, const void *message, size_t size, double timeout_s)
{
    if (message == NULL && size > 0)
        return tri_fail(TRI_EINVAL, "tri_pipe_send: the message is NULL");
    return tri__messages_send(&kind, end.id & ~OTHER_END, SEND, SENDERS + number_of(end), message,
                              size, timeout_s);
}

int tri_pipe_recv(tri_pipe end, void *message, size_t size, size_t *actual, double timeout_s)
{
    if (message == NULL && size > 0)
        return tri_fail(TRI_EINVAL, "tri_pipe_recv: the room for the message is NULL");
    return tri__messages_receive(&kind, end.id & ~OTHER_END, RECEIVE, RECEIVERS + number_of(end),
                                 message, size, actual, timeout_s);
}

int tri_pipe_poll(tri_pipe end, double timeout_s)
{
    return tri__object_ask(&kind, end.id & ~OTHER_END, POLL, RECEIVERS + number_of(end), timeout_s);
}

int tri_pipe_close(tri_pipe end)
{
    struct tri__step_call call = {
        .operation = CLOSE, .list = -1, .number = (uint64_t)number_of(end)};
    int code = tri__object_do(&kind, end.id & ~OTHER_END, &call, 0);
    return code == 1 ? tri__object_free(&kind, end.id & ~OTHER_END) : code;
}
