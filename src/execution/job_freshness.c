/*
 * job_freshness.c
 *		The jobs of a plan one by one, and whether each is fresh.
 *
 * They come by target and symbol, as the history's index of successes has them: so the
 * last success of each is near that of the one before, and no more is kept than one job.
 * A blocked job is none that is trained.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/executor_compat.h"
#include "execution/job_freshness.h"
#include "plans/job_tally.h"

/* ---- what is asked for ------------------------------------------------------------ */

static const Interval nothing = {0};

/* Is nothing older than this, because there are no such times? */
static bool
is_any_age(const Interval *age, TimestampTz now)
{
	const int	longest_month = 31;

	return INTERVAL_NOT_FINITE(age) ||
		(int64) age->month * longest_month + age->day + age->time / USECS_PER_DAY >= (now - MIN_TIMESTAMP) / USECS_PER_DAY;
}

/* Take the arguments max_age, max_growth and same_commit, of which the first is this one. */
void
freshness_arguments(FunctionCallInfo fcinfo, int first, FreshnessRules *rules)
{
	memset(rules, 0, sizeof(FreshnessRules));
	rules->now = GetCurrentTransactionStartTimestamp();
	if (!PG_ARGISNULL(first))
	{
		const Interval *max_age = PG_GETARG_INTERVAL_P(first);

		if (DatumGetBool(DirectFunctionCall2(interval_lt, IntervalPGetDatum(max_age), IntervalPGetDatum(&nothing))))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("max_age must not be negative")));
		if (!is_any_age(max_age, rules->now))
		{
			rules->max_age = max_age;
			rules->oldest = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_mi_interval,
																	TimestampTzGetDatum(rules->now),
																	IntervalPGetDatum(max_age)));
		}
	}
	if (!PG_ARGISNULL(first + 1))
	{
		rules->has_max_growth = true;
		rules->max_growth = PG_GETARG_FLOAT8(first + 1);
		/* (neither is a number that is none) */
		if (!(rules->max_growth >= 0))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("max_growth must not be negative"),
					 errhint("With 0.2, a job may have up to 20 %% more samples than it was trained on.")));
	}
	rules->same_commit = PG_ARGISNULL(first + 2) || PG_GETARG_BOOL(first + 2);
}

/* ---- the jobs --------------------------------------------------------------------- */

/* Have the commit of the plan. */
static void
read_commit(FreshnessReader *reader, Oid schema, Snapshot snapshot)
{
	Datum		key = Int64GetDatum(reader->plan_id);
	PlanTable	plans;
	TupleTableSlot *slot;

	plan_table_open(&plans, schema, PLANS_TABLE, AccessShareLock);
	plan_table_check_rights(&plans, ACL_SELECT);
	slot = table_slot_create(plans.relation, NULL);
	if (plan_table_find(&plans, snapshot, &key, 1, ForwardScanDirection, slot))
	{
		bool		isnull;
		Datum		commit = column_value(&plans, slot, PLAN_GIT_COMMIT, &isnull);

		if (!isnull)
			reader->inputs.git_commit = slice_from_text(DatumGetTextPP(datumCopy(commit, false, -1)));
	}
	ExecDropSingleTupleTableSlot(slot);
	plan_table_close(&plans);
}

/*
 * Begin to read the jobs of a plan that the caller can see, by his rights, as the
 * snapshot has them, in the current memory context.
 */
void
freshness_reader_open(FreshnessReader *reader, Oid schema, Snapshot snapshot, int64 plan_id,
					  const FreshnessRules *rules)
{
	memset(reader, 0, sizeof(FreshnessReader));
	reader->rules = *rules;
	reader->plan_id = plan_id;
	reader->context = CurrentMemoryContext;
	reader->job_context = AllocSetContextCreate(CurrentMemoryContext, "trainplan fresh job",
												ALLOCSET_DEFAULT_SIZES);
	read_commit(reader, schema, snapshot);
	job_reader_open(&reader->jobs, schema, snapshot);
	reader->by_target = plan_table_open_target_index(&reader->jobs.table);
	reader->scan = plan_table_scan_target(&reader->jobs.table, reader->by_target, reader->jobs.snapshot,
										  plan_id, (Datum) 0);
	success_reader_open(&reader->successes, schema, snapshot);
}

void
freshness_reader_close(FreshnessReader *reader)
{
	success_reader_close(&reader->successes);
	index_endscan(reader->scan);
	index_close(reader->by_target, AccessShareLock);
	job_reader_close(&reader->jobs);
	MemoryContextDelete(reader->job_context);
}

static Datum
job_value(const FreshnessReader *reader, JobColumn column, bool *isnull)
{
	return column_value(&reader->jobs.table, reader->jobs.slot, JOB_TABLE_COLUMN(column), isnull);
}

/* Read the job that was found; false: nobody is to train it, or the caller is not to see it. */
static bool
read_job(FreshnessReader *reader)
{
	TrainingInputs *inputs = &reader->inputs;
	Datum		training_type;
	Datum		value;
	bool		isnull;

	training_type = job_value(reader, JOB_TRAINING_TYPE, &isnull);
	if (is_blocked_type(training_type) ||
		(reader->jobs.has_policies &&
		 !plan_row_is_visible(&reader->jobs.table, reader->jobs.snapshot, reader->jobs.slot)))
		return false;
	inputs->training_type = slice_from_text(DatumGetTextPP(training_type));
	inputs->needs_pooled = job_needs_pooled(job_value(reader, JOB_METADATA, &isnull));
	inputs->families = DatumGetArrayTypeP(job_value(reader, JOB_MODEL_FAMILIES, &isnull));
	value = job_value(reader, JOB_ESTIMATED_SAMPLES, &isnull);
	inputs->knows_samples = !isnull;
	inputs->samples = DatumGetInt64(value);
	reader->job_id = job_value(reader, JOB_ID, &isnull);
	reader->target = job_value(reader, JOB_TARGET, &isnull);
	reader->symbol = job_value(reader, JOB_SYMBOL, &reader->symbol_is_null);
	return true;
}

/* Read the next job; false after the last. */
bool
freshness_reader_next(FreshnessReader *reader)
{
	MemoryContext caller = CurrentMemoryContext;
	bool		was_trained;

	MemoryContextReset(reader->job_context);
	do
	{
		CHECK_FOR_INTERRUPTS();
		/* the scan keeps things where it is called */
		MemoryContextSwitchTo(reader->context);
		if (!index_getnext_slot(reader->scan, ForwardScanDirection, reader->jobs.slot))
		{
			MemoryContextSwitchTo(caller);
			return false;
		}
		MemoryContextSwitchTo(reader->job_context);
	} while (!read_job(reader));

	was_trained = success_reader_find(&reader->successes, reader->target, reader->symbol,
									  reader->symbol_is_null, &reader->last);
	reader->freshness = training_freshness(&reader->rules, &reader->inputs,
										   was_trained ? &reader->last.inputs : NULL, reader->last.trained_at);
	MemoryContextSwitchTo(caller);
	return true;
}
