/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reading and writing the header of a .npy file. A header is
 *
 *     \x93NUMPY, the version in two bytes, the length of what follows in two (version 1) or four
 *     (2 and 3) bytes, least first, and
 *     {'descr': '<i8', 'fortran_order': False, 'shape': (200000, 5), }
 *
 * a dictionary as Python writes it, with spaces and a newline after it so that the numbers begin
 * at a multiple of 64. Some other programs have the keys in another order, double quotes, no last
 * comma, and Python 2 writes 5L for 5: all that is read. No more of Python is: a string has no
 * escapes, a number no sign.
 *
 * The file may be anyone's. A reader looks at a byte through peek() only, which knows the end, and
 * each function that fails has said why in `words`, once, as all return at the first -1.
 */
#include "npy.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char MAGIC[] = "\x93NUMPY";
enum { MAGIC_SIZE = sizeof MAGIC - 1, LENGTH_MAX = 65535, QUOTED_MAX = 32 };

static const struct {
    const char *name;
    unsigned size;
} types[NPY_TYPES] = {
    [NPY_I1] = {"i1", 1}, [NPY_I2] = {"i2", 2}, [NPY_I4] = {"i4", 4}, [NPY_I8] = {"i8", 8},
    [NPY_U1] = {"u1", 1}, [NPY_U2] = {"u2", 2}, [NPY_U4] = {"u4", 4}, [NPY_U8] = {"u8", 8},
    [NPY_F4] = {"f4", 4}, [NPY_F8] = {"f8", 8}, [NPY_B1] = {"b1", 1},
};
#define TYPES "i1 i2 i4 i8 u1 u2 u4 u8 f4 f8 b1"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static const char OUR_ORDER = '<';
#else
static const char OUR_ORDER = '>';
#endif

struct reader {
    const unsigned char *bytes;
    size_t at, end;
    char *words;
};

/* A string between quotes, where it is in the file. */
struct string {
    const char *text;
    size_t at, length;
};

struct shape {
    size_t at;
    int dimensions;
    uint64_t of[2];
};

enum key { DESCR, FORTRAN_ORDER, SHAPE, KEYS };
static const char *const keys[KEYS] = {"descr", "fortran_order", "shape"};

struct dictionary {
    size_t at[KEYS]; /* of the values, 0 where there is none */
    struct string descr;
    bool fortran_order;
    struct shape shape;
};

__attribute__((format(printf, 3, 4))) static int refuse(const struct reader *reader, size_t at,
                                                        const char *format, ...)
{
    int used = snprintf(reader->words, NPY_WORDS, "byte %zu: ", at);
    va_list list;
    va_start(list, format);
    vsnprintf(reader->words + used, NPY_WORDS - (size_t)used, format, list);
    va_end(list);
    return -1;
}

/* ---- Characters ------------------------------------------------------------------------ */

/* The next character, or -1 at the end. */
static int peek(const struct reader *reader)
{
    return reader->at < reader->end ? reader->bytes[reader->at] : -1;
}

/* The same after any space. */
static int next(struct reader *reader)
{
    while (peek(reader) > 0 && strchr(" \t\n\r\f", peek(reader)) != NULL)
        reader->at++;
    return peek(reader);
}

/* Takes the character if it is next, after any space. */
static bool accept(struct reader *reader, char character)
{
    bool is_next = next(reader) == character;
    reader->at += is_next;
    return is_next;
}

static int expect(struct reader *reader, char character, const char *after)
{
    if (accept(reader, character))
        return 0;
    return refuse(reader, reader->at, "the header should have a '%c' %s", character, after);
}

static bool accept_word(struct reader *reader, const char *word)
{
    size_t length = strlen(word);
    if (reader->end - reader->at < length || memcmp(reader->bytes + reader->at, word, length) != 0)
        return false;
    reader->at += length;
    return true;
}

static bool is_digit(int character)
{
    return '0' <= character && character <= '9';
}

static bool is(const struct string *string, const char *word)
{
    return string->length == strlen(word) && memcmp(string->text, word, string->length) == 0;
}

/* A string of the file, cut and made printable: what is shown may come from anyone. */
static const char *shown(const struct string *string, char quoted[QUOTED_MAX])
{
    size_t length = string->length < QUOTED_MAX - 1 ? string->length : QUOTED_MAX - 1;
    for (size_t i = 0; i < length; i++)
        quoted[i] = string->text[i] < ' ' || string->text[i] > '~' ? '?' : string->text[i];
    quoted[length] = '\0';
    return quoted;
}

/* ---- Python's values ------------------------------------------------------------------- */

static int read_string(struct reader *reader, struct string *string)
{
    int quote = peek(reader);
    if (quote != '\'' && quote != '"')
        return refuse(reader, reader->at, "the header should have a string here");
    size_t first = ++reader->at;
    while (peek(reader) != quote) {
        if (peek(reader) < 0 || peek(reader) == '\n')
            return refuse(reader, first - 1, "a string of the header does not end");
        reader->at++;
    }
    *string = (struct string){(const char *)reader->bytes + first, first - 1, reader->at - first};
    reader->at++;
    return 0;
}

