/*
 * update_check.c
 *		SQL functions training_update_check_tables() and training_update_refuse():
 *		what update scripts ask of a database before they change it.  They are there
 *		only while a script runs.
 */
#include "postgres.h"

#include "utils/lsyscache.h"

#include "base/arguments.h"
#include "plans/plan_tables.h"

PG_FUNCTION_INFO_V1(training_update_check_tables);
PG_FUNCTION_INFO_V1(training_update_refuse);

/* training_update_check_tables(): the tables are as trainplan made them, or it is an error */
Datum
training_update_check_tables(PG_FUNCTION_ARGS)
{
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);

	for (int id = 0; id < PLAN_TABLES; id++)
	{
		PlanTable	table;

		/* the version that is updated may not have it */
		if (!plan_table_exists(schema, id))
			continue;
		plan_table_open(&table, schema, id, AccessShareLock);
		plan_table_close(&table);
	}
	PG_RETURN_VOID();
}

/* training_update_refuse(problem text, remedy text): the error that the extension can't be updated */
Datum
training_update_refuse(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("trainplan cannot be updated: %s",
					required_text_argument(fcinfo, 0, "problem")),
			 errhint("%s", required_text_argument(fcinfo, 1, "remedy"))));
}
