/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reading text tables: at every SIMD level, wherever the text is cut into pieces, what
 * csv_reference.h makes of the whole text, and no character read beyond a piece and its padding
 * (see csv_pieces.h). The reference itself is held to tables counted by hand.
 */
#include "csv_pieces.h"
#include "kernel.h"
#include "simd.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 16, COLUMNS_MAX = 200, SELECTED_WORDS = COLUMNS_MAX / 64 + 1 };

/* ---- Tables ------------------------------------------------------------------------------ */

/* A text and what is asked of it; small ones are written as literals. */
struct table {
    const char *text;
    char delimiter;
    uint32_t columns;
    const char *low, *high;
    uint64_t selected; /* the columns to count, the same of each 64; 0: all */
    bool skip_bad;
};

/* The reference's answer has its arrays here. */
static struct {
    uint64_t selected[SELECTED_WORDS], histogram[COLUMNS_MAX + 1];
    int32_t counts[TEXT_MAX];
} room;

static struct reference answer_of(const struct table *table, size_t size)
{
    memset(room.histogram, 0, sizeof room.histogram);
    for (int i = 0; i < SELECTED_WORDS; i++)
        room.selected[i] = table->selected;
    struct reference reference = {
        .delimiter = table->delimiter,
        .skip_bad = table->skip_bad,
        .columns = table->columns,
        .selected = table->selected == 0 ? NULL : room.selected,
        .low = table->low,
        .high = table->high,
        .histogram = room.histogram,
        .counts = room.counts,
    };
    reference_read(&reference, table->text, size);
    return reference;
}

static bool agrees(const struct reference *expected, struct bounds *bounds, const char *text,
                   size_t size, pieces_step *step, uint64_t state)
{
    char words[PIECES_WORDS];
    if (pieces_agree(expected, bounds, text, size, step, state, words))
        return true;
    printf("# %s, state %" PRIu64 ": %s\n# not line %" PRIu64 ", column %" PRIu64
           ", trouble %d, %" PRIu64 " rows, %" PRIu64 " missing, %" PRIu64 " bad\n# %.60s\n",
           simd_name(simd_in_use()), state, words, expected->lines, expected->trouble_column,
           (int)expected->trouble, expected->rows, expected->missing, expected->bad_rows, text);
    return false;
}

/* A large table: whole and cut at random. */
static bool is_right(const struct table *table)
{
    size_t size = strlen(table->text);
    struct bounds bounds;
    bool good = bounds_set(&bounds, table->low, table->high) == 0;
    struct reference expected = answer_of(table, size);
    for (int i = 0; i < 2; i++) /* the memory's two ends */
        good = good && agrees(&expected, &bounds, table->text, size, pieces_whole, 0);
    for (int i = 0; i < 2; i++)
        good = good &&
               agrees(&expected, &bounds, table->text, size, pieces_random, random_number() | 1);
    return good;
}

/* A small one: cut everywhere. */
static bool is_right_everywhere(const struct table *table)
{
    size_t size = strlen(table->text);
    struct bounds bounds;
    bool good = is_right(table) && bounds_set(&bounds, table->low, table->high) == 0;
    struct reference expected = answer_of(table, size);
    for (int i = 0; i < 2; i++)
        good = good && agrees(&expected, &bounds, table->text, size, pieces_of_one, 0);
    for (size_t at = 1; at < size; at++)
        for (int i = 0; i < 2; i++)
            good = good && agrees(&expected, &bounds, table->text, size, pieces_in_two, at);
    return good;
}

/* ---- By hand ----------------------------------------------------------------------------- */

/* Lines, rows, values missing and in range, and bad rows; or why and where it ends. */
struct by_hand {
    struct table table;
    uint64_t lines, rows, missing, in_range, bad_rows;
    enum csv_trouble trouble;
    uint64_t column;
    const char *cell;
};

#define COMMA(columns) ',', columns, "4", "8", 0, false
#define BLANKS(columns) ' ', columns, "4", "8", 0, false
#define COUNTED(selected) ',', 3, "4", "8", selected, false
#define SKIPPING(columns) ',', columns, "4", "8", 0, true
#define RANGE(low, high) ',', 1, low, high, 0, false
#define SEVENTY "seventy-characters-that-are-no-number-and-more-than-fit-in-a-single-look"
#define FINE CSV_FINE, 0, NULL

