/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The command line of rowcount.
 */
#ifndef ROWCOUNT_OPTIONS_H
#define ROWCOUNT_OPTIONS_H

#include "cli.h"
#include "count.h"

/* What is asked for. */
struct settings {
    struct table_request request;
    struct count_options options;
    const char *output, *write, *plot;
    bool has_seed;
};

/* Reads the arguments. 0 to go on; otherwise *status is what the program should exit with, all that
 * there is to say having been said. */
int settings_parse(struct settings *settings, struct cli_common *common, int argc, char **argv,
                   int *status);

#endif
