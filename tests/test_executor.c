/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Pools as executors: saturation, lost workers, crashes at every stage, shutting down. A killed
 * worker is replaced, unless the pool is told to break as Python's does. tests/conformance.tsv says
 * which of CPython's tests each case mirrors.
 */
#include "tasks.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* ---- Submitting ------------------------------------------------------------------------- */

static void test_saturation(void)
{
    enum { TIMES = 15 };
    int count = TIMES * test_options.workers;
    tri_pool *pool = open_pool();
    _Atomic int *flag = new_flag();
    tri_future *futures[TIMES * 16];
    tri_pool_statistics stats;
    for (int i = 0; i < count; i++)
        futures[i] = submit_wait(pool, flag);
    wait_until_running(futures[0]);
    CHECK(tri_pool_stats(pool, &stats) == 0);
    CHECK(stats.started == (uint64_t)test_options.workers && stats.workers == test_options.workers);
    atomic_store(flag, 1);
    CHECK(tri_wait(futures, (size_t)count, TRI_ALL_COMPLETED, -1) == count);
    for (int i = 0; i < count; i++)
        tri_future_free(futures[i]);
    end_pool(pool);
}

static void test_default_workers(void)
{
    tri_pool *pool;
    tri_pool_statistics stats;
    CHECK(tri_pool_open(&pool, NULL) == 0 && tri_pool_stats(pool, &stats) == 0);
    CHECK(stats.workers == tri_worker_count(NULL));
    end_pool(pool);
}

static int leave_bytes(const void *argument, void *result)
{
    memset(result, *(const char *)argument, 1 << 20);
    return 0;
}

static int64_t shared_kilobytes(void)
{
    long kilobytes = 0, total = 0;
    char line[256];
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Pss_Shmem: %ld kB", &kilobytes) == 1)
            total += kilobytes;
    if (file)
        fclose(file);
    return total;
}

/* Of 300 MiB of arguments and results, what was freed does not stay, but for what the arena keeps.
 */
static void test_memory_is_freed(void)
{
    char *bytes = calloc(1, 1 << 20);
    tri_pool *pool = open_pool();
    for (int i = 0; i < 150; i++) {
        tri_future *future;
        CHECK(tri_submit(pool, leave_bytes, bytes, 1 << 20, 1 << 20, &future) == 0);
        CHECK(tri_future_wait(future, -1) == 0);
        tri_future_free(future);
    }
    CHECK(shared_kilobytes() < 100 * 1024);
    end_pool(pool);
    free(bytes);
}

/* Those of a large map are, though the pool remembers its last job. */
static void test_last_map_is_freed(void)
{
    enum { MEGABYTES = 200 };
    char *bytes = calloc(MEGABYTES, 1 << 20);
    tri_future *future;
    tri_pool *pool = open_pool();
    CHECK(bytes != NULL);
    CHECK(tri_pool_map_async(pool, leave_bytes, bytes, 1 << 20, 1 << 20, MEGABYTES, 1, &future) ==
          0);
    CHECK(tri_future_wait(future, -1) == 0);
    CHECK(shared_kilobytes() > 100 * 1024);
    tri_future_free(future);
    CHECK(shared_kilobytes() < 100 * 1024);
    end_pool(pool);
    free(bytes);
}

/* ---- A worker is lost ------------------------------------------------------------------- */

static int end_somehow(const void *argument, void *result)
{
    switch (*(const int *)argument) {
    case 1:
        exit(99);
    case 2:
        _exit(0);
    case 3:
        signal(SIGSEGV, SIG_DFL); /* not a sanitizer's */
        raise(SIGSEGV);
        break;
    case 4:
        raise(SIGKILL);
        break;
    case 5:
        signal(SIGABRT, SIG_DFL);
        abort();
    default:
        break;
    }
    return square(argument, result);
}

static const char *const ends[] = {"",          "exited with code 99",    "exited with code 0",
                                   "signal 11", "was killed by signal 9", "signal 6"};

