/*
 * plan_store.c
 *		Stores a plan and its jobs in training_plans and training_jobs, and gives
 *		the jobs their places in training_job_queue.
 *
 * Jobs go into their table as COPY would put them there, and with each its place
 * in the queue, for which nobody needs rights but to insert jobs.  They come in the
 * order of target and symbol, so that the entries of both indexes of a new plan
 * arrive nearly sorted and are appended rather than searched a place for.
 *
 * Whatever else somebody hung on a table (a trigger, a check, a policy, another
 * column) must hold for these rows too; then they are inserted one by one with a
 * plain INSERT, and with the caller's rights.
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/arguments.h"
#include "base/bulk_insert.h"
#include "base/executor_compat.h"
#include "planning/job_kind.h"
#include "plans/job_channel.h"
#include "plans/job_tally.h"
#include "plans/plan_store.h"
#include "plans/table_write.h"
#include "plans/trigger_call.h"
#include "plans/visible_rows.h"

/* ---- the plan's row --------------------------------------------------------------- */

/*
 * The run that a plan is to be part of; NULL: one of its own, which is called by the
 * current time.  The function may be that of a version that has no such argument.
 */
const char *
run_id_argument(FunctionCallInfo fcinfo, int argument)
{
	const char *run_id = added_text_argument(fcinfo, argument);

	if (run_id != NULL && *run_id == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("run_id must not be empty"),
				 errhint("NULL means the current time.")));
	return run_id;
}

/* Tables whose rows are known by the plan's number. */
#define NUMBERED_TABLES		5

static Datum
text_or_null(const char *string, bool *null)
{
	*null = string == NULL;
	return *null ? (Datum) 0 : CStringGetTextDatum(string);
}

/* Do tables of jobs, or that of plans, have rows of a plan? */
static bool
is_number_taken(const PlanTable *const *tables, int64 plan_id)
{
	for (int i = 0; i < NUMBERED_TABLES; i++)
	{
		if (tables[i] != NULL && plan_table_has_rows_of(tables[i], plan_id))
			return true;
	}
	return false;
}

/*
 * The number of a new plan: the next of its column's sequence that nothing has.  A
 * restore turns the sequence back, or leaves rows of plans that do not exist.
 */
static int64
draw_number(const PlanTable *plans, const PlanTable *const *tables)
{
	Oid			sequence = getIdentitySequence(plans->relation, plans->columns[PLAN_PLAN_ID], false);
	int64		first = nextval_internal(sequence, false);
	int64		plan_id = first;

	while (is_number_taken(tables, plan_id))
	{
		CHECK_FOR_INTERRUPTS();
		plan_id = nextval_internal(sequence, false);
		/* a sequence may go round */
		if (plan_id == first)
			ereport(ERROR,
					(errcode(ERRCODE_SEQUENCE_GENERATOR_LIMIT_EXCEEDED),
					 errmsg("every number that the sequence of column \"plan_id\" of table \"%s\" has is taken",
							plan_table_name(PLANS_TABLE))));
	}
	return plan_id;
}

