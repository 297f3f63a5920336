/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The mpi backend: rank 0 runs the program, the others wait for the teams that it starts. A team
 * is all ranks; its kernel runs in the ranks' own processes.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TAG_COMMAND = 1 };

struct command {
    bool stop;
    int64_t number; /* of the team */
    struct tri__address kernel;
    uint64_t argument_size, result_size;
};

/* ---- One rank -------------------------------------------------------------------------- */

/* Everything that a rank needs before the kernel can run; false, with words, when it has not got
 * it. */
static bool make_ready(struct tri__call *call, void **result)
{
    *result = calloc(1, call->result_size + 1);
    if (*result == NULL || call->argument == NULL)
        tri_fail(TRI_ENOMEM, "no memory for its argument and result");
    else if (call->kernel == NULL)
        tri_fail(TRI_ELAUNCH, "the kernel is in a shared library that this rank has not loaded");
    else
        return true;
    return false;
}

/* `call->argument` is the rank's own memory, filled on rank 0. On success *result is for the
 * caller to free. */
static int run_rank(struct mpi_team *self, struct tri__call *call, void **result)
{
    tri_team *team = &self->team;
    int code = TRI_EENDED;
    tri__world.in_team = true;
    if (make_ready(call, result)) {
        struct tri__signature signature = {.step = TRI__BCAST, .size = call->argument_size};
        code = tri__mpi_collectives.bcast(team, &signature, (void *)call->argument);
        if (code == 0)
            code = tri__team_member(team, call, *result);
    } else {
        struct tri__failure failure;
        tri__failure_set(&failure, TRI_EFAILED, team->rank, team->size, getpid(), "%s",
                         tri_error_message());
        tri__mpi_fail(team, &failure);
    }
    tri__world.in_team = false;
    return code;
}

static struct mpi_team new_team(void)
{
    return (struct mpi_team){.team = {&tri__mpi_collectives, tri__world.rank, tri__world.size}};
}

/* ---- The other ranks ------------------------------------------------------------------- */

static void obey(const struct command *command)
{
    struct mpi_team self = new_team();
    void *argument = malloc(command->argument_size + 1), *result;
    struct tri__call call = {tri__address_function(command->kernel), argument,
                             command->argument_size, NULL, command->result_size};
    run_rank(&self, &call, &result);
    free(result);
    free(argument);
}

void tri__mpi_serve(void)
{
    struct command command;
    double start = tri__now();
    for (;;) {
        int there = 0;
        MPI_Iprobe(0, TAG_COMMAND, tri__world.comm, &there, MPI_STATUS_IGNORE);
        if (!there) {
            tri__mpi_pause(start);
            continue;
        }
        MPI_Recv(&command, sizeof command, MPI_BYTE, 0, TAG_COMMAND, tri__world.comm,
                 MPI_STATUS_IGNORE);
        if (command.stop)
            return;
        obey(&command);
        start = tri__now();
    }
}

/* ---- Rank 0 ---------------------------------------------------------------------------- */

static void send_command(const struct command *command)
{
    for (int rank = 1; rank < tri__world.size; rank++)
        MPI_Send(command, sizeof *command, MPI_BYTE, rank, TAG_COMMAND, tri__world.comm);
}

void tri__mpi_stop_serving(void)
{
    struct command command;
    memset(&command, 0, sizeof command);
    command.stop = true;
    send_command(&command);
}

static int run_all(const struct tri__call *given, void *argument)
{
    struct command command;
    memset(&command, 0, sizeof command);
    command.argument_size = given->argument_size;
    command.result_size = given->result_size;
    int code = tri__address_of(given->kernel, &command.kernel);
    if (code != 0)
        return code;
    send_command(&command);

    struct mpi_team self = new_team();
    struct tri__call call = *given;
    void *result;
    call.argument = argument;
    code = run_rank(&self, &call, &result);
    if (code == 0 && given->result_size > 0)
        memcpy(given->result, result, given->result_size);
    free(result);
    return self.over ? tri_fail(self.failure.code, "%s", self.failure.words) : code;
}

/* A program that was started without a launcher is a world of one rank, made when it is asked
 * for. */
static int open_if_needed(void)
{
    if (tri__world.size > 0)
        return tri__mpi_check_thread();
    int code = tri__world_open(NULL);
    if (code == 0)
        atexit(tri__mpi_finish);
    return code;
}

static int team_run(const struct tri__call *call, int workers)
{
    (void)workers;
    int code = open_if_needed();
    if (code != 0)
        return code;
    void *argument = malloc(call->argument_size + 1);
    if (argument == NULL)
        return tri_fail(TRI_ENOMEM, "no memory for an argument of %zu bytes", call->argument_size);
    if (call->argument_size > 0)
        memcpy(argument, call->argument, call->argument_size);
    code = run_all(call, argument);
    free(argument);
    return code;
}

static int worker_count(int requested, int preferred)
{
    (void)preferred;
    int size = tri__world.size > 0 ? tri__world.size : 1;
    if (requested > 0 && requested != size)
        return tri_fail(TRI_EINVAL,
                        "%d workers, but there %s %d MPI rank%s: the number comes from mpirun -np",
                        requested, size == 1 ? "is" : "are", size, size == 1 ? "" : "s");
    return size;
}

static int host_count(void)
{
    return tri__world.size > 0 ? tri__world.hosts : 1;
}

const struct tri__backend tri__backend_mpi = {
    TRI_BACKEND_MPI,
    worker_count,
    host_count,
    team_run,
    NULL,
    NULL,
};
