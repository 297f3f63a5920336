/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Processes: what users of multiprocessing.Process rely on. tests/conformance.tsv says which of
 * CPython's tests each case mirrors.
 */
#include "tasks.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>

static tri_process *start(tri_function *function, const void *argument, size_t size)
{
    tri_process *process;
    tri_process_options options = {.backend = test_options.backend};
    CHECK(tri_process_start(&process, function, argument, size, &options) == 0);
    return process;
}

static int end(tri_process *process)
{
    int code = 12345;
    CHECK(tri_process_join(process, -1) == 0);
    CHECK(tri_process_exit_code(process, &code) == 0);
    CHECK(tri_process_free(process) == 0);
    return code;
}

/* ---- What a process is ------------------------------------------------------------------ */

static void test_controller(void)
{
    CHECK(tri_process_self() == NULL && tri_process_parent_id() == 0);
    CHECK(tri_process_children(NULL, 0) == 0 && tri_cpu_count() >= 1);
}

struct arguments {
    char text[12];
    double number;
    int64_t *shared;
};

static int check_arguments(const void *argument)
{
    const struct arguments *arguments = argument;
    *arguments->shared = tri_process_parent_id();
    return strcmp(arguments->text, "text") == 0 && arguments->number == 0.1 ? 7 : 1;
}

static void test_arguments(void)
{
    struct arguments arguments = {"text", 0.1, tri_shared_alloc(sizeof(int64_t))};
    CHECK(end(start(check_arguments, &arguments, sizeof arguments)) == 7);
    CHECK(*arguments.shared == getpid());
    tri_shared_free(arguments.shared);
}

static int check_self(const void *argument)
{
    tri_process *self = tri_process_self();
    (void)argument;
    return self && strcmp(tri_process_name(self), "the name") == 0 && tri_process_daemon(self) &&
                   tri_process_id(self) == getpid()
               ? 0
               : 1;
}

static void test_options_arrive(void)
{
    tri_process *process;
    tri_process_options options = {test_options.backend, "the name", 1};
    CHECK(tri_process_start(&process, check_self, NULL, 0, &options) == 0);
    CHECK(strcmp(tri_process_name(process), "the name") == 0 && tri_process_daemon(process) == 1);
    CHECK((tri_process_id(process) == getpid()) == !is_fork());
    CHECK(end(process) == 0);
    process = start(check_self, NULL, 0);
    CHECK(!tri_process_daemon(process) && strncmp(tri_process_name(process), "process-", 8) == 0);
    CHECK(end(process) == 1);
}

static int wait_in_process(const void *argument)
{
    return wait_for_flag(argument, NULL);
}

static void test_life(void)
{
    _Atomic int *flag = new_flag();
    tri_process *children[2], *process = start(wait_in_process, &flag, sizeof flag);
    int code;
    double begin = now();
    CHECK(tri_process_alive(process) == 1 && tri_process_children(children, 2) == 1);
    CHECK(children[0] == process && tri_process_exit_code(process, &code) == TRI_ESTATE);
    CHECK(tri_process_free(process) == TRI_ESTATE);
    CHECK(tri_process_join(process, 0) == TRI_ETIMEOUT);
    CHECK(tri_process_join(process, 0.05) == TRI_ETIMEOUT && now() - begin >= 0.05);
    atomic_store(flag, 1);
    CHECK(tri_process_join(process, -1) == 0 && tri_process_join(process, 0) == 0);
    CHECK(tri_process_alive(process) == 0 && tri_process_children(children, 2) == 0);
    CHECK(tri_process_exit_code(process, &code) == 0 && code == 0);
    CHECK(tri_process_free(process) == 0 && tri_process_free(NULL) == 0);
}

static int join_myself(const void *argument)
{
    (void)argument;
    return tri_process_join(tri_process_self(), -1) == TRI_ESTATE ? 5 : 1;
}

static void test_joins_itself(void)
{
    CHECK(end(start(join_myself, NULL, 0)) == 5);
}

