/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Writing each row's count, in the order of the rows. At the end of a round each rank has the
 * counts of one block, and the blocks follow each other as the ranks do: so a rank's place is
 * behind what the ranks before it have. Into a file each rank writes itself; to standard output
 * rank 0 writes for all.
 */
#include "counter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool open_one(struct counter *counter, enum file_kind kind, const char *path,
                     const char *words, int *fd)
{
    if (kind == FILE_CSV || kind == FILE_NPY)
        *fd = open(path, O_WRONLY | O_CLOEXEC);
    return *fd >= 0 || kind == FILE_NONE || kind == FILE_STDOUT ||
           counter_fail_system(counter, 0, words);
}

bool count_output_open(struct counter *counter)
{
    const struct count_options *options = counter->options;
    return open_one(counter, options->output, options->output_path, options->output_words,
                    &counter->output_fd) &&
           open_one(counter, options->write, options->write_path, options->write_words,
                    &counter->write_fd);
}

/* ---- Lines ------------------------------------------------------------------------------- */

static size_t digits_of(uint32_t number)
{
    size_t digits = 1;
    for (; number >= 10; number /= 10)
        digits++;
    return digits;
}

static size_t lines_size(const int32_t *counts, uint64_t rows)
{
    size_t size = 0;
    for (uint64_t i = 0; i < rows; i++)
        size += digits_of((uint32_t)counts[i]) + 1;
    return size;
}

/* Writes lines to `text` until there are `rows` or `room` may be too little. Returns how many rows
 * they are of, and adds up their size. */
static uint64_t put_lines(char *text, size_t room, const int32_t *counts, uint64_t rows,
                          size_t *size)
{
    uint64_t row = 0;
    for (*size = 0; row < rows && room - *size >= 12; row++) {
        uint32_t number = (uint32_t)counts[row];
        size_t digits = digits_of(number);
        for (size_t i = digits; i > 0; i--, number /= 10)
            text[*size + i - 1] = (char)('0' + number % 10);
        text[*size + digits] = '\n';
        *size += digits + 1;
    }
    return row;
}

/* ---- Files ------------------------------------------------------------------------------- */

static bool write_counts(struct counter *counter, uint64_t rows, uint64_t rows_before,
                         uint64_t bytes_before)
{
    const int32_t *counts = counter->counts;
    const char *words = counter->options->output_words;
    if (counter->options->output == FILE_NPY)
        return counter_write(counter, 0, counter->output_fd, words, counts, rows * sizeof *counts,
                             NPY_HEADER_WRITTEN + rows_before * sizeof *counts);
    while (rows > 0) {
        size_t size;
        uint64_t put = put_lines(counter->buffer, PIECE, counts, rows, &size);
        if (!counter_write(counter, 0, counter->output_fd, words, counter->buffer, size,
                           bytes_before))
            return false;
        bytes_before += size;
        counts += put;
        rows -= put;
    }
    return true;
}

/* ---- Standard output --------------------------------------------------------------------- */

static bool write_all(struct counter *counter, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t put = write(STDOUT_FILENO, bytes, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return counter_fail_system(counter, 0, "cannot write to standard output");
        bytes += put;
        size -= (size_t)put;
    }
    return true;
}

/* Collective. */
static int print_counts(struct counter *counter, uint64_t rows, uint64_t size)
{
    uint64_t most;
    int code = tri_team_allreduce(counter->team, &size, &most, 1, TRI_UINT64, TRI_MAX);
    if (code != 0 || most == 0)
        return code;
    size_t slot = most + 2 * sizeof size + 12;
    char *own = malloc(slot),
         *all = counter->rank == 0 ? malloc(slot * (size_t)counter->size) : own;
    if (own == NULL || all == NULL) {
        code = tri_fail(TRI_ENOMEM, "out of memory for the counts");
    } else {
        size_t put;
        memcpy(own, &size, sizeof size);
        put_lines(own + sizeof size, slot - sizeof size, counter->counts, rows, &put);
        code = tri_team_gather(counter->team, own, counter->rank == 0 ? all : NULL, slot, 0);
    }
    for (int rank = 0; code == 0 && counter->rank == 0 && rank < counter->size; rank++) {
        char *from = all + slot * (size_t)rank;
        memcpy(&size, from, sizeof size);
        if (!write_all(counter, from + sizeof size, size))
            break;
    }
    if (all != own)
        free(all);
    free(own);
    return code;
}

/* ---- Rounds ------------------------------------------------------------------------------ */

int count_output_round(struct counter *counter)
{
    uint64_t rows = (uint64_t)(counter->rows.counts - counter->counts);
    bool is_text = counter->options->output != FILE_NPY;
    uint64_t own[2] = {rows, is_text ? lines_size(counter->counts, rows) : 0};
    uint64_t before[2] = {0, 0}, all[2];
    counter->rows.counts = counter->counts;
    if (counter->options->output == FILE_STDOUT)
        return print_counts(counter, rows, own[1]);
    int code = tri_team_exscan(counter->team, own, before, 2, TRI_UINT64, TRI_SUM);
    if (code == 0)
        code = tri_team_allreduce(counter->team, own, all, 2, TRI_UINT64, TRI_SUM);
    if (code != 0)
        return code;
    write_counts(counter, rows, counter->output_rows + before[0],
                 counter->output_bytes + before[1]);
    counter->output_rows += all[0];
    counter->output_bytes += all[1];
    return 0;
}
