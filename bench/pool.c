/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pool FIGURE [GIGABYTES]: what pools, futures and processes cost, one figure by its name: seconds,
 * or bytes where it is memory. bench/pool.sh has this program and its peers run in turn.
 *
 * Each time is the median of several, after one that is not counted.
 */
#include "clock.h"
#include "pool.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MAP_TASKS = 1000000, MAPS = 5, FUTURES = 100000, APPLIES = 10000, POOLS = 50, STARTS = 100 };

static double gigabytes;

__attribute__((noinline)) static int empty(const void *argument, void *result)
{
    (void)argument;
    (void)result;
    return 0;
}

static int leave(const void *argument)
{
    (void)argument;
    return 0;
}

void check(int code)
{
    if (code < 0) {
        fprintf(stderr, "pool: %s\n", tri_error_message());
        exit(EXIT_FAILURE);
    }
}

tri_pool *open_pool(tri_backend backend, int workers)
{
    tri_pool_options options = {.backend = backend, .workers = workers};
    tri_pool *pool;
    check(tri_pool_open(&pool, &options));
    return pool;
}

void close_pool(tri_pool *pool)
{
    check(tri_pool_close(pool));
    check(tri_pool_join(pool, -1));
    tri_pool_free(pool);
}

pid_t worker_pid(tri_pool *pool, int worker)
{
    tri_worker_statistics stats;
    check(tri_pool_worker_stats(pool, worker, &stats));
    while (stats.pid == 0) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        check(tri_pool_worker_stats(pool, worker, &stats));
    }
    return (pid_t)stats.pid;
}

static void *there(void *array)
{
    if (array == NULL) {
        fprintf(stderr, "pool: no memory for an array\n");
        exit(EXIT_FAILURE);
    }
    return array;
}

void *new_array(size_t size)
{
    return there(calloc(1, size));
}

void *new_shared_array(size_t size)
{
    return there(tri_shared_alloc(size));
}

/* Of one task. */
static double map_arrays(tri_backend backend, size_t chunk, int64_t *arguments, int64_t *results)
{
    tri_pool *pool = open_pool(backend, 2);
    double times[MAPS];
    for (int i = -1; i < MAPS; i++) {
        double start = clock_now();
        check(tri_pool_map(pool, empty, arguments, sizeof *arguments, results, sizeof *results,
                           MAP_TASKS, chunk));
        if (i >= 0)
            times[i] = clock_now() - start;
    }
    close_pool(pool);
    return median(times, MAPS) / MAP_TASKS;
}

static double map(tri_backend backend, size_t chunk)
{
    int64_t *arguments = new_array(MAP_TASKS * sizeof *arguments);
    int64_t *results = new_array(MAP_TASKS * sizeof *results);
    double time = map_arrays(backend, chunk, arguments, results);
    free(arguments);
    free(results);
    return time;
}

static double map_chunk_1(void)
{
    return map(TRI_BACKEND_FORK, 1);
}

static double map_auto(void)
{
    return map(TRI_BACKEND_FORK, 0);
}

static double map_auto_shared(void)
{
    int64_t *arguments = new_shared_array(MAP_TASKS * sizeof *arguments);
    int64_t *results = new_shared_array(MAP_TASKS * sizeof *results);
    double time = map_arrays(TRI_BACKEND_FORK, 0, arguments, results);
    tri_shared_free(arguments);
    tri_shared_free(results);
    return time;
}

static double map_threads_chunk_1(void)
{
    return map(TRI_BACKEND_THREADS, 1);
}

static double map_threads_auto(void)
{
    return map(TRI_BACKEND_THREADS, 0);
}

/* Of one future. */
static double futures(void)
{
    static tri_future *list[FUTURES];
    tri_pool *pool = open_pool(TRI_BACKEND_FORK, 2);
    double times[MAPS];
    for (int i = -1; i < MAPS; i++) {
        double start = clock_now();
        for (int64_t j = 0; j < FUTURES; j++)
            check(tri_submit(pool, empty, &j, sizeof j, sizeof j, &list[j]));
        for (int64_t j = 0, result; j < FUTURES; j++) {
            check(tri_future_result(list[j], &result, -1));
            tri_future_free(list[j]);
        }
        if (i >= 0)
            times[i] = clock_now() - start;
    }
    close_pool(pool);
    return median(times, MAPS) / FUTURES;
}

static double apply(int workers)
{
    static double times[APPLIES];
    tri_pool *pool = open_pool(TRI_BACKEND_FORK, workers);
    for (int64_t i = -1, result; i < APPLIES; i++) {
        double start = clock_now();
        check(tri_pool_apply(pool, empty, &i, sizeof i, &result, sizeof result));
        if (i >= 0)
            times[i] = clock_now() - start;
    }
    close_pool(pool);
    return median(times, APPLIES);
}

static double apply_1_worker(void)
{
    return apply(1);
}

static double apply_2_workers(void)
{
    return apply(2);
}

static double pool_used_once(void)
{
    int64_t arguments[2] = {0}, results[2];
    double times[POOLS];
    for (int i = -1; i < POOLS; i++) {
        double start = clock_now();
        tri_pool *pool = open_pool(TRI_BACKEND_FORK, 2);
        check(tri_pool_map(pool, empty, arguments, sizeof *arguments, results, sizeof *results, 2,
                           0));
        close_pool(pool);
        if (i >= 0)
            times[i] = clock_now() - start;
    }
    return median(times, POOLS);
}

static double process(void)
{
    static const tri_process_options options = {.backend = TRI_BACKEND_FORK};
    double times[STARTS];
    for (int i = -1; i < STARTS; i++) {
        tri_process *one;
        double start = clock_now();
        check(tri_process_start(&one, leave, NULL, 0, &options));
        check(tri_process_join(one, -1));
        if (i >= 0)
            times[i] = clock_now() - start;
        check(tri_process_free(one));
    }
    return median(times, STARTS);
}

static double process_of_large_program(void)
{
    size_t size = (size_t)(gigabytes * (1 << 30));
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) {
        fprintf(stderr, "pool: cannot have %g GB of memory\n", gigabytes);
        exit(EXIT_FAILURE);
    }
    memset(memory, 1, size);
    double result = process();
    munmap(memory, size);
    return result;
}

static const struct figure {
    const char *name;
    double (*measure)(void);
} figures[] = {
    {"map_chunk_1", map_chunk_1},
    {"map_auto", map_auto},
    {"map_auto_shared", map_auto_shared},
    {"map_threads_chunk_1", map_threads_chunk_1},
    {"map_threads_auto", map_threads_auto},
    {"futures", futures},
    {"apply_1_worker", apply_1_worker},
    {"apply_2_workers", apply_2_workers},
    {"pool_used_once", pool_used_once},
    {"process", process},
    {"process_of_large_program", process_of_large_program},
    {"idle", idle},
    {"memory", memory_with_copies},
    {"memory_shared", memory_without_copies},
};

static int program(int argc, char **argv)
{
    gigabytes = argc > 2 ? atof(argv[2]) : 8;
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (argc > 1 && strcmp(argv[1], figures[i].name) == 0) {
            printf("%.4g\n", figures[i].measure());
            return EXIT_SUCCESS;
        }
    fprintf(stderr, "usage: pool FIGURE [GIGABYTES], a figure being one of\n");
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        fprintf(stderr, "  %s\n", figures[i].name);
    return 2;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
