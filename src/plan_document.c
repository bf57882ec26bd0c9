/*
 * plan_document.c
 *		A stored plan as a document: what its JSON, YAML and Markdown say.
 *
 * A document has three parts:
 *
 *		metadata	from the plan's row in training_plans
 *		jobs		from training_jobs, one at a time, by target and symbol
 *		summary		counted while the jobs are read
 *
 * This is the only place that puts them together.  They are values of json-c,
 * and the formats are written from these.  A job's value is one object that is
 * filled in anew for each job; of what many jobs have in common (families,
 * metadata), one value is shared by all.
 *
 * The tables are read with the caller's rights.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "job_tuple.h"
#include "plan_document.h"
#include "plan_store.h"
#include "row_query.h"

const char *const job_key_names[] = {
	[KEY_TARGET] = "target",
	[KEY_SYMBOL] = "symbol",
	[KEY_TRAINING_TYPE] = "training_type",
	[KEY_ROUTE] = "route"
};

/*
 * Families and metadata repeat: for each of these many hash values, the first
 * that came is kept.
 */
#define VALUES_KEPT		256

typedef struct KeptValue
{
	Slice		bytes;			/* what the value was made from; NULL: none is kept here */
	JsonValue *value;
} KeptValue;

struct PlanDocument
{
	MemoryContext context;
	Oid			schema;
	int64		plan_id;

	JsonValue  *metadata;
	JsonValue  *job;			/* the job at hand */
	JsonValue  *kept_values;	/* an array that holds those of kept */
	KeptValue	kept[VALUES_KEPT];

	int64		total_jobs;
	JsonValue  *by_route;
	JsonValue  *by_type;
	JsonValue  *by_priority;

	DocumentJobCallback callback;
	void	   *callback_arg;
};

static Slice
text_slice(Datum value, bool isnull)
{
	return isnull ? NULL_SLICE : slice_from_text(PG_DETOAST_DATUM_PACKED(value));
}

/* Set a member to a string, or to null; a string that is there takes the new bytes. */
static void
set_string(JsonValue *object, const char *key, Slice slice)
{
	JsonValue  *string = json_object_object_get(object, key);

	if (slice_is_null(slice) || !json_object_is_type(string, json_type_string))
		json_set(object, key, json_from_slice(slice));
	else if (json_object_set_string_len(string, slice.data, slice.len) == 0)
		json_made(NULL);
}

static void
set_integer(JsonValue *object, const char *key, int64 integer)
{
	JsonValue  *number = json_object_object_get(object, key);

	if (!json_object_is_type(number, json_type_int) ||
		json_object_set_int64(number, integer) == 0)
		json_set(object, key, json_made(json_object_new_int64(integer)));
}

/* An array as a member, from a text[]. */
static JsonValue *
set_texts(JsonValue *object, const char *key, ArrayType *texts)
{
	JsonValue  *array = json_made(json_object_new_array());
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	json_set(object, key, array);
	deconstruct_array(texts, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
		json_append(array, json_from_slice(text_slice(elements[i], nulls[i])));
	return array;
}

/* A number: an integer where it is one, else with all of its digits. */
static JsonValue *
number_value(Numeric numeric)
{
	char	   *digits = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(numeric)));
	char	   *end;
	int64		integer;

	errno = 0;
	integer = strtoll(digits, &end, 10);
	if (*end == '\0' && errno == 0)
		return json_made(json_object_new_int64(integer));
	return json_made(json_object_new_double_s(strtod(digits, NULL), digits));
}

static JsonValue *
scalar_value(const JsonbValue *scalar)
{
	Slice		string = {scalar->val.string.val, scalar->val.string.len};

	switch (scalar->type)
	{
		case jbvString:
			return json_from_slice(string);
		case jbvNumeric:
			return number_value(scalar->val.numeric);
		case jbvBool:
			return json_made(json_object_new_boolean(scalar->val.boolean));
		default:
			return NULL;
	}
}

/* Read what an object or array of jsonb holds, whose begin has been read, into parent. */
static void
fill_from_jsonb(JsonValue *parent, JsonbIterator **iterator)
{
	char	   *key = NULL;
	JsonbValue	token;

	check_stack_depth();
	for (;;)
	{
		JsonValue  *value = NULL;
		JsonbIteratorToken type = JsonbIteratorNext(iterator, &token, false);

		switch (type)
		{
			case WJB_KEY:
				key = pnstrdup(token.val.string.val, token.val.string.len);
				continue;
			case WJB_BEGIN_OBJECT:
				value = json_made(json_object_new_object());
				break;
			case WJB_BEGIN_ARRAY:
				value = json_made(json_object_new_array());
				break;
			case WJB_VALUE:
			case WJB_ELEM:
				value = scalar_value(&token);
				break;
			default:
				return;
		}

		if (key != NULL)
			json_set(parent, key, value);
		else
			json_append(parent, value);
		if (type == WJB_BEGIN_OBJECT || type == WJB_BEGIN_ARRAY)
			fill_from_jsonb(value, iterator);
	}
}

