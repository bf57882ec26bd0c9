/*
 * key_set.c
 *		The keys of a mapping of any size: is one there twice?
 *
 * As long as they fit into some memory, a dictionary tells at once.  When they no
 * longer do, all of them are sorted, on disk if need be, and it is told when all
 * have come.  A record that is sorted is the key, 0, and its place, most
 * significant byte first; no key has a zero byte.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"

#include "base/byte_sort.h"
#include "base/dictionary.h"
#include "formats/key_set.h"

struct KeySet
{
	MemoryContext context;
	int			memory_kb;
	Dictionary *keys;			/* NULL: they are sorted */
	uint64	   *places;			/* of these keys, by number */
	uint32		capacity;
	ByteSort   *records;
	StringInfoData repeated;	/* that was found behind the sort */
};

/* In a new child of the current memory context; about so many bytes are kept in memory. */
KeySet *
key_set_create(Size memory)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan keys",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	KeySet	   *set = palloc0(sizeof(KeySet));

	set->context = context;
	set->memory_kb = memory / 1024;
	set->keys = dictionary_create(memory);
	set->capacity = 16;
	set->places = palloc(set->capacity * sizeof(uint64));
	MemoryContextSwitchTo(caller);
	return set;
}

static void
put_record(KeySet *set, Slice key, uint64 place)
{
	uint64		bytes = pg_hton64(place);
	StringInfo	record = byte_sort_begin_record(set->records);

	append_slice(record, key);
	appendStringInfoCharMacro(record, '\0');
	appendBinaryStringInfo(record, (const char *) &bytes, sizeof(bytes));
	byte_sort_put(set->records);
}

/* The dictionary is full: sort the keys instead. */
static void
spill_keys(KeySet *set)
{
	set->records = byte_sort_create(set->memory_kb);
	for (uint32 i = 0; i < dictionary_count(set->keys); i++)
	{
		CHECK_FOR_INTERRUPTS();
		put_record(set, dictionary_get(set->keys, i), set->places[i]);
	}
	dictionary_free(set->keys);
	set->keys = NULL;
}

/*
 * Take a key, which is copied, and where it stands: a place is greater than all
 * before.  False if the key is known to be there already, at *first; if it is not
 * known, that is still to be seen by key_set_repeated().
 */
bool
key_set_add(KeySet *set, Slice key, uint64 place, uint64 *first)
{
	MemoryContext caller = MemoryContextSwitchTo(set->context);
	bool		is_new = true;

	if (set->keys != NULL)
	{
		uint32		count = dictionary_count(set->keys);
		uint32		number = dictionary_add(set->keys, key);

		is_new = number >= count;
		if (number == NOT_KEPT)
			spill_keys(set);
		else if (is_new)
		{
			if (number == set->capacity)
			{
				set->capacity *= 2;
				set->places = repalloc_huge(set->places, set->capacity * sizeof(uint64));
			}
			set->places[number] = place;
		}
		else
			*first = set->places[number];
	}
	if (set->keys == NULL)
		put_record(set, key, place);
	MemoryContextSwitchTo(caller);
	return is_new;
}

static uint64
record_place(Slice record)
{
	uint64		bytes;

	memcpy(&bytes, record.data + record.len - sizeof(bytes), sizeof(bytes));
	return pg_ntoh64(bytes);
}

/* The key of a record. */
static Slice
record_key(Slice record)
{
	record.len -= sizeof(uint64) + 1;
	return record;
}

/*
 * All keys are in: is one of them there twice?  If so, *key is the one that is
 * repeated first, which lives as long as the set, *first where it stands, and
 * *place where it is repeated.
 */
bool
key_set_repeated(KeySet *set, Slice *key, uint64 *first, uint64 *place)
{
	MemoryContext caller;
	StringInfoData previous;	/* key */
	uint64		previous_first = 0;
	bool		any = false;
	bool		found = false;
	Slice		record;

	if (set->keys != NULL)
		return false;

	caller = MemoryContextSwitchTo(set->context);
	initStringInfo(&previous);
	initStringInfo(&set->repeated);
	byte_sort_perform(set->records);
	while (byte_sort_next(set->records, &record))
	{
		CHECK_FOR_INTERRUPTS();
		if (!any || !slice_equal(record_key(record), slice_from_buffer(&previous)))
		{
			hold_slice(&previous, record_key(record));
			previous_first = record_place(record);
			any = true;
		}
		else if (!found || record_place(record) < *place)
		{
			hold_slice(&set->repeated, record_key(record));
			*first = previous_first;
			*place = record_place(record);
			found = true;
		}
	}
	*key = slice_from_buffer(&set->repeated);
	MemoryContextSwitchTo(caller);
	return found;
}

/* Give memory and files back. */
void
key_set_free(KeySet *set)
{
	if (set->records != NULL)
		byte_sort_end(set->records);
	MemoryContextDelete(set->context);
}