static void test_losses(void)
{
    int numbers[NUMBERS], squares[NUMBERS];
    tri_pool *pool = open_pool();
    tri_future *future;
    tri_pool_statistics stats;
    number(numbers);
    CHECK(tri_pool_map_async(pool, end_somehow, numbers, 4, 4, NUMBERS, 0, &future) == 0);
    CHECK(tri_future_result(future, squares, -1) == TRI_ELOST && says("task 1 of 100 (worker "));
    for (size_t i = 0; i < NUMBERS; i++) {
        bool is_lost = i >= 1 && i <= 5;
        CHECK(tri_future_task_result(future, i, NULL) == (is_lost ? TRI_ELOST : 0));
        CHECK(is_lost ? says(ends[i]) && says("process ") : squares[i] == (int)(i * i));
    }
    CHECK(tri_pool_stats(pool, &stats) == 0 && stats.lost == 5 && stats.retried == 0);
    CHECK(stats.started == 5 + (uint64_t)test_options.workers);
    tri_future_free(future);
    end_pool(pool);
}

/* A lost task is tried again so often and no more. */
static int end_at_first(const void *argument, void *result)
{
    _Atomic int *left = *(_Atomic int *const *)argument;
    (void)result;
    if (atomic_fetch_sub(left, 1) > 0)
        raise(SIGKILL);
    return 0;
}

static void test_retries(void)
{
    tri_pool *pool = open_with((tri_pool_options){.retries = 3});
    _Atomic int *left = new_flag();
    tri_pool_statistics stats;
    for (int deaths = 0; deaths < 5; deaths++) {
        atomic_store(left, deaths);
        CHECK(tri_pool_apply(pool, end_at_first, &left, sizeof left, NULL, 0) ==
              (deaths < 4 ? 0 : TRI_ELOST));
    }
    CHECK(tri_pool_stats(pool, &stats) == 0 && stats.lost == 1 + 2 + 3 + 4);
    CHECK(stats.retried == 1 + 2 + 3 + 3);
    end_pool(pool);
}

/* As Python's: the running and the waiting tasks have the error, new ones too. */
static void test_break(void)
{
    tri_pool *pool = open_with((tri_pool_options){.break_on_loss = 1});
    int number = 4;
    tri_future *waiting[20], *last;
    _Atomic int *flag = new_flag();
    for (int i = 0; i < 20; i++)
        waiting[i] = submit_wait(pool, flag);
    wait_until_running(waiting[0]);
    tri_worker_statistics worker;
    do
        CHECK(tri_pool_worker_stats(pool, 0, &worker) == 0);
    while (worker.pid == 0);
    CHECK(kill((pid_t)worker.pid, SIGKILL) == 0);
    for (int i = 0; i < 20; i++) {
        int code = tri_future_result(waiting[i], NULL, -1);
        CHECK((code == TRI_EBROKEN || code == TRI_ELOST) && says("was killed by signal 9"));
        CHECK(tri_future_done(waiting[i]) && !tri_future_cancelled(waiting[i]));
    }
    CHECK(tri_submit(pool, square, &number, 4, 4, &last) == TRI_EBROKEN && says("is broken"));
    CHECK(tri_pool_close(pool) == 0 && tri_pool_join(pool, -1) == 0);
    for (int i = 0; i < 20; i++)
        tri_future_free(waiting[i]);
    tri_pool_free(pool);
}

/* Workers die while the queue is being filled with large arguments. */
static void test_crash_while_filling(void)
{
    enum { COUNT = 50, SIZE = 100000 };
    static int argument[SIZE];
    tri_future *futures[COUNT];
    tri_pool *pool = open_pool();
    for (int i = 0; i < COUNT; i++) {
        argument[0] = i % 7;
        CHECK(tri_submit(pool, end_somehow, argument, sizeof argument, 4, &futures[i]) == 0);
    }
    for (int i = 0; i < COUNT; i++) {
        bool is_lost = i % 7 >= 1 && i % 7 <= 5;
        CHECK(tri_future_result(futures[i], NULL, -1) == (is_lost ? TRI_ELOST : 0));
        tri_future_free(futures[i]);
    }
    end_pool(pool);
}

/* And in a pool that is closed already. */
static void test_crash_after_close(void)
{
    tri_pool *pool = open_pool();
    int numbers[NUMBERS], squares[NUMBERS];
    tri_future *future;
    number(numbers);
    CHECK(tri_pool_map_async(pool, end_somehow, numbers, 4, 4, NUMBERS, 5, &future) == 0);
    CHECK(tri_pool_close(pool) == 0 && tri_pool_join(pool, -1) == 0);
    CHECK(tri_future_result(future, squares, 0) == TRI_ELOST);
    for (int i = 6; i < NUMBERS; i++)
        CHECK(squares[i] == i * i);
    tri_future_free(future);
    tri_pool_free(pool);
}

