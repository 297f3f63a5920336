/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Pools: what users of multiprocessing.Pool rely on. tests/conformance.tsv says which of CPython's
 * tests each case mirrors.
 */
#include "tasks.h"

/* ---- Calls that wait -------------------------------------------------------------------- */

static void test_apply(void)
{
    tri_pool *pool = open_pool();
    int number = 5, result;
    CHECK(tri_pool_apply(pool, square, &number, sizeof number, &result, sizeof result) == 0);
    CHECK(result == 25);
    end_pool(pool);
}

static void test_map(void)
{
    static const size_t chunks[] = {0, 1, 3, 20, NUMBERS, 10 * NUMBERS};
    tri_pool *pool = open_pool();
    int numbers[NUMBERS], squares[NUMBERS];
    number(numbers);
    for (int i = 0; i < 6; i++) {
        memset(squares, 1, sizeof squares);
        CHECK(tri_pool_map(pool, square, numbers, sizeof(int), squares, sizeof(int), NUMBERS,
                           chunks[i]) == 0);
        check_squares(squares, NUMBERS);
    }
    end_pool(pool);
}

struct pair {
    int x, y;
};

static int multiply(const void *argument, void *result)
{
    const struct pair *pair = argument;
    *(int *)result = pair->x * pair->y;
    return 0;
}

static void test_starmap(void)
{
    struct pair pairs[NUMBERS];
    int products[NUMBERS];
    tri_pool *pool = open_pool();
    tri_future *future;
    for (int i = 0; i < NUMBERS; i++)
        pairs[i] = (struct pair){i, i};
    CHECK(tri_pool_starmap(pool, multiply, pairs, sizeof *pairs, products, sizeof(int), NUMBERS,
                           0) == 0);
    check_squares(products, NUMBERS);
    memset(products, 1, sizeof products);
    CHECK(tri_pool_starmap_async(pool, multiply, pairs, sizeof *pairs, sizeof(int), NUMBERS, 7,
                                 &future) == 0);
    memset(pairs, 0, sizeof pairs); /* they have been copied */
    CHECK(tri_future_result(future, products, -1) == 0);
    check_squares(products, NUMBERS);
    tri_future_free(future);
    end_pool(pool);
}

static void test_in_place(void)
{
    int numbers[NUMBERS];
    tri_pool *pool = open_pool();
    number(numbers);
    CHECK(tri_pool_map(pool, square, numbers, sizeof(int), numbers, sizeof(int), NUMBERS, 0) == 0);
    check_squares(numbers, NUMBERS);
    end_pool(pool);
}

/* In shared memory neither is copied: the task sees and changes the arrays themselves. */
static int change_both(const void *argument, void *result)
{
    *(int *)(uintptr_t)argument = -*(const int *)argument;
    *(int **)result = (int *)(uintptr_t)argument;
    return 0;
}

static void test_shared_memory(void)
{
    int *numbers = tri_shared_alloc(NUMBERS * sizeof *numbers);
    int **addresses = tri_shared_alloc(NUMBERS * sizeof *addresses);
    tri_pool *pool = open_pool();
    CHECK(numbers && addresses);
    number(numbers);
    CHECK(tri_pool_map(pool, change_both, numbers, sizeof *numbers, addresses, sizeof *addresses,
                       NUMBERS, 0) == 0);
    for (int i = 0; i < NUMBERS; i++)
        CHECK(numbers[i] == -i && addresses[i] == &numbers[i]);
    end_pool(pool);
    tri_shared_free(numbers);
    tri_shared_free(addresses);
}

/* Results of varying size. */
static int repeat(const void *argument, void *result)
{
    int count = *(const int *)argument;
    char *text = tri_shared_alloc((size_t)count + 1);
    if (text == NULL)
        return TRI_ENOMEM;
    memset(text, 'x', (size_t)count);
    *(char **)result = text;
    return 0;
}

static void test_varying_results(void)
{
    int numbers[NUMBERS];
    char *texts[NUMBERS];
    tri_pool *pool = open_pool();
    number(numbers);
    CHECK(tri_pool_map(pool, repeat, numbers, sizeof(int), texts, sizeof *texts, NUMBERS, 0) == 0);
    for (int i = 0; i < NUMBERS; i++) {
        CHECK(strlen(texts[i]) == (size_t)i);
        tri_shared_free(texts[i]);
    }
    end_pool(pool);
}

static int sum_megabyte(const void *argument, void *result)
{
    const unsigned char *bytes = argument;
    memset(result, bytes[12345], 1 << 20);
    return 0;
}

static void test_large(void)
{
    enum { SIZE = 1 << 20, COUNT = 5 };
    char *arguments = malloc((size_t)COUNT * SIZE), *results = malloc((size_t)COUNT * SIZE);
    tri_pool *pool = open_pool();
    for (int i = 0; i < COUNT; i++)
        memset(arguments + (size_t)i * SIZE, i + 1, SIZE);
    for (int round = 0; round < 3; round++) {
        memset(results, 0, (size_t)COUNT * SIZE);
        CHECK(tri_pool_map(pool, sum_megabyte, arguments, SIZE, results, SIZE, COUNT, 1) == 0);
        CHECK(memcmp(arguments, results, (size_t)COUNT * SIZE) == 0);
    }
    end_pool(pool);
    free(arguments);
    free(results);
}

