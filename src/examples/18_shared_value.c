/* An array and a value are shared where a global is not (07_global): the program sees what the
 * process puts there. Each of the two takes places of its own, by one addition. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <trireme.h>

enum { COUNT = 6 };

struct work {
    int32_t numbers[COUNT];
    tri_array square_result;
    tri_value result_count;
};

static void check(int code)
{
    if (code < 0) {
        fprintf(stderr, "%s\n", tri_error_message());
        exit(1);
    }
}

static int calc_square(const void *argument)
{
    const struct work *work = argument;
    int32_t one = 1, index;
    for (int i = 0; i < COUNT; i++) {
        int32_t square = work->numbers[i] * work->numbers[i];
        printf("square %d\n", square);
        check(tri_value_add(work->result_count, &one, &index));
        check(tri_array_set(work->square_result, (size_t)index, 1, &square));
    }
    return 0;
}

static void print_result(const char *label, const struct work *work)
{
    int32_t results[2 * COUNT], count;
    check(tri_value_get(work->result_count, &count));
    check(tri_array_get(work->square_result, 0, (size_t)count, results));
    printf("%s [", label);
    for (int i = 0; i < count; i++)
        printf("%s%d", i == 0 ? "" : ", ", results[i]);
    printf("]\n");
}

static int program(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct work work = {.numbers = {2, 3, 8, 6, 7, 8}};
    tri_process *process;
    check(tri_array_new(&work.square_result, TRI_INT32, 2 * COUNT, NULL));
    check(tri_value_new(&work.result_count, TRI_INT32, NULL));
    check(tri_process_start(&process, calc_square, &work, sizeof work, NULL));
    check(tri_process_join(process, -1));
    print_result("result:", &work);
    calc_square(&work);
    print_result("results2:", &work);
    check(tri_process_free(process));
    check(tri_array_free(work.square_result));
    return tri_value_free(work.result_count);
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
