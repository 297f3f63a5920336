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

bool tri__may_spin(void)
{
    static _Atomic int cpus;
    if (atomic_load_explicit(&cpus, memory_order_relaxed) == 0)
        atomic_store_explicit(&cpus, tri_cpu_count(), memory_order_relaxed);
    return atomic_load_explicit(&cpus, memory_order_relaxed) > 1;
}

void tri__pause(int count)
{
    for (int i = 0; i < count; i++)
        pause_cpu();
}

static bool is_over(_Atomic uint32_t *word, uint32_t old)
{
    return atomic_load_explicit(word, memory_order_acquire) != old;
}

bool tri__spin_while(_Atomic uint32_t *word, uint32_t old)
{
    for (int i = 0; i < SPINS; i++) {
        if (is_over(word, old))
            return true;
        pause_cpu();
    }
    return false;
}

bool tri__wait_until(_Atomic uint32_t *word, uint32_t old, double time)
{
    while (!is_over(word, old)) {
        double left_s = time < TRI__FOR_EVER ? time - tri__now() : 0;
        struct timespec left = {(time_t)left_s, (long)(1e9 * (left_s - (double)(time_t)left_s))};
        if (time < TRI__FOR_EVER && left_s <= 0)
            return false;
        syscall(SYS_futex, word, FUTEX_WAIT, old, time < TRI__FOR_EVER ? &left : NULL, NULL, 0);
    }
    return true;
}

void tri__wait_while(_Atomic uint32_t *word, uint32_t old, bool spin)
{
    if (!spin || !tri__spin_while(word, old))
        tri__wait_until(word, old, TRI__FOR_EVER);
}

int tri__wake(_Atomic uint32_t *word, int count)
{
    return (int)syscall(SYS_futex, word, FUTEX_WAKE, count, NULL, NULL, 0);
}

void tri__wake_all(_Atomic uint32_t *word)
{
    tri__wake(word, INT_MAX);
}

double tri__now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double tri__time_after(double timeout_s)
{
    return timeout_s < 0 || timeout_s > 1e9 ? TRI__FOR_EVER : tri__now() + timeout_s;
}
