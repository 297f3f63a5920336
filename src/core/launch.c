/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How the process was started, read from the environment that launchers leave.
 *
 *                           size                   rank
 *     mpirun (Open MPI)     OMPI_COMM_WORLD_SIZE   OMPI_COMM_WORLD_RANK
 *     srun --mpi=pmix       SLURM_STEP_NUM_TASKS   PMIX_RANK
 *     srun --mpi=pmi2       PMI_SIZE               PMI_RANK
 *     mpirun (MPICH)        PMI_SIZE               PMI_RANK
 *     srun --mpi=none       SLURM_STEP_NUM_TASKS   SLURM_PROCID
 *
 * The order matters: under mpirun inside a Slurm job the SLURM_ variables are those of mpirun's
 * own helper, and in a batch script SLURM_PROCID and SLURM_NTASKS are set without any launcher;
 * only SLURM_STEP_ID says that srun started this process.
 */
#include "internal.h"

#include <stdlib.h>

struct tri__launch tri__launch_detect(void)
{
    bool step = getenv("SLURM_STEP_ID") != NULL;
    if (getenv("OMPI_COMM_WORLD_SIZE"))
        return (struct tri__launch){.mpi = true,
                                    .ranks = tri__environment_number("OMPI_COMM_WORLD_SIZE"),
                                    .rank = tri__environment_number("OMPI_COMM_WORLD_RANK"),
                                    .by = "mpirun of Open MPI"};
    if (getenv("PMIX_RANK"))
        return (struct tri__launch){.mpi = true,
                                    .ranks =
                                        step ? tri__environment_number("SLURM_STEP_NUM_TASKS") : 0,
                                    .rank = tri__environment_number("PMIX_RANK"),
                                    .by = step ? "srun --mpi=pmix" : "a launcher with PMIx"};
    if (getenv("PMI_RANK"))
        return (struct tri__launch){.mpi = true,
                                    .ranks = tri__environment_number("PMI_SIZE"),
                                    .rank = tri__environment_number("PMI_RANK"),
                                    .by = step ? "srun --mpi=pmi2" : "mpirun of MPICH"};
    if (step && tri__environment_number("SLURM_STEP_NUM_TASKS") > 1)
        return (struct tri__launch){.ranks = tri__environment_number("SLURM_STEP_NUM_TASKS"),
                                    .rank = tri__environment_number("SLURM_PROCID"),
                                    .by = "srun",
                                    .trouble = "without MPI support: use srun --mpi=pmix "
                                               "(for MPICH --mpi=pmi2)"};
    return (struct tri__launch){.ranks = 1};
}
