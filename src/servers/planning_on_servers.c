/*
 * planning_on_servers.c
 *		SQL functions create_training_plan_on() and plan_training_on(): a plan in
 *		parts, each planned where its decisions or candidates are.
 *
 * Every server is asked first, which is a row into a foreign table, and then all are
 * read in one query, whose foreign scans run at the same time (part_calls.c is the
 * other end).  All of it is in this transaction: postgres_fdw begins one on each
 * server, which ends as this one does.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/arguments.h"
#include "base/result_rows.h"
#include "base/row_query.h"
#include "plans/plan_store.h"
#include "plans/plan_tables.h"
#include "plans/table_write.h"
#include "servers/part_call.h"
#include "servers/training_server.h"

PG_FUNCTION_INFO_V1(create_training_plan_on);
PG_FUNCTION_INFO_V1(plan_training_on);

/* The first arguments of both, as the SQL declarations have them. */
#define ARG_SERVERS		0
#define ARG_RELATION	1

/* The columns of a result, as the SQL declarations have them. */
typedef enum ResultColumn
{
	RESULT_SERVER,
	RESULT_PLAN_ID,
	RESULT_TOTAL_JOBS,
	RESULT_DISABLED_TARGETS,
	RESULT_COLUMNS
} ResultColumn;

/* The columns of what a server returns. */
typedef enum AnswerColumn
{
	ANSWER_SERVER,
	ANSWER_DATABASE,
	ANSWER_PLAN_ID,
	ANSWER_TOTAL_JOBS,
	ANSWER_DISABLED_TARGETS
} AnswerColumn;

/* A server that is to have a part. */
typedef struct PartServer
{
	const char *name;
	const char *database;		/* which it is; NULL: it has not answered yet */
	NewPlan		plan;
} PartServer;

/* A plan in parts. */
typedef struct Run
{
	Oid			schema;
	const char *run_id;
	PartServer *servers;
	int			count;
	PlanTable	parts;
} Run;

/* Which argument each of a call's members is; 0: of none. */
typedef int CallArguments[CALL_MEMBERS];

static void
take_arguments(PartCall *call, FunctionCallInfo fcinfo, const CallArguments arguments)
{
	for (int i = 0; i < CALL_MEMBERS; i++)
	{
		call->nulls[i] = arguments[i] == 0 || PG_ARGISNULL(arguments[i]);
		call->values[i] = call->nulls[i] ? (Datum) 0 : PG_GETARG_DATUM(arguments[i]);
	}
}

/* ---- whom is asked ------------------------------------------------------------------------ */

/* The servers that are to have a part: each is there, has been added, and is named once. */
static void
servers_argument(Run *run, FunctionCallInfo fcinfo)
{
	ArrayType  *array;
	Datum	   *names;
	bool	   *nulls;

	require_argument(fcinfo, ARG_SERVERS, "servers");
	array = PG_GETARG_ARRAYTYPE_P(ARG_SERVERS);
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("servers have more than one dimension")));
	deconstruct_array(array, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &names, &nulls, &run->count);
	if (run->count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("servers must not be empty"),
				 errhint("Name the foreign servers that are to have a part of the plan.")));
	run->servers = palloc0(run->count * sizeof(PartServer));
	for (int i = 0; i < run->count; i++)
	{
		ForeignServer *server;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("servers have a null")));
		server = GetForeignServerByName(NameStr(*DatumGetName(names[i])), false);
		for (int j = 0; j < i; j++)
		{
			if (strcmp(run->servers[j].name, server->servername) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("server \"%s\" is named twice", server->servername)));
		}
		check_server_is_added(run->schema, server);
		run->servers[i].name = server->servername;
	}
}

/* ---- runs ------------------------------------------------------------------------------------ */

/* Does the run have a part on a server? */
static bool
has_part(const Run *run, const char *server)
{
	TupleTableSlot *slot = table_slot_create(run->parts.relation, NULL);
	Datum		key[] = {CStringGetTextDatum(run->run_id), CStringGetTextDatum(server)};
	bool		found = plan_table_find(&run->parts, SnapshotSelf, key, lengthof(key), ForwardScanDirection, slot);

	ExecDropSingleTupleTableSlot(slot);
	return found;
}

/* A run without a name is called by the time in UTC, to the microsecond, so that two do not meet. */
static const char *
new_run_id(void)
{
	struct pg_tm time;
	fsec_t		microseconds;

	if (timestamp2tm(GetCurrentTimestamp(), NULL, &time, &microseconds, NULL, NULL) != 0)
		elog(ERROR, "timestamp out of range");
	return psprintf("%04d%02d%02d_%02d%02d%02d_%06d", time.tm_year, time.tm_mon, time.tm_mday,
					time.tm_hour, time.tm_min, time.tm_sec, (int) microseconds);
}

