/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static const char *separator;

static void print_string(const char *text)
{
    putchar('"');
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            printf("\\u%04x", (unsigned char)*text);
        else
            putchar(*text);
    putchar('"');
}

static void print_key(const char *key)
{
    fputs(separator, stdout);
    print_string(key);
    fputs(": ", stdout);
    separator = ", ";
}

void report_begin(void)
{
    putchar('{');
    separator = "";
}

void report_string(const char *key, const char *value)
{
    print_key(key);
    print_string(value);
}

void report_integer(const char *key, uint64_t value)
{
    print_key(key);
    printf("%" PRIu64, value);
}

void report_integers(const char *key, const uint64_t *values, uint64_t count)
{
    print_key(key);
    putchar('[');
    for (uint64_t i = 0; i < count; i++)
        printf("%s%" PRIu64, i > 0 ? ", " : "", values[i]);
    putchar(']');
}

void report_number(const char *key, double value)
{
    print_key(key);
    if (isfinite(value))
        printf("%.17g", value);
    else
        fputs("null", stdout);
}

void report_end(void)
{
    puts("}");
}
