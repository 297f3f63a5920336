/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A block: a number of bytes of text, and the rows that begin in it; or a number of rows of a .npy
 * file; or of a random table, which is made here.
 *
 * A row of text may begin in one block and end in another. It is read whole by who has the block in
 * which it begins: so a block that is not the first one begins after its first newline, and goes on
 * to the first newline at or after its last byte. A row of any length goes by in pieces.
 */
#include "counter.h"
#include "digits.h"
#include "values.h"

#include <string.h>

/* ---- Text -------------------------------------------------------------------------------- */

/* A window on the file: `held` bytes before `position` are at `text`, which is at the beginning of
 * the buffer unless something before them has just been left out. */
struct window {
    char *text;
    size_t held;
    uint64_t position;
    uint64_t from;       /* where the first row begins that is this block's */
    bool is_before_rows; /* the newline before that has not been found */
};

/* The bytes of the window up to the end of the last row that begins before `end`, if it is there;
 * otherwise all, and *is_last is false. At the end of the file a newline is added if need be. */
static size_t rows_until(struct window *window, uint64_t end, uint64_t file_size, bool *is_last)
{
    uint64_t start = window->position - window->held;
    size_t before = end > start ? (size_t)(end - 1 - start) : 0;
    char *newline = NULL;
    if (before < window->held)
        newline = memchr(window->text + before, '\n', window->held - before);
    *is_last = newline != NULL || window->position == file_size;
    if (newline != NULL)
        return (size_t)(newline - window->text) + 1;
    if (*is_last && window->held > 0 && window->text[window->held - 1] != '\n')
        window->text[window->held++] = '\n';
    return window->held;
}

/* Leaves out what is before the first row. False when no row begins in the block. */
static bool find_first_row(struct window *window, uint64_t end)
{
    char *newline = memchr(window->text, '\n', window->held);
    size_t skipped = newline == NULL ? window->held : (size_t)(newline - window->text) + 1;
    window->held -= skipped;
    window->text += skipped;
    window->is_before_rows = newline == NULL;
    window->from = window->position - window->held;
    return window->from < end;
}

static bool count_text(struct counter *counter, const struct source *source, uint64_t block,
                       uint64_t order)
{
    uint64_t start = source->data + block * counter->table->block;
    uint64_t end = smaller(start + counter->table->block, source->size);
    struct window window = {
        .text = counter->buffer + CSV_PADDING,
        .position = block > 0 ? start - 1 : start,
        .from = start,
        .is_before_rows = block > 0,
    };
    size_t beyond = 4096;
    counter_begin_text(counter, source);
    for (bool is_last = false; !is_last;) {
        /* to the end of the block, and then, as rows are short, a little further each time */
        uint64_t most = window.position < end ? end - window.position : beyond;
        if (window.position >= end)
            beyond = beyond < PIECE ? 2 * beyond : PIECE;
        size_t size = smaller(smaller(most, PIECE), source->size - window.position);
        char *text = counter->buffer + CSV_PADDING;
        memmove(text, window.text, window.held);
        window.text = text;
        if (!counter_read(counter, source, order, text + window.held, size, window.position))
            return false;
        window.position += size;
        window.held += size;
        if (window.is_before_rows && !find_first_row(&window, end))
            break;
        size_t rows = rows_until(&window, end, source->size, &is_last);
        size_t taken = csv_read(&counter->reader, window.text, rows);
        if (counter->reader.trouble != CSV_FINE)
            return counter_fail_text(counter, order, source, window.from);
        window.held -= taken;
        window.text += taken;
    }
    counter->bad_rows += counter->reader.bad_rows;
    counter->bytes += end - start;
    counter->done += end - start;
    return true;
}

/* ---- Npy --------------------------------------------------------------------------------- */

static bool count_npy(struct counter *counter, const struct source *source, uint64_t block,
                      uint64_t order)
{
    size_t number = npy_size(source->npy.type);
    uint64_t row = counter->table->columns * number, rows = table_block_of(counter->table, source);
    uint64_t position = source->data + block * rows * row;
    uint64_t end = source->data + smaller((block + 1) * rows, source->rows) * row;
    while (position < end) {
        size_t size = smaller(PIECE, end - position);
        if (!counter_read(counter, source, order, counter->buffer, size, position))
            return false;
        values_count(source->npy.type, source->npy.is_swapped, counter->buffer, size / number,
                     &counter->bounds, &counter->rows);
        position += size;
        counter->bytes += size;
        counter->done += size;
    }
    return true;
}

/* ---- Random tables ----------------------------------------------------------------------- */

/* Writes digits of the table, of which `first` is the number of the first one. */
static bool write_digits(struct counter *counter, uint64_t order, const uint8_t *digits,
                         size_t count, uint64_t first)
{
    const char *words = counter->options->write_words;
    char *text = counter->buffer;
    uint64_t column = first % counter->table->columns;
    if (counter->options->write == FILE_NPY) {
        int64_t *numbers = (int64_t *)(void *)counter->buffer;
        for (size_t i = 0; i < count; i++)
            numbers[i] = digits[i];
        return counter_write(counter, order, counter->write_fd, words, numbers,
                             count * sizeof *numbers, NPY_HEADER_WRITTEN + first * sizeof *numbers);
    }
    for (size_t i = 0; i < count; i++) {
        *text++ = (char)('0' + digits[i]);
        *text++ = ++column == counter->table->columns ? '\n' : ',';
        column = column == counter->table->columns ? 0 : column;
    }
    return counter_write(counter, order, counter->write_fd, words, counter->buffer, 2 * count,
                         2 * first);
}

static bool count_random(struct counter *counter, const struct source *source, uint64_t block,
                         uint64_t order)
{
    uint64_t rows = table_block_of(counter->table, source), columns = counter->table->columns;
    uint64_t next = block * rows * columns;
    uint64_t end = smaller((block + 1) * rows, source->rows) * columns;
    uint8_t digits[8192];
    struct digits stream;
    digits_begin(&stream, counter->options->seed, block);
    for (; next < end; next += sizeof digits) {
        size_t count = smaller(sizeof digits, end - next);
        digits_take(&stream, digits, count);
        values_count(NPY_U1, false, digits, count, &counter->bounds, &counter->rows);
        counter->done += count;
        if (counter->options->write != FILE_NONE &&
            !write_digits(counter, order, digits, count, next))
            return false;
    }
    return true;
}

bool count_block(struct counter *counter, const struct source *source, uint64_t block,
                 uint64_t order)
{
    if (source->kind == SOURCE_RANDOM)
        return count_random(counter, source, block, order);
    if (!counter_open(counter, source, order))
        return false;
    return (source->kind == SOURCE_TEXT ? count_text : count_npy)(counter, source, block, order);
}
