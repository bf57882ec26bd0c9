/*
 * plan_document.c
 *		A stored plan as a document: what its JSON, YAML, Markdown and HTML say.
 *
 * A document has three parts:
 *
 *		metadata	from the plan's row in training_plans
 *		jobs		from training_jobs, one at a time, by target and symbol; where
 *					they stand from training_job_queue, if the caller may read that
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

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/row_query.h"
#include "documents/job_counts.h"
#include "documents/plan_document.h"
#include "formats/json_texts.h"
#include "planning/job_tuple.h"
#include "planning/vocabulary.h"
#include "plans/ordered_places.h"
#include "plans/stored_plan.h"

const char *const job_key_names[] = {
	[KEY_TARGET] = "target",
	[KEY_SYMBOL] = "symbol",
	[KEY_TRAINING_TYPE] = "training_type",
	[KEY_ROUTE] = "route"
};

/* What the members of a job's value are called. */
static const char *const job_members[] = {
	[JOB_ID] = "job_id",
	[JOB_TARGET] = "target",
	[JOB_SYMBOL] = "symbol",
	[JOB_ROUTE] = "route",
	[JOB_TRAINING_TYPE] = "training_type",
	[JOB_MODEL_FAMILIES] = "model_families",
	[JOB_PRIORITY] = "priority",
	[JOB_ESTIMATED_SAMPLES] = "estimated_samples",
	[JOB_REASON] = "reason",
	[JOB_METADATA] = "metadata"
};

StaticAssertDecl(JOB_COLUMNS == JOB_MEMBERS, "a job's members are its columns");

/* Where a job of a run is: the first columns of its query, and of its members. */
typedef enum PlaceColumn
{
	PLACE_SERVER,
	PLACE_PLAN_ID,
	PLACE_COLUMNS
} PlaceColumn;

static const char *const place_members[] = {
	[PLACE_SERVER] = "server",
	[PLACE_PLAN_ID] = "plan_id"
};

StaticAssertDecl(PLACE_COLUMNS == PLACE_MEMBERS, "a place's members are its columns");

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
	const DocumentSource *source;	/* instead of these; else NULL */
	int64		planned_jobs;	/* of a run: how many its parts were made with */
	bool		has_states;		/* jobs are read with where they stand */
	OrderedPlaces *places;		/* which say so; NULL: the query for the jobs does */
	const PlanTable *queue;		/* their table */
	int32		max_attempts;	/* the plan's, for that */
	TimestampTz last_change;	/* since when the last of them stands there */

	JsonValue  *metadata;
	JsonValue  *job;			/* the job at hand */
	JsonValue  *members[JOB_COLUMNS];	/* its members */
	JsonValue  *kept_values;	/* an array that holds those of kept */
	KeptValue	kept[VALUES_KEPT];

	JobCounts  *counts;

	DocumentJobCallback callback;
	void	   *callback_arg;
};

static Slice
text_slice(Datum value, bool isnull)
{
	return isnull ? NULL_SLICE : slice_from_text(PG_DETOAST_DATUM_PACKED(value));
}

static void
set_member(PlanDocument *document, JobColumn column, JsonValue *value)
{
	document->members[column] = NULL;
	json_set(document->job, job_members[column], value);
	document->members[column] = value;
}

/* Set a member of the job to a string, or to null; a string that is there takes the new bytes. */
static void
set_string(PlanDocument *document, JobColumn column, Slice slice)
{
	JsonValue  *string = document->members[column];

	if (slice_is_null(slice) || string == NULL)
		set_member(document, column, json_from_slice(slice));
	else if (json_object_set_string_len(string, slice.data, slice.len) == 0)
		json_out_of_memory();
}

