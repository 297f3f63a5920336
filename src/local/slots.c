/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Slots in segments, each twice as large as the one before; free ones are a stack as the arena's
 * blocks are. Any process may take and give, and be killed meanwhile: it may lose a slot.
 */
#include "slots.h"

enum { FIRST = 64 }; /* slots in the first segment: a power of two */

static const uint64_t tag = (uint64_t)1 << 32;

static int segment_of(uint32_t number)
{
    return __builtin_clz(FIRST) - __builtin_clz(number - 1 + FIRST);
}

static void *slot_in(const struct tri__slots *slots, uint32_t number, char *segment)
{
    uint32_t begin = (uint32_t)FIRST << segment_of(number);
    return segment + (number - 1 + FIRST - begin) * slots->size;
}

void *tri__slot_at(const struct tri__slots *slots, uint32_t number)
{
    if (number == 0 || number > atomic_load_explicit(&slots->used, memory_order_acquire))
        return NULL;
    uint32_t segment = atomic_load_explicit(&slots->segments[segment_of(number)], //
                                            memory_order_acquire);
    return segment ? slot_in(slots, number, tri__arena_at(segment)) : NULL;
}

static void *take_free(struct tri__slots *slots, uint32_t *number)
{
    uint64_t first = atomic_load(&slots->free);
    struct tri__slot *slot;
    do {
        slot = tri__slot_at(slots, (uint32_t)first);
        if (slot == NULL)
            return NULL;
    } while (!atomic_compare_exchange_weak(&slots->free, &first,
                                           ((first & -tag) + tag) | atomic_load(&slot->next_free)));
    *number = (uint32_t)first;
    return slot;
}

/* Two may make the same segment: the second one's is not used. */
static bool make_segment(struct tri__slots *slots, int segment)
{
    uint32_t none = 0;
    void *memory = tri__arena_alloc(((size_t)FIRST << segment) * slots->size);
    if (memory && !atomic_compare_exchange_strong(&slots->segments[segment], &none,
                                                  tri__arena_number(memory)))
        tri__arena_free(memory);
    return memory != NULL;
}

static void *take_new(struct tri__slots *slots, uint32_t *number)
{
    uint32_t used = atomic_load(&slots->used);
    do {
        int segment = segment_of(used + 1);
        if (segment == TRI__SLOT_SEGMENTS) {
            tri_fail(TRI_ENOMEM, "there are %u objects already", used);
            return NULL;
        }
        if (atomic_load(&slots->segments[segment]) == 0 && !make_segment(slots, segment))
            return NULL;
    } while (!atomic_compare_exchange_weak(&slots->used, &used, used + 1));
    *number = used + 1;
    return tri__slot_at(slots, used + 1);
}

void *tri__slot_take(struct tri__slots *slots, uint32_t *number)
{
    void *slot = take_free(slots, number);
    return slot ? slot : take_new(slots, number);
}

void tri__slot_give(struct tri__slots *slots, uint32_t number)
{
    struct tri__slot *slot = tri__slot_at(slots, number);
    uint64_t first = atomic_load(&slots->free);
    do
        atomic_store(&slot->next_free, (uint32_t)first);
    while (!atomic_compare_exchange_weak(&slots->free, &first, ((first & -tag) + tag) | number));
}