/* A member from jsonb. */
static JsonValue *
set_jsonb(JsonValue *object, const char *key, Jsonb *jsonb)
{
	JsonbIterator *iterator;
	JsonbValue	token;
	JsonValue  *value;

	if (JB_ROOT_IS_SCALAR(jsonb))
	{
		JsonbExtractScalar(&jsonb->root, &token);
		value = scalar_value(&token);
		json_set(object, key, value);
		return value;
	}

	iterator = JsonbIteratorInit(&jsonb->root);
	value = json_made(JsonbIteratorNext(&iterator, &token, false) == WJB_BEGIN_OBJECT ?
					  json_object_new_object() : json_object_new_array());
	json_set(object, key, value);
	fill_from_jsonb(value, &iterator);
	return value;
}

/* The member that is made from some bytes, from those that are kept if possible. */
static bool
set_kept(PlanDocument *document, const char *key, Slice bytes, KeptValue **place)
{
	KeptValue  *kept = &document->kept[hash_bytes((const unsigned char *) bytes.data, bytes.len) %
									   VALUES_KEPT];

	*place = kept;
	if (slice_is_null(kept->bytes) || !slice_equal(kept->bytes, bytes))
		return false;
	if (json_object_object_get(document->job, key) != kept->value)
		json_set(document->job, key, json_object_get(kept->value));
	return true;
}

/* Keep the value that was made from some bytes, if there is room. */
static void
keep(PlanDocument *document, KeptValue *place, Slice bytes, JsonValue *value)
{
	if (!slice_is_null(place->bytes))
		return;
	json_append(document->kept_values, json_object_get(value));
	place->value = value;
	place->bytes.data = memcpy(MemoryContextAlloc(document->context, bytes.len), bytes.data, bytes.len);
	place->bytes.len = bytes.len;
}

static void
set_families(PlanDocument *document, Datum families)
{
	const char *key = "model_families";
	ArrayType  *array = DatumGetArrayTypeP(families);
	Slice		bytes = {(const char *) array, VARSIZE(array)};
	KeptValue  *place;

	if (!set_kept(document, key, bytes, &place))
		keep(document, place, bytes, set_texts(document->job, key, array));
}

static void
set_metadata(PlanDocument *document, Datum metadata)
{
	const char *key = "metadata";
	Jsonb	   *jsonb = DatumGetJsonbP(metadata);
	Slice		bytes = {(const char *) jsonb, VARSIZE(jsonb)};
	KeptValue  *place;

	if (!set_kept(document, key, bytes, &place))
		keep(document, place, bytes, set_jsonb(document->job, key, jsonb));
}

static void
count_one(JsonValue *counts, const char *key)
{
	JsonValue  *count = json_object_object_get(counts, key);

	if (count == NULL)
		json_set(counts, key, json_made(json_object_new_int64(1)));
	else
		json_object_int_inc(count, 1);
}

static Slice
job_string(PlanDocument *document, const char *key)
{
	JsonValue  *string = json_object_object_get(document->job, key);

	return string == NULL ? NULL_SLICE : json_string_slice(string);
}

static void
read_job(void *arg, const Datum *values, const bool *nulls)
{
	PlanDocument *document = arg;
	JsonValue  *value = document->job;
	char		priority[12];
	DocumentJob job = {.value = value, .priority = DatumGetInt32(values[JOB_PRIORITY])};

	CHECK_FOR_INTERRUPTS();

	set_string(value, "job_id", text_slice(values[JOB_ID], false));
	set_string(value, "target", text_slice(values[JOB_TARGET], false));
	set_string(value, "symbol", text_slice(values[JOB_SYMBOL], nulls[JOB_SYMBOL]));
	set_string(value, "route", text_slice(values[JOB_ROUTE], false));
	set_string(value, "training_type", text_slice(values[JOB_TRAINING_TYPE], false));
	set_families(document, values[JOB_MODEL_FAMILIES]);
	set_integer(value, "priority", job.priority);
	if (nulls[JOB_ESTIMATED_SAMPLES])
		json_set(value, "estimated_samples", NULL);
	else
		set_integer(value, "estimated_samples", DatumGetInt64(values[JOB_ESTIMATED_SAMPLES]));
	set_string(value, "reason", text_slice(values[JOB_REASON], nulls[JOB_REASON]));
	set_metadata(document, values[JOB_METADATA]);

	for (int i = 0; i < JOB_KEYS; i++)
		job.keys[i] = job_string(document, job_key_names[i]);

	document->total_jobs++;
	count_one(document->by_route, job.keys[KEY_ROUTE].data);
	count_one(document->by_type, job.keys[KEY_TRAINING_TYPE].data);
	pg_ltoa(job.priority, priority);
	count_one(document->by_priority, priority);

	document->callback(document->callback_arg, &job);
}

/*
 * Read the jobs: target by target, of each the cross-sectional job first, then
 * by symbol.
 */
