/*
 * job_id_clash.h
 *		Finds two jobs of one plan whose job_ids are the same.
 */
#ifndef TRAINPLAN_JOB_ID_CLASH_H
#define TRAINPLAN_JOB_ID_CLASH_H

#include "job_rules.h"
#include "dictionary.h"

typedef struct JobIdCheck JobIdCheck;

extern JobIdCheck *job_id_check_create(const Dictionary *targets, const Dictionary *symbols,
									   const char *source, int memory_kb);
extern void job_id_check_add(JobIdCheck *check, const Job *job);
extern void job_id_check_end(JobIdCheck *check);

#endif							/* TRAINPLAN_JOB_ID_CLASH_H */
