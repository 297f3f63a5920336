/* SPDX-License-Identifier: BSD-3-Clause */
#include "counter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool counter_fail(struct counter *counter, uint64_t order, enum trouble_kind kind,
                  const struct source *source)
{
    counter->trouble = (struct trouble){
        .order = order,
        .kind = kind,
        .source = (uint64_t)(source - counter->table->source),
    };
    return false;
}

/* " on host h2", or "" where there is only one. */
static void put_host(char *words, size_t size)
{
    char host[128] = "";
    *words = '\0';
    if (tri_host_count(NULL) > 1 && gethostname(host, sizeof host - 1) == 0)
        snprintf(words, size, " on host %s", host);
}

bool counter_fail_system(struct counter *counter, uint64_t order, const char *what)
{
    const char *error = strerror(errno);
    char host[140];
    put_host(host, sizeof host);
    counter_fail(counter, order, TROUBLE_WORDS, counter->table->source);
    snprintf(counter->trouble.text, sizeof counter->trouble.text, "%.160s: %.60s%s", what, error,
             host);
    return false;
}

bool counter_fail_text(struct counter *counter, uint64_t order, const struct source *source,
                       uint64_t from)
{
    static const enum trouble_kind kinds[] = {
        [CSV_LONG_CELL] = TROUBLE_LONG_CELL,
        [CSV_NOT_A_NUMBER] = TROUBLE_CELL,
        [CSV_OPEN_QUOTE] = TROUBLE_QUOTE,
        [CSV_WIDTH] = TROUBLE_WIDTH,
    };
    const struct csv_reader *reader = &counter->reader;
    struct trouble *trouble = &counter->trouble;
    counter_fail(counter, order, kinds[reader->trouble], source);
    trouble->from = from;
    trouble->lines = reader->lines;
    trouble->column = reader->trouble_column;
    if (reader->trouble_text != NULL)
        snprintf(trouble->text, sizeof trouble->text, "%.*s",
                 reader->trouble_length < 200 ? (int)reader->trouble_length : 200,
                 reader->trouble_text);
    return false;
}

bool counter_read(struct counter *counter, const struct source *source, uint64_t order, char *bytes,
                  size_t size, uint64_t offset)
{
    while (size > 0) {
        ssize_t got = pread(counter->fd, bytes, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return counter_fail_system(counter, order, table_at(counter->table, source->name));
        if (got == 0) {
            counter_fail(counter, order, TROUBLE_SHRANK, source);
            counter->trouble.byte = offset;
            put_host(counter->trouble.text, sizeof counter->trouble.text);
            return false;
        }
        bytes += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return true;
}

bool counter_write(struct counter *counter, uint64_t order, int fd, const char *words,
                   const void *bytes, size_t size, uint64_t offset)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t put = pwrite(fd, at, size, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return counter_fail_system(counter, order, words);
        at += put;
        offset += (uint64_t)put;
        size -= (size_t)put;
    }
    return true;
}

bool counter_open(struct counter *counter, const struct source *source, uint64_t order)
{
    const char *name = table_at(counter->table, source->name);
    if (counter->open == source)
        return true;
    if (counter->fd >= 0)
        close(counter->fd);
    counter->open = NULL;
    if (source->descriptor >= 0 && counter->table->controller == (int)getpid())
        counter->fd = fcntl(source->descriptor, F_DUPFD_CLOEXEC, 0);
    else /* a FIFO whose writer has left does not open otherwise */
        counter->fd =
            open(table_at(counter->table, source->path), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (counter->fd < 0 && source->descriptor >= 0) {
        counter_fail_system(counter, order, name);
        strcat(counter->trouble.text, ": use cat | or -b threads");
        return false;
    }
    if (counter->fd < 0)
        return counter_fail_system(counter, order, name);
    if (source->descriptor < 0 || counter->table->controller != (int)getpid())
        fcntl(counter->fd, F_SETFL, 0);
    counter->open = source;
    return true;
}

void counter_begin_text(struct counter *counter, const struct source *source)
{
    counter->reader = (struct csv_reader){
        .delimiter = source->delimiter,
        .skip_bad = counter->options->skip_bad,
        .bounds = &counter->bounds,
        .rows = &counter->rows,
    };
}
