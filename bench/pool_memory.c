/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a map over ten million tasks holds in memory: the private pages of all processes and the
 * shared ones, each counted once, as Linux's "proportional set size" does. The last task looks,
 * when all arguments, results and states of chunks are there.
 */
#include "pool.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORKERS = 2, TASKS = 10000000 };

struct processes {
    pid_t controller, workers[WORKERS];
};

/* Pages of files are left out: how much of them is whose depends on other programs. */
static int64_t held_by(pid_t pid)
{
    char path[64], line[256];
    long long kilobytes, sum = 0;
    int found = 0;
    snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", (long)pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Pss_Anon: %lld kB", &kilobytes) == 1 ||
            sscanf(line, "Pss_Shmem: %lld kB", &kilobytes) == 1) {
            sum += kilobytes;
            found++;
        }
    if (file)
        fclose(file);
    return found == 2 ? sum * 1024 : -1;
}

/* Run by a worker, whose parent is the fork server. */
static int held_by_all(const struct processes *processes, int64_t *sum)
{
    pid_t pids[] = {getppid(), processes->controller, processes->workers[0], processes->workers[1]};
    *sum = 0;
    for (size_t i = 0; i < sizeof pids / sizeof *pids; i++) {
        int64_t held = held_by(pids[i]);
        if (held < 0)
            return tri_fail(1, "cannot read how much memory process %ld has", (long)pids[i]);
        *sum += held;
    }
    return 0;
}

/* The argument of all but the last is NULL. All write their results, so that these need memory. */
static int look(const void *argument, void *result)
{
    const struct processes *processes = *(struct processes *const *)argument;
    *(int64_t *)result = 1;
    return processes ? held_by_all(processes, result) : 0;
}

static struct processes *all_processes(tri_pool *pool)
{
    struct processes *processes = new_shared_array(sizeof *processes);
    processes->controller = getpid();
    for (int i = 0; i < WORKERS; i++)
        processes->workers[i] = worker_pid(pool, i);
    return processes;
}

_Static_assert(sizeof(struct processes *) == 8, "an argument has 8 bytes");

static double held_by_map(struct processes **arguments, int64_t *results)
{
    int64_t before;
    tri_pool *pool = open_pool(TRI_BACKEND_FORK, WORKERS);
    struct processes *processes = all_processes(pool);
    memset(arguments, 0, TASKS * sizeof *arguments);
    memset(results, 0, TASKS * sizeof *results);
    arguments[TASKS - 1] = processes;
    check(tri_pool_apply(pool, look, &processes, sizeof processes, &before, sizeof before));
    check(
        tri_pool_map(pool, look, arguments, sizeof *arguments, results, sizeof *results, TASKS, 1));
    close_pool(pool);
    return (double)(results[TASKS - 1] - before);
}

double memory_with_copies(void)
{
    return held_by_map(new_array(TASKS * sizeof(void *)), new_array(TASKS * sizeof(int64_t)));
}

double memory_without_copies(void)
{
    return held_by_map(new_shared_array(TASKS * sizeof(void *)),
                       new_shared_array(TASKS * sizeof(int64_t)));
}
