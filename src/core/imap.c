/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Iterations: a window of chunks that are submitted, each a small map of its own, over arguments
 * that come one by one. A chunk leaves the window when the last of its results has been taken.
 */
#include "options.h"

#include <stdlib.h>
#include <string.h>

struct chunk {
    tri_future *future;
    uint64_t first; /* the number of its first task */
    size_t count, taken;
};

struct tri_results {
    tri_pool *pool;
    tri_task *task;
    tri_input *input;
    void *data;
    size_t argument_size, result_size;
    size_t chunk, ahead;
    bool in_order;

    char *arguments; /* of the chunk that is being filled */
    uint64_t begun;  /* tasks that have been submitted */
    uint64_t taken;  /* results */
    bool is_at_end;  /* there are no more arguments */
    int code;        /* of an input that failed; to be given behind the last result */
    char words[256];
    size_t first, count; /* of the window's ring */
    size_t room;
    struct chunk window[];
};

static struct chunk *at(tri_results *results, size_t i)
{
    return &results->window[(results->first + i) % results->room];
}

static void stop_input(tri_results *results, int code)
{
    results->is_at_end = true;
    results->code = code;
    strncpy(results->words, tri_error_message(), sizeof results->words - 1);
}

/* Returns how many arguments there are for the next chunk. */
static size_t take_arguments(tri_results *results)
{
    size_t count = 0;
    while (count < results->chunk && !results->is_at_end) {
        tri__error_forget_code();
        int code =
            results->input(results->data, results->arguments + count * results->argument_size);
        if (code == 0)
            results->is_at_end = true;
        else if (code > 0)
            count++;
        else if (code == tri__error_code())
            stop_input(results, code);
        else
            stop_input(results, tri_fail(code, "the input returned %d", code));
    }
    return count;
}

static void begin_chunk(tri_results *results)
{
    struct chunk chunk = {NULL, results->begun, take_arguments(results), 0};
    struct tri__job_call call = {.task = results->task,
                                 .arguments = results->arguments,
                                 .argument_size = results->argument_size,
                                 .result_size = results->result_size,
                                 .count = chunk.count,
                                 .chunk = chunk.count,
                                 .first = results->begun,
                                 .is_part = true};
    if (chunk.count == 0)
        return;
    int code = results->pool->functions->submit(results->pool, &call, &chunk.future);
    if (code != 0) {
        stop_input(results, code);
        return;
    }
    results->begun += chunk.count;
    *at(results, results->count++) = chunk;
}

static void fill_window(tri_results *results)
{
    while (
        !results->is_at_end && results->count < results->room &&
        (results->count == 0 || results->begun - results->taken + results->chunk <= results->ahead))
        begin_chunk(results);
}

static int begin(const char *name, tri_pool *pool, const tri_results *wanted,
                 const tri_imap_options *options, tri_results **results)
{
    static const tri_imap_options defaults;
    if (pool == NULL || wanted->task == NULL || wanted->input == NULL || results == NULL)
        return tri_fail(TRI_EINVAL, "%s: the pool, task, input or iteration is NULL", name);
    *results = NULL;
    int code = pool->functions->check(pool);
    if (code != 0)
        return code;
    options = options ? options : &defaults;
    size_t chunk = options->chunk ? options->chunk : 1;
    size_t ahead = options->ahead       ? options->ahead
                   : pool->runs_at_once ? chunk
                                        : 4 * chunk * (size_t)pool->workers;
    if (ahead < chunk)
        return tri_fail(TRI_EINVAL, "%s: %zu tasks ahead are less than a chunk of %zu", name, ahead,
                        chunk);
    size_t most = SIZE_MAX / 4;
    if (ahead > most / sizeof(struct chunk) ||
        (wanted->argument_size > 0 && chunk > most / wanted->argument_size))
        return tri_fail(TRI_EINVAL, "%s: a chunk of %zu tasks, or %zu tasks ahead, are too many",
                        name, chunk, ahead);
    size_t room = ahead / chunk;
    tri_results *new = malloc(sizeof *new + room * sizeof *new->window);
    char *arguments = malloc(chunk * wanted->argument_size + 1);
    if (new == NULL || arguments == NULL) {
        free(new);
        free(arguments);
        return tri_fail(TRI_ENOMEM, "%s: no memory for %zu tasks ahead", name, ahead);
    }
    *new = *wanted;
    new->pool = pool;
    new->chunk = chunk;
    new->ahead = ahead;
    new->room = room;
    new->arguments = arguments;
    fill_window(new);
    *results = new;
    return 0;
}

