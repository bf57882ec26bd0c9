/*
 * job_tuple.c
 *		A job as SQL sees it: the values of its columns.
 *
 * The values that jobs share (words, families, most metadata) are made once and
 * live as long as the maker; the others are made for each job, in the current
 * memory context, which the caller resets when it has stored them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "planning/job_tuple.h"

/*
 * Metadata of a symbol's job says two states and a flag, and plans repeat a few
 * combinations of them.  For each of these many hash values, the first that came
 * is kept.
 */
#define METADATA_KEPT		256

typedef struct KeptMetadata
{
	const JobRule *rule;		/* NULL: none is kept here */
	Slice		cs_state;
	Slice		local_state;
	Jsonb	   *metadata;
} KeptMetadata;

struct JobTupleMaker
{
	MemoryContext context;
	Datum		routes[ROUTE_BLOCKED + 1];
	Datum		training_types[TRAINING_BLOCKED + 1];
	Datum		call_families;
	Datum		no_families;
	StringInfoData job_id;		/* work space */
	KeptMetadata metadata[METADATA_KEPT];
};

/*
 * In the current memory context.  call_families are those of jobs whose
 * decision has none of its own; they must outlive the maker.
 */
JobTupleMaker *
job_tuple_maker_create(ArrayType *call_families)
{
	JobTupleMaker *maker = palloc0(sizeof(JobTupleMaker));

	maker->context = CurrentMemoryContext;
	initStringInfo(&maker->job_id);
	for (int i = 0; i < lengthof(maker->routes); i++)
		maker->routes[i] = CStringGetTextDatum(route_names[i]);
	for (int i = 0; i < lengthof(maker->training_types); i++)
		maker->training_types[i] = CStringGetTextDatum(training_type_names[i]);
	maker->call_families = PointerGetDatum(call_families);
	maker->no_families = PointerGetDatum(construct_empty_array(TEXTOID));
	return maker;
}

/* <prefix><target>[_<symbol>], as append_job_id() has it */
static Datum
job_id_datum(JobTupleMaker *maker, const Job *job)
{
	resetStringInfo(&maker->job_id);
	append_job_id(&maker->job_id, job->rule, job->decision.target, job->decision.symbol);
	return slice_to_text(slice_from_buffer(&maker->job_id));
}

static Datum
families_datum(const JobTupleMaker *maker, const Job *job)
{
	Slice		own = job->decision.families;
	void	   *aligned;

	if (job->rule->training_type == TRAINING_BLOCKED)
		return maker->no_families;
	if (slice_is_null(own))
		return maker->call_families;

	aligned = palloc(own.len);
	memcpy(aligned, own.data, own.len);
	return PointerGetDatum(aligned);
}

static void
push_key(JsonbParseState **state, const char *key)
{
	JsonbValue	value;

	value.type = jbvString;
	value.val.string.val = unconstify(char *, key);
	value.val.string.len = strlen(key);
	pushJsonbValue(state, WJB_KEY, &value);
}

static void
push_string(JsonbParseState **state, const char *key, Slice string)
{
	JsonbValue	value;

	push_key(state, key);
	value.type = jbvString;
	value.val.string.val = unconstify(char *, string.data);
	value.val.string.len = string.len;
	pushJsonbValue(state, WJB_VALUE, &value);
}

#define NEEDS_POOLED	"needs_cs_ensemble"

