/*
 * part_calls.c
 *		SQL functions training_part_calls_insert() and training_part_call(): how a
 *		server is asked to plan a part of a run, and does it.
 *
 * Who asks inserts a call into the view training_part_calls, and then reads the view,
 * in the same transaction: in between, the call is kept in a setting that ends with the
 * transaction, or with the savepoint behind which it came.  So several servers can be
 * asked first and read at the same time then; and what is asked for leaves no trace but
 * the plan.
 *
 * The call is planned as the user's own session would plan it: what a foreign data
 * wrapper sets for its own sake (search_path, TimeZone and the like) is as the user's,
 * the database's or the server's configuration has it.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/arguments.h"
#include "base/result_rows.h"
#include "planning/families.h"
#include "plans/create_training_plan.h"
#include "routing/plan_training.h"
#include "servers/part_calls.h"

PG_FUNCTION_INFO_V1(training_part_calls_insert);
PG_FUNCTION_INFO_V1(training_part_call);

char	   *part_call = NULL;

/* The columns of a result, as the SQL declaration has them. */
typedef enum ResultColumn
{
	RESULT_SERVER,
	RESULT_PLAN_ID,
	RESULT_TOTAL_JOBS,
	RESULT_DISABLED_TARGETS,
	RESULT_COLUMNS
} ResultColumn;

static void
keep_call(const char *call)
{
	(void) set_config_option(PART_CALL_SETTING, call, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL,
							 true, 0, false);
}

/* ---- a call comes in ----------------------------------------------------------------- */

/* training_part_calls_insert(): trigger INSTEAD OF INSERT ON training_part_calls */
Datum
training_part_calls_insert(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TupleDesc	descriptor;
	int			column;
	Datum		call;
	bool		isnull;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_INSTEAD(trigger->tg_event) ||
		!TRIGGER_FIRED_BY_INSERT(trigger->tg_event) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		RelationGetRelid(trigger->tg_relation) !=
		get_relname_relid(PART_CALLS_VIEW, get_func_namespace(fcinfo->flinfo->fn_oid)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("training_part_calls_insert is for the triggers of view \"%s\"", PART_CALLS_VIEW)));

	descriptor = RelationGetDescr(trigger->tg_relation);
	column = SPI_fnumber(descriptor, "call");
	if (column <= 0 || TupleDescAttr(descriptor, column - 1)->atttypid != JSONBOID)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("view \"%s\" has no column \"call\" of type jsonb", PART_CALLS_VIEW)));
	call = heap_getattr(trigger->tg_trigtuple, column, descriptor, &isnull);
	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("call must not be null")));
	keep_call(DatumGetCString(DirectFunctionCall1(jsonb_out, call)));
	return PointerGetDatum(trigger->tg_trigtuple);
}

/* ---- a call is made ------------------------------------------------------------------- */

/* What wrappers set for a session of theirs. */
static const char *const wrapper_settings[] = {"search_path", "TimeZone", "DateStyle", "IntervalStyle",
	"extra_float_digits"};

/* Have these as the session began; to be ended with AtEOXact_GUC(). */
static int
use_own_settings(void)
{
	int			level = NewGUCNestLevel();

	for (int i = 0; i < lengthof(wrapper_settings); i++)
		(void) set_config_option(wrapper_settings[i], GetConfigOptionResetString(wrapper_settings[i]),
								 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return level;
}

/* A call, taken apart. */
typedef struct PartCall
{
	const char *version;
	const char *function;
	const char *relation;
	Slice		policy;
	PlanFacts	facts;
} PartCall;

/* The members of a call, in the order in which read_call() takes them. */
#define CALL_MEMBERS \
	"version pg_catalog.text, server pg_catalog.text, function pg_catalog.text, relation pg_catalog.text, " \
	"run_id pg_catalog.text, policy pg_catalog.text, families pg_catalog.text[], include_blocked pg_catalog.bool, " \
	"pooled_first pg_catalog.bool, git_commit pg_catalog.text, config_hash pg_catalog.text, " \
	"metrics_snapshot pg_catalog.text"

typedef enum CallMember
{
	CALL_VERSION = 1,
	CALL_SERVER,
	CALL_FUNCTION,
	CALL_RELATION,
	CALL_RUN_ID,
	CALL_POLICY,
	CALL_FAMILIES,
	CALL_INCLUDE_BLOCKED,
	CALL_POOLED_FIRST,
	CALL_GIT_COMMIT,
	CALL_CONFIG_HASH,
	CALL_METRICS_SNAPSHOT,
	CALL_OWN_VERSION
} CallMember;

/* A member that is text, in the caller's memory context; NULL if it is. */
static const char *
text_member(CallMember member)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, member, &isnull);
	struct varlena *text = isnull ? NULL : PG_DETOAST_DATUM_PACKED(value);
	int			length = isnull ? 0 : VARSIZE_ANY_EXHDR(text);
	char	   *copy;

	if (isnull)
		return NULL;
	copy = SPI_palloc(length + 1);
	memcpy(copy, VARDATA_ANY(text), length);
	copy[length] = '\0';
	return copy;
}

