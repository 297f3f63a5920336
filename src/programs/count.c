/* SPDX-License-Identifier: BSD-3-Clause */
#include "count.h"

#include "counter.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Blocks that a rank reads in a round, when the counts are not written. */
enum { ROUND_BLOCKS = 64 };

/* ---- Trouble ----------------------------------------------------------------------------- */

/* Collective. The newlines of a file between two places. */
static int count_lines(struct counter *counter, const struct source *source, uint64_t from,
                       uint64_t to, uint64_t *lines)
{
    uint64_t own = 0;
    if (counter_open(counter, source, 0))
        for (uint64_t at = from + (uint64_t)counter->rank * PIECE; at < to;
             at += (uint64_t)counter->size * PIECE) {
            size_t size = to - at < PIECE ? (size_t)(to - at) : PIECE;
            if (!counter_read(counter, source, 0, counter->buffer, size, at))
                break;
            for (size_t i = 0; i < size; i++)
                own += counter->buffer[i] == '\n';
        }
    return tri_team_allreduce(counter->team, &own, lines, 1, TRI_UINT64, TRI_SUM);
}

/* The characters of a cell that can be shown. */
static void show_cell(char *shown, size_t size, const char *text)
{
    size_t length = 0, most = 40;
    for (; *text != '\0' && length < most && length + 4 < size; text++)
        shown[length++] = (unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text;
    strcpy(shown + length, *text == '\0' ? "" : "...");
}

static void put_words(const struct counter *counter, char *words, size_t size, uint64_t line)
{
    const struct trouble *trouble = &counter->trouble;
    const struct source *source = &counter->table->source[trouble->source];
    const char *name = table_at(counter->table, source->name);
    unsigned long long column = trouble->column + 1, number = line;
    char cell[64];
    show_cell(cell, sizeof cell, trouble->text);
    switch (trouble->kind) {
    case TROUBLE_NONE:
        break;
    case TROUBLE_CELL:
        snprintf(words, size, "%.200s: line %llu, column %llu: '%s' is not a number", name, number,
                 column, cell);
        break;
    case TROUBLE_QUOTE:
        snprintf(words, size, "%.200s: line %llu, column %llu: a quote is not closed", name, number,
                 column);
        break;
    case TROUBLE_WIDTH:
        snprintf(words, size, "%.200s: line %llu has %llu columns, not %llu", name, number,
                 column - 1, (unsigned long long)counter->table->columns);
        break;
    case TROUBLE_LONG_CELL:
        snprintf(words, size, "%.200s: line %llu, column %llu: a cell is longer than %d characters",
                 name, number, column, CSV_CELL_MAX);
        break;
    case TROUBLE_SHRANK:
        snprintf(words, size,
                 "%.200s: byte %llu is gone: it became shorter while it was read%.150s", name,
                 (unsigned long long)trouble->byte, trouble->text);
        break;
    case TROUBLE_WORDS:
        snprintf(words, size, "%s", trouble->text);
        break;
    }
}

/* Collective. Says in words what the trouble is that all ranks have. */
static int describe(struct counter *counter, char *words, size_t size)
{
    const struct trouble *trouble = &counter->trouble;
    const struct source *source = &counter->table->source[trouble->source];
    uint64_t lines = 0;
    int code = 0;
    if (source->kind == SOURCE_TEXT && !source->is_stream && trouble->from > source->data)
        code = count_lines(counter, source, source->data, trouble->from, &lines);
    put_words(counter, words, size, source->lines + lines + trouble->lines + 1);
    return code;
}

/* Collective. If any rank has trouble, the first one becomes that of all. */
static int share_trouble(struct counter *counter)
{
    struct trouble *trouble = &counter->trouble;
    uint64_t first, owner, candidate = (uint64_t)counter->rank;
    int code = tri_team_allreduce(counter->team, &trouble->order, &first, 1, TRI_UINT64, TRI_MIN);
    if (code != 0 || first == NO_TROUBLE)
        return code;
    if (trouble->order != first)
        candidate = UINT64_MAX;
    code = tri_team_allreduce(counter->team, &candidate, &owner, 1, TRI_UINT64, TRI_MIN);
    if (code == 0)
        code = tri_team_bcast(counter->team, trouble, sizeof *trouble, (int)owner);
    return code == 0 ? COUNT_TROUBLE : code;
}

int count_round(struct counter *counter)
{
    int code = share_trouble(counter);
    if (code == 0 && counter->counts != NULL)
        code = count_output_round(counter);
    return code;
}

/* ---- Blocks ------------------------------------------------------------------------------ */

/* Counts this rank's blocks of a round. */
static void count_own(struct counter *counter, const struct source *source, uint64_t first,
                      uint64_t end)
{
    uint64_t size = (uint64_t)counter->size;
    for (uint64_t block = first + (uint64_t)counter->rank; block < end; block += size) {
        while (block >= source->first_block + source->blocks)
            source++;
        if (counter->trouble.order != NO_TROUBLE || tri_team_check(counter->team) != 0 ||
            !count_block(counter, source, block - source->first_block, block))
            return;
        progress_update(&counter->progress, (double)counter->done * counter->size);
    }
}

/* Collective. Counts the blocks of the sources up to the next stream. */
static int count_group(struct counter *counter, const struct source *source, uint64_t blocks)
{
    uint64_t round = (uint64_t)counter->size * (counter->counts == NULL ? ROUND_BLOCKS : 1);
    int code = 0;
    for (uint64_t first = 0; code == 0 && first < blocks; first += round) {
        uint64_t end = blocks - first < round ? blocks : first + round;
        count_own(counter, source, first, end);
        code = count_round(counter);
    }
    return code;
}

static int count_sources(struct counter *counter)
{
    const struct table *table = counter->table;
    int code = 0;
    for (uint64_t i = 0; i < table->source_count && code == 0;) {
        const struct source *source = &table->source[i];
        uint64_t blocks = 0;
        for (; i < table->source_count && !table->source[i].is_stream; i++) {
            blocks += table->source[i].blocks;
            counter->bytes += counter->rank == 0 ? table->source[i].data : 0;
        }
        code = count_group(counter, source, blocks);
        if (code == 0 && i < table->source_count)
            code = count_stream(counter, &table->source[i++]);
    }
    return code;
}

/* ---- A rank ------------------------------------------------------------------------------ */

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The most rows that a round can have. A row of text takes two bytes at least. */
static size_t rows_of_round(const struct table *table)
{
    uint64_t most = table->block / 2 + 1;
    for (uint64_t i = 0; i < table->source_count; i++) {
        const struct source *source = &table->source[i];
        if (source->kind != SOURCE_TEXT)
            most = larger(most, table_block_of(table, source));
    }
    return (size_t)larger(most, 1 << 13); /* a stream's piece may be larger than a block */
}

static int begin(struct counter *counter)
{
    const struct count_options *options = counter->options;
    const struct table *table = counter->table;
    bool has_output = options->output != FILE_NONE;
    bounds_set(&counter->bounds, options->low, options->high);
    counter->rows = (struct rows){
        .columns = (uint32_t)table->columns,
        .selected_count = (uint32_t)table->selected_count,
        .selected = table_selected(table),
        .histogram = calloc(table->selected_count + 1, sizeof(uint64_t)),
    };
    counter->buffer = calloc(1, BUFFER);
    if (has_output)
        counter->counts = malloc(rows_of_round(table) * sizeof *counter->counts);
    counter->rows.counts = counter->counts;
    if (!counter->rows.histogram || !counter->buffer || (has_output && !counter->counts))
        return tri_fail(TRI_ENOMEM, "out of memory for counting");
    if (counter->rank == 0 && options->output == FILE_STDOUT)
        signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is an error of write() */
    count_output_open(counter);
    return 0;
}

static void end(struct counter *counter)
{
    free(counter->rows.histogram);
    free(counter->buffer);
    free(counter->counts);
    if (counter->fd >= 0)
        close(counter->fd);
}

/* A file system may tell of a full disk only now. */
static void close_output(struct counter *counter, int fd, const char *words)
{
    if (fd >= 0 && close(fd) != 0 && counter->trouble.order == NO_TROUBLE)
        counter_fail_system(counter, 0, words);
}

/* Collective. Adds up what the ranks have counted. */
static int add_up(struct counter *counter, struct count_answer *answer)
{
    uint64_t own[] = {counter->rows.rows, counter->rows.missing, counter->bad_rows, counter->bytes};
    uint64_t all[sizeof own / sizeof *own];
    int code =
        tri_team_reduce(counter->team, own, all, sizeof own / sizeof *own, TRI_UINT64, TRI_SUM, 0);
    if (code == 0)
        code = tri_team_reduce(counter->team, counter->rows.histogram, answer->histogram,
                               counter->table->selected_count + 1, TRI_UINT64, TRI_SUM, 0);
    answer->rows = all[0];
    answer->missing = all[1];
    answer->bad_rows = all[2];
    answer->bytes = all[3];
    return code;
}

/* How much there is to do, as `done` counts it; 0 if that is not known. */
static uint64_t work_of(const struct table *table)
{
    uint64_t work = 0;
    for (uint64_t i = 0; i < table->source_count; i++) {
        const struct source *source = &table->source[i];
        if (source->is_stream)
            return 0;
        work += source->kind == SOURCE_RANDOM ? source->rows * table->columns
                                              : source->size - source->data;
    }
    return work;
}

static void begin_progress(struct counter *counter)
{
    const struct table *table = counter->table;
    progress_begin(&counter->progress, "rowcount",
                   counter->rank == 0 ? counter->options->progress : PROGRESS_NEVER,
                   (double)work_of(table),
                   table->source[0].kind == SOURCE_RANDOM ? " values" : "B");
}

static int kernel(tri_team *team, const void *argument, void *result)
{
    const struct count_options *options = argument;
    struct count_answer *answer = result;
    struct counter counter = {
        .team = team,
        .rank = tri_team_rank(team),
        .size = tri_team_size(team),
        .options = options,
        .table = (const void *)(options + 1),
        .trouble.order = NO_TROUBLE,
        .fd = -1,
        .output_fd = -1,
        .write_fd = -1,
    };
    int code = begin(&counter);
    begin_progress(&counter);
    if (code == 0)
        code = count_sources(&counter);
    close_output(&counter, counter.output_fd, options->output_words);
    close_output(&counter, counter.write_fd, options->write_words);
    if (code == 0)
        code = share_trouble(&counter);
    if (code == 0)
        code = add_up(&counter, answer);
    else if (code == COUNT_TROUBLE)
        code = describe(&counter, answer->words, sizeof answer->words);
    progress_end(&counter.progress);
    end(&counter);
    return code;
}

struct count_answer *count_rows(const struct count_options *options, const struct table *table,
                                const tri_team_options *team)
{
    size_t size = sizeof *options + table->size;
    size_t answer_size =
        sizeof(struct count_answer) + (table->selected_count + 1) * sizeof(uint64_t);
    char *argument = malloc(size);
    struct count_answer *answer = calloc(1, answer_size);
    int code = TRI_ENOMEM;
    if (argument == NULL || answer == NULL) {
        tri_fail(code, "out of memory");
    } else {
        memcpy(argument, options, sizeof *options);
        memcpy(argument + sizeof *options, table, table->size);
        code = tri_team_run(kernel, argument, size, answer, answer_size, team);
    }
    free(argument);
    if (code == 0)
        return answer;
    free(answer);
    return NULL;
}
