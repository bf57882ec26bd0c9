/*
 * routing_format.h
 *		The formats that a routing plan is written in.
 *
 * A format writes the decisions one by one, in order; then, when they are counted,
 * the head that stands before them and the tail that stands behind them.
 */
#ifndef TRAINPLAN_ROUTING_FORMAT_H
#define TRAINPLAN_ROUTING_FORMAT_H

#include "documents/routing_entries.h"

/* What a routing plan says of itself. */
typedef struct RoutingSummary
{
	const char *routing;		/* the relation, as SQL needs it */
	RoutingCounts counts;
} RoutingSummary;

typedef struct RoutingFormat
{
	const char *name;			/* as SQL has it */

	/* A writer of one document; lives in the current memory context. */
	void	   *(*create) (void);

	/* Append a part of the document. */
	void		(*write_entry) (void *writer, const RoutingEntry *entry, StringInfo text);
	void		(*write_head) (void *writer, const RoutingSummary *summary, StringInfo text);
	void		(*write_tail) (void *writer, const RoutingSummary *summary, StringInfo text);
} RoutingFormat;

extern const RoutingFormat routing_json_format;
extern const RoutingFormat routing_yaml_format;
extern const RoutingFormat routing_markdown_format;

#endif							/* TRAINPLAN_ROUTING_FORMAT_H */
