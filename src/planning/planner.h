/*
 * planner.h
 *		Decisions in any order in; a plan's jobs, in order, out.
 */
#ifndef TRAINPLAN_PLANNER_H
#define TRAINPLAN_PLANNER_H

#include "planning/job_rules.h"
#include "sorting/pair.h"

typedef struct Planner Planner;

typedef enum JobOrder
{
	JOBS_BY_PRIORITY,			/* highest first, then target, then symbol: as users see them */
	JOBS_BY_TARGET				/* target, then symbol: as they are stored */
} JobOrder;

extern Planner *planner_create(const char *source, bool include_blocked, JobOrder order);
extern Planner *planner_create_sorted(const char *source, bool include_blocked, JobOrder order,
									  const PairNames *names);
extern const char *planner_source(const Planner *planner);
extern void planner_add(Planner *planner, const Decision *decision);
extern void planner_add_sorted(Planner *planner, const Pair *pair, const Decision *decision);
extern int64 planner_finish(Planner *planner);
extern int64 planner_disabled_targets(const Planner *planner);
extern bool planner_next(Planner *planner, Job *job);
extern void planner_end(Planner *planner);
pg_noreturn extern void report_two_decisions(const char *source, const Decision *decision, Route other);

#endif							/* TRAINPLAN_PLANNER_H */
