/*
 * job_tally.h
 *		How many jobs of a plan are where: training_plan_tally.
 */
#ifndef TRAINPLAN_JOB_TALLY_H
#define TRAINPLAN_JOB_TALLY_H

#include "plans/plan_tables.h"

/* Jobs of a plan, or by how many they have become more; from TALLY_PLACES on. */
typedef struct PlanTally
{
	int64		plan_id;
	int64		counts[TALLY_COLUMNS];
} PlanTally;

/* What has changed and is not written yet, of any number of plans. */
typedef struct TallyChanges
{
	MemoryContext context;		/* of the list; where it was made, if NULL */
	int			count;
	int			allocated;
	PlanTally  *plans;
} TallyChanges;

extern void tally_note_place(TallyChanges *changes, int64 plan_id, int state, int number);
extern void tally_note_moved(TallyChanges *changes, int64 plan_id, int before, int after);
extern void tally_note_blocked(TallyChanges *changes, int64 plan_id, int number);
extern void tally_note_place_row(TallyChanges *changes, const PlanTable *queue, TupleTableSlot *row,
								 int number);
extern void tally_note_job_row(TallyChanges *changes, const PlanTable *jobs, TupleTableSlot *row,
							   int number);
extern void tally_note_replaced(int64 plan_id);
extern void tally_take_replaced(TallyChanges *changes);

extern void tally_count_place(PlanTally *tally, int state, int number);
extern int	state_of_text(Datum state);
extern bool is_blocked_type(Datum training_type);

extern void tally_write(Oid schema, TallyChanges *changes);
extern void tally_write_base(Oid schema, const PlanTally *base);
extern void tally_make_base(Oid schema, int64 plan_id);
extern bool tally_read(const PlanTable *table, Snapshot snapshot, int64 plan_id, PlanTally *tally);

#endif							/* TRAINPLAN_JOB_TALLY_H */
