/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Waiting for any of many futures. Those who finish a job look at one word, and only where somebody
 * waits do they change it and pay for waking.
 */
#include "pool.h"

struct done {
    uint64_t owner; /* the process's number */
    _Atomic uint32_t word;
};

static _Atomic(struct done *) current;

_Atomic uint32_t *tri__done_word(void)
{
    struct done *done = atomic_load(&current), *new;
    while (done == NULL || done->owner != tri__process_number()) {
        new = tri__arena_alloc(sizeof *new);
        if (new == NULL)
            return NULL;
        new->owner = tri__process_number();
        if (atomic_compare_exchange_strong(&current, &done, new))
            done = new;
        else
            tri__arena_free(new);
    }
    return &done->word;
}

void tri__done_tell(_Atomic uint32_t *done)
{
    uint32_t old = atomic_load(done);
    while (old & 1)
        if (atomic_compare_exchange_weak(done, &old, (old & ~1u) + 2)) {
            tri__wake_all(done);
            return;
        }
}

uint32_t tri__done_ticket(void)
{
    _Atomic uint32_t *done = tri__done_word();
    return done ? atomic_fetch_or(done, 1) | 1 : 0;
}

int tri__done_wait(uint32_t ticket, double time)
{
    _Atomic uint32_t *done = tri__done_word();
    if (done == NULL || tri__now() >= time)
        return TRI_ETIMEOUT;
    if (tri__manager_is_self())
        return tri_fail(TRI_ESTATE, "a callback cannot wait for a future");
    return tri__wait_until(done, ticket, time) ? 0 : TRI_ETIMEOUT;
}
