/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The ways in which one who uses objects comes to its end, but for those of test_deaths.c and
 * test_deaths_at_points.c, and who then sees to what it leaves.
 */
#include "sharing.h"

#include <pthread.h>
#include <sys/wait.h>

static tri_lock new_lock(void)
{
    tri_lock lock;
    CHECK(tri_lock_new(&lock) == 0);
    return lock;
}

static int take_lock(const void *argument)
{
    return tri_lock_acquire(*(const tri_lock *)argument, -1) == 0 ? 0 : 1;
}

static int take_lock_and_stay(const void *argument)
{
    int code = take_lock(argument);
    nap(1000);
    return code;
}

static void wait_until_locked(tri_lock lock)
{
    while (tri_lock_locked(lock, NULL) == 0)
        nap(0.001);
}

static void check_usable(tri_lock lock)
{
    CHECK(tri_lock_release(lock) == 0 && tri_lock_acquire(lock, 0) == 0);
    CHECK(tri_lock_release(lock) == 0 && tri_lock_free(lock) == 0);
}

/* For one who tries again and again as for one who waits. */
static void check_owner_died(tri_lock lock, double timeout_s)
{
    int code;
    while ((code = tri_lock_acquire(lock, timeout_s)) == TRI_ETIMEOUT)
        CHECK(timeout_s > 0);
    CHECK(code == TRI_OWNER_DIED);
    check_usable(lock);
}

static void end_killed(tri_process *process)
{
    CHECK(tri_process_kill(process) == 0 && end(process) == -SIGKILL);
}

/* ---- With a lock ----------------------------------------------------------------------- */

/* Whoever joins it finds the lock free at once. */
static void test_ends_with_lock(void)
{
    for (int i = 0; i < 200; i++) {
        tri_lock lock = new_lock();
        CHECK(end(start(take_lock, &lock, sizeof lock)) == 0);
        check_owner_died(lock, 0);
    }
}

static int take_lock_in_task(const void *argument, void *result)
{
    *(long *)result = (long)getpid();
    return take_lock(argument);
}

static void test_worker_is_killed(void)
{
    tri_lock lock = new_lock();
    tri_pool *pool = open_pool();
    long pid;
    CHECK(tri_pool_apply(pool, take_lock_in_task, &lock, sizeof lock, &pid, sizeof pid) == 0);
    CHECK(tri_lock_acquire(lock, 0) == TRI_ETIMEOUT && kill((pid_t)pid, SIGKILL) == 0);
    check_owner_died(lock, -1);
    end_pool(pool);
}

/* ---- Where no fork server sees it ------------------------------------------------------ */

static int parent_of(long pid)
{
    char line[64];
    int parent = 0;
    snprintf(line, sizeof line, "/proc/%ld/status", pid);
    FILE *file = fopen(line, "r");
    while (file && parent == 0 && fgets(line, sizeof line, file))
        sscanf(line, "PPid: %d", &parent);
    CHECK(parent > 1 && fclose(file) == 0);
    return parent;
}

/* Its workers die with it, and nobody is left to see that but who waits. */
static void test_server_is_killed(void)
{
    tri_lock lock = new_lock();
    tri_process *process = start(take_lock_and_stay, &lock, sizeof lock);
    wait_until_locked(lock);
    CHECK(kill(parent_of(tri_process_id(process)), SIGKILL) == 0);
    check_owner_died(lock, -1);
    CHECK(tri_process_join(process, -1) == 0 && tri_process_free(process) == 0);
}

static void test_own_child(void)
{
    static const double timeouts[] = {-1, 0.1};
    for (int i = 0; i < 2; i++) {
        tri_lock lock = new_lock();
        pid_t child = fork();
        if (child == 0)
            _exit(take_lock(&lock));
        wait_until_locked(lock);
        check_owner_died(lock, timeouts[i]); /* also while it is a zombie */
        CHECK(waitpid(child, NULL, 0) == child);
    }
}

struct nest {
    tri_barrier barrier;
    _Atomic int *waiter;
};

static int wait_at_barrier(const void *argument)
{
    const struct nest *nest = argument;
    note_waiter(nest->waiter);
    return tri_barrier_wait(nest->barrier, -1) == TRI_EBROKEN ? 0 : 1;
}

static int start_another(const void *argument)
{
    return end(start(wait_at_barrier, argument, sizeof(struct nest)));
}

/* One waits already when another begins to have workers of its own, and is killed with its fork
 * server: it is the one who has to find out that the worker is no more. */
static void test_nested_server_is_killed(void)
{
    struct nest nest = {.waiter = new_flag()};
    CHECK(tri_barrier_new(&nest.barrier, 3, NULL) == 0);
    tri_process *waiter = start(wait_at_barrier, &nest, sizeof nest);
    wait_until_waiting(nest.waiter);
    nest.waiter = new_flag();
    tri_process *killed = start(start_another, &nest, sizeof nest);
    wait_until_waiting(nest.waiter);
    end_killed(killed);
    CHECK(end(waiter) == 0 && tri_barrier_broken(nest.barrier) == 1);
    CHECK(tri_barrier_free(nest.barrier) == 0);
}

