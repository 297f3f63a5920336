/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The fork server: a small process with one thread, made at the very start, from which all
 * workers are forked on request. So forking is safe whatever threads the program has started,
 * takes the same time however large it has grown, and is legal in an MPI rank.
 *
 * It and the controller speak over a socket of whole messages: requests one way (start workers,
 * signal them, quit), reports of ended workers the other. It sleeps in poll on that socket and on
 * a signalfd, and reaps every worker. When the controller dies the socket ends, and the
 * parent-death signal ends the server and each worker even if that is not noticed.
 *
 * A worker that wants workers of its own, and a program whose server was killed, make a server when
 * they need it: its workers then see memory as it is at that moment.
 *
 * Under a launcher of MPI programs the roles of parent and child are exchanged (`as_child`): the
 * process that the launcher started becomes the server, and the rank is its child. MPI tells
 * nobody how a rank died; its parent knows, says so in one line, and ends with its status.
 */
#include "forkserver.h"
#include "objects.h"
#include "pool.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The controller's side. */
static struct {
    int socket;
    pid_t server; /* to be waited for; 0 under as_child */
} controller = {.socket = -1};

struct child {
    pid_t pid;
    int worker;
    struct tri__start *start; /* of the controller's */
    struct tri__watcher *watcher;
    void *context;
};

/* The server's side. */
static struct {
    int socket, signals;
    struct child *children;
    size_t child_count, child_room;
    struct tri__fork_report *unsent; /* while the socket is full */
    size_t unsent_count, unsent_room;
    pid_t rank; /* under as_child, the process to watch over */
    const char *who;
    bool quit_asked;   /* the rank has called tri__local_close */
    bool stop_asked;   /* somebody has sent the rank a signal to end */
    bool has_unburied; /* workers whom one that is stopped keeps from being buried */
} server;

enum { AGAIN_MS = 100 };

/* Of this process. */
static uint64_t process_number; /* in the arena's count of them */
static long parent_id;

/* Signals as they were when tri_main was called, for workers; and in the thread that makes a
 * server, which may do so later. */
static struct signals {
    bool is_known;
    sigset_t mask;
    struct sigaction child, terminate;
} first_signals, old_signals;

/* All signals are held back, so that the server takes them by signalfd from its first instant; and
 * children are there to be waited for, even where the parent had them ignored. */
static void hold_signals(void)
{
    struct sigaction wait_for_children = {.sa_handler = SIG_DFL};
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old_signals.mask);
    sigaction(SIGCHLD, &wait_for_children, &old_signals.child);
    sigaction(SIGTERM, NULL, &old_signals.terminate);
    old_signals.is_known = true;
    if (!first_signals.is_known)
        first_signals = old_signals;
}

static void restore_signals(const struct signals *signals)
{
    sigaction(SIGCHLD, &signals->child, NULL);
    sigaction(SIGTERM, &signals->terminate, NULL);
    sigprocmask(SIG_SETMASK, &signals->mask, NULL);
}

/* ---- A worker -------------------------------------------------------------------------- */

static void die_with_parent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
}

/* Takes the strings, which stand one behind the other with an empty one at the end, for this
 * process's own. Those it may have inherited from a worker that forked it are no longer used. */
static void take_environment(const char *shared)
{
    static char **own;
    size_t count = 0, size = 0;
    for (; shared[size]; count++)
        size += strlen(shared + size) + 1;
    free(own);
    own = malloc((count + 1) * sizeof *own + size);
    if (own == NULL)
        _exit(1);
    char *text = memcpy(own + count + 1, shared, size);
    for (size_t i = 0; i < count; i++) {
        own[i] = text;
        text += strlen(text) + 1;
    }
    own[count] = NULL;
    environ = own;
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
    take_environment(request->environment);
}

/* A Ctrl-C on the terminal is for the controller alone. */
static void be_worker(const struct tri__fork_request *request, const int *descriptors, int worker,
                      pid_t parent)
{
    die_with_parent(parent);
    take_surroundings(request, descriptors);
    signal(SIGINT, SIG_IGN);
    restore_signals(&first_signals);
    for (int i = 0; i < TRI__FORK_DESCRIPTORS; i++)
        if (descriptors[i] > STDERR_FILENO)
            close(descriptors[i]);
    close(server.socket);
    close(server.signals);
    parent_id = request->controller;
    tri__users_note_watched();
    atexit(tri__local_finish); /* it may come to have workers too */
    request->entry(request->context, worker);
    exit(0);
}

