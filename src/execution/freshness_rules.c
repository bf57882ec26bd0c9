/*
 * freshness_rules.c
 *		Need a job be trained again?  The rules, and how they are put into words.
 *
 * A job is compared with its own last success.  It is fresh if that was of the same
 * training type and for the same use, with all of its families, not too long ago, on
 * enough samples, and by the same code.  What is not known of samples or commit does not
 * count against it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/datetime.h"

#include "execution/freshness_rules.h"

/* Growths are numbers like 0.2, which no double is exactly: it is equal if it is this near. */
#define NEARLY_EQUAL	(1 + 1e-12)

/* The elements of an array of texts. */
typedef struct Texts
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;
} Texts;

static void
take_texts(ArrayType *array, Texts *texts)
{
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &texts->elements, &texts->nulls, &texts->count);
}

static void
free_texts(Texts *texts)
{
	pfree(texts->elements);
	pfree(texts->nulls);
}

static bool
has_text(const Texts *texts, Slice wanted)
{
	for (int i = 0; i < texts->count; i++)
	{
		if (!texts->nulls[i] && slice_equal(slice_from_text(DatumGetTextPP(texts->elements[i])), wanted))
			return true;
	}
	return false;
}

/*
 * The first family that is wanted and was not trained, which lives as long as the array;
 * SQL's NULL: there is none.  One that has no name was never trained.
 */
static Slice
missing_family(ArrayType *wanted, ArrayType *trained)
{
	Slice		missing = NULL_SLICE;
	Texts		wanted_texts;
	Texts		trained_texts = {0};

	if (trained != NULL && VARSIZE(wanted) == VARSIZE(trained) &&
		memcmp(wanted, trained, VARSIZE(wanted)) == 0 && !ARR_HASNULL(wanted))
		return missing;
	take_texts(wanted, &wanted_texts);
	if (trained != NULL)
		take_texts(trained, &trained_texts);
	for (int i = 0; i < wanted_texts.count && slice_is_null(missing); i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (wanted_texts.nulls[i])
			missing = slice_from_string("");
		else if (!has_text(&trained_texts, slice_from_text(DatumGetTextPP(wanted_texts.elements[i]))))
			missing = slice_from_text(DatumGetTextPP(wanted_texts.elements[i]));
	}
	free_texts(&wanted_texts);
	if (trained != NULL)
		free_texts(&trained_texts);
	return missing;
}

static bool
is_too_little(const FreshnessRules *rules, const TrainingInputs *wanted, const TrainingInputs *trained)
{
	return rules->has_max_growth && wanted->knows_samples && trained->knows_samples &&
		(double) trained->samples * (1 + rules->max_growth) * NEARLY_EQUAL < (double) wanted->samples;
}

/* Is a job as fresh as the rules want it?  trained is its last success; NULL: it has none. */
Freshness
training_freshness(const FreshnessRules *rules, const TrainingInputs *wanted, const TrainingInputs *trained,
				   TimestampTz trained_at)
{
	if (trained == NULL)
		return NEVER_TRAINED;
	if (!slice_equal(trained->training_type, wanted->training_type))
		return TRAINED_AS_OTHER_TYPE;
	if (trained->needs_pooled != wanted->needs_pooled)
		return TRAINED_FOR_OTHER_USE;
	if (!slice_is_null(missing_family(wanted->families, trained->families)))
		return TRAINED_WITHOUT_FAMILY;
	if (rules->max_age != NULL && trained_at < rules->oldest)
		return TRAINED_TOO_LONG_AGO;
	if (is_too_little(rules, wanted, trained))
		return TRAINED_ON_TOO_LITTLE;
	if (rules->same_commit && !slice_is_null(wanted->git_commit) && !slice_is_null(trained->git_commit) &&
		!slice_equal(wanted->git_commit, trained->git_commit))
		return TRAINED_BY_OTHER_COMMIT;
	return TRAINED_AND_FRESH;
}

/* ---- in words ----------------------------------------------------------------------- */

