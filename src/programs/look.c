/* SPDX-License-Identifier: BSD-3-Clause */
#include "look.h"

#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int look_complain(const struct look *look, const char *what)
{
    return cli_error(CLI_FAILED, "%s: %s", look->name, what);
}

int look_further(struct look *look, size_t size)
{
    if (size + 1 > look->capacity) { /* for a newline at the end */
        char *larger = realloc(look->text, size + 1);
        if (larger == NULL)
            return look_complain(look, "out of memory");
        look->text = larger;
        look->capacity = size + 1;
    }
    while (look->size < size && !look->is_whole) {
        ssize_t got = read(look->fd, look->text + look->size, size - look->size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return look_complain(look, strerror(errno));
        look->size += (size_t)got;
        look->is_whole = got == 0;
    }
    return CLI_OK;
}

bool look_stays_open(const struct look *look)
{
    static const char *const own[] = {"/dev/stdin", "/dev/fd/", "/proc/self/",
                                      "/proc/thread-self/"};
    bool is_own = false;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        is_own |= strncmp(look->name, own[i], strlen(own[i])) == 0;
    return look->is_stream || look->fd == STDIN_FILENO || is_own;
}

int look_open(struct look *look, const char *name, bool streams_allowed)
{
    bool is_input = strcmp(name, "-") == 0;
    struct stat status;
    *look = (struct look){.name = is_input ? "standard input" : name, .fd = -1};
    if (is_input ? fstat(STDIN_FILENO, &status) : stat(name, &status))
        return look_complain(look, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return look_complain(look, strerror(EISDIR));
    look->is_stream = !S_ISREG(status.st_mode);
    look->file_size = (uint64_t)status.st_size;
    look->device = (uint64_t)status.st_dev;
    look->inode = (uint64_t)status.st_ino;
    if (!streams_allowed && (is_input || look_stays_open(look)))
        return cli_error(CLI_USAGE, "%s cannot be read by MPI ranks: give a file", look->name);
    look->fd = is_input ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    if (look->fd < 0)
        return look_complain(look, strerror(errno));
    if (is_input && !look->is_stream)
        look->start = (uint64_t)lseek(look->fd, 0, SEEK_CUR);
    int code = look_further(look, LOOK_SIZE);
    if (code == CLI_OK && !look->is_stream && look->start + look->size > look->file_size)
        return look_complain(look, "its size is not known: cat it and give it to standard input");
    return code;
}

void look_close(struct look *look)
{
    free(look->text);
    if (look->fd >= 0 && !look_stays_open(look))
        close(look->fd);
}

/* ---- What it is -------------------------------------------------------------------------- */

/* What is neither text nor npy, by its first bytes. */
static const struct {
    const char *bytes;
    size_t size;
    const char *what;
} not_read[] = {
    {"\x1f\x8b", 2, "is compressed: zcat it and give it to standard input"},
    {"\x28\xb5\x2f\xfd", 4, "is compressed: zstdcat it and give it to standard input"},
    {"\xfd"
     "7zXZ",
     5, "is compressed: xzcat it and give it to standard input"},
    {"BZh", 3, "is compressed: bzcat it and give it to standard input"},
    {"PK\x03\x04", 4, "is a zip archive (.npz and .xlsx are, too), not a table"},
    {"PAR1", 4, "is a Parquet file, which is not supported"},
    {"\x89HDF", 4, "is an HDF5 file, which is not supported"},
    {"\xff\xfe", 2, "is UTF-16: make it UTF-8 with iconv"},
    {"\xfe\xff", 2, "is UTF-16: make it UTF-8 with iconv"},
};

int look_check_kind(const struct look *look)
{
    for (size_t i = 0; i < sizeof not_read / sizeof *not_read; i++)
        if (look->size >= not_read[i].size &&
            memcmp(look->text, not_read[i].bytes, not_read[i].size) == 0)
            return cli_error(CLI_FAILED, "%s %s", look->name, not_read[i].what);
    size_t length = strlen(look->name);
    bool is_named_so = length > 4 && strcmp(look->name + length - 4, ".npy") == 0;
    if (look->size > 0 && (is_named_so || (unsigned char)look->text[0] == 0x93))
        return look_complain(look, "byte 0: it does not begin as .npy files do");
    return CLI_OK;
}
