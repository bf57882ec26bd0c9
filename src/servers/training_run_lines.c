/*
 * training_run_lines.c
 *		SQL function training_run_lines(): the document of a run, all parts together,
 *		line by line.
 */
#include "postgres.h"

#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "base/arguments.h"
#include "base/row_query.h"
#include "documents/plan_text.h"
#include "plans/plan_tables.h"
#include "servers/training_server.h"

PG_FUNCTION_INFO_V1(training_run_lines);

/* Arguments, as the SQL declaration has them. */
#define ARG_RUN_ID		0

/*
 * A query over the parts of a run, called p, and beside each what a table of servers,
 * called s, has of it.  Of a server's table, rows count that are of the server by that
 * name: the same database may be known by another one, too.  Its first %s are those for
 * the relations; the last two for the servers and the run, as literals.
 */
#define PARTS_WITH(join) \
	"FROM ONLY %%s AS p " join " (%%s AS s " \
	"JOIN %%s AS t ON t.ftrelid OPERATOR(pg_catalog.=) s.tableoid " \
	"JOIN %%s AS f ON f.oid OPERATOR(pg_catalog.=) t.ftserver AND f.srvname OPERATOR(pg_catalog.=) s.server::pg_catalog.name) " \
	"ON s.server OPERATOR(pg_catalog.=) p.server COLLATE pg_catalog.\"default\" " \
	"AND s.run_id OPERATOR(pg_catalog.=) p.run_id COLLATE pg_catalog.\"default\" " \
	"AND s.plan_id OPERATOR(pg_catalog.=) p.plan_id " \
	"AND s.server OPERATOR(pg_catalog.=) ANY (%s) " \
	"WHERE p.run_id COLLATE pg_catalog.\"default\" OPERATOR(pg_catalog.=) %s "

#define PART_RELATIONS	4

/* What all parts say of a fact; NULL if they do not say the same. */
#define SAME(fact) \
	"CASE WHEN pg_catalog.count(*) OPERATOR(pg_catalog.=) pg_catalog.count(s." fact ") " \
	"AND pg_catalog.min(s." fact ") OPERATOR(pg_catalog.=) pg_catalog.max(s." fact ") " \
	"THEN pg_catalog.min(s." fact ") END"

/* A run whose document is wanted. */
typedef struct DocumentedRun
{
	const char *run_id;
	const char *run_literal;
	StringInfoData servers;		/* that have a part of it, as an array; nobody asks others */
	Oid			parts;
} DocumentedRun;

static void
add_server(void *arg, const Datum *values, const bool *nulls)
{
	StringInfo	servers = &((DocumentedRun *) arg)->servers;

	appendStringInfo(servers, "%s%s", servers->len == 0 ? "ARRAY[" : ", ",
					 quote_literal_cstr(TextDatumGetCString(values[0])));
}

static void
check_part(void *arg, const Datum *values, const bool *nulls)
{
	if (!DatumGetBool(values[1]))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("the part of run \"%s\" on server \"%s\" is not there any more",
						((DocumentedRun *) arg)->run_id, TextDatumGetCString(values[0]))));
}

static void
run_query(DocumentedRun *run, const DocumentQuery *asked, const Oid *types, int columns, RowCallback callback)
{
	RowQuery	query = {
		.text = asked->text,
		.relation_count = asked->relation_count,
		.relations = asked->relations,
		.columns = columns,
		.types = types,
		.read_only = true
	};

	push_snapshot_of_now();
	row_query_run(&query, callback, run);
	PopActiveSnapshot();
}

