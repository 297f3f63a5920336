/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A thousand processes that are killed at random moments while they use objects: the objects go on,
 * no message is doubled or out of its order, and each death costs one at most.
 */
#include "tasks.h"

enum { KILLS = 1000, USERS = 3, PEOPLE = KILLS + USERS, MESSAGES_MAX = 2000, FILLING = 6000 };

struct message {
    int who, number;
    char filling[FILLING];
};

/* In shared memory; where that is, the processes are told. */
static struct shared {
    tri_lock lock;
    tri_queue queue;
    tri_semaphore semaphore;
    tri_condition condition;
    tri_event event;
    _Atomic int64_t before, after, owner_died;
    _Atomic int put[PEOPLE]; /* how many each was told that it has put */
    _Atomic int wrong;       /* the line of the first thing that was not as it should be */
    _Atomic unsigned char taken[PEOPLE][MESSAGES_MAX];
} * shared;

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition))                                                                          \
            atomic_store(&shared->wrong, __LINE__);                                                \
    } while (0)

static void use_lock(void)
{
    int code = tri_lock_acquire(shared->lock, -1);
    EXPECT(code >= 0);
    if (code == TRI_OWNER_DIED) {
        atomic_fetch_add(&shared->owner_died, 1);
        atomic_store(&shared->after, atomic_load(&shared->before));
    }
    EXPECT(atomic_load(&shared->before) == atomic_load(&shared->after));
    atomic_store(&shared->before, atomic_load(&shared->before) + 1);
    atomic_store(&shared->after, atomic_load(&shared->after) + 1);
    EXPECT(tri_lock_release(shared->lock) == 0);
}

static size_t size_of(int number)
{
    return number % 5 == 0 ? sizeof(struct message) : 2 * sizeof(int) + (size_t)number % 200;
}

static void put(int who, int number)
{
    static struct message message;
    message.who = who;
    message.number = number;
    memset(message.filling, number % 100, sizeof message.filling);
    int code = tri_queue_put(shared->queue, &message, size_of(number), -1);
    EXPECT(code == 0);
    atomic_store(&shared->put[who], number + 1);
}

/* False when there is none. */
static bool take(int *last)
{
    static struct message message;
    size_t size;
    int code = tri_queue_get(shared->queue, &message, sizeof message, &size, 0.001);
    if (code == TRI_ETIMEOUT)
        return false;
    EXPECT(code == 0 && size == size_of(message.number));
    for (size_t i = 0; i < size - 2 * sizeof(int); i++)
        EXPECT(message.filling[i] == (char)(message.number % 100));
    EXPECT(message.number >= last[message.who]);
    last[message.who] = message.number + 1;
    EXPECT(atomic_fetch_add(&shared->taken[message.who][message.number], 1) == 0);
    return true;
}

static void use_condition(unsigned choice)
{
    EXPECT(tri_condition_acquire(shared->condition, -1) >= 0);
    if (choice % 2)
        EXPECT(tri_condition_notify_all(shared->condition) == 0);
    else
        tri_condition_wait(shared->condition, 0.001);
    EXPECT(tri_condition_release(shared->condition) == 0);
}

struct user {
    int who;
    struct shared *shared;
};

static int use_all(const void *argument)
{
    static int last[PEOPLE];
    const struct user *user = argument;
    int who = user->who, number = 0;
    unsigned short seed[3] = {(unsigned short)who, 2, 3};
    shared = user->shared;
    for (;;) {
        unsigned choice = (unsigned)nrand48(seed) % 16;
        if (choice < 4)
            use_lock();
        else if (choice < 8 && number < MESSAGES_MAX)
            put(who, number++);
        else if (choice < 12)
            take(last);
        else if (choice < 13)
            use_condition((unsigned)nrand48(seed));
        else if (choice < 14)
            EXPECT(tri_event_set(shared->event) == 0 && tri_event_clear(shared->event) == 0);
        else if (choice < 15)
            tri_event_wait(shared->event, 0.0005);
        else if (tri_semaphore_acquire(shared->semaphore, 0.001) == 0)
            EXPECT(tri_semaphore_release(shared->semaphore, 1) == 0);
    }
    return 0;
}

static tri_process *start(int who)
{
    tri_process *process;
    struct user user = {who, shared};
    CHECK(tri_process_start(&process, use_all, &user, sizeof user, NULL) == 0);
    return process;
}

static void kill_one(tri_process *process)
{
    int code;
    CHECK(tri_process_kill(process) == 0 && tri_process_join(process, -1) == 0);
    CHECK(tri_process_exit_code(process, &code) == 0 && code == -SIGKILL);
    CHECK(tri_process_free(process) == 0);
}

static void check_messages(void)
{
    static int last[PEOPLE];
    int lost = 0;
    while (take(last))
        ;
    for (int who = 0; who < PEOPLE; who++)
        for (int number = 0; number < atomic_load(&shared->put[who]); number++)
            lost += atomic_load(&shared->taken[who][number]) == 0;
    if (lost > PEOPLE)
        fprintf(stderr, "%d messages were lost\n", lost);
    CHECK(lost <= PEOPLE);
}

static void test_random(void)
{
    tri_process *users[USERS];
    unsigned short seed[3] = {1, 2, 3};
    tri_queue_options options = {.messages = 1000000};
    shared = tri_shared_alloc(sizeof *shared);
    CHECK(shared && tri_lock_new(&shared->lock) == 0 && tri_event_new(&shared->event) == 0);
    CHECK(tri_queue_new(&shared->queue, &options) == 0);
    CHECK(tri_semaphore_new(&shared->semaphore, 2 * KILLS, 0) == 0);
    CHECK(tri_condition_new(&shared->condition) == 0);
    for (int i = 0; i < USERS; i++)
        users[i] = start(i);
    for (int kills = 0; kills < KILLS; kills++) {
        int i = (int)(nrand48(seed) % USERS);
        nap(1e-6 * (double)(nrand48(seed) % 2000));
        kill_one(users[i]);
        users[i] = start(USERS + kills);
        CHECK(atomic_load(&shared->wrong) == 0);
    }
    for (int i = 0; i < USERS; i++)
        kill_one(users[i]);
    use_lock();
    check_messages();
    CHECK(atomic_load(&shared->wrong) == 0 && atomic_load(&shared->owner_died) <= PEOPLE);
    CHECK(tri_queue_free(shared->queue) == 0 && tri_lock_free(shared->lock) == 0);
}

static const struct test tests[] = {
    {"1000 random kills among users of objects", test_random, ON_FORK, 2, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
