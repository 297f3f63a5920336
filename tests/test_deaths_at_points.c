/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What processes leave behind that are killed while they use objects: between any two steps, on
 * purpose (objects.h's points, in a build of the library for this test), and at random. One who
 * survives uses the same object all the while, and has to come to its end; then the object is
 * whole, what was said to be done is done, and nothing has been done twice.
 */
#include "objects.h"
#include "tasks.h"

#include <sys/mman.h>

/* In memory shared before anything is forked. */
static struct plan {
    _Atomic int victim; /* its process id */
    _Atomic int point, passes, deaths;
    _Atomic enum { IS_KILLED, ENDS, STOPS } how; /* ENDS: as if all were well */
} * plan;

static void die_as_planned(enum object_point point)
{
    if (atomic_load(&plan->point) != (int)point || atomic_load(&plan->victim) != (int)getpid())
        return;
    if (atomic_fetch_sub(&plan->passes, 1) == 0) {
        atomic_fetch_add(&plan->deaths, 1);
        if (atomic_load(&plan->how) == ENDS)
            _exit(0);
        kill(getpid(), atomic_load(&plan->how) == STOPS ? SIGSTOP : SIGKILL);
    }
}

enum { ROUNDS = 120, LARGE = 3000, MESSAGE_MAX = 4096 };

/* In shared memory. */
struct scene {
    tri_lock lock;
    tri_rlock rlock;
    tri_semaphore semaphore;
    tri_event there, back;
    tri_condition condition;
    tri_barrier barrier;
    tri_queue queue;
    tri_pipe pipe[2];
    tri_event gone[ROUNDS];
    size_t size;                   /* of messages */
    _Atomic int64_t before, after; /* changed one after the other under the lock */
    _Atomic int64_t said;          /* what the victim was told to be done */
    _Atomic int64_t mine;          /* what the survivor was */
    _Atomic int owner_died, lost, broken, is_over;
    _Atomic char taken[ROUNDS]; /* how often each message was */
};

/* ---- The messages ---------------------------------------------------------------------- */

static void fill(char *message, size_t size, int64_t number)
{
    memset(message, (int)(number % 100), size);
    memcpy(message, &number, sizeof number);
}

static int64_t number_in(const char *message, size_t size)
{
    int64_t number;
    memcpy(&number, message, sizeof number);
    for (size_t i = sizeof number; i < size; i++)
        if (message[i] != (char)(number % 100))
            return -1;
    return number;
}

/* ---- Work: the victim and the survivor do the same, or each its part --------------------- */

static struct scene *scene_of(const void *argument)
{
    return *(struct scene *const *)argument;
}

/* Now and then it is held for so long that the other falls asleep. */
static void hold(int round)
{
    if (round % 10 == 3)
        nap(2e-4);
}

static bool count_up(struct scene *scene, int code, int round)
{
    if (code == TRI_OWNER_DIED) {
        atomic_fetch_add(&scene->owner_died, 1);
        atomic_store(&scene->after, atomic_load(&scene->before));
    }
    if (code < 0 || atomic_load(&scene->before) != atomic_load(&scene->after))
        return false;
    atomic_store(&scene->before, atomic_load(&scene->before) + 1);
    hold(round);
    atomic_store(&scene->after, atomic_load(&scene->after) + 1);
    return true;
}

static int use_lock(struct scene *scene, _Atomic int64_t *said)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (!count_up(scene, tri_lock_acquire(scene->lock, -1), i))
            return 1;
        atomic_fetch_add(said, 1);
        if (tri_lock_release(scene->lock) != 0)
            return 2;
    }
    return 0;
}

static int use_rlock(struct scene *scene, _Atomic int64_t *said)
{
    for (int i = 0; i < ROUNDS; i++) {
        int code = tri_rlock_acquire(scene->rlock, -1);
        if (tri_rlock_acquire(scene->rlock, 0) != 0 || !count_up(scene, code, i))
            return 1;
        atomic_fetch_add(said, 1);
        if (tri_rlock_release(scene->rlock) != 0 || tri_rlock_release(scene->rlock) != 0)
            return 2;
    }
    return 0;
}

