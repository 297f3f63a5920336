/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Teams that end badly: a rank that returns an error, exits, crashes, is killed or does not do
 * what the others do. Never a hang, and always words that name the rank and the cause. After a
 * failure that can be survived the next team works.
 */
#include "harness.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The rank that fails: the last one. */
static bool is_culprit(tri_team *team)
{
    return tri_team_rank(team) == tri_team_size(team) - 1;
}

static int run(tri_kernel *kernel)
{
    return tri_team_run(kernel, NULL, 0, NULL, 0, &test_options);
}

static int kernel_good(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    return tri_team_barrier(team);
}

/* The team fails with this code and these words, its last rank and this host named; the next one
 * is well. */
static void check_fails(tri_kernel *kernel, int code, const char *words)
{
    char rank[64], host[256];
    snprintf(rank, sizeof rank, "rank %d ", test_options.workers - 1);
    gethostname(host, sizeof host);
    CHECK(run(kernel) == code);
    fprintf(stderr, "%s\n", tri_error_message());
    CHECK(strstr(tri_error_message(), words));
    if (code != TRI_EMISMATCH)
        CHECK(strstr(tri_error_message(), rank) && strstr(tri_error_message(), host));
    CHECK(run(kernel_good) == 0);
}

/* ---- A kernel returns an error --------------------------------------------------------- */

static int kernel_returns_number(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    return is_culprit(team) ? 7 : tri_team_barrier(team);
}

static void test_returns_number(void)
{
    check_fails(kernel_returns_number, TRI_EFAILED, "returned 7");
}

static int kernel_returns_words(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    if (is_culprit(team))
        return tri_fail(-77, "no file called %s", "x.csv");
    double number = 1;
    return tri_team_allreduce(team, &number, &number, 1, TRI_DOUBLE, TRI_SUM);
}

static void test_returns_words(void)
{
    check_fails(kernel_returns_words, TRI_EFAILED, "failed with code -77: no file called x.csv");
}

/* An error that the kernel dealt with is not the reason. */
static int kernel_stale_words(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    CHECK_IN_RANK(tri_team_bcast(team, NULL, 1, 0) == TRI_EINVAL);
    return is_culprit(team) ? 7 : tri_team_barrier(team);
}

static int kernel_returns_einval(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    return is_culprit(team) ? TRI_EINVAL : tri_team_barrier(team);
}

static void test_stale_words(void)
{
    CHECK(tri_team_run(NULL, NULL, 0, NULL, 0, &test_options) == TRI_EINVAL);
    check_fails(kernel_returns_einval, TRI_EFAILED, "returned -1");
    check_fails(kernel_stale_words, TRI_EFAILED, "returned 7");
}

static int kernel_all_fail(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    return tri_fail(5, "all of us, %d", tri_team_size(team));
}

static int kernel_good_with_checks(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    for (int i = 0; i < 100; i++)
        CHECK_IN_RANK(tri_team_check(team) == 0);
    return tri_team_barrier(team);
}

/* Several that fail at once, again and again: nothing of it reaches the next team. */
static void test_all_fail(void)
{
    for (int i = 0; i < 20; i++) {
        CHECK(run(kernel_all_fail) == TRI_EFAILED);
        CHECK(strstr(tri_error_message(), "failed with code 5: all of us"));
    }
    CHECK(run(kernel_good_with_checks) == 0);
}

/* The others work on, but look now and then whether somebody has failed. */
static int kernel_checks(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    if (is_culprit(team))
        return 8;
    while (tri_team_check(team) == 0)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return TRI_EENDED;
}

static void test_checks(void)
{
    check_fails(kernel_checks, TRI_EFAILED, "returned 8");
}

/* The others do not look: they are killed, and on mpi the job ends. */
static int kernel_deaf(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    while (!is_culprit(team))
        pause();
    return 9;
}

static void test_deaf(void)
{
    check_fails(kernel_deaf, TRI_EFAILED, "returned 9");
}

/* A kernel that ignores the errors of its collectives cannot do harm. */
static int kernel_ignores(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    if (is_culprit(team))
        return 10;
    for (int i = 0; i < 1000; i++)
        tri_team_barrier(team);
    return 0;
}

static void test_ignores(void)
{
    check_fails(kernel_ignores, TRI_EFAILED, "returned 10");
}

/* ---- Ranks that do different things ---------------------------------------------------- */

static int kernel_differs(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    int number = 0;
    if (is_culprit(team))
        return tri_team_bcast(team, &number, sizeof number, 0);
    return tri_team_barrier(team);
}