static const struct by_hand by_hand[] = {
    {{"", COMMA(3)}, 0, 0, 0, 0, 0, FINE},
    {{"\n", COMMA(1)}, 1, 0, 0, 0, 0, FINE},
    {{"3\n4\n8\n9\n", COMMA(1)}, 4, 4, 0, 2, 0, FINE},
    {{"1,5,9\n4,6,8\n", COMMA(3)}, 2, 2, 0, 4, 0, FINE},
    {{"1,5,9\r\n4,6,8\r\n", COMMA(3)}, 2, 2, 0, 4, 0, FINE},
    {{"4,,NA\nnan,NULL,-NaN\n", COMMA(3)}, 2, 2, 5, 1, 0, FINE},
    {{"\n  \n5\n\t\r\n5\n", COMMA(1)}, 5, 2, 0, 2, 0, FINE},
    {{"\"\"\n5\n", COMMA(1)}, 2, 2, 1, 1, 0, FINE},
    {{" 5 ,\t6\t, \"7\" \n", COMMA(3)}, 1, 1, 0, 3, 0, FINE},
    {{"\" 5 \",\"\",\" \"\n", COMMA(3)}, 1, 1, 2, 1, 0, FINE},
    {{"  5   6\t7  \n\n 4 4 4\r\n", BLANKS(3)}, 3, 2, 0, 6, 0, FINE},
    {{"5 \"\" \"7 \" \r\n", BLANKS(3)}, 1, 1, 1, 2, 0, FINE},
    {{",\n,\n", COMMA(2)}, 2, 2, 4, 0, 0, FINE},
    {{"+5\n-5\n5.\n.5e1\n0.5E+1\n50e-1\n", RANGE("5", "5")}, 6, 6, 0, 5, 0, FINE},
    {{"inf\n-Infinity\n+INF\n1e400\n", RANGE("1", "inf")}, 4, 4, 0, 3, 0, FINE},
    {{"inf\n-inf\n7\n", RANGE("-inf", "1e300")}, 3, 3, 0, 2, 0, FINE},
    /* integers compare exactly, decimals as the nearest doubles: those of the two last are equal */
    {{"9007199254740993\n9007199254740992\n9007199254740993.0\n9007199254740992.0\n",
      RANGE("9007199254740993", "1e20")},
     4,
     4,
     0,
     3,
     0,
     FINE},
    {{"100000000000000000000000000000000000001\n100000000000000000000000000000000000000\n",
      RANGE("0", "100000000000000000000000000000000000000")},
     2,
     2,
     0,
     1,
     0,
     FINE},
    /* the nearest double of both is 0.3 */
    {{"0.3\n0.29999999999999999\n0.3000000000000001\n", RANGE("0.3", "0.3")}, 3, 3, 0, 2, 0, FINE},
    {{"0000000000000000000000000000000000000000000000\n"
      "00000000000000000000000000000000000000000000000000000099999999999999999999999\n",
      RANGE("99999999999999999999999", "1e23")},
     2,
     2,
     0,
     1,
     0,
     FINE},
    {{"5\t\t 6 \t\n\t\t\t4\n", '\t', 4, "4", "8", 0, false}, 2, 2, 5, 3, 0, FINE},
    {{"5,x,5\n5,\"y,\"\"z\"\"\",9\n5,,\n", COUNTED(5)}, 3, 3, 1, 4, 0, FINE},
    {{"x,5,5\n", COUNTED(6)}, 1, 1, 0, 2, 0, FINE},
    {{"5,6\n5,4x\n5,6\n", COMMA(2)}, 1, 1, 0, 2, 0, CSV_NOT_A_NUMBER, 1, "4x"},
    {{"5\n5 6\n", COMMA(1)}, 1, 1, 0, 1, 0, CSV_NOT_A_NUMBER, 0, "5 6"},
    {{"\"5\"6 \r\n", COMMA(1)}, 0, 0, 0, 0, 0, CSV_NOT_A_NUMBER, 0, "\"5\"6"},
    {{"-\n", COMMA(1)}, 0, 0, 0, 0, 0, CSV_NOT_A_NUMBER, 0, "-"},
    {{".\n", COMMA(1)}, 0, 0, 0, 0, 0, CSV_NOT_A_NUMBER, 0, "."},
    {{"5,-.\n", COMMA(2)}, 0, 0, 0, 0, 0, CSV_NOT_A_NUMBER, 1, "-."},
    {{"+\n", COMMA(1)}, 0, 0, 0, 0, 0, CSV_NOT_A_NUMBER, 0, "+"},
    {{"5,6,7\n5," SEVENTY "\n", COMMA(3)}, 1, 1, 0, 3, 0, CSV_NOT_A_NUMBER, 1, SEVENTY},
    {{"-NA\n", COMMA(1)}, 0, 0, 0, 0, 0, CSV_NOT_A_NUMBER, 0, "-NA"},
    {{"1e+\n", COMMA(1)}, 0, 0, 0, 0, 0, CSV_NOT_A_NUMBER, 0, "1e+"},
    {{"0x10\n", COMMA(1)}, 0, 0, 0, 0, 0, CSV_NOT_A_NUMBER, 0, "0x10"},
    {{"\xef\xbb\xbf\x35\n", COMMA(1)}, 0, 0, 0, 0, 0, CSV_NOT_A_NUMBER, 0, "\xef\xbb\xbf\x35"},
    {{"5,6\n5,\"6 \r\n5,6\n", COMMA(2)}, 1, 1, 0, 2, 0, CSV_OPEN_QUOTE, 1, "6"},
    {{"5,x,\"\n", COUNTED(1)}, 0, 0, 0, 0, 0, CSV_OPEN_QUOTE, 2, ""},
    {{"5,6\n5\n", COMMA(2)}, 1, 1, 0, 2, 0, CSV_WIDTH, 1, NULL},
    {{"5,6\n5,6,x,\n", COMMA(2)}, 1, 1, 0, 2, 0, CSV_WIDTH, 4, NULL},
    {{"5,x,6\n", COMMA(2)}, 0, 0, 0, 0, 0, CSV_NOT_A_NUMBER, 1, "x"},
    {{"5 6\n5 6 \t\n 5 \n", BLANKS(2)}, 2, 2, 0, 4, 0, CSV_WIDTH, 1, NULL},
    {{"5,6\nx,y\n5\n\n5,6,7\n5,\"6\n,6\n", SKIPPING(2)}, 7, 2, 1, 3, 4, FINE},
};
enum { BY_HAND = sizeof by_hand / sizeof *by_hand };

