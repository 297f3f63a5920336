/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rowcount: how many values of each row of a table are in a range. table.c finds out what the table
 * is, count.c counts it on a team; here is what the user says and sees.
 */
#include "cli.h"
#include "clock.h"
#include "count.h"
#include "outfile.h"
#include "plot.h"
#include "report.h"
#include "simd.h"

#include <ctype.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

struct settings {
    struct table_request request;
    struct count_options options;
    const char *output, *write, *plot;
    bool has_seed;
};

/* ---- The command line -------------------------------------------------------------------- */

static int take_bound(const char *option, const char *value, char text[BOUND_TEXT_MAX])
{
    struct decimal decimal;
    if (bounds_decimal(value, &decimal) != 0)
        return cli_error(CLI_USAGE, "%s '%s' is not a number or inf", option, value);
    strcpy(text, value);
    return CLI_OK;
}

static int take_min(const char *value, void *settings)
{
    return take_bound("--min", value, ((struct settings *)settings)->options.low);
}

static int take_max(const char *value, void *settings)
{
    return take_bound("--max", value, ((struct settings *)settings)->options.high);
}

static int take_columns(const char *value, void *settings)
{
    ((struct settings *)settings)->request.columns = value;
    return CLI_OK;
}

/* Characters that numbers and quotes are made of cannot cut them. */
static bool can_delimit(char c)
{
    return c > ' ' && c < 127 && !isalnum((unsigned char)c) && strchr("+-.\"#", c) == NULL;
}

static int take_delimiter(const char *value, void *settings)
{
    static const struct {
        const char *name;
        char delimiter;
    } names[] = {{"tab", '\t'}, {"\\t", '\t'}, {"\t", '\t'}, {"space", ' '}, {" ", ' '}};
    struct table_request *request = &((struct settings *)settings)->request;
    request->delimiter = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(value, names[i].name) == 0)
            request->delimiter = names[i].delimiter;
    if (strlen(value) == 1 && can_delimit(*value))
        request->delimiter = *value;
    if (request->delimiter != '\0')
        return CLI_OK;
    return cli_error(CLI_USAGE, "--delimiter '%s' is not tab, space or a character such as ; or |",
                     value);
}

static int take_header(const char *value, void *settings)
{
    static const char *const names[] = {"auto", "yes", "no"};
    for (int i = 0; i < 3; i++)
        if (strcmp(value, names[i]) == 0) {
            ((struct settings *)settings)->request.header = (enum header)i;
            return CLI_OK;
        }
    return cli_error(CLI_USAGE, "--header '%s' is not auto, yes or no", value);
}

static int take_skip_bad(const char *value, void *settings)
{
    (void)value;
    ((struct settings *)settings)->options.skip_bad = true;
    return CLI_OK;
}

static int take_output(const char *value, void *settings)
{
    ((struct settings *)settings)->output = value;
    return CLI_OK;
}

static int take_plot(const char *value, void *settings)
{
    ((struct settings *)settings)->plot = value;
    return CLI_OK;
}

static int take_random(const char *value, void *settings)
{
    struct table_request *request = &((struct settings *)settings)->request;
    const uint64_t most = (uint64_t)1 << 48;
    const char *times = strpbrk(value, "xX");
    char rows[64];
    if (times == NULL || (size_t)(times - value) >= sizeof rows)
        return cli_error(CLI_USAGE, "--random '%s' is not rows and columns, such as 200000x5",
                         value);
    snprintf(rows, sizeof rows, "%.*s", (int)(times - value), value);
    int status = cli_number("--random rows", rows, 1, most, &request->random_rows);
    if (status == CLI_OK)
        status =
            cli_number("--random columns", times + 1, 1, COLUMNS_MAX, &request->random_columns);
    if (status == CLI_OK && request->random_rows > most / request->random_columns)
        status = cli_error(CLI_USAGE, "--random '%s' is more than 2^48 numbers", value);
    return status;
}

static int take_seed(const char *value, void *settings)
{
    ((struct settings *)settings)->has_seed = true;
    return cli_number("--seed", value, 0, UINT64_MAX, &((struct settings *)settings)->options.seed);
}

static int take_write(const char *value, void *settings)
{
    ((struct settings *)settings)->write = value;
    return CLI_OK;
}

static int take_block(const char *value, void *settings)
{
    return cli_number("--block", value, 1, 1 << 23, &((struct settings *)settings)->request.block);
}

