/* A process has globals of its own, and the program does not see what it puts there. A thread has
 * not: with TRIREME_BACKEND=threads the first result is not empty. */
#include <stdio.h>
#include <trireme.h>

enum { COUNT = 6 };

static int square_result[2 * COUNT], result_count;

static int calc_square(const void *argument)
{
    const int *numbers = argument;
    for (int i = 0; i < COUNT; i++) {
        printf("square %d\n", numbers[i] * numbers[i]);
        square_result[result_count++] = numbers[i] * numbers[i];
    }
    return 0;
}

static void print_result(const char *label)
{
    printf("%s [", label);
    for (int i = 0; i < result_count; i++)
        printf("%s%d", i == 0 ? "" : ", ", square_result[i]);
    printf("]\n");
}

static int program(int argc, char **argv)
{
    int numbers[COUNT] = {2, 3, 8, 6, 7, 8};
    tri_process *process;
    if (tri_process_start(&process, calc_square, numbers, sizeof numbers, NULL) != 0 ||
        tri_process_join(process, -1) != 0) {
        fprintf(stderr, "%s: %s\n", argv[argc - 1], tri_error_message());
        return 1;
    }
    tri_process_free(process);
    print_result("result:");
    calc_square(numbers);
    print_result("results2:");
    return 0;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
