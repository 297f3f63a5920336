/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Why a team failed, in words that its user can act on.
 */
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void tri__failure_set(struct tri__failure *failure, int code, int rank, int size, long pid,
                      const char *format, ...)
{
    char process[32] = "", rest[sizeof failure->words];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(rest, sizeof rest, format, arguments);
    va_end(arguments);
    if (pid != 0)
        snprintf(process, sizeof process, "process %ld ", pid);
    failure->code = code;
    snprintf(failure->words, sizeof failure->words, "rank %d of %d (%son %.64s) %.350s", rank, size,
             process, tri__host_name(), rest);
}

static const char *step_name(int step)
{
    static const char *const names[] = {
        [TRI__END] = "returned from its kernel",        [TRI__BARRIER] = "called tri_team_barrier",
        [TRI__BCAST] = "called tri_team_bcast",         [TRI__REDUCE] = "called tri_team_reduce",
        [TRI__ALLREDUCE] = "called tri_team_allreduce", [TRI__GATHER] = "called tri_team_gather",
        [TRI__SCATTER] = "called tri_team_scatter",     [TRI__EXSCAN] = "called tri_team_exscan",
    };
    return names[step];
}

bool tri__signatures_differ(const struct tri__signature *signatures, int size,
                            struct tri__failure *failure)
{
    const struct tri__signature *first = &signatures[0], *other = first;
    while (other < first + size && memcmp(other, first, sizeof *first) == 0)
        other++;
    if (other == first + size)
        return false;
    failure->code = TRI_EMISMATCH;
    if (other->step != first->step)
        snprintf(failure->words, sizeof failure->words, "rank %d %s while rank 0 %s",
                 (int)(other - first), step_name(other->step), step_name(first->step));
    else
        snprintf(failure->words, sizeof failure->words,
                 "rank %d %s with another size, root, type or operation than rank 0",
                 (int)(other - first), step_name(other->step));
    return true;
}
