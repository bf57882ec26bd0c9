/*
 * route_training_candidates.c
 *		SQL function route_training_candidates(): a candidates relation in, its
 *		decisions out as rows, which are a routing relation again.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "base/result_rows.h"
#include "routing/routing_call.h"

PG_FUNCTION_INFO_V1(route_training_candidates);

/* Arguments, as the SQL declaration has them. */
#define ARG_POLICY		1

/* The columns, as the SQL declaration has them. */
typedef enum RoutedColumn
{
	ROUTED_TARGET,
	ROUTED_SYMBOL,
	ROUTED_ROUTE,
	ROUTED_CS_STATE,
	ROUTED_LOCAL_STATE,
	ROUTED_REASON,
	ROUTED_SAMPLE_SIZE,
	ROUTED_COLUMNS
} RoutedColumn;

/* What the router's memory leaves of work_mem for the rows: one divided by this. */
#define ROWS_SHARE		8

/* Words that many rows have, as texts. */
typedef struct RoutedWords
{
	Datum		routes[SCOPES][ROUTE_BLOCKED + 1];
	Datum		states[SIGNAL_DISALLOWED + 1];
} RoutedWords;

static void
make_words(RoutedWords *words)
{
	for (int route = 0; route <= ROUTE_BLOCKED; route++)
	{
		words->routes[SCOPE_TARGET][route] = CStringGetTextDatum(route_word(route, SCOPE_TARGET));
		words->routes[SCOPE_SYMBOL][route] = CStringGetTextDatum(route_word(route, SCOPE_SYMBOL));
	}
	for (int state = 0; state <= SIGNAL_DISALLOWED; state++)
		words->states[state] = slice_to_text(signal_states.words[state]);
}

/* A text[] of slices, in the current memory context. */
static Datum
texts_of_slices(const Slice *slices, int count)
{
	Size		size = ARR_OVERHEAD_NONULLS(1);
	ArrayType  *array;
	char	   *next;

	for (int i = 0; i < count; i++)
		size += INTALIGN(VARHDRSZ + slices[i].len);
	array = palloc0(size);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->elemtype = TEXTOID;
	ARR_DIMS(array)[0] = count;
	ARR_LBOUND(array)[0] = 1;

	next = ARR_DATA_PTR(array);
	for (int i = 0; i < count; i++)
	{
		SET_VARSIZE(next, VARHDRSZ + slices[i].len);
		memcpy(VARDATA(next), slices[i].data, slices[i].len);
		next += INTALIGN(VARHDRSZ + slices[i].len);
	}
	return PointerGetDatum(array);
}

/* A row for each decision; its parts are made in the current memory context. */
static void
put_decision(ReturnSetInfo *rsinfo, const RoutedWords *words, const RoutedPair *routed)
{
	Scope		scope = slice_is_null(routed->pair.symbol) ? SCOPE_TARGET : SCOPE_SYMBOL;
	Datum		values[ROUTED_COLUMNS] = {0};
	bool		nulls[ROUTED_COLUMNS] = {false};

	values[ROUTED_TARGET] = slice_to_text(routed->pair.target);
	values[ROUTED_SYMBOL] = slice_to_text_or_null(routed->pair.symbol, &nulls[ROUTED_SYMBOL]);
	values[ROUTED_ROUTE] = words->routes[scope][routed->route];
	values[ROUTED_CS_STATE] = words->states[routed->cs_state];
	nulls[ROUTED_LOCAL_STATE] = scope == SCOPE_TARGET;
	if (scope == SCOPE_SYMBOL)
		values[ROUTED_LOCAL_STATE] = words->states[routed->local_state];
	values[ROUTED_REASON] = texts_of_slices(routed->phrases, routed->phrase_count);
	values[ROUTED_SAMPLE_SIZE] = Int64GetDatum(routed->sample_size);
	nulls[ROUTED_SAMPLE_SIZE] = !routed->has_sample_size;
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/*
 * route_training_candidates(candidates regclass, policy text)
 *
 * Returns the decisions by target and symbol, in a tuplestore of what work_mem the
 * router leaves.
 */
Datum
route_training_candidates(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	RoutingCall call;
	Router	   *router;
	RoutedPair	routed;
	RoutedWords words;
	MemoryContext row_context;
	MemoryContext caller;

	result_rows_begin(fcinfo, work_mem / ROWS_SHARE);
	make_words(&words);
	routing_call_begin(&call, candidates_argument(fcinfo), policy_argument(fcinfo, ARG_POLICY));
	router = route_candidates(&call, true);

	row_context = AllocSetContextCreate(CurrentMemoryContext, "trainplan decision",
										ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(row_context);
	while (router_next(router, &routed))
	{
		put_decision(rsinfo, &words, &routed);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(row_context);
	router_end(router);

	return (Datum) 0;
}