static Jsonb *
make_metadata(const Job *job)
{
	const Decision *decision = &job->decision;
	JsonbParseState *state = NULL;
	JsonbValue	value;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_string(&state, "cs_state", decision->cs_state);
	switch (job->rule->training_type)
	{
		case TRAINING_CROSS_SECTIONAL:
			push_key(&state, "sample_size");
			value.type = jbvNull;
			if (decision->has_sample_size)
			{
				value.type = jbvNumeric;
				value.val.numeric = int64_to_numeric(decision->sample_size);
			}
			pushJsonbValue(&state, WJB_VALUE, &value);
			break;
		case TRAINING_SYMBOL_SPECIFIC:
			push_string(&state, "local_state", decision->local_state);
			push_key(&state, NEEDS_POOLED);
			value.type = jbvBool;
			value.val.boolean = job->rule->needs_cs_ensemble;
			pushJsonbValue(&state, WJB_VALUE, &value);
			break;
		case TRAINING_BLOCKED:
			push_string(&state, "local_state", decision->local_state);
			break;
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

static Slice
copy_slice(Slice slice)
{
	Slice		copy = {memcpy(palloc(slice.len), slice.data, slice.len), slice.len};

	return copy;
}

/* Metadata of a symbol's job, from those that are kept if possible. */
static Jsonb *
symbol_metadata(JobTupleMaker *maker, const Job *job)
{
	Slice		cs_state = job->decision.cs_state;
	Slice		local_state = job->decision.local_state;
	MemoryContext caller;
	KeptMetadata *kept;
	Jsonb	   *metadata;
	uint32		hash;

	hash = hash_combine(hash_bytes((const unsigned char *) cs_state.data, cs_state.len),
						hash_bytes((const unsigned char *) local_state.data, local_state.len));
	kept = &maker->metadata[(hash + job->rule->priority) % METADATA_KEPT];
	if (kept->rule == job->rule &&
		slice_equal(kept->cs_state, cs_state) && slice_equal(kept->local_state, local_state))
		return kept->metadata;

	metadata = make_metadata(job);
	if (kept->rule == NULL)
	{
		caller = MemoryContextSwitchTo(maker->context);
		kept->cs_state = copy_slice(cs_state);
		kept->local_state = copy_slice(local_state);
		kept->metadata = memcpy(palloc(VARSIZE(metadata)), metadata, VARSIZE(metadata));
		kept->rule = job->rule;
		MemoryContextSwitchTo(caller);
	}
	return metadata;
}

/* Fill in the JOB_COLUMNS values of a job. */
void
job_tuple_make(JobTupleMaker *maker, const Job *job, Datum *values, bool *nulls)
{
	const Decision *decision = &job->decision;
	Slice		reason = job_reason(job);
	bool		is_target = slice_is_null(decision->symbol);

	memset(nulls, false, JOB_COLUMNS * sizeof(bool));
	values[JOB_ID] = job_id_datum(maker, job);
	values[JOB_TARGET] = slice_to_text(decision->target);
	nulls[JOB_SYMBOL] = is_target;
	values[JOB_SYMBOL] = is_target ? (Datum) 0 : slice_to_text(decision->symbol);
	values[JOB_ROUTE] = maker->routes[decision->route];
	values[JOB_TRAINING_TYPE] = maker->training_types[job->rule->training_type];
	values[JOB_MODEL_FAMILIES] = families_datum(maker, job);
	values[JOB_PRIORITY] = Int32GetDatum(job->rule->priority);
	nulls[JOB_ESTIMATED_SAMPLES] = !decision->has_sample_size;
	values[JOB_ESTIMATED_SAMPLES] = Int64GetDatum(decision->sample_size);
	nulls[JOB_REASON] = slice_is_null(reason);
	values[JOB_REASON] = slice_is_null(reason) ? (Datum) 0 : slice_to_text(reason);
	values[JOB_METADATA] = PointerGetDatum(is_target ? make_metadata(job) :
										   symbol_metadata(maker, job));
}

/* Is a job that of a target as a whole, by its columns? */
bool
job_is_pooled(bool symbol_is_null, Datum training_type)
{
	return symbol_is_null &&
		slice_equal(slice_from_text(DatumGetTextPP(training_type)),
					slice_from_string(training_type_names[TRAINING_CROSS_SECTIONAL]));
}

/* Does a job of a symbol need the pooled model of its target, as its metadata say? */
bool
job_needs_pooled(Datum metadata)
{
	Jsonb	   *object = DatumGetJsonbP(metadata);
	JsonbValue	found;
	bool		needs = false;

	if (JB_ROOT_IS_OBJECT(object) &&
		getKeyJsonValueFromContainer(&object->root, NEEDS_POOLED, strlen(NEEDS_POOLED), &found) != NULL)
		needs = found.type == jbvBool && found.val.boolean;
	if ((Pointer) object != DatumGetPointer(metadata))
		pfree(object);
	return needs;
}
