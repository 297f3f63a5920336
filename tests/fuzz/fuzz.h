/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fuzzing what reads other people's bytes. Each fuzz_*.c is a libFuzzer harness; tests/fuzz.sh
 * replays its corpus, which is tests/fuzz/corpus/ and its name, in make check. To fuzz:
 *
 *     clang -std=gnu11 -D_GNU_SOURCE -g -O1 -fsanitize=fuzzer,address,undefined \
 *         -fno-sanitize-recover=all -Isrc/kernels -o fuzz_csv tests/fuzz/fuzz_csv.c \
 *         tests/csv_reference.c tests/csv_pieces.c \
 *         src/kernels/{bounds,csv,csv_cell,csv_head,npy,rows,simd,values}.c
 *     mkdir -p found && ./fuzz_csv -max_len=300 found tests/fuzz/corpus/fuzz_csv
 *
 * The corpus is small and mostly written by hand: a file for each kind of input, so that fuzzing
 * begins everywhere, and one for each thing that was found, so that it stays mended.
 */
#ifndef TRIREME_TESTS_FUZZ_H
#define TRIREME_TESTS_FUZZ_H

#include "simd.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Returns 0. What is wrong is said on stderr and aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Aborts, and says the condition and what printf makes of the rest, unless it is true. */
#define EXPECT(condition, ...)                                                                     \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s: ", __FILE__, __LINE__, #condition);                \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Takes the next byte of the input, 0 when there is none. */
static inline unsigned take_byte(const uint8_t **bytes, size_t *size)
{
    if (*size == 0)
        return 0;
    (*size)--;
    return *(*bytes)++;
}

#endif
