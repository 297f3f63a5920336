/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Collectives over the arena. All are made of one step, the exchange: each rank writes up to
 * TRI__STAGE_SIZE bytes to its stage, all meet at a barrier, and each reads whichever stages it
 * needs. A rank has two stages and uses them in turn, so one barrier an exchange is enough: a
 * rank that writes to a stage again has passed the barrier of the exchange in between, which
 * each rank enters only when it has done reading.
 *
 * The barrier is a counter and a generation number on which the ranks wait. The last to arrive
 * compares the ranks' signatures before it lets them go. A failure changes the generation too,
 * so nobody waits for a rank that will not come.
 */
#include "team.h"

#include <string.h>

/* ---- Failing --------------------------------------------------------------------------- */

static void release(struct local_team *shared)
{
    atomic_fetch_add(&shared->generation, 1);
    tri__wake_all(&shared->generation);
}

void tri__local_fail(struct local_team *shared, const struct tri__failure *failure)
{
    uint32_t whole = TEAM_WHOLE;
    if (!atomic_compare_exchange_strong(&shared->failed, &whole, TEAM_FAILING))
        return;
    shared->failure = *failure;
    atomic_store(&shared->failed, TEAM_FAILED);
    release(shared);
}

static struct local_team *shared_of(tri_team *team)
{
    return ((struct local_rank *)team)->shared;
}

static void fail(tri_team *team, const struct tri__failure *failure)
{
    tri__local_fail(shared_of(team), failure);
}

static int check(tri_team *team)
{
    if (atomic_load_explicit(&shared_of(team)->failed, memory_order_relaxed) == TEAM_WHOLE)
        return 0;
    return tri_fail(TRI_EENDED, "%s", tri_strerror(TRI_EENDED));
}

/* ---- The barrier ----------------------------------------------------------------------- */

static void last_arrived(struct local_team *shared)
{
    struct tri__failure failure;
    if (tri__signatures_differ(shared->signatures, shared->size, &failure)) {
        tri__local_fail(shared, &failure);
        return;
    }
    atomic_store(&shared->arrived, 0);
    release(shared);
}

static int barrier(tri_team *team, const struct tri__signature *signature)
{
    struct local_team *shared = shared_of(team);
    uint32_t generation = atomic_load(&shared->generation);
    if (check(team) != 0)
        return TRI_EENDED;
    shared->signatures[team->rank] = *signature;
    if (atomic_fetch_add(&shared->arrived, 1) + 1 == (uint32_t)shared->size)
        last_arrived(shared);
    else
        tri__wait_while(&shared->generation, generation, shared->spin);
    return check(team);
}

/* ---- The exchange ---------------------------------------------------------------------- */

static unsigned char *stage(tri_team *team, int rank, unsigned turn)
{
    return shared_of(team)->stages + ((size_t)rank * 2 + turn % 2) * TRI__STAGE_SIZE;
}

/* Where this rank writes what it brings to the next exchange. */
static unsigned char *mine(tri_team *team)
{
    return stage(team, team->rank, ((struct local_rank *)team)->turn);
}

/* Writes `size` bytes of the data, from `start` on. */
static int bring(tri_team *team, const void *data, size_t start, size_t size)
{
    if (check(team) != 0)
        return TRI_EENDED;
    if (size > 0)
        memcpy(mine(team), (const unsigned char *)data + start, size);
    return 0;
}

/* What a rank has brought to the last exchange. */
static const unsigned char *theirs(tri_team *team, int rank)
{
    return stage(team, rank, ((struct local_rank *)team)->turn - 1);
}

static int exchange(tri_team *team, const struct tri__signature *signature)
{
    int code = barrier(team, signature);
    ((struct local_rank *)team)->turn++;
    return code;
}

/* ---- The collectives, each piece by piece ---------------------------------------------- */

static int bcast(tri_team *team, const struct tri__signature *signature, void *buffer)
{
    unsigned char *bytes = buffer;
    size_t done = 0;
    do {
        size_t piece = tri__smaller(signature->size - done, TRI__STAGE_SIZE);
        bool is_root = team->rank == signature->root;
        if (bring(team, buffer, done, is_root ? piece : 0) != 0 || exchange(team, signature) != 0)
            return TRI_EENDED;
        if (!is_root && piece > 0)
            memcpy(bytes + done, theirs(team, signature->root), piece);
        done += piece;
    } while (done < signature->size);
    return 0;
}

