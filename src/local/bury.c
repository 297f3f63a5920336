/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a thread or process that is no more leaves behind: locks that it held, lists in which it
 * waited, a message in its hand, barriers and conditions of which it was a member. The thread
 * itself sees to it at its end; for a process that fork server does which sees it end, or where
 * there is none one of those who wait.
 */
#include "objects.h"

#include <unistd.h>

/* ---- What it carried ------------------------------------------------------------------- */

/* While the user was in a step, whether that has happened can be told by the object; but only with
 * its lock, and only if nobody else can have taken a step since. */
static bool is_his(const struct cargo *cargo, const struct object *object)
{
    uint64_t before = atomic_load(&cargo->flips);
    return before == CARGO_OUTSIDE || (atomic_load(&object->flips) > before) == cargo->comes_out;
}

void tri__cargo_settle(struct object *object, struct user *dead)
{
    void *block = atomic_load(&dead->cargo.block);
    if (block == NULL || atomic_load(&dead->cargo.flips) == CARGO_OUTSIDE ||
        tri__object_at(dead->cargo.object) != object)
        return;
    bool is_to_be_freed = is_his(&dead->cargo, object);
    atomic_store(&dead->cargo.block, NULL);
    if (is_to_be_freed)
        tri__arena_free(block);
}

/* One that is still in doubt, as two have died one after the other, is left where it is. */
static void drop_cargo(struct user *dead)
{
    void *block = atomic_exchange(&dead->cargo.block, NULL);
    if (block && atomic_load(&dead->cargo.flips) == CARGO_OUTSIDE)
        tri__arena_free(block);
}

/* ---- What it had to do with an object -------------------------------------------------- */

/* With the lock. */
static void tell_of_death(struct object *object, struct user *self, const struct user *dead,
                          bool was_killed, bool is_member, struct wake_list *wakes)
{
    struct tri__step_call call = {.operation = TRI__DIED,
                                  .list = -1,
                                  .number = dead->number,
                                  .user = self->number,
                                  .pid = user_pid(dead),
                                  .was_killed = was_killed,
                                  .is_member = is_member};
    tri__object_step(object, self, &call, wakes);
}

/* One that was in a wait when its process ended has not ended well, whatever that said. */
static void leave_object(struct object *object, struct user *self, struct user *dead,
                         bool was_killed)
{
    struct wake_list of_list = {0}, of_step = {0};
    bool has_waited = atomic_load(&dead->waits_for) == object->number;
    bool is_member =
        tri__user_is_member(dead, atomic_load(&object->id)) || atomic_load(&dead->more_members);
    if (has_waited) {
        unsigned list = dead->list;
        tri__list_remove(object, dead);
        tri__list_nudge(object, 1u << list, &of_list);
    }
    if (object->kind->has_owner || (object->kind->has_members && is_member))
        tell_of_death(object, self, dead, was_killed || has_waited, is_member, &of_step);
    tri__object_wake(&of_list);
    tri__object_wake(&of_step);
}

static bool bury_in(struct object *object, struct user *self, struct user *dead, bool was_killed)
{
    if (!tri__object_lock_of_dead(object, self, dead))
        return false;
    if (atomic_load(&object->id) != 0)
        leave_object(object, self, dead, was_killed);
    tri__object_unlock(object);
    return true;
}

/* One who was to be woken may not have been, by one who died between saying so and doing it. */
static void wake_the_woken(void)
{
    for (uint32_t number = 1; number <= tri__user_count(); number++) {
        struct user *user = tri__user_at(number);
        if (user && user_pid(user) != 0 && atomic_load(&user->signal) != 0)
            tri__wake(&user->signal, 1);
    }
}

/* A thread that ends by itself is in no step; one whose process was ended by another may be. */
static bool is_in_a_step(const struct user *dead, const struct user *self)
{
    for (uint32_t number = 1; dead != self && number <= tri__object_count(); number++) {
        const struct object *object = tri__object_at(number);
        if (object && tri__object_is_locked_by(object, dead))
            return true;
    }
    return false;
}

