/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Images for the tests and the benchmark of thumbs, and what became of them.
 *
 *     image make KIND WIDTH HEIGHT FILE   FILE may end in libvips' options, as in x.png[interlace]
 *     image turn ORIENTATION FILE NEW     so that with this EXIF orientation viewers see FILE
 *     image profile NAME FILE NEW         the same colours in the colour space of an ICC profile
 *     image blur SIGMA SIZE FILE NEW      the tutorial's way: the whole image is blurred first
 *     image claim WIDTH HEIGHT FILE       another size in the header of a JPEG file
 *     image slow FILE.tif                 small, but 60 000 million pixels: all strips are one
 *     image show FILE                     loader, size, number of bands, their format, colours
 *     image off KIND FILE                 how far, at most, it is from an image of this kind
 *     image apart FILE FILE               how far, at most, two images are from each other
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vips/vips.h>

static void give_up(const char *what)
{
    fprintf(stderr, "image: %s: %s\n", what, vips_error_buffer());
    exit(2);
}

static void must(int code, const char *what)
{
    if (code != 0)
        give_up(what);
}

static VipsImage *load(const char *name)
{
    VipsImage *image = vips_image_new_from_file(name, NULL);
    if (image == NULL)
        give_up(name);
    return image;
}

/* ---- Kinds: each is the same picture in any size -----------------------------------------------
 */

/* What a band is at x and y of the picture, from 0 to 1. */
struct band {
    double x, y, constant;
};

static const struct kind {
    const char *name;
    int count;
    struct band bands[4];
    double most;
    VipsBandFormat format;
    VipsInterpretation interpretation;
} kinds[] = {
    {"rgb",
     3,
     {{1, 0, 0}, {0, 1, 0}, {-1, 0, 1}},
     255,
     VIPS_FORMAT_UCHAR,
     VIPS_INTERPRETATION_sRGB},
    {"rgb16",
     3,
     {{1, 0, 0}, {0, 1, 0}, {-1, 0, 1}},
     65535,
     VIPS_FORMAT_USHORT,
     VIPS_INTERPRETATION_RGB16},
    {"rgba",
     4,
     {{1, 0, 0}, {0, 1, 0}, {-1, 0, 1}, {0, 0.5, 0.5}},
     255,
     VIPS_FORMAT_UCHAR,
     VIPS_INTERPRETATION_sRGB},
    {"grey", 1, {{0.5, 0.5, 0}}, 255, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_B_W},
    {"grey16", 1, {{0.5, 0.5, 0}}, 65535, VIPS_FORMAT_USHORT, VIPS_INTERPRETATION_GREY16},
    {"grey_alpha",
     2,
     {{0.5, 0.5, 0}, {0, 0, 0.5}},
     255,
     VIPS_FORMAT_UCHAR,
     VIPS_INTERPRETATION_B_W},
    {"cmyk",
     4,
     {{1, 0, 0}, {0, 1, 0}, {0, 0, 0}, {0, 0, 0}},
     255,
     VIPS_FORMAT_UCHAR,
     VIPS_INTERPRETATION_CMYK},
    {"black", 1, {{0, 0, 0}}, 255, VIPS_FORMAT_UCHAR, VIPS_INTERPRETATION_B_W},
};

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(name, kinds[i].name) == 0)
            return &kinds[i];
    return NULL;
}

/* Pixels stand for their middles. */
static VipsImage *gradient(const struct kind *kind, int width, int height)
{
    VipsImage *places, *bands[4], *together, *image, *copy = NULL;
    const struct kind *k = kind;
    must(vips_xyz(&places, width, height, NULL), "xyz");
    for (int i = 0; i < k->count; i++) {
        VipsImage *x, *y, *xs, *ys, *sum;
        must(vips_extract_band(places, &x, 0, NULL) || vips_extract_band(places, &y, 1, NULL) ||
                 vips_linear1(x, &xs, k->most * k->bands[i].x / width,
                              k->most * k->bands[i].x / width / 2 + k->most * k->bands[i].constant,
                              NULL) ||
                 vips_linear1(y, &ys, k->most * k->bands[i].y / height,
                              k->most * k->bands[i].y / height / 2, NULL) ||
                 vips_add(xs, ys, &sum, NULL) || vips_rint(sum, &bands[i], NULL),
             "a band");
    }
    must(vips_bandjoin(bands, &together, k->count, NULL) ||
             vips_cast(together, &image, k->format, NULL) ||
             vips_copy(image, &copy, "interpretation", k->interpretation, NULL),
         "the bands");
    return copy;
}

