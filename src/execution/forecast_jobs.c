/*
 * forecast_jobs.c
 *		Reads what a forecast is made from: the jobs of a plan that are left, and
 *		what runs of other plans, where there are limits.
 *
 * All is read with the caller's rights.  Where row-level security hides jobs whose places
 * the caller can read, they take workers as they do, and are not shown; what waits without
 * its being seen for what is left out, since nobody could say when it can begin.  Limits hold
 * whoever sees them, and for whatever kind, as they do for claims.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/int.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/row_query.h"
#include "base/slice_pack.h"
#include "execution/attempt_rules.h"
#include "execution/forecast_jobs.h"
#include "execution/job_limits.h"
#include "execution/known_kinds.h"
#include "planning/job_kind.h"
#include "plans/job_tally.h"

/* ---- what jobs are known by ---------------------------------------------------------- */

/* A kind, and which limits are about it. */
typedef struct KindEntry
{
	int64		kind;
	uint32		lane;
	char		status;
} KindEntry;

#define SH_PREFIX kinds
#define SH_ELEMENT_TYPE KindEntry
#define SH_KEY_TYPE int64
#define SH_KEY kind
#define SH_HASH_KEY(table, key) ((uint32) hash_bytes_uint32((uint32) (key) ^ (uint32) ((key) >> 32)))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* A target that jobs wait for, or could. */
typedef struct AwaitedTarget
{
	Slice		target;
	uint32		number;
	char		status;
} AwaitedTarget;

#define SH_PREFIX targets
#define SH_ELEMENT_TYPE AwaitedTarget
#define SH_KEY_TYPE Slice
#define SH_KEY target
#define SH_HASH_KEY(table, key) hash_bytes((const unsigned char *) (key).data, (int) (key).len)
#define SH_EQUAL(table, a, b) slice_equal(a, b)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* A place, by two hashes of its job_id. */
typedef struct PlaceKey
{
	uint64		hash;			/* from a seed that nobody knows */
	uint32		tie;
} PlaceKey;

typedef struct PlaceEntry
{
	PlaceKey	key;
	uint32		number;
	char		status;
} PlaceEntry;

#define SH_PREFIX places
#define SH_ELEMENT_TYPE PlaceEntry
#define SH_KEY_TYPE PlaceKey
#define SH_KEY key
#define SH_HASH_KEY(table, key) ((uint32) (key).hash)
#define SH_EQUAL(table, a, b) ((a).hash == (b).hash && (a).tie == (b).tie)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Jobs while they are read. */
typedef struct JobsRead
{
	ForecastJobs *jobs;
	MemoryContext context;		/* that they are kept in */
	const StoredPlan *plan;
	TimestampTz now;
	bool		is_elsewhere;	/* those that are read now */
	bool		has_policies;	/* some may be hidden */
	uint32		allocated;
	StringInfoData record;
	uint64		seed;
	places_hash *places;		/* whose jobs come later */

	JobLimits	limits;
	JobReader	all_jobs;		/* if there are any: whoever may see them */
	kinds_hash *kinds;
	bool	   *is_about;		/* for each lane and limit */
	uint32		lanes_allocated;

	targets_hash *targets;
	uint32	   *pooled;			/* the job that waits are for, by the target's number */
	uint32		target_count;
	uint32		targets_allocated;
} JobsRead;

/* ---- limits -------------------------------------------------------------------------- */

/* The lane of the jobs that those limits are about which are about the kind that was noted last. */
static uint32
lane_of_noted(JobsRead *read)
{
	Forecast   *forecast = &read->jobs->forecast;
	int			count = read->limits.count;
	bool	   *signature;
	uint32		lane = 0;

	if (forecast->lane_count == read->lanes_allocated)
	{
		read->lanes_allocated = Max(2 * read->lanes_allocated, 8);
		read->is_about = read->is_about == NULL ?
			MemoryContextAllocHuge(read->context, (Size) read->lanes_allocated * count) :
			repalloc_huge(read->is_about, (Size) read->lanes_allocated * count);
	}
	signature = read->is_about + (Size) forecast->lane_count * count;
	for (int i = 0; i < count; i++)
		signature[i] = read->limits.limits[i].is_about_job;
	while (memcmp(read->is_about + (Size) lane * count, signature, count) != 0)
		lane++;
	if (lane == forecast->lane_count)
		forecast->lane_count++;
	return lane;
}

