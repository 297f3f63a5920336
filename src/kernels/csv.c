/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reading text as fast as it comes from the page cache.
 *
 * Sixty-four characters are looked at together, and give a mask of the separators among them. If
 * every other one is a separator, these are 32 cells of one digit each: two more masks tell which
 * of them are in range and whether rows end where they must, and nothing is done for a single cell.
 *
 * Otherwise the cells are taken one by one, from one separator to the next. Nearly all are plain
 * numbers of at most sixteen characters, which become an integer and a number of digits behind the
 * point without a branch on either; whether that is in range the bounds know without making a
 * double of it (see bounds_spans()). What is no plain number (missing, quoted, long, with blanks
 * around it or an exponent) is for csv_cell.c, which is the definition: the short cuts only ever
 * take cells of which they know that it would say the same.
 *
 * With AVX-512, rows of such numbers go by four cells at a time (see csv_four.h): first where cells
 * end is found for some hundreds of them, then they are compared, and as with single digits nothing
 * is done for a cell by itself. Where that turns out to be of no use it is not tried for a while.
 *
 * All that is remembered from one piece of text to the next is in the reader. A cell that does not
 * end in the piece is not begun, so there is no state within a cell. The 64 characters of the last
 * look, and the 16 that end with a cell, may lie beyond the piece: hence CSV_PADDING.
 */
#include "csv.h"

#include "csv_cell.h"
#include "csv_lanes.h"
#if SIMD_X86
#include "csv_four.h"
#endif

enum {
    RUN = 64,    /* how many times 64 characters are taken between two looks at the rows */
    CELLS = 256, /* the same for cells that are taken four at a time; */
    FEW = 512,   /* if these characters were fewer than so many, */
    RETRY = 512, /* then as many times 64 of them are not tried */
};

/* ---- What does not change while a piece is read ------------------------------------------- */

struct plan {
    char delimiter, other_delimiter;
    bool is_blanks;
    bool all_are_selected;
    uint32_t columns;
    const uint64_t *selected;
    char digit_low, digit_high; /* the digits in range: none where low > high */
    uint64_t row_ends;          /* the last columns of rows, for up to 32 columns */
};

static void plan_make(struct plan *plan, const struct csv_reader *reader)
{
    const struct bounds *bounds = reader->bounds;
    const struct rows *rows = reader->rows;
    int64_t low = bounds->int64_low, high = bounds->int64_high;
    bool is_blanks = reader->delimiter == CSV_BLANKS;
    *plan = (struct plan){
        .delimiter = reader->delimiter,
        .other_delimiter = is_blanks ? '\t' : reader->delimiter,
        .is_blanks = is_blanks,
        .all_are_selected = rows->selected == NULL,
        .columns = rows->columns,
        .selected = rows->selected,
        .digit_low = (char)(low > 9   ? '9' + 1
                            : low < 0 ? '0'
                                      : '0' + low),
        .digit_high = (char)(high < 0   ? '0' - 1
                             : high > 9 ? '9'
                                        : '0' + high),
    };
    if (plan->columns <= 32)
        for (uint32_t end = plan->columns - 1; end < 64; end += plan->columns)
            plan->row_ends |= (uint64_t)1 << end;
}

/* Which of the next 32 cells, of which the first is in `column`, are the last of their row. */
static inline uint32_t row_ends(const struct plan *plan, uint32_t column)
{
    uint32_t left = plan->columns - column - 1;
    if (plan->columns <= 32)
        return (uint32_t)(plan->row_ends >> column);
    return left < 32 ? (uint32_t)1 << left : 0;
}

/* Cells beyond the last column are not: they are counted, and the row is bad. */
static inline bool is_selected(const struct plan *plan, uint64_t column)
{
    return column < plan->columns &&
           (plan->all_are_selected || (plan->selected[column / 64] >> column % 64 & 1));
}

/* ---- Rows -------------------------------------------------------------------------------- */

