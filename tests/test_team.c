/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Teams that end well: ranks, arguments and results, and each collective with every root, type
 * and operation, at sizes around the pieces in which it is done.
 */
#include "harness.h"
#include "internal.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

static int run(tri_kernel *kernel)
{
    return tri_team_run(kernel, NULL, 0, NULL, 0, &test_options);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* around the 32 KiB stage of the arena's collectives */
static const size_t sizes[] = {0, 1, 7, 32767, 32768, 32769, 300001};
enum { SIZE_COUNT = sizeof sizes / sizeof *sizes, SIZE_MAX_USED = 300001 };

/* A byte that tells where it comes from. */
static unsigned char mark(int rank, size_t at)
{
    return (unsigned char)(rank * 37 + at * 11 + at / 251);
}

static void fill(unsigned char *buffer, size_t size, int rank)
{
    for (size_t i = 0; i < size; i++)
        buffer[i] = mark(rank, i);
}

static bool is_filled(const unsigned char *buffer, size_t size, int rank)
{
    for (size_t i = 0; i < size; i++)
        if (buffer[i] != mark(rank, i))
            return false;
    return true;
}

/* ---- Ranks, arguments, results --------------------------------------------------------- */

static int kernel_ranks(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    int rank = tri_team_rank(team), size = tri_team_size(team);
    int *ranks = calloc((size_t)size, sizeof *ranks);
    CHECK_IN_RANK(tri_team_gather(team, &rank, ranks, sizeof rank, 0) == 0);
    for (int i = 0; rank == 0 && i < size; i++)
        CHECK_IN_RANK(ranks[i] == i);
    free(ranks);
    *(int *)result = 1000 * size + rank;
    return 0;
}

static void test_ranks(void)
{
    int result = -1;
    CHECK(tri_worker_count(&test_options) == test_options.workers);
    CHECK(tri_team_run(kernel_ranks, NULL, 0, &result, sizeof result, &test_options) == 0);
    CHECK(result == 1000 * test_options.workers);
    CHECK(tri_host_count(&test_options) == 1);
}

enum { BIG = 3000000 };

static int kernel_big(tri_team *team, const void *argument, void *result)
{
    (void)team;
    const unsigned char *bytes = result;
    for (size_t i = 0; i < BIG; i++)
        CHECK_IN_RANK(bytes[i] == 0);
    CHECK_IN_RANK(((uintptr_t)argument | (uintptr_t)result) % _Alignof(max_align_t) == 0);
    CHECK_IN_RANK(is_filled(argument, BIG, 3));
    memcpy(result, argument, BIG);
    return 0;
}

static void test_big_argument(void)
{
    unsigned char *in = malloc(BIG), *out = calloc(1, BIG);
    fill(in, BIG, 3);
    CHECK(tri_team_run(kernel_big, in, BIG, out, BIG, &test_options) == 0);
    CHECK(is_filled(out, BIG, 3));
    /* freed memory of the arena comes back zeroed */
    CHECK(tri_team_run(kernel_big, in, BIG, out, BIG, &test_options) == 0);
    free(in);
    free(out);
}

static int kernel_nothing(tri_team *team, const void *argument, void *result)
{
    (void)team;
    (void)argument;
    (void)result;
    return 0;
}

/* No process, descriptor or memory stays from one team to the next. */
static void test_many_teams(void)
{
    CHECK(run(kernel_nothing) == 0);
    int before = test_count_descriptors();
    for (int i = 0; i < 50; i++)
        CHECK(run(kernel_nothing) == 0);
    CHECK(test_count_descriptors() == before);
}

static void test_many_workers(void)
{
    int result = -1;
    CHECK(tri_team_run(kernel_ranks, NULL, 0, &result, sizeof result, &test_options) == 0);
    CHECK(result == 1000 * test_options.workers);
}

static int kernel_descriptors(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    int own = test_count_descriptors(), most = 0, least = 0;
    CHECK_IN_RANK(tri_team_allreduce(team, &own, &most, 1, TRI_INT32, TRI_MAX) == 0);
    CHECK_IN_RANK(tri_team_allreduce(team, &own, &least, 1, TRI_INT32, TRI_MIN) == 0);
    CHECK_IN_RANK(most == least);
    *(int *)result = own;
    return 0;
}

/* CPython: test_child_fd_inflation. */
static void test_descriptors_of_workers(void)
{
    int first, second;
    CHECK(tri_team_run(kernel_descriptors, NULL, 0, &first, sizeof first, &test_options) == 0);
    CHECK(tri_team_run(kernel_descriptors, NULL, 0, &second, sizeof second, &test_options) == 0);
    CHECK(first == second);
}

static int kernel_surroundings(tri_team *team, const void *argument, void *result)
{
    (void)team;
    (void)result;
    char folder[4096], byte;
    CHECK_IN_RANK(getcwd(folder, sizeof folder) && strcmp(folder, argument) == 0);
    CHECK_IN_RANK(getenv("TRIREME_TEST") && strcmp(getenv("TRIREME_TEST"), "given later") == 0);
    CHECK_IN_RANK(getenv("TRIREME_TEST_GONE") == NULL);
    CHECK_IN_RANK(read(STDIN_FILENO, &byte, 1) == 0);
    return 0;
}

/* The folder and the environment are the controller's at the start of the team, not at the start
 * of the program; standard input is empty. */
static void test_surroundings(void)
{
    char folder[] = "/tmp/trireme-XXXXXX", here[4096];
    CHECK(getcwd(here, sizeof here) && mkdtemp(folder) && chdir(folder) == 0);
    setenv("TRIREME_TEST", "given later", 1);
    unsetenv("TRIREME_TEST_GONE");
    char physical[4096];
    CHECK(getcwd(physical, sizeof physical));
    int code =
        tri_team_run(kernel_surroundings, physical, strlen(physical) + 1, NULL, 0, &test_options);
    CHECK(chdir(here) == 0 && rmdir(folder) == 0);
    CHECK(code == 0);
}

static int kernel_environment(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    CHECK_IN_RANK(tri_team_barrier(team) == 0);
    if (tri_team_rank(team) == 1)
        CHECK_IN_RANK(setenv("TRIREME_A", "mine", 1) == 0 && unsetenv("TRIREME_B") == 0);
    CHECK_IN_RANK(tri_team_barrier(team) == 0);
    if (tri_team_rank(team) == 0)
        CHECK_IN_RANK(strcmp(getenv("TRIREME_A"), "a") == 0 && getenv("TRIREME_B"));
    return 0;
}

/* What a worker does to its environment is its own affair. */
static void test_environment(void)
{
    setenv("TRIREME_A", "a", 1);
    setenv("TRIREME_B", "b", 1);
    CHECK(run(kernel_environment) == 0);
}

static int kernel_says(tri_team *team, const void *argument, void *result)
{
    (void)team;
    (void)argument;
    (void)result;
    printf("to output\n");
    fprintf(stderr, "to error\n");
    return 0;
}

/* Where the controller writes now, not where it did at the start. */
static void test_output(void)
{
    char text[64] = "";
    FILE *file = tmpfile();
    int output = dup(STDOUT_FILENO), error = dup(STDERR_FILENO);
    fflush(stdout);
    CHECK(dup2(fileno(file), STDOUT_FILENO) >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    int code = run(kernel_says);
    CHECK(dup2(output, STDOUT_FILENO) >= 0 && dup2(error, STDERR_FILENO) >= 0);
    rewind(file);
    CHECK(code == 0 && fread(text, 1, sizeof text - 1, file) > 0);
    CHECK(strstr(text, "to output\n") && strstr(text, "to error\n"));
    fclose(file);
}

/* ---- Collectives ----------------------------------------------------------------------- */

static int kernel_barrier(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    for (int round = 0; round < 20; round++) {
        if (round % tri_team_size(team) == tri_team_rank(team))
            nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        double before = now(), after, last_before, first_after;
        CHECK_IN_RANK(tri_team_barrier(team) == 0);
        after = now();
        CHECK_IN_RANK(tri_team_allreduce(team, &before, &last_before, 1, TRI_DOUBLE, TRI_MAX) == 0);
        CHECK_IN_RANK(tri_team_allreduce(team, &after, &first_after, 1, TRI_DOUBLE, TRI_MIN) == 0);
        CHECK_IN_RANK(last_before <= first_after);
    }
    return 0;
}

static void test_barrier(void)
{
    CHECK(run(kernel_barrier) == 0);
}

static int kernel_bcast(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    unsigned char *buffer = malloc(SIZE_MAX_USED);
    for (int root = 0; root < tri_team_size(team); root++)
        for (int i = 0; i < SIZE_COUNT; i++) {
            memset(buffer, 0xee, SIZE_MAX_USED);
            if (tri_team_rank(team) == root)
                fill(buffer, sizes[i], root);
            CHECK_IN_RANK(tri_team_bcast(team, sizes[i] ? buffer : NULL, sizes[i], root) == 0);
            CHECK_IN_RANK(is_filled(buffer, sizes[i], root));
            CHECK_IN_RANK(sizes[i] == SIZE_MAX_USED || buffer[sizes[i]] == 0xee);
        }
    free(buffer);
    return 0;
}

static void test_bcast(void)
{
    CHECK(run(kernel_bcast) == 0);
}

static int kernel_gather(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    int rank = tri_team_rank(team), ranks = tri_team_size(team);
    unsigned char *own = malloc(SIZE_MAX_USED), *all = malloc((size_t)ranks * SIZE_MAX_USED);
    fill(own, SIZE_MAX_USED, rank);
    for (int root = 0; root < ranks; root++)
        for (int i = 0; i < SIZE_COUNT; i++) {
            memset(all, 0xee, (size_t)ranks * SIZE_MAX_USED);
            CHECK_IN_RANK(tri_team_gather(team, own, rank == root ? all : NULL, sizes[i], root) ==
                          0);
            for (int r = 0; rank == root && r < ranks; r++)
                CHECK_IN_RANK(is_filled(all + (size_t)r * sizes[i], sizes[i], r));
        }
    free(own);
    free(all);
    return 0;
}

static tri_kernel kernel_scatter;

/* In pieces as if a call of MPI could move a hundred bytes only. */
static int kernel_pieces(tri_team *team, const void *argument, void *result)
{
    tri__mpi_piece_size = 100;
    int code = kernel_gather(team, argument, result);
    return code ? code : kernel_scatter(team, argument, result);
}

static void test_pieces(void)
{
    CHECK(run(kernel_pieces) == 0);
}

static void test_gather(void)
{
    CHECK(run(kernel_gather) == 0);
}

static int kernel_scatter(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    int rank = tri_team_rank(team), ranks = tri_team_size(team);
    unsigned char *own = malloc(SIZE_MAX_USED + 1), *all = malloc((size_t)ranks * SIZE_MAX_USED);
    for (int root = 0; root < ranks; root++)
        for (int i = 0; i < SIZE_COUNT; i++) {
            for (int r = 0; rank == root && r < ranks; r++)
                fill(all + (size_t)r * sizes[i], sizes[i], r);
            memset(own, 0xee, SIZE_MAX_USED + 1);
            CHECK_IN_RANK(tri_team_scatter(team, rank == root ? all : NULL, own, sizes[i], root) ==
                          0);
            CHECK_IN_RANK(is_filled(own, sizes[i], rank) && own[sizes[i]] == 0xee);
        }
    free(own);
    free(all);
    return 0;
}

static void test_scatter(void)
{
    CHECK(run(kernel_scatter) == 0);
}

/* Element i of rank r: small, so that products stay exact in any type. */
static int64_t element(int rank, size_t i)
{
    return (int64_t)(1 + ((size_t)rank + i) % 3);
}

static int64_t expected(int ranks, size_t i, tri_operation operation)
{
    int64_t value = element(0, i);
    for (int rank = 1; rank < ranks; rank++) {
        int64_t other = element(rank, i);
        if (operation == TRI_SUM)
            value += other;
        else if (operation == TRI_PRODUCT)
            value *= other;
        else if (operation == TRI_MIN ? other < value : other > value)
            value = other;
    }
    return value;
}

enum { COUNT = 20011 }; /* several pieces of any type */

#define REDUCTIONS(name, type, tri_type_code)                                                      \
    static int name(tri_team *team, tri_operation operation, size_t count)                         \
    {                                                                                              \
        int rank = tri_team_rank(team), ranks = tri_team_size(team), root = ranks - 1;             \
        type *in = malloc(COUNT * sizeof *in), *out = malloc(COUNT * sizeof *out);                 \
        for (size_t i = 0; i < count; i++)                                                         \
            in[i] = (type)element(rank, i);                                                        \
        CHECK_IN_RANK(tri_team_reduce(team, in, rank == root ? out : NULL, count, tri_type_code,   \
                                      operation, root) == 0);                                      \
        for (size_t i = 0; rank == root && i < count; i++)                                         \
            CHECK_IN_RANK(out[i] == (type)expected(ranks, i, operation));                          \
        CHECK_IN_RANK(tri_team_allreduce(team, in, out, count, tri_type_code, operation) == 0);    \
        for (size_t i = 0; i < count; i++)                                                         \
            CHECK_IN_RANK(out[i] == (type)expected(ranks, i, operation));                          \
        memset(out, 0x5a, COUNT * sizeof *out);                                                    \
        CHECK_IN_RANK(tri_team_exscan(team, in, out, count, tri_type_code, operation) == 0);       \
        for (size_t i = 0; rank > 0 && i < count; i++)                                             \
            CHECK_IN_RANK(out[i] == (type)expected(rank, i, operation));                           \
        CHECK_IN_RANK(tri_team_allreduce(team, in, in, count, tri_type_code, operation) == 0);     \
        for (size_t i = 0; i < count; i++)                                                         \
            CHECK_IN_RANK(in[i] == (type)expected(ranks, i, operation));                           \
        free(in);                                                                                  \
        free(out);                                                                                 \
        return 0;                                                                                  \
    }

REDUCTIONS(reduce_int32, int32_t, TRI_INT32)
REDUCTIONS(reduce_int64, int64_t, TRI_INT64)
REDUCTIONS(reduce_uint64, uint64_t, TRI_UINT64)
REDUCTIONS(reduce_float, float, TRI_FLOAT)
REDUCTIONS(reduce_double, double, TRI_DOUBLE)
REDUCTIONS(reduce_byte, unsigned char, TRI_BYTE)

static int kernel_reductions(tri_team *team, const void *argument, void *result)
{
    (void)result;
    size_t count = *(const size_t *)argument;
    for (tri_operation operation = TRI_SUM; operation <= TRI_MAX; operation++) {
        int code = reduce_int32(team, operation, count);
        code = code ? code : reduce_int64(team, operation, count);
        code = code ? code : reduce_uint64(team, operation, count);
        code = code ? code : reduce_float(team, operation, count);
        code = code ? code : reduce_double(team, operation, count);
        code = code ? code : reduce_byte(team, operation, count);
        if (code != 0)
            return code;
    }
    return 0;
}

static void test_reductions(void)
{
    static const size_t counts[] = {0, 1, 2, 3, 100, COUNT};
    for (int i = 0; i < 6; i++)
        CHECK(tri_team_run(kernel_reductions, &counts[i], sizeof counts[i], NULL, 0,
                           &test_options) == 0);
}

/* Numbers that are negative if they are taken for signed ones. */
static int kernel_large(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    uint64_t in = tri_team_rank(team) == 0 ? UINT64_MAX : 5, out;
    bool is_alone = tri_team_size(team) == 1;
    CHECK_IN_RANK(tri_team_allreduce(team, &in, &out, 1, TRI_UINT64, TRI_MAX) == 0);
    CHECK_IN_RANK(out == UINT64_MAX);
    CHECK_IN_RANK(tri_team_allreduce(team, &in, &out, 1, TRI_UINT64, TRI_MIN) == 0);
    CHECK_IN_RANK(out == (is_alone ? UINT64_MAX : 5));
    return 0;
}

static void test_large(void)
{
    CHECK(tri_team_run(kernel_large, NULL, 0, NULL, 0, &test_options) == 0);
}

static int kernel_exact(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    tri_exact sums[3] = {0};
    int rank = tri_team_rank(team), size = tri_team_size(team);
    for (int i = rank; i < 3000; i += size) {
        tri_exact_add(&sums[0], ldexp(i % 2 ? 1.1 : -1.1, i % 600 - 300) * i);
        tri_exact_add(&sums[1], i % 2 ? 1e300 : -1e300);
        tri_exact_add(&sums[2], 0.1);
    }
    tri_exact before = sums[2];
    CHECK_IN_RANK(tri_team_reduce_exact(team, sums, 3, 0) == 0);
    if (rank != 0)
        CHECK_IN_RANK(tri_exact_value(&sums[2]) == tri_exact_value(&before));
    for (int i = 0; i < 3; i++)
        ((double *)result)[i] = tri_exact_value(&sums[i]);
    return 0;
}

static void test_exact(void)
{
    static const tri_team_options serial = {TRI_BACKEND_SERIAL, 1};
    double sums[3], expected[3];
    CHECK(tri_team_run(kernel_exact, NULL, 0, expected, sizeof expected, &serial) == 0);
    CHECK(tri_team_run(kernel_exact, NULL, 0, sums, sizeof sums, &test_options) == 0);
    CHECK(memcmp(sums, expected, sizeof sums) == 0);
    CHECK(expected[0] != 0 && expected[1] == 0 && expected[2] == 300.00000000000001665);
}

/* ---- Misuse that is found at once ------------------------------------------------------ */

static int kernel_misuse(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    int number = 0, size = tri_team_size(team);
    CHECK_IN_RANK(tri_team_bcast(team, &number, sizeof number, size) == TRI_EINVAL);
    CHECK_IN_RANK(tri_team_bcast(team, &number, sizeof number, -1) == TRI_EINVAL);
    CHECK_IN_RANK(tri_team_bcast(team, NULL, 1, 0) == TRI_EINVAL);
    CHECK_IN_RANK(tri_team_reduce(team, NULL, NULL, 1, TRI_INT32, TRI_SUM, 0) == TRI_EINVAL);
    CHECK_IN_RANK(tri_team_allreduce(team, &number, &number, 1, (tri_type)99, TRI_SUM) ==
                  TRI_EINVAL);
    CHECK_IN_RANK(tri_team_allreduce(team, &number, &number, 1, TRI_INT32, (tri_operation)0) ==
                  TRI_EINVAL);
    CHECK_IN_RANK(tri_team_allreduce(team, &number, &number, SIZE_MAX / 2, TRI_INT64, TRI_SUM) ==
                  TRI_EINVAL);
    if (size > 1)
        CHECK_IN_RANK(tri_team_scatter(team, &number, &number, SIZE_MAX / 2 + 1, 0) == TRI_EINVAL);
    CHECK_IN_RANK(tri_team_run(kernel_nothing, NULL, 0, NULL, 0, NULL) == TRI_ESTATE);
    CHECK_IN_RANK(strstr(tri_error_message(), "cannot run another team"));
    CHECK_IN_RANK(tri_team_check(team) == 0);
    return 0;
}

static void test_misuse(void)
{
    CHECK(run(kernel_misuse) == 0);
    CHECK(run(NULL) == TRI_EINVAL);
    CHECK(tri_team_run(kernel_nothing, NULL, 4, NULL, 0, &test_options) == TRI_EINVAL);
    CHECK(tri_team_run(kernel_nothing, NULL, 0, NULL, 4, &test_options) == TRI_EINVAL);
}

static const struct test tests[] = {
    {"ranks are numbered and the result is rank 0's", test_ranks, ON_ALL, 0, 0, 0},
    {"arguments and results of megabytes", test_big_argument, ON_ALL, 0, 0, 0},
    {"fifty teams leave nothing open", test_many_teams, ON_ALL, 0, 0, 0},
    {"more workers than CPUs", test_many_workers, ON_THREADS | ON_FORK, 200, 0, 0},
    {"workers have the same few descriptors", test_descriptors_of_workers, ON_FORK, 5, 0, 0},
    {"workers start where the controller is", test_surroundings, ON_FORK, 2, 0, 0},
    {"workers have their own environment", test_environment, ON_FORK, 2, 0, 0},
    {"workers write where the controller does", test_output, ON_FORK, 1, 0, 0},
    {"barrier", test_barrier, ON_ALL, 0, 0, 0},
    {"bcast", test_bcast, ON_ALL, 0, 0, 0},
    {"gather", test_gather, ON_ALL, 0, 0, 0},
    {"scatter", test_scatter, ON_ALL, 0, 0, 0},
    {"gather and scatter in pieces", test_pieces, ON_MPI, 3, 0, 0},
    {"reduce, allreduce, exscan", test_reductions, ON_ALL, 0, 0, 0},
    {"the least and the greatest of large unsigned numbers", test_large, ON_ALL, 0, 0, 0},
    {"reduce_exact", test_exact, ON_ALL, 0, 0, 0},
    {"wrong arguments are errors", test_misuse, ON_ALL, 0, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
