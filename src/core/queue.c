/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Queues.
 */
#include "object.h"

struct state {
    struct tri__messages messages;
    uint64_t messages_max, bytes_max;
    uint64_t unfinished;       /* messages that were put, and not said to be dealt with */
    uint32_t is_shut, is_void; /* shut down, and what is there is not to be had */
};

enum { PUT = TRI__OPERATIONS, GET, LOOK, TASK_DONE, JOIN, SHUT, SHUT_AT_ONCE, DROP };

enum { GETTERS, PUTTERS, JOINERS }; /* lists */

/* What LOOK returns. */
enum { IS_EMPTY = 1, IS_FULL = 2 };

static bool has_room(const struct state *queue, size_t size)
{
    return queue->messages.count < queue->messages_max &&
           queue->bytes_max - queue->messages.bytes >= size;
}

static bool is_full(const struct state *queue)
{
    return !has_room(queue, queue->bytes_max < UINT64_MAX);
}

static int put(struct state *queue, struct tri__step_call *call)
{
    if (queue->is_shut)
        return TRI_ECLOSED;
    if (call->size > queue->bytes_max) {
        call->number = queue->bytes_max;
        return TRI_EINVAL;
    }
    if (!has_room(queue, call->size) || call->must_wait)
        return TRI__BLOCKED;
    if (call->is_trial)
        return 0;
    int code = tri__messages_put(&queue->messages, call);
    if (code != 0)
        return code;
    queue->unfinished++;
    call->nudge = 1u << GETTERS | (unsigned)!is_full(queue) << PUTTERS;
    return 0;
}

static int get(struct state *queue, struct tri__step_call *call)
{
    if (queue->messages.count == 0 || queue->is_void)
        return queue->is_shut ? TRI_ECLOSED : TRI__BLOCKED;
    if (call->must_wait)
        return TRI__BLOCKED;
    int code = tri__messages_get(&queue->messages, call);
    if (code == 0)
        call->nudge = 1u << PUTTERS | (unsigned)(queue->messages.count > 0) << GETTERS;
    return code;
}

static void finish(struct state *queue, struct tri__step_call *call, uint64_t count)
{
    queue->unfinished -= count;
    if (queue->unfinished == 0)
        call->wakes[call->wake_count++] = (struct tri__wakes){JOINERS, 0, TRI__EVERYONE, 0};
}

static int shut(struct state *queue, struct tri__step_call *call)
{
    queue->is_shut = 1;
    call->wakes[call->wake_count++] = (struct tri__wakes){GETTERS, TRI__RETRY, TRI__EVERYONE, 0};
    call->wakes[call->wake_count++] = (struct tri__wakes){PUTTERS, TRI__RETRY, TRI__EVERYONE, 0};
    if (call->operation == SHUT_AT_ONCE && !queue->is_void) {
        queue->is_void = 1;
        finish(queue, call, tri__smaller(queue->unfinished, queue->messages.count));
    }
    return 0;
}

/* Of a void queue, one message: 1, or 0 when there is none. */
static int drop(struct state *queue, struct tri__step_call *call)
{
    if (queue->messages.count == 0 || !queue->is_void)
        return 0;
    tri__messages_get(&queue->messages, call);
    return 1;
}

static int step(void *memory, struct tri__step_call *call)
{
    struct state *queue = memory;
    switch (call->operation) {
    case PUT:
        return put(queue, call);
    case GET:
        return get(queue, call);
    case LOOK:
        call->number = queue->is_void ? 0 : queue->messages.count;
        return (call->number == 0) * IS_EMPTY + is_full(queue) * IS_FULL;
    case TASK_DONE:
        if (queue->unfinished == 0)
            return TRI_ESTATE;
        finish(queue, call, 1);
        return 0;
    case JOIN:
        return queue->unfinished == 0 ? 0 : TRI__AWAIT;
    case SHUT:
    case SHUT_AT_ONCE:
        return shut(queue, call);
    case DROP:
        return drop(queue, call);
    case TRI__TIMED_OUT:
        return 0;
    }
    return TRI_EINVAL;
}

static void destroy(void *state, const uint64_t *fixed)
{
    (void)fixed;
    tri__messages_free(&((struct state *)state)->messages);
}

static const struct tri__kind kind = {
    .name = "queue", .state_size = sizeof(struct state), .step = step, .destroy = destroy};

/* ---- The functions --------------------------------------------------------------------- */

int tri_queue_new(tri_queue *queue, const tri_queue_options *options)
{
    struct state state = {.messages_max = UINT64_MAX, .bytes_max = UINT64_MAX};
    if (options && options->messages)
        state.messages_max = options->messages;
    if (options && options->bytes)
        state.bytes_max = options->bytes;
    return tri__object_new(&kind, &state, NULL, queue ? &queue->id : NULL);
}

int tri_queue_free(tri_queue queue)
{
    return tri__object_free(&kind, queue.id);
}

int tri_queue_put(tri_queue queue, const void *message, size_t size, double timeout_s)
{
    if (message == NULL && size > 0)
        return tri_fail(TRI_EINVAL, "tri_queue_put: the message is NULL");
    return tri__messages_send(&kind, queue.id, PUT, PUTTERS, message, size, timeout_s);
}

int tri_queue_get(tri_queue queue, void *message, size_t size, size_t *actual, double timeout_s)
{
    if (message == NULL && size > 0)
        return tri_fail(TRI_EINVAL, "tri_queue_get: the room for the message is NULL");
    return tri__messages_receive(&kind, queue.id, GET, GETTERS, message, size, actual, timeout_s);
}

static int look(tri_queue queue, uint64_t *count)
{
    struct tri__step_call call = {.operation = LOOK, .list = -1};
    int code = tri__object_do(&kind, queue.id, &call, 0);
    if (count)
        *count = call.number;
    return code;
}

int64_t tri_queue_size(tri_queue queue)
{
    uint64_t count;
    int code = look(queue, &count);
    return code < 0 ? code : (int64_t)count;
}

int tri_queue_empty(tri_queue queue)
{
    int code = look(queue, NULL);
    return code < 0 ? code : (code & IS_EMPTY) != 0;
}

int tri_queue_full(tri_queue queue)
{
    int code = look(queue, NULL);
    return code < 0 ? code : (code & IS_FULL) != 0;
}

int tri_queue_task_done(tri_queue queue)
{
    int code = tri__object_ask(&kind, queue.id, TASK_DONE, -1, 0);
    return code == TRI_ESTATE
               ? tri_fail(code, "tri_queue_task_done: all that was put has been dealt with already")
               : code;
}

int tri_queue_join(tri_queue queue, double timeout_s)
{
    return tri__object_ask(&kind, queue.id, JOIN, JOINERS, timeout_s);
}

int tri_queue_shutdown(tri_queue queue, int immediate)
{
    int code = tri__object_ask(&kind, queue.id, immediate ? SHUT_AT_ONCE : SHUT, -1, 0);
    for (int left = immediate && code == 0; left == 1;) {
        struct tri__step_call call = {.operation = DROP, .list = -1, .size = SIZE_MAX};
        left = tri__object_do(&kind, queue.id, &call, 0);
        if (call.block)
            tri__object_free_block(call.block);
    }
    return code;
}
