/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Futures: what users of concurrent.futures rely on, one at a time and many. tests/conformance.tsv
 * says which of CPython's tests each case mirrors.
 */
#include "tasks.h"

#include <pthread.h>

/* ---- States ----------------------------------------------------------------------------- */

static tri_future *submit_fail(tri_pool *pool)
{
    tri_future *future;
    int one = 1;
    CHECK(tri_submit(pool, fail_odd, &one, sizeof one, sizeof one, &future) == 0);
    return future;
}

/* One worker: the first is running, the second pending. */
static void test_states(void)
{
    tri_pool *pool = open_with((tri_pool_options){.workers = 1});
    _Atomic int *flag = new_flag();
    tri_future *running = submit_wait(pool, flag), *pending = submit_square(pool, 3);
    tri_future *cancelled = submit_square(pool, 4), *failed = submit_fail(pool);
    int result = -1;
    wait_until_running(running);
    CHECK(!tri_future_running(pending) && !tri_future_done(pending));
    CHECK(!tri_future_done(running) && !tri_future_cancelled(running));
    CHECK(tri_future_cancel(running) == TRI_ESTATE && says("running"));
    CHECK(tri_future_result(running, NULL, 0) == TRI_ETIMEOUT);
    CHECK(tri_future_result(pending, &result, 0) == TRI_ETIMEOUT && result == -1);
    CHECK(tri_future_task_result(pending, 0, &result) == TRI_ESTATE);
    CHECK(tri_future_cancel(cancelled) == 0 && tri_future_cancel(cancelled) == 0);
    CHECK(tri_future_cancelled(cancelled) && tri_future_done(cancelled));
    CHECK(!tri_future_running(cancelled));
    CHECK(tri_future_result(cancelled, &result, 0) == TRI_ECANCELLED && result == -1);
    atomic_store(flag, 1);
    CHECK(tri_future_result(pending, &result, -1) == 0 && result == 9);
    CHECK(tri_future_result(pending, &result, 0) == 0); /* any number of times */
    CHECK(tri_future_done(running) && !tri_future_running(running));
    CHECK(tri_future_cancel(running) == TRI_ESTATE && says("done"));
    CHECK(tri_future_result(failed, &result, -1) == TRI_EFAILED && says("1 is odd"));
    CHECK(tri_future_done(failed) && !tri_future_cancelled(failed));
    tri_future_free(running);
    tri_future_free(pending);
    tri_future_free(cancelled);
    tri_future_free(failed);
    end_pool(pool);
}

static void *raise_flag(void *flag)
{
    nap(0.03);
    atomic_store((_Atomic int *)flag, 1);
    return NULL;
}

static void test_result_wakes(void)
{
    tri_pool *pool = open_pool();
    _Atomic int *flag = new_flag();
    pthread_t thread;
    tri_future *future = submit_wait(pool, flag);
    CHECK(pthread_create(&thread, NULL, raise_flag, flag) == 0);
    CHECK(tri_future_result(future, NULL, -1) == 0);
    pthread_join(thread, NULL);
    tri_future_free(future);
    end_pool(pool);
}

static tri_future *cancelled_later;

static void *cancel_later(void *nothing)
{
    nap(0.03);
    CHECK(tri_future_cancel(cancelled_later) == 0);
    return nothing;
}

static void test_cancel_wakes(void)
{
    tri_pool *pool = open_with((tri_pool_options){.workers = 1});
    _Atomic int *flag = new_flag();
    pthread_t thread;
    tri_future *running = submit_wait(pool, flag);
    wait_until_running(running);
    cancelled_later = submit_square(pool, 1);
    CHECK(pthread_create(&thread, NULL, cancel_later, NULL) == 0);
    CHECK(tri_future_result(cancelled_later, NULL, -1) == TRI_ECANCELLED);
    pthread_join(thread, NULL);
    atomic_store(flag, 1);
    tri_future_free(cancelled_later);
    tri_future_free(running);
    end_pool(pool);
}

/* Four threads wait for and look at the same futures. */
enum { SHARED = 50 };
static tri_future *shared[SHARED];

static void *look_at_all(void *nothing)
{
    for (int i = 0; i < SHARED; i++) {
        int result;
        while (!tri_future_done(shared[i]))
            CHECK(!tri_future_cancelled(shared[i]));
        CHECK(!tri_future_running(shared[i]));
        CHECK(tri_future_result(shared[i], &result, 0) == 0 && result == i * i);
    }
    return nothing;
}

