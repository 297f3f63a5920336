/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A job in one block of the arena: its notes, the chunks' states, the tallies, and where they are
 * not in shared memory already, copies of the arguments and room for the results. When these are
 * large they have a block of their own: the job's is needed for longer.
 */
#include "pool.h"

#include <stdlib.h>
#include <string.h>

/* Chunks that get smaller towards the end, so that all workers end at about the same time. Returns
 * how many there are; fills in where they start, and the end, if starts is not NULL. (C.
 * Polychronopoulos and D. Kuck, "Guided Self-Scheduling", 1987) */
static size_t guided_chunks(size_t count, size_t workers, size_t *starts)
{
    size_t chunks = 0;
    for (size_t task = 0; task < count; chunks++) {
        size_t size = (count - task) / (3 * workers);
        if (starts)
            starts[chunks] = task;
        task += size > 0 ? size : 1;
    }
    if (starts)
        starts[chunks] = count;
    return chunks;
}

/* Where the parts of a job lie, in bytes from its beginning. */
struct layout {
    size_t chunks, starts, states, tallies, notes /* all of these */;
    size_t arguments, results, data /* both of these, in bytes from the beginning of the data */;
    bool owns_arguments, owns_results, is_wide;
};

enum { LARGE = 64 * 1024 };

static size_t place(size_t *size, size_t part)
{
    size_t at = (*size + 63) & ~(size_t)63;
    *size = at + part;
    return at;
}

/* Results may take the place of arguments; but the latter have to last until all are done. */
static bool overlap(const struct tri__job_call *call)
{
    const char *arguments = call->arguments, *results = call->results;
    return arguments && results && arguments < results + call->count * call->result_size &&
           results < arguments + call->count * call->argument_size;
}

static struct layout lay_out(const struct local_pool *pool, const struct tri__job_call *call)
{
    size_t workers = (size_t)pool->pool.workers;
    struct layout lay = {.notes = sizeof(struct job)};
    bool waits = call->results != NULL && pool->workers == NULL;
    lay.owns_arguments = !waits && !tri__arena_has(call->arguments);
    lay.owns_results = overlap(call) || (!waits && !tri__arena_has(call->results));
    lay.is_wide = workers > NARROW_WORKERS;
    lay.chunks = call->chunk > 0 ? (call->count - 1) / call->chunk + 1
                                 : guided_chunks(call->count, workers, NULL);
    if (call->count == 0)
        lay.chunks = 0;
    if (call->chunk == 0)
        lay.starts = place(&lay.notes, (lay.chunks + 1) * sizeof(size_t));
    lay.states = place(&lay.notes, lay.chunks << lay.is_wide);
    if (lay.chunks > 1)
        lay.tallies = place(&lay.notes, workers * sizeof(struct tally));
    if (lay.owns_arguments)
        lay.arguments = place(&lay.data, call->count * call->argument_size);
    if (lay.owns_results)
        lay.results = place(&lay.data, call->count * call->result_size);
    return lay;
}

/* Behind the notes, or in a block of its own. */
static struct job *take_memory(const struct layout *lay, char **data, bool *is_zero)
{
    bool is_large = lay->data >= LARGE, has_zero_notes;
    size_t size = lay->notes, at = place(&size, is_large ? 0 : lay->data);
    char *large = is_large ? tri__arena_take(lay->data, is_zero) : NULL;
    struct job *job = is_large && large == NULL ? NULL : tri__arena_take(size, &has_zero_notes);
    if (job == NULL) {
        tri__arena_free(large);
        return NULL;
    }
    if (!has_zero_notes)
        memset(job, 0, lay->notes);
    if (!is_large)
        *is_zero = has_zero_notes;
    job->data = large;
    *data = is_large ? large : (char *)job + at;
    return job;
}

struct job *tri__job_new(struct local_pool *pool, const struct tri__job_call *call)
{
    struct layout lay = lay_out(pool, call);
    bool is_zero;
    char *data;
    struct job *job = take_memory(&lay, &data, &is_zero);
    char *memory = (char *)job;
    if (job == NULL)
        return NULL;
    job->future = (struct tri_future){&tri__local_future_functions, &pool->pool, call->count};
    job->task = call->task;
    job->argument_size = call->argument_size;
    job->result_size = call->result_size;
    job->is_single = call->is_single;
    job->is_part = call->is_part;
    job->first = call->first;
    job->is_wide = lay.is_wide;
    job->clears_results = !lay.owns_results || !is_zero;
    job->chunk_count = lay.chunks;
    job->chunk_size = call->chunk;
    job->arguments = lay.owns_arguments ? data + lay.arguments : call->arguments;
    job->results = lay.owns_results ? data + lay.results : call->results;
    job->states = memory + lay.states;
    job->tallies = lay.tallies ? (struct tally *)(memory + lay.tallies) : NULL;
    job->limit_s = pool->options.time_limit_s;
    if (lay.starts) {
        size_t *starts = (size_t *)(memory + lay.starts);
        guided_chunks(call->count, (size_t)pool->pool.workers, starts);
        job->chunk_starts = starts;
    }
    if (lay.owns_arguments && call->count * call->argument_size > 0)
        memcpy(data + lay.arguments, call->arguments, call->count * call->argument_size);
    return job;
}

void tri__job_free_data(struct job *job)
{
    tri__arena_free(job->data);
    job->data = NULL;
}

void tri__job_free(struct job *job)
{
    for (struct task_error *error = job->errors, *next; error; error = next) {
        next = error->next;
        tri__arena_free(error);
    }
    for (struct callback *callback = job->callbacks, *next; callback; callback = next) {
        next = callback->next;
        free(callback);
    }
    tri__arena_free(job->codes);
    tri__job_free_data(job);
    tri__arena_free(job);
}
