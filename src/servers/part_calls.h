/*
 * part_calls.h
 *		Calls by which a server is asked to plan a part of a run.
 */
#ifndef TRAINPLAN_PART_CALLS_H
#define TRAINPLAN_PART_CALLS_H

/* Where calls are left, and made. */
#define PART_CALLS_VIEW		"training_part_calls"

/* The setting in which a call is kept until it is made. */
#define PART_CALL_SETTING	"trainplan.part_call"

extern char *part_call;

/* The functions that can be called. */
#define CALL_OF_DECISIONS	"create_training_plan"
#define CALL_OF_CANDIDATES	"plan_training"

#endif							/* TRAINPLAN_PART_CALLS_H */
