/*
 * job_channel.c
 *		The channel of NOTIFY by which workers hear that jobs can be claimed.
 */
#include "postgres.h"

#include "commands/async.h"
#include "utils/builtins.h"

#include "plans/job_channel.h"

/* Tell whoever listens that a plan has jobs to claim, when this transaction commits. */
void
notify_of_jobs(int64 plan_id)
{
	char		payload[MAXINT8LEN + 1];

	pg_lltoa(plan_id, payload);
	Async_Notify(JOBS_CHANNEL, payload);
}
