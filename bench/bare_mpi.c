/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a good MPI programmer would write by hand for pi: the same loop over the same blocks, and
 * one reduction. bench/run.sh runs it beside mpirun ./pi.
 */
#include "midpoint.h"

#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    const uint64_t steps = 100000000, blocks = (steps - 1) / MIDPOINT_BLOCK + 1;
    int rank, size;
    double sum = 0, total = 0;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (uint64_t block = (uint64_t)rank; block < blocks; block += (uint64_t)size)
        sum += midpoint_block(steps, block);
    MPI_Reduce(&sum, &total, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("pi %.17g\n", 4 * total / (double)steps);
    MPI_Finalize();
    return 0;
}
