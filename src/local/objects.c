/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Objects: a state and a step, kept in the arena for all threads and processes of this host.
 *
 * An object is a slot with a lock. Who takes a step takes the lock, copies the state beside the
 * valid one, has the kind's step change the copy, and makes that the valid one with one store, the
 * flip. So a process that is killed at any instant leaves the old state or the new one.
 *
 * The lock is a word with the number of the user who has it. One who finds it held by a process
 * that is no more takes it over, and mends what is not covered by the flip: the lists of those who
 * wait, which can be made again from what the users themselves say (waiting.c), and the waking of
 * those whom the last step was to wake, which is noted before the flip.
 *
 * A step that cannot be taken is tried again for a moment, as long as the CPU is not needed by
 * others, and then waits in a list. The first of a list is nudged when its step may have become
 * possible, and takes it itself; a thread that comes by meanwhile may be quicker, which keeps a
 * contended lock from costing two switches each time, until the first has waited a millisecond.
 * Where a step wakes others for good (an event that is set, a barrier that is full) they are taken
 * off the list and told so, and need nothing more of the object.
 *
 * The fork server sees its workers end, and buries them (bury.c) before it tells their owner.
 */
#include "objects.h"

#include <string.h>
#include <unistd.h>

enum { TRIES = 20, FIRST_PAUSE = 32, LONGEST_PAUSE = 128, SLEEP_MS = 10, STOPPED_MS = 50 };

static const uint32_t HAS_SLEEPERS = UINT32_C(1) << 31;

/* Before tri_main. */
static struct tri__slots none;

static struct tri__slots *objects = &none;

/* So that a handle of another run, or of a rank elsewhere, is hardly ever one of ours. */
static uint32_t first_generation;

#ifdef TRI__POINTS
void (*tri__at_object_point)(enum object_point);
#endif

int tri__objects_open(void)
{
    struct tri__slots *slots = tri__arena_alloc(sizeof *slots);
    if (slots == NULL)
        return TRI_ENOMEM;
    slots->size = (sizeof(struct object) + 63) / 64 * 64;
    objects = slots;
    first_generation = (uint32_t)tri__hash((uint64_t)getpid(), &(double){tri__now()}, 8);
    return tri__users_open();
}

struct object *tri__object_at(uint32_t number)
{
    return tri__slot_at(objects, number);
}

uint32_t tri__object_count(void)
{
    return atomic_load(&objects->used);
}

/* ---- The lock -------------------------------------------------------------------------- */

/* Tells all who wait that the object is no more. */
static void dismiss_all(struct object *object)
{
    struct pending *pending = &object->pending;
    for (int list = 0; list < TRI__LISTS; list++) {
        pending->count = 1;
        pending->flips = atomic_load(&object->flips);
        pending->wakes[0].list = list;
        pending->wakes[0].code = TRI_ECLOSED;
        pending->wakes[0].last_ticket = UINT64_MAX;
        tri__list_serve(object);
    }
}

/* The one who had it may not have come to the end of anything, such as freeing the object. */
static void take_over(struct object *object, uint32_t dead)
{
    tri__cargo_settle(object, tri__user_of_mark(dead));
    tri__list_mend(object);
    if (atomic_load(&object->id) == 0)
        dismiss_all(object);
}

static bool try_lock(struct object *object, const struct user *self)
{
    uint32_t free = 0;
    return atomic_load_explicit(&object->word, memory_order_relaxed) == 0 &&
           atomic_compare_exchange_strong_explicit(&object->word, &free, self->mark,
                                                   memory_order_acquire, memory_order_relaxed);
}

/* Those who sleep wake now and then to see whether the one they wait for still lives: it holds the
 * lock for less than a microsecond, if it is not held up. */
