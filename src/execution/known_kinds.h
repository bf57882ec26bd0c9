/*
 * known_kinds.h
 *		What kinds of jobs stand for.
 */
#ifndef TRAINPLAN_KNOWN_KINDS_H
#define TRAINPLAN_KNOWN_KINDS_H

#include "plans/stored_plan.h"

/* Good until another one is learnt. */
typedef struct KnownKind
{
	int64		kind;
	Slice		training_type;
	ArrayType  *families;
} KnownKind;

extern const KnownKind *known_kind(int64 kind);
extern const KnownKind *learn_kind(const JobReader *job);

#endif							/* TRAINPLAN_KNOWN_KINDS_H */
