/*
 * change_training_jobs.c
 *		SQL functions cancel_training_jobs() and retry_training_jobs(): jobs of a
 *		plan into another state, as many as there are.
 *
 * They wait for claims and reports of the jobs that they change, and lock them in
 * the order of job_id, as everybody does who locks more than one and waits.  A
 * lease that ran out is recorded on the way, as a claim would that comes by.
 */
#include "postgres.h"

#include "access/genam.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "base/row_query.h"
#include "execution/execution_call.h"
#include "execution/job_claim.h"
#include "execution/pooled_first.h"
#include "plans/job_channel.h"

PG_FUNCTION_INFO_V1(cancel_training_jobs);
PG_FUNCTION_INFO_V1(retry_training_jobs);

/* Arguments, as the SQL declarations have them. */
#define ARG_PLAN_ID		0
#define ARG_JOB_IDS		1
#define ARG_TARGET		2
#define ARG_SYMBOL		3

/* What is to become of a place; false if it is to stay as it is. */
typedef bool (*PlaceChange) (QueuePlace *place, TimestampTz now);

/* Which jobs of a plan with pooled_first a walk through them changes. */
typedef enum ChangedPart
{
	CHANGE_ANY,
	CHANGE_AWAITED,
	CHANGE_OTHERS
} ChangedPart;

/* A call that changes jobs of a plan. */
typedef struct Changing
{
	JobQueue	queue;
	StoredPlan	plan;
	PlaceChange change;
	ByteSort   *job_ids;		/* of a plan with pooled_first: all that are to be changed; else NULL */
	ChangedPart part;
	RetriedJobs *retried;		/* while the others are changed */
	int64		changed;		/* how many are in another state now */
	bool		any_claimable;	/* of those that were changed */
} Changing;

/* A job that runs stops when its worker reports, or when its lease ends. */
static bool
cancel(QueuePlace *place, TimestampTz now)
{
	if (place->state == JOB_RUNNING)
	{
		if (place->attempt.cancel_requested)
			return false;
		place->attempt.cancel_requested = true;
		return true;
	}
	/* one that was cancelled with its pooled job does not come back with it any more */
	if (place->state == JOB_CANCELLED && place->error != (Datum) 0)
	{
		place->error = (Datum) 0;
		return true;
	}
	if (place->state != JOB_PENDING && place->state != JOB_WAITING)
		return false;
	queue_place_end_attempt(place, JOB_CANCELLED, now, 0);
	return true;
}

/* A job that is to be cancelled and still runs goes on. */
static bool
retry(QueuePlace *place, TimestampTz now)
{
	if (place->state == JOB_RUNNING)
	{
		if (!place->attempt.cancel_requested)
			return false;
		place->attempt.cancel_requested = false;
		return true;
	}
	if (place->state != JOB_FAILED && place->state != JOB_CANCELLED && place->state != JOB_REUSED)
		return false;
	queue_place_end_attempt(place, JOB_PENDING, now, now);
	place->attempt.forgiven = place->attempt.number;
	return true;
}

static bool
has_expired(const QueuePlace *place, TimestampTz now)
{
	return place->state == JOB_RUNNING && !lease_holds(&place->attempt, now);
}

/* Would a place be changed, if it stayed as it is? */
static bool
is_to_change(const Changing *changing, const QueuePlace *place)
{
	QueuePlace	changed = *place;

	if (place->state < 0)
	{
		warn_of_unknown_state(place);
		return false;
	}
	return has_expired(place, changing->queue.now) || changing->change(&changed, changing->queue.now);
}

/* Is a place one of those that are changed now? */
static bool
is_in_part(const Changing *changing, const QueuePlace *place)
{
	return changing->part == CHANGE_ANY || place->awaited == (changing->part == CHANGE_AWAITED);
}

/*
 * What is retried in a plan with pooled_first waits if the pooled model that it needs is not
 * there.  Returns whether it can be retried.
 */
static bool
settle_retried(Changing *changing, QueuePlace *place)
{
	JobState	state;

	if (changing->retried == NULL || place->state != JOB_PENDING)
		return true;
	if (!retried_job_state(changing->retried, place, &state))
		return false;
	queue_place_end_attempt(place, state, place->state_since, place->ready_at);
	return true;
}

