/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The command line of all programs: the options that they share, a program's own from a table,
 * --help made from the same table, and one line on stderr for each mistake.
 */
#ifndef CLI_H
#define CLI_H

#include "progress.h"
#include "trireme.h"

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

/* One option. `take` gets its value (NULL where `argument` is) and the program's own settings, and
 * returns 0 or the exit status, having said what is wrong. */
struct cli_option {
    char letter; /* 0 where there is only the long name */
    const char *name;
    const char *argument; /* in --help, NULL for none */
    const char *help;
    int (*take)(const char *value, void *settings);
};

struct cli_program {
    const char *name;
    const char *summary;              /* one line */
    const char *operands;             /* in --help, such as "FILE..."; NULL if there are none */
    const char *examples;             /* lines to end --help with */
    const struct cli_option *options; /* ended by a name of NULL */
    void *settings;
};

/* What the shared options say. */
struct cli_common {
    tri_team_options team;
    enum progress_when progress;
    bool json, quiet;
    char **operands; /* of the arguments: what is no option */
    int operand_count;
};

/* Reads the arguments. 0 to go on; otherwise *status is what the program should exit with, all that
 * there is to say having been said. */
int cli_parse(const struct cli_program *program, struct cli_common *common, int argc, char **argv,
              int *status);

/* Writes "pi: …" and a newline to stderr, and returns `status`. */
int cli_error(int status, const char *format, ...) TRI_PRINTF(2, 3);

/* A whole number from `least` to `most`, which may be written 1000000, 1e6 or 1M (k, M, G, T are
 * powers of 1000). `option` is for the message. */
int cli_number(const char *option, const char *text, uint64_t least, uint64_t most,
               uint64_t *number);

/* Flushes stdout: what the program wrote has arrived, or an error says that it has not. To be
 * returned from the program. */
int cli_finish(int status);

#endif
