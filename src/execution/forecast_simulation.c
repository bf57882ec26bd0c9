/*
 * forecast_simulation.c
 *		Works a plan off in thought: jobs, workers and limits in; when each job
 *		begins and ends, out.  It knows no tables.
 *
 * The rules are those of job_claim.c.  A worker that is free takes the job of the
 * highest priority that can be claimed; of one priority, first what came back, by the
 * time from which it could be claimed, then what is fresh, in the plan's order.  What
 * waits for a pooled job comes back when that ends.  Jobs that a full limit is about are
 * passed over.
 *
 * Jobs that the same limits are about are a lane: in it, none is ever passed over for
 * another.  So only the first of each lane has to be looked at, however many there are.
 *
 * Time goes from one event to the next: a job ends, or one can be claimed again from
 * then on.  All that happens at one time has happened before a job is claimed at that
 * time.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "execution/forecast_simulation.h"

/* ---- orders ------------------------------------------------------------------------- */

/* What is the same in all that matters is told apart by something, always the same. */
static bool
tie_is_before(const ForecastJob *left, const ForecastJob *right)
{
	if (left->position != right->position)
		return left->position < right->position;
	if (left->kind != right->kind)
		return left->kind < right->kind;
	return left->tie < right->tie;
}

/* Is a job claimed before another, if both can be? */
static bool
is_claimed_before(const ForecastJob *left, const ForecastJob *right)
{
	if (left->priority != right->priority)
		return left->priority > right->priority;
	if (left->is_fresh != right->is_fresh)
		return right->is_fresh;
	if (!left->is_fresh && left->ready != right->ready)
		return left->ready < right->ready;
	return tie_is_before(left, right);
}

static bool
ends_before(const ForecastJob *left, const ForecastJob *right)
{
	return left->end < right->end;
}

static bool
is_ready_before(const ForecastJob *left, const ForecastJob *right)
{
	return left->ready < right->ready;
}

/* Of jobs that run, which was claimed before? */
static bool
began_before(const ForecastJob *left, const ForecastJob *right)
{
	if (left->ready != right->ready)
		return left->ready < right->ready;
	if (left->priority != right->priority)
		return left->priority > right->priority;
	return tie_is_before(left, right);
}

/* Of jobs that never begin: those that wait come last. */
static bool
would_come_before(const ForecastJob *left, const ForecastJob *right)
{
	if (left->state != right->state)
		return right->state == FORECAST_WAITING;
	return is_claimed_before(left, right);
}

typedef bool (*JobOrder) (const ForecastJob *left, const ForecastJob *right);

typedef struct SortedBy
{
	const ForecastJob *jobs;
	JobOrder	order;
} SortedBy;

static int
compare_jobs(uint32 left, uint32 right, const SortedBy *by)
{
	if (by->order(&by->jobs[left], &by->jobs[right]))
		return -1;
	return by->order(&by->jobs[right], &by->jobs[left]) ? 1 : 0;
}

#define ST_SORT sort_numbers
#define ST_ELEMENT_TYPE uint32
#define ST_COMPARE(a, b, by) compare_jobs(*(a), *(b), by)
#define ST_COMPARE_ARG_TYPE const SortedBy
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

static void
sort_jobs(const Forecast *forecast, uint32 *numbers, uint32 count, JobOrder order)
{
	SortedBy	by = {forecast->jobs, order};

	sort_numbers(numbers, count, &by);
}

/* ---- heaps -------------------------------------------------------------------------- */

/* Jobs, of which the first in some order is at hand. */
typedef struct JobHeap
{
	const ForecastJob *jobs;
	JobOrder	order;
	uint32	   *numbers;
	uint32		count;
	uint32		allocated;
} JobHeap;

static void
heap_init(JobHeap *heap, const Forecast *forecast, JobOrder order)
{
	memset(heap, 0, sizeof(JobHeap));
	heap->jobs = forecast->jobs;
	heap->order = order;
}

