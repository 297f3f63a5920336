/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Cases that run on every backend, each in a process of its own with a time limit, reported in
 * TAP. The test program runs itself again for each case, backend and number of workers, under
 * mpiexec for the mpi backend, and afterwards looks whether any process was left behind.
 *
 *     static void test_something(void) { CHECK(...); }
 *     static const struct test tests[] = {{.name = "something", .run = test_something}, {0}};
 *     int main(int argc, char **argv) { return test_main(argc, argv, tests); }
 */
#ifndef HARNESS_H
#define HARNESS_H

#include "trireme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ON_SERIAL = 1,
    ON_THREADS = 2,
    ON_FORK = 4,
    ON_MPI = 8,
    ON_ALL = 15,
    ON_MANY = 14,
    ON_LOCAL = 7,
    ON_PARALLEL = 6 /* local, and not in the calling thread */
};

struct test {
    const char *name;
    void (*run)(void);     /* in the controller; returns if all is well */
    unsigned backends;     /* 0: it is no matter of backends, and runs once */
    int workers;           /* 0: 1, 2 and 5 of them; under mpi 3 */
    const char *dies_with; /* the case has to end with an error that says this: everywhere … */
    const char *mpi_dies_with; /* … or only on mpi, where a dead rank ends the job */
};

/* What the case runs with; all defaults for a case that is no matter of backends. */
extern tri_team_options test_options;

/* In the controller. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n(last error: %s)\n", __FILE__, __LINE__, #condition,       \
                    tri_error_message());                                                          \
            exit(EXIT_FAILURE);                                                                    \
        }                                                                                          \
    } while (0)

/* In a kernel. */
#define CHECK_IN_RANK(condition)                                                                   \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return tri_fail(1, "%s:%d: %s (last error: %s)", __FILE__, __LINE__, #condition,       \
                            tri_error_message());                                                  \
    } while (0)

int test_main(int argc, char **argv, const struct test *tests);

/* In the controller. Ends the case, which cannot be run here. */
_Noreturn void test_skip(const char *reason);

/* How many descriptors this process has open. */
int test_count_descriptors(void);

#endif