static void test_snapshot(void)
{
    tri_pool *pool = open_pool();
    pthread_t threads[4];
    for (int i = 0; i < SHARED; i++)
        shared[i] = submit_square(pool, i);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, look_at_all, NULL) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < SHARED; i++)
        tri_future_free(shared[i]);
    end_pool(pool);
}

static void test_freed_early(void)
{
    tri_pool *pool = open_pool();
    tri_pool_statistics stats;
    for (int i = 0; i < 200; i++)
        tri_future_free(submit_square(pool, i));
    CHECK(tri_pool_close(pool) == 0 && tri_pool_join(pool, -1) == 0);
    CHECK(tri_pool_stats(pool, &stats) == 0 && stats.tasks == 200);
    tri_pool_free(pool);
}

/* ---- Callbacks -------------------------------------------------------------------------- */

struct noted {
    _Atomic int count;
    int codes[8], order[8];
};

static struct noted noted;

static void note(tri_future *future, void *number)
{
    int i = atomic_load(&noted.count);
    noted.codes[i] = tri_future_result(future, NULL, 0);
    noted.order[i] = (int)(intptr_t)number;
    atomic_fetch_add(&noted.count, 1);
}

static void on_done(tri_future *future, int number)
{
    CHECK(tri_future_on_done(future, note, (void *)(intptr_t)number) == 0);
}

static void wait_for_notes(int count)
{
    while (atomic_load(&noted.count) < count)
        nap(0.001);
    CHECK(atomic_load(&noted.count) == count);
}

static void test_callbacks(void)
{
    tri_pool *pool = open_with((tri_pool_options){.workers = 1});
    _Atomic int *flag = new_flag();
    atomic_store(flag, is_serial());
    tri_future *first = submit_wait(pool, flag), *future = submit_square(pool, 5);
    tri_future *failing = submit_fail(pool), *cancelled = submit_square(pool, 6);
    on_done(future, 1);
    on_done(future, 2);
    wait_for_notes(is_serial() ? 2 : 0);
    if (!is_serial())
        CHECK(tri_future_cancel(cancelled) == 0);
    atomic_store(flag, 1);
    wait_for_notes(2);
    on_done(failing, 3);
    wait_for_notes(3);
    on_done(cancelled, 4);
    wait_for_notes(4);
    CHECK(noted.order[0] == 1 && noted.order[1] == 2 && noted.order[2] == 3);
    CHECK(noted.codes[0] == 0 && noted.codes[1] == 0 && noted.codes[2] == TRI_EFAILED);
    CHECK(noted.codes[3] == (is_serial() ? 0 : TRI_ECANCELLED) && noted.order[3] == 4);
    tri_future_free(first);
    tri_future_free(future);
    tri_future_free(failing);
    tri_future_free(cancelled);
    end_pool(pool);
}

/* When it is done already, at once. */
static void test_late_callbacks(void)
{
    tri_pool *pool = open_pool();
    tri_future *good = submit_square(pool, 5), *bad = submit_fail(pool);
    CHECK(tri_future_wait(good, -1) == 0 && tri_future_wait(bad, -1) == 0);
    on_done(good, 1);
    CHECK(atomic_load(&noted.count) == 1 && noted.codes[0] == 0);
    on_done(bad, 2);
    CHECK(atomic_load(&noted.count) == 2 && noted.codes[1] == TRI_EFAILED);
    CHECK(tri_future_on_done(good, NULL, NULL) == TRI_EINVAL);
    tri_future_free(good);
    tri_future_free(bad);
    end_pool(pool);
}

static void test_cancelled_callback(void)
{
    tri_pool *pool = open_with((tri_pool_options){.workers = 1});
    _Atomic int *flag = new_flag();
    tri_future *running = submit_wait(pool, flag), *pending = submit_square(pool, 6);
    wait_until_running(running);
    on_done(pending, 1);
    CHECK(tri_future_cancel(pending) == 0);
    wait_for_notes(1);
    CHECK(noted.codes[0] == TRI_ECANCELLED);
    on_done(pending, 2); /* the first may not have returned yet */
    wait_for_notes(2);
    atomic_store(flag, 1);
    tri_future_free(running);
    tri_future_free(pending);
    end_pool(pool);
}

static tri_pool *callback_pool;
static tri_future *callback_future;
static _Atomic int submit_code, wait_code;

