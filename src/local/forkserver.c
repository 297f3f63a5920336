/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The fork server: a small process with one thread, made at the very start, from which all
 * workers are forked on request. So forking is safe whatever threads the program has started,
 * takes the same time however large it has grown, and is legal in an MPI rank.
 *
 * It and the controller speak over a socket of whole messages: requests one way (start workers,
 * kill them, quit), reports of ended workers the other. It sleeps in poll on that socket and on
 * a signalfd, and reaps every worker. When the controller dies the socket ends, and the
 * parent-death signal ends the server and each worker even if that is not noticed.
 *
 * Under a launcher of MPI programs the roles of parent and child are exchanged (`as_child`): the
 * process that the launcher started becomes the server, and the rank is its child. MPI tells
 * nobody how a rank died; its parent knows, says so in one line, and ends with its status.
 */
#include "forkserver.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The controller's side; `owner` is the one process that may use it. */
static struct {
    int socket;
    pid_t owner;
    pid_t server; /* to be waited for; 0 under as_child */
} controller = {.socket = -1};

/* The server's side. */
static struct {
    int socket, signals;
    pid_t *workers; /* pid of each living worker, else 0 */
    int worker_count;
    pid_t rank; /* under as_child, the process to watch over */
    const char *who;
    bool quit_asked; /* the rank has called tri__local_close */
    bool stop_asked; /* somebody has sent the rank a signal to end */
} server;

/* Signals as they were when tri_main was called. */
static struct {
    sigset_t mask;
    struct sigaction child;
} old_signals;

/* All signals are held back, so that the server takes them by signalfd from its first instant; and
 * children are there to be waited for, even where the parent had them ignored. */
static void hold_signals(void)
{
    struct sigaction wait_for_children = {.sa_handler = SIG_DFL};
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old_signals.mask);
    sigaction(SIGCHLD, &wait_for_children, &old_signals.child);
}

static void restore_signals(void)
{
    sigaction(SIGCHLD, &old_signals.child, NULL);
    sigprocmask(SIG_SETMASK, &old_signals.mask, NULL);
}

/* ---- A worker -------------------------------------------------------------------------- */

static void die_with_parent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
}

/* The strings are shared with the other workers; the array, which setenv writes to, is not. */
static char **own_environment(char **shared)
{
    size_t count = 0;
    while (shared[count])
        count++;
    char **own = malloc((count + 1) * sizeof *own);
    if (own == NULL)
        _exit(1);
    return memcpy(own, shared, (count + 1) * sizeof *own);
}

/* The controller's folder, environment and output, and nothing to read. */
static void take_surroundings(const struct tri__fork_request *request, const int *descriptors)
{
    int next = 0;
    if (fchdir(descriptors[next++]) != 0)
        _exit(1);
    if (request->has_output)
        dup2(descriptors[next++], STDOUT_FILENO);
    if (request->has_error)
        dup2(descriptors[next++], STDERR_FILENO);
    int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    if (nothing > STDERR_FILENO)
        close(nothing);
    environ = own_environment(request->environment);
}

/* A Ctrl-C on the terminal is for the controller alone. */
static void be_worker(const struct tri__fork_request *request, const int *descriptors, int worker,
                      pid_t parent)
{
    die_with_parent(parent);
    take_surroundings(request, descriptors);
    signal(SIGINT, SIG_IGN);
    restore_signals();
    for (int i = 0; i < TRI__FORK_DESCRIPTORS; i++)
        if (descriptors[i] > STDERR_FILENO)
            close(descriptors[i]);
    close(server.socket);
    close(server.signals);
    request->entry(request->context, worker);
    exit(0);
}

/* ---- The server ------------------------------------------------------------------------ */

