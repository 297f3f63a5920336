/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Drawing with gnuplot.
 */
#ifndef PLOT_H
#define PLOT_H

#include "outfile.h"

#include <stdint.h>

/* Whether gnuplot is there, before anything long is done: 0, or the exit status, having said that
 * it is not. */
int plot_check(void);

/* Draws a bar for each of the `count` numbers from 0 on into the file, SVG or PNG as its name says.
 * Returns 0, or the exit status. */
int plot_histogram(struct outfile *file, const uint64_t *histogram, uint64_t count,
                   const char *title, const char *x_label, const char *y_label);

#endif
