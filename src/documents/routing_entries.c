/*
 * routing_entries.c
 *		The decisions of a routing relation as they stand there, in order.
 *
 * The relation is read and its rows are checked as for planning.  They are sorted
 * as the planner sorts them, by target and symbol with a target's own decision
 * first, so that the same pair twice stands side by side.  What a document says
 * and a plan does not (the word for the route, phrases one by one, states that are
 * not known, families as they are spelt) goes along in the place of what is planned
 * by: the codec takes strings for what they are.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "documents/routing_entries.h"
#include "planning/decision_codec.h"
#include "planning/planner.h"
#include "planning/routing_relation.h"
#include "sorting/pair_sort.h"

/* How work_mem is shared out: one divided by these. */
#define SORT_SHARE			2
#define NAMES_SHARE			8
#define BODIES_SHARE		8

typedef struct EntrySort
{
	PairNames  *names;
	DecisionCodec *codec;
	PairSort   *sort;
	StringInfoData saying;		/* work space: the route's word, the reason */
} EntrySort;

static void
add_row(void *arg, const Decision *decision, const RoutingRow *row)
{
	EntrySort  *entries = arg;
	Pair		pair = pair_of_names(entries->names, decision->target, decision->symbol);
	Decision	said = *decision;
	EncodedDecision encoded;

	resetStringInfo(&entries->saying);
	pack_slice(&entries->saying, row->route);
	pack_slice(&entries->saying, row->reason);
	said.reason = slice_from_buffer(&entries->saying);
	said.cs_state = row->cs_state;
	said.local_state = row->local_state;
	said.families = row->families;
	encode_decision(entries->codec, &pair, &said, &encoded);
	pair_sort_put(entries->sort, &pair, &encoded.numbers, encoded.body);
}

/* The inverse. */
static void
read_entry(const EntrySort *entries, const SortedRow *row, RoutingEntry *entry)
{
	Decision   *decision = &entry->decision;
	EncodedDecision encoded = {.pair = row->pair, .body = row->rest};
	const char *position;

	memcpy(&encoded.numbers, row->payload, sizeof(EncodedBody));
	decode_decision(entries->codec, &encoded, decision);
	position = decision->reason.data;
	entry->route = unpack_slice(&position);
	entry->reason = unpack_slice(&position);
	entry->cs_state = decision->cs_state;
	entry->local_state = decision->local_state;
	entry->families = decision->families;
}

static void
count_entry(RoutingCounts *counts, const RoutingEntry *entry)
{
	const Decision *decision = &entry->decision;

	counts->decisions++;
	counts->targets += entry->is_new_target;
	if (decision_scope(decision) == SCOPE_SYMBOL)
		counts->symbols[decision->route]++;
	else if (decision->route == ROUTE_CROSS_SECTIONAL)
		counts->enabled++;
	else
		counts->disabled++;
}

/* Hand out what has been sorted. */
static void
hand_out_entries(EntrySort *entries, const char *source, RoutingCounts *counts,
				 RoutingEntryCallback callback, void *arg)
{
	StringInfoData target;		/* of the entry before */
	StringInfoData symbol;
	bool		had_symbol = false;
	Route		route = ROUTE_BLOCKED;
	SortedRow	row;

	initStringInfo(&target);
	initStringInfo(&symbol);
	while (pair_sort_next(entries->sort, &row))
	{
		RoutingEntry entry;
		const Decision *decision = &entry.decision;
		bool		has_symbol = !slice_is_null(row.pair.symbol);

		CHECK_FOR_INTERRUPTS();

		read_entry(entries, &row, &entry);
		/* no target is empty */
		entry.is_new_target = !slice_equal(decision->target, slice_from_buffer(&target));
		if (!entry.is_new_target && has_symbol == had_symbol &&
			(!has_symbol || slice_equal(decision->symbol, slice_from_buffer(&symbol))))
			report_two_decisions(source, decision, route);

		count_entry(counts, &entry);
		callback(arg, &entry);
		if (entry.is_new_target)
			hold_slice(&target, decision->target);
		hold_slice(&symbol, decision->symbol);
		had_symbol = has_symbol;
		route = decision->route;
	}
}

/*
 * Read a routing relation, with the caller's rights, and hand its decisions out by
 * target and symbol, a target's own first.  *name is the relation's as SQL needs it,
 * in the current memory context.  Memory is work_mem's, and does not grow with the
 * relation; it is given back in the end.
 *
 * Errors: those of routing_relation_read(); the same pair twice (unique_violation).
 */
void
routing_entries_read(Oid relation, const char **name, RoutingCounts *counts,
					 RoutingEntryCallback callback, void *arg)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan routing entries",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	RoutingRelation *routing = routing_relation_open(relation);
	EntrySort	entries;

	entries.names = pair_names_create((Size) work_mem * 1024 / NAMES_SHARE);
	entries.codec = decision_codec_create(entries.names, (Size) work_mem * 1024 / BODIES_SHARE);
	entries.sort = pair_sort_create(entries.names, sizeof(EncodedBody), work_mem / SORT_SHARE);
	initStringInfo(&entries.saying);

	routing_relation_read_rows(routing, true, add_row, &entries);
	pair_sort_perform(entries.sort);
	hand_out_entries(&entries, routing_relation_source(routing), counts, callback, arg);
	pair_sort_end(entries.sort);

	*name = MemoryContextStrdup(caller, routing_relation_name(routing));
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}