void
plan_document_read(PlanDocument *document, DocumentJobCallback callback, void *arg)
{
	char	   *query = psprintf("SELECT job_id, target, symbol, route, training_type, model_families, "
								 "priority, estimated_samples, reason, metadata "
								 "FROM %s WHERE plan_id = " INT64_FORMAT " "
								 "ORDER BY target, symbol NULLS FIRST",
								 plan_table_name(document->schema, JOBS_TABLE), document->plan_id);

	document->job = json_own(json_object_new_object());
	document->kept_values = json_own(json_object_new_array());
	document->by_route = json_own(json_object_new_object());
	document->by_type = json_own(json_object_new_object());
	document->by_priority = json_own(json_object_new_object());
	document->callback = callback;
	document->callback_arg = arg;

	/* a plan whose jobs were just stored has no statistics: ask for the way that the index gives */
	row_query_run(query, "read the plan's jobs", CURSOR_OPT_FAST_PLAN, true, read_job, document);
}

/* generated_at, run_id, git_commit and so on; total_jobs once the jobs are read. */
JsonValue *
plan_document_metadata(PlanDocument *document)
{
	set_integer(document->metadata, "total_jobs", document->total_jobs);
	return document->metadata;
}

static int
compare_words(const void *a, const void *b)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Highest first. */
static int
compare_numbers(const void *a, const void *b)
{
	int			left = atoi(*(const char *const *) a);
	int			right = atoi(*(const char *const *) b);

	return (left < right) - (left > right);
}

/* Make counts the parent's, in the order of their keys. */
static void
set_counts(JsonValue *parent, const char *name, JsonValue *counts,
		   int (*compare) (const void *, const void *))
{
	int			size = json_object_object_length(counts);
	const char **keys = palloc(Max(size, 1) * sizeof(char *));
	JsonValue  *sorted = json_made(json_object_new_object());
	int			filled = 0;

	json_set(parent, name, sorted);
	json_foreach_member(entry, counts)
		keys[filled++] = lh_entry_k(entry);
	qsort(keys, size, sizeof(char *), compare);
	for (int i = 0; i < size; i++)
		json_set(sorted, keys[i], json_object_get(json_object_object_get(counts, keys[i])));
	pfree(keys);
}

static void
set_total(JsonValue *summary, const char *name, const PlanDocument *document, TrainingType type)
{
	JsonValue  *count = json_object_object_get(document->by_type, training_type_names[type]);

	json_set(summary, name, json_made(json_object_new_int64(json_object_get_int64(count))));
}

/* by_route, by_type, by_priority and the totals, once the jobs are read. */
JsonValue *
plan_document_summary(PlanDocument *document)
{
	JsonValue  *summary = json_own(json_object_new_object());

	set_counts(summary, "by_route", document->by_route, compare_words);
	set_counts(summary, "by_type", document->by_type, compare_words);
	set_counts(summary, "by_priority", document->by_priority, compare_numbers);
	set_total(summary, "total_cs_jobs", document, TRAINING_CROSS_SECTIONAL);
	set_total(summary, "total_symbol_jobs", document, TRAINING_SYMBOL_SPECIFIC);
	set_total(summary, "total_blocked", document, TRAINING_BLOCKED);
	return summary;
}

static void
read_plan(void *arg, const Datum *values, const bool *nulls)
{
	JsonValue  *metadata = ((PlanDocument *) arg)->metadata;
	Slice		unknown = SLICE_LITERAL(UNKNOWN_VERSION);

	set_string(metadata, "generated_at", text_slice(values[0], nulls[0]));
	set_string(metadata, "run_id", text_slice(values[1], nulls[1]));
	set_string(metadata, "git_commit", nulls[2] ? unknown : text_slice(values[2], false));
	set_string(metadata, "config_hash", nulls[3] ? unknown : text_slice(values[3], false));
	set_string(metadata, "routing_plan_path", text_slice(values[4], nulls[4]));
	set_string(metadata, "metrics_snapshot", text_slice(values[5], nulls[5]));
	set_integer(metadata, "total_jobs", 0);
	set_texts(metadata, "model_families", DatumGetArrayTypeP(values[6]));
}

/*
 * Look a plan up, in the current memory context; the tables are those in
 * schema, which is the extension's.  What is read is what the active snapshot
 * sees.  A plan that is not there is an error (no_data_found).
 */
PlanDocument *
plan_document_open(Oid schema, int64 plan_id)
{
	PlanDocument *document = palloc0(sizeof(PlanDocument));
	char	   *query;

	document->context = CurrentMemoryContext;
	document->schema = schema;
	document->plan_id = plan_id;
	document->metadata = json_own(json_object_new_object());

	query = psprintf("SELECT to_char(generated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
					 "run_id, git_commit, config_hash, routing, metrics_snapshot, model_families "
					 "FROM %s WHERE plan_id = " INT64_FORMAT,
					 plan_table_name(schema, PLANS_TABLE), plan_id);
	row_query_run(query, "read the plan", 0, true, read_plan, document);
	if (json_object_object_length(document->metadata) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("training plan %lld does not exist", (long long) plan_id)));
	return document;
}
