/* Words through a queue: messages of different sizes, which come out as they went in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trireme.h>

static void check(int code)
{
    if (code < 0) {
        fprintf(stderr, "%s\n", tri_error_message());
        exit(1);
    }
}

static int program(int argc, char **argv)
{
    (void)argc, (void)argv;
    const char *colors[] = {"red", "green", "blue", "black"};
    tri_queue queue;
    check(tri_queue_new(&queue, NULL));
    printf("pushing items to queue:\n");
    for (int i = 0; i < 4; i++) {
        printf("item no:  %d   %s\n", i + 1, colors[i]);
        check(tri_queue_put(queue, colors[i], strlen(colors[i]) + 1, -1));
    }

    printf("\npopping items from queue:\n");
    for (int i = 0; !tri_queue_empty(queue); i++) {
        char color[10];
        check(tri_queue_get(queue, color, sizeof color, NULL, -1));
        printf("item no:  %d   %s\n", i, color);
    }
    check(tri_queue_free(queue));
    return 0;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
