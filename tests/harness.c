/* SPDX-License-Identifier: BSD-3-Clause */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

tri_team_options test_options;

static const double LIMIT_S = 120, SETTLE_S = 10;

enum { SKIPPED = 77 };

static const struct test *all_tests;
static int test_count, failures;
static const char *own_path;

int test_count_descriptors(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count;
}

void test_skip(const char *reason)
{
    printf("%s\n", reason);
    exit(SKIPPED);
}

/* ---- A case, in its own process: --case NUMBER BACKEND WORKERS ------------------------- */

static int run_case(int argc, char **argv)
{
    (void)argc;
    const struct test *test = &all_tests[atoi(argv[2])];
    test_options.backend = (tri_backend)atoi(argv[3]);
    test_options.workers = atoi(argv[4]);
    test->run();
    return EXIT_SUCCESS;
}

/* ---- The runner ------------------------------------------------------------------------ */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static void start_case(const struct test *test, tri_backend backend, int workers, FILE *output)
{
    char number[16], id[16], count[16];
    snprintf(number, sizeof number, "%d", (int)(test - all_tests));
    snprintf(id, sizeof id, "%d", (int)backend);
    snprintf(count, sizeof count, "%d", workers);
    setpgid(0, 0);
    dup2(fileno(output), STDOUT_FILENO);
    dup2(fileno(output), STDERR_FILENO);
    if (backend == TRI_BACKEND_MPI)
        execlp(getenv("MPIEXEC"), getenv("MPIEXEC"), "-n", count, own_path, "--case", number, id,
               count, (char *)NULL);
    else
        execl(own_path, own_path, "--case", number, id, count, (char *)NULL);
    perror("exec");
    _exit(127);
}

/* Waits for the case, two minutes or what the environment says. False when it had to be killed. */
static bool wait_for_case(pid_t pid, int *status)
{
    const char *limit = getenv("TRIREME_TEST_LIMIT");
    double deadline = now() + (limit ? atof(limit) : LIMIT_S);
    while (waitpid(pid, status, WNOHANG) == 0) {
        if (now() > deadline) {
            kill(-pid, SIGKILL);
            waitpid(pid, status, 0);
            return false;
        }
        nap();
    }
    return true;
}

static void kill_children(void)
{
    int pid;
    FILE *file = fopen("/proc/thread-self/children", "r");
    while (file && fscanf(file, "%d", &pid) == 1)
        kill(pid, SIGKILL);
    if (file)
        fclose(file);
}

/* Orphans of the case are given to this process, a subreaper; they have a moment to end. */
static int count_left_behind(void)
{
    double deadline = now() + SETTLE_S;
    int left = 0;
    pid_t pid;
    while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0)
        if (now() < deadline) {
            nap();
        } else {
            kill_children();
            left += pid > 0;
        }
    return left;
}

static const char *verdict(const char *dies_with, bool in_time, int status, const char *output)
{
    static char words[256];
    if (!in_time)
        return "did not end in time";
    if (dies_with == NULL && status == 0)
        return NULL;
    if (dies_with == NULL)
        snprintf(words, sizeof words, "ended with wait status 0x%x", (unsigned)status);
    else if (status == 0)
        snprintf(words, sizeof words, "ended well");
    else if (strstr(output, dies_with))
        return NULL;
    else
        snprintf(words, sizeof words, "did not say '%s'", dies_with);
    return words;
}

static void print_comment(const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        printf("# %.*s\n", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static void report(const struct test *test, const char *backend, int workers, const char *trouble,
                   bool is_skipped, const char *output)
{
    printf("%s %d - %s", trouble ? "not ok" : "ok", ++test_count, test->name);
    if (backend)
        printf(" on %s, %d worker%s", backend, workers, workers == 1 ? "" : "s");
    if (is_skipped)
        printf(" # SKIP %.*s", (int)strcspn(output, "\n"), output);
    printf("\n");
    if (trouble) {
        failures++;
        print_comment(trouble);
        print_comment(output);
    }
    fflush(stdout);
}

static void run_on(const struct test *test, tri_backend backend, int workers)
{
    static char output[64 * 1024];
    FILE *file = tmpfile();
    const char *name = backend ? tri_backend_name(backend) : NULL;
    const char *dies_with =
        backend == TRI_BACKEND_MPI && test->mpi_dies_with ? test->mpi_dies_with : test->dies_with;
    pid_t self = getpid(), pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == self)
            start_case(test, backend, workers, file);
        _exit(EXIT_FAILURE);
    }
    int status;
    bool in_time = wait_for_case(pid, &status);
    int left = count_left_behind();
    rewind(file);
    output[fread(output, 1, sizeof output - 1, file)] = '\0';
    fclose(file);
    bool is_skipped = in_time && WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED;
    const char *trouble = is_skipped ? NULL : verdict(dies_with, in_time, status, output);
    if (trouble == NULL && left > 0)
        trouble = "left processes behind";
    report(test, name, workers, trouble, is_skipped, output);
}

static void run_everywhere(const struct test *test)
{
    static const tri_backend local[] = {TRI_BACKEND_SERIAL, TRI_BACKEND_THREADS, TRI_BACKEND_FORK};
    static const int counts[] = {1, 2, 5};
    const char *mpiexec = getenv("MPIEXEC");
    for (int b = 0; b < 3; b++)
        for (int i = 0; i < 3; i++) {
            int workers =
                test->workers && local[b] != TRI_BACKEND_SERIAL ? test->workers : counts[i];
            bool is_once = test->workers || local[b] == TRI_BACKEND_SERIAL;
            if ((test->backends >> b & 1) && (i == 0 || !is_once))
                run_on(test, local[b], workers);
        }
    if (!(test->backends & ON_MPI))
        return;
    if (mpiexec && strcmp(mpiexec, "no") != 0)
        run_on(test, TRI_BACKEND_MPI, test->workers ? test->workers : 3);
    else
        printf("ok %d - %s on mpi # SKIP this build has no MPI\n", ++test_count, test->name);
}

static bool is_chosen(const struct test *test, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strstr(test->name, argv[i]))
            return true;
    return argc < 2;
}

/* With arguments: only the cases whose names contain one of them. */
int test_main(int argc, char **argv, const struct test *tests)
{
    all_tests = tests;
    if (argc == 5 && strcmp(argv[1], "--case") == 0)
        return tri_main(argc, argv, run_case);
    static char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    own_path = length > 0 ? path : argv[0];
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (const struct test *test = tests; test->name; test++)
        if (!is_chosen(test, argc, argv))
            continue;
        else if (test->backends)
            run_everywhere(test);
        else
            run_on(test, TRI_BACKEND_DEFAULT, 0);
    printf("1..%d\n", test_count);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
