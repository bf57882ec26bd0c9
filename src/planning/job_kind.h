/*
 * job_kind.h
 *		A job's kind: its training type and its list of families.
 */
#ifndef TRAINPLAN_JOB_KIND_H
#define TRAINPLAN_JOB_KIND_H

#include "utils/array.h"

#include "base/slice.h"

/* The kind of a job that nobody has looked at. */
#define KIND_UNKNOWN	INT64CONST(0)

extern int64 job_kind(Slice training_type, ArrayType *families);

#endif							/* TRAINPLAN_JOB_KIND_H */
