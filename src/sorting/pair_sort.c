/*
 * pair_sort.c
 *		Sorts rows by target and symbol.
 *
 * A row is a pair (pair.c), a payload of a fixed size, and in rare cases a rest
 * of any size.  As long as they fit, rows wait in memory, in a list for each
 * target, with nothing but the symbol's number and the payload.  When all have
 * come, the dictionaries of names are sorted, the targets are walked through in
 * their order, and each list is sorted by its symbols' ranks: names are compared
 * once for each name and not for each row.
 *
 * When the lists take too much memory, a dictionary is full, or a row has a rest,
 * all rows are sorted on disk (byte_sort.c).  The dictionaries of names are sorted
 * as they are then; names that come later have codes as well, only less exact
 * ones.  On disk a row is a record that sorts by its bytes:
 *
 *		8 bytes		target's code * number of symbol codes + symbol's code, most
 *					significant byte first; the symbol's code is 0 for none, 1 more
 *					than the dictionary's for others, and 0 for all symbols of a
 *					target whose code is not exact
 *		names		if the target's code is not exact: target, 0, then 1 for no
 *					symbol or 2, symbol, 0;
 *					else if the symbol's code is not exact: symbol, 0
 *		the row		the pair, packed; payload; rest
 *
 * A name holds no zero byte, so the zero that ends it sorts a name before all
 * that it is a prefix of.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"

#include "base/byte_sort.h"
#include "sorting/pair_lists.h"
#include "sorting/pair_sort.h"

#define KEY_NO_SYMBOL		1
#define KEY_HAS_SYMBOL		2

/* A row of the list at hand: what its symbol sorts by (its rank + 1, or 0), and its place. */
#define LISTED_ROW(order, place)	((uint64) (order) << 32 | (place))
#define LISTED_PLACE(listed)		((uint32) (listed))
#define LISTED_ORDER(listed)		((uint32) ((listed) >> 32))

/* A list has most of all symbols if it has one in so many. */
#define LARGEST_SHARE	4

#define ST_SORT sort_rows
#define ST_ELEMENT_TYPE uint64
#define ST_COMPARE(a, b) (*(a) < *(b) ? -1 : *(a) > *(b) ? 1 : 0)
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

struct PairSort
{
	MemoryContext context;		/* that the sort was created in */
	const PairNames *names;
	Size		payload_size;
	Size		limit;			/* bytes, for what waits in memory, or is sorted on disk */

	/* in memory */
	PairLists  *lists;			/* NULL when rows have gone to disk */
	uint32		rank;			/* of the target whose list comes next */
	uint32		target;			/* whose list is read; its number */
	Slice		target_name;
	TakenList	list;
	uint64	   *rows;			/* of that list, sorted */
	uint32		capacity;
	uint32	   *places;			/* by what a symbol sorts by: 1 + the place of its row, or 0 */
	uint32		position;

	/* on disk */
	ByteSort   *records;
};

/* In the current memory context; the memory is for what waits, beside the names. */
PairSort *
pair_sort_create(const PairNames *names, Size payload_size, int memory_kb)
{
	PairSort   *sort = palloc0(sizeof(PairSort));

	sort->context = CurrentMemoryContext;
	sort->names = names;
	sort->payload_size = payload_size;
	sort->limit = (Size) memory_kb * 1024;
	sort->lists = pair_lists_create(payload_size);
	return sort;
}

static void
append_name(StringInfo key, Slice name)
{
	append_slice(key, name);
	appendStringInfoCharMacro(key, '\0');
}

