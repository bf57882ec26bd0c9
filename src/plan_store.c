/*
 * plan_store.c
 *		Stores a plan and its jobs in training_plans and training_jobs.
 *
 * Jobs go into their table as COPY would put them there, and with each its place
 * in the queue, for which nobody needs rights but to insert jobs.  The one thing
 * COPY would do and this does not is the check of the foreign keys, a query per
 * row: the plan that these jobs belong to has just been inserted by this very
 * call, and nobody else can see it, let alone delete it.
 *
 * The jobs come in the order of target and symbol, so that the entries of both
 * indexes of a new plan arrive nearly sorted and are appended rather than
 * searched a place for.
 *
 * Whatever else its owner hung on the table (a trigger, a check, a policy,
 * another column) must hold for these rows too; then they are inserted one by
 * one with a plain INSERT.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"

#include "bulk_insert.h"
#include "job_queue.h"
#include "job_tuple.h"
#include "plan_store.h"

/* training_jobs has the plan's number before a job's columns. */
#define TABLE_COLUMNS		(1 + JOB_COLUMNS)

/* A table of the extension in schema. */
Oid
plan_table(Oid schema, const char *name)
{
	Oid			relid = get_relname_relid(name, schema);

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"%s.%s\" does not exist", get_namespace_name(schema), name),
				 errhint("It is part of the extension trainplan.")));
	return relid;
}

/* The name of a table of the extension, as SQL needs it. */
char *
plan_table_name(Oid schema, const char *name)
{
	return quote_qualified_identifier(get_namespace_name(schema), name);
}

static Datum
text_or_null(const char *string, char *null)
{
	*null = string == NULL ? 'n' : ' ';
	return string == NULL ? (Datum) 0 : CStringGetTextDatum(string);
}

/* Insert the plan's row; returns its number. */
static int64
insert_plan(Oid schema, const PlanFacts *facts)
{
	Oid			types[] = {
		TEXTOID, TEXTARRAYOID, BOOLOID, TEXTOID, TEXTOID, TEXTOID, INT8OID, TEXTOID, TEXTOID
	};
	Datum		values[lengthof(types)];
	char		nulls[lengthof(types)];
	bool		isnull;
	int64		plan_id;
	char	   *command;

	memset(nulls, ' ', sizeof(nulls));
	values[0] = text_or_null(facts->routing, &nulls[0]);
	values[1] = PointerGetDatum(facts->families);
	values[2] = BoolGetDatum(facts->include_blocked);
	values[3] = text_or_null(facts->git_commit, &nulls[3]);
	values[4] = text_or_null(facts->config_hash, &nulls[4]);
	values[5] = text_or_null(facts->metrics_snapshot, &nulls[5]);
	values[6] = Int64GetDatum(facts->total_jobs);
	values[7] = text_or_null(facts->run_id, &nulls[7]);
	values[8] = text_or_null(facts->generated_at, &nulls[8]);

	/* a column that is not named has its default */
	command = psprintf("INSERT INTO %s (routing, model_families, include_blocked, "
					   "git_commit, config_hash, metrics_snapshot, total_jobs%s%s) "
					   "VALUES ($1, $2, $3, $4, $5, $6, $7%s%s) RETURNING plan_id",
					   plan_table_name(schema, PLANS_TABLE),
					   facts->run_id != NULL ? ", run_id" : "",
					   facts->generated_at != NULL ? ", generated_at" : "",
					   facts->run_id != NULL ? ", $8" : "",
					   facts->generated_at != NULL ? ", $9::pg_catalog.timestamptz" : "");
	if (SPI_execute_with_args(command, lengthof(types), types, values, nulls, false, 0) !=
		SPI_OK_INSERT_RETURNING || SPI_processed != 1)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("plan was not inserted into table \"%s\"", PLANS_TABLE)));

	plan_id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_freetuptable(SPI_tuptable);
	return plan_id;
}

