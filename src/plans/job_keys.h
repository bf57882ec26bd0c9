/*
 * job_keys.h
 *		The keys of plans and jobs, sorted as rows are locked.
 */
#ifndef TRAINPLAN_JOB_KEYS_H
#define TRAINPLAN_JOB_KEYS_H

#include "base/byte_sort.h"
#include "plans/plan_tables.h"

extern void put_key(ByteSort *keys, const PlanTable *table, TupleTableSlot *slot);
extern int	read_key(Slice record, Datum *key);

#endif							/* TRAINPLAN_JOB_KEYS_H */