/* Append a pair's key as the top of this file describes it. */
static void
append_key(const PairNames *names, StringInfo key, const Pair *pair)
{
	uint32		target_code = dictionary_code(names->targets, pair->target_number, pair->target);
	uint32		symbol_code = 0;
	uint64		code;

	if (code_is_exact(target_code) && !slice_is_null(pair->symbol))
		symbol_code = 1 + dictionary_code(names->symbols, pair->symbol_number, pair->symbol);
	code = (uint64) target_code * (1 + dictionary_codes(names->symbols)) + symbol_code;
	code = pg_hton64(code);
	appendBinaryStringInfo(key, (const char *) &code, sizeof(code));

	if (!code_is_exact(target_code))
	{
		append_name(key, pair->target);
		appendStringInfoCharMacro(key, slice_is_null(pair->symbol) ? KEY_NO_SYMBOL : KEY_HAS_SYMBOL);
		if (!slice_is_null(pair->symbol))
			append_name(key, pair->symbol);
	}
	else if (symbol_code > 0 && !code_is_exact(symbol_code - 1))
		append_name(key, pair->symbol);
}

/* The length of a key, which begins at key. */
static Size
key_length(const PairNames *names, const char *key)
{
	const char *end = key + sizeof(uint64);
	uint64		code;
	uint32		target_code;
	uint32		symbol_code;

	memcpy(&code, key, sizeof(code));
	code = pg_ntoh64(code);
	target_code = code / (1 + dictionary_codes(names->symbols));
	symbol_code = code % (1 + dictionary_codes(names->symbols));

	if (!code_is_exact(target_code))
	{
		end += strlen(end) + 1;
		if (*end++ == KEY_HAS_SYMBOL)
			end += strlen(end) + 1;
	}
	else if (symbol_code > 0 && !code_is_exact(symbol_code - 1))
		end += strlen(end) + 1;
	return end - key;
}

/* Append a row to a buffer. */
void
pack_row(StringInfo buffer, const SortedRow *row, Size payload_size)
{
	pack_pair(buffer, &row->pair);
	appendBinaryStringInfo(buffer, row->payload, payload_size);
	append_slice(buffer, row->rest);
}

/* The inverse; the row lives as long as the packed bytes. */
SortedRow
unpack_row(const PairNames *names, Slice packed, Size payload_size)
{
	const char *position = packed.data;
	SortedRow	row;

	row.pair = unpack_pair(names, &position);
	row.payload = position;
	row.rest.data = position + payload_size;
	row.rest.len = packed.data + packed.len - row.rest.data;
	return row;
}

static void
put_on_disk(PairSort *sort, const Pair *pair, const void *payload, Slice rest)
{
	StringInfo	record = byte_sort_begin_record(sort->records);
	SortedRow	row = {*pair, payload, rest};

	append_key(sort->names, record, pair);
	pack_row(record, &row, sort->payload_size);
	byte_sort_put(sort->records);
}

/* Give up waiting in memory. */
static void
spill_lists(PairSort *sort)
{
	MemoryContext caller = MemoryContextSwitchTo(sort->context);

	pair_names_sort(sort->names);
	sort->records = byte_sort_create(sort->limit / 1024);
	MemoryContextSwitchTo(caller);

	for (uint32 target = 0; target < pair_lists_targets(sort->lists); target++)
	{
		TakenList	list = pair_lists_take(sort->lists, target);

		for (uint32 i = 0; i < list.count; i++)
		{
			Pair		pair = pair_of_numbers(sort->names, target, taken_symbol(&list, i));

			CHECK_FOR_INTERRUPTS();
			put_on_disk(sort, &pair, taken_payload(&list, i), NULL_SLICE);
		}
	}
	pair_lists_free(sort->lists);
	sort->lists = NULL;
}

/* Take a row, which is copied; its pair is of the sort's names. */
void
pair_sort_put(PairSort *sort, const Pair *pair, const void *payload, Slice rest)
{
	if (sort->lists != NULL)
	{
		if (pair_is_kept(pair) && rest.len == 0 && pair_lists_size(sort->lists) < sort->limit)
		{
			pair_lists_add(sort->lists, pair, payload);
			return;
		}
		spill_lists(sort);
	}
	put_on_disk(sort, pair, payload, rest);
}

/* All rows are in: sort them. */
void
pair_sort_perform(PairSort *sort)
{
	if (sort->lists != NULL)
		pair_names_sort(sort->names);
	else
		byte_sort_perform(sort->records);
}

/*
 * Sort the rows of the list at hand, which are not in order.  Where a list has
 * most of all symbols, and each once, each is put where it belongs.
 */
