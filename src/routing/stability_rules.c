/*
 * stability_rules.c
 *		The rules of stability: how much two rankings of features agree, and
 *		many such numbers in two.
 *
 * Nothing here knows what a feature is; feature_stability.c brings the rankings.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "routing/stability_rules.h"

/* Of two sets: the members of both by those of either.  They are not both empty. */
double
jaccard_index(uint64 common, uint64 before, uint64 after)
{
	return (double) common / (double) (before + after - common);
}

/*
 * Both of the sorts below merge runs that grow to twice their length with each
 * round.  What comes next is chosen without a jump: in data of no order half of
 * the jumps would be guessed wrong.  Two runs of the same length are merged from
 * both ends at once: neither end runs out before they meet, and none waits for
 * the other.
 */
#define MERGE_ROUNDS(elements, room, count, type, merge) \
	for (uint64 run = 1; run < (count); run *= 2) \
	{ \
		type	   *merged = (room); \
\
		for (uint64 begin = 0; begin < (count); begin += 2 * run) \
		{ \
			uint64		middle = Min(begin + run, (count)); \
			uint64		end = Min(middle + run, (count)); \
\
			CHECK_FOR_INTERRUPTS(); \
			merge((elements) + begin, (elements) + middle, (elements) + end, merged + begin); \
		} \
		(room) = (elements); \
		(elements) = merged; \
	}

/* The one of two addresses in an array, or of two numbers, without a jump. */
#define CHOOSE_PLACE(flag, a, b)	((b) + ((a) - (b)) * (ptrdiff_t) (flag))
#define CHOOSE_NUMBER(flag, a, b)	((b) ^ (((a) ^ (b)) & -(uint32) (flag)))

/* Merge two runs of the same length. */
static inline void
merge_even_placed(const PlacedFeature *first, const PlacedFeature *second, uint64 length,
				  PlacedFeature *merged)
{
	const PlacedFeature *last_first = first + length - 1;
	const PlacedFeature *last_second = second + length - 1;
	PlacedFeature *last = merged + 2 * length - 1;

	for (uint64 i = 0; i < length; i++)
	{
		bool		is_second = second->importance > first->importance;
		bool		is_first = last_first->importance < last_second->importance;

		*merged++ = *CHOOSE_PLACE(is_second, second, first);
		second += is_second;
		first += !is_second;
		*last-- = *CHOOSE_PLACE(is_first, last_first, last_second);
		last_first -= is_first;
		last_second -= !is_first;
	}
}

/* Merge two runs, the second of which ends at end. */
static inline void
merge_placed(const PlacedFeature *first, const PlacedFeature *second, const PlacedFeature *end,
			 PlacedFeature *merged)
{
	const PlacedFeature *middle = second;

	if (middle - first == end - second)
	{
		merge_even_placed(first, second, middle - first, merged);
		return;
	}
	while (first < middle && second < end)
	{
		bool		is_second = second->importance > first->importance;

		*merged++ = *CHOOSE_PLACE(is_second, second, first);
		second += is_second;
		first += !is_second;
	}
	memcpy(merged, first, (middle - first) * sizeof(PlacedFeature));
	memcpy(merged + (middle - first), second, (end - second) * sizeof(PlacedFeature));
}

/*
 * Sort features by their importance, the highest first; what is as important stays
 * in its order.  Room is as large as features; both are overwritten, and one of
 * them is returned.
 */
PlacedFeature *
sort_by_importance(PlacedFeature *features, PlacedFeature *room, uint32 count)
{
	MERGE_ROUNDS(features, room, count, PlacedFeature, merge_placed);
	return features;
}

/*
 * The same of ranks, the lowest first; returns for how many pairs the one of the
 * second run comes first.  Each of these is counted with the one of the second run.
 */
static inline uint64
merge_even_ranks(const uint32 *first, const uint32 *second, uint64 length, uint32 *merged)
{
	const uint32 *middle = first + length;
	const uint32 *last_first = middle - 1;
	const uint32 *last_second = second + length - 1;
	uint32	   *last = merged + 2 * length - 1;
	uint64		swaps = 0;

	for (uint64 i = 0; i < length; i++)
	{
		bool		is_second = *second < *first;
		bool		is_first = *last_first > *last_second;

		*merged++ = CHOOSE_NUMBER(is_second, *second, *first);
		swaps += (middle - first) & -(int64) is_second;
		second += is_second;
		first += !is_second;
		*last-- = CHOOSE_NUMBER(is_first, *last_first, *last_second);
		swaps += (middle - 1 - last_first) & -(int64) !is_first;
		last_first -= is_first;
		last_second -= !is_first;
	}
	return swaps;
}

static inline uint64
merge_ranks(const uint32 *first, const uint32 *second, const uint32 *end, uint32 *merged)
{
	const uint32 *middle = second;
	uint64		swaps = 0;

	if (middle - first == end - second)
		return merge_even_ranks(first, second, middle - first, merged);
	while (first < middle && second < end)
	{
		bool		is_second = *second < *first;

		*merged++ = CHOOSE_NUMBER(is_second, *second, *first);
		swaps += (middle - first) & -(int64) is_second;
		second += is_second;
		first += !is_second;
	}
	memcpy(merged, first, (middle - first) * sizeof(uint32));
	memcpy(merged + (middle - first), second, (end - second) * sizeof(uint32));
	return swaps;
}

/*
 * Kendall's tau of two rankings: ranks has by the place in the one the place in
 * the other, each number once, at least two of them.  Without ties tau-b is tau.
 * How many pairs are in another order is what a merge sort swaps (Knight, 1966).
 * ranks and room, which is as large, are overwritten.
 */
double
kendall_tau(uint32 *ranks, uint32 *room, uint32 count)
{
	double		pairs = (double) count * ((double) count - 1) / 2;
	uint64		swaps = 0;

	MERGE_ROUNDS(ranks, room, count, uint32, swaps += merge_ranks);
	return 1 - 2 * ((double) swaps / pairs);
}

/* Take a number in (Welford, 1962), so that none has to be kept. */
void
spread_add(Spread *spread, double number)
{
	double		difference = number - spread->mean;

	spread->count++;
	spread->mean += difference / (double) spread->count;
	spread->squares += difference * (number - spread->mean);
}

/* The population's standard deviation; there is a number at least. */
double
spread_deviation(const Spread *spread)
{
	return sqrt(spread->squares / (double) spread->count);
}