static bool is_as_by_hand(const struct by_hand *hand)
{
    struct reference found = answer_of(&hand->table, strlen(hand->table.text));
    uint64_t in_range = 0;
    for (uint64_t i = 0; i < found.rows; i++)
        in_range += (uint64_t)room.counts[i];
    bool good = found.lines == hand->lines && found.rows == hand->rows &&
                found.missing == hand->missing && in_range == hand->in_range &&
                found.bad_rows == hand->bad_rows && found.trouble == hand->trouble;
    if (good && hand->trouble != CSV_FINE) {
        size_t length = hand->cell == NULL ? 0 : strlen(hand->cell);
        good = found.trouble_column == hand->column && found.trouble_length == length &&
               (found.trouble_text == NULL) == (hand->cell == NULL) &&
               (length == 0 || memcmp(found.trouble_text, hand->cell, length) == 0);
    }
    if (!good)
        printf("# the reference is wrong on '%s'\n", hand->table.text);
    return good;
}

static bool all_as_by_hand(void)
{
    bool good = true;
    for (int i = 0; i < BY_HAND; i++)
        good &= is_as_by_hand(&by_hand[i]);
    return good;
}

/* The tables by hand, as they are and behind so much that they begin at each place of 64. */
static bool small_tables(void)
{
    bool good = true;
    char text[300];
    for (int i = 0; i < BY_HAND; i++) {
        struct table table = by_hand[i].table;
        good &= is_right_everywhere(&table);
        table.text = text;
        for (size_t before = 1; before <= 70; before++) {
            memset(text, '\n', before);
            strcpy(text + before, by_hand[i].table.text);
            good = good && is_right(&table);
        }
    }
    return good;
}

/* ---- Generated tables -------------------------------------------------------------------- */

static char text[TEXT_MAX];
static size_t size;

__attribute__((format(printf, 1, 2))) static void put(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    size += (size_t)vsnprintf(text + size, sizeof text - size, format, list);
    va_end(list);
}

typedef void put_cell(void);

/* Not between blanks. */
static bool can_be_empty;

static void put_digit(void)
{
    text[size++] = (char)('0' + random_below(10));
    text[size] = '\0';
}

static void put_digits(size_t count)
{
    while (count-- > 0)
        put_digit();
}

