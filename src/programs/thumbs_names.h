/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The names of thumbnails: the image's own in another folder, and while one is written a temporary
 * one beside it, by which the controller finds what a lost worker has left.
 */
#ifndef THUMBS_NAMES_H
#define THUMBS_NAMES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct names {
    char *const *images;
    size_t count;
    const char *folder;
    uint64_t key; /* in temporary names: no other run has it */
};

/* Makes the folder, when each image can have a thumbnail there. Returns 0, or the exit status,
 * having said what is wrong. */
int names_begin(struct names *names, char *const *images, size_t count, const char *folder);

/* The paths of an image's thumbnail; false when they are too long. */
bool names_output(const struct names *names, size_t image, char path[PATH_MAX]);
bool names_temporary(const struct names *names, size_t image, char path[PATH_MAX]);

/* Removes what is there under the temporary name. */
void names_remove_temporary(const struct names *names, size_t image);

#endif
