/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Files that say they are .npy files: the header reader reads no byte too many, and says either
 * what cannot be wrong of the table or words of one line. What follows the header is then counted,
 * at every SIMD level and cut in two, with one answer.
 */
#include "fuzz.h"

#include "npy.h"
#include "values.h"

#include <string.h>

enum { COLUMNS_MAX = 1000 };

static void check_words(const char *words)
{
    size_t length = strnlen(words, NPY_WORDS);
    EXPECT(length > 0 && length < NPY_WORDS, "%zu", length);
    for (size_t i = 0; i < length; i++)
        EXPECT(words[i] >= ' ' && words[i] <= '~', "character %d", words[i]);
}

static void check_header(const struct npy *npy, size_t size)
{
    uint64_t numbers, bytes;
    EXPECT((int)npy->type < NPY_TYPES, "type %d", (int)npy->type);
    EXPECT(npy->columns > 0, "no columns");
    EXPECT(npy->data_offset <= size, "%zu beyond %zu", (size_t)npy->data_offset, size);
    EXPECT(!__builtin_mul_overflow(npy->rows, npy->columns, &numbers) &&
               !__builtin_mul_overflow(numbers, npy_size(npy->type), &bytes),
           "%zu x %zu", (size_t)npy->rows, (size_t)npy->columns);
    EXPECT(npy->data_bytes == bytes, "%zu, not %zu", (size_t)npy->data_bytes, (size_t)bytes);
    EXPECT(npy->data_bytes <= INT64_MAX - npy->data_offset, "%zu", (size_t)npy->data_bytes);
    EXPECT(!npy->is_swapped || npy_size(npy->type) > 1, "a swapped %s", npy_name(npy->type));
}

/* Written and read again it is the same, if the longer header leaves room for it. */
static void check_written(const struct npy *npy)
{
    char header[NPY_HEADER_WRITTEN], words[NPY_WORDS] = "";
    struct npy again;
    if (npy->data_bytes > INT64_MAX - NPY_HEADER_WRITTEN)
        return;
    npy_write_header(header, npy->type, npy->rows, npy->columns);
    EXPECT(npy_read_header(header, sizeof header, &again, words) == 0, "%s", words);
    EXPECT(again.type == npy->type && again.rows == npy->rows && again.columns == npy->columns &&
               !again.is_swapped && again.data_offset == NPY_HEADER_WRITTEN,
           "another header");
}

static void check_sizes(const struct npy *npy)
{
    char words[NPY_WORDS];
    uint64_t size = npy->data_offset + npy->data_bytes;
    EXPECT(npy_check_size(npy, size, words) == 0, "%s", words);
    EXPECT(npy_check_size(npy, size - 1, words) != 0, "too short");
    check_words(words);
    EXPECT(npy_check_size(npy, size + 1, words) != 0, "too long");
    check_words(words);
}

/* ---- Values ------------------------------------------------------------------------------ */

struct answer {
    struct rows rows;
    uint64_t histogram[COLUMNS_MAX + 1];
};

static void count(const struct npy *npy, const uint8_t *values, size_t n, size_t cut,
                  const struct bounds *bounds, struct answer *answer)
{
    size_t size = npy_size(npy->type);
    *answer = (struct answer){.rows = {.columns = (uint32_t)npy->columns,
                                       .selected_count = (uint32_t)npy->columns,
                                       .histogram = answer->histogram}};
    values_count(npy->type, npy->is_swapped, values, cut, bounds, &answer->rows);
    values_count(npy->type, npy->is_swapped, values + cut * size, n - cut, bounds, &answer->rows);
}

static void check_values(const struct npy *npy, const uint8_t *bytes, size_t size)
{
    static struct bounds bounds;
    static struct answer expected, answer;
    size_t n = (size < npy->data_bytes ? size : npy->data_bytes) / npy_size(npy->type);
    uint8_t *values = malloc(n * npy_size(npy->type) + 1);
    memcpy(values + 1, bytes, n * npy_size(npy->type));
    bounds_set(&bounds, "-1.5", "100");
    simd_force(SIMD_PORTABLE);
    count(npy, values + 1, n, 0, &bounds, &expected);
    EXPECT(expected.rows.rows == n / npy->columns, "%zu rows", (size_t)expected.rows.rows);
    for (int level = 0; level < SIMD_LEVELS; level++) {
        if (!simd_has((enum simd_level)level))
            continue;
        simd_force((enum simd_level)level);
        count(npy, values + 1, n, n / 3, &bounds, &answer);
        EXPECT(answer.rows.rows == expected.rows.rows &&
                   answer.rows.missing == expected.rows.missing &&
                   answer.rows.column == expected.rows.column &&
                   answer.rows.count == expected.rows.count,
               "%s: other rows", simd_name((enum simd_level)level));
        EXPECT(memcmp(answer.histogram, expected.histogram, sizeof expected.histogram) == 0,
               "%s: another histogram", simd_name((enum simd_level)level));
    }
    free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct npy npy;
    char words[NPY_WORDS];
    memset(words, 'x', sizeof words);
    if (npy_read_header(bytes, size, &npy, words) != 0) {
        check_words(words);
        return 0;
    }
    EXPECT(npy_is(bytes, size), "no .npy file");
    check_header(&npy, size);
    check_written(&npy);
    check_sizes(&npy);
    if (npy.columns <= COLUMNS_MAX)
        check_values(&npy, bytes + npy.data_offset, size - npy.data_offset);
    return 0;
}
