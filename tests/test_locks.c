/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Locks and rlocks. What they have in common is in test_guards.c. tests/conformance.tsv says which
 * of CPython's tests each case mirrors.
 */
#include "sharing.h"

/* ---- Locks -------------------------------------------------------------------------- */

static void test_lock(void)
{
    tri_lock lock;
    long pid = -1;
    CHECK(tri_lock_new(&lock) == 0 && lock.id != 0);
    CHECK(tri_lock_locked(lock, &pid) == 0 && pid == 0);
    CHECK(tri_lock_acquire(lock, -1) == 0);
    CHECK(tri_lock_locked(lock, &pid) == 1 && pid == getpid() && tri_lock_locked(lock, NULL) == 1);
    CHECK_LATE(tri_lock_acquire(lock, 0), 0);
    CHECK(tri_lock_release(lock) == 0);
    CHECK(tri_lock_locked(lock, NULL) == 0 && tri_lock_locked(lock, &pid) == 0 && pid == 0);
    CHECK_REFUSED(tri_lock_release(lock), TRI_ESTATE);
    CHECK(tri_lock_acquire(lock, 0) == 0 && tri_lock_free(lock) == 0);
}

struct seen {
    tri_lock lock;
    tri_rlock rlock;
    _Atomic int *state;
};

static int hold_lock(const void *argument)
{
    const struct seen *seen = argument;
    CHECK(tri_lock_acquire(seen->lock, -1) == 0);
    atomic_store(seen->state, 1);
    wait_until(seen->state, 2);
    return tri_lock_release(seen->lock);
}

static void test_lock_is_seen(void)
{
    struct seen seen = {.state = new_flag()};
    long pid = -1;
    CHECK(tri_lock_new(&seen.lock) == 0);
    tri_process *process = start(hold_lock, &seen, sizeof seen);
    wait_until(seen.state, 1);
    CHECK(tri_lock_locked(seen.lock, &pid) == 1 && pid == tri_process_id(process));
    atomic_store(seen.state, 2);
    CHECK(end(process) == 0 && tri_lock_locked(seen.lock, &pid) == 0 && pid == 0);
    CHECK(tri_lock_free(seen.lock) == 0);
}

static int release_lock(const void *argument)
{
    return tri_lock_release(*(const tri_lock *)argument);
}

static int take_lock(const void *argument)
{
    return tri_lock_acquire(*(const tri_lock *)argument, -1);
}

static int take_lock_and_wait(const void *argument)
{
    const struct seen *seen = argument;
    CHECK(tri_lock_acquire(seen->lock, -1) == 0);
    atomic_store(seen->state, 1);
    wait_until(seen->state, 2);
    return 0;
}

static void test_released_by_another(void)
{
    struct seen seen = {.state = new_flag()};
    CHECK(tri_lock_new(&seen.lock) == 0 && tri_lock_acquire(seen.lock, -1) == 0);
    CHECK(end(start(release_lock, &seen.lock, sizeof seen.lock)) == 0);
    CHECK(tri_lock_locked(seen.lock, NULL) == 0);
    tri_process *process = start(take_lock_and_wait, &seen, sizeof seen);
    wait_until(seen.state, 1);
    CHECK(tri_lock_release(seen.lock) == 0 && tri_lock_acquire(seen.lock, 0) == 0);
    atomic_store(seen.state, 2); /* it ends and has nothing */
    CHECK(end(process) == 0 && tri_lock_locked(seen.lock, NULL) == 1);
    CHECK_LATE(tri_lock_acquire(seen.lock, 0.02), 0.02);
    CHECK(tri_lock_release(seen.lock) == 0 && tri_lock_acquire(seen.lock, 0) == 0);
    CHECK(tri_lock_free(seen.lock) == 0);
}

