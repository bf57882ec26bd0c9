/*
 * part_call.c
 *		A call by which a server is asked to plan a part of a run, as it goes from
 *		one to the other: an object of JSON.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "servers/part_call.h"

static const struct
{
	const char *name;
	Oid			type;
}			members[CALL_MEMBERS] = {
	[CALL_VERSION] = {"version", TEXTOID},
	[CALL_SERVER] = {"server", TEXTOID},
	[CALL_FUNCTION] = {"function", TEXTOID},
	[CALL_RELATION] = {"relation", TEXTOID},
	[CALL_RUN_ID] = {"run_id", TEXTOID},
	[CALL_POLICY] = {"policy", TEXTOID},
	[CALL_FAMILIES] = {"families", TEXTARRAYOID},
	[CALL_INCLUDE_BLOCKED] = {"include_blocked", BOOLOID},
	[CALL_POOLED_FIRST] = {"pooled_first", BOOLOID},
	[CALL_GIT_COMMIT] = {"git_commit", TEXTOID},
	[CALL_CONFIG_HASH] = {"config_hash", TEXTOID},
	[CALL_METRICS_SNAPSHOT] = {"metrics_snapshot", TEXTOID}
};

/* Run a query that returns one row, and have its values, of these types, in the current memory context. */
static void
query_row(const char *query, int arguments, Oid *argument_types, Datum *argument_values, const char *argument_nulls,
		  int columns, Datum *values, bool *nulls)
{
	MemoryContext caller = CurrentMemoryContext;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(query, arguments, argument_types, argument_values, argument_nulls,
							  true, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "no row of \"%s\"", query);
	for (int i = 0; i < columns; i++)
	{
		TupleDesc	descriptor = SPI_tuptable->tupdesc;
		Form_pg_attribute column = TupleDescAttr(descriptor, i);

		values[i] = SPI_getbinval(SPI_tuptable->vals[0], descriptor, i + 1, &nulls[i]);
		if (!nulls[i])
		{
			MemoryContext own = MemoryContextSwitchTo(caller);

			values[i] = datumCopy(values[i], column->attbyval, column->attlen);
			MemoryContextSwitchTo(own);
		}
	}
	SPI_finish();
}

/* The version of the extension in this database, in the current memory context. */
const char *
extension_version(void)
{
	Datum		version;
	bool		isnull;

	query_row("SELECT extversion FROM pg_catalog.pg_extension WHERE extname OPERATOR(pg_catalog.=) 'trainplan'",
			  0, NULL, NULL, NULL, 1, &version, &isnull);
	return TextDatumGetCString(version);
}

/* In the current memory context. */
void
part_call_set_text(PartCall *call, CallMember member, const char *value)
{
	call->values[member] = CStringGetTextDatum(value);
	call->nulls[member] = false;
}

/* A member that is a text, in the current memory context; NULL if it is. */
const char *
part_call_text(const PartCall *call, CallMember member)
{
	return call->nulls[member] ? NULL : TextDatumGetCString(call->values[member]);
}

/* The same of one that a call cannot be without. */
const char *
part_call_required_text(const PartCall *call, CallMember member)
{
	const char *text = part_call_text(call, member);

	if (text == NULL || *text == '\0')
		ereport(ERROR,
				(errcode(text == NULL ? ERRCODE_NULL_VALUE_NOT_ALLOWED : ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("call has no %s", members[member].name)));
	return text;
}

/* A call as jsonb, in the current memory context. */
Datum
part_call_pack(const PartCall *call)
{
	Oid			types[CALL_MEMBERS];
	Datum		values[CALL_MEMBERS];
	char		nulls[CALL_MEMBERS];
	StringInfoData query;
	Datum		packed;
	bool		isnull;

	initStringInfo(&query);
	for (int i = 0; i < CALL_MEMBERS; i++)
	{
		types[i] = members[i].type;
		values[i] = call->values[i];
		nulls[i] = call->nulls[i] ? 'n' : ' ';
		appendStringInfo(&query, "%s'%s', $%d", i == 0 ? "SELECT pg_catalog.jsonb_build_object(" : ", ",
						 members[i].name, i + 1);
	}
	appendStringInfoChar(&query, ')');
	query_row(query.data, CALL_MEMBERS, types, values, nulls, 1, &packed, &isnull);
	return packed;
}

/* The reverse; members that are missing are null. */
void
part_call_unpack(PartCall *call, const char *packed)
{
	Oid			type = TEXTOID;
	Datum		value = CStringGetTextDatum(packed);
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT * FROM pg_catalog.jsonb_to_record($1::pg_catalog.jsonb) AS c (");
	for (int i = 0; i < CALL_MEMBERS; i++)
		appendStringInfo(&query, "%s%s %s", i > 0 ? ", " : "", members[i].name, format_type_be_qualified(members[i].type));
	appendStringInfoChar(&query, ')');
	query_row(query.data, 1, &type, &value, NULL, CALL_MEMBERS, call->values, call->nulls);
}
