#include <stdio.h>
#include <trireme.h>

static int power_of_five(const void *argument, void *result)
{
    int x = *(const int *)argument;
    *(int *)result = x * x * x * x * x;
    return 0;
}

static int program(int argc, char **argv)
{
    int x[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, powers[12];
    tri_pool *pool;
    if (tri_pool_open(&pool, NULL) != 0 ||
        tri_pool_map(pool, power_of_five, x, sizeof *x, powers, sizeof *powers, 12, 0) != 0) {
        fprintf(stderr, "%s: %s\n", argv[argc - 1], tri_error_message());
        return 1;
    }
    for (int i = 0; i < 12; i++)
        printf("%d\n", powers[i]);
    tri_pool_free(pool);
    return 0;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
