/* The same 10000 sums in a loop and by a pool. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <trireme.h>

enum { COUNT = 10000 };

static int do_work(const void *argument, void *result)
{
    int n = *(const int *)argument;
    int64_t sum = 0;
    for (int x = 0; x < n; x++)
        sum += x * x;
    *(int64_t *)result = sum;
    return 0;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

static int program(int argc, char **argv)
{
    static int n[COUNT];
    static int64_t serial[COUNT], pooled[COUNT];
    for (int i = 0; i < COUNT; i++)
        n[i] = 1000;

    double start = seconds();
    for (int i = 0; i < COUNT; i++)
        do_work(&n[i], &serial[i]);
    printf("Serial processing took: %f\n", seconds() - start);

    tri_pool *pool;
    start = seconds();
    if (tri_pool_open(&pool, NULL) != 0 ||
        tri_pool_map(pool, do_work, n, sizeof *n, pooled, sizeof *pooled, COUNT, 0) != 0 ||
        tri_pool_close(pool) != 0 || tri_pool_join(pool, -1) != 0) {
        fprintf(stderr, "%s: %s\n", argv[argc - 1], tri_error_message());
        return 1;
    }
    printf("Pool took: %f\n", seconds() - start);
    tri_pool_free(pool);

    const char *same = memcmp(serial, pooled, sizeof serial) == 0 ? "the same" : "different";
    printf("%s results, each %lld\n", same, (long long)pooled[0]);
    return 0;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
