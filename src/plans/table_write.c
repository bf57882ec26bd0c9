/*
 * table_write.c
 *		Rows into a table by SQL, so that whatever somebody has added to the table
 *		holds for them: triggers, checks, defaults, generated columns, foreign
 *		keys, and the caller's rights.
 *
 * SQL names the table, which is open; what it was prepared for, and what it has
 * written into, must be that very table (row_query.c says why).
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/row_query.h"
#include "plans/table_write.h"

/* No command of ours has more. */
#define MAX_ARGUMENTS	16

static void
check_plan(const TableWrite *write)
{
	CachedPlanSource *source = linitial(SPI_plan_get_plan_sources(write->plan));
	TupleDesc	results = source->resultDesc;
	bool		is_same = list_member_oid(source->relationOids, write->relid) &&
		(results == NULL ? 0 : results->natts) == write->results;

	for (int i = 0; i < write->results && is_same; i++)
		is_same = TupleDescAttr(results, i)->atttypid == write->result_types[i];
	if (!is_same)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("relation \"%s\" was renamed or changed while it was written", get_rel_name(write->relid))));
}

/*
 * Prepare a command for a table, which is open; in its text, %s is the table.
 * SPI is connected, and the command lives until SPI_finish().  With results it
 * returns columns of these types.
 */
void
table_write_prepare(TableWrite *write, const PlanTable *table, const char *text,
					int arguments, const Oid *types, int results, const Oid *result_types)
{
	char	   *command = row_query_text(text, &table->relid, 1);

	Assert(arguments <= MAX_ARGUMENTS);
	write->relid = table->relid;
	write->results = results;
	write->result_types = result_types;
	write->plan = SPI_prepare(command, arguments, unconstify(Oid *, types));
	if (write->plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", command, SPI_result_code_string(SPI_result));
	check_plan(write);
}

/* Prepare the insertion of a row into a table: of all columns that it has. */
void
table_write_prepare_insert(TableWrite *write, const PlanTable *table)
{
	const Oid  *types = plan_table_types(table->id);
	Oid			argument_types[MAX_TABLE_COLUMNS];
	StringInfoData columns;
	StringInfoData arguments;
	int			count = 0;

	initStringInfo(&columns);
	initStringInfo(&arguments);
	for (int i = 0; i < plan_table_column_count(table->id); i++)
	{
		if (!has_column(table, i))
			continue;
		argument_types[count++] = types[i];
		appendStringInfo(&columns, "%s%s", count > 1 ? ", " : "", plan_table_column_name(table->id, i));
		appendStringInfo(&arguments, "%s$%d", count > 1 ? ", " : "", count);
	}
	table_write_prepare(write, table,
						psprintf("INSERT INTO %%s (%s) VALUES (%s)", columns.data, arguments.data),
						count, argument_types, 0, NULL);
}

/* Insert a row with it, whose values are those of all columns that there can be. */
uint64
table_write_insert(TableWrite *write, const PlanTable *table, const Datum *values, const bool *nulls,
				   bool as_of_now)
{
	Datum		arguments[MAX_TABLE_COLUMNS];
	bool		argument_nulls[MAX_TABLE_COLUMNS];
	int			count = 0;

	for (int i = 0; i < plan_table_column_count(table->id); i++)
	{
		if (!has_column(table, i))
			continue;
		arguments[count] = values[i];
		argument_nulls[count++] = nulls[i];
	}
	return table_write_run(write, arguments, argument_nulls, as_of_now);
}

/*
 * Run a command.  as_of_now: it sees what has been committed up to now, also in a
 * transaction that sees all else as it was when it began.  Returns how many rows
 * were written; a trigger may have kept some from that.
 */
uint64
table_write_run(TableWrite *write, Datum *values, const bool *nulls, bool as_of_now)
{
	char		null_marks[MAX_ARGUMENTS];
	int			count = SPI_getargcount(write->plan);
	int			result;

	for (int i = 0; i < count; i++)
		null_marks[i] = nulls[i] ? 'n' : ' ';
	SPI_freetuptable(SPI_tuptable);
	SPI_tuptable = NULL;
	if (as_of_now)
		result = SPI_execute_snapshot(write->plan, values, null_marks, GetLatestSnapshot(),
									  InvalidSnapshot, false, true, 0);
	else
		result = SPI_execute_plan(write->plan, values, null_marks, false, 0);
	if (result < 0)
		elog(ERROR, "could not write: %s", SPI_result_code_string(result));
	check_plan(write);
	return SPI_processed;
}

/* A column, from 0, of what the command that was run last has returned. */
Datum
table_write_result(int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column + 1, isnull);
}
