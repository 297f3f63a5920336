/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How the ranks of a team stay together. MPI's collectives hang when one rank fails to call them,
 * and no call of MPI can be taken back. So each collective begins with an agreement, a small
 * MPI_Iallreduce in which every rank says at which step it is, or that it has failed; the real
 * collective follows only when all are at the same step. A rank whose kernel has returned stays
 * in the agreement until all have. It costs one more all-reduce of 88 bytes a collective, and
 * waiting in it costs no CPU.
 *
 * A rank that fails also warns the others with a message, which tri_team_check looks for. Ranks
 * that neither check nor come to a collective soon cannot be stopped by words: the
 * failed rank then says what happened and ends the job.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>

enum { TAG_WARNING = 2 };
static const double GRACE_S = 0.5;

/* Each number with its negative: after MPI_MAX the two agree only if all ranks had the same. The
 * first says who has failed: size - rank, so that the lowest rank wins, or 0. */
enum { FAILED, STEP, ROOT = 3, TYPE = 5, OPERATION = 7, SIZE = 9, WORDS = 11 };

static void write_word(int64_t *words, int at, int64_t value)
{
    words[at] = value;
    words[at + 1] = -value;
}

static bool all_same(const int64_t *words)
{
    for (int at = STEP; at < WORDS; at += 2)
        if (words[at] != -words[at + 1])
            return false;
    return true;
}

static _Noreturn void end_job(const struct tri__failure *failure)
{
    fprintf(stderr, "%s: %s; another rank did not stop, so the job ends\n",
            program_invocation_short_name, failure->words);
    tri__local_close(); /* so that the fork server has nothing to add */
    MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    abort();
}

/* Waits for the agreement; a rank that has failed does so for a limited time. */
static void wait_for(MPI_Request *request, const struct tri__failure *own)
{
    double start = tri__now();
    int done = 0;
    for (;;) {
        MPI_Test(request, &done, MPI_STATUS_IGNORE);
        if (done)
            return;
        if (own && tri__now() - start > GRACE_S)
            end_job(own);
        tri__mpi_pause(start);
    }
}

/* Every rank that failed has warned every other before it came here. */
static void receive_warnings(struct mpi_team *self, bool has_failed)
{
    int mine = has_failed, all;
    MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_SUM, tri__world.comm);
    for (; self->warnings < all - mine; self->warnings++)
        MPI_Recv(NULL, 0, MPI_BYTE, MPI_ANY_SOURCE, TAG_WARNING, tri__world.comm,
                 MPI_STATUS_IGNORE);
}

static void learn_failure(struct mpi_team *self, int rank, const struct tri__failure *own)
{
    if (rank == self->team.rank)
        self->failure = *own;
    MPI_Bcast(&self->failure, sizeof self->failure, MPI_BYTE, rank, tri__world.comm);
    receive_warnings(self, own != NULL);
}

static void learn_difference(struct mpi_team *self, const struct tri__signature *signature)
{
    struct tri__signature *all = malloc((size_t)self->team.size * sizeof *all);
    if (all == NULL)
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    MPI_Allgather(signature, sizeof *all, MPI_BYTE, all, sizeof *all, MPI_BYTE, tri__world.comm);
    tri__signatures_differ(all, self->team.size, &self->failure);
    free(all);
}

static int agree(tri_team *team, const struct tri__signature *signature,
                 const struct tri__failure *own)
{
    struct mpi_team *self = (struct mpi_team *)team;
    if (self->over)
        return tri_fail(TRI_EENDED, "%s", tri_strerror(TRI_EENDED));
    int64_t words[WORDS];
    words[FAILED] = own ? team->size - team->rank : 0;
    write_word(words, STEP, signature->step);
    write_word(words, ROOT, signature->root);
    write_word(words, TYPE, signature->type);
    write_word(words, OPERATION, signature->operation);
    write_word(words, SIZE, (int64_t)signature->size);
    MPI_Request request;
    MPI_Iallreduce(MPI_IN_PLACE, words, WORDS, MPI_INT64_T, MPI_MAX, tri__world.comm, &request);
    wait_for(&request, own);

    if (words[FAILED] > 0)
        learn_failure(self, team->size - (int)words[FAILED], own);
    else if (!all_same(words))
        learn_difference(self, signature);
    else
        return 0;
    self->over = true;
    return tri_fail(TRI_EENDED, "%s", tri_strerror(TRI_EENDED));
}

int tri__mpi_agree(tri_team *team, const struct tri__signature *signature)
{
    return agree(team, signature, NULL);
}

/* ---- Warnings -------------------------------------------------------------------------- */

static void warn(const struct mpi_team *self)
{
    for (int rank = 0; rank < self->team.size; rank++) {
        MPI_Request request;
        if (rank == self->team.rank)
            continue;
        MPI_Isend(NULL, 0, MPI_BYTE, rank, TAG_WARNING, tri__world.comm, &request);
        MPI_Request_free(&request);
    }
}

int tri__mpi_check(tri_team *team)
{
    struct mpi_team *self = (struct mpi_team *)team;
    int there = 0;
    if (!self->over && self->warnings == 0)
        MPI_Iprobe(MPI_ANY_SOURCE, TAG_WARNING, tri__world.comm, &there, MPI_STATUS_IGNORE);
    if (there) {
        MPI_Recv(NULL, 0, MPI_BYTE, MPI_ANY_SOURCE, TAG_WARNING, tri__world.comm,
                 MPI_STATUS_IGNORE);
        self->warnings++;
    }
    if (self->over || self->warnings > 0)
        return tri_fail(TRI_EENDED, "%s", tri_strerror(TRI_EENDED));
    return 0;
}

/* A rank that returns because it was warned has not failed itself. */
void tri__mpi_fail(tri_team *team, const struct tri__failure *failure)
{
    struct mpi_team *self = (struct mpi_team *)team;
    struct tri__signature end = {.step = TRI__END};
    bool is_first = !self->over && self->warnings == 0;
    if (is_first)
        warn(self);
    agree(team, &end, is_first ? failure : NULL);
}
