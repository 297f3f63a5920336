/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Workers that are killed: between any two steps of theirs, on purpose (job.h's points, in a build
 * of the library for this test), and at random moments. Each map's results are as if nothing had
 * happened, and nothing is left behind.
 */
#include "job.h"
#include "tasks.h"

#include <pthread.h>
#include <sys/mman.h>

/* ---- On purpose ------------------------------------------------------------------------ */

/* In shared memory: at which point to die, when it has been passed so often; and how often that
 * happened. */
struct plan {
    _Atomic int point, passes, deaths;
    _Atomic int runs, claims;         /* of the task; of chunks */
    _Atomic int pause, paused, go_on; /* or where to wait, and whether one does and may go on */
};

static struct plan *plan; /* made before anything is forked: see main */

static void wait_as_planned(enum point point)
{
    int wanted = (int)point;
    if (!atomic_compare_exchange_strong(&plan->pause, &wanted, -1))
        return;
    atomic_store(&plan->paused, 1);
    while (atomic_load(&plan->go_on) == 0)
        nap(0.001);
}

static void die_as_planned(enum point point)
{
    if (getppid() == 1 || tri_process_parent_id() == 0 || atomic_load(&plan->point) != (int)point)
        return;
    if (atomic_fetch_sub(&plan->passes, 1) == 0) {
        atomic_fetch_add(&plan->deaths, 1);
        kill(getpid(), SIGKILL);
    }
}

/* The result is written in two halves, between which the test may wish the worker to die. */
static int square_in_halves(const void *argument, void *result)
{
    int64_t number = *(const int64_t *)argument;
    volatile int64_t *squares = result;
    atomic_fetch_add(&plan->runs, 1);
    if (squares[0] != 0 || squares[1] != 0)
        return tri_fail(7, "the result was not zeroed");
    squares[0] = number * number;
    if (atomic_load(&plan->point) == POINT_COUNT)
        die_as_planned(POINT_COUNT);
    squares[1] = -number * number;
    return 0;
}

enum { MOST_TASKS = 100 };

static void check_map(tri_pool *pool, size_t count, size_t chunk)
{
    int64_t arguments[MOST_TASKS] = {0}, results[MOST_TASKS][2];
    for (size_t i = 0; i < count; i++)
        arguments[i] = (int64_t)i + 1;
    memset(results, 1, sizeof results);
    CHECK(tri_pool_map(pool, square_in_halves, arguments, sizeof *arguments, results,
                       sizeof *results, count, chunk) == 0);
    for (size_t i = 0; i < count; i++)
        CHECK(results[i][0] == arguments[i] * arguments[i] && results[i][1] == -results[i][0]);
}

static tri_pool *open_retrying(int retries)
{
    tri_pool *pool;
    tri_pool_options options = {
        .backend = test_options.backend, .workers = test_options.workers, .retries = retries};
    CHECK(tri_pool_open(&pool, &options) == 0);
    return pool;
}

/* The first, the second … the fifth time that the point is passed, in jobs of one chunk and of
 * many. */
static void kill_at(int point)
{
    static const struct {
        size_t count, chunk;
    } jobs[] = {{1, 1}, {10, 10}, {20, 1}, {20, 3}, {MOST_TASKS, 0}};
    int deaths = 0;
    tri_pool *pool = open_retrying(1);
    for (int job = 0; job < 5; job++)
        for (int passes = 0; passes < 5; passes++) {
            atomic_store(&plan->deaths, 0);
            atomic_store(&plan->passes, passes);
            atomic_store(&plan->point, point);
            do /* a point behind the end of a job may be passed too late for it */
                check_map(pool, jobs[job].count, jobs[job].chunk);
            while (job == 4 && passes == 0 && atomic_load(&plan->deaths) == 0);
            atomic_store(&plan->point, -1);
            deaths += atomic_load(&plan->deaths);
        }
    check_map(pool, 20, 1);
    if (deaths == 0) {
        fprintf(stderr, "at point %d no worker died\n", point);
        exit(EXIT_FAILURE);
    }
    CHECK(tri_pool_close(pool) == 0 && tri_pool_join(pool, -1) == 0);
    tri_pool_free(pool);
}

static void test_points(void)
{
    for (int point = POINT_COUNT; point >= 0; point--) /* the first finds memory never used */
        if (point != POINT_SPINNING || tri_cpu_count() > 1)
            kill_at(point);
}

/* Without retries the task has an error or, if it had not begun or had ended, none; all others are
 * whole, and none is run twice. The pool has been closed, and finishes what it has. */
