/* SPDX-License-Identifier: BSD-3-Clause
 *
 * csv_read() on a table that comes in pieces, compared with what csv_reference.h says of the whole.
 * Pieces lie between pages that cannot be read, with CSV_PADDING characters of something else on
 * either side.
 */
#ifndef TRIREME_TESTS_CSV_PIECES_H
#define TRIREME_TESTS_CSV_PIECES_H

#include "bounds.h"
#include "csv_reference.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many characters more the next piece has, at least 1; it begins with what was left of the one
 * before. The state is the step's own. */
typedef size_t pieces_step(uint64_t *state);

pieces_step pieces_whole;  /* all */
pieces_step pieces_of_one; /* one at a time */
pieces_step pieces_in_two; /* the state's first value, and the rest */
pieces_step pieces_random; /* a few or many, by the state's first value, which is not 0 */

/* What is wrong, its end included. */
enum { PIECES_WORDS = 200 };

/* Whether the reader's answer, at the SIMD level in use, is that of `expected`; if not, how they
 * differ. */
bool pieces_agree(const struct reference *expected, struct bounds *bounds, const char *text,
                  size_t size, pieces_step *step, uint64_t state, char words[PIECES_WORDS]);

#endif