/* The lane of a job, which the caller may not see: then its families are NULL. */
static uint32
lane_of_job(JobsRead *read, Datum job_id, int64 plan_id, int64 kind, Slice training_type, ArrayType *families)
{
	KindEntry  *entry = read->limits.count == 0 ? NULL : kinds_lookup(read->kinds, kind);
	KnownKind	known = {kind, training_type, families};
	bool		found;

	if (read->limits.count == 0)
		return 0;
	if (entry != NULL)
		return entry->lane;
	if (families == NULL)
	{
		static ArrayType none;

		if (job_reader_find(&read->all_jobs, plan_id, job_id))
			known = *learn_kind(&read->all_jobs);
		else
		{
			SET_VARSIZE(&none, sizeof(none));
			none.elemtype = TEXTOID;
			known.families = &none;
		}
	}
	limits_note(&read->limits, &known);
	if (families == NULL && known.kind != kind)
		return lane_of_noted(read);
	entry = kinds_insert(read->kinds, kind, &found);
	entry->lane = lane_of_noted(read);
	return entry->lane;
}

/* Read the limits that there are. */
static void
read_limits(JobsRead *read, Oid schema, Snapshot snapshot)
{
	JobQueue	queue = {.schema = schema, .snapshot = snapshot};
	Forecast   *forecast = &read->jobs->forecast;
	int64	   *max_running;

	limits_read(&queue, &read->limits, 0, NULL);
	forecast->lane_count = read->limits.count == 0 ? 1 : 0;
	forecast->limit_count = read->limits.count;
	if (read->limits.count == 0)
		return;
	max_running = palloc(read->limits.count * sizeof(int64));
	for (int i = 0; i < read->limits.count; i++)
		max_running[i] = read->limits.limits[i].max_running;
	forecast->max_running = max_running;
	read->kinds = kinds_create(read->context, 64, NULL);
	job_reader_open_unchecked(&read->all_jobs, schema, snapshot);
}

/* ---- what waits ---------------------------------------------------------------------- */

/* The number of a target. */
static uint32
target_number(JobsRead *read, Slice target)
{
	AwaitedTarget *entry = targets_lookup(read->targets, target);
	Slice		kept = target;
	bool		found;

	if (entry != NULL)
		return entry->number;
	if (read->target_count == read->targets_allocated)
	{
		read->targets_allocated = Max(2 * read->targets_allocated, 256);
		read->pooled = read->pooled == NULL ?
			MemoryContextAllocHuge(read->context, read->targets_allocated * sizeof(uint32)) :
			repalloc_huge(read->pooled, read->targets_allocated * sizeof(uint32));
	}
	kept.data = memcpy(MemoryContextAlloc(read->context, Max(target.len, 1)), target.data, target.len);
	entry = targets_insert(read->targets, kept, &found);
	entry->number = read->target_count++;
	read->pooled[entry->number] = NO_JOB;
	return entry->number;
}

/* What waits was read with its target's number: it awaits the job that trains that. */
static void
find_awaited(JobsRead *read)
{
	Forecast   *forecast = &read->jobs->forecast;

	for (uint32 i = 0; i < forecast->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (forecast->jobs[i].awaits != NO_JOB)
			forecast->jobs[i].awaits = read->pooled[forecast->jobs[i].awaits];
	}
}

/* ---- rows ------------------------------------------------------------------------------ */

/* A place, and behind it its job, if the caller sees that. */
typedef enum JobRowColumn
{
	ROW_PLAN_ID,
	ROW_JOB_ID,
	ROW_STATE,
	ROW_PRIORITY,
	ROW_POSITION,
	ROW_READY_AT,
	ROW_STATE_SINCE,
	ROW_ATTEMPT,
	ROW_ATTEMPTS_FORGIVEN,
	ROW_CANCEL_REQUESTED,
	ROW_KIND,
	ROW_JOB,
	ROW_COLUMNS = ROW_JOB + 6
} JobRowColumn;

typedef enum JobPartColumn
{
	PART_JOB_ID,
	PART_TARGET,
	PART_SYMBOL,
	PART_TRAINING_TYPE,
	PART_MODEL_FAMILIES,
	PART_SAMPLES,
	PART_COLUMNS
} JobPartColumn;

static const Oid row_types[] = {
	INT8OID, TEXTOID, TEXTOID, INT4OID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT4OID, INT4OID, BOOLOID, INT8OID,
	TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID, INT8OID
};

