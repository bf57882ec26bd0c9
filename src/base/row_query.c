/*
 * row_query.c
 *		Streams the rows of a query over relations that are known by their OIDs.
 *
 * SQL knows relations by name only, and between the moment in which a relation
 * was looked at and that in which it is read, its schema can be renamed and
 * another relation of other types put in its place.  So a query is analyzed
 * first, and run only if it then is one over the very relations that it was made
 * for, whose columns have the very types that its rows are taken for.
 *
 * It runs with the caller's rights; its rows go to a callback as the executor
 * makes them and are never collected.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/executor.h"
#include "executor/tuptable.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "base/executor_compat.h"
#include "base/row_query.h"

/* The executor's rows go here. */
typedef struct RowReceiver
{
	DestReceiver pub;
	RowCallback callback;
	void	   *arg;
	MemoryContext row_context;
} RowReceiver;

static void
row_startup(DestReceiver *self, int operation, TupleDesc typeinfo)
{
}

static bool
row_receive(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *receiver = (RowReceiver *) self;
	MemoryContext caller = MemoryContextSwitchTo(receiver->row_context);

	slot_getallattrs(slot);
	receiver->callback(receiver->arg, slot->tts_values, slot->tts_isnull);

	MemoryContextSwitchTo(caller);
	MemoryContextReset(receiver->row_context);
	return true;
}

static void
row_shutdown(DestReceiver *self)
{
}

static void
row_destroy(DestReceiver *self)
{
}

/* What a relation is called now, schema and all, quoted as SQL needs it. */
char *
relation_sql_name(Oid relid)
{
	char	   *name = get_rel_name(relid);
	char	   *schema = get_namespace_name_or_temp(get_rel_namespace(relid));

	if (name == NULL || schema == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	return quote_qualified_identifier(schema, name);
}

/* A text in which %s stands for relations, with their names, in the current memory context. */
char *
row_query_text(const char *text, const Oid *relations, int count)
{
	StringInfoData query;
	const char *place;

	initStringInfo(&query);
	for (int i = 0; i < count; i++)
	{
		place = strstr(text, "%s");
		if (place == NULL)
			elog(ERROR, "query has no place for relation %d: %s", i, text);
		appendBinaryStringInfo(&query, text, place - text);
		appendStringInfoString(&query, relation_sql_name(relations[i]));
		text = place + strlen("%s");
	}
	appendStringInfoString(&query, text);
	return query.data;
}

pg_noreturn static void
report_changed(Oid relid)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("relation \"%s\" was renamed or changed while it was read", get_rel_name(relid))));
}

/* Is a query over the relations, and of the columns, that it was made for? */
static void
check_query(const RowQuery *query, const Query *analyzed)
{
	int			relations = 0;
	int			columns = 0;
	ListCell   *cell;

	foreach(cell, analyzed->rtable)
	{
		RangeTblEntry *entry = lfirst(cell);

		if (entry->rtekind != RTE_RELATION)
			continue;
		if (relations == query->relation_count || entry->relid != query->relations[relations])
			report_changed(query->relations[0]);
		relations++;
	}
	foreach(cell, analyzed->targetList)
	{
		TargetEntry *column = lfirst(cell);

		if (column->resjunk || query->columns == ANY_COLUMNS)
			continue;
		if (columns == query->columns || exprType((Node *) column->expr) != query->types[columns])
			report_changed(query->relations[0]);
		columns++;
	}
	if (relations != query->relation_count ||
		(query->columns != ANY_COLUMNS && columns != query->columns))
		report_changed(query->relations[0]);
}

/* An error at some place of a query is not one at that place of the caller's. */
void
show_query_of_error(void *text)
{
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(text);
	}
}

/* The values, as the planner knows them: it plans for these. */
static ParamListInfo
make_arguments(const RowQuery *query)
{
	ParamListInfo list;

	if (query->arguments == 0)
		return NULL;
	list = makeParamList(query->arguments);
	for (int i = 0; i < query->arguments; i++)
		list->params[i] = (ParamExternData) {
			.value = query->argument_values[i],
			.pflags = PARAM_FLAG_CONST,
			.ptype = query->argument_types[i]
		};
	return list;
}

