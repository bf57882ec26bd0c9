/*
 * plan_comparison.c
 *		What a worker would do otherwise by one stored plan than by another.
 *
 * Both plans are read in the order of target and symbol, and a job is compared with the
 * one of the same target and symbol in the other plan, so that neither is ever in
 * memory.  Of two million jobs almost all are as before: their bytes are the same, and
 * nothing of them is unpacked.
 *
 * Each plan is read through its index.  Where row-level security decides what the caller
 * sees, or the index is not there or younger than the
 * snapshot, a query has PostgreSQL read both, and sort them.
 *
 * A blocked job is none: nothing is trained for it.  It is handed out all the same where
 * its reason says why a job is gone, or was not there.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/row_query.h"
#include "planning/families.h"
#include "plans/plan_comparison.h"
#include "plans/stored_plan.h"

const char *const compared_column_names[] = {
	[COMPARED_ROUTE] = "route",
	[COMPARED_TRAINING_TYPE] = "training_type",
	[COMPARED_MODEL_FAMILIES] = "model_families",
	[COMPARED_PRIORITY] = "priority",
	[COMPARED_NEEDS_POOLED] = "needs_cs_ensemble"
};

const char *const change_names[] = {
	[CHANGE_ADDED] = "added",
	[CHANGE_REMOVED] = "removed",
	[CHANGE_CHANGED] = "changed"
};

typedef struct Comparison
{
	MemoryContext context;		/* of a pair of jobs */
	JobChangeCallback callback;
	JobChangeCallback unchanged;	/* NULL: nobody asks for these */
	void	   *arg;
	ChangeCounts *counts;
} Comparison;

/* ---- two jobs ---------------------------------------------------------------------- */

/* Does a job wait for the pooled model of its target, in a plan whose jobs do? */
bool
job_row_needs_pooled(const JobRow *job)
{
	return !job_is_pooled(job->nulls[JOB_SYMBOL], job->values[JOB_TRAINING_TYPE]) &&
		job_needs_pooled(job->values[JOB_METADATA]);
}

static bool
is_trained(const JobRow *job)
{
	Slice		type = slice_from_text(PG_DETOAST_DATUM_PACKED(job->values[JOB_TRAINING_TYPE]));

	return !slice_equal(type, slice_from_string(training_type_names[TRAINING_BLOCKED]));
}

/* Do both have the very same bytes in a column? */
static bool
same_bytes(const JobRow *a, const JobRow *b, JobColumn column)
{
	return slice_equal(slice_from_text(PG_DETOAST_DATUM_PACKED(a->values[column])),
					   slice_from_text(PG_DETOAST_DATUM_PACKED(b->values[column])));
}

/* The columns in which two jobs for the same target and symbol differ. */
static uint32
differing_columns(const JobRow *a, const JobRow *b)
{
	bool		same_type = same_bytes(a, b, JOB_TRAINING_TYPE);
	uint32		columns = 0;

	if (!same_bytes(a, b, JOB_ROUTE))
		columns |= 1 << COMPARED_ROUTE;
	if (!same_type)
		columns |= 1 << COMPARED_TRAINING_TYPE;
	if (!same_bytes(a, b, JOB_MODEL_FAMILIES) &&
		!same_families(DatumGetArrayTypeP(a->values[JOB_MODEL_FAMILIES]),
					   DatumGetArrayTypeP(b->values[JOB_MODEL_FAMILIES])))
		columns |= 1 << COMPARED_MODEL_FAMILIES;
	if (DatumGetInt32(a->values[JOB_PRIORITY]) != DatumGetInt32(b->values[JOB_PRIORITY]))
		columns |= 1 << COMPARED_PRIORITY;
	if ((!same_type || !same_bytes(a, b, JOB_METADATA)) &&
		job_row_needs_pooled(a) != job_row_needs_pooled(b))
		columns |= 1 << COMPARED_NEEDS_POOLED;
	return columns;
}

