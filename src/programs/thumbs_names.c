/* SPDX-License-Identifier: BSD-3-Clause */
#include "thumbs_names.h"

#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Paths --------------------------------------------------------------------------------- */

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *slash_behind(const char *folder)
{
    return folder[strlen(folder) - 1] == '/' ? "" : "/";
}

bool names_output(const struct names *names, size_t image, char path[PATH_MAX])
{
    return snprintf(path, PATH_MAX, "%s%s%s", names->folder, slash_behind(names->folder),
                    file_name(names->images[image])) < PATH_MAX;
}

/* Short, for an image's own name may be as long as a name can be. */
bool names_temporary(const struct names *names, size_t image, char path[PATH_MAX])
{
    return snprintf(path, PATH_MAX, "%s%s.thumbs-%016" PRIx64 "-%zu", names->folder,
                    slash_behind(names->folder), names->key, image) < PATH_MAX;
}

void names_remove_temporary(const struct names *names, size_t image)
{
    char path[PATH_MAX];
    if (names_temporary(names, image, path))
        unlink(path);
}

/* ---- What would go wrong ------------------------------------------------------------------- */

static int compare_file_names(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;
    int order = strcmp(file_name(*left), file_name(*right));
    return order != 0 ? order : strcmp(*left, *right);
}

/* What ends in a slash is a folder, and has no name here: its task says so. */
static int check_distinct(const struct names *names)
{
    size_t size = names->count * sizeof *names->images;
    const char **sorted = malloc(size);
    int status = CLI_OK;
    if (sorted == NULL)
        return cli_error(CLI_FAILED, "%s", strerror(ENOMEM));
    memcpy(sorted, names->images, size);
    qsort(sorted, names->count, sizeof *sorted, compare_file_names);
    for (size_t i = 1; i < names->count && status == CLI_OK; i++) {
        const char *name = file_name(sorted[i]);
        if (*name != '\0' && strcmp(name, file_name(sorted[i - 1])) == 0)
            status = cli_error(CLI_FAILED, "%s and %s would have the same thumbnail in %s",
                               sorted[i - 1], sorted[i], names->folder);
    }
    free(sorted);
    return status;
}

static int check_not_inputs(const struct names *names)
{
    char path[PATH_MAX];
    struct stat input, output;
    for (size_t i = 0; i < names->count; i++)
        if (names_output(names, i, path) && stat(path, &output) == 0 && S_ISREG(output.st_mode) &&
            stat(names->images[i], &input) == 0 && input.st_dev == output.st_dev &&
            input.st_ino == output.st_ino)
            return cli_error(CLI_FAILED, "%s would be its own thumbnail: name another folder",
                             names->images[i]);
    return CLI_OK;
}

static int make_folder(const char *folder)
{
    struct stat status;
    if (mkdir(folder, 0777) == 0)
        return CLI_OK;
    int trouble = errno;
    if (trouble == EEXIST && stat(folder, &status) == 0) {
        if (S_ISDIR(status.st_mode))
            return CLI_OK;
        trouble = ENOTDIR;
    }
    return cli_error(CLI_FAILED, "cannot make the folder %s: %s", folder, strerror(trouble));
}

int names_begin(struct names *names, char *const *images, size_t count, const char *folder)
{
    *names = (struct names){.images = images, .count = count, .folder = folder};
    if (getrandom(&names->key, sizeof names->key, 0) != (ssize_t)sizeof names->key)
        return cli_error(CLI_FAILED, "no random numbers: %s", strerror(errno));
    int status = check_distinct(names);
    if (status == CLI_OK)
        status = check_not_inputs(names);
    return status == CLI_OK ? make_folder(folder) : status;
}