/* ---- Memory ----------------------------------------------------------------------------- */

static int take_memory(const void *argument, void *result)
{
    size_t size = *(const size_t *)argument;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)result;
    if (memory == MAP_FAILED)
        return tri_fail(TRI_ENOMEM, "no memory for %zu bytes", size);
    memset(memory, 1, size);
    return munmap(memory, size);
}

static void test_memory_limit(void)
{
    size_t sizes[] = {1 << 20, (size_t)400 << 20, 1 << 20};
    tri_pool *pool = open_with((tri_pool_options){.memory_limit = (size_t)100 << 20});
    tri_future *future;
    CHECK(tri_pool_map_async(pool, take_memory, sizes, sizeof *sizes, 0, 3, 1, &future) == 0);
    CHECK(tri_future_result(future, NULL, -1) == TRI_EFAILED && says("no memory for"));
    CHECK(tri_future_task_result(future, 0, NULL) == 0);
    CHECK(tri_future_task_result(future, 2, NULL) == 0);
    tri_future_free(future);
    end_pool(pool);
}

static void test_memory_limit_refused(void)
{
    tri_pool *pool;
    tri_pool_options options = {.backend = test_options.backend, .memory_limit = 1 << 30};
    CHECK(tri_pool_open(&pool, &options) == TRI_ENOTSUP && pool == NULL);
}

/* ---- Workers that retire ---------------------------------------------------------------- */

static int tell_pid(const void *argument, void *result)
{
    (void)argument;
    *(long *)result = getpid();
    return 0;
}

static void test_three_tasks_a_worker(void)
{
    tri_pool *pool = open_with((tri_pool_options){.tasks_per_worker = 3, .workers = 1});
    long pids[7];
    for (int i = 0; i < 7; i++)
        CHECK(tri_pool_apply(pool, tell_pid, NULL, 0, &pids[i], sizeof *pids) == 0);
    CHECK(pids[0] == pids[1] && pids[1] == pids[2] && pids[2] != pids[3]);
    CHECK(pids[3] == pids[4] && pids[4] == pids[5] && pids[5] != pids[6]);
    end_pool(pool);
}

/* Retiring workers, some of which crash before. */
static void test_retire_and_crash(void)
{
    int numbers[NUMBERS], squares[NUMBERS];
    for (size_t chunk = 0; chunk < 40; chunk += 13) {
        tri_pool *pool = open_with((tri_pool_options){.tasks_per_worker = 2, .retries = 1});
        number(numbers);
        CHECK(tri_pool_map(pool, end_somehow, numbers, 4, squares, 4, NUMBERS, chunk) == TRI_ELOST);
        for (int i = 6; i < NUMBERS; i++)
            CHECK(squares[i] == i * i);
        end_pool(pool);
    }
}

static void test_terminate_while_retiring(void)
{
    for (int i = 0; i < 20; i++) {
        tri_pool *pool = open_with((tri_pool_options){.tasks_per_worker = 1});
        tri_future *future;
        CHECK(tri_pool_map_async(pool, tell_pid, NULL, 0, sizeof(long), 1000, 1, &future) == 0);
        nap(0.0005 * i);
        CHECK(tri_pool_terminate(pool) == 0 && tri_pool_join(pool, -1) == 0);
        CHECK(tri_future_done(future));
        tri_future_free(future);
        tri_pool_free(pool);
    }
}

/* ---- Shutting down ---------------------------------------------------------------------- */

static void test_terminate_dead_workers(void)
{
    tri_pool *pool = open_pool();
    tri_worker_statistics worker;
    for (int i = 0; i < test_options.workers; i++) {
        do
            CHECK(tri_pool_worker_stats(pool, i, &worker) == 0);
        while (worker.pid == 0);
        kill((pid_t)worker.pid, SIGKILL);
    }
    CHECK(tri_pool_terminate(pool) == 0 && tri_pool_join(pool, -1) == 0);
    tri_pool_free(pool);
    pool = open_pool(); /* and before they are there */
    CHECK(tri_pool_terminate(pool) == 0 && tri_pool_join(pool, -1) == 0);
    tri_pool_free(pool);
}

