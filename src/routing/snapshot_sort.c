/*
 * snapshot_sort.c
 *		Importances in any order in; snapshots in order, each with its features, out.
 *
 * Importances are sorted as rows about a target and a symbol are (sorting/), in
 * memory or on disk: here a snapshot stands for the target, and a feature for the
 * symbol.  A snapshot's name is bytes without zeros that sort as snapshots do:
 *
 *		target, 1, then of a symbol: 2, symbol, 1; and of the pooled model: 1;
 *		then when the snapshot was, as importance_relation.c says it
 *
 * Where a target or symbol has a byte of 1 or 2, a 2 stands before it, so that a
 * name sorts before all that it is a prefix of.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "routing/snapshot_sort.h"
#include "sorting/pair_sort.h"

#define END_OF_NAME		'\1'
#define QUOTE			'\2'
#define POOLED			'\1'
#define OF_SYMBOL		'\2'

/* How work_mem is shared out: one divided by this for names; the rest for rows, but for what is returned. */
#define NAMES_SHARE		8
#define SORT_MEMORY_KB	(work_mem - work_mem / 4)

/* For how many features there is room before it grows. */
#define FIRST_FEATURES	64

/* The feature that came behind another one last. */
typedef struct Follower
{
	uint32		number;			/* or NOT_KEPT */
	Slice		name;
} Follower;

struct SnapshotSort
{
	MemoryContext context;
	const ImportanceRelation *importances;	/* for messages */
	PairNames  *names;			/* of snapshots and features */
	PairSort   *sort;

	/* going in: the snapshot of the last row */
	bool		has_last;
	StringInfoData target;
	StringInfoData symbol;
	bool		has_symbol;
	StringInfoData when;
	StringInfoData name;
	uint32		number;
	uint32		feature;		/* the last row's, or NOT_KEPT */
	Follower   *followers;		/* by feature */
	uint32		followers_capacity;

	/* coming out: the row that comes next */
	bool		has_row;
	SortedRow	row;
};

/* An empty one, in a new child of the current memory context, of a share of work_mem. */
SnapshotSort *
snapshot_sort_create(const ImportanceRelation *importances)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan snapshots",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	SnapshotSort *sort = palloc0(sizeof(SnapshotSort));

	sort->context = context;
	sort->importances = importances;
	sort->names = pair_names_create((Size) work_mem * 1024 / NAMES_SHARE);
	sort->sort = pair_sort_create(sort->names, sizeof(double), SORT_MEMORY_KB);
	sort->feature = NOT_KEPT;
	initStringInfo(&sort->target);
	initStringInfo(&sort->symbol);
	initStringInfo(&sort->when);
	initStringInfo(&sort->name);
	MemoryContextSwitchTo(caller);
	return sort;
}

static void
append_name(StringInfo buffer, Slice name)
{
	enlargeStringInfo(buffer, 2 * name.len + 1);
	for (uint32 i = 0; i < name.len; i++)
	{
		if (name.data[i] == END_OF_NAME || name.data[i] == QUOTE)
			appendStringInfoCharMacro(buffer, QUOTE);
		appendStringInfoCharMacro(buffer, name.data[i]);
	}
	appendStringInfoCharMacro(buffer, END_OF_NAME);
}

/* The inverse, in the current memory context; *position moves behind the name. */
static Slice
read_name(const char **position)
{
	StringInfoData name;

	initStringInfo(&name);
	for (; **position != END_OF_NAME; (*position)++)
	{
		if (**position == QUOTE)
			(*position)++;
		appendStringInfoCharMacro(&name, **position);
	}
	(*position)++;
	return slice_from_buffer(&name);
}

/* Where the name of a target or symbol ends. */
static const char *
skip_name(const char *position)
{
	for (; *position != END_OF_NAME; position++)
	{
		if (*position == QUOTE)
			position++;
	}
	return position + 1;
}

/* Rows mostly come by the snapshot: is this one of the same as the last? */
static bool
is_of_last_snapshot(const SnapshotSort *sort, const Importance *importance)
{
	return sort->has_last &&
		sort->has_symbol == !slice_is_null(importance->symbol) &&
		slice_equal(importance->target, slice_from_buffer(&sort->target)) &&
		slice_equal(importance->snapshot, slice_from_buffer(&sort->when)) &&
		(!sort->has_symbol || slice_equal(importance->symbol, slice_from_buffer(&sort->symbol)));
}

