/*
 * generate_training_plan.c
 *		SQL function generate_training_plan(): a routing relation in, its jobs
 *		out as rows.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "planning/job_tuple.h"
#include "planning/planning_call.h"

PG_FUNCTION_INFO_V1(generate_training_plan);

/*
 * generate_training_plan(routing regclass, families text[], include_blocked boolean)
 *
 * Returns the jobs in the order of the plan, in a tuplestore of work_mem.  By
 * then the sort has given its memory back.
 */
Datum
generate_training_plan(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	PlanningCall call;
	Planner    *planner;
	JobTupleMaker *maker;
	MemoryContext job_context;
	MemoryContext caller;
	Job			job;

	InitMaterializedSRF(fcinfo, 0);
	planning_call_arguments(&call, fcinfo);
	planner = plan_routing_relation(&call, JOBS_BY_PRIORITY, true);
	planner_finish(planner);

	maker = job_tuple_maker_create(call.families);
	job_context = AllocSetContextCreate(CurrentMemoryContext, "trainplan job",
										ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(job_context);
	while (planner_next(planner, &job))
	{
		Datum		values[JOB_COLUMNS];
		bool		nulls[JOB_COLUMNS];

		CHECK_FOR_INTERRUPTS();

		job_tuple_make(maker, &job, values, nulls);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		MemoryContextReset(job_context);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(job_context);
	planner_end(planner);

	return (Datum) 0;
}
