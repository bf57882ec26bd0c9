/*
 * routing_policies.c
 *		SQL functions of policies: the default one, those that are stored, and
 *		what keeps a wrong one from being stored.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/arguments.h"
#include "base/row_query.h"
#include "plans/plan_tables.h"
#include "plans/trigger_call.h"
#include "routing/policy_hash.h"
#include "routing/routing_policy.h"

PG_FUNCTION_INFO_V1(routing_policy_default);
PG_FUNCTION_INFO_V1(routing_policy_hash);
PG_FUNCTION_INFO_V1(routing_policy);
PG_FUNCTION_INFO_V1(routing_policy_touch);

/* routing_policy_default() */
Datum
routing_policy_default(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(default_routing_policy));
}

/*
 * routing_policy_hash(policy text)
 *
 * The errors are those of routing_policy_read(): what has a hash can be used.
 */
Datum
routing_policy_hash(PG_FUNCTION_ARGS)
{
	Slice		yaml = required_slice_argument(fcinfo, 0, "policy");
	RoutingPolicy policy;

	routing_policy_read(yaml, "the policy", &policy);
	PG_RETURN_TEXT_P(cstring_to_text(policy_hash(yaml)));
}

/* A policy's text, in the memory context of whoever asks for it. */
typedef struct FoundPolicy
{
	MemoryContext context;
	text	   *policy;			/* NULL: none was found */
} FoundPolicy;

static void
take_policy(void *arg, const Datum *values, const bool *nulls)
{
	FoundPolicy *found = arg;
	MemoryContext caller = MemoryContextSwitchTo(found->context);

	if (!nulls[0])
		found->policy = DatumGetTextPCopy(values[0]);
	MemoryContextSwitchTo(caller);
}

/* A stored policy's text in the current memory context, or NULL. */
static text *
stored_policy(Oid schema, const char *name)
{
	static const Oid types[] = {TEXTOID};
	FoundPolicy found = {CurrentMemoryContext};
	PlanTable	table;
	RowQuery	query = {
		.text = psprintf("SELECT policy FROM ONLY %%s WHERE name OPERATOR(pg_catalog.=) %s",
						 quote_literal_cstr(name)),
		.relation_count = 1,
		.columns = lengthof(types),
		.types = types,
		.read_only = true
	};

	plan_table_open(&table, schema, POLICIES_TABLE, AccessShareLock);
	query.relations = &table.relid;
	row_query_run(&query, take_policy, &found);
	plan_table_close(&table);
	return found.policy;
}

/*
 * routing_policy(name text)
 *
 * Errors: no such policy (undefined_object), no name (null_value_not_allowed).
 */
Datum
routing_policy(PG_FUNCTION_ARGS)
{
	const char *name = required_text_argument(fcinfo, 0, "name of a routing policy");
	text	   *policy = stored_policy(get_func_namespace(fcinfo->flinfo->fn_oid), name);

	if (policy == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("routing policy \"%s\" does not exist", name),
				 strcmp(name, "default") == 0 ?
				 errhint("The default policy is routing_policy_default().") :
				 errhint("Stored policies are in table %s.", plan_table_name(POLICIES_TABLE))));
	PG_RETURN_TEXT_P(policy);
}

/* routing_policy_touch(): a trigger before a row of routing_policies is updated */
Datum
routing_policy_touch(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_call(fcinfo, "routing_policy_touch", POLICIES_TABLE,
										TRIGGER_EVENT_UPDATE | TRIGGER_EVENT_ROW | TRIGGER_EVENT_BEFORE);
	PlanTable	table;
	int			column;
	Datum		now = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	bool		isnull = false;

	plan_table_open(&table, RelationGetNamespace(trigger->tg_relation), POLICIES_TABLE, NoLock);
	column = table.columns[POLICY_UPDATED_AT];
	plan_table_close(&table);
	return PointerGetDatum(heap_modify_tuple_by_cols(trigger->tg_newtuple,
													 RelationGetDescr(trigger->tg_relation), 1,
													 &column, &now, &isnull));
}
