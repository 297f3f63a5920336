/* Waiting and counting, each done twice: one after the other, by two threads, by two processes.
 * The first argument is the seconds to wait, the second how far to count. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <trireme.h>
#include <unistd.h>

static void say(const char *what)
{
    printf("%ld * %s ---> %s...\n", (long)getpid(), tri_process_name(tri_process_self()), what);
}

static int io_bound(const void *argument)
{
    say("Start sleeping");
    usleep(*(const double *)argument * 1e6);
    say("Finished sleeping");
    return 0;
}

static int cpu_bound(const void *argument)
{
    volatile long n = *(const double *)argument;
    say("Start counting");
    while (n > 0)
        n--;
    say("Finished counting");
    return 0;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

static void check(int code)
{
    if (code < 0) {
        fprintf(stderr, "%s\n", tri_error_message());
        exit(1);
    }
}

static double twice(tri_function *function, double argument, tri_backend backend)
{
    tri_process_options options = {.backend = backend};
    tri_process *first, *second;
    double start = seconds();
    check(tri_process_start(&first, function, &argument, sizeof argument, &options));
    check(tri_process_start(&second, function, &argument, sizeof argument, &options));
    check(tri_process_join(first, -1));
    check(tri_process_join(second, -1));
    tri_process_free(first);
    tri_process_free(second);
    return seconds() - start;
}

static int program(int argc, char **argv)
{
    static const tri_backend backends[] = {TRI_BACKEND_SERIAL, TRI_BACKEND_THREADS,
                                           TRI_BACKEND_FORK};
    double io[3], cpu[3];
    for (int i = 0; i < 3; i++) {
        io[i] = twice(io_bound, argc > 1 ? atof(argv[1]) : 10, backends[i]);
        cpu[i] = twice(cpu_bound, argc > 2 ? atof(argv[2]) : 200000000, backends[i]);
    }
    printf("           serial   threads      fork\n");
    printf("IO-bound  %7.3f   %7.3f   %7.3f seconds\n", io[0], io[1], io[2]);
    printf("CPU-bound %7.3f   %7.3f   %7.3f seconds\n", cpu[0], cpu[1], cpu[2]);
    return 0;
}

int main(int argc, char **argv)
{
    return tri_main(argc, argv, program);
}
