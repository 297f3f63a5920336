/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Messages in their order: small ones one behind the other in segments, large ones each in a block
 * of its own. What lies behind the last one is nobody's, so a put that is not finished has not
 * happened; and what was taken is only overwritten later.
 */
#include "object.h"

#include <string.h>

enum { SEGMENT_SIZE = 32 * 1024 - 64, SMALL_MAX = 2048 };

struct tri__segment {
    struct tri__segment *next;
    char room[SEGMENT_SIZE - sizeof(struct tri__segment *)];
};

enum { ROOM = sizeof((struct tri__segment *)0)->room };

/* Before each message there is its size, and a bit that says that it has a block. */
static const uint64_t IS_BLOCK = UINT64_C(1) << 63;

/* Instead: the next segment follows. */
static const uint64_t NO_MORE = UINT64_MAX;

static uint32_t room_for(uint64_t header)
{
    uint64_t inside = header & IS_BLOCK ? sizeof(void *) : (header + 7) / 8 * 8;
    return (uint32_t)(sizeof header + inside);
}

static bool is_at_end(const struct tri__segment *segment, uint32_t at)
{
    return at + sizeof NO_MORE > ROOM || memcmp(segment->room + at, &NO_MORE, sizeof NO_MORE) == 0;
}

/* ---- Putting --------------------------------------------------------------------------- */

/* A segment for what is to come, behind the last one. */
static bool add_segment(struct tri__messages *messages, struct tri__step_call *call)
{
    struct tri__segment *segment = messages->spare;
    if (segment == NULL) {
        segment = call->spare;
        call->spare = NULL;
    }
    if (segment == NULL)
        return false;
    messages->spare = NULL;
    if (messages->tail) {
        if (messages->tail_at + sizeof NO_MORE <= ROOM)
            memcpy(messages->tail->room + messages->tail_at, &NO_MORE, sizeof NO_MORE);
        messages->tail->next = segment;
    } else {
        messages->head = segment;
    }
    messages->tail = segment;
    messages->tail_at = 0;
    return true;
}

int tri__messages_put(struct tri__messages *messages, struct tri__step_call *call)
{
    uint64_t header = call->block ? call->size | IS_BLOCK : call->size;
    uint32_t needed = room_for(header);
    if (messages->tail == NULL || messages->tail_at + needed > ROOM)
        if (!add_segment(messages, call)) {
            call->needs = sizeof(struct tri__segment);
            return TRI__NEEDS;
        }
    char *place = messages->tail->room + messages->tail_at;
    memcpy(place, &header, sizeof header);
    if (call->block)
        memcpy(place + sizeof header, &call->block, sizeof call->block);
    else if (call->size > 0)
        memcpy(place + sizeof header, call->data, call->size);
    messages->tail_at += needed;
    messages->count++;
    messages->bytes += call->size;
    return 0;
}

/* ---- Getting --------------------------------------------------------------------------- */

/* One empty segment is kept. */
static void pass_segment(struct tri__messages *messages, struct tri__step_call *call)
{
    struct tri__segment *passed = messages->head;
    messages->head = passed->next;
    messages->head_at = 0;
    if (messages->spare == NULL)
        messages->spare = passed;
    else
        call->freed = passed;
}

int tri__messages_get(struct tri__messages *messages, struct tri__step_call *call)
{
    uint64_t header;
    if (is_at_end(messages->head, messages->head_at))
        pass_segment(messages, call);
    const char *place = messages->head->room + messages->head_at;
    memcpy(&header, place, sizeof header);
    uint64_t size = header & ~IS_BLOCK;
    call->number = size;
    if (size > call->size) {
        call->freed = NULL;
        return TRI_EINVAL;
    }
    if (header & IS_BLOCK)
        memcpy(&call->block, place + sizeof header, sizeof call->block);
    else if (size > 0 && call->data)
        memcpy(call->data, place + sizeof header, size);
    messages->head_at += room_for(header);
    messages->bytes -= size;
    if (--messages->count == 0)
        messages->head_at = messages->tail_at = 0;
    return 0;
}

void tri__messages_free(struct tri__messages *messages)
{
    while (messages->count > 0) {
        struct tri__step_call call = {.size = SIZE_MAX};
        tri__messages_get(messages, &call);
        tri__local_shared_free(call.block);
        tri__local_shared_free(call.freed);
    }
    tri__local_shared_free(messages->head);
    tri__local_shared_free(messages->spare);
}

/* ---- Whole puts and gets --------------------------------------------------------------- */

/* It is copied once it is known that it can go in, or is to wait. */
static int send_large(const struct tri__kind *kind, uint64_t id, struct tri__step_call *call,
                      double timeout_s)
{
    call->is_trial = true;
    int code = tri__object_do(kind, id, call, 0);
    if (code != 0 && (code != TRI_ETIMEOUT || timeout_s == 0))
        return code;
    call->is_trial = false;
    call->block = tri__object_take_block(call->size);
    if (call->block == NULL)
        return TRI_ENOMEM;
    memcpy(call->block, call->data, call->size);
    code = tri__object_do(kind, id, call, timeout_s);
    if (call->block && code != 0)
        tri__object_free_block(call->block);
    return code;
}

int tri__messages_send(const struct tri__kind *kind, uint64_t id, int operation, int list,
                       const void *message, size_t size, double timeout_s)
{
    struct tri__step_call call;
    call.operation = operation;
    call.list = list;
    call.data = (void *)message;
    call.size = size;
    call.block = NULL;
    call.is_trial = false;
    call.number = UINT64_MAX;
    int code = size > SMALL_MAX ? send_large(kind, id, &call, timeout_s)
                                : tri__object_do(kind, id, &call, timeout_s);
    if (code == TRI_EINVAL && call.number != UINT64_MAX)
        return tri_fail(code, "a message of %zu bytes is larger than the whole %s, of %llu", size,
                        kind->name, (unsigned long long)call.number);
    return code;
}

int tri__messages_receive(const struct tri__kind *kind, uint64_t id, int operation, int list,
                          void *message, size_t size, size_t *actual, double timeout_s)
{
    struct tri__step_call call;
    call.operation = operation;
    call.list = list;
    call.data = message;
    call.size = size;
    call.block = NULL;
    call.number = UINT64_MAX;
    int code = tri__object_do(kind, id, &call, timeout_s);
    if (code == 0 && call.block) {
        memcpy(message, call.block, call.number);
        tri__object_free_block(call.block);
    }
    if (actual && call.number != UINT64_MAX)
        *actual = call.number;
    if (code == TRI_EINVAL && call.number != UINT64_MAX)
        return tri_fail(code, "a message of %llu bytes does not fit into %zu",
                        (unsigned long long)call.number, size);
    return code;
}
