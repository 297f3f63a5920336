/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the files of the objects share: how a function asks for a step, the rlock that is a part of
 * other objects, and the messages that queues and pipes hold.
 */
#ifndef TRI__OBJECT_H
#define TRI__OBJECT_H

#include "internal.h"

/* Takes a step of a handle's object that needs nothing but a number and gives nothing but a code;
 * `list` is -1 where it never waits. */
int tri__object_ask(const struct tri__kind *kind, uint64_t id, int operation, int list,
                    double timeout_s);

/* ---- An rlock in a state (rlock.c) */

struct tri__rlock {
    uint32_t owner; /* a user; 0: free */
    uint32_t depth;
    uint32_t pid;  /* the owner's process */
    uint32_t died; /* the last owner had not released it */
};

enum { TRI__RLOCK_LIST = 0 }; /* where those wait who want it */

/* Operations; those of a kind that has an rlock come behind them. */
enum {
    TRI__RLOCK_ACQUIRE = TRI__OPERATIONS,
    TRI__RLOCK_RELEASE,
    TRI__RLOCK_LOOK, /* returns its depth, with the owner's process id for number */
    TRI__RLOCK_OPERATIONS
};

/* The step of these, and of TRI__DIED. */
int tri__rlock_step(void *lock, struct tri__step_call *call);

/* Parts of other steps: taking it so often, as a step; giving it up however often it was taken,
 * which is returned. */
int tri__rlock_acquire(struct tri__rlock *lock, struct tri__step_call *call, uint32_t depth);
uint32_t tri__rlock_leave(struct tri__rlock *lock, struct tri__step_call *call);

/* The public functions of any kind that has one; `name` is that of the function. */
int tri__rlock_take(const struct tri__kind *kind, uint64_t id, double timeout_s);
int tri__rlock_give(const char *name, const struct tri__kind *kind, uint64_t id);
int tri__rlock_is_not_yours(const char *name);

/* ---- Messages in their order (messages.c) */

struct tri__segment;

/* All zero is none. */
struct tri__messages {
    uint64_t count, bytes;
    struct tri__segment *head, *tail, *spare;
    uint32_t head_at, tail_at; /* where in them the next message is taken and put */
};

/* As steps: 0, or TRI__NEEDS. A block that goes in is the message. */
int tri__messages_put(struct tri__messages *messages, struct tri__step_call *call);

/* For messages that are not empty: 0, or TRI_EINVAL when the message is larger than the room in the
 * call. Sets call->number to its size, and hands out its block if it has one; else it is copied to
 * call->data, if that is not NULL. */
int tri__messages_get(struct tri__messages *messages, struct tri__step_call *call);

void tri__messages_free(struct tri__messages *messages);

/* A whole put or get: the step `operation` of an object with a block where the message is large.
 * *actual, which may be NULL, is the size of what was got. */
int tri__messages_send(const struct tri__kind *kind, uint64_t id, int operation, int list,
                       const void *message, size_t size, double timeout_s);
int tri__messages_receive(const struct tri__kind *kind, uint64_t id, int operation, int list,
                          void *message, size_t size, size_t *actual, double timeout_s);

#endif
