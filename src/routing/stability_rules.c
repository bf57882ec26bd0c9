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

/* The one of two addresses in an array, without a jump. */
#define CHOOSE_PLACE(flag, a, b)	((b) + ((a) - (b)) * (ptrdiff_t) (flag))

/* Does a feature rank before another? */
static inline bool
ranks_before(const PlacedFeature *a, const PlacedFeature *b)
{
	return (a->importance > b->importance) | ((a->importance == b->importance) & (a->place < b->place));
}

/*
 * Merge two runs of the same length.  They are merged from both ends at once:
 * neither end runs out before they meet, and none waits for the other.
 */
static inline uint64
merge_even_runs(const PlacedFeature *first, const PlacedFeature *second, uint64 length,
				PlacedFeature *merged)
{
	const PlacedFeature *middle = first + length;
	const PlacedFeature *last_first = middle - 1;
	const PlacedFeature *last_second = second + length - 1;
	PlacedFeature *last = merged + 2 * length - 1;
	uint64		swaps = 0;

	for (uint64 i = 0; i < length; i++)
	{
		bool		is_second = ranks_before(second, first);
		bool		is_first = ranks_before(last_second, last_first);

		*merged++ = *CHOOSE_PLACE(is_second, second, first);
		swaps += (middle - first) & -(int64) is_second;
		second += is_second;
		first += !is_second;
		*last-- = *CHOOSE_PLACE(is_first, last_first, last_second);
		swaps += (middle - 1 - last_first) & -(int64) !is_first;
		last_first -= is_first;
		last_second -= !is_first;
	}
	return swaps;
}

/*
 * Merge two runs, the second of which ends at end.  Returns for how many pairs the
 * one of the second run comes first; each is counted with that one.  What comes
 * next is chosen without a jump: in data of no order half of the jumps would be
 * guessed wrong.
 */
static uint64
merge_runs(const PlacedFeature *first, const PlacedFeature *second, const PlacedFeature *end,
		   PlacedFeature *merged)
{
	const PlacedFeature *middle = second;
	uint64		swaps = 0;

	CHECK_FOR_INTERRUPTS();
	if (middle - first == end - second)
		return merge_even_runs(first, second, middle - first, merged);
	while (first < middle && second < end)
	{
		bool		is_second = ranks_before(second, first);

		*merged++ = *CHOOSE_PLACE(is_second, second, first);
		swaps += (middle - first) & -(int64) is_second;
		second += is_second;
		first += !is_second;
	}
	memcpy(merged, first, (middle - first) * sizeof(PlacedFeature));
	memcpy(merged + (middle - first), second, (end - second) * sizeof(PlacedFeature));
	return swaps;
}

/*
 * Rank features: by importance, the highest first, then by place.  Returns how many
 * pairs were in the other order (Knight, 1966).  room is as large, and overwritten.
 */
uint64
rank_features(PlacedFeature *features, PlacedFeature *room, uint32 count)
{
	PlacedFeature *from = features;
	PlacedFeature *to = room;
	uint64		swaps = 0;

	for (uint64 run = 1; run < count; run *= 2)
	{
		PlacedFeature *merged = to;

		for (uint64 begin = 0; begin < count; begin += 2 * run)
		{
			uint64		middle = Min(begin + run, count);
			uint64		end = Min(middle + run, count);

			swaps += merge_runs(from + begin, from + middle, from + end, merged + begin);
		}
		to = from;
		from = merged;
	}
	if (from != features)
		memcpy(features, from, count * sizeof(PlacedFeature));
	return swaps;
}

/* Features of which the first some, and the others, are ranked each: rank all, into merged. */
void
merge_ranked_features(const PlacedFeature *features, uint32 some, uint32 count, PlacedFeature *merged)
{
	merge_runs(features, features + some, features + count, merged);
}

/*
 * Kendall's tau of two rankings of count features, at least two, of which some
 * pairs are in another order in the one than in the other.  Without ties tau-b is
 * tau.
 */
double
kendall_tau(uint64 swaps, uint32 count)
{
	return 1 - 2 * ((double) swaps / ((double) count * ((double) count - 1) / 2));
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
