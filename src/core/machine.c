/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Small questions to the system that more than one file asks.
 */
#include "internal.h"

#include <stdlib.h>
#include <unistd.h>

const char *tri__host_name(void)
{
    static _Thread_local char name[256];
    if (gethostname(name, sizeof name - 1) != 0 || *name == '\0')
        return "an unknown host";
    return name;
}

int tri__environment_number(const char *name)
{
    const char *text = getenv(name);
    return text ? atoi(text) : 0;
}

uint64_t tri__hash(uint64_t seed, const void *data, size_t size)
{
    const unsigned char *byte = data;
    uint64_t value = seed ^ 0xcbf29ce484222325;
    for (size_t i = 0; i < size; i++)
        value = (value ^ byte[i]) * 0x100000001b3;
    return value;
}
