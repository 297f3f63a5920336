/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The threads backend. A thread cannot be killed, and takes the program with it when it crashes;
 * all else is as for processes.
 */
#include "objects.h"
#include "pool.h"
#include "process.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct thread {
    struct tri__watcher *watcher;
    tri__worker_entry *entry;
    void *context;
    int number;
};

/* The end is delivered even if the thread ends by pthread_exit. */
static void end_of_thread(void *memory)
{
    const struct thread *self = memory;
    struct tri__worker_end end = {self->number, getpid(), 0, 0, self->context};
    struct tri__watcher *watcher = self->watcher;
    free(memory);
    tri__user_end_thread();
    tri__ends_deliver(watcher, &end);
}

static void *thread_main(void *memory)
{
    const struct thread *self = memory;
    pthread_cleanup_push(end_of_thread, memory);
    self->entry(self->context, self->number);
    pthread_cleanup_pop(1);
    return NULL;
}

/* 0 or an errno. */
static int start_one(struct tri__watcher *watcher, tri__worker_entry *entry, void *context,
                     int number)
{
    pthread_t thread;
    struct thread *self = malloc(sizeof *self);
    if (self == NULL)
        return ENOMEM;
    *self = (struct thread){watcher, entry, context, number};
    int error = pthread_create(&thread, NULL, thread_main, self);
    if (error == 0)
        pthread_detach(thread);
    else
        free(self);
    return error;
}

static int start(struct tri__watcher *watcher, tri__worker_entry *entry, void *context, int first,
                 int count)
{
    int code = tri__ends_need();
    if (code != 0)
        return code;
    for (int worker = first; worker < first + count; worker++) {
        int error = start_one(watcher, entry, context, worker);
        struct tri__worker_end end = {.worker = worker, .error = error, .context = context};
        if (error != 0)
            tri__ends_deliver(watcher, &end);
    }
    return 0;
}

const struct tri__workers tri__threads = {start, NULL};

/* ---- The backend ----------------------------------------------------------------------- */

static int team_run(const struct tri__call *call, int size)
{
    return tri__local_team_run(&tri__threads, call, size);
}

static int pool_open(const struct tri__pool_call *call, tri_pool **pool)
{
    return tri__local_pool_open(&tri__threads, call, pool);
}

static int process_start(const struct tri__process_call *call, tri_process **process)
{
    return tri__local_process_start(&tri__threads, call, process);
}

const struct tri__backend tri__backend_threads = {
    TRI_BACKEND_THREADS, tri__local_worker_count, tri__local_host_count, team_run,
    pool_open,           process_start,
};
