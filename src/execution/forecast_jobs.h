/*
 * forecast_jobs.h
 *		What a forecast is made from: the jobs of a plan that are left, and what
 *		else counts for limits.
 */
#ifndef TRAINPLAN_FORECAST_JOBS_H
#define TRAINPLAN_FORECAST_JOBS_H

#include "datatype/timestamp.h"

#include "base/spool.h"
#include "execution/forecast_estimates.h"
#include "execution/forecast_simulation.h"
#include "plans/stored_plan.h"

/* How a job is shown. */
typedef struct ForecastText
{
	uint32		number;			/* of the job */
	ForecastState state;		/* where it stands now */
	Slice		job_id;
	Slice		target;
	Slice		symbol;
} ForecastText;

/* The jobs of a plan, as they are now. */
typedef struct ForecastJobs
{
	Forecast	forecast;
	Estimates  *estimates;		/* are asked about each job, by its number */
	int64		running;		/* jobs of the plan */
	Spool	   *texts;			/* of jobs that are shown */
} ForecastJobs;

extern void forecast_jobs_read(ForecastJobs *jobs, Oid schema, Snapshot snapshot, const StoredPlan *plan,
							   TimestampTz now, Estimates *estimates);
extern bool forecast_text_next(ForecastJobs *jobs, ForecastText *text);

#endif							/* TRAINPLAN_FORECAST_JOBS_H */
