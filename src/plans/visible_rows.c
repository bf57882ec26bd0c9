/*
 * visible_rows.c
 *		Does SQL see what was put straight into a table?
 *
 * An engine that keeps a table's rows elsewhere answers for it in PostgreSQL's
 * planner: then SQL reads other rows than those in the table's own storage, into which
 * jobs are put in bulk and places are written.  One such engine is recognised where the
 * table is opened (distributed_table.c).  Any other would have the rows lost in silence;
 * so one of those that were written is looked at, as anybody's query would see it.
 *
 * That is planned and run like a query of the caller's, but needs no rights: it tells
 * nothing but that his own row is there.  Where no module has put itself between a query
 * and the table, there is nothing to find out.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "optimizer/paths.h"
#include "optimizer/plancat.h"
#include "optimizer/planner.h"
#include "parser/analyze.h"
#include "utils/rel.h"

#include "base/row_query.h"
#include "plans/visible_rows.h"

static void
note_row(void *found, const Datum *values, const bool *nulls)
{
	*(bool *) found = true;
}

/* Could a query read anything else than PostgreSQL's own storage of a table? */
static bool
may_be_hidden(const PlanTable *table)
{
	return post_parse_analyze_hook != NULL || planner_hook != NULL || create_upper_paths_hook != NULL ||
		get_relation_info_hook != NULL || set_rel_pathlist_hook != NULL ||
		ExecutorStart_hook != NULL || ExecutorRun_hook != NULL ||
		table->relation->rd_tableam != GetHeapamTableAmRoutine();
}

static void
look_at_row(const PlanTable *table, const Datum *key)
{
	Oid			types[MAX_KEY_COLUMNS];
	StringInfoData text;
	bool		found = false;
	RowQuery	query = {
		.relation_count = 1,
		.relations = &table->relid,
		.argument_types = types,
		.argument_values = key,
		.needs_no_rights = true
	};

	initStringInfo(&text);
	appendStringInfoString(&text, "SELECT FROM ONLY %s WHERE");
	query.arguments = plan_table_key_count(table->id);
	for (int i = 0; i < query.arguments; i++)
	{
		int			column = plan_table_key_column(table->id, i);

		types[i] = plan_table_types(table->id)[column];
		appendStringInfo(&text, "%s %s OPERATOR(pg_catalog.=) $%d", i > 0 ? " AND" : "",
						 plan_table_column_name(table->id, column), i + 1);
	}
	query.text = text.data;
	row_query_run(&query, note_row, &found);
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("rows that were written into table \"%s\" cannot be read from it", plan_table_name(table->id)),
				 errdetail("Something in this server answers for the table in its place."),
				 errhint("trainplan's tables are local to each node; none of them can be distributed, "
						 "nor be replaced by an extension that stores rows elsewhere.")));
	plan_table_note_visible(table);
}

/*
 * A row has been put straight into a table, which is open; it has this primary key.
 * Does SQL see it?  Policies may hide it, with every right to do so: then nothing is said.
 *
 * Errors: it does not (object_not_in_prerequisite_state).
 */
void
check_row_is_visible(const PlanTable *table, const Datum *key)
{
	/* there, what one transaction has read is in the way of others: look as seldom as one can */
	if (IsolationIsSerializable())
		check_row_is_visible_once(table, key);
	else if (may_be_hidden(table) && !plan_table_has_policies(table))
		look_at_row(table, key);
}

/*
 * The same for single rows and few, beside which a query would cost something: unless this
 * session has seen one since the table was changed last, as it is when an engine takes it over.
 */
void
check_row_is_visible_once(const PlanTable *table, const Datum *key)
{
	if (may_be_hidden(table) && !plan_table_is_visible(table) && !plan_table_has_policies(table))
		look_at_row(table, key);
}
