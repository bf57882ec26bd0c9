/*
 * routing_policies.c
 *		SQL functions of policies: the default one, those that are stored, and
 *		what keeps a wrong one from being stored.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "policy_hash.h"
#include "routing_policy.h"

PG_FUNCTION_INFO_V1(routing_policy_default);
PG_FUNCTION_INFO_V1(routing_policy_hash);
PG_FUNCTION_INFO_V1(routing_policy);
PG_FUNCTION_INFO_V1(routing_policy_touch);

#define POLICIES_TABLE	"routing_policies"

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
	Slice		yaml = slice_from_text(PG_GETARG_TEXT_PP(0));
	RoutingPolicy policy;

	routing_policy_read(yaml, "the policy", &policy);
	PG_RETURN_TEXT_P(cstring_to_text(policy_hash(yaml)));
}

/* A stored policy's text in the current memory context, or NULL. */
static text *
stored_policy(const char *table, text *name)
{
	MemoryContext caller = CurrentMemoryContext;
	char	   *query = psprintf("SELECT policy FROM %s WHERE name OPERATOR(pg_catalog.=) $1", table);
	Oid			types[] = {TEXTOID};
	Datum		values[] = {PointerGetDatum(name)};
	text	   *policy = NULL;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(query, 1, types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read table %s", table);
	if (SPI_processed > 0)
	{
		bool		isnull;
		Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
		MemoryContext spi = MemoryContextSwitchTo(caller);

		policy = DatumGetTextPCopy(value);
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
	return policy;
}

/*
 * routing_policy(name text)
 *
 * Errors: no such policy (undefined_object), no name (null_value_not_allowed).
 */
Datum
routing_policy(PG_FUNCTION_ARGS)
{
	char	   *schema = get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid));
	text	   *policy;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("name of a routing policy must not be null")));
	policy = stored_policy(quote_qualified_identifier(schema, POLICIES_TABLE), PG_GETARG_TEXT_PP(0));
	if (policy == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("routing policy \"%s\" does not exist", text_to_cstring(PG_GETARG_TEXT_PP(0))),
				 errhint("Stored policies are in table %s.", POLICIES_TABLE)));
	PG_RETURN_TEXT_P(policy);
}

/* routing_policy_touch(): a trigger before a row of routing_policies is updated */
Datum
routing_policy_touch(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TupleDesc	descriptor;
	int			column;
	Datum		now = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	bool		isnull = false;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || !TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("routing_policy_touch is for triggers before the update of a row")));
	descriptor = RelationGetDescr(trigger->tg_relation);
	column = SPI_fnumber(descriptor, "updated_at");
	if (column <= 0 || TupleDescAttr(descriptor, column - 1)->atttypid != TIMESTAMPTZOID)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("relation \"%s\" has no column \"updated_at\" of type timestamp with time zone",
						RelationGetRelationName(trigger->tg_relation))));
	return PointerGetDatum(heap_modify_tuple_by_cols(trigger->tg_newtuple, descriptor, 1,
													 &column, &now, &isnull));
}
