/* SPDX-License-Identifier: BSD-3-Clause
 *
 * For tests/ends.sh: a program with a pool whose workers sleep in tasks, a process and a daemon. It
 * prints its process id and theirs, then waits for the tasks, which never end; or does what its
 * argument says, such as to leave behind a process that will have worked or callbacks to be called.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trireme.h>
#include <unistd.h>

static int sleep_on(const void *argument, void *result)
{
    (void)argument;
    (void)result;
    while (pause())
        ;
    return 0;
}

static int sleep_as_process(const void *argument)
{
    return sleep_on(argument, NULL);
}

static int work_a_while(const void *argument)
{
    (void)argument;
    usleep(200000);
    return puts("has worked") < 0;
}

static int leave_process(void)
{
    tri_process *process;
    tri_process_options options = {.backend = TRI_BACKEND_FORK};
    return tri_process_start(&process, work_a_while, NULL, 0, &options) == 0 ? 0 : 1;
}

static int nap(const void *argument, void *result)
{
    (void)argument;
    (void)result;
    usleep(3000);
    return 0;
}

static void call_back(tri_future *future, void *data)
{
    (void)future;
    (void)data;
    usleep(10000);
    puts("called back");
}

/* Tasks are done faster than callbacks are called. */
static int leave_callbacks(void)
{
    tri_pool *pool;
    tri_future *futures[8];
    if (tri_pool_open(&pool, &(tri_pool_options){.backend = TRI_BACKEND_FORK, .workers = 1}) != 0)
        return 1;
    for (int i = 0; i < 8; i++)
        if (tri_submit(pool, nap, NULL, 0, 0, &futures[i]) != 0 ||
            tri_future_on_done(futures[i], call_back, NULL) != 0)
            return 1;
    return tri_wait(futures, 8, TRI_ALL_COMPLETED, -1) == 8 ? 0 : 1;
}

static int program(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "wait";
    if (strcmp(what, "leave") == 0)
        return leave_process();
    if (strcmp(what, "callbacks") == 0)
        return leave_callbacks();
    tri_process_options daemon = {.name = "daemon", .daemon = 1};
    tri_pool *pool;
    tri_future *future;
    tri_process *process;
    tri_worker_statistics stats;
    if (tri_pool_open(&pool, &(tri_pool_options){.workers = 2}) != 0 ||
        tri_pool_map_async(pool, sleep_on, NULL, 0, 0, 2, 1, &future) != 0 ||
        tri_process_start(&process, sleep_as_process, NULL, 0, &daemon) != 0)
        return 1;
    while (tri_future_running(future) == 0)
        usleep(1000);
    printf("%ld\n%ld\n", (long)getpid(), tri_process_id(process));
    for (int worker = 0; worker < 2; worker++) {
        while (tri_pool_worker_stats(pool, worker, &stats) == 0 && stats.pid == 0)
            usleep(1000);
        printf("%ld\n", stats.pid);
    }
    fflush(stdout);
    if (strcmp(what, "forget") == 0)
        return 7;
    if (strcmp(what, "exit") == 0)
        exit(8);
    tri_future_wait(future, -1);
    return 0;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
