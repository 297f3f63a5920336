/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Processes on one host.
 */
#ifndef TRI__LOCAL_PROCESS_H
#define TRI__LOCAL_PROCESS_H

#include "local.h"

/* workers is NULL where the calling thread runs the function. */
int tri__local_process_start(const struct tri__workers *workers,
                             const struct tri__process_call *call, tri_process **process);

/* In a new process: the children are its parent's. */
void tri__local_process_forget(void);

#endif
