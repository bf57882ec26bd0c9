/*
 * training_plan_counts.c
 *		SQL function training_plan_counts(): how far a plan is, for the view
 *		training_plan_progress.
 *
 * What has ended is told by the tally, what runs by its index, and the rate by the
 * last that ended, so that it does not matter how many have.  Where a plan has no
 * tally, or an index is missing, its places are counted, which is as right and takes
 * longer; so it is where row-level security decides which of them the caller sees.
 *
 * All is seen as the query sees it that calls the function.
 *
 * The rate is how many ended since the work on the last hundred of them began, but for
 * the half that took longest: one that took a day tells nothing, and all that ended in
 * that day would have to be counted.  So all of a thousand that were worked on together
 * are counted when they are reported together.  Up to the last report, that is all the
 * time there was; where these are very many they are not counted one by one.  The silence since then belongs to it
 * only as far as it is longer than one was before, or than the last job took: the rate
 * does not sink from one report to the next, but it falls when nothing ends any more.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/arguments.h"
#include "base/executor_compat.h"
#include "base/row_query.h"
#include "execution/attempt_rules.h"
#include "plans/job_tally.h"

PG_FUNCTION_INFO_V1(training_plan_counts);

/* Arguments, as the SQL declaration has them. */
#define ARG_PLAN_ID			0
#define ARG_MAX_ATTEMPTS	1

typedef enum CountColumn
{
	COUNT_PENDING,
	COUNT_WAITING,
	COUNT_RUNNING,
	COUNT_SUCCEEDED,
	COUNT_FAILED,
	COUNT_CANCELLED,
	COUNT_BLOCKED,
	COUNT_REUSED,
	COUNT_NEWEST,
	COUNT_PER_SECOND,
	COUNT_COLUMNS
} CountColumn;

/* By how many of the last that ended it is told how long one takes. */
#define LAST_ENDED	100

/* How many are counted at most that have ended since; how many more there are is reckoned. */
#define MAX_COUNTED	10000

/* A job that has ended: when that was, and when the work on it began; either may be no time at all. */
typedef struct EndedJob
{
	TimestampTz ended_at;
	TimestampTz started_at;		/* DT_NOBEGIN: not known */
} EndedJob;

typedef struct Counting
{
	int64		plan_id;
	int32		max_attempts;
	TimestampTz now;
	Snapshot	snapshot;
	PlanTable	queue;
	PlanTable	history;
	bool		reads_history;	/* the caller may */
	int64		counts[COUNT_NEWEST];

	EndedJob	last[LAST_ENDED];	/* the newest first */
	int			last_count;
	TimestampTz newest;			/* DT_NOBEGIN: none has ended at a time that is one */
	TimestampTz since;			/* when the work on them began, once that is known */
	int64		ended_since;
	int64		ended;			/* at any time, as the tally says */
} Counting;

/* ---- where places are ----------------------------------------------------------------- */

static const CountColumn columns_of_states[] = {
	[JOB_PENDING] = COUNT_PENDING,
	[JOB_WAITING] = COUNT_WAITING,
	[JOB_RUNNING] = COUNT_RUNNING,
	[JOB_SUCCEEDED] = COUNT_SUCCEEDED,
	[JOB_FAILED] = COUNT_FAILED,
	[JOB_CANCELLED] = COUNT_CANCELLED,
	[JOB_REUSED] = COUNT_REUSED
};

/* Count a place that says that it runs, by the rules that training_job_state() has too. */
static void
count_running(Counting *counting, const Attempt *attempt)
{
	JobState	state = JOB_RUNNING;

	if (!lease_holds(attempt, counting->now))
		state = state_after_attempt(attempt, ATTEMPT_EXPIRED, counting->max_attempts);
	counting->counts[columns_of_states[state]]++;
}

