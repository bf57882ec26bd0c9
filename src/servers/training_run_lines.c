/*
 * training_run_lines.c
 *		SQL function training_run_lines(): the document of a run, all parts together,
 *		line by line.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/arguments.h"
#include "documents/plan_text.h"
#include "servers/run_parts.h"

PG_FUNCTION_INFO_V1(training_run_lines);

/* Arguments, as the SQL declaration has them. */
#define ARG_RUN_ID		0

/* What all parts say of a fact; NULL if they do not say the same. */
#define SAME(fact) \
	"CASE WHEN pg_catalog.count(*) OPERATOR(pg_catalog.=) pg_catalog.count(s." fact ") " \
	"AND pg_catalog.min(s." fact ") OPERATOR(pg_catalog.=) pg_catalog.max(s." fact ") " \
	"THEN pg_catalog.min(s." fact ") END"

static void
check_part(void *arg, const Datum *values, const bool *nulls)
{
	const RunParts *run = arg;

	if (!DatumGetBool(values[1]))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("the part of run \"%s\" on server \"%s\" is not there any more",
						run->run_id, TextDatumGetCString(values[0]))));
}

/* The run has parts, and its servers have them, or it is an error. */
static void
check_parts(RunParts *run, Oid schema, const char *run_id)
{
	static const Oid types[] = {TEXTOID, BOOLOID};
	RowQuery	query;

	if (!run_parts_open(run, schema, run_id))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("run \"%s\" has no parts", run_id)));
	query = run_parts_query(run, SERVER_PLANS,
							run_parts_text(run, "SELECT p.server, s.plan_id IS NOT NULL" PARTS_WITH("LEFT JOIN")
										   "ORDER BY p.server"));
	query.columns = lengthof(types);
	query.types = types;
	row_query_run_as_of_now(&query, check_part, run);
}

/* Where the document of a run comes from, in the current memory context. */
static DocumentSource *
run_source(const RunParts *run)
{
	DocumentSource *source = palloc(sizeof(DocumentSource));

	source->facts =
		run_parts_query(run, SERVER_PLANS,
						run_parts_text(run,
									   "SELECT pg_catalog.to_char(pg_catalog.timezone('UTC', pg_catalog.min(s.generated_at)), "
									   "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), pg_catalog.min(p.run_id), "
									   SAME("git_commit") ", " SAME("config_hash") ", "
									   "pg_catalog.string_agg(DISTINCT s.routing, ', ' ORDER BY s.routing), "
									   SAME("metrics_snapshot") ", " SAME("model_families") ", pg_catalog.sum(p.total_jobs)::pg_catalog.int8" PARTS_WITH("JOIN")));
	source->jobs =
		run_parts_query(run, SERVER_JOBS,
						run_parts_text(run,
									   "SELECT s.server, s.plan_id, s.job_id, s.target, s.symbol, s.route, s.training_type, "
									   "s.model_families, s.priority, s.estimated_samples, s.reason, s.metadata"
									   PARTS_WITH("JOIN")
									   "ORDER BY s.target, s.server COLLATE pg_catalog.\"C\", s.symbol NULLS FIRST"));
	return source;
}

static void
open_document(DocumentOutput *output, FunctionCallInfo fcinfo, const char *format)
{
	PlanText   *text = plan_text_create(document_format_by_name(format), false, (Size) work_mem * 1024);
	RunParts	run;

	check_parts(&run, get_func_namespace(fcinfo->flinfo->fn_oid),
				required_text_argument(fcinfo, ARG_RUN_ID, "run_id"));
	plan_texts_read(&text, 1, plan_document_open_source(run_source(&run)));
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
