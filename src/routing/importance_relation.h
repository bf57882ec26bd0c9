/*
 * importance_relation.h
 *		Reads a relation of feature importances: rows in, importances out.
 */
#ifndef TRAINPLAN_IMPORTANCE_RELATION_H
#define TRAINPLAN_IMPORTANCE_RELATION_H

#include "base/slice.h"

typedef struct ImportanceRelation ImportanceRelation;

typedef struct Importance
{
	Slice		target;			/* never NULL */
	Slice		symbol;			/* NULL: the pooled model */
	Slice		snapshot;		/* sorts by its bytes as snapshots do; has no zero byte */
	Slice		feature;		/* never NULL */
	double		importance;		/* never NaN */
} Importance;

/* Called for each importance, which lives until the call returns. */
typedef void (*ImportanceCallback) (void *arg, const Importance *importance);

extern ImportanceRelation *importance_relation_open(Oid relid);
extern const char *importance_relation_source(const ImportanceRelation *importances);
extern const char *importance_name(const ImportanceRelation *importances,
								   const Importance *importance);
extern void importance_relation_read(ImportanceRelation *importances, bool read_only,
									 ImportanceCallback callback, void *arg);

#endif							/* TRAINPLAN_IMPORTANCE_RELATION_H */
