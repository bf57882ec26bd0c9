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

#include "base/arguments.h"
#include "base/encoding.h"
#include "documents/plan_files.h"

PG_FUNCTION_INFO_V1(write_training_plan);

/* Arguments, as the SQL declaration has them. */
#define ARG_PLAN_ID		0
#define ARG_DIRECTORY	1

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

	require_argument(fcinfo, ARG_PLAN_ID, "plan_id");
	directory = required_text_argument(fcinfo, ARG_DIRECTORY, "directory");
	check_may_write_server_files();
	directory = absolute_path(directory);

	InitMaterializedSRF(fcinfo, 0);
	write_plan_files(get_func_namespace(fcinfo->flinfo->fn_oid), PG_GETARG_INT64(ARG_PLAN_ID), directory,
					 put_file, fcinfo->resultinfo);
	return (Datum) 0;
}