/* Compare the jobs of a target and symbol; NULL is none. */
static void
compare_jobs(Comparison *comparison, const JobRow *before, const JobRow *after)
{
	MemoryContext caller = MemoryContextSwitchTo(comparison->context);
	bool		was_trained = before != NULL && is_trained(before);
	bool		will_be_trained = after != NULL && is_trained(after);
	JobChange	change = {.columns = COMPARED_ALL, .before = before, .after = after};

	if (was_trained && will_be_trained)
	{
		change.kind = CHANGE_CHANGED;
		change.columns = differing_columns(before, after);
		if (change.columns == 0)
		{
			change.kind = CHANGE_NONE;
			comparison->counts->same++;
			if (comparison->unchanged != NULL)
				comparison->unchanged(comparison->arg, &change);
		}
	}
	else if (was_trained || will_be_trained)
		change.kind = was_trained ? CHANGE_REMOVED : CHANGE_ADDED;
	else
		change.columns = 0;

	if (change.columns != 0)
	{
		comparison->counts->changes[change.kind]++;
		comparison->callback(comparison->arg, &change);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(comparison->context);
}

/* ---- two plans through their index --------------------------------------------------- */

static void
compare_by_index(Comparison *comparison, const PlanTable *table, Snapshot snapshot, int64 before, int64 after)
{
	OrderedJobs sides[2];
	bool		has_before;
	bool		has_after;

	ordered_jobs_open(&sides[0], table, snapshot, before);
	ordered_jobs_open(&sides[1], table, snapshot, after);
	has_before = ordered_jobs_next(&sides[0]);
	has_after = ordered_jobs_next(&sides[1]);
	while (has_before || has_after)
	{
		int			order = !has_before ? 1 : !has_after ? -1 : job_row_compare(&sides[0].job, &sides[1].job);

		compare_jobs(comparison, order <= 0 ? &sides[0].job : NULL, order >= 0 ? &sides[1].job : NULL);
		if (order <= 0)
			has_before = ordered_jobs_next(&sides[0]);
		if (order >= 0)
			has_after = ordered_jobs_next(&sides[1]);
	}
	ordered_jobs_close(&sides[0]);
	ordered_jobs_close(&sides[1]);
}

/* ---- two plans by a query ---------------------------------------------------------- */

/* What the query returns behind the number of the side, which is 0 or 1. */
static const JobColumn queried_columns[] = {
	JOB_ID, JOB_TARGET, JOB_SYMBOL, JOB_ROUTE, JOB_TRAINING_TYPE, JOB_MODEL_FAMILIES, JOB_PRIORITY,
	JOB_REASON, JOB_METADATA
};

#define QUERY_COLUMNS	(1 + lengthof(queried_columns))

typedef struct QueryReader
{
	Comparison *comparison;
	MemoryContext context;		/* of the job that is kept */
	bool		has_kept;		/* of the plan before, and not yet known is whether the other has it */
	JobRow		kept;
} QueryReader;

static void
keep_job(QueryReader *reader, const JobRow *job)
{
	const Oid  *types = plan_table_types(JOBS_TABLE);
	MemoryContext caller = MemoryContextSwitchTo(reader->context);

	MemoryContextReset(reader->context);
	reader->kept = *job;
	for (int i = 0; i < JOB_COLUMNS; i++)
	{
		bool		by_value = types[JOB_TABLE_COLUMN(i)] == INT4OID || types[JOB_TABLE_COLUMN(i)] == INT8OID;

		if (!job->nulls[i])
			reader->kept.values[i] = datumCopy(job->values[i], by_value, by_value ? sizeof(Datum) : -1);
	}
	job_row_find_names(&reader->kept);
	reader->has_kept = true;
	MemoryContextSwitchTo(caller);
}

static void
take_queried(void *arg, const Datum *values, const bool *nulls)
{
	QueryReader *reader = arg;
	bool		is_after = DatumGetInt32(values[0]) == 1;
	JobRow		job;

	CHECK_FOR_INTERRUPTS();

	memset(job.nulls, true, sizeof(job.nulls));
	for (int i = 0; i < lengthof(queried_columns); i++)
	{
		job.values[queried_columns[i]] = values[1 + i];
		job.nulls[queried_columns[i]] = nulls[1 + i];
	}
	job_row_find_names(&job);

	if (reader->has_kept)
	{
		bool		is_pair = is_after && job_row_compare(&reader->kept, &job) == 0;

		compare_jobs(reader->comparison, &reader->kept, is_pair ? &job : NULL);
		reader->has_kept = false;
		if (is_pair)
			return;
	}
	if (is_after)
		compare_jobs(reader->comparison, NULL, &job);
	else
		keep_job(reader, &job);
}

static void
compare_by_query(Comparison *comparison, const PlanTable *table, int64 before, int64 after)
{
	QueryReader reader = {.comparison = comparison};
	Oid			types[QUERY_COLUMNS] = {INT4OID};
	StringInfoData text;
	RowQuery	query = {
		.relation_count = 1,
		.relations = &table->relid,
		.columns = QUERY_COLUMNS,
		.types = types,
		.read_only = true
	};

	initStringInfo(&text);
	appendStringInfoString(&text, "SELECT s.side");
	for (int i = 0; i < lengthof(queried_columns); i++)
	{
		int			column = JOB_TABLE_COLUMN(queried_columns[i]);

		types[1 + i] = plan_table_types(JOBS_TABLE)[column];
		appendStringInfo(&text, ", j.%s", plan_table_column_name(JOBS_TABLE, column));
	}
	appendStringInfo(&text, " FROM ONLY %%s AS j, (VALUES (0, '" INT64_FORMAT "'::pg_catalog.int8), "
					 "(1, '" INT64_FORMAT "'::pg_catalog.int8)) AS s (side, plan_id) "
					 "WHERE j.plan_id OPERATOR(pg_catalog.=) s.plan_id "
					 "ORDER BY j.target COLLATE pg_catalog.\"C\", j.symbol COLLATE pg_catalog.\"C\" NULLS FIRST, s.side",
					 before, after);
	query.text = text.data;

	reader.context = AllocSetContextCreate(CurrentMemoryContext, "trainplan job", ALLOCSET_SMALL_SIZES);
	row_query_run(&query, take_queried, &reader);
	if (reader.has_kept)
		compare_jobs(comparison, &reader.kept, NULL);
	MemoryContextDelete(reader.context);
	pfree(text.data);
}

/* ---- the comparison ------------------------------------------------------------------ */

static void
require_plan(Oid schema, Snapshot snapshot, int64 plan_id)
{
	StoredPlan	plan;

	if (!find_plan(schema, snapshot, plan_id, &plan))
		report_no_plan(plan_id);
}

/* The caller may read what is compared, and only that. */
static void
check_rights(const PlanTable *table)
{
	int			samples = JOB_TABLE_COLUMN(JOB_ESTIMATED_SAMPLES);

	check_may_read(table, 0, samples);
	check_may_read(table, samples + 1, JOB_TABLE_COLUMNS - samples - 1);
}

/*
 * Hand out what differs between two plans, by the caller's rights and as he may see them,
 * in the order of target (C collation), the target's own job, symbol; jobs that are as
 * before as well, to whom asks for them; and count.
 *
 * They are compared as the active snapshot sees them, and in addition what the calling
 * statement itself has stored, so that a plan can be made and compared in one.
 *
 * Errors: one is not there (no_data_found), the caller may not read it.
 */
void
compare_plans(Oid schema, int64 before, int64 after, JobChangeCallback callback,
			  JobChangeCallback unchanged, void *arg, ChangeCounts *counts)
{
	Comparison	comparison = {.callback = callback, .unchanged = unchanged, .arg = arg, .counts = counts};
	PlanTable	table;
	Snapshot	snapshot;

	memset(counts, 0, sizeof(ChangeCounts));
	push_snapshot_of_now();
	snapshot = GetActiveSnapshot();
	require_plan(schema, snapshot, before);
	require_plan(schema, snapshot, after);

	comparison.context = AllocSetContextCreate(CurrentMemoryContext, "trainplan comparison", ALLOCSET_DEFAULT_SIZES);
	plan_table_open(&table, schema, JOBS_TABLE, AccessShareLock);
	check_rights(&table);
	if (plan_table_has_policies(&table) || !plan_index_is_usable(table.target_index))
		compare_by_query(&comparison, &table, before, after);
	else
		compare_by_index(&comparison, &table, snapshot, before, after);
	plan_table_close(&table);
	MemoryContextDelete(comparison.context);
	PopActiveSnapshot();
}
