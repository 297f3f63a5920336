/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The option --columns: a list of numbers, ranges and names.
 */
#ifndef COLUMNS_H
#define COLUMNS_H

#include <stddef.h>
#include <stdint.h>

/* The names of a table's columns: a line of its text. */
struct names {
    const char *text; /* NULL if there is none */
    size_t size;
    char delimiter;
};

/* Whether the list has anything in it that can only be a name. */
int columns_have_names(const char *list);

/* Sets the bits of the columns in the list. Returns how many there are, or -1 with what is wrong in
 * `words`. */
int64_t columns_select(const char *list, uint64_t columns, const struct names *names,
                       uint64_t *selected, char *words, size_t words_size);

#endif