static void submit_and_wait(tri_future *future, void *nothing)
{
    double seconds = 0.01;
    (void)future;
    atomic_store(&submit_code, tri_submit(callback_pool, sleep_for, &seconds, sizeof seconds, 0,
                                          &callback_future));
    atomic_store(&wait_code, tri_future_wait(callback_future, -1));
    note(future, nothing);
}

static void note_slowly(tri_future *future, void *number)
{
    nap(0.01);
    note(future, number);
}

/* Tasks are done faster than callbacks are called. */
static void test_join_waits_for_callbacks(void)
{
    tri_future *futures[8];
    tri_pool *pool = open_pool();
    double seconds = 0.003;
    for (int i = 0; i < 8; i++) {
        CHECK(tri_submit(pool, sleep_for, &seconds, sizeof seconds, 0, &futures[i]) == 0);
        CHECK(tri_future_on_done(futures[i], note_slowly, NULL) == 0);
    }
    CHECK(tri_pool_close(pool) == 0 && tri_pool_join(pool, -1) == 0);
    CHECK(atomic_load(&noted.count) == 8);
    for (int i = 0; i < 8; i++)
        tri_future_free(futures[i]);
    tri_pool_free(pool);
}

static int join_code;

static void join_own_pool(tri_future *future, void *pool)
{
    join_code = tri_pool_join(pool, -1);
    note(future, NULL);
}

/* Neither does a callback that would join its own pool wait for itself, nor does the join for one
 * whose future has been freed. */
static void test_callback_joins(void)
{
    tri_pool *pool = open_with((tri_pool_options){.workers = 1});
    _Atomic int *flag = new_flag();
    atomic_store(flag, is_serial());
    tri_future *future = submit_wait(pool, flag), *freed = submit_square(pool, 1);
    CHECK(tri_future_on_done(future, join_own_pool, pool) == 0);
    if (!is_serial())
        CHECK(tri_future_on_done(freed, note, NULL) == 0);
    tri_future_free(freed);
    CHECK(tri_pool_close(pool) == 0);
    atomic_store(flag, 1);
    CHECK(tri_pool_join(pool, -1) == 0 && atomic_load(&noted.count) == 1);
    CHECK(is_serial() || join_code == TRI_ESTATE);
    tri_future_free(future);
    tri_pool_free(pool);
}

/* A callback may submit, but not wait. */
static void test_callback_submits(void)
{
    callback_pool = open_pool();
    tri_future *future = submit_square(callback_pool, 1);
    CHECK(tri_future_on_done(future, submit_and_wait, NULL) == 0);
    wait_for_notes(1);
    CHECK(submit_code == 0 && wait_code == (is_serial() ? 0 : TRI_ESTATE));
    CHECK(tri_future_wait(callback_future, -1) == 0);
    tri_future_free(callback_future);
    tri_future_free(future);
    end_pool(callback_pool);
}

static tri_results *callback_results;
static int64_t wait_codes[4];

struct flag_source {
    _Atomic int *flag;
    bool is_given;
};

static int give_flag(void *data, void *argument)
{
    struct flag_source *source = data;
    *(_Atomic int **)argument = source->flag;
    return source->is_given ? 0 : (source->is_given = true);
}

static void wait_for_many(tri_future *future, void *nothing)
{
    tri_completed *completed;
    tri_future *next;
    wait_codes[0] = tri_wait(&callback_future, 1, TRI_ALL_COMPLETED, -1);
    wait_codes[1] = tri_wait(&callback_future, 1, TRI_FIRST_COMPLETED, 0);
    CHECK(tri_as_completed(&callback_future, 1, &completed) == 0);
    wait_codes[2] = tri_completed_next(completed, &next, -1);
    tri_completed_free(completed);
    wait_codes[3] = tri_pool_next(callback_results, NULL, NULL, -1);
    note(future, nothing);
}

/* Nor may it wait for any of many. */
static void test_callback_waits_for_many(void)
{
    tri_pool *pool = open_pool();
    struct flag_source source = {new_flag(), false};
    tri_future *future = submit_square(pool, 1);
    callback_future = submit_wait(pool, source.flag);
    CHECK(tri_pool_imap_unordered(pool, wait_for_flag, give_flag, &source, sizeof source.flag, 0,
                                  NULL, &callback_results) == 0);
    CHECK(tri_future_on_done(future, wait_for_many, NULL) == 0);
    wait_for_notes(1);
    atomic_store(source.flag, 1);
    CHECK(wait_codes[0] == TRI_ESTATE && wait_codes[1] == 0);
    CHECK(wait_codes[2] == TRI_ESTATE && wait_codes[3] == TRI_ESTATE);
    tri_results_free(callback_results);
    tri_future_free(callback_future);
    tri_future_free(future);
    end_pool(pool);
}