static void test_bad_arguments(void)
{
    tri_process *process;
    int code;
    tri_process_options options = {.backend = (tri_backend)77};
    CHECK(tri_process_start(NULL, join_myself, NULL, 0, NULL) == TRI_EINVAL);
    CHECK(tri_process_start(&process, NULL, NULL, 0, NULL) == TRI_EINVAL && process == NULL);
    CHECK(tri_process_start(&process, join_myself, NULL, 1, NULL) == TRI_EINVAL);
    CHECK(tri_process_start(&process, join_myself, NULL, 0, &options) == TRI_EINVAL);
    CHECK(tri_process_join(NULL, 0) == TRI_EINVAL && tri_process_kill(NULL) == TRI_EINVAL);
    CHECK(tri_process_exit_code(NULL, &code) == TRI_EINVAL && tri_process_alive(NULL) == 0);
}

/* ---- How a process ends ----------------------------------------------------------------- */

static int return_number(const void *argument)
{
    return *(const int *)argument;
}

static int exit_with_number(const void *argument)
{
    exit(*(const int *)argument);
}

static void test_codes(void)
{
    for (int code = 0; code < 256; code += 51) {
        CHECK(end(start(return_number, &code, sizeof code)) == code);
        if (is_fork())
            CHECK(end(start(exit_with_number, &code, sizeof code)) == code);
    }
}

static int raise_signal(const void *argument)
{
    signal(*(const int *)argument, SIG_DFL); /* not a sanitizer's */
    raise(*(const int *)argument);
    return 0;
}

static void test_signals(void)
{
    static const int signals[] = {SIGTERM, SIGKILL, SIGSEGV, SIGABRT, SIGUSR1};
    for (int i = 0; i < 5; i++)
        CHECK(end(start(raise_signal, &signals[i], sizeof(int))) == -signals[i]);
}

static int interrupt_myself(const void *argument)
{
    signal(SIGINT, *(const int *)argument ? SIG_DFL : SIG_IGN);
    raise(SIGINT);
    return 1;
}

static void test_interrupts(void)
{
    int is_default = 1;
    CHECK(end(start(interrupt_myself, &is_default, sizeof is_default)) == -SIGINT);
    is_default = 0;
    CHECK(end(start(interrupt_myself, &is_default, sizeof is_default)) == 1);
}

static void test_terminate(void)
{
    _Atomic int *flag = new_flag();
    tri_process *process = start(wait_in_process, &flag, sizeof flag);
    CHECK(tri_process_terminate(process) == 0);
    CHECK(end(process) == -SIGTERM);
}

static void test_kill(void)
{
    _Atomic int *flag = new_flag();
    tri_process *process = start(wait_in_process, &flag, sizeof flag);
    if (is_fork()) {
        CHECK(tri_process_kill(process) == 0);
        CHECK(tri_process_join(process, -1) == 0);
        CHECK(tri_process_kill(process) == 0 && tri_process_terminate(process) == 0);
        CHECK(end(process) == -SIGKILL);
    } else {
        CHECK(tri_process_kill(process) == TRI_ENOTSUP);
        atomic_store(flag, 1);
        CHECK(end(process) == 0);
    }
}

static int wait_for_stop(const void *argument)
{
    _Atomic int *flag = *(_Atomic int *const *)argument;
    while (!tri_stop_requested()) {
        atomic_store(flag, 1);
        nap(0.001);
    }
    return 9;
}

static void test_stop_requested(void)
{
    _Atomic int *flag = new_flag();
    tri_process *process = start(wait_for_stop, &flag, sizeof flag);
    CHECK(tri_stop_requested() == 0);
    while (atomic_load(flag) == 0)
        nap(0.001);
    CHECK(tri_process_terminate(process) == 0);
    CHECK(end(process) == 9);
}

static void test_many(void)
{
    enum { MANY = 100 };
    tri_process *processes[MANY];
    _Atomic int *flag = new_flag();
    int zero = 0;
    for (int i = 0; i < MANY; i++)
        processes[i] = start(return_number, &zero, sizeof zero);
    for (int i = 0; i < MANY; i++)
        CHECK(end(processes[i]) == 0);
    for (int i = 0; i < MANY; i++)
        processes[i] = start(wait_in_process, &flag, sizeof flag);
    CHECK(tri_process_children(NULL, 0) == MANY);
    if (is_fork())
        for (int i = 0; i < MANY; i++)
            CHECK(tri_process_terminate(processes[i]) == 0);
    else
        atomic_store(flag, 1);
    for (int i = 0; i < MANY; i++)
        CHECK(end(processes[i]) == (is_fork() ? -SIGTERM : 0));
    CHECK(tri_process_children(NULL, 0) == 0);
}

