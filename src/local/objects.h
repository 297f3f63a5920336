/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Objects in the arena, and the threads that use them. See objects.c.
 */
#ifndef TRI__LOCAL_OBJECTS_H
#define TRI__LOCAL_OBJECTS_H

#include "slots.h"

/* Where a test can have a process killed. */
#define OBJECT_POINT_MAP(X)                                                                        \
    X(OBJECT_HELD, "holds the object")                                                             \
    X(OBJECT_STEPPED, "has made the next state")                                                   \
    X(OBJECT_TAKEN, "has taken its step")                                                          \
    X(OBJECT_SERVING, "wakes those who wait")                                                      \
    X(OBJECT_SERVED, "has said to one that it is to wake")                                         \
    X(OBJECT_NUDGED, "has nudged")                                                                 \
    X(OBJECT_LEFT, "has left the object")                                                          \
    X(OBJECT_QUEUED, "is about to join a list")                                                    \
    X(OBJECT_LINKED, "has joined a list")                                                          \
    X(OBJECT_SLEEPING, "is about to sleep")                                                        \
    X(OBJECT_WOKEN, "has been woken")                                                              \
    X(OBJECT_UNLINKING, "is about to leave its list")                                              \
    X(OBJECT_CARRYING, "has a message's block in hand")                                            \
    X(OBJECT_FREED, "has freed the object")

enum object_point {
#define OBJECT_POINT_NAME(name, words) name,
    OBJECT_POINT_MAP(OBJECT_POINT_NAME)
#undef OBJECT_POINT_NAME
        OBJECT_POINT_COUNT
};

#ifdef TRI__POINTS
extern void (*tri__at_object_point)(enum object_point);
#define AT_OBJECT(point) (tri__at_object_point ? tri__at_object_point(point) : (void)0)
#else
#define AT_OBJECT(point) ((void)0)
#endif

enum { MEMBERSHIPS = 16 };

/* A message's block that a user carries into an object, or out of it. While the step is taken
 * `flips` is what the object had before, and who comes after a death can tell from that whether the
 * step has happened. */
struct cargo {
    void *_Atomic block; /* NULL: none */
    _Atomic uint64_t flips;
    uint32_t object;
    bool comes_out;
};

/* Instead of `flips`. */
static const uint64_t CARGO_OUTSIDE = UINT64_MAX; /* it belongs to the user */

enum death { ALIVE, ENDED, KILLED, BURIED /* or being so, by its watcher */, DEATHS };

/* A thread that has used objects. Where it says under the lock, that is of the object it waits
 * for. */
struct user {
    struct tri__slot slot;
    uint32_t number;
    uint32_t mark;         /* in the word of an object whose lock it has: not an earlier user's */
    _Atomic uint32_t life; /* its process id and enum death; 0: nobody has this slot */
    _Atomic uint32_t watcher;              /* the process that will bury it; 0: none */
    int held;                              /* objects that it owns; others may have released some */
    _Atomic uint64_t members[MEMBERSHIPS]; /* objects with members that it has used */
    _Atomic uint32_t more_members;         /* and there are others */

    /* a wait; under the lock */
    _Atomic uint32_t waits_for; /* the number of an object; 0 when it does not, or has been woken */
    _Atomic uint32_t signal;    /* a futex: 1 when it is to look */
    uint32_t list, next;        /* the next one's number in that list, 0 for none */
    uint64_t ticket;            /* the order of the list */
    int code;                   /* what it was woken with, … */
    uint64_t woken_number;      /* … and this */

    struct cargo cargo;
};

struct list {
    uint32_t first, last; /* users' numbers */
};

/* Wakes that belong to the step that made `flips` what it is, and may not have been done yet. */
struct pending {
    uint64_t flips;
    int count;
    struct {
        int list, code;
        uint64_t last_ticket, number;
    } wakes[3];
};

struct object {
    struct tri__slot slot;
    _Atomic uint32_t word; /* a lock: 0, or a user's mark, and HAS_SLEEPERS; a futex */
    uint32_t number;
    _Atomic uint64_t id; /* 0 while it is free */

    /* under the lock */
    _Atomic uint64_t flips; /* how many steps were taken; the last bit says which state is valid */
    const struct tri__kind *kind;
    uint32_t waiting_count; /* in all lists */
    uint32_t reserved;      /* lists (bits) whose first one has waited too long to be overtaken */
    _Alignas(8) unsigned char states[2 * TRI__STATE_MAX]; /* two of kind->state_size */

    uint32_t waiting[TRI__LISTS];
    struct list lists[TRI__LISTS];
    uint64_t next_ticket;
    uint32_t generation;
    uint64_t fixed[TRI__FIXED];
    struct pending pending;
};

