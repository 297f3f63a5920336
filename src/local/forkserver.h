/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How the controller speaks to the fork server: struct tri__fork_request one way, struct
 * tri__worker_end the other, each one message.
 */
#ifndef TRI__FORKSERVER_H
#define TRI__FORKSERVER_H

#include "local.h"

enum tri__fork_kind { TRI__FORK_START, TRI__FORK_KILL, TRI__FORK_QUIT };

/* START carries descriptors: the controller's folder, then its standard output and error as far
 * as they are open. */
struct tri__fork_request {
    enum tri__fork_kind kind;
    int count;
    tri__worker_entry *entry;
    void *context;
    char **environment; /* in the arena */
    bool has_output, has_error;
};

enum { TRI__FORK_DESCRIPTORS = 3 };

/* The controller's end of the socket; -1 in any other process. */
int tri__forkserver_socket(void);

#endif