/* A result is zeroed, whatever was there before. */
static int want_zero(const void *argument, void *result)
{
    static const char zero[200];
    (void)argument;
    if (memcmp(result, zero, sizeof zero) != 0)
        return tri_fail(1, "the result is not zero");
    memset(result, 0xff, sizeof zero);
    return 0;
}

static void test_results_are_zeroed(void)
{
    static char results[NUMBERS][200];
    tri_pool *pool = open_pool();
    for (int round = 0; round < 5; round++)
        CHECK(tri_pool_map(pool, want_zero, NULL, 0, results, 200, NUMBERS, (size_t)round) == 0);
    end_pool(pool);
}

static void test_nothing(void)
{
    tri_pool *pool = open_pool();
    tri_future *future;
    CHECK(tri_pool_map(pool, square, NULL, 4, NULL, 4, 0, 0) == 0);
    CHECK(tri_pool_map(pool, square, NULL, 4, NULL, 4, 0, 5) == 0);
    CHECK(tri_pool_map_async(pool, square, NULL, 4, 4, 0, 0, &future) == 0);
    CHECK(tri_future_done(future) && tri_future_result(future, NULL, 0) == 0);
    tri_future_free(future);
    end_pool(pool);
}

/* ---- Errors ----------------------------------------------------------------------------- */

static void test_errors(void)
{
    int numbers[NUMBERS], squares[NUMBERS];
    tri_pool *pool = open_pool();
    tri_future *future;
    number(numbers);
    for (size_t chunk = 0; chunk < 3; chunk++) {
        memset(squares, 1, sizeof squares);
        CHECK(tri_pool_map(pool, fail_odd, numbers, sizeof(int), squares, sizeof(int), NUMBERS,
                           chunk) == TRI_EFAILED);
        CHECK(says("task 1 of 100 (worker ") && says("failed with code 42: 1 is odd"));
        for (int i = 0; i < NUMBERS; i += 2)
            CHECK(squares[i] == i * i);
    }
    CHECK(tri_pool_map_async(pool, fail_odd, numbers, sizeof(int), sizeof(int), NUMBERS, 0,
                             &future) == 0);
    CHECK(tri_future_wait(future, -1) == 0);
    for (size_t i = 0; i < NUMBERS; i++) {
        int square = -1;
        char words[64];
        snprintf(words, sizeof words, "failed with code 42: %zu is odd", i);
        CHECK(tri_future_task_result(future, i, &square) == (i % 2 ? TRI_EFAILED : 0));
        CHECK(i % 2 ? square == -1 && says(words) : square == (int)(i * i));
    }
    CHECK(tri_future_task_result(future, NUMBERS, squares) == TRI_EINVAL);
    tri_future_free(future);
    CHECK(tri_pool_apply(pool, square, &numbers[3], sizeof(int), squares, sizeof(int)) == 0);
    end_pool(pool);
}

static int fail(const void *argument, void *result)
{
    (void)argument;
    (void)result;
    return -3;
}

/* More than have room for words; all are known. */
static void test_all_fail(void)
{
    enum { MANY = 5000 };
    tri_pool *pool = open_pool();
    tri_future *future;
    CHECK(tri_pool_map_async(pool, fail, NULL, 0, 0, MANY, 0, &future) == 0);
    CHECK(tri_future_result(future, NULL, -1) == TRI_EFAILED && says("task 0 of 5000"));
    for (size_t i = 0; i < MANY; i++)
        CHECK(tri_future_task_result(future, i, NULL) == TRI_EFAILED);
    tri_future_free(future);
    end_pool(pool);
}

static void test_failing_rounds(void)
{
    tri_pool *pool = open_pool();
    tri_pool_statistics stats;
    for (int i = 0; i < 20; i++)
        CHECK(tri_pool_apply(pool, fail, NULL, 0, NULL, 0) == TRI_EFAILED);
    CHECK(tri_pool_stats(pool, &stats) == 0);
    CHECK(is_serial() || stats.started == (uint64_t)test_options.workers);
    CHECK(stats.tasks == 20 && stats.failed == 20 && stats.lost == 0);
    end_pool(pool);
}

static void test_too_many_workers(void)
{
    tri_pool *pool;
    tri_pool_options options = {.backend = test_options.backend, .workers = 32768};
    CHECK(tri_pool_open(&pool, &options) == TRI_EINVAL && pool == NULL);
    CHECK(says("at most 32767 workers"));
}

