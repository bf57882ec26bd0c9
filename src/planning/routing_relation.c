/*
 * routing_relation.c
 *		Reads a routing relation: rows in, decisions out.
 *
 * This is where a row is checked, and the only place that knows the routing
 * relation's columns; what a decision means is not its business.
 */
#include "postgres.h"

#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/jsonb.h"

#include "base/slice_pack.h"
#include "planning/families.h"
#include "planning/pair_row.h"
#include "planning/routing_relation.h"

typedef enum RoutingColumn
{
	ROUTING_TARGET,
	ROUTING_SYMBOL,
	ROUTING_ROUTE,
	ROUTING_REASON,
	ROUTING_CS_STATE,
	ROUTING_LOCAL_STATE,
	ROUTING_SAMPLE_SIZE,
	ROUTING_MODEL_FAMILIES
} RoutingColumn;

static const ColumnSpec routing_columns[] = {
	[ROUTING_TARGET] = {"target", COLUMN_TEXT, true},
	[ROUTING_SYMBOL] = {"symbol", COLUMN_TEXT, true},
	[ROUTING_ROUTE] = {"route", COLUMN_TEXT, true, "score",
		"A relation with a score is a candidates relation; plan_training() plans those."},
	[ROUTING_REASON] = {"reason", COLUMN_PHRASES, false},
	[ROUTING_CS_STATE] = {"cs_state", COLUMN_TEXT, false},
	[ROUTING_LOCAL_STATE] = {"local_state", COLUMN_TEXT, false},
	[ROUTING_SAMPLE_SIZE] = {"sample_size", COLUMN_INTEGER, false},
	[ROUTING_MODEL_FAMILIES] = {"model_families", COLUMN_TEXTS, false}
};

struct RoutingRelation
{
	RelationReader *reader;
	Oid			reason_type;	/* text, text[] or jsonb */
	DecisionCallback callback;
	RoutingRowCallback row_callback;	/* instead; else NULL */
	void	   *callback_arg;
	StringInfoData reason;		/* phrases joined, of the row at hand */
	StringInfoData phrases;		/* the same, packed, if rows are wanted */
	StringInfoData families;	/* its families, packed */
};

/*
 * Look a routing relation up, in the current memory context.  The errors are
 * those of relation_reader_open().
 */
RoutingRelation *
routing_relation_open(Oid relid)
{
	RoutingRelation *routing = palloc0(sizeof(RoutingRelation));

	routing->reader = relation_reader_open(relid, "routing relation",
										   routing_columns, lengthof(routing_columns));
	routing->reason_type = relation_reader_column_type(routing->reader, ROUTING_REASON);
	initStringInfo(&routing->reason);
	initStringInfo(&routing->phrases);
	initStringInfo(&routing->families);
	return routing;
}

/* The relation's name as SQL needs it, schema and all; lives as long as the routing relation. */
const char *
routing_relation_name(const RoutingRelation *routing)
{
	return relation_reader_qualified_name(routing->reader);
}

/* What messages call the relation, in the current memory context. */
const char *
routing_relation_source(const RoutingRelation *routing)
{
	return relation_reader_source(routing->reader);
}

static Slice
text_value_or(const Datum *values, const bool *nulls, RoutingColumn column, const char *otherwise)
{
	return nulls[column] ? slice_from_string(otherwise) : row_text(values, nulls, column);
}

static void
read_route(const RoutingRelation *routing, const Datum *values, const bool *nulls,
		   Decision *decision)
{
	Scope		scope = decision_scope(decision);
	Slice		word = row_text(values, nulls, ROUTING_ROUTE);
	RouteWord	meaning;

	if (slice_is_null(word))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("route is null for %s in %s",
						decision_name(decision->target, decision->symbol),
						routing_relation_source(routing)),
				 errhint("Valid routes are %s.", valid_route_words(scope))));

	meaning = route_from_word(word, scope, &decision->route);
	if (meaning == ROUTE_WORD_VALID)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg(meaning == ROUTE_WORD_UNKNOWN ? "unknown route \"%s\" for %s in %s" :
					"route \"%s\" is not valid for %s in %s",
					slice_to_string(word),
					decision_name(decision->target, decision->symbol),
					routing_relation_source(routing)),
			 scope == SCOPE_TARGET ?
			 errhint("Valid routes of a target as a whole, whose symbol is null, are %s.",
					 valid_route_words(scope)) :
			 errhint("Valid routes of a symbol are %s.", valid_route_words(scope))));
}

