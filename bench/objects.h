/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the files of bench/objects share. Errors end the program.
 */
#ifndef BENCH_OBJECTS_H
#define BENCH_OBJECTS_H

#include "trireme.h"

void check(int code);
void nap(double time_s);
void *new_shared(size_t size);

/* Processes that do something together, each for its number, and are timed. */
struct crew;
typedef void crew_work(struct crew *crew, int number, void *shared);

/* From when the first has begun until the last has returned from `work`. */
double crew_run(crew_work *work, void *shared, int count);

/* What each calls once it is ready: waits for the others. */
void crew_begin(struct crew *crew, int number);

/* Has number 0 stay on one CPU and number 1 on another, if there is one. */
void crew_keep_cpu(int number);

/* The time of a pair of acquire and release, and of the same by two processes at once: for each
 * pair of the two. The mutex is robust and process-shared. */
double lock(void);
double lock_contended(void);
double mutex(void);
double mutex_contended(void);

/* Two processes started, 10000 changes of a balance under a lock by each, and joined. */
double bank(void);

/* The time of a message of eight bytes from one process to another, or from four to four; a pipe is
 * one of the kernel's. */
double queue(void);
double queue_4(void);
double kernel_pipe(void);
double kernel_pipe_4(void);

/* Bytes a second, messages of a MiB from one process to another; and the same copied once. */
double large(void);
double copy(void);

/* From before one is woken that sleeps in another process until it runs. */
double event(void);
double futex(void);

#endif