static void test_bad_arguments(void)
{
    int one = 1;
    tri_pool *pool;
    tri_future *future;
    tri_results *results;
    static const tri_pool_options bad[] = {
        {.workers = -1},      {.workers = TRI_WORKERS_MAX + 1},   {.retries = -1},
        {.time_limit_s = -1}, {.retries = 1, .break_on_loss = 1}, {.initializer_size = 1},
    };
    for (int i = 0; i < 6; i++) {
        tri_pool_options options = bad[i];
        options.backend = TRI_BACKEND_FORK;
        CHECK(tri_pool_open(&pool, &options) == TRI_EINVAL && pool == NULL);
    }
    CHECK(tri_pool_open(NULL, NULL) == TRI_EINVAL);
    CHECK(tri_pool_map(NULL, square, &one, 4, &one, 4, 1, 1) == TRI_EINVAL);
    pool = open_pool();
    CHECK(tri_pool_map(pool, NULL, &one, 4, &one, 4, 1, 1) == TRI_EINVAL);
    CHECK(tri_pool_map(pool, square, NULL, 4, &one, 4, 1, 1) == TRI_EINVAL);
    CHECK(tri_pool_map(pool, square, &one, 4, NULL, 4, 1, 1) == TRI_EINVAL);
    CHECK(tri_pool_map(pool, square, &one, SIZE_MAX / 2, &one, 4, 3, 1) == TRI_EINVAL);
    CHECK(tri_pool_map(pool, square, &one, 4, &one, SIZE_MAX, 1, 1) == TRI_EINVAL);
    CHECK(tri_submit(pool, square, &one, 4, 4, NULL) == TRI_EINVAL);
    CHECK(tri_submit(pool, NULL, &one, 4, 4, &future) == TRI_EINVAL && future == NULL);
    CHECK(tri_submit(pool, square, &one, 4, (size_t)1 << 50, &future) == TRI_ENOMEM);
    CHECK(tri_pool_imap(pool, square, NULL, NULL, 4, 4, NULL, &results) == TRI_EINVAL);
    CHECK(tri_pool_next(NULL, NULL, NULL, 0) == TRI_EINVAL);
    CHECK(tri_pool_join(pool, 0) == TRI_ESTATE && says("close or terminate"));
    CHECK(tri_future_wait(NULL, 0) == TRI_EINVAL && tri_future_done(NULL) == 0);
    tri_future_free(NULL);
    tri_results_free(NULL);
    tri_completed_free(NULL);
    tri_pool_free(NULL);
    CHECK(tri_pool_apply(pool, square, &one, 4, &one, 4) == 0);
    end_pool(pool);
}

/* ---- Calls that do not wait ------------------------------------------------------------- */

static void test_async(void)
{
    tri_pool *pool = open_pool();
    double seconds = 0.05, begin = now();
    tri_future *future;
    CHECK(tri_pool_apply_async(pool, sleep_for, &seconds, sizeof seconds, 0, &future) == 0);
    CHECK(tri_future_result(future, NULL, -1) == 0 && now() - begin >= seconds);
    tri_future_free(future);
    end_pool(pool);
}

static void test_async_timeout(void)
{
    tri_pool *pool = open_pool();
    _Atomic int *flag = new_flag();
    tri_future *future = submit_wait(pool, flag);
    double begin = now();
    CHECK(tri_future_result(future, NULL, 0.05) == TRI_ETIMEOUT && now() - begin >= 0.05);
    CHECK(!tri_future_done(future) && tri_future_wait(future, 0) == TRI_ETIMEOUT);
    atomic_store(flag, 1);
    CHECK(tri_future_result(future, NULL, -1) == 0 && tri_future_done(future));
    tri_future_free(future);
    end_pool(pool);
}

struct noted {
    _Atomic int calls, code;
};

static void note(tri_future *future, void *data)
{
    struct noted *noted = data;
    atomic_store(&noted->code, tri_future_result(future, NULL, 0));
    atomic_fetch_add(&noted->calls, 1);
}

static void test_callbacks(void)
{
    int numbers[NUMBERS];
    tri_pool *pool = open_pool();
    number(numbers);
    for (int fails = 0; fails < 2; fails++) {
        struct noted noted = {0, 99};
        tri_future *future;
        CHECK(tri_pool_map_async(pool, fails ? fail_odd : square, numbers, sizeof(int), sizeof(int),
                                 NUMBERS, 0, &future) == 0);
        CHECK(tri_future_on_done(future, note, &noted) == 0);
        while (atomic_load(&noted.calls) == 0)
            nap(0.001);
        CHECK(noted.code == (fails ? TRI_EFAILED : 0) && noted.calls == 1);
        tri_future_free(future);
    }
    end_pool(pool);
}

/* ---- Results as they come --------------------------------------------------------------- */

struct source {
    int next, end;
    int fails; /* behind the last */
    int taken; /* results, for the window */
    int most;  /* arguments that were ahead of them */
};

static int next_number(void *data, void *argument)
{
    struct source *source = data;
    if (source->next == source->end)
        return source->fails ? tri_fail(-77, "the source has failed") : 0;
    *(int *)argument = source->next++;
    if (source->next - source->taken > source->most)
        source->most = source->next - source->taken;
    return 1;
}

