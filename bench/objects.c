/* SPDX-License-Identifier: BSD-3-Clause
 *
 * objects FIGURE: what locks, queues and events cost between processes, and what lies beneath them,
 * one figure by its name: seconds, or bytes a second. bench/objects.sh has these and their peers
 * run in turn.
 *
 * Each is the median of several, after one that is not counted.
 */
#include "objects.h"
#include "clock.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CREW_MAX = 8 };

static const double PATIENCE_S = 60;

struct crew {
    tri_barrier gate;
    double begun[CREW_MAX], ended[CREW_MAX];
};

struct member {
    struct crew *crew;
    crew_work *work;
    void *shared;
    int number;
};

void check(int code)
{
    if (code < 0) {
        fprintf(stderr, "objects: %s\n", tri_error_message());
        exit(EXIT_FAILURE);
    }
}

void nap(double time_s)
{
    struct timespec time = {(time_t)time_s, (long)(1e9 * (time_s - (double)(time_t)time_s))};
    nanosleep(&time, NULL);
}

void *new_shared(size_t size)
{
    void *memory = tri_shared_alloc(size);
    if (memory == NULL) {
        fprintf(stderr, "objects: no shared memory\n");
        exit(EXIT_FAILURE);
    }
    return memory;
}

/* ---- Crews ----------------------------------------------------------------------------- */

void crew_begin(struct crew *crew, int number)
{
    check(tri_barrier_wait(crew->gate, PATIENCE_S));
    crew->begun[number] = clock_now();
}

void crew_keep_cpu(int number)
{
    cpu_set_t all, one;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof all, &all) != 0)
        return;
    for (int cpu = 0; cpu < CPU_SETSIZE && (number == 1 || CPU_COUNT(&one) == 0); cpu++)
        if (CPU_ISSET(cpu, &all)) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
        }
    sched_setaffinity(0, sizeof one, &one);
}

static int run_member(const void *argument)
{
    const struct member *member = argument;
    member->work(member->crew, member->number, member->shared);
    member->crew->ended[member->number] = clock_now();
    return 0;
}

static double duration(const struct crew *crew, int count)
{
    double begun = crew->begun[0], ended = crew->ended[0];
    for (int i = 1; i < count; i++) {
        begun = crew->begun[i] < begun ? crew->begun[i] : begun;
        ended = crew->ended[i] > ended ? crew->ended[i] : ended;
    }
    return ended - begun;
}

static void await(tri_process *process)
{
    int code;
    check(tri_process_join(process, PATIENCE_S));
    check(tri_process_exit_code(process, &code));
    if (code != 0)
        exit(EXIT_FAILURE); /* it has said why */
    check(tri_process_free(process));
}

double crew_run(crew_work *work, void *shared, int count)
{
    static const tri_process_options options = {.backend = TRI_BACKEND_FORK, .daemon = 1};
    struct crew *crew = new_shared(sizeof *crew);
    tri_process *processes[CREW_MAX];
    check(tri_barrier_new(&crew->gate, (uint32_t)count, NULL));
    for (int i = 0; i < count; i++) {
        struct member member = {crew, work, shared, i};
        check(tri_process_start(&processes[i], run_member, &member, sizeof member, &options));
    }
    for (int i = 0; i < count; i++)
        await(processes[i]);
    double result = duration(crew, count);
    check(tri_barrier_free(crew->gate));
    tri_shared_free(crew);
    return result;
}

/* ---- Figures --------------------------------------------------------------------------- */

static const struct figure {
    const char *name;
    double (*measure)(void);
} figures[] = {
    {"lock", lock},
    {"mutex", mutex},
    {"lock_contended", lock_contended},
    {"mutex_contended", mutex_contended},
    {"bank", bank},
    {"queue", queue},
    {"kernel_pipe", kernel_pipe},
    {"queue_4", queue_4},
    {"kernel_pipe_4", kernel_pipe_4},
    {"large", large},
    {"copy", copy},
    {"event", event},
    {"futex", futex},
};

static int program(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (argc > 1 && strcmp(argv[1], figures[i].name) == 0) {
            printf("%.4g\n", figures[i].measure());
            return EXIT_SUCCESS;
        }
    fprintf(stderr, "usage: objects FIGURE, which is one of\n");
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        fprintf(stderr, "  %s\n", figures[i].name);
    return 2;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
