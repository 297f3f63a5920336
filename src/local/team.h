/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A team on one host, as it lies in the arena.
 */
#ifndef TRI__LOCAL_TEAM_H
#define TRI__LOCAL_TEAM_H

#include "local.h"

/* What a rank puts into one exchange, at most. */
enum { TRI__STAGE_SIZE = 32 * 1024 };

/* The words of `failed`. */
enum { TEAM_WHOLE, TEAM_FAILING /* someone writes `failure` */, TEAM_FAILED };

struct local_team {
    struct tri__call call; /* its argument and result in the arena too */
    int size;
    bool spin;

    _Atomic uint32_t failed;
    struct tri__failure failure; /* to be read when failed is TEAM_FAILED */

    /* the barrier: ranks that have arrived, and a number that changes when all have or when the
     * team fails */
    _Atomic uint32_t arrived, generation;

    struct tri__signature *signatures; /* one a rank, of the step at which it has arrived */
    unsigned char *stages;             /* two a rank, used in turn: see collectives.c */
    _Atomic uint32_t returned[];       /* 1 for each rank whose kernel has returned */
};

/* A rank's own view. */
struct local_rank {
    struct tri_team team;
    struct local_team *shared;
    unsigned turn; /* exchanges so far */
};

extern const struct tri__collectives tri__local_collectives;

void tri__local_fail(struct local_team *shared, const struct tri__failure *failure);

#endif