static tri_results *begin(tri_pool *pool, tri_task *task, struct source *source, bool in_order,
                          size_t chunk, size_t ahead)
{
    tri_results *results;
    tri_imap_options options = {chunk, ahead};
    CHECK((in_order ? tri_pool_imap : tri_pool_imap_unordered)(
              pool, task, next_number, source, sizeof(int), sizeof(int), &options, &results) == 0);
    return results;
}

static void test_imap(void)
{
    tri_pool *pool = open_pool();
    for (size_t chunk = 1; chunk < 30; chunk += 9) {
        struct source source = {.end = NUMBERS};
        tri_results *results = begin(pool, square, &source, true, chunk, 0);
        uint64_t index;
        int result;
        for (int i = 0; i < NUMBERS; i++) {
            CHECK(tri_pool_next(results, &result, &index, -1) == 1);
            CHECK(result == i * i && index == (uint64_t)i);
        }
        CHECK(tri_pool_next(results, &result, NULL, -1) == 0);
        CHECK(tri_pool_next(results, &result, NULL, -1) == 0);
        tri_results_free(results);
    }
    end_pool(pool);
}

static void test_imap_unordered(void)
{
    tri_pool *pool = open_pool();
    for (size_t chunk = 1; chunk < 30; chunk += 9) {
        struct source source = {.end = NUMBERS};
        tri_results *results = begin(pool, square, &source, false, chunk, 0);
        bool seen[NUMBERS] = {0};
        uint64_t index;
        int result;
        for (int i = 0; i < NUMBERS; i++) {
            CHECK(tri_pool_next(results, &result, &index, -1) == 1 && index < NUMBERS);
            CHECK(result == (int)(index * index) && !seen[index]);
            seen[index] = true;
        }
        CHECK(tri_pool_next(results, &result, NULL, -1) == 0);
        tri_results_free(results);
    }
    end_pool(pool);
}

/* The results before it are given, then the error, once; the pool goes on. */
static void test_failing_input(void)
{
    tri_pool *pool = open_pool();
    for (int in_order = 0; in_order < 2; in_order++)
        for (int end = 0; end < 30; end += 7) {
            struct source source = {.end = end, .fails = 1};
            tri_results *results = begin(pool, square, &source, in_order, 4, 0);
            int result;
            for (int i = 0; i < end; i++)
                CHECK(tri_pool_next(results, &result, NULL, -1) == 1);
            CHECK(tri_pool_next(results, &result, NULL, -1) == -77 && says("source has failed"));
            CHECK(tri_pool_next(results, &result, NULL, -1) == 0);
            tri_results_free(results);
        }
    CHECK(tri_pool_apply(pool, fail, NULL, 0, NULL, 0) == TRI_EFAILED);
    end_pool(pool);
}

static void test_failing_tasks(void)
{
    tri_pool *pool = open_pool();
    struct source source = {.end = 20};
    tri_results *results = begin(pool, fail_odd, &source, true, 3, 0);
    for (int i = 0; i < 20; i++) {
        int result;
        uint64_t index;
        char words[32];
        snprintf(words, sizeof words, "task %d ", i);
        CHECK(tri_pool_next(results, &result, &index, -1) == (i % 2 ? TRI_EFAILED : 1));
        CHECK(index == (uint64_t)i && (i % 2 ? says(words) : result == i * i));
    }
    CHECK(tri_pool_next(results, NULL, NULL, -1) == 0);
    tri_results_free(results);
    end_pool(pool);
}

static void test_window(void)
{
    static const tri_imap_options windows[] = {{1, 1}, {1, 3}, {4, 8}, {5, 7}};
    tri_pool *pool = open_pool();
    tri_results *results;
    tri_imap_options bad = {5, 4};
    struct source unused = {0};
    for (int w = 0; w < 4; w++) {
        struct source source = {.end = NUMBERS};
        results = begin(pool, square, &source, w % 2, windows[w].chunk, windows[w].ahead);
        CHECK(source.next > 0); /* it begins without being asked for results */
        while (tri_pool_next(results, NULL, NULL, -1) == 1)
            source.taken++;
        CHECK(source.taken == NUMBERS - 0 && source.most <= (int)windows[w].ahead + 1);
        tri_results_free(results);
    }
    CHECK(tri_pool_imap(pool, square, next_number, &unused, 4, 4, &bad, &results) == TRI_EINVAL);
    end_pool(pool);
}

static void test_abandoned_iteration(void)
{
    tri_pool *pool = open_pool();
    struct source source = {.end = 1000000};
    tri_results *results = begin(pool, square, &source, true, 1, 10);
    CHECK(tri_pool_next(results, NULL, NULL, -1) == 1);
    tri_results_free(results);
    CHECK(source.next < 100);
    end_pool(pool);
}

/* Numbers 0, 1, 2, the last of which waits for the flag. */
static int next_waiting(void *data, void *argument)
{
    struct waiting *source = data;
    if (source->number == 3)
        return 0;
    *(struct waiting *)argument =
        (struct waiting){source->number, source->number == 2 ? source->flag : NULL};
    source->number++;
    return 1;
}

