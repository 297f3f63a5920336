/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is read may be hostile. So an image has to be a regular file that begins like one of four
 * formats before libvips sees it, and libvips may use no other loaders. Nothing but the writing of
 * a finished thumbnail, which is small, happens under the temporary name.
 */
#include "thumbnail.h"

#include "trireme.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vips/vips.h>

/* ---- libvips ------------------------------------------------------------------------------- */

static void say_nothing(const gchar *domain, GLogLevelFlags level, const gchar *words,
                        gpointer data)
{
    (void)domain, (void)level, (void)words, (void)data;
}

/* The same loaders whatever modules are installed; before 8.13 all are left, and the formats that
 * are looked for below have to do. */
static void allow_four_loaders(void)
{
#if VIPS_MAJOR_VERSION > 8 || VIPS_MINOR_VERSION >= 13
    vips_operation_block_set("VipsForeignLoad", TRUE);
    vips_operation_block_set("VipsForeignLoadJpeg", FALSE);
    vips_operation_block_set("VipsForeignLoadPng", FALSE);
    vips_operation_block_set("VipsForeignLoadWebp", FALSE);
    vips_operation_block_set("VipsForeignLoadTiff", FALSE);
#endif
}

static gpointer begin_once(gpointer data)
{
    (void)data;
    g_log_set_default_handler(say_nothing, NULL);
    if (VIPS_INIT("thumbs") != 0)
        return NULL;
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    allow_four_loaders();
    signal(SIGXFSZ, SIG_IGN); /* a limit is an error of write() */
    return "begun";
}

int thumbnail_begin(const void *nothing)
{
    static GOnce once = G_ONCE_INIT;
    (void)nothing;
    if (g_once(&once, begin_once, NULL) != NULL)
        return 0;
    return tri_fail(TRI_EFAILED, "libvips cannot start: %s", vips_error_buffer());
}

/* ---- What went wrong ----------------------------------------------------------------------- */

TRI_PRINTF(2, 3) static int fail(struct thumbnail_result *result, const char *words, ...)
{
    va_list arguments;
    va_start(arguments, words);
    vsnprintf(result->words, sizeof result->words, words, arguments);
    va_end(arguments);
    return -1;
}

/* The first line of what libvips says is the cause, the others who passed it on. It keeps one text
 * for the whole process: on threads, images that are broken at the same time may share it. */
static int fail_in_vips(struct thumbnail_result *result, const char *what)
{
    char *words = vips_error_buffer_copy();
    words[strcspn(words, "\n")] = '\0';
    fail(result, "%s%s%s", what, *words ? ": " : "", words);
    g_free(words);
    return -1;
}

/* ---- Formats ------------------------------------------------------------------------------- */

static int save_jpeg(VipsImage *image, void **bytes, size_t *size)
{
    return vips_jpegsave_buffer(image, bytes, size, "strip", TRUE, NULL);
}

static int save_png(VipsImage *image, void **bytes, size_t *size)
{
    return vips_pngsave_buffer(image, bytes, size, "strip", TRUE, NULL);
}

static int save_webp(VipsImage *image, void **bytes, size_t *size)
{
    return vips_webpsave_buffer(image, bytes, size, "strip", TRUE, NULL);
}

static int save_tiff(VipsImage *image, void **bytes, size_t *size)
{
    return vips_tiffsave_buffer(image, bytes, size, "strip", TRUE, "compression",
                                VIPS_FOREIGN_TIFF_COMPRESSION_LZW, NULL);
}

/* How its files begin; a dot is any byte. */
enum { BEGINNING = 12 };

static const struct format {
    const char *beginning;
    int length;
    const char *trouble;
    int (*save)(VipsImage *image, void **bytes, size_t *size);
} formats[] = {
    {"\xff\xd8\xff", 3, "cannot read the JPEG image", save_jpeg},
    {"\x89PNG\r\n\x1a\n", 8, "cannot read the PNG image", save_png},
    {"RIFF....WEBP", 12, "cannot read the WebP image", save_webp},
    {"II*\0", 4, "cannot read the TIFF image", save_tiff},
    {"MM\0*", 4, "cannot read the TIFF image", save_tiff},
    {"II+\0", 4, "cannot read the TIFF image", save_tiff},
    {"MM\0+", 4, "cannot read the TIFF image", save_tiff},
};

