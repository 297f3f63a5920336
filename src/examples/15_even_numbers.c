/* A process puts numbers into a queue, and the program gets them. Once the queue is shut down it
 * has an end; the tutorial's loop waits behind the last number for ever. */
#include <stdio.h>
#include <stdlib.h>
#include <trireme.h>

struct work {
    int count;
    tri_queue numbers;
};

static void check(int code)
{
    if (code < 0) {
        fprintf(stderr, "%s\n", tri_error_message());
        exit(1);
    }
}

static int even_no(const void *argument)
{
    const struct work *work = argument;
    for (int i = 0; i < work->count; i++)
        if (i % 2 == 0)
            check(tri_queue_put(work->numbers, &i, sizeof i, -1));
    return 0;
}

static int program(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct work work = {.count = 10};
    tri_process *process;
    check(tri_queue_new(&work.numbers, NULL));
    check(tri_process_start(&process, even_no, &work, sizeof work, NULL));
    check(tri_process_join(process, -1));
    check(tri_queue_shutdown(work.numbers, 0));

    int number;
    while (tri_queue_get(work.numbers, &number, sizeof number, NULL, -1) == 0)
        printf("%d\n", number);
    check(tri_queue_free(work.numbers));
    return tri_process_free(process);
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
