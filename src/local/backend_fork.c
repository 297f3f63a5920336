/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The fork backend: workers are processes, which the fork server starts, signals and reports. What
 * was asked of it is noted here until the end of each worker has been reported; so when the server
 * itself is killed, and its workers with it, their ends are known all the same.
 */
#include "forkserver.h"
#include "pool.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A copy of the environment, as strings one behind the other, for all who are started until it
 * changes. */
struct environment {
    int users;  /* starts of which a worker lives, and one while it is the current one */
    char *text; /* in the arena */
    size_t size;
};

struct tri__start {
    struct tri__start *next, **link;
    struct tri__watcher *watcher;
    struct environment *environment;
    void *context;
    int first, count, left;
    unsigned char is_over[];
};

/* Guarded by the lock of ends.c. */
static struct tri__start *starts;
static struct environment *current;

/* ---- The environment ------------------------------------------------------------------- */

static void release(struct environment *environment)
{
    if (environment == NULL || --environment->users > 0)
        return;
    tri__arena_free(environment->text);
    free(environment);
}

static bool is_as_it_was(const struct environment *environment)
{
    const char *text = environment->text;
    for (char **entry = environ; entry && *entry; entry++) {
        size_t size = strlen(*entry) + 1;
        if (size > environment->size - (size_t)(text - environment->text) ||
            memcmp(text, *entry, size) != 0)
            return false;
        text += size;
    }
    return *text == '\0';
}

static struct environment *copy_environment(void)
{
    struct environment *copy = malloc(sizeof *copy);
    size_t size = 0;
    for (char **entry = environ; entry && *entry; entry++)
        size += strlen(*entry) + 1;
    char *text = copy ? tri__arena_alloc(size + 1) : NULL;
    if (text == NULL) {
        free(copy);
        return NULL;
    }
    *copy = (struct environment){1, text, size};
    for (char **entry = environ; entry && *entry; entry++)
        text = stpcpy(text, *entry) + 1;
    return copy;
}

static struct environment *environment_now(void)
{
    if (current == NULL || !is_as_it_was(current)) {
        release(current);
        current = copy_environment();
    }
    if (current)
        current->users++;
    return current;
}

/* ---- Notes of what was started --------------------------------------------------------- */

static struct tri__start *note_start(struct tri__watcher *watcher, void *context, int first,
                                     int count)
{
    struct tri__start *start = calloc(1, sizeof *start + (size_t)count);
    if (start == NULL)
        return NULL;
    start->environment = environment_now();
    if (start->environment == NULL) {
        free(start);
        return NULL;
    }
    start->watcher = watcher;
    start->context = context;
    start->first = first;
    start->count = start->left = count;
    start->next = starts;
    start->link = &starts;
    if (starts)
        starts->link = &start->next;
    starts = start;
    return start;
}

static void forget_start(struct tri__start *start)
{
    *start->link = start->next;
    if (start->next)
        start->next->link = start->link;
    release(start->environment);
    free(start);
}

/* With the lock. The last end of a start forgets it. */
static void take_end(struct tri__start *start, const struct tri__worker_end *end)
{
    start->is_over[end->worker - start->first] = 1;
    start->watcher->on_end(start->watcher, end);
    if (--start->left == 0)
        forget_start(start);
}

static void all_were_killed(void)
{
    while (starts) {
        struct tri__start *start = starts;
        struct tri__worker_end end = {.status = SIGKILL, .context = start->context};
        int left = start->left;
        for (int i = 0; left > 0; i++)
            if (!start->is_over[i]) {
                end.worker = start->first + i;
                left--;
                take_end(start, &end);
            }
    }
}

/* What lies in the arena is the parent's too. */
static void forget_copy(struct environment *environment)
{
    if (environment && --environment->users == 0)
        free(environment);
}

void tri__fork_forget_starts(void)
{
    for (struct tri__start *start = starts, *next; start; start = next) {
        next = start->next;
        forget_copy(start->environment);
        free(start);
    }
    forget_copy(current);
    starts = NULL;
    current = NULL;
}

/* With the lock. */
static void lose_server(void)
{
    tri__forkserver_forget();
    all_were_killed();
    tri__ends_nudge(tri__ends_nudges());
}

void tri__forkserver_take_reports(void)
{
    struct tri__fork_report report;
    ssize_t size;
    tri__ends_lock();
    int socket = tri__forkserver_socket();
    while (socket >= 0 &&
           ((size = recv(socket, &report, sizeof report, MSG_DONTWAIT)) == sizeof report ||
            (size < 0 && errno == EINTR)))
        if (size > 0)
            take_end(report.start, &report.end);
    if (socket >= 0 && (size >= 0 || errno != EAGAIN))
        lose_server();
    tri__ends_unlock();
}