/* Insert a plan's row, with the number that it is to have; returns what others' triggers made of that. */
static int64
insert_plan(const PlanTable *plans, int64 plan_id, const PlanFacts *facts)
{
	static const Oid types[] = {
		TEXTOID, TEXTARRAYOID, BOOLOID, TEXTOID, TEXTOID, TEXTOID, INT8OID, TEXTOID, TEXTOID, INT8OID,
		BOOLOID, TEXTOID
	};
	static const Oid result_types[] = {INT8OID};
	Datum		values[lengthof(types)];
	bool		nulls[lengthof(types)] = {false};
	TableWrite	write;
	bool		isnull;

	values[0] = text_or_null(facts->routing, &nulls[0]);
	values[1] = PointerGetDatum(facts->families);
	values[2] = BoolGetDatum(facts->include_blocked);
	values[3] = text_or_null(facts->git_commit, &nulls[3]);
	values[4] = text_or_null(facts->config_hash, &nulls[4]);
	values[5] = text_or_null(facts->metrics_snapshot, &nulls[5]);
	values[6] = Int64GetDatum(facts->total_jobs);
	values[7] = text_or_null(facts->run_id, &nulls[7]);
	values[8] = text_or_null(facts->generated_at, &nulls[8]);
	values[9] = Int64GetDatum(plan_id);
	values[10] = BoolGetDatum(facts->pooled_first);
	values[11] = text_or_null(facts->server, &nulls[11]);

	/* a column that is not named has its default */
	table_write_prepare(&write, plans,
						psprintf("INSERT INTO %%s (plan_id, routing, model_families, include_blocked, "
								 "git_commit, config_hash, metrics_snapshot, total_jobs%s%s%s%s) "
								 "OVERRIDING SYSTEM VALUE "
								 "VALUES ($10, $1, $2, $3, $4, $5, $6, $7%s%s%s%s) RETURNING plan_id",
								 facts->run_id != NULL ? ", run_id" : "",
								 facts->generated_at != NULL ? ", generated_at" : "",
								 facts->pooled_first ? ", pooled_first" : "",
								 facts->server != NULL ? ", server" : "",
								 facts->run_id != NULL ? ", $8" : "",
								 facts->generated_at != NULL ? ", $9::pg_catalog.timestamptz" : "",
								 facts->pooled_first ? ", $11" : "",
								 facts->server != NULL ? ", $12" : ""),
						lengthof(types), types, lengthof(result_types), result_types);
	if (table_write_run(&write, values, nulls, false) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("plan was not inserted into table \"%s\"", plan_table_name(PLANS_TABLE))));
	return DatumGetInt64(table_write_result(0, &isnull));
}

/* ---- rows of a table, in bulk or one by one ---------------------------------------- */

/* A table that many rows are put into. */
typedef struct RowSink
{
	PlanTable	table;
	int			job_id;			/* its column */
	BulkInsert *bulk;			/* NULL: by SQL */
	TableWrite	write;
	MemoryContext context;
	Datum		first_job;		/* its job_id, of the first row in bulk; 0: there is none */
	PlanTally  *tally;			/* counts what no trigger does */
} RowSink;

/* Begin with a table, which is open; SPI is connected. */
static void
row_sink_begin(RowSink *sink)
{
	sink->job_id = sink->table.id == JOBS_TABLE ? JOB_TABLE_COLUMN(JOB_ID) : QUEUE_JOB_ID;
	sink->bulk = NULL;
	sink->context = CurrentMemoryContext;
	sink->first_job = (Datum) 0;
	if (sink->table.inserts_are_plain && !plan_table_has_policies(&sink->table))
		sink->bulk = bulk_insert_begin(sink->table.relation);
	else
		table_write_prepare_insert(&sink->write, &sink->table);
}

/* Put a row in by SQL. */
static void
row_sink_write(RowSink *sink, Datum *values, bool *nulls)
{
	if (table_write_insert(&sink->write, &sink->table, values, nulls, false) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("job was not inserted into table \"%s\"", plan_table_name(sink->table.id)),
				 errdetail("It is the job \"%s\".", TextDatumGetCString(values[sink->job_id]))));
}

/* Put a row into the next batch.  Its values are in the bulk insert's own memory. */
static void
row_sink_keep(RowSink *sink, const Datum *values, const bool *nulls, int columns)
{
	Datum	   *row;
	bool	   *row_nulls;

	if (sink->first_job == (Datum) 0)
	{
		MemoryContext caller = MemoryContextSwitchTo(sink->context);

		sink->first_job = datumCopy(values[sink->job_id], false, -1);
		MemoryContextSwitchTo(caller);
	}
	bulk_insert_row(sink->bulk, &row, &row_nulls);
	for (int i = 0; i < columns; i++)
	{
		if (!has_column(&sink->table, i))
			continue;
		row[column_index(&sink->table, i)] = values[i];
		row_nulls[column_index(&sink->table, i)] = nulls[i];
	}
	bulk_insert_keep(sink->bulk);
}

