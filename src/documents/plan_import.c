/*
 * plan_import.c
 *		Reads a training plan: a document in, jobs out.
 *
 * The document is one that plan_document.c made, or the program that made such
 * documents before.  A job is taken as it stands there; what is checked is that
 * it is one: its members' types, words of the vocabulary, that the pooled job of
 * a target and it alone has no symbol, that a blocked job and it alone has no
 * families, that no two have the same job_id or are for the same target and
 * symbol.  What the document says of its jobs' numbers must be true.
 */
#include "postgres.h"

#include <limits.h>

#include "miscadmin.h"

#include "documents/job_counts.h"
#include "documents/plan_document.h"
#include "documents/plan_import.h"
#include "formats/document_reader.h"
#include "formats/key_set.h"
#include "planning/decision.h"
#include "planning/vocabulary.h"

static const char *const document_keys[] = {"metadata", "jobs", "summary"};
static const char *const metadata_keys[] = {
	"generated_at", "run_id", "git_commit", "config_hash", "routing_plan_path",
	"metrics_snapshot", "total_jobs", "model_families"
};
static const char *const job_keys[] = {
	"job_id", "target", "symbol", "route", "training_type", "model_families",
	"priority", "estimated_samples", "reason", "metadata",
	/* where a job of a run is, which has one place when it is imported */
	"server", "plan_id"
};

/* What the names of all jobs may take of work_mem: one divided by this. */
#define NAMES_SHARE	8

typedef struct PlanReader
{
	ImportedJobCallback callback;
	void	   *callback_arg;
	JobCounts  *counts;
	bool		has_blocked;
	IgnoredKeys ignored;
	KeySet	   *job_ids;
	KeySet	   *pairs;			/* targets and symbols, as append_pair() has them */
	StringInfoData pair;		/* work space */
} PlanReader;

static void
report_invalid(const DocumentNode *node, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s %s in %s", node_path(node), problem, node_document(node))));
}

/* A string that is not empty. */
static Slice
name_member(const DocumentNode *job, const char *key)
{
	DocumentNode member = node_member(job, key);
	Slice		name = node_string(&member);

	if (name.len == 0)
		report_invalid(&member, "is empty");
	return name;
}

/* A string that is one of some words; *word is its number. */
static Slice
word_member(const DocumentNode *job, const char *key, const char *const *words, int count, int *word)
{
	DocumentNode member = node_member(job, key);
	Slice		string = node_string(&member);
	StringInfoData valid;

	for (*word = 0; *word < count; (*word)++)
	{
		if (slice_equal(string, slice_from_string(words[*word])))
			return string;
	}
	initStringInfo(&valid);
	for (int i = 0; i < count; i++)
		appendStringInfo(&valid, "%s%s", i > 0 ? ", " : "", words[i]);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown %s \"%s\" at %s in %s", key, slice_to_string(string),
					node_path(&member), node_document(&member)),
			 errhint("Valid ones are %s.", valid.data)));
}

/* A list of strings that are not empty. */
static JsonValue *
families_member(const DocumentNode *parent)
{
	DocumentNode families = node_member(parent, "model_families");
	int64		count;

	node_expect_list(&families);
	count = json_object_array_length(families.value);
	for (int64 i = 0; i < count; i++)
	{
		DocumentNode family = node_element(&families, i);

		CHECK_FOR_INTERRUPTS();
		if (node_string(&family).len == 0)
			report_invalid(&family, "is empty");
	}
	return families.value;
}

/* What numeric holds: digits before the point, and behind it. */
#define MOST_WHOLE_DIGITS	131072
#define MOST_DECIMALS		16383

/* Is a number, as JSON has it, one that numeric can hold? */
static bool
fits_numeric(const char *number)
{
	const char *digits = number + (number[0] == '-');
	size_t		whole = strspn(digits, "0123456789");
	bool		has_point = digits[whole] == '.';
	size_t		decimals = has_point ? strspn(digits + whole + 1, "0123456789") : 0;
	const char *behind = digits + whole + has_point + decimals;
	long		exponent = behind[0] == '\0' ? 0 : strtol(behind + 1, NULL, 10);
	size_t		zeros = strspn(digits, "0.");
	int64		first = (int64) whole - (int64) zeros;

	if (exponent >= INT_MAX / 2 || exponent <= -(INT_MAX / 2))
		return false;
	if ((int64) decimals - exponent > MOST_DECIMALS)
		return false;
	/* how many digits before the point there are from the first on that is not zero */
	if (zeros > whole)
		first++;
	return digits + zeros == behind || first + exponent <= MOST_WHOLE_DIGITS;
}

