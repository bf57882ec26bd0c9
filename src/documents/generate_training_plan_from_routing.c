/*
 * generate_training_plan_from_routing.c
 *		SQL function generate_training_plan_from_routing(): a routing plan's file
 *		in, a stored plan and its files out.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "documents/plan_files.h"
#include "documents/routing_document.h"
#include "documents/routing_file.h"
#include "formats/document_node.h"
#include "formats/json_texts.h"
#include "planning/families.h"
#include "planning/planning_call.h"
#include "plans/plan_store.h"

PG_FUNCTION_INFO_V1(generate_training_plan_from_routing);

/* Arguments, as the SQL declaration has them. */
#define ARG_ROUTING_PLAN_PATH	0
#define ARG_OUTPUT_DIR			1
#define ARG_MODEL_FAMILIES		2
#define ARG_INCLUDE_BLOCKED		3
#define ARG_POOLED_FIRST		4

/* The reason as planning has it, in the current memory context. */
static Slice
joined_reason(JsonValue *reason)
{
	StringInfoData joined;
	int			count;

	if (!json_object_is_type(reason, json_type_array))
		return json_string_slice(reason);

	initStringInfo(&joined);
	count = json_object_array_length(reason);
	for (int i = 0; i < count; i++)
		append_phrase(&joined, json_string_slice(json_object_array_get_idx(reason, i)), i == 0);
	return slice_from_buffer(&joined);
}

/* The families that a decision has of its own, in the current memory context. */
static Slice
own_families(const DocumentedDecision *documented)
{
	DocumentNode node;
	Slice		own;
	ArrayType  *families;
	const char *problem;
	int			sqlstate;

	if (documented->families == NULL)
		return NULL_SLICE;
	families = normalize_families(json_to_texts(documented->families), &problem, &sqlstate);
	if (families == NULL)
	{
		node = node_member(documented->node, "model_families");
		ereport(ERROR,
				(errcode(sqlstate),
				 errmsg("%s at %s in %s", problem, node_path(&node), node_document(&node))));
	}
	own.data = (const char *) families;
	own.len = VARSIZE(families);
	return own;
}

static void
plan_decision(void *planner, const DocumentedDecision *documented)
{
	Slice		unknown = SLICE_LITERAL(STATE_UNKNOWN);
	Decision	decision = documented->decision;

	if (slice_is_null(decision.cs_state))
		decision.cs_state = unknown;
	if (slice_is_null(decision.local_state))
		decision.local_state = unknown;
	decision.reason = joined_reason(documented->reason);
	decision.families = own_families(documented);
	planner_add(planner, &decision);
}

/*
 * generate_training_plan_from_routing(routing_plan_path text, output_dir text,
 *									   model_families text[], include_blocked boolean,
 *									   pooled_first boolean)
 *
 * Returns the new plan's plan_id.
 */
Datum
generate_training_plan_from_routing(PG_FUNCTION_ARGS)
{
	const char *routing_path = required_text_argument(fcinfo, ARG_ROUTING_PLAN_PATH, "routing_plan_path");
	const char *output_path = required_text_argument(fcinfo, ARG_OUTPUT_DIR, "output_dir");
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);
	MemoryContext context;
	MemoryContext caller;
	PlanFacts	facts = {0};
	RoutingFacts routing_facts;
	Planner    *planner;
	const char *name;
	Slice		document;
	int64		plan_id;

	/* what can be said no to at once is, before anything is read */
	check_may_write_server_files();
	output_path = absolute_path(output_path);
	document = read_routing_file(routing_path, &facts.routing, &name);

	facts.families = families_argument(fcinfo, ARG_MODEL_FAMILIES);
	facts.include_blocked = flag_argument(fcinfo, ARG_INCLUDE_BLOCKED);
	facts.pooled_first = added_flag_argument(fcinfo, ARG_POOLED_FIRST);

	planner = planner_create(name, facts.include_blocked, JOBS_BY_TARGET);
	context = AllocSetContextCreate(CurrentMemoryContext, "trainplan document",
									ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	routing_document_read(document, name, &routing_facts, plan_decision, planner);
	MemoryContextSwitchTo(caller);

	facts.git_commit = routing_facts.git_commit;
	facts.config_hash = routing_facts.config_hash;
	facts.metrics_snapshot = routing_facts.metrics_snapshot;
	plan_id = store_planned_jobs(schema, &facts, planner).plan_id;
	planner_end(planner);
	MemoryContextDelete(context);

	write_plan_files(schema, plan_id, output_path, NULL, NULL);
	PG_RETURN_INT64(plan_id);
}
