/*
 * plan_store.c
 *		Stores a plan and its jobs in training_plans and training_jobs.
 *
 * Jobs go into their table as COPY would put them there: many tuples at a time,
 * then their index entries.  The one thing COPY would do and this does not is
 * the check of the foreign key, a query per row: the plan that these jobs belong
 * to has just been inserted by this very call, and nobody else can see it, let
 * alone delete it.
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

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"

#include "compat.h"
#include "job_tuple.h"
#include "plan_store.h"

/* training_jobs has the plan's number before a job's columns. */
#define TABLE_COLUMNS		(1 + JOB_COLUMNS)

/* How many jobs, and how many bytes of them, are put into the table at a time. */
#define BATCH_JOBS			1000
#define BATCH_BYTES			(512 * 1024)

static Oid
table_in_schema(Oid schema, const char *name)
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

/* A foreign key has this many triggers on the table that it is of: for insert and for update. */
#define FOREIGN_KEY_TRIGGERS	2

/* Are the triggers on the jobs table only those of its foreign key to the plans? */
static bool
has_only_own_triggers(Relation jobs, Oid plans)
{
	TriggerDesc *triggers = jobs->trigdesc;

	if (triggers != NULL && triggers->numtriggers > FOREIGN_KEY_TRIGGERS)
		return false;
	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		if (!triggers->triggers[i].tgisinternal || triggers->triggers[i].tgconstrrelid != plans)
			return false;
	}
	return true;
}

/*
 * Is the jobs table as the extension made it, in all that decides over a row?
 * Indexes don't matter; they are kept up either way.
 */
static bool
is_as_created(Relation jobs, Oid plans)
{
	TupleDesc	descriptor = RelationGetDescr(jobs);
	TupleConstr *constraints = descriptor->constr;

	if (jobs->rd_rel->relkind != RELKIND_RELATION ||
		jobs->rd_rules != NULL ||
		check_enable_rls(RelationGetRelid(jobs), InvalidOid, true) == RLS_ENABLED ||
		!has_only_own_triggers(jobs, plans) ||
		descriptor->natts != TABLE_COLUMNS)
		return false;
	if (constraints != NULL &&
		(constraints->num_check > 0 || constraints->has_generated_stored))
		return false;

	/* what is null in a job may be null in the table */
	for (int i = 0; i < TABLE_COLUMNS; i++)
	{
		Form_pg_attribute column = TupleDescAttr(descriptor, i);
		bool		may_be_null = i == 1 + JOB_SYMBOL || i == 1 + JOB_ESTIMATED_SAMPLES ||
			i == 1 + JOB_REASON;

		if (column->attisdropped || (may_be_null && column->attnotnull))
			return false;
	}
	return true;
}

/* The table while jobs go into it in bulk. */
typedef struct BulkInsert
{
	EState	   *estate;
	ResultRelInfo *result_rel;
	BulkInsertState state;
	CommandId	command_id;
	MemoryContext batch_context;	/* values of the jobs in slots */
	TupleTableSlot *slots[BATCH_JOBS];
	int			filled;
} BulkInsert;

static void
flush_batch(BulkInsert *insert)
{
	Relation	jobs = insert->result_rel->ri_RelationDesc;
	MemoryContext caller;

	/* table_multi_insert() leaks into the current memory context */
	caller = MemoryContextSwitchTo(insert->batch_context);
	table_multi_insert(jobs, insert->slots, insert->filled, insert->command_id, 0, insert->state);
	MemoryContextSwitchTo(caller);

	for (int i = 0; i < insert->filled; i++)
	{
		CHECK_FOR_INTERRUPTS();

		insert->slots[i]->tts_tableOid = RelationGetRelid(jobs);
		list_free(ExecInsertIndexTuples(insert->result_rel, insert->slots[i], insert->estate,
										false, false, NULL, NIL, false));
		ResetPerTupleExprContext(insert->estate);
		ExecClearTuple(insert->slots[i]);
	}
	insert->filled = 0;
	MemoryContextReset(insert->batch_context);
}

static void
insert_jobs_in_bulk(Relation jobs, int64 plan_id, JobSource next_job, void *arg)
{
	BulkInsert	insert = {0};

	insert.estate = CreateExecutorState();
	insert.result_rel = makeNode(ResultRelInfo);
	InitResultRelInfo(insert.result_rel, jobs, 0, NULL, 0);
	ExecOpenIndices(insert.result_rel, false);
	insert.state = GetBulkInsertState();
	insert.command_id = GetCurrentCommandId(true);
	insert.batch_context = AllocSetContextCreate(CurrentMemoryContext, "trainplan jobs",
												 ALLOCSET_DEFAULT_SIZES);

	for (;;)
	{
		TupleTableSlot *slot = insert.slots[insert.filled];

		CHECK_FOR_INTERRUPTS();

		if (slot == NULL)
			slot = insert.slots[insert.filled] = table_slot_create(jobs, NULL);
		if (!next_job(arg, insert.batch_context, slot->tts_values + 1, slot->tts_isnull + 1))
			break;
		slot->tts_values[0] = Int64GetDatum(plan_id);
		slot->tts_isnull[0] = false;

		ExecStoreVirtualTuple(slot);
		insert.filled++;
		if (insert.filled == BATCH_JOBS ||
			MemoryContextMemAllocated(insert.batch_context, false) > BATCH_BYTES)
			flush_batch(&insert);
	}
	if (insert.filled > 0)
		flush_batch(&insert);

	for (int i = 0; i < BATCH_JOBS && insert.slots[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(insert.slots[i]);
	FreeBulkInsertState(insert.state);
	table_finish_bulk_insert(jobs, 0);
	ExecCloseIndices(insert.result_rel);
	FreeExecutorState(insert.estate);
	MemoryContextDelete(insert.batch_context);
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
	Oid			plans_relid = table_in_schema(schema, PLANS_TABLE);
	Relation	jobs = table_open(table_in_schema(schema, JOBS_TABLE), RowExclusiveLock);
	int64		plan_id;

	check_insert_privilege(RelationGetRelid(jobs));

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	plan_id = insert_plan(schema, facts);
	if (is_as_created(jobs, plans_relid))
		insert_jobs_in_bulk(jobs, plan_id, next_job, arg);
	else
		insert_jobs_one_by_one(schema, plan_id, next_job, arg);
	SPI_finish();

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
