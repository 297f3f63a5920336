/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *program_name = "trireme";

int cli_error(int status, const char *format, ...)
{
    char words[2 * PATH_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    for (char *at = words; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?'; /* of a file's name, say: an error is one line */
    fprintf(stderr, "%s: %s\n", program_name, words);
    return status;
}

int cli_finish(int status)
{
    bool failed = ferror(stdout) != 0;
    errno = 0;
    if (fflush(stdout) == 0 && !failed)
        return status;
    return cli_error(CLI_FAILED, "cannot write to standard output: %s",
                     errno ? strerror(errno) : "an earlier write failed");
}

/* ---- Numbers --------------------------------------------------------------------------- */

/* A number in decimal: `digits` times ten to the `exponent`. */
struct decimal {
    uint64_t digits;
    long exponent;
};

static bool add_digit(struct decimal *number, char digit)
{
    uint64_t value = (uint64_t)(digit - '0');
    if (number->digits > (UINT64_MAX - value) / 10)
        return false;
    number->digits = number->digits * 10 + value;
    return true;
}

/* digits[.digits][e[+|-]digits][k|M|G|T]; false for anything else. */
static bool read_decimal(const char *text, struct decimal *number)
{
    static const char suffixes[] = "kMGT";
    const char *at = text;
    *number = (struct decimal){0, 0};
    for (; isdigit((unsigned char)*at); at++)
        if (!add_digit(number, *at))
            return false;
    if (at == text)
        return false;
    if (*at == '.')
        for (at++; isdigit((unsigned char)*at); at++, number->exponent--)
            if (!add_digit(number, *at))
                return false;
    if ((*at == 'e' || *at == 'E') && at[1] != '\0' && !isspace((unsigned char)at[1])) {
        char *end;
        long exponent = strtol(at + 1, &end, 10);
        if (end == at + 1 || exponent > 1000 || exponent < -1000)
            return false;
        number->exponent += exponent;
        at = end;
    }
    const char *suffix = *at ? strchr(suffixes, *at) : NULL;
    if (suffix) {
        number->exponent += 3 * (suffix - suffixes + 1);
        at++;
    }
    return *at == '\0';
}

static bool to_integer(struct decimal number, uint64_t most, uint64_t *integer)
{
    for (; number.exponent < 0 && number.digits > 0; number.exponent++) {
        if (number.digits % 10 != 0)
            return false;
        number.digits /= 10;
    }
    for (; number.exponent > 0 && number.digits > 0; number.exponent--) {
        if (number.digits > most / 10)
            return false;
        number.digits *= 10;
    }
    *integer = number.digits;
    return true;
}

int cli_number(const char *option, const char *text, uint64_t least, uint64_t most,
               uint64_t *number)
{
    struct decimal decimal;
    if (read_decimal(text, &decimal) && to_integer(decimal, most, number) && *number >= least &&
        *number <= most)
        return CLI_OK;
    return cli_error(CLI_USAGE, "%s '%s' is not a whole number from %llu to %llu", option, text,
                     (unsigned long long)least, (unsigned long long)most);
}

/* ---- The shared options ---------------------------------------------------------------- */

static int take_backend(const char *value, void *settings)
{
    struct cli_common *common = settings;
    if (tri_backend_from_name(value, &common->team.backend) == 0)
        return CLI_OK;
    return cli_error(CLI_USAGE, "%s", tri_error_message());
}

static int take_workers(const char *value, void *settings)
{
    struct cli_common *common = settings;
    uint64_t workers = 0;
    int status = cli_number("--workers", value, 1, TRI_WORKERS_MAX, &workers);
    common->team.workers = (int)workers;
    return status;
}

static int take_json(const char *value, void *settings)
{
    (void)value;
    ((struct cli_common *)settings)->json = true;
    return CLI_OK;
}

static int take_quiet(const char *value, void *settings)
{
    (void)value;
    ((struct cli_common *)settings)->quiet = true;
    return CLI_OK;
}

static int take_progress(const char *value, void *settings)
{
    struct cli_common *common = settings;
    if (progress_when_from_name(value, &common->progress))
        return CLI_OK;
    return cli_error(CLI_USAGE, "--progress '%s' is not auto, always or never", value);
}

static const struct cli_option common_options[] = {
    {'b', "backend", "NAME", "serial, threads, fork or mpi (fork; under mpirun mpi)", take_backend},
    {'w', "workers", "N", "number of workers (as many as there are usable CPUs)", take_workers},
    {0, "json", NULL, "print one JSON object", take_json},
    {'q', "quiet", NULL, "nothing on stderr but errors", take_quiet},
    {0, "progress", "WHEN", "auto, always or never (auto: a bar on a terminal)", take_progress},
    {'h', "help", NULL, "print this and exit", NULL},
    {'V', "version", NULL, "print the version and exit", NULL},
    {0},
};

/* ---- Reading them ---------------------------------------------------------------------- */

static void print_options(const struct cli_option *option)
{
    for (; option->name; option++) {
        char left[64];
        snprintf(left, sizeof left, "%s%c%s --%s %s", option->letter ? "-" : "",
                 option->letter ? option->letter : ' ', option->letter ? "," : "  ", option->name,
                 option->argument ? option->argument : "");
        printf("  %-24s %s\n", left, option->help);
    }
}

static int print_help(const struct cli_program *program)
{
    printf("Usage: %s [OPTION]...%s%s\n%s\n\n", program->name, program->operands ? " " : "",
           program->operands ? program->operands : "", program->summary);
    print_options(program->options);
    printf("\n");
    print_options(common_options);
    printf("\n%s", program->examples);
    return cli_finish(CLI_OK);
}

static int print_version(const struct cli_program *program)
{
    printf("%s (Trireme) %s\n", program->name, TRI_VERSION);
    return cli_finish(CLI_OK);
}

enum { OPTIONS_MAX = 32, FIRST_VALUE = 256 };

/* What getopt_long needs: an option's value is FIRST_VALUE plus its place here. */
struct table {
    const struct cli_option *options[OPTIONS_MAX];
    struct option longs[OPTIONS_MAX + 1];
    char letters[3 * OPTIONS_MAX];
    int count;
};

static void add_options(struct table *table, const struct cli_option *option)
{
    char *letter = table->letters + strlen(table->letters);
    for (; option->name && table->count < OPTIONS_MAX; option++) {
        int has_argument = option->argument ? required_argument : no_argument;
        table->longs[table->count] =
            (struct option){option->name, has_argument, NULL, FIRST_VALUE + table->count};
        table->options[table->count++] = option;
        if (option->letter) {
            *letter++ = option->letter;
            if (option->argument)
                *letter++ = ':';
        }
    }
}

static const struct cli_option *find(const struct table *table, int value)
{
    if (value >= FIRST_VALUE)
        return table->options[value - FIRST_VALUE];
    for (int i = 0; i < table->count; i++)
        if (table->options[i]->letter == value)
            return table->options[i];
    return NULL;
}

static int complain(const struct cli_program *program, char **argv, int value)
{
    const char *word = argv[optind - 1];
    if (value == ':')
        return cli_error(CLI_USAGE, "option '%s' needs a value: see %s --help", word,
                         program->name);
    if (optopt > 0 && optopt < FIRST_VALUE)
        return cli_error(CLI_USAGE, "unknown option '-%c': see %s --help", optopt, program->name);
    return cli_error(CLI_USAGE,
                     "option '%s' is unknown, ambiguous or takes no value: see %s --help", word,
                     program->name);
}

/* True when the program should exit with *status. */
static bool take(const struct cli_program *program, struct cli_common *common,
                 const struct cli_option *option, int *status)
{
    bool is_common = option >= common_options &&
                     option < common_options + sizeof common_options / sizeof *common_options;
    if (option->take)
        *status = option->take(optarg, is_common ? (void *)common : program->settings);
    else
        *status = option->letter == 'h' ? print_help(program) : print_version(program);
    return *status != CLI_OK || option->take == NULL;
}

/* The backend and its workers can be had: what is wrong with them is a matter of usage. */
static int check_team(const struct cli_common *common)
{
    if (tri_worker_count(&common->team) < 0)
        return cli_error(CLI_USAGE, "%s", tri_error_message());
    return CLI_OK;
}

int cli_parse(const struct cli_program *program, struct cli_common *common, int argc, char **argv,
              int *status)
{
    struct table table = {.letters = ":"};
    int value;
    program_name = program->name;
    add_options(&table, program->options);
    add_options(&table, common_options);
    opterr = 0;
    while ((value = getopt_long(argc, argv, table.letters, table.longs, NULL)) != -1) {
        const struct cli_option *option = find(&table, value);
        if (option == NULL) {
            *status = complain(program, argv, value);
            return -1;
        }
        if (take(program, common, option, status))
            return -1;
    }
    common->operands = argv + optind;
    common->operand_count = argc - optind;
    if (optind < argc && program->operands == NULL) {
        *status = cli_error(CLI_USAGE, "unexpected argument '%s': see %s --help", argv[optind],
                            program->name);
        return -1;
    }
    if (common->quiet)
        common->progress = PROGRESS_NEVER;
    *status = check_team(common);
    return *status == CLI_OK ? 0 : -1;
}
