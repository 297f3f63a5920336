/* SPDX-License-Identifier: BSD-3-Clause
 *
 * All kinds of objects, for tests that do the same with each.
 */
#ifndef KINDS_H
#define KINDS_H

#include "sharing.h"

/* ---- What each function says to a handle that is none ------------------------------- */

#define REFUSED(call) CHECK_REFUSED(call, TRI_EINVAL)

static char room[64];
static int is_called;

static int call_me(void *data)
{
    (void)data;
    is_called = 1;
    return 1;
}

static void refuse_lock(uint64_t id)
{
    tri_lock lock = {id};
    REFUSED(tri_lock_acquire(lock, 0));
    REFUSED(tri_lock_acquire(lock, -1));
    REFUSED(tri_lock_release(lock));
    REFUSED(tri_lock_locked(lock, NULL));
}

static void refuse_rlock(uint64_t id)
{
    tri_rlock lock = {id};
    REFUSED(tri_rlock_acquire(lock, -1));
    REFUSED(tri_rlock_release(lock));
    REFUSED(tri_rlock_locked(lock, NULL));
}

static void refuse_semaphore(uint64_t id)
{
    tri_semaphore semaphore = {id};
    REFUSED(tri_semaphore_acquire(semaphore, -1));
    REFUSED(tri_semaphore_release(semaphore, 1));
    REFUSED(tri_semaphore_value(semaphore));
}

static void refuse_event(uint64_t id)
{
    tri_event event = {id};
    REFUSED(tri_event_set(event));
    REFUSED(tri_event_clear(event));
    REFUSED(tri_event_is_set(event));
    REFUSED(tri_event_wait(event, -1));
}

static void refuse_condition(uint64_t id)
{
    tri_condition condition = {id};
    REFUSED(tri_condition_acquire(condition, -1));
    REFUSED(tri_condition_release(condition));
    REFUSED(tri_condition_wait(condition, -1));
    REFUSED(tri_condition_wait_for(condition, call_me, NULL, -1));
    REFUSED(tri_condition_notify(condition, 1));
    REFUSED(tri_condition_notify_all(condition));
}

static void refuse_barrier(uint64_t id)
{
    tri_barrier barrier = {id};
    REFUSED(tri_barrier_wait(barrier, -1));
    REFUSED(tri_barrier_abort(barrier));
    REFUSED(tri_barrier_reset(barrier));
    REFUSED(tri_barrier_waiting(barrier));
    REFUSED(tri_barrier_broken(barrier));
}

static void refuse_queue(uint64_t id)
{
    tri_queue queue = {id};
    REFUSED(tri_queue_put(queue, room, sizeof room, -1));
    REFUSED(tri_queue_get(queue, room, sizeof room, NULL, -1));
    REFUSED(tri_queue_size(queue));
    REFUSED(tri_queue_empty(queue));
    REFUSED(tri_queue_full(queue));
    REFUSED(tri_queue_task_done(queue));
    REFUSED(tri_queue_join(queue, -1));
    REFUSED(tri_queue_shutdown(queue, 0));
    REFUSED(tri_queue_shutdown(queue, 1));
}

static void refuse_pipe(uint64_t id)
{
    tri_pipe end_of_pipe = {id};
    REFUSED(tri_pipe_send(end_of_pipe, room, sizeof room, -1));
    REFUSED(tri_pipe_recv(end_of_pipe, room, sizeof room, NULL, -1));
    REFUSED(tri_pipe_poll(end_of_pipe, -1));
}

static void refuse_value(uint64_t id)
{
    tri_value value = {id};
    REFUSED(tri_value_get(value, room));
    REFUSED(tri_value_set(value, room));
    REFUSED(tri_value_add(value, room, NULL));
    REFUSED(tri_value_exchange(value, room, NULL));
    REFUSED(tri_value_compare_exchange(value, room, room));
    REFUSED(tri_value_acquire(value, -1));
    REFUSED(tri_value_release(value));
    CHECK_REFUSED(tri_value_data(value), NULL);
}

