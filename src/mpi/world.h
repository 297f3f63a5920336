/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the files of src/mpi share.
 */
#ifndef TRI__WORLD_H
#define TRI__WORLD_H

#include "internal.h"

#include <mpi.h>

/* All ranks, once tri__world_open has returned 0; `size` is 0 before. */
struct tri__world {
    MPI_Comm comm; /* the library's own */
    int rank, size, hosts;
    int process;  /* that opened it */
    bool in_team; /* this rank runs a kernel */
};
extern struct tri__world tri__world;

/* Collective. Initialises MPI and looks whether the ranks fit together. `launch` may be NULL: then
 * this is a world of one rank. */
int tri__world_open(const struct tri__launch *launch);

/* Collective. Finalises MPI. */
void tri__world_close(void);

/* The orderly end: rank 0 stops the serving, MPI is finalised. Does nothing in the middle of a
 * kernel. For atexit. */
void tri__mpi_finish(void);

/* Runs the teams that rank 0 starts, until it stops the serving. */
void tri__mpi_serve(void);
void tri__mpi_stop_serving(void);

/* Waiting without burning the CPU: MPI's own blocking calls poll all the time. Call it between
 * two polls; it sleeps for a 64th of what the wait has taken since `start` (tri__now), at least
 * 20 µs and at most 10 ms, but only yields in the first 100 µs. So a wait is lengthened by 2 %
 * at most, and a rank that has waited for a second uses less than 1 % of a core. */
void tri__mpi_pause(double start);

/* Only this thread may call MPI (MPI_THREAD_FUNNELED). */
int tri__mpi_check_thread(void);

/* ---- A team ---------------------------------------------------------------------------- */

struct mpi_team {
    struct tri_team team;
    int warnings;                /* received: so many ranks have failed at least */
    bool over;                   /* has failed, and all ranks know why */
    struct tri__failure failure; /* when over */
};

extern const struct tri__collectives tri__mpi_collectives;

/* Collective. Waits until all ranks are at this step. TRI_EENDED when one has failed or their
 * signatures differ. */
int tri__mpi_agree(tri_team *team, const struct tri__signature *signature);

int tri__mpi_check(tri_team *team);
void tri__mpi_fail(tri_team *team, const struct tri__failure *failure);

#endif