/* More reports and requests under way than a socket holds. */
static void test_crowd(void)
{
    enum { CROWD = 1000 };
    static tri_process *processes[CROWD];
    int zero = 0;
    for (int i = 0; i < CROWD; i++)
        processes[i] = start(return_number, &zero, sizeof zero);
    for (int i = 0; i < CROWD; i++)
        CHECK(end(processes[i]) == 0);
}

/* ---- What a process inherits and leaves ------------------------------------------------- */

static int read_input(const void *argument)
{
    char byte;
    (void)argument;
    return read(STDIN_FILENO, &byte, 1) == 0 ? 3 : 1;
}

static void test_input(void)
{
    CHECK(end(start(read_input, NULL, 0)) == 3);
}

static int print_text(const void *argument)
{
    fputs(argument, stdout);
    fputs(argument, stderr);
    return 0;
}

static void redirect(int descriptor, FILE *file)
{
    CHECK(file != NULL && dup2(fileno(file), descriptor) == descriptor);
}

static void test_output_is_flushed(void)
{
    char text[32] = "";
    FILE *file = tmpfile();
    int output = dup(STDOUT_FILENO), error = dup(STDERR_FILENO);
    fflush(NULL);
    redirect(STDOUT_FILENO, file);
    redirect(STDERR_FILENO, file);
    int code = end(start(print_text, "text\n", 6));
    fflush(NULL);
    dup2(output, STDOUT_FILENO);
    dup2(error, STDERR_FILENO);
    rewind(file);
    CHECK(code == 0 && fread(text, 1, sizeof text - 1, file) == 10);
    CHECK(strcmp(text, "text\ntext\n") == 0);
}

static int close_streams(const void *argument)
{
    (void)argument;
    fclose(stdout);
    fclose(stderr);
    return 0;
}

static void test_closed_streams(void)
{
    int zero = 0, output = dup(STDOUT_FILENO), error = dup(STDERR_FILENO);
    CHECK(end(start(close_streams, NULL, 0)) == 0);
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    int code = end(start(return_number, &zero, sizeof zero));
    dup2(output, STDOUT_FILENO);
    dup2(error, STDERR_FILENO);
    CHECK(code == 0);
}

static int count_my_descriptors(const void *argument)
{
    (void)argument;
    return test_count_descriptors();
}

static void test_descriptors(void)
{
    int codes[10], file = open("/dev/null", O_RDONLY);
    for (int i = 0; i < 10; i++)
        codes[i] = end(start(count_my_descriptors, NULL, 0));
    for (int i = 1; i < 10; i++)
        CHECK(codes[i] == codes[0]);
    close(file);
}

static int _Atomic *exit_flag;

static void set_flag_at_exit(void)
{
    atomic_store(exit_flag, 1);
}

static int register_exit(const void *argument)
{
    exit_flag = *(_Atomic int *const *)argument;
    return atexit(set_flag_at_exit);
}

static void test_exit_handlers(void)
{
    _Atomic int *flag = new_flag();
    CHECK(end(start(register_exit, &flag, sizeof flag)) == 0 && atomic_load(flag) == 1);
}

static void *set_flag_later(void *flag)
{
    nap(0.05);
    atomic_store((_Atomic int *)flag, 1);
    return NULL;
}

static int start_thread(const void *argument)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, set_flag_later, *(void *const *)argument) != 0)
        return 1;
    return pthread_join(thread, NULL);
}

static void test_threads_in_process(void)
{
    _Atomic int *flag = new_flag();
    CHECK(end(start(start_thread, &flag, sizeof flag)) == 0 && atomic_load(flag) == 1);
}

static const char count_descriptors[] = "exit $(ls /proc/self/fd | wc -l)";

static int execute(const void *argument)
{
    (void)argument;
    execl("/bin/sh", "sh", "-c", count_descriptors, (char *)NULL);
    return 99;
}

