/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Finding out what a table is. Of each file the beginning is read, as much as its header or its
 * first row need. The first file with a row says how many columns there are and, for all of them,
 * which count; the others must agree.
 */
#include "table.h"

#include "cli.h"
#include "columns.h"
#include "csv_head.h"
#include "look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FIRST_ROW_MAX = 1 << 25,  /* bytes: the first row must end before */
    STREAM_ROW_MAX = 1 << 23, /* the same of a stream, of which all ranks get what was read */
    RANDOM_BLOCK = 1 << 16,   /* numbers */
};

/* ---- Putting the table together ---------------------------------------------------------- */

/* While it grows it may move, so that a `struct table *` is not kept. */
struct builder {
    const struct table_request *request;
    struct table *table;
    const char *first; /* the name of the file that said how many columns there are */
};

/* Appends `size` bytes at a multiple of 8. Returns their offset; 0 if memory is short. */
static uint64_t append(struct builder *builder, const void *bytes, size_t size)
{
    size_t offset = (builder->table->size + 7) & ~(size_t)7;
    struct table *larger = realloc(builder->table, offset + size + 8);
    if (larger == NULL)
        return 0;
    builder->table = larger;
    if (bytes != NULL)
        memcpy((char *)larger + offset, bytes, size);
    larger->size = offset + size;
    return offset;
}

static uint64_t append_text(struct builder *builder, const char *text)
{
    return append(builder, text, strlen(text) + 1);
}

static int no_memory(void)
{
    return cli_error(CLI_FAILED, "out of memory");
}

/* ---- What a file is ----------------------------------------------------------------------- */

/* The columns of a file, which must be those of the others. */
static int agree(struct builder *builder, const struct look *look, uint64_t columns,
                 const struct names *names)
{
    const struct table_request *request = builder->request;
    char words[200];
    if (builder->first != NULL && builder->table->columns != columns)
        return cli_error(CLI_FAILED, "%s has %llu columns, but %s has %llu", look->name,
                         (unsigned long long)columns, builder->first,
                         (unsigned long long)builder->table->columns);
    if (columns > COLUMNS_MAX)
        return cli_error(CLI_FAILED, "%s has %llu columns: more than %d are not supported",
                         look->name, (unsigned long long)columns, COLUMNS_MAX);
    bool is_first = builder->first == NULL;
    if (is_first) {
        builder->first = look->name;
        builder->table->columns = builder->table->selected_count = columns;
    }
    if (request->columns == NULL || (!is_first && !columns_have_names(request->columns)))
        return CLI_OK;

    size_t size = (columns + 63) / 64 * sizeof(uint64_t);
    uint64_t *selected = malloc(size);
    if (selected == NULL)
        return no_memory();
    int status = CLI_OK;
    int64_t count = columns_select(request->columns, columns, names, selected, words, sizeof words);
    if (count < 0) {
        status = look_complain(look, words);
    } else if (!is_first) {
        const uint64_t *others = table_selected(builder->table);
        if (others != NULL && memcmp(others, selected, size) != 0)
            status = cli_error(CLI_FAILED, "%s has its columns in another order than %s",
                               look->name, builder->first);
    } else if ((uint64_t)count < columns) {
        builder->table->selected_count = (uint64_t)count;
        uint64_t offset = append(builder, selected, size);
        builder->table->selected = offset;
        status = offset == 0 ? no_memory() : CLI_OK;
    }
    free(selected);
    return status;
}

static int take_npy(struct builder *builder, struct look *look, struct source *source)
{
    char words[NPY_WORDS];
    int status = look_further(look, NPY_HEADER_MAX);
    if (status != CLI_OK)
        return status;
    source->kind = SOURCE_NPY;
    if (npy_read_header(look->text, look->size, &source->npy, words) != 0 ||
        (!look->is_stream &&
         npy_check_size(&source->npy, look->file_size - look->start, words) != 0))
        return look_complain(look, words);
    source->rows = source->npy.rows;
    source->data = source->npy.data_offset;
    struct names none = {NULL, 0, 0};
    return agree(builder, look, source->npy.columns, &none);
}

