/*
 * candidate_relation.c
 *		Reads a candidates relation: rows in, candidates out.
 *
 * This is where a row is checked, and the only place that knows the candidates
 * relation's columns; what its metrics mean is not its business.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"

#include "planning/decision.h"
#include "planning/pair_row.h"
#include "routing/candidate_relation.h"

typedef enum CandidateColumn
{
	CANDIDATE_TARGET,
	CANDIDATE_SYMBOL,
	CANDIDATE_SCORE,
	CANDIDATE_SAMPLE_SIZE,
	CANDIDATE_STABILITY,
	CANDIDATE_LEAKAGE_STATUS,
	CANDIDATE_TASK_TYPE,
	CANDIDATE_MEAN_OVERLAP,
	CANDIDATE_STD_OVERLAP,
	CANDIDATE_MEAN_TAU,
	CANDIDATE_STD_TAU
} CandidateColumn;

static const ColumnSpec candidate_columns[] = {
	[CANDIDATE_TARGET] = {"target", COLUMN_TEXT, true},
	[CANDIDATE_SYMBOL] = {"symbol", COLUMN_TEXT, true},
	[CANDIDATE_SCORE] = {"score", COLUMN_NUMBER, true, "route",
		"A relation with a route is a routing relation; create_training_plan() plans those."},
	[CANDIDATE_SAMPLE_SIZE] = {"sample_size", COLUMN_COUNT, true},
	[CANDIDATE_STABILITY] = {"stability", COLUMN_TEXT, false},
	[CANDIDATE_LEAKAGE_STATUS] = {"leakage_status", COLUMN_TEXT, false},
	[CANDIDATE_TASK_TYPE] = {"task_type", COLUMN_TEXT, false},
	[CANDIDATE_MEAN_OVERLAP] = {"mean_overlap", COLUMN_NUMBER, false},
	[CANDIDATE_STD_OVERLAP] = {"std_overlap", COLUMN_NUMBER, false},
	[CANDIDATE_MEAN_TAU] = {"mean_tau", COLUMN_NUMBER, false},
	[CANDIDATE_STD_TAU] = {"std_tau", COLUMN_NUMBER, false}
};

struct CandidateRelation
{
	RelationReader *reader;
	bool		has_integer_sizes;	/* else doubles */
	Slice		only_target;	/* NULL: all targets */
	CandidateCallback callback;
	void	   *callback_arg;
};

/*
 * Look a candidates relation up, in the current memory context.  The errors are
 * those of relation_reader_open().
 */
CandidateRelation *
candidate_relation_open(Oid relid)
{
	CandidateRelation *candidates = palloc0(sizeof(CandidateRelation));

	candidates->reader = relation_reader_open(relid, "candidates relation",
											  candidate_columns, lengthof(candidate_columns));
	candidates->has_integer_sizes =
		relation_reader_column_type(candidates->reader, CANDIDATE_SAMPLE_SIZE) == INT8OID;
	return candidates;
}

Oid
candidate_relation_oid(const CandidateRelation *candidates)
{
	return relation_reader_relation(candidates->reader);
}

/* The relation's name as SQL needs it, schema and all; lives as long as the candidates relation. */
const char *
candidate_relation_name(const CandidateRelation *candidates)
{
	return relation_reader_qualified_name(candidates->reader);
}

/* What messages call the relation, in the current memory context. */
const char *
candidate_relation_source(const CandidateRelation *candidates)
{
	return relation_reader_source(candidates->reader);
}

/* The meaning of a word; NULL is UNKNOWN, which is the last of all lists. */
static int
read_word(const CandidateRelation *candidates, const Datum *values, const bool *nulls,
		  CandidateColumn column, const WordList *words, const Candidate *candidate)
{
	Slice		word = row_text(values, nulls, column);
	int			meaning;

	if (slice_is_null(word))
		return words->count - 1;
	meaning = word_meaning(words, word);
	if (meaning < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown %s \"%s\" for %s in %s", candidate_columns[column].name,
						slice_to_string(word), decision_name(candidate->target, candidate->symbol),
						candidate_relation_source(candidates)),
				 errhint("Valid values are %s.", valid_words(words))));
	return meaning;
}