static void test_differs(void)
{
    check_fails(kernel_differs, TRI_EMISMATCH, "called tri_team_bcast while rank 0 called");
}

static int kernel_other_size(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    char buffer[8] = {0};
    return tri_team_bcast(team, buffer, is_culprit(team) ? 8 : 4, 0);
}

static void test_other_size(void)
{
    check_fails(kernel_other_size, TRI_EMISMATCH, "called tri_team_bcast with another size");
}

static int kernel_leaves(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    return is_culprit(team) ? 0 : tri_team_barrier(team);
}

static void test_leaves(void)
{
    check_fails(kernel_leaves, TRI_EMISMATCH, "returned from its kernel while rank 0 called");
}

/* ---- Ranks that die -------------------------------------------------------------------- */

static int kernel_killed(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    if (is_culprit(team))
        raise(SIGKILL);
    return tri_team_barrier(team);
}

static void test_killed(void)
{
    check_fails(kernel_killed, TRI_ELOST, "was killed by signal 9 (Killed)");
}

static int kernel_crashes(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    if (is_culprit(team)) {
        signal(SIGSEGV, SIG_DFL); /* whatever a sanitizer would do */
        raise(SIGSEGV);
    }
    return tri_team_barrier(team);
}

static void test_crashes(void)
{
    check_fails(kernel_crashes, TRI_ELOST, "was killed by signal 11 (Segmentation fault)");
}

static int kernel_exits(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    if (is_culprit(team))
        exit(3);
    return tri_team_barrier(team);
}

static void test_exits(void)
{
    check_fails(kernel_exits, TRI_ELOST, "exited with code 3");
}

static int kernel_exits_well(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    if (is_culprit(team))
        exit(0);
    return tri_team_barrier(team);
}

static void test_exits_well(void)
{
    check_fails(kernel_exits_well, TRI_ELOST, "exited with code 0");
}

static int kernel_ends_thread(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    if (is_culprit(team))
        pthread_exit(NULL);
    return tri_team_barrier(team);
}

static void test_ends_thread(void)
{
    check_fails(kernel_ends_thread, TRI_ELOST, "exited with code 0");
}

static bool is_running(pid_t pid)
{
    char path[64], state = 'X';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (file && fscanf(file, "%*d %*s %c", &state) != 1)
        state = 'X';
    if (file)
        fclose(file);
    return state != 'X' && state != 'Z';
}

/* A process that the rank has forked holds what the rank held, and lives until the rank's fork
 * server has ended. */
static int kernel_leaves_child(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    pid_t server = getppid();
    if (is_culprit(team) && fork() == 0) {
        while (is_running(server))
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        _exit(0);
    }
    if (is_culprit(team))
        raise(SIGKILL);
    return tri_team_barrier(team);
}

static void test_leaves_child(void)
{
    check_fails(kernel_leaves_child, TRI_ELOST, "was killed by signal 9");
}

static int kernel_exit_ends_program(tri_team *team, const void *argument, void *result)
{
    (void)team;
    (void)argument;
    (void)result;
    exit(0);
}

static void test_exit_ends_program(void)
{
    run(kernel_exit_ends_program);
}

/* The last rank is killed, at random moments within collectives. */
static int kernel_kills(tri_team *team, const void *argument, void *result)
{
    (void)result;
    const int *delay_us = argument;
    if (is_culprit(team)) {
        struct itimerspec when = {.it_value.tv_nsec = 1 + *delay_us * 1000L};
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
        timer_t timer;
        if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
            timer_settime(timer, 0, &when, NULL) != 0)
            return tri_fail(1, "no timer");
    }
    for (;;) {
        int64_t numbers[100] = {0};
        int code = tri_team_allreduce(team, numbers, numbers, 100, TRI_INT64, TRI_SUM);
        if (code != 0)
            return code;
    }
}

static void test_killed_anywhere(void)
{
    for (int i = 0; i < 100; i++) {
        int delay_us = i * 7;
        CHECK(tri_team_run(kernel_kills, &delay_us, sizeof delay_us, NULL, 0, &test_options) ==
              TRI_ELOST);
        CHECK(strstr(tri_error_message(), "signal 9"));
    }
    CHECK(run(kernel_good) == 0);
}

/* ---- Other ends ------------------------------------------------------------------------ */

static int kernel_kills_server(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    if (is_culprit(team))
        kill(getppid(), SIGKILL);
    return pause();
}

static void test_server_killed(void)
{
    CHECK(run(kernel_kills_server) == TRI_ELOST);
    CHECK(strstr(tri_error_message(), "was killed with the fork server"));
    CHECK(run(kernel_good) == 0);
}