/* Append how long ago a time is, in the largest unit; and the next one, where it is to be exact. */
static void
append_age(StringInfo text, TimestampTz now, TimestampTz then, bool exact)
{
	static const struct
	{
		const char *name;
		int64		length;
	}			units[] = {
		{"day", USECS_PER_DAY}, {"hour", USECS_PER_HOUR}, {"minute", USECS_PER_MINUTE}, {"second", USECS_PER_SEC}
	};
	const int	last = lengthof(units) - 1;
	int64		age;
	int			unit = 0;

	if (then == DT_NOBEGIN)
	{
		appendStringInfoString(text, "at no known time");
		return;
	}
	age = then >= now ? 0 : now - then;
	while (unit < last && age < units[unit].length)
		unit++;
	for (int i = unit; i <= Min(unit + (exact ? 1 : 0), last); i++)
	{
		int64		number = age / units[i].length;

		if (i > unit && number == 0)
			break;
		appendStringInfo(text, "%lld %s%s ", (long long) number, units[i].name, number == 1 ? "" : "s");
		age -= number * units[i].length;
	}
	appendStringInfoString(text, "ago");
}

/* Append an interval in the one style that does not depend on settings. */
static void
append_interval(StringInfo text, const Interval *interval)
{
	struct pg_itm itm;
	char		buffer[MAXDATELEN + 1];

	interval2itm(*interval, &itm);
	EncodeInterval(&itm, INTSTYLE_POSTGRES, buffer);
	appendStringInfoString(text, buffer);
}

/* Append a word, or what stands for one that is missing. */
static void
append_word(StringInfo text, Slice word, const char *missing)
{
	append_slice(text, word.len > 0 ? word : slice_from_string(missing));
}

/* Append by how much samples have become more, so exactly that it is seen to be more than is allowed. */
static void
append_growth(StringInfo text, int64 before, int64 now, double max_growth)
{
	const int	most_decimals = 9;
	char	   *percent;

	appendStringInfo(text, "trained on %lld samples, now %lld", (long long) before, (long long) now);
	if (before <= 0)
		return;
	for (int decimals = 0; decimals <= most_decimals; decimals++)
	{
		percent = psprintf("%.*f", decimals, 100 * ((double) now - before) / before);
		if (strtod(percent, NULL) > 100 * max_growth * NEARLY_EQUAL)
			break;
	}
	appendStringInfo(text, ": %s %% more", percent);
}

/* Append why a job has to be trained, or why not. */
void
append_freshness(StringInfo text, Freshness freshness, const FreshnessRules *rules,
				 const TrainingInputs *wanted, const TrainingInputs *trained, TimestampTz trained_at,
				 int64 trained_plan_id)
{
	switch (freshness)
	{
		case NEVER_TRAINED:
			appendStringInfoString(text, "never trained");
			break;
		case TRAINED_AS_OTHER_TYPE:
			appendStringInfoString(text, "trained as ");
			append_word(text, trained->training_type, "something unknown");
			appendStringInfoString(text, ", now ");
			append_slice(text, wanted->training_type);
			break;
		case TRAINED_FOR_OTHER_USE:
			appendStringInfoString(text, trained->needs_pooled ?
								   "trained for use with the pooled model, now without" :
								   "trained for use without the pooled model, now with it");
			break;
		case TRAINED_WITHOUT_FAMILY:
			appendStringInfoString(text, "family ");
			append_word(text, missing_family(wanted->families, trained->families), "without a name");
			appendStringInfoString(text, " was not trained");
			break;
		case TRAINED_TOO_LONG_AGO:
			appendStringInfoString(text, "trained ");
			append_age(text, rules->now, trained_at, true);
			appendStringInfoString(text, ", more than ");
			append_interval(text, rules->max_age);
			break;
		case TRAINED_ON_TOO_LITTLE:
			append_growth(text, trained->samples, wanted->samples, rules->max_growth);
			break;
		case TRAINED_BY_OTHER_COMMIT:
			appendStringInfoString(text, "trained by commit ");
			append_slice(text, trained->git_commit);
			appendStringInfoString(text, ", now ");
			append_slice(text, wanted->git_commit);
			break;
		case TRAINED_AND_FRESH:
			appendStringInfoString(text, "trained ");
			append_age(text, rules->now, trained_at, false);
			appendStringInfo(text, " in plan %lld", (long long) trained_plan_id);
			break;
	}
}