static bool lock_slowly(struct object *object, const struct user *self, double end)
{
    int pauses = FIRST_PAUSE;
    for (int i = 0; tri__may_spin() && i < TRIES; i++) {
        tri__pause(pauses);
        if (try_lock(object, self))
            return true;
        if (pauses < LONGEST_PAUSE)
            pauses *= 2;
    }
    uint32_t mine = self->mark | HAS_SLEEPERS, word = atomic_load(&object->word);
    for (;;) {
        if (word == 0) {
            if (atomic_compare_exchange_strong(&object->word, &word, mine))
                return true;
        } else if ((word & HAS_SLEEPERS) == 0) {
            if (atomic_compare_exchange_strong(&object->word, &word, word | HAS_SLEEPERS))
                word |= HAS_SLEEPERS;
        } else {
            double time = tri__now() + SLEEP_MS * 1e-3;
            uint32_t owner = word & ~HAS_SLEEPERS;
            bool in_time = tri__wait_until(&object->word, word, time);
            if (!in_time && tri__user_is_gone(tri__user_of_mark(owner)) &&
                atomic_compare_exchange_strong(&object->word, &word, mine)) {
                take_over(object, owner);
                return true;
            }
            if (!in_time && time > end)
                return false;
            word = atomic_load(&object->word);
        }
    }
}

void tri__object_lock(struct object *object, const struct user *self)
{
    if (!try_lock(object, self))
        lock_slowly(object, self, TRI__FOR_EVER);
}

void tri__object_unlock(struct object *object)
{
    uint32_t word = atomic_exchange_explicit(&object->word, 0, memory_order_release);
    if (word & HAS_SLEEPERS)
        tri__wake(&object->word, 1);
}

bool tri__object_lock_of_dead(struct object *object, const struct user *self,
                              const struct user *dead)
{
    uint32_t word = atomic_load(&object->word);
    while ((word & ~HAS_SLEEPERS) == dead->mark)
        if (atomic_compare_exchange_weak(&object->word, &word,
                                         self->mark | (word & HAS_SLEEPERS))) {
            take_over(object, dead->mark);
            return true;
        }
    return try_lock(object, self) ||
           lock_slowly(object, self, dead == self ? TRI__FOR_EVER : tri__now() + STOPPED_MS * 1e-3);
}

bool tri__object_is_locked_by(const struct object *object, const struct user *user)
{
    return (atomic_load(&object->word) & ~HAS_SLEEPERS) == user->mark;
}

/* ---- Making and finding ---------------------------------------------------------------- */

static const char *no_such(const struct tri__kind *kind, uint64_t id)
{
    tri_fail(TRI_EINVAL, "%#llx is no %s: it was freed, or never made", (unsigned long long)id,
             kind->name);
    return NULL;
}

static struct object *find(const struct tri__kind *kind, uint64_t id)
{
    struct object *object = tri__object_at((uint32_t)id);
    if (object && atomic_load_explicit(&object->id, memory_order_acquire) == id &&
        object->kind == kind && id != 0)
        return object;
    no_such(kind, id);
    return NULL;
}

static void *state_of(const struct object *object, uint64_t flips)
{
    return (void *)(object->states + (flips & 1) * object->kind->state_size);
}

int tri__object_new(const struct tri__kind *kind, const void *state, const uint64_t *fixed,
                    uint64_t *id)
{
    uint32_t number;
    if (id == NULL)
        return tri_fail(TRI_EINVAL, "there is nowhere to put the %s's handle", kind->name);
    if (objects == &none)
        return tri_fail(TRI_ESTATE, "a %s can be made once tri_main has been called", kind->name);
    struct object *object = tri__slot_take(objects, &number);
    if (object == NULL)
        return TRI_ENOMEM;
    object->kind = kind;
    object->number = number;
    object->generation = object->generation ? object->generation + 1 : first_generation;
    object->generation += object->generation == 0;
    object->reserved = 0;
    memset(object->fixed, 0, sizeof object->fixed);
    if (fixed)
        memcpy(object->fixed, fixed, sizeof object->fixed);
    memcpy(state_of(object, atomic_load(&object->flips)), state, kind->state_size);
    *id = (uint64_t)object->generation << 32 | number;
    atomic_store(&object->id, *id);
    return 0;
}