/* Change the place of a job, once it is locked. */
static void
change_job(Changing *changing, Datum job_id)
{
	JobQueue   *queue = &changing->queue;
	QueuePlace	place;
	QueuePlace	before;
	QueuePlace	ended;

	CHECK_FOR_INTERRUPTS();
	while (job_queue_find(queue, changing->plan.plan_id, job_id, &place) &&
		   is_in_part(changing, &place) && is_to_change(changing, &place))
	{
		bool		expired;
		bool		changed;

		if (!queue_place_lock(queue, &place))
			continue;
		expired = has_expired(&place, queue->now);
		if (expired)
			queue_place_expire(queue, &place, &changing->plan, &ended);
		before = place;
		changed = changing->change(&place, queue->now);
		if (changed && !settle_retried(changing, &place))
		{
			place = before;
			changed = false;
		}
		if (expired || changed)
			queue_place_write(queue, &place);
		if (expired)
			record_expired(queue, &ended);
		changing->changed += changed &&
			(place.state != before.state || place.state == JOB_RUNNING);
		changing->any_claimable |= changed && place.state == JOB_PENDING;
		if (place.awaited && place.state != JOB_RUNNING)
			changing->changed += pooled_first_follow(queue, &place, before.state);
		break;
	}
}

/*
 * Change the job of an id; in a plan with pooled_first it is noted, and changed when all are
 * locked that have to be.
 */
static void
take_job(Changing *changing, Datum job_id)
{
	if (changing->job_ids == NULL)
	{
		change_job(changing, job_id);
		return;
	}
	append_slice(byte_sort_begin_record(changing->job_ids), slice_from_text(DatumGetTextPP(job_id)));
	byte_sort_put(changing->job_ids);
}

/* Change the jobs that were noted and are of a part. */
static void
change_part(Changing *changing, ChangedPart part)
{
	Slice		record;

	/* see what followed others */
	job_queue_refresh(&changing->queue);
	byte_sort_rewind(changing->job_ids);
	changing->part = part;
	while (byte_sort_next(changing->job_ids, &record))
	{
		Datum		job_id = slice_to_text(record);

		change_job(changing, job_id);
		pfree(DatumGetPointer(job_id));
	}
}

/*
 * Change the jobs that were noted, with what follows them: first those that others wait for,
 * so that these know what they go by.  All that may be changed is locked before, in order.
 */
static void
change_noted(Changing *changing)
{
	byte_sort_perform(changing->job_ids);
	pooled_first_lock(&changing->queue, changing->plan.plan_id, changing->job_ids,
					  changing->change == retry ? POOLED_IS_RETRIED : POOLED_ENDS);
	change_part(changing, CHANGE_AWAITED);
	changing->retried = retried_jobs_begin(&changing->queue);
	change_part(changing, CHANGE_OTHERS);
	retried_jobs_end(changing->retried);
	changing->retried = NULL;
	byte_sort_end(changing->job_ids);
}

/* Change all jobs of the plan. */
static void
change_all(Changing *changing)
{
	JobQueue   *queue = &changing->queue;
	Snapshot	snapshot = RegisterSnapshot(queue->snapshot);
	IndexScanDesc scan = job_queue_scan_plan(queue, changing->plan.plan_id);

	while (index_getnext_slot(scan, ForwardScanDirection, queue->found))
	{
		QueuePlace	place;
		Datum		job_id;

		CHECK_FOR_INTERRUPTS();
		queue_place_read(queue, &place);
		if (!is_to_change(changing, &place))
			continue;
		/* it is found again, and queue->found has others then */
		job_id = datumCopy(place.job_id, false, -1);
		take_job(changing, job_id);
		pfree(DatumGetPointer(job_id));
	}
	index_endscan(scan);
	UnregisterSnapshot(snapshot);
}

/* Is a value what is wanted, or anything? */
static bool
matches(Datum value, bool isnull, const char *wanted)
{
	return wanted == NULL ||
		(!isnull && slice_equal(slice_from_text(DatumGetTextPP(value)), slice_from_string(wanted)));
}

/*
 * Change the jobs of a target, or all, that have this symbol and the caller can see.  They
 * are found by their index: a new plan has no statistics that a query could be planned by.
 */
static void
change_matching(Changing *changing, const char *target, const char *symbol)
{
	Snapshot	snapshot = RegisterSnapshot(changing->queue.snapshot);
	ByteSort   *found = byte_sort_create(work_mem);
	JobReader	jobs;
	Relation	index;
	TupleTableSlot *slot;
	IndexScanDesc scan;
	Slice		record;

	job_reader_open(&jobs, changing->queue.schema, snapshot);
	index = plan_table_open_target_index(&jobs.table);
	slot = table_slot_create(jobs.table.relation, NULL);
	scan = plan_table_scan_target(&jobs.table, index, snapshot, changing->plan.plan_id,
								  target == NULL ? (Datum) 0 : CStringGetTextDatum(target));
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		Datum		value = column_value(&jobs.table, slot, JOB_TABLE_COLUMN(JOB_SYMBOL), &isnull);
		Datum		job_id;

		CHECK_FOR_INTERRUPTS();
		if (!matches(value, isnull, symbol))
			continue;
		job_id = column_value(&jobs.table, slot, JOB_TABLE_COLUMN(JOB_ID), &isnull);
		if (jobs.has_policies && !job_reader_find(&jobs, changing->plan.plan_id, job_id))
			continue;
		append_slice(byte_sort_begin_record(found), slice_from_text(DatumGetTextPP(job_id)));
		byte_sort_put(found);
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	job_reader_close(&jobs);
	UnregisterSnapshot(snapshot);

	byte_sort_perform(found);
	while (byte_sort_next(found, &record))
	{
		Datum		job_id = slice_to_text(record);

		take_job(changing, job_id);
		pfree(DatumGetPointer(job_id));
	}
	byte_sort_end(found);
}

