/*
 * queue_triggers.c
 *		SQL functions queue_training_jobs() and training_job_queue_guard(): the
 *		triggers that keep the queue right when jobs or places come or change by
 *		other ways than trainplan's own functions, which need none.
 *
 * Those ways are plain INSERTs into training_jobs, changes of the queue by hand,
 * and pg_dump's scripts: these copy the jobs in, which get fresh places, and then
 * the places as they were saved, which replace them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "execution_call.h"
#include "job_queue.h"
#include "plan_store.h"

PG_FUNCTION_INFO_V1(queue_training_jobs);
PG_FUNCTION_INFO_V1(training_job_queue_guard);

static void
check_trigger(FunctionCallInfo fcinfo, const char *name, const char *table, bool fits)
{
	if (!CALLED_AS_TRIGGER(fcinfo) || !fits ||
		strcmp(RelationGetRelationName(((TriggerData *) fcinfo->context)->tg_relation), table) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("%s is for the trigger of table \"%s\"", name, table)));
}

/*
 * queue_training_jobs(): a trigger behind an INSERT into training_jobs
 *
 * The jobs can be claimed from now on, behind none that are fresh: what was
 * said about the fresh ones of a plan must stay true (job_claim.c).
 */
Datum
queue_training_jobs(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	char	   *query;

	check_trigger(fcinfo, "queue_training_jobs", JOBS_TABLE,
				  CALLED_AS_TRIGGER(fcinfo) && TRIGGER_FIRED_AFTER(trigger->tg_event) &&
				  TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event) &&
				  TRIGGER_FIRED_BY_INSERT(trigger->tg_event) && trigger->tg_newtable != NULL);

	if (SPI_connect() != SPI_OK_CONNECT || SPI_register_trigger_data(trigger) != SPI_OK_TD_REGISTER)
		elog(ERROR, "SPI_connect failed");
	query = psprintf("INSERT INTO %s (plan_id, job_id, priority, position) "
					 "SELECT plan_id, job_id, priority, pg_catalog.row_number() OVER ("
					 "PARTITION BY plan_id ORDER BY target, symbol NULLS FIRST) "
					 "FROM %s WHERE training_type OPERATOR(pg_catalog.<>) 'blocked'",
					 plan_table_name(RelationGetNamespace(trigger->tg_relation), QUEUE_TABLE),
					 quote_identifier(trigger->tg_trigger->tgnewtable));
	if (SPI_execute(query, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not insert into table \"%s\"", QUEUE_TABLE);

	query = psprintf("SELECT DISTINCT plan_id FROM %s WHERE training_type OPERATOR(pg_catalog.<>) 'blocked'",
					 quote_identifier(trigger->tg_trigger->tgnewtable));
	if (SPI_execute(query, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the new rows of table \"%s\"", JOBS_TABLE);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;

		notify_of_jobs(DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1,
												   &isnull)));
	}
	SPI_finish();

	return PointerGetDatum(NULL);
}

static KeptQuery delete_query = {
	.text = "DELETE FROM %s WHERE plan_id OPERATOR(pg_catalog.=) $1 AND job_id OPERATOR(pg_catalog.=) $2",
	.table = QUEUE_TABLE,
	.writes = true,
	.arguments = 2,
	.types = {INT8OID, TEXTOID}
};

/* Delete a place that a job has; the new one takes it. */
static void
give_way(Relation places, HeapTuple place)
{
	TupleDesc	descriptor = RelationGetDescr(places);
	Datum		key[2];
	bool		isnull;

	key[0] = heap_getattr(place, QUEUE_PLAN_ID + 1, descriptor, &isnull);
	key[1] = heap_getattr(place, QUEUE_JOB_ID + 1, descriptor, &isnull);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	kept_query_run(&delete_query, RelationGetNamespace(places), key, NULL);
	SPI_finish();
}

/*
 * training_job_queue_guard(): a trigger before an INSERT or UPDATE of a row of
 * training_job_queue
 */
Datum
training_job_queue_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TupleDesc	descriptor;
	HeapTuple	place;
	int			column = QUEUE_READY_AT + 1;
	Datum		ready_at;
	bool		isnull;

	check_trigger(fcinfo, "training_job_queue_guard", QUEUE_TABLE,
				  CALLED_AS_TRIGGER(fcinfo) && TRIGGER_FIRED_BEFORE(trigger->tg_event) &&
				  TRIGGER_FIRED_FOR_ROW(trigger->tg_event) &&
				  !TRIGGER_FIRED_BY_DELETE(trigger->tg_event));
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
	{
		give_way(trigger->tg_relation, trigger->tg_trigtuple);
		return PointerGetDatum(trigger->tg_trigtuple);
	}

	/* one that is fresh may be moved to where nobody looks any more */
	descriptor = RelationGetDescr(trigger->tg_relation);
	place = trigger->tg_newtuple;
	ready_at = heap_getattr(place, column, descriptor, &isnull);
	if (isnull)
	{
		isnull = false;
		ready_at = TimestampTzGetDatum(GetCurrentTimestamp());
		place = heap_modify_tuple_by_cols(place, descriptor, 1, &column, &ready_at, &isnull);
	}
	return PointerGetDatum(place);
}