static int use_semaphore(struct scene *scene, _Atomic int64_t *said)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (tri_semaphore_acquire(scene->semaphore, -1) != 0)
            return 1;
        hold(i);
        if (tri_semaphore_release(scene->semaphore, 1) != 0)
            return 2;
        atomic_fetch_add(said, 1);
    }
    return 0;
}

static int use_barrier(struct scene *scene, _Atomic int64_t *said)
{
    for (int i = 0; i < ROUNDS; i++) {
        hold(i);
        int code = tri_barrier_wait(scene->barrier, -1);
        if (code == TRI_EBROKEN && says("has ended with an error"))
            atomic_store(&scene->broken, 1);
        if (code < 0)
            return code == TRI_EBROKEN ? 0 : 1;
        atomic_fetch_add(said, 1);
    }
    return 0;
}

#define BOTH(work)                                                                                 \
    static int victim_##work(const void *argument)                                                 \
    {                                                                                              \
        struct scene *scene = scene_of(argument);                                                  \
        return work(scene, &scene->said);                                                          \
    }                                                                                              \
    static int survivor_##work(const void *argument)                                               \
    {                                                                                              \
        struct scene *scene = scene_of(argument);                                                  \
        return work(scene, &scene->mine);                                                          \
    }

BOTH(use_lock)
BOTH(use_rlock)
BOTH(use_semaphore)
BOTH(use_barrier)

/* The victim counts up and notifies, the survivor waits for the last number, or word of the death.
 */
static int notify(const void *argument)
{
    struct scene *scene = scene_of(argument);
    for (int i = 0; i < ROUNDS; i++) {
        if (!count_up(scene, tri_condition_acquire(scene->condition, -1), i) ||
            tri_condition_notify(scene->condition, 1) != 0)
            return 1;
        atomic_fetch_add(&scene->said, 1);
        if (tri_condition_release(scene->condition) != 0)
            return 2;
    }
    return 0;
}

static int be_notified(const void *argument)
{
    struct scene *scene = scene_of(argument);
    int code = tri_condition_acquire(scene->condition, -1);
    while (code >= 0 && atomic_load(&scene->before) < ROUNDS)
        if ((code = tri_condition_wait(scene->condition, -1)) == TRI_ELOST)
            atomic_store(&scene->lost, 1);
    if (code < 0 && code != TRI_ELOST)
        return 1;
    return tri_condition_release(scene->condition) == 0 ? 0 : 2;
}

static int set_events(const void *argument)
{
    struct scene *scene = scene_of(argument);
    for (int i = 0; i < ROUNDS; i++) {
        if (tri_event_set(scene->there) != 0 || tri_event_wait(scene->back, -1) != 0 ||
            tri_event_clear(scene->back) != 0)
            return 1;
        atomic_fetch_add(&scene->said, 1);
        hold(i);
    }
    return 0;
}

/* Until the controller says, by the same event, that the victim has ended. */
static int answer_events(const void *argument)
{
    struct scene *scene = scene_of(argument);
    for (;;) {
        if (tri_event_wait(scene->there, -1) != 0 || tri_event_clear(scene->there) != 0)
            return 1;
        if (atomic_load(&scene->is_over))
            return 0;
        if (tri_event_set(scene->back) != 0)
            return 2;
        atomic_fetch_add(&scene->mine, 1);
    }
}

/* One frees what the other waits for, or is just about to. */
static int free_all(const void *argument)
{
    struct scene *scene = scene_of(argument);
    for (int i = 0; i < ROUNDS; i++) {
        hold(i);
        if (tri_event_free(scene->gone[i]) != 0)
            return 1;
        atomic_store(&scene->said, i + 1);
    }
    return 0;
}