static void kill_without_retries(size_t chunk)
{
    for (int point = 0; point <= POINT_COUNT; point++) {
        int64_t arguments[20], results[20][2] = {0};
        tri_future *future;
        tri_pool *pool = open_retrying(0);
        int errors = 0;
        for (int i = 0; i < 20; i++)
            arguments[i] = i + 1;
        atomic_store(&plan->runs, 0);
        atomic_store(&plan->passes, 3);
        atomic_store(&plan->point, point);
        CHECK(tri_pool_map_async(pool, square_in_halves, arguments, sizeof *arguments,
                                 sizeof *results, 20, chunk, &future) == 0);
        CHECK(tri_pool_close(pool) == 0);
        CHECK(tri_future_wait(future, -1) == 0);
        atomic_store(&plan->point, -1);
        for (size_t i = 0; i < 20; i++) {
            int code = tri_future_task_result(future, i, results[i]);
            CHECK(code == 0 ||
                  (code == TRI_ELOST && strstr(tri_error_message(), "was killed by signal 9")));
            CHECK(code != 0 || (results[i][0] == arguments[i] * arguments[i] &&
                                results[i][1] == -results[i][0]));
            errors += code != 0;
        }
        CHECK(errors <= 1 && (errors == 1 || (point != POINT_COUNT && point != POINT_RUNNING)));
        CHECK(atomic_load(&plan->runs) == 20 - (point == POINT_RUNNING));
        tri_future_free(future);
        CHECK(tri_pool_join(pool, -1) == 0);
        tri_pool_free(pool);
    }
}

static void test_points_without_retries(void)
{
    kill_without_retries(2);
    kill_without_retries(20);
}

/* ---- Meanwhile ------------------------------------------------------------------------- */

static void at_point(enum point point)
{
    if (point == POINT_CLAIMED)
        atomic_fetch_add(&plan->claims, 1);
    wait_as_planned(point);
    die_as_planned(point);
}

/* A map of 20 of which a worker waits at the point. */
static tri_future *begin_paused(tri_pool *pool, int point, size_t chunk)
{
    int64_t arguments[20];
    tri_future *future;
    for (int i = 0; i < 20; i++)
        arguments[i] = i + 1;
    atomic_store(&plan->runs, 0);
    atomic_store(&plan->claims, 0);
    atomic_store(&plan->go_on, 0);
    atomic_store(&plan->paused, 0);
    atomic_store(&plan->pause, point);
    CHECK(tri_pool_map_async(pool, square_in_halves, arguments, sizeof *arguments,
                             2 * sizeof *arguments, 20, chunk, &future) == 0);
    while (atomic_load(&plan->paused) == 0)
        nap(0.001);
    return future;
}

static void end_pool_of(tri_pool *pool, tri_future *future)
{
    tri_future_free(future);
    CHECK(tri_pool_close(pool) == 0 && tri_pool_join(pool, -1) == 0);
    tri_pool_free(pool);
}

/* The worker finds its chunk cancelled, and takes no other. */
static void test_cancelled_while_claimed(void)
{
    tri_pool *pool = open_retrying(0);
    tri_future *future = begin_paused(pool, POINT_TRYING, 1);
    CHECK(tri_future_cancel(future) == 0 && tri_future_cancelled(future));
    atomic_store(&plan->go_on, 1);
    end_pool_of(pool, future);
    CHECK(atomic_load(&plan->claims) == 0 && atomic_load(&plan->runs) == 0);
}

static int fail_once(const void *argument, void *result)
{
    if (atomic_fetch_add(&plan->runs, 1) == 0)
        return tri_fail(3, "for the first time");
    return square_in_halves(argument, result);
}

/* A worker dies when its task has failed; the second try does well. */
static void test_second_try(void)
{
    static const size_t counts[] = {1, 5};
    for (int i = 0; i < 2; i++) {
        int64_t arguments[5] = {3}, results[5][2];
        tri_pool *pool = open_retrying(1);
        tri_pool_statistics stats;
        atomic_store(&plan->runs, 0);
        atomic_store(&plan->passes, 0);
        atomic_store(&plan->point, POINT_RETURNED);
        CHECK(tri_pool_map(pool, fail_once, arguments, sizeof *arguments, results, sizeof *results,
                           counts[i], 1) == 0);
        CHECK(results[0][0] == 9 && tri_pool_stats(pool, &stats) == 0);
        CHECK(stats.retried == 1 && stats.failed == 0);
        CHECK(tri_pool_close(pool) == 0 && tri_pool_join(pool, -1) == 0);
        tri_pool_free(pool);
    }
}

/* ---- At random ------------------------------------------------------------------------- */

enum { KILLS = 1000 };

static _Atomic int kills, is_over;

static void *kill_workers(void *argument)
{
    tri_pool *pool = argument;
    unsigned short seed[3] = {1, 2, 3};
    while (!atomic_load(&is_over)) {
        tri_worker_statistics stats;
        int worker = (int)(nrand48(seed) % test_options.workers);
        if (tri_pool_worker_stats(pool, worker, &stats) == 0 && stats.pid > 0 &&
            kill((pid_t)stats.pid, SIGKILL) == 0)
            atomic_fetch_add(&kills, 1);
        nap(1e-6 * (double)(nrand48(seed) % 2000));
    }
    return NULL;
}