static void
row_sink_end(RowSink *sink)
{
	if (sink->bulk != NULL)
		bulk_insert_end(sink->bulk);
}

/* From so many jobs on, what a look at a row costs is nothing beside them. */
#define MANY_JOBS	1000

/* A plan and its rows have been put in: does SQL see them? */
static void
check_plan_is_visible(const PlanTable *plans, const RowSink *jobs, const RowSink *places, int64 plan_id,
					  int64 total_jobs)
{
	Datum		number = Int64GetDatum(plan_id);
	Datum		job_key[] = {number, jobs->first_job};
	Datum		place_key[] = {number, places->first_job};
	void		(*check) (const PlanTable *, const Datum *) =
		total_jobs >= MANY_JOBS ? check_row_is_visible : check_row_is_visible_once;

	check(plans, &number);
	if (jobs->first_job != (Datum) 0)
		check(&jobs->table, job_key);
	if (places->first_job != (Datum) 0)
		check(&places->table, place_key);
}

/*
 * Which of the queue's partial indexes have the places of new jobs is known: none runs or
 * has ended, and all can be claimed, unless some wait.
 */
static void
know_indexes(RowSink *places, bool some_wait)
{
	bulk_insert_leave_out(places->bulk, places->table.running_index);
	bulk_insert_leave_out(places->bulk, places->table.ended_index);
	if (places->table.claim_index_is_own && !some_wait)
		bulk_insert_have_all(places->bulk, places->table.claim_index);
}

/* ---- jobs and their places ------------------------------------------------------------ */

/*
 * The places of a plan's jobs: jobs of a target come together, its own job before
 * or behind those of its symbols, and is the first to be claimed.
 */
typedef struct PlanOrder
{
	StringInfoData target;		/* of the last job */
	int32		of_target;		/* the place kept for the target's own job */
	int32		last;
} PlanOrder;

static int32
next_position(PlanOrder *order, const Datum *job, const bool *nulls)
{
	Slice		target = slice_from_text(DatumGetTextPP(job[JOB_TARGET]));

	if (order->last == 0 || !slice_equal(target, slice_from_buffer(&order->target)))
	{
		hold_slice(&order->target, target);
		order->of_target = ++order->last;
	}
	return nulls[JOB_SYMBOL] ? order->of_target : ++order->last;
}

/* The kind of the last job, as the next one has it, as a rule. */
typedef struct LastKind
{
	StringInfoData training_type;
	StringInfoData families;	/* the whole value */
	int64		kind;
} LastKind;

static int64
next_kind(LastKind *last, const Datum *job)
{
	Slice		training_type = slice_from_text(DatumGetTextPP(job[JOB_TRAINING_TYPE]));
	ArrayType  *families = DatumGetArrayTypeP(job[JOB_MODEL_FAMILIES]);
	Slice		value = {(const char *) families, VARSIZE(families)};

	if (last->kind == KIND_UNKNOWN ||
		!slice_equal(training_type, slice_from_buffer(&last->training_type)) ||
		!slice_equal(value, slice_from_buffer(&last->families)))
	{
		hold_slice(&last->training_type, training_type);
		hold_slice(&last->families, value);
		last->kind = job_kind(training_type, families);
	}
	return last->kind;
}

/*
 * The place that a new job gets in the queue, made in the memory context given;
 * false for a job that nobody is to claim.
 */
