/* Four works that take different times, by two workers. The argument is how long a second takes. */
#include <stdio.h>
#include <stdlib.h>
#include <trireme.h>
#include <unistd.h>

enum { COUNT = 4 };

struct work {
    char name;
    int seconds;
    double second;
};

static int work_log(const void *argument, void *result)
{
    (void)result;
    const struct work *work = argument;
    printf(" Process %c waiting %d seconds\n", work->name, work->seconds);
    usleep(work->seconds * work->second * 1e6);
    printf(" Process %c Finished.\n", work->name);
    return 0;
}

static int program(int argc, char **argv)
{
    double second = argc > 1 ? atof(argv[1]) : 1;
    struct work work[COUNT] = {
        {'A', 5, second}, {'B', 2, second}, {'C', 1, second}, {'D', 3, second}};
    tri_pool_options two = {.workers = 2};
    tri_pool *pool;
    if (tri_pool_open(&pool, &two) != 0 ||
        tri_pool_map(pool, work_log, work, sizeof *work, NULL, 0, COUNT, 1) != 0 ||
        tri_pool_close(pool) != 0 || tri_pool_join(pool, -1) != 0) {
        fprintf(stderr, "%s: %s\n", argv[0], tri_error_message());
        return 1;
    }
    tri_pool_free(pool);
    return 0;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
