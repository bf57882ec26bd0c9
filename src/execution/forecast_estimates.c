/*
 * forecast_estimates.c
 *		How long jobs take, by what the history has of them and their like.
 *
 * An estimate is the median of the successes of the same job (target, symbol and
 * training type, in whichever plan), or else of the other symbols of its target, with
 * that training type, or else of its kind, for each sample where samples are known, or
 * else of all.  These are groups of successes.  An attempt that ended before it began, or
 * at no time, tells nothing.
 *
 * The history is read once, whatever its length: it says how many successes each group
 * has, and with that which group each job goes by; the lengths wait in a spool meanwhile.
 * Then those of the groups that any job goes by are sorted, on disk where they are many.
 * A group of one or two needs no sorting.
 *
 * Memory grows with the jobs that are asked about, and not with the history.  Groups are
 * known by hashes of 128 bits of what they are of, from a seed that nobody knows.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/byte_sort.h"
#include "base/compat.h"
#include "base/row_query.h"
#include "base/spool.h"
#include "execution/forecast_estimates.h"
#include "planning/job_kind.h"

/* ---- groups ------------------------------------------------------------------------- */

typedef enum GroupLevel
{
	GROUP_JOB,
	GROUP_TARGET,
	GROUP_KIND_BY_SAMPLE,
	GROUP_KIND,
	GROUP_ALL,
	GROUP_LEVELS
} GroupLevel;

static const EstimateBasis basis_of_level[] = {
	[GROUP_JOB] = BASIS_SAME_JOB,
	[GROUP_TARGET] = BASIS_SAME_TARGET,
	[GROUP_KIND_BY_SAMPLE] = BASIS_SAME_KIND,
	[GROUP_KIND] = BASIS_SAME_KIND,
	[GROUP_ALL] = BASIS_ALL_JOBS
};

#define NO_GROUP	PG_UINT32_MAX

/* Successes that are alike. */
typedef struct Group
{
	int64		runs;
	double		median;			/* once it is known */
	bool		is_used;		/* some job goes by it */
} Group;

typedef struct GroupKey
{
	uint64		low;
	uint64		high;
} GroupKey;

typedef struct GroupEntry
{
	GroupKey	key;
	uint32		number;
	char		status;
} GroupEntry;

#define SH_PREFIX group
#define SH_ELEMENT_TYPE GroupEntry
#define SH_KEY_TYPE GroupKey
#define SH_KEY key
#define SH_HASH_KEY(table, key) ((uint32) (key).low)
#define SH_EQUAL(table, a, b) ((a).low == (b).low && (a).high == (b).high)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* The groups that a job, or a success, is of. */
typedef struct GroupSet
{
	uint32		numbers[GROUP_ALL];
	int64		samples;
} GroupSet;

struct Estimates
{
	MemoryContext context;
	Oid			user;			/* who has read the history, and as what it was seen */
	TransactionId xmin;
	TransactionId xmax;
	CommandId	command;
	uint64		seed;
	bool		is_read;
	bool		is_incomplete;	/* a group has come since */
	group_hash *table;
	Group	   *groups;
	uint32		group_count;
	uint32		groups_allocated;
	Group		all;
	GroupSet   *jobs;			/* that were asked about */
	uint32		job_count;
	uint32		jobs_allocated;
};

Estimates *
estimates_create(MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "trainplan estimates", ALLOCSET_DEFAULT_SIZES);
	Estimates  *estimates = MemoryContextAllocZero(context, sizeof(Estimates));
	Snapshot	snapshot = GetActiveSnapshot();

	estimates->context = context;
	estimates->user = GetUserId();
	estimates->xmin = snapshot->xmin;
	estimates->xmax = snapshot->xmax;
	estimates->command = snapshot->curcid;
	estimates->seed = pg_prng_uint64(&pg_global_prng_state);
	estimates->table = group_create(context, 1024, NULL);
	return estimates;
}

/* Would the history be read as it was? */
bool
estimates_are_good(const Estimates *estimates)
{
	Snapshot	snapshot = GetActiveSnapshot();

	return estimates->is_read && estimates->user == GetUserId() && estimates->xmin == snapshot->xmin &&
		estimates->xmax == snapshot->xmax && estimates->command == snapshot->curcid;
}

/* Forget the jobs, and keep what is known of their groups. */
void
estimates_clear(Estimates *estimates)
{
	estimates->job_count = 0;
}

void
estimates_free(Estimates *estimates)
{
	MemoryContextDelete(estimates->context);
}