static bool
make_place(MemoryContext context, const Datum *job, int64 plan_id, int32 position, LastKind *kind,
		   Datum *values, bool *nulls)
{
	MemoryContext caller;

	if (is_blocked_type(job[JOB_TRAINING_TYPE]))
		return false;

	caller = MemoryContextSwitchTo(context);
	memset(nulls, false, QUEUE_COLUMNS * sizeof(bool));
	values[QUEUE_PLAN_ID] = Int64GetDatum(plan_id);
	values[QUEUE_PRIORITY] = job[JOB_PRIORITY];
	values[QUEUE_POSITION] = Int32GetDatum(position);
	values[QUEUE_READY_AT] = (Datum) 0;
	nulls[QUEUE_READY_AT] = true;
	values[QUEUE_STATE_SINCE] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	values[QUEUE_ATTEMPT] = Int32GetDatum(0);
	values[QUEUE_ATTEMPTS_FORGIVEN] = Int32GetDatum(0);
	values[QUEUE_CANCEL_REQUESTED] = BoolGetDatum(false);
	values[QUEUE_JOB_ID] = datumCopy(job[JOB_ID], false, -1);
	values[QUEUE_STATE] = slice_to_text(job_states.words[JOB_PENDING]);
	nulls[QUEUE_WORKER] = true;
	values[QUEUE_KIND] = Int64GetDatum(next_kind(kind, job));
	nulls[QUEUE_PROGRESS] = true;
	nulls[QUEUE_STARTED_AT] = true;
	values[QUEUE_AWAITED] = BoolGetDatum(false);
	nulls[QUEUE_ERROR] = true;
	nulls[QUEUE_REUSED_PLAN_ID] = true;
	nulls[QUEUE_REUSED_JOB_ID] = true;
	nulls[QUEUE_REUSED_ATTEMPT] = true;
	MemoryContextSwitchTo(caller);
	return true;
}

/*
 * The row that is inserted by SQL just now, and how deep in triggers that is.  Triggers
 * behind the INSERT leave a job's place to us, and whether it waits, and tell us what
 * others' triggers have made of the job.
 */
typedef struct StoredRow
{
	int64		plan_id;
	int			trigger_depth;	/* -1: none is */
	MemoryContext context;
	Datum	   *values;
	bool	   *nulls;
} StoredRow;

static StoredRow stored_row = {.trigger_depth = -1};

/* Is the trigger that runs one behind a row of a plan's job or place that store_plan() inserts? */
bool
is_being_stored(int64 plan_id)
{
	return stored_row.trigger_depth >= 0 && stored_row.plan_id == plan_id &&
		trigger_depth() == stored_row.trigger_depth + 1;
}

/* If so, this is its row. */
void
note_stored_job(const PlanTable *jobs, TupleTableSlot *row)
{
	const Oid  *types = plan_table_types(JOBS_TABLE);
	MemoryContext caller = MemoryContextSwitchTo(stored_row.context);

	slot_getallattrs(row);
	for (int i = 0; i < JOB_TABLE_COLUMNS; i++)
	{
		int			column = column_index(jobs, i);
		bool		by_value = types[i] == INT4OID || types[i] == INT8OID;

		stored_row.nulls[i] = row->tts_isnull[column];
		stored_row.values[i] = stored_row.nulls[i] ? (Datum) 0 :
			datumCopy(row->tts_values[column], by_value, by_value ? sizeof(Datum) : -1);
	}
	MemoryContextSwitchTo(caller);
}

/* Insert a row by SQL, of which this is known. */
static void
store_row(RowSink *sink, StoredRow row, Datum *values, bool *nulls)
{
	StoredRow	outer = stored_row;

	PG_TRY();
	{
		stored_row = row;
		stored_row.trigger_depth = trigger_depth();
		row_sink_write(sink, values, nulls);
	}
	PG_FINALLY();
	{
		stored_row = outer;
	}
	PG_END_TRY();
}

/* Insert a job by SQL; its values are then what others' triggers have made of them. */
static void
insert_job_row(RowSink *jobs, MemoryContext context, Datum *values, bool *nulls)
{
	StoredRow	row = {
		.plan_id = DatumGetInt64(values[JOB_PLAN_ID]),
		.context = context,
		.values = values,
		.nulls = nulls
	};

	store_row(jobs, row, values, nulls);
}

/* Put the place of a new job in, which was made in the memory for it. */
static void
write_new_place(RowSink *places, Datum *place, bool *nulls)
{
	if (places->bulk != NULL)
	{
		tally_count_place(places->tally, state_of_text(place[QUEUE_STATE]), 1);
		row_sink_keep(places, place, nulls, QUEUE_COLUMNS);
	}
	else
		store_row(places, (StoredRow) {.plan_id = DatumGetInt64(place[QUEUE_PLAN_ID])}, place, nulls);
}