static int read_number(struct reader *reader, uint64_t *number)
{
    size_t first = reader->at;
    *number = 0;
    for (; is_digit(peek(reader)); reader->at++) {
        uint64_t digit = (uint64_t)(peek(reader) - '0');
        if (*number > (UINT64_MAX - digit) / 10)
            return refuse(reader, first, "a dimension is too large");
        *number = *number * 10 + digit;
    }
    if (reader->at == first)
        return refuse(reader, first, "a dimension is no whole number");
    if (reader->at > first + 1 && reader->bytes[first] == '0')
        return refuse(reader, first, "a dimension begins with 0");
    accept_word(reader, "L");
    return 0;
}

static int read_shape(struct reader *reader, struct shape *shape)
{
    shape->at = reader->at;
    if (expect(reader, '(', "before the shape") != 0)
        return -1;
    while (next(reader) != ')') {
        if (shape->dimensions == 2)
            return refuse(reader, shape->at, "an array of more than two dimensions is no table");
        if (read_number(reader, &shape->of[shape->dimensions++]) != 0)
            return -1;
        if (accept(reader, ','))
            continue;
        if (shape->dimensions == 1)
            return expect(reader, ',', "after the first dimension");
        break;
    }
    if (expect(reader, ')', "after the shape") != 0)
        return -1;
    if (shape->dimensions == 0)
        return refuse(reader, shape->at, "an array of no dimensions is no table");
    return 0;
}

static int read_truth(struct reader *reader, bool *truth)
{
    *truth = accept_word(reader, "True");
    if (*truth || accept_word(reader, "False"))
        return 0;
    return refuse(reader, reader->at, "fortran_order is neither True nor False");
}

static int read_descr(struct reader *reader, struct string *descr)
{
    if (peek(reader) == '[' || peek(reader) == '(' || peek(reader) == '{')
        return refuse(reader, reader->at, "a structured dtype is not one of " TYPES);
    return read_string(reader, descr);
}

/* ---- The dictionary -------------------------------------------------------------------- */

static int read_entry(struct reader *reader, struct dictionary *dictionary)
{
    struct string name;
    char quoted[QUOTED_MAX];
    if (read_string(reader, &name) != 0)
        return -1;
    int key = 0;
    while (key < KEYS && !is(&name, keys[key]))
        key++;
    if (key == KEYS)
        return refuse(reader, name.at, "key '%s' is not one of descr fortran_order shape",
                      shown(&name, quoted));
    if (dictionary->at[key] != 0)
        return refuse(reader, name.at, "the header has '%s' twice", keys[key]);
    if (expect(reader, ':', "after a key") != 0)
        return -1;

    next(reader);
    dictionary->at[key] = reader->at;
    switch (key) {
    case DESCR:
        return read_descr(reader, &dictionary->descr);
    case FORTRAN_ORDER:
        return read_truth(reader, &dictionary->fortran_order);
    default:
        return read_shape(reader, &dictionary->shape);
    }
}

static int read_dictionary(struct reader *reader, struct dictionary *dictionary)
{
    size_t first = reader->at;
    if (expect(reader, '{', "first") != 0)
        return -1;
    while (!accept(reader, '}')) {
        if (read_entry(reader, dictionary) != 0)
            return -1;
        if (accept(reader, ','))
            continue;
        if (expect(reader, '}', "last") != 0)
            return -1;
        break;
    }
    if (next(reader) >= 0)
        return refuse(reader, reader->at, "the header goes on after its '}'");
    for (int key = 0; key < KEYS; key++)
        if (dictionary->at[key] == 0)
            return refuse(reader, first, "the header has no '%s'", keys[key]);
    return 0;
}

/* ---- What it means --------------------------------------------------------------------- */

static int find_type(const struct reader *reader, const struct string *descr, struct npy *npy)
{
    struct string name = *descr;
    char order = OUR_ORDER, quoted[QUOTED_MAX];
    if (name.length > 0 && memchr("<>=|", *name.text, 4) != NULL) {
        order = *name.text++;
        name.length--;
    }
    int type = 0;
    while (type < NPY_TYPES && !is(&name, types[type].name))
        type++;
    if (type == NPY_TYPES)
        return refuse(reader, descr->at, "dtype '%s' is not one of " TYPES, shown(descr, quoted));
    npy->type = (enum npy_type)type;
    npy->is_swapped = types[type].size > 1 && order != OUR_ORDER && (order == '<' || order == '>');
    return 0;
}