/* ---- Many ------------------------------------------------------------------------------- */

/* Futures 0 … 4, of which number 4 waits for the flag. */
struct many {
    tri_pool *pool;
    _Atomic int *flag;
    tri_future *futures[5];
};

static void begin_many(struct many *many, bool one_fails)
{
    many->pool = open_with((tri_pool_options){.workers = is_serial() ? 0 : 2});
    many->flag = new_flag();
    atomic_store(many->flag, is_serial());
    many->futures[4] = submit_wait(many->pool, many->flag);
    for (int i = 0; i < 4; i++)
        many->futures[i] =
            i == 2 && one_fails ? submit_fail(many->pool) : submit_square(many->pool, i);
}

static void end_many(struct many *many)
{
    atomic_store(many->flag, 1);
    for (int i = 0; i < 5; i++)
        tri_future_free(many->futures[i]);
    end_pool(many->pool);
}

static void test_first_completed(void)
{
    struct many many;
    begin_many(&many, false);
    CHECK(tri_wait(many.futures, 5, TRI_FIRST_COMPLETED, -1) >= 1);
    CHECK(tri_future_wait(many.futures[0], -1) == 0);
    CHECK(tri_wait(many.futures, 5, TRI_FIRST_COMPLETED, -1) >= 1); /* one is done already */
    CHECK(is_serial() || tri_wait(&many.futures[4], 1, TRI_FIRST_COMPLETED, 0) == 0);
    end_many(&many);
}

static void test_first_error(void)
{
    struct many many;
    begin_many(&many, true);
    CHECK(tri_wait(many.futures, 5, TRI_FIRST_ERROR, -1) >= 1);
    CHECK(tri_future_done(many.futures[2]) && (is_serial() || !tri_future_done(many.futures[4])));
    CHECK(tri_wait(many.futures, 5, TRI_FIRST_ERROR, -1) >= 1); /* one has failed already */
    CHECK(tri_wait(many.futures, 2, TRI_FIRST_ERROR, -1) == 2); /* none fails: all */
    end_many(&many);
}

static void test_all_completed(void)
{
    struct many many;
    pthread_t thread;
    begin_many(&many, true);
    CHECK(pthread_create(&thread, NULL, raise_flag, many.flag) == 0);
    CHECK(tri_wait(many.futures, 5, TRI_ALL_COMPLETED, -1) == 5);
    pthread_join(thread, NULL);
    end_many(&many);
}

static void test_wait_timeout(void)
{
    struct many many;
    begin_many(&many, false);
    int64_t expected = is_serial() ? 5 : 4;
    CHECK(tri_wait(many.futures, 4, TRI_ALL_COMPLETED, -1) == 4);
    double begin = now();
    CHECK(tri_wait(many.futures, 5, TRI_ALL_COMPLETED, 0.2) == expected);
    CHECK(is_serial() || now() - begin >= 0.2);
    for (int i = 0; i < 4; i++)
        CHECK(tri_future_done(many.futures[i]));
    end_many(&many);
}

static void test_wait_bad_arguments(void)
{
    struct many many;
    tri_completed *completed;
    tri_future *future;
    begin_many(&many, false);
    CHECK(tri_wait(NULL, 0, TRI_ALL_COMPLETED, 0) == 0);
    CHECK(tri_wait(NULL, 1, TRI_ALL_COMPLETED, 0) == TRI_EINVAL);
    CHECK(tri_wait(many.futures, 5, (tri_when)9, 0) == TRI_EINVAL);
    CHECK(tri_as_completed(NULL, 1, &completed) == TRI_EINVAL);
    CHECK(tri_as_completed(many.futures, 1, NULL) == TRI_EINVAL);
    CHECK(tri_as_completed(NULL, 0, &completed) == 0);
    CHECK(tri_completed_next(completed, &future, -1) == 0 && future == NULL);
    tri_completed_free(completed);
    CHECK(tri_completed_next(NULL, &future, 0) == TRI_EINVAL);
    end_many(&many);
}