int tri__object_free(const struct tri__kind *kind, uint64_t id)
{
    struct object *object = find(kind, id);
    struct user *self = object ? tri__user_self() : NULL;
    uint64_t expected = id;
    if (object == NULL)
        return TRI_EINVAL;
    if (self == NULL)
        return TRI_ENOMEM;
    tri__object_lock(object, self);
    if (!atomic_compare_exchange_strong(&object->id, &expected, 0)) {
        tri__object_unlock(object);
        no_such(kind, id);
        return TRI_EINVAL;
    }
    AT_OBJECT(OBJECT_FREED);
    dismiss_all(object);
    if (kind->destroy)
        kind->destroy(state_of(object, atomic_load(&object->flips)), object->fixed);
    tri__object_unlock(object);
    tri__slot_give(objects, (uint32_t)id);
    return 0;
}

const uint64_t *tri__object_fixed(const struct tri__kind *kind, uint64_t id)
{
    const struct object *object = find(kind, id);
    return object ? object->fixed : NULL;
}

/* ---- A step ---------------------------------------------------------------------------- */

/* Sizes are multiples of 8, and small. */
static void copy_state(void *to, const void *from, size_t size)
{
    uint64_t *out = to;
    const uint64_t *in = from;
    for (size_t i = 0; i < size / 8; i++)
        out[i] = in[i];
}

/* Notes whom the step wakes, for its flip: all who are in the list now, or the first ones. */
static void note_wakes(struct object *object, uint64_t flips, const struct tri__step_call *call)
{
    struct pending *pending = &object->pending;
    pending->count = 0;
    for (int i = 0; i < call->wake_count; i++) {
        const struct tri__wakes *wakes = &call->wakes[i];
        uint64_t last = UINT64_MAX;
        uint32_t number = object->lists[wakes->list].first;
        if (wakes->count == 0 || number == 0)
            continue;
        if (wakes->count < object->waiting[wakes->list])
            for (uint32_t n = 0; n < wakes->count; n++) {
                last = tri__user_at(number)->ticket;
                number = tri__user_at(number)->next;
            }
        pending->wakes[pending->count].list = wakes->list;
        pending->wakes[pending->count].code = wakes->code;
        pending->wakes[pending->count].number = wakes->number;
        pending->wakes[pending->count++].last_ticket = last;
    }
    pending->flips = flips;
}

/* A block that goes in is the object's with the flip, one that comes out the user's. */
static void load_cargo(struct object *object, struct user *self, uint64_t flips, bool comes_out,
                       void *block)
{
    self->cargo.object = (uint32_t)atomic_load(&object->id);
    self->cargo.comes_out = comes_out;
    atomic_store(&self->cargo.flips, flips);
    atomic_store(&self->cargo.block, block);
}

static void unload_cargo(struct user *self, bool is_taken)
{
    if (is_taken && !self->cargo.comes_out)
        atomic_store(&self->cargo.block, NULL);
    atomic_store(&self->cargo.flips, CARGO_OUTSIDE);
}

int tri__object_step(struct object *object, struct user *self, struct tri__step_call *call,
                     struct wake_list *wakes)
{
    const struct tri__kind *kind = object->kind;
    uint64_t flips = atomic_load_explicit(&object->flips, memory_order_relaxed);
    void *next = state_of(object, flips + 1), *carried = call->block;
    call->waiting = object->waiting;
    call->nudge = 0;
    call->held = 0;
    call->wake_count = 0;
    call->is_taken = false;
    if (carried)
        load_cargo(object, self, flips, false, carried);
    copy_state(next, state_of(object, flips), kind->state_size);
    AT_OBJECT(OBJECT_HELD);
    int code = kind->step(next, call);
    bool is_taken = code >= 0 || code == TRI__AWAIT || call->is_taken;
    if (is_taken) {
        if (call->block && !carried)
            load_cargo(object, self, flips, true, call->block);
        if (call->wake_count > 0)
            note_wakes(object, flips + 1, call);
        AT_OBJECT(OBJECT_STEPPED);
        atomic_store_explicit(&object->flips, flips + 1, memory_order_release);
        AT_OBJECT(OBJECT_TAKEN);
        self->held += call->held;
    }
    if (call->block)
        unload_cargo(self, is_taken);
    if (object->waiting_count > 0 && is_taken) {
        if (call->wake_count > 0)
            tri__list_serve(object);
        if (call->nudge != 0)
            tri__list_nudge(object, call->nudge, wakes);
    }
    return code;
}

