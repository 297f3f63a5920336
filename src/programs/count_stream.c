/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A pipe can be read by one process only: rank 0 reads and deals. Each round it fills its memory,
 * and gives each rank a piece that ends where a row does. A row for which a piece has no room rank
 * 0 counts itself, alone, as much of it as there is; so it may be in the middle of a row when the
 * next round begins, and then goes on with the first piece.
 */
#include "counter.h"
#include "values.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MEMORY = 1 << 23, PIECE_LEAST = 1 << 12 };

/* What a rank is told of its piece. */
struct part {
    uint64_t size, most; /* its own, and that of the largest */
    uint64_t is_last;    /* no round comes after this one */
};

struct stream {
    const struct source *source;
    size_t piece; /* the most that a rank gets */
    char *own;    /* this rank's */
    uint64_t lines, order;

    /* rank 0 only */
    char *memory, *deal; /* as it was read, and as it is dealt */
    size_t capacity;     /* of the memory: a piece for each rank, and the longest cell at least */
    size_t held;         /* in it */
    uint64_t taken;      /* from the stream, of its rows */
    char last;           /* byte that was taken */
    bool is_at_end;
    struct part *parts;
};

/* ---- Rank 0: reading --------------------------------------------------------------------- */

/* What there is, at most `room` bytes; 0 at the end. */
static ssize_t take(const struct counter *counter, const struct stream *stream, size_t room)
{
    const struct source *source = stream->source;
    char *to = stream->memory + stream->held;
    if (source->kind == SOURCE_NPY)
        room = smaller(room, source->npy.data_bytes - stream->taken);
    if (stream->taken >= source->ahead_size)
        return read(counter->fd, to, room);
    room = smaller(room, source->ahead_size - stream->taken);
    memcpy(to, (const char *)table_at(counter->table, source->ahead) + stream->taken, room);
    return (ssize_t)room;
}

/* An npy stream has neither less nor more than its header says. */
static bool check_end(struct counter *counter, const struct stream *stream)
{
    const struct npy *npy = &stream->source->npy;
    char byte;
    bool has_more = stream->source->ahead_size > npy->data_bytes ||
                    (stream->taken == npy->data_bytes && read(counter->fd, &byte, 1) == 1);
    if (!has_more && stream->taken == npy->data_bytes)
        return true;
    counter_fail(counter, stream->order, TROUBLE_WORDS, stream->source);
    snprintf(counter->trouble.text, sizeof counter->trouble.text,
             has_more ? "%.120s: byte %llu: there is more than the header says"
                      : "%.120s: byte %llu: it ends before all rows that the header promises",
             (const char *)table_at(counter->table, stream->source->name),
             (unsigned long long)(stream->source->data + stream->taken));
    return false;
}

/* Reads until the memory is full or the stream ends; then text ends with a newline. */
static bool fill(struct counter *counter, struct stream *stream)
{
    bool is_text = stream->source->kind == SOURCE_TEXT;
    while (!stream->is_at_end && stream->held < stream->capacity) {
        ssize_t got = take(counter, stream, stream->capacity - stream->held);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return counter_fail_system(counter, stream->order,
                                       table_at(counter->table, stream->source->name));
        stream->is_at_end = got == 0;
        stream->taken += (uint64_t)got;
        stream->held += (size_t)got;
        if (got > 0)
            stream->last = stream->memory[stream->held - 1];
        else if (is_text && stream->taken > 0 && stream->last != '\n')
            stream->memory[stream->held++] = '\n';
        else if (!is_text)
            return check_end(counter, stream);
    }
    return true;
}

/* ---- Rank 0: dealing --------------------------------------------------------------------- */

/* How much of the row that is under way is to come, for npy. */
static uint64_t rest_of_row(const struct counter *counter, const struct stream *stream)
{
    return (counter->table->columns - counter->rows.column) * npy_size(stream->source->npy.type);
}

/* The size of a piece that begins `at`: as many rows as it can hold, 0 if that is none. */
static size_t piece_at(const struct counter *counter, const struct stream *stream, size_t at)
{
    size_t size = smaller(stream->held - at, stream->piece);
    if (stream->source->kind == SOURCE_TEXT) {
        const char *newline = memrchr(stream->memory + at, '\n', size);
        return newline == NULL ? 0 : (size_t)(newline - stream->memory) + 1 - at;
    }
    uint64_t row = counter->table->columns * npy_size(stream->source->npy.type);
    uint64_t rest = at == 0 ? rest_of_row(counter, stream) : row;
    return size < rest ? 0 : (size_t)(rest + (size - rest) / row * row);
}

/* Cuts the memory into pieces, and lays them out for tri_team_scatter(). */
static void deal(const struct counter *counter, struct stream *stream)
{
    size_t at = 0, most = 0;
    bool is_cut = true;
    for (int rank = 0; rank < counter->size; rank++) {
        size_t size = is_cut ? piece_at(counter, stream, at) : 0;
        is_cut = size > 0; /* what comes after belongs after */
        stream->parts[rank].size = size;
        most = size > most ? size : most;
        at += size;
    }
    at = 0;
    for (int rank = 0; rank < counter->size; rank++) {
        struct part *part = &stream->parts[rank];
        memcpy(stream->deal + most * (size_t)rank, stream->memory + at, part->size);
        at += part->size;
    }
    stream->held -= at;
    memmove(stream->memory, stream->memory + at, stream->held);
    bool is_last = (stream->is_at_end && stream->held == 0) || counter->trouble.order != NO_TROUBLE;
    for (int rank = 0; rank < counter->size; rank++) {
        stream->parts[rank].most = most;
        stream->parts[rank].is_last = is_last;
    }
}

