/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Counting the rows of a table on a team.
 */
#ifndef COUNT_H
#define COUNT_H

#include "bounds.h"
#include "progress.h"
#include "table.h"
#include "trireme.h"

#include <limits.h>

enum file_kind { FILE_NONE, FILE_CSV, FILE_NPY, FILE_STDOUT };

struct count_options {
    char low[BOUND_TEXT_MAX], high[BOUND_TEXT_MAX];
    bool skip_bad;
    enum progress_when progress;
    uint64_t seed; /* of a random table */

    /* where each row's count goes, and the random table; the file is there, and empty */
    enum file_kind output, write;
    char output_path[PATH_MAX], write_path[PATH_MAX];
    char output_words[PATH_MAX], write_words[PATH_MAX]; /* "cannot write x.npy", for errors */
};

struct count_answer {
    char words[512]; /* "" or what is wrong, in one line */
    uint64_t rows, missing, bad_rows;
    uint64_t bytes;       /* of the files */
    uint64_t histogram[]; /* table->selected_count + 1 of them */
};

/* Before the counts in an output file of kind FILE_NPY, and before the numbers of a random table.
 */
enum { COUNT_NPY_HEADER = NPY_HEADER_WRITTEN };

/* Controller. Counts. Returns an answer to free(), or NULL where tri_error_message() says why. */
struct count_answer *count_rows(const struct count_options *options, const struct table *table,
                                const tri_team_options *team);

#endif
