/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Who uses objects: a thread gets a slot with its first object, and gives it back at its end, or is
 * buried by the fork server that sees its process end.
 */
#include "forkserver.h"
#include "objects.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* In the arena. */
struct users {
    struct tri__slots slots;
    _Atomic int has_unwatched; /* there is, or was, one whose end no fork server sees */
};

static struct users *users;

/* Of this process: it was forked by the program itself. */
static bool is_unwatched;

/* Of the library's own use: it is there when the program starts. */
static _Thread_local struct user *self __attribute__((tls_model("initial-exec")));
static pthread_key_t end_of_thread;

static void leave(void *user)
{
    self = NULL;
    tri__user_bury(user, user, false);
}

int tri__users_open(void)
{
    users = tri__arena_alloc(sizeof *users);
    if (users == NULL)
        return TRI_ENOMEM;
    users->slots.size = (sizeof(struct user) + 63) / 64 * 64;
    if (pthread_key_create(&end_of_thread, leave) != 0)
        return tri_fail(TRI_ENOMEM, "no memory for a thread's end");
    return 0;
}

static struct user *make_self(void)
{
    uint32_t number;
    struct user *user = tri__slot_take(&users->slots, &number);
    if (user == NULL)
        return NULL;
    user->number = number;
    user->held = 0;
    user->cargo.block = NULL;
    atomic_store(&user->waits_for, 0);
    atomic_store(&user->more_members, 0);
    for (int i = 0; i < MEMBERSHIPS; i++)
        atomic_store(&user->members[i], 0);
    atomic_store(&user->watcher, tri__process_parent() && !is_unwatched ? (uint32_t)getppid() : 0);
    if (is_unwatched)
        atomic_store(&users->has_unwatched, 1);
    atomic_store(&user->life, (uint32_t)getpid() * DEATHS + ALIVE);
    pthread_setspecific(end_of_thread, user);
    return self = user;
}

struct user *tri__user_self(void)
{
    return self ? self : make_self();
}

struct user *tri__user_at(uint32_t number)
{
    return tri__slot_at(&users->slots, number);
}

uint32_t tri__user_count(void)
{
    return atomic_load(&users->slots.used);
}

void tri__user_forget(struct user *user)
{
    atomic_store(&user->life, 0);
    tri__slot_give(&users->slots, user->number);
}

void tri__users_begin_process(void)
{
    is_unwatched = true;
    self = NULL;
    pthread_setspecific(end_of_thread, NULL);
}

void tri__users_note_watched(void)
{
    is_unwatched = false;
}

void tri__users_note_unwatched(void)
{
    atomic_store(&users->has_unwatched, 1);
}

/* A zombie is gone as well. */
bool tri__process_is_running(uint32_t pid)
{
    char name[32], line[128], state = 'R';
    snprintf(name, sizeof name, "/proc/%u/stat", pid);
    FILE *file = fopen(name, "re");
    if (file == NULL)
        return kill((pid_t)pid, 0) == 0;
    const char *end = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    if (end && end[1] == ' ')
        state = end[2];
    fclose(file);
    return state != 'Z' && state != 'X';
}

bool tri__user_is_gone(const struct user *user)
{
    uint32_t life = atomic_load(&user->life);
    return life == 0 || life % DEATHS != ALIVE || !tri__process_is_running(life / DEATHS);
}

bool tri__users_are_unwatched(void)
{
    return atomic_load(&users->has_unwatched) || tri__forkserver_socket() >= 0;
}

bool tri__user_is_member(const struct user *user, uint32_t object)
{
    for (int i = 0; i < MEMBERSHIPS; i++)
        if (atomic_load_explicit(&user->members[i], memory_order_relaxed) == object)
            return true;
    return false;
}

void tri__user_join(struct user *user, uint32_t object)
{
    if (tri__user_is_member(user, object))
        return;
    for (int i = 0; i < MEMBERSHIPS; i++)
        if (user->members[i] == 0) {
            atomic_store(&user->members[i], object);
            return;
        }
    atomic_store(&user->more_members, 1);
}
