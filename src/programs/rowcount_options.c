/* SPDX-License-Identifier: BSD-3-Clause */
#include "rowcount_options.h"

#include "outfile.h"
#include "simd.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- One option ---------------------------------------------------------------------------- */

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

/* ---- All of them --------------------------------------------------------------------------- */

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

int settings_parse(struct settings *settings, struct cli_common *common, int argc, char **argv,
                   int *status)
{
    struct cli_program self = {"rowcount", "Counts the values of each row that are in a range.",
                               "FILE...",  examples,
                               options,    settings};
    char trouble[128];
    *settings = (struct settings){
        .request = {.block = 1 << 20},
        .options = {.low = "-inf", .high = "inf"},
    };
    if (cli_parse(&self, common, argc, argv, status) != 0)
        return -1;
    settings->request.names = common->operands;
    settings->request.count = common->operand_count;
    settings->request.streams_allowed = strcmp(tri_backend_name(common->team.backend), "mpi") != 0;
    settings->options.progress = common->progress;
    settings->request.skip_bad = settings->options.skip_bad;
    *status = check_settings(settings, common);
    if (*status == CLI_OK && simd_check(trouble, sizeof trouble) != 0)
        *status = cli_error(CLI_USAGE, "%s", trouble);
    return *status == CLI_OK ? 0 : -1;
}