/* jsonb has its numbers as numeric has them: one that does not fit is an error. */
static void
check_numbers(const DocumentNode *node)
{
	StringInfoData number;

	CHECK_FOR_INTERRUPTS();
	switch (json_object_get_type(node->value))
	{
		case json_type_double:
			initStringInfo(&number);
			append_json_number(&number, node->value);
			if (!fits_numeric(number.data))
				ereport(ERROR,
						(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						 errmsg("%s is out of range in %s", node_path(node), node_document(node))));
			break;
		case json_type_object:
			json_foreach_member(entry, node->value)
			{
				DocumentNode member = node_member(node, lh_entry_k(entry));

				check_numbers(&member);
			}
			break;
		case json_type_array:
			for (size_t i = 0; i < json_object_array_length(node->value); i++)
			{
				DocumentNode element = node_element(node, i);

				check_numbers(&element);
			}
			break;
		default:
			break;
	}
}

static int32
read_priority(const DocumentNode *job)
{
	DocumentNode member = node_member(job, "priority");
	int64		priority;

	if (!node_integer_or_null(&member, &priority))
		report_bad_node(&member, "an integer");
	if (priority < PG_INT32_MIN || priority > PG_INT32_MAX)
		report_invalid(&member, "is out of range");
	return (int32) priority;
}

/* The path to another job, of which the index is known. */
static const char *
job_path(const DocumentNode *jobs, uint64 index)
{
	DocumentNode job = {.parent = jobs, .index = index};

	return node_path(&job);
}

static void
report_same_job_id(const DocumentNode *jobs, uint64 first, uint64 second, Slice job_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNIQUE_VIOLATION),
			 errmsg("%s.job_id is \"%s\", as %s.job_id is, in %s", job_path(jobs, second),
					slice_to_string(job_id), job_path(jobs, first), node_document(jobs))));
}

/* A target and its symbol, or none, in one: the target's length, a colon, the target; a colon, the symbol. */
static void
append_pair(StringInfo pair, Slice target, Slice symbol)
{
	resetStringInfo(pair);
	appendStringInfo(pair, "%u:", target.len);
	append_slice(pair, target);
	if (!slice_is_null(symbol))
		appendStringInfoCharMacro(pair, ':');
	append_slice(pair, symbol);
}

static void
report_same_pair(const DocumentNode *jobs, uint64 first, uint64 second, Slice pair)
{
	Slice		target;
	Slice		symbol = NULL_SLICE;
	char	   *end;

	target.len = strtoul(slice_to_string(pair), &end, 10);
	target.data = end + 1;
	if (target.data[target.len] == ':')
		symbol = slice_from_string(target.data + target.len + 1);
	ereport(ERROR,
			(errcode(ERRCODE_UNIQUE_VIOLATION),
			 errmsg("%s is for %s, as %s is, in %s", job_path(jobs, second),
					decision_name(target, symbol), job_path(jobs, first), node_document(jobs))));
}

/* An error if a job's names are known to be those of another one. */
static void
check_not_repeated(PlanReader *reader, const DocumentNode *node, const ImportedJob *job)
{
	uint64		first;

	append_pair(&reader->pair, job->target, job->symbol);
	if (!key_set_add(reader->job_ids, job->job_id, node->index, &first))
		report_same_job_id(node->parent, first, node->index, job->job_id);
	if (!key_set_add(reader->pairs, slice_from_buffer(&reader->pair), node->index, &first))
		report_same_pair(node->parent, first, node->index, slice_from_buffer(&reader->pair));
}

/* The same, when all jobs have been read. */
static void
check_none_repeated(PlanReader *reader, const DocumentNode *jobs)
{
	Slice		name;
	uint64		first;
	uint64		second;

	if (key_set_repeated(reader->job_ids, &name, &first, &second))
		report_same_job_id(jobs, first, second, name);
	if (key_set_repeated(reader->pairs, &name, &first, &second))
		report_same_pair(jobs, first, second, name);
	key_set_free(reader->job_ids);
	key_set_free(reader->pairs);
}

static void
read_job(void *arg, const DocumentNode *node)
{
	PlanReader *reader = arg;
	DocumentNode symbol;
	DocumentNode samples;
	DocumentNode reason;
	DocumentNode metadata;
	ImportedJob job;
	int			type;
	int			route;
	bool		has_families;

	/* a member: jobs is a mapping */
	if (node->key != NULL)
		node_expect_list(node->parent);
	node_expect_mapping(node);
	note_other_keys(&reader->ignored, node, job_keys, lengthof(job_keys));

	symbol = node_member(node, "symbol");
	samples = node_member(node, "estimated_samples");
	reason = node_member(node, "reason");
	metadata = node_member(node, "metadata");

	job.job_id = name_member(node, "job_id");
	job.target = name_member(node, "target");
	job.route = word_member(node, "route", route_names, ROUTE_BLOCKED + 1, &route);
	job.training_type = word_member(node, "training_type", training_type_names,
									TRAINING_BLOCKED + 1, &type);
	job.symbol = symbol.value == NULL ? NULL_SLICE : name_member(node, "symbol");
	if (slice_is_null(job.symbol) != (type == TRAINING_CROSS_SECTIONAL))
		report_invalid(&symbol, slice_is_null(job.symbol) ?
					   "is null, as only a cross-sectional job's is," :
					   "is not null, as a cross-sectional job's is,");

	job.families = families_member(node);
	has_families = json_object_array_length(job.families) > 0;
	if (has_families == (type == TRAINING_BLOCKED))
		report_invalid(node, has_families ? "is blocked and has model_families" :
					   "is not blocked and has no model_families");

	job.priority = read_priority(node);
	job.has_samples = node_integer_or_null(&samples, &job.estimated_samples);
	if (job.estimated_samples < 0)
		report_invalid(&samples, "is negative");
	job.reason = node_string_or_null(&reason);
	node_expect_mapping(&metadata);
	check_numbers(&metadata);
	job.metadata = metadata.value;

	check_not_repeated(reader, node, &job);
	job_counts_add(reader->counts, job.route, job.training_type, job.priority);
	reader->has_blocked |= type == TRAINING_BLOCKED;
	reader->callback(reader->callback_arg, &job);
}

