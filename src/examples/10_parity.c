/* Ten items by a process each, then by a pool. The argument is how many seconds an item takes. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <trireme.h>
#include <unistd.h>

enum { ITEMS = 10 };

struct item {
    int x;
    double wait_s;
};

static const char *parity(int x)
{
    return x == 0 ? "zero" : x % 2 == 0 ? "even" : "odd";
}

static int in_process(const void *argument)
{
    const struct item *item = argument;
    usleep(item->wait_s * 1e6);
    printf("%d squared results in a/an %s number\n", item->x, parity(item->x * item->x));
    return 0;
}

static int in_pool(const void *argument, void *result)
{
    (void)result;
    return in_process(argument);
}

static void check(int code)
{
    if (code < 0) {
        fprintf(stderr, "%s\n", tri_error_message());
        exit(1);
    }
}

static void by_processes(const struct item *items)
{
    tri_process *processes[ITEMS];
    for (int i = 0; i < ITEMS; i++)
        check(tri_process_start(&processes[i], in_process, &items[i], sizeof *items, NULL));
    for (int i = 0; i < ITEMS; i++) {
        check(tri_process_join(processes[i], -1));
        tri_process_free(processes[i]);
    }
}

static void by_pool(const struct item *items)
{
    tri_pool *pool;
    check(tri_pool_open(&pool, NULL));
    check(tri_pool_map(pool, in_pool, items, sizeof *items, NULL, 0, ITEMS, 1));
    check(tri_pool_close(pool));
    check(tri_pool_join(pool, -1));
    tri_pool_free(pool);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

static int program(int argc, char **argv)
{
    struct item items[ITEMS];
    for (int i = 0; i < ITEMS; i++)
        items[i] = (struct item){.x = i, .wait_s = argc > 1 ? atof(argv[1]) : 2};

    double start = seconds();
    by_processes(items);
    printf("That took %f seconds\n", seconds() - start);

    start = seconds();
    by_pool(items);
    printf("That took %f seconds\n", seconds() - start);
    return 0;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
