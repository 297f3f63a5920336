/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Collectives by MPI's own, after an agreement (agreement.c), in pieces that MPI's int counts can
 * hold.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

size_t tri__mpi_piece_size = (size_t)1 << 30;

static MPI_Datatype mpi_type(int type)
{
    const MPI_Datatype types[] = {
        [TRI_INT32] = MPI_INT32_T, [TRI_INT64] = MPI_INT64_T, [TRI_UINT64] = MPI_UINT64_T,
        [TRI_FLOAT] = MPI_FLOAT,   [TRI_DOUBLE] = MPI_DOUBLE, [TRI_BYTE] = MPI_UINT8_T,
    };
    return types[type];
}

/* MPICH 4.0.2 compares unsigned numbers of 64 bits as signed ones. */
static void uint64_min(void *in, void *out, int *count, MPI_Datatype *type)
{
    (void)type;
    tri__combine(out, in, (size_t)*count, TRI_UINT64, TRI_MIN);
}

static void uint64_max(void *in, void *out, int *count, MPI_Datatype *type)
{
    (void)type;
    tri__combine(out, in, (size_t)*count, TRI_UINT64, TRI_MAX);
}

static MPI_Op uint64_operation(int operation)
{
    static MPI_Op min = MPI_OP_NULL, max = MPI_OP_NULL;
    if (min == MPI_OP_NULL) {
        MPI_Op_create(uint64_min, true, &min);
        MPI_Op_create(uint64_max, true, &max);
    }
    return operation == TRI_MIN ? min : max;
}

static MPI_Op mpi_operation(int type, int operation)
{
    const MPI_Op operations[] = {
        [TRI_SUM] = MPI_SUM,
        [TRI_PRODUCT] = MPI_PROD,
        [TRI_MIN] = MPI_MIN,
        [TRI_MAX] = MPI_MAX,
    };
    if (type == TRI_UINT64 && (operation == TRI_MIN || operation == TRI_MAX))
        return uint64_operation(operation);
    return operations[operation];
}

static int barrier(tri_team *team, const struct tri__signature *signature)
{
    return tri__mpi_agree(team, signature);
}

static int bcast(tri_team *team, const struct tri__signature *signature, void *buffer)
{
    if (tri__mpi_agree(team, signature) != 0)
        return TRI_EENDED;
    for (size_t done = 0, piece; done < signature->size; done += piece) {
        piece = tri__smaller(signature->size - done, tri__mpi_piece_size);
        MPI_Bcast((char *)buffer + done, (int)piece, MPI_BYTE, signature->root, tri__world.comm);
    }
    return 0;
}

/* ---- Reductions ------------------------------------------------------------------------ */

/* One piece of a reduction; `in` is MPI_IN_PLACE where it is `out`. */
typedef void reduction(const struct tri__signature *signature, const void *in, void *out,
                       int count);

static void reduce_piece(const struct tri__signature *signature, const void *in, void *out,
                         int count)
{
    /* only the root may, and must, say so */
    if (in == MPI_IN_PLACE && tri__world.rank != signature->root)
        in = out;
    MPI_Reduce(in, out, count, mpi_type(signature->type),
               mpi_operation(signature->type, signature->operation), signature->root,
               tri__world.comm);
}

static void allreduce_piece(const struct tri__signature *signature, const void *in, void *out,
                            int count)
{
    MPI_Allreduce(in, out, count, mpi_type(signature->type),
                  mpi_operation(signature->type, signature->operation), tri__world.comm);
}

static void exscan_piece(const struct tri__signature *signature, const void *in, void *out,
                         int count)
{
    MPI_Exscan(in, out, count, mpi_type(signature->type),
               mpi_operation(signature->type, signature->operation), tri__world.comm);
}

static int in_pieces(tri_team *team, const struct tri__signature *signature, const void *in,
                     void *out, reduction *reduce)
{
    if (tri__mpi_agree(team, signature) != 0)
        return TRI_EENDED;
    size_t element = tri__type_size((tri_type)signature->type);
    for (size_t done = 0, piece; done < signature->size; done += piece) {
        piece = tri__smaller(signature->size - done, tri__mpi_piece_size / element);
        char *to = out ? (char *)out + done * element : NULL;
        const char *from = (const char *)in + done * element;
        reduce(signature, from == to ? MPI_IN_PLACE : (const void *)from, to, (int)piece);
    }
    return 0;
}

static int reduce(tri_team *team, const struct tri__signature *signature, const void *in, void *out)
{
    return in_pieces(team, signature, in, out, reduce_piece);
}

static int allreduce(tri_team *team, const struct tri__signature *signature, const void *in,
                     void *out)
{
    return in_pieces(team, signature, in, out, allreduce_piece);
}

static int exscan(tri_team *team, const struct tri__signature *signature, const void *in, void *out)
{
    return in_pieces(team, signature, in, out, exscan_piece);
}

/* ---- Gather and scatter ---------------------------------------------------------------- */

/* The root's buffer is a row of `size` bytes a rank, of which MPI moves a column at a time; where
 * one column is all there is, it needs no copy. */
static void copy_column(char *column, char *rows, size_t size, size_t done, size_t piece,
                        bool to_rows)
{
    for (int rank = 0; rank < tri__world.size; rank++) {
        char *row = rows + (size_t)rank * size + done, *part = column + (size_t)rank * piece;
        memcpy(to_rows ? row : part, to_rows ? part : row, piece);
    }
}

/* Sets *widest to the bytes of a rank that one call moves. The root gets room for a column of that
 * width, unless its rows are one. */
static char *column_new(const tri_team *team, const struct tri__signature *signature,
                        size_t *widest)
{
    size_t ranks = (size_t)team->size;
    *widest = tri__smaller(signature->size, tri__mpi_piece_size / ranks + 1);
    if (team->rank != signature->root || *widest == signature->size)
        return NULL;
    char *column = malloc(*widest * ranks);
    if (column == NULL)
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    return column;
}

static int gather(tri_team *team, const struct tri__signature *signature, const void *in, void *out)
{
    size_t size = signature->size, widest;
    if (tri__mpi_agree(team, signature) != 0)
        return TRI_EENDED;
    char *column = column_new(team, signature, &widest);
    for (size_t done = 0, piece; done < size; done += piece) {
        piece = tri__smaller(size - done, widest);
        MPI_Gather((const char *)in + done, (int)piece, MPI_BYTE, column ? column : out, (int)piece,
                   MPI_BYTE, signature->root, tri__world.comm);
        if (column)
            copy_column(column, out, size, done, piece, true);
    }
    free(column);
    return 0;
}

static int scatter(tri_team *team, const struct tri__signature *signature, const void *in,
                   void *out)
{
    size_t size = signature->size, widest;
    if (tri__mpi_agree(team, signature) != 0)
        return TRI_EENDED;
    char *column = column_new(team, signature, &widest);
    for (size_t done = 0, piece; done < size; done += piece) {
        piece = tri__smaller(size - done, widest);
        if (column)
            copy_column(column, (char *)in, size, done, piece, false);
        MPI_Scatter(column ? column : in, (int)piece, MPI_BYTE, (char *)out + done, (int)piece,
                    MPI_BYTE, signature->root, tri__world.comm);
    }
    free(column);
    return 0;
}

const struct tri__collectives tri__mpi_collectives = {
    barrier, bcast, reduce, allreduce, gather, scatter, exscan, tri__mpi_check, tri__mpi_fail,
};
