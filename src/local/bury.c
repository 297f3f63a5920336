/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a thread or process that is no more leaves behind: locks that it held, lists in which it
 * waited, a message in its hand, barriers and conditions of which it was a member. The thread
 * itself sees to it at its end; for a process that fork server does which sees it end.
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

static void bury_in(struct object *object, uint32_t number, struct user *self, struct user *dead,
                    bool was_killed)
{
    struct wake_list wakes = {0};
    bool is_member = tri__user_is_member(dead, number) || atomic_load(&dead->more_members);
    tri__object_lock_of_dead(object, self, dead->number);
    if (atomic_load(&object->id) != 0) {
        if (atomic_load(&dead->waits_for) == number) {
            unsigned list = dead->list;
            tri__list_remove(object, dead);
            tri__list_nudge(object, 1u << list, &wakes);
        }
        struct wake_list more = {0};
        if (object->kind->has_owner || (object->kind->has_members && is_member))
            tell_of_death(object, self, dead, was_killed, is_member, &more);
        tri__object_wake(&more);
    }
    tri__object_unlock(object);
    tri__object_wake(&wakes);
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

void tri__user_bury(struct user *dead, struct user *self, bool was_killed)
{
    bool is_plain = !was_killed && dead->held == 0 && atomic_load(&dead->waits_for) == 0;
    for (uint32_t number = 1; !is_plain && number <= tri__object_count(); number++) {
        struct object *object = tri__object_at(number);
        if (object && atomic_load(&object->id) != 0)
            bury_in(object, number, self, dead, was_killed);
    }
    drop_cargo(dead);
    tri__user_forget(dead);
}

/* ---- Processes ------------------------------------------------------------------------- */

static bool change_death(struct user *user, long pid, enum death from, enum death to)
{
    uint32_t old = (uint32_t)pid * DEATHS + from;
    return user && atomic_compare_exchange_strong(&user->life, &old, (uint32_t)pid * DEATHS + to);
}

/* All are marked first, so that whoever waits for one of them need not wait any longer. */
void tri__objects_bury(long pid, bool was_killed)
{
    bool has_users = false;
    for (uint32_t number = 1; number <= tri__user_count(); number++)
        has_users = change_death(tri__user_at(number), pid, ALIVE, DEAD) || has_users;
    struct user *self = has_users ? tri__user_self() : NULL;
    if (self == NULL)
        return; /* it had none, or there is no memory for this process to be one */
    for (uint32_t number = 1; number <= tri__user_count(); number++)
        if (change_death(tri__user_at(number), pid, DEAD, BURIED))
            tri__user_bury(tri__user_at(number), self, was_killed);
    if (was_killed)
        wake_the_woken();
}

/* How a process has ended that the program itself had forked, nobody knows. */
void tri__objects_look_for_dead(void)
{
    for (uint32_t number = 1; number <= tri__user_count(); number++) {
        struct user *user = tri__user_at(number);
        uint32_t pid = user ? user_pid(user) : 0;
        uint32_t watcher = pid ? atomic_load(&user->watcher) : 0;
        if (pid != 0 && pid != (uint32_t)getpid() &&
            (watcher == 0 || !tri__process_is_running(watcher)) && !tri__process_is_running(pid))
            tri__objects_bury((long)pid, watcher != 0);
    }
}
