/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One thumbnail: the task that reads an image, makes it small and blurred, and writes it. All that
 * it needs is in its argument, since a forked worker knows nothing of the command line.
 */
#ifndef THUMBNAIL_H
#define THUMBNAIL_H

#include <limits.h>
#include <stdbool.h>

struct thumbnail_task {
    int width, height; /* what it has to fit in */
    double sigma;      /* of the blur, in pixels of the image that is read */
    bool force;        /* a file that is there is replaced */
    bool too_long;     /* a path is; then they are empty */
    char input[PATH_MAX], output[PATH_MAX];
    char temporary[PATH_MAX]; /* beside the output; who starts the task removes it if it is lost */
};

enum thumbnail_outcome { THUMBNAIL_FAILED, THUMBNAIL_KEPT, THUMBNAIL_MADE };

struct thumbnail_result {
    enum thumbnail_outcome outcome;
    int width, height; /* when it was made */
    char words[512];   /* when it failed: why */
};

/* Every worker's initializer: libvips with one thread, no cache, and no words of its own. */
int thumbnail_begin(const void *nothing);

/* The task, from a thumbnail_task to a thumbnail_result. What is wrong with an image is in the
 * result, so it returns 0. */
int thumbnail_make(const void *task, void *result);

#endif