/* A member's string, in the current memory context, or NULL. */
static const char *
string_or_null(const DocumentNode *metadata, const char *key)
{
	DocumentNode member = node_member(metadata, key);
	Slice		string = node_string_or_null(&member);

	return slice_is_null(string) ? NULL : slice_to_string(string);
}

/* The same; what is not known is NULL. */
static const char *
version_or_null(const DocumentNode *metadata, const char *key)
{
	const char *version = string_or_null(metadata, key);

	return version != NULL && strcmp(version, UNKNOWN_VERSION) == 0 ? NULL : version;
}

static void
read_metadata(PlanReader *reader, const DocumentNode *metadata, ImportedFacts *facts)
{
	DocumentNode routing = node_member(metadata, "routing_plan_path");
	DocumentNode total = node_member(metadata, "total_jobs");
	int64		total_jobs;

	node_expect_mapping(metadata);
	note_other_keys(&reader->ignored, metadata, metadata_keys, lengthof(metadata_keys));

	facts->run_id = string_or_null(metadata, "run_id");
	facts->generated_at = string_or_null(metadata, "generated_at");
	facts->routing = slice_to_string(node_string(&routing));
	facts->families = families_member(metadata);
	facts->git_commit = version_or_null(metadata, "git_commit");
	facts->config_hash = version_or_null(metadata, "config_hash");
	facts->metrics_snapshot = string_or_null(metadata, "metrics_snapshot");
	facts->total_jobs = job_counts_total(reader->counts);
	facts->has_blocked = reader->has_blocked;

	if (node_integer_or_null(&total, &total_jobs) && total_jobs != facts->total_jobs)
		report_invalid(&total, psprintf("is " INT64_FORMAT ", but there are " INT64_FORMAT " jobs",
										total_jobs, facts->total_jobs));
}

/* What the document counts must be what there is. */
static void
check_summary(PlanReader *reader, const DocumentNode *summary)
{
	DocumentNode counted = document_root("the jobs", job_counts_summary(reader->counts));

	if (summary->value == NULL)
		return;
	node_expect_mapping(summary);
	json_foreach_member(member, summary->value)
	{
		DocumentNode said = node_member(summary, lh_entry_k(member));
		DocumentNode is = node_member(&counted, lh_entry_k(member));

		if (is.is_missing)
			note_other_key(&reader->ignored, &said);
		else if (!json_object_equal(said.value, is.value))
			report_invalid(&said, "is not what the jobs are");
	}
}

/*
 * Read a training plan in JSON or YAML, in the server's encoding; name is what
 * messages call it.  The jobs come as they stand there; facts are in the current
 * memory context.
 *
 * Errors: those of read_document(); whatever does not make a job or a plan, with
 * the path to it (null_value_not_allowed, invalid_parameter_value); two jobs with
 * the same job_id, or target and symbol, with the paths to both (unique_violation).
 */
void
plan_import_read(Slice text, const char *name, ImportedFacts *facts,
				 ImportedJobCallback callback, void *arg)
{
	static const StreamedPart parts[] = {{"jobs", read_job}};
	const Size	names_memory = (Size) work_mem * 1024 / NAMES_SHARE;
	PlanReader	reader = {callback, arg, job_counts_create(), false, {CurrentMemoryContext}};
	DocumentNode root;
	DocumentNode jobs;
	DocumentNode metadata;
	DocumentNode summary;

	reader.job_ids = key_set_create(names_memory);
	reader.pairs = key_set_create(names_memory);
	initStringInfo(&reader.pair);

	root = document_root(name, read_document(text, name, parts, lengthof(parts), &reader));
	jobs = node_member(&root, "jobs");
	metadata = node_member(&root, "metadata");
	summary = node_member(&root, "summary");

	node_expect_part(&root, "jobs", "targets", "routing_decisions() reads a routing plan, which has targets.");
	node_expect_list(&jobs);
	check_none_repeated(&reader, &jobs);
	read_metadata(&reader, &metadata, facts);
	check_summary(&reader, &summary);
	note_other_keys(&reader.ignored, &root, document_keys, lengthof(document_keys));
	warn_of_ignored_keys(&reader.ignored, name);
}