static bool begins_like(const struct format *format, const char *bytes)
{
    for (int i = 0; i < format->length; i++)
        if (format->beginning[i] != '.' && format->beginning[i] != bytes[i])
            return false;
    return true;
}

static const struct format *find_format(int fd, struct thumbnail_result *result)
{
    char bytes[BEGINNING] = {0};
    ssize_t got = pread(fd, bytes, sizeof bytes, 0);
    if (got <= 0) {
        fail(result, "%s", got == 0 ? "the file is empty" : strerror(errno));
        return NULL;
    }
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (begins_like(&formats[i], bytes))
            return &formats[i];
    fail(result, "neither a JPEG nor a PNG, WebP or TIFF image");
    return NULL;
}

/* ---- The image ----------------------------------------------------------------------------- */

/* A FIFO must not keep us waiting, nor a device be read for ever. */
static int open_image(const struct thumbnail_task *task, struct thumbnail_result *result)
{
    struct stat status;
    if (task->too_long)
        return fail(result, "%s", strerror(ENAMETOOLONG));
    int fd = open(task->input, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0)
        fail(result, "%s", strerror(errno));
    else if (S_ISDIR(status.st_mode))
        fail(result, "%s", strerror(EISDIR));
    else if (!S_ISREG(status.st_mode))
        fail(result, "not a regular file");
    else
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

struct extent {
    int width, height;
};

/* Of what a source holds, as it will be seen; false when it cannot be read. */
static bool read_extent(VipsSource *source, struct extent *extent)
{
    VipsImage *image = vips_image_new_from_source(source, "", NULL);
    if (image == NULL)
        return false;
    int width = image->Xsize, height = vips_image_get_page_height(image);
    bool is_turned = vips_image_get_orientation_swap(image);
    *extent = is_turned ? (struct extent){height, width} : (struct extent){width, height};
    g_object_unref(image);
    return true;
}

/* The whole image in memory. In this thread, as libvips' own ones may still be about to free what
 * they share with the image when it seems to be done, and is given up. */
static VipsImage *read_all(VipsImage *lazy)
{
    int width, height, lines;
    VipsImage *image = vips_image_new_memory();
    VipsRegion *region = vips_region_new(lazy);
    int code = vips_image_pipelinev(image, VIPS_DEMAND_STYLE_ANY, lazy, NULL);
    vips_get_tile_size(lazy, &width, &height, &lines);
    for (int y = 0; y < lazy->Ysize && code == 0; y++) {
        VipsRect strip = {0, y, lazy->Xsize, VIPS_MIN(height, lazy->Ysize - y)};
        if (y % height == 0)
            code = vips_region_prepare(region, &strip);
        if (code == 0)
            code = vips_image_write_line(image, y, VIPS_REGION_ADDR(region, 0, y));
    }
    g_object_unref(region);
    if (code != 0)
        g_clear_object(&image);
    return image;
}

/* The thumbnail in memory, whole: from here on nothing is read. NULL when it cannot be had. A small
 * image stays as it is: libvips is asked for its own size, since VIPS_SIZE_DOWN would make it take
 * the smallest image of a pyramid. */
static VipsImage *shrink(VipsSource *source, struct extent extent,
                         const struct thumbnail_task *task)
{
    struct extent most = {task->width, task->height};
    VipsImage *lazy = NULL, *image = NULL;
    if (extent.width <= most.width && extent.height <= most.height)
        most = extent;
    if (vips_thumbnail_source(source, &lazy, most.width, "height", most.height, "option_string",
                              "fail_on=error", NULL) == 0)
        image = read_all(lazy);
    g_clear_object(&lazy);
    return image;
}

/* A step takes *image and puts another one in its place; -1 when that cannot be made. */
static int replace(VipsImage **image, int code, VipsImage *by)
{
    if (code == 0) {
        g_object_unref(*image);
        *image = by;
    }
    return code;
}

/* Without its profile the colours would be others. One that cannot be used is ignored, as viewers
 * do. */
static void make_srgb(VipsImage **image)
{
    VipsImage *converted = NULL;
    if ((*image)->Bands < 3 || vips_image_get_typeof(*image, VIPS_META_ICC_NAME) == 0)
        return;
    int code = vips_icc_transform(*image, &converted, "srgb", "embedded", TRUE, NULL);
    replace(image, code, converted);
}

/* Colours are weighted by their opacity, lest those of transparent pixels be seen. */
static int blur(VipsImage **image, double sigma)
{
    const double least = 0.2; /* less changes nothing */
    VipsImage *context = vips_image_new(), *blurred = NULL;
    VipsImage **step = (VipsImage **)vips_object_local_array(VIPS_OBJECT(context), 4);
    bool has_alpha = vips_image_hasalpha(*image);
    int code = 0;
    if (sigma >= least) {
        code = (has_alpha ? vips_premultiply : vips_copy)(*image, &step[0], NULL) ||
               vips_gaussblur(step[0], &step[1], sigma, "min_ampl", 0.01, "precision",
                              VIPS_PRECISION_FLOAT, NULL) ||
               (has_alpha ? vips_unpremultiply : vips_copy)(step[1], &step[2], NULL) ||
               vips_rint(step[2], &step[3], NULL) ||
               vips_cast(step[3], &blurred, (*image)->BandFmt, NULL);
        code = replace(image, code, blurred);
    }
    g_object_unref(context);
    return code;
}

/* ---- The file ------------------------------------------------------------------------------ */

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0)
            return false;
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

