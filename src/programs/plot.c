/* SPDX-License-Identifier: BSD-3-Clause */
#include "plot.h"

#include "cli.h"

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int plot_check(void)
{
    const char *path = getenv("PATH");
    char file[4096];
    for (const char *at = path ? path : ""; *at != '\0'; at += *at == ':') {
        size_t length = strcspn(at, ":");
        snprintf(file, sizeof file, "%.*s/gnuplot", (int)length, at);
        if (access(file, X_OK) == 0)
            return CLI_OK;
        at += length;
    }
    return cli_error(CLI_FAILED, "--plot needs gnuplot, which is not installed");
}

/* In gnuplot's single quotes, in which nothing is special but they. */
static void put_text(FILE *gnuplot, const char *before, const char *text)
{
    fprintf(gnuplot, "%s '", before);
    for (; *text; text++)
        fprintf(gnuplot, *text == '\'' ? "''" : "%c", *text);
    fputs("'\n", gnuplot);
}

/* Whether the file is whole: gnuplot does not look whether it could write it. */
static bool is_whole(const struct outfile *file, const char *last)
{
    char end[64] = "";
    FILE *plot = fopen(file->temporary, "rb");
    if (plot == NULL)
        return false;
    size_t size = 0;
    if (fseek(plot, -32, SEEK_END) == 0)
        size = fread(end, 1, sizeof end, plot);
    fclose(plot);
    return memmem(end, size, last, strlen(last)) != NULL;
}

static void put_histogram(FILE *gnuplot, const uint64_t *histogram, uint64_t count)
{
    uint64_t first = 0, last = count - 1;
    while (first < last && histogram[first] == 0)
        first++;
    while (last > first && histogram[last] == 0)
        last--;
    fprintf(gnuplot, "set xrange [%.1f:%.1f]\n", (double)first - 0.6, (double)last + 0.6);
    if (last - first < 30)
        fprintf(gnuplot, "set xtics 1\n");
    bool is_empty = true;
    for (uint64_t i = first; i <= last; i++)
        is_empty &= histogram[i] == 0;
    fprintf(gnuplot, "set yrange [0:%s]\n", is_empty ? "1" : "*");
    fprintf(gnuplot, "plot '-' using 1:2 with boxes linecolor rgb '#33658a' notitle\n");
    for (uint64_t i = first; i <= last; i++)
        fprintf(gnuplot, "%" PRIu64 " %" PRIu64 "\n", i, histogram[i]);
    fprintf(gnuplot, "e\n");
}

int plot_histogram(struct outfile *file, const uint64_t *histogram, uint64_t count,
                   const char *title, const char *x_label, const char *y_label)
{
    FILE *gnuplot = popen("gnuplot", "w");
    if (gnuplot == NULL)
        return cli_error(CLI_FAILED, "gnuplot cannot be started");
    signal(SIGPIPE, SIG_IGN); /* its status says more */
    bool is_svg = outfile_is_a(file->name, ".svg");
    fprintf(gnuplot, "set terminal %s size 800,500 noenhanced font 'sans,%d'\n",
            is_svg ? "svg" : "pngcairo", is_svg ? 14 : 12);
    put_text(gnuplot, "set output", file->temporary);
    put_text(gnuplot, "set title", title);
    put_text(gnuplot, "set xlabel", x_label);
    put_text(gnuplot, "set ylabel", y_label);
    fputs("set style fill solid\nset boxwidth 0.8\nset format y '%.0f'\n"
          "set grid ytics linecolor rgb '#dddddd'\nset border 3\nset tics nomirror out\n",
          gnuplot);
    put_histogram(gnuplot, histogram, count);
    int status = pclose(gnuplot);
    if (status == 0 && is_whole(file, is_svg ? "</svg>" : "IEND"))
        return CLI_OK;
    return cli_error(CLI_FAILED, "gnuplot could not write %s", file->name);
}
