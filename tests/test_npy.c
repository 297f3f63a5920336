/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Headers of .npy files: those that NumPy and others write are understood, those that are cut, lie
 * or hold something else are refused with words, without a look at the byte after the last, and
 * those written are NumPy's to the byte.
 */
#include "kernel.h"
#include "npy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- Files ----------------------------------------------------------------------------- */

/* Reads a header that ends where readable memory does. */
static int read_guarded(const void *bytes, size_t size, struct npy *npy, char words[NPY_WORDS])
{
    enum { ROOM = 1 << 17 };
    static char *end;
    if (end == NULL) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        char *memory =
            mmap(NULL, ROOM + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED || mprotect(memory + ROOM, page, PROT_NONE) != 0)
            exit(99);
        end = memory + ROOM;
    }
    memcpy(end - size, bytes, size);
    *words = '\0';
    return npy_read_header(end - size, size, npy, words);
}

/* A file of this version, dictionary and length field; `length` -1 stands for the right one. */
static size_t make_file(char *file, int version, const char *dictionary, long length)
{
    size_t real = strlen(dictionary), field = length < 0 ? real : (size_t)length;
    int size = version == 1 ? 2 : 4;
    memcpy(file, "\x93NUMPY", 6);
    file[6] = (char)version;
    file[7] = 0;
    for (int i = 0; i < size; i++)
        file[8 + i] = (char)(field >> 8 * i);
    memcpy(file + 8 + size, dictionary, real);
    return 8 + (size_t)size + real;
}

/* ---- Good headers ---------------------------------------------------------------------- */

#define SHAPED(shape) "{'descr': '<i8', 'fortran_order': False, 'shape': " shape ", }"
#define TYPED(descr) "{'descr': " descr ", 'fortran_order': False, 'shape': (3, 4), }"
#define FORTRAN(shape) "{'descr': '<i8', 'fortran_order': True, 'shape': " shape ", }"

static const struct {
    const char *dictionary;
    enum npy_type type;
    bool is_swapped;
    uint64_t rows, columns;
} good[] = {
    {SHAPED("(200000, 5)") "     \n", NPY_I8, false, 200000, 5},
    {SHAPED("(200000, 5)"), NPY_I8, false, 200000, 5},
    {SHAPED("(7,)"), NPY_I8, false, 7, 1},
    {SHAPED("(0,)"), NPY_I8, false, 0, 1},
    {SHAPED("(0, 5)"), NPY_I8, false, 0, 5},
    {SHAPED("(1, 1)"), NPY_I8, false, 1, 1},
    {SHAPED("(3,4,)"), NPY_I8, false, 3, 4},
    {SHAPED("( 3 , 4 )"), NPY_I8, false, 3, 4},
    {SHAPED("(3L, 4L)"), NPY_I8, false, 3, 4},
    {SHAPED("(1152921504606846959, 1)"), NPY_I8, false, 1152921504606846959, 1},
    {SHAPED("(0, 18446744073709551615)"), NPY_I8, false, 0, UINT64_MAX},
    {FORTRAN("(5,)"), NPY_I8, false, 5, 1},
    {FORTRAN("(5, 1)"), NPY_I8, false, 5, 1},
    {FORTRAN("(1, 5)"), NPY_I8, false, 1, 5},
    {FORTRAN("(0, 5)"), NPY_I8, false, 0, 5},
    {TYPED("'|i1'"), NPY_I1, false, 3, 4},
    {TYPED("'<i2'"), NPY_I2, false, 3, 4},
    {TYPED("'<i4'"), NPY_I4, false, 3, 4},
    {TYPED("'|u1'"), NPY_U1, false, 3, 4},
    {TYPED("'<u2'"), NPY_U2, false, 3, 4},
    {TYPED("'<u4'"), NPY_U4, false, 3, 4},
    {TYPED("'<u8'"), NPY_U8, false, 3, 4},
    {TYPED("'<f4'"), NPY_F4, false, 3, 4},
    {TYPED("'<f8'"), NPY_F8, false, 3, 4},
    {TYPED("'|b1'"), NPY_B1, false, 3, 4},
    {TYPED("'>i1'"), NPY_I1, false, 3, 4},
    {TYPED("'>u1'"), NPY_U1, false, 3, 4},
    {TYPED("'>b1'"), NPY_B1, false, 3, 4},
    {TYPED("'>i2'"), NPY_I2, true, 3, 4},
    {TYPED("'>i4'"), NPY_I4, true, 3, 4},
    {TYPED("'>i8'"), NPY_I8, true, 3, 4},
    {TYPED("'>u2'"), NPY_U2, true, 3, 4},
    {TYPED("'>u4'"), NPY_U4, true, 3, 4},
    {TYPED("'>u8'"), NPY_U8, true, 3, 4},
    {TYPED("'>f4'"), NPY_F4, true, 3, 4},
    {TYPED("'>f8'"), NPY_F8, true, 3, 4},
    {"{\"shape\":(3,4),\"fortran_order\":False,\"descr\":\"<f4\"}", NPY_F4, false, 3, 4},
    {" \t{\n'shape' : ( 3,\n4 ) , 'descr'\r\n: '<f4','fortran_order':\fFalse}\n\n", NPY_F4, false,
     3, 4},
};

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static const bool IS_LITTLE = true;
#else
static const bool IS_LITTLE = false;
#endif