#define PLACE_TEXT \
	"q.plan_id, q.job_id, q.state, q.priority, q.position, q.ready_at, q.state_since, q.attempt, " \
	"q.attempts_forgiven, q.cancel_requested, q.kind"

#define JOB_TEXT "j.job_id, j.target, j.symbol, j.training_type, j.model_families, j.estimated_samples"

/* Of the plan: what is left of it. */
#define LEFT_TEXT \
	" WHERE q.plan_id OPERATOR(pg_catalog.=) " INT64_FORMAT \
	" AND q.state OPERATOR(pg_catalog.=) ANY ('{pending,waiting,running}'::pg_catalog.text[])"

/* How far a time is from now, in microseconds. */
static int64
time_from_now(TimestampTz time, TimestampTz now)
{
	int64		distance;

	if (pg_sub_s64_overflow(time, now, &distance))
		return time < now ? -FORECAST_NEVER : FORECAST_NEVER;
	return Max(Min(distance, FORECAST_NEVER), -FORECAST_NEVER);
}

static Slice
text_or_null(const Datum *values, const bool *nulls, int column)
{
	return nulls[column] ? NULL_SLICE : slice_from_text(DatumGetTextPP(values[column]));
}

/* Where a place stands now; false: it is not left, or is nothing that a claim knows. */
static bool
read_place(const JobsRead *read, const Datum *values, const bool *nulls, ForecastJob *job)
{
	Attempt		attempt = {
		.number = DatumGetInt32(values[ROW_ATTEMPT]),
		.forgiven = DatumGetInt32(values[ROW_ATTEMPTS_FORGIVEN]),
		.cancel_requested = DatumGetBool(values[ROW_CANCEL_REQUESTED]),
		.lease_end = nulls[ROW_READY_AT] ? DT_NOBEGIN : DatumGetTimestampTz(values[ROW_READY_AT])
	};

	job->priority = DatumGetInt32(values[ROW_PRIORITY]);
	job->position = DatumGetInt32(values[ROW_POSITION]);
	switch (state_of_text(values[ROW_STATE]))
	{
		case JOB_PENDING:
			job->state = FORECAST_PENDING;
			break;
		case JOB_WAITING:
			job->state = FORECAST_WAITING;
			return true;
		case JOB_RUNNING:
			if (lease_holds(&attempt, read->now))
			{
				job->state = FORECAST_RUNNING;
				job->lets_nobody_go = attempt.cancel_requested;
				job->ready = Min(time_from_now(DatumGetTimestampTz(values[ROW_STATE_SINCE]), read->now), 0);
				return true;
			}
			if (read->is_elsewhere ||
				state_after_attempt(&attempt, ATTEMPT_EXPIRED, read->plan->max_attempts) != JOB_PENDING)
				return false;
			job->state = FORECAST_PENDING;
			break;
		default:
			return false;
	}
	job->is_fresh = nulls[ROW_READY_AT];
	job->ready = job->is_fresh ? -FORECAST_NEVER : time_from_now(attempt.lease_end, read->now);
	return true;
}

/* Keep how a job is shown. */
static void
put_text(JobsRead *read, uint32 number, ForecastState state, Slice job_id, Slice target, Slice symbol)
{
	char		byte = (char) state;

	resetStringInfo(&read->record);
	appendBinaryStringInfo(&read->record, (const char *) &number, sizeof(number));
	appendBinaryStringInfo(&read->record, &byte, 1);
	pack_slice(&read->record, job_id);
	pack_slice(&read->record, target);
	pack_slice(&read->record, symbol);
	spool_put(read->jobs->texts, &read->record);
}

/* The next of the jobs that are shown, in no order; false: there is none.  It lives until the next call. */
bool
forecast_text_next(ForecastJobs *jobs, ForecastText *text)
{
	Slice		record;
	const char *position;

	if (!spool_get(jobs->texts, &record))
		return false;
	memcpy(&text->number, record.data, sizeof(text->number));
	position = record.data + sizeof(text->number);
	text->state = (ForecastState) *position++;
	text->job_id = unpack_slice(&position);
	text->target = unpack_slice(&position);
	text->symbol = unpack_slice(&position);
	return true;
}

