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
 * Merge two sorted runs, and count for how many pairs the one of the second run
 * comes first.
 */
static uint64
merge_runs(const uint32 *first, uint32 first_count, const uint32 *second, uint32 second_count,
		   uint32 *merged)
{
	uint64		swaps = 0;

	CHECK_FOR_INTERRUPTS();
	while (first_count > 0 && second_count > 0)
	{
		if (*second < *first)
		{
			*merged++ = *second++;
			second_count--;
			swaps += first_count;
		}
		else
		{
			*merged++ = *first++;
			first_count--;
		}
	}
	memcpy(merged, first, first_count * sizeof(uint32));
	memcpy(merged + first_count, second, second_count * sizeof(uint32));
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

	for (uint64 run = 1; run < count; run *= 2)
	{
		uint32	   *merged = room;

		for (uint64 begin = 0; begin < count; begin += 2 * run)
		{
			uint64		middle = Min(begin + run, count);
			uint64		end = Min(middle + run, count);

			swaps += merge_runs(ranks + begin, middle - begin, ranks + middle, end - middle,
								merged + begin);
		}
		room = ranks;
		ranks = merged;
	}
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