void tri__object_wake(const struct wake_list *wakes)
{
    for (int i = 0; i < wakes->count; i++)
        tri__wake(&wakes->users[i]->signal, 1);
}

/* Gives a step the memory that it needs, with the lock given up meanwhile. */
int tri__object_step_with(struct object *object, uint64_t id, struct user *self,
                          struct tri__step_call *call, struct wake_list *wakes)
{
    int code;
    while ((code = tri__object_step(object, self, call, wakes)) == TRI__NEEDS) {
        tri__object_unlock(object);
        call->spare = tri__local_shared_take(call->needs);
        tri__object_lock(object, self);
        if (call->spare == NULL)
            return TRI_ENOMEM;
        if (atomic_load(&object->id) != id)
            return TRI_ECLOSED;
    }
    return code;
}

/* Comes with the lock. */
static int begin(struct object *object, uint64_t id, struct user *self, struct tri__step_call *call,
                 double timeout_s)
{
    struct wake_list wakes;
    wakes.count = 0;
    int code = TRI_ECLOSED;
    call->must_wait = call->list >= 0 && (object->reserved >> call->list & 1);
    if (atomic_load_explicit(&object->id, memory_order_relaxed) == id)
        code = tri__object_step_with(object, id, self, call, &wakes);
    if (code == TRI__BLOCKED || code == TRI__AWAIT) {
        code = tri__object_wait(object, id, self, call, code, timeout_s, &wakes);
    } else {
        AT_OBJECT(OBJECT_NUDGED);
        tri__object_unlock(object);
        AT_OBJECT(OBJECT_LEFT);
        tri__object_wake(&wakes);
    }
    return code;
}

static void free_leftovers(struct tri__step_call *call)
{
    tri__arena_free(call->spare);
    tri__arena_free(call->freed);
}

static int with_words(int code, const struct tri__kind *kind, double timeout_s)
{
    if (code == TRI_ETIMEOUT)
        return timeout_s == 0 ? tri_fail(code, "the %s would have to be waited for", kind->name)
                              : tri_fail(code, "waited %g s for the %s", timeout_s, kind->name);
    if (code == TRI_ECLOSED)
        return tri_fail(code, "the %s is closed, or was freed", kind->name);
    return code;
}

int tri__object_do(const struct tri__kind *kind, uint64_t id, struct tri__step_call *call,
                   double timeout_s)
{
    struct object *object = find(kind, id);
    struct user *self = object ? tri__user_self() : NULL;
    int code;
    if (object == NULL)
        return TRI_EINVAL;
    if (self == NULL)
        return TRI_ENOMEM;
    call->user = self->number;
    call->pid = user_pid(self);
    call->spare = call->freed = NULL;
    call->deadline = 0;
    if (kind->has_members)
        tri__user_join(self, id);
    do {
        tri__object_lock(object, self);
        code = begin(object, id, self, call, timeout_s);
    } while (code == TRI__RETRY);
    if (call->spare || call->freed)
        free_leftovers(call);
    return code >= 0 ? code : with_words(code, kind, timeout_s);
}

/* ---- Blocks of large messages ---------------------------------------------------------- */

void *tri__object_take_block(size_t size)
{
    struct user *self = tri__user_self();
    void *block = self ? tri__local_shared_take(size) : NULL;
    if (block) {
        self->cargo.comes_out = false;
        atomic_store(&self->cargo.flips, CARGO_OUTSIDE);
        atomic_store(&self->cargo.block, block);
    }
    AT_OBJECT(OBJECT_CARRYING);
    return block;
}

void tri__object_free_block(void *block)
{
    AT_OBJECT(OBJECT_CARRYING);
    atomic_store(&tri__user_self()->cargo.block, NULL);
    tri__local_shared_free(block);
}