static void test_terminate_stops_tasks(void)
{
    tri_pool *pool = open_pool();
    _Atomic int *flag = new_flag();
    tri_future *future = submit_wait(pool, flag);
    wait_until_running(future);
    CHECK(tri_pool_terminate(pool) == 0);
    CHECK(is_fork() || tri_future_wait(future, 0.05) == TRI_ETIMEOUT);
    atomic_store(flag, !is_fork()); /* a thread goes on to its end */
    CHECK(tri_future_result(future, NULL, -1) == (is_fork() ? TRI_ECANCELLED : 0));
    CHECK(tri_pool_join(pool, -1) == 0);
    tri_future_free(future);
    tri_pool_free(pool);
}

static int wait_for_stop(const void *argument, void *result)
{
    _Atomic int *begun = *(_Atomic int *const *)argument;
    (void)result;
    atomic_fetch_add(begun, 1);
    while (!tri_stop_requested())
        nap(0.001);
    return 0;
}

static tri_pool *stopped_pool;
static int stopped_code;

static void *map_until_stopped(void *begun)
{
    _Atomic int *flags[20];
    for (int i = 0; i < 20; i++)
        flags[i] = begun;
    stopped_code = tri_pool_map(stopped_pool, wait_for_stop, flags, sizeof *flags, NULL, 0, 20, 1);
    return NULL;
}

/* By another thread than that which waits for the map or, on serial, runs it. */
static void test_terminate_by_another(void)
{
    pthread_t thread;
    _Atomic int *begun = new_flag();
    stopped_pool = open_pool();
    CHECK(pthread_create(&thread, NULL, map_until_stopped, begun) == 0);
    while (atomic_load(begun) == 0)
        nap(0.001);
    CHECK(tri_pool_terminate(stopped_pool) == 0 && tri_pool_join(stopped_pool, -1) == 0);
    pthread_join(thread, NULL);
    CHECK(stopped_code == TRI_ECANCELLED && atomic_load(begun) <= test_options.workers);
    tri_pool_free(stopped_pool);
}

/* A thread that takes too long is left behind in a terminated pool too. Its time may be over before
 * the pool is terminated, on a busy machine. */
static void test_terminate_leaves_behind(void)
{
    tri_pool *pool = open_with((tri_pool_options){.time_limit_s = 0.05});
    _Atomic int *flag = new_flag();
    tri_future *future = submit_wait(pool, flag);
    wait_until_running(future);
    CHECK(tri_pool_terminate(pool) == 0);
    int code = tri_future_result(future, NULL, -1);
    CHECK(code == TRI_ECANCELLED || code == TRI_ETIMEOUT);
    CHECK(tri_pool_join(pool, -1) == 0);
    tri_future_free(future);
    tri_pool_free(pool);
    atomic_store(flag, 1);
}

/* Of 50 futures those that have not begun are cancelled, the others are done. */
static void test_cancel_pending(void)
{
    tri_pool *pool = open_pool();
    _Atomic int *flag = new_flag();
    tri_future *futures[50];
    int cancelled = 0;
    for (int i = 0; i < 50; i++)
        futures[i] = submit_wait(pool, flag);
    wait_until_running(futures[0]);
    for (int i = 0; i < 50; i++)
        cancelled += tri_future_cancel(futures[i]) == 0;
    atomic_store(flag, 1);
    CHECK(tri_pool_close(pool) == 0 && tri_pool_join(pool, -1) == 0);
    CHECK(cancelled >= 50 - test_options.workers);
    for (int i = 0; i < 50; i++) {
        CHECK(tri_future_done(futures[i]));
        cancelled -= tri_future_cancelled(futures[i]);
        tri_future_free(futures[i]);
    }
    CHECK(cancelled == 0);
    tri_pool_free(pool);
}

/* Rounds of submitting, cancelling and freeing at once. */
static void test_hasty_ends(void)
{
    for (int i = 0; i < 30; i++) {
        tri_pool *pool = open_pool();
        tri_future *good = submit_square(pool, 3), *other = submit_square(pool, 4);
        tri_future_cancel(other);
        if (i % 3 == 0)
            CHECK(tri_pool_close(pool) == 0);
        if (i % 3 == 1)
            CHECK(tri_pool_terminate(pool) == 0);
        if (i % 2 == 0) {
            tri_future_wait(good, -1);
            tri_future_wait(other, -1);
        }
        tri_future_free(good);
        tri_future_free(other);
        tri_pool_free(pool);
    }
}