/* What the extension made of a table that plans are stored in. */
typedef struct TableAsCreated
{
	int			columns;
	uint32		nullable;		/* a bit a column: what a plan may leave null */
	const char *referenced;		/* by its foreign key */
	const char *trigger;		/* the function that its trigger calls when rows are inserted */
} TableAsCreated;

#define COLUMN_BIT(column)	(UINT32_C(1) << (column))

static const TableAsCreated jobs_as_created = {
	TABLE_COLUMNS,
	COLUMN_BIT(1 + JOB_SYMBOL) | COLUMN_BIT(1 + JOB_ESTIMATED_SAMPLES) | COLUMN_BIT(1 + JOB_REASON),
	PLANS_TABLE,
	"queue_training_jobs"
};

static const TableAsCreated queue_as_created = {
	QUEUE_COLUMNS,
	COLUMN_BIT(QUEUE_READY_AT) | COLUMN_BIT(QUEUE_WORKER),
	JOBS_TABLE,
	"training_job_queue_guard"
};

/* Are the triggers that an insert fires only the table's own, which bulk_insert.c may leave out? */
static bool
has_only_own_triggers(Relation table, const TableAsCreated *as_created)
{
	Oid			schema = RelationGetNamespace(table);
	TriggerDesc *triggers = table->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (!TRIGGER_FOR_INSERT(trigger->tgtype))
			continue;
		if (trigger->tgisinternal ?
			trigger->tgconstrrelid != plan_table(schema, as_created->referenced) :
			get_func_namespace(trigger->tgfoid) != schema ||
			strcmp(get_func_name(trigger->tgfoid), as_created->trigger) != 0)
			return false;
	}
	return true;
}

/*
 * Is a table as the extension made it, in all that decides over a row?  Indexes
 * don't matter; they are kept up either way.
 */
static bool
is_as_created(Relation table, const TableAsCreated *as_created)
{
	TupleDesc	descriptor = RelationGetDescr(table);
	TupleConstr *constraints = descriptor->constr;

	if (table->rd_rel->relkind != RELKIND_RELATION ||
		table->rd_rules != NULL ||
		check_enable_rls(RelationGetRelid(table), InvalidOid, true) == RLS_ENABLED ||
		!has_only_own_triggers(table, as_created) ||
		descriptor->natts != as_created->columns)
		return false;
	if (constraints != NULL &&
		(constraints->num_check > 0 || constraints->has_generated_stored))
		return false;

	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(descriptor, i);

		if (column->attisdropped ||
			((as_created->nullable & COLUMN_BIT(i)) != 0 && column->attnotnull))
			return false;
	}
	return true;
}

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

/*
 * Jobs and their places in the queue, in bulk.  Returns whether any of them can
 * be claimed.
 */
static bool
insert_jobs_in_bulk(Relation jobs, Relation queue, int64 plan_id, JobSource next_job, void *arg)
{
	BulkInsert *job_rows = bulk_insert_begin(jobs);
	BulkInsert *queue_rows = bulk_insert_begin(queue);
	PlanOrder	order = {0};
	bool		claimable = false;

	initStringInfo(&order.target);
	for (;;)
	{
		Datum	   *job;
		bool	   *job_nulls;
		Datum	   *place;
		bool	   *place_nulls;

		CHECK_FOR_INTERRUPTS();

		bulk_insert_row(job_rows, &job, &job_nulls);
		if (!next_job(arg, bulk_insert_context(job_rows), job + 1, job_nulls + 1))
			break;
		job[0] = Int64GetDatum(plan_id);
		job_nulls[0] = false;

		/* before the job is kept: then its values may be gone */
		bulk_insert_row(queue_rows, &place, &place_nulls);
		if (job_place_in_queue(bulk_insert_context(queue_rows), job + 1, plan_id,
							   next_position(&order, job + 1, job_nulls + 1), place, place_nulls))
		{
			bulk_insert_keep(queue_rows);
			claimable = true;
		}
		bulk_insert_keep(job_rows);
	}
	bulk_insert_end(job_rows);
	bulk_insert_end(queue_rows);
	return claimable;
}