static void test_wait_duplicates(void)
{
    struct many many;
    begin_many(&many, false);
    tri_future *twice[] = {many.futures[0], many.futures[1], many.futures[0]};
    CHECK(tri_wait(twice, 3, TRI_ALL_COMPLETED, -1) == 3);
    end_many(&many);
}

static void test_wait_race(void)
{
    enum { COUNT = 100 };
    tri_future *futures[COUNT];
    tri_pool *pool = open_pool();
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < COUNT; i++)
            futures[i] = submit_square(pool, i);
        for (int64_t done = 0; done < COUNT;)
            done = tri_wait(futures, COUNT, TRI_ALL_COMPLETED, -1);
        for (int i = 0; i < COUNT; i++)
            tri_future_free(futures[i]);
    }
    end_pool(pool);
}

static void test_two_pools(void)
{
    tri_pool *one = open_pool(), *other = open_pool();
    tri_future *futures[20], *future;
    tri_completed *completed;
    int count = 0;
    for (int i = 0; i < 20; i++)
        futures[i] = submit_square(i % 2 ? one : other, i);
    CHECK(tri_as_completed(futures, 20, &completed) == 0);
    for (; tri_completed_next(completed, &future, -1) == 1; count++)
        CHECK(tri_future_done(future));
    CHECK(count == 20 && tri_wait(futures, 20, TRI_ALL_COMPLETED, 0) == 20);
    tri_completed_free(completed);
    for (int i = 0; i < 20; i++)
        tri_future_free(futures[i]);
    end_pool(one);
    end_pool(other);
}

static void test_as_completed(void)
{
    struct many many;
    tri_completed *completed;
    tri_future *future;
    begin_many(&many, true);
    tri_future *twice[] = {many.futures[4], many.futures[0], many.futures[1],
                           many.futures[2], many.futures[3], many.futures[0]};
    CHECK(tri_as_completed(twice, 6, &completed) == 0);
    for (int i = 0; i < 5; i++) { /* each once, the one that waits last */
        if (i == 4) {
            CHECK(is_serial() || (tri_completed_next(completed, &future, 0.01) == TRI_ETIMEOUT &&
                                  says("1 of 5 futures")));
            atomic_store(many.flag, 1);
        }
        CHECK(tri_completed_next(completed, &future, -1) == 1 && tri_future_done(future));
        CHECK(is_serial() || (i == 4) == (future == many.futures[4]));
    }
    CHECK(tri_completed_next(completed, &future, -1) == 0);
    tri_completed_free(completed);
    end_many(&many);
}

/* ---- By force --------------------------------------------------------------------------- */

static void test_kill(void)
{
    tri_pool *pool = open_pool();
    _Atomic int *flag = new_flag();
    tri_future *running = submit_wait(pool, flag), *others[20];
    int result;
    wait_until_running(running);
    for (int i = 0; i < 20; i++)
        others[i] = submit_square(pool, i);
    if (is_fork()) {
        CHECK(tri_future_kill(running) == 0);
        CHECK(tri_future_result(running, NULL, -1) == TRI_ECANCELLED);
        CHECK(tri_future_cancelled(running));
    } else {
        CHECK(tri_future_kill(running) == TRI_ENOTSUP);
        atomic_store(flag, 1);
    }
    for (int i = 0; i < 20; i++) {
        CHECK(tri_future_result(others[i], &result, -1) == 0 && result == i * i);
        CHECK(tri_future_kill(others[i]) == TRI_ESTATE);
        tri_future_free(others[i]);
    }
    tri_future_free(running);
    end_pool(pool);
}

static void test_kill_pending(void)
{
    tri_pool *pool = open_with((tri_pool_options){.workers = 1});
    _Atomic int *flag = new_flag();
    tri_future *running = submit_wait(pool, flag), *pending = submit_square(pool, 3);
    wait_until_running(running);
    CHECK(tri_future_kill(pending) == 0 && tri_future_cancelled(pending));
    atomic_store(flag, 1);
    CHECK(tri_future_result(running, NULL, -1) == 0);
    tri_future_free(running);
    tri_future_free(pending);
    end_pool(pool);
}