static int gather(tri_team *team, const struct tri__signature *signature, const void *in, void *out)
{
    unsigned char *to = out;
    size_t done = 0;
    do {
        size_t piece = tri__smaller(signature->size - done, TRI__STAGE_SIZE);
        if (bring(team, in, done, piece) != 0 || exchange(team, signature) != 0)
            return TRI_EENDED;
        for (int rank = 0; team->rank == signature->root && rank < team->size && piece > 0; rank++)
            memcpy(to + (size_t)rank * signature->size + done, theirs(team, rank), piece);
        done += piece;
    } while (done < signature->size);
    return 0;
}

/* Every rank sees all of root's data go by, and keeps its own part. */
static int scatter(tri_team *team, const struct tri__signature *signature, const void *in,
                   void *out)
{
    size_t total = signature->size * (size_t)team->size, done = 0;
    size_t begin = signature->size * (size_t)team->rank, end = begin + signature->size;
    do {
        size_t piece = tri__smaller(total - done, TRI__STAGE_SIZE);
        bool is_root = team->rank == signature->root;
        if (bring(team, in, done, is_root ? piece : 0) != 0 || exchange(team, signature) != 0)
            return TRI_EENDED;
        size_t from = done > begin ? done : begin, to = tri__smaller(done + piece, end);
        if (from < to)
            memcpy((unsigned char *)out + (from - begin),
                   theirs(team, signature->root) + (from - done), to - from);
        done += piece;
    } while (done < total);
    return 0;
}

/* Combines elements first … last-1 of the ranks 0 … ranks-1 of the last exchange. */
static void combine(tri_team *team, const struct tri__signature *signature, int ranks, size_t first,
                    size_t last, unsigned char *out)
{
    tri_type type = (tri_type)signature->type;
    size_t start = first * tri__type_size(type), size = (last - first) * tri__type_size(type);
    if (size == 0)
        return;
    memcpy(out, theirs(team, 0) + start, size);
    for (int rank = 1; rank < ranks; rank++)
        tri__combine(out, theirs(team, rank) + start, last - first, type,
                     (tri_operation)signature->operation);
}

/* One piece of a reduction takes two exchanges: what the ranks bring, and then slices of the
 * result, of which each rank has combined one. */
static int reduce_piece(tri_team *team, const struct tri__signature *signature,
                        const unsigned char *in, unsigned char *out, size_t count)
{
    size_t element = tri__type_size((tri_type)signature->type), size = (size_t)team->size;
    size_t rank = (size_t)team->rank;
    if (bring(team, in, 0, count * element) != 0 || exchange(team, signature) != 0)
        return TRI_EENDED;
    combine(team, signature, team->size, count * rank / size, count * (rank + 1) / size,
            mine(team));
    if (exchange(team, signature) != 0)
        return TRI_EENDED;
    for (size_t r = 0; out && r < size; r++) {
        size_t first = count * r / size, last = count * (r + 1) / size;
        if (first < last)
            memcpy(out + first * element, theirs(team, (int)r), (last - first) * element);
    }
    return 0;
}

static int allreduce(tri_team *team, const struct tri__signature *signature, const void *in,
                     void *out)
{
    size_t element = tri__type_size((tri_type)signature->type), done = 0;
    do {
        size_t piece = tri__smaller(signature->size - done, TRI__STAGE_SIZE / element);
        const unsigned char *from = (const unsigned char *)in + done * element;
        unsigned char *to = out ? (unsigned char *)out + done * element : NULL;
        if (reduce_piece(team, signature, from, to, piece) != 0)
            return TRI_EENDED;
        done += piece;
    } while (done < signature->size);
    return 0;
}

static int reduce(tri_team *team, const struct tri__signature *signature, const void *in, void *out)
{
    return allreduce(team, signature, in, team->rank == signature->root ? out : NULL);
}

static int exscan(tri_team *team, const struct tri__signature *signature, const void *in, void *out)
{
    size_t element = tri__type_size((tri_type)signature->type), done = 0;
    do {
        size_t piece = tri__smaller(signature->size - done, TRI__STAGE_SIZE / element);
        if (bring(team, in, done * element, piece * element) != 0 || exchange(team, signature) != 0)
            return TRI_EENDED;
        if (team->rank > 0)
            combine(team, signature, team->rank, 0, piece, (unsigned char *)out + done * element);
        done += piece;
    } while (done < signature->size);
    return 0;
}

const struct tri__collectives tri__local_collectives = {
    barrier, bcast, reduce, allreduce, gather, scatter, exscan, check, fail,
};