static void
take_phrase(RoutingRelation *routing, Slice phrase, bool first)
{
	append_phrase(&routing->reason, phrase, first);
	if (routing->row_callback != NULL)
		pack_slice(&routing->phrases, phrase);
}

/* Take a text[]'s elements; like array_to_string(), pass over null ones. */
static void
take_array(RoutingRelation *routing, ArrayType *phrases)
{
	const char *element = ARR_DATA_PTR(phrases);
	bits8	   *bitmap = ARR_NULLBITMAP(phrases);
	int			count = ArrayGetNItems(ARR_NDIM(phrases), ARR_DIMS(phrases));
	bool		first = true;

	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (bitmap != NULL && att_isnull(i, bitmap))
			continue;
		take_phrase(routing, slice_from_text((const struct varlena *) element), first);
		element = att_addlength_pointer(element, -1, element);
		element = (const char *) att_align_nominal(element, TYPALIGN_INT);
		first = false;
	}
}

/* Take a jsonb array of strings, or a string; false if it is something else. */
static bool
take_jsonb(RoutingRelation *routing, Jsonb *phrases)
{
	JsonbIterator *iterator = JsonbIteratorInit(&phrases->root);
	JsonbValue	value;
	Slice		phrase;
	bool		first = true;

	if (!JB_ROOT_IS_ARRAY(phrases))
		return false;

	JsonbIteratorNext(&iterator, &value, true);
	while (JsonbIteratorNext(&iterator, &value, true) == WJB_ELEM)
	{
		CHECK_FOR_INTERRUPTS();
		if (value.type != jbvString)
			return false;
		phrase.data = value.val.string.val;
		phrase.len = value.val.string.len;
		take_phrase(routing, phrase, first);
		first = false;
	}
	return true;
}

static bool
is_json_null(Jsonb *value)
{
	JsonbValue	scalar;

	return JB_ROOT_IS_SCALAR(value) && JsonbExtractScalar(&value->root, &scalar) &&
		scalar.type == jbvNull;
}

static void
read_reason(RoutingRelation *routing, const Datum *values, const bool *nulls, Decision *decision)
{
	Jsonb	   *json;

	decision->reason = NULL_SLICE;
	if (nulls[ROUTING_REASON])
		return;

	resetStringInfo(&routing->reason);
	resetStringInfo(&routing->phrases);
	switch (routing->reason_type)
	{
		case TEXTOID:
			decision->reason = row_text(values, nulls, ROUTING_REASON);
			if (routing->row_callback != NULL)
				pack_slice(&routing->phrases, decision->reason);
			return;
		case TEXTARRAYOID:
			take_array(routing, DatumGetArrayTypeP(values[ROUTING_REASON]));
			break;
		case JSONBOID:
			json = DatumGetJsonbP(values[ROUTING_REASON]);
			if (is_json_null(json))
				return;
			if (!take_jsonb(routing, json))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("reason is not a string or an array of strings for %s in %s",
								decision_name(decision->target, decision->symbol),
								routing_relation_source(routing))));
			break;
	}
	decision->reason = slice_from_buffer(&routing->reason);
}

static void
read_sample_size(const RoutingRelation *routing, const Datum *values, const bool *nulls,
				 Decision *decision)
{
	decision->has_sample_size = !nulls[ROUTING_SAMPLE_SIZE];
	decision->sample_size = 0;
	if (!decision->has_sample_size)
		return;

	decision->sample_size = DatumGetInt64(values[ROUTING_SAMPLE_SIZE]);
	if (decision->sample_size < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("sample_size %lld is negative for %s in %s",
						(long long) decision->sample_size,
						decision_name(decision->target, decision->symbol),
						routing_relation_source(routing))));
}

