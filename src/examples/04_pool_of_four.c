/* Pool(4), which prints who does what; with TRIREME_BACKEND=threads, ThreadPool(4).
 * The argument is how many seconds a task takes. */
#include <stdio.h>
#include <stdlib.h>
#include <trireme.h>
#include <unistd.h>

enum { COUNT = 12 };

struct work {
    int x;
    double wait_s;
};

static int work_func(const void *argument, void *result)
{
    struct work work = *(const struct work *)argument;
    printf("work_func: %d PID %ld\n", work.x, (long)getpid());
    usleep(work.wait_s * 1e6);
    *(int *)result = work.x * work.x * work.x * work.x * work.x;
    return 0;
}

static int program(int argc, char **argv)
{
    struct work work[COUNT];
    int results[COUNT];
    for (int i = 0; i < COUNT; i++)
        work[i] = (struct work){.x = i, .wait_s = argc > 1 ? atof(argv[1]) : 2};

    tri_pool_options four = {.workers = 4};
    tri_pool *pool;
    if (tri_pool_open(&pool, &four) != 0 ||
        tri_pool_map(pool, work_func, work, sizeof *work, results, sizeof *results, COUNT, 1) !=
            0 ||
        tri_pool_close(pool) != 0 || tri_pool_join(pool, -1) != 0) {
        fprintf(stderr, "%s: %s\n", argv[0], tri_error_message());
        return 1;
    }
    tri_pool_free(pool);

    for (int i = 0; i < COUNT; i++)
        printf("%s%d", i == 0 ? "[" : ", ", results[i]);
    printf("]\n");
    return 0;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