/* '<' and '>' in the table are those of a little endian machine. */
static bool expected_swap(int i)
{
    return good[i].is_swapped != (!IS_LITTLE && npy_size(good[i].type) > 1);
}

static void test_good(void)
{
    bool right = true;
    for (int i = 0; i < (int)(sizeof good / sizeof *good); i++)
        for (int version = 1; version <= 3; version++) {
            char file[300], words[NPY_WORDS];
            size_t size = make_file(file, version, good[i].dictionary, -1);
            struct npy npy;
            bool same = read_guarded(file, size, &npy, words) == 0 && npy.type == good[i].type &&
                        npy.is_swapped == expected_swap(i) && npy.rows == good[i].rows &&
                        npy.columns == good[i].columns && npy.data_offset == size &&
                        npy.data_bytes == good[i].rows * good[i].columns * npy_size(good[i].type);
            if (!same)
                printf("# version %d, %s: %s\n", version, good[i].dictionary, words);
            right &= same;
        }
    result(right, "good headers of each version");
}

static void test_native(void)
{
    static const char *const descrs[] = {"=i8", "|i8", "i8"};
    bool right = true;
    for (int i = 0; i < 3; i++) {
        char dictionary[100], file[120], words[NPY_WORDS];
        snprintf(dictionary, sizeof dictionary,
                 "{'descr': '%s', 'fortran_order': False, 'shape': (2,)}", descrs[i]);
        struct npy npy;
        size_t size = make_file(file, 1, dictionary, -1);
        right &= read_guarded(file, size, &npy, words) == 0 && !npy.is_swapped;
    }
    result(right, "'=', '|' and neither are this machine's order");
}

/* ---- Bad headers ----------------------------------------------------------------------- */

#define TYPES "i1 i2 i4 i8 u1 u2 u4 u8 f4 f8 b1"

