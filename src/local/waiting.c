/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Waiting for an object. What counts is what the users themselves say: whom they wait for, in which
 * list, since when; the lists' links only save a search, and are made again after a death.
 *
 * Who waits sleeps on a word of its own. It is nudged when it is to try its step again, and stays
 * in its list until that has been taken; or it is woken for good, and is in no list any more.
 */
#include "objects.h"

enum { SPINS = 2000, FIRST_PAUSE = 16, LONGEST_PAUSE = 128 };

/* One who has been overtaken for so long is not any more. */
static const double PATIENCE_S = 1e-3;

/* ---- Lists ----------------------------------------------------------------------------- */

static void link_last(struct object *object, struct user *user)
{
    struct list *list = &object->lists[user->list];
    user->next = 0;
    if (list->first == 0)
        list->first = user->number;
    else
        tri__user_at(list->last)->next = user->number;
    list->last = user->number;
    object->waiting[user->list]++;
    object->waiting_count++;
}

void tri__list_add(struct object *object, struct user *user, int list)
{
    AT_OBJECT(OBJECT_QUEUED);
    user->list = (uint32_t)list;
    user->ticket = object->next_ticket++;
    atomic_store(&user->signal, 0);
    atomic_store(&user->waits_for, object->number);
    AT_OBJECT(OBJECT_LINKED);
    link_last(object, user);
}

static void unlink_user(struct object *object, const struct user *user)
{
    struct list *list = &object->lists[user->list];
    uint32_t before = 0;
    for (uint32_t number = list->first; number != 0 && number != user->number;
         number = tri__user_at(number)->next)
        before = number;
    if (before == 0) {
        list->first = user->next;
        object->reserved &= ~(1u << user->list);
    } else {
        tri__user_at(before)->next = user->next;
    }
    if (list->last == user->number)
        list->last = before;
    object->waiting[user->list]--;
    object->waiting_count--;
}

void tri__list_remove(struct object *object, struct user *user)
{
    AT_OBJECT(OBJECT_UNLINKING);
    unlink_user(object, user);
    atomic_store(&user->waits_for, 0);
}

void tri__list_nudge(struct object *object, unsigned lists, struct wake_list *wakes)
{
    for (int list = 0; list < TRI__LISTS; list++) {
        uint32_t first = lists >> list & 1 ? object->lists[list].first : 0;
        struct user *user = tri__user_at(first);
        if (user && atomic_exchange(&user->signal, 1) == 0)
            wakes->users[wakes->count++] = user;
    }
}

/* The one in whose hand this is may die between any two lines: then it is done once more. */
static void wake_for_good(struct object *object, struct user *user, int code, uint64_t number)
{
    user->code = code;
    user->woken_number = number;
    atomic_store(&user->signal, 1);
    unlink_user(object, user);
    AT_OBJECT(OBJECT_SERVING);
    atomic_store(&user->waits_for, 0);
    AT_OBJECT(OBJECT_SERVED);
    tri__wake(&user->signal, 1);
}

void tri__list_nudge_everyone(void)
{
    for (uint32_t number = 1; number <= tri__user_count(); number++) {
        struct user *user = tri__user_at(number);
        if (user && atomic_load(&user->waits_for) != 0 && atomic_exchange(&user->signal, 1) == 0)
            tri__wake(&user->signal, 1);
    }
}

void tri__list_serve(struct object *object)
{
    struct pending *pending = &object->pending;
    for (int i = 0; i < pending->count; i++) {
        struct user *user;
        while ((user = tri__user_at(object->lists[pending->wakes[i].list].first)) != NULL &&
               user->ticket <= pending->wakes[i].last_ticket)
            wake_for_good(object, user, pending->wakes[i].code, pending->wakes[i].number);
    }
    pending->count = 0;
}

/* ---- After a death --------------------------------------------------------------------- */

/* Of those who wait for the object, the one whose ticket comes after `ticket`; NULL for none. */
static struct user *next_by_ticket(uint32_t object, int64_t ticket)
{
    struct user *next = NULL;
    for (uint32_t number = 1; number <= tri__user_count(); number++) {
        struct user *user = tri__user_at(number);
        if (user && user_pid(user) != 0 && atomic_load(&user->waits_for) == object &&
            (int64_t)user->ticket > ticket && (next == NULL || user->ticket < next->ticket))
            next = user;
    }
    return next;
}

void tri__list_mend(struct object *object)
{
    struct wake_list wakes = {0};
    int64_t ticket = -1;
    object->reserved = 0;
    object->waiting_count = 0;
    for (int list = 0; list < TRI__LISTS; list++) {
        object->lists[list] = (struct list){0, 0};
        object->waiting[list] = 0;
    }
    for (struct user *user; (user = next_by_ticket(object->number, ticket)) != NULL;
         ticket = (int64_t)user->ticket)
        link_last(object, user);
    if (object->next_ticket <= (uint64_t)ticket && ticket >= 0)
        object->next_ticket = (uint64_t)ticket + 1;
    if (object->pending.flips == atomic_load(&object->flips))
        tri__list_serve(object);
    object->pending.count = 0; /* also those of a step that was not taken */
    tri__list_nudge(object, (1u << TRI__LISTS) - 1, &wakes);
    tri__object_wake(&wakes);
}

/* ---- Waiting --------------------------------------------------------------------------- */

/* Spinning that has been in vain is not done again at once: others may need the CPU. */
static _Thread_local struct {
    unsigned skip, skipped;
} patience;

static bool may_spin(void)
{
    if (patience.skipped < patience.skip) {
        patience.skipped++;
        return false;
    }
    return tri__may_spin();
}

