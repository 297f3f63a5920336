/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Who uses objects: a thread gets a slot with its first object, and gives it back at its end, or is
 * buried by the fork server that sees its process end.
 */
#include "forkserver.h"
#include "objects.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* In the arena. */
struct users {
    struct tri__slots slots;
    _Atomic int has_unwatched; /* there is, or was, one whose end no fork server sees */
    _Atomic double looked;     /* when somebody last looked for the dead */
};

static struct users *users;

/* How often one of those who wait looks for dead whom nobody else may see. */
static const double LOOK_S = 0.5;

/* A mark is a number in its lower bits, and in the others, but the highest, how often that number
 * was given out. */
enum { NUMBER_BITS = 20, USERS_MAX = (1 << NUMBER_BITS) - 1, TIMES = 1 << (31 - NUMBER_BITS) };

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
    atomic_store(&users->looked, tri__now());
    if (pthread_key_create(&end_of_thread, leave) != 0)
        return tri_fail(TRI_ENOMEM, "no memory for a thread's end");
    return 0;
}

static uint32_t next_mark(uint32_t mark, uint32_t number)
{
    return ((mark >> NUMBER_BITS) + 1) % TIMES << NUMBER_BITS | number;
}

static struct user *make_self(void)
{
    uint32_t number;
    struct user *user = tri__slot_take(&users->slots, &number);
    if (user == NULL)
        return NULL;
    if (number > USERS_MAX) {
        tri__slot_give(&users->slots, number);
        tri_fail(TRI_ENOMEM, "%d threads use objects already", USERS_MAX);
        return NULL;
    }
    user->mark = next_mark(user->mark, number);
    user->number = number;
    user->held = 0;
    user->cargo.block = NULL;
    atomic_store(&user->waits_for, 0);
    atomic_store(&user->more_members, 0);
    for (int i = 0; i < MEMBERSHIPS; i++)
        atomic_store(&user->members[i], 0);
    atomic_store(&user->watcher, tri__process_parent() && !is_unwatched ? (uint32_t)getppid() : 0);
    atomic_store(&user->life, (uint32_t)getpid() * DEATHS + ALIVE);
    if (is_unwatched)
        tri__users_note_unwatched();
    pthread_setspecific(end_of_thread, user);
    return self = user;
}

void tri__user_end_thread(void)
{
    if (self) {
        pthread_setspecific(end_of_thread, NULL);
        leave(self);
    }
}

struct user *tri__user_self(void)
{
    return self ? self : make_self();
}

struct user *tri__user_at(uint32_t number)
{
    return tri__slot_at(&users->slots, number);
}

struct user *tri__user_of_mark(uint32_t mark)
{
    return tri__user_at(mark & USERS_MAX);
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

/* Those who sleep already are to look as well. */
void tri__users_note_unwatched(void)
{
    if (atomic_exchange(&users->has_unwatched, 1) == 0)
        tri__list_nudge_everyone();
}

/* A zombie is gone as well, unless it is only its first thread that has ended. */
bool tri__process_is_running(uint32_t pid)
{
    char name[32], line[512], state = 'R';
    int threads = 0;
    snprintf(name, sizeof name, "/proc/%u/stat", pid);
    FILE *file = fopen(name, "re");
    if (file == NULL)
        return kill((pid_t)pid, 0) == 0 || errno == EPERM;
    const char *end = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    if (end)
        sscanf(end, ") %c%*d%*d%*d%*d%*d%*d%*d%*d%*d%*d%*d%*d%*d%*d%*d%*d%d", &state, &threads);
    fclose(file);
    return (state != 'Z' && state != 'X') || threads > 1;
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

double tri__users_time_to_look(void)
{
    return atomic_load(&users->looked) + LOOK_S;
}

bool tri__users_begin_to_look(void)
{
    double looked = atomic_load(&users->looked), now = tri__now();
    return now - looked >= LOOK_S && atomic_compare_exchange_strong(&users->looked, &looked, now);
}

bool tri__user_is_member(const struct user *user, uint64_t object)
{
    for (int i = 0; i < MEMBERSHIPS; i++)
        if (atomic_load_explicit(&user->members[i], memory_order_relaxed) == object)
            return true;
    return false;
}

/* Of an object that is no more its place is free. */
static bool is_lasting(uint64_t object)
{
    const struct object *found = tri__object_at((uint32_t)object);
    return found && atomic_load(&found->id) == object && object != 0;
}

void tri__user_join(struct user *user, uint64_t object)
{
    if (tri__user_is_member(user, object))
        return;
    for (int i = 0; i < MEMBERSHIPS; i++)
        if (!is_lasting(atomic_load(&user->members[i]))) {
            atomic_store(&user->members[i], object);
            return;
        }
    atomic_store(&user->more_members, 1);
}
