/*
 * job_id_clash.h
 *		Finds two jobs of one plan whose job_ids are the same.
 */
#ifndef TRAINPLAN_JOB_ID_CLASH_H
#define TRAINPLAN_JOB_ID_CLASH_H

#include "base/dictionary.h"
#include "planning/job_rules.h"

typedef struct JobIdCheck JobIdCheck;

/* If this is false of all symbols with jobs, there is nothing to check. */
static inline bool
job_id_may_clash(Slice symbol)
{
	return !slice_is_null(symbol) && memchr(symbol.data, '_', symbol.len) != NULL;
}

extern JobIdCheck *job_id_check_create(const Dictionary *targets, const Dictionary *symbols,
									   const char *source, int memory_kb);
extern void job_id_check_add(JobIdCheck *check, const Job *job);
extern void job_id_check_end(JobIdCheck *check);

#endif							/* TRAINPLAN_JOB_ID_CLASH_H */
