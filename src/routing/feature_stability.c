/*
 * feature_stability.c
 *		SQL function feature_stability(): a relation of feature importances in,
 *		how stable they are out as rows, which have the columns that a candidates
 *		relation has for that.
 *
 * Of a target and symbol two snapshots are in memory at a time: each is compared
 * with the one before it.  One sort does it: the features that both have are put
 * into the order of the one before, and how many pairs have to change places to
 * rank them is what Kendall's tau is made of.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/arguments.h"
#include "base/dictionary.h"
#include "base/result_rows.h"
#include "routing/snapshot_sort.h"
#include "routing/stability_rules.h"

PG_FUNCTION_INFO_V1(feature_stability);

/* Arguments, as the SQL declaration has them. */
#define ARG_IMPORTANCES		0
#define ARG_TOP				1

#define DEFAULT_TOP			20

/* The columns, as the SQL declaration has them. */
typedef enum StabilityColumn
{
	STABILITY_TARGET,
	STABILITY_SYMBOL,
	STABILITY_SNAPSHOTS,
	STABILITY_MEAN_OVERLAP,
	STABILITY_STD_OVERLAP,
	STABILITY_MEAN_TAU,
	STABILITY_STD_TAU,
	STABILITY_COLUMNS
} StabilityColumn;

/* What work_mem leaves beside the sort (snapshot_sort.c) for the rows: one divided by this. */
#define ROWS_SHARE			8

/* Of a target and symbol. */
typedef struct PairStability
{
	int64		snapshots;
	Spread		overlap;
	Spread		tau;
} PairStability;

/* What features are ranked in; grows as snapshots do. */
typedef struct Ranking
{
	MemoryContext context;
	uint32	   *places;			/* in the snapshot at hand, by the rank in the one before, or NOT_COMMON */
	PlacedFeature *features;	/* of the snapshot at hand */
	PlacedFeature *room;
	uint32		capacity;
} Ranking;

#define NOT_COMMON	PG_UINT32_MAX

static void
make_room(Ranking *ranking, uint32 count)
{
	if (count <= ranking->capacity)
		return;
	if (ranking->places != NULL)
	{
		pfree(ranking->places);
		pfree(ranking->features);
		pfree(ranking->room);
	}
	ranking->capacity = count;
	ranking->places = MemoryContextAllocHuge(ranking->context, count * sizeof(uint32));
	ranking->features = MemoryContextAllocHuge(ranking->context, count * sizeof(PlacedFeature));
	ranking->room = MemoryContextAllocHuge(ranking->context, count * sizeof(PlacedFeature));
}

/* Less than, equal to or greater than zero, as two features are by name. */
static inline int
compare_names(const RankedFeature *a, const RankedFeature *b)
{
	if (a->number == b->number && a->number != NOT_KEPT)
		return 0;
	return slice_compare(a->name, b->name);
}

/* Find the features that two snapshots have in common; those that only the second has get this rank. */
static void
find_common(Ranking *ranking, const FeatureSnapshot *before, FeatureSnapshot *snapshot)
{
	uint32		i = 0;
	uint32		j = 0;

	memset(ranking->places, 0xff, before->count * sizeof(uint32));	/* NOT_COMMON */
	while (j < snapshot->count)
	{
		int			order = i == before->count ? 1 :
			compare_names(&before->features[i], &snapshot->features[j]);

		CHECK_FOR_INTERRUPTS();

		if (order >= 0)
			snapshot->features[j].rank = order == 0 ? 0 : NOT_COMMON;
		if (order == 0)
			ranking->places[before->features[i].rank] = j;
		i += order <= 0;
		j += order >= 0;
	}
}

static inline void
place_feature(Ranking *ranking, const FeatureSnapshot *snapshot, uint32 place, uint32 *count)
{
	ranking->features[*count].importance = snapshot->features[place].importance;
	ranking->features[*count].place = place;
	(*count)++;
}

/* Rank a snapshot's features; before is the one before it of the same target and symbol, or NULL. */
static void
rank_snapshot(PairStability *stability, Ranking *ranking,
			  const FeatureSnapshot *before, FeatureSnapshot *snapshot)
{
	const PlacedFeature *ranked = ranking->features;
	uint32		common = 0;
	uint32		count = 0;
	uint64		swaps;

	if (before != NULL)
	{
		find_common(ranking, before, snapshot);
		for (uint32 rank = 0; rank < before->count; rank++)
		{
			if (ranking->places[rank] != NOT_COMMON)
				place_feature(ranking, snapshot, ranking->places[rank], &count);
		}
		common = count;
		swaps = rank_features(ranking->features, ranking->room, common);
		if (common >= FEWEST_FOR_TAU)
			spread_add(&stability->tau, kendall_tau(swaps, common));
	}
	for (uint32 place = 0; place < snapshot->count; place++)
	{
		if (before == NULL || snapshot->features[place].rank == NOT_COMMON)
			place_feature(ranking, snapshot, place, &count);
	}
	rank_features(ranking->features + common, ranking->room, count - common);
	if (common > 0 && common < count)
	{
		merge_ranked_features(ranking->features, common, count, ranking->room);
		ranked = ranking->room;
	}
	for (uint32 rank = 0; rank < count; rank++)
		snapshot->features[ranked[rank].place].rank = rank;
}

