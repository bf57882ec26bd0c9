/*
 * decision_sort.c
 *		Sorts decisions by target and symbol.
 *
 * Decisions are numbers in dictionaries (decision_codec.c).  As long as they
 * fit, they wait in memory, in a list for each target, twelve bytes a decision.
 * When all have come, the dictionaries of names are sorted, the targets are
 * walked through in their order, and each list is sorted by its symbols' ranks:
 * names are compared once for each name and not for each row.
 *
 * When the lists take too much memory, or a dictionary is full, all decisions
 * go into a tuplesort, which spills to disk.  The dictionaries of names are
 * sorted as they are then; names that come later have codes as well, only less
 * exact ones.  In the tuplesort a decision is one bytea that sorts by its bytes:
 *
 *		8 bytes		target's code * number of symbol codes + symbol's code, most
 *					significant byte first; the symbol's code is 0 for none, 1 more
 *					than the dictionary's for others, and 0 for all symbols of a
 *					target whose code is not exact
 *		names		if the target's code is not exact: target, 0, then 1 for no
 *					symbol or 2, symbol, 0;
 *					else if the symbol's code is not exact: symbol, 0
 *		the rest	the encoded decision, packed
 *
 * A name holds no zero byte, so the zero that ends it sorts a name before all
 * that it is a prefix of.  The eight bytes are the bytea's abbreviated key, so
 * that the tuplesort compares little else.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"
#include "utils/tuplesort.h"
#include "utils/typcache.h"

#include "compat.h"
#include "decision_sort.h"

#define KEY_NO_SYMBOL		1
#define KEY_HAS_SYMBOL		2

/* A decision in its target's list. */
typedef struct ListedDecision
{
	uint32		symbol;			/* number or NO_SYMBOL; once sorted, 1 + rank or 0 */
	uint32		body;
	uint32		sample;
} ListedDecision;

typedef struct TargetList
{
	ListedDecision *decisions;
	uint32		count;
	uint32		capacity;
} TargetList;

#define SMALLEST_LIST		8

#define ST_SORT sort_list
#define ST_ELEMENT_TYPE ListedDecision
#define ST_COMPARE(a, b) ((a)->symbol < (b)->symbol ? -1 : (a)->symbol > (b)->symbol ? 1 : 0)
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

struct DecisionSort
{
	MemoryContext context;		/* that the sort was created in */
	DecisionCodec *codec;
	Size		limit;			/* bytes, for the lists or the tuplesort */

	/* in memory */
	MemoryContext list_context;
	TargetList *lists;			/* by the target's number */
	uint32		lists_capacity;
	Size		lists_size;		/* bytes */
	uint32		target_rank;	/* of the list that is read, once sorted */
	uint32		position;		/* in that list */

	/* on disk */
	Tuplesortstate *tuplesort;	/* NULL while all is in memory */
	StringInfoData buffer;		/* for the datum at hand */
	Datum		current;		/* what the last decision's slices point into, or 0 */
};

/*
 * In the current memory context.  The codec is the one that decisions are
 * encoded with; memory_kb is for what waits, beside the codec's own.
 */
DecisionSort *
decision_sort_create(DecisionCodec *codec, int memory_kb)
{
	DecisionSort *sort = palloc0(sizeof(DecisionSort));

	sort->context = CurrentMemoryContext;
	sort->codec = codec;
	sort->limit = (Size) memory_kb * 1024;
	sort->list_context = AllocSetContextCreate(CurrentMemoryContext, "trainplan decisions",
											   ALLOCSET_DEFAULT_SIZES);
	initStringInfo(&sort->buffer);
	return sort;
}

/* Make room for a number of lists. */
static void
grow_lists(DecisionSort *sort, uint32 needed)
{
	uint32		capacity = Max(sort->lists_capacity, SMALLEST_LIST);
	MemoryContext caller = MemoryContextSwitchTo(sort->list_context);

	while (capacity < needed)
		capacity *= 2;
	if (sort->lists == NULL)
		sort->lists = palloc_extended(capacity * sizeof(TargetList), MCXT_ALLOC_HUGE);
	else
	{
		sort->lists_size -= GetMemoryChunkSpace(sort->lists);
		sort->lists = repalloc_huge(sort->lists, capacity * sizeof(TargetList));
	}
	memset(sort->lists + sort->lists_capacity, 0,
		   (capacity - sort->lists_capacity) * sizeof(TargetList));
	sort->lists_size += GetMemoryChunkSpace(sort->lists);
	sort->lists_capacity = capacity;
	MemoryContextSwitchTo(caller);
}

