/*
 * training_run_parts.c
 *		SQL function training_run_parts(): how far the parts of a run are, for the
 *		view of runs.
 *
 * A function, and not a join: only so are the servers known before they are asked, and
 * one that is down, or where the reader is nobody, is in the way of no run but those that
 * have a part on it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/arguments.h"
#include "base/result_rows.h"
#include "servers/run_parts.h"

PG_FUNCTION_INFO_V1(training_run_parts);

/* Arguments, as the SQL declaration has them. */
#define ARG_RUN_ID		0

static void
put_part(void *arg, const Datum *values, const bool *nulls)
{
	ReturnSetInfo *rsinfo = arg;

	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, unconstify(Datum *, values), unconstify(bool *, nulls));
}

/* training_run_parts(run_id text) */
Datum
training_run_parts(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {
		TEXTOID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID,
		NUMERICOID, TIMESTAMPTZOID
	};
	const char *run_id = required_text_argument(fcinfo, ARG_RUN_ID, "run_id");
	RunParts	run;
	RowQuery	query;

	result_rows_begin(fcinfo, work_mem);
	if (!run_parts_open(&run, get_func_namespace(fcinfo->flinfo->fn_oid), run_id))
		return (Datum) 0;

	query = run_parts_query(&run, SERVER_PLANS,
							run_parts_text(&run,
										   "SELECT s.server, s.plan_id, s.jobs, s.pending, s.waiting, s.running, s.succeeded, "
										   "s.reused, s.failed, s.cancelled, s.blocked, s.jobs_per_hour, s.expected_end"
										   PARTS_WITH("JOIN")));
	query.columns = lengthof(types);
	query.types = types;
	row_query_run_as_of_now(&query, put_part, fcinfo->resultinfo);
	return (Datum) 0;
}