/* ---- The server ------------------------------------------------------------------------ */

/* True when it is sent, or there is nobody to tell, which is seen elsewhere. */
static bool send_report(const struct tri__fork_report *report)
{
    ssize_t size;
    do
        size = send(server.socket, report, sizeof *report, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (size < 0 && errno == EINTR);
    return size >= 0 || errno != EAGAIN;
}

/* The controller may be busy with a request, and must not be waited for. */
static void report_end(const struct child *child, int error, int status)
{
    struct tri__fork_report report;
    memset(&report, 0, sizeof report);
    report.start = child->start;
    report.end = (struct tri__worker_end){child->worker, child->pid, error, status, child->context};
    if (server.unsent_count == 0 && send_report(&report))
        return;
    if (server.unsent_count == server.unsent_room) {
        size_t room = 2 * server.unsent_room + 64;
        void *unsent = realloc(server.unsent, room * sizeof *server.unsent);
        if (unsent == NULL)
            return;
        server.unsent = unsent;
        server.unsent_room = room;
    }
    server.unsent[server.unsent_count++] = report;
}

static void send_unsent(void)
{
    size_t sent = 0;
    while (sent < server.unsent_count && send_report(&server.unsent[sent]))
        sent++;
    server.unsent_count -= sent;
    memmove(server.unsent, server.unsent + sent, server.unsent_count * sizeof *server.unsent);
}

static bool make_room(size_t count)
{
    if (server.child_count + count <= server.child_room)
        return true;
    size_t room = 2 * (server.child_count + count);
    struct child *children = realloc(server.children, room * sizeof *children);
    if (children == NULL)
        return false;
    server.children = children;
    server.child_room = room;
    return true;
}

static void start_workers(const struct tri__fork_request *request, const int *descriptors)
{
    pid_t self = getpid();
    int expected = 1 + request->has_output + request->has_error;
    int error = descriptors[expected - 1] < 0 ? EMFILE : 0;
    if (!make_room((size_t)request->count))
        error = ENOMEM;
    for (int i = 0; i < request->count; i++) {
        struct child child = {0, request->first + i, request->start, request->watcher,
                              request->context};
        if (error == 0 && (child.pid = fork()) == 0)
            be_worker(request, descriptors, child.worker, self);
        if (error == 0 && child.pid < 0)
            error = errno;
        if (error == 0)
            server.children[server.child_count++] = child;
        else
            report_end(&(struct child){0, child.worker, child.start, child.watcher, child.context},
                       error, 0);
    }
}

/* Of all watchers for NULL, all workers for -1. */
static void signal_workers(const struct tri__watcher *watcher, int worker, int signal)
{
    for (const struct child *child = server.children; child < server.children + server.child_count;
         child++)
        if ((watcher == NULL || child->watcher == watcher) &&
            (worker < 0 || child->worker == worker))
            kill(child->pid, signal);
}

/* Until none is left. */
static void end_workers(void)
{
    signal_workers(NULL, -1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        ;
}

static _Noreturn void leave(int status)
{
    end_workers();
    tri__user_end_thread();
    _exit(status);
}

/* Never waits. Of the descriptors, those for which this process has no room are missing. Where the
 * other end was closed with reports unread, that is told first, and what it had sent comes then. */
static ssize_t receive(struct tri__fork_request *request, int *descriptors)
{
    char control[CMSG_SPACE(TRI__FORK_DESCRIPTORS * sizeof(int))];
    struct iovec part = {request, sizeof *request};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t size;
    do
        size = recvmsg(server.socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    while (size < 0 && errno == ECONNRESET);
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
        signal_workers(NULL, -1, SIGKILL);
        close(server.socket);
        server.socket = -1; /* poll passes it over; what is left is to wait for the rank */
    } else if (request.kind == TRI__FORK_START) {
        start_workers(&request, descriptors);
    } else {
        signal_workers(request.watcher, request.worker, request.signal);
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

static void take_end(pid_t pid, int status)
{
    for (size_t i = server.child_count; i-- > 0;)
        if (server.children[i].pid == pid) {
            struct child child = server.children[i];
            server.children[i] = server.children[--server.child_count];
            server.has_unburied |= !tri__objects_bury(pid, status != 0);
            report_end(&child, 0, status);
            return;
        }
}

static void reap(void)
{
    pid_t pid;
    int status;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == server.rank)
            leave_after_rank(status);
        take_end(pid, status);
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
        short events = server.unsent_count > 0 ? POLLIN | POLLOUT : POLLIN;
        struct pollfd ready[] = {{server.signals, POLLIN, 0}, {server.socket, events, 0}};
        int count = poll(ready, 2, server.has_unburied ? AGAIN_MS : -1);
        if (server.has_unburied)
            server.has_unburied = !tri__objects_bury_rest();
        if (count <= 0)
            continue;
        if (ready[0].revents)
            take_signal();
        if (ready[1].revents & POLLOUT)
            send_unsent();
        if (ready[1].revents & ~POLLOUT)
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
    free(server.children); /* those of the server that this process was forked by */
    free(server.unsent);
    memset(&server, 0, sizeof server);
    server.socket = socket;
    server.rank = rank;
    server.who = who;
    server.signals = signalfd(-1, &all, SFD_CLOEXEC);
    return server.signals;
}

/* The parent-death signal follows the thread that forked, not its process. */
static bool is_main_thread(void)
{
    return gettid() == getpid();
}

static int controller_begin(int socket, pid_t server_pid)
{
    restore_signals(&old_signals);
    controller.socket = socket;
    controller.server = server_pid;
    return 0;
}

/* A server that is made late has a copy of all descriptors that the program has opened. */
static void close_all_but(int one, int other)
{
    unsigned low = (unsigned)(one < other ? one : other), high = (unsigned)(one + other) - low;
    close_range(STDERR_FILENO + 1, low - 1, 0);
    if (low + 1 < high)
        close_range(low + 1, high - 1, 0);
    close_range(high + 1, ~0u, 0);
}

/* Call with the signals held back. */
static int part(bool as_child, bool is_late, const char *who, int ends[2])
{
    pid_t parent = getpid();
    bool is_main = is_main_thread();
    int nudges = tri__ends_nudges();
    pid_t child = fork();
    if (child < 0)
        return tri_fail(TRI_ESYS, "cannot start the fork server: %s", strerror(errno));
    bool is_server = as_child == (child > 0);
    if (child == 0)
        tri__users_note_watched();
    close(ends[!is_server]);
    if (child == 0 && is_main)
        die_with_parent(parent);
    if (!is_server)
        return controller_begin(ends[0], child);
    if (is_late)
        close_all_but(ends[1], nudges);
    if (server_begin(ends[1], child, who) < 0)
        _exit(1);
    serve();
}

static int open_server(bool as_child, bool is_late, const char *who)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return tri_fail(TRI_ESYS, "cannot start the fork server: %s", strerror(errno));
    hold_signals();
    int code = part(as_child, is_late, who, ends);
    if (code != 0)
        restore_signals(&old_signals);
    return code;
}

uint64_t tri__process_number(void)
{
    return process_number;
}

long tri__process_parent(void)
{
    return parent_id;
}

/* In each new process, be it ours or forked by the user: it has no workers yet. */
static void begin_process(void)
{
    if (controller.socket >= 0)
        close(controller.socket);
    controller.socket = -1;
    process_number = tri__arena_next_process();
    tri__users_begin_process();
    tri__ends_forget();
    tri__fork_forget_starts();
    tri__manager_forget();
    tri__pool_forget_self();
    tri__local_process_forget();
}

int tri__local_open(bool as_child, const char *who)
{
    int code = tri__arena_open();
    if (code == 0)
        code = tri__objects_open();
    if (code == 0)
        code = tri__ends_need();
    if (code == 0 && pthread_atfork(NULL, NULL, begin_process) != 0)
        code = tri_fail(TRI_ENOMEM, "no memory for a fork handler");
    return code ? code : open_server(as_child, false, who);
}

int tri__forkserver_need(void)
{
    if (controller.socket >= 0)
        return 0;
    tri__users_note_unwatched();
    fflush(NULL); /* or each worker would print what waits to be printed */
    return open_server(false, true, NULL);
}

static void leave_server(void)
{
    close(controller.socket);
    controller.socket = -1;
    if (controller.server > 0)
        while (waitpid(controller.server, NULL, 0) < 0 && errno == EINTR)
            ;
}

void tri__local_close(void)
{
    if (controller.socket < 0)
        return;
    struct tri__fork_request request = {.kind = TRI__FORK_QUIT};
    send(controller.socket, &request, sizeof request, MSG_NOSIGNAL);
    leave_server();
}

void tri__forkserver_forget(void)
{
    leave_server();
    tri__objects_look_for_dead();
}

int tri__forkserver_socket(void)
{
    return controller.socket;
}