/* Implements RowCallback: a row has a job_id. */
static void
change_found_job(void *changing, const Datum *values, const bool *nulls)
{
	if (!nulls[0])
		take_job(changing, values[0]);
}

/* Change all jobs of the plan that policies let the caller see. */
static void
change_visible(Changing *changing)
{
	static const Oid types[] = {TEXTOID};
	PlanTable	jobs;
	RowQuery	query = {.relation_count = 1, .columns = lengthof(types), .types = types, .read_only = true};

	plan_table_open(&jobs, changing->queue.schema, JOBS_TABLE, AccessShareLock);
	query.text = psprintf("SELECT job_id FROM ONLY %%s WHERE plan_id OPERATOR(pg_catalog.=) " INT64_FORMAT
						  " ORDER BY job_id", changing->plan.plan_id);
	query.relations = &jobs.relid;
	PushActiveSnapshot(changing->queue.snapshot);
	row_query_run(&query, change_found_job, changing);
	PopActiveSnapshot();
	plan_table_close(&jobs);
}

/* Texts, by their bytes. */
#define ST_SORT sort_texts
#define ST_ELEMENT_TYPE Datum
#define ST_COMPARE(a, b) slice_compare(slice_from_text(DatumGetTextPP(*(a))), slice_from_text(DatumGetTextPP(*(b))))
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* Change the jobs of these ids that have this target and symbol; one that the plan does not have is an error. */
static void
change_listed(Changing *changing, FunctionCallInfo fcinfo, const char *target, const char *symbol)
{
	JobReader	jobs;
	int			count;
	Datum	   *job_ids = array_argument(fcinfo, ARG_JOB_IDS, TEXTOID, "job_ids", &count, NULL);

	sort_texts(job_ids, count);

	job_reader_open(&jobs, changing->queue.schema, changing->queue.snapshot);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!job_reader_find(&jobs, changing->plan.plan_id, job_ids[i]))
			report_no_job(changing->plan.plan_id, job_ids[i]);
		if (matches(jobs.values[JOB_TARGET], jobs.nulls[JOB_TARGET], target) &&
			matches(jobs.values[JOB_SYMBOL], jobs.nulls[JOB_SYMBOL], symbol))
			take_job(changing, job_ids[i]);
	}
	job_reader_close(&jobs);
}

/* Change the jobs of a plan that the arguments choose; returns how many. */
static int64
change_jobs(FunctionCallInfo fcinfo, const char *function, PlaceChange change)
{
	Changing	changing = {.change = change};
	const char *target = text_argument(fcinfo, ARG_TARGET);
	const char *symbol = text_argument(fcinfo, ARG_SYMBOL);

	require_argument(fcinfo, ARG_PLAN_ID, "plan_id");
	job_queue_open(&changing.queue, get_func_namespace(fcinfo->flinfo->fn_oid), function);
	(void) plan_argument(fcinfo, ARG_PLAN_ID, &changing.queue, &changing.plan);
	if (is_plan_pooled_first(changing.queue.schema, changing.queue.snapshot, changing.plan.plan_id))
		changing.job_ids = byte_sort_create_rewindable(work_mem);
	if (!PG_ARGISNULL(ARG_JOB_IDS))
		change_listed(&changing, fcinfo, target, symbol);
	else if (target != NULL || symbol != NULL)
		change_matching(&changing, target, symbol);
	else if (changing.queue.jobs_have_policies)
		change_visible(&changing);
	else
		change_all(&changing);
	if (changing.job_ids != NULL)
		change_noted(&changing);
	job_queue_close(&changing.queue);

	if (changing.any_claimable)
		notify_of_jobs(changing.plan.plan_id);
	return changing.changed;
}

/* cancel_training_jobs(plan_id bigint, job_ids text[], target text, symbol text) */
Datum
cancel_training_jobs(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(change_jobs(fcinfo, "cancel_training_jobs()", cancel));
}

/* retry_training_jobs(plan_id bigint, job_ids text[], target text, symbol text) */
Datum
retry_training_jobs(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(change_jobs(fcinfo, "retry_training_jobs()", retry));
}