static int wait_for_all(const void *argument)
{
    struct scene *scene = scene_of(argument);
    for (int i = 0; i < ROUNDS; i++) {
        int code = tri_event_wait(scene->gone[i], -1);
        if (code != TRI_ECLOSED && code != TRI_EINVAL)
            return 1;
        atomic_fetch_add(&scene->mine, 1);
    }
    return 0;
}

static int put_all(const void *argument)
{
    struct scene *scene = scene_of(argument);
    char message[MESSAGE_MAX];
    for (int i = 0; i < ROUNDS; i++) {
        fill(message, scene->size, i);
        if (tri_queue_put(scene->queue, message, scene->size, -1) != 0)
            return 1;
        atomic_store(&scene->said, i + 1);
    }
    return 0;
}

/* Messages come in their order, and each of them once. */
static bool take_one(struct scene *scene, const char *message, size_t size, int64_t *last)
{
    int64_t number = number_in(message, size);
    if (size != scene->size || number <= *last || number >= ROUNDS)
        return false;
    *last = number;
    hold((int)number);
    return atomic_fetch_add(&scene->taken[number], 1) == 0;
}

static int get_all(const void *argument)
{
    struct scene *scene = scene_of(argument);
    char message[MESSAGE_MAX];
    size_t size;
    int64_t last = -1;
    int code;
    while ((code = tri_queue_get(scene->queue, message, sizeof message, &size, -1)) == 0)
        if (!take_one(scene, message, size, &last))
            return 1;
    return code == TRI_ECLOSED ? 0 : 2;
}

static int send_all(const void *argument)
{
    struct scene *scene = scene_of(argument);
    char message[MESSAGE_MAX];
    for (int i = 0; i < ROUNDS; i++) {
        fill(message, scene->size, i);
        if (tri_pipe_send(scene->pipe[0], message, scene->size, -1) != 0)
            return 1;
        atomic_store(&scene->said, i + 1);
    }
    return 0;
}

static int receive_all(const void *argument)
{
    struct scene *scene = scene_of(argument);
    char message[MESSAGE_MAX];
    size_t size;
    int64_t last = -1;
    int code;
    while ((code = tri_pipe_recv(scene->pipe[1], message, sizeof message, &size, -1)) == 0)
        if (!take_one(scene, message, size, &last))
            return 1;
    return code == TRI_ECLOSED ? 0 : 2;
}

/* ---- What must be true afterwards ------------------------------------------------------ */

/* What was said to be done was done, and at most one thing besides, in which the victim died. */
static bool is_or_one_more(int64_t count, int64_t said)
{
    return count == said || count == said + 1;
}

static void check_counts(struct scene *scene, bool has_died)
{
    CHECK(atomic_load(&scene->mine) == ROUNDS);
    CHECK(is_or_one_more(atomic_load(&scene->before), ROUNDS + atomic_load(&scene->said)));
    CHECK(atomic_load(&scene->owner_died) <= has_died);
}

/* 1 when the lock is to be had, and whether its owner had died was said once. */
static void check_lock(struct scene *scene, bool has_died)
{
    int code = tri_lock_acquire(scene->lock, 1);
    CHECK(code >= 0 && tri_lock_release(scene->lock) == 0);
    CHECK((code == TRI_OWNER_DIED) + atomic_load(&scene->owner_died) <= has_died);
    check_counts(scene, has_died);
}

static void check_rlock(struct scene *scene, bool has_died)
{
    int code = tri_rlock_acquire(scene->rlock, 1);
    CHECK(code >= 0 && tri_rlock_locked(scene->rlock, NULL) == 1);
    CHECK(tri_rlock_release(scene->rlock) == 0);
    CHECK((code == TRI_OWNER_DIED) + atomic_load(&scene->owner_died) <= has_died);
    check_counts(scene, has_died);
}

static void check_semaphore(struct scene *scene, bool has_died)
{
    int64_t value = tri_semaphore_value(scene->semaphore);
    CHECK(value == 2 || (value == 1 && has_died));
    CHECK(atomic_load(&scene->mine) == ROUNDS);
}

