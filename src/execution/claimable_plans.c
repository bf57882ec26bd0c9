/*
 * claimable_plans.c
 *		Which plans a claim from any plan takes its jobs from.
 *
 * The plans that have something to claim are those that the queue's index has entries
 * of.  Those of the highest priority come first, and those of one priority in turn:
 * each session goes round them, from a place where it happens to begin.
 */
#include "postgres.h"

#include "access/genam.h"
#include "common/pg_prng.h"
#include "miscadmin.h"

#include "execution/claimable_plans.h"
#include "execution/job_lanes.h"

typedef struct ClaimablePlans
{
	StoredPlan *plans;
	int			count;
	int			allocated;
} ClaimablePlans;

/* Where the session is on its round: behind this plan. */
static struct
{
	bool		is_begun;
	int64		plan_id;
}			last;

/* The plans that may have something to claim, but not paused ones and those that the caller can't see. */
static void
find_plans(JobQueue *queue, ClaimablePlans *found)
{
	IndexScanDesc scan = begin_claimable_plans(queue);
	int64		plan_id = PG_INT64_MIN;
	bool		is_one;

	while (plan_id = next_claimable_plan(queue, scan, plan_id, &is_one), is_one)
	{
		StoredPlan	plan;

		if (!find_plan(queue->schema, queue->snapshot, plan_id, &plan) || plan.paused)
			continue;
		if (found->count == found->allocated)
		{
			found->allocated = Max(2 * found->allocated, 16);
			found->plans = found->plans == NULL ? palloc(found->allocated * sizeof(StoredPlan)) :
				repalloc_huge(found->plans, found->allocated * sizeof(StoredPlan));
		}
		found->plans[found->count++] = plan;
	}
	index_endscan(scan);
}

/* Is a plan's turn in this round over? */
static bool
has_had_turn(const StoredPlan *plan)
{
	return plan->plan_id <= last.plan_id;
}

/* Highest priority first, then those whose turn has not been, then by number. */
static int
compare_plans(const StoredPlan *left, const StoredPlan *right)
{
	if (left->priority != right->priority)
		return left->priority > right->priority ? -1 : 1;
	if (has_had_turn(left) != has_had_turn(right))
		return has_had_turn(left) ? 1 : -1;
	return (left->plan_id > right->plan_id) - (left->plan_id < right->plan_id);
}

#define ST_SORT sort_claimable
#define ST_ELEMENT_TYPE StoredPlan
#define ST_COMPARE(a, b) compare_plans(a, b)
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* Claim jobs from any plan until the claim has enough, or there are no more. */
void
claim_from_any_plan(JobQueue *queue, JobClaim *claim)
{
	ClaimablePlans found = {0};

	find_plans(queue, &found);
	if (!last.is_begun && found.count > 0)
	{
		last.plan_id = found.plans[pg_prng_uint64_range(&pg_global_prng_state, 0, found.count - 1)].plan_id;
		last.is_begun = true;
	}
	sort_claimable(found.plans, found.count);
	for (int i = 0; i < found.count && claim->wanted > 0; i++)
	{
		int			wanted = claim->wanted;

		claim_jobs(queue, claim, &found.plans[i]);
		if (claim->wanted < wanted)
			last.plan_id = found.plans[i].plan_id;
	}
}