bool tri__user_bury(struct user *dead, struct user *self, bool was_killed)
{
    bool is_plain = !was_killed && dead->held == 0 && atomic_load(&dead->waits_for) == 0 &&
                    !is_in_a_step(dead, self);
    for (uint32_t number = 1; !is_plain && number <= tri__object_count(); number++) {
        struct object *object = tri__object_at(number);
        if (object && (atomic_load(&object->id) != 0 || tri__object_is_locked_by(object, dead)) &&
            !bury_in(object, self, dead, was_killed))
            return false;
    }
    drop_cargo(dead);
    tri__user_forget(dead);
    return true;
}

/* ---- Processes ------------------------------------------------------------------------- */

static bool change_death(struct user *user, uint32_t pid, enum death from, enum death to)
{
    uint32_t old = pid * DEATHS + from;
    return user && atomic_compare_exchange_strong(&user->life, &old, pid * DEATHS + to);
}

/* One buries, who is the user's watcher or makes itself that. If it dies meanwhile, the next one
 * begins again; what was done already is not done twice. */
static bool begin_to_watch(struct user *user, uint32_t pid)
{
    uint32_t self = (uint32_t)getpid(), watcher = atomic_load(&user->watcher), taken = self;
    if (watcher == self)
        return true;
    if ((watcher != 0 && tri__process_is_running(watcher)) ||
        !atomic_compare_exchange_strong(&user->watcher, &watcher, self))
        return false;
    change_death(user, pid, BURIED, KILLED);
    if (user_pid(user) == pid)
        return true;
    atomic_compare_exchange_strong(&user->watcher, &taken, watcher); /* it is another's slot now */
    return false;
}

/* Of a user that has been marked. */
static bool bury_marked(struct user *user, struct user *self, uint32_t pid)
{
    bool was_killed = change_death(user, pid, KILLED, BURIED);
    if (!was_killed && !change_death(user, pid, ENDED, BURIED))
        return true;
    return tri__user_bury(user, self, was_killed) ||
           !change_death(user, pid, BURIED, was_killed ? KILLED : ENDED);
}

/* All are marked first, so that whoever waits for one of them need not wait any longer. */
bool tri__objects_bury(long process, bool was_killed)
{
    uint32_t pid = (uint32_t)process;
    bool has_users = false;
    for (uint32_t number = 1; number <= tri__user_count(); number++) {
        struct user *user = tri__user_at(number);
        change_death(user, pid, ALIVE, was_killed ? KILLED : ENDED);
        has_users = has_users || (user && user_pid(user) == pid);
    }
    for (uint32_t number = 1; has_users && number <= tri__user_count(); number++) {
        struct user *user = tri__user_at(number);
        if (user && user_pid(user) == pid)
            begin_to_watch(user, pid);
    }
    return !has_users || tri__objects_bury_rest();
}

bool tri__objects_bury_rest(void)
{
    bool is_all = true;
    struct user *self = tri__user_self();
    for (uint32_t number = 1; self && number <= tri__user_count(); number++) {
        struct user *user = tri__user_at(number);
        uint32_t pid = user ? user_pid(user) : 0;
        if (pid != 0 && atomic_load(&user->watcher) == (uint32_t)getpid())
            is_all = bury_marked(user, self, pid) && is_all;
    }
    wake_the_woken();
    return is_all;
}

/* How a process has ended that the program itself had forked, nobody knows. */
void tri__objects_look_for_dead(void)
{
    for (uint32_t number = 1; number <= tri__user_count(); number++) {
        struct user *user = tri__user_at(number);
        uint32_t pid = user ? user_pid(user) : 0;
        uint32_t watcher = pid ? atomic_load(&user->watcher) : 0;
        if (pid != 0 && pid != (uint32_t)getpid() &&
            (watcher == 0 || watcher == (uint32_t)getpid() || !tri__process_is_running(watcher)) &&
            !tri__process_is_running(pid))
            tri__objects_bury((long)pid, watcher != 0);
    }
}
