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

#include "routing_call.h"

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

/* A row for each decision; its parts are made in the current memory context. */
static void
put_decision(ReturnSetInfo *rsinfo, const RoutedPair *routed)
{
	const Decision *decision = &routed->decision;
	const char *route = route_word(decision->route, decision_scope(decision));
	Datum		phrases[MOST_PHRASES];
	Datum		values[ROUTED_COLUMNS];
	bool		nulls[ROUTED_COLUMNS] = {false};

	for (int i = 0; i < routed->phrase_count; i++)
		phrases[i] = slice_to_text(routed->phrases[i]);

	values[ROUTED_TARGET] = slice_to_text(decision->target);
	values[ROUTED_SYMBOL] = slice_to_text_or_null(decision->symbol, &nulls[ROUTED_SYMBOL]);
	values[ROUTED_ROUTE] = slice_to_text(slice_from_string(route));
	values[ROUTED_CS_STATE] = slice_to_text(decision->cs_state);
	values[ROUTED_LOCAL_STATE] = slice_to_text_or_null(decision->local_state, &nulls[ROUTED_LOCAL_STATE]);
	values[ROUTED_REASON] = PointerGetDatum(construct_array(phrases, routed->phrase_count, TEXTOID,
															-1, false, TYPALIGN_INT));
	values[ROUTED_SAMPLE_SIZE] = Int64GetDatum(decision->sample_size);
	nulls[ROUTED_SAMPLE_SIZE] = !decision->has_sample_size;
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
	MemoryContext row_context;
	MemoryContext caller;

	InitMaterializedSRF(fcinfo, 0);
	routing_call_begin(&call, fcinfo, ARG_POLICY);
	router = route_candidates(&call, true);

	row_context = AllocSetContextCreate(CurrentMemoryContext, "trainplan decision",
										ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(row_context);
	while (router_next(router, &routed))
	{
		CHECK_FOR_INTERRUPTS();

		put_decision(rsinfo, &routed);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(row_context);
	router_end(router);

	return (Datum) 0;
}