/* An array with room for one more. */
static void *
grow(const Estimates *estimates, void *array, uint32 *allocated, uint32 count, Size size)
{
	if (count < *allocated)
		return array;
	*allocated = Max(2 * *allocated, 256);
	return array == NULL ? MemoryContextAllocHuge(estimates->context, *allocated * size) :
		repalloc_huge(array, *allocated * size);
}

/* ---- which groups a job is of ------------------------------------------------------- */

static void
hash_part(GroupKey *key, const void *data, uint32 length)
{
	key->low = hash_bytes_extended(data, length, key->low + length);
	key->high = hash_bytes_extended(data, length, key->high + length);
}

static GroupKey
group_key(const Estimates *estimates, GroupLevel level)
{
	GroupKey	key = {estimates->seed + level, ~estimates->seed + level};

	return key;
}

static void
hash_text(GroupKey *key, Slice text)
{
	hash_part(key, text.data == NULL ? "" : text.data, text.len);
	/* no symbol is not an empty one */
	if (slice_is_null(text))
		key->low++;
}

/* The number of a group; NO_GROUP if nobody has asked for it. */
static uint32
find_group(Estimates *estimates, GroupKey key, bool make)
{
	GroupEntry *entry;
	bool		found;

	if (!make)
	{
		entry = group_lookup(estimates->table, key);
		return entry == NULL ? NO_GROUP : entry->number;
	}
	entry = group_insert(estimates->table, key, &found);
	if (!found)
	{
		estimates->groups = grow(estimates, estimates->groups, &estimates->groups_allocated,
								 estimates->group_count, sizeof(Group));
		memset(&estimates->groups[estimates->group_count], 0, sizeof(Group));
		entry->number = estimates->group_count++;
		estimates->is_incomplete = true;
	}
	return entry->number;
}

static const GroupSet no_groups = {{NO_GROUP, NO_GROUP, NO_GROUP, NO_GROUP}, 0};

/* Find the groups of a job, or make them. */
static void
find_groups(Estimates *estimates, const EstimatedJob *job, bool make, GroupSet *set)
{
	GroupKey	key;

	*set = no_groups;
	set->samples = job->samples;
	if (!slice_is_null(job->target) && !slice_is_null(job->training_type))
	{
		key = group_key(estimates, GROUP_JOB);
		hash_text(&key, job->training_type);
		hash_text(&key, job->target);
		hash_text(&key, job->symbol);
		set->numbers[GROUP_JOB] = find_group(estimates, key, make);
		/* a target's own job has no others that are like it */
		if (!slice_is_null(job->symbol))
		{
			key = group_key(estimates, GROUP_TARGET);
			hash_text(&key, job->training_type);
			hash_text(&key, job->target);
			set->numbers[GROUP_TARGET] = find_group(estimates, key, make);
		}
	}
	if (job->kind != KIND_UNKNOWN)
	{
		key = group_key(estimates, GROUP_KIND);
		hash_part(&key, &job->kind, sizeof(job->kind));
		set->numbers[GROUP_KIND] = find_group(estimates, key, make);
		if (job->samples > 0)
		{
			key = group_key(estimates, GROUP_KIND_BY_SAMPLE);
			hash_part(&key, &job->kind, sizeof(job->kind));
			set->numbers[GROUP_KIND_BY_SAMPLE] = find_group(estimates, key, make);
		}
	}
}

/* So many jobs will be asked about: have room for their groups, before there are any. */
void
estimates_expect(Estimates *estimates, uint32 jobs)
{
	if (estimates->group_count > 0)
		return;
	group_destroy(estimates->table);
	estimates->table = group_create(estimates->context, Max(jobs, 1024), NULL);
}

/* Ask about a job, by a number of it; of those that are left out nothing is known. */
void
estimates_ask(Estimates *estimates, uint32 number, const EstimatedJob *job)
{
	while (estimates->job_count <= number)
	{
		estimates->jobs = grow(estimates, estimates->jobs, &estimates->jobs_allocated, estimates->job_count,
							   sizeof(GroupSet));
		estimates->jobs[estimates->job_count++] = no_groups;
	}
	find_groups(estimates, job, true, &estimates->jobs[number]);
}

/* The group that a job goes by. */
static GroupLevel
level_of_job(const Estimates *estimates, const GroupSet *set)
{
	for (int level = 0; level < GROUP_ALL; level++)
	{
		if (set->numbers[level] != NO_GROUP && estimates->groups[set->numbers[level]].runs > 0)
			return level;
	}
	return GROUP_ALL;
}

