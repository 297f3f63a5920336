/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Errors: a code for the caller's program, and words for its user. The words are the thread's
 * own, so that two threads that fail do not read each other's.
 */
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char message[1024];
static _Thread_local int message_code;

const char *tri_strerror(int code)
{
    switch (code) {
    case 0:
        return "no error";
#define TEXT(name, value, text)                                                                    \
    case name:                                                                                     \
        return text;
        TRI_ERROR_MAP(TEXT)
#undef TEXT
    default:
        return "unknown error";
    }
}

const char *tri_error_message(void)
{
    return message;
}

int tri_fail(int code, const char *format, ...)
{
    /* an argument may be the old message itself */
    char words[sizeof message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    memcpy(message, words, sizeof message);
    message_code = code;
    return code;
}

int tri__error_code(void)
{
    return message_code;
}

void tri__error_forget_code(void)
{
    message_code = 0;
}
