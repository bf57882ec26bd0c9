/*
 * reuse_training_results.c
 *		SQL function reuse_training_results(): the jobs of a plan that need not be
 *		trained again have what they were trained to before.
 *
 * Nobody is waited for: a job whose place somebody else has just now may be being
 * claimed, and is left to be trained.  So it does not matter in which order they are
 * looked at.  In a plan with pooled_first, the pooled model of a target comes behind its
 * symbols' jobs, as they do in the index; those of them that are not fresh are let go by
 * it.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/arguments.h"
#include "execution/execution_call.h"
#include "execution/job_freshness.h"
#include "execution/pooled_first.h"

PG_FUNCTION_INFO_V1(reuse_training_results);

/* Arguments, as the SQL declaration has them. */
#define ARG_PLAN_ID		0
#define ARG_RULES		1

/* Was a job never claimed, and is it not to be? */
static bool
is_untouched(const QueuePlace *place)
{
	return (place->state == JOB_PENDING || place->state == JOB_WAITING) && place->attempt.number == 0;
}

/* Have the job at hand reuse its last success; false: it is not to, or not now. */
static bool
reuse(JobQueue *queue, PlaceWalk *walk, const FreshnessReader *reader)
{
	const LastSuccess *last = &reader->last;
	Reused		reused = {.is_known = true, .plan_id = last->plan_id, .attempt = last->attempt};
	QueuePlace	place;
	QueuePlace	changed;

	if (!place_walk_find(queue, walk, reader->job_id, &place) || !is_untouched(&place))
		return false;
	if (!slice_equal(slice_from_text(DatumGetTextPP(last->job_id)), slice_from_text(DatumGetTextPP(reader->job_id))))
		reused.job_id = last->job_id;
	changed = place;
	queue_place_reuse(&changed, &reused, queue->now);
	if (!place.awaited && queue_place_try_write(queue, &changed))
		return true;
	/* the transaction may have locked it itself; what waits for the job follows, or it is trained */
	if (!queue_place_try_lock(queue, &place) ||
		(place.awaited && !pooled_first_try_settle(queue, &place, JOB_REUSED)))
		return false;
	queue_place_write(queue, &changed);
	return true;
}

/*
 * reuse_training_results(plan_id bigint, max_age interval, max_growth double precision,
 *						  same_commit boolean)
 *
 * Returns how many jobs are reused from now on.
 */
Datum
reuse_training_results(PG_FUNCTION_ARGS)
{
	FreshnessRules rules;
	FreshnessReader reader;
	PlaceWalk	walk;
	StoredPlan	plan;
	JobQueue	queue;
	int64		reused = 0;

	require_argument(fcinfo, ARG_PLAN_ID, "plan_id");
	freshness_arguments(fcinfo, ARG_RULES, &rules);
	job_queue_open(&queue, get_func_namespace(fcinfo->flinfo->fn_oid), "reuse_training_results()");
	(void) plan_argument(fcinfo, ARG_PLAN_ID, &queue, &plan);
	freshness_reader_open(&reader, queue.schema, queue.snapshot, plan.plan_id, &rules);
	place_walk_begin(&queue, &walk, plan.plan_id);
	while (freshness_reader_next(&reader))
	{
		if (reader.freshness == TRAINED_AND_FRESH)
			reused += reuse(&queue, &walk, &reader);
	}
	place_walk_end(&walk);
	freshness_reader_close(&reader);
	job_queue_close(&queue);
	PG_RETURN_INT64(reused);
}