/* Another releases what its owner, who has ended, had: nobody has died with it then. */
static void test_released_after_the_end(void)
{
    tri_lock lock;
    CHECK(tri_lock_new(&lock) == 0);
    for (int i = 0; i < 10; i++) {
        CHECK(end(start(take_lock, &lock, sizeof lock)) == 0);
        CHECK(tri_lock_acquire(lock, 10) == TRI_OWNER_DIED && tri_lock_release(lock) == 0);
        CHECK_REFUSED(tri_lock_release(lock), TRI_ESTATE);
        CHECK(tri_lock_acquire(lock, 0) == 0 && tri_lock_release(lock) == 0);
    }
    CHECK(tri_lock_free(lock) == 0);
}

/* ---- Rlocks ------------------------------------------------------------------------- */

static void test_rlock(void)
{
    tri_rlock lock;
    long pid = -1;
    CHECK(tri_rlock_new(&lock) == 0 && lock.id != 0);
    CHECK(tri_rlock_locked(lock, &pid) == 0 && pid == 0);
    for (int i = 1; i <= 3; i++)
        CHECK(tri_rlock_acquire(lock, i == 2 ? 0 : -1) == 0 && tri_rlock_locked(lock, &pid) == i);
    CHECK(pid == getpid());
    for (int i = 2; i >= 0; i--)
        CHECK(tri_rlock_release(lock) == 0 && tri_rlock_locked(lock, NULL) == i);
    CHECK(tri_rlock_locked(lock, &pid) == 0 && pid == 0);
    CHECK_REFUSED(tri_rlock_release(lock), TRI_ESTATE);
    CHECK(tri_rlock_free(lock) == 0);
}

static void test_deep_rlock(void)
{
    enum { DEPTH = 100000 };
    tri_rlock lock;
    CHECK(tri_rlock_new(&lock) == 0);
    for (int i = 0; i < DEPTH; i++)
        CHECK(tri_rlock_acquire(lock, -1) == 0);
    CHECK(tri_rlock_locked(lock, NULL) == DEPTH);
    for (int i = 0; i < DEPTH; i++)
        CHECK(tri_rlock_release(lock) == 0);
    CHECK(tri_rlock_locked(lock, NULL) == 0 && tri_rlock_free(lock) == 0);
}

static int hold_rlock_twice(const void *argument)
{
    const struct seen *seen = argument;
    CHECK(tri_rlock_acquire(seen->rlock, -1) == 0 && tri_rlock_acquire(seen->rlock, -1) == 0);
    atomic_store(seen->state, 1);
    wait_until(seen->state, 2);
    CHECK(tri_rlock_release(seen->rlock) == 0);
    atomic_store(seen->state, 3);
    wait_until(seen->state, 4);
    return tri_rlock_release(seen->rlock);
}

static void test_rlock_is_seen(void)
{
    struct seen seen = {.state = new_flag()};
    long pid = -1;
    CHECK(tri_rlock_new(&seen.rlock) == 0);
    tri_process *process = start(hold_rlock_twice, &seen, sizeof seen);
    for (int state = 1; state <= 3; state += 2) {
        wait_until(seen.state, state);
        CHECK(tri_rlock_locked(seen.rlock, &pid) == (state == 1 ? 2 : 1));
        CHECK(pid == tri_process_id(process));
        CHECK_LATE(tri_rlock_acquire(seen.rlock, 0), 0);
        CHECK_REFUSED(tri_rlock_release(seen.rlock), TRI_ESTATE);
        atomic_store(seen.state, state + 1);
    }
    CHECK(end(process) == 0 && tri_rlock_locked(seen.rlock, NULL) == 0);
    CHECK(tri_rlock_acquire(seen.rlock, 0) == 0 && tri_rlock_free(seen.rlock) == 0);
}

static const struct test tests[] = {
    {"a lock", test_lock, 0, 0, 0, 0},
    {"a lock's owner is seen", test_lock_is_seen, ON_PARALLEL, 1, 0, 0},
    {"a lock is released by another", test_released_by_another, ON_PARALLEL, 1, 0, 0},
    {"a lock that its owner left", test_released_after_the_end, ON_PARALLEL, 1, 0, 0},
    {"an rlock", test_rlock, 0, 0, 0, 0},
    {"an rlock is taken many times", test_deep_rlock, 0, 0, 0, 0},
    {"an rlock's owner is seen", test_rlock_is_seen, ON_PARALLEL, 1, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