static void spoil(struct csv_reader *reader, enum csv_trouble trouble, uint64_t column,
                  const char *text, size_t length)
{
    if (!reader->is_bad && !reader->skip_bad) {
        reader->trouble = trouble;
        reader->trouble_column = column;
        reader->trouble_text = text;
        reader->trouble_length = length;
    }
    reader->is_bad = true;
}

/* At a newline. False when there is trouble. Inline, as code of no level is slow amid that of one:
 * SSE instructions wait for registers whose upper parts AVX has written. */
INLINE bool end_row(struct csv_reader *reader, const struct plan *plan)
{
    struct rows *rows = reader->rows;
    bool is_row = reader->cells > 1 || (reader->cells == 1 && !reader->is_blank);
    if (is_row && reader->cells != plan->columns)
        spoil(reader, CSV_WIDTH, reader->cells, NULL, 0);
    if (reader->trouble != CSV_FINE)
        return false;
    if (is_row && !reader->is_bad) {
        rows->histogram[reader->count]++;
        rows->rows++;
        rows->missing += reader->missing;
        if (rows->counts != NULL)
            *rows->counts++ = (int32_t)reader->count;
    }
    reader->bad_rows += reader->is_bad;
    reader->lines++;
    reader->cells = reader->missing = 0;
    reader->count = 0;
    reader->is_bad = reader->is_blank = false;
    return true;
}

/* ---- Cells as csv_cell.h defines them ----------------------------------------------------- */

static void take_cell(struct csv_reader *reader, const struct plan *plan,
                      const struct csv_cell *cell)
{
    struct csv_number number;
    uint64_t column = reader->cells++;
    reader->is_blank = column == 0 && cell->length == 0 && !cell->is_quoted;
    if (cell->is_open) {
        spoil(reader, CSV_OPEN_QUOTE, column, cell->text, cell->length);
        return;
    }
    if (!is_selected(plan, column))
        return;
    enum csv_kind kind = csv_number(cell->text, cell->length, &number);
    if (kind == CSV_BAD)
        spoil(reader, CSV_NOT_A_NUMBER, column, cell->text, cell->length);
    else if (kind == CSV_MISSING)
        reader->missing++;
    else
        reader->count += csv_is_in_range(reader->bounds, kind, &number, cell->text);
}

/* Takes the cell at text[0] and the separator after it, and returns their length: 0 if it does not
 * end here. */
static size_t read_cell(struct csv_reader *reader, const struct plan *plan, const char *text,
                        size_t size)
{
    struct csv_cell cell;
    bool is_found = csv_cell_find(text, size, plan->delimiter, &cell);
    if ((is_found ? cell.end : size) > CSV_CELL_MAX) {
        reader->trouble = CSV_LONG_CELL;
        reader->trouble_column = reader->cells;
    }
    if (!is_found || reader->trouble != CSV_FINE)
        return 0;
    if (!plan->is_blanks || cell.length > 0 || cell.is_quoted)
        take_cell(reader, plan, &cell);
    return cell.end + 1;
}

/* The same, and the end of the row if that is what the separator is. */
static size_t read_long_cell(struct csv_reader *reader, const struct plan *plan, const char *text,
                             size_t size)
{
    size_t taken = read_cell(reader, plan, text, size);
    if (taken > 0 && text[taken - 1] == '\n')
        end_row(reader, plan);
    return taken;
}

/* ---- Runs of plain cells ------------------------------------------------------------------ */

/* Whether cells can be given to the rows as bits: if this row turns out to be bad, or to have
 * missing values, that is known only here. */
INLINE bool can_run(const struct csv_reader *reader, const struct plan *plan)
{
    return reader->cells < plan->columns && reader->missing == 0 && !reader->is_bad;
}

/* Gives the rows the next `count` cells. */
static void take_run(struct csv_reader *reader, const uint64_t *in_range, size_t count)
{
    struct rows *rows = reader->rows;
    rows->column = (uint32_t)reader->cells;
    rows->count = reader->count;
    rows_add(rows, in_range, NULL, count);
    reader->cells = rows->column;
    reader->count = rows->count;
    rows->column = rows->count = 0;
}

