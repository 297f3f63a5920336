/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Slots: things of one size in the arena, known by small numbers, that stay where they are and are
 * used again. So a number that somebody made up or kept too long leads to a slot or to nothing,
 * never to other memory.
 */
#ifndef TRI__SLOTS_H
#define TRI__SLOTS_H

#include "local.h"

enum { TRI__SLOT_SEGMENTS = 20 };

/* In the arena; all zero but for the size is empty. */
struct tri__slots {
    size_t size;           /* of each, a multiple of 64 */
    _Atomic uint32_t used; /* numbers up to this one have been given out */
    _Atomic uint64_t free; /* a tag of 32 bits, and the first free one's number in 32 */
    _Atomic uint32_t segments[TRI__SLOT_SEGMENTS]; /* arena numbers; each twice the last one */
};

/* Each slot begins with this. */
struct tri__slot {
    _Atomic uint32_t next_free;
};

/* A slot, whose memory is zero, or as it was when it was given back; *number is from 1 on. NULL,
 * with words, when there is no memory. */
void *tri__slot_take(struct tri__slots *slots, uint32_t *number);
void tri__slot_give(struct tri__slots *slots, uint32_t number);

/* The slot of a number that was given out, at any time; NULL for another. */
void *tri__slot_at(const struct tri__slots *slots, uint32_t number);

#endif
