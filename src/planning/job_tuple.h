/*
 * job_tuple.h
 *		A job as SQL sees it: the values of its columns.
 */
#ifndef TRAINPLAN_JOB_TUPLE_H
#define TRAINPLAN_JOB_TUPLE_H

#include "utils/array.h"

#include "planning/job_rules.h"

/* The columns of a job, in the order of generate_training_plan()'s result. */
typedef enum JobColumn
{
	JOB_ID,
	JOB_TARGET,
	JOB_SYMBOL,
	JOB_ROUTE,
	JOB_TRAINING_TYPE,
	JOB_MODEL_FAMILIES,
	JOB_PRIORITY,
	JOB_ESTIMATED_SAMPLES,
	JOB_REASON,
	JOB_METADATA,
	JOB_COLUMNS
} JobColumn;

typedef struct JobTupleMaker JobTupleMaker;

extern JobTupleMaker *job_tuple_maker_create(ArrayType *call_families);
extern void job_tuple_make(JobTupleMaker *maker, const Job *job, Datum *values, bool *nulls);
extern bool job_is_pooled(bool symbol_is_null, Datum training_type);
extern bool job_needs_pooled(Datum metadata);

#endif							/* TRAINPLAN_JOB_TUPLE_H */
