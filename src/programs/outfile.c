/* SPDX-License-Identifier: BSD-3-Clause */
#include "outfile.h"

#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Signals ----------------------------------------------------------------------------- */

/* The files to remove when a signal ends the program. A place is NULL when it is free. */
enum { FILES_MAX = 8 };
static char *volatile unfinished[FILES_MAX];

/* The signal ends the program as ever, but only now: a launcher may send it twice, and the second
 * one goes to another thread. */
static void remove_all(int signal_number)
{
    for (int i = 0; i < FILES_MAX; i++)
        if (unfinished[i] != NULL)
            unlink(unfinished[i]);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void keep_from_signals(char *temporary)
{
    static const int signals[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGPIPE,
                                  SIGXCPU, SIGALRM, SIGUSR1, SIGUSR2};
    struct sigaction now, then = {.sa_handler = remove_all};
    for (int i = 0; i < FILES_MAX; i++)
        if (unfinished[i] == NULL) {
            unfinished[i] = temporary;
            break;
        }
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
            sigaction(signals[i], &then, NULL);
}

static void release(struct outfile *file)
{
    for (int i = 0; i < FILES_MAX; i++)
        if (unfinished[i] == file->temporary)
            unfinished[i] = NULL;
    free(file->temporary);
    file->temporary = NULL;
}

/* ---- Files ------------------------------------------------------------------------------- */

/* Of a temporary name. */
static const char ENDING[] = ".XXXXXX";

static int complain(const struct outfile *file)
{
    return cli_error(CLI_FAILED, "cannot write %s: %s", file->name, strerror(errno));
}

/* mkstemp() makes files that only their owner can read: as it is with a new file, or as the old one
 * was. */
static void set_mode(int fd, const struct stat *old)
{
    mode_t mask = umask(0);
    umask(mask);
    fchmod(fd, old != NULL ? old->st_mode & 0777 : 0666 & ~mask);
}

int outfile_begin(struct outfile *file, const char *name)
{
    struct stat status;
    size_t size = strlen(name) + sizeof ENDING;
    *file = (struct outfile){.name = name};
    bool is_there = stat(name, &status) == 0;
    if (is_there && !S_ISREG(status.st_mode))
        return cli_error(CLI_FAILED, "cannot write %s: it is no regular file", name);
    file->temporary = malloc(size);
    if (file->temporary == NULL)
        return complain(file);
    snprintf(file->temporary, size, "%s%s", name, ENDING);
    int fd = mkstemp(file->temporary);
    if (fd < 0) {
        complain(file);
        free(file->temporary);
        file->temporary = NULL;
        return CLI_FAILED;
    }
    keep_from_signals(file->temporary);
    set_mode(fd, is_there ? &status : NULL);
    close(fd);
    return CLI_OK;
}

int outfile_put(struct outfile *file, const void *bytes, size_t size)
{
    int fd = open(file->temporary, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return complain(file);
    errno = ENOSPC; /* for a write that does less than it should */
    int status = write(fd, bytes, size) == (ssize_t)size ? CLI_OK : complain(file);
    if (close(fd) != 0 && status == CLI_OK)
        status = complain(file);
    return status;
}

int outfile_commit(struct outfile *file)
{
    if (file->temporary == NULL)
        return CLI_OK;
    if (rename(file->temporary, file->name) != 0)
        return complain(file);
    release(file);
    return CLI_OK;
}

void outfile_abandon(struct outfile *file)
{
    if (file->temporary == NULL)
        return;
    unlink(file->temporary);
    release(file);
}

bool outfile_are_same(const struct outfile *a, const struct outfile *b)
{
    char *path_a = a->temporary ? realpath(a->temporary, NULL) : NULL;
    char *path_b = b->temporary ? realpath(b->temporary, NULL) : NULL;
    size_t length = path_a ? strlen(path_a) - strlen(ENDING) : 0;
    bool are_same = path_a && path_b && strlen(path_b) == strlen(path_a) &&
                    strncmp(path_a, path_b, length) == 0;
    free(path_a);
    free(path_b);
    return are_same;
}

int outfile_is_a(const char *name, const char *ending)
{
    size_t length = strlen(name), end = strlen(ending);
    return length > end && strcasecmp(name + length - end, ending) == 0;
}
