/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Progress of long work, on stderr: a bar with the time left on a terminal, a line now and then in
 * a batch log. Work that takes less than two seconds in all shows nothing.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>

enum progress_when { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };

/* False for a name that is not auto, always or never. */
bool progress_when_from_name(const char *name, enum progress_when *when);

struct progress {
    const char *what; /* before the bar */
    enum progress_when when;
    double total;     /* how much there is to do, 0 if that is not known */
    const char *unit; /* what the rate is shown in, such as "B" for MB/s; NULL for none */
    bool is_terminal, is_shown;
    double start_s, next_s; /* of the monotonic clock: the beginning, and when to show more */
};

void progress_begin(struct progress *progress, const char *what, enum progress_when when,
                    double total, const char *unit);

/* `done` of the total. Costs a look at the clock when there is nothing to show. */
void progress_update(struct progress *progress, double done);

/* Removes the bar. */
void progress_end(struct progress *progress);

#endif
