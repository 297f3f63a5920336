/* SPDX-License-Identifier: BSD-3-Clause */
#include "thumbs_options.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE_MAX = 16383 }; /* of WebP */
static const double SIGMA_MAX = 1000;
static const uint64_t NOT_GIVEN = UINT64_MAX;
static const uint64_t TIME_LIMIT_S = 60, TIME_LIMIT_S_MAX = 1000000;
static const uint64_t MEMORY_LIMIT = 2000000000, MEMORY_LIMIT_MIN = 100000000;

/* ---- One option ---------------------------------------------------------------------------- */

static int take_size(const char *value, void *settings)
{
    struct settings *set = settings;
    const char *times = strpbrk(value, "xX");
    uint64_t width = 0, height = 0;
    char left[32];
    if (times == NULL || (size_t)(times - value) >= sizeof left)
        return cli_error(CLI_USAGE, "--size '%s' is not width and height, such as 50x50", value);
    snprintf(left, sizeof left, "%.*s", (int)(times - value), value);
    int status = cli_number("--size width", left, 1, SIDE_MAX, &width);
    if (status == CLI_OK)
        status = cli_number("--size height", times + 1, 1, SIDE_MAX, &height);
    set->width = (int)width;
    set->height = (int)height;
    return status;
}

static int take_blur(const char *value, void *settings)
{
    char *end;
    double sigma = strtod(value, &end);
    if ((!isdigit((unsigned char)*value) && *value != '.') || *end != '\0' ||
        strpbrk(value, "xX") != NULL || !(sigma <= SIGMA_MAX))
        return cli_error(CLI_USAGE, "--blur '%s' is not a number from 0 to %g", value, SIGMA_MAX);
    ((struct settings *)settings)->sigma = sigma;
    return CLI_OK;
}

static int take_output(const char *value, void *settings)
{
    if (*value == '\0')
        return cli_error(CLI_USAGE, "--output '' is not a folder");
    ((struct settings *)settings)->folder = value;
    return CLI_OK;
}

static int take_force(const char *value, void *settings)
{
    (void)value;
    ((struct settings *)settings)->force = true;
    return CLI_OK;
}

static int take_time_limit(const char *value, void *settings)
{
    return cli_number("--time-limit", value, 0, TIME_LIMIT_S_MAX,
                      &((struct settings *)settings)->time_limit_s);
}

/* With less, libvips does not start. */
static int take_memory_limit(const char *value, void *settings)
{
    uint64_t *limit = &((struct settings *)settings)->memory_limit;
    if (strcmp(value, "0") == 0)
        return cli_number("--memory-limit", value, 0, 0, limit);
    return cli_number("--memory-limit", value, MEMORY_LIMIT_MIN, SIZE_MAX / 2, limit);
}

/* ---- All of them --------------------------------------------------------------------------- */

static const struct cli_option options[] = {
    {0, "size", "WxH", "what thumbnails have to fit in (50x50)", take_size},
    {0, "blur", "SIGMA", "of a Gaussian, in pixels of the image (2)", take_blur},
    {'o', "output", "DIR", "the folder for thumbnails, made if missing (thumbs)", take_output},
    {0, "force", NULL, "replace files that are there", take_force},
    {0, "time-limit", "SECONDS", "for each image, 0: none; not serial (60)", take_time_limit},
    {0, "memory-limit", "BYTES", "for each worker, 0: none; fork only (2G)", take_memory_limit},
    {0},
};

static const char examples[] = "Examples:\n"
                               "  thumbs photos/*.jpg\n"
                               "  thumbs --size 200x200 --blur 0 -o small photos/*\n"
                               "  find photos -name '*.png' -exec thumbs -q {} +\n";

static int check_limit(const char *option, uint64_t *limit, uint64_t usual, const char *backend,
                       bool is_possible)
{
    if (*limit == NOT_GIVEN)
        *limit = is_possible ? usual : 0;
    if (*limit == 0 || is_possible)
        return CLI_OK;
    return cli_error(CLI_USAGE, "the %s backend cannot keep to %s", backend, option);
}

/* What no option can see on its own. */
static int check_settings(struct settings *settings, const struct cli_common *common)
{
    const char *backend = tri_backend_name(common->team.backend);
    bool is_fork = strcmp(backend, "fork") == 0, is_serial = strcmp(backend, "serial") == 0;
    if (strcmp(backend, "mpi") == 0)
        return cli_error(CLI_USAGE,
                         "the mpi backend makes no thumbnails: use -b fork, on one host");
    if (settings->count == 0)
        return cli_error(CLI_USAGE, "no image is named: see thumbs --help");
    int status =
        check_limit("--time-limit", &settings->time_limit_s, TIME_LIMIT_S, backend, !is_serial);
    if (status == CLI_OK)
        status =
            check_limit("--memory-limit", &settings->memory_limit, MEMORY_LIMIT, backend, is_fork);
    return status;
}

int settings_parse(struct settings *settings, struct cli_common *common, int argc, char **argv,
                   int *status)
{
    struct cli_program self = {
        "thumbs",   "Makes blurred thumbnails of JPEG, PNG, WebP and TIFF images.",
        "IMAGE...", examples,
        options,    settings};
    *settings = (struct settings){
        .width = 50,
        .height = 50,
        .sigma = 2,
        .folder = "thumbs",
        .time_limit_s = NOT_GIVEN,
        .memory_limit = NOT_GIVEN,
    };
    if (cli_parse(&self, common, argc, argv, status) != 0)
        return -1;
    settings->names = common->operands;
    settings->count = (size_t)common->operand_count;
    *status = check_settings(settings, common);
    return *status == CLI_OK ? 0 : -1;
}