static void note_spin(bool was_of_use)
{
    patience.skipped = 0;
    if (was_of_use)
        patience.skip = 0;
    else if (patience.skip < 32)
        patience.skip = 2 * patience.skip + 1;
}

static bool has_been_woken(const struct user *self)
{
    return atomic_load(&self->waits_for) == 0;
}

/* Comes and returns with the lock. */
static int spin(struct object *object, uint64_t id, struct user *self, struct tri__step_call *call,
                struct wake_list *wakes)
{
    int code = TRI__BLOCKED;
    for (int spins = 0, pauses = FIRST_PAUSE; spins < SPINS && code == TRI__BLOCKED;
         spins += pauses) {
        uint64_t flips = atomic_load(&object->flips);
        tri__object_unlock(object);
        do {
            tri__pause(pauses);
            spins += pauses;
            if (pauses < LONGEST_PAUSE)
                pauses *= 2;
        } while (spins < SPINS &&
                 atomic_load_explicit(&object->flips, memory_order_relaxed) == flips);
        tri__object_lock(object, self);
        if (atomic_load(&object->id) != id)
            return TRI_ECLOSED;
        call->must_wait = object->reserved >> call->list & 1;
        code = tri__object_step_with(object, id, self, call, wakes);
    }
    note_spin(code != TRI__BLOCKED);
    return code;
}

static void leave(struct object *object, struct wake_list *wakes)
{
    AT_OBJECT(OBJECT_NUDGED);
    tri__object_unlock(object);
    AT_OBJECT(OBJECT_LEFT);
    tri__object_wake(wakes);
    wakes->count = 0;
}

/* Until it is nudged or woken; false when the time was over before. */
static bool sleep_until(struct user *self, double time, bool spins)
{
    AT_OBJECT(OBJECT_SLEEPING);
    bool in_time = spins && tri__spin_while(&self->signal, 0);
    if (spins)
        note_spin(in_time);
    while (!in_time && tri__users_are_unwatched()) {
        double look = tri__users_time_to_look();
        if (look > time)
            break;
        in_time = tri__wait_until(&self->signal, 0, look);
        if (!in_time && tri__users_begin_to_look())
            tri__objects_look_for_dead();
    }
    in_time = in_time || tri__wait_until(&self->signal, 0, time);
    AT_OBJECT(OBJECT_WOKEN);
    return in_time;
}

static int take_code(const struct user *self, struct tri__step_call *call)
{
    call->woken = self->woken_number;
    return self->code;
}

/* In a list, to be woken for good. */
static int wait_to_be_woken(struct object *object, struct user *self, struct tri__step_call *call,
                            double time, bool is_waited_for, struct wake_list *wakes)
{
    tri__list_add(object, self, call->list);
    leave(object, wakes);
    do {
        bool in_time = sleep_until(self, time, is_waited_for && may_spin());
        if (!has_been_woken(self)) {
            tri__object_lock(object, self);
            if (!has_been_woken(self) && !in_time) {
                tri__list_remove(object, self);
                call->operation = TRI__TIMED_OUT;
                tri__object_step(object, self, call, wakes);
                leave(object, wakes);
                return TRI_ETIMEOUT;
            }
            if (!has_been_woken(self))
                atomic_store(&self->signal, 0);
            leave(object, wakes);
        }
    } while (!has_been_woken(self));
    return take_code(self, call);
}

/* In a list, whose first one takes its step when it is nudged. */
static int wait_for_turn(struct object *object, uint64_t id, struct user *self,
                         struct tri__step_call *call, double time, struct wake_list *wakes)
{
    double nudged = 0;
    tri__list_add(object, self, call->list);
    for (;;) {
        leave(object, wakes);
        bool in_time = sleep_until(self, time, false);
        if (has_been_woken(self))
            return take_code(self, call);
        tri__object_lock(object, self);
        if (has_been_woken(self)) {
            leave(object, wakes);
            return take_code(self, call);
        }
        atomic_store(&self->signal, 0);
        call->must_wait = false;
        int code = TRI__BLOCKED;
        if (object->lists[self->list].first == self->number)
            code = tri__object_step_with(object, id, self, call, wakes);
        if (has_been_woken(self)) { /* while it got the memory for its step */
            leave(object, wakes);
            return code == TRI__BLOCKED || code == TRI_ECLOSED ? take_code(self, call) : code;
        }
        if (code != TRI__BLOCKED || !in_time) {
            tri__list_remove(object, self);
            if (code < 0 || (call->nudge >> self->list & 1)) /* it is the next one's turn */
                tri__list_nudge(object, 1u << self->list, wakes);
            if (code == TRI__AWAIT)
                return wait_to_be_woken(object, self, call, time, true, wakes);
            leave(object, wakes);
            return code == TRI__BLOCKED ? TRI_ETIMEOUT : code;
        }
        if (nudged == 0)
            nudged = tri__now();
        else if (tri__now() - nudged > PATIENCE_S)
            object->reserved |= 1u << self->list;
    }
}

int tri__object_wait(struct object *object, uint64_t id, struct user *self,
                     struct tri__step_call *call, int code, double timeout_s,
                     struct wake_list *wakes)
{
    double time = call->deadline != 0 ? call->deadline : tri__time_after(timeout_s);
    call->deadline = time;
    if (code == TRI__BLOCKED && timeout_s != 0 && may_spin())
        code = spin(object, id, self, call, wakes);
    if (code == TRI__BLOCKED && timeout_s != 0)
        return wait_for_turn(object, id, self, call, time, wakes);
    if (code == TRI__AWAIT)
        return wait_to_be_woken(object, self, call, time, timeout_s != 0, wakes);
    leave(object, wakes);
    return code == TRI__BLOCKED ? TRI_ETIMEOUT : code;
}