static int kernel_kills_controller(tri_team *team, const void *argument, void *result)
{
    (void)result;
    if (is_culprit(team))
        kill(*(const pid_t *)argument, SIGKILL);
    return pause();
}

/* The harness sees to it that no worker is left. */
static void test_controller_killed(void)
{
    pid_t self = getpid();
    tri_team_run(kernel_kills_controller, &self, sizeof self, NULL, 0, &test_options);
}

static void *run_in_thread(void *argument)
{
    (void)argument;
    for (volatile int i = 0; i < 1000000; i++)
        ;
    return NULL;
}

/* The program may have threads when a team is started: nothing forks from it. */
static void test_threads_running(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, run_in_thread, NULL) == 0);
    CHECK(run(kernel_good) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

static int kernel_exits_program(tri_team *team, const void *argument, void *result)
{
    (void)team;
    (void)argument;
    (void)result;
    return 0;
}

static int kernel_interrupted(tri_team *team, const void *argument, void *result)
{
    (void)argument;
    (void)result;
    raise(SIGINT);
    return tri_team_barrier(team);
}

/* A Ctrl-C reaches all processes of the terminal, and is for the controller. */
static void test_interrupted(void)
{
    CHECK(run(kernel_interrupted) == 0);
}

/* exit() instead of a return from the program ends all ranks in order. */
static void test_program_exits(void)
{
    CHECK(run(kernel_exits_program) == 0);
    exit(0);
}

static int not_run(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    abort();
}

static void test_main_twice(void)
{
    CHECK(tri_main(0, NULL, not_run) == EXIT_FAILURE);
    CHECK(strstr(tri_error_message(), "once only"));
}

/* A process that the program forks by itself has workers of its own. */
static void test_forked_program(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0 && test_options.backend != TRI_BACKEND_MPI && run(kernel_good) != 0)
        exit(1);
    if (pid == 0)
        exit(42);
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 42);
    CHECK(run(kernel_good) == 0);
}

static const struct test tests[] = {
    {"a rank returns a number", test_returns_number, ON_ALL, 0, 0, 0},
    {"a rank returns words", test_returns_words, ON_ALL, 0, 0, 0},
    {"a rank returns a number after another error", test_stale_words, ON_ALL, 0, 0, 0},
    {"all ranks fail", test_all_fail, ON_ALL, 0, 0, 0},
    {"tri_team_check ends the others", test_checks, ON_ALL, 0, 0, 0},
    {"ranks that do not check", test_deaf, ON_FORK | ON_MPI, 0, 0,
     "another rank did not stop, so the job ends"},
    {"ranks that ignore errors", test_ignores, ON_ALL, 0, 0, 0},
    {"different collectives", test_differs, ON_MANY, 4, 0, 0},
    {"different sizes", test_other_size, ON_MANY, 4, 0, 0},
    {"a rank returns early", test_leaves, ON_MANY, 4, 0, 0},
    {"a rank is killed", test_killed, ON_FORK | ON_MPI, 0, 0, "was killed by signal 9 (Killed)"},
    {"a rank crashes", test_crashes, ON_FORK | ON_MPI, 0, 0,
     "was killed by signal 11 (Segmentation fault)"},
    {"a rank exits", test_exits, ON_FORK | ON_MPI, 0, 0, "exited with code 3"},
    {"a rank exits with 0", test_exits_well, ON_FORK | ON_MPI, 0, 0, "exited with code 0"},
    {"a rank ends its thread", test_ends_thread, ON_THREADS, 3, 0, 0},
    {"a rank is killed, its child is not", test_leaves_child, ON_MPI, 2,
     "was killed by signal 9 (Killed)", 0},
    {"a rank ends the program", test_exit_ends_program, ON_SERIAL | ON_THREADS, 2,
     "a kernel has called exit()", 0},
    {"a rank is killed in the middle of a collective", test_killed_anywhere, ON_FORK, 0, 0, 0},
    {"the fork server is killed", test_server_killed, ON_FORK, 2, 0, 0},
    {"the controller is killed", test_controller_killed, ON_FORK, 3, "", 0},
    {"the program has threads", test_threads_running, ON_ALL, 2, 0, 0},
    {"workers are interrupted", test_interrupted, ON_FORK, 2, 0, 0},
    {"tri_main is called twice", test_main_twice, 0, 0, 0, 0},
    {"the program has forked by itself", test_forked_program, ON_ALL, 2, 0, 0},
    {"the program ends with exit", test_program_exits, ON_ALL, 0, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