static void check_barrier(struct scene *scene, bool has_died)
{
    int64_t mine = atomic_load(&scene->mine);
    CHECK(mine == ROUNDS || (has_died && atomic_load(&scene->broken)));
    CHECK(tri_barrier_waiting(scene->barrier) == 0);
    CHECK(tri_barrier_broken(scene->barrier) == has_died);
    CHECK(is_or_one_more(mine, atomic_load(&scene->said)));
}

static void check_condition(struct scene *scene, bool has_died)
{
    int64_t before = atomic_load(&scene->before);
    CHECK(before == ROUNDS || has_died);
    CHECK(before == ROUNDS || atomic_load(&scene->lost));
    CHECK(is_or_one_more(before, atomic_load(&scene->said)));
}

static void check_events(struct scene *scene, bool has_died)
{
    CHECK(atomic_load(&scene->said) == ROUNDS || has_died);
    CHECK(is_or_one_more(atomic_load(&scene->mine), atomic_load(&scene->said)));
}

static void check_freed(struct scene *scene, bool has_died)
{
    CHECK(atomic_load(&scene->mine) == ROUNDS);
    CHECK(has_died || atomic_load(&scene->said) == ROUNDS);
}

static int64_t count_taken(struct scene *scene)
{
    int64_t count = 0;
    for (int i = 0; i < ROUNDS; i++)
        count += atomic_load(&scene->taken[i]);
    return count;
}

/* The victim put: all that it did is there, with no gap. */
static void check_put(struct scene *scene, bool has_died)
{
    int64_t count = count_taken(scene);
    CHECK(has_died || count == ROUNDS);
    CHECK(is_or_one_more(count, atomic_load(&scene->said)));
    for (int i = 0; i < count; i++)
        CHECK(atomic_load(&scene->taken[i]) == 1);
}

/* The victim took: at most the one that it had just taken is gone with it. */
static void check_got(struct scene *scene, bool has_died)
{
    int64_t count = count_taken(scene);
    CHECK(atomic_load(&scene->said) == ROUNDS);
    CHECK(count == ROUNDS || (has_died && count == ROUNDS - 1));
}

/* ---- On purpose ------------------------------------------------------------------------ */

static const struct work {
    const char *name;
    tri_function *victim, *survivor;
    void (*check)(struct scene *, bool has_died);
    size_t size;
    bool is_victim_last; /* what the survivor puts the victim takes, and then the controller */
    bool has_members;    /* who are told of a death, but not of an end */
} works[] = {
    {"lock", victim_use_lock, survivor_use_lock, check_lock, 0, 0, 0},
    {"rlock", victim_use_rlock, survivor_use_rlock, check_rlock, 0, 0, 0},
    {"semaphore", victim_use_semaphore, survivor_use_semaphore, check_semaphore, 0, 0, 0},
    {"barrier", victim_use_barrier, survivor_use_barrier, check_barrier, 0, 0, 1},
    {"condition", notify, be_notified, check_condition, 0, 0, 1},
    {"event", set_events, answer_events, check_events, 0, 0, 0},
    {"free", free_all, wait_for_all, check_freed, 0, 0, 0},
    {"put", put_all, get_all, check_put, sizeof(int64_t), 0, 0},
    {"put of large messages", put_all, get_all, check_put, LARGE, 0, 0},
    {"send", send_all, receive_all, check_put, LARGE, 0, 0},
    {"get", get_all, put_all, check_got, sizeof(int64_t), 1, 0},
    {"get of large messages", get_all, put_all, check_got, LARGE, 1, 0},
};

enum { WORKS = sizeof works / sizeof *works };

