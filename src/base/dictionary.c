/*
 * dictionary.c
 *		A dictionary of byte strings.
 *
 * A routing relation says millions of times a few thousand names and a few
 * hundred reasons.  In a dictionary each has a number, so that a row is a few
 * numbers; and where rows have to be in the order of their names, which share
 * long prefixes (y_will_swing_low_10m_0.20, y_will_swing_low_10m_0.25), the
 * dictionary is sorted instead of the rows.  Sorted, it is order-preserving:
 * every string, in it or not, has a code that sorts as the string does by its
 * bytes, which is the order of the C collation:
 *
 *		the string of rank r (from 0) in the dictionary has the code 2r + 1;
 *		any other has twice the number of strings that sort before it.
 *
 * So a dictionary of any subset of the strings, even an empty one, keeps the
 * order; strings between the same two neighbours share an even code, and only
 * they have to be compared themselves.  That is what allows a limit on the
 * dictionary's memory: strings beyond it are turned away, sorting gets slower,
 * and nothing else changes.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/dictionary.h"

typedef struct Entry
{
	Slice		string;
	uint32		hash;
	uint32		number;
	char		status;
} Entry;

/*
 * Nobody knows the seed: strings of which all have the same hash, so that each is
 * compared with all others, can't be made up.
 */
static inline uint32
hash_string(const void *seed, Slice string)
{
	return (uint32) hash_bytes_extended((const unsigned char *) string.data, (int) string.len,
										*(const uint64 *) seed);
}

#define SH_PREFIX			entries
#define SH_ELEMENT_TYPE		Entry
#define SH_KEY_TYPE			Slice
#define SH_KEY				string
#define SH_HASH_KEY(table, key)	hash_string((table)->private_data, key)
#define SH_EQUAL(table, a, b)	slice_equal(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(table, entry)	(entry)->hash
#define SH_SCOPE			static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Numbers by their strings. */
#define ST_SORT sort_numbers
#define ST_ELEMENT_TYPE uint32
#define ST_COMPARE_ARG_TYPE Slice
#define ST_COMPARE(a, b, strings) slice_compare((strings)[*(a)], (strings)[*(b)])
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* What a string takes beside its bytes: its entry, with the table's free room, and its places. */
#define ENTRY_OVERHEAD		(2 * sizeof(Entry) + 2 * sizeof(Slice) + 2 * sizeof(uint32))

/* For how many strings there is room before it grows. */
#define FIRST_STRINGS		16

struct Dictionary
{
	MemoryContext context;
	uint64		seed;			/* of all hashes */
	Size		limit;			/* bytes */
	Size		used;
	bool		complete;		/* no string was turned away */
	entries_hash *table;
	uint32		count;
	uint32		capacity;
	Slice	   *strings;		/* by number */

	/* once sorted, of the strings that were there then */
	bool		sorted;
	uint32	   *ranks;			/* by number */
	uint32	   *numbers;		/* by rank */
};

/*
 * An empty dictionary in the current memory context, which takes not much more
 * than limit bytes.
 */
Dictionary *
dictionary_create(Size limit)
{
	Dictionary *dictionary = palloc0(sizeof(Dictionary));

	dictionary->context = AllocSetContextCreate(CurrentMemoryContext, "trainplan dictionary",
												ALLOCSET_DEFAULT_SIZES);
	dictionary->limit = limit;
	dictionary->complete = true;
	dictionary->seed = pg_prng_uint64(&pg_global_prng_state);
	dictionary->table = entries_create(dictionary->context, FIRST_STRINGS, &dictionary->seed);
	dictionary->capacity = FIRST_STRINGS;
	dictionary->strings = MemoryContextAlloc(dictionary->context,
											 dictionary->capacity * sizeof(Slice));
	return dictionary;
}

/* Give all memory back. */
void
dictionary_free(Dictionary *dictionary)
{
	MemoryContextDelete(dictionary->context);
	pfree(dictionary);
}

/*
 * A string's number, counted from 0 as they come; NOT_KEPT if there is no room
 * for it, or if the dictionary has been sorted without it.
 */
uint32
dictionary_add(Dictionary *dictionary, Slice string)
{
	Entry	   *entry = entries_lookup(dictionary->table, string);
	bool		found;
	char	   *copy;

	if (entry != NULL)
		return entry->number;

	if (dictionary->sorted ||
		dictionary->used + string.len + ENTRY_OVERHEAD > dictionary->limit ||
		dictionary->count > MAX_NUMBER)
	{
		dictionary->complete = false;
		return NOT_KEPT;
	}
	dictionary->used += string.len + ENTRY_OVERHEAD;

	copy = MemoryContextAlloc(dictionary->context, string.len);
	memcpy(copy, string.data, string.len);
	string.data = copy;

	if (dictionary->count == dictionary->capacity)
	{
		dictionary->capacity *= 2;
		dictionary->strings = repalloc_huge(dictionary->strings,
											dictionary->capacity * sizeof(Slice));
	}
	dictionary->strings[dictionary->count] = string;

	entry = entries_insert(dictionary->table, string, &found);
	Assert(!found);
	entry->number = dictionary->count++;
	return entry->number;
}

/* The string of a number; lives as long as the dictionary. */
Slice
dictionary_get(const Dictionary *dictionary, uint32 number)
{
	Assert(number < dictionary->count);
	return dictionary->strings[number];
}

/* How many strings have a number. */
uint32
dictionary_count(const Dictionary *dictionary)
{
	return dictionary->count;
}

/* Has every string that came been kept? */
bool
dictionary_is_complete(const Dictionary *dictionary)
{
	return dictionary->complete;
}

/* From now on there are ranks and codes, and no more strings are kept. */
void
dictionary_sort(Dictionary *dictionary)
{
	Size		size = dictionary->count * sizeof(uint32);

	dictionary->numbers = MemoryContextAllocHuge(dictionary->context, size);
	for (uint32 i = 0; i < dictionary->count; i++)
		dictionary->numbers[i] = i;
	sort_numbers(dictionary->numbers, dictionary->count, dictionary->strings);

	dictionary->ranks = MemoryContextAllocHuge(dictionary->context, size);
	for (uint32 rank = 0; rank < dictionary->count; rank++)
		dictionary->ranks[dictionary->numbers[rank]] = rank;
	dictionary->sorted = true;
}

/* How many strings in the dictionary sort before that of a number. */
uint32
dictionary_rank(const Dictionary *dictionary, uint32 number)
{
	return dictionary->ranks[number];
}

/* The number of the string that has a rank. */
uint32
dictionary_number(const Dictionary *dictionary, uint32 rank)
{
	return dictionary->numbers[rank];
}

/*
 * The code of a string, as the top of this file has it.  number is what
 * dictionary_add() returned; the string itself matters only if that was
 * NOT_KEPT.
 */
uint32
dictionary_code(const Dictionary *dictionary, uint32 number, Slice string)
{
	uint32		low = 0;
	uint32		high = dictionary->count;

	if (number != NOT_KEPT)
		return 2 * dictionary->ranks[number] + 1;

	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;

		if (slice_compare(dictionary->strings[dictionary->numbers[middle]], string) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return 2 * low;
}

/* How many codes there are; the largest is one less. */
uint32
dictionary_codes(const Dictionary *dictionary)
{
	return 2 * dictionary->count + 1;
}
