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
 * The parts of a run, called p, and what a table of servers, called s, has of each; the
 * run's id as a literal is to follow.  (A server's table may show parts that the same
 * database has under another server's name.)
 */
#define PARTS_WITH(join) \
	"FROM ONLY %%s AS p " join " (%%s AS s JOIN %%s AS t ON t.ftrelid OPERATOR(pg_catalog.=) s.tableoid " \
	"JOIN %%s AS f ON f.oid OPERATOR(pg_catalog.=) t.ftserver " \
	"AND f.srvname OPERATOR(pg_catalog.=) s.server::pg_catalog.name) ON s.server OPERATOR(pg_catalog.=) p.server COLLATE pg_catalog.\"default\" " \
	"AND s.run_id OPERATOR(pg_catalog.=) p.run_id COLLATE pg_catalog.\"default\" AND s.plan_id OPERATOR(pg_catalog.=) p.plan_id " \
	"WHERE p.run_id COLLATE pg_catalog.\"default\" OPERATOR(pg_catalog.=) %s "

/* What all parts say of a fact; NULL if they do not say the same. */
#define SAME(fact) \
	"CASE WHEN pg_catalog.count(*) OPERATOR(pg_catalog.=) pg_catalog.count(s." fact ") " \
	"AND pg_catalog.min(s." fact ") OPERATOR(pg_catalog.=) pg_catalog.max(s." fact ") " \
	"THEN pg_catalog.min(s." fact ") END"

/* What is there of a run. */
typedef struct RunParts
{
	const char *run_id;
	bool		any;
} RunParts;

static void
check_part(void *arg, const Datum *values, const bool *nulls)
{
	RunParts   *parts = arg;

	parts->any = true;
	if (!DatumGetBool(values[1]))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("the part of run \"%s\" on server \"%s\" is not there any more",
						parts->run_id, TextDatumGetCString(values[0]))));
}

/* The run has parts, and its servers have them; if not, it is an error. */
static void
check_parts(const DocumentSource *source, const char *run_id)
{
	static const Oid types[] = {TEXTOID, BOOLOID};
	RunParts	parts = {run_id};
	RowQuery	query = {
		.text = psprintf("SELECT p.server, s.plan_id IS NOT NULL " PARTS_WITH("LEFT JOIN") "ORDER BY p.server",
						 quote_literal_cstr(run_id)),
		.relation_count = source->facts.relation_count,
		.relations = source->facts.relations,
		.columns = lengthof(types),
		.types = types,
		.read_only = true
	};

	push_snapshot_of_now();
	row_query_run(&query, check_part, &parts);
	PopActiveSnapshot();
	if (!parts.any)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("run \"%s\" has no parts", run_id)));
}

/* The relations of a query with PARTS_WITH(). */
#define PART_RELATIONS		4

static Oid *
part_relations(Oid parts, Oid of_servers)
{
	Oid		   *relations = palloc(PART_RELATIONS * sizeof(Oid));

	relations[0] = parts;
	relations[1] = of_servers;
	relations[2] = ForeignTableRelationId;
	relations[3] = ForeignServerRelationId;
	return relations;
}

/* Where the document of a run comes from, in the current memory context. */
static DocumentSource *
run_source(Oid schema, const char *run_id)
{
	DocumentSource *source = palloc0(sizeof(DocumentSource));
	const char *literal = quote_literal_cstr(run_id);
	PlanTable	parts;

	plan_table_open(&parts, schema, RUN_PARTS_TABLE, AccessShareLock);
	source->facts.text =
		psprintf("SELECT pg_catalog.to_char(pg_catalog.timezone('UTC', pg_catalog.min(s.generated_at)), "
				 "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), pg_catalog.min(p.run_id), "
				 SAME("git_commit") ", " SAME("config_hash") ", "
				 "pg_catalog.string_agg(DISTINCT s.routing, ', ' ORDER BY s.routing), "
				 SAME("metrics_snapshot") ", pg_catalog.min(s.model_families) " PARTS_WITH("JOIN"), literal);
	source->facts.relation_count = PART_RELATIONS;
	source->facts.relations = part_relations(parts.relid, server_table(schema, SERVER_PLANS));
	source->jobs.text =
		psprintf("SELECT s.server, s.plan_id, s.job_id, s.target, s.symbol, s.route, s.training_type, s.model_families, "
				 "s.priority, s.estimated_samples, s.reason, s.metadata " PARTS_WITH("JOIN")
				 "ORDER BY s.target, s.server, s.symbol NULLS FIRST", literal);
	source->jobs.relation_count = PART_RELATIONS;
	source->jobs.relations = part_relations(parts.relid, server_table(schema, SERVER_JOBS));
	plan_table_close(&parts);
	return source;
}

static void
open_document(DocumentOutput *output, FunctionCallInfo fcinfo, const char *format)
{
	PlanText   *text = plan_text_create(document_format_by_name(format), false, (Size) work_mem * 1024);
	const char *run_id = required_text_argument(fcinfo, ARG_RUN_ID, "run_id");
	DocumentSource *source = run_source(get_func_namespace(fcinfo->flinfo->fn_oid), run_id);

	check_parts(source, run_id);
	plan_texts_read(&text, 1, plan_document_open_source(source));
	plan_text_output(text, output);
	output->name = psprintf("run \"%s\"", run_id);
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