/* Compare a snapshot that is ranked with the one before it. */
static void
compare_tops(PairStability *stability, const Ranking *ranking,
			 const FeatureSnapshot *before, const FeatureSnapshot *snapshot, uint32 top)
{
	uint32		top_before = Min(before->count, top);
	uint32		common = 0;

	for (uint32 rank = 0; rank < top_before; rank++)
	{
		uint32		place = ranking->places[rank];

		common += place != NOT_COMMON && snapshot->features[place].rank < top;
	}
	spread_add(&stability->overlap, jaccard_index(common, top_before, Min(snapshot->count, top)));
}

static void
put_spread(const Spread *spread, Datum *values, bool *nulls)
{
	nulls[0] = nulls[1] = spread->count == 0;
	if (spread->count > 0)
	{
		values[0] = Float8GetDatum(spread->mean);
		values[1] = Float8GetDatum(spread_deviation(spread));
	}
}

/* A row for the target and symbol of a snapshot; its parts are made in the current memory context. */
static void
put_stability(ReturnSetInfo *rsinfo, const FeatureSnapshot *last, const PairStability *stability)
{
	Datum		values[STABILITY_COLUMNS] = {0};
	bool		nulls[STABILITY_COLUMNS] = {false};
	Slice		target;
	Slice		symbol;

	snapshot_pair(last, &target, &symbol);
	values[STABILITY_TARGET] = slice_to_text(target);
	values[STABILITY_SYMBOL] = slice_to_text_or_null(symbol, &nulls[STABILITY_SYMBOL]);
	values[STABILITY_SNAPSHOTS] = Int64GetDatum(stability->snapshots);
	put_spread(&stability->overlap, &values[STABILITY_MEAN_OVERLAP], &nulls[STABILITY_MEAN_OVERLAP]);
	put_spread(&stability->tau, &values[STABILITY_MEAN_TAU], &nulls[STABILITY_MEAN_TAU]);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* Walk through all snapshots in their order. */
static void
walk_snapshots(SnapshotSort *sort, uint32 top, ReturnSetInfo *rsinfo)
{
	FeatureSnapshot *before = snapshot_create();
	FeatureSnapshot *snapshot = snapshot_create();
	Ranking		ranking = {CurrentMemoryContext};
	PairStability stability = {0};
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "trainplan stability",
													  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(row_context);

	while (snapshot_sort_next(sort, snapshot))
	{
		FeatureSnapshot *next = before;

		make_room(&ranking, Max(before->count, snapshot->count));
		if (stability.snapshots > 0 &&
			slice_equal(slice_from_buffer(&before->pair), slice_from_buffer(&snapshot->pair)))
		{
			rank_snapshot(&stability, &ranking, before, snapshot);
			compare_tops(&stability, &ranking, before, snapshot, top);
		}
		else
		{
			if (stability.snapshots > 0)
				put_stability(rsinfo, before, &stability);
			memset(&stability, 0, sizeof(stability));
			rank_snapshot(&stability, &ranking, NULL, snapshot);
		}
		stability.snapshots++;
		before = snapshot;
		snapshot = next;
		MemoryContextReset(row_context);
	}
	if (stability.snapshots > 0)
		put_stability(rsinfo, before, &stability);

	MemoryContextSwitchTo(caller);
	MemoryContextDelete(row_context);
}

static void
sort_importance(void *sort, const Importance *importance)
{
	snapshot_sort_put(sort, importance);
}

/* How many features are the most important ones; NULL means the default. */
static uint32
top_argument(FunctionCallInfo fcinfo)
{
	int32		top = PG_ARGISNULL(ARG_TOP) ? DEFAULT_TOP : PG_GETARG_INT32(ARG_TOP);

	if (top < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("top must be at least 1, and is %d", top)));
	return top;
}

/*
 * feature_stability(importances regclass, top integer)
 *
 * Returns a row for each target and symbol, in their order, in a tuplestore of
 * what work_mem the sort leaves.
 */
Datum
feature_stability(PG_FUNCTION_ARGS)
{
	ImportanceRelation *importances;
	SnapshotSort *sort;
	uint32		top;

	require_argument(fcinfo, ARG_IMPORTANCES, "relation of importances");
	top = top_argument(fcinfo);
	result_rows_begin(fcinfo, work_mem / ROWS_SHARE);

	importances = importance_relation_open(PG_GETARG_OID(ARG_IMPORTANCES));
	sort = snapshot_sort_create(importances);
	importance_relation_read(importances, true, sort_importance, sort);
	snapshot_sort_perform(sort);
	walk_snapshots(sort, top, (ReturnSetInfo *) fcinfo->resultinfo);
	snapshot_sort_end(sort);

	return (Datum) 0;
}
