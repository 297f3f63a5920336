/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rowcount: how many values of each row of a table are in a range. rowcount_options.c reads what
 * the user says, table.c finds out what the table is, count.c counts it on a team; here is what the
 * user gets: the files and the answer.
 */
#include "clock.h"
#include "outfile.h"
#include "plot.h"
#include "report.h"
#include "rowcount_options.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- Files ------------------------------------------------------------------------------- */

/* What the run writes. */
struct files {
    struct outfile output, write, plot;
};

/* A file must not take the place of one that is read. */
static int check_not_input(const char *name, const struct table_request *request)
{
    struct stat file, input;
    if (stat(name, &file) != 0)
        return CLI_OK;
    for (int i = 0; i < request->count; i++)
        if (stat(request->names[i], &input) == 0 && file.st_dev == input.st_dev &&
            file.st_ino == input.st_ino)
            return cli_error(CLI_FAILED, "%s is also an input", name);
    return CLI_OK;
}

static int begin_file(struct outfile *file, const char *name, const struct table_request *request)
{
    if (name == NULL)
        return CLI_OK;
    int status = check_not_input(name, request);
    return status == CLI_OK ? outfile_begin(file, name) : status;
}

/* What the ranks write to, and call it in errors. */
static void tell_ranks(const struct outfile *file, char path[PATH_MAX], char words[PATH_MAX])
{
    if (file->temporary != NULL) {
        strcpy(path, file->temporary);
        snprintf(words, PATH_MAX, "cannot write %s", file->name);
    }
}

static int begin_files(struct files *files, struct settings *settings)
{
    struct count_options *count = &settings->options;
    bool is_file = count->output != FILE_STDOUT;
    int status = settings->plot == NULL ? CLI_OK : plot_check();
    signal(SIGXFSZ, SIG_IGN); /* as for the ranks */
    if (status == CLI_OK)
        status = begin_file(&files->output, is_file ? settings->output : NULL, &settings->request);
    if (status == CLI_OK)
        status = begin_file(&files->write, settings->write, &settings->request);
    if (status == CLI_OK)
        status = begin_file(&files->plot, settings->plot, &settings->request);
    if (status == CLI_OK && outfile_are_same(&files->output, &files->write))
        status = cli_error(CLI_USAGE, "--output and --write both name '%s'", settings->output);
    if (status == CLI_OK) {
        tell_ranks(&files->output, count->output_path, count->output_words);
        tell_ranks(&files->write, count->write_path, count->write_words);
    }
    return status;
}

static int put_header(struct outfile *file, enum file_kind kind, enum npy_type type, uint64_t rows,
                      uint64_t columns)
{
    char header[NPY_HEADER_WRITTEN];
    if (kind != FILE_NPY)
        return CLI_OK;
    npy_write_header(header, type, rows, columns);
    return outfile_put(file, header, sizeof header);
}

static int draw(struct files *files, const struct settings *settings, const struct table *table,
                const struct count_answer *answer)
{
    char title[2 * BOUND_TEXT_MAX + 40];
    if (settings->plot == NULL)
        return CLI_OK;
    snprintf(title, sizeof title, "Values from %s to %s in each row", settings->options.low,
             settings->options.high);
    return plot_histogram(&files->plot, answer->histogram, table->selected_count + 1, title,
                          "values in range", "rows");
}

static int commit_files(struct files *files, const struct settings *settings,
                        const struct table *table, const struct count_answer *answer)
{
    const struct count_options *count = &settings->options;
    int status = put_header(&files->output, count->output, NPY_I4, answer->rows, 0);
    if (status == CLI_OK)
        status = put_header(&files->write, count->write, NPY_I8, answer->rows, table->columns);
    if (status == CLI_OK)
        status = draw(files, settings, table, answer);
    if (status == CLI_OK)
        status = outfile_commit(&files->output);
    if (status == CLI_OK)
        status = outfile_commit(&files->write);
    if (status == CLI_OK)
        status = outfile_commit(&files->plot);
    return status;
}

static void abandon_files(struct files *files)
{
    outfile_abandon(&files->output);
    outfile_abandon(&files->write);
    outfile_abandon(&files->plot);
}

/* ---- The answer -------------------------------------------------------------------------- */

struct summary {
    const struct settings *settings;
    const struct table *table;
    const struct count_answer *answer;
    uint64_t values, in_range;
    const char *backend;
    int workers, hosts;
    double seconds;
};

static void add_up(struct summary *summary)
{
    const struct count_answer *answer = summary->answer;
    summary->values = answer->rows * summary->table->selected_count - answer->missing;
    for (uint64_t i = 1; i <= summary->table->selected_count; i++)
        summary->in_range += i * answer->histogram[i];
}