static void
heap_free(JobHeap *heap)
{
	if (heap->numbers != NULL)
		pfree(heap->numbers);
}

static bool
heap_is_before(const JobHeap *heap, uint32 left, uint32 right)
{
	return heap->order(&heap->jobs[left], &heap->jobs[right]);
}

static void
heap_put(JobHeap *heap, uint32 number)
{
	uint32		at = heap->count++;

	if (at == heap->allocated)
	{
		heap->allocated = Max(2 * heap->allocated, 64);
		heap->numbers = heap->numbers == NULL ? palloc(heap->allocated * sizeof(uint32)) :
			repalloc_huge(heap->numbers, heap->allocated * sizeof(uint32));
	}
	while (at > 0 && heap_is_before(heap, number, heap->numbers[(at - 1) / 2]))
	{
		heap->numbers[at] = heap->numbers[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap->numbers[at] = number;
}

static uint32
heap_take(JobHeap *heap)
{
	uint32		first = heap->numbers[0];
	uint32		last = heap->numbers[--heap->count];
	uint32		at = 0;

	for (;;)
	{
		uint32		child = 2 * at + 1;

		if (child >= heap->count)
			break;
		if (child + 1 < heap->count && heap_is_before(heap, heap->numbers[child + 1], heap->numbers[child]))
			child++;
		if (!heap_is_before(heap, heap->numbers[child], last))
			break;
		heap->numbers[at] = heap->numbers[child];
		at = child;
	}
	heap->numbers[at] = last;
	return first;
}

/* ---- the simulation ----------------------------------------------------------------- */

/* What can be claimed of a lane. */
typedef struct ForecastLane
{
	JobHeap		returned;
	uint32	   *fresh;			/* the next of those that are fresh, in order */
	uint32		fresh_left;
} ForecastLane;

typedef struct Simulation
{
	Forecast   *forecast;
	ForecastLane *lanes;
	uint32	   *fresh;			/* of all lanes */
	int64	   *running;		/* of each limit */
	JobHeap		ends;			/* what runs */
	JobHeap		delayed;		/* what can be claimed some time */
	int64		busy;			/* workers of the plan */
	uint32	   *order;			/* what has begun */
	uint32		ordered;
} Simulation;

static const bool *
limits_of_lane(const Forecast *forecast, uint32 lane)
{
	return forecast->is_about + (Size) lane * forecast->limit_count;
}

/* A job begins to count for the limits that are about it, or ends to. */
static void
count_for_limits(Simulation *simulation, const ForecastJob *job, int change)
{
	const bool *is_about = limits_of_lane(simulation->forecast, job->lane);

	for (int i = 0; i < simulation->forecast->limit_count; i++)
	{
		if (is_about[i])
			simulation->running[i] += change;
	}
}

/* Is a limit full that is about the jobs of a lane? */
static bool
is_lane_full(const Simulation *simulation, uint32 lane)
{
	const Forecast *forecast = simulation->forecast;
	const bool *is_about = limits_of_lane(forecast, lane);

	for (int i = 0; i < forecast->limit_count; i++)
	{
		if (is_about[i] && simulation->running[i] >= forecast->max_running[i])
			return true;
	}
	return false;
}

/* Put the fresh jobs of each lane into order. */
static void
sort_fresh(Simulation *simulation)
{
	const Forecast *forecast = simulation->forecast;
	uint32	   *sorted = palloc_extended(Max(forecast->count, 1) * sizeof(uint32), MCXT_ALLOC_HUGE);
	uint32		count = 0;
	uint32	   *next;

	for (uint32 i = 0; i < forecast->count; i++)
	{
		const ForecastJob *job = &forecast->jobs[i];

		if (!job->is_left || job->state != FORECAST_PENDING || !job->is_fresh)
			continue;
		sorted[count++] = i;
		simulation->lanes[job->lane].fresh_left++;
	}
	sort_jobs(forecast, sorted, count, is_claimed_before);
	simulation->fresh = next = palloc_extended(Max(count, 1) * sizeof(uint32), MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < forecast->lane_count; i++)
	{
		simulation->lanes[i].fresh = next;
		next += simulation->lanes[i].fresh_left;
	}
	for (uint32 i = 0; i < count; i++)
		*simulation->lanes[forecast->jobs[sorted[i]].lane].fresh++ = sorted[i];
	for (uint32 i = 0; i < forecast->lane_count; i++)
		simulation->lanes[i].fresh -= simulation->lanes[i].fresh_left;
	pfree(sorted);
}

/* Put each job where it stands now. */
static void
place_jobs(Simulation *simulation)
{
	Forecast   *forecast = simulation->forecast;

	for (uint32 i = 0; i < forecast->count; i++)
		forecast->jobs[i].first_follower = NO_JOB;
	for (uint32 i = 0; i < forecast->count; i++)
	{
		ForecastJob *job = &forecast->jobs[i];

		CHECK_FOR_INTERRUPTS();
		job->start = FORECAST_NEVER;
		job->end = FORECAST_NEVER;
		if (!job->is_left)
			continue;
		switch (job->state)
		{
			case FORECAST_RUNNING:
				job->start = job->ready;
				/* what takes longer than expected ends at any moment */
				job->end = Max(Min(job->start + job->length, FORECAST_NEVER), 0);
				heap_put(&simulation->ends, i);
				count_for_limits(simulation, job, 1);
				if (job->is_elsewhere)
					break;
				simulation->busy++;
				simulation->order[simulation->ordered++] = i;
				break;
			case FORECAST_WAITING:
				if (job->awaits == NO_JOB)
					break;
				job->next_follower = forecast->jobs[job->awaits].first_follower;
				forecast->jobs[job->awaits].first_follower = i;
				break;
			default:
				if (!job->is_fresh && job->ready < FORECAST_NEVER)
					heap_put(&simulation->delayed, i);
				break;
		}
	}
	sort_jobs(forecast, simulation->order, simulation->ordered, began_before);
}

/* A job has ended: its worker is free, and what waited for it can be claimed. */
static void
end_job(Simulation *simulation, const ForecastJob *job)
{
	ForecastJob *jobs = simulation->forecast->jobs;

	count_for_limits(simulation, job, -1);
	if (job->is_elsewhere)
		return;
	simulation->busy--;
	if (job->lets_nobody_go)
		return;
	for (uint32 i = job->first_follower; i != NO_JOB; i = jobs[i].next_follower)
	{
		jobs[i].state = FORECAST_PENDING;
		jobs[i].is_fresh = false;
		jobs[i].ready = job->end;
		heap_put(&simulation->lanes[jobs[i].lane].returned, i);
	}
}

/* All that happens up to a time. */
static void
pass_time(Simulation *simulation, int64 time)
{
	ForecastJob *jobs = simulation->forecast->jobs;

	while (simulation->ends.count > 0 && jobs[simulation->ends.numbers[0]].end <= time)
	{
		CHECK_FOR_INTERRUPTS();
		end_job(simulation, &jobs[heap_take(&simulation->ends)]);
	}
	while (simulation->delayed.count > 0 && jobs[simulation->delayed.numbers[0]].ready <= time)
	{
		uint32		number = heap_take(&simulation->delayed);

		CHECK_FOR_INTERRUPTS();
		heap_put(&simulation->lanes[jobs[number].lane].returned, number);
	}
}

/* The first job of a lane that can be claimed; NO_JOB: there is none. */
static uint32
first_of_lane(const ForecastLane *lane, const ForecastJob *jobs)
{
	uint32		returned = lane->returned.count > 0 ? lane->returned.numbers[0] : NO_JOB;

	if (lane->fresh_left == 0)
		return returned;
	if (returned == NO_JOB || is_claimed_before(&jobs[*lane->fresh], &jobs[returned]))
		return *lane->fresh;
	return returned;
}

/* Claim the next job.  False: there is nothing to claim now. */
static bool
claim_next(Simulation *simulation, int64 time)
{
	ForecastJob *jobs = simulation->forecast->jobs;
	ForecastLane *claimed = NULL;
	uint32		first = NO_JOB;

	CHECK_FOR_INTERRUPTS();
	for (uint32 i = 0; i < simulation->forecast->lane_count; i++)
	{
		uint32		number = first_of_lane(&simulation->lanes[i], jobs);

		if (number == NO_JOB || (first != NO_JOB && !is_claimed_before(&jobs[number], &jobs[first])) ||
			is_lane_full(simulation, i))
			continue;
		first = number;
		claimed = &simulation->lanes[i];
	}
	if (first == NO_JOB)
		return false;
	if (claimed->fresh_left > 0 && *claimed->fresh == first)
	{
		claimed->fresh++;
		claimed->fresh_left--;
	}
	else
		(void) heap_take(&claimed->returned);
	jobs[first].start = time;
	jobs[first].end = Min(time + jobs[first].length, FORECAST_NEVER);
	simulation->busy++;
	count_for_limits(simulation, &jobs[first], 1);
	heap_put(&simulation->ends, first);
	simulation->order[simulation->ordered++] = first;
	return true;
}

/* When something happens next. */
static int64
next_event(const Simulation *simulation)
{
	const ForecastJob *jobs = simulation->forecast->jobs;
	int64		time = FORECAST_NEVER;

	if (simulation->ends.count > 0)
		time = jobs[simulation->ends.numbers[0]].end;
	if (simulation->delayed.count > 0)
		time = Min(time, jobs[simulation->delayed.numbers[0]].ready);
	return time;
}

/* Jobs that never begin, behind the others. */
static void
order_the_rest(Simulation *simulation)
{
	const Forecast *forecast = simulation->forecast;
	uint32		begun = simulation->ordered;

	for (uint32 i = 0; i < forecast->count; i++)
	{
		const ForecastJob *job = &forecast->jobs[i];

		if (job->is_left && job->start == FORECAST_NEVER && job->state != FORECAST_RUNNING)
			simulation->order[simulation->ordered++] = i;
	}
	sort_jobs(forecast, simulation->order + begun, simulation->ordered - begun, would_come_before);
}

/*
 * Find out when the jobs begin and end, and their order: what runs, then what begins, as
 * it does, then what never does.  order has room for all of them; returns how many there
 * are, without those that run elsewhere.  Where there are jobs, there is a lane.
 */
uint32
forecast_simulate(Forecast *forecast, uint32 *order)
{
	Simulation	simulation = {.forecast = forecast, .order = order};
	int64		time = 0;

	simulation.lanes = palloc_extended(Max(forecast->lane_count, 1) * sizeof(ForecastLane), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint32 i = 0; i < forecast->lane_count; i++)
		heap_init(&simulation.lanes[i].returned, forecast, is_claimed_before);
	simulation.running = palloc0(Max(forecast->limit_count, 1) * sizeof(int64));
	heap_init(&simulation.ends, forecast, ends_before);
	heap_init(&simulation.delayed, forecast, is_ready_before);
	sort_fresh(&simulation);
	place_jobs(&simulation);

	do
	{
		pass_time(&simulation, time);
		while (!forecast->is_paused && simulation.busy < forecast->workers && claim_next(&simulation, time))
			;
		time = next_event(&simulation);
	} while (time < FORECAST_NEVER);
	order_the_rest(&simulation);

	heap_free(&simulation.delayed);
	heap_free(&simulation.ends);
	for (uint32 i = 0; i < forecast->lane_count; i++)
		heap_free(&simulation.lanes[i].returned);
	pfree(simulation.running);
	pfree(simulation.fresh);
	pfree(simulation.lanes);
	return simulation.ordered;
}
