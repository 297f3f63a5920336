/* Two threads that tell the time five times, or until their exit flag is raised. The first argument
 * is how long a second takes; with a second argument the end of one thread raises the other's. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <trireme.h>
#include <unistd.h>

struct thread {
    const char *name;
    double delay_s;
};

static int run(const void *argument)
{
    const struct thread *thread = argument;
    printf("Starting %s\n", thread->name);
    for (int counter = 5; counter > 0 && !tri_stop_requested(); counter--) {
        char text[26];
        usleep(thread->delay_s * 1e6);
        time_t now = time(NULL);
        printf("%s: %s", thread->name, ctime_r(&now, text));
    }
    printf("Exiting %s\n", thread->name);
    return 0;
}

static void check(int code)
{
    if (code < 0) {
        fprintf(stderr, "%s\n", tri_error_message());
        exit(1);
    }
}

static tri_process *start(const char *name, double delay_s)
{
    struct thread thread = {name, delay_s};
    tri_process_options options = {.name = name, .backend = TRI_BACKEND_THREADS};
    tri_process *process;
    check(tri_process_start(&process, run, &thread, sizeof thread, &options));
    return process;
}

static int program(int argc, char **argv)
{
    double second = argc > 1 ? atof(argv[1]) : 1;
    tri_process *thread1 = start("Thread-1", 1 * second);
    tri_process *thread2 = start("Thread-2", 2 * second);
    if (argc > 2) {
        check(tri_process_join(thread1, -1));
        check(tri_process_terminate(thread2));
    }
    printf("Exiting Main Thread\n");
    return 0;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