static void
sort_list(PairSort *sort)
{
	uint32		count = sort->list.count;
	uint32		symbols = dictionary_count(sort->names->symbols);
	bool		repeated = false;
	uint32		next = 0;

	if (symbols / LARGEST_SHARE > count)
	{
		sort_rows(sort->rows, count);
		return;
	}
	if (sort->places == NULL)
		sort->places = MemoryContextAllocExtended(sort->context, (symbols + (Size) 1) * sizeof(uint32),
												  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint32 i = 0; i < count && !repeated; i++)
	{
		uint32	   *place = &sort->places[LISTED_ORDER(sort->rows[i])];

		repeated = *place != 0;
		*place = i + 1;
	}
	if (repeated)
	{
		memset(sort->places, 0, (symbols + (Size) 1) * sizeof(uint32));
		sort_rows(sort->rows, count);
		return;
	}
	for (uint32 order = 0; order <= symbols; order++)
	{
		if (sort->places[order] != 0)
			sort->rows[next++] = LISTED_ROW(order, sort->places[order] - 1);
		sort->places[order] = 0;
	}
}

/* Take the list of the next target, and sort it. */
static void
read_next_list(PairSort *sort)
{
	const PairNames *names = sort->names;
	bool		sorted = true;

	sort->target = dictionary_number(names->targets, sort->rank++);
	sort->target_name = dictionary_get(names->targets, sort->target);
	sort->list = pair_lists_take(sort->lists, sort->target);
	sort->position = 0;

	if (sort->rows == NULL || sort->list.count > sort->capacity)
	{
		if (sort->rows != NULL)
			pfree(sort->rows);
		sort->capacity = Max(sort->list.count, 1);
		sort->rows = MemoryContextAllocHuge(sort->context, sort->capacity * sizeof(uint64));
	}
	for (uint32 i = 0; i < sort->list.count; i++)
	{
		uint32		symbol = taken_symbol(&sort->list, i);
		uint32		order = symbol == NO_SYMBOL ? 0 : 1 + dictionary_rank(names->symbols, symbol);

		sort->rows[i] = LISTED_ROW(order, i);
		if (i > 0 && sort->rows[i] < sort->rows[i - 1])
			sorted = false;
	}
	if (!sorted)
		sort_list(sort);
}

static bool
next_in_memory(PairSort *sort, SortedRow *row)
{
	uint32		place;
	uint32		symbol;

	while (sort->position == sort->list.count)
	{
		if (sort->rank == dictionary_count(sort->names->targets))
			return false;
		read_next_list(sort);
	}

	place = LISTED_PLACE(sort->rows[sort->position++]);
	symbol = taken_symbol(&sort->list, place);
	row->pair.target_number = sort->target;
	row->pair.target = sort->target_name;
	row->pair.symbol_number = symbol;
	row->pair.symbol = symbol == NO_SYMBOL ? NULL_SLICE : dictionary_get(sort->names->symbols, symbol);
	row->payload = taken_payload(&sort->list, place);
	row->rest = NULL_SLICE;
	return true;
}

static bool
next_on_disk(PairSort *sort, SortedRow *row)
{
	Slice		record;
	Size		key_len;

	if (!byte_sort_next(sort->records, &record))
		return false;

	key_len = key_length(sort->names, record.data);
	record.data += key_len;
	record.len -= key_len;
	*row = unpack_row(sort->names, record, sort->payload_size);
	return true;
}

/* The next row; false after the last. */
bool
pair_sort_next(PairSort *sort, SortedRow *row)
{
	return sort->lists != NULL ? next_in_memory(sort, row) : next_on_disk(sort, row);
}

/* Give memory and files back; the names stay. */
void
pair_sort_end(PairSort *sort)
{
	if (sort->lists != NULL)
		pair_lists_free(sort->lists);
	else
		byte_sort_end(sort->records);
	if (sort->rows != NULL)
		pfree(sort->rows);
	if (sort->places != NULL)
		pfree(sort->places);
	pfree(sort);
}
