/*
 * routing_entries.h
 *		The decisions of a routing relation as they stand there, in order.
 */
#ifndef TRAINPLAN_ROUTING_ENTRIES_H
#define TRAINPLAN_ROUTING_ENTRIES_H

#include "base/slice_pack.h"
#include "planning/decision.h"

/* A decision; lives until the next one comes. */
typedef struct RoutingEntry
{
	bool		is_new_target;	/* it is the first of its target */
	Decision	decision;		/* whom it is about, route and sample size */

	/* as they stand in the row */
	Slice		route;
	Slice		cs_state;		/* may be NULL */
	Slice		local_state;	/* the same */
	Slice		reason;			/* a list of phrases, or NULL */
	Slice		families;		/* a list of names, or NULL */
} RoutingEntry;

/* What is counted while they come. */
typedef struct RoutingCounts
{
	int64		decisions;
	int64		targets;
	int64		enabled;		/* targets by their own decision */
	int64		disabled;
	int64		symbols[ROUTE_BLOCKED + 1]; /* decisions of symbols by route */
} RoutingCounts;

typedef void (*RoutingEntryCallback) (void *arg, const RoutingEntry *entry);

extern void routing_entries_read(Oid relation, const char **name, RoutingCounts *counts,
								 RoutingEntryCallback callback, void *arg);

/* The next string of a list; false after the last.  The list becomes what is behind it. */
static inline bool
take_from_list(Slice *list, Slice *string)
{
	const char *position = list->data;

	if (list->len == 0)
		return false;
	*string = unpack_slice(&position);
	list->len -= position - list->data;
	list->data = position;
	return true;
}

/* Does a list have just one string, and which? */
static inline bool
list_has_one(Slice list, Slice *string)
{
	return take_from_list(&list, string) && list.len == 0;
}

#endif							/* TRAINPLAN_ROUTING_ENTRIES_H */
