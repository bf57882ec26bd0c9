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
 * are sorted on disk (byte_sort.c).  The dictionaries of names are sorted as they
 * are then; names that come later have codes as well, only less exact ones.  On
 * disk a decision is a record that sorts by its bytes:
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
 * that it is a prefix of.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bswap.h"

#include "byte_sort.h"
#include "decision_lists.h"
#include "decision_sort.h"

#define KEY_NO_SYMBOL		1
#define KEY_HAS_SYMBOL		2

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
	Size		limit;			/* bytes, for what waits in memory, or is sorted on disk */

	/* in memory */
	DecisionLists *lists;		/* NULL when decisions have gone to disk */
	uint32		rank;			/* of the target whose list comes next */
	uint32		target;			/* whose list is read; its number */
	ListedDecision *decisions;	/* that list, sorted; a symbol is its rank + 1, or 0 for none */
	uint32		count;
	uint32		position;

	/* on disk */
	ByteSort   *records;
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
	sort->lists = decision_lists_create();
	return sort;
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
put_on_disk(DecisionSort *sort, const EncodedDecision *decision)
{
	StringInfo	record = byte_sort_begin_record(sort->records);

	append_key(sort->codec, record, decision);
	pack_encoded(record, decision);
	byte_sort_put(sort->records);
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
	MemoryContext caller = MemoryContextSwitchTo(sort->context);
	EncodedDecision decision;

	sort_names(sort);
	sort->records = byte_sort_create(sort->limit / 1024);
	MemoryContextSwitchTo(caller);

	for (uint32 target = 0; target < decision_lists_targets(sort->lists); target++)
	{
		ListedDecision *listed;
		uint32		count = decision_lists_take(sort->lists, target, &listed);

		decision.numbers.target = target;
		for (; count > 0; count--, listed++)
		{
			CHECK_FOR_INTERRUPTS();

			decision.numbers.symbol = listed->symbol;
			decision.numbers.body = listed->body;
			decision.numbers.sample = listed->sample;
			put_on_disk(sort, &decision);
		}
	}
	decision_lists_free(sort->lists);
	sort->lists = NULL;
}

/* Take a decision, which is copied. */
void
decision_sort_put(DecisionSort *sort, const EncodedDecision *decision)
{
	if (sort->lists != NULL)
	{
		if (is_wholly_kept(decision) && decision_lists_size(sort->lists) < sort->limit)
		{
			decision_lists_add(sort->lists, &decision->numbers);
			return;
		}
		spill_lists(sort);
	}
	put_on_disk(sort, decision);
}

/* All decisions are in: sort them. */
void
decision_sort_perform(DecisionSort *sort)
{
	if (sort->lists != NULL)
		sort_names(sort);
	else
		byte_sort_perform(sort->records);
}

/* Take the list of the next target, and sort it. */
static void
read_next_list(DecisionSort *sort)
{
	const DecisionCodec *codec = sort->codec;
	bool		sorted = true;

	sort->target = dictionary_number(codec->targets, sort->rank++);
	sort->count = decision_lists_take(sort->lists, sort->target, &sort->decisions);
	sort->position = 0;

	for (uint32 i = 0; i < sort->count; i++)
	{
		ListedDecision *listed = &sort->decisions[i];

		listed->symbol = listed->symbol == NO_SYMBOL ? 0 :
			1 + dictionary_rank(codec->symbols, listed->symbol);
		if (i > 0 && listed->symbol < listed[-1].symbol)
			sorted = false;
	}
	if (!sorted)
		sort_list(sort->decisions, sort->count);
}

static bool
next_in_memory(DecisionSort *sort, EncodedDecision *decision)
{
	const DecisionCodec *codec = sort->codec;
	ListedDecision *listed;

	while (sort->position == sort->count)
	{
		if (sort->rank == dictionary_count(codec->targets))
			return false;
		read_next_list(sort);
	}

	listed = &sort->decisions[sort->position++];
	decision->numbers.target = sort->target;
	decision->numbers.symbol = listed->symbol == 0 ? NO_SYMBOL :
		dictionary_number(codec->symbols, listed->symbol - 1);
	decision->numbers.body = listed->body;
	decision->numbers.sample = listed->sample;
	return true;
}

static bool
next_on_disk(DecisionSort *sort, EncodedDecision *decision)
{
	Slice		record;
	Size		key_len;

	if (!byte_sort_next(sort->records, &record))
		return false;

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
	return sort->lists != NULL ? next_in_memory(sort, decision) : next_on_disk(sort, decision);
}

/* Give memory and files back. */
void
decision_sort_end(DecisionSort *sort)
{
	if (sort->lists != NULL)
		decision_lists_free(sort->lists);
	else
		byte_sort_end(sort->records);
}
