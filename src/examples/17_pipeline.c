/* Three stages with a queue between each two, all at work at the same time: numbers, their squares,
 * the sum of these. Each stage shuts its queue down when it has no more to give. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <trireme.h>

struct stage {
    tri_queue in, out;
};

static void check(int code)
{
    if (code < 0) {
        fprintf(stderr, "%s\n", tri_error_message());
        exit(1);
    }
}

/* Whether there was one more. */
static int next(tri_queue queue, int64_t *number)
{
    int code = tri_queue_get(queue, number, sizeof *number, NULL, -1);
    if (code != TRI_ECLOSED)
        check(code);
    return code == 0;
}

static int numbers(const void *argument)
{
    const struct stage *stage = argument;
    for (int64_t n = 1; n <= 1000; n++)
        check(tri_queue_put(stage->out, &n, sizeof n, -1));
    check(tri_queue_shutdown(stage->out, 0));
    return 0;
}

static int squares(const void *argument)
{
    const struct stage *stage = argument;
    for (int64_t n; next(stage->in, &n);) {
        int64_t square = n * n;
        check(tri_queue_put(stage->out, &square, sizeof square, -1));
    }
    check(tri_queue_shutdown(stage->out, 0));
    return 0;
}

static int program(int argc, char **argv)
{
    (void)argc, (void)argv;
    struct stage first, second;
    check(tri_queue_new(&first.out, NULL));
    check(tri_queue_new(&second.out, NULL));
    second.in = first.out;

    tri_process *processes[2];
    check(tri_process_start(&processes[0], numbers, &first, sizeof first, NULL));
    check(tri_process_start(&processes[1], squares, &second, sizeof second, NULL));
    int64_t sum = 0;
    for (int64_t square; next(second.out, &square);)
        sum += square;
    printf("%lld\n", (long long)sum);

    for (int i = 0; i < 2; i++) {
        check(tri_process_join(processes[i], -1));
        check(tri_process_free(processes[i]));
    }
    check(tri_queue_free(first.out));
    check(tri_queue_free(second.out));
    return 0;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
