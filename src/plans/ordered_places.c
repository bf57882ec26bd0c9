/*
 * ordered_places.c
 *		The places of a plan's jobs in the queue, as the jobs come.
 *
 * Jobs come by target and symbol, and the queue's key has places by job_id.  But a job_id
 * begins with its kind, and then says target and symbol: so the pooled jobs, and all others,
 * mostly come in the order of the key.  A scan goes along with each of both; where the next
 * place is not that of the job at hand, it is sought anew.
 *
 * It is for callers that may see all rows: policies are not asked.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "access/tableam.h"
#include "catalog/pg_collation.h"
#include "utils/fmgroids.h"

#include "base/executor_compat.h"
#include "plans/ordered_places.h"

#define KEY_COLUMNS	2

typedef struct Lane
{
	IndexScanDesc scan;			/* NULL: not begun */
	bool		at_end;			/* it has no more */
	TupleTableSlot *slot;
	bool		has_next;		/* the slot has a place that nobody has asked for yet */
	Datum		start;			/* the job_id that the scan began with, as a text */
} Lane;

struct OrderedPlaces
{
	const PlanTable *queue;
	MemoryContext context;
	Relation	index;
	Snapshot	snapshot;
	int64		plan_id;
	Lane		lanes[2];		/* of all others, and of pooled jobs */
};

/* In the current memory context; the table and the snapshot are there as long, and the key is usable. */
OrderedPlaces *
ordered_places_open(const PlanTable *queue, Snapshot snapshot, int64 plan_id)
{
	OrderedPlaces *places = palloc0(sizeof(OrderedPlaces));

	places->queue = queue;
	places->context = CurrentMemoryContext;
	places->index = index_open(queue->key, AccessShareLock);
	places->snapshot = snapshot;
	places->plan_id = plan_id;
	for (int i = 0; i < lengthof(places->lanes); i++)
		places->lanes[i].slot = table_slot_create(queue->relation, NULL);
	return places;
}

static void
read_next(OrderedPlaces *places, Lane *lane)
{
	/* what the scan keeps from one row to the next is kept here */
	MemoryContext caller = MemoryContextSwitchTo(places->context);

	lane->has_next = index_getnext_slot(lane->scan, ForwardScanDirection, lane->slot);
	lane->at_end = !lane->has_next;
	MemoryContextSwitchTo(caller);
}

/* Is the lane's next place that of the job? */
static bool
is_next(const OrderedPlaces *places, const Lane *lane, Slice job_id)
{
	Datum		value;
	bool		isnull;

	if (!lane->has_next)
		return false;
	value = column_value(places->queue, lane->slot, QUEUE_JOB_ID, &isnull);
	return slice_equal(slice_from_text(PG_DETOAST_DATUM_PACKED(value)), job_id);
}

/* Have the lane go on from the job's place. */
static void
seek(OrderedPlaces *places, Lane *lane, Slice job_id)
{
	MemoryContext caller = MemoryContextSwitchTo(places->context);
	ScanKeyData keys[KEY_COLUMNS];

	if (lane->scan == NULL)
		lane->scan = index_beginscan(places->queue->relation, places->index, places->snapshot, NULL, KEY_COLUMNS, 0);
	if (lane->start != (Datum) 0)
		pfree(DatumGetPointer(lane->start));
	lane->start = slice_to_text(job_id);
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(places->plan_id));
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTGreaterEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXT_GE, lane->start);
	index_rescan(lane->scan, keys, KEY_COLUMNS, NULL, 0);
	MemoryContextSwitchTo(caller);
	read_next(places, lane);
}

/* The place of a job, which lives until the next is asked for; NULL: it has none. */
TupleTableSlot *
ordered_places_find(OrderedPlaces *places, Slice job_id, bool is_pooled)
{
	Lane	   *lane = &places->lanes[is_pooled];

	if (!lane->has_next && !lane->at_end && lane->scan != NULL)
		read_next(places, lane);
	if (!is_next(places, lane, job_id))
		seek(places, lane, job_id);
	if (!is_next(places, lane, job_id))
		return NULL;
	lane->has_next = false;
	return lane->slot;
}

void
ordered_places_close(OrderedPlaces *places)
{
	for (int i = 0; i < lengthof(places->lanes); i++)
	{
		ExecDropSingleTupleTableSlot(places->lanes[i].slot);
		if (places->lanes[i].scan != NULL)
			index_endscan(places->lanes[i].scan);
	}
	index_close(places->index, AccessShareLock);
	pfree(places);
}
