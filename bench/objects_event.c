/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Waking a process: by an event, and by a futex alone. Each of the two has a CPU of its own, where
 * there are two: where the kernel puts them changes a wake by a factor of ten.
 */
#include "clock.h"
#include "objects.h"

#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { RINGS = 400, WARM_UP = 20 };

/* Long enough for the one who waits to be asleep. */
static const double PAUSE_S = 1e-3;

struct bell {
    tri_event event;
    _Alignas(64) _Atomic uint32_t word;
    _Alignas(64) double rung_at;
    _Atomic int heard;
    double times[RINGS];
};

struct sound {
    void (*ring)(struct bell *), (*wait)(struct bell *), (*mute)(struct bell *);
};

static void ring_event(struct bell *bell)
{
    check(tri_event_set(bell->event));
}

static void wait_for_event(struct bell *bell)
{
    check(tri_event_wait(bell->event, -1));
}

static void mute_event(struct bell *bell)
{
    check(tri_event_clear(bell->event));
}

static void ring_futex(struct bell *bell)
{
    atomic_store(&bell->word, 1);
    syscall(SYS_futex, &bell->word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void wait_for_futex(struct bell *bell)
{
    while (atomic_load(&bell->word) == 0)
        syscall(SYS_futex, &bell->word, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static void mute_futex(struct bell *bell)
{
    atomic_store(&bell->word, 0);
}

static const struct sound of_event = {ring_event, wait_for_event, mute_event},
                          of_futex = {ring_futex, wait_for_futex, mute_futex};

static void ring(struct bell *bell, const struct sound *sound)
{
    for (int i = -WARM_UP; i < RINGS; i++) {
        while (atomic_load(&bell->heard) < i + WARM_UP)
            nap(PAUSE_S / 10);
        nap(PAUSE_S);
        bell->rung_at = clock_now();
        sound->ring(bell);
    }
}

static void listen(struct bell *bell, const struct sound *sound)
{
    for (int i = -WARM_UP; i < RINGS; i++) {
        sound->wait(bell);
        double time = clock_now() - bell->rung_at;
        if (i >= 0)
            bell->times[i] = time;
        sound->mute(bell);
        atomic_fetch_add(&bell->heard, 1);
    }
}

static void use_event(struct crew *crew, int number, void *shared)
{
    crew_keep_cpu(number);
    crew_begin(crew, number);
    (number == 0 ? ring : listen)(shared, &of_event);
}

static void use_futex(struct crew *crew, int number, void *shared)
{
    crew_keep_cpu(number);
    crew_begin(crew, number);
    (number == 0 ? ring : listen)(shared, &of_futex);
}

static double wake(crew_work *work)
{
    struct bell *bell = new_shared(sizeof *bell);
    check(tri_event_new(&bell->event));
    crew_run(work, bell, 2);
    double time = median(bell->times, RINGS);
    check(tri_event_free(bell->event));
    tri_shared_free(bell);
    return time;
}

double event(void)
{
    return wake(use_event);
}

double futex(void)
{
    return wake(use_futex);
}
