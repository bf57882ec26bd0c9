/*
 * snapshot_sort.h
 *		Importances in any order in; snapshots, each with its features, by target,
 *		symbol (a target's pooled model first) and when they were, out.
 */
#ifndef TRAINPLAN_SNAPSHOT_SORT_H
#define TRAINPLAN_SNAPSHOT_SORT_H

#include "routing/importance_relation.h"

/* A feature of a snapshot; who reads the snapshot gives it its rank. */
typedef struct RankedFeature
{
	Slice		name;
	uint32		number;			/* the same of the same name, or NOT_KEPT */
	uint32		rank;			/* from 0: by importance, highest first, then by name */
	double		importance;
} RankedFeature;

typedef struct FeatureSnapshot
{
	MemoryContext context;		/* of all that follows */
	StringInfoData pair;		/* its target and symbol, as bytes that are the same of the same pair */
	StringInfoData snapshot;	/* when it was, as Importance has it */
	RankedFeature *features;	/* by name, in the C collation */
	uint32		count;
	uint32		capacity;
	MemoryContext names;		/* of features that have no number; reset with each snapshot */
} FeatureSnapshot;

typedef struct SnapshotSort SnapshotSort;

extern SnapshotSort *snapshot_sort_create(const ImportanceRelation *importances);
extern void snapshot_sort_put(SnapshotSort *sort, const Importance *importance);
extern void snapshot_sort_perform(SnapshotSort *sort);
extern FeatureSnapshot *snapshot_create(void);
extern bool snapshot_sort_next(SnapshotSort *sort, FeatureSnapshot *snapshot);
extern void snapshot_pair(const FeatureSnapshot *snapshot, Slice *target, Slice *symbol);
extern void snapshot_sort_end(SnapshotSort *sort);

#endif							/* TRAINPLAN_SNAPSHOT_SORT_H */