static double
read_number(const Datum *values, const bool *nulls, CandidateColumn column)
{
	return nulls[column] ? NAN : DatumGetFloat8(values[column]);
}

/* A fraction of a row is none: it never decides what a whole one does not. */
static void
read_sample_size(const CandidateRelation *candidates, const Datum *values, const bool *nulls,
				 Candidate *candidate)
{
	Metrics    *metrics = &candidate->metrics;
	double		size;
	bool		is_out_of_range;

	metrics->has_sample_size = !nulls[CANDIDATE_SAMPLE_SIZE];
	metrics->sample_size = 0;
	if (!metrics->has_sample_size)
		return;

	if (candidates->has_integer_sizes)
	{
		metrics->sample_size = DatumGetInt64(values[CANDIDATE_SAMPLE_SIZE]);
		size = metrics->sample_size;
		is_out_of_range = metrics->sample_size < 0;
	}
	else
	{
		size = DatumGetFloat8(values[CANDIDATE_SAMPLE_SIZE]);
		metrics->has_sample_size = !isnan(size);
		is_out_of_range = size < 0 || size >= (double) PG_INT64_MAX;
		if (metrics->has_sample_size && !is_out_of_range)
			metrics->sample_size = (int64) size;
	}
	if (is_out_of_range)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("sample_size %.15g is %s for %s in %s", size,
						size < 0 ? "negative" : "too large",
						decision_name(candidate->target, candidate->symbol),
						candidate_relation_source(candidates))));
}

static void
read_row(void *arg, const Datum *values, const bool *nulls)
{
	CandidateRelation *candidates = arg;
	Candidate	candidate;
	Slice		task_type;

	candidate.target = row_text(values, nulls, CANDIDATE_TARGET);
	candidate.symbol = row_text(values, nulls, CANDIDATE_SYMBOL);
	if (!slice_is_null(candidates->only_target) &&
		!slice_equal(candidate.target, candidates->only_target))
		return;
	check_row_names(candidate.target, candidate.symbol, "A target's pooled model",
					candidates->reader);

	candidate.metrics.score = read_number(values, nulls, CANDIDATE_SCORE);
	read_sample_size(candidates, values, nulls, &candidate);
	candidate.metrics.stability = read_word(candidates, values, nulls, CANDIDATE_STABILITY,
											&stabilities, &candidate);
	candidate.metrics.leakage = read_word(candidates, values, nulls, CANDIDATE_LEAKAGE_STATUS,
										  &leakages, &candidate);
	task_type = row_text(values, nulls, CANDIDATE_TASK_TYPE);
	candidate.metrics.is_classification = is_classification_task(task_type);
	candidate.stability_metrics.mean_overlap = read_number(values, nulls, CANDIDATE_MEAN_OVERLAP);
	candidate.stability_metrics.std_overlap = read_number(values, nulls, CANDIDATE_STD_OVERLAP);
	candidate.stability_metrics.mean_tau = read_number(values, nulls, CANDIDATE_MEAN_TAU);
	candidate.stability_metrics.std_tau = read_number(values, nulls, CANDIDATE_STD_TAU);

	candidates->callback(candidates->callback_arg, &candidate);
}

/*
 * Read all candidates, or those of one target if it is not NULL; then no others are
 * asked for.  read_only is that of relation_reader_run().
 *
 * Errors, each of which names relation, target and symbol: a target that is null
 * (null_value_not_allowed); a target or symbol that is empty, a stability or
 * leakage_status that is none, a sample_size that is negative or too large
 * (invalid_parameter_value).
 */
void
candidate_relation_read(CandidateRelation *candidates, Slice target, bool read_only,
						CandidateCallback callback, void *arg)
{
	candidates->only_target = target;
	candidates->callback = callback;
	candidates->callback_arg = arg;
	if (slice_is_null(target))
		relation_reader_run(candidates->reader, read_only, read_row, candidates);
	else
		relation_reader_run_for(candidates->reader, CANDIDATE_TARGET, target, read_only, read_row, candidates);
}
