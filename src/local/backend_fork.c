/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The fork backend: workers are processes, which the fork server starts, kills and reports.
 */
#include "forkserver.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of the workers that live now; in the arena. */
static char **environment;

/* A copy of the environment in the arena: an array of pointers as environ is, then the strings. */
static char **copy_environment(void)
{
    size_t count = 0, size = 0;
    for (char **entry = environ; entry && *entry; entry++, count++)
        size += strlen(*entry) + 1;
    char **copy = tri__arena_alloc((count + 1) * sizeof *copy + size);
    if (copy == NULL)
        return NULL;
    char *text = (char *)(copy + count + 1);
    for (size_t i = 0; i < count; i++) {
        copy[i] = text;
        text = stpcpy(text, environ[i]) + 1;
    }
    return copy;
}

static int send_start(const struct tri__fork_request *request, const int *descriptors, int count)
{
    char control[CMSG_SPACE(TRI__FORK_DESCRIPTORS * sizeof(int))] = {0};
    struct iovec part = {(void *)request, sizeof *request};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = CMSG_SPACE((size_t)count * sizeof(int))};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
    memcpy(CMSG_DATA(header), descriptors, (size_t)count * sizeof(int));
    if (sendmsg(tri__forkserver_socket(), &message, MSG_NOSIGNAL) < 0)
        return tri_fail(TRI_ESYS, "cannot reach the fork server: %s", strerror(errno));
    return 0;
}

static bool is_open(int descriptor)
{
    return fcntl(descriptor, F_GETFD) != -1;
}

static int start(int count, tri__worker_entry *entry, void *context)
{
    int folder = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return tri_fail(TRI_ESYS, "cannot open the current folder: %s", strerror(errno));
    tri__arena_free(environment);
    environment = copy_environment();
    struct tri__fork_request request;
    memset(&request, 0, sizeof request); /* the padding is sent too */
    request.kind = TRI__FORK_START;
    request.count = count;
    request.entry = entry;
    request.context = context;
    request.environment = environment;
    request.has_output = is_open(STDOUT_FILENO);
    request.has_error = is_open(STDERR_FILENO);
    int descriptors[TRI__FORK_DESCRIPTORS] = {folder}, n = 1;
    if (request.has_output)
        descriptors[n++] = STDOUT_FILENO;
    if (request.has_error)
        descriptors[n++] = STDERR_FILENO;
    int code = environment ? send_start(&request, descriptors, n) : TRI_ENOMEM;
    close(folder);
    return code;
}

/* For poll. */
static int milliseconds_until(double time)
{
    double left = time - tri__now();
    return left > 0 ? (int)(left * 1000) + 1 : 0;
}

static int next_end(struct tri__worker_end *end, double timeout_s)
{
    double deadline = tri__now() + timeout_s;
    for (;;) {
        struct pollfd ready = {tri__forkserver_socket(), POLLIN, 0};
        int count = poll(&ready, 1, timeout_s < 0 ? -1 : milliseconds_until(deadline));
        if (count == 0)
            return 0;
        if (count < 0 && errno == EINTR)
            continue;
        ssize_t size = count > 0 ? recv(tri__forkserver_socket(), end, sizeof *end, 0) : -1;
        if (size == sizeof *end)
            return 1;
        if (size < 0 && errno == EINTR)
            continue;
        return tri_fail(TRI_ESYS, "the fork server has died, and its workers with it");
    }
}

static void kill_all(void)
{
    struct tri__fork_request request = {.kind = TRI__FORK_KILL};
    send(tri__forkserver_socket(), &request, sizeof request, MSG_NOSIGNAL);
}

static const struct tri__workers workers = {start, next_end, kill_all};

static int team_run(const struct tri__call *call, int size)
{
    return tri__local_team_run(&workers, call, size);
}

const struct tri__backend tri__backend_fork = {
    TRI_BACKEND_FORK,
    tri__local_worker_count,
    tri__local_host_count,
    team_run,
};