static void test_next_timeout(void)
{
    tri_pool *pool = open_pool();
    tri_imap_options options = {.chunk = 1, .ahead = 3};
    for (int in_order = 0; in_order < 2; in_order++) {
        struct waiting source = {0, new_flag()};
        tri_results *results;
        int first, result;
        CHECK((in_order ? tri_pool_imap : tri_pool_imap_unordered)(
                  pool, square_or_wait, next_waiting, &source, sizeof source, sizeof(int), &options,
                  &results) == 0);
        CHECK(tri_pool_next(results, &first, NULL, -1) == 1);
        CHECK(tri_pool_next(results, &result, NULL, -1) == 1);
        CHECK(first + result == 1 && (first == 0 || !in_order));
        CHECK(tri_pool_next(results, &result, NULL, 0.01) == TRI_ETIMEOUT);
        atomic_store(source.flag, 1);
        CHECK(tri_pool_next(results, &result, NULL, -1) == 1 && result == 4);
        tri_results_free(results);
    }
    end_pool(pool);
}

/* ---- The end of a pool ------------------------------------------------------------------ */

static void test_close(void)
{
    tri_pool *pool = open_pool();
    tri_future *futures[50];
    int result;
    for (int i = 0; i < 50; i++)
        futures[i] = submit_square(pool, i);
    CHECK(tri_pool_close(pool) == 0 && tri_pool_close(pool) == 0);
    CHECK(tri_pool_apply(pool, fail, NULL, 0, NULL, 0) == TRI_ECLOSED && says("closed"));
    CHECK(tri_pool_join(pool, -1) == 0 && tri_pool_join(pool, 0) == 0);
    for (int i = 0; i < 50; i++) {
        CHECK(tri_future_result(futures[i], &result, 0) == 0 && result == i * i);
        tri_future_free(futures[i]);
    }
    tri_pool_free(pool);
}

static void test_terminate(void)
{
    tri_pool *pool = open_pool();
    double seconds[1000];
    tri_future *future;
    for (int i = 0; i < 1000; i++)
        seconds[i] = 0.3;
    CHECK(tri_pool_map_async(pool, sleep_for, seconds, sizeof *seconds, 0, 1000, 1, &future) == 0);
    CHECK(tri_pool_terminate(pool) == 0 && tri_pool_terminate(pool) == 0);
    CHECK(tri_future_result(future, NULL, -1) == TRI_ECANCELLED && tri_future_cancelled(future));
    CHECK(tri_pool_apply(pool, fail, NULL, 0, NULL, 0) == TRI_ECLOSED && says("terminated"));
    CHECK(tri_pool_join(pool, -1) == 0);
    tri_future_free(future);
    tri_pool_free(pool);
}

/* The first five of 20 tasks are done, the others wait for the flag; on threads they see it. */
static tri_future *begin_five(tri_pool *pool, _Atomic int *flag, size_t chunk)
{
    struct waiting tasks[20];
    tri_pool_statistics stats;
    tri_future *future;
    for (int i = 0; i < 20; i++) {
        tasks[i].number = i;
        tasks[i].flag = i < 5 ? NULL : flag;
    }
    CHECK(tri_pool_map_async(pool, square_or_wait, tasks, sizeof *tasks, sizeof(int), 20, chunk,
                             &future) == 0);
    do
        CHECK(tri_pool_stats(pool, &stats) == 0);
    while (stats.tasks < 5);
    return future;
}

static void check_five(tri_future *future)
{
    int squares[20], result;
    memset(squares, 1, sizeof squares);
    CHECK(tri_future_result(future, squares, -1) == TRI_ECANCELLED);
    CHECK(tri_future_cancelled(future));
    check_squares(squares, 5);
    for (int i = 0; i < 20; i++) {
        int code = tri_future_task_result(future, (size_t)i, &result);
        CHECK(code == 0 ? result == i * i : i >= 5 && code == TRI_ECANCELLED);
        CHECK(i < 5 || code != 0 || !is_fork());
    }
    tri_future_free(future);
}

static void test_terminate_keeps_results(void)
{
    static const size_t chunks[] = {0, 1, 3, 20};
    for (int i = 0; i < 4; i++) {
        tri_pool *pool = open_pool();
        _Atomic int *flag = new_flag();
        tri_future *future = begin_five(pool, flag, chunks[i]);
        CHECK(tri_pool_terminate(pool) == 0);
        atomic_store(flag, !is_fork());
        check_five(future);
        CHECK(tri_pool_join(pool, -1) == 0);
        tri_pool_free(pool);
        pool = open_pool();
        if (is_fork()) {
            future = begin_five(pool, flag, chunks[i]);
            CHECK(tri_future_kill(future) == 0);
            check_five(future);
        }
        end_pool(pool);
    }
}

