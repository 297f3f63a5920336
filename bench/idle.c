/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What waiting costs: rank 0 sleeps for five seconds in the program while the other ranks wait
 * for a team. Prints the CPU time, in seconds, that all processes of the other ranks (the ranks
 * themselves and their fork servers) have used in that time.
 */
#include "trireme.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { RANKS_MAX = 1024 };

struct processes {
    int rank, server;
};

static int kernel(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    struct processes own = {getpid(), getppid()};
    return tri_team_gather(team, &own, result, sizeof own, 0);
}

static double cpu_seconds(int pid)
{
    char path[64];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL || fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                               &user, &system) != 2)
        fprintf(stderr, "idle: cannot read %s\n", path);
    if (file)
        fclose(file);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double all_cpu_seconds(const struct processes *ranks, int size)
{
    double sum = 0;
    for (int rank = 1; rank < size; rank++)
        sum += cpu_seconds(ranks[rank].rank) + cpu_seconds(ranks[rank].server);
    return sum;
}

static int program(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    static struct processes ranks[RANKS_MAX];
    int size = tri_worker_count(NULL);
    if (tri_team_run(kernel, NULL, 0, ranks, sizeof ranks, NULL) != 0) {
        fprintf(stderr, "idle: %s\n", tri_error_message());
        return EXIT_FAILURE;
    }
    double before = all_cpu_seconds(ranks, size);
    nanosleep(&(struct timespec){.tv_sec = 5}, NULL);
    printf("%.2f\n", all_cpu_seconds(ranks, size) - before);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
