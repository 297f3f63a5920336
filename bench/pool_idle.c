/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a pool costs that has nothing to do, in CPU time. It is looked at from a tenth of a second
 * after its last task, when nobody spins any more.
 */
#include "pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 2, PROCESSES = WORKERS + 2 };

static int parent_of_worker(const void *argument, void *result)
{
    (void)argument;
    *(pid_t *)result = getppid();
    return 0;
}

/* Of all its threads. */
static double cpu_seconds(pid_t pid)
{
    clockid_t clock;
    struct timespec time;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) {
        fprintf(stderr, "pool: no CPU time of process %ld\n", (long)pid);
        exit(EXIT_FAILURE);
    }
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static double all_cpu_seconds(const pid_t *pids)
{
    double sum = 0;
    for (int i = 0; i < PROCESSES; i++)
        sum += cpu_seconds(pids[i]);
    return sum;
}

static void nap(long milliseconds)
{
    nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000}, NULL);
}

double idle(void)
{
    pid_t pids[PROCESSES] = {[WORKERS] = getpid()};
    tri_pool *pool = open_pool(TRI_BACKEND_FORK, WORKERS);
    check(tri_pool_apply(pool, parent_of_worker, NULL, 0, &pids[WORKERS + 1], sizeof *pids));
    for (int i = 0; i < WORKERS; i++)
        pids[i] = worker_pid(pool, i);
    nap(100);
    double before = all_cpu_seconds(pids);
    nap(5000);
    double used = all_cpu_seconds(pids) - before;
    close_pool(pool);
    return used;
}