/* Which run the parts are of; it has none on these servers yet. */
static void
begin_run(Run *run, const char *run_id)
{
	run->run_id = run_id != NULL ? run_id : new_run_id();
	plan_table_open(&run->parts, run->schema, RUN_PARTS_TABLE, RowExclusiveLock);
	plan_table_check_rights(&run->parts, ACL_INSERT);
	for (int i = 0; i < run->count; i++)
	{
		if (has_part(run, run->servers[i].name))
			ereport(ERROR,
					(errcode(ERRCODE_UNIQUE_VIOLATION),
					 errmsg("run \"%s\" has a part on server \"%s\" already", run->run_id, run->servers[i].name),
					 errhint("Give another run_id, or NULL for one by the current time; or delete the part, and its row of table \"%s\".",
							 plan_table_name(RUN_PARTS_TABLE))));
	}
}

/* Remember the parts that were made. */
static void
store_parts(Run *run)
{
	TableWrite	write;

	table_write_prepare_insert(&write, &run->parts);
	for (int i = 0; i < run->count; i++)
	{
		const PartServer *server = &run->servers[i];
		Datum		values[RUN_PART_COLUMNS];
		bool		nulls[RUN_PART_COLUMNS] = {false};

		values[RUN_PART_RUN_ID] = CStringGetTextDatum(run->run_id);
		values[RUN_PART_SERVER] = CStringGetTextDatum(server->name);
		values[RUN_PART_PLAN_ID] = Int64GetDatum(server->plan.plan_id);
		values[RUN_PART_TOTAL_JOBS] = Int64GetDatum(server->plan.total_jobs);
		if (table_write_insert(&write, &run->parts, values, nulls, false) != 1)
			ereport(ERROR,
					(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
					 errmsg("part was not inserted into table \"%s\"", plan_table_name(RUN_PARTS_TABLE)),
					 errdetail("It is that of server \"%s\".", server->name)));
	}
}

/* ---- asking --------------------------------------------------------------------------------- */

static void
name_server(void *arg)
{
	errcontext("asking server \"%s\" for a part of the plan", ((const PartServer *) arg)->name);
}

/* Leave the call with each of the servers. */
static void
ask_servers(const Run *run, PartCall *call)
{
	static Oid	types[] = {TEXTOID, JSONBOID};
	char	   *command = psprintf("INSERT INTO %s (server, call) VALUES ($1, $2)",
								   relation_sql_name(server_table(run->schema, SERVER_CALLS)));
	SPIPlanPtr	plan = SPI_prepare(command, lengthof(types), types);

	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\"", command);
	part_call_set_text(call, CALL_VERSION, extension_version());
	part_call_set_text(call, CALL_RUN_ID, run->run_id);
	for (int i = 0; i < run->count; i++)
	{
		ErrorContextCallback callback = {error_context_stack, name_server, &run->servers[i]};
		Datum		values[lengthof(types)];

		part_call_set_text(call, CALL_SERVER, run->servers[i].name);
		values[0] = call->values[CALL_SERVER];
		values[1] = part_call_pack(call);
		error_context_stack = &callback;
		if (SPI_execute_plan(plan, values, NULL, false, 0) != SPI_OK_INSERT || SPI_processed != 1)
			ereport(ERROR,
					(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
					 errmsg("call was not inserted into table \"%s\"", server_tables[SERVER_CALLS].name)));
		error_context_stack = callback.previous;
	}
}

static PartServer *
find_server(const Run *run, const char *name)
{
	for (int i = 0; i < run->count; i++)
	{
		if (strcmp(run->servers[i].name, name) == 0)
			return &run->servers[i];
	}
	return NULL;
}

/* What a server has returned in a column; there is no null in it. */
static Datum
answer(uint64 row, AnswerColumn column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column + 1, &isnull);

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("a server has not said all of its part")));
	return value;
}

static void
take_answer(const Run *run, uint64 row)
{
	PartServer *server = find_server(run, TextDatumGetCString(answer(row, ANSWER_SERVER)));

	if (server == NULL || server->database != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("a server has answered with another one's part")));
	server->database = TextDatumGetCString(answer(row, ANSWER_DATABASE));
	server->plan.plan_id = DatumGetInt64(answer(row, ANSWER_PLAN_ID));
	server->plan.total_jobs = DatumGetInt64(answer(row, ANSWER_TOTAL_JOBS));
	server->plan.disabled_targets = DatumGetInt64(answer(row, ANSWER_DISABLED_TARGETS));
}

/* Each server has made its part; one that has made two, by another name, is warned of. */
static void
check_answers(const Run *run)
{
	for (int i = 0; i < run->count; i++)
	{
		if (run->servers[i].database == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_ERROR),
					 errmsg("server \"%s\" has not made its part", run->servers[i].name)));
		for (int j = 0; j < i; j++)
		{
			if (strcmp(run->servers[i].database, run->servers[j].database) == 0)
				ereport(WARNING,
						(errmsg("servers \"%s\" and \"%s\" are the same database",
								run->servers[j].name, run->servers[i].name),
						 errdetail("What is in it has been planned for both.")));
		}
	}
}