static void report(int worker, pid_t pid, int error, int status)
{
    struct tri__worker_end end = {worker, pid, error, status};
    /* nobody to tell is no reason to stop: the end of the socket is seen elsewhere */
    while (send(server.socket, &end, sizeof end, MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}

static void start_workers(const struct tri__fork_request *request, const int *descriptors)
{
    pid_t self = getpid(), pid = 0;
    int expected = 1 + request->has_output + request->has_error;
    int error = descriptors[expected - 1] < 0 ? EMFILE : 0;
    free(server.workers);
    server.workers = calloc((size_t)request->count, sizeof *server.workers);
    server.worker_count = server.workers ? request->count : 0;
    if (server.workers == NULL)
        error = ENOMEM;
    for (int worker = 0; worker < request->count; worker++) {
        if (error == 0 && (pid = fork()) == 0)
            be_worker(request, descriptors, worker, self);
        if (error == 0 && pid < 0)
            error = errno;
        if (error == 0)
            server.workers[worker] = pid;
        else
            report(worker, 0, error, 0);
    }
}

static void kill_workers(void)
{
    for (int worker = 0; worker < server.worker_count; worker++)
        if (server.workers[worker] > 0)
            kill(server.workers[worker], SIGKILL);
}

/* Until none is left. */
static void end_workers(void)
{
    kill_workers();
    while (waitpid(-1, NULL, 0) > 0)
        ;
}

static _Noreturn void leave(int status)
{
    end_workers();
    _exit(status);
}

/* Never waits. Of the descriptors, those for which this process has no room are missing. */
static ssize_t receive(struct tri__fork_request *request, int *descriptors)
{
    char control[CMSG_SPACE(TRI__FORK_DESCRIPTORS * sizeof(int))];
    struct iovec part = {request, sizeof *request};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t size = recvmsg(server.socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    struct cmsghdr *header = size > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header)
        memcpy(descriptors, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    return size;
}

/* False when there is none. */
static bool take_request(void)
{
    struct tri__fork_request request;
    int descriptors[TRI__FORK_DESCRIPTORS] = {-1, -1, -1};
    ssize_t size = receive(&request, descriptors);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (size <= 0 || request.kind == TRI__FORK_QUIT) {
        server.quit_asked = server.quit_asked || size > 0;
        if (server.rank == 0)
            leave(0);
        kill_workers();
        close(server.socket);
        server.socket = -1; /* poll passes it over; what is left is to wait for the rank */
    } else if (request.kind == TRI__FORK_START) {
        start_workers(&request, descriptors);
    } else {
        kill_workers();
    }
    for (int i = 0; i < TRI__FORK_DESCRIPTORS; i++)
        if (descriptors[i] >= 0)
            close(descriptors[i]);
    return true;
}

/* Ends as the rank did: launchers tell a signal from an exit, and some wait for ever when a process
 * exits that was to finalise MPI. */
static _Noreturn void leave_by(int signal)
{
    sigset_t set;
    end_workers();
    prctl(PR_SET_DUMPABLE, 0);
    sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    sigemptyset(&set);
    sigaddset(&set, signal);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(signal);
    _exit(128 + signal);
}

/* The rank may have said goodbye in its last moment; a process that it forked may still hold its
 * end of the socket. */
static _Noreturn void leave_after_rank(int status)
{
    char words[128];
    while (server.socket >= 0 && take_request())
        ;
    if (!server.quit_asked && !server.stop_asked)
        dprintf(STDERR_FILENO, "%s: %s (process %ld on %s) %s\n", program_invocation_short_name,
                server.who, (long)server.rank, tri__host_name(),
                tri__wait_status_words(status, words, sizeof words));
    if (WIFSIGNALED(status))
        leave_by(WTERMSIG(status));
    int code = WEXITSTATUS(status);
    leave(code == 0 && !server.quit_asked ? EXIT_FAILURE : code);
}

static void reap(void)
{
    pid_t pid;
    int status;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == server.rank)
            leave_after_rank(status);
        for (int worker = 0; worker < server.worker_count; worker++)
            if (server.workers[worker] == pid) {
                server.workers[worker] = 0;
                report(worker, pid, 0, status);
            }
    }
}

/* A launcher's signals reach the whole process group or only the process that it started, which
 * under as_child is this one. */
static void take_signal(void)
{
    struct signalfd_siginfo signal;
    if (read(server.signals, &signal, sizeof signal) != sizeof signal)
        return;
    int number = (int)signal.ssi_signo;
    if (number == SIGCHLD) {
        reap();
    } else if (server.rank > 0) {
        if (number == SIGTERM || number == SIGINT || number == SIGHUP)
            server.stop_asked = true;
        kill(server.rank, number);
    }
}

static _Noreturn void serve(void)
{
    for (;;) {
        struct pollfd ready[] = {{server.signals, POLLIN, 0}, {server.socket, POLLIN, 0}};
        if (poll(ready, 2, -1) < 0)
            continue;
        if (ready[0].revents)
            take_signal();
        if (ready[1].revents)
            take_request();
    }
}

/* ---- Opening and closing --------------------------------------------------------------- */

/* So that nobody at the other end of the program's pipes waits for this process. */
static void let_go_of_input_and_output(void)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    close(nothing);
}

static int server_begin(int socket, pid_t rank, const char *who)
{
    sigset_t all;
    sigfillset(&all);
    let_go_of_input_and_output();
    server.socket = socket;
    server.rank = rank;
    server.who = who;
    server.signals = signalfd(-1, &all, SFD_CLOEXEC);
    return server.signals;
}

static void controller_begin(int socket, pid_t server_pid)
{
    restore_signals();
    controller.socket = socket;
    controller.server = server_pid;
    controller.owner = getpid();
    tri__arena_claim();
}

/* Call with the signals held back. */
static int part(bool as_child, const char *who, int ends[2])
{
    pid_t parent = getpid(), child = fork();
    if (child < 0)
        return tri_fail(TRI_ESYS, "cannot start the fork server: %s", strerror(errno));
    bool is_server = as_child == (child > 0);
    close(ends[!is_server]);
    if (child == 0)
        die_with_parent(parent);
    if (!is_server) {
        controller_begin(ends[0], child);
        return 0;
    }
    if (server_begin(ends[1], child, who) < 0)
        _exit(1);
    serve();
}

int tri__local_open(bool as_child, const char *who)
{
    int ends[2];
    int code = tri__arena_open();
    if (code != 0)
        return code;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return tri_fail(TRI_ESYS, "cannot start the fork server: %s", strerror(errno));
    hold_signals();
    code = part(as_child, who, ends);
    if (code != 0)
        restore_signals();
    return code;
}

void tri__local_close(void)
{
    if (controller.socket < 0 || controller.owner != getpid())
        return;
    struct tri__fork_request request = {.kind = TRI__FORK_QUIT};
    send(controller.socket, &request, sizeof request, MSG_NOSIGNAL);
    close(controller.socket);
    controller.socket = -1;
    if (controller.server > 0)
        while (waitpid(controller.server, NULL, 0) < 0 && errno == EINTR)
            ;
}

int tri__forkserver_socket(void)
{
    return controller.owner == getpid() ? controller.socket : -1;
}