int tri_pool_imap(tri_pool *pool, tri_task *task, tri_input *input, void *data,
                  size_t argument_size, size_t result_size, const tri_imap_options *options,
                  tri_results **results)
{
    tri_results wanted = {.task = task,
                          .input = input,
                          .data = data,
                          .argument_size = argument_size,
                          .result_size = result_size,
                          .in_order = true};
    return begin("tri_pool_imap", pool, &wanted, options, results);
}

int tri_pool_imap_unordered(tri_pool *pool, tri_task *task, tri_input *input, void *data,
                            size_t argument_size, size_t result_size,
                            const tri_imap_options *options, tri_results **results)
{
    tri_results wanted = {.task = task,
                          .input = input,
                          .data = data,
                          .argument_size = argument_size,
                          .result_size = result_size};
    return begin("tri_pool_imap_unordered", pool, &wanted, options, results);
}

/* ---- Taking results -------------------------------------------------------------------- */

static bool is_done(const struct chunk *chunk)
{
    return chunk->future->functions->state(chunk->future) >= TRI__DONE;
}

/* A done chunk changes places with the first. */
static bool bring_done_forward(tri_results *results)
{
    if (at(results, 0)->taken > 0)
        return true;
    for (size_t i = 0; i < results->count; i++)
        if (is_done(at(results, i))) {
            struct chunk chunk = *at(results, i);
            *at(results, i) = *at(results, 0);
            *at(results, 0) = chunk;
            return true;
        }
    return false;
}

static int wait_for_any(tri_results *results, double timeout_s)
{
    double time = tri__time_after(timeout_s);
    for (;;) {
        uint32_t ticket = tri__done_ticket();
        if (bring_done_forward(results))
            return 0;
        int code = tri__done_wait(ticket, time);
        if (code == TRI_ETIMEOUT)
            return tri_fail(TRI_ETIMEOUT, "no task was done within %g s", timeout_s);
        if (code != 0)
            return code;
    }
}

/* Of the first chunk. */
static int take(tri_results *results, void *result, uint64_t *index)
{
    struct chunk *chunk = at(results, 0);
    tri_future *future = chunk->future;
    if (index)
        *index = chunk->first + chunk->taken;
    int code = future->functions->task_result(future, chunk->taken++, result);
    char words[512];
    strncpy(words, tri_error_message(), sizeof words - 1);
    words[sizeof words - 1] = '\0';
    results->taken++;
    if (chunk->taken == chunk->count) {
        results->first = (results->first + 1) % results->room;
        results->count--;
        future->functions->free(future);
    }
    if (!results->pool->runs_at_once)
        fill_window(results);
    return code ? tri_fail(code, "%s", words) : 1;
}

int tri_pool_next(tri_results *results, void *result, uint64_t *index, double timeout_s)
{
    if (results == NULL)
        return tri_fail(TRI_EINVAL, "tri_pool_next: the iteration is NULL");
    int code = results->pool->functions->check(results->pool);
    if (code != 0)
        return code;
    fill_window(results);
    if (results->count == 0) {
        code = results->code;
        results->code = 0;
        return code ? tri_fail(code, "%s", results->words) : 0;
    }
    if (results->in_order)
        code = tri_future_wait(at(results, 0)->future, timeout_s);
    else
        code = wait_for_any(results, timeout_s);
    return code ? code : take(results, result, index);
}

void tri_results_free(tri_results *results)
{
    if (results == NULL || results->pool->functions->check(results->pool) != 0)
        return;
    for (size_t i = 0; i < results->count; i++)
        tri_future_cancel(at(results, i)->future);
    for (size_t i = 0; i < results->count; i++) {
        tri_future_wait(at(results, i)->future, -1);
        tri_future_free(at(results, i)->future);
    }
    free(results->arguments);
    free(results);
}
