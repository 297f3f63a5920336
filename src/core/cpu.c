/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How many CPUs the process may use: the smallest of the limits that this host sets. Each limit
 * is a function that lowers the count it is given, and then says why.
 *
 *     affinity          sched_getaffinity(2)
 *     cgroup v2 quota   cpu.max in the process's group and every group above it
 *     cgroup v1 quota   cpu.cfs_quota_us and cpu.cfs_period_us, likewise
 *     batch system      on this host: Slurm SLURM_CPUS_PER_TASK in a step, SLURM_CPUS_ON_NODE in
 *                       a batch script; PBS NCPUS, Torque PBS_NUM_PPN; LSF LSB_MCPU_HOSTS;
 *                       Grid Engine NSLOTS
 */
#include "internal.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct limit {
    const char *root;
    int count;
    char *reason;
    size_t reason_size;
};

#define LOWER(limit, number, ...)                                                                  \
    do {                                                                                           \
        int number_ = (number);                                                                    \
        if (number_ >= 1 && number_ < (limit)->count) {                                            \
            (limit)->count = number_;                                                              \
            snprintf((limit)->reason, (limit)->reason_size, __VA_ARGS__);                          \
        }                                                                                          \
    } while (0)

/* ---- Affinity -------------------------------------------------------------------------- */

static int affinity_count(void)
{
    for (int cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
        cpu_set_t *set = CPU_ALLOC(cpus);
        if (set == NULL)
            break;
        size_t size = CPU_ALLOC_SIZE(cpus);
        int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (count > 0)
            return count;
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

/* ---- Quotas ---------------------------------------------------------------------------- */

static bool read_line(const char *root, const char *path, char *line, int size)
{
    char name[4096 + 256];
    snprintf(name, sizeof name, "%s%s", root, path);
    FILE *file = fopen(name, "re");
    if (file == NULL)
        return false;
    bool read = fgets(line, size, file) != NULL;
    fclose(file);
    return read;
}

/* A part of a CPU counts as a whole one: two workers at 75 % do more than one at 100 %. */
static int cpus_of(double quota, double period)
{
    if (quota <= 0 || period <= 0)
        return 0;
    double cpus = quota / period;
    return cpus > 1e6 ? 0 : (int)cpus + (cpus > (int)cpus);
}

static void lower_by_v2(struct limit *limit, const char *group)
{
    char path[4096], line[128];
    double quota, period;
    snprintf(path, sizeof path, "%s/cpu.max", group);
    if (read_line(limit->root, path, line, sizeof line) &&
        sscanf(line, "%lf %lf", &quota, &period) == 2)
        LOWER(limit, cpus_of(quota, period), "the cgroup quota %.160s allows %d", path, number_);
}

static void lower_by_v1(struct limit *limit, const char *group)
{
    char path[4096], line[128];
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", group);
    double period = read_line(limit->root, path, line, sizeof line) ? atof(line) : 0;
    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", group);
    double quota = read_line(limit->root, path, line, sizeof line) ? atof(line) : 0;
    LOWER(limit, cpus_of(quota, period), "the cgroup quota %.160s allows %d", path, number_);
}

/* Applies `lower` to the group and every group above it. In a container the group's own path may
 * not be there, but the mount is the group itself. */
static void climb(struct limit *limit, const char *mount, const char *group,
                  void (*lower)(struct limit *, const char *))
{
    char path[2048];
    int length = snprintf(path, sizeof path, "%s%s", mount, group);
    if (length < 0 || (size_t)length >= sizeof path)
        return;
    for (char *slash; (slash = strrchr(path, '/')) >= path + strlen(mount); *slash = '\0')
        if (slash[1] != '\0')
            lower(limit, path);
    lower(limit, mount);
}

static bool lists_cpu(const char *controllers)
{
    size_t length;
    for (const char *name = controllers; *name; name += length + (name[length] == ',')) {
        length = strcspn(name, ",");
        if (length == 3 && strncmp(name, "cpu", 3) == 0)
            return true;
    }
    return false;
}

/* A line of /proc/self/cgroup: "0::/group" for v2, "4:cpu,cpuacct:/group" for v1. */
static void lower_by_cgroup_line(struct limit *limit, char *line)
{
    line[strcspn(line, "\n")] = '\0';
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (group == NULL)
        return;
    *group++ = '\0';
    controllers++;
    if (*controllers == '\0') {
        climb(limit, "/sys/fs/cgroup", group, lower_by_v2);
        climb(limit, "/sys/fs/cgroup/unified", group, lower_by_v2);
    } else if (lists_cpu(controllers)) {
        climb(limit, "/sys/fs/cgroup/cpu", group, lower_by_v1);
        climb(limit, "/sys/fs/cgroup/cpu,cpuacct", group, lower_by_v1);
    }
}

static void lower_by_cgroups(struct limit *limit)
{
    char line[2048], name[4096];
    snprintf(name, sizeof name, "%s/proc/self/cgroup", limit->root);
    FILE *file = fopen(name, "re");
    if (file == NULL)
        return;
    while (fgets(line, sizeof line, file))
        lower_by_cgroup_line(limit, line);
    fclose(file);
}

/* ---- Batch systems --------------------------------------------------------------------- */

/* LSB_MCPU_HOSTS is "hostA 4 hostB 2". */
static int lsf_grant(void)
{
    const char *at = getenv("LSB_MCPU_HOSTS");
    char host[256], own[256];
    int count, used;
    snprintf(own, sizeof own, "%s", tri__host_name());
    own[strcspn(own, ".")] = '\0';
    for (; at && sscanf(at, "%255s %d%n", host, &count, &used) == 2; at += used) {
        host[strcspn(host, ".")] = '\0';
        if (strcmp(host, own) == 0)
            return count;
    }
    return 0;
}

static void lower_by_batch_system(struct limit *limit)
{
    const char *slurm = getenv("SLURM_STEP_ID") && getenv("SLURM_CPUS_PER_TASK")
                            ? "SLURM_CPUS_PER_TASK"
                            : "SLURM_CPUS_ON_NODE";
    LOWER(limit, tri__environment_number(slurm), "Slurm granted %d (%s)", number_, slurm);
    const char *pbs = getenv("NCPUS") ? "NCPUS" : "PBS_NUM_PPN";
    if (getenv("PBS_JOBID"))
        LOWER(limit, tri__environment_number(pbs), "PBS granted %d (%s)", number_, pbs);
    LOWER(limit, lsf_grant(), "LSF granted %d (LSB_MCPU_HOSTS)", number_);
    if (getenv("SGE_TASK_ID") && tri__environment_number("NHOSTS") <= 1)
        LOWER(limit, tri__environment_number("NSLOTS"), "Grid Engine granted %d (NSLOTS)", number_);
}

/* ---- The count ------------------------------------------------------------------------- */

int tri__cpu_count_under(const char *root, char *reason, size_t reason_size)
{
    struct limit limit = {root, affinity_count(), reason, reason_size};
    snprintf(reason, reason_size, "the affinity mask has %d", limit.count);
    lower_by_cgroups(&limit);
    lower_by_batch_system(&limit);
    return limit.count;
}

int tri_cpu_count(void)
{
    char reason[256];
    return tri__cpu_count_under("", reason, sizeof reason);
}

const char *tri_cpu_count_reason(void)
{
    static _Thread_local char reason[256];
    tri__cpu_count_under("", reason, sizeof reason);
    return reason;
}