static void
read_families(const RoutingRelation *routing, const Datum *values, const bool *nulls,
			  Decision *decision)
{
	const char *problem;
	int			sqlstate;
	ArrayType  *families;

	decision->families = NULL_SLICE;
	if (nulls[ROUTING_MODEL_FAMILIES])
		return;

	families = normalize_families(DatumGetArrayTypeP(values[ROUTING_MODEL_FAMILIES]),
								  &problem, &sqlstate);
	if (families == NULL)
		ereport(ERROR,
				(errcode(sqlstate),
				 errmsg("%s for %s in %s", problem,
						decision_name(decision->target, decision->symbol),
						routing_relation_source(routing)),
				 errhint("Give the names of one or more families, or NULL for those of the call.")));
	decision->families.data = (const char *) families;
	decision->families.len = VARSIZE(families);
}

/* Pack a row's families as they stand there, which have been checked. */
static void
pack_families(StringInfo packed, ArrayType *families)
{
	Datum	   *elements;
	int			count;

	resetStringInfo(packed);
	deconstruct_array(families, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		pack_slice(packed, slice_from_text((struct varlena *) DatumGetPointer(elements[i])));
	}
}

static void
hand_out_row(RoutingRelation *routing, const Datum *values, const bool *nulls,
			 const Decision *decision)
{
	RoutingRow	row = {
		.route = row_text(values, nulls, ROUTING_ROUTE),
		.cs_state = row_text(values, nulls, ROUTING_CS_STATE),
		.local_state = row_text(values, nulls, ROUTING_LOCAL_STATE)
	};

	if (!slice_is_null(decision->reason))
		row.reason = slice_from_buffer(&routing->phrases);
	if (!slice_is_null(decision->families))
	{
		pack_families(&routing->families, DatumGetArrayTypeP(values[ROUTING_MODEL_FAMILIES]));
		row.families = slice_from_buffer(&routing->families);
	}
	routing->row_callback(routing->callback_arg, decision, &row);
}

static void
read_row(void *arg, const Datum *values, const bool *nulls)
{
	RoutingRelation *routing = arg;
	Decision	decision;

	decision.target = row_text(values, nulls, ROUTING_TARGET);
	decision.symbol = row_text(values, nulls, ROUTING_SYMBOL);
	check_row_names(decision.target, decision.symbol, "The target's own decision", routing->reader);
	read_route(routing, values, nulls, &decision);
	decision.cs_state = text_value_or(values, nulls, ROUTING_CS_STATE, STATE_UNKNOWN);
	decision.local_state = text_value_or(values, nulls, ROUTING_LOCAL_STATE, STATE_UNKNOWN);
	read_sample_size(routing, values, nulls, &decision);
	read_families(routing, values, nulls, &decision);
	read_reason(routing, values, nulls, &decision);

	if (routing->row_callback != NULL)
		hand_out_row(routing, values, nulls, &decision);
	else
		routing->callback(routing->callback_arg, &decision);
}

/*
 * Read all decisions.  read_only is that of relation_reader_run().
 *
 * Errors, each of which names relation, target and symbol: a target or route
 * that is null (null_value_not_allowed); a target or symbol that is empty, an
 * unknown route, a route of the other scope, a negative sample_size, a reason
 * that has no phrases (invalid_parameter_value); families that can't be used
 * (as normalize_families() says).
 */
void
routing_relation_read(RoutingRelation *routing, bool read_only,
					  DecisionCallback callback, void *arg)
{
	routing->callback = callback;
	routing->callback_arg = arg;
	relation_reader_run(routing->reader, read_only, read_row, routing);
}

/* The same, and each as it stands in its row. */
void
routing_relation_read_rows(RoutingRelation *routing, bool read_only,
						   RoutingRowCallback callback, void *arg)
{
	routing->row_callback = callback;
	routing->callback_arg = arg;
	relation_reader_run(routing->reader, read_only, read_row, routing);
}
