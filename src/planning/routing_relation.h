/*
 * routing_relation.h
 *		Reads a routing relation: rows in, decisions out.
 */
#ifndef TRAINPLAN_ROUTING_RELATION_H
#define TRAINPLAN_ROUTING_RELATION_H

#include "planning/decision.h"

typedef struct RoutingRelation RoutingRelation;

/* Called for each decision, which lives until the call returns. */
typedef void (*DecisionCallback) (void *arg, const Decision *decision);

/*
 * A decision as it stands in its row, which says more than what is planned by it;
 * lives as long as the decision.
 */
typedef struct RoutingRow
{
	Slice		route;			/* the word */
	Slice		reason;			/* its phrases, packed one behind the other (slice_pack.h); NULL: none */
	Slice		cs_state;		/* may be NULL */
	Slice		local_state;	/* the same */
	Slice		families;		/* not normalized, packed as the phrases are; NULL: the call's */
} RoutingRow;

typedef void (*RoutingRowCallback) (void *arg, const Decision *decision, const RoutingRow *row);

extern RoutingRelation *routing_relation_open(Oid relid);
extern const char *routing_relation_name(const RoutingRelation *routing);
extern const char *routing_relation_source(const RoutingRelation *routing);
extern void routing_relation_read(RoutingRelation *routing, bool read_only,
								  DecisionCallback callback, void *arg);
extern void routing_relation_read_rows(RoutingRelation *routing, bool read_only,
									   RoutingRowCallback callback, void *arg);

#endif							/* TRAINPLAN_ROUTING_RELATION_H */