static const struct {
    const char *dictionary, *words;
} bad[] = {
    {"", "byte 10: the header should have a '{' first"},
    {"    \n", "byte 15: the header should have a '{' first"},
    {"{}", "byte 10: the header has no 'descr'"},
    {"{'descr': '<i8', 'shape': (1,)}", "byte 10: the header has no 'fortran_order'"},
    {"{'descr': '<i8', 'fortran_order': False}", "byte 10: the header has no 'shape'"},
    {"{'descr': '<i8', 'fortran_order': False, 'shape': (1,)",
     "byte 64: the header should have a '}' last"},
    {SHAPED("(1,)") "x", "byte 67: the header goes on after its '}'"},
    {SHAPED("(1,)") "\v", "byte 67: the header goes on after its '}'"},
    {"{,}", "byte 11: the header should have a string here"},
    {"{descr: '<i8'}", "byte 11: the header should have a string here"},
    {"{'descr", "byte 11: a string of the header does not end"},
    {"{'descr\n': '<i8'}", "byte 11: a string of the header does not end"},
    {"{'desc\\x72': '<i8'}", "byte 11: key 'desc\\x72' is not one of descr fortran_order shape"},
    {"{'descr\": '<i8'}", "byte 11: key 'descr\": ' is not one of descr fortran_order shape"},
    {"{'descr' '<i8'}", "byte 19: the header should have a ':' after a key"},
    {"{'descr': }", "byte 20: the header should have a string here"},
    {"{'descr': '<i8', 'descr': '<i8'}", "byte 27: the header has 'descr' twice"},
    {"{'descr': '<i8' 'shape': (1,)}", "byte 26: the header should have a '}' last"},
    {"{'order': 'C'}", "byte 11: key 'order' is not one of descr fortran_order shape"},
    {"{'\x1b[2J\xff': 1}", "byte 11: key '?[2J?' is not one of descr fortran_order shape"},
    {"{'': 1}", "byte 11: key '' is not one of descr fortran_order shape"},
    {"{'fortran_order': 0}", "byte 28: fortran_order is neither True nor False"},
    {"{'fortran_order': false}", "byte 28: fortran_order is neither True nor False"},
    {"{'fortran_order': Falsehood}", "byte 33: the header should have a '}' last"},

    {TYPED("'<c16'"), "byte 20: dtype '<c16' is not one of " TYPES},
    {TYPED("'<f2'"), "byte 20: dtype '<f2' is not one of " TYPES},
    {TYPED("'<f16'"), "byte 20: dtype '<f16' is not one of " TYPES},
    {TYPED("'<U5'"), "byte 20: dtype '<U5' is not one of " TYPES},
    {TYPED("'|S5'"), "byte 20: dtype '|S5' is not one of " TYPES},
    {TYPED("'|O'"), "byte 20: dtype '|O' is not one of " TYPES},
    {TYPED("'<M8[ns]'"), "byte 20: dtype '<M8[ns]' is not one of " TYPES},
    {TYPED("'<i16'"), "byte 20: dtype '<i16' is not one of " TYPES},
    {TYPED("'<i'"), "byte 20: dtype '<i' is not one of " TYPES},
    {TYPED("'<'"), "byte 20: dtype '<' is not one of " TYPES},
    {TYPED("''"), "byte 20: dtype '' is not one of " TYPES},
    {TYPED("'<<i8'"), "byte 20: dtype '<<i8' is not one of " TYPES},
    {TYPED("' <i8'"), "byte 20: dtype ' <i8' is not one of " TYPES},
    {TYPED("'int64'"), "byte 20: dtype 'int64' is not one of " TYPES},
    {TYPED("[('a', '<i8')]"), "byte 20: a structured dtype is not one of " TYPES},
    {TYPED("('<i8', (2,))"), "byte 20: a structured dtype is not one of " TYPES},
    {TYPED("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"),
     "byte 20: dtype 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' is not one of " TYPES},

    {SHAPED("()"), "byte 60: an array of no dimensions is no table"},
    {SHAPED("(2, 3, 4)"), "byte 60: an array of more than two dimensions is no table"},
    {SHAPED("(2, 3, 4, 5)"), "byte 60: an array of more than two dimensions is no table"},
    {SHAPED("(5, 0)"), "byte 60: the table has no columns"},
    {SHAPED("(0, 0)"), "byte 60: the table has no columns"},
    {SHAPED("(5)"), "byte 62: the header should have a ',' after the first dimension"},
    {SHAPED("5"), "byte 60: the header should have a '(' before the shape"},
    {SHAPED("[5, 2]"), "byte 60: the header should have a '(' before the shape"},
    {SHAPED("(5 2)"), "byte 63: the header should have a ',' after the first dimension"},
    {SHAPED("(5, 2"), "byte 60: an array of more than two dimensions is no table"},
    {SHAPED("(,)"), "byte 61: a dimension is no whole number"},
    {SHAPED("(-5, 2)"), "byte 61: a dimension is no whole number"},
    {SHAPED("(5, -2)"), "byte 64: a dimension is no whole number"},
    {SHAPED("(5, 2.0)"), "byte 65: the header should have a ')' after the shape"},
    {SHAPED("(5, 0x2)"), "byte 65: the header should have a ')' after the shape"},
    {SHAPED("(5, 02)"), "byte 64: a dimension begins with 0"},
    {SHAPED("(5, None)"), "byte 64: a dimension is no whole number"},
    {SHAPED("(18446744073709551616, 1)"), "byte 61: a dimension is too large"},
    {SHAPED("(99999999999999999999999999, 1)"), "byte 61: a dimension is too large"},
    {SHAPED("(18446744073709551615, 1)"),
     "byte 60: a table of 18446744073709551615 x 1 is too large"},
    {SHAPED("(4294967296, 4294967296)"),
     "byte 60: a table of 4294967296 x 4294967296 is too large"},
    {SHAPED("(1152921504606846976, 1)"),
     "byte 60: a table of 1152921504606846976 x 1 is too large"},
    {FORTRAN("(3, 2)"),
     "byte 44: the table is in Fortran order: save numpy.ascontiguousarray() of it"},
};

