/* SPDX-License-Identifier: BSD-3-Clause */
#include "progress.h"

#include "clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const double FIRST_S = 0.5;       /* a guess before that is worth nothing */
static const double WORTH_SHOWING_S = 2; /* in all */
static const double BAR_EVERY_S = 0.1, LINE_EVERY_S = 30, LINE_ALWAYS_EVERY_S = 1;

bool progress_when_from_name(const char *name, enum progress_when *when)
{
    static const char *const names[] = {"auto", "always", "never"};
    for (int i = 0; i < 3; i++)
        if (strcmp(name, names[i]) == 0) {
            *when = (enum progress_when)i;
            return true;
        }
    return false;
}

static double interval(const struct progress *progress)
{
    if (progress->is_terminal)
        return BAR_EVERY_S;
    return progress->when == PROGRESS_ALWAYS ? LINE_ALWAYS_EVERY_S : LINE_EVERY_S;
}

void progress_begin(struct progress *progress, const char *what, enum progress_when when,
                    double total, const char *unit)
{
    *progress = (struct progress){.what = what, .when = when, .total = total, .unit = unit};
    progress->start_s = progress->next_s = clock_now();
    progress->is_terminal = isatty(STDERR_FILENO);
    progress->next_s += progress->is_terminal ? FIRST_S : interval(progress);
}

/* "12 s", "3:05 min", "2:05 h" or "3.1 days". */
static void format_time(char *text, size_t size, double seconds)
{
    unsigned long whole = seconds < 1e9 ? (unsigned long)(seconds + 0.5) : 1000000000;
    if (whole < 100)
        snprintf(text, size, "%lu s", whole);
    else if (whole < 3600)
        snprintf(text, size, "%lu:%02lu min", whole / 60, whole % 60);
    else if (whole < 2 * 86400)
        snprintf(text, size, "%lu:%02lu h", whole / 3600, whole / 60 % 60);
    else
        snprintf(text, size, "%.1f days", (double)whole / 86400);
}

/* ", 1.25 GB/s", or "". */
static void format_rate(char *text, size_t size, const struct progress *progress, double rate)
{
    static const char prefixes[] = " kMGTP";
    size_t i = 0;
    *text = '\0';
    if (progress->unit == NULL)
        return;
    for (; rate >= 1000 && prefixes[i + 1] != '\0'; i++)
        rate /= 1000;
    snprintf(text, size, ", %.3g %.*s%s/s", rate, i > 0, prefixes + i, progress->unit);
}

static int bar_width(void)
{
    struct winsize window;
    int columns = 80;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0)
        columns = window.ws_col;
    int width = columns - 50;
    return width < 0 ? 0 : width > 50 ? 50 : width;
}

/* `share` is from 0 to 1, or less than 0 if it is not known. */
static void show(const struct progress *progress, double share, double spent_s, const char *rate)
{
    static const char full[] = "##################################################";
    char left[32] = "", end[40];
    if (share > 0)
        format_time(left, sizeof left, spent_s / share - spent_s);
    else
        format_time(left, sizeof left, spent_s);
    snprintf(end, sizeof end, "%s %s", left, share < 0 ? "so far" : "left");
    if (share < 0)
        fprintf(stderr, progress->is_terminal ? "\r%s %s%s\033[K" : "%s: %s%s\n", progress->what,
                end, rate);
    else if (!progress->is_terminal)
        fprintf(stderr, "%s: %.0f %%, %s%s\n", progress->what, 100 * share, end, rate);
    else {
        int width = bar_width(), filled = (int)(share * width);
        fprintf(stderr, "\r%s %3.0f %% [%.*s%*s] %s%s\033[K", progress->what, 100 * share, filled,
                full, width - filled, "", end, rate);
    }
}

void progress_update(struct progress *progress, double done)
{
    double time = progress->when == PROGRESS_NEVER ? 0 : clock_now();
    if (progress->when == PROGRESS_NEVER || time < progress->next_s)
        return;
    progress->next_s = time + interval(progress);
    double spent_s = time - progress->start_s;
    double share = progress->total > 0 ? fmin(1, done / progress->total) : -1;
    double total_s = share > 0 ? spent_s / share : 1e9;
    if (total_s < WORTH_SHOWING_S && progress->when == PROGRESS_AUTO)
        return;
    char rate[32];
    format_rate(rate, sizeof rate, progress, done / spent_s);
    progress->is_shown = true;
    show(progress, share, spent_s, rate);
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown && progress->is_terminal)
        fprintf(stderr, "\r\033[K");
    progress->is_shown = false;
}
