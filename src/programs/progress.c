/* SPDX-License-Identifier: BSD-3-Clause */
#include "progress.h"

#include "clock.h"

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

void progress_begin(struct progress *progress, const char *what, enum progress_when when)
{
    *progress = (struct progress){.what = what, .when = when, .start_s = clock_now()};
    progress->is_terminal = isatty(STDERR_FILENO);
    progress->next_s = progress->start_s;
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

static int bar_width(void)
{
    struct winsize window;
    int columns = 80;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0)
        columns = window.ws_col;
    int width = columns - 40;
    return width < 0 ? 0 : width > 50 ? 50 : width;
}

static void show(const struct progress *progress, double done, double left_s)
{
    static const char full[] = "##################################################";
    char left[32];
    format_time(left, sizeof left, left_s);
    if (!progress->is_terminal) {
        fprintf(stderr, "%s: %.0f %%, %s left\n", progress->what, 100 * done, left);
        return;
    }
    int width = bar_width(), filled = (int)(done * width);
    fprintf(stderr, "\r%s %3.0f %% [%.*s%*s] %s left\033[K", progress->what, 100 * done, filled,
            full, width - filled, "", left);
}

void progress_update(struct progress *progress, double done)
{
    double time = progress->when == PROGRESS_NEVER ? 0 : clock_now();
    if (progress->when == PROGRESS_NEVER || time < progress->next_s)
        return;
    progress->next_s = time + interval(progress);
    double spent = time - progress->start_s;
    double total = done > 0 ? spent / done : 1e9;
    if (total < WORTH_SHOWING_S && progress->when == PROGRESS_AUTO)
        return;
    progress->is_shown = true;
    show(progress, done, total - spent);
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown && progress->is_terminal)
        fprintf(stderr, "\r\033[K");
    progress->is_shown = false;
}