/* As many as in a command that the controller executes. */
static void test_exec(void)
{
    int status = system(count_descriptors);
    CHECK(end(start(execute, NULL, 0)) == WEXITSTATUS(status));
}

static int use_argument(const void *argument)
{
    const char *bytes = argument;
    return bytes[0] != 1 || memcmp(bytes, bytes + 1, (1 << 20) - 1) != 0;
}

/* If they were kept, 500 arguments of 1 MiB were more than is allowed. */
static void test_argument_is_freed(void)
{
    struct rusage usage;
    char *bytes = malloc(1 << 20);
    memset(bytes, 1, 1 << 20);
    for (int i = 0; i < 500; i++)
        CHECK(end(start(use_argument, bytes, 1 << 20)) == 0);
    free(bytes);
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_maxrss < 200 * 1024);
}

/* ---- Processes of processes ------------------------------------------------------------- */

struct branch {
    int depth;
    _Atomic int *leaves;
    tri_backend backend;
};

static int grow(const void *argument)
{
    struct branch branch = *(const struct branch *)argument;
    tri_process *children[2];
    tri_process_options options = {.backend = branch.backend};
    int code, sum = 1;
    if (branch.depth == 0) {
        atomic_fetch_add(branch.leaves, 1);
        return 1;
    }
    branch.depth--;
    for (int i = 0; i < 2; i++)
        if (tri_process_start(&children[i], grow, &branch, sizeof branch, &options) != 0)
            return 100;
    for (int i = 0; i < 2; i++) {
        if (tri_process_join(children[i], -1) != 0 ||
            tri_process_exit_code(children[i], &code) != 0)
            return 101;
        sum += code;
    }
    return sum;
}

static void test_tree(void)
{
    struct branch branch = {2, new_flag(), test_options.backend};
    CHECK(end(start(grow, &branch, sizeof branch)) == 7 && atomic_load(branch.leaves) == 4);
}

static int double_number(const void *argument, void *result)
{
    *(int *)result = 2 * *(const int *)argument;
    return 0;
}

static int use_pool(const void *argument)
{
    tri_pool_options options = {.backend = *(const tri_backend *)argument};
    int numbers[10], sum = 0;
    tri_pool *pool;
    for (int i = 0; i < 10; i++)
        numbers[i] = i;
    if (tri_pool_open(&pool, &options) != 0 ||
        tri_pool_map(pool, double_number, numbers, sizeof(int), numbers, sizeof(int), 10, 0) != 0)
        return 1;
    tri_pool_free(pool);
    for (int i = 0; i < 10; i++)
        sum += numbers[i];
    return sum;
}

static void test_pool_in_process(void)
{
    CHECK(end(start(use_pool, &test_options.backend, sizeof test_options.backend)) == 90);
}

static int start_sleeper(const void *argument)
{
    tri_process *child;
    struct {
        _Atomic int *flag, *pid;
    } const *shared = argument;
    if (tri_process_start(&child, wait_in_process, &shared->flag, sizeof shared->flag, NULL) != 0)
        return 1;
    atomic_store(shared->pid, (int)tri_process_id(child));
    pause();
    return 1;
}

/* A grandchild does not outlive its parent. */
static void test_grandchild(void)
{
    struct {
        _Atomic int *flag, *pid;
    } shared = {new_flag(), new_flag()};
    tri_process *process = start(start_sleeper, &shared, sizeof shared);
    while (atomic_load(shared.pid) == 0)
        nap(0.001);
    CHECK(tri_process_kill(process) == 0 && end(process) == -SIGKILL);
    char path[64], state = 'X';
    snprintf(path, sizeof path, "/proc/%d/stat", atomic_load(shared.pid));
    do {
        FILE *file = fopen(path, "r");
        state = 'X';
        if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
            state = 'X';
        if (file)
            fclose(file);
        nap(0.001);
    } while (state != 'X' && state != 'Z');
}

/* ---- Signals and the helper ------------------------------------------------------------- */

static void take_signal(int number)
{
    (void)number;
}

static void *send_signals(void *thread)
{
    for (int i = 0; i < 20; i++) {
        nap(0.002);
        pthread_kill(*(pthread_t *)thread, SIGUSR1);
    }
    return NULL;
}

