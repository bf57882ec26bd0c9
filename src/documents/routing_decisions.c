/*
 * routing_decisions.c
 *		SQL functions routing_decisions() and load_routing_plan(): a routing plan
 *		in, the rows of a routing relation out.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/arguments.h"
#include "documents/document_call.h"
#include "documents/routing_document.h"
#include "documents/routing_file.h"
#include "formats/document_node.h"
#include "formats/json_texts.h"

PG_FUNCTION_INFO_V1(routing_decisions);
PG_FUNCTION_INFO_V1(load_routing_plan);

/* The columns, as the SQL declarations have them. */
typedef enum DecisionColumn
{
	DECISION_TARGET,
	DECISION_SYMBOL,
	DECISION_ROUTE,
	DECISION_REASON,
	DECISION_CS_STATE,
	DECISION_LOCAL_STATE,
	DECISION_SAMPLE_SIZE,
	DECISION_MODEL_FAMILIES,
	DECISION_COLUMNS
} DecisionColumn;

/* A text[], from a list of strings, from one string, or from null. */
static Datum
texts_or_null(JsonValue *strings, bool *isnull)
{
	Datum		text;

	*isnull = strings == NULL;
	if (*isnull)
		return (Datum) 0;
	if (json_object_is_type(strings, json_type_array))
		return PointerGetDatum(json_to_texts(strings));
	text = slice_to_text(json_string_slice(strings));
	return PointerGetDatum(construct_array(&text, 1, TEXTOID, -1, false, TYPALIGN_INT));
}

/* A row for each decision; memory is that of the document's part at hand. */
static void
put_decision(void *arg, const DocumentedDecision *documented)
{
	ReturnSetInfo *rsinfo = arg;
	const Decision *decision = &documented->decision;
	Datum		values[DECISION_COLUMNS];
	bool		nulls[DECISION_COLUMNS];

	values[DECISION_TARGET] = slice_to_text_or_null(decision->target, &nulls[DECISION_TARGET]);
	values[DECISION_SYMBOL] = slice_to_text_or_null(decision->symbol, &nulls[DECISION_SYMBOL]);
	values[DECISION_ROUTE] = slice_to_text_or_null(documented->route, &nulls[DECISION_ROUTE]);
	values[DECISION_REASON] = texts_or_null(documented->reason, &nulls[DECISION_REASON]);
	values[DECISION_CS_STATE] = slice_to_text_or_null(decision->cs_state, &nulls[DECISION_CS_STATE]);
	values[DECISION_LOCAL_STATE] = slice_to_text_or_null(decision->local_state, &nulls[DECISION_LOCAL_STATE]);
	values[DECISION_SAMPLE_SIZE] = Int64GetDatum(decision->sample_size);
	nulls[DECISION_SAMPLE_SIZE] = !decision->has_sample_size;
	values[DECISION_MODEL_FAMILIES] = texts_or_null(documented->families,
													&nulls[DECISION_MODEL_FAMILIES]);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

/* Whatever the document takes is given back, also what json-c and libyaml allocate. */
static void
put_decisions(FunctionCallInfo fcinfo, Slice document, const char *name)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan document",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);

	routing_document_read(document, name, NULL, put_decision, fcinfo->resultinfo);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

/* routing_decisions(document text) */
Datum
routing_decisions(PG_FUNCTION_ARGS)
{
	Slice		document = document_argument(fcinfo,
									 "load_routing_plan(%s) reads a routing plan from a file on the server.");

	InitMaterializedSRF(fcinfo, 0);
	put_decisions(fcinfo, document, "the document");
	return (Datum) 0;
}

/* load_routing_plan(path text) */
Datum
load_routing_plan(PG_FUNCTION_ARGS)
{
	const char *file;
	const char *name;
	Slice		document = read_routing_file(required_text_argument(fcinfo, 0, "path"), &file, &name);

	InitMaterializedSRF(fcinfo, 0);
	put_decisions(fcinfo, document, name);
	return (Datum) 0;
}
