/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the files of bench/pool share. Errors end the program.
 */
#ifndef BENCH_POOL_H
#define BENCH_POOL_H

#include "trireme.h"

#include <sys/types.h>

void check(int code);
tri_pool *open_pool(tri_backend backend, int workers);
void close_pool(tri_pool *pool);
pid_t worker_pid(tri_pool *pool, int worker); /* waits until it has been started */
void *new_array(size_t size);
void *new_shared_array(size_t size);

/* The CPU time that the program, its fork server and an idle pool of two use in five seconds. */
double idle(void);

/* The bytes that a map over ten million tasks of 8-byte arguments and results, at chunk size 1,
 * needs beyond the caller's arrays, which are ordinary memory or lie in the shared memory. */
double memory_with_copies(void);
double memory_without_copies(void);

#endif