static void refuse_array(uint64_t id)
{
    tri_array array = {id};
    REFUSED(tri_array_count(array));
    REFUSED(tri_array_get(array, 0, 1, room));
    REFUSED(tri_array_set(array, 0, 1, room));
    REFUSED(tri_array_add(array, 0, room, NULL));
    REFUSED(tri_array_exchange(array, 0, room, NULL));
    REFUSED(tri_array_compare_exchange(array, 0, room, room));
    REFUSED(tri_array_acquire(array, -1));
    REFUSED(tri_array_release(array));
    CHECK_REFUSED(tri_array_data(array), NULL);
}

/* ---- Every kind --------------------------------------------------------------------- */

/* How one is made, freed, and found to work, by its number. */
#define KIND(kind, make, works)                                                                    \
    static uint64_t new_##kind(void)                                                               \
    {                                                                                              \
        tri_##kind made;                                                                           \
        CHECK((make) == 0 && made.id != 0);                                                        \
        return made.id;                                                                            \
    }                                                                                              \
    static int free_##kind(uint64_t id)                                                            \
    {                                                                                              \
        return tri_##kind##_free((tri_##kind){id});                                                \
    }                                                                                              \
    static bool works_##kind(uint64_t id)                                                          \
    {                                                                                              \
        tri_##kind made = {id};                                                                    \
        return works;                                                                              \
    }

KIND(lock, tri_lock_new(&made),
     tri_lock_acquire(made, 9) == 0 && tri_lock_locked(made, NULL) == 1 &&
         tri_lock_release(made) == 0)
KIND(rlock, tri_rlock_new(&made),
     tri_rlock_acquire(made, 9) == 0 && tri_rlock_locked(made, NULL) == 1 &&
         tri_rlock_release(made) == 0)
KIND(semaphore, tri_semaphore_new(&made, 1, 1),
     tri_semaphore_acquire(made, 9) == 0 && tri_semaphore_value(made) == 0 &&
         tri_semaphore_release(made, 1) == 0)
KIND(event, tri_event_new(&made),
     tri_event_set(made) == 0 && tri_event_wait(made, 9) == 0 && tri_event_clear(made) == 0)
KIND(condition, tri_condition_new(&made),
     tri_condition_acquire(made, 9) == 0 && tri_condition_notify_all(made) == 0 &&
         tri_condition_release(made) == 0)
KIND(barrier, tri_barrier_new(&made, 1, NULL),
     tri_barrier_wait(made, 9) == 0 && tri_barrier_broken(made) == 0)
KIND(queue, tri_queue_new(&made, NULL),
     tri_queue_put(made, "x", 1, 9) == 0 && tri_queue_get(made, room, 1, NULL, 9) == 0 &&
         tri_queue_task_done(made) == 0 && tri_queue_join(made, 9) == 0)
KIND(value, tri_value_new(&made, TRI_BYTE, "x"),
     tri_value_get(made, room) == 0 && room[0] == 'x' && tri_value_data(made) != NULL)
KIND(array, tri_array_new(&made, TRI_BYTE, 3, "xyz"),
     tri_array_get(made, 2, 1, room) == 0 && room[0] == 'z' && tri_array_count(made) == 3)

static uint64_t other_end; /* of the pipe that was made last */

static uint64_t new_pipe(void)
{
    tri_pipe ends[2];
    CHECK(tri_pipe_new(ends) == 0 && ends[0].id != 0 && ends[1].id != 0);
    CHECK(ends[0].id != ends[1].id);
    other_end = ends[1].id;
    return ends[0].id;
}

static int free_pipe(uint64_t id)
{
    int code = tri_pipe_close((tri_pipe){id});
    return code ? code : tri_pipe_close((tri_pipe){other_end});
}

static bool works_pipe(uint64_t id)
{
    return tri_pipe_send((tri_pipe){id}, "x", 1, 9) == 0 &&
           tri_pipe_recv((tri_pipe){other_end}, room, 1, NULL, 9) == 0;
}

#define OF(kind)                                                                                   \
    {                                                                                              \
        new_##kind, free_##kind, works_##kind, refuse_##kind                                       \
    }

static const struct kind {
    uint64_t (*make)(void);
    int (*free)(uint64_t id);
    bool (*works)(uint64_t id);
    void (*refuse)(uint64_t id); /* all of the functions but free */
} kinds[] = {OF(lock),    OF(rlock), OF(semaphore), OF(event), OF(condition),
             OF(barrier), OF(queue), OF(pipe),      OF(value), OF(array)};

enum { KINDS = sizeof kinds / sizeof *kinds };

#endif
