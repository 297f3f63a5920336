/* SPDX-License-Identifier: BSD-3-Clause */
#include "columns.h"

#include "csv_cell.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* ---- Items of the list ------------------------------------------------------------------- */

struct item {
    const char *text;
    size_t length;
    bool is_range;
    uint64_t first, last; /* of a range, from 1; UINT64_MAX where it is open */
};

/* Digits, up to 18 of them. */
static bool take_number(const char **at, const char *end, uint64_t *number)
{
    const char *start = *at;
    for (*number = 0; *at < end && isdigit((unsigned char)**at) && *at - start < 18; (*at)++)
        *number = *number * 10 + (uint64_t)(**at - '0');
    return *at > start;
}

/* Finds the item at *list and goes on to the next; false at the end. Commas in double quotes are
 * part of a name. */
static bool next_item(const char **list, struct item *item)
{
    const char *at = *list, *end = at;
    if (*at == '\0')
        return false;
    bool is_quoted = *at == '"' && strchr(at + 1, '"') != NULL;
    end = is_quoted ? strchr(at + 1, '"') + 1 : at;
    end += strcspn(end, ",");
    *list = *end == ',' ? end + 1 : end;
    *item = (struct item){at + is_quoted, (size_t)(end - at) - 2 * is_quoted, false, 0, 0};
    item->is_range = !is_quoted && take_number(&at, end, &item->first);
    item->last = item->first;
    if (item->is_range && at < end && *at == '-') {
        at++;
        if (at == end)
            item->last = UINT64_MAX;
        else
            item->is_range = take_number(&at, end, &item->last);
    }
    item->is_range &= at == end;
    return true;
}

int columns_have_names(const char *list)
{
    struct item item;
    while (next_item(&list, &item))
        if (!item.is_range)
            return 1;
    return 0;
}

/* ---- Selecting --------------------------------------------------------------------------- */

/* The column of that name, from 1; 0 if there is none. */
static uint64_t find_name(const struct names *names, const struct item *item)
{
    struct csv_cell cell;
    uint64_t column = 0;
    for (size_t at = 0; names->text != NULL && at < names->size; at += cell.end + 1) {
        if (!csv_cell_find(names->text + at, names->size - at, names->delimiter, &cell))
            break;
        if (names->delimiter == CSV_BLANKS && cell.length == 0 && !cell.is_quoted)
            continue;
        column++;
        if (cell.length == item->length && memcmp(cell.text, item->text, cell.length) == 0)
            return column;
    }
    return 0;
}

static int find_columns(struct item *item, uint64_t columns, const struct names *names, char *words,
                        size_t words_size)
{
    int length = item->length < 60 ? (int)item->length : 60;
    if (!item->is_range) {
        item->first = item->last = find_name(names, item);
        if (item->first == 0)
            snprintf(words, words_size,
                     names->text ? "no column is named '%.*s'"
                                 : "there is no header to find column '%.*s' in",
                     length, item->text);
        return item->first == 0 ? -1 : 0;
    }
    if (item->last == UINT64_MAX)
        item->last = columns;
    if (item->first >= 1 && item->first <= item->last && item->last <= columns)
        return 0;
    snprintf(words, words_size, "columns '%.*s' are not within the 1 to %llu that there are",
             length, item->text, (unsigned long long)columns);
    return -1;
}

int64_t columns_select(const char *list, uint64_t columns, const struct names *names,
                       uint64_t *selected, char *words, size_t words_size)
{
    struct item item;
    int64_t count = 0;
    size_t length = strlen(list);
    memset(selected, 0, (columns + 63) / 64 * sizeof *selected);
    if (length == 0 || list[length - 1] == ',') {
        snprintf(words, words_size, "the list of columns '%.60s' ends with none", list);
        return -1;
    }
    while (next_item(&list, &item)) {
        if (find_columns(&item, columns, names, words, words_size) != 0)
            return -1;
        for (uint64_t column = item.first - 1; column < item.last; column++, count++) {
            if (selected[column / 64] >> column % 64 & 1) {
                snprintf(words, words_size, "column %llu is in the list twice",
                         (unsigned long long)column + 1);
                return -1;
            }
            selected[column / 64] |= (uint64_t)1 << column % 64;
        }
    }
    return count;
}
