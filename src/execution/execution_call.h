/*
 * execution_call.h
 *		What the functions for workers have in common.
 */
#ifndef TRAINPLAN_EXECUTION_CALL_H
#define TRAINPLAN_EXECUTION_CALL_H

#include "base/arguments.h"
#include "execution/job_queue.h"
#include "plans/stored_plan.h"

extern bool plan_argument(FunctionCallInfo fcinfo, int argument, const JobQueue *queue, StoredPlan *plan);
extern Interval lease_argument(FunctionCallInfo fcinfo, int argument);
extern Interval retry_argument(FunctionCallInfo fcinfo, int argument);
extern TimestampTz time_after(TimestampTz now, const Interval *interval);
extern bool is_job_visible(const JobQueue *queue, int64 plan_id, Datum job_id);

#endif							/* TRAINPLAN_EXECUTION_CALL_H */