/* Reads on until the first row is there, with its newline. */
static int find_head(const struct table_request *request, struct look *look, size_t mark,
                     struct csv_head *head)
{
    for (size_t size = LOOK_SIZE;; size *= 2) {
        int status = look_further(look, size);
        if (status != CLI_OK)
            return status;
        size_t end = look->size;
        if (look->is_whole && end > mark && look->text[end - 1] != '\n')
            look->text[end++] = '\n';
        while (end > mark && look->text[end - 1] != '\n')
            end--;
        csv_head_find(look->text + mark, end - mark, request->delimiter, head);
        if (look->is_whole || head->row < head->row_end)
            return CLI_OK;
        if (size >= (look->is_stream ? STREAM_ROW_MAX : FIRST_ROW_MAX))
            return look_complain(look, look->is_stream
                                           ? "its first row does not end within 8 MiB"
                                           : "its first row does not end within 32 MiB");
    }
}

static bool wants_names(const struct table_request *request)
{
    return request->columns != NULL && columns_have_names(request->columns);
}

/* Whether this row has the names that are asked for. */
static bool has_these_names(const struct table_request *request, const struct names *row,
                            uint64_t columns)
{
    char words[200];
    if (columns > COLUMNS_MAX)
        return false;
    uint64_t *selected = malloc((columns + 63) / 64 * sizeof *selected);
    bool has = selected != NULL &&
               columns_select(request->columns, columns, row, selected, words, sizeof words) > 0;
    free(selected);
    return has;
}

/* Whether lines end with CR alone, as they did on old Macintoshes: all would be one. */
static bool has_lone_cr(const char *text, size_t size)
{
    for (size_t i = 0; i + 1 < size; i++)
        if (text[i] == '\r' && text[i + 1] != '\n' && text[i + 1] != '\r')
            return true;
    return false;
}

static int take_text(struct builder *builder, struct look *look, struct source *source)
{
    const struct table_request *request = builder->request;
    size_t mark = look->size >= 3 && memcmp(look->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    struct csv_head head;
    int status = find_head(request, look, mark, &head);
    if (status != CLI_OK)
        return status;
    const char *text = look->text + mark;
    bool has_row = head.row < head.row_end;
    struct names row = {text + head.row, head.row_end - head.row, head.delimiter};
    struct names names = row;
    bool is_header = has_row && request->header == HEADER_YES;
    if (has_row && request->header == HEADER_AUTO && wants_names(request))
        is_header = head.names == head.names_end || has_these_names(request, &row, head.columns);
    if (!is_header && head.names < head.names_end)
        names = (struct names){text + head.names, head.names_end - head.names, head.delimiter};
    else if (!is_header)
        names.text = NULL;
    if (!request->skip_bad && has_lone_cr(row.text, row.size))
        return cli_error(CLI_FAILED, "%s: line %llu: CR alone does not end a line", look->name,
                         (unsigned long long)head.lines + 1);
    if (!request->skip_bad && head.open_column > 0)
        return cli_error(CLI_FAILED, "%s: line %llu, column %llu: a quote is not closed",
                         look->name, (unsigned long long)head.lines + 1,
                         (unsigned long long)head.open_column);
    if (has_row)
        status = agree(builder, look, head.columns, &names);
    if (status != CLI_OK)
        return status;
    if (has_row && request->header == HEADER_AUTO && !is_header)
        is_header = csv_head_is_header(text, &head, table_selected(builder->table));

    source->kind = SOURCE_TEXT;
    source->delimiter = head.delimiter;
    source->lines = head.lines + is_header;
    source->data = mark + (is_header ? head.row_end : head.row);
    if (source->data > look->size) /* beyond a newline that is not there */
        source->data = look->size;
    return CLI_OK;
}

/* ---- Sources ----------------------------------------------------------------------------- */

uint64_t table_block_of(const struct table *table, const struct source *source)
{
    if (source->kind == SOURCE_TEXT)
        return table->block;
    uint64_t row =
        source->kind == SOURCE_NPY ? table->columns * npy_size(source->npy.type) : table->columns;
    uint64_t block = source->kind == SOURCE_NPY ? table->block : RANDOM_BLOCK;
    return row < block ? block / row : 1;
}

static int place_source(struct builder *builder, struct look *look, struct source *source)
{
    char path[64];
    source->is_stream = look->is_stream;
    source->device = look->device;
    source->inode = look->inode;
    source->descriptor = look_stays_open(look) ? look->fd : -1;
    source->size = look->is_stream ? 0 : look->file_size;
    source->name = append_text(builder, look->name);
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), look->fd);
    source->path = look_stays_open(look) ? append_text(builder, path) : source->name;
    if (look->is_stream) {
        source->ahead_size = look->size - source->data;
        source->ahead = append(builder, look->text + source->data, source->ahead_size);
        return source->name && source->path && source->ahead ? CLI_OK : no_memory();
    }
    source->data += look->start;
    return source->name && source->path ? CLI_OK : no_memory();
}