/* A limit set while the task runs, which nothing else ends. */
static void test_limit(void)
{
    tri_pool *pool = open_pool();
    _Atomic int *flag = new_flag();
    for (int i = 0; i < 5; i++) {
        double begin = now();
        tri_future *future = submit_wait(pool, flag);
        CHECK(tri_future_limit(future, 0.03) == 0);
        CHECK(tri_future_result(future, NULL, -1) == TRI_ETIMEOUT && tri_future_done(future));
        CHECK(says("limit of 0.03 s") && now() - begin >= 0.03);
        tri_future_free(future);
    }
    int number = 7;
    CHECK(tri_pool_apply(pool, square, &number, sizeof number, &number, sizeof number) == 0);
    CHECK(number == 49);
    CHECK(tri_future_limit(NULL, 1) == TRI_EINVAL);
    atomic_store(flag, 1); /* threads that were left behind end now */
    end_pool(pool);
}

static int wait_and_fail(const void *argument, void *result)
{
    wait_for_flag(argument, result);
    return tri_fail(3, "too late");
}

/* A thread that was left behind fails at last. */
static void test_late_error(void)
{
    tri_pool *pool = open_pool();
    _Atomic int *flag = new_flag();
    tri_future *future;
    CHECK(tri_submit(pool, wait_and_fail, &flag, sizeof flag, 0, &future) == 0);
    CHECK(tri_future_limit(future, 0.03) == 0);
    CHECK(tri_future_result(future, NULL, -1) == TRI_ETIMEOUT);
    atomic_store(flag, 1);
    nap(0.1);
    CHECK(tri_future_result(future, NULL, -1) == TRI_ETIMEOUT && says("limit of 0.03 s"));
    tri_future_free(future);
    end_pool(pool);
}

struct counted {
    _Atomic int *flag, *runs;
};

static int wait_and_count(const void *argument, void *result)
{
    const struct counted *counted = argument;
    atomic_fetch_add(counted->runs, 1);
    return wait_for_flag(&counted->flag, result);
}

/* A thread that was left behind does no more of its chunk, whatever its limit is by then. The first
 * task may be too late to count itself. */
static void test_limit_taken_back(void)
{
    tri_pool *pool = open_pool();
    _Atomic int *flag = new_flag(), *up = new_flag(), *runs = new_flag();
    struct counted arguments[] = {{flag, runs}, {up, runs}};
    tri_future *future;
    atomic_store(up, 1);
    CHECK(tri_pool_map_async(pool, wait_and_count, arguments, sizeof *arguments, 0, 2, 2,
                             &future) == 0);
    CHECK(tri_future_limit(future, 0.03) == 0);
    CHECK(tri_future_result(future, NULL, -1) == TRI_ETIMEOUT);
    CHECK(tri_future_limit(future, 0) == 0);
    atomic_store(flag, 1);
    nap(0.1);
    CHECK(atomic_load(runs) <= 2);
    tri_future_free(future);
    end_pool(pool);
}

/* All of it: small blocks, which can be used again, and then as large ones as there are. Returns
 * how many. */
static int take_arena(void **blocks, int most)
{
    int count = 0;
    for (size_t size = 1 << 7; count < 40; size = (size_t)1 << (7 + count / 4))
        CHECK((blocks[count++] = tri_shared_alloc(size - 64)) != NULL);
    for (size_t size = (size_t)1 << 36; size >= 128; size /= 2)
        while (count < most && (blocks[count] = tri_shared_alloc(size - 64)) != NULL)
            count++;
    return count;
}

/* While there is no memory for another thread the one that takes too long stays. */
static void test_limit_without_memory(void)
{
    static void *blocks[10000];
    tri_pool *pool = open_pool();
    _Atomic int *flag = new_flag();
    tri_future *future = submit_wait(pool, flag);
    wait_until_running(future);
    int count = take_arena(blocks, 10000);
    CHECK(count < 10000 && tri_future_limit(future, 0.03) == 0);
    CHECK(tri_future_wait(future, 0.2) == TRI_ETIMEOUT);
    for (int i = 0; i < count; i++)
        tri_shared_free(blocks[i]);
    CHECK(tri_future_result(future, NULL, -1) == TRI_ETIMEOUT && says("limit of 0.03 s"));
    atomic_store(flag, 1);
    tri_future_free(future);
    end_pool(pool);
}

/* Nor is there any for words. */
static void test_error_without_memory(void)
{
    static void *blocks[10000];
    tri_pool *pool = open_with((tri_pool_options){.workers = 1});
    _Atomic int *flag = new_flag();
    tri_future *wait = submit_wait(pool, flag), *future = submit_fail(pool);
    int result = -1, count = take_arena(blocks, 10000);
    CHECK(count < 10000);
    atomic_store(flag, 1);
    CHECK(tri_future_result(future, &result, -1) == TRI_EFAILED && result == -1);
    CHECK(tri_future_task_result(future, 0, &result) == TRI_EFAILED);
    for (int i = 0; i < count; i++)
        tri_shared_free(blocks[i]);
    tri_future_free(wait);
    tri_future_free(future);
    end_pool(pool);
}

