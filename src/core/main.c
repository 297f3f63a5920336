/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tri_main: how was this process started, and what has to be ready before the program runs?
 */
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int complain(void)
{
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, tri_error_message());
    return EXIT_FAILURE;
}

/* Where a standard descriptor is closed, the next file opened would take its place and receive what
 * is printed. One that can only be used the wrong way keeps the error. */
static void occupy_standard_descriptors(void)
{
    static const int wrong_way[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int descriptor = 0; descriptor < 3; descriptor++)
        if (fcntl(descriptor, F_GETFD) == -1)
            open("/dev/null", wrong_way[descriptor]);
}

/* The words are said once. The other ranks end well, or the launcher might end rank 0 before it has
 * said them. */
static int refuse(const struct tri__launch *launch)
{
    tri_fail(TRI_ELAUNCH, "%s started %d tasks %s", launch->by, launch->ranks, launch->trouble);
    return launch->rank == 0 ? complain() : EXIT_SUCCESS;
}

static pid_t program_pid;

/* On threads and serial a kernel that calls exit() ends the program, which must not look as if it
 * had gone well; but a child that it has forked ends as it likes. */
static void finish(void)
{
    long parent = tri_process_parent_id();
    if (parent != 0 && parent != getpid())
        return; /* a worker whose fork server was made after this had been registered */
    const char *culprit = tri__team_is_in_kernel()  ? "kernel"
                          : tri__local_is_in_task() ? "task"
                                                    : NULL;
    if (culprit && getpid() == program_pid) {
        atexit(finish); /* for another thread in exit(), which would go on to the end before us */
        fprintf(stderr, "%s: a %s has called exit()\n", program_invocation_short_name, culprit);
        _exit(EXIT_FAILURE);
    }
    tri__local_finish();
    tri__local_close();
}

static int run_locally(int argc, char **argv, tri_program *program)
{
    program_pid = getpid();
    if (tri__local_open(false, NULL) != 0 || atexit(finish) != 0)
        return complain();
    tri__options_launched_for(TRI_BACKEND_FORK);
    return program(argc, argv);
}

static int run_as_rank(const struct tri__launch *launch, int argc, char **argv,
                       tri_program *program)
{
    char who[32];
    int status;
    snprintf(who, sizeof who, "rank %d", launch->rank);
    if (tri__local_open(true, who) != 0)
        return complain();
    tri__options_launched_for(TRI_BACKEND_MPI);
    if (tri__mpi_main(launch, argc, argv, program, &status) != 0)
        status = complain();
    tri__local_close();
    return status;
}

int tri_main(int argc, char **argv, tri_program *program)
{
    static bool is_begun;
    struct tri__launch launch = tri__launch_detect();
    if (is_begun) {
        tri_fail(TRI_ESTATE, "tri_main can be called once only");
        return complain();
    }
    is_begun = true;
    occupy_standard_descriptors();
    if (launch.trouble)
        return refuse(&launch);
    if (launch.mpi && launch.ranks != 1)
        return run_as_rank(&launch, argc, argv, program);
    return run_locally(argc, argv, program);
}
