/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pairs RUNS 'COMMAND A' 'COMMAND B': runs the two in turn, A B A B …, after one of each that is
 * not counted, and prints the medians of their times in milliseconds and the median of the ratios
 * B/A of the pairs. So a machine whose speed drifts does not favour either.
 */
#include "clock.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Milliseconds from before the fork until the end has been seen. The shell is replaced by the
 * command. */
static double run(const char *command)
{
    char line[4096];
    int status;
    snprintf(line, sizeof line, "exec %s", command);
    double start = clock_now();
    pid_t pid = fork();
    if (pid == 0) {
        dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
        execl("/bin/sh", "sh", "-c", line, (char *)NULL);
        _exit(127);
    }
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "pairs: '%s' failed\n", command);
        exit(EXIT_FAILURE);
    }
    return (clock_now() - start) * 1e3;
}

int main(int argc, char **argv)
{
    enum { RUNS_MAX = 1000 };
    static double a[RUNS_MAX], b[RUNS_MAX], ratio[RUNS_MAX];
    int runs = argc == 4 ? atoi(argv[1]) : 0;
    if (runs < 1 || runs > RUNS_MAX) {
        fprintf(stderr, "usage: pairs RUNS 'COMMAND A' 'COMMAND B'\n");
        return 2;
    }
    run(argv[2]);
    run(argv[3]);
    for (int i = 0; i < runs; i++) {
        a[i] = run(argv[2]);
        b[i] = run(argv[3]);
        ratio[i] = b[i] / a[i];
    }
    printf("%.4g %.4g %.4g\n", median(a, runs), median(b, runs), median(ratio, runs));
    return 0;
}