static void
set_integer(PlanDocument *document, JobColumn column, int64 integer)
{
	JsonValue  *number = document->members[column];

	if (number == NULL)
		set_member(document, column, json_made(json_object_new_int64(integer)));
	else
		json_object_set_int64(number, integer);
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
			return json_from_number(DatumGetCString(DirectFunctionCall1(numeric_out,
																		NumericGetDatum(scalar->val.numeric))));
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

static Slice
copy_slice(MemoryContext context, Slice slice)
{
	Slice		copy = {memcpy(MemoryContextAlloc(context, slice.len), slice.data, slice.len), slice.len};

	return copy;
}

static void
set_families(PlanDocument *document, ArrayType *families)
{
	JsonValue  *array = json_made(json_object_new_array());

	set_member(document, JOB_MODEL_FAMILIES, array);
	json_append_texts(array, families);
}

static void
set_metadata(PlanDocument *document, Jsonb *metadata)
{
	JsonbIterator *iterator;
	JsonbValue	token;
	JsonValue  *value;

	if (JB_ROOT_IS_SCALAR(metadata))
	{
		JsonbExtractScalar(&metadata->root, &token);
		set_member(document, JOB_METADATA, scalar_value(&token));
		return;
	}

	iterator = JsonbIteratorInit(&metadata->root);
	value = json_made(JsonbIteratorNext(&iterator, &token, false) == WJB_BEGIN_OBJECT ?
					  json_object_new_object() : json_object_new_array());
	set_member(document, JOB_METADATA, value);
	fill_from_jsonb(value, &iterator);
}

/* Set families or metadata, from those that are kept if possible. */
static void
set_repeating(PlanDocument *document, JobColumn column, struct varlena *datum)
{
	Slice		bytes = {(const char *) datum, VARSIZE(datum)};
	KeptValue  *kept = &document->kept[hash_bytes((const unsigned char *) bytes.data, bytes.len) %
									   VALUES_KEPT];

	if (!slice_is_null(kept->bytes) && slice_equal(kept->bytes, bytes))
	{
		if (document->members[column] != kept->value)
			set_member(document, column, json_object_get(kept->value));
		return;
	}

	if (column == JOB_MODEL_FAMILIES)
		set_families(document, (ArrayType *) datum);
	else
		set_metadata(document, (Jsonb *) datum);
	if (slice_is_null(kept->bytes))
	{
		kept->value = document->members[column];
		json_append(document->kept_values, json_object_get(kept->value));
		kept->bytes = copy_slice(document->context, bytes);
	}
}

static void
hand_out_job(PlanDocument *document, DocumentJob job, const Datum *values, const bool *nulls)
{
	CHECK_FOR_INTERRUPTS();

	for (JobColumn column = 0; column < JOB_COLUMNS; column++)
	{
		if (nulls[column])
		{
			if (document->members[column] != NULL)
				set_member(document, column, NULL);
			continue;
		}
		switch (column)
		{
			case JOB_PRIORITY:
				set_integer(document, column, DatumGetInt32(values[column]));
				break;
			case JOB_ESTIMATED_SAMPLES:
				set_integer(document, column, DatumGetInt64(values[column]));
				break;
			case JOB_MODEL_FAMILIES:
			case JOB_METADATA:
				set_repeating(document, column, PG_DETOAST_DATUM(values[column]));
				break;
			default:
				set_string(document, column, text_slice(values[column], false));
				break;
		}
	}

	job.value = document->job;
	job.priority = DatumGetInt32(values[JOB_PRIORITY]);
	job.keys[KEY_TARGET] = json_string_slice(document->members[JOB_TARGET]);
	job.keys[KEY_SYMBOL] = json_string_slice(document->members[JOB_SYMBOL]);
	job.keys[KEY_TRAINING_TYPE] = json_string_slice(document->members[JOB_TRAINING_TYPE]);
	job.keys[KEY_ROUTE] = json_string_slice(document->members[JOB_ROUTE]);

	job_counts_add(document->counts, job.keys[KEY_ROUTE], job.keys[KEY_TRAINING_TYPE], job.priority);
	document->callback(document->callback_arg, &job);
}

/* How many attempts at a job count. */
static int64
place_attempts(const PlanTable *queue, TupleTableSlot *place)
{
	bool		isnull;
	Datum		attempt = column_value(queue, place, QUEUE_ATTEMPT, &isnull);
	Datum		forgiven;

	if (isnull)
		return 0;
	forgiven = column_value(queue, place, QUEUE_ATTEMPTS_FORGIVEN, &isnull);
	return (int64) DatumGetInt32(attempt) - (isnull ? 0 : DatumGetInt32(forgiven));
}

/*
 * Where a job stands, by its place, as training_job_state() has it; NULL if it has none.
 * Lives until the next job is read.
 */
static Slice
state_of_place(PlanDocument *document, const Datum *values, const bool *nulls)
{
	Slice		type = text_slice(values[JOB_TRAINING_TYPE], nulls[JOB_TRAINING_TYPE]);
	TupleTableSlot *place;
	bool		isnull;
	Slice		state;
	Datum		value;

	if (slice_equal(type, slice_from_string(training_type_names[TRAINING_BLOCKED])))
		return slice_from_string(training_type_names[TRAINING_BLOCKED]);
	place = ordered_places_find(document->places, text_slice(values[JOB_ID], false), nulls[JOB_SYMBOL]);
	if (place == NULL)
		return NULL_SLICE;

	value = column_value(document->queue, place, QUEUE_STATE_SINCE, &isnull);
	if (!isnull)
		document->last_change = Max(document->last_change, DatumGetTimestampTz(value));
	value = column_value(document->queue, place, QUEUE_STATE, &isnull);
	state = text_slice(value, isnull);
	if (!slice_equal(state, job_states.words[JOB_RUNNING]))
		return state;
	value = column_value(document->queue, place, QUEUE_READY_AT, &isnull);
	if (!isnull && DatumGetTimestampTz(value) > GetCurrentStatementStartTimestamp())
		return state;
	value = column_value(document->queue, place, QUEUE_CANCEL_REQUESTED, &isnull);
	if (!isnull && DatumGetBool(value))
		return job_states.words[JOB_CANCELLED];
	return job_states.words[place_attempts(document->queue, place) >= document->max_attempts ? JOB_FAILED : JOB_PENDING];
}

static void
read_job(void *arg, const Datum *values, const bool *nulls)
{
	PlanDocument *document = arg;
	DocumentJob job = {.server = NULL_SLICE};

	if (document->places != NULL)
		job.state = state_of_place(document, values, nulls);
	else if (document->has_states)
	{
		job.state = text_slice(values[JOB_COLUMNS], nulls[JOB_COLUMNS]);
		if (!nulls[JOB_COLUMNS + 1])
			document->last_change = Max(document->last_change, DatumGetTimestampTz(values[JOB_COLUMNS + 1]));
	}
	hand_out_job(document, job, values, nulls);
}

/* What no table of jobs leaves out; another server's view may. */
static void
check_placed_job(const Datum *values, const bool *nulls)
{
	static const JobColumn required[] = {
		JOB_ID, JOB_TARGET, JOB_ROUTE, JOB_TRAINING_TYPE, JOB_MODEL_FAMILIES, JOB_PRIORITY
	};

	for (int i = 0; i < lengthof(required); i++)
	{
		if (nulls[PLACE_COLUMNS + required[i]])
			ereport(ERROR,
					(errcode(ERRCODE_FDW_ERROR),
					 errmsg("server \"%s\" has a job without %s",
							nulls[PLACE_SERVER] ? "" : TextDatumGetCString(values[PLACE_SERVER]),
							job_members[required[i]])));
	}
}

/* The same of a job of a run, with its place before it. */
static void
read_placed_job(void *arg, const Datum *values, const bool *nulls)
{
	PlanDocument *document = arg;
	DocumentJob job = {.server = text_slice(values[PLACE_SERVER], nulls[PLACE_SERVER])};

	check_placed_job(values, nulls);
	json_set(document->job, place_members[PLACE_SERVER], json_from_slice(job.server));
	if (!nulls[PLACE_PLAN_ID])
		job.plan_id = DatumGetInt64(values[PLACE_PLAN_ID]);
	json_set(document->job, place_members[PLACE_PLAN_ID], nulls[PLACE_PLAN_ID] ? NULL :
			 json_made(json_object_new_int64(job.plan_id)));
	hand_out_job(document, job, values + PLACE_COLUMNS, nulls + PLACE_COLUMNS);
}

/*
 * Run a query as the active snapshot sees it, and in addition what the calling
 * statement itself has stored, so that a plan can be made and shown in one:
 * SELECT training_plan_to_json(create_training_plan('decisions')).
 */
static void
run_query(PlanDocument *document, RowQuery query, const Oid *types, int columns, RowCallback callback)
{
	query.columns = columns;
	query.types = types;
	row_query_run_as_of_now(&query, callback, document);
}

/* What says where jobs stand, in the order in which the tables are opened and the query has them. */
static const PlanTableId tables_of_states[] = {PLANS_TABLE, JOBS_TABLE, QUEUE_TABLE};

#define STATE_TABLES	lengthof(tables_of_states)

/* What they add to a job: where it stands, and since when. */
#define STATE_COLUMNS	2

/* May the caller read all that a job's state is told by? */
static bool
may_read_states(Oid schema)
{
	static const QueueColumn columns[] = {
		QUEUE_PLAN_ID, QUEUE_JOB_ID, QUEUE_STATE, QUEUE_READY_AT, QUEUE_CANCEL_REQUESTED, QUEUE_ATTEMPT,
		QUEUE_ATTEMPTS_FORGIVEN, QUEUE_STATE_SINCE
	};
	PlanTable	plans;
	PlanTable	queue;
	bool		may;

	plan_table_open(&plans, schema, PLANS_TABLE, AccessShareLock);
	plan_table_open(&queue, schema, QUEUE_TABLE, AccessShareLock);
	may = (row_security || !plan_table_has_policies(&queue)) &&
		may_read(&plans, PLAN_PLAN_ID, 1) && may_read(&plans, PLAN_MAX_ATTEMPTS, 1);
	for (int i = 0; may && i < lengthof(columns); i++)
		may = may_read(&queue, columns[i], 1);
	plan_table_close(&queue);
	plan_table_close(&plans);
	return may;
}

/* The query for the jobs, and for their states where these are told. */
static char *
jobs_query(const PlanDocument *document, bool with_states)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text,
					 "SELECT j.job_id, j.target, j.symbol, j.route, j.training_type, j.model_families, "
					 "j.priority, j.estimated_samples, j.reason, j.metadata%s FROM ",
					 with_states ? ", s.state, q.state_since" : "");
	if (with_states)
		/* as training_job_state() has it, which not everybody may call who may read the tables */
		appendStringInfoString(&text,
							   "ONLY %s AS p JOIN ONLY %s AS j ON j.plan_id OPERATOR(pg_catalog.=) p.plan_id "
							   "LEFT JOIN ONLY %s AS q "
							   "ON q.plan_id OPERATOR(pg_catalog.=) j.plan_id AND q.job_id OPERATOR(pg_catalog.=) j.job_id "
							   "CROSS JOIN LATERAL (SELECT CASE "
							   "WHEN j.training_type OPERATOR(pg_catalog.=) 'blocked' THEN j.training_type "
							   "WHEN q.state IS NULL THEN NULL "
							   "WHEN q.state OPERATOR(pg_catalog.<>) 'running' "
							   "OR q.ready_at OPERATOR(pg_catalog.>) pg_catalog.statement_timestamp() THEN q.state "
							   "WHEN q.cancel_requested THEN 'cancelled' "
							   "WHEN q.attempt OPERATOR(pg_catalog.-) q.attempts_forgiven OPERATOR(pg_catalog.>=) p.max_attempts THEN 'failed' "
							   "ELSE 'pending' END) AS s (state) ");
	else
		appendStringInfoString(&text, "ONLY %s AS j ");
	appendStringInfo(&text,
					 "WHERE j.plan_id OPERATOR(pg_catalog.=) " INT64_FORMAT " "
					 "ORDER BY j.target, j.symbol NULLS FIRST", document->plan_id);
	return text.data;
}

