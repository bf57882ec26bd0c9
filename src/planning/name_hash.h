/*
 * name_hash.h
 *		Hashes of names that are joined from others, or cut out of them, without a
 *		look at their bytes.
 *
 * A name is a number whose digits are its bytes, to a base that is drawn for each
 * use, modulo a prime.  So the hash of a joined name follows from the hashes of
 * its parts, and that of a part from the whole's.  Two names of length n have the
 * same hash with a probability of n / 2^61, whatever they are: nobody knows the
 * base.
 */
#ifndef TRAINPLAN_NAME_HASH_H
#define TRAINPLAN_NAME_HASH_H

#include "base/slice.h"

#define NAME_HASH_PRIME	((UINT64CONST(1) << 61) - 1)

/* a * b; both are less than the prime, and so is what comes of them. */
static inline uint64
name_hash_multiply(uint64 a, uint64 b)
{
	const uint64 low31 = (UINT64CONST(1) << 31) - 1;
	uint64		a_high = a >> 31;
	uint64		a_low = a & low31;
	uint64		b_high = b >> 31;
	uint64		b_low = b & low31;
	uint64		middle = a_low * b_high + a_high * b_low;
	uint64		sum;

	/* 2^61 is 1, and the middle counts 2^31 */
	sum = a_high * b_high * 2 + (middle >> 30) + ((middle & (low31 >> 1)) << 31) + a_low * b_low;
	sum = (sum >> 61) + (sum & NAME_HASH_PRIME);
	return sum >= NAME_HASH_PRIME ? sum - NAME_HASH_PRIME : sum;
}

static inline uint64
name_hash_add(uint64 a, uint64 b)
{
	uint64		sum = a + b;

	return sum >= NAME_HASH_PRIME ? sum - NAME_HASH_PRIME : sum;
}

/* The hash of a name with one more byte behind it; that of no bytes is 0. */
static inline uint64
name_hash_append(uint64 base, uint64 hash, char byte)
{
	/* no byte is 0: a name differs from itself with a zero byte before it */
	return name_hash_add(name_hash_multiply(hash, base), (unsigned char) byte + 1);
}

/* The hash of a name behind another one; power is base to the power of its length. */
static inline uint64
name_hash_join(uint64 before, uint64 power, uint64 hash)
{
	return name_hash_add(name_hash_multiply(before, power), hash);
}

/* The inverse: the hash of what stands behind a part of the whole. */
static inline uint64
name_hash_behind(uint64 whole, uint64 power, uint64 before)
{
	return name_hash_add(whole, NAME_HASH_PRIME - name_hash_multiply(before, power));
}

extern uint64 name_hash_draw_base(void);
extern uint64 name_hash_power(uint64 base, uint32 length);
extern uint64 name_hash(uint64 base, Slice name);

/* A set of hashes. */
typedef struct NameHashSet
{
	uint64		mask;			/* one less than the number of its places */
	uint64	   *places;
} NameHashSet;

extern void name_hash_set_init(NameHashSet *set, uint32 count);
extern void name_hash_set_add(NameHashSet *set, uint64 hash);
extern bool name_hash_set_contains(const NameHashSet *set, uint64 hash);

#endif							/* TRAINPLAN_NAME_HASH_H */
