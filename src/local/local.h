/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the files of src/local share: the arena, waiting, and workers of two kinds behind one
 * interface, so that teams, pools and processes are written once for threads and fork.
 */
#ifndef TRI__LOCAL_H
#define TRI__LOCAL_H

#include "internal.h"

#include <stdatomic.h>

/* ---- The arena (arena.c) --------------------------------------------------------------- */

/* Maps the arena: once, before the fork server starts. */
int tri__arena_open(void);

/* Zeroed memory at the same address in every process of this host, aligned to 64 bytes; NULL,
 * with words, when the arena is full. Any process may allocate and free. */
void *tri__arena_alloc(size_t size);
void tri__arena_free(void *memory); /* NULL is fine */

/* For the thread sanitizer, which sees only this process: what others have made, in memory that
 * may have been freed here, has come back. */
#ifdef __SANITIZE_THREAD__
void tri__arena_note_return(void);
#else
static inline void tri__arena_note_return(void)
{
}
#endif

/* The same, but the memory is zeroed only if *is_zero says so. */
void *tri__arena_take(size_t size, bool *is_zero);

/* A block's number fits where a pointer does not. 0 stands for NULL. */
enum { TRI__ARENA_ALIGNMENT = 64 };
uint32_t tri__arena_number(const void *memory);
void *tri__arena_at(uint32_t number);

bool tri__arena_has(const void *memory);

/* Counts this run's processes. */
uint64_t tri__arena_next_process(void);

/* ---- Waiting (wait.c) ------------------------------------------------------------------ */

/* All work between processes. Times are those of tri__now(). */
#define TRI__FOR_EVER 1e300

/* Waits until *word is no longer `old`. `spin` lets it burn the CPU for some microseconds first:
 * false on a machine with more workers than CPUs. */
void tri__wait_while(_Atomic uint32_t *word, uint32_t old, bool spin);

/* The same in two parts: only the spin, and only the sleep. False when the time was over. */
bool tri__spin_while(_Atomic uint32_t *word, uint32_t old);
bool tri__wait_until(_Atomic uint32_t *word, uint32_t old, double time);

/* Whether spinning can be of use: not where there is one CPU. */
bool tri__may_spin(void);

/* So often, what a CPU has for spinning. */
void tri__pause(int count);

/* Wakes those who wait on `word`, `count` of them at most; to be called after it has been changed.
 * Returns how many there were. */
int tri__wake(_Atomic uint32_t *word, int count);
void tri__wake_all(_Atomic uint32_t *word);

/* ---- Workers --------------------------------------------------------------------------- */

/* What worker number `worker` runs; it ends when this returns. */
typedef void tri__worker_entry(void *context, int worker);

/* How a worker ended. */
struct tri__worker_end {
    int worker;
    int pid;       /* 0: it was killed with the fork server */
    int error;     /* errno when it could not be started, else 0 */
    int status;    /* as waitpid gives it; 0 for a thread */
    void *context; /* as it was started with */
};

/* Who is told of the ends of workers, each of them once: on_end is called by any thread, with
 * ends.c's lock held, and only takes note. */
struct tri__watcher {
    void (*on_end)(struct tri__watcher *, const struct tri__worker_end *);
};

/* How workers come to life. */
struct tri__workers {
    /* Starts workers first … first+count-1. One that cannot be started is reported as ended. */
    int (*start)(struct tri__watcher *, tri__worker_entry *entry, void *context, int first,
                 int count);
    /* Sends a signal to the watcher's worker of that number, to all for -1. Those that have ended
     * are passed over. Not with ends.c's lock. NULL where that cannot be done. */
    void (*signal)(struct tri__watcher *, int worker, int signal);
};

extern const struct tri__workers tri__threads, tri__forked;

/* What waitpid gave, in words: "was killed by signal 9 (Killed)". Returns `buffer`. */
const char *tri__wait_status_words(int status, char *buffer, size_t size);

/* A number that no other process of this run has, and that a process forked by the user does not
 * share with its parent. */
uint64_t tri__process_number(void);

/* The process id of the process whose worker this one is; 0 in the controller. */
long tri__process_parent(void);

/* ---- Ends (ends.c) --------------------------------------------------------------------- */

/* Readies this process, if it is not yet: before the first workers are started. */
int tri__ends_need(void);

/* In a new process: what it has of these is its parent's. */
void tri__ends_forget(void);

/* Tells the watcher, and wakes who waits. */
void tri__ends_deliver(struct tri__watcher *, const struct tri__worker_end *end);

/* The lock that on_end is called with. */
void tri__ends_lock(void);
void tri__ends_unlock(void);

/* Waits until is_over(context), which is called with the lock held and which an on_end may have
 * made true, or until `time`; returns what it is then. */
bool tri__ends_wait(bool (*is_over)(void *context), void *context, double time);

/* A number that changes whenever something has come. Call with the lock. */
unsigned tri__ends_news(void);

/* Makes those look again who are in tri__ends_wait in the process whose tri__ends_nudges() this is:
 * a descriptor that its workers inherit. */
int tri__ends_nudges(void);
void tri__ends_nudge(int nudges);

/* ---- Teams (team.c, collectives.c) ----------------------------------------------------- */

struct local_team; /* in the arena, shared by the ranks */

/* workers is NULL where the calling thread is the one rank. */
int tri__local_team_run(const struct tri__workers *workers, const struct tri__call *call, int size);

/* worker_count and host_count of threads and fork. */
int tri__local_worker_count(int requested, int preferred);
int tri__local_host_count(void);

#endif
