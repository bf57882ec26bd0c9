/*
 * training_part_call.c
 *		SQL functions training_part_calls_insert() and training_part_call(): how a
 *		server is asked to plan a part of a run, and does it.
 *
 * Who asks inserts a call into the view training_part_calls, and then reads the view,
 * in the same transaction.  So several servers can be asked first, and read at the same
 * time then; and what is asked for leaves no trace but the plan.
 *
 * The call is planned as the user's own session would plan it: what a foreign data
 * wrapper sets for its own sake (search_path, TimeZone and the like) is as the user's,
 * the database's or the server's configuration has it.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "access/xlog.h"
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
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/arguments.h"
#include "base/result_rows.h"
#include "planning/families.h"
#include "plans/create_training_plan.h"
#include "routing/plan_training.h"
#include "servers/part_call.h"

PG_FUNCTION_INFO_V1(training_part_calls_insert);
PG_FUNCTION_INFO_V1(training_part_call);

/* The columns of a result, as the SQL declaration has them. */
typedef enum ResultColumn
{
	RESULT_SERVER,
	RESULT_DATABASE,
	RESULT_PLAN_ID,
	RESULT_TOTAL_JOBS,
	RESULT_DISABLED_TARGETS,
	RESULT_COLUMNS
} ResultColumn;

/* ---- the call that is kept ------------------------------------------------------------- */

/*
 * Until it is made, or the transaction or savepoint ends in which it came.  It is made for
 * nobody but the role that left it: somebody else may read the view in the same session, as
 * a function with its owner's rights.
 */
static struct
{
	char	   *call;			/* in the transaction's memory; NULL: there is none */
	Oid			role;
	SubTransactionId transaction;
}			kept;

static void
forget_kept_call(XactEvent event, void *arg)
{
	kept.call = NULL;
}

static void
follow_savepoint(SubXactEvent event, SubTransactionId transaction, SubTransactionId parent, void *arg)
{
	if (kept.call == NULL || kept.transaction != transaction)
		return;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		kept.call = NULL;
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		kept.transaction = parent;
}

static void
keep_call(const char *call)
{
	static bool is_registered = false;

	if (!is_registered)
	{
		RegisterXactCallback(forget_kept_call, NULL);
		RegisterSubXactCallback(follow_savepoint, NULL);
		is_registered = true;
	}
	kept.call = MemoryContextStrdup(TopTransactionContext, call);
	kept.role = GetUserId();
	kept.transaction = GetCurrentSubTransactionId();
}

/* The call that is to be made now, which is not kept any more; NULL if there is none. */
static const char *
take_kept_call(void)
{
	const char *call = kept.call;

	if (call != NULL && kept.role != GetUserId())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("a call in view \"%s\" is made for the role that left it", PART_CALLS_VIEW)));
	kept.call = NULL;
	return call;
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

/* What is asked for is asked by who has the same version. */
static void
check_version(const PartCall *call)
{
	const char *version = extension_version();
	const char *other = part_call_required_text(call, CALL_VERSION);

	if (strcmp(version, other) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("server \"%s\" has version %s of the extension trainplan, and who calls it has %s",
						part_call_required_text(call, CALL_SERVER), version, other),
				 errhint("Where it is older: ALTER EXTENSION trainplan UPDATE;")));
}

static bool
flag_member(const PartCall *call, CallMember member)
{
	return !call->nulls[member] && DatumGetBool(call->values[member]);
}

static NewPlan
make_call(Oid schema, const PartCall *call)
{
	const char *function = part_call_required_text(call, CALL_FUNCTION);
	const char *policy = part_call_text(call, CALL_POLICY);
	Oid			relation = DatumGetObjectId(DirectFunctionCall1(regclassin,
																CStringGetDatum(part_call_required_text(call, CALL_RELATION))));
	PlanFacts	facts = {
		.run_id = part_call_required_text(call, CALL_RUN_ID),
		.server = part_call_required_text(call, CALL_SERVER),
		.families = call_families(call->nulls[CALL_FAMILIES] ? NULL : DatumGetArrayTypeP(call->values[CALL_FAMILIES])),
		.include_blocked = flag_member(call, CALL_INCLUDE_BLOCKED),
		.pooled_first = flag_member(call, CALL_POOLED_FIRST),
		.git_commit = part_call_text(call, CALL_GIT_COMMIT),
		.config_hash = part_call_text(call, CALL_CONFIG_HASH),
		.metrics_snapshot = part_call_text(call, CALL_METRICS_SNAPSHOT)
	};

	if (strcmp(function, CALL_OF_DECISIONS) == 0)
		return store_plan_of_decisions(schema, relation, &facts);
	if (strcmp(function, CALL_OF_CANDIDATES) == 0)
		return store_plan_of_candidates(schema, relation, policy == NULL ? NULL_SLICE : slice_from_string(policy),
										&facts);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown function \"%s\" in call", function)));
}

/* Whatever goes wrong with a part, the error says where. */
static void
name_part(void *arg)
{
	const PartCall *call = arg;

	if (!call->nulls[CALL_SERVER] && !call->nulls[CALL_RUN_ID])
		errcontext("part of run \"%s\" on server \"%s\"", part_call_text(call, CALL_RUN_ID),
				   part_call_text(call, CALL_SERVER));
}

/*
 * Which database this is, of all that there are: one may be known by the names of several
 * servers.  (Clusters may be copies of one, but are not started in the same microsecond.)
 */
static Datum
database_identity(void)
{
	return CStringGetTextDatum(psprintf(UINT64_FORMAT "/" INT64_FORMAT "/%u", GetSystemIdentifier(),
										(int64) PgStartTime, MyDatabaseId));
}

/* training_part_call() */
Datum
training_part_call(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	PartCall	call;
	ErrorContextCallback callback = {error_context_stack, name_part, &call};
	Datum		values[RESULT_COLUMNS];
	bool		nulls[RESULT_COLUMNS] = {false};
	const char *packed;
	NewPlan		plan;
	int			level;

	result_rows_begin(fcinfo, work_mem);
	packed = take_kept_call();
	if (packed == NULL)
		return (Datum) 0;

	part_call_unpack(&call, packed);
	error_context_stack = &callback;
	check_version(&call);
	level = use_own_settings();
	plan = make_call(schema, &call);
	AtEOXact_GUC(true, level);
	error_context_stack = callback.previous;

	values[RESULT_SERVER] = call.values[CALL_SERVER];
	values[RESULT_DATABASE] = database_identity();
	values[RESULT_PLAN_ID] = Int64GetDatum(plan.plan_id);
	values[RESULT_TOTAL_JOBS] = Int64GetDatum(plan.total_jobs);
	values[RESULT_DISABLED_TARGETS] = Int64GetDatum(plan.disabled_targets);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	return (Datum) 0;
}