/* ---- the history -------------------------------------------------------------------- */

/* A success, as it waits in the spool. */
typedef struct Success
{
	GroupSet	set;
	double		seconds;
} Success;

typedef struct HistoryRead
{
	Estimates  *estimates;
	Spool	   *spool;
	StringInfoData record;
} HistoryRead;

typedef enum SuccessColumn
{
	SUCCESS_TARGET,
	SUCCESS_SYMBOL,
	SUCCESS_TRAINING_TYPE,
	SUCCESS_MODEL_FAMILIES,
	SUCCESS_SAMPLES,
	SUCCESS_STARTED_AT,
	SUCCESS_FINISHED_AT,
	SUCCESS_COLUMNS
} SuccessColumn;

static Slice
text_or_null(const Datum *values, const bool *nulls, int column)
{
	return nulls[column] ? NULL_SLICE : slice_from_text(DatumGetTextPP(values[column]));
}

/* The lengths of a group; of its first two, the median is told as they come. */
static void
count_success(Group *group, double value)
{
	group->runs++;
	if (group->runs == 1)
		group->median = value;
	else if (group->runs == 2)
		group->median = Min(group->median, value) + 0.5 * fabs(group->median - value);
}

/* What a group has of a success. */
static double
value_in_group(const Success *success, int level)
{
	return level == GROUP_KIND_BY_SAMPLE ? success->seconds / (double) success->set.samples : success->seconds;
}

/* Implements RowCallback: a row is a success. */
static void
read_success(void *arg, const Datum *values, const bool *nulls)
{
	HistoryRead *read = arg;
	Estimates  *estimates = read->estimates;
	EstimatedJob job = {
		.target = text_or_null(values, nulls, SUCCESS_TARGET),
		.symbol = text_or_null(values, nulls, SUCCESS_SYMBOL),
		.training_type = text_or_null(values, nulls, SUCCESS_TRAINING_TYPE),
		.kind = KIND_UNKNOWN,
		.samples = nulls[SUCCESS_SAMPLES] ? 0 : DatumGetInt64(values[SUCCESS_SAMPLES])
	};
	TimestampTz started_at = DatumGetTimestampTz(values[SUCCESS_STARTED_AT]);
	TimestampTz finished_at = DatumGetTimestampTz(values[SUCCESS_FINISHED_AT]);
	Success		success;

	if (nulls[SUCCESS_STARTED_AT] || nulls[SUCCESS_FINISHED_AT] || TIMESTAMP_NOT_FINITE(started_at) ||
		TIMESTAMP_NOT_FINITE(finished_at) || finished_at < started_at)
		return;
	if (!nulls[SUCCESS_MODEL_FAMILIES] && !slice_is_null(job.training_type))
		job.kind = job_kind(job.training_type, DatumGetArrayTypeP(values[SUCCESS_MODEL_FAMILIES]));
	memset(&success, 0, sizeof(success));
	find_groups(estimates, &job, false, &success.set);
	/* as all of time has no more microseconds than 64 bits, without a sign */
	success.seconds = (double) ((uint64) finished_at - (uint64) started_at) / USECS_PER_SEC;
	for (int level = 0; level < GROUP_ALL; level++)
	{
		if (success.set.numbers[level] != NO_GROUP)
			count_success(&estimates->groups[success.set.numbers[level]], value_in_group(&success, level));
	}
	count_success(&estimates->all, success.seconds);

	resetStringInfo(&read->record);
	appendBinaryStringInfo(&read->record, (const char *) &success, sizeof(success));
	spool_put(read->spool, &read->record);
}

static void
read_history(HistoryRead *read, Oid history)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID};
	RowQuery	query = {
		.text = "SELECT target, symbol, training_type, model_families, estimated_samples, started_at, finished_at "
		"FROM ONLY %s WHERE outcome OPERATOR(pg_catalog.=) 'succeeded'",
		.relation_count = 1,
		.relations = &history,
		.columns = lengthof(types),
		.types = types,
		.read_only = true
	};

	StaticAssertStmt(lengthof(types) == SUCCESS_COLUMNS, "a type for each column");
	row_query_run(&query, read_success, read);
}

/* ---- medians ------------------------------------------------------------------------ */

