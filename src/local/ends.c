/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How this process learns of its workers' ends. The fork server's reports come through one socket,
 * which whoever waits reads, for all: one thread at a time is the reader, and delivers what comes
 * to the watchers; the others sleep until something was delivered or the reader has left. Threads
 * deliver their ends themselves. So no thread of our own is needed where none waits for anything.
 */
#include "forkserver.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static struct {
    pthread_mutex_t mutex; /* guards all of this, and what on_end writes */
    pthread_cond_t changed;
    bool is_read; /* a thread is the reader */
    unsigned news;
    int nudges; /* an eventfd, which workers inherit */
} ends = {.nudges = -1};

static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

static _Thread_local bool has_lock; /* for the child that this thread forks */

void tri__ends_lock(void)
{
    pthread_mutex_lock(&ends.mutex);
    has_lock = true;
}

void tri__ends_unlock(void)
{
    has_lock = false;
    pthread_mutex_unlock(&ends.mutex);
}

static int open_ends(void)
{
    pthread_condattr_t attributes;
    ends.is_read = false;
    pthread_mutex_init(&ends.mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&ends.changed, &attributes);
    pthread_condattr_destroy(&attributes);
    ends.nudges = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return ends.nudges < 0 ? tri_fail(TRI_ESYS, "cannot make an eventfd: %s", strerror(errno)) : 0;
}

int tri__ends_need(void)
{
    pthread_mutex_lock(&opening);
    int code = ends.nudges < 0 ? open_ends() : 0;
    pthread_mutex_unlock(&opening);
    return code;
}

void tri__ends_forget(void)
{
    if (has_lock)
        tri__ends_unlock();
    pthread_mutex_init(&opening, NULL); /* another thread of the parent's may have held it */
    ends.nudges = -1;
}

int tri__ends_nudges(void)
{
    return ends.nudges;
}

void tri__ends_nudge(int nudges)
{
    uint64_t one = 1;
    while (write(nudges, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

void tri__ends_deliver(struct tri__watcher *watcher, const struct tri__worker_end *end)
{
    tri__ends_lock();
    watcher->on_end(watcher, end);
    ends.news++;
    pthread_cond_broadcast(&ends.changed);
    if (ends.is_read)
        tri__ends_nudge(ends.nudges); /* the reader looks at descriptors only */
    tri__ends_unlock();
}

unsigned tri__ends_news(void)
{
    return ends.news;
}

static int milliseconds_until(double time)
{
    double left_s = time - tri__now();
    return left_s > 1e6 ? -1 : left_s > 0 ? (int)ceil(left_s * 1000) : 0;
}

/* As the reader, without the lock. */
static void read_reports(int socket, double time)
{
    uint64_t count;
    struct pollfd ready[] = {{socket, POLLIN, 0}, {ends.nudges, POLLIN, 0}};
    if (poll(ready, 2, milliseconds_until(time)) <= 0)
        return;
    if (ready[0].revents)
        tri__forkserver_take_reports();
    if (ready[1].revents && read(ends.nudges, &count, sizeof count) < 0)
        return;
}

/* With the lock. */
static void wait_for_reader(double time)
{
    if (time >= TRI__FOR_EVER) {
        pthread_cond_wait(&ends.changed, &ends.mutex);
        return;
    }
    struct timespec until = {(time_t)time, (long)(1e9 * (time - floor(time)))};
    pthread_cond_timedwait(&ends.changed, &ends.mutex, &until);
}

/* Even when the time is over already, what has come is read once. */
bool tri__ends_wait(bool (*is_over)(void *context), void *context, double time)
{
    bool result, is_last = false;
    tri__ends_lock();
    while (!(result = is_over(context)) && !is_last) {
        is_last = time < TRI__FOR_EVER && tri__now() >= time;
        if (ends.is_read) {
            wait_for_reader(time);
        } else {
            int socket = tri__forkserver_socket();
            ends.is_read = true;
            tri__ends_unlock();
            read_reports(socket, time);
            tri__ends_lock();
            ends.is_read = false;
            ends.news++;
            pthread_cond_broadcast(&ends.changed);
        }
    }
    tri__ends_unlock();
    return result;
}