/* A program that ends with tasks waiting. */
static void test_exit_with_tasks(void)
{
    tri_pool *pool = open_pool();
    double seconds[50];
    tri_future *future;
    for (int i = 0; i < 50; i++)
        seconds[i] = 0.001;
    CHECK(tri_pool_map_async(pool, sleep_for, seconds, sizeof *seconds, 0, 50, 1, &future) == 0);
}

#ifndef __SANITIZE_THREAD__
/* Asked by the address sanitizer: what other threads had hold of is no leak in a child that does
 * not have these threads. */
TRI_API int __lsan_is_turned_off(void);
static bool is_own_child;

int __lsan_is_turned_off(void)
{
    return is_own_child;
}

#ifdef __SANITIZE_ADDRESS__
static bool is_asleep(long thread)
{
    char path[64], state = 'X';
    snprintf(path, sizeof path, "/proc/self/task/%ld/stat", thread);
    FILE *file = fopen(path, "r");
    if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 'X'; /* it has ended */
    if (file)
        fclose(file);
    return strchr("SXZ", state);
}

static bool others_sleep(void)
{
    DIR *threads = opendir("/proc/self/task");
    struct dirent *entry;
    bool sleep = true;
    CHECK(threads);
    while ((entry = readdir(threads))) {
        long thread = atol(entry->d_name); /* 0: no thread */
        sleep = sleep && (thread == 0 || thread == gettid() || is_asleep(thread));
    }
    closedir(threads);
    return sleep;
}
#else
static bool others_sleep(void)
{
    return true;
}
#endif

/* The address sanitizer does not keep its locks over a fork as malloc does: what another thread
 * has locked, one that is just starting say, stays locked in the child for ever. So these sleep
 * then. */
static pid_t fork_child(void)
{
    static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&turn);
    while (!others_sleep())
        nap(0.001);
    pid_t pid = fork();
    is_own_child = pid == 0;
    pthread_mutex_unlock(&turn);
    return pid;
}

/* A child forked by the program itself has no part in its pools. */
static void test_user_forks(void)
{
    tri_pool *pool = open_pool();
    int number = 3, status;
    CHECK(tri_pool_apply(pool, square, &number, 4, &number, 4) == 0 && number == 9);
    pid_t pid = fork_child();
    if (pid == 0) {
        if (tri_pool_apply(pool, square, &number, 4, &number, 4) != TRI_ESTATE)
            _exit(1);
        tri_pool *own = open_pool();
        if (tri_pool_apply(own, square, &number, 4, &number, 4) != 0 || number != 81)
            _exit(2);
        exit(42);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 42);
    CHECK(tri_pool_apply(pool, square, &number, 4, &number, 4) == 0 && number == 81);
    end_pool(pool);
}

static int fork_and_exit(const void *argument, void *result)
{
    int code = *(const int *)argument, status;
    pid_t pid = fork_child();
    if (pid == 0) {
        exit(code);
    }
    if (waitpid(pid, &status, 0) != pid)
        return 1;
    *(int *)result = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return 0;
}

static int fork_in_kernel(tri_team *team, const void *argument, void *result)
{
    (void)team;
    return fork_and_exit(argument, result);
}

/* A child forked by a task or a kernel ends as it says. */
static void test_tasks_fork(void)
{
    int codes[] = {0, 3}, seen[2], end = -1;
    tri_pool *pool = open_pool();
    CHECK(tri_pool_map(pool, fork_and_exit, codes, sizeof *codes, seen, sizeof *seen, 2, 1) == 0);
    CHECK(seen[0] == 0 && seen[1] == 3);
    end_pool(pool);
    CHECK(tri_team_run(fork_in_kernel, &codes[0], sizeof *codes, &end, sizeof end, &test_options) ==
          0);
    CHECK(end == 0);
}

/* There is room for the manager's thread and no other. Root only, as others share their limit with
 * all their processes. */
static bool limit_threads(void)
{
    struct rlimit limit = {2, 100};
    if (geteuid() != 0)
        return false;
    CHECK(setuid(54321) == 0 && setrlimit(RLIMIT_NPROC, &limit) == 0);
    return true;
}