static void
reach_snapshot(SnapshotSort *sort, const Importance *importance)
{
	sort->has_last = true;
	sort->has_symbol = !slice_is_null(importance->symbol);
	hold_slice(&sort->target, importance->target);
	hold_slice(&sort->symbol, importance->symbol);
	hold_slice(&sort->when, importance->snapshot);

	resetStringInfo(&sort->name);
	append_name(&sort->name, importance->target);
	appendStringInfoCharMacro(&sort->name, sort->has_symbol ? OF_SYMBOL : POOLED);
	if (sort->has_symbol)
		append_name(&sort->name, importance->symbol);
	append_slice(&sort->name, importance->snapshot);
	sort->number = dictionary_add(sort->names->targets, slice_from_buffer(&sort->name));
}

/* Remember that a feature came behind the last one. */
static void
remember_follower(SnapshotSort *sort, uint32 feature)
{
	uint32		capacity = sort->followers_capacity;

	while (capacity <= sort->feature)
		capacity = capacity == 0 ? FIRST_FEATURES : 2 * capacity;
	if (capacity > sort->followers_capacity)
	{
		Size		size = capacity * sizeof(Follower);

		sort->followers = sort->followers == NULL ? MemoryContextAllocHuge(sort->context, size) :
			repalloc_huge(sort->followers, size);
		for (uint32 i = sort->followers_capacity; i < capacity; i++)
			sort->followers[i].number = NOT_KEPT;
		sort->followers_capacity = capacity;
	}
	sort->followers[sort->feature].number = feature;
	if (feature != NOT_KEPT)
		sort->followers[sort->feature].name = dictionary_get(sort->names->symbols, feature);
}

/*
 * A feature's number.  Where rows come by the snapshot, their features mostly come
 * in the order of the snapshot before, and need not be looked up.
 */
static uint32
feature_number(SnapshotSort *sort, Slice feature, bool is_next)
{
	uint32		number = NOT_KEPT;

	is_next = is_next && sort->feature != NOT_KEPT;
	if (is_next && sort->feature < sort->followers_capacity)
	{
		const Follower *follower = &sort->followers[sort->feature];

		if (follower->number != NOT_KEPT && slice_equal(follower->name, feature))
			number = follower->number;
	}
	if (number == NOT_KEPT)
	{
		number = dictionary_add(sort->names->symbols, feature);
		if (is_next)
			remember_follower(sort, number);
	}
	sort->feature = number;
	return number;
}

/* Take an importance, which is copied. */
void
snapshot_sort_put(SnapshotSort *sort, const Importance *importance)
{
	bool		is_next = is_of_last_snapshot(sort, importance);
	Pair		row;

	if (!is_next)
		reach_snapshot(sort, importance);
	row.target_number = sort->number;
	row.target = slice_from_buffer(&sort->name);
	row.symbol_number = feature_number(sort, importance->feature, is_next);
	row.symbol = importance->feature;
	pair_sort_put(sort->sort, &row, &importance->importance, NULL_SLICE);
}

/* All importances are in: sort them. */
void
snapshot_sort_perform(SnapshotSort *sort)
{
	MemoryContext caller = MemoryContextSwitchTo(sort->context);

	pair_sort_perform(sort->sort);
	sort->has_row = pair_sort_next(sort->sort, &sort->row);
	MemoryContextSwitchTo(caller);
}

/* An empty one, to read into, in a new child of the current memory context. */
FeatureSnapshot *
snapshot_create(void)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan snapshot",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	FeatureSnapshot *snapshot = palloc0(sizeof(FeatureSnapshot));

	snapshot->context = context;
	snapshot->names = AllocSetContextCreate(context, "trainplan features", ALLOCSET_DEFAULT_SIZES);
	snapshot->capacity = FIRST_FEATURES;
	snapshot->features = palloc(snapshot->capacity * sizeof(RankedFeature));
	initStringInfo(&snapshot->pair);
	initStringInfo(&snapshot->snapshot);
	MemoryContextSwitchTo(caller);
	return snapshot;
}