static void put_sign(void)
{
    static const char *const signs[] = {"", "", "-", "+"};
    put("%s", signs[random_below(4)]);
}

/* Of up to 40 digits, of which few numbers have many. */
static void put_decimal(void)
{
    size_t digits = 1 + random_below(random_below(4) ? 20 : 40);
    size_t whole = random_below(digits + 1);
    put_sign();
    put_digits(whole);
    if (whole < digits || random_below(8) == 0)
        put(".");
    put_digits(digits - whole);
}

/* A plain number of up to sixteen characters: with AVX-512 four of them go together. */
static void put_plain(void)
{
    size_t digits = 1 + random_below(14), whole = random_below(digits + 1);
    put("%s", random_below(4) ? "" : "-");
    put_digits(whole);
    if (whole < digits || random_below(8) == 0)
        put(".");
    put_digits(digits - whole);
}

/* Around the ends of the ranges below, with as many digits behind the point as in most tables. */
static void put_near(void)
{
    static const double ends[] = {4, 8, -1.5, 1.5, 0.25, 0.75, 12.25, 0};
    double end = ends[random_below(sizeof ends / sizeof *ends)];
    int scale = random_below(8) ? 6 : (int)random_below(13);
    double unit = 1;
    for (int i = 0; i < scale; i++)
        unit /= 10;
    put("%.*f", scale, end + ((double)random_below(5) - 2) * unit);
}

static void put_integer(void)
{
    put_sign();
    put_digits(1 + random_below(random_below(4) ? 20 : 40));
}

static void put_exponent(void)
{
    put_decimal();
    put("%c", random_below(2) ? 'e' : 'E');
    put_sign();
    put_digits(1 + random_below(2));
}

/* Next to the bounds of the ranges below. */
static void put_edge(void)
{
    static const char *const edges[] = {
        "4",
        "8",
        "4.0",
        "8.000",
        "3.9999999999999999",
        "3.999999999999999",
        "8.00001",
        "-1.5",
        "1.5",
        "-1.50",
        "1.5000000000000001",
        "1.500000000000001",
        "0.25",
        "0.75",
        "0.7500000",
        "0.74999999",
        "9007199254740993",
        "9007199254740992",
        "0",
        "-0",
        "-0.000",
        "0e9",
        "9999999999999999",
        "10000000000000000",
        "999999999999999999",
        "1000000000000000000",
        "9999999999999999999",
        "10000000000000000000",
        "99999999999999999999999999999999",
        "00000000000000000000000000000004",
        "0.00000000000000000000000000000004",
        "4.0000000000000000000000000000000",
    };
    put("%s", edges[random_below(sizeof edges / sizeof *edges)]);
}

static void put_missing(void)
{
    static const char *const words[] = {"NA", "nan", "NULL", "\"\"", "-NaN", "\"na\"", "", ""};
    put("%s", words[random_below(can_be_empty ? 8 : 6)]);
}

static void put_any(void)
{
    static put_cell *const puts[] = {put_digit, put_decimal, put_integer, put_exponent,
                                     put_edge,  put_missing, put_digit,   put_digit};
    put_cell *cell = puts[random_below(sizeof puts / sizeof *puts)];
    bool is_quoted = random_below(8) == 0, has_blanks = random_below(8) == 0;
    put("%s", has_blanks ? "  " : "");
    if (is_quoted && cell != put_missing) {
        put("\"");
        cell();
        put("\"");
    } else {
        cell();
    }
    put("%s", has_blanks ? " " : "");
}

/* Now and then what is no number. */
static void put_bad(void)
{
    static const char *const bad[] = {"x",  "1.2.3", "--4", "5\"", "\"5\"\"\"", "\"6\"7",
                                      "1e", "0x4",   ".",   "+.",  "-"};
    if (random_below(100) == 0)
        put("%s", bad[random_below(sizeof bad / sizeof *bad)]);
    else
        put_any();
}

struct shape {
    put_cell *cell;
    char delimiter;
    uint32_t columns;
    bool is_crlf, has_blank_lines;
    unsigned other_width; /* one row of so many has another number of cells; 0: none */
};