static int find_size(const struct reader *reader, const struct dictionary *dictionary,
                     struct npy *npy)
{
    const struct shape *shape = &dictionary->shape;
    uint64_t size = types[npy->type].size, most = (INT64_MAX - npy->data_offset) / size;
    npy->rows = shape->of[0];
    npy->columns = shape->dimensions == 1 ? 1 : shape->of[1];
    if (npy->columns == 0)
        return refuse(reader, shape->at, "the table has no columns");
    if (npy->rows > most / npy->columns)
        return refuse(reader, shape->at, "a table of %" PRIu64 " x %" PRIu64 " is too large",
                      npy->rows, npy->columns);
    if (dictionary->fortran_order && npy->rows > 1 && npy->columns > 1)
        return refuse(reader, dictionary->at[FORTRAN_ORDER],
                      "the table is in Fortran order: save numpy.ascontiguousarray() of it");
    npy->data_bytes = npy->rows * npy->columns * size;
    return 0;
}

/* Reads what comes before the dictionary and sets the reader's end to that of the header. */
static int read_preamble(struct reader *reader)
{
    size_t size = reader->end;
    const unsigned char *bytes = reader->bytes;
    if (memcmp(bytes, MAGIC, size < MAGIC_SIZE ? size : MAGIC_SIZE) != 0)
        return refuse(reader, 0, "no .npy file: it does not begin with \\x93NUMPY");
    if (size < MAGIC_SIZE + 2)
        return refuse(reader, size, "the file ends within the header");
    int major = bytes[MAGIC_SIZE], minor = bytes[MAGIC_SIZE + 1];
    if (major < 1 || major > 3 || minor != 0)
        return refuse(reader, MAGIC_SIZE, "version %d.%d is not one of 1.0 2.0 3.0", major, minor);

    reader->at = MAGIC_SIZE + 2;
    size_t length = 0, length_size = major == 1 ? 2 : 4;
    if (size - reader->at < length_size)
        return refuse(reader, size, "the file ends within the header");
    for (size_t i = 0; i < length_size; i++)
        length |= (size_t)bytes[reader->at + i] << 8 * i;
    if (length > LENGTH_MAX)
        return refuse(reader, reader->at, "a header of %zu bytes is longer than %d", length,
                      LENGTH_MAX);
    reader->at += length_size;
    if (size - reader->at < length)
        return refuse(reader, size, "the file ends within the header, which has %zu bytes",
                      reader->at + length);
    reader->end = reader->at + length;
    return 0;
}

/* ---- To callers ------------------------------------------------------------------------ */

size_t npy_size(enum npy_type type)
{
    return types[type].size;
}

const char *npy_name(enum npy_type type)
{
    return types[type].name;
}

bool npy_is(const void *bytes, size_t size)
{
    return size >= MAGIC_SIZE && memcmp(bytes, MAGIC, MAGIC_SIZE) == 0;
}

int npy_read_header(const void *bytes, size_t size, struct npy *npy, char words[NPY_WORDS])
{
    struct reader reader = {.bytes = bytes, .end = size, .words = words};
    struct dictionary dictionary = {0};
    if (read_preamble(&reader) != 0 || read_dictionary(&reader, &dictionary) != 0)
        return -1;
    *npy = (struct npy){.data_offset = reader.end};
    if (find_type(&reader, &dictionary.descr, npy) != 0)
        return -1;
    return find_size(&reader, &dictionary, npy);
}

int npy_check_size(const struct npy *npy, uint64_t file_bytes, char words[NPY_WORDS])
{
    uint64_t said = npy->data_offset + npy->data_bytes;
    if (file_bytes == said)
        return 0;
    snprintf(words, NPY_WORDS,
             "byte %" PRIu64 ": the file %s, but the header says %" PRIu64 " x %" PRIu64
             " of %s, %" PRIu64 " bytes",
             file_bytes < said ? file_bytes : said, file_bytes < said ? "ends" : "goes on",
             npy->rows, npy->columns, types[npy->type].name, said);
    return -1;
}

void npy_write_header(char header[NPY_HEADER_WRITTEN], enum npy_type type, uint64_t rows,
                      uint64_t columns)
{
    enum { PREAMBLE = MAGIC_SIZE + 4, LENGTH = NPY_HEADER_WRITTEN - PREAMBLE };
    char shape[48], dictionary[LENGTH + 1];
    if (columns == 0)
        snprintf(shape, sizeof shape, "(%" PRIu64 ",)", rows);
    else
        snprintf(shape, sizeof shape, "(%" PRIu64 ", %" PRIu64 ")", rows, columns);
    snprintf(dictionary, sizeof dictionary,
             "{'descr': '%c%s', 'fortran_order': False, 'shape': %s, }",
             types[type].size == 1 ? '|' : OUR_ORDER, types[type].name, shape);

    memset(header, ' ', NPY_HEADER_WRITTEN);
    memcpy(header, MAGIC, MAGIC_SIZE);
    memcpy(header + MAGIC_SIZE, (char[]){1, 0, LENGTH, 0}, 4);
    memcpy(header + PREAMBLE, dictionary, strlen(dictionary));
    header[NPY_HEADER_WRITTEN - 1] = '\n';
}
