/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From the bytes of a .npy file to rows: which numbers of an array are in range.
 */
#ifndef TRIREME_KERNELS_VALUES_H
#define TRIREME_KERNELS_VALUES_H

#include "bounds.h"
#include "npy.h"
#include "rows.h"

/* Adds the next `count` values of a table to its rows. They lie one after the other at `values`,
 * which need not be aligned, each in the bytes of its type, in reverse order if `is_swapped`. A NaN
 * is missing; of NPY_B1, bytes other than 0 are 1. The same answer at every SIMD level, wherever a
 * table is cut in calls. Any thread, for rows of its own. */
void values_count(enum npy_type type, bool is_swapped, const void *values, size_t count,
                  const struct bounds *bounds, struct rows *rows);

#endif
