/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the process finds around it: the CPUs it may use, the launcher that started it, the
 * options and variables that choose a backend.
 */
#include "harness.h"
#include "internal.h"

#include <sched.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- A made-up machine ----------------------------------------------------------------- */

static char root[64];

static void write_file(const char *path, const char *text)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *slash = strchr(whole + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(whole, 0777);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void make_machine(void)
{
    static const char *const batch[] = {
        "SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE", "SLURM_STEP_ID", "PBS_JOBID", "NCPUS",
        "LSB_MCPU_HOSTS",      "SGE_TASK_ID",        "NSLOTS",        "NHOSTS"};
    for (unsigned i = 0; i < sizeof batch / sizeof *batch; i++)
        unsetenv(batch[i]);
    strcpy(root, "/tmp/trireme-XXXXXX");
    CHECK(mkdtemp(root));
}

static void remove_machine(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", root);
    CHECK(system(command) == 0);
}

static char reason[256];

static int count(void)
{
    return tri__cpu_count_under(root, reason, sizeof reason);
}

static int affinity(void)
{
    cpu_set_t set;
    CHECK(sched_getaffinity(0, sizeof set, &set) == 0);
    return CPU_COUNT(&set);
}

/* ---- CPUs ------------------------------------------------------------------------------ */

static void test_affinity(void)
{
    make_machine();
    CHECK(count() == affinity());
    CHECK(strstr(reason, "affinity"));
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
    CHECK(count() == 1 && tri_cpu_count() == 1);
    CHECK(strstr(tri_cpu_count_reason(), "the affinity mask has 1"));
    remove_machine();
}

/* A quota can only be seen to count where there are more CPUs than it allows. */
static void expect_quota(const char *path)
{
    if (affinity() < 2)
        return;
    CHECK(count() == 1);
    CHECK(strstr(reason, path));
}

static void test_cgroup_v2(void)
{
    make_machine();
    write_file("/proc/self/cgroup", "0::/job/step\n");
    write_file("/sys/fs/cgroup/job/step/cpu.max", "max 100000\n");
    CHECK(count() == affinity());
    write_file("/sys/fs/cgroup/job/cpu.max", "100000 100000\n");
    expect_quota("/sys/fs/cgroup/job/cpu.max");
    write_file("/sys/fs/cgroup/job/cpu.max", "150000 100000\n");
    CHECK(count() == (affinity() < 2 ? 1 : 2)); /* a part of a CPU counts as one */
    write_file("/sys/fs/cgroup/job/step/cpu.max", "10000 100000\n");
    expect_quota("/sys/fs/cgroup/job/step/cpu.max");
    remove_machine();
}

static void test_cgroup_v2_in_container(void)
{
    make_machine();
    write_file("/proc/self/cgroup", "0::/\n");
    write_file("/sys/fs/cgroup/cpu.max", "100000 100000\n");
    expect_quota("/sys/fs/cgroup/cpu.max");
    remove_machine();
}

static void test_cgroup_v1(void)
{
    make_machine();
    write_file("/proc/self/cgroup", "5:cpuacct,cpu:/job\n3:cpuset:/other\n0::/\n");
    write_file("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "-1\n");
    write_file("/sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
    write_file("/sys/fs/cgroup/cpu/other/cpu.cfs_quota_us", "1000\n");
    write_file("/sys/fs/cgroup/cpu/other/cpu.cfs_period_us", "100000\n");
    CHECK(count() == affinity());
    write_file("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "50000\n");
    expect_quota("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us");
    remove_machine();
}

static void test_garbage(void)
{
    make_machine();
    write_file("/proc/self/cgroup", "nonsense\n::\n0::/../..\n:cpu:\n0::\n");
    write_file("/sys/fs/cgroup/cpu.max", "0 0\n");
    CHECK(count() == affinity());
    write_file("/sys/fs/cgroup/cpu.max", "");
    CHECK(count() == affinity());
    write_file("/sys/fs/cgroup/cpu.max", "-5 100000\n");
    CHECK(count() == affinity());
    remove_machine();
}

static void expect_grant(const char *name)
{
    if (affinity() < 2)
        return;
    CHECK(count() == 1);
    CHECK(strstr(reason, name));
}

static void test_batch_systems(void)
{
    char hosts[300];
    make_machine();
    setenv("SLURM_CPUS_ON_NODE", "1", 1);
    expect_grant("SLURM_CPUS_ON_NODE");
    setenv("SLURM_CPUS_ON_NODE", "64", 1);
    setenv("SLURM_CPUS_PER_TASK", "1", 1);
    CHECK(count() == affinity()); /* in a batch script the whole node's grant counts */
    setenv("SLURM_STEP_ID", "0", 1);
    expect_grant("SLURM_CPUS_PER_TASK");
    remove_machine();

    make_machine();
    setenv("NCPUS", "1", 1);
    CHECK(count() == affinity()); /* a variable of anybody's */
    setenv("PBS_JOBID", "17.server", 1);
    expect_grant("NCPUS");
    remove_machine();

    make_machine();
    snprintf(hosts, sizeof hosts, "elsewhere 7 %s 1", tri__host_name());
    setenv("LSB_MCPU_HOSTS", hosts, 1);
    expect_grant("LSB_MCPU_HOSTS");
    setenv("LSB_MCPU_HOSTS", "elsewhere 1", 1);
    CHECK(count() == affinity());
    remove_machine();

    make_machine();
    setenv("SGE_TASK_ID", "undefined", 1);
    setenv("NSLOTS", "1", 1);
    expect_grant("NSLOTS");
    setenv("NHOSTS", "3", 1);
    CHECK(count() == affinity()); /* the slots of three hosts */
    remove_machine();
}

/* ---- Launchers: what was seen in real runs --------------------------------------------- */

static struct tri__launch launched(const char *first, ...)
{
    va_list names;
    clearenv();
    va_start(names, first);
    for (const char *name = first; name; name = va_arg(names, const char *))
        setenv(name, va_arg(names, const char *), 1);
    va_end(names);
    return tri__launch_detect();
}

static void test_launchers(void)
{
    struct tri__launch launch = launched(NULL);
    CHECK(!launch.mpi && launch.ranks == 1 && !launch.trouble);

    launch =
        launched("OMPI_COMM_WORLD_SIZE", "2", "OMPI_COMM_WORLD_RANK", "1", "PMIX_RANK", "1", NULL);
    CHECK(launch.mpi && launch.ranks == 2 && launch.rank == 1);

    /* mpirun inside Slurm: Slurm's own numbers are those of a helper */
    launch = launched("OMPI_COMM_WORLD_SIZE", "4", "OMPI_COMM_WORLD_RANK", "3", "SLURM_STEP_ID",
                      "0", "SLURM_STEP_NUM_TASKS", "2", "SLURM_PROCID", "0", NULL);
    CHECK(launch.mpi && launch.ranks == 4 && launch.rank == 3);

    launch = launched("PMIX_RANK", "1", "SLURM_STEP_ID", "0", "SLURM_STEP_NUM_TASKS", "4", NULL);
    CHECK(launch.mpi && launch.ranks == 4 && launch.rank == 1);

    launch = launched("PMI_RANK", "1", "PMI_SIZE", "3", NULL);
    CHECK(launch.mpi && launch.ranks == 3 && launch.rank == 1);

    launch = launched("SLURM_STEP_ID", "0", "SLURM_STEP_NUM_TASKS", "4", "SLURM_PROCID", "2", NULL);
    CHECK(!launch.mpi && launch.rank == 2 && strstr(launch.trouble, "srun --mpi=pmix"));

    launch = launched("SLURM_STEP_ID", "0", "SLURM_STEP_NUM_TASKS", "1", NULL);
    CHECK(!launch.mpi && launch.ranks == 1 && !launch.trouble);

    /* a batch script, which no launcher started */
    launch = launched("SLURM_JOB_ID", "7", "SLURM_PROCID", "0", "SLURM_NTASKS", "4", NULL);
    CHECK(!launch.mpi && launch.ranks == 1 && !launch.trouble);
}

/* ---- Backends and workers -------------------------------------------------------------- */

static void test_backends(void)
{
    tri_backend backend;
    CHECK(tri_backend_from_name("threads", &backend) == 0 && backend == TRI_BACKEND_THREADS);
    CHECK(tri_backend_from_name("thread", &backend) == TRI_EINVAL);
    CHECK(tri_backend_from_name("", &backend) == TRI_EINVAL);
    CHECK(tri_backend_from_name(NULL, &backend) == TRI_EINVAL);
    CHECK(strcmp(tri_backend_name(TRI_BACKEND_SERIAL), "serial") == 0);
    CHECK(strcmp(tri_backend_name(TRI_BACKEND_DEFAULT), "fork") == 0);
    CHECK(tri_backend_name((tri_backend)77) == NULL);
    setenv("TRIREME_BACKEND", "threads", 1);
    CHECK(strcmp(tri_backend_name(TRI_BACKEND_DEFAULT), "threads") == 0);
    setenv("TRIREME_BACKEND", "bank", 1);
    CHECK(tri_backend_name(TRI_BACKEND_DEFAULT) == NULL);
    CHECK(strstr(tri_error_message(), "TRIREME_BACKEND: unknown backend 'bank'"));
    CHECK(tri_worker_count(NULL) == TRI_EINVAL);
}

static int workers(tri_backend backend, int number)
{
    tri_team_options options = {backend, number};
    return tri_worker_count(&options);
}

static void test_workers(void)
{
    CHECK(workers(TRI_BACKEND_FORK, 0) == tri_cpu_count());
    CHECK(workers(TRI_BACKEND_FORK, 9) == 9);
    CHECK(workers(TRI_BACKEND_THREADS, TRI_WORKERS_MAX) == TRI_WORKERS_MAX);
    CHECK(workers(TRI_BACKEND_THREADS, TRI_WORKERS_MAX + 1) == TRI_EINVAL);
    CHECK(workers(TRI_BACKEND_THREADS, -1) == TRI_EINVAL);
    CHECK(workers(TRI_BACKEND_SERIAL, 0) == 1);
    CHECK(workers(TRI_BACKEND_SERIAL, 1) == 1);
    CHECK(workers(TRI_BACKEND_SERIAL, 2) == TRI_EINVAL);
    setenv("TRIREME_WORKERS", "7", 1);
    CHECK(workers(TRI_BACKEND_FORK, 0) == 7);
    CHECK(workers(TRI_BACKEND_FORK, 3) == 3);
    CHECK(workers(TRI_BACKEND_SERIAL, 0) == 1);
    setenv("TRIREME_WORKERS", "7x", 1);
    CHECK(workers(TRI_BACKEND_FORK, 0) == TRI_EINVAL);
    setenv("TRIREME_WORKERS", "0", 1);
    CHECK(workers(TRI_BACKEND_FORK, 0) == TRI_EINVAL);
}

/* ---- Functions as addresses, and words ------------------------------------------------- */

static int kernel_static(tri_team *team, const void *argument, void *result)
{
    (void)team;
    (void)argument;
    (void)result;
    return 0;
}

static void test_addresses(void)
{
    struct tri__address own, other;
    CHECK(tri__address_of(kernel_static, &own) == 0);
    CHECK(tri__address_function(own) == kernel_static);
    CHECK(tri__address_of((tri_kernel *)(uintptr_t)printf, &other) == 0);
    CHECK(other.module != own.module);
    CHECK(tri__address_function(other) == (tri_kernel *)(uintptr_t)printf);
    other.module ^= 1;
    CHECK(tri__address_function(other) == NULL);
    int variable;
    CHECK(tri__address_of((tri_kernel *)(uintptr_t)&variable, &other) == TRI_EINVAL);
    CHECK(tri__build_id() == tri__build_id() && tri__build_id() != 0);
}

static void test_words(void)
{
    CHECK(strcmp(tri_strerror(0), "no error") == 0);
    CHECK(strcmp(tri_strerror(TRI_EINVAL), "invalid argument") == 0);
    CHECK(strcmp(tri_strerror(1), "unknown error") == 0);
    CHECK(tri_fail(-5, "first %d", 1) == -5);
    CHECK(strcmp(tri_error_message(), "first 1") == 0);
    tri_fail(-5, "then %s", tri_error_message());
    CHECK(strcmp(tri_error_message(), "then first 1") == 0);
}

static const struct test tests[] = {
    {"CPUs of the affinity mask", test_affinity, 0, 0, 0, 0},
    {"CPUs of a cgroup v2 quota", test_cgroup_v2, 0, 0, 0, 0},
    {"CPUs of a cgroup v2 quota in a container", test_cgroup_v2_in_container, 0, 0, 0, 0},
    {"CPUs of a cgroup v1 quota", test_cgroup_v1, 0, 0, 0, 0},
    {"cgroup files with nonsense", test_garbage, 0, 0, 0, 0},
    {"CPUs that a batch system granted", test_batch_systems, 0, 0, 0, 0},
    {"launchers", test_launchers, 0, 0, 0, 0},
    {"choosing a backend", test_backends, 0, 0, 0, 0},
    {"choosing the number of workers", test_workers, 0, 0, 0, 0},
    {"functions travel as addresses", test_addresses, 0, 0, 0, 0},
    {"words of errors", test_words, 0, 0, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
