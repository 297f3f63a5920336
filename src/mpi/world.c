/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The world of ranks: MPI's beginning and end, and whether the ranks fit together. They do not
 * when the launcher belongs to another MPI, which then starts N worlds of one rank, or when a
 * host has another build of the program, in which functions lie elsewhere.
 */
#include "world.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct tri__world tri__world;

void tri__mpi_pause(double start)
{
    double waited = tri__now() - start, nap = waited / 64;
    if (waited < 100e-6) {
        sched_yield();
        return;
    }
    nap = nap < 20e-6 ? 20e-6 : nap > 10e-3 ? 10e-3 : nap;
    nanosleep(&(struct timespec){.tv_nsec = (long)(nap * 1e9)}, NULL);
}

int tri__mpi_check_thread(void)
{
    int is_main;
    MPI_Is_thread_main(&is_main);
    if (is_main)
        return 0;
    return tri_fail(TRI_ESTATE, "under MPI only the thread that called tri_main can do this");
}

/* ---- Whether the ranks fit together ---------------------------------------------------- */

struct card {
    uint64_t build, host;
};

static int by_host(const void *a, const void *b)
{
    uint64_t x = ((const struct card *)a)->host, y = ((const struct card *)b)->host;
    return (x > y) - (x < y);
}

static int count_hosts(struct card *cards, int count)
{
    int hosts = 1;
    qsort(cards, (size_t)count, sizeof *cards, by_host);
    for (int i = 1; i < count; i++)
        hosts += cards[i].host != cards[i - 1].host;
    return hosts;
}

static int other_build(int rank)
{
    char host[256] = "";
    strncpy(host, tri__host_name(), sizeof host - 1);
    MPI_Bcast(host, sizeof host, MPI_CHAR, rank, tri__world.comm);
    return tri_fail(TRI_ELAUNCH,
                    "rank %d on %s has another build of the program than rank 0 on %s: "
                    "install the same one on all hosts",
                    rank, host, tri__host_name());
}

static int compare_ranks(void)
{
    const char *host = tri__host_name();
    struct card card = {tri__build_id(), tri__hash(0, host, strlen(host))};
    struct card *cards = malloc((size_t)tri__world.size * sizeof *cards);
    if (cards == NULL)
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    MPI_Allgather(&card, sizeof card, MPI_BYTE, cards, sizeof card, MPI_BYTE, tri__world.comm);
    int other = 0;
    while (other < tri__world.size && cards[other].build == cards[0].build)
        other++;
    bool same = other == tri__world.size;
    tri__world.hosts = count_hosts(cards, tri__world.size);
    free(cards);
    return same ? 0 : other_build(other);
}

static int compare_with_launch(const struct tri__launch *launch)
{
    if (launch == NULL || launch->ranks <= 1 || tri__world.size == launch->ranks)
        return 0;
    char library[MPI_MAX_LIBRARY_VERSION_STRING];
    int length;
    MPI_Get_library_version(library, &length);
    library[strcspn(library, ",\n")] = '\0';
    for (char *tab; (tab = strchr(library, '\t'));)
        *tab = ' ';
    return tri_fail(TRI_ELAUNCH,
                    "%s started %d processes, but MPI (%.60s) sees %d: "
                    "use the mpirun of the MPI that this program was built with "
                    "(or srun --mpi=pmix, for MPICH --mpi=pmi2)",
                    launch->by, launch->ranks, library, tri__world.size);
}

/* ---- Beginning and end ----------------------------------------------------------------- */

int tri__world_open(const struct tri__launch *launch)
{
    int level, code, is_begun;
    MPI_Initialized(&is_begun);
    if (is_begun)
        return tri_fail(TRI_ELAUNCH, "MPI_Init was called before tri_main, which does it itself");
    MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level);
    MPI_Comm_dup(MPI_COMM_WORLD, &tri__world.comm);
    tri__world.process = getpid();
    MPI_Comm_rank(tri__world.comm, &tri__world.rank);
    MPI_Comm_size(tri__world.comm, &tri__world.size);
    if (level < MPI_THREAD_FUNNELED)
        code = tri_fail(TRI_ELAUNCH, "this MPI does not support MPI_THREAD_FUNNELED");
    else if ((code = compare_with_launch(launch)) == 0)
        code = compare_ranks();
    if (code != 0)
        tri__world_close();
    return code;
}

void tri__world_close(void)
{
    MPI_Comm_free(&tri__world.comm);
    MPI_Finalize();
    tri__world.size = 0;
}