/* Once a future is done, none of its tasks writes to the caller's memory any more. */
static int count_for_ever(const void *argument, void *result)
{
    _Atomic int *counter = *(_Atomic int *const *)argument;
    (void)result;
    while (atomic_fetch_add(counter, 1) >= 0)
        ;
    return 0;
}

static void test_killed_tasks_are_over(void)
{
    for (int i = 0; i < 40; i++) {
        tri_pool *pool = open_pool();
        _Atomic int *counter = new_flag();
        tri_future *future;
        CHECK(tri_submit(pool, count_for_ever, &counter, sizeof counter, 0, &future) == 0);
        while (atomic_load(counter) == 0)
            nap(0.0005);
        CHECK((i % 2 ? tri_future_kill(future) : tri_pool_terminate(pool)) == 0);
        CHECK(tri_future_result(future, NULL, -1) == TRI_ECANCELLED);
        int count = atomic_load(counter);
        nap(0.001);
        CHECK(atomic_load(counter) == count);
        tri_future_free(future);
        tri_pool_free(pool);
    }
}

static void test_join_timeout(void)
{
    tri_pool *pool = open_pool();
    _Atomic int *flag = new_flag();
    tri_future *future = submit_wait(pool, flag);
    CHECK(tri_pool_close(pool) == 0);
    CHECK(tri_pool_join(pool, 0) == TRI_ETIMEOUT && tri_pool_join(pool, 0.01) == TRI_ETIMEOUT);
    atomic_store(flag, 1);
    CHECK(tri_pool_join(pool, -1) == 0 && tri_future_done(future));
    tri_future_free(future);
    tri_pool_free(pool);
}

static void test_forgotten(void)
{
    tri_pool *pool = open_pool();
    int number = 3;
    CHECK(tri_pool_apply(pool, square, &number, sizeof number, &number, sizeof number) == 0);
}

/* ---- Workers ---------------------------------------------------------------------------- */

struct place {
    int worker;
    long pid;
    int made; /* by the initializer */
};

static _Thread_local int made;

static int make(const void *argument)
{
    made += *(const int *)argument;
    return 0;
}

static int tell_place(const void *argument, void *result)
{
    (void)argument;
    *(struct place *)result = (struct place){tri_worker_number(), getpid(), made};
    return 0;
}

static void test_initializer(void)
{
    int value = 17;
    struct place places[NUMBERS];
    tri_pool *pool = open_with((tri_pool_options){
        .initializer = make, .initializer_argument = &value, .initializer_size = sizeof value});
    value = 0; /* it has been copied */
    CHECK(tri_pool_map(pool, tell_place, NULL, 0, places, sizeof *places, NUMBERS, 1) == 0);
    for (int i = 0; i < NUMBERS; i++) {
        CHECK(places[i].worker >= 0 && places[i].worker < test_options.workers);
        CHECK((places[i].pid == getpid()) == !is_fork() && places[i].made == 17);
    }
    CHECK(tri_worker_number() == -1);
    end_pool(pool);
}

static int fail_to_begin(const void *argument)
{
    (void)argument;
    return tri_fail(5, "no licence");
}

static void test_failing_initializer(void)
{
    tri_pool *pool = open_with((tri_pool_options){.initializer = fail_to_begin});
    CHECK(tri_pool_apply(pool, fail, NULL, 0, NULL, 0) == TRI_EBROKEN && says("initializer"));
    CHECK(is_serial() || says("no licence"));
    CHECK(tri_pool_apply(pool, fail, NULL, 0, NULL, 0) == TRI_EBROKEN);
    CHECK(tri_pool_close(pool) == 0 && tri_pool_join(pool, -1) == 0);
    tri_pool_free(pool);
}

static int crash_at_begin(const void *argument)
{
    (void)argument;
    signal(SIGABRT, SIG_DFL); /* not a sanitizer's */
    abort();
}

static void test_crashing_initializer(void)
{
    tri_pool *pool = open_with((tri_pool_options){.initializer = crash_at_begin});
    CHECK(tri_pool_apply(pool, fail, NULL, 0, NULL, 0) == TRI_EBROKEN && says("signal 6"));
    tri_pool_free(pool);
}

static int tell_mask(const void *argument, void *result)
{
    sigset_t mask;
    (void)argument;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    *(int *)result = sigismember(&mask, SIGUSR1) + 2 * sigismember(&mask, SIGUSR2);
    return 0;
}

/* Of the first workers and of those that replace them. */
static void test_masks(void)
{
    int masks[20];
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    tri_pool *pool = open_with((tri_pool_options){.tasks_per_worker = 1});
    CHECK(tri_pool_map(pool, tell_mask, NULL, 0, masks, sizeof *masks, 20, 1) == 0);
    for (int i = 0; i < 20; i++)
        CHECK(masks[i] == (is_fork() ? 0 : 2)); /* forked ones have that of tri_main's beginning */
    end_pool(pool);
}