/*
 * Places of a target that wait to be written until all of them are known: those of jobs
 * that need its pooled model, and that job's own.  Which it is, is not known before the
 * target's last job: it may come behind the others.
 */
typedef struct HeldPlaces
{
	Tuplestorestate *rows;		/* NULL: nothing is ever held */
	TupleTableSlot *slot;
	StringInfoData target;
	bool		has_pooled;
	int64		dependents;
	int32		priority;		/* the highest of them all */
} HeldPlaces;

/* Behind the columns of a held place: is it the pooled job's? */
#define HELD_IS_POOLED	QUEUE_COLUMNS

static void
held_places_begin(HeldPlaces *held)
{
	const Oid  *types = plan_table_types(QUEUE_TABLE);
	TupleDesc	descriptor = CreateTemplateTupleDesc(QUEUE_COLUMNS + 1);

	for (int i = 0; i < QUEUE_COLUMNS; i++)
		TupleDescInitEntry(descriptor, i + 1, NULL, types[i], -1, 0);
	TupleDescInitEntry(descriptor, HELD_IS_POOLED + 1, NULL, BOOLOID, -1, 0);
	held->rows = tuplestore_begin_heap(false, false, work_mem);
	held->slot = MakeSingleTupleTableSlot(descriptor, &TTSOpsMinimalTuple);
	initStringInfo(&held->target);
}

static void
held_places_end(HeldPlaces *held)
{
	ExecDropSingleTupleTableSlot(held->slot);
	tuplestore_end(held->rows);
}

/* Hold the place of a job back, if others of its target may have to do with it.  Returns whether it is. */
static bool
hold_place(HeldPlaces *held, const Datum *job, const bool *job_nulls, const Datum *place, const bool *nulls)
{
	bool		is_pooled = job_is_pooled(job_nulls[JOB_SYMBOL], job[JOB_TRAINING_TYPE]);
	int32		priority = DatumGetInt32(place[QUEUE_PRIORITY]);
	Datum		values[QUEUE_COLUMNS + 1];
	bool		value_nulls[QUEUE_COLUMNS + 1];

	if (!is_pooled && !job_needs_pooled(job[JOB_METADATA]))
		return false;
	if (!held->has_pooled && held->dependents == 0)
		held->priority = priority;
	held->priority = Max(held->priority, priority);
	held->has_pooled |= is_pooled;
	held->dependents += !is_pooled;
	memcpy(values, place, QUEUE_COLUMNS * sizeof(Datum));
	memcpy(value_nulls, nulls, QUEUE_COLUMNS * sizeof(bool));
	values[HELD_IS_POOLED] = BoolGetDatum(is_pooled);
	value_nulls[HELD_IS_POOLED] = false;
	tuplestore_putvalues(held->rows, held->slot->tts_tupleDescriptor, values, value_nulls);
	return true;
}

/* Copy a place's values into the current memory context. */
static void
copy_place(TupleTableSlot *slot, Datum *values, bool *nulls)
{
	for (int i = 0; i < QUEUE_COLUMNS; i++)
	{
		Form_pg_attribute column = TupleDescAttr(slot->tts_tupleDescriptor, i);

		nulls[i] = slot->tts_isnull[i];
		values[i] = nulls[i] ? (Datum) 0 : datumCopy(slot->tts_values[i], column->attbyval, column->attlen);
	}
}