/* Mark the groups that jobs go by.  Returns whether any needs sorting that was not marked before. */
static bool
mark_used(Estimates *estimates)
{
	bool		sorts = false;

	for (uint32 i = 0; i < estimates->job_count; i++)
	{
		const GroupSet *set = &estimates->jobs[i];
		GroupLevel	level = level_of_job(estimates, set);
		Group	   *group = level == GROUP_ALL ? &estimates->all : &estimates->groups[set->numbers[level]];

		sorts |= !group->is_used && group->runs > 2;
		group->is_used = true;
	}
	return sorts;
}

/* A value of a group into the sort: no value is negative, so their bits are in their order. */
static void
put_value(ByteSort *sort, uint32 number, double value)
{
	uint32		group = pg_hton32(number);
	uint64		bits;
	StringInfo	record = byte_sort_begin_record(sort);

	memcpy(&bits, &value, sizeof(bits));
	bits = pg_hton64(bits);
	appendBinaryStringInfo(record, (const char *) &group, sizeof(group));
	appendBinaryStringInfo(record, (const char *) &bits, sizeof(bits));
	byte_sort_put(sort);
}

static void
sort_value(Estimates *estimates, ByteSort *sort, uint32 number, double value)
{
	const Group *group = number == NO_GROUP ? &estimates->all : &estimates->groups[number];

	if (group->is_used && group->runs > 2)
		put_value(sort, number, value);
}

/* Find the medians in values that are sorted, as percentile_cont(0.5) has them. */
static void
read_medians(Estimates *estimates, ByteSort *sort)
{
	uint32		last = 0;
	int64		place = -1;		/* in its group, of the value that was read last */
	Slice		record;

	while (byte_sort_next(sort, &record))
	{
		uint32		number;
		uint64		bits;
		double		value;
		Group	   *group;

		CHECK_FOR_INTERRUPTS();
		memcpy(&number, record.data, sizeof(number));
		memcpy(&bits, record.data + sizeof(number), sizeof(bits));
		number = pg_ntoh32(number);
		bits = pg_ntoh64(bits);
		memcpy(&value, &bits, sizeof(value));
		place = place < 0 || number != last ? 0 : place + 1;
		last = number;
		group = number == NO_GROUP ? &estimates->all : &estimates->groups[number];
		if (place == (group->runs - 1) / 2)
			group->median = value;
		else if (place == group->runs / 2)
			group->median += 0.5 * (value - group->median);
	}
}

static void
find_medians(Estimates *estimates, Spool *spool)
{
	ByteSort   *sort = byte_sort_create(work_mem);
	Slice		record;

	while (spool_get(spool, &record))
	{
		Success		success;

		CHECK_FOR_INTERRUPTS();
		memcpy(&success, record.data, sizeof(success));
		for (int level = 0; level < GROUP_ALL; level++)
		{
			if (success.set.numbers[level] != NO_GROUP)
				sort_value(estimates, sort, success.set.numbers[level], value_in_group(&success, level));
		}
		sort_value(estimates, sort, NO_GROUP, success.seconds);
	}
	byte_sort_perform(sort);
	read_medians(estimates, sort);
	byte_sort_end(sort);
}

/*
 * All jobs have been asked about: read the history, unless what is known of it tells
 * already.  The caller needs the right to read it.
 */
void
estimates_read(Estimates *estimates, Oid history)
{
	HistoryRead read = {.estimates = estimates};

	if (estimates->is_read && !estimates->is_incomplete && !mark_used(estimates))
		return;
	for (uint32 i = 0; i < estimates->group_count; i++)
		memset(&estimates->groups[i], 0, sizeof(Group));
	memset(&estimates->all, 0, sizeof(Group));
	read.spool = spool_create(work_mem * (Size) 1024);
	initStringInfo(&read.record);
	read_history(&read, history);
	if (mark_used(estimates))
	{
		spool_rewind(read.spool);
		find_medians(estimates, read.spool);
	}
	spool_close(read.spool);
	pfree(read.record.data);
	estimates->is_read = true;
	estimates->is_incomplete = false;
}

/* What the history says of a job that was asked about. */
Estimate
estimates_answer(const Estimates *estimates, uint32 number)
{
	const GroupSet *set = number < estimates->job_count ? &estimates->jobs[number] : &no_groups;
	GroupLevel	level = level_of_job(estimates, set);
	const Group *group = level == GROUP_ALL ? &estimates->all : &estimates->groups[set->numbers[level]];
	Estimate	answer = {BASIS_NONE, 0, 0};

	if (group->runs == 0)
		return answer;
	answer.basis = basis_of_level[level];
	answer.runs = group->runs;
	answer.seconds = level == GROUP_KIND_BY_SAMPLE ? group->median * (double) set->samples : group->median;
	return answer;
}
