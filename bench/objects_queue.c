/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Messages from processes to processes, through a queue or a pipe of the kernel's.
 */
#include "clock.h"
#include "objects.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SMALL = 400000, RUNS = 5, LARGE = 512, MIB = 1 << 20, BUFFERS = 64, WARM_UP = 2 * BUFFERS };

/* Half of the crew sends, the other half receives. */
struct traffic {
    tri_queue queue;
    int count; /* of each member */
    int senders;
    char ends[2][40]; /* of the pipe, where to receive and to send */
};

/* ---- Small messages -------------------------------------------------------------------- */

static void through_queue(struct crew *crew, int number, void *shared)
{
    const struct traffic *traffic = shared;
    crew_begin(crew, number);
    if (number < traffic->senders)
        for (int64_t i = 0; i < traffic->count; i++)
            check(tri_queue_put(traffic->queue, &i, sizeof i, -1));
    else
        for (int64_t i = 0, message; i < traffic->count; i++)
            check(tri_queue_get(traffic->queue, &message, sizeof message, NULL, -1));
}

static void must(bool is_done)
{
    if (!is_done) {
        perror("objects: pipe");
        exit(EXIT_FAILURE);
    }
}

static void through_pipe(struct crew *crew, int number, void *shared)
{
    const struct traffic *traffic = shared;
    bool sends = number < traffic->senders;
    int end = open(traffic->ends[sends], sends ? O_WRONLY : O_RDONLY);
    must(end >= 0);
    crew_begin(crew, number);
    if (sends)
        for (int64_t i = 0; i < traffic->count; i++)
            must(write(end, &i, sizeof i) == sizeof i);
    else
        for (int64_t i = 0, message; i < traffic->count; i++)
            must(read(end, &message, sizeof message) == sizeof message);
    close(end);
}

/* Of one message. */
static double exchange(crew_work *work, struct traffic *traffic, int senders)
{
    double times[RUNS];
    traffic->senders = senders;
    traffic->count = SMALL / senders;
    for (int i = -1; i < RUNS; i++) {
        double time = crew_run(work, traffic, 2 * senders);
        if (i >= 0)
            times[i] = time;
    }
    return median(times, RUNS) / SMALL;
}

static double by_queue(int senders)
{
    struct traffic *traffic = new_shared(sizeof *traffic);
    check(tri_queue_new(&traffic->queue, NULL));
    double time = exchange(through_queue, traffic, senders);
    check(tri_queue_free(traffic->queue));
    tri_shared_free(traffic);
    return time;
}

/* Processes are not this one's children, and open the ends as files. */
static double by_pipe(int senders)
{
    struct traffic *traffic = new_shared(sizeof *traffic);
    int ends[2];
    must(pipe(ends) == 0);
    for (int i = 0; i < 2; i++)
        snprintf(traffic->ends[i], sizeof traffic->ends[i], "/proc/%ld/fd/%d", (long)getpid(),
                 ends[i]);
    double time = exchange(through_pipe, traffic, senders);
    close(ends[0]);
    close(ends[1]);
    tri_shared_free(traffic);
    return time;
}

double queue(void)
{
    return by_queue(1);
}

double queue_4(void)
{
    return by_queue(4);
}

double kernel_pipe(void)
{
    return by_pipe(1);
}

double kernel_pipe_4(void)
{
    return by_pipe(4);
}

/* ---- Large messages -------------------------------------------------------------------- */

/* More than the caches that are near hold; touched, so that there are pages. */
static char *new_buffers(void)
{
    char *buffers = aligned_alloc(64, (size_t)BUFFERS * MIB);
    if (buffers == NULL) {
        fprintf(stderr, "objects: no memory\n");
        exit(EXIT_FAILURE);
    }
    memset(buffers, 1, (size_t)BUFFERS * MIB);
    return buffers;
}

static char *buffer(char *buffers, int number)
{
    return buffers + (size_t)(number % BUFFERS) * MIB;
}

static void send_large(const struct traffic *traffic, char *buffers, int count)
{
    for (int i = 0; i < count; i++)
        check(tri_queue_put(traffic->queue, buffer(buffers, i), MIB, -1));
}

static void receive_large(const struct traffic *traffic, char *buffers, int count)
{
    for (int i = 0; i < count; i++)
        check(tri_queue_get(traffic->queue, buffer(buffers, i), MIB, NULL, -1));
}

static void through_large_queue(struct crew *crew, int number, void *shared)
{
    void (*pass)(const struct traffic *, char *, int) = number == 0 ? send_large : receive_large;
    char *buffers = new_buffers();
    pass(shared, buffers, WARM_UP);
    crew_begin(crew, number);
    pass(shared, buffers, LARGE);
    free(buffers);
}

double large(void)
{
    struct traffic *traffic = new_shared(sizeof *traffic);
    tri_queue_options options = {.bytes = (uint64_t)16 * MIB};
    double times[RUNS];
    check(tri_queue_new(&traffic->queue, &options));
    for (int i = -1; i < RUNS; i++) {
        double time = crew_run(through_large_queue, traffic, 2);
        if (i >= 0)
            times[i] = time;
    }
    check(tri_queue_free(traffic->queue));
    tri_shared_free(traffic);
    return (double)LARGE * MIB / median(times, RUNS);
}

double copy(void)
{
    char *from = new_buffers(), *to = new_buffers();
    double times[RUNS];
    for (int i = -1; i < RUNS; i++) {
        double start = clock_now();
        for (int j = 0; j < LARGE; j++)
            memcpy(buffer(to, j), buffer(from, j), MIB);
        if (i >= 0)
            times[i] = clock_now() - start;
    }
    free(from);
    free(to);
    return (double)LARGE * MIB / median(times, RUNS);
}
