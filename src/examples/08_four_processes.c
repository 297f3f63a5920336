/* Three processes at the same time, and a fourth when the third has ended. The program's own end
 * waits for all of them. The argument is how long a second takes. */
#include <stdio.h>
#include <stdlib.h>
#include <trireme.h>
#include <unistd.h>

struct work {
    int number, n;
    double wait_s;
};

static int count(const void *argument)
{
    const struct work *work = argument;
    for (int i = 0; i < work->n; i++) {
        usleep(work->wait_s * 1e6);
        printf("Process %d: %d\n", work->number, i);
    }
    return 0;
}

static void check(int code)
{
    if (code < 0) {
        fprintf(stderr, "%s\n", tri_error_message());
        exit(1);
    }
}

static tri_process *start(const char *name, struct work work)
{
    tri_process_options options = {.name = name};
    tri_process *process;
    check(tri_process_start(&process, count, &work, sizeof work, &options));
    return process;
}

static int program(int argc, char **argv)
{
    double second = argc > 1 ? atof(argv[1]) : 1;
    start("process1 1", (struct work){1, 4, 1 * second});
    start("process1 2", (struct work){2, 3, 1 * second});
    tri_process *third = start("process1 3", (struct work){3, 4, 2 * second});
    check(tri_process_join(third, -1));
    start("process1 4", (struct work){4, 5, 0.9 * second});
    return 0;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