static struct scene *make_scene(size_t size)
{
    struct scene *scene = tri_shared_alloc(sizeof *scene);
    tri_queue_options four = {.messages = 4};
    CHECK(scene && tri_lock_new(&scene->lock) == 0 && tri_rlock_new(&scene->rlock) == 0);
    CHECK(tri_semaphore_new(&scene->semaphore, 2, 2) == 0);
    CHECK(tri_event_new(&scene->there) == 0 && tri_event_new(&scene->back) == 0);
    CHECK(tri_condition_new(&scene->condition) == 0);
    CHECK(tri_barrier_new(&scene->barrier, 2, NULL) == 0);
    CHECK(tri_queue_new(&scene->queue, &four) == 0 && tri_pipe_new(scene->pipe) == 0);
    for (int i = 0; i < ROUNDS; i++)
        CHECK(tri_event_new(&scene->gone[i]) == 0);
    scene->size = size;
    return scene;
}

static void free_gone(struct scene *scene)
{
    for (int i = 0; i < ROUNDS; i++) {
        int code = tri_event_free(scene->gone[i]);
        CHECK(code == 0 || code == TRI_EINVAL);
    }
}

static void free_scene(struct scene *scene)
{
    free_gone(scene);
    CHECK(tri_lock_free(scene->lock) == 0 && tri_rlock_free(scene->rlock) == 0);
    CHECK(tri_semaphore_free(scene->semaphore) == 0);
    CHECK(tri_event_free(scene->there) == 0 && tri_event_free(scene->back) == 0);
    CHECK(tri_condition_free(scene->condition) == 0 && tri_barrier_free(scene->barrier) == 0);
    CHECK(tri_queue_free(scene->queue) == 0);
    tri_pipe_close(scene->pipe[0]);
    CHECK(tri_pipe_close(scene->pipe[1]) == 0);
    tri_shared_free(scene);
}

struct named {
    struct scene *scene;
    tri_function *function;
};

/* From here on it may die. */
static int be_victim(const void *argument)
{
    struct named victim = *(const struct named *)argument;
    atomic_store(&plan->victim, (int)getpid());
    return victim.function(&victim.scene);
}

static tri_process *start(tri_function *function, const void *argument, size_t size)
{
    tri_process *process;
    CHECK(tri_process_start(&process, function, argument, size, NULL) == 0);
    return process;
}

static int end(tri_process *process)
{
    int code;
    CHECK(tri_process_join(process, -1) == 0 && tri_process_exit_code(process, &code) == 0);
    CHECK(tri_process_free(process) == 0);
    return code;
}

static void fail_at(const struct work *work, int point, int passes, const char *who, int code)
{
    static const char *const words[] = {
#define OBJECT_POINT_WORDS(name, words) words,
        OBJECT_POINT_MAP(OBJECT_POINT_WORDS)
#undef OBJECT_POINT_WORDS
    };
    fprintf(stderr, "%s, where one %s for the %dth time: %s returned %d\n", work->name,
            point >= 0 ? words[point] : "is killed", passes + 1, who, code);
    exit(EXIT_FAILURE);
}

/* What is waited for after the victim's end, so that the survivor comes to its own. */
static void help_survivor(const struct work *work, struct scene *scene)
{
    while (work->survivor == answer_events && tri_event_is_set(scene->there) == 1)
        nap(1e-4); /* who is set free by one who died is set free */
    atomic_store(&scene->is_over, 1);
    CHECK(tri_event_set(scene->there) == 0);
    if (work->victim == free_all)
        free_gone(scene);
    if (!work->is_victim_last) {
        CHECK(tri_queue_shutdown(scene->queue, 0) == 0);
        CHECK(tri_pipe_close(scene->pipe[0]) == 0);
    } else {
        char message[MESSAGE_MAX];
        size_t size;
        int64_t last = -1;
        while (atomic_load(&scene->said) < ROUNDS || tri_queue_empty(scene->queue) == 0)
            if (tri_queue_get(scene->queue, message, sizeof message, &size, 0.01) == 0)
                CHECK(take_one(scene, message, size, &last));
    }
}

