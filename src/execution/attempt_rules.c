/*
 * attempt_rules.c
 *		The rules of execution: the end of an attempt in, what becomes of its job
 *		out.
 *
 * The view training_job_status has the same rules for leases that ran out and
 * that nobody has claimed since.
 */
#include "postgres.h"

#include "execution/attempt_rules.h"

/* A lease holds up to its end, and not at it: then others can claim the job. */
bool
lease_holds(const Attempt *attempt, TimestampTz now)
{
	return now < attempt->lease_end;
}

/* How an attempt ends whose worker reports something: not as it says if it was to be cancelled. */
AttemptOutcome
attempt_outcome(const Attempt *attempt, AttemptOutcome reported)
{
	return attempt->cancel_requested ? ATTEMPT_CANCELLED : reported;
}

/* Where a job stands whose attempt has ended; pending if it is to be tried again. */
JobState
state_after_attempt(const Attempt *attempt, AttemptOutcome outcome, int32 max_attempts)
{
	switch (outcome)
	{
		case ATTEMPT_SUCCEEDED:
			return JOB_SUCCEEDED;
		case ATTEMPT_CANCELLED:
			return JOB_CANCELLED;
		case ATTEMPT_FAILED:
		case ATTEMPT_EXPIRED:
			break;
	}
	if (attempt->cancel_requested)
		return JOB_CANCELLED;
	return attempt->number - attempt->forgiven >= max_attempts ? JOB_FAILED : JOB_PENDING;
}