/* Rows of the shape, as many as there is room for below `most` characters. */
static void put_table(const struct shape *shape, size_t most)
{
    size = 0;
    text[0] = '\0';
    can_be_empty = shape->delimiter != ' ';
    do {
        uint64_t columns = shape->columns;
        if (shape->other_width > 0 && random_below(shape->other_width) == 0)
            columns = random_below(2 * shape->columns + 1);
        for (uint64_t column = 0; column < columns; column++) {
            if (column > 0)
                put("%c", shape->delimiter);
            shape->cell();
        }
        if (shape->has_blank_lines && random_below(4) == 0)
            put("%s\n", shape->is_crlf ? "\r" : "");
        put("%s\n", shape->is_crlf ? "\r" : "");
    } while (size < most);
}

static const char *const ranges[][2] = {
    {"4", "8"},
    {"-1.5", "1.5"},
    {"0.25", "0.75"},
    {"0.75", "12.25"},
    {"-inf", "9007199254740993"},
    {"9999999999999999", "1e19"},
    {"8", "4"},
    {"-1e30", "-1e-30"},
};
enum { RANGES = sizeof ranges / sizeof *ranges };

/* Tables of a shape with ranges and columns at random. */
static bool is_shape_right(const struct shape *shape, size_t most, bool skip_bad)
{
    put_table(shape, most);
    uint64_t range = random_below(RANGES);
    struct table table = {
        .text = text,
        .delimiter = shape->delimiter,
        .columns = shape->columns,
        .low = ranges[range][0],
        .high = ranges[range][1],
        .skip_bad = skip_bad,
        .selected = random_below(2) ? random_number() | 1 : 0,
    };
    return is_right(&table);
}

static bool tables_of(put_cell *cell, unsigned other_width)
{
    static const char delimiters[] = {',', '\t', ';', '|', ' ', '#'};
    bool good = true;
    for (int i = 0; i < 60; i++) {
        struct shape shape = {
            .cell = cell,
            .delimiter = delimiters[random_below(sizeof delimiters)],
            .columns = 1 + (uint32_t)random_below(random_below(3) ? 8 : 80),
            .is_crlf = random_below(3) == 0,
            .has_blank_lines = random_below(3) == 0,
            .other_width = other_width,
        };
        good = good && is_shape_right(&shape, 1 + random_below(3000), other_width > 0);
    }
    return good;
}

static bool of_digits(void)
{
    return tables_of(put_digit, 0);
}

static bool of_plain(void)
{
    return tables_of(put_plain, 0) && tables_of(put_near, 0);
}

static bool of_decimals(void)
{
    return tables_of(put_decimal, 0) && tables_of(put_edge, 0);
}

static bool of_integers(void)
{
    return tables_of(put_integer, 0) && tables_of(put_exponent, 0);
}

static bool of_anything(void)
{
    return tables_of(put_any, 0);
}

static bool of_bad_rows(void)
{
    return tables_of(put_bad, 10) && tables_of(put_digit, 30);
}

static bool of_trouble(void)
{
    bool good = true;
    for (int i = 0; i < 60; i++) {
        struct shape shape = {.cell = random_below(2) ? put_bad : put_digit,
                              .delimiter = random_below(2) ? ',' : ' ',
                              .columns = 1 + (uint32_t)random_below(8),
                              .other_width = 100};
        good = good && is_shape_right(&shape, 2000, false);
    }
    return good;
}

/* ---- Short cuts ----------------------------------------------------------------------- */

/* Tables of so many columns, all with another character in another place: what comes after it is
 * at every place of the 64 and in every column. */
static bool of_columns(put_cell *cell, uint32_t columns)
{
    static const char others[] = {'"', 'x', ' ', '-', ',', '\n', '/', ':', '.', '\r', '\xb5'};
    struct shape shape = {.cell = cell, .delimiter = ',', .columns = columns};
    struct table table = {
        .text = text, .delimiter = ',', .columns = columns, .low = "-1.5", .high = "7"};
    put_table(&shape, 600);
    bool good = is_right(&table);
    for (size_t at = 0; at < 200 && good; at++) {
        char character = text[at];
        text[at] = others[random_below(sizeof others)];
        table.skip_bad = random_below(2);
        good = is_right(&table);
        text[at] = character;
    }
    return good;
}

static bool in_all_columns(put_cell *cell)
{
    static const uint32_t columns[] = {1, 2, 3, 4, 5, 8, 16, 31, 32, 33, 63, 64, 65, COLUMNS_MAX};
    bool good = true;
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        good = good && of_columns(cell, columns[i]);
    return good;
}

static bool digits_in_all_columns(void)
{
    return in_all_columns(put_digit);
}

static bool plain_in_all_columns(void)
{
    return in_all_columns(put_plain);
}