/* All jobs of a target have come: write the places that were held back, as they are to be. */
static void
write_held_places(HeldPlaces *held, RowSink *places, MemoryContext row_context)
{
	while (tuplestore_gettupleslot(held->rows, true, false, held->slot))
	{
		MemoryContext caller;
		Datum		place[QUEUE_COLUMNS];
		bool		nulls[QUEUE_COLUMNS];

		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(held->slot);
		caller = MemoryContextSwitchTo(places->bulk != NULL ? bulk_insert_context(places->bulk) : row_context);
		copy_place(held->slot, place, nulls);
		if (DatumGetBool(held->slot->tts_values[HELD_IS_POOLED]))
		{
			place[QUEUE_PRIORITY] = Int32GetDatum(held->priority);
			place[QUEUE_AWAITED] = BoolGetDatum(held->dependents > 0);
		}
		else if (held->has_pooled)
		{
			place[QUEUE_STATE] = slice_to_text(job_states.words[JOB_WAITING]);
			place[QUEUE_READY_AT] = TimestampTzGetDatum(DT_NOEND);
			nulls[QUEUE_READY_AT] = false;
		}
		MemoryContextSwitchTo(caller);
		write_new_place(places, place, nulls);
		MemoryContextReset(row_context);
	}
	tuplestore_clear(held->rows);
	held->has_pooled = false;
	held->dependents = 0;
}

/* Another job comes: if it is of another target than those before, all of that have come. */
static void
next_target(HeldPlaces *held, const Datum *job, RowSink *places, MemoryContext place_context)
{
	Slice		target = slice_from_text(DatumGetTextPP(job[JOB_TARGET]));

	if (slice_equal(target, slice_from_buffer(&held->target)))
		return;
	write_held_places(held, places, place_context);
	hold_slice(&held->target, target);
}

/*
 * Insert jobs and their places.  Returns whether any of them can be claimed.  Where jobs
 * wait for the pooled model of their target, those of a target come together.
 */
static bool
insert_jobs(RowSink *jobs, RowSink *places, int64 plan_id, bool pooled_first, JobSource next_job, void *arg)
{
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "trainplan row",
													  ALLOCSET_DEFAULT_SIZES);
	MemoryContext held_context = AllocSetContextCreate(CurrentMemoryContext, "trainplan held place",
													   ALLOCSET_DEFAULT_SIZES);
	PlanOrder	order = {0};
	LastKind	kind = {.kind = KIND_UNKNOWN};
	HeldPlaces	held = {0};
	bool		claimable = false;

	initStringInfo(&order.target);
	initStringInfo(&kind.training_type);
	initStringInfo(&kind.families);
	if (pooled_first)
		held_places_begin(&held);
	for (;;)
	{
		MemoryContext job_context = jobs->bulk != NULL ? bulk_insert_context(jobs->bulk) : row_context;
		MemoryContext place_context = places->bulk != NULL ? bulk_insert_context(places->bulk) : row_context;
		Datum		job[JOB_TABLE_COLUMNS];
		bool		job_nulls[JOB_TABLE_COLUMNS];
		Datum		place[QUEUE_COLUMNS];
		bool		place_nulls[QUEUE_COLUMNS];
		bool		has_place;

		CHECK_FOR_INTERRUPTS();

		if (!next_job(arg, job_context, job + 1, job_nulls + 1))
			break;
		job[JOB_PLAN_ID] = Int64GetDatum(plan_id);
		job_nulls[JOB_PLAN_ID] = false;
		if (jobs->bulk == NULL)
			insert_job_row(jobs, job_context, job, job_nulls);

		if (pooled_first)
			next_target(&held, job + 1, places, held_context);
		/* before the job is kept: then its values may be gone */
		has_place = make_place(place_context, job + 1, plan_id,
							   next_position(&order, job + 1, job_nulls + 1), &kind,
							   place, place_nulls);
		if (has_place && !(pooled_first && hold_place(&held, job + 1, job_nulls + 1, place, place_nulls)))
			write_new_place(places, place, place_nulls);
		if (jobs->bulk != NULL)
			row_sink_keep(jobs, job, job_nulls, JOB_TABLE_COLUMNS);

		claimable |= has_place;
		places->tally->counts[TALLY_BLOCKED] += !has_place;
		MemoryContextReset(row_context);
	}
	if (pooled_first)
	{
		write_held_places(&held, places, held_context);
		held_places_end(&held);
	}
	MemoryContextDelete(held_context);
	MemoryContextDelete(row_context);
	return claimable;
}