static PlannedStmt *
plan_query(const RowQuery *query, char *text, ParamListInfo arguments)
{
	ErrorContextCallback callback = {error_context_stack, show_query_of_error, text};
	RawStmt    *parsed;
	Query	   *analyzed;
	PlannedStmt *planned;

	error_context_stack = &callback;
	parsed = linitial_node(RawStmt, pg_parse_query(text));
	analyzed = parse_analyze_fixedparams(parsed, text, query->argument_types, query->arguments, NULL);
	check_query(query, analyzed);
	if (query->needs_any_column)
		require_any_column(analyzed);
	analyzed = linitial_node(Query, pg_rewrite_query(analyzed));
	if (query->needs_no_rights)
		require_no_rights(analyzed);
	planned = pg_plan_query(analyzed, text, query->cursor_options, arguments);
	error_context_stack = callback.previous;
	return planned;
}

/*
 * Have a copy of the active snapshot be the active one, which sees in addition what the
 * calling statement itself has stored.  UpdateActiveSnapshotCommandId() does not do this
 * where a parallel query calls, whose workers have the same snapshot; this one is ours.
 */
void
push_snapshot_of_now(void)
{
	PushCopiedSnapshot(GetActiveSnapshot());
	GetActiveSnapshot()->curcid = GetCurrentCommandId(false);
}

/*
 * Run a query, and hand out its rows.
 *
 * Errors: the relations are not those any more that the query was made for
 * (object_not_in_prerequisite_state), and whatever reading them may raise.
 */
void
row_query_run(const RowQuery *query, RowCallback callback, void *arg)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan query",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	RowReceiver receiver = {
		.pub = {row_receive, row_startup, row_shutdown, row_destroy, DestNone},
		.callback = callback,
		.arg = arg
	};
	char	   *text = row_query_text(query->text, query->relations, query->relation_count);
	ParamListInfo arguments = make_arguments(query);
	QueryDesc  *run;

	receiver.row_context = AllocSetContextCreate(context, "trainplan row", ALLOCSET_DEFAULT_SIZES);

	if (!query->read_only)
	{
		CommandCounterIncrement();
		PushActiveSnapshot(GetTransactionSnapshot());
	}
	run = CreateQueryDesc(plan_query(query, text, arguments), text, GetActiveSnapshot(), InvalidSnapshot,
						  (DestReceiver *) &receiver, arguments, NULL, 0);
	ExecutorStart(run, 0);
	ExecutorRun(run, ForwardScanDirection, 0);
	ExecutorFinish(run);
	ExecutorEnd(run);
	FreeQueryDesc(run);
	if (!query->read_only)
		PopActiveSnapshot();

	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

/*
 * Run a read-only query that sees, in addition to what the active snapshot sees, what the
 * calling statement itself has stored.
 */
void
row_query_run_as_of_now(const RowQuery *query, RowCallback callback, void *arg)
{
	Assert(query->read_only);
	push_snapshot_of_now();
	row_query_run(query, callback, arg);
	PopActiveSnapshot();
}

/*
 * How many rows of a relation PostgreSQL's planner expects; a negative number where
 * reading it would be refused, which EXPLAIN of a query over it would be as well.  Errors:
 * whatever planning to read it may raise.
 */
double
relation_planned_rows(Oid relid)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan estimate",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	RowQuery	query = {
		.text = "SELECT * FROM %s",
		.needs_any_column = true,
		.relation_count = 1,
		.relations = &relid,
		.columns = ANY_COLUMNS
	};
	PlannedStmt *planned = plan_query(&query, row_query_text(query.text, &relid, 1), NULL);
	double		rows = has_rights_for(planned) ? planned->planTree->plan_rows : -1;

	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return rows;
}
