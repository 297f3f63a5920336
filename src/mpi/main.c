/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What tri_main does in a rank: rank 0 runs the program, the others serve it. A program that ends
 * with exit() ends the serving too; one that does so in a kernel leaves the other ranks waiting,
 * and is reported by the rank's fork server.
 */
#include "world.h"

#include <stdlib.h>
#include <unistd.h>

/* Not in a process that the program has forked. */
void tri__mpi_finish(void)
{
    if (tri__world.size == 0 || tri__world.in_team || tri__world.process != getpid())
        return;
    tri__local_finish();
    if (tri__world.rank == 0)
        tri__mpi_stop_serving();
    tri__world_close();
    tri__local_close();
}

int tri__mpi_main(const struct tri__launch *launch, int argc, char **argv, tri_program *program,
                  int *status)
{
    int code = tri__world_open(launch);
    *status = EXIT_SUCCESS;
    if (code != 0)
        return launch->rank == 0 ? code : 0;
    if (tri__world.rank == 0) {
        atexit(tri__mpi_finish);
        *status = program(argc, argv);
    } else {
        tri__mpi_serve();
    }
    tri__mpi_finish();
    return 0;
}
