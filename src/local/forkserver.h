/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How the controller speaks to the fork server: struct tri__fork_request one way, struct
 * tri__fork_report the other, each one message.
 */
#ifndef TRI__FORKSERVER_H
#define TRI__FORKSERVER_H

#include "local.h"

enum tri__fork_kind { TRI__FORK_START, TRI__FORK_SIGNAL, TRI__FORK_QUIT };

struct tri__start; /* the controller's note of a START, which reports of its workers name */

/* START carries descriptors: the controller's folder, then its standard output and error as far
 * as they are open. */
struct tri__fork_request {
    enum tri__fork_kind kind;
    struct tri__watcher *watcher;

    /* START */
    struct tri__start *start;
    tri__worker_entry *entry;
    void *context;
    const char *environment; /* in the arena */
    int first, count;
    int controller; /* its process id */
    bool has_output, has_error;

    /* SIGNAL */
    int worker; /* -1: all */
    int signal;
};

enum { TRI__FORK_DESCRIPTORS = 3 };

struct tri__fork_report {
    struct tri__start *start;
    struct tri__worker_end end;
};

/* Makes a fork server where this process has none. */
int tri__forkserver_need(void);

/* The controller's end of the socket; -1 where this process has no fork server. */
int tri__forkserver_socket(void);

/* It has died. */
void tri__forkserver_forget(void);

/* ---- backend_fork.c */

/* Delivers the reports that have come. */
void tri__forkserver_take_reports(void);

/* In a new process: the notes are its parent's. */
void tri__fork_forget_starts(void);

#endif
