/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The command line of thumbs.
 */
#ifndef THUMBS_OPTIONS_H
#define THUMBS_OPTIONS_H

#include "cli.h"

/* What is asked for. */
struct settings {
    int width, height;
    double sigma;
    const char *folder;
    bool force;
    uint64_t time_limit_s, memory_limit; /* 0: none */
    char **names;
    size_t count;
};

/* Reads the arguments. 0 to go on; otherwise *status is what the program should exit with, all that
 * there is to say having been said. */
int settings_parse(struct settings *settings, struct cli_common *common, int argc, char **argv,
                   int *status);

#endif
