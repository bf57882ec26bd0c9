/*
 * candidate_relation.h
 *		Reads a candidates relation: rows in, candidates out.
 */
#ifndef TRAINPLAN_CANDIDATE_RELATION_H
#define TRAINPLAN_CANDIDATE_RELATION_H

#include "routing/candidate.h"

typedef struct CandidateRelation CandidateRelation;

/* Called for each candidate, which lives until the call returns. */
typedef void (*CandidateCallback) (void *arg, const Candidate *candidate);

extern CandidateRelation *candidate_relation_open(Oid relid);
extern Oid	candidate_relation_oid(const CandidateRelation *candidates);
extern const char *candidate_relation_name(const CandidateRelation *candidates);
extern const char *candidate_relation_source(const CandidateRelation *candidates);
extern void candidate_relation_read(CandidateRelation *candidates, Slice target, bool read_only,
									CandidateCallback callback, void *arg);

#endif							/* TRAINPLAN_CANDIDATE_RELATION_H */