/*
 * Run the query for the jobs, or for them and their states.  The index has jobs by target, so
 * that each target's can be sorted alone; but of a plan that was just stored there are
 * no statistics, and the query planner would rather sort them all.  Nor does it know then how
 * many places there are, and might go through all of them for each job.
 */
static void
run_jobs_query(PlanDocument *document, bool with_states)
{
	const PlanTableId jobs_alone = JOBS_TABLE;
	const PlanTableId *ids = with_states ? tables_of_states : &jobs_alone;
	int			count = with_states ? STATE_TABLES : 1;
	PlanTable	tables[STATE_TABLES];
	Oid			relations[STATE_TABLES];
	Oid			types[JOB_COLUMNS + STATE_COLUMNS];
	RowQuery	query = {.relation_count = count, .relations = relations, .read_only = true};
	int			nest_level = NewGUCNestLevel();

	for (int i = 0; i < count; i++)
	{
		plan_table_open(&tables[i], document->schema, ids[i], AccessShareLock);
		relations[i] = tables[i].relid;
	}
	memcpy(types, plan_table_types(JOBS_TABLE) + JOB_TABLE_COLUMN(0), JOB_COLUMNS * sizeof(Oid));
	types[JOB_COLUMNS] = TEXTOID;
	types[JOB_COLUMNS + 1] = TIMESTAMPTZOID;
	query.text = jobs_query(document, with_states);

	(void) set_config_option(with_states ? "enable_nestloop" : "enable_sort", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	run_query(document, query, types, JOB_COLUMNS + (with_states ? STATE_COLUMNS : 0), read_job);
	AtEOXact_GUC(true, nest_level);
	for (int i = count - 1; i >= 0; i--)
		plan_table_close(&tables[i]);
}

/* Read the jobs with their states: by the queue's key, or where that won't do, have PostgreSQL join them. */
static void
read_jobs_and_states(PlanDocument *document)
{
	PlanTable	queue;
	StoredPlan	plan;
	bool		by_key;

	push_snapshot_of_now();
	plan_table_open(&queue, document->schema, QUEUE_TABLE, AccessShareLock);
	by_key = !plan_table_has_policies(&queue) && plan_index_is_usable(queue.key) &&
		find_plan(document->schema, GetActiveSnapshot(), document->plan_id, &plan);
	if (by_key)
	{
		document->places = ordered_places_open(&queue, GetActiveSnapshot(), document->plan_id);
		document->queue = &queue;
		document->max_attempts = plan.max_attempts;
	}
	run_jobs_query(document, !by_key);
	if (by_key)
		ordered_places_close(document->places);
	document->places = NULL;
	document->queue = NULL;
	plan_table_close(&queue);
	PopActiveSnapshot();
}

/* Run that for the jobs of a run. */
static void
run_placed_jobs_query(PlanDocument *document)
{
	Oid			types[PLACE_COLUMNS + JOB_COLUMNS] = {TEXTOID, INT8OID};

	memcpy(types + PLACE_COLUMNS, plan_table_types(JOBS_TABLE) + JOB_TABLE_COLUMN(0), JOB_COLUMNS * sizeof(Oid));
	run_query(document, document->source->jobs, types, lengthof(types), read_placed_job);
}

/*
 * Read the jobs: target by target, of each the cross-sectional job first, then
 * by symbol; with where they stand, if that is asked for, of a plan here, and the
 * caller may read it.
 */
void
plan_document_read(PlanDocument *document, bool with_states, DocumentJobCallback callback, void *arg)
{
	document->job = json_own(json_object_new_object());
	for (int i = 0; i < PLACE_COLUMNS && document->source != NULL; i++)
		json_set(document->job, place_members[i], NULL);
	for (JobColumn column = 0; column < JOB_COLUMNS; column++)
		json_set(document->job, job_members[column], NULL);
	document->kept_values = json_own(json_object_new_array());
	document->counts = job_counts_create();
	document->callback = callback;
	document->callback_arg = arg;
	document->last_change = DT_NOBEGIN;
	document->has_states = with_states && document->source == NULL && may_read_states(document->schema);
	if (document->source != NULL)
		run_placed_jobs_query(document);
	else if (document->has_states)
		read_jobs_and_states(document);
	else
		run_jobs_query(document, false);
}

/* generated_at, run_id, git_commit and so on; total_jobs once the jobs are read. */
JsonValue *
plan_document_metadata(PlanDocument *document)
{
	if (document->counts != NULL)
		json_set(document->metadata, "total_jobs",
				 json_made(json_object_new_int64(job_counts_total(document->counts))));
	return document->metadata;
}

/* Is it the document of a run, whose jobs say where they are? */
bool
plan_document_is_of_run(const PlanDocument *document)
{
	return document->source != NULL;
}

/* The plan that this is the document of, unless it is that of a run. */
int64
plan_document_plan_id(const PlanDocument *document)
{
	return document->plan_id;
}

/* When the last of its jobs came to where it stands, to the second, in UTC, as ISO 8601 has it; NULL: that is not told. */
const char *
plan_document_last_change(const PlanDocument *document)
{
	const int	utc = 0;

	if (TIMESTAMP_NOT_FINITE(document->last_change))
		return NULL;
	return JsonEncodeDateTime(NULL, TimestampTzGetDatum(document->last_change - document->last_change % USECS_PER_SEC),
							  TIMESTAMPTZOID, &utc);
}

static void
count_job(void *count, const Datum *values, const bool *nulls)
{
	CHECK_FOR_INTERRUPTS();
	++*(int64 *) count;
}

/* Has it no more jobs than that?  This can be told before they are read; of a run, as it was planned. */
bool
plan_document_has_at_most(const PlanDocument *document, int64 jobs)
{
	const Oid	types[] = {INT8OID};
	int64		count = document->planned_jobs;
	PlanTable	table;
	RowQuery	query = {
		.text = psprintf("SELECT plan_id FROM ONLY %%s WHERE plan_id OPERATOR(pg_catalog.=) " INT64_FORMAT " "
						 "LIMIT " INT64_FORMAT, document->plan_id, jobs + 1),
		.relation_count = 1,
		.relations = &table.relid,
		.columns = lengthof(types),
		.types = types,
		.read_only = true
	};

	if (document->source == NULL)
	{
		plan_table_open(&table, document->schema, JOBS_TABLE, AccessShareLock);
		row_query_run_as_of_now(&query, count_job, &count);
		plan_table_close(&table);
	}
	return count <= jobs;
}

/* Do its jobs say where they stand, once they are read? */
bool
plan_document_has_states(const PlanDocument *document)
{
	return document->has_states;
}

/* by_route, by_type, by_priority and the totals, once the jobs are read. */
JsonValue *
plan_document_summary(PlanDocument *document)
{
	return job_counts_summary(document->counts);
}

/* The facts of a plan, as read_plan() takes them; and what comes behind them of a run. */
static const Oid fact_types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID, INT8OID};

