/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Processes that share objects, for the tests of these. On the threads backend they are threads. A
 * process of the fork backend sees the test's globals as they were when tri_main was called.
 */
#ifndef SHARING_H
#define SHARING_H

#include "../src/local/objects.h"
#include "tasks.h"

#include <sched.h>

/* What takes seconds takes minutes then. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { IS_SANITIZED = 1 };
#else
enum { IS_SANITIZED = 0 };
#endif

static inline tri_process *start(tri_function *function, const void *argument, size_t size)
{
    tri_process *process;
    tri_process_options options = {.backend = test_options.backend};
    CHECK(tri_process_start(&process, function, argument, size, &options) == 0);
    return process;
}

static inline int end(tri_process *process)
{
    int code = 12345;
    CHECK(tri_process_join(process, -1) == 0);
    CHECK(tri_process_exit_code(process, &code) == 0);
    CHECK(tri_process_free(process) == 0);
    return code;
}

static inline void end_all(tri_process **processes, int count)
{
    for (int i = 0; i < count; i++)
        CHECK(end(processes[i]) == 0);
}

/* It returns this code, and has words for it that are not an earlier call's. */
#define CHECK_REFUSED(call, code)                                                                  \
    do {                                                                                           \
        tri_fail(0, "%s", "");                                                                     \
        CHECK((call) == (code));                                                                   \
        CHECK(*tri_error_message());                                                               \
    } while (0)

/* What times out, and not before its time. */
#define CHECK_LATE(call, seconds)                                                                  \
    do {                                                                                           \
        double begin_s = now();                                                                    \
        CHECK_REFUSED(call, TRI_ETIMEOUT);                                                         \
        CHECK(now() - begin_s >= (seconds));                                                       \
    } while (0)

static inline void *shared(size_t size)
{
    void *memory = tri_shared_alloc(size);
    CHECK(memory != NULL);
    return memory;
}

static inline void wait_until(_Atomic int *number, int least)
{
    while (atomic_load(number) < least)
        nap(0.0005);
}

/* ---- Who waits ---------------------------------------------------------------------- */

/* Notes who is about to wait for an object. */
static inline void note_waiter(_Atomic int *thread)
{
    atomic_store(thread, (int)tri__user_self()->number);
}

/* It is in a list of an object's: that it sleeps would not be enough, as it may do so before. */
static inline bool is_waiting(_Atomic int *thread)
{
    return atomic_load(&tri__user_at((uint32_t)atomic_load(thread))->waits_for) != 0;
}

static inline void wait_until_waiting(_Atomic int *thread)
{
    wait_until(thread, 1);
    while (!is_waiting(thread))
        nap(0.0005);
}

#endif
