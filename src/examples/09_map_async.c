/* map waits and map_async does not, both give the results in the order of the arguments; futures
 * come in the order in which they are done. The argument is the seconds of the longest task. */
#include <stdio.h>
#include <stdlib.h>
#include <trireme.h>
#include <unistd.h>

enum { ROWS = 6, COLUMNS = 5, MINIMUM = 4, MAXIMUM = 8 };

struct work {
    int row[COLUMNS];
    double wait_s;
};

static int howmany_within_range(const void *argument, void *result)
{
    const struct work *work = argument;
    usleep(work->wait_s * 1e6);
    for (int i = 0; i < COLUMNS; i++)
        *(int *)result += MINIMUM <= work->row[i] && work->row[i] <= MAXIMUM;
    return 0;
}

static void print(const char *label, const int *counts)
{
    printf("%s:", label);
    for (int i = 0; i < ROWS; i++)
        printf(" %d", counts[i]);
    printf("\n");
}

static void check(int code)
{
    if (code < 0) {
        fprintf(stderr, "%s\n", tri_error_message());
        exit(1);
    }
}

static void map(tri_pool *pool, const struct work *work)
{
    int counts[ROWS];
    check(tri_pool_map(pool, howmany_within_range, work, sizeof *work, counts, sizeof *counts, ROWS,
                       1));
    print("map", counts);
}

static void map_async(tri_pool *pool, const struct work *work)
{
    int counts[ROWS];
    tri_future *future;
    check(tri_pool_map_async(pool, howmany_within_range, work, sizeof *work, sizeof *counts, ROWS,
                             1, &future));
    printf("the program goes on\n");
    check(tri_future_result(future, counts, -1));
    print("map_async", counts);
    tri_future_free(future);
}

static void apply_async(tri_pool *pool, const struct work *work)
{
    int counts[ROWS];
    tri_future *futures[ROWS], *future;
    tri_completed *completed;
    for (int i = 0; i < ROWS; i++)
        check(tri_pool_apply_async(pool, howmany_within_range, &work[i], sizeof *work,
                                   sizeof *counts, &futures[i]));
    check(tri_as_completed(futures, ROWS, &completed));
    for (int i = 0; tri_completed_next(completed, &future, -1) == 1; i++) {
        check(tri_future_result(future, &counts[i], -1));
        tri_future_free(future);
    }
    tri_completed_free(completed);
    print("apply_async", counts);
}

static int program(int argc, char **argv)
{
    struct work work[ROWS] = {{.row = {4, 5, 6, 7, 8}}, {.row = {4, 5, 6, 7, 9}},
                              {.row = {4, 5, 6, 3, 9}}, {.row = {4, 5, 2, 3, 9}},
                              {.row = {4, 1, 2, 3, 9}}, {.row = {0, 1, 2, 3, 9}}};
    for (int i = 0; i < ROWS; i++)
        work[i].wait_s = (argc > 1 ? atof(argv[1]) : 1) * (ROWS - i) / ROWS;

    tri_pool *pool;
    check(tri_pool_open(&pool, NULL));
    map(pool, work);
    map_async(pool, work);
    apply_async(pool, work);
    tri_pool_free(pool);
    return 0;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
