/*
 * run_parts.c
 *		The parts of a run, and what their servers say of them.
 */
#include "postgres.h"

#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "plans/plan_tables.h"
#include "servers/run_parts.h"

/* The relations of a query with PARTS_WITH(). */
#define PART_RELATIONS	4

static void
add_server(void *arg, const Datum *values, const bool *nulls)
{
	StringInfo	servers = arg;

	appendStringInfo(servers, "%s%s", servers->len == 0 ? "ARRAY[" : ", ",
					 quote_literal_cstr(TextDatumGetCString(values[0])));
}

/* Look a run up, in the current memory context; returns whether it has parts. */
bool
run_parts_open(RunParts *run, Oid schema, const char *run_id)
{
	static const Oid types[] = {TEXTOID};
	RowQuery	query = {
		.relation_count = 1,
		.relations = &run->parts,
		.columns = lengthof(types),
		.types = types,
		.read_only = true
	};
	PlanTable	parts;

	run->schema = schema;
	run->run_id = run_id;
	run->run_literal = quote_literal_cstr(run_id);
	initStringInfo(&run->servers);
	plan_table_open(&parts, schema, RUN_PARTS_TABLE, AccessShareLock);
	run->parts = parts.relid;
	query.text = psprintf("SELECT p.server FROM ONLY %%s AS p WHERE p.run_id OPERATOR(pg_catalog.=) %s",
						  run->run_literal);
	row_query_run_as_of_now(&query, add_server, &run->servers);
	plan_table_close(&parts);
	if (run->servers.len == 0)
		return false;
	appendStringInfoString(&run->servers, "]::pg_catalog.text[]");
	return true;
}

/*
 * A query with PARTS_WITH() over a table of servers, in the current memory context; its
 * columns are still to be set.
 */
RowQuery
run_parts_query(const RunParts *run, ServerTableId id, const char *text)
{
	Oid		   *relations = palloc(PART_RELATIONS * sizeof(Oid));

	relations[0] = run->parts;
	relations[1] = server_table(run->schema, id);
	relations[2] = ForeignTableRelationId;
	relations[3] = ForeignServerRelationId;
	return (RowQuery) {
		.text = text,
		.relation_count = PART_RELATIONS,
		.relations = relations,
		.read_only = true
	};
}