static int square_late(const void *argument, void *result)
{
    const struct waiting *waiting = argument;
    if (waiting->flag)
        nap(0.5);
    return square_or_wait(waiting, result);
}

/* Only the task that takes too long has an error. A worker is killed then, a thread goes on. */
static void test_pool_limit(void)
{
    for (size_t chunk = 0; chunk < 11; chunk += 5) {
        tri_pool *pool = open_with((tri_pool_options){.time_limit_s = 0.4});
        struct waiting tasks[10] = {{0}};
        int squares[10];
        _Atomic int *flag = new_flag();
        atomic_store(flag, is_serial());
        for (int i = 0; i < 10; i++)
            tasks[i].number = i;
        tasks[3].flag = flag;
        memset(squares, 1, sizeof squares);
        CHECK(tri_pool_map(pool, square_late, tasks, sizeof *tasks, squares, sizeof *squares, 10,
                           chunk) == TRI_ETIMEOUT);
        CHECK(says("task 3 of 10") && says("limit of 0.4 s"));
        for (int i = 0; i < 10; i++)
            CHECK(i == 3 || squares[i] == i * i);
        atomic_store(flag, 1);
        end_pool(pool);
    }
}

static const struct test tests[] = {
    {"states of a future", test_states, ON_PARALLEL, 1, 0, 0},
    {"a result wakes who waits", test_result_wakes, ON_PARALLEL, 0, 0, 0},
    {"cancelling wakes who waits", test_cancel_wakes, ON_PARALLEL, 1, 0, 0},
    {"four threads look at the same futures", test_snapshot, ON_LOCAL, 0, 0, 0},
    {"futures freed before they are done", test_freed_early, ON_LOCAL, 0, 0, 0},
    {"callbacks with result, error and cancelled", test_callbacks, ON_LOCAL, 1, 0, 0},
    {"callbacks of futures that are done", test_late_callbacks, ON_LOCAL, 2, 0, 0},
    {"a callback of a cancelled future", test_cancelled_callback, ON_PARALLEL, 1, 0, 0},
    {"a callback submits, and may not wait", test_callback_submits, ON_LOCAL, 2, 0, 0},
    {"join waits for callbacks", test_join_waits_for_callbacks, ON_LOCAL, 0, 0, 0},
    {"a callback joins its pool", test_callback_joins, ON_LOCAL, 1, 0, 0},
    {"a callback waits for any of many", test_callback_waits_for_many, ON_PARALLEL, 2, 0, 0},
    {"wait for the first", test_first_completed, ON_LOCAL, 2, 0, 0},
    {"wait for the first error", test_first_error, ON_LOCAL, 2, 0, 0},
    {"wait for all", test_all_completed, ON_LOCAL, 2, 0, 0},
    {"wait for so long", test_wait_timeout, ON_LOCAL, 2, 0, 0},
    {"wait, with bad arguments", test_wait_bad_arguments, ON_LOCAL, 2, 0, 0},
    {"wait for a future twice", test_wait_duplicates, ON_LOCAL, 2, 0, 0},
    {"wait for 100 futures that are just being done", test_wait_race, ON_LOCAL, 0, 0, 0},
    {"futures of two pools", test_two_pools, ON_LOCAL, 2, 0, 0},
    {"as completed", test_as_completed, ON_LOCAL, 2, 0, 0},
    {"a running future is killed", test_kill, ON_PARALLEL, 0, 0, 0},
    {"a pending future is killed", test_kill_pending, ON_PARALLEL, 1, 0, 0},
    {"a limit for a running future", test_limit, ON_PARALLEL, 0, 0, 0},
    {"a task fails after its limit", test_late_error, ON_PARALLEL, 2, 0, 0},
    {"a limit is taken back", test_limit_taken_back, ON_PARALLEL, 1, 0, 0},
    {"a limit, and no memory", test_limit_without_memory, ON_THREADS, 1, 0, 0},
    {"an error, and no memory", test_error_without_memory, ON_PARALLEL, 1, 0, 0},
    {"a limit for each task", test_pool_limit, ON_LOCAL, 0, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