static int work_a_while(const void *argument, void *result)
{
    int64_t number = *(const int64_t *)argument;
    for (volatile int i = 0; i < 2000 * (int)(number % 7); i++)
        ;
    return square_in_halves(argument, result);
}

static void test_random(void)
{
    enum { COUNT = 500 };
    static int64_t arguments[COUNT], results[COUNT][2];
    pthread_t killer;
    tri_pool *pool = open_retrying(1000000);
    for (int i = 0; i < COUNT; i++)
        arguments[i] = i;
    CHECK(pthread_create(&killer, NULL, kill_workers, pool) == 0);
    for (int round = 0; atomic_load(&kills) < KILLS; round++) {
        static const size_t chunks[] = {0, 1, 7};
        memset(results, 1, sizeof results);
        CHECK(tri_pool_map(pool, work_a_while, arguments, sizeof *arguments, results,
                           sizeof *results, COUNT, chunks[round % 3]) == 0);
        for (int i = 0; i < COUNT; i++)
            CHECK(results[i][0] == (int64_t)i * i && results[i][1] == -results[i][0]);
    }
    atomic_store(&is_over, 1);
    pthread_join(killer, NULL);
    CHECK(tri_pool_close(pool) == 0 && tri_pool_join(pool, -1) == 0);
    tri_pool_free(pool);
    CHECK(tri_process_children(NULL, 0) == 0);
}

/* The same with futures, of which each must be done in the end. */
static void test_random_futures(void)
{
    enum { COUNT = 200 };
    static int64_t arguments[COUNT];
    tri_future *futures[COUNT];
    pthread_t killer;
    tri_pool *pool = open_retrying(1000000);
    CHECK(pthread_create(&killer, NULL, kill_workers, pool) == 0);
    while (atomic_load(&kills) < KILLS / 4) {
        for (int i = 0; i < COUNT; i++) {
            arguments[i] = i;
            CHECK(tri_submit(pool, work_a_while, &arguments[i], sizeof *arguments,
                             2 * sizeof *arguments, &futures[i]) == 0);
        }
        CHECK(tri_wait(futures, COUNT, TRI_ALL_COMPLETED, -1) == COUNT);
        for (int i = 0; i < COUNT; i++) {
            int64_t squares[2];
            CHECK(tri_future_result(futures[i], squares, -1) == 0);
            CHECK(squares[0] == (int64_t)i * i && squares[1] == -squares[0]);
            tri_future_free(futures[i]);
        }
    }
    atomic_store(&is_over, 1);
    pthread_join(killer, NULL);
    tri_pool_free(pool);
}

/* ---- The pool as a whole ---------------------------------------------------------------- */

static void test_descriptors(void)
{
    int before = 0;
    for (int i = 0; i < 101; i++) {
        tri_pool *pool = open_retrying(0);
        check_map(pool, 5, 1);
        CHECK(tri_pool_close(pool) == 0 && tri_pool_join(pool, -1) == 0);
        tri_pool_free(pool);
        if (i == 0)
            before = test_count_descriptors();
    }
    CHECK(test_count_descriptors() == before);
}

static void test_many_workers(void)
{
    tri_pool *pool = open_retrying(0);
    tri_pool_statistics stats;
    check_map(pool, MOST_TASKS, 1);
    check_map(pool, MOST_TASKS, 0);
    CHECK(tri_pool_close(pool) == 0 && tri_pool_join(pool, -1) == 0);
    CHECK(tri_pool_stats(pool, &stats) == 0 && stats.workers == test_options.workers);
    CHECK(stats.tasks == 2 * MOST_TASKS && stats.lost == 0);
    tri_pool_free(pool);
}

static const struct test tests[] = {
    {"a worker is killed at each point, and its task tried again", test_points, ON_FORK, 2, 0, 0},
    {"a worker is killed at each point", test_points_without_retries, ON_FORK, 2, 0, 0},
    {"a map is cancelled while its first chunk is claimed", test_cancelled_while_claimed, ON_FORK,
     1, 0, 0},
    {"a task fails, is lost and does well", test_second_try, ON_FORK, 1, 0, 0},
    {"1000 random kills during maps", test_random, ON_FORK, 2, 0, 0},
    {"random kills during futures", test_random_futures, ON_FORK, 3, 0, 0},
    {"100 pools leave no descriptors", test_descriptors, ON_SERIAL | ON_THREADS | ON_FORK, 2, 0, 0},
    {"200 workers", test_many_workers, ON_THREADS | ON_FORK, 200, 0, 0},
    {"300 workers", test_many_workers, ON_THREADS | ON_FORK, 300, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    plan = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    plan->point = plan->pause = -1;
    tri__at_point = at_point;
    return test_main(argc, argv, tests);
}