static void print_json(const struct summary *summary)
{
    const struct count_answer *answer = summary->answer;
    report_begin();
    report_string("program", "rowcount");
    report_integer("rows", answer->rows);
    report_integer("columns", summary->table->selected_count);
    report_integer("values", summary->values);
    report_integer("missing", answer->missing);
    report_integer("in_range", summary->in_range);
    report_integers("histogram", answer->histogram, summary->table->selected_count + 1);
    if (summary->settings->options.skip_bad)
        report_integer("bad_rows", answer->bad_rows);
    report_integer("bytes", answer->bytes);
    report_string("backend", summary->backend);
    report_integer("workers", (uint64_t)summary->workers);
    report_integer("hosts", (uint64_t)summary->hosts);
    report_number("seconds", summary->seconds);
    report_number("bytes_per_second", (double)answer->bytes / summary->seconds);
    report_end();
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : 100 * (double)part / (double)whole;
}

static void print_histogram(FILE *to, const struct summary *summary)
{
    const struct count_answer *answer = summary->answer;
    uint64_t columns = summary->table->selected_count;
    fprintf(to, "\nin range  rows\n");
    for (uint64_t i = 0; i <= columns; i++)
        if (columns <= 20 || answer->histogram[i] > 0)
            fprintf(to, "%8" PRIu64 "  %-12" PRIu64 " %5.1f %%\n", i, answer->histogram[i],
                    percent(answer->histogram[i], answer->rows));
    fprintf(to, "\n");
}

static void print_text(FILE *to, const struct summary *summary)
{
    const struct count_answer *answer = summary->answer;
    const struct count_options *asked = &summary->settings->options;
    const struct table *table = summary->table;
    double values_per_second = (double)summary->values / summary->seconds;
    fprintf(to, "rows      %" PRIu64 " of %" PRIu64 " column%s\n", answer->rows,
            table->selected_count, table->selected_count == 1 ? "" : "s");
    if (asked->skip_bad)
        fprintf(to, "bad rows  %" PRIu64 "\n", answer->bad_rows);
    fprintf(to, "values    %" PRIu64 ", %" PRIu64 " missing\n", summary->values, answer->missing);
    fprintf(to, "in range  %" PRIu64 " from %s to %s, %.4g %%\n", summary->in_range, asked->low,
            asked->high, percent(summary->in_range, summary->values));
    print_histogram(to, summary);
    fprintf(to, "backend   %s, %d worker%s on %d host%s\n", summary->backend, summary->workers,
            summary->workers == 1 ? "" : "s", summary->hosts, summary->hosts == 1 ? "" : "s");
    fprintf(to, "time      %.4g s, ", summary->seconds);
    if (answer->bytes > 0)
        fprintf(to, "%.3g GB/s\n", 1e-9 * (double)answer->bytes / summary->seconds);
    else
        fprintf(to, "%.3g values per second\n", values_per_second);
}

static int print_summary(const struct summary *summary, const struct cli_common *common)
{
    bool counts_on_stdout = summary->settings->options.output == FILE_STDOUT;
    if (common->json)
        print_json(summary);
    else if (!counts_on_stdout)
        print_text(stdout, summary);
    else if (!common->quiet)
        print_text(stderr, summary);
    return cli_finish(CLI_OK);
}

/* ---- The run ----------------------------------------------------------------------------- */

static int run(struct settings *settings, const struct cli_common *common,
               const struct table *table, double start)
{
    struct files files = {0};
    struct summary summary = {.settings = settings, .table = table};
    int status = begin_files(&files, settings);
    if (status != CLI_OK) {
        abandon_files(&files);
        return status;
    }
    struct count_answer *answer = count_rows(&settings->options, table, &common->team);
    summary.seconds = clock_now() - start;
    if (answer == NULL)
        status = cli_error(CLI_FAILED, "%s", tri_error_message());
    else if (*answer->words != '\0')
        status = cli_error(CLI_FAILED, "%s", answer->words);
    else
        status = commit_files(&files, settings, table, answer);
    abandon_files(&files);
    if (status == CLI_OK) {
        summary.answer = answer;
        summary.backend = tri_backend_name(common->team.backend);
        summary.workers = tri_worker_count(&common->team);
        summary.hosts = tri_host_count(&common->team);
        add_up(&summary);
        status = print_summary(&summary, common);
    }
    free(answer);
    return status;
}

static int program(int argc, char **argv)
{
    struct settings settings;
    struct cli_common common = {0};
    int status;
    if (settings_parse(&settings, &common, argc, argv, &status) != 0)
        return status;
    double start = clock_now();
    struct table *table = NULL;
    status = table_open(&settings.request, &table);
    if (status == CLI_OK)
        status = run(&settings, &common, table, start);
    free(table);
    return status;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
