/*
 * job_counts.c
 *		The jobs of a plan, counted: the summary of its document.
 *
 * A job is counted once, by all that the summary counts it by together; there
 * are few combinations.  What is more than these is added to the summary at once.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "documents/job_counts.h"
#include "planning/vocabulary.h"

#define COMBINATIONS	16

typedef struct Combination
{
	Slice		route;
	Slice		training_type;
	int			priority;
	int64		jobs;
} Combination;

struct JobCounts
{
	MemoryContext context;
	int64		total;
	Combination combinations[COMBINATIONS];
	int			count;			/* of the combinations that are used */

	/* those that are not in a combination */
	JsonValue  *by_route;
	JsonValue  *by_type;
	JsonValue  *by_priority;
};

/* In the current memory context. */
JobCounts *
job_counts_create(void)
{
	JobCounts  *counts = palloc0(sizeof(JobCounts));

	counts->context = CurrentMemoryContext;
	counts->by_route = json_own(json_object_new_object());
	counts->by_type = json_own(json_object_new_object());
	counts->by_priority = json_own(json_object_new_object());
	return counts;
}

static void
add_jobs(JsonValue *by, const char *key, int64 jobs)
{
	JsonValue  *count = json_object_object_get(by, key);

	if (count == NULL)
		json_set(by, key, json_made(json_object_new_int64(jobs)));
	else
		json_object_set_int64(count, json_object_get_int64(count) + jobs);
}

static void
add_combination(JobCounts *counts, const Combination *combination)
{
	char		priority[12];

	pg_ltoa(combination->priority, priority);
	add_jobs(counts->by_route, slice_to_string(combination->route), combination->jobs);
	add_jobs(counts->by_type, slice_to_string(combination->training_type), combination->jobs);
	add_jobs(counts->by_priority, priority, combination->jobs);
}

/* Count a job. */
void
job_counts_add(JobCounts *counts, Slice route, Slice training_type, int priority)
{
	Combination combination = {route, training_type, priority, 1};
	MemoryContext caller;

	counts->total++;
	for (int i = 0; i < counts->count; i++)
	{
		Combination *known = &counts->combinations[i];

		if (known->priority == priority && slice_equal(known->route, route) &&
			slice_equal(known->training_type, training_type))
		{
			known->jobs++;
			return;
		}
	}

	if (counts->count == COMBINATIONS)
	{
		add_combination(counts, &combination);
		return;
	}
	caller = MemoryContextSwitchTo(counts->context);
	combination.route.data = slice_to_string(route);
	combination.training_type.data = slice_to_string(training_type);
	MemoryContextSwitchTo(caller);
	counts->combinations[counts->count++] = combination;
}

int64
job_counts_total(const JobCounts *counts)
{
	return counts->total;
}

static int
compare_words(const void *a, const void *b)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Highest first. */
static int
compare_priorities(const void *a, const void *b)
{
	int			left = atoi(*(const char *const *) a);
	int			right = atoi(*(const char *const *) b);

	return (left < right) - (left > right);
}

/* Make counts a member of the summary, in the order of their keys. */
static void
set_sorted(JsonValue *summary, const char *name, JsonValue *by,
		   int (*compare) (const void *, const void *))
{
	int			size = json_object_object_length(by);
	const char **keys = palloc(Max(size, 1) * sizeof(char *));
	JsonValue  *sorted = json_made(json_object_new_object());
	int			filled = 0;

	json_set(summary, name, sorted);
	json_foreach_member(member, by)
		keys[filled++] = lh_entry_k(member);
	qsort(keys, size, sizeof(char *), compare);
	for (int i = 0; i < size; i++)
		json_set(sorted, keys[i], json_object_get(json_object_object_get(by, keys[i])));
	pfree(keys);
}

static void
set_total(JsonValue *summary, const char *name, const JobCounts *counts, TrainingType type)
{
	JsonValue  *count = json_object_object_get(counts->by_type, training_type_names[type]);

	json_set(summary, name, json_made(json_object_new_int64(json_object_get_int64(count))));
}

/* by_route, by_type, by_priority and the totals, in the current memory context. */
JsonValue *
job_counts_summary(JobCounts *counts)
{
	JsonValue  *summary = json_own(json_object_new_object());

	for (int i = 0; i < counts->count; i++)
		add_combination(counts, &counts->combinations[i]);
	counts->count = 0;

	set_sorted(summary, "by_route", counts->by_route, compare_words);
	set_sorted(summary, "by_type", counts->by_type, compare_words);
	set_sorted(summary, "by_priority", counts->by_priority, compare_priorities);
	set_total(summary, "total_cs_jobs", counts, TRAINING_CROSS_SECTIONAL);
	set_total(summary, "total_symbol_jobs", counts, TRAINING_SYMBOL_SPECIFIC);
	set_total(summary, "total_blocked", counts, TRAINING_BLOCKED);
	return summary;
}
