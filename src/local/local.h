/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the files of src/local share: the arena, waiting, and workers of three kinds behind one
 * interface, so that a team is written once for serial, threads and fork.
 */
#ifndef TRI__LOCAL_H
#define TRI__LOCAL_H

#include "internal.h"

#include <stdatomic.h>

/* ---- The arena (arena.c) --------------------------------------------------------------- */

/* Maps the arena: once, before the fork server starts. */
int tri__arena_open(void);

/* From now on this process, the controller, allocates in the arena, and no other. */
void tri__arena_claim(void);
int tri__arena_check(void); /* TRI_ESTATE in any other process */

/* Zeroed memory at the same address in every process of this host, aligned to 64 bytes; NULL,
 * with words, when the arena is full. For the controller only. */
void *tri__arena_alloc(size_t size);
void tri__arena_free(void *memory); /* NULL is fine */

/* ---- Waiting (wait.c) ------------------------------------------------------------------ */

/* Waits until *word is no longer `old`. `spin` lets it burn the CPU for some microseconds first:
 * false on a machine with more workers than CPUs. Works between processes. */
void tri__wait_while(_Atomic uint32_t *word, uint32_t old, bool spin);

/* Wakes all who wait on `word`; to be called after it has been changed. */
void tri__wake_all(_Atomic uint32_t *word);

/* ---- Workers --------------------------------------------------------------------------- */

/* What worker number `worker` runs; it ends when this returns. */
typedef void tri__worker_entry(void *context, int worker);

/* How a worker ended. */
struct tri__worker_end {
    int worker;
    int pid;
    int error;  /* errno when it could not be started, else 0 */
    int status; /* as waitpid gives it; 0 for a thread */
};

/* How workers come to life. One set of workers at a time, all of which must have been reported
 * before the next is started. */
struct tri__workers {
    /* Starts workers 0 … count-1. One that cannot be started is reported as ended. */
    int (*start)(int count, tri__worker_entry *entry, void *context);
    /* Waits for a worker's end, at most timeout_s (negative: for ever). 1 when *end is set, 0 when
     * the time is over, negative when no more ends can be learned: the workers are dying. */
    int (*next_end)(struct tri__worker_end *end, double timeout_s);
    /* Kills the workers, which are then reported as usual; NULL where that cannot be done. */
    void (*kill)(void);
};

/* What waitpid gave, in words: "was killed by signal 9 (Killed)". Returns `buffer`. */
const char *tri__wait_status_words(int status, char *buffer, size_t size);

/* ---- Teams (team.c, collectives.c) ----------------------------------------------------- */

struct local_team; /* in the arena, shared by the ranks */

int tri__local_team_run(const struct tri__workers *workers, const struct tri__call *call, int size);

/* worker_count and host_count of threads and fork. */
int tri__local_worker_count(int requested, int preferred);
int tri__local_host_count(void);

#endif