/* 0, or errno, and then there is no new file. */
static int write_file(const struct thumbnail_task *task, const char *bytes, size_t size)
{
    int fd = open(task->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return errno;
    int trouble = write_all(fd, bytes, size) ? 0 : errno;
    if (close(fd) != 0 && trouble == 0)
        trouble = errno;
    if (trouble == 0 && rename(task->temporary, task->output) != 0)
        trouble = errno;
    if (trouble != 0)
        unlink(task->temporary);
    return trouble;
}

static int save(VipsImage *image, const struct format *format, const struct thumbnail_task *task,
                struct thumbnail_result *result)
{
    void *bytes = NULL;
    size_t size = 0;
    if (format->save(image, &bytes, &size) != 0)
        return fail_in_vips(result, "cannot make the thumbnail");
    int trouble = write_file(task, bytes, size);
    g_free(bytes);
    return trouble == 0 ? 0 : fail(result, "cannot write the thumbnail: %s", strerror(trouble));
}

/* ---- The task ------------------------------------------------------------------------------ */

/* The blur is the whole image's, on a smaller one. */
static int make(VipsSource *source, const struct format *format, const struct thumbnail_task *task,
                struct thumbnail_result *result)
{
    struct extent whole;
    VipsImage *image = read_extent(source, &whole) ? shrink(source, whole, task) : NULL;
    if (image == NULL)
        return fail_in_vips(result, format->trouble);
    double scale = (double)MAX(image->Xsize, image->Ysize) / MAX(whole.width, whole.height);
    make_srgb(&image);
    int code = blur(&image, task->sigma * scale);
    if (code != 0)
        fail_in_vips(result, "cannot blur the thumbnail");
    else
        code = save(image, format, task, result);
    result->width = image->Xsize;
    result->height = image->Ysize;
    g_object_unref(image);
    return code;
}

static int read_and_make(int fd, const struct thumbnail_task *task, struct thumbnail_result *result)
{
    const struct format *format = find_format(fd, result);
    if (format == NULL)
        return -1;
    VipsSource *source = vips_source_new_from_descriptor(fd);
    int code =
        source != NULL ? make(source, format, task, result) : fail_in_vips(result, format->trouble);
    g_clear_object(&source);
    vips_error_clear();
    return code;
}

int thumbnail_make(const void *argument, void *place)
{
    const struct thumbnail_task *task = argument;
    struct thumbnail_result *result = place;
    struct stat status;
    int fd = open_image(task, result);
    result->outcome = THUMBNAIL_FAILED;
    if (fd < 0)
        return 0;
    if (!task->force && lstat(task->output, &status) == 0)
        result->outcome = THUMBNAIL_KEPT;
    else if (read_and_make(fd, task, result) == 0)
        result->outcome = THUMBNAIL_MADE;
    close(fd);
    return 0;
}