/* ---- Requests -------------------------------------------------------------------------- */

/* Users who are not root may have as many descriptors under way as they may have open: then it
 * helps to wait until the server has taken some. */
static bool may_send_again(int error)
{
    return error == EINTR || (error == ETOOMANYREFS && poll(NULL, 0, 1) == 0);
}

static ssize_t send_request(const struct tri__fork_request *request, const int *descriptors,
                            int count)
{
    char control[CMSG_SPACE(TRI__FORK_DESCRIPTORS * sizeof(int))] = {0};
    struct iovec part = {(void *)request, sizeof *request};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = CMSG_SPACE((size_t)count * sizeof(int))};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    ssize_t size;
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
    memcpy(CMSG_DATA(header), descriptors, (size_t)count * sizeof(int));
    do
        size = sendmsg(tri__forkserver_socket(), &message, MSG_NOSIGNAL);
    while (size < 0 && may_send_again(errno));
    return size;
}

static bool is_open(int descriptor)
{
    return fcntl(descriptor, F_GETFD) != -1;
}

/* With the lock. Who reads the reports has to look at the new server's socket. */
static int need_server(void)
{
    if (tri__forkserver_socket() >= 0)
        return 0;
    int code = tri__forkserver_need();
    tri__ends_nudge(tri__ends_nudges());
    return code;
}

/* With the lock. A server that has died is seen now at the latest; there is another one then. */
static int request_start(struct tri__fork_request *request, int folder)
{
    int descriptors[TRI__FORK_DESCRIPTORS] = {folder}, count = 1;
    request->has_output = is_open(STDOUT_FILENO);
    request->has_error = is_open(STDERR_FILENO);
    if (request->has_output)
        descriptors[count++] = STDOUT_FILENO;
    if (request->has_error)
        descriptors[count++] = STDERR_FILENO;
    for (int attempt = 0; attempt < 2; attempt++) {
        int code = need_server();
        if (code != 0)
            return code;
        request->start =
            note_start(request->watcher, request->context, request->first, request->count);
        if (request->start == NULL)
            return tri_fail(TRI_ENOMEM, "no memory to start %d workers", request->count);
        request->environment = request->start->environment->text;
        if (send_request(request, descriptors, count) >= 0)
            return 0;
        int error = errno;
        forget_start(request->start);
        errno = error;
        if (error != EPIPE && error != ECONNRESET && error != ENOTCONN)
            break;
        lose_server();
    }
    return tri_fail(TRI_ESYS, "cannot reach the fork server: %s", strerror(errno));
}

static int start(struct tri__watcher *watcher, tri__worker_entry *entry, void *context, int first,
                 int count)
{
    int code = tri__ends_need();
    if (code != 0)
        return code;
    int folder = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return tri_fail(TRI_ESYS, "cannot open the current folder: %s", strerror(errno));
    struct tri__fork_request request;
    memset(&request, 0, sizeof request); /* the padding is sent too */
    request.kind = TRI__FORK_START;
    request.watcher = watcher;
    request.entry = entry;
    request.context = context;
    request.first = first;
    request.count = count;
    request.controller = getpid();
    tri__ends_lock();
    code = request_start(&request, folder);
    tri__ends_unlock();
    close(folder);
    return code;
}

static void signal_workers(struct tri__watcher *watcher, int worker, int signal)
{
    struct tri__fork_request request;
    memset(&request, 0, sizeof request);
    request.kind = TRI__FORK_SIGNAL;
    request.watcher = watcher;
    request.worker = worker;
    request.signal = signal;
    tri__ends_lock(); /* or the number may be another file's by then */
    while (send(tri__forkserver_socket(), &request, sizeof request, MSG_NOSIGNAL) < 0 &&
           errno == EINTR)
        ;
    tri__ends_unlock();
}

const struct tri__workers tri__forked = {start, signal_workers};

/* ---- The backend ----------------------------------------------------------------------- */

static int team_run(const struct tri__call *call, int size)
{
    return tri__local_team_run(&tri__forked, call, size);
}

/* The server is there before the manager's thread is. */
static int pool_open(const struct tri__pool_call *call, tri_pool **pool)
{
    int code = tri__ends_need();
    tri__ends_lock();
    if (code == 0)
        code = need_server();
    tri__ends_unlock();
    if (code != 0)
        return code;
    return tri__local_pool_open(&tri__forked, call, pool);
}

static int process_start(const struct tri__process_call *call, tri_process **process)
{
    return tri__local_process_start(&tri__forked, call, process);
}

const struct tri__backend tri__backend_fork = {
    TRI_BACKEND_FORK, tri__local_worker_count, tri__local_host_count, team_run,
    pool_open,        process_start,
};
