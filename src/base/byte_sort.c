/*
 * byte_sort.c
 *		Sorts byte records by their bytes.
 *
 * A tuplesort of bytea, which spills to disk when its memory is used up.  The
 * first eight bytes are a record's abbreviated key: where they differ, nothing
 * else is compared.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "port/pg_bswap.h"
#include "utils/tuplesort.h"
#include "utils/typcache.h"

#include "base/byte_sort.h"
#include "base/executor_compat.h"

struct ByteSort
{
	Tuplesortstate *tuplesort;
	StringInfoData datum;		/* the record that is being made, as a bytea */
	Datum		current;		/* the record that was read last, or 0 */
};

static ByteSort *
create(int memory_kb, int options)
{
	ByteSort   *sort = palloc0(sizeof(ByteSort));
	TypeCacheEntry *bytea = lookup_type_cache(BYTEAOID, TYPECACHE_LT_OPR);

	sort->tuplesort = tuplesort_begin_datum(BYTEAOID, bytea->lt_opr, InvalidOid, false,
											memory_kb, NULL, options);
	initStringInfo(&sort->datum);
	return sort;
}

/* In the current memory context. */
ByteSort *
byte_sort_create(int memory_kb)
{
	return create(memory_kb, TUPLESORT_NONE);
}

/* One whose records can be read again. */
ByteSort *
byte_sort_create_rewindable(int memory_kb)
{
	return create(memory_kb, TUPLESORT_RANDOMACCESS);
}

/* Begin a record: append it to what is returned, then call byte_sort_put(). */
StringInfo
byte_sort_begin_record(ByteSort *sort)
{
	resetStringInfo(&sort->datum);
	appendStringInfoSpaces(&sort->datum, VARHDRSZ);
	return &sort->datum;
}

/* Take the record that was begun, which is copied. */
void
byte_sort_put(ByteSort *sort)
{
	SET_VARSIZE(sort->datum.data, sort->datum.len);
	tuplesort_putdatum(sort->tuplesort, PointerGetDatum(sort->datum.data), false);
}

/* All records are in: sort them. */
void
byte_sort_perform(ByteSort *sort)
{
	tuplesort_performsort(sort->tuplesort);
}

/* The next record, which lives until the next call; false after the last. */
bool
byte_sort_next(ByteSort *sort, Slice *record)
{
	bool		isnull;

	if (sort->current != (Datum) 0)
		pfree(DatumGetPointer(sort->current));
	sort->current = (Datum) 0;

	if (!tuplesort_getdatum(sort->tuplesort, true, true, &sort->current, &isnull, NULL))
		return false;
	*record = slice_from_text((struct varlena *) DatumGetPointer(sort->current));
	return true;
}

/* Begin again with the first record, of a sort that is rewindable. */
void
byte_sort_rewind(ByteSort *sort)
{
	tuplesort_rescan(sort->tuplesort);
}

/* Give memory and files back. */
void
byte_sort_end(ByteSort *sort)
{
	tuplesort_end(sort->tuplesort);
	if (sort->current != (Datum) 0)
		pfree(DatumGetPointer(sort->current));
	pfree(sort->datum.data);
	pfree(sort);
}

/* Append a number to a record, as bytes that sort as it does. */
void
append_sortable_number(StringInfo record, int64 number)
{
	uint64		bytes = pg_hton64((uint64) number ^ (UINT64CONST(1) << 63));

	appendBinaryStringInfo(record, (const char *) &bytes, sizeof(bytes));
}

/* Read such a number from the beginning of a record, which is what is behind it then. */
int64
read_sortable_number(Slice *record)
{
	uint64		bytes;

	memcpy(&bytes, record->data, sizeof(bytes));
	record->data += sizeof(bytes);
	record->len -= sizeof(bytes);
	return (int64) (pg_ntoh64(bytes) ^ (UINT64CONST(1) << 63));
}