/* Of this run; before anything is forked. */
int tri__objects_open(void);
int tri__users_open(void);

/* ---- Users (users.c) */

/* The calling thread; NULL, with words, when there is no memory. */
struct user *tri__user_self(void);

struct user *tri__user_at(uint32_t number);
struct user *tri__user_of_mark(uint32_t mark);
uint32_t tri__user_count(void); /* numbers that were ever given out */

static inline uint32_t user_pid(const struct user *user)
{
    return atomic_load_explicit(&user->life, memory_order_relaxed) / DEATHS;
}

/* Its process is no more. */
bool tri__user_is_gone(const struct user *user);

/* Gives the number back. */
void tri__user_forget(struct user *user);

/* Of a thread that ends: what it has is left now, and not when its keys are destroyed. */
void tri__user_end_thread(void);

bool tri__process_is_running(uint32_t pid); /* a zombie is not */

/* Whether who waits has to look for the dead himself, now and then: there may be users whose ends
 * no fork server sees, or it may itself have died unseen. */
bool tri__users_are_unwatched(void);

/* When they are to be looked for, which is now and then and by one for all; false: it was begun by
 * another. */
double tri__users_time_to_look(void);
bool tri__users_begin_to_look(void);

/* In a new process; and when a fork server, or who made it, sees to this one. */
void tri__users_begin_process(void);
void tri__users_note_watched(void);

/* Some process has a fork server of its own, which may die with it. */
void tri__users_note_unwatched(void);

/* Notes that the user has used an object with members. If there are too many it counts as a member
 * of all. */
void tri__user_join(struct user *user, uint64_t object);
bool tri__user_is_member(const struct user *user, uint64_t object);

/* ---- One object (objects.c), all but the first with its lock */

/* What the dead user who had the lock has carried is settled first. */
void tri__object_lock(struct object *object, const struct user *self);
void tri__object_unlock(struct object *object);

/* The same, knowing that one who may have the lock has died. False when another has it who holds it
 * for so long that it must have been stopped. */
bool tri__object_lock_of_dead(struct object *object, const struct user *self,
                              const struct user *dead);
bool tri__object_is_locked_by(const struct object *object, const struct user *user);

/* The object of a number, whether it is one now or not; NULL for no number. Numbers up to the
 * count were given out. */
struct object *tri__object_at(uint32_t number);
uint32_t tri__object_count(void);

/* Whom to wake once the lock has been given up. */
struct wake_list {
    int count;
    struct user *users[TRI__LISTS];
};

/* Takes the step of a call, and wakes those whom it wakes. */
int tri__object_step(struct object *object, struct user *self, struct tri__step_call *call,
                     struct wake_list *wakes);
void tri__object_wake(const struct wake_list *wakes);

/* The same step, with the memory that it needs, for which the lock is given up for a while:
 * TRI_ECLOSED when the object was freed meanwhile. */
int tri__object_step_with(struct object *object, uint64_t id, struct user *self,
                          struct tri__step_call *call, struct wake_list *wakes);

/* ---- Waiting (waiting.c), with the lock */

void tri__list_add(struct object *object, struct user *user, int list);
void tri__list_remove(struct object *object, struct user *user);

/* Has the first of each list (bits) look again. */
void tri__list_nudge(struct object *object, unsigned lists, struct wake_list *wakes);

/* Has all look again who wait for anything. */
void tri__list_nudge_everyone(void);

/* Does the wakes that are pending, all or what is left of them. */
void tri__list_serve(struct object *object);

/* After one who had the lock has died: the lists are as the users say, and whoever may have been
 * meant to be woken is. */
void tri__list_mend(struct object *object);

/* Waits for a step that was BLOCKED or is to AWAIT; comes with the lock, and returns without. */
int tri__object_wait(struct object *object, uint64_t id, struct user *self,
                     struct tri__step_call *call, int code, double timeout_s,
                     struct wake_list *wakes);

/* ---- Deaths (bury.c) */

/* With the lock, which the dead user had, or which nobody has who may have taken it from him
 * without this. Frees his cargo if it was his. */
void tri__cargo_settle(struct object *object, struct user *dead);

/* All that the user has, holds and waits for; `self` is the same one at its thread's end. False
 * when there is more to do, once one who is stopped goes on or ends. */
bool tri__user_bury(struct user *user, struct user *self, bool was_killed);

/* All users of a process that has ended, but those whom another one will bury. False when some have
 * to be buried later. */
bool tri__objects_bury(long pid, bool was_killed);
bool tri__objects_bury_rest(void);

/* Users who are no more and whose watcher is not either. */
void tri__objects_look_for_dead(void);

#endif