static void test_lifetime(void)
{
    struct place places[12];
    tri_pool_statistics stats;
    for (size_t chunk = 0; chunk < 6; chunk++) {
        tri_pool *pool = open_with((tri_pool_options){.tasks_per_worker = 3});
        CHECK(tri_pool_map(pool, tell_place, NULL, 0, places, sizeof *places, 12, chunk) == 0);
        for (int i = 0; i < 12; i++) {
            int same = 0;
            for (int j = 0; j < 12; j++)
                same += places[i].pid == places[j].pid;
            CHECK(same <= 3);
        }
        CHECK(tri_pool_stats(pool, &stats) == 0 && stats.tasks == 12 && stats.lost == 0);
        CHECK(stats.started >= 4);
        end_pool(pool);
    }
}

static void test_lifetime_and_close(void)
{
    tri_pool *pool = open_with((tri_pool_options){.tasks_per_worker = 1});
    tri_future *futures[30];
    int result;
    for (int i = 0; i < 30; i++)
        futures[i] = submit_square(pool, i);
    CHECK(tri_pool_close(pool) == 0 && tri_pool_join(pool, -1) == 0);
    for (int i = 0; i < 30; i++) {
        CHECK(tri_future_result(futures[i], &result, 0) == 0 && result == i * i);
        tri_future_free(futures[i]);
    }
    tri_pool_free(pool);
}

static void test_statistics(void)
{
    tri_pool *pool = open_pool();
    double seconds[10];
    tri_pool_statistics stats;
    tri_worker_statistics worker;
    uint64_t tasks = 0;
    double busy_s = 0;
    for (int i = 0; i < 10; i++)
        seconds[i] = 0.01;
    CHECK(tri_pool_map(pool, sleep_for, seconds, sizeof *seconds, NULL, 0, 10, 1) == 0);
    CHECK(tri_pool_stats(pool, &stats) == 0 && stats.workers == test_options.workers);
    CHECK(stats.tasks == 10 && stats.failed == 0 && stats.lost == 0 && stats.retried == 0);
    for (int i = 0; i < test_options.workers; i++) {
        CHECK(tri_pool_worker_stats(pool, i, &worker) == 0);
        tasks += worker.tasks;
        busy_s += worker.busy_s;
    }
    CHECK(tasks == 10 && busy_s >= 0.1);
    CHECK(tri_pool_worker_stats(pool, test_options.workers, &worker) == TRI_EINVAL);
    CHECK(tri_pool_worker_stats(pool, -1, &worker) == TRI_EINVAL);
    CHECK(tri_pool_stats(pool, NULL) == TRI_EINVAL);
    end_pool(pool);
}

static int print_number(const void *argument, void *result)
{
    (void)result;
    printf("%d\n", *(const int *)argument);
    return 0;
}

/* What tasks print is there when the map returns, and once. */
static void test_output(void)
{
    int numbers[NUMBERS], seen[NUMBERS] = {0}, value, lines = 0;
    FILE *file = tmpfile();
    int output = dup(STDOUT_FILENO);
    fflush(stdout);
    CHECK(file && dup2(fileno(file), STDOUT_FILENO) >= 0);
    number(numbers);
    tri_pool *pool = open_pool();
    CHECK(tri_pool_map(pool, print_number, numbers, sizeof(int), NULL, 0, NUMBERS, 0) == 0);
    fflush(stdout);
    dup2(output, STDOUT_FILENO);
    rewind(file);
    for (; fscanf(file, "%d", &value) == 1; lines++)
        seen[value]++;
    for (int i = 0; i < NUMBERS; i++)
        CHECK(seen[i] == 1);
    CHECK(lines == NUMBERS);
    end_pool(pool);
}

/* ---- Pools within pools ----------------------------------------------------------------- */

static int use_own_pool(const void *argument, void *result)
{
    tri_pool *pool = *(tri_pool *const *)argument;
    int number = 2;
    (void)result;
    return tri_fail(tri_pool_apply(pool, square, &number, 4, &number, 4), "refused: %s",
                    tri_error_message());
}

static void test_own_pool(void)
{
    tri_pool *pool = open_pool();
    CHECK(tri_pool_apply(pool, use_own_pool, &pool, sizeof pool, NULL, 0) == TRI_EFAILED);
    CHECK(says("code -4: refused"));
    end_pool(pool);
}

static int use_future(const void *argument, void *result)
{
    tri_future *future = *(tri_future *const *)argument;
    (void)result;
    return tri_future_wait(future, -1);
}

static void test_future_of_own_pool(void)
{
    tri_pool *pool = open_pool();
    _Atomic int *flag = new_flag();
    atomic_store(flag, is_serial());
    tri_future *future = submit_wait(pool, flag), *waiting;
    CHECK(tri_submit(pool, use_future, &future, sizeof future, 0, &waiting) == 0);
    if (test_options.workers > 1)
        CHECK(tri_future_result(waiting, NULL, -1) == TRI_EFAILED);
    atomic_store(flag, 1);
    CHECK(tri_future_result(waiting, NULL, -1) == TRI_EFAILED && says("code -4"));
    tri_future_free(future);
    tri_future_free(waiting);
    end_pool(pool);
}

