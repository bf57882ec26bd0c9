/*
 * job_texts.h
 *		Texts of jobs in the order in which they are written; in the order of a
 *		document, out.
 */
#ifndef TRAINPLAN_JOB_TEXTS_H
#define TRAINPLAN_JOB_TEXTS_H

#include "base/slice.h"

typedef struct JobTexts JobTexts;

extern JobTexts *job_texts_create(Size memory);
extern void job_texts_put(JobTexts *texts, int priority, const StringInfo text);
extern void job_texts_finish(JobTexts *texts);
extern bool job_texts_next(JobTexts *texts, Slice *text);
extern void job_texts_close(JobTexts *texts);

#endif							/* TRAINPLAN_JOB_TEXTS_H */
