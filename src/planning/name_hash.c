/*
 * name_hash.c
 *		Hashes of names that are joined from others, or cut out of them, without a
 *		look at their bytes.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "planning/name_hash.h"

/* No hash is that. */
#define FREE_PLACE	PG_UINT64_MAX

/* How many bytes are hashed between two looks for a cancel. */
#define BYTES_AT_A_TIME	(1024 * 1024)

/* A base, at random. */
uint64
name_hash_draw_base(void)
{
	return pg_prng_uint64_range(&pg_global_prng_state, 1024, NAME_HASH_PRIME - 1);
}

/* The base to the power of a length. */
uint64
name_hash_power(uint64 base, uint32 length)
{
	uint64		power = 1;

	for (; length > 0; length >>= 1)
	{
		if (length & 1)
			power = name_hash_multiply(power, base);
		base = name_hash_multiply(base, base);
	}
	return power;
}

uint64
name_hash(uint64 base, Slice name)
{
	uint64		hash = 0;

	for (uint32 i = 0; i < name.len; i++)
	{
		if (i % BYTES_AT_A_TIME == 0)
			CHECK_FOR_INTERRUPTS();
		hash = name_hash_append(base, hash, name.data[i]);
	}
	return hash;
}

/* Empty, with room for so many, in the current memory context. */
void
name_hash_set_init(NameHashSet *set, uint32 count)
{
	uint64		size = 64;

	while (size < 2 * (uint64) count)
		size *= 2;
	set->mask = size - 1;
	set->places = MemoryContextAllocHuge(CurrentMemoryContext, size * sizeof(uint64));
	for (uint64 i = 0; i < size; i++)
		set->places[i] = FREE_PLACE;
}

/* Where a hash is, or would be. */
static uint64 *
find_place(const NameHashSet *set, uint64 hash)
{
	uint64		place = hash & set->mask;

	while (set->places[place] != FREE_PLACE && set->places[place] != hash)
		place = (place + 1) & set->mask;
	return &set->places[place];
}

/* There is room for it. */
void
name_hash_set_add(NameHashSet *set, uint64 hash)
{
	*find_place(set, hash) = hash;
}

bool
name_hash_set_contains(const NameHashSet *set, uint64 hash)
{
	return *find_place(set, hash) == hash;
}