/* A victim that takes comes to its end only if all has been put and it is told so. */
static void help_victim(const struct work *work, struct scene *scene, tri_process *survivor)
{
    if (!work->is_victim_last || atomic_load(&plan->deaths) > 0)
        return;
    while (tri_process_alive(survivor) && atomic_load(&plan->deaths) == 0)
        nap(1e-4);
    if (atomic_load(&plan->deaths) == 0)
        CHECK(tri_queue_shutdown(scene->queue, 0) == 0);
}

/* Returns whether the victim has died. */
static bool kill_at(const struct work *work, int point, int passes, bool quits)
{
    struct scene *scene = make_scene(work->size);
    struct named victim = {scene, work->victim};
    atomic_store(&plan->victim, 0);
    atomic_store(&plan->deaths, 0);
    atomic_store(&plan->passes, passes);
    atomic_store(&plan->how, quits ? ENDS : IS_KILLED);
    atomic_store(&plan->point, point);
    tri_process *survivor = start(work->survivor, &scene, sizeof scene);
    tri_process *dying = start(be_victim, &victim, sizeof victim);
    help_victim(work, scene, survivor);
    int code = end(dying);
    bool has_died = atomic_load(&plan->deaths) > 0;
    if (code != (has_died && !quits ? -SIGKILL : 0))
        fail_at(work, point, passes, "the one to be killed", code);
    help_survivor(work, scene);
    code = end(survivor);
    if (code != 0)
        fail_at(work, point, passes, "the survivor", code);
    work->check(scene, has_died);
    free_scene(scene);
    return has_died;
}

static void end_at_points(bool quits)
{
    static const int passes[] = {0, 1, 2, 5, 21, 60};
    int deaths[OBJECT_POINT_COUNT] = {0};
    for (int point = 0; point < OBJECT_POINT_COUNT; point++)
        for (size_t i = 0; i < sizeof passes / sizeof *passes; i++)
            for (int work = 0; work < WORKS; work++)
                if (!quits || !works[work].has_members)
                    deaths[point] += kill_at(&works[work], point, passes[i], quits);
    for (int point = 0; point < OBJECT_POINT_COUNT; point++)
        if (deaths[point] == 0)
            fail_at(&works[0], point, 0, "nobody", 0);
}

static void test_kills(void)
{
    end_at_points(false);
}

static void test_ends(void)
{
    end_at_points(true);
}

/* ---- While another's death is dealt with ----------------------------------------------- */

static int take_all_and_die(const void *argument)
{
    const struct scene *scene = scene_of(argument);
    CHECK(tri_lock_acquire(scene->lock, -1) == 0 && tri_rlock_acquire(scene->rlock, -1) == 0);
    CHECK(tri_condition_acquire(scene->condition, -1) == 0);
    atomic_store(&plan->victim, (int)getppid());
    kill(getpid(), SIGKILL);
    return 1;
}

/* The fork server is killed as it buries a worker: who waits does what is left. */
static void test_server(void)
{
    static const int points[] = {OBJECT_HELD, OBJECT_STEPPED, OBJECT_TAKEN};
    for (int i = 0; i < 3 * 2; i++) {
        struct scene *scene = make_scene(0);
        atomic_store(&plan->victim, 0);
        atomic_store(&plan->deaths, 0);
        atomic_store(&plan->how, IS_KILLED);
        atomic_store(&plan->passes, i / 3);
        atomic_store(&plan->point, points[i % 3]);
        tri_process *process = start(take_all_and_die, &scene, sizeof scene);
        while (atomic_load(&plan->deaths) == 0)
            nap(1e-4);
        CHECK(tri_lock_acquire(scene->lock, -1) == TRI_OWNER_DIED);
        CHECK(tri_rlock_acquire(scene->rlock, -1) == TRI_OWNER_DIED);
        CHECK(tri_condition_acquire(scene->condition, -1) == TRI_OWNER_DIED);
        CHECK(tri_process_join(process, -1) == 0 && tri_process_free(process) == 0);
        free_scene(scene);
    }
}

/* ---- Two deaths, one after the other --------------------------------------------------- */

