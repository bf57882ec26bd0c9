/*
 * row_query.h
 *		Streams the rows of a query over relations that are known by their OIDs.
 */
#ifndef TRAINPLAN_ROW_QUERY_H
#define TRAINPLAN_ROW_QUERY_H

#define ANY_COLUMNS		(-1)

/*
 * A SELECT.  In its text, %s stands for the relations, one after the other, by
 * their names; everything else that has a name names its schema.
 */
typedef struct RowQuery
{
	const char *text;
	int			relation_count;
	const Oid  *relations;
	int			columns;		/* ANY_COLUMNS: whatever it has, of whatever types */
	const Oid  *types;			/* of the columns: what the callback takes the values for */
	int			arguments;		/* $1 and so on: none of them is null */
	const Oid  *argument_types;
	const Datum *argument_values;
	int			cursor_options;	/* those of pg_plan_query() */
	bool		read_only;		/* it sees what the active snapshot sees; else also what came since */
	bool		needs_no_rights;	/* it tells nothing but what the call itself has written */
	bool		needs_any_column;	/* who may read one of a relation's columns may run it */
} RowQuery;

/*
 * Called for each row with the values of its columns.  Runs in a memory
 * context that is reset behind each row.
 */
typedef void (*RowCallback) (void *arg, const Datum *values, const bool *nulls);

extern char *relation_sql_name(Oid relid);
extern char *row_query_text(const char *text, const Oid *relations, int count);
extern void show_query_of_error(void *text);
extern void push_snapshot_of_now(void);
extern void row_query_run(const RowQuery *query, RowCallback callback, void *arg);
extern void row_query_run_as_of_now(const RowQuery *query, RowCallback callback, void *arg);
extern double relation_planned_rows(Oid relid);

#endif							/* TRAINPLAN_ROW_QUERY_H */