static void test_cannot_start(void)
{
    tri_pool *pool;
    tri_pool_options options = {.backend = test_options.backend, .workers = 2};
    if (!limit_threads())
        return;
    CHECK(tri_pool_open(&pool, &options) == 0);
    CHECK(tri_pool_apply(pool, tell_pid, NULL, 0, &(long){0}, sizeof(long)) == TRI_EBROKEN);
    CHECK(says("could not be started"));
    tri_pool_free(pool);
}

static _Atomic int beginnings;

static int count_beginning(const void *argument)
{
    (void)argument;
    atomic_fetch_add(&beginnings, 1);
    return 0;
}

/* Once the pool is terminated, those that wait to be started again never are. */
static void test_terminate_before_start(void)
{
    struct rlimit limit = {100, 100};
    if (!limit_threads())
        return;
    tri_pool *pool = open_with((tri_pool_options){.initializer = count_beginning});
    nap(0.01);
    CHECK(tri_pool_terminate(pool) == 0 && setrlimit(RLIMIT_NPROC, &limit) == 0);
    CHECK(tri_pool_join(pool, -1) == 0 && atomic_load(&beginnings) == 0);
    tri_pool_free(pool);
}

#endif

/* More workers than this user may have descriptors under way. */
static void test_few_descriptors(void)
{
    struct rlimit limit = {24, 24};
    int numbers[NUMBERS], squares[NUMBERS];
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(geteuid() != 0 || setuid(54321) == 0);
    number(numbers);
    tri_pool *pool = open_pool();
    CHECK(tri_pool_map(pool, square, numbers, 4, squares, 4, NUMBERS, 1) == 0);
    check_squares(squares, NUMBERS);
    end_pool(pool);
}

static const struct test tests[] = {
    {"15 times as many tasks as workers", test_saturation, ON_PARALLEL, 0, 0, 0},
    {"the default number of workers", test_default_workers, 0, 0, 0, 0},
    {"arguments and results are freed", test_memory_is_freed, ON_LOCAL, 2, 0, 0},
    {"a large map is freed in an idle pool", test_last_map_is_freed, ON_LOCAL, 2, 0, 0},
    {"tasks exit, crash and are killed", test_losses, ON_FORK, 0, 0, 0},
    {"lost tasks are tried again", test_retries, ON_FORK, 0, 0, 0},
    {"a loss breaks the pool", test_break, ON_FORK, 0, 0, 0},
    {"crashes while the queue is filled", test_crash_while_filling, ON_FORK, 0, 0, 0},
    {"crashes in a closed pool", test_crash_after_close, ON_FORK, 0, 0, 0},
    {"a limit for memory", test_memory_limit, ON_FORK, 2, 0, 0},
    {"no limit for the memory of threads", test_memory_limit_refused, ON_SERIAL | ON_THREADS, 1, 0,
     0},
    {"three tasks a worker", test_three_tasks_a_worker, ON_FORK, 1, 0, 0},
    {"workers retire and crash", test_retire_and_crash, ON_FORK, 0, 0, 0},
    {"terminated while workers retire", test_terminate_while_retiring, ON_PARALLEL, 0, 0, 0},
    {"terminated when workers are dead or not yet there", test_terminate_dead_workers, ON_FORK, 0,
     0, 0},
    {"terminated while tasks run", test_terminate_stops_tasks, ON_PARALLEL, 0, 0, 0},
    {"terminated by another thread", test_terminate_by_another, ON_LOCAL, 0, 0, 0},
    {"terminated while tasks take too long", test_terminate_leaves_behind, ON_PARALLEL, 0, 0, 0},
    {"pending tasks are cancelled", test_cancel_pending, ON_PARALLEL, 0, 0, 0},
    {"200 workers and few descriptors", test_few_descriptors, ON_FORK, 200, 0, 0},
    {"hasty ends", test_hasty_ends, ON_LOCAL, 0, 0, 0},
    {"a program ends with tasks waiting", test_exit_with_tasks, ON_LOCAL, 0, 0, 0},
#ifndef __SANITIZE_THREAD__ /* which has a thread of its own, and knows no threads in forks */
    {"the program forks by itself", test_user_forks, ON_LOCAL, 2, 0, 0},
    {"tasks fork by themselves", test_tasks_fork, ON_LOCAL, 2, 0, 0},
    {"workers cannot be started", test_cannot_start, ON_THREADS, 2, 0, 0},
    {"terminated before workers could be started", test_terminate_before_start, ON_THREADS, 2, 0,
     0},
#endif
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