/* Make room for one more decision in a list. */
static void
grow_list(DecisionSort *sort, TargetList *list)
{
	uint32		capacity = list->capacity == 0 ? SMALLEST_LIST : list->capacity * 2;
	Size		size = capacity * sizeof(ListedDecision);

	if (list->decisions == NULL)
		list->decisions = MemoryContextAlloc(sort->list_context, size);
	else
	{
		sort->lists_size -= GetMemoryChunkSpace(list->decisions);
		list->decisions = repalloc_huge(list->decisions, size);
	}
	sort->lists_size += GetMemoryChunkSpace(list->decisions);
	list->capacity = capacity;
}

/* Put a decision, which is copied, into memory; false if it can't be. */
static bool
list_decision(DecisionSort *sort, const EncodedDecision *decision)
{
	TargetList *list;
	ListedDecision *listed;

	if (!is_wholly_kept(decision) || sort->lists_size > sort->limit)
		return false;

	if (decision->numbers.target >= sort->lists_capacity)
		grow_lists(sort, decision->numbers.target + 1);
	list = &sort->lists[decision->numbers.target];
	if (list->count == list->capacity)
		grow_list(sort, list);

	listed = &list->decisions[list->count++];
	listed->symbol = decision->numbers.symbol;
	listed->body = decision->numbers.body;
	listed->sample = decision->numbers.sample;
	return true;
}

static void
append_name(StringInfo key, Slice name)
{
	appendBinaryStringInfo(key, name.data, name.len);
	appendStringInfoCharMacro(key, '\0');
}

/* Append a decision's key as the top of this file describes it. */
static void
append_key(const DecisionCodec *codec, StringInfo key, const EncodedDecision *decision)
{
	Slice		symbol = encoded_symbol(codec, decision);
	uint32		target_code = dictionary_code(codec->targets, decision->numbers.target,
											  decision->target);
	uint32		symbol_code = 0;
	uint64		code;

	if (code_is_exact(target_code) && !slice_is_null(symbol))
		symbol_code = 1 + dictionary_code(codec->symbols, decision->numbers.symbol, symbol);
	code = (uint64) target_code * (1 + dictionary_codes(codec->symbols)) + symbol_code;
	code = pg_hton64(code);
	appendBinaryStringInfo(key, (const char *) &code, sizeof(code));

	if (!code_is_exact(target_code))
	{
		append_name(key, decision->target);
		appendStringInfoCharMacro(key, slice_is_null(symbol) ? KEY_NO_SYMBOL : KEY_HAS_SYMBOL);
		if (!slice_is_null(symbol))
			append_name(key, symbol);
	}
	else if (symbol_code > 0 && !code_is_exact(symbol_code - 1))
		append_name(key, symbol);
}

