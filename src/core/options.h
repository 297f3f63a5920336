/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The caller's options, resolved; for the other files of core.
 */
#ifndef TRI__OPTIONS_H
#define TRI__OPTIONS_H

#include "internal.h"

/* What TRI_BACKEND_DEFAULT stands for, unless TRIREME_BACKEND says otherwise. */
void tri__options_launched_for(tri_backend backend);

/* NULL, with the error's words set, when there is none. */
const struct tri__backend *tri__options_backend(tri_backend id);

/* Sets *backend and returns the number of workers, or an error. */
int tri__options_resolve(const tri_team_options *options, const struct tri__backend **backend);

#endif
