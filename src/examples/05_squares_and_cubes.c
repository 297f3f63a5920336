/* Two functions one after the other, then two processes at the same time.
 * The first argument is how many seconds each number takes, the others are the numbers. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <trireme.h>
#include <unistd.h>

enum { NUMBERS_MAX = 100 };

struct work {
    double wait_s;
    int count, numbers[NUMBERS_MAX];
};

static int calc_square(const void *argument)
{
    const struct work *work = argument;
    for (int i = 0; i < work->count; i++) {
        usleep(work->wait_s * 1e6);
        printf("square %d\n", work->numbers[i] * work->numbers[i]);
    }
    return 0;
}

static int calc_cube(const void *argument)
{
    const struct work *work = argument;
    for (int i = 0; i < work->count; i++) {
        usleep(work->wait_s * 1e6);
        printf("cube %d\n", work->numbers[i] * work->numbers[i] * work->numbers[i]);
    }
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
    struct work work = {.wait_s = 1, .count = 6, .numbers = {2, 3, 8, 6, 7, 8}};
    if (argc > 1)
        work.wait_s = atof(argv[1]);
    if (argc > 2)
        work.count = 0;
    for (int i = 2; i < argc && work.count < NUMBERS_MAX; i++)
        work.numbers[work.count++] = atoi(argv[i]);

    double start = seconds();
    calc_square(&work);
    calc_cube(&work);
    printf("Serial processing took: %f\n", seconds() - start);

    tri_process *squares, *cubes;
    start = seconds();
    if (tri_process_start(&squares, calc_square, &work, sizeof work, NULL) != 0 ||
        tri_process_start(&cubes, calc_cube, &work, sizeof work, NULL) != 0 ||
        tri_process_join(squares, -1) != 0 || tri_process_join(cubes, -1) != 0) {
        fprintf(stderr, "%s: %s\n", argv[0], tri_error_message());
        return 1;
    }
    printf("Multiprocessing took: %f\n", seconds() - start);
    tri_process_free(squares);
    tri_process_free(cubes);
    return 0;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