/* The same of one that a call cannot be without. */
static const char *
required_member(CallMember member, const char *name)
{
	const char *value = text_member(member);

	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("call has no %s", name)));
	return value;
}

static bool
flag_member(CallMember member)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, member, &isnull);

	return !isnull && DatumGetBool(value);
}

static ArrayType *
families_member(void)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, CALL_FAMILIES, &isnull);

	return isnull ? NULL : DatumGetArrayTypeP(SPI_datumTransfer(value, false, -1));
}

/* Take a call apart, in the current memory context. */
static void
read_call(PartCall *call, const char *text)
{
	Oid			type = TEXTOID;
	Datum		value = CStringGetTextDatum(text);
	const char *policy;
	ArrayType  *families;

	memset(call, 0, sizeof(PartCall));
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args("SELECT c.*, e.extversion FROM pg_catalog.pg_extension AS e, "
							  "pg_catalog.jsonb_to_record($1::pg_catalog.jsonb) AS c (" CALL_MEMBERS ") "
							  "WHERE e.extname OPERATOR(pg_catalog.=) 'trainplan'",
							  1, &type, &value, NULL, true, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not read the call");
	call->version = required_member(CALL_VERSION, "version");
	call->function = required_member(CALL_FUNCTION, "function");
	call->relation = required_member(CALL_RELATION, "relation");
	call->facts.server = required_member(CALL_SERVER, "server");
	call->facts.run_id = required_member(CALL_RUN_ID, "run_id");
	call->facts.include_blocked = flag_member(CALL_INCLUDE_BLOCKED);
	call->facts.pooled_first = flag_member(CALL_POOLED_FIRST);
	call->facts.git_commit = text_member(CALL_GIT_COMMIT);
	call->facts.config_hash = text_member(CALL_CONFIG_HASH);
	call->facts.metrics_snapshot = text_member(CALL_METRICS_SNAPSHOT);
	policy = text_member(CALL_POLICY);
	call->policy = policy == NULL ? NULL_SLICE : slice_from_string(policy);
	families = families_member();
	if (strcmp(call->version, required_member(CALL_OWN_VERSION, "version")) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("server \"%s\" has version %s of the extension trainplan, and who calls it has %s",
						call->facts.server, text_member(CALL_OWN_VERSION), call->version),
				 errhint("Where it is older: ALTER EXTENSION trainplan UPDATE;")));
	SPI_finish();
	call->facts.families = call_families(families);
}

static NewPlan
make_call(Oid schema, PartCall *call)
{
	Oid			relation = DatumGetObjectId(DirectFunctionCall1(regclassin, CStringGetDatum(call->relation)));

	if (strcmp(call->function, CALL_OF_DECISIONS) == 0)
		return store_plan_of_decisions(schema, relation, &call->facts);
	if (strcmp(call->function, CALL_OF_CANDIDATES) == 0)
		return store_plan_of_candidates(schema, relation, call->policy, &call->facts);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown function \"%s\" in call", call->function)));
}

/* Whatever goes wrong with a part, the error says where. */
static void
name_part(void *arg)
{
	const PartCall *call = arg;

	if (call->facts.server != NULL)
		errcontext("part of run \"%s\" on server \"%s\"", call->facts.run_id, call->facts.server);
}

/* training_part_call() */
Datum
training_part_call(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	PartCall	call = {0};
	ErrorContextCallback callback = {error_context_stack, name_part, &call};
	Datum		values[RESULT_COLUMNS];
	bool		nulls[RESULT_COLUMNS] = {false};
	NewPlan		plan;
	int			level;

	result_rows_begin(fcinfo, work_mem);
	if (part_call == NULL || *part_call == '\0')
		return (Datum) 0;

	error_context_stack = &callback;
	read_call(&call, part_call);
	keep_call("");
	level = use_own_settings();
	plan = make_call(schema, &call);
	AtEOXact_GUC(true, level);
	error_context_stack = callback.previous;

	values[RESULT_SERVER] = CStringGetTextDatum(call.facts.server);
	values[RESULT_PLAN_ID] = Int64GetDatum(plan.plan_id);
	values[RESULT_TOTAL_JOBS] = Int64GetDatum(plan.total_jobs);
	values[RESULT_DISABLED_TARGETS] = Int64GetDatum(plan.disabled_targets);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	return (Datum) 0;
}