/*
 * Have the calls made, on all servers at the same time, and take what they return.
 *
 * There is a part of the query for each server, over its own part of the table, so that
 * what an error shows of it has the server's name.  The condition stands outside of them:
 * with one of its own, each would be a subquery, which the executor waits for before it
 * begins the next (is_safe_append_member() in PostgreSQL's planner).
 */
static void
read_servers(const Run *run)
{
	char	   *calls = relation_sql_name(server_table(run->schema, SERVER_CALLS));
	int			level = NewGUCNestLevel();
	StringInfoData query;

	/* a call that is read beside another one's part would be made, and left out */
	(void) set_config_option("enable_partition_pruning", "on", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT c.server, c.database, c.plan_id, c.total_jobs, c.disabled_targets FROM (");
	for (int i = 0; i < run->count; i++)
		appendStringInfo(&query, "%sSELECT %s::pg_catalog.text AS asked, s.* FROM %s AS s",
						 i > 0 ? " UNION ALL " : "", quote_literal_cstr(run->servers[i].name), calls);
	appendStringInfoString(&query, ") AS c WHERE c.server OPERATOR(pg_catalog.=) c.asked");
	/* one row more than there should be is an error, however many there are */
	if (SPI_execute(query.data, false, run->count + 1) != SPI_OK_SELECT)
		elog(ERROR, "could not run \"%s\"", query.data);
	AtEOXact_GUC(true, level);
	for (uint64 row = 0; row < SPI_processed; row++)
		take_answer(run, row);
	check_answers(run);
}

static void
return_parts(const Run *run, ReturnSetInfo *rsinfo)
{
	for (int i = 0; i < run->count; i++)
	{
		const PartServer *server = &run->servers[i];
		Datum		values[RESULT_COLUMNS];
		bool		nulls[RESULT_COLUMNS] = {false};

		values[RESULT_SERVER] = DirectFunctionCall1(namein, CStringGetDatum(server->name));
		values[RESULT_PLAN_ID] = Int64GetDatum(server->plan.plan_id);
		values[RESULT_TOTAL_JOBS] = Int64GetDatum(server->plan.total_jobs);
		values[RESULT_DISABLED_TARGETS] = Int64GetDatum(server->plan.disabled_targets);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

/*
 * Plan on servers by a function of theirs, with these arguments of the call.
 *
 * Errors: no servers, one that is named twice, is not there or has not been added; a run
 * that has a part there already (unique_violation); those of the function on a server, as
 * they are there; those of postgres_fdw.
 */
static Datum
plan_on_servers(FunctionCallInfo fcinfo, const char *function, const char *relation_name,
				const CallArguments arguments)
{
	Run			run = {.schema = get_func_namespace(fcinfo->flinfo->fn_oid)};
	PartCall	call;

	PreventCommandIfReadOnly(psprintf("%s_on()", function));
	result_rows_begin(fcinfo, work_mem);
	require_argument(fcinfo, ARG_RELATION, relation_name);
	take_arguments(&call, fcinfo, arguments);
	part_call_set_text(&call, CALL_FUNCTION, function);
	servers_argument(&run, fcinfo);
	begin_run(&run, run_id_argument(fcinfo, arguments[CALL_RUN_ID]));

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	ask_servers(&run, &call);
	read_servers(&run);
	store_parts(&run);
	SPI_finish();
	plan_table_close(&run.parts);

	return_parts(&run, (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/*
 * create_training_plan_on(servers name[], routing text, families text[], include_blocked
 *						   boolean, git_commit text, config_hash text, metrics_snapshot
 *						   text, pooled_first boolean, run_id text)
 */
Datum
create_training_plan_on(PG_FUNCTION_ARGS)
{
	static const CallArguments arguments = {
		[CALL_RELATION] = ARG_RELATION,
		[CALL_FAMILIES] = 2,
		[CALL_INCLUDE_BLOCKED] = 3,
		[CALL_GIT_COMMIT] = 4,
		[CALL_CONFIG_HASH] = 5,
		[CALL_METRICS_SNAPSHOT] = 6,
		[CALL_POOLED_FIRST] = 7,
		[CALL_RUN_ID] = 8
	};

	return plan_on_servers(fcinfo, CALL_OF_DECISIONS, "routing", arguments);
}

/*
 * plan_training_on(servers name[], candidates text, policy text, families text[],
 *					include_blocked boolean, git_commit text, metrics_snapshot text,
 *					pooled_first boolean, run_id text)
 */
Datum
plan_training_on(PG_FUNCTION_ARGS)
{
	static const CallArguments arguments = {
		[CALL_RELATION] = ARG_RELATION,
		[CALL_POLICY] = 2,
		[CALL_FAMILIES] = 3,
		[CALL_INCLUDE_BLOCKED] = 4,
		[CALL_GIT_COMMIT] = 5,
		[CALL_METRICS_SNAPSHOT] = 6,
		[CALL_POOLED_FIRST] = 7,
		[CALL_RUN_ID] = 8
	};

	return plan_on_servers(fcinfo, CALL_OF_CANDIDATES, "candidates", arguments);
}