/* Look a run up, in the current memory context; one without parts is an error. */
static void
open_run(DocumentedRun *run, Oid schema, const char *run_id)
{
	static const Oid types[] = {TEXTOID};
	DocumentQuery query = {.relation_count = 1, .relations = &run->parts};
	PlanTable	parts;

	run->run_id = run_id;
	run->run_literal = quote_literal_cstr(run_id);
	initStringInfo(&run->servers);
	plan_table_open(&parts, schema, RUN_PARTS_TABLE, AccessShareLock);
	run->parts = parts.relid;
	query.text = psprintf("SELECT p.server FROM ONLY %%s AS p WHERE p.run_id OPERATOR(pg_catalog.=) %s",
						  run->run_literal);
	run_query(run, &query, types, lengthof(types), add_server);
	plan_table_close(&parts);
	if (run->servers.len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("run \"%s\" has no parts", run_id)));
	appendStringInfoString(&run->servers, "]::pg_catalog.text[]");
}

/* A query with PARTS_WITH(), in the current memory context. */
static DocumentQuery
parts_query(const DocumentedRun *run, Oid of_servers, const char *text)
{
	Oid		   *relations = palloc(PART_RELATIONS * sizeof(Oid));

	relations[0] = run->parts;
	relations[1] = of_servers;
	relations[2] = ForeignTableRelationId;
	relations[3] = ForeignServerRelationId;
	return (DocumentQuery) {text, PART_RELATIONS, relations};
}

/* All parts are there, or it is an error. */
static void
check_parts(DocumentedRun *run, Oid schema)
{
	static const Oid types[] = {TEXTOID, BOOLOID};
	DocumentQuery query = parts_query(run, server_table(schema, SERVER_PLANS),
									  psprintf("SELECT p.server, s.plan_id IS NOT NULL " PARTS_WITH("LEFT JOIN")
											   "ORDER BY p.server", run->servers.data, run->run_literal));

	run_query(run, &query, types, lengthof(types), check_part);
}

/* Where the document of a run comes from, in the current memory context. */
static DocumentSource *
run_source(const DocumentedRun *run, Oid schema)
{
	DocumentSource *source = palloc(sizeof(DocumentSource));

	source->facts =
		parts_query(run, server_table(schema, SERVER_PLANS),
					psprintf("SELECT pg_catalog.to_char(pg_catalog.timezone('UTC', pg_catalog.min(s.generated_at)), "
							 "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), pg_catalog.min(p.run_id), "
							 SAME("git_commit") ", " SAME("config_hash") ", "
							 "pg_catalog.string_agg(DISTINCT s.routing, ', ' ORDER BY s.routing), "
							 SAME("metrics_snapshot") ", " SAME("model_families") " " PARTS_WITH("JOIN"),
							 run->servers.data, run->run_literal));
	source->jobs =
		parts_query(run, server_table(schema, SERVER_JOBS),
					psprintf("SELECT s.server, s.plan_id, s.job_id, s.target, s.symbol, s.route, s.training_type, "
							 "s.model_families, s.priority, s.estimated_samples, s.reason, s.metadata " PARTS_WITH("JOIN")
							 "ORDER BY s.target, s.server COLLATE pg_catalog.\"C\", s.symbol NULLS FIRST",
							 run->servers.data, run->run_literal));
	return source;
}

static void
open_document(DocumentOutput *output, FunctionCallInfo fcinfo, const char *format)
{
	PlanText   *text = plan_text_create(document_format_by_name(format), false, (Size) work_mem * 1024);
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	DocumentedRun run;

	open_run(&run, schema, required_text_argument(fcinfo, ARG_RUN_ID, "run_id"));
	check_parts(&run, schema);
	plan_texts_read(&text, 1, plan_document_open_source(run_source(&run, schema)));
	plan_text_output(text, output);
	output->name = psprintf("run \"%s\"", run.run_id);
}

/*
 * training_run_lines(run_id text, format text)
 *
 * Errors: a run without parts, and a part that its server does not have any more
 * (no_data_found); those of training_plan_lines() and of postgres_fdw.
 */
Datum
training_run_lines(PG_FUNCTION_ARGS)
{
	return document_as_lines(fcinfo, open_document);
}
