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

extern RoutingRelation *routing_relation_open(Oid relid);
extern const char *routing_relation_name(const RoutingRelation *routing);
extern const char *routing_relation_source(const RoutingRelation *routing);
extern void routing_relation_read(RoutingRelation *routing, bool read_only,
								  DecisionCallback callback, void *arg);

#endif							/* TRAINPLAN_ROUTING_RELATION_H */
