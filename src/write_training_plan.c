/*
 * write_training_plan.c
 *		SQL function write_training_plan(): a stored plan into files on the
 *		server.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "encoding.h"
#include "plan_files.h"

PG_FUNCTION_INFO_V1(write_training_plan);

/* A row for each file. */
static void
put_file(void *arg, const char *path, uint64 bytes)
{
	ReturnSetInfo *rsinfo = arg;
	Datum		values[] = {
		slice_to_text(slice_from_utf8(slice_from_string(path))), Int64GetDatum(bytes)
	};
	bool		nulls[] = {false, false};

	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	pfree(DatumGetPointer(values[0]));
}

/* write_training_plan(plan_id bigint, directory text) */
Datum
write_training_plan(PG_FUNCTION_ARGS)
{
	const char *directory;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", PG_ARGISNULL(0) ? "plan_id" : "directory")));
	check_may_write_server_files();
	directory = absolute_path(text_to_cstring(PG_GETARG_TEXT_PP(1)));

	InitMaterializedSRF(fcinfo, 0);
	write_plan_files(get_func_namespace(fcinfo->flinfo->fn_oid), PG_GETARG_INT64(0), directory,
					 put_file, fcinfo->resultinfo);
	return (Datum) 0;
}