static void test_bad(void)
{
    bool right = true;
    for (int i = 0; i < (int)(sizeof bad / sizeof *bad); i++) {
        char file[300], words[NPY_WORDS];
        struct npy npy;
        size_t size = make_file(file, 1, bad[i].dictionary, -1);
        bool same = read_guarded(file, size, &npy, words) == -1 && strcmp(words, bad[i].words) == 0;
        if (!same)
            printf("# %s\n# %s\n", bad[i].dictionary, words);
        right &= same;
    }
    result(right, "bad headers are refused, and the words say why and where");
}

static bool is_refused(const void *file, size_t size, const char *expected)
{
    struct npy npy;
    char words[NPY_WORDS];
    bool same = read_guarded(file, size, &npy, words) == -1 && strcmp(words, expected) == 0;
    if (!same)
        printf("# %s\n", words);
    return same;
}

static void test_preamble(void)
{
    char file[300];
    size_t size = make_file(file, 1, SHAPED("(5, 2)"), -1);
    result(is_refused("", 0, "byte 0: the file ends within the header"), "an empty file");
    result(
        is_refused("1,2,3\n4,5,6\n", 12, "byte 0: no .npy file: it does not begin with \\x93NUMPY"),
        "a file of text");
    file[6] = 4;
    result(is_refused(file, size, "byte 6: version 4.0 is not one of 1.0 2.0 3.0"), "version 4");
    file[6] = 0;
    result(is_refused(file, size, "byte 6: version 0.0 is not one of 1.0 2.0 3.0"), "version 0");
    file[6] = 1, file[7] = 1;
    result(is_refused(file, size, "byte 6: version 1.1 is not one of 1.0 2.0 3.0"), "version 1.1");

    size = make_file(file, 1, SHAPED("(5, 2)"), 118);
    result(is_refused(file, size, "byte 69: the file ends within the header, which has 128 bytes"),
           "a length beyond the file's end");
    size = make_file(file, 1, SHAPED("(5, 2)"), 40);
    result(is_refused(file, size, "byte 50: the header should have a string here"),
           "a length that cuts the dictionary");
    size = make_file(file, 2, SHAPED("(5, 2)"), 0xffffffff);
    result(is_refused(file, size, "byte 8: a header of 4294967295 bytes is longer than 65535"),
           "a length of 4 GiB");
}

/* What begins with a good header, cut anywhere, for every version. */
static void test_cut(void)
{
    bool right = true;
    for (int version = 1; version <= 3; version++) {
        char file[300], words[NPY_WORDS];
        struct npy npy;
        size_t size = make_file(file, version, SHAPED("(200000, 5)") "         \n", -1);
        for (size_t cut = 0; cut < size; cut++)
            right &= read_guarded(file, cut, &npy, words) == -1 &&
                     strstr(words, "the file ends within the header") != NULL;

        /* the same with a length that fits: a dictionary without its end */
        size_t dictionary = version == 1 ? 10 : 12, brace = size - 10;
        for (size_t cut = dictionary; cut < brace; cut++) {
            file[8] = (char)(cut - dictionary);
            right &= read_guarded(file, cut, &npy, words) == -1 && *words != '\0';
        }
    }
    result(right, "a header cut at any byte is refused");
}

/* Any byte of a good header replaced by any other: refused or understood, but nothing is read
 * beyond the end, and what is understood keeps its promises. */
static void test_changed(void)
{
    char file[300], words[NPY_WORDS];
    size_t size = make_file(file, 1, SHAPED("(200000, 5)") "   \n", -1);
    bool right = true;
    for (size_t at = 0; at < size; at++) {
        char kept = file[at];
        for (int byte = 0; byte < 256; byte++) {
            struct npy npy;
            file[at] = (char)byte;
            if (read_guarded(file, size, &npy, words) == 0)
                right &= npy.columns > 0 && npy.data_offset <= size &&
                         npy.data_bytes == npy.rows * npy.columns * npy_size(npy.type);
            else
                right &= strncmp(words, "byte ", 5) == 0 && strlen(words) < NPY_WORDS;
        }
        file[at] = kept;
    }
    result(right, "a header with any byte changed is refused, or makes sense");
}

static void test_long(void)
{
    enum { LENGTH = 65535 };
    char *file = malloc(NPY_HEADER_MAX), *dictionary = malloc(LENGTH + 1), words[NPY_WORDS];
    memset(dictionary, ' ', LENGTH);
    memcpy(dictionary, SHAPED("(5, 2)"), sizeof SHAPED("(5, 2)") - 1);
    dictionary[LENGTH] = '\0';
    bool right = true;
    for (int version = 1; version <= 3; version++) {
        struct npy npy;
        size_t size = make_file(file, version, dictionary, -1);
        right &= read_guarded(file, size, &npy, words) == 0 && npy.data_offset == size;
    }
    result(right, "the longest header");
    free(dictionary);
    free(file);
}

