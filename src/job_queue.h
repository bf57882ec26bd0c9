/*
 * job_queue.h
 *		Where jobs stand, and what was: training_job_queue and
 *		training_job_history.
 */
#ifndef TRAINPLAN_JOB_QUEUE_H
#define TRAINPLAN_JOB_QUEUE_H

#include "access/tableam.h"
#include "nodes/execnodes.h"
#include "utils/relcache.h"

#include "attempt_rules.h"

#define QUEUE_TABLE			"training_job_queue"
#define HISTORY_TABLE		"training_job_history"

/* The channel of NOTIFY when jobs can be claimed; the payload is the plan's number. */
#define JOBS_CHANNEL		"training_jobs"

/* The columns of the queue, in the order of the table. */
typedef enum QueueColumn
{
	QUEUE_PLAN_ID,
	QUEUE_PRIORITY,
	QUEUE_POSITION,
	QUEUE_READY_AT,
	QUEUE_STATE_SINCE,
	QUEUE_ATTEMPT,
	QUEUE_ATTEMPTS_FORGIVEN,
	QUEUE_CANCEL_REQUESTED,
	QUEUE_JOB_ID,
	QUEUE_STATE,
	QUEUE_WORKER,
	QUEUE_COLUMNS
} QueueColumn;

/* The columns of the index that jobs are claimed by, numbered as scan keys are. */
typedef enum ClaimIndexColumn
{
	CLAIM_PLAN_ID = 1,
	CLAIM_PRIORITY,
	CLAIM_READY_AT,
	CLAIM_POSITION
} ClaimIndexColumn;

/* A job's place; texts live as long as the slot that it was read from holds it. */
typedef struct QueuePlace
{
	ItemPointerData tid;
	int64		plan_id;
	Datum		job_id;
	int32		priority;
	int32		position;
	bool		is_fresh;		/* was never claimed: has no ready_at */
	TimestampTz ready_at;
	TimestampTz state_since;
	Attempt		attempt;		/* of one that runs, with the end of its lease */
	JobState	state;
	Datum		worker;			/* 0: nobody */
} QueuePlace;

/* A table that rows are written into one by one. */
typedef struct QueueTable
{
	Relation	relation;
	ResultRelInfo *result_rel;
	TupleTableSlot *slot;		/* what is written */
} QueueTable;

typedef struct JobQueue
{
	Oid			schema;
	TimestampTz now;
	Snapshot	snapshot;
	EState	   *estate;
	QueueTable	places;
	QueueTable	history;		/* open when something was recorded */
	TupleTableSlot *found;		/* the place that was read last */
	Relation	by_job;			/* indexes */
	Relation	by_claim;
} JobQueue;

extern void job_queue_open(JobQueue *queue, Oid schema, const char *function);
extern void job_queue_close(JobQueue *queue);
extern void job_queue_refresh(JobQueue *queue);

extern bool job_queue_find(JobQueue *queue, int64 plan_id, Datum job_id, QueuePlace *place);
extern void queue_place_read(QueuePlace *place, TupleTableSlot *slot);
extern bool queue_place_lock(JobQueue *queue, QueuePlace *place);
extern TM_Result queue_place_write(JobQueue *queue, const QueuePlace *place);
extern void queue_place_end_attempt(QueuePlace *place, JobState state, TimestampTz since,
									TimestampTz ready_at);
extern void history_insert(JobQueue *queue, const QueuePlace *place, AttemptOutcome outcome,
						   TimestampTz finished_at, Datum error, Datum result);

extern bool job_place_in_queue(MemoryContext context, const Datum *job, int64 plan_id,
							   int32 position, Datum *values, bool *nulls);
extern void notify_of_jobs(int64 plan_id);

#endif							/* TRAINPLAN_JOB_QUEUE_H */