static void die_at(enum object_point point, tri_function *function, struct scene *scene)
{
    struct named victim = {scene, function};
    atomic_store(&plan->deaths, 0);
    atomic_store(&plan->passes, 0);
    atomic_store(&plan->how, IS_KILLED);
    atomic_store(&plan->point, point);
    CHECK(end(start(be_victim, &victim, sizeof victim)) == -SIGKILL);
}

static int set_event(const void *argument)
{
    return tri_event_set(scene_of(argument)->there);
}

static int clear_event(const void *argument)
{
    return tri_event_clear(scene_of(argument)->there);
}

static int wait_in_vain(const void *argument)
{
    struct scene *scene = scene_of(argument);
    atomic_store(&scene->said, 1);
    return tri_event_wait(scene->there, 1) == TRI_ETIMEOUT ? 0 : 1;
}

/* Whom the one was about to wake, the other, who is in the same step by number, does not. */
static void test_two_deaths(void)
{
    struct scene *scene = make_scene(0);
    tri_process *waiter = start(wait_in_vain, &scene, sizeof scene);
    while (atomic_load(&scene->said) == 0)
        nap(1e-3);
    nap(0.1); /* it waits, if this is not late: then the case shows nothing */
    die_at(OBJECT_STEPPED, set_event, scene);
    die_at(OBJECT_TAKEN, clear_event, scene);
    CHECK(end(waiter) == 0 && tri_event_is_set(scene->there) == 0);
    free_scene(scene);
}

/* ---- While another is stopped ---------------------------------------------------------- */

static int use_lock_for_ever(const void *argument)
{
    struct scene *scene = scene_of(argument);
    atomic_store(&plan->victim, (int)getpid());
    while (tri_lock_acquire(scene->lock, -1) >= 0)
        tri_lock_release(scene->lock);
    return 1;
}

static int take_rlock_and_die(const void *argument)
{
    CHECK(tri_rlock_acquire(scene_of(argument)->rlock, -1) >= 0);
    kill(getpid(), SIGKILL);
    return 1;
}

/* One is stopped in the middle of a step. Another that dies meanwhile is told of all the same; what
 * it had is there for others when the first one goes on, or ends. */
static void test_stopped(void)
{
    for (int goes_on = 0; goes_on < 2; goes_on++) {
        struct scene *scene = make_scene(0);
        atomic_store(&plan->victim, 0);
        atomic_store(&plan->deaths, 0);
        atomic_store(&plan->passes, 5);
        atomic_store(&plan->how, STOPS);
        atomic_store(&plan->point, OBJECT_HELD);
        tri_process *stopped = start(use_lock_for_ever, &scene, sizeof scene);
        while (atomic_load(&plan->deaths) == 0)
            nap(1e-4);
        CHECK(end(start(take_rlock_and_die, &scene, sizeof scene)) == -SIGKILL);
        if (goes_on)
            CHECK(kill((pid_t)tri_process_id(stopped), SIGCONT) == 0);
        else
            CHECK(tri_process_kill(stopped) == 0 && end(stopped) == -SIGKILL);
        CHECK(tri_rlock_acquire(scene->rlock, -1) == TRI_OWNER_DIED);
        CHECK(tri_lock_acquire(scene->lock, -1) >= 0);
        CHECK(tri_lock_release(scene->lock) == 0);
        if (goes_on)
            CHECK(tri_process_kill(stopped) == 0 && end(stopped) == -SIGKILL);
        free_scene(scene);
    }
}

static const struct test tests[] = {
    {"one is killed at each point", test_kills, ON_FORK, 2, 0, 0},
    {"one ends at each point", test_ends, ON_FORK, 2, 0, 0},
    {"the fork server is killed at a point", test_server, ON_FORK, 2, 0, 0},
    {"two are killed, one after the other", test_two_deaths, ON_FORK, 2, 0, 0},
    {"one is stopped at a point", test_stopped, ON_FORK, 2, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    plan = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    plan->point = -1;
    tri__at_object_point = die_as_planned;
    return test_main(argc, argv, tests);
}