/* ---- The file's size ------------------------------------------------------------------- */

static void test_size(void)
{
    struct npy npy = {
        .type = NPY_I8, .rows = 200000, .columns = 5, .data_offset = 128, .data_bytes = 8000000};
    char words[NPY_WORDS] = "";
    result(npy_check_size(&npy, 8000128, words) == 0, "a file as long as its header says");
    bool refused = npy_check_size(&npy, 8000127, words) == -1;
    result(refused && strcmp(words, "byte 8000127: the file ends, but the header says 200000 x 5 "
                                    "of i8, 8000128 bytes") == 0,
           "a file that is shorter");
    refused = npy_check_size(&npy, 8000129, words) == -1;
    result(refused && strcmp(words, "byte 8000128: the file goes on, but the header says 200000 x "
                                    "5 of i8, 8000128 bytes") == 0,
           "a file that is longer");
    result(npy_is("\x93NUMPY", 6) && !npy_is("\x93NUMP", 5) && !npy_is("1,2,3,4", 7),
           "a .npy file is known by its first bytes");
}

/* ---- Writing --------------------------------------------------------------------------- */

/* What numpy.save of NumPy 1.24.2 writes on a little endian machine, up to the spaces. */
static const struct {
    enum npy_type type;
    uint64_t rows, columns;
    const char *dictionary;
} written[] = {
    {NPY_I8, 200000, 5, "{'descr': '<i8', 'fortran_order': False, 'shape': (200000, 5), }"},
    {NPY_I4, 10000000, 0, "{'descr': '<i4', 'fortran_order': False, 'shape': (10000000,), }"},
    {NPY_I4, 0, 0, "{'descr': '<i4', 'fortran_order': False, 'shape': (0,), }"},
    {NPY_I8, 0, 5, "{'descr': '<i8', 'fortran_order': False, 'shape': (0, 5), }"},
    {NPY_I1, 1, 1, "{'descr': '|i1', 'fortran_order': False, 'shape': (1, 1), }"},
    {NPY_I2, 12, 34, "{'descr': '<i2', 'fortran_order': False, 'shape': (12, 34), }"},
    {NPY_U1, 9, 0, "{'descr': '|u1', 'fortran_order': False, 'shape': (9,), }"},
    {NPY_U2, 99, 1, "{'descr': '<u2', 'fortran_order': False, 'shape': (99, 1), }"},
    {NPY_U4, 1, 99, "{'descr': '<u4', 'fortran_order': False, 'shape': (1, 99), }"},
    {NPY_U8, 1000000000000000000, 1,
     "{'descr': '<u8', 'fortran_order': False, 'shape': (1000000000000000000, 1), }"},
    {NPY_F4, 7, 1048576, "{'descr': '<f4', 'fortran_order': False, 'shape': (7, 1048576), }"},
    {NPY_F8, 1152921504606846000, 1,
     "{'descr': '<f8', 'fortran_order': False, 'shape': (1152921504606846000, 1), }"},
    {NPY_B1, 3, 3, "{'descr': '|b1', 'fortran_order': False, 'shape': (3, 3), }"},
};

static void test_write(void)
{
    bool same_bytes = true, same_table = true;
    for (int i = 0; i < (int)(sizeof written / sizeof *written); i++) {
        char header[NPY_HEADER_WRITTEN], expected[NPY_HEADER_WRITTEN + 1], words[NPY_WORDS];
        snprintf(expected, sizeof expected, "\x93NUMPY\1%c\x76%c%-117s\n", 0, 0,
                 written[i].dictionary);
        npy_write_header(header, written[i].type, written[i].rows, written[i].columns);
        same_bytes &= memcmp(header, expected, sizeof header) == 0;

        struct npy npy;
        same_table &= read_guarded(header, sizeof header, &npy, words) == 0 &&
                      npy.type == written[i].type && !npy.is_swapped &&
                      npy.rows == written[i].rows &&
                      npy.columns == (written[i].columns == 0 ? 1 : written[i].columns) &&
                      npy.data_offset == NPY_HEADER_WRITTEN;
    }
    if (IS_LITTLE)
        result(same_bytes, "a header is written as NumPy writes it");
    result(same_table, "a header that was written is read");
}

int main(void)
{
    test_good();
    test_native();
    test_bad();
    test_preamble();
    test_cut();
    test_changed();
    test_long();
    test_size();
    test_write();
    return done_testing();
}