static int sleep_a_while(const void *argument)
{
    nap(*(const double *)argument);
    return 4;
}

static void test_join_survives_signals(void)
{
    pthread_t self = pthread_self(), sender;
    double seconds = 0.06;
    struct sigaction action = {.sa_handler = take_signal};
    sigaction(SIGUSR1, &action, NULL);
    tri_process *process = start(sleep_a_while, &seconds, sizeof seconds);
    CHECK(pthread_create(&sender, NULL, send_signals, &self) == 0);
    CHECK(end(process) == 4);
    pthread_join(sender, NULL);
}

static int kill_server(const void *argument)
{
    kill(getppid(), *(const int *)argument);
    pause();
    return 1;
}

static void test_server_killed(void)
{
    int number = SIGKILL, code = 6;
    CHECK(end(start(kill_server, &number, sizeof number)) == -SIGKILL);
    CHECK(end(start(return_number, &code, sizeof code)) == 6);
    CHECK(end(start(use_pool, &test_options.backend, sizeof test_options.backend)) == 90);
}

static int interrupt_server(const void *argument)
{
    (void)argument;
    kill(getppid(), SIGINT);
    kill(getppid(), SIGTERM);
    return 0;
}

static void test_server_interrupted(void)
{
    int code = 6;
    CHECK(end(start(interrupt_server, NULL, 0)) == 0);
    CHECK(end(start(return_number, &code, sizeof code)) == 6);
}

static const struct test tests[] = {
    {"the controller is no process of ours", test_controller, 0, 0, 0, 0},
    {"arguments arrive unchanged", test_arguments, ON_LOCAL, 1, 0, 0},
    {"name, daemon and id arrive", test_options_arrive, ON_LOCAL, 1, 0, 0},
    {"states before, while and after it runs", test_life, ON_PARALLEL, 1, 0, 0},
    {"a process joins itself", test_joins_itself, ON_LOCAL, 1, 0, 0},
    {"bad arguments", test_bad_arguments, 0, 0, 0, 0},
    {"exit codes", test_codes, ON_LOCAL, 1, 0, 0},
    {"ends by signals", test_signals, ON_FORK, 1, 0, 0},
    {"SIGINT in a process", test_interrupts, ON_FORK, 1, 0, 0},
    {"terminate is SIGTERM", test_terminate, ON_FORK, 1, 0, 0},
    {"kill", test_kill, ON_PARALLEL, 1, 0, 0},
    {"a process asks whether it is to stop", test_stop_requested, ON_PARALLEL, 1, 0, 0},
    {"100 processes end, 100 are terminated", test_many, ON_PARALLEL, 1, 0, 0},
    {"1000 processes at a time", test_crowd, ON_PARALLEL, 1, 0, 0},
    {"there is nothing to read", test_input, ON_FORK, 1, 0, 0},
    {"output reaches its file", test_output_is_flushed, ON_LOCAL, 1, 0, 0},
    {"closed streams are no error", test_closed_streams, ON_FORK, 1, 0, 0},
    {"as many descriptors in each child", test_descriptors, ON_LOCAL, 1, 0, 0},
    {"exit handlers run", test_exit_handlers, ON_FORK, 1, 0, 0},
    {"a process waits for its threads", test_threads_in_process, ON_LOCAL, 1, 0, 0},
    {"no stray descriptors after exec", test_exec, ON_FORK, 1, 0, 0},
    {"arguments are freed", test_argument_is_freed, ON_LOCAL, 1, 0, 0},
    {"a tree of processes", test_tree, ON_LOCAL, 1, 0, 0},
    {"a pool in a process", test_pool_in_process, ON_LOCAL, 1, 0, 0},
    {"a grandchild dies with its parent", test_grandchild, ON_FORK, 1, 0, 0},
    {"join survives signals", test_join_survives_signals, ON_PARALLEL, 1, 0, 0},
    {"the fork server is killed", test_server_killed, ON_FORK, 1, 0, 0},
    {"the fork server is interrupted", test_server_interrupted, ON_FORK, 1, 0, 0},
    {0},
};

int main(int argc, char **argv)
{
    return test_main(argc, argv, tests);
}