#define FACTS	(lengthof(fact_types) - 1)

static void
read_plan(void *arg, const Datum *values, const bool *nulls)
{
	JsonValue  *metadata = ((PlanDocument *) arg)->metadata;
	Slice		unknown = SLICE_LITERAL(UNKNOWN_VERSION);
	JsonValue  *families;

	json_set(metadata, "generated_at", json_from_slice(text_slice(values[0], nulls[0])));
	json_set(metadata, "run_id", json_from_slice(text_slice(values[1], nulls[1])));
	json_set(metadata, "git_commit",
			 json_from_slice(nulls[2] ? unknown : text_slice(values[2], false)));
	json_set(metadata, "config_hash",
			 json_from_slice(nulls[3] ? unknown : text_slice(values[3], false)));
	json_set(metadata, "routing_plan_path", json_from_slice(text_slice(values[4], nulls[4])));
	json_set(metadata, "metrics_snapshot", json_from_slice(text_slice(values[5], nulls[5])));
	json_set(metadata, "total_jobs", json_made(json_object_new_int64(0)));
	/* NULL: the parts of a run do not have the same */
	families = nulls[6] ? NULL : json_made(json_object_new_array());
	json_set(metadata, "model_families", families);
	if (families != NULL)
		json_append_texts(families, DatumGetArrayTypeP(values[6]));
}