/* ---- Levels ------------------------------------------------------------------------------ */

#define LEVEL portable
#define TARGET
#include "csv_body.h"

#if SIMD_X86
/* The cells of a piece of text that begins with one: cell i goes from end[i] + 1 up to its
 * separator, at end[i+1]. */
struct cells {
    int count;
    int end[1 + CELLS + 64];           /* end[0] is -1 */
    uint64_t newlines[CELLS / 64 + 3]; /* a bit a cell: it is the last of its line */
};

/* Finds the cells of the first RUN times 64 characters. */
SIMD_TARGET_AVX512
static void find_cells(struct cells *cells, const struct plan *plan, const char *text, size_t size)
{
    int *end = cells->end + 1;
    int count = 0;
    cells->end[0] = -1;
    memset(cells->newlines, 0, sizeof cells->newlines);
    for (size_t at = 0; size - at >= 64 && at < 64 * RUN && count < CELLS; at += 64) {
        uint64_t separators = avx512_equal(text + at, '\n', plan->delimiter, plan->other_delimiter);
        uint64_t newlines = _pext_u64(avx512_equal(text + at, '\n', '\n', '\n'), separators);
        int found = __builtin_popcountll(separators);
        cells->newlines[count / 64] |= newlines << count % 64;
        cells->newlines[count / 64 + 1] |= newlines >> 1 >> (63 - count % 64);
        for (int i = 0; i < found; i += 8)
            UNROLL for (int j = i; j < i + 8; j++)
            {
                end[count + j] = (int)at + (int)_tzcnt_u64(separators);
                separators = _blsr_u64(separators);
            }
        count += found;
    }
    cells->count = count;
}

/* Takes the cells at the beginning, four at a time, as long as they are plain numbers and rows end
 * where they must. Returns how many characters they are. */
SIMD_TARGET_AVX512
static size_t take_fours(struct csv_reader *reader, const struct plan *plan, const char *text,
                         size_t size)
{
    if (!can_run(reader, plan))
        return 0;
    struct cells cells;
    uint64_t in_range[CELLS / 64 + 3] = {0};
    uint32_t column = (uint32_t)reader->cells;
    int count = 0;
    find_cells(&cells, plan, text, size);
    for (; count + 4 <= cells.count; count += 4) {
        struct four_masks masks;
        const int *end = cells.end + 1 + count;
        uint32_t ends = row_ends(plan, column) & 15;
        __m512i numbers = four_load(text, end);
        if ((cells.newlines[count / 64] >> count % 64 & 15) != ends ||
            !four_masks(numbers, end, &masks))
            break;
        uint64_t bits = four_compare(reader->bounds, four_values(numbers, masks.digits), &masks);
        in_range[count / 64] |= bits << count % 64;
        column = ends == 0 ? column + 4 : (uint32_t)__builtin_clz(ends) - 28;
        reader->lines += (uint64_t)__builtin_popcount(ends);
    }
    if (count == 0)
        return 0;
    take_run(reader, in_range, (size_t)count);
    return (size_t)cells.end[count] + 1;
}

#define LEVEL avx2
#define TARGET SIMD_TARGET_AVX2
#include "csv_body.h"

#define LEVEL avx512
#define TARGET SIMD_TARGET_AVX512
#define TAKE_FOURS take_fours
#include "csv_body.h"
#endif

size_t csv_read(struct csv_reader *reader, const char *text, size_t size)
{
    static size_t (*const read[])(struct csv_reader * reader, const struct plan *plan,
                                  const char *text, size_t size) = {
        [SIMD_PORTABLE] = portable_read,
#if SIMD_X86
        [SIMD_AVX2] = avx2_read,
        [SIMD_AVX512] = avx512_read,
#endif
    };
    struct plan plan;
    plan_make(&plan, reader);
    return read[simd_in_use()](reader, &plan, text, size);
}
