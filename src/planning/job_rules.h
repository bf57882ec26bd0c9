/*
 * job_rules.h
 *		The rules of planning: a decision in, a job out.
 */
#ifndef TRAINPLAN_JOB_RULES_H
#define TRAINPLAN_JOB_RULES_H

#include "planning/decision.h"

#define HIGHEST_PRIORITY	3

/* What a job has from its route. */
typedef struct JobRule
{
	const char *job_id_prefix;
	TrainingType training_type;
	int			priority;		/* 0 to HIGHEST_PRIORITY */
	bool		needs_cs_ensemble;	/* symbol_specific: combined with the pooled model */
} JobRule;

typedef struct Job
{
	const JobRule *rule;
	Decision	decision;		/* what the job is made from */
} Job;

extern const JobRule *job_rule(const Decision *decision, bool include_blocked);
extern Slice job_reason(const Job *job);
extern void append_job_id(StringInfo buffer, const JobRule *rule, Slice target, Slice symbol);
extern bool counts_on_cross_sectional(const Decision *decision);
extern void implied_cross_sectional_decision(Decision *decision, Slice target, int64 symbols);

#endif							/* TRAINPLAN_JOB_RULES_H */
