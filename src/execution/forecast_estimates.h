/*
 * forecast_estimates.h
 *		How long jobs take, by what the history has of them and their like.
 */
#ifndef TRAINPLAN_FORECAST_ESTIMATES_H
#define TRAINPLAN_FORECAST_ESTIMATES_H

#include "utils/array.h"

#include "base/slice.h"

/* What an estimate is of: the first of these that there are successes of. */
typedef enum EstimateBasis
{
	BASIS_SAME_JOB,
	BASIS_SAME_TARGET,
	BASIS_SAME_KIND,
	BASIS_ALL_JOBS,
	BASIS_NONE
} EstimateBasis;

typedef struct Estimate
{
	EstimateBasis basis;
	double		seconds;		/* the median of those successes; 0: there are none */
	int64		runs;			/* how many they are */
} Estimate;

/* A job that is asked about. */
typedef struct EstimatedJob
{
	Slice		target;			/* NULL: not known */
	Slice		symbol;
	Slice		training_type;
	int64		kind;
	int64		samples;		/* 0: not known */
} EstimatedJob;

typedef struct Estimates Estimates;

extern Estimates *estimates_create(MemoryContext context);
extern bool estimates_are_good(const Estimates *estimates);
extern void estimates_clear(Estimates *estimates);
extern void estimates_free(Estimates *estimates);
extern void estimates_expect(Estimates *estimates, uint32 jobs);
extern void estimates_ask(Estimates *estimates, uint32 number, const EstimatedJob *job);
extern void estimates_read(Estimates *estimates, Oid history);
extern Estimate estimates_answer(const Estimates *estimates, uint32 number);

#endif							/* TRAINPLAN_FORECAST_ESTIMATES_H */