/*
 * Store a plan and its jobs; the tables are those in schema, which is the
 * extension's.  Returns the plan's number.
 *
 * The caller's rights decide (insufficient_privilege).  The source of the jobs
 * has checked them, so that no error in them can come up any more.
 */
int64
store_plan(Oid schema, const PlanFacts *facts, JobSource next_job, void *arg)
{
	PlanTable	plans;
	PlanTable	history;
	RowSink		jobs;
	RowSink		places;
	PlanTable	tally;
	bool		has_tally = plan_table_exists(schema, TALLY_TABLE);
	const PlanTable *const numbered[NUMBERED_TABLES] = {
		&plans, &jobs.table, &places.table, &history, has_tally ? &tally : NULL
	};
	PlanTally	counted = {0};

	plan_table_open(&plans, schema, PLANS_TABLE, RowExclusiveLock);
	plan_table_open(&jobs.table, schema, JOBS_TABLE, RowExclusiveLock);
	plan_table_open(&places.table, schema, QUEUE_TABLE, RowExclusiveLock);
	plan_table_open(&history, schema, HISTORY_TABLE, AccessShareLock);
	if (has_tally)
		plan_table_open(&tally, schema, TALLY_TABLE, RowExclusiveLock);
	PreventCommandIfReadOnly("INSERT");
	plan_table_check_rights(&jobs.table, ACL_INSERT);
	plan_table_check_rights(&plans, ACL_INSERT);

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	counted.plan_id = insert_plan(&plans, draw_number(&plans, numbered), facts);
	places.tally = &counted;
	row_sink_begin(&jobs);
	row_sink_begin(&places);
	if (places.bulk != NULL)
		know_indexes(&places, facts->pooled_first);
	if (insert_jobs(&jobs, &places, counted.plan_id, facts->pooled_first, next_job, arg))
		notify_of_jobs(counted.plan_id);
	row_sink_end(&places);
	row_sink_end(&jobs);
	check_plan_is_visible(&plans, &jobs, &places, counted.plan_id, facts->total_jobs);
	SPI_finish();
	if (has_tally)
	{
		plan_table_close(&tally);
		tally_write_base(schema, &counted);
	}

	plan_table_close(&history);
	plan_table_close(&places.table);
	plan_table_close(&jobs.table);
	plan_table_close(&plans);
	CommandCounterIncrement();
	return counted.plan_id;
}

/* A planner's jobs, as a source. */
typedef struct PlannedJobs
{
	Planner    *planner;
	JobTupleMaker *maker;
} PlannedJobs;

static bool
next_planned_job(void *arg, MemoryContext context, Datum *values, bool *nulls)
{
	PlannedJobs *jobs = arg;
	MemoryContext caller;
	Job			job;

	if (!planner_next(jobs->planner, &job))
		return false;
	caller = MemoryContextSwitchTo(context);
	job_tuple_make(jobs->maker, &job, values, nulls);
	MemoryContextSwitchTo(caller);
	return true;
}

/*
 * Store a plan with the jobs that a planner makes of the decisions that it has, of
 * which it counts the jobs first.  A plan without jobs is stored as well, with a
 * warning that names the decisions' source.
 */
NewPlan
store_planned_jobs(Oid schema, PlanFacts *facts, Planner *planner)
{
	PlannedJobs jobs = {planner, job_tuple_maker_create(facts->families)};
	NewPlan		plan;

	facts->total_jobs = planner_finish(planner);
	plan.plan_id = store_plan(schema, facts, next_planned_job, &jobs);
	plan.total_jobs = facts->total_jobs;
	plan.disabled_targets = planner_disabled_targets(planner);
	if (plan.total_jobs == 0)
		ereport(WARNING,
				(errmsg("plan %lld has no jobs", (long long) plan.plan_id),
				 errdetail("No decision in %s makes a job.", planner_source(planner))));
	return plan;
}
