/*
 * job_freshness.h
 *		The jobs of a plan one by one, and whether each is fresh.
 */
#ifndef TRAINPLAN_JOB_FRESHNESS_H
#define TRAINPLAN_JOB_FRESHNESS_H

#include "fmgr.h"

#include "execution/last_success.h"
#include "plans/stored_plan.h"

typedef struct FreshnessReader
{
	FreshnessRules rules;
	int64		plan_id;
	MemoryContext context;
	MemoryContext job_context;	/* of the job at hand */
	JobReader	jobs;
	Relation	by_target;
	IndexScanDesc scan;
	SuccessReader successes;

	/* the job at hand; all of it lives until the next one is read */
	Datum		job_id;
	Datum		target;
	Datum		symbol;
	bool		symbol_is_null;
	TrainingInputs inputs;
	LastSuccess last;			/* what it was trained with, unless it never was */
	Freshness	freshness;
} FreshnessReader;

extern void freshness_arguments(FunctionCallInfo fcinfo, int first, FreshnessRules *rules);
extern void freshness_reader_open(FreshnessReader *reader, Oid schema, Snapshot snapshot, int64 plan_id,
								  const FreshnessRules *rules);
extern bool freshness_reader_next(FreshnessReader *reader);
extern void freshness_reader_close(FreshnessReader *reader);

#endif							/* TRAINPLAN_JOB_FRESHNESS_H */