/* A place for one more job. */
static ForecastJob *
add_job(JobsRead *read)
{
	Forecast   *forecast = &read->jobs->forecast;

	if (forecast->count == read->allocated)
	{
		read->allocated = Max(2 * read->allocated, 256);
		forecast->jobs = forecast->jobs == NULL ?
			MemoryContextAllocHuge(read->context, read->allocated * sizeof(ForecastJob)) :
			repalloc_huge(forecast->jobs, read->allocated * sizeof(ForecastJob));
	}
	return &forecast->jobs[forecast->count++];
}

/*
 * The job of a place that was added, as job columns have it: NULLs if it is hidden.  What
 * there is no job of, or a blocked one, can't be claimed, and is not left.
 */
static void
add_job_of_place(JobsRead *read, uint32 number, Datum job_id, int64 plan_id, const Datum *values, const bool *nulls)
{
	ForecastJob *job = &read->jobs->forecast.jobs[number];
	EstimatedJob asked = {
		.target = text_or_null(values, nulls, PART_TARGET),
		.symbol = text_or_null(values, nulls, PART_SYMBOL),
		.training_type = text_or_null(values, nulls, PART_TRAINING_TYPE),
		.kind = job->kind,
		.samples = nulls[PART_SAMPLES] ? 0 : DatumGetInt64(values[PART_SAMPLES])
	};
	bool		is_hidden = slice_is_null(asked.target);
	ArrayType  *families = NULL;

	if (is_hidden ? !read->has_policies : is_blocked_type(values[PART_TRAINING_TYPE]))
		return;
	if (!is_hidden)
	{
		families = DatumGetArrayTypeP(values[PART_MODEL_FAMILIES]);
		job->kind = asked.kind = job_kind(asked.training_type, families);
	}
	job->is_left = true;
	job->lane = lane_of_job(read, job_id, plan_id, asked.kind, asked.training_type, families);
	job->is_shown = !is_hidden && !read->is_elsewhere;
	if (job->is_shown)
	{
		if (job->state == FORECAST_WAITING)
			job->awaits = target_number(read, asked.target);
		else if (job_is_pooled(nulls[PART_SYMBOL], values[PART_TRAINING_TYPE]))
		{
			uint32		target = target_number(read, asked.target);

			read->pooled[target] = number;
		}
		put_text(read, number, job->state, slice_from_text(DatumGetTextPP(job_id)), asked.target, asked.symbol);
	}
	if (job->state == FORECAST_RUNNING && !read->is_elsewhere)
		read->jobs->running++;
	estimates_ask(read->jobs->estimates, number, &asked);
}

/* Add a place; NO_JOB: it is not left. */
static uint32
add_place(JobsRead *read, const Datum *values, const bool *nulls)
{
	Slice		job_id = text_or_null(values, nulls, ROW_JOB_ID);
	ForecastJob job = {
		.awaits = NO_JOB,
		.is_elsewhere = read->is_elsewhere,
		.kind = DatumGetInt64(values[ROW_KIND]),
		.tie = hash_bytes((const unsigned char *) job_id.data, (int) job_id.len)
	};

	if (!read_place(read, values, nulls, &job))
		return NO_JOB;
	*add_job(read) = job;
	return read->jobs->forecast.count - 1;
}

/* Implements RowCallback: a row is a place with its job. */
static void
read_joined(void *arg, const Datum *values, const bool *nulls)
{
	JobsRead   *read = arg;
	uint32		number = add_place(read, values, nulls);

	if (number != NO_JOB)
		add_job_of_place(read, number, values[ROW_JOB_ID], DatumGetInt64(values[ROW_PLAN_ID]),
						 values + ROW_JOB, nulls + ROW_JOB);
}

static uint64
hash_job_id(const JobsRead *read, Slice job_id)
{
	return hash_bytes_extended((const unsigned char *) job_id.data, (int) job_id.len, read->seed);
}

/* Implements RowCallback: a row is a place, whose job comes later. */
static void
read_place_alone(void *arg, const Datum *values, const bool *nulls)
{
	JobsRead   *read = arg;
	Slice		job_id = text_or_null(values, nulls, ROW_JOB_ID);
	uint32		number = add_place(read, values, nulls);
	PlaceKey	key = {hash_job_id(read, job_id), 0};
	bool		found;

	if (number == NO_JOB)
		return;
	key.tie = read->jobs->forecast.jobs[number].tie;
	places_insert(read->places, key, &found)->number = number;
}