/* Each digit, each range of them. */
static bool digits_in_all_ranges(void)
{
    struct shape shape = {.cell = put_digit, .delimiter = ',', .columns = 5};
    bool good = true;
    put_table(&shape, 700);
    for (int low = -2; low <= 11; low++)
        for (int high = -2; high <= 11; high++) {
            char texts[2][16];
            snprintf(texts[0], sizeof texts[0], "%d%s", low, random_below(2) ? ".5" : "");
            snprintf(texts[1], sizeof texts[1], "%d%s", high, random_below(2) ? ".5" : "");
            struct table table = {
                .text = text, .delimiter = ',', .columns = 5, .low = texts[0], .high = texts[1]};
            good = good && is_right(&table);
        }
    return good;
}

/* Longer than what is taken between two looks at the rows. */
static bool many_of(put_cell *cell)
{
    bool good = true;
    for (uint32_t columns = 1; columns <= 130; columns += columns < 8 ? 1 : 17) {
        struct shape shape = {.cell = cell, .delimiter = ',', .columns = columns};
        good = good && is_shape_right(&shape, 20000, false);
    }
    return good;
}

static bool many_digits(void)
{
    return many_of(put_digit);
}

static bool many_plain(void)
{
    return many_of(put_plain) && many_of(put_near);
}

/* Numbers of all lengths, the point at every place and at none, a sign or none. */
static bool every_length(void)
{
    bool good = true;
    for (size_t length = 1; length <= 40; length++) {
        size = 0;
        for (size_t point = 0; point <= length + 1; point++)
            for (int i = 0; i < 4; i++) {
                size_t at;
                put("%s", i == 2 ? "-" : i == 3 ? "+" : "");
                at = size;
                put_digits(length);
                if (i == 0)
                    memset(text + at, '0', point < length ? point : length);
                if (point < length)
                    text[at + point] = '.';
                if (length == 1 && point == 0)
                    text[at] = '7';
                put("\n");
            }
        for (int range = 0; range < RANGES; range++) {
            struct table table = {.text = text,
                                  .delimiter = ',',
                                  .columns = 1,
                                  .low = ranges[range][0],
                                  .high = ranges[range][1]};
            good = good && is_right(&table);
        }
    }
    return good;
}

/* Every character at each place of a short number, and alone. */
static bool every_character(void)
{
    bool good = true;
    for (int c = 1; c < 256; c++)
        for (size_t at = 0; at < 6; at++) {
            strcpy(text, "56.78,5\n");
            text[at] = (char)c;
            for (int skip_bad = 0; skip_bad < 2; skip_bad++) {
                struct table table = {.text = text,
                                      .delimiter = ',',
                                      .columns = 2,
                                      .low = "4",
                                      .high = "60",
                                      .skip_bad = skip_bad};
                good = good && is_right(&table);
            }
        }
    return good;
}

/* ---- Levels ------------------------------------------------------------------------------ */

static const struct {
    const char *what;
    bool (*is_good)(void);
} cases[] = {
    {"small tables, cut everywhere", small_tables},
    {"cells of one digit", of_digits},
    {"and something else in every column", digits_in_all_columns},
    {"and every range of digits", digits_in_all_ranges},
    {"and many of them", many_digits},
    {"plain numbers", of_plain},
    {"and something else in every column", plain_in_all_columns},
    {"and many of them", many_plain},
    {"decimals", of_decimals},
    {"integers and exponents", of_integers},
    {"numbers of every length", every_length},
    {"every character in a number", every_character},
    {"all kinds of cells", of_anything},
    {"bad rows that are left out", of_bad_rows},
    {"bad rows that are not", of_trouble},
};
enum { CASES = sizeof cases / sizeof *cases };

static void test_level(enum simd_level level)
{
    for (int i = 0; i < CASES; i++) {
        char what[80];
        snprintf(what, sizeof what, "%s: %s", simd_name(level), cases[i].what);
        if (!simd_has(level)) {
            printf("ok %d - %s # SKIP this CPU does not have it\n", ++tests, what);
            continue;
        }
        simd_force(level);
        random_state = (uint64_t)i;
        result(cases[i].is_good(), what);
    }
}

int main(void)
{
    result(all_as_by_hand(), "the reference counts as one does by hand");
    for (int level = 0; level < SIMD_LEVELS; level++)
        test_level((enum simd_level)level);
    return done_testing();
}
