/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The mpi backend of a build without MPI: an error that says so.
 */
#include "internal.h"

#include <stdlib.h>

size_t tri__mpi_piece_size;

static int refuse(void)
{
    return tri_fail(TRI_ENOTSUP, "this build has no MPI: configure it with --with-mpi");
}

static int worker_count(int requested, int preferred)
{
    (void)requested;
    (void)preferred;
    return refuse();
}

static int team_run(const struct tri__call *call, int workers)
{
    (void)call;
    (void)workers;
    return refuse();
}

const struct tri__backend tri__backend_mpi = {
    TRI_BACKEND_MPI,
    worker_count,
    refuse,
    team_run,
    NULL,
    NULL,
};

int tri__mpi_main(const struct tri__launch *launch, int argc, char **argv, tri_program *program,
                  int *status)
{
    (void)argc;
    (void)argv;
    (void)program;
    *status = EXIT_SUCCESS;
    if (launch->rank != 0)
        return 0;
    return tri_fail(TRI_ELAUNCH,
                    "%s started %d processes, but this build has no MPI: "
                    "configure it with --with-mpi",
                    launch->by, launch->ranks);
}
