/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Exact sums. A finite double is an integer of 53 bits times 2^(shift-1074), 0 <= shift <= 2045.
 * Shifted into place it touches three limbs of 32 bits; these are added or subtracted without
 * looking at carries, for which each limb has 31 bits to spare. Only after 2^30 additions, or
 * before the value is wanted, are the carries propagated.
 *
 * The invariant: |limb[i]| <= (pending + 1) * 2^32 for every i.
 */
#include "internal.h"

#include <math.h>
#include <string.h>

enum { LIMB_BITS = 32, MANTISSA_BITS = 53, LOWEST_EXPONENT = -1074 };
static const int64_t LIMB_MASK = 0xffffffff;
static const int64_t PENDING_MAX = 1 << 30;

void tri__exact_carry(tri_exact *sum)
{
    for (int i = 0; i + 1 < TRI_EXACT_LIMBS; i++) {
        sum->limb[i + 1] += sum->limb[i] >> LIMB_BITS;
        sum->limb[i] &= LIMB_MASK;
    }
    sum->pending = 0;
}

static void add_special(tri_exact *sum, double number)
{
    if (isnan(number))
        sum->nans++;
    else
        sum->infinities[signbit(number) != 0]++;
}

void tri_exact_add(tri_exact *sum, double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    unsigned exponent = bits >> 52 & 0x7ff;
    uint64_t mantissa = bits & 0xfffffffffffff;
    if (exponent == 0x7ff) {
        add_special(sum, number);
        return;
    }
    if (exponent != 0)
        mantissa |= (uint64_t)1 << 52;
    else
        exponent = 1;

    unsigned shift = exponent - 1, within = shift % LIMB_BITS;
    int64_t *limb = &sum->limb[shift / LIMB_BITS];
    uint64_t low = mantissa << within;
    uint64_t high = mantissa >> 1 >> (63 - within);
    int64_t sign = 1 - 2 * (int64_t)(bits >> 63);
    limb[0] += sign * ((int64_t)low & LIMB_MASK);
    limb[1] += sign * (int64_t)(low >> LIMB_BITS);
    limb[2] += sign * (int64_t)high;
    if (++sum->pending >= PENDING_MAX)
        tri__exact_carry(sum);
}

void tri_exact_merge(tri_exact *sum, const tri_exact *other)
{
    if (sum->pending + other->pending + 1 >= PENDING_MAX)
        tri__exact_carry(sum);
    for (int i = 0; i < TRI_EXACT_LIMBS; i++)
        sum->limb[i] += other->limb[i];
    for (int i = 0; i < 2; i++)
        sum->infinities[i] += other->infinities[i];
    sum->nans += other->nans;
    sum->pending += other->pending + 1;
}

/* The `count` bits (at most 64) from position `from` of a carried, non-negative sum. */
static uint64_t bits_at(const tri_exact *sum, int from, int count)
{
    uint64_t bits = 0;
    for (int i = count - 1; i >= 0; i--) {
        int position = from + i;
        bits = bits << 1 | (sum->limb[position / LIMB_BITS] >> position % LIMB_BITS & 1);
    }
    return bits;
}

static bool any_bit_below(const tri_exact *sum, int position)
{
    int whole = position / LIMB_BITS;
    for (int i = 0; i < whole; i++)
        if (sum->limb[i] != 0)
            return true;
    return (sum->limb[whole] & (((int64_t)1 << position % LIMB_BITS) - 1)) != 0;
}

static int bit_length(const tri_exact *sum)
{
    for (int i = TRI_EXACT_LIMBS - 1; i >= 0; i--)
        if (sum->limb[i] != 0)
            return i * LIMB_BITS + 64 - __builtin_clzll((uint64_t)sum->limb[i]);
    return 0;
}

/* Rounds a carried, non-negative sum to nearest, ties to even. Its last bit is the last bit of
 * the smallest subnormal, so there is no second rounding. */
static double round_to_double(const tri_exact *sum)
{
    int length = bit_length(sum);
    int drop = length > MANTISSA_BITS ? length - MANTISSA_BITS : 0;
    uint64_t mantissa = bits_at(sum, drop, length - drop);
    if (drop > 0 && bits_at(sum, drop - 1, 1) && (any_bit_below(sum, drop - 1) || (mantissa & 1)))
        mantissa++;
    return ldexp((double)mantissa, drop + LOWEST_EXPONENT);
}

double tri_exact_value(const tri_exact *sum)
{
    if (sum->nans > 0 || (sum->infinities[0] > 0 && sum->infinities[1] > 0))
        return NAN;
    if (sum->infinities[0] > 0 || sum->infinities[1] > 0)
        return sum->infinities[0] > 0 ? INFINITY : -INFINITY;

    tri_exact carried = *sum;
    tri__exact_carry(&carried);
    if (carried.limb[TRI_EXACT_LIMBS - 1] >= 0)
        return round_to_double(&carried);
    for (int i = 0; i < TRI_EXACT_LIMBS; i++)
        carried.limb[i] = -carried.limb[i];
    tri__exact_carry(&carried);
    return -round_to_double(&carried);
}