/* Hold what a snapshot is called. */
static void
name_snapshot(FeatureSnapshot *snapshot, Slice name)
{
	const char *end = skip_name(name.data);
	Slice		pair = {name.data};
	Slice		when;

	end = *end == OF_SYMBOL ? skip_name(end + 1) : end + 1;
	pair.len = end - name.data;
	when.data = end;
	when.len = name.len - pair.len;
	hold_slice(&snapshot->pair, pair);
	hold_slice(&snapshot->snapshot, when);
}

/* The target and symbol of a snapshot, in the current memory context. */
void
snapshot_pair(const FeatureSnapshot *snapshot, Slice *target, Slice *symbol)
{
	const char *position = snapshot->pair.data;

	*target = read_name(&position);
	*symbol = *position++ == OF_SYMBOL ? read_name(&position) : NULL_SLICE;
}

pg_noreturn static void
report_repeated(const SnapshotSort *sort, const FeatureSnapshot *snapshot, Slice feature)
{
	Importance	importance = {.snapshot = slice_from_buffer(&snapshot->snapshot),.feature = feature};

	snapshot_pair(snapshot, &importance.target, &importance.symbol);
	ereport(ERROR,
			(errcode(ERRCODE_UNIQUE_VIOLATION),
			 errmsg("two importances for %s in %s",
					importance_name(sort->importances, &importance),
					importance_relation_source(sort->importances))));
}

/* The row that comes next is of the snapshot: take its feature. */
static void
take_feature(SnapshotSort *sort, FeatureSnapshot *snapshot)
{
	const Pair *pair = &sort->row.pair;
	RankedFeature *feature;

	if (snapshot->count > 0)
	{
		const RankedFeature *last = &snapshot->features[snapshot->count - 1];

		if (pair->symbol_number != NOT_KEPT ? last->number == pair->symbol_number :
			slice_equal(last->name, pair->symbol))
			report_repeated(sort, snapshot, pair->symbol);
	}
	if (snapshot->count == snapshot->capacity)
	{
		if (snapshot->capacity > PG_UINT32_MAX / 2)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many features in one snapshot of %s",
							importance_relation_source(sort->importances))));
		snapshot->capacity *= 2;
		snapshot->features = repalloc_huge(snapshot->features,
										   snapshot->capacity * sizeof(RankedFeature));
	}

	feature = &snapshot->features[snapshot->count++];
	feature->number = pair->symbol_number;
	feature->name = pair->symbol;
	memcpy(&feature->importance, sort->row.payload, sizeof(double));
	if (feature->number == NOT_KEPT)
	{
		char	   *copy = MemoryContextAlloc(snapshot->names, feature->name.len);

		memcpy(copy, feature->name.data, feature->name.len);
		feature->name.data = copy;
	}
}

/*
 * Read the next snapshot; false after the last.  Names of features that have a
 * number live as long as the sort.
 *
 * Errors: a feature twice (unique_violation).
 */
bool
snapshot_sort_next(SnapshotSort *sort, FeatureSnapshot *snapshot)
{
	MemoryContext caller;
	StringInfoData *name = &sort->name;
	uint32		number = sort->row.pair.target_number;

	if (!sort->has_row)
		return false;
	caller = MemoryContextSwitchTo(sort->context);
	hold_slice(name, sort->row.pair.target);
	name_snapshot(snapshot, slice_from_buffer(name));
	MemoryContextReset(snapshot->names);
	snapshot->count = 0;
	do
	{
		CHECK_FOR_INTERRUPTS();

		take_feature(sort, snapshot);
		sort->has_row = pair_sort_next(sort->sort, &sort->row);
	}
	while (sort->has_row && sort->row.pair.target_number == number &&
		   (number != NOT_KEPT || slice_equal(sort->row.pair.target, slice_from_buffer(name))));
	MemoryContextSwitchTo(caller);
	return true;
}

/* Give memory and files back. */
void
snapshot_sort_end(SnapshotSort *sort)
{
	pair_sort_end(sort->sort);
	MemoryContextDelete(sort->context);
}
