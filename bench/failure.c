/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How long a failure takes: the last rank of two returns an error at once, or dies, while the other
 * neither checks nor comes to a collective. Prints the seconds until tri_team_run has returned, the
 * median of nine; on mpi, where the job ends, it does not come to that.
 */
#include "clock.h"
#include "trireme.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { RUNS = 9 };

static int kernel(tri_team *team, const void *argument, void *result)
{
    (void)result;
    if (tri_team_rank(team) != tri_team_size(team) - 1)
        return pause();
    if (*(const int *)argument)
        raise(SIGKILL);
    return 1;
}

static int program(int argc, char **argv)
{
    (void)argv;
    static const tri_team_options two = {.workers = 2};
    int dies = argc > 1;
    double times[RUNS];
    for (int i = 0; i < RUNS; i++) {
        double start = clock_now();
        if (tri_team_run(kernel, &dies, sizeof dies, NULL, 0, &two) == 0)
            return EXIT_FAILURE;
        times[i] = clock_now() - start;
    }
    printf("%.2f\n", median(times, RUNS));
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