/* ---- Counting ---------------------------------------------------------------------------- */

/* Counts what is at `bytes`; returns how much of it that was. */
static size_t count_bytes(struct counter *counter, const struct stream *stream, const char *bytes,
                          size_t size)
{
    const struct source *source = stream->source;
    if (source->kind == SOURCE_TEXT)
        return csv_read(&counter->reader, bytes, size);
    size_t number = npy_size(source->npy.type);
    values_count(source->npy.type, source->npy.is_swapped, bytes, size / number, &counter->bounds,
                 &counter->rows);
    return size / number * number;
}

/* Rank 0, when the row at the beginning of the memory has no room in a piece. */
static void count_alone(struct counter *counter, struct stream *stream)
{
    size_t size = stream->held;
    if (stream->source->kind == SOURCE_TEXT) {
        const char *newline = memchr(stream->memory, '\n', size);
        size = newline == NULL ? size : (size_t)(newline - stream->memory) + 1;
    } else {
        size = smaller(size, rest_of_row(counter, stream));
    }
    size_t taken = count_bytes(counter, stream, stream->memory, size);
    stream->held -= taken;
    memmove(stream->memory, stream->memory + taken, stream->held);
}

/* Collective. One round; *is_last says whether it was the last. */
static int count_next(struct counter *counter, struct stream *stream, bool *is_last)
{
    struct part part;
    counter->reader.lines = 0;
    if (counter->rank == 0) {
        fill(counter, stream);
        deal(counter, stream);
    }
    int code = tri_team_scatter(counter->team, stream->parts, &part, sizeof part, 0);
    if (code == 0 && part.most > 0)
        code = tri_team_scatter(counter->team, stream->deal, stream->own, part.most, 0);
    if (code != 0)
        return code;
    if (part.size > 0)
        count_bytes(counter, stream, stream->own, part.size);
    else if (counter->rank == 0 && !part.is_last)
        count_alone(counter, stream);
    if (counter->reader.trouble != CSV_FINE && counter->trouble.order == NO_TROUBLE)
        counter_fail_text(counter, stream->order + (uint64_t)counter->rank, stream->source, 0);

    uint64_t lines = counter->reader.lines, before = 0, all;
    code = tri_team_exscan(counter->team, &lines, &before, 1, TRI_UINT64, TRI_SUM);
    if (code == 0)
        code = tri_team_allreduce(counter->team, &lines, &all, 1, TRI_UINT64, TRI_SUM);
    if (code != 0)
        return code;
    counter->trouble.lines += stream->lines + before;
    stream->lines += all;
    stream->order += (uint64_t)counter->size;
    *is_last = part.is_last;
    progress_update(&counter->progress, (double)(counter->done + stream->taken));
    return count_round(counter);
}

static bool allocate(struct counter *counter, struct stream *stream)
{
    size_t size = (size_t)counter->size, padding = 2 * CSV_PADDING + 1;
    stream->piece = smaller(counter->table->block, MEMORY / size);
    stream->piece = stream->piece < PIECE_LEAST ? PIECE_LEAST : stream->piece;
    stream->capacity = stream->piece * size;
    if (stream->capacity < CSV_CELL_MAX + 1 + PIECE)
        stream->capacity = CSV_CELL_MAX + 1 + PIECE;
    stream->own = calloc(1, stream->piece + padding);
    if (counter->rank == 0) {
        stream->memory = calloc(1, stream->capacity + padding);
        stream->deal = malloc(stream->piece * size + 1);
        stream->parts = calloc(size, sizeof *stream->parts);
    }
    if (stream->own == NULL ||
        (counter->rank == 0 && (!stream->memory || !stream->deal || !stream->parts)))
        return false;
    stream->own += CSV_PADDING;
    if (counter->rank == 0)
        stream->memory += CSV_PADDING;
    return true;
}

int count_stream(struct counter *counter, const struct source *source)
{
    struct stream stream = {.source = source};
    bool is_last = false;
    int code = 0;
    if (!allocate(counter, &stream))
        code = tri_fail(TRI_ENOMEM, "out of memory for the stream");
    else if (counter->rank == 0 && !counter_open(counter, source, 0))
        stream.is_at_end = true;
    counter_begin_text(counter, source);
    while (code == 0 && !is_last)
        code = count_next(counter, &stream, &is_last);
    counter->bad_rows += counter->reader.bad_rows;
    counter->bytes += stream.taken + (counter->rank == 0 ? source->data : 0);
    counter->done += stream.taken;
    free(stream.own == NULL ? NULL : stream.own - CSV_PADDING);
    free(stream.memory == NULL ? NULL : stream.memory - CSV_PADDING);
    free(stream.deal);
    free(stream.parts);
    return code;
}