static const struct cli_option options[] = {
    {0, "min", "X", "the range's lower bound, included (-inf)", take_min},
    {0, "max", "X", "the range's upper bound, included (inf)", take_max},
    {'c', "columns", "LIST", "columns to count, such as 2,4-7,price (all)", take_columns},
    {'d', "delimiter", "CHAR", "a character, tab or space (found from the first lines)",
     take_delimiter},
    {0, "header", "WHEN", "auto, yes or no (auto: if it is no row of numbers)", take_header},
    {0, "skip-bad", NULL, "leave out bad rows and say how many", take_skip_bad},
    {'o', "output", "FILE", "write each row's count to FILE.npy, FILE.csv or -", take_output},
    {0, "plot", "FILE", "draw the histogram as FILE.svg or FILE.png", take_plot},
    {0, "random", "RxC", "no file: R rows of C random numbers from 0 to 9", take_random},
    {0, "seed", "SEED", "which random numbers (0)", take_seed},
    {0, "write", "FILE", "keep the random table as FILE.csv or FILE.npy", take_write},
    {0, "block", "BYTES", "how much of a file is one worker's turn (1 MiB)", take_block},
    {0},
};

static const char examples[] = "Examples:\n"
                               "  rowcount --min 4 --max 8 table.csv more.csv big.npy\n"
                               "  rowcount --min 4 --max 8 --random 200000x5 --seed 42\n"
                               "  mpirun -np 8 rowcount --max 1.5 -c 2,4-7 -o counts.npy data.csv\n"
                               "  zcat table.csv.gz | rowcount --min 0 -\n";

static bool file_kind_of(const char *name, enum file_kind *kind)
{
    *kind = outfile_is_a(name, ".csv")   ? FILE_CSV
            : outfile_is_a(name, ".npy") ? FILE_NPY
                                         : FILE_NONE;
    return *kind != FILE_NONE && strlen(name) < PATH_MAX - 32;
}

static int count_inputs(const struct table_request *request)
{
    int inputs = 0;
    for (int i = 0; i < request->count; i++)
        inputs += strcmp(request->names[i], "-") == 0;
    return inputs;
}

static bool are_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* What no option can see on its own. */
static int check_settings(struct settings *settings, const struct cli_common *common)
{
    struct table_request *request = &settings->request;
    struct count_options *count = &settings->options;
    struct decimal low, high;
    bounds_decimal(count->low, &low);
    bounds_decimal(count->high, &high);
    if (bounds_compare(&low, &high) > 0)
        return cli_error(CLI_USAGE, "--min %s is more than --max %s", count->low, count->high);
    if (request->random_rows == 0 && request->count == 0)
        return cli_error(CLI_USAGE, "no file is named: see rowcount --help");
    if (request->random_rows > 0 && request->count > 0)
        return cli_error(CLI_USAGE, "--random takes no files, such as '%s'", request->names[0]);
    if (count_inputs(request) > 1)
        return cli_error(CLI_USAGE, "standard input can be read once only");
    if (request->random_rows == 0 && (settings->write != NULL || settings->has_seed))
        return cli_error(CLI_USAGE, "--%s is for --random", settings->write ? "write" : "seed");
    if (settings->write != NULL && !file_kind_of(settings->write, &count->write))
        return cli_error(CLI_USAGE, "--write '%s' does not end in .csv or .npy", settings->write);
    if (settings->plot && !outfile_is_a(settings->plot, ".svg") &&
        !outfile_is_a(settings->plot, ".png"))
        return cli_error(CLI_USAGE, "--plot '%s' does not end in .svg or .png", settings->plot);
    if (are_same(settings->output, settings->write))
        return cli_error(CLI_USAGE, "--output and --write both name '%s'", settings->output);
    if (settings->output == NULL)
        return CLI_OK;
    if (strcmp(settings->output, "-") == 0) {
        count->output = FILE_STDOUT;
        request->block = request->block < 1 << 17 ? request->block : 1 << 17;
        if (common->json)
            return cli_error(CLI_USAGE, "--json and --output - both want standard output");
        return CLI_OK;
    }
    if (!file_kind_of(settings->output, &count->output))
        return cli_error(CLI_USAGE, "--output '%s' is not -, and does not end in .csv or .npy",
                         settings->output);
    return CLI_OK;
}

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
    struct settings settings = {
        .request = {.block = 1 << 20},
        .options = {.low = "-inf", .high = "inf"},
    };
    struct cli_common common = {0};
    struct cli_program self = {"rowcount", "Counts the values of each row that are in a range.",
                               "FILE...",  examples,
                               options,    &settings};
    char trouble[128];
    int status;
    if (cli_parse(&self, &common, argc, argv, &status) != 0)
        return status;
    if (simd_check(trouble, sizeof trouble) != 0)
        return cli_error(CLI_USAGE, "%s", trouble);
    const char *backend = tri_backend_name(common.team.backend);
    settings.request.names = common.operands;
    settings.request.count = common.operand_count;
    settings.request.streams_allowed = strcmp(backend, "mpi") != 0;
    settings.options.progress = common.progress;
    status = check_settings(&settings, &common);

    double start = clock_now();
    struct table *table = NULL;
    if (status == CLI_OK)
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
