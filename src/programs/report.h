/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Results as one JSON object on stdout.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stdint.h>

void report_begin(void);
void report_string(const char *key, const char *value);
void report_integer(const char *key, uint64_t value);

void report_integers(const char *key, const uint64_t *values, uint64_t count);

/* As many digits as make it the same double again; null for what JSON has no number for. */
void report_number(const char *key, double value);

void report_end(void);

#endif
