/*
 * claimable_plans.h
 *		Which plans a claim from any plan takes its jobs from.
 */
#ifndef TRAINPLAN_CLAIMABLE_PLANS_H
#define TRAINPLAN_CLAIMABLE_PLANS_H

#include "execution/job_claim.h"

extern void claim_from_any_plan(JobQueue *queue, JobClaim *claim);

#endif							/* TRAINPLAN_CLAIMABLE_PLANS_H */