static void
insert_jobs_one_by_one(Oid schema, int64 plan_id, JobSource next_job, void *arg)
{
	Oid			types[TABLE_COLUMNS] = {
		INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID, INT4OID, INT8OID,
		TEXTOID, JSONBOID
	};
	char	   *command = psprintf("INSERT INTO %s (plan_id, job_id, target, symbol, route, "
								   "training_type, model_families, priority, estimated_samples, "
								   "reason, metadata) "
								   "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
								   plan_table_name(schema, JOBS_TABLE));
	SPIPlanPtr	plan = SPI_prepare(command, TABLE_COLUMNS, types);
	MemoryContext job_context = AllocSetContextCreate(CurrentMemoryContext, "trainplan job",
													  ALLOCSET_DEFAULT_SIZES);
	Datum		values[TABLE_COLUMNS] = {Int64GetDatum(plan_id)};
	bool		nulls[TABLE_COLUMNS] = {false};

	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", command, SPI_result_code_string(SPI_result));

	while (next_job(arg, job_context, values + 1, nulls + 1))
	{
		char		null_marks[TABLE_COLUMNS];

		CHECK_FOR_INTERRUPTS();

		for (int i = 0; i < TABLE_COLUMNS; i++)
			null_marks[i] = nulls[i] ? 'n' : ' ';

		if (SPI_execute_plan(plan, values, null_marks, false, 0) != SPI_OK_INSERT ||
			SPI_processed != 1)
			ereport(ERROR,
					(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
					 errmsg("job was not inserted into table \"%s\"", JOBS_TABLE),
					 errdetail("It is the job \"%s\".", TextDatumGetCString(values[1 + JOB_ID]))));
		MemoryContextReset(job_context);
	}
	MemoryContextDelete(job_context);
}

/* Like PostgreSQL for INSERT: on the table, or on all of its columns. */
static void
check_insert_privilege(Oid relid)
{
	AclResult	result = pg_class_aclcheck(relid, GetUserId(), ACL_INSERT);

	if (result != ACLCHECK_OK)
		result = pg_attribute_aclcheck_all(relid, GetUserId(), ACL_INSERT, ACLMASK_ALL);
	if (result != ACLCHECK_OK)
		aclcheck_error(result, OBJECT_TABLE, get_rel_name(relid));
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
	Relation	jobs = table_open(plan_table(schema, JOBS_TABLE), RowExclusiveLock);
	Relation	queue = table_open(plan_table(schema, QUEUE_TABLE), RowExclusiveLock);
	int64		plan_id;

	check_insert_privilege(RelationGetRelid(jobs));

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	plan_id = insert_plan(schema, facts);
	if (!is_as_created(jobs, &jobs_as_created) || !is_as_created(queue, &queue_as_created))
		insert_jobs_one_by_one(schema, plan_id, next_job, arg);
	else if (insert_jobs_in_bulk(jobs, queue, plan_id, next_job, arg))
		notify_of_jobs(plan_id);
	SPI_finish();

	table_close(queue, NoLock);
	table_close(jobs, NoLock);
	CommandCounterIncrement();
	return plan_id;
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
 * Store a plan with the jobs that a planner hands out, whose planner_finish()
 * has been called.  A plan without jobs is stored as well, with a warning that
 * names the decisions' source.
 */
int64
store_planned_jobs(Oid schema, const PlanFacts *facts, Planner *planner)
{
	PlannedJobs jobs = {planner, job_tuple_maker_create(facts->families)};
	int64		plan_id = store_plan(schema, facts, next_planned_job, &jobs);

	if (facts->total_jobs == 0)
		ereport(WARNING,
				(errmsg("plan %lld has no jobs", (long long) plan_id),
				 errdetail("No decision in %s makes a job.", planner_source(planner))));
	return plan_id;
}