static void
read_attempt(const PlanTable *queue, TupleTableSlot *row, Attempt *attempt)
{
	bool		isnull;

	attempt->number = DatumGetInt32(slot_getattr(row, queue->columns[QUEUE_ATTEMPT], &isnull));
	attempt->forgiven = DatumGetInt32(slot_getattr(row, queue->columns[QUEUE_ATTEMPTS_FORGIVEN], &isnull));
	attempt->cancel_requested = DatumGetBool(slot_getattr(row, queue->columns[QUEUE_CANCEL_REQUESTED], &isnull));
	attempt->lease_end = DatumGetTimestampTz(slot_getattr(row, queue->columns[QUEUE_READY_AT], &isnull));
	/* a running job has a lease */
	if (isnull)
		attempt->lease_end = DT_NOBEGIN;
}

static IndexScanDesc
begin_scan(const Counting *counting, Relation index)
{
	IndexScanDesc scan = index_beginscan(counting->queue.relation, index, counting->snapshot, NULL, 1, 0);
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(counting->plan_id));
	index_rescan(scan, &key, 1, NULL, 0);
	return scan;
}

/* Count what runs; returns how many places say so. */
static int64
count_by_running_index(Counting *counting)
{
	Relation	index = index_open(counting->queue.running_index, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(counting->queue.relation, NULL);
	IndexScanDesc scan = begin_scan(counting, index);
	int64		places = 0;

	while (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		Attempt		attempt;

		CHECK_FOR_INTERRUPTS();
		read_attempt(&counting->queue, slot, &attempt);
		count_running(counting, &attempt);
		places++;
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	return places;
}

/* Count by the tally and what runs.  False: they do not tell. */
static bool
count_by_tally(Counting *counting, Oid schema)
{
	int64	   *counts = counting->counts;
	PlanTable	table;
	PlanTally	tally;
	bool		has_base;
	int64		pending;

	if (!plan_table_exists(schema, TALLY_TABLE) || !plan_index_is_usable(counting->queue.running_index))
		return false;
	plan_table_open(&table, schema, TALLY_TABLE, AccessShareLock);
	has_base = tally_read(&table, counting->snapshot, counting->plan_id, &tally);
	plan_table_close(&table);
	if (!has_base)
		return false;
	/* or the tally itself: positions of places are integers, so there are no more */
	for (int i = TALLY_PLACES; i < TALLY_COLUMNS; i++)
	{
		if (tally.counts[i] < 0 || tally.counts[i] > PG_INT32_MAX)
			return false;
	}

	pending = tally.counts[TALLY_PLACES] - count_by_running_index(counting) - tally.counts[TALLY_WAITING] -
		tally.counts[TALLY_SUCCEEDED] - tally.counts[TALLY_FAILED] - tally.counts[TALLY_CANCELLED] -
		tally.counts[TALLY_REUSED];
	/* somebody has changed the queue while its triggers were off */
	if (pending < 0)
	{
		memset(counts, 0, sizeof(counting->counts));
		return false;
	}
	counting->ended = tally.counts[TALLY_SUCCEEDED] + tally.counts[TALLY_FAILED];
	counts[COUNT_PENDING] += pending;
	counts[COUNT_WAITING] += tally.counts[TALLY_WAITING];
	counts[COUNT_SUCCEEDED] += tally.counts[TALLY_SUCCEEDED];
	counts[COUNT_FAILED] += tally.counts[TALLY_FAILED];
	counts[COUNT_CANCELLED] += tally.counts[TALLY_CANCELLED];
	counts[COUNT_BLOCKED] += tally.counts[TALLY_BLOCKED];
	counts[COUNT_REUSED] += tally.counts[TALLY_REUSED];
	return true;
}

/* Implements RowCallback: a row is a place. */
static void
count_place(void *arg, const Datum *values, const bool *nulls)
{
	Counting   *counting = arg;
	int			state = state_of_text(values[0]);
	Attempt		attempt = {
		.lease_end = nulls[1] ? DT_NOBEGIN : DatumGetTimestampTz(values[1]),
		.cancel_requested = DatumGetBool(values[2]),
		.number = DatumGetInt32(values[3]),
		.forgiven = DatumGetInt32(values[4])
	};

	if (state == JOB_RUNNING)
		count_running(counting, &attempt);
	else if (state >= 0)
		counting->counts[columns_of_states[state]]++;
}

/* Run a query about the places of the plan that the caller sees. */
static void
query_places(Counting *counting, const char *text, int columns, const Oid *types, RowCallback callback)
{
	RowQuery	query = {
		.text = psprintf(text, counting->plan_id),
		.relation_count = 1,
		.relations = &counting->queue.relid,
		.columns = columns,
		.types = types,
		.read_only = true
	};

	row_query_run(&query, callback, counting);
}

/* Count the blocked jobs of the plan, whoever sees which of them. */
static void
count_blocked(Counting *counting, Oid schema)
{
	Datum		key = Int64GetDatum(counting->plan_id);
	PlanTable	jobs;
	Relation	index;
	TupleTableSlot *slot;
	IndexScanDesc scan;

	plan_table_open(&jobs, schema, JOBS_TABLE, NoLock);
	index = index_open(jobs.key, AccessShareLock);
	slot = table_slot_create(jobs.relation, NULL);
	scan = plan_table_scan(&jobs, index, counting->snapshot, &key, 1);
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		counting->counts[COUNT_BLOCKED] +=
			is_blocked_type(slot_getattr(slot, jobs.columns[JOB_TABLE_COLUMN(JOB_TRAINING_TYPE)], &isnull));
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
	plan_table_close(&jobs);
}

/* Count by looking at every place, and every job. */
static void
count_all(Counting *counting, Oid schema)
{
	static const Oid types[] = {TEXTOID, TIMESTAMPTZOID, BOOLOID, INT4OID, INT4OID};

	query_places(counting,
				 "SELECT state, ready_at, cancel_requested, attempt, attempts_forgiven FROM ONLY %%s "
				 "WHERE plan_id OPERATOR(pg_catalog.=) " INT64_FORMAT,
				 lengthof(types), types, count_place);
	count_blocked(counting, schema);
}

/* ---- what ended last ------------------------------------------------------------------- */

/* When the recorded attempt began that a job's last was; DT_NOBEGIN: not known. */
static TimestampTz
recorded_start(const Counting *counting, Datum job_id, Datum attempt)
{
	Datum		key[] = {Int64GetDatum(counting->plan_id), job_id, attempt};
	TupleTableSlot *slot;
	TimestampTz started_at = DT_NOBEGIN;

	if (!counting->reads_history)
		return started_at;
	slot = table_slot_create(counting->history.relation, NULL);
	if (plan_table_find(&counting->history, counting->snapshot, key, lengthof(key), ForwardScanDirection, slot))
	{
		bool		isnull;
		Datum		value = slot_getattr(slot, counting->history.columns[HISTORY_STARTED_AT], &isnull);

		if (!isnull)
			started_at = DatumGetTimestampTz(value);
	}
	ExecDropSingleTupleTableSlot(slot);
	return started_at;
}

/* Lengths of time. */
#define ST_SORT sort_lengths
#define ST_ELEMENT_TYPE int64
#define ST_COMPARE(a, b) ((*(a) > *(b)) - (*(a) < *(b)))
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

static bool
has_length(const EndedJob *job)
{
	return !TIMESTAMP_NOT_FINITE(job->ended_at) && !TIMESTAMP_NOT_FINITE(job->started_at);
}

/* How long one of the last takes: half of them take no longer. */
static int64
usual_length(const Counting *counting)
{
	int64		lengths[LAST_ENDED];
	int			count = 0;

	for (int i = 0; i < counting->last_count; i++)
	{
		if (has_length(&counting->last[i]))
			lengths[count++] = counting->last[i].ended_at - counting->last[i].started_at;
	}
	sort_lengths(lengths, count);
	return count == 0 ? 0 : lengths[count / 2];
}

/* All of the last are known: when did the work on them begin, and how many have ended since? */
static void
settle_last(Counting *counting)
{
	int64		length = usual_length(counting);

	counting->since = DT_NOEND;
	for (int i = 0; i < counting->last_count; i++)
	{
		const EndedJob *job = &counting->last[i];

		if (TIMESTAMP_NOT_FINITE(job->ended_at))
			continue;
		if (counting->newest == DT_NOBEGIN)
			counting->newest = job->ended_at;
		if (!has_length(job))
			counting->since = Min(counting->since, job->ended_at);
		else if (job->ended_at - job->started_at <= length)
			counting->since = Min(counting->since, job->started_at);
	}
	if (counting->newest == DT_NOBEGIN)
		return;
	for (int i = 0; i < counting->last_count; i++)
		counting->ended_since += counting->last[i].ended_at > counting->since;
}

/*
 * Note the next job that ended, from the newest on.  Returns whether it matters what
 * ended before.
 */
static bool
note_ended(Counting *counting, TimestampTz ended_at, bool has_start, TimestampTz started_at,
		   Datum job_id, Datum attempt)
{
	if (counting->last_count < LAST_ENDED)
	{
		EndedJob   *job = &counting->last[counting->last_count++];

		job->ended_at = ended_at;
		job->started_at = has_start ? started_at : recorded_start(counting, job_id, attempt);
		if (counting->last_count == LAST_ENDED)
			settle_last(counting);
		return true;
	}
	if (counting->newest == DT_NOBEGIN || ended_at <= counting->since)
		return false;
	counting->ended_since++;
	return true;
}

/* Is there no need to count all that ended since the work on the last began? */
static bool
is_counted_enough(const Counting *counting)
{
	return counting->ended > MAX_COUNTED && counting->ended_since >= MAX_COUNTED;
}

/* When the first of all ended, by the index. */
static TimestampTz
first_ended(const Counting *counting, Relation index, TupleTableSlot *slot)
{
	IndexScanDesc scan = begin_scan(counting, index);
	TimestampTz ended_at = DT_NOBEGIN;
	bool		isnull;

	if (index_getnext_slot(scan, ForwardScanDirection, slot))
		ended_at = DatumGetTimestampTz(slot_getattr(slot, counting->queue.columns[QUEUE_STATE_SINCE], &isnull));
	index_endscan(scan);
	return ended_at;
}

/*
 * Very many have ended since, as when a worker had very many at once.  All have, if the
 * first of all did; else their part of all is taken for that of the time.
 */
static void
reckon_ended(Counting *counting, TimestampTz first)
{
	double		part = 1;

	if (TIMESTAMP_NOT_FINITE(first))
		return;
	if (first <= counting->since)
		part = (double) (counting->newest - counting->since) / (counting->newest - first);
	counting->ended_since = Max(counting->ended_since, (int64) (part * counting->ended));
}

/* Go through what ended by its index. */
static void
read_ended_by_index(Counting *counting)
{
	const PlanTable *queue = &counting->queue;
	Relation	index = index_open(queue->ended_index, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(queue->relation, NULL);
	IndexScanDesc scan = begin_scan(counting, index);

	while (!is_counted_enough(counting) && index_getnext_slot(scan, BackwardScanDirection, slot))
	{
		bool		isnull;
		bool		has_no_start;
		TimestampTz ended_at = DatumGetTimestampTz(slot_getattr(slot, queue->columns[QUEUE_STATE_SINCE], &isnull));
		Datum		started_at = column_value(queue, slot, QUEUE_STARTED_AT, &has_no_start);

		CHECK_FOR_INTERRUPTS();
		if (!note_ended(counting, ended_at, !has_no_start, has_no_start ? DT_NOBEGIN : DatumGetTimestampTz(started_at),
						slot_getattr(slot, queue->columns[QUEUE_JOB_ID], &isnull),
						slot_getattr(slot, queue->columns[QUEUE_ATTEMPT], &isnull)))
			break;
	}
	index_endscan(scan);
	if (is_counted_enough(counting))
		reckon_ended(counting, first_ended(counting, index, slot));
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, AccessShareLock);
}

/* Implements RowCallback: a row is a job that ended. */
static void
note_ended_row(void *arg, const Datum *values, const bool *nulls)
{
	(void) note_ended(arg, DatumGetTimestampTz(values[0]), !nulls[1],
					  nulls[1] ? DT_NOBEGIN : DatumGetTimestampTz(values[1]), values[2], values[3]);
}

static void
read_ended(Counting *counting, bool by_index)
{
	static const Oid types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, INT4OID};

	counting->newest = DT_NOBEGIN;
	if (by_index)
		read_ended_by_index(counting);
	else
		query_places(counting,
					 "SELECT state_since, started_at, job_id, attempt FROM ONLY %%s "
					 "WHERE plan_id OPERATOR(pg_catalog.=) " INT64_FORMAT
					 " AND (state OPERATOR(pg_catalog.=) 'succeeded' OR state OPERATOR(pg_catalog.=) 'failed')"
					 " ORDER BY state_since DESC",
					 lengthof(types), types, note_ended_row);
	if (counting->last_count < LAST_ENDED)
		settle_last(counting);
}

/* How long it was silent at most before the last report, or how long the last took. */
static int64
usual_silence(const Counting *counting)
{
	const EndedJob *last = NULL;
	int64		silence = 0;

	for (int i = 0; i < counting->last_count; i++)
	{
		const EndedJob *job = &counting->last[i];

		if (TIMESTAMP_NOT_FINITE(job->ended_at))
			continue;
		if (last != NULL)
			silence = Max(silence, last->ended_at - job->ended_at);
		else if (has_length(job))
			silence = Max(silence, job->ended_at - job->started_at);
		last = job;
	}
	return silence;
}

/* How many ended a second; 0: that is not to be told. */
static double
rate(const Counting *counting)
{
	const int64 *counts = counting->counts;
	int64		elapsed;

	if (counting->newest == DT_NOBEGIN)
		return 0;
	elapsed = counting->newest - counting->since;
	if (counts[COUNT_PENDING] + counts[COUNT_WAITING] + counts[COUNT_RUNNING] > 0)
	{
		/* a clock was wrong */
		if (counting->now <= counting->since)
			return 0;
		elapsed += Max(counting->now - counting->newest - usual_silence(counting), 0);
	}
	return elapsed <= 0 ? 0 : (double) counting->ended_since * USECS_PER_SEC / elapsed;
}

/* ---- the function ---------------------------------------------------------------------- */

/* May the caller read the whole history? */
static bool
can_read_history(const PlanTable *history)
{
	return (pg_class_aclcheck(history->relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
			pg_attribute_aclcheck_all(history->relid, GetUserId(), ACL_SELECT, ACLMASK_ALL) == ACLCHECK_OK) &&
		!plan_table_has_policies(history);
}

/* training_plan_counts(plan_id bigint, max_attempts integer) */
Datum
training_plan_counts(PG_FUNCTION_ARGS)
{
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	Counting	counting = {.now = GetCurrentStatementStartTimestamp()};
	Datum		values[COUNT_COLUMNS] = {0};
	bool		nulls[COUNT_COLUMNS] = {false};
	TupleDesc	descriptor;
	bool		sees_all;
	double		per_second;

	require_argument(fcinfo, ARG_PLAN_ID, "plan_id");
	require_argument(fcinfo, ARG_MAX_ATTEMPTS, "max_attempts");
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE ||
		descriptor->natts != COUNT_COLUMNS)
		elog(ERROR, "training_plan_counts is declared with other columns");
	counting.plan_id = PG_GETARG_INT64(ARG_PLAN_ID);
	counting.max_attempts = PG_GETARG_INT32(ARG_MAX_ATTEMPTS);
	counting.snapshot = GetActiveSnapshot();

	plan_tables_lock(schema, AccessShareLock);
	plan_table_open(&counting.queue, schema, QUEUE_TABLE, NoLock);
	plan_table_check_rights(&counting.queue, ACL_SELECT);
	plan_table_open(&counting.history, schema, HISTORY_TABLE, NoLock);
	counting.reads_history = can_read_history(&counting.history);
	sees_all = !plan_table_has_policies(&counting.queue);
	if (!sees_all || !count_by_tally(&counting, schema))
		count_all(&counting, schema);
	read_ended(&counting, sees_all && plan_index_is_usable(counting.queue.ended_index));
	plan_table_close(&counting.history);
	plan_table_close(&counting.queue);

	for (int i = 0; i < COUNT_NEWEST; i++)
		values[i] = Int64GetDatum(counting.counts[i]);
	values[COUNT_NEWEST] = TimestampTzGetDatum(counting.newest);
	nulls[COUNT_NEWEST] = counting.newest == DT_NOBEGIN;
	per_second = rate(&counting);
	values[COUNT_PER_SECOND] = Float8GetDatum(per_second);
	nulls[COUNT_PER_SECOND] = per_second <= 0;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
