/*
 * pair.c
 *		A target and one of its symbols, or a target as a whole: what a row is
 *		about.
 *
 * Millions of rows are about a few thousand targets and symbols, so that a pair
 * is held as their numbers in two dictionaries.  These are limited; names that
 * they had no room for go along as they are.
 */
#include "postgres.h"

#include "base/slice_pack.h"
#include "sorting/pair.h"

/* Empty, in the current memory context; limit is for all names together, in bytes. */
PairNames *
pair_names_create(Size limit)
{
	PairNames  *names = palloc(sizeof(PairNames));

	names->targets = dictionary_create(limit / 2);
	names->symbols = dictionary_create(limit / 2);
	return names;
}

/* From now on the names have ranks and codes, and no more are kept. */
void
pair_names_sort(const PairNames *names)
{
	dictionary_sort(names->targets);
	dictionary_sort(names->symbols);
}

/* The pair of two names, which are taken in if there is room; symbol may be NULL. */
Pair
pair_of_names(const PairNames *names, Slice target, Slice symbol)
{
	Pair		pair = {.target = target, .symbol = symbol};

	pair.target_number = dictionary_add(names->targets, target);
	pair.symbol_number = slice_is_null(symbol) ? NO_SYMBOL : dictionary_add(names->symbols, symbol);
	return pair;
}

/* The pair of two numbers, neither of which is NOT_KEPT. */
Pair
pair_of_numbers(const PairNames *names, uint32 target, uint32 symbol)
{
	Pair		pair = {target, symbol, dictionary_get(names->targets, target), NULL_SLICE};

	if (symbol != NO_SYMBOL)
		pair.symbol = dictionary_get(names->symbols, symbol);
	return pair;
}

/* Append a pair to a buffer: its numbers, and what they do not stand for. */
void
pack_pair(StringInfo buffer, const Pair *pair)
{
	uint32		numbers[2] = {pair->target_number, pair->symbol_number};

	appendBinaryStringInfo(buffer, (const char *) numbers, sizeof(numbers));
	if (pair->target_number == NOT_KEPT)
		pack_slice(buffer, pair->target);
	if (pair->symbol_number == NOT_KEPT)
		pack_slice(buffer, pair->symbol);
}

/* The inverse; *position moves behind the pair, which lives as long as the packed bytes. */
Pair
unpack_pair(const PairNames *names, const char **position)
{
	uint32		numbers[2];
	Pair		pair = {0};

	memcpy(numbers, *position, sizeof(numbers));
	*position += sizeof(numbers);
	pair.target_number = numbers[0];
	pair.symbol_number = numbers[1];
	pair.target = pair.target_number == NOT_KEPT ? unpack_slice(position) :
		dictionary_get(names->targets, pair.target_number);
	if (pair.symbol_number == NOT_KEPT)
		pair.symbol = unpack_slice(position);
	else if (pair.symbol_number != NO_SYMBOL)
		pair.symbol = dictionary_get(names->symbols, pair.symbol_number);
	return pair;
}
