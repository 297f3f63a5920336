/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Waiting for a word in shared memory to change: spin briefly, then sleep on a futex. Waking a
 * sleeper takes tens of microseconds on a virtual machine, so a wait that is about to be over is
 * worth a short spin; but never where the one waited for may need this very CPU.
 */
#include "local.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SPINS = 1000 }; /* about 20 µs */

static void pause_cpu(void)
{
#if defined __x86_64__ || defined __i386__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("isb");
#endif
}

void tri__wait_while(_Atomic uint32_t *word, uint32_t old, bool spin)
{
    for (int i = 0; spin && i < SPINS; i++) {
        if (atomic_load_explicit(word, memory_order_acquire) != old)
            return;
        pause_cpu();
    }
    while (atomic_load_explicit(word, memory_order_acquire) == old)
        syscall(SYS_futex, word, FUTEX_WAIT, old, NULL, NULL, 0);
}

void tri__wake_all(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

double tri__now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