static void *stay(void *nothing)
{
    nap(1000);
    return nothing;
}

static char state_of(pid_t pid)
{
    char path[64], state = '?';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    CHECK(file && fscanf(file, "%*d (%*[^)]) %c", &state) == 1 && fclose(file) == 0);
    return state;
}

/* It looks like a zombie then. */
static void test_first_thread_ends(void)
{
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, stay, NULL);
        pthread_exit(NULL);
    }
    while (state_of(child) != 'Z')
        nap(0.001);
    CHECK(tri__process_is_running((uint32_t)child) && kill(child, SIGKILL) == 0);
    while (tri__process_is_running((uint32_t)child))
        nap(0.001);
    CHECK(waitpid(child, NULL, 0) == child && !tri__process_is_running((uint32_t)child));
}

/* ---- Members --------------------------------------------------------------------------- */

enum { BARRIERS = 100 };

struct past {
    tri_barrier *barriers;
    _Atomic int *used; /* how many */
};

static int use_each(const void *argument)
{
    const struct past *past = argument;
    for (int i = 0; i < BARRIERS; i++) {
        wait_until(past->used, 2 * i + 1);
        CHECK(tri_barrier_wait(past->barriers[i], -1) == 0);
        atomic_store(past->used, 2 * i + 2);
    }
    return take_lock_and_stay(&(tri_lock){0});
}

/* What one has used that was freed has nothing to do with what is made later, in its place. */
static void test_used_in_the_past(void)
{
    struct past past = {shared(BARRIERS * sizeof(tri_barrier)), new_flag()};
    tri_barrier barrier;
    tri_process *process = start(use_each, &past, sizeof past);
    for (int i = 0; i < BARRIERS; i++) {
        CHECK(tri_barrier_new(&past.barriers[i], 1, NULL) == 0);
        atomic_store(past.used, 2 * i + 1);
        wait_until(past.used, 2 * i + 2);
        CHECK(i == BARRIERS - 1 || tri_barrier_free(past.barriers[i]) == 0);
    }
    CHECK(tri_barrier_free(past.barriers[0]) == TRI_EINVAL);
    CHECK(tri_barrier_new(&barrier, 1, NULL) == 0);
    end_killed(process);
    CHECK(tri_barrier_broken(barrier) == 0 && tri_barrier_wait(barrier, -1) == 0);
    CHECK(tri_barrier_broken(past.barriers[BARRIERS - 1]) == 1);
}

static void *wait_for_ever(void *argument)
{
    wait_at_barrier(argument);
    return NULL;
}

static int end_while_waiting(const void *argument)
{
    const struct nest *nest = argument;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, wait_for_ever, (void *)argument) == 0);
    wait_until_waiting(nest->waiter);
    return 0;
}

/* One of the parties that will not come is as good as killed, even if its process ends well. */
static void test_party_ends(void)
{
    struct nest nest = {.waiter = new_flag()};
    CHECK(tri_barrier_new(&nest.barrier, 2, NULL) == 0);
    CHECK(end(start(end_while_waiting, &nest, sizeof nest)) == 0);
    CHECK(tri_barrier_broken(nest.barrier) == 1 && tri_barrier_waiting(nest.barrier) == 0);
    CHECK_REFUSED(tri_barrier_wait(nest.barrier, -1), TRI_EBROKEN);
    CHECK(tri_barrier_free(nest.barrier) == 0);
}

static int end_well(const void *is_process)
{
    if (*(const bool *)is_process)
        _exit(0);
    pthread_exit(NULL);
}

static int pass(const void *barrier)
{
    return tri_barrier_wait(*(const tri_barrier *)barrier, -1);
}

/* So is one that does not come back from the action. */
static void test_actor_ends(void)
{
    tri_barrier barrier;
    tri_barrier_options options = {
        .action = end_well, .argument = &(bool){is_fork()}, .argument_size = sizeof(bool)};
    CHECK(tri_barrier_new(&barrier, 1, &options) == 0);
    CHECK(end(start(pass, &barrier, sizeof barrier)) == 0);
    CHECK(tri_barrier_broken(barrier) == 1);
    CHECK_REFUSED(tri_barrier_wait(barrier, -1), TRI_EBROKEN);
    CHECK(tri_barrier_free(barrier) == 0);
}

static const struct test tests[] = {
    {"an owner ends without releasing its lock", test_ends_with_lock, ON_PARALLEL, 2, 0, 0},
    {"a worker is killed that holds a lock", test_worker_is_killed, ON_FORK, 2, 0, 0},
    {"the fork server is killed, and who holds a lock", test_server_is_killed, ON_FORK, 2, 0, 0},
    {"a child of the program's own ends with a lock", test_own_child, ON_FORK, 2, 0, 0},
    {"a worker with workers is killed", test_nested_server_is_killed, ON_FORK, 2, 0, 0},
    {"the first thread ends before others", test_first_thread_ends, ON_FORK, 1, 0, 0},
    {"a party ends while it waits", test_party_ends, ON_FORK, 1, 0, 0},
    {"a party ends in the action", test_actor_ends, ON_PARALLEL, 1, 0, 0},
    {"barriers that were used and freed", test_used_in_the_past, ON_FORK, 1, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