/* The length of a key, which begins at key. */
static Size
key_length(const DecisionCodec *codec, const char *key)
{
	const char *end = key + sizeof(uint64);
	uint64		code;
	uint32		target_code;
	uint32		symbol_code;

	memcpy(&code, key, sizeof(code));
	code = pg_ntoh64(code);
	target_code = code / (1 + dictionary_codes(codec->symbols));
	symbol_code = code % (1 + dictionary_codes(codec->symbols));

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

static void
tuplesort_decision(DecisionSort *sort, const EncodedDecision *decision)
{
	StringInfo	datum = &sort->buffer;

	resetStringInfo(datum);
	appendStringInfoSpaces(datum, VARHDRSZ);
	append_key(sort->codec, datum, decision);
	pack_encoded(datum, decision);
	SET_VARSIZE(datum->data, datum->len);
	tuplesort_putdatum(sort->tuplesort, PointerGetDatum(datum->data), false);
}

static void
sort_names(DecisionSort *sort)
{
	dictionary_sort(sort->codec->targets);
	dictionary_sort(sort->codec->symbols);
}

/* Give up waiting in memory. */
static void
spill_lists(DecisionSort *sort)
{
	TypeCacheEntry *bytea = lookup_type_cache(BYTEAOID, TYPECACHE_LT_OPR);
	MemoryContext caller = MemoryContextSwitchTo(sort->context);
	EncodedDecision decision;

	sort_names(sort);
	sort->tuplesort = tuplesort_begin_datum(BYTEAOID, bytea->lt_opr, InvalidOid, false,
											sort->limit / 1024, NULL, TUPLESORT_NONE);
	MemoryContextSwitchTo(caller);

	for (uint32 target = 0; target < sort->lists_capacity; target++)
	{
		TargetList *list = &sort->lists[target];

		for (uint32 i = 0; i < list->count; i++)
		{
			CHECK_FOR_INTERRUPTS();

			decision.numbers.target = target;
			decision.numbers.symbol = list->decisions[i].symbol;
			decision.numbers.body = list->decisions[i].body;
			decision.numbers.sample = list->decisions[i].sample;
			tuplesort_decision(sort, &decision);
		}
		if (list->decisions != NULL)
			pfree(list->decisions);
	}
	MemoryContextReset(sort->list_context);
}

/* Take a decision, which is copied. */
void
decision_sort_put(DecisionSort *sort, const EncodedDecision *decision)
{
	if (sort->tuplesort == NULL)
	{
		if (list_decision(sort, decision))
			return;
		spill_lists(sort);
	}
	tuplesort_decision(sort, decision);
}

/* All decisions are in: sort them. */
void
decision_sort_perform(DecisionSort *sort)
{
	if (sort->tuplesort == NULL)
		sort_names(sort);
	else
		tuplesort_performsort(sort->tuplesort);
}

/* Sort a target's list, in which a symbol is its rank plus 1 from now on. */
static void
prepare_list(const DecisionSort *sort, TargetList *list)
{
	bool		sorted = true;

	for (uint32 i = 0; i < list->count; i++)
	{
		ListedDecision *listed = &list->decisions[i];

		listed->symbol = listed->symbol == NO_SYMBOL ? 0 :
			1 + dictionary_rank(sort->codec->symbols, listed->symbol);
		if (i > 0 && listed->symbol < listed[-1].symbol)
			sorted = false;
	}
	if (!sorted)
		sort_list(list->decisions, list->count);
}

static bool
next_in_memory(DecisionSort *sort, EncodedDecision *decision)
{
	const DecisionCodec *codec = sort->codec;

	for (; sort->target_rank < dictionary_count(codec->targets); sort->target_rank++)
	{
		uint32		target = dictionary_number(codec->targets, sort->target_rank);
		TargetList *list = &sort->lists[target];
		ListedDecision *listed;

		if (sort->position == 0)
			prepare_list(sort, list);
		if (sort->position < list->count)
		{
			listed = &list->decisions[sort->position++];
			decision->numbers.target = target;
			decision->numbers.symbol = listed->symbol == 0 ? NO_SYMBOL :
				dictionary_number(codec->symbols, listed->symbol - 1);
			decision->numbers.body = listed->body;
			decision->numbers.sample = listed->sample;
			return true;
		}
		pfree(list->decisions);
		sort->position = 0;
	}
	return false;
}

static bool
next_on_disk(DecisionSort *sort, EncodedDecision *decision)
{
	bool		isnull;
	Slice		record;
	Size		key_len;

	if (sort->current != (Datum) 0)
		pfree(DatumGetPointer(sort->current));
	sort->current = (Datum) 0;

	if (!tuplesort_getdatum(sort->tuplesort, true, true, &sort->current, &isnull, NULL))
		return false;

	record = slice_from_text((struct varlena *) DatumGetPointer(sort->current));
	key_len = key_length(sort->codec, record.data);
	record.data += key_len;
	record.len -= key_len;
	unpack_encoded(record, decision);
	return true;
}

/* The next decision, whose slices live until the next call; false after the last. */
bool
decision_sort_next(DecisionSort *sort, EncodedDecision *decision)
{
	if (sort->tuplesort != NULL)
		return next_on_disk(sort, decision);
	return next_in_memory(sort, decision);
}

/* Give memory and files back. */
void
decision_sort_end(DecisionSort *sort)
{
	if (sort->tuplesort != NULL)
		tuplesort_end(sort->tuplesort);
	MemoryContextDelete(sort->list_context);
}