/* Implements RowCallback: a row is a job, whose place has come. */
static void
read_job_alone(void *arg, const Datum *values, const bool *nulls)
{
	JobsRead   *read = arg;
	Slice		job_id = text_or_null(values, nulls, PART_JOB_ID);
	PlaceKey	key = {hash_job_id(read, job_id), hash_bytes((const unsigned char *) job_id.data, (int) job_id.len)};
	PlaceEntry *place = places_lookup(read->places, key);

	if (place != NULL)
		add_job_of_place(read, place->number, values[PART_JOB_ID], read->plan->plan_id, values, nulls);
}

static void
run_query(JobsRead *read, const Oid *relations, int relation_count, const char *text, const Oid *types, int columns,
		  RowCallback callback)
{
	RowQuery	query = {
		.text = text,
		.relation_count = relation_count,
		.relations = relations,
		.columns = columns,
		.types = types,
		.read_only = true
	};

	row_query_run(&query, callback, read);
}

/* Read places with their jobs. */
static void
read_joined_rows(JobsRead *read, const Oid *relations, const char *condition)
{
	run_query(read, relations, 2,
			  psprintf("SELECT " PLACE_TEXT ", " JOB_TEXT " FROM ONLY %%s AS q LEFT JOIN ONLY %%s AS j "
					   "ON j.plan_id OPERATOR(pg_catalog.=) q.plan_id AND j.job_id OPERATOR(pg_catalog.=) q.job_id %s",
					   condition),
			  row_types, ROW_COLUMNS, read_joined);
}

/*
 * Read the jobs of the plan.  Who sees all of them has places read first, and then jobs,
 * which takes half the time of a join.
 */
static void
read_own_jobs(JobsRead *read, const Oid *relations)
{
	if (read->has_policies)
	{
		read_joined_rows(read, relations, psprintf(LEFT_TEXT, read->plan->plan_id));
		return;
	}
	read->places = places_create(read->context, 1024, NULL);
	run_query(read, relations, 1, psprintf("SELECT " PLACE_TEXT " FROM ONLY %%s AS q" LEFT_TEXT, read->plan->plan_id),
			  row_types, ROW_JOB, read_place_alone);
	estimates_expect(read->jobs->estimates, read->places->members);
	if (read->places->members > 0)
		run_query(read, relations + 1, 1,
				  psprintf("SELECT " JOB_TEXT " FROM ONLY %%s AS j WHERE j.plan_id OPERATOR(pg_catalog.=) " INT64_FORMAT,
						   read->plan->plan_id),
				  row_types + ROW_JOB, PART_COLUMNS, read_job_alone);
	places_destroy(read->places);
}

/* Read what runs of other plans. */
static void
read_other_jobs(JobsRead *read, const Oid *relations)
{
	read->is_elsewhere = true;
	read_joined_rows(read, relations,
					 psprintf("WHERE q.plan_id OPERATOR(pg_catalog.<>) " INT64_FORMAT
							  " AND q.state OPERATOR(pg_catalog.=) 'running'", read->plan->plan_id));
}

/*
 * Read the jobs of a plan that are left, and have estimates asked about each; in the
 * current memory context.
 */
void
forecast_jobs_read(ForecastJobs *jobs, Oid schema, Snapshot snapshot, const StoredPlan *plan,
				   TimestampTz now, Estimates *estimates)
{
	JobsRead	read = {.jobs = jobs, .context = CurrentMemoryContext, .plan = plan, .now = now,
		.seed = pg_prng_uint64(&pg_global_prng_state)};
	PlanTable	queue;
	PlanTable	table;
	Oid			relations[2];

	memset(jobs, 0, sizeof(ForecastJobs));
	jobs->estimates = estimates;
	jobs->texts = spool_create(work_mem * (Size) 1024);
	initStringInfo(&read.record);
	plan_table_open(&queue, schema, QUEUE_TABLE, AccessShareLock);
	plan_table_open(&table, schema, JOBS_TABLE, AccessShareLock);
	relations[0] = queue.relid;
	relations[1] = table.relid;
	read.has_policies = plan_table_has_policies(&table);
	read.targets = targets_create(CurrentMemoryContext, 64, NULL);
	read_limits(&read, schema, snapshot);

	read_own_jobs(&read, relations);
	if (read.limits.count > 0)
		read_other_jobs(&read, relations);
	find_awaited(&read);
	spool_rewind(jobs->texts);
	jobs->forecast.is_paused = plan->paused;
	jobs->forecast.is_about = read.is_about;

	if (read.limits.count > 0)
		job_reader_close(&read.all_jobs);
	plan_table_close(&table);
	plan_table_close(&queue);
}
