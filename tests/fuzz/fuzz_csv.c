/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The text reader at every SIMD level, the text cut in pieces in every way: the reference's answer.
 *
 * Seven bytes are settings, and the rest is the table, which is repeated: one-digit cells have a
 * short cut that begins at 64 characters. So that a corpus can be read and written by hand, they
 * are characters: the delimiter, the number of columns, the columns to count, the bounds, s to skip
 * bad rows, how often the text is repeated, and a seed for where it is cut.
 */
#include "fuzz.h"

#include "../csv_pieces.h"

#include <ctype.h>
#include <string.h>

enum { COLUMNS_MAX = 40, TEXT_MAX = REFERENCE_DIGITS, ONE_BY_ONE_MAX = 200 };

static const char *const ranges[][2] = {
    {"4", "8"},
    {"-inf", "inf"},
    {"-1.5", "1.5"},
    {"0.25", "7.4999999999999999999"},
    {"-9007199254740993", "9007199254740993"},
    {"8", "4"},
    {"18446744073709551615", "1e30"},
    {"-0", "0"},
    {"1e-300", "1e300"},
    {"inf", "inf"},
    {"-12345678901234567890123456789012345678901234567890", "9.5e18"},
    {".1", ".3"},
    {"-1e400", "-1e-400"},
    {"9", "1e19"},
    {"0.75", "12.25"},
};
enum { RANGES = sizeof ranges / sizeof *ranges };

struct question {
    struct reference reference;
    struct bounds bounds;
    uint64_t selected[1], histogram[COLUMNS_MAX + 1];
    int32_t counts[TEXT_MAX];
    char text[TEXT_MAX];
    size_t size;
};

static void check(struct question *question, pieces_step *step, uint64_t state)
{
    char words[PIECES_WORDS];
    bool good = pieces_agree(&question->reference, &question->bounds, question->text,
                             question->size, step, state, words);
    EXPECT(good, "%s: %s", simd_name(simd_in_use()), words);
}

static void check_level(struct question *question, uint64_t seed)
{
    check(question, pieces_whole, 0);
    check(question, pieces_whole, 0); /* at the other end of the memory */
    check(question, pieces_random, 2 * seed + 1);
    check(question, pieces_random, 2 * seed + 2);
    if (question->size <= ONE_BY_ONE_MAX)
        check(question, pieces_of_one, 0);
}

/* ---- Input ------------------------------------------------------------------------------- */

static void take_settings(struct question *question, const uint8_t **bytes, size_t *size)
{
    static const char others[] = {'\t', ',', ' '}; /* tab and space stand for themselves */
    struct reference *reference = &question->reference;
    int delimiter = (int)take_byte(bytes, size);
    bool is_good = ispunct(delimiter) && strchr("+-.\"", delimiter) == NULL;
    reference->delimiter = is_good ? (char)delimiter : others[delimiter % 3];
    reference->columns = 1 + (take_byte(bytes, size) - '1') % COLUMNS_MAX;

    uint64_t all = ((uint64_t)1 << reference->columns) - 1;
    unsigned selection = take_byte(bytes, size);
    question->selected[0] = (selection * 0x9e3779b97f4a7c15 >> 13 | (selection & 1)) & all;
    if (selection != '*' && question->selected[0] != 0)
        reference->selected = question->selected;

    unsigned range = (take_byte(bytes, size) - 'a') % RANGES;
    reference->low = ranges[range][0];
    reference->high = ranges[range][1];
    reference->skip_bad = take_byte(bytes, size) == 's';
    bounds_set(&question->bounds, reference->low, reference->high);
    reference->histogram = question->histogram;
    reference->counts = question->counts;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct question question;
    question = (struct question){.size = 0};
    take_settings(&question, &bytes, &size);
    size_t repeats = 1 + (take_byte(&bytes, &size) - '1') % 16;
    uint64_t seed = take_byte(&bytes, &size);
    for (; repeats > 0 && size < TEXT_MAX - question.size; repeats--) {
        memcpy(question.text + question.size, bytes, size);
        question.size += size;
    }
    question.text[question.size++] = '\n';
    reference_read(&question.reference, question.text, question.size);
    for (int level = 0; level < SIMD_LEVELS; level++)
        if (simd_has((enum simd_level)level)) {
            simd_force((enum simd_level)level);
            check_level(&question, seed);
        }
    return 0;
}