/* Whether a stream is there already, by this or another name. */
static bool is_taken(const struct table *table, const struct look *look)
{
    for (uint64_t i = 0; i < table->source_count; i++) {
        const struct source *source = &table->source[i];
        if (source->is_stream && source->device == look->device && source->inode == look->inode)
            return true;
    }
    return false;
}

static int take_source(struct builder *builder, const char *name, struct source *source)
{
    struct look look;
    int status = look_open(&look, name, builder->request->streams_allowed);
    if (status == CLI_OK && look.is_stream && is_taken(builder->table, &look))
        status = look_complain(&look, "it can be read once only");
    else if (status == CLI_OK && npy_is(look.text, look.size))
        status = take_npy(builder, &look, source);
    else if (status == CLI_OK && (status = look_check_kind(&look)) == CLI_OK)
        status = take_text(builder, &look, source);
    if (status == CLI_OK)
        status = place_source(builder, &look, source);
    look_close(&look);
    return status;
}

static int take_random(struct builder *builder, struct source *source)
{
    const struct table_request *request = builder->request;
    const struct look nothing = {.name = "the random table"};
    const struct names none = {NULL, 0, 0};
    *source = (struct source){.kind = SOURCE_RANDOM, .rows = request->random_rows};
    source->name = append_text(builder, nothing.name);
    return agree(builder, &nothing, request->random_columns, &none);
}

static void cut_into_blocks(struct table *table)
{
    uint64_t before = 0;
    for (uint64_t i = 0; i < table->source_count; i++) {
        struct source *source = &table->source[i];
        uint64_t amount = source->rows;
        if (source->kind == SOURCE_TEXT)
            amount = source->size > source->data ? source->size - source->data : 0;
        uint64_t block = table_block_of(table, source);
        source->first_block = before;
        source->blocks = source->is_stream ? 0 : (amount + block - 1) / block;
        before = source->is_stream ? 0 : before + source->blocks;
    }
}

int table_open(const struct table_request *request, struct table **table)
{
    uint64_t count = request->random_rows > 0 ? 1 : (uint64_t)request->count;
    size_t size = sizeof **table + count * sizeof(struct source);
    struct builder builder = {.request = request, .table = calloc(1, size)};
    int status = builder.table == NULL ? no_memory() : CLI_OK;
    if (status == CLI_OK) {
        builder.table->size = size;
        builder.table->block = request->block;
        builder.table->controller = (int)getpid();
        builder.table->source_count = count;
    }
    for (uint64_t i = 0; i < count && status == CLI_OK; i++) {
        struct source source = {0};
        if (request->random_rows > 0)
            status = take_random(&builder, &source);
        else
            status = take_source(&builder, request->names[i], &source);
        builder.table->source[i] = source;
    }
    if (status == CLI_OK)
        cut_into_blocks(builder.table);
    else
        free(builder.table);
    *table = status == CLI_OK ? builder.table : NULL;
    return status;
}