static int use_inner_pool(const void *argument, void *result)
{
    int numbers[10], sum = 0, code;
    tri_pool *pool;
    tri_pool_options options = {.backend = *(const tri_backend *)argument};
    for (int i = 0; i < 10; i++)
        numbers[i] = i;
    if ((code = tri_pool_open(&pool, &options)) != 0 ||
        (code = tri_pool_map(pool, square, numbers, 4, numbers, 4, 10, 1)) != 0)
        return code;
    for (int i = 0; i < 10; i++)
        sum += numbers[i];
    *(int *)result = sum;
    tri_pool_free(pool);
    return 0;
}

static void test_nested(void)
{
    tri_backend backends[6];
    int sums[6];
    tri_pool *pool = open_pool();
    for (int i = 0; i < 6; i++)
        backends[i] = test_options.backend;
    CHECK(tri_pool_map(pool, use_inner_pool, backends, sizeof *backends, sums, 4, 6, 1) == 0);
    for (int i = 0; i < 6; i++)
        CHECK(sums[i] == 285);
    end_pool(pool);
}

static const struct test tests[] = {
    {"apply", test_apply, ON_LOCAL, 0, 0, 0},
    {"map", test_map, ON_LOCAL, 0, 0, 0},
    {"starmap and starmap_async", test_starmap, ON_LOCAL, 0, 0, 0},
    {"results in the place of arguments", test_in_place, ON_LOCAL, 2, 0, 0},
    {"arrays in shared memory are not copied", test_shared_memory, ON_LOCAL, 2, 0, 0},
    {"results of varying size", test_varying_results, ON_LOCAL, 2, 0, 0},
    {"arguments and results of 1 MiB", test_large, ON_LOCAL, 2, 0, 0},
    {"results are zeroed", test_results_are_zeroed, ON_LOCAL, 2, 0, 0},
    {"no tasks at all", test_nothing, ON_LOCAL, 0, 0, 0},
    {"tasks fail, the others do not", test_errors, ON_LOCAL, 0, 0, 0},
    {"5000 tasks fail", test_all_fail, ON_LOCAL, 2, 0, 0},
    {"failing tasks cost no worker", test_failing_rounds, ON_LOCAL, 2, 0, 0},
    {"bad arguments", test_bad_arguments, 0, 0, 0, 0},
    {"too many workers", test_too_many_workers, ON_PARALLEL, 1, 0, 0},
    {"apply_async waits", test_async, ON_LOCAL, 0, 0, 0},
    {"a result is not there in time", test_async_timeout, ON_PARALLEL, 0, 0, 0},
    {"map_async calls back once", test_callbacks, ON_LOCAL, 0, 0, 0},
    {"imap", test_imap, ON_LOCAL, 0, 0, 0},
    {"imap_unordered", test_imap_unordered, ON_LOCAL, 0, 0, 0},
    {"an input fails", test_failing_input, ON_LOCAL, 2, 0, 0},
    {"tasks of an iteration fail", test_failing_tasks, ON_LOCAL, 2, 0, 0},
    {"an iteration is so much ahead and no more", test_window, ON_LOCAL, 2, 0, 0},
    {"an iteration is given up", test_abandoned_iteration, ON_LOCAL, 2, 0, 0},
    {"a next result is not there in time", test_next_timeout, ON_PARALLEL, 2, 0, 0},
    {"close", test_close, ON_LOCAL, 0, 0, 0},
    {"terminate", test_terminate, ON_PARALLEL, 0, 0, 0},
    {"what is done of a terminated map", test_terminate_keeps_results, ON_PARALLEL, 0, 0, 0},
    {"a killed task is over when its future is done", test_killed_tasks_are_over, ON_FORK, 2, 0, 0},
    {"join waits so long", test_join_timeout, ON_PARALLEL, 2, 0, 0},
    {"a forgotten pool", test_forgotten, ON_LOCAL, 2, 0, 0},
    {"the initializer runs in each worker", test_initializer, ON_LOCAL, 0, 0, 0},
    {"the initializer fails", test_failing_initializer, ON_LOCAL, 2, 0, 0},
    {"the initializer crashes", test_crashing_initializer, ON_FORK, 2, 0, 0},
    {"all workers have one signal mask", test_masks, ON_PARALLEL, 2, 0, 0},
    {"workers are replaced after so many tasks", test_lifetime, ON_FORK, 0, 0, 0},
    {"workers are replaced in a closed pool", test_lifetime_and_close, ON_PARALLEL, 0, 0, 0},
    {"statistics", test_statistics, ON_LOCAL, 0, 0, 0},
    {"what tasks print", test_output, ON_LOCAL, 2, 0, 0},
    {"a task uses its own pool", test_own_pool, ON_LOCAL, 0, 0, 0},
    {"a task waits for a task of its pool", test_future_of_own_pool, ON_LOCAL, 0, 0, 0},
    {"a pool in a task", test_nested, ON_LOCAL, 0, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
