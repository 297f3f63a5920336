/* SPDX-License-Identifier: BSD-3-Clause
 *
 * NumPy's .npy format, versions 1 to 3, as the manual of numpy.lib.format describes it: a header,
 * then the numbers one after the other. Of what it can hold, tables of one or two dimensions.
 */
#ifndef TRIREME_KERNELS_NPY_H
#define TRIREME_KERNELS_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum npy_type {
    NPY_I1,
    NPY_I2,
    NPY_I4,
    NPY_I8,
    NPY_U1,
    NPY_U2,
    NPY_U4,
    NPY_U8,
    NPY_F4,
    NPY_F8,
    NPY_B1
};
enum { NPY_TYPES = NPY_B1 + 1 };

enum {
    NPY_HEADER_MAX = 12 + 65535, /* bytes before the numbers that are read at most */
    NPY_HEADER_WRITTEN = 128,    /* and that are written */
    NPY_WORDS = 160,             /* room for what is said of a bad header, its end included */
};

struct npy {
    enum npy_type type;
    bool is_swapped;        /* the numbers' bytes are not in this machine's order */
    uint64_t rows, columns; /* columns are at least 1; one dimension is one column */
    uint64_t data_offset;   /* where in the file the numbers begin */
    uint64_t data_bytes;    /* that they take; data_offset + data_bytes fits an int64_t */
};

/* Bytes of one number. */
size_t npy_size(enum npy_type type);

/* "i1" and so on, as NumPy names it. */
const char *npy_name(enum npy_type type);

/* Whether a file that begins with these bytes says that it is a .npy file. */
bool npy_is(const void *bytes, size_t size);

/* Reads the header at the beginning of a file: `bytes` are the first NPY_HEADER_MAX of it, or all
 * if there are fewer. Returns 0, or -1 with what is wrong in `words`: "byte 21: dtype '<c16' is
 * not one of i1 …", bytes being counted from 0. Any thread. */
int npy_read_header(const void *bytes, size_t size, struct npy *npy, char words[NPY_WORDS]);

/* Whether a file of this many bytes has what its header says, no less and no more: 0, or -1 with
 * what is wrong in `words`. */
int npy_check_size(const struct npy *npy, uint64_t file_bytes, char words[NPY_WORDS]);

/* The header that numpy.save writes for an array of this shape in this machine's byte order;
 * 0 columns stand for one dimension. */
void npy_write_header(char header[NPY_HEADER_WRITTEN], enum npy_type type, uint64_t rows,
                      uint64_t columns);

#endif
