/*
 * job_queue.h
 *		Where jobs stand, and what was: training_job_queue and
 *		training_job_history.
 */
#ifndef TRAINPLAN_JOB_QUEUE_H
#define TRAINPLAN_JOB_QUEUE_H

#include "access/genam.h"
#include "access/tableam.h"

#include "execution/attempt_rules.h"
#include "execution/attempted_job.h"
#include "planning/job_kind.h"
#include "plans/job_tally.h"
#include "plans/table_write.h"

/* The columns of the index that jobs are claimed by, numbered as scan keys are. */
typedef enum ClaimIndexColumn
{
	CLAIM_PLAN_ID = 1,
	CLAIM_PRIORITY,
	CLAIM_KIND,
	CLAIM_READY_AT,
	CLAIM_POSITION
} ClaimIndexColumn;

/* The attempt whose result a job has that needs not be trained again. */
typedef struct Reused
{
	bool		is_known;
	int64		plan_id;
	Datum		job_id;			/* 0: it has the same */
	int32		attempt;
} Reused;

/* A job's place; texts live as long as the slot that it was read from holds it. */
typedef struct QueuePlace
{
	ItemPointerData tid;
	int64		plan_id;
	Datum		job_id;
	int32		priority;
	int32		position;
	bool		is_fresh;		/* was never claimed: has no ready_at */
	bool		stays_fresh;	/* when it is written: nobody else could see it yet */
	TimestampTz ready_at;
	TimestampTz state_since;
	Attempt		attempt;		/* of one that runs, with the end of its lease */
	int			state;			/* a JobState; -1: a word that means nothing */
	Datum		worker;			/* 0: nobody */
	int64		kind;
	bool		has_no_progress;
	double		progress;		/* of the attempt that runs */
	TimestampTz started_at;		/* of one that has ended; DT_NOBEGIN: not known */
	bool		awaited;		/* others wait for it */
	Datum		error;			/* why it was cancelled with another; 0: it was not */
	Reused		reused;			/* of one that is reused */
} QueuePlace;

/* A table that rows are written into one by one. */
typedef struct QueueTable
{
	PlanTable	table;
	ResultRelInfo *result_rel;	/* of rows that are written straight into it */
	TupleTableSlot *slot;		/* what is written */
	TableWrite	write;			/* by SQL, once that was needed */
	bool		has_unseen;		/* a row went straight in, and none of the table was ever looked at */
	Datum		unseen[MAX_KEY_COLUMNS];	/* its key */
} QueueTable;

typedef struct JobQueue
{
	MemoryContext context;
	Oid			schema;
	TimestampTz now;			/* when the snapshot was taken, or a place locked */
	Snapshot	snapshot;
	EState	   *estate;
	QueueTable	places;
	QueueTable	history;		/* open when something is recorded */
	bool		writes_sql;		/* SPI is connected */
	TallyChanges tally;			/* what was written straight into the queue changes of it */
	bool		jobs_have_policies; /* row-level security decides which jobs the caller sees */
	TupleTableSlot *found;		/* the place that was read last */
	Relation	by_job;			/* indexes */
	Relation	by_claim;
	Relation	attempts;		/* index of the history */
	AttemptedJobs attempted;	/* what the history keeps of jobs */
} JobQueue;

/* A walk over all places whose jobs run, as it is written. */
typedef struct RunningScan
{
	const PlanTable *places;
	Relation	index;			/* NULL: the table itself is read */
	IndexScanDesc by_index;
	TableScanDesc by_table;
} RunningScan;

/* A walk along the places of a plan by job_id, for who asks for most of them and about in that order. */
typedef struct PlaceWalk
{
	MemoryContext context;
	int64		plan_id;
	IndexScanDesc scan;
	TupleTableSlot *next;		/* the first that was not asked for yet; empty: there is none */
} PlaceWalk;

/* Who inserts what: each kind waits for the other, and not for its own; a plan that comes to jobs waits for both. */
#define JOBS_COME	RowExclusiveLock
#define PLACES_COME	ShareLock
#define PLAN_COMES	ExclusiveLock

extern void job_queue_lock_inserts(Oid queue, LOCKMODE kind);
extern void job_queue_open(JobQueue *queue, Oid schema, const char *function);
extern void job_queue_close(JobQueue *queue);
extern void job_queue_refresh(JobQueue *queue);

extern bool job_queue_find(JobQueue *queue, int64 plan_id, Datum job_id, QueuePlace *place);
extern void place_walk_begin(JobQueue *queue, PlaceWalk *walk, int64 plan_id);
extern bool place_walk_find(JobQueue *queue, PlaceWalk *walk, Datum job_id, QueuePlace *place);
extern void place_walk_end(PlaceWalk *walk);
extern IndexScanDesc job_queue_scan_plan(JobQueue *queue, int64 plan_id);
extern void running_scan_begin(RunningScan *scan, const PlanTable *places, Snapshot snapshot);
extern bool running_scan_next(RunningScan *scan, TupleTableSlot *slot);
extern void running_scan_end(RunningScan *scan);
extern void queue_place_read(JobQueue *queue, QueuePlace *place);
extern void warn_of_unknown_state(const QueuePlace *place);
extern bool queue_place_try_lock(JobQueue *queue, const QueuePlace *place);
extern bool queue_place_lock(JobQueue *queue, const QueuePlace *place);
extern void queue_place_write(JobQueue *queue, QueuePlace *place);
extern bool queue_place_try_write(JobQueue *queue, QueuePlace *place);
extern void queue_place_reuse(QueuePlace *place, const Reused *reused, TimestampTz since);
extern void queue_place_end_attempt(QueuePlace *place, JobState state, TimestampTz since,
									TimestampTz ready_at);
extern void queue_place_number_attempt(JobQueue *queue, QueuePlace *place);
extern void history_insert(JobQueue *queue, const QueuePlace *place, AttemptOutcome outcome,
						   TimestampTz finished_at, Datum error, Datum result);
extern bool is_written_by_queue(int64 plan_id, Datum job_id);
extern bool is_queue_writing(void);

/* What a look at other places has put aside. */
typedef struct QueueAside
{
	TupleTableSlot *found;
	Snapshot	snapshot;
} QueueAside;

extern void job_queue_look_aside(JobQueue *queue, QueueAside *aside);
extern void job_queue_look_back(JobQueue *queue, const QueueAside *aside);
extern bool queue_place_is_own(const JobQueue *queue);

#endif							/* TRAINPLAN_JOB_QUEUE_H */