/* The same of a run, and how many jobs it was planned with. */
static void
read_run(void *arg, const Datum *values, const bool *nulls)
{
	read_plan(arg, values, nulls);
	((PlanDocument *) arg)->planned_jobs = nulls[FACTS] ? 0 : DatumGetInt64(values[FACTS]);
}

/*
 * Look a plan up, in the current memory context; the tables are those in
 * schema, which is the extension's.  A plan that is not there is an error (no_data_found).
 */
PlanDocument *
plan_document_open(Oid schema, int64 plan_id)
{
	PlanDocument *document = palloc0(sizeof(PlanDocument));
	PlanTable	plans;
	RowQuery	query = {.relation_count = 1, .relations = &plans.relid, .read_only = true};

	document->context = CurrentMemoryContext;
	document->schema = schema;
	document->plan_id = plan_id;
	document->metadata = json_own(json_object_new_object());

	query.text = psprintf("SELECT pg_catalog.to_char(pg_catalog.timezone('UTC', generated_at), "
					 "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
					 "run_id, git_commit, config_hash, routing, metrics_snapshot, model_families "
					 "FROM ONLY %%s WHERE plan_id OPERATOR(pg_catalog.=) " INT64_FORMAT, plan_id);
	plan_table_open(&plans, schema, PLANS_TABLE, AccessShareLock);
	run_query(document, query, fact_types, FACTS, read_plan);
	plan_table_close(&plans);
	if (json_object_object_length(document->metadata) == 0)
		report_no_plan(plan_id);
	return document;
}

/* A document that comes from somewhere else, which lives as long as it. */
PlanDocument *
plan_document_open_source(const DocumentSource *source)
{
	PlanDocument *document = palloc0(sizeof(PlanDocument));

	document->context = CurrentMemoryContext;
	document->source = source;
	document->metadata = json_own(json_object_new_object());
	run_query(document, source->facts, fact_types, lengthof(fact_types), read_run);
	return document;
}
