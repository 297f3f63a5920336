/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The threads backend. A thread cannot be killed, and takes the program with it when it crashes;
 * all else is as for processes.
 */
#include "local.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct thread {
    pthread_t thread;
    int number;
};

/* Guarded by `mutex`. Ended threads wait in `ends` to be reported and joined. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    tri__worker_entry *entry;
    void *context;
    struct thread *threads;
    struct tri__worker_end *ends;
    int end_count, reported;
} set = {.mutex = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};

static void add_end(int worker, int error)
{
    pthread_mutex_lock(&set.mutex);
    set.ends[set.end_count++] = (struct tri__worker_end){worker, getpid(), error, 0};
    pthread_cond_signal(&set.ended);
    pthread_mutex_unlock(&set.mutex);
}

static void end_of_thread(void *self)
{
    add_end(((const struct thread *)self)->number, 0);
}

/* The end is reported even if the thread ends by pthread_exit. */
static void *thread_main(void *self)
{
    pthread_cleanup_push(end_of_thread, self);
    set.entry(set.context, ((const struct thread *)self)->number);
    pthread_cleanup_pop(1);
    return NULL;
}

static int start(int count, tri__worker_entry *entry, void *context)
{
    free(set.threads);
    free(set.ends);
    set.threads = calloc((size_t)count, sizeof *set.threads);
    set.ends = calloc((size_t)count, sizeof *set.ends);
    if (set.threads == NULL || set.ends == NULL)
        return tri_fail(TRI_ENOMEM, "no memory for %d threads", count);
    set.entry = entry;
    set.context = context;
    set.end_count = set.reported = 0;
    int error = 0;
    for (int worker = 0; worker < count; worker++) {
        struct thread *self = &set.threads[worker];
        self->number = worker;
        if (error == 0)
            error = pthread_create(&self->thread, NULL, thread_main, self);
        if (error != 0)
            add_end(worker, error);
    }
    return 0;
}

/* Threads cannot be killed, so nobody asks for a timeout. */
static int next_end(struct tri__worker_end *end, double timeout_s)
{
    (void)timeout_s;
    pthread_mutex_lock(&set.mutex);
    while (set.reported == set.end_count)
        pthread_cond_wait(&set.ended, &set.mutex);
    *end = set.ends[set.reported++];
    pthread_mutex_unlock(&set.mutex);
    if (end->error == 0)
        pthread_join(set.threads[end->worker].thread, NULL);
    return 1;
}

static const struct tri__workers workers = {start, next_end, NULL};

static int team_run(const struct tri__call *call, int size)
{
    return tri__local_team_run(&workers, call, size);
}

const struct tri__backend tri__backend_threads = {
    TRI_BACKEND_THREADS,
    tri__local_worker_count,
    tri__local_host_count,
    team_run,
};