/* The left half is transparent, with a red that must not be seen. */
static VipsImage *hidden(int width, int height)
{
    VipsImage *image, *copy = NULL;
    must(vips_black(&image, width, height, "bands", 4, NULL) ||
             vips_copy(image, &copy, "interpretation", VIPS_INTERPRETATION_sRGB, NULL),
         "black");
    image = vips_image_copy_memory(copy);
    must(vips_draw_rect(image, (double[]){255, 0, 0, 0}, 4, 0, 0, width / 2, height, "fill", TRUE,
                        NULL) ||
             vips_draw_rect(image, (double[]){0, 0, 255, 255}, 4, width / 2, 0, width, height,
                            "fill", TRUE, NULL),
         "halves");
    return image;
}

/* A gradient under noise of two sizes: as a JPEG it is as large as a photograph. */
static VipsImage *photograph(int width, int height)
{
    VipsImage *picture = gradient(&kinds[0], width, height);
    VipsImage *fine, *small, *coarse, *sum, *half, *image, *noisy = NULL;
    must(vips_gaussnoise(&fine, width, height, "sigma", 6.0, "mean", 0.0, "seed", 1, NULL) ||
             vips_gaussnoise(&small, width / 16 + 1, height / 16 + 1, "sigma", 30.0, "mean", 0.0,
                             "seed", 2, NULL) ||
             vips_resize(small, &coarse, 16.0, NULL) ||
             vips_extract_area(coarse, &small, 0, 0, width, height, NULL) ||
             vips_add(fine, small, &sum, NULL) || vips_linear1(picture, &half, 0.6, 50, NULL) ||
             vips_add(half, sum, &noisy, NULL) ||
             vips_cast(noisy, &image, VIPS_FORMAT_UCHAR, NULL) ||
             vips_copy(image, &noisy, "interpretation", VIPS_INTERPRETATION_sRGB, NULL),
         "noise");
    return noisy;
}

static VipsImage *picture(const char *kind, int width, int height)
{
    if (strcmp(kind, "hidden") == 0)
        return hidden(width, height);
    if (strcmp(kind, "photograph") == 0)
        return photograph(width, height);
    if (find_kind(kind) == NULL)
        give_up(kind);
    return gradient(find_kind(kind), width, height);
}

/* ---- Commands ----------------------------------------------------------------------------------
 */

static int make(char **words)
{
    VipsImage *image = picture(words[0], atoi(words[1]), atoi(words[2]));
    must(vips_image_write_to_file(image, words[3], NULL), words[3]);
    return 0;
}

/* The inverse of what a viewer does, for orientations 1 to 8. */
static int turn(char **words)
{
    static const struct {
        VipsAngle angle;
        gboolean flip;
    } ways[] = {{VIPS_ANGLE_D0, FALSE},  {VIPS_ANGLE_D0, TRUE},  {VIPS_ANGLE_D180, FALSE},
                {VIPS_ANGLE_D180, TRUE}, {VIPS_ANGLE_D90, TRUE}, {VIPS_ANGLE_D270, FALSE},
                {VIPS_ANGLE_D270, TRUE}, {VIPS_ANGLE_D90, FALSE}};
    VipsImage *turned, *flipped, *image = NULL;
    int orientation = atoi(words[0]);
    must(vips_rot(load(words[1]), &turned, ways[orientation - 1].angle, NULL) ||
             vips_flip(turned, &flipped, VIPS_DIRECTION_HORIZONTAL, NULL) ||
             vips_copy(ways[orientation - 1].flip ? flipped : turned, &image, NULL),
         words[1]);
    vips_image_set_int(image, VIPS_META_ORIENTATION, orientation);
    must(vips_image_write_to_file(image, words[2], NULL), words[2]);
    return 0;
}

static int profile(char **words)
{
    VipsImage *image = NULL;
    must(vips_icc_transform(load(words[1]), &image, words[0], "input_profile", "srgb", NULL) ||
             vips_image_write_to_file(image, words[2], NULL),
         words[1]);
    return 0;
}

static int blur(char **words)
{
    VipsImage *blurred, *image;
    must(
        vips_gaussblur(load(words[2]), &blurred, atof(words[0]), "min_ampl", 0.01, NULL) ||
            vips_thumbnail_image(blurred, &image, atoi(words[1]), "height", atoi(words[1]), NULL) ||
            vips_image_write_to_file(image, words[3], NULL),
        words[2]);
    return 0;
}

