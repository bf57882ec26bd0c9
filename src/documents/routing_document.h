/*
 * routing_document.h
 *		Reads a routing plan: a document in, decisions out.
 */
#ifndef TRAINPLAN_ROUTING_DOCUMENT_H
#define TRAINPLAN_ROUTING_DOCUMENT_H

#include "formats/json_value.h"
#include "planning/decision.h"

/*
 * A decision and what it looked like in the document; lives until the call
 * returns.  States that are missing are NULL; families are not set.
 */
typedef struct DocumentedDecision
{
	Decision	decision;
	Slice		route;			/* the word */
	JsonValue  *reason;			/* NULL, a string, or a list of strings */
	JsonValue  *families;		/* NULL, or a list of strings */
	const struct DocumentNode *node;	/* the decision's place */
} DocumentedDecision;

typedef void (*DocumentedDecisionCallback) (void *arg, const DocumentedDecision *documented);

/* What a routing plan says of itself; each may be NULL. */
typedef struct RoutingFacts
{
	const char *git_commit;
	const char *config_hash;
	const char *metrics_snapshot;
} RoutingFacts;

extern void routing_document_read(Slice text, const char *name, RoutingFacts *facts,
								  DocumentedDecisionCallback callback, void *arg);

#endif							/* TRAINPLAN_ROUTING_DOCUMENT_H */