/* The frame header is marker, length, precision, height and width. */
static int claim(char **words)
{
    unsigned char *bytes;
    gsize size;
    int width = atoi(words[0]), height = atoi(words[1]);
    if (!g_file_get_contents(words[2], (char **)&bytes, &size, NULL))
        give_up(words[2]);
    for (gsize at = 2; at + 9 < size; at += 2 + (gsize)(bytes[at + 2] << 8 | bytes[at + 3]))
        if (bytes[at + 1] >= 0xc0 && bytes[at + 1] <= 0xc2) {
            bytes[at + 5] = (unsigned char)(height >> 8);
            bytes[at + 6] = (unsigned char)height;
            bytes[at + 7] = (unsigned char)(width >> 8);
            bytes[at + 8] = (unsigned char)width;
            return !g_file_set_contents(words[2], (char *)bytes, (gssize)size, NULL);
        }
    give_up("no frame header");
    return 1;
}

enum { SLOW_WIDTH = 60000, SLOW_HEIGHT = 1000000 };

/* The arrays are where each strip begins and how long it is. */
static int slow(char **words)
{
    enum { SHORT = 3, LONG = 4, ENTRIES = 9, ARRAYS = 8 + 2 + ENTRIES * 12 + 4 };
    const uint32_t strip = ARRAYS + 2 * 4 * SLOW_HEIGHT, width = SLOW_WIDTH;
    const uint32_t entries[ENTRIES][4] = {{256, LONG, 1, SLOW_WIDTH},
                                          {257, LONG, 1, SLOW_HEIGHT},
                                          {258, SHORT, 1, 8},
                                          {259, SHORT, 1, 1},
                                          {262, SHORT, 1, 1},
                                          {273, LONG, SLOW_HEIGHT, ARRAYS},
                                          {277, SHORT, 1, 1},
                                          {278, LONG, 1, 1},
                                          {279, LONG, SLOW_HEIGHT, ARRAYS + 4 * SLOW_HEIGHT}};
    FILE *file = fopen(words[0], "wb");
    if (file == NULL)
        give_up(words[0]);
    fwrite("II*\0\10\0\0\0\11\0", 1, 10, file);
    for (int i = 0; i < ENTRIES; i++) {
        const uint16_t tag[2] = {(uint16_t)entries[i][0], (uint16_t)entries[i][1]};
        fwrite(tag, 2, 2, file);
        fwrite(entries[i] + 2, 4, 2, file);
    }
    fwrite("\0\0\0\0", 1, 4, file);
    for (int i = 0; i < SLOW_HEIGHT; i++)
        fwrite(&strip, 4, 1, file);
    for (int i = 0; i < SLOW_HEIGHT; i++)
        fwrite(&width, 4, 1, file);
    for (int i = 0; i < SLOW_WIDTH; i++)
        fputc(i % 256, file);
    return fclose(file) != 0;
}

static int show(char **words)
{
    VipsImage *image = load(words[0]);
    const char *loader = "";
    vips_image_get_string(image, VIPS_META_LOADER, &loader);
    printf("%s %dx%d %d %s %s\n", loader, image->Xsize, image->Ysize, image->Bands,
           vips_enum_nick(VIPS_TYPE_BAND_FORMAT, image->BandFmt),
           vips_enum_nick(VIPS_TYPE_INTERPRETATION, image->Type));
    return 0;
}

static double distance(VipsImage *a, VipsImage *b)
{
    VipsImage *difference, *size;
    double most = 0;
    if (a->Xsize != b->Xsize || a->Ysize != b->Ysize || a->Bands != b->Bands)
        return 1e9;
    must(vips_subtract(a, b, &difference, NULL) || vips_abs(difference, &size, NULL) ||
             vips_max(size, &most, NULL),
         "difference");
    return most;
}

/* Of hidden: how much red is seen. */
static int off(char **words)
{
    VipsImage *image = load(words[1]);
    double most = 0;
    if (strcmp(words[0], "hidden") == 0) {
        VipsImage *red, *alpha, *seen;
        must(vips_extract_band(image, &red, 0, NULL) || vips_extract_band(image, &alpha, 3, NULL) ||
                 vips_multiply(red, alpha, &seen, NULL) || vips_max(seen, &most, NULL),
             "red");
        most /= 255;
    } else
        most = distance(image, picture(words[0], image->Xsize, image->Ysize));
    printf("%.0f\n", most);
    return 0;
}

static int apart(char **words)
{
    printf("%.0f\n", distance(load(words[0]), load(words[1])));
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int words;
        int (*run)(char **words);
    } commands[] = {{"make", 4, make}, {"turn", 3, turn},   {"profile", 3, profile},
                    {"blur", 4, blur}, {"claim", 3, claim}, {"slow", 1, slow},
                    {"show", 1, show}, {"off", 2, off},     {"apart", 2, apart}};
    must(VIPS_INIT(argv[0]), "libvips");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (argc > 1 && strcmp(argv[1], commands[i].name) == 0 && argc == commands[i].words + 2)
            return commands[i].run(argv + 2);
    fprintf(stderr, "image: see the head of tests/thumbs/image.c\n");
    return 2;
}
