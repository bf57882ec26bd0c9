/*
 * plan_tables.c
 *		The extension's own tables, and the one way to them.
 *
 * What C code takes for granted of a table is checked here, once for each change
 * of it: that it is the extension's, and a table; that its columns have the
 * types and cannot be null as it was made; that the indexes that are searched are
 * there and are what they should be.  None of it goes by what an index or a
 * constraint is called, or by where a column stands.  A table that is not as it
 * should be is an error that says how.
 *
 * What an owner has added to a table must hold: further columns, triggers, checks,
 * foreign keys, policies.  Code that writes rows straight into a table asks whether
 * that is plain, and leaves it to SQL if it is not.
 *
 * The tables are locked in the order of PlanTableId, so that nobody who locks all
 * of them, as TRUNCATE does, waits for who waits for him.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/nbtree.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/ruleutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "base/executor_compat.h"
#include "base/row_query.h"
#include "plans/distributed_table.h"
#include "plans/plan_tables.h"

/* ---- how the tables are made ---------------------------------------------------- */

#define EXTENSION_NAME		"trainplan"

#define MAX_INDEX_COLUMNS	5
#define MAX_OWN_CHECKS		4

/* What the extension's script says of a table; columns may be null unless required. */
typedef struct TableSpec
{
	const char *name;
	int			count;
	const char *columns[MAX_TABLE_COLUMNS];
	Oid			types[MAX_TABLE_COLUMNS];
	uint32		required;		/* a bit a column: it is NOT NULL */
	uint32		added;			/* since 1.0: it may be missing */
	uint32		generated;
	uint32		identity;
	int			key[MAX_KEY_COLUMNS];	/* of the primary key */
	int			key_count;
	int			parent;			/* whose key that of a row begins with; 1.0 had foreign keys of it */
	const char *checks[MAX_OWN_CHECKS]; /* as PostgreSQL shows them */
} TableSpec;

/* Of a table whose rows refer to no others. */
#define NO_PARENT			(-1)

#define BIT(column)			(UINT32_C(1) << (column))

static const TableSpec specs[] = {
	[PLANS_TABLE] = {
		.name = "training_plans",
		.count = PLAN_COLUMNS,
		.columns = {
			"plan_id", "run_id", "generated_at", "routing", "model_families", "include_blocked",
			"git_commit", "config_hash", "metrics_snapshot", "total_jobs", "max_attempts",
			"priority", "pooled_first", "paused", "server"
		},
		.types = {
			INT8OID, TEXTOID, TIMESTAMPTZOID, TEXTOID, TEXTARRAYOID, BOOLOID,
			TEXTOID, TEXTOID, TEXTOID, INT8OID, INT4OID, INT4OID, BOOLOID, BOOLOID, TEXTOID
		},
		.required = BIT(PLAN_PLAN_ID) | BIT(PLAN_RUN_ID) | BIT(PLAN_GENERATED_AT) |
		BIT(PLAN_ROUTING) | BIT(PLAN_MODEL_FAMILIES) | BIT(PLAN_INCLUDE_BLOCKED) |
		BIT(PLAN_TOTAL_JOBS) | BIT(PLAN_MAX_ATTEMPTS) | BIT(PLAN_PRIORITY) |
		BIT(PLAN_POOLED_FIRST) | BIT(PLAN_PAUSED),
		.added = BIT(PLAN_PRIORITY) | BIT(PLAN_POOLED_FIRST) | BIT(PLAN_PAUSED) | BIT(PLAN_SERVER),
		.identity = BIT(PLAN_PLAN_ID),
		.key = {PLAN_PLAN_ID},
		.key_count = 1,
		.parent = NO_PARENT
	},
	[JOBS_TABLE] = {
		.name = "training_jobs",
		.count = JOB_TABLE_COLUMNS,
		.columns = {
			"plan_id", "job_id", "target", "symbol", "route", "training_type", "model_families",
			"priority", "estimated_samples", "reason", "metadata"
		},
		.types = {
			INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID,
			INT4OID, INT8OID, TEXTOID, JSONBOID
		},
		.required = BIT(JOB_PLAN_ID) | BIT(JOB_TABLE_COLUMN(JOB_ID)) |
		BIT(JOB_TABLE_COLUMN(JOB_TARGET)) | BIT(JOB_TABLE_COLUMN(JOB_ROUTE)) |
		BIT(JOB_TABLE_COLUMN(JOB_TRAINING_TYPE)) | BIT(JOB_TABLE_COLUMN(JOB_MODEL_FAMILIES)) |
		BIT(JOB_TABLE_COLUMN(JOB_PRIORITY)) | BIT(JOB_TABLE_COLUMN(JOB_METADATA)),
		.key = {JOB_PLAN_ID, JOB_TABLE_COLUMN(JOB_ID)},
		.key_count = 2,
		.parent = PLANS_TABLE
	},
	[QUEUE_TABLE] = {
		.name = "training_job_queue",
		.count = QUEUE_COLUMNS,
		.columns = {
			"plan_id", "priority", "position", "ready_at", "state_since", "attempt",
			"attempts_forgiven", "cancel_requested", "job_id", "state", "worker",
			"kind", "progress", "started_at", "awaited", "error",
			"reused_plan_id", "reused_job_id", "reused_attempt"
		},
		.types = {
			INT8OID, INT4OID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT4OID,
			INT4OID, BOOLOID, TEXTOID, TEXTOID, TEXTOID,
			INT8OID, FLOAT8OID, TIMESTAMPTZOID, BOOLOID, TEXTOID,
			INT8OID, TEXTOID, INT4OID
		},
		.required = BIT(QUEUE_PLAN_ID) | BIT(QUEUE_PRIORITY) | BIT(QUEUE_POSITION) |
		BIT(QUEUE_STATE_SINCE) | BIT(QUEUE_ATTEMPT) | BIT(QUEUE_ATTEMPTS_FORGIVEN) |
		BIT(QUEUE_CANCEL_REQUESTED) | BIT(QUEUE_JOB_ID) | BIT(QUEUE_STATE) |
		BIT(QUEUE_KIND) | BIT(QUEUE_AWAITED),
		.added = BIT(QUEUE_KIND) | BIT(QUEUE_PROGRESS) | BIT(QUEUE_STARTED_AT) |
		BIT(QUEUE_AWAITED) | BIT(QUEUE_ERROR) | BIT(QUEUE_REUSED_PLAN_ID) |
		BIT(QUEUE_REUSED_JOB_ID) | BIT(QUEUE_REUSED_ATTEMPT),
		.key = {QUEUE_PLAN_ID, QUEUE_JOB_ID},
		.key_count = 2,
		.parent = JOBS_TABLE,
		.checks = {
			"(state = ANY (ARRAY['pending'::text, 'waiting'::text, 'running'::text, "
			"'succeeded'::text, 'failed'::text, 'cancelled'::text, 'reused'::text]))",
			"((attempts_forgiven >= 0) AND (attempts_forgiven <= attempt) AND (attempt <= 1000000000))",
			"((state <> 'running'::text) OR ((worker IS NOT NULL) AND (ready_at IS NOT NULL) "
			"AND (attempt > 0)))",
			"((state <> 'reused'::text) OR ((reused_plan_id IS NOT NULL) AND (reused_attempt IS NOT NULL)))"
		}
	},
	[HISTORY_TABLE] = {
		.name = "training_job_history",
		.count = HISTORY_COLUMNS,
		.columns = {
			"plan_id", "job_id", "attempt", "worker", "started_at", "finished_at", "outcome",
			"error", "result", "target", "symbol", "route", "training_type", "model_families",
			"estimated_samples", "git_commit", "needs_cs_ensemble"
		},
		.types = {
			INT8OID, TEXTOID, INT4OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID,
			TEXTOID, JSONBOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID,
			INT8OID, TEXTOID, BOOLOID
		},
		.required = BIT(HISTORY_PLAN_ID) | BIT(HISTORY_JOB_ID) | BIT(HISTORY_ATTEMPT) |
		BIT(HISTORY_WORKER) | BIT(HISTORY_STARTED_AT) | BIT(HISTORY_FINISHED_AT) |
		BIT(HISTORY_OUTCOME),
		.added = BIT(HISTORY_TARGET) | BIT(HISTORY_SYMBOL) | BIT(HISTORY_ROUTE) |
		BIT(HISTORY_TRAINING_TYPE) | BIT(HISTORY_MODEL_FAMILIES) |
		BIT(HISTORY_ESTIMATED_SAMPLES) | BIT(HISTORY_GIT_COMMIT) | BIT(HISTORY_NEEDS_CS_ENSEMBLE),
		.key = {HISTORY_PLAN_ID, HISTORY_JOB_ID, HISTORY_ATTEMPT},
		.key_count = 3,
		.parent = QUEUE_TABLE,
		.checks = {
			"(outcome = ANY (ARRAY['succeeded'::text, 'failed'::text, 'cancelled'::text, "
			"'expired'::text]))",
			"((attempt > 0) AND (attempt <= 1000000000))"
		}
	},
	[TALLY_TABLE] = {
		.name = "training_plan_tally",
		.count = TALLY_COLUMNS,
		.columns = {
			"plan_id", "part", "places", "waiting", "succeeded", "failed", "cancelled", "blocked",
			"reused"
		},
		.types = {
			INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID
		},
		.required = BIT(TALLY_COLUMNS) - 1,
		.key = {TALLY_PLAN_ID, TALLY_PART},
		.key_count = 2,
		.parent = NO_PARENT
	},
	[LIMITS_TABLE] = {
		.name = "training_limits",
		.count = LIMIT_COLUMNS,
		.columns = {"name", "families", "max_running"},
		.types = {TEXTOID, TEXTARRAYOID, INT4OID},
		.required = BIT(LIMIT_NAME) | BIT(LIMIT_MAX_RUNNING),
		.key = {LIMIT_NAME},
		.key_count = 1,
		.parent = NO_PARENT
	},
	[POLICIES_TABLE] = {
		.name = "routing_policies",
		.count = POLICY_COLUMNS,
		.columns = {"name", "policy", "config_hash", "updated_at"},
		.types = {TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID},
		.required = BIT(POLICY_NAME) | BIT(POLICY_POLICY) | BIT(POLICY_CONFIG_HASH) |
		BIT(POLICY_UPDATED_AT),
		.generated = BIT(POLICY_CONFIG_HASH),
		.key = {POLICY_NAME},
		.key_count = 1,
		.parent = NO_PARENT
	},
	[RUN_PARTS_TABLE] = {
		.name = "training_plan_parts",
		.count = RUN_PART_COLUMNS,
		.columns = {"run_id", "server", "plan_id", "total_jobs"},
		.types = {TEXTOID, TEXTOID, INT8OID, INT8OID},
		.required = BIT(RUN_PART_COLUMNS) - 1,
		.key = {RUN_PART_RUN_ID, RUN_PART_SERVER},
		.key_count = 2,
		.parent = NO_PARENT
	}
};

StaticAssertDecl(lengthof(specs) == PLAN_TABLES, "every table has its columns");

/*
 * Indexes beside that of the primary key.  Of a partial one, the rows that it has for
 * certain are those of a condition.
 */
typedef struct IndexSpec
{
	int			count;
	int			columns[MAX_INDEX_COLUMNS];
	int16		options[MAX_INDEX_COLUMNS];
} IndexSpec;

#define DESCENDING	(INDOPTION_DESC | INDOPTION_NULLS_FIRST)

/* The index of the queue that jobs are claimed by, and that of 1.0. */
static const IndexSpec claim_index = {
	5, {QUEUE_PLAN_ID, QUEUE_PRIORITY, QUEUE_KIND, QUEUE_READY_AT, QUEUE_POSITION}, {0, DESCENDING}
};
static const IndexSpec claim_index_of_1_0 = {
	4, {QUEUE_PLAN_ID, QUEUE_PRIORITY, QUEUE_READY_AT, QUEUE_POSITION}, {0, DESCENDING}
};
static const IndexSpec running_index = {3, {QUEUE_PLAN_ID, QUEUE_KIND, QUEUE_READY_AT}};
static const IndexSpec ended_index = {2, {QUEUE_PLAN_ID, QUEUE_STATE_SINCE}};
static const IndexSpec target_index = {
	3, {JOB_PLAN_ID, JOB_TABLE_COLUMN(JOB_TARGET), JOB_TABLE_COLUMN(JOB_SYMBOL)}
};
static const IndexSpec success_index = {3, {HISTORY_TARGET, HISTORY_SYMBOL, HISTORY_FINISHED_AT}};

#define CLAIM_INDEX \
	"CREATE INDEX training_job_queue_claim_idx ON %s (plan_id, priority DESC, kind, ready_at, position) " \
	"WHERE ready_at IS NULL OR ready_at < 'infinity';"

#define SUCCESS_INDEX \
	"CREATE INDEX training_job_history_success_idx ON %s (target, symbol, finished_at) " \
	"WHERE outcome = 'succeeded';"

const char *
plan_table_name(PlanTableId id)
{
	return specs[id].name;
}

/* The types of its columns. */
const Oid *
plan_table_types(PlanTableId id)
{
	return specs[id].types;
}

/* How many it has, where none is missing. */
int
plan_table_column_count(PlanTableId id)
{
	return specs[id].count;
}

const char *
plan_table_column_name(PlanTableId id, int column)
{
	return specs[id].columns[column];
}

/* The columns of its primary key. */
int
plan_table_key_count(PlanTableId id)
{
	return specs[id].key_count;
}

int
plan_table_key_column(PlanTableId id, int place)
{
	return specs[id].key[place];
}

/* ---- is a table as it was made? ------------------------------------------------- */

pg_noreturn static void
report_bad_table(const TableSpec *spec, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table \"%s\" is not as trainplan made it: %s", spec->name, problem)));
}

/* Rows go straight into its own storage and come from there, which a distributed engine does not read. */
static void
check_is_local(const TableSpec *spec, Oid relid)
{
	const char *kind = distributed_table_kind(relid);

	if (kind != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not as trainplan made it: it is %s", spec->name, kind),
				 errhint("trainplan's tables are local to each node. Citus takes no table of an extension back: "
						 "dump the tables' rows, drop the extension, create it again, and restore them.")));
}

static bool
is_member(Oid class, Oid object)
{
	Oid			extension = getExtensionOfObject(class, object);

	return OidIsValid(extension) && extension == get_extension_oid(EXTENSION_NAME, true);
}

static void
check_column(TupleDesc descriptor, const TableSpec *spec, int column, AttrNumber *number)
{
	const char *name = spec->columns[column];
	Form_pg_attribute attribute = NULL;

	for (int i = 0; i < descriptor->natts && attribute == NULL; i++)
	{
		Form_pg_attribute candidate = TupleDescAttr(descriptor, i);

		if (!candidate->attisdropped && strcmp(NameStr(candidate->attname), name) == 0)
			attribute = candidate;
	}
	if (attribute == NULL && (spec->added & BIT(column)) != 0)
	{
		*number = InvalidAttrNumber;
		return;
	}
	if (attribute == NULL)
		report_bad_table(spec, psprintf("it has no column \"%s\"", name));
	if (attribute->atttypid != spec->types[column])
		report_bad_table(spec, psprintf("column \"%s\" has type %s, not %s", name,
										format_type_be(attribute->atttypid),
										format_type_be(spec->types[column])));
	if ((spec->required & BIT(column)) != 0 && !is_not_null(descriptor, attribute->attnum - 1))
		report_bad_table(spec, psprintf("column \"%s\" can be null", name));
	if (attribute->attgenerated != '\0' && (spec->generated & BIT(column)) == 0)
		report_bad_table(spec, psprintf("column \"%s\" is generated", name));
	if (attribute->attidentity == '\0' && (spec->identity & BIT(column)) != 0)
		report_bad_table(spec, psprintf("column \"%s\" is no identity column", name));
	*number = attribute->attnum;
}

/* A table of 1.0 has none of the columns that came later; one that lacks only some has lost them. */
static void
check_added_columns(const PlanTable *table)
{
	const TableSpec *spec = &specs[table->id];
	int			missing = -1;
	bool		has_some = false;

	for (int i = 0; i < spec->count; i++)
	{
		if ((spec->added & BIT(i)) == 0)
			continue;
		if (has_column(table, i))
			has_some = true;
		else if (missing < 0)
			missing = i;
	}
	if (has_some && missing >= 0)
		report_bad_table(spec, psprintf("it has no column \"%s\"", spec->columns[missing]));
}

/* Does a column of an index sort as it should, by the type's own order and the C collation? */
static bool
is_key_column(Relation index, int place, AttrNumber column, Oid type, int16 options)
{
	return column != InvalidAttrNumber && index->rd_index->indkey.values[place] == column &&
		index->rd_indoption[place] == options &&
		get_index_column_opclass(RelationGetRelid(index), place + 1) ==
		GetDefaultOpClass(type, BTREE_AM_OID) &&
		index->rd_indcollation[place] == (type == TEXTOID ? C_COLLATION_OID : InvalidOid);
}

/* Is an index that can be searched over just these columns of the table? */
static bool
is_index_on(Relation index, const PlanTable *table, int count, const int *columns, const int16 *options)
{
	const TableSpec *spec = &specs[table->id];

	if (index->rd_rel->relam != BTREE_AM_OID || !index->rd_index->indisvalid ||
		!index->rd_index->indisready || index->rd_index->indnkeyatts != count)
		return false;
	for (int i = 0; i < count; i++)
	{
		if (!is_key_column(index, i, table->columns[columns[i]], spec->types[columns[i]],
						   options == NULL ? 0 : options[i]))
			return false;
	}
	return true;
}

/* Is an index that of the primary key? */
static bool
is_key(Relation index, const PlanTable *table)
{
	const TableSpec *spec = &specs[table->id];

	return is_index_on(index, table, spec->key_count, spec->key, NULL) &&
		index->rd_index->indisunique && index->rd_index->indimmediate &&
		RelationGetIndexPredicate(index) == NIL;
}

static bool
is_index_as(Relation index, const PlanTable *table, const IndexSpec *wanted)
{
	return is_index_on(index, table, wanted->count, wanted->columns, wanted->options);
}

/* Does an index have all places that somebody may claim, some time? */
static bool
has_all_claimable(Relation index, const PlanTable *table)
{
	List	   *predicate = RelationGetIndexPredicate(index);
	Var		   *ready_at = makeVar(1, table->columns[QUEUE_READY_AT], TIMESTAMPTZOID, -1, InvalidOid, 0);
	NullTest   *fresh = makeNode(NullTest);
	Const	   *infinity;
	Expr	   *finite;

	if (predicate == NIL)
		return true;
	fresh->arg = (Expr *) ready_at;
	fresh->nulltesttype = IS_NULL;
	fresh->location = -1;
	infinity = makeConst(TIMESTAMPTZOID, -1, InvalidOid, sizeof(TimestampTz),
						 TimestampTzGetDatum(DT_NOEND), false, FLOAT8PASSBYVAL);
	finite = make_opclause(lookup_type_cache(TIMESTAMPTZOID, TYPECACHE_LT_OPR)->lt_opr, BOOLOID,
						   false, (Expr *) ready_at, (Expr *) infinity, InvalidOid, InvalidOid);
	set_opfuncid((OpExpr *) finite);
	return predicate_implied_by(predicate, list_make1(make_orclause(list_make2(fresh, finite))), false);
}

/* Is an index partial by this very condition, as PostgreSQL shows it?  NULL: it has all rows. */
static bool
has_rows_where(Relation index, Relation relation, const char *condition)
{
	List	   *predicate = RelationGetIndexPredicate(index);
	List	   *context;

	if (predicate == NIL || condition == NULL)
		return predicate == NIL && condition == NULL;
	context = deparse_context_for(RelationGetRelationName(relation), RelationGetRelid(relation));
	return strcmp(deparse_expression((Node *) make_ands_explicit(predicate), context, false, false),
				  condition) == 0;
}

/* Take an index for what it is there for, if that has none yet. */
static void
take_queue_index(Relation index, Relation relation, PlanTable *table)
{
	bool		by_kind = is_index_as(index, table, &claim_index);

	if ((by_kind ? !table->claims_by_kind :
		 !OidIsValid(table->claim_index) && is_index_as(index, table, &claim_index_of_1_0)) &&
		has_all_claimable(index, table))
	{
		table->claim_index = RelationGetRelid(index);
		table->claims_by_kind = by_kind;
		table->claim_index_is_own = has_rows_where(index, relation,
												   "((ready_at IS NULL) OR "
												   "(ready_at < 'infinity'::timestamp with time zone))");
	}
	else if (is_index_as(index, table, &running_index) &&
			 has_rows_where(index, relation, "(state = 'running'::text)"))
		table->running_index = RelationGetRelid(index);
	else if (is_index_as(index, table, &ended_index) &&
			 has_rows_where(index, relation, "((state = 'succeeded'::text) OR (state = 'failed'::text))"))
		table->ended_index = RelationGetRelid(index);
}

/* Find the indexes that are searched. */
static void
find_indexes(Relation relation, PlanTable *table)
{
	List	   *indexes = RelationGetIndexList(relation);
	ListCell   *cell;

	table->key = InvalidOid;
	table->claim_index = InvalidOid;
	table->claims_by_kind = false;
	table->claim_index_is_own = false;
	table->running_index = InvalidOid;
	table->ended_index = InvalidOid;
	table->target_index = InvalidOid;
	table->success_index = InvalidOid;
	foreach(cell, indexes)
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);

		if (!OidIsValid(table->key) && is_key(index, table))
			table->key = RelationGetRelid(index);
		else if (table->id == QUEUE_TABLE)
			take_queue_index(index, relation, table);
		else if (table->id == JOBS_TABLE && is_index_as(index, table, &target_index) &&
				 has_rows_where(index, relation, NULL))
			table->target_index = RelationGetRelid(index);
		else if (table->id == HISTORY_TABLE && is_index_as(index, table, &success_index) &&
				 has_rows_where(index, relation, "(outcome = 'succeeded'::text)"))
			table->success_index = RelationGetRelid(index);
		index_close(index, AccessShareLock);
	}
	list_free(indexes);

	if (!OidIsValid(table->key))
		report_bad_table(&specs[table->id], "it has no primary key as it was made with");
	if (table->id == QUEUE_TABLE && !OidIsValid(table->claim_index))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not as trainplan made it: it has no index that jobs can be claimed by",
						specs[table->id].name),
				 errhint(CLAIM_INDEX, relation_sql_name(RelationGetRelid(relation)))));
}

/* Is a check one of the extension's own, which rows that it writes keep? */
static bool
is_own_check(Relation relation, const TableSpec *spec, const ConstrCheck *check)
{
	List	   *context = deparse_context_for(RelationGetRelationName(relation),
											 RelationGetRelid(relation));
	char	   *shown = deparse_expression(stringToNode(check->ccbin), context, false, false);

	for (int i = 0; i < MAX_OWN_CHECKS && spec->checks[i] != NULL; i++)
	{
		if (strcmp(shown, spec->checks[i]) == 0)
			return true;
	}
	return false;
}

/* Does a trigger call a function of the extension? */
static bool
is_own_trigger(const Trigger *trigger)
{
	return is_member(ProcedureRelationId, trigger->tgfoid);
}

/*
 * Does a trigger only check a foreign key that 1.0 made, which rows keep that the extension
 * puts in?  What they refer to is there: it has been put in by the same call, or is locked.
 */
static bool
checks_own_reference(Relation relation, const PlanTable *table, List *references, const Trigger *trigger)
{
	const TableSpec *spec = &specs[table->id];
	const TableSpec *parent;
	ListCell   *cell;

	if (spec->parent == NO_PARENT || trigger->tgfoid != F_RI_FKEY_CHECK_INS)
		return false;
	parent = &specs[spec->parent];
	foreach(cell, references)
	{
		const ForeignKeyCacheInfo *reference = lfirst(cell);
		bool		is_own;

		if (reference->conoid != trigger->tgconstraint)
			continue;
		is_own = reference->confrelid == get_relname_relid(parent->name, RelationGetNamespace(relation)) &&
			reference->nkeys == parent->key_count;
		for (int i = 0; i < parent->key_count && is_own; i++)
			is_own = reference->conkey[i] == table->columns[spec->key[i]] &&
				reference->confkey[i] == get_attnum(reference->confrelid, parent->columns[parent->key[i]]);
		return is_own;
	}
	return false;
}

/* What decides over rows that are written, and is not the extension's. */
static void
find_additions(Relation relation, TupleDesc descriptor, PlanTable *table)
{
	const TableSpec *spec = &specs[table->id];
	TupleConstr *constraints = descriptor->constr;
	TriggerDesc *triggers = CopyTriggerDesc(relation->trigdesc);
	List	   *references = copyObject(RelationGetFKeyList(relation));
	bool		rows_are_plain = true;
	int			columns = 0;	/* that are not the extension's */

	for (int i = 0; i < descriptor->natts; i++)
		columns += !TupleDescAttr(descriptor, i)->attisdropped;
	for (int i = 0; i < spec->count; i++)
	{
		if (!has_column(table, i))
			continue;
		columns--;
		if ((spec->required & BIT(i)) == 0 &&
			TupleDescAttr(descriptor, table->columns[i] - 1)->attnotnull)
			rows_are_plain = false;
	}
	if (constraints != NULL && constraints->has_generated_stored)
		rows_are_plain = false;
	for (int i = 0; constraints != NULL && i < constraints->num_check && rows_are_plain; i++)
		rows_are_plain = is_own_check(relation, spec, &constraints->check[i]);

	table->inserts_are_plain = rows_are_plain && columns == 0;
	table->updates_are_plain = rows_are_plain;
	table->deletes_are_plain = true;
	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (trigger->tgenabled == TRIGGER_DISABLED || is_own_trigger(trigger))
			continue;
		if (TRIGGER_FOR_INSERT(trigger->tgtype) &&
			!checks_own_reference(relation, table, references, trigger))
			table->inserts_are_plain = false;
		if (TRIGGER_FOR_UPDATE(trigger->tgtype))
			table->updates_are_plain = false;
		if (TRIGGER_FOR_DELETE(trigger->tgtype))
			table->deletes_are_plain = false;
	}
}

/*
 * Have conditions shown in one way, whatever the caller has set: to be ended with
 * AtEOXact_GUC().
 */
static int
show_plainly(void)
{
	int			level = NewGUCNestLevel();

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("quote_all_identifiers", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	return level;
}

/*
 * Find out all that there is to know about a table, which is open.  What the
 * relation cache has of it is copied, and not looked at after anything else has
 * been looked up.
 */
static void
check_table(Relation relation, PlanTable *table)
{
	const TableSpec *spec = &specs[table->id];
	TupleDesc	descriptor = CreateTupleDescCopyConstr(RelationGetDescr(relation));
	int			level;

	if (relation->rd_rel->relkind != RELKIND_RELATION)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not the table that trainplan made", spec->name),
				 errdetail_relkind_not_supported(relation->rd_rel->relkind)));
	check_is_local(spec, RelationGetRelid(relation));
	if (!is_member(RelationRelationId, RelationGetRelid(relation)))
		report_bad_table(spec, "it is not part of the extension");
	if (relation->rd_rules != NULL)
		report_bad_table(spec, "it has rules");
	if (relation->rd_rel->relispartition)
		report_bad_table(spec, "it is a partition of another table");
	table->relid = RelationGetRelid(relation);
	for (int i = 0; i < spec->count; i++)
		check_column(descriptor, spec, i, &table->columns[i]);
	check_added_columns(table);
	level = show_plainly();
	find_indexes(relation, table);
	find_additions(relation, descriptor, table);
	AtEOXact_GUC(true, level);
}

/* ---- tables that have been checked ----------------------------------------------- */

/* What is known of a table until it changes. */
typedef struct KnownTable
{
	bool		valid;
	Oid			schema;
	bool		visible;		/* SQL has seen what was put straight into it */
	PlanTable	table;
} KnownTable;

static KnownTable known_tables[PLAN_TABLES];

/* How often a table may have changed; what was found out meanwhile may be wrong. */
static uint64 changes = 0;

static void
note_change(Datum arg, Oid relid)
{
	changes++;
	for (int i = 0; i < PLAN_TABLES; i++)
	{
		if (!OidIsValid(relid) || known_tables[i].table.relid == relid)
			known_tables[i].valid = false;
	}
}

/* Lock a table by its name; what has been renamed or dropped meanwhile is looked up again. */
static Oid
lock_table(Oid schema, PlanTableId id, LOCKMODE lock)
{
	const char *name = specs[id].name;
	Oid			relid = get_relname_relid(name, schema);

	for (;;)
	{
		Oid			now;

		CHECK_FOR_INTERRUPTS();
		if (!OidIsValid(relid))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("table \"%s.%s\" does not exist", get_namespace_name(schema), name),
					 errhint("It is part of the extension trainplan.")));
		if (lock != NoLock)
			LockRelationOid(relid, lock);
		now = get_relname_relid(name, schema);
		if (now == relid)
			return relid;
		if (lock != NoLock)
			UnlockRelationOid(relid, lock);
		relid = now;
	}
}

/* Is there a table?  An older version of the extension may not have it. */
bool
plan_table_exists(Oid schema, PlanTableId id)
{
	return OidIsValid(get_relname_relid(specs[id].name, schema));
}

/*
 * Open a table of the extension, which is in this schema.  It stays locked until
 * the transaction ends; NoLock if it is locked already.
 *
 * Errors: there is none (undefined_table), or it is not as it was made
 * (wrong_object_type, object_not_in_prerequisite_state).
 */
void
plan_table_open(PlanTable *table, Oid schema, PlanTableId id, LOCKMODE lock)
{
	static bool is_registered = false;
	KnownTable *known = &known_tables[id];
	Relation	relation;

	if (!is_registered)
	{
		CacheRegisterRelcacheCallback(note_change, (Datum) 0);
		is_registered = true;
	}

	relation = table_open(lock_table(schema, id, lock), NoLock);
	while (!known->valid || known->schema != schema || known->table.relid != RelationGetRelid(relation))
	{
		uint64		changes_before = changes;

		known->valid = false;
		known->schema = schema;
		known->visible = false;
		known->table.id = id;
		check_table(relation, &known->table);
		known->valid = changes == changes_before;
	}
	*table = known->table;
	table->relation = relation;
}

void
plan_table_close(PlanTable *table)
{
	table_close(table->relation, NoLock);
	table->relation = NULL;
}

/* Has SQL seen a row that was put straight into a table, since that changed? */
bool
plan_table_is_visible(const PlanTable *table)
{
	const KnownTable *known = &known_tables[table->id];

	return known->valid && known->table.relid == table->relid && known->visible;
}

void
plan_table_note_visible(const PlanTable *table)
{
	KnownTable *known = &known_tables[table->id];

	known->visible = known->valid && known->table.relid == table->relid;
}

/*
 * Lock all tables that jobs are in, in the order in which everybody does, before
 * the first of them is opened: whatever the transaction does next, it has its
 * locks then, or asks for higher ones in that order.
 */
void
plan_tables_lock(Oid schema, LOCKMODE queue_lock)
{
	(void) lock_table(schema, PLANS_TABLE, AccessShareLock);
	(void) lock_table(schema, JOBS_TABLE, AccessShareLock);
	(void) lock_table(schema, QUEUE_TABLE, queue_lock);
	(void) lock_table(schema, HISTORY_TABLE, queue_lock);
}

/* Is a relation a table of the extension in this schema? */
bool
is_plan_table(Relation relation, Oid schema, PlanTableId id)
{
	return RelationGetRelid(relation) == get_relname_relid(specs[id].name, schema) &&
		is_member(RelationRelationId, RelationGetRelid(relation));
}

/* Have only those triggers of a table fire that somebody has added. */
void
disable_own_triggers(ResultRelInfo *result_rel)
{
	TriggerDesc *triggers = result_rel->ri_TrigDesc;

	for (int i = 0; i < triggers->numtriggers; i++)
	{
		if (is_own_trigger(&triggers->triggers[i]))
			triggers->triggers[i].tgenabled = TRIGGER_DISABLED;
	}
}

/* ---- rights and rows --------------------------------------------------------------- */

/* The caller has these rights on the table, or on all of its columns, or it is an error. */
void
plan_table_check_rights(const PlanTable *table, AclMode rights)
{
	const AclMode on_columns = ACL_SELECT | ACL_INSERT | ACL_UPDATE;
	AclMode		missing = rights & ~pg_class_aclmask(table->relid, GetUserId(), rights, ACLMASK_ALL);

	for (AclMode right = 1; right <= missing; right <<= 1)
	{
		if ((missing & right) == 0)
			continue;
		if ((right & on_columns) == 0 ||
			pg_attribute_aclcheck_all(table->relid, GetUserId(), right, ACLMASK_ALL) != ACLCHECK_OK)
			aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, specs[table->id].name);
	}
}

/* Does row-level security decide which of its rows the caller sees? */
bool
plan_table_has_policies(const PlanTable *table)
{
	return check_enable_rls(table->relid, InvalidOid, true) == RLS_ENABLED;
}

static RegProcedure
equality(Oid type)
{
	switch (type)
	{
		case INT8OID:
			return F_INT8EQ;
		case INT4OID:
			return F_INT4EQ;
		case TEXTOID:
			return F_TEXTEQ;
		default:
			elog(ERROR, "type %u is in no key", type);
	}
}

/*
 * Begin to go through the rows of a table whose primary key begins with these
 * values, in the key's order; its index is open.
 */
IndexScanDesc
plan_table_scan(const PlanTable *table, Relation key_index, Snapshot snapshot,
				const Datum *key, int columns)
{
	const TableSpec *spec = &specs[table->id];
	IndexScanDesc scan = index_beginscan(table->relation, key_index, snapshot, NULL, columns, 0);
	ScanKeyData keys[MAX_KEY_COLUMNS];

	for (int i = 0; i < columns; i++)
		ScanKeyEntryInitialize(&keys[i], 0, i + 1, BTEqualStrategyNumber, InvalidOid,
							   key_index->rd_indcollation[i], equality(spec->types[spec->key[i]]),
							   key[i]);
	index_rescan(scan, keys, columns, NULL, 0);
	return scan;
}

/* Does an index have all that the snapshot sees?  One that was built since may not. */
bool
plan_index_is_usable(Oid relid)
{
	Relation	index;
	bool		usable;

	if (!OidIsValid(relid))
		return false;
	index = index_open(relid, AccessShareLock);
	usable = !index->rd_index->indcheckxmin ||
		TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data), TransactionXmin);
	index_close(index, AccessShareLock);
	return usable;
}

/* The index by which the jobs of a target are found. */
Relation
plan_table_open_target_index(const PlanTable *jobs)
{
	if (!OidIsValid(jobs->target_index))
		report_bad_table(&specs[JOBS_TABLE], "it has no index on plan_id, target and symbol as it was made with");
	return index_open(jobs->target_index, AccessShareLock);
}

/* The index by which the successes of a job are found, wherever they were. */
Relation
plan_table_open_success_index(const PlanTable *history)
{
	if (!OidIsValid(history->success_index))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is not as trainplan made it: it has no index that successes can be found by",
						specs[HISTORY_TABLE].name),
				 errhint(SUCCESS_INDEX, relation_sql_name(history->relid))));
	if (!plan_index_is_usable(history->success_index))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the index of table \"%s\" that successes are found by was made while older transactions ran",
						specs[HISTORY_TABLE].name),
				 errhint("Try again in a new transaction, when these have ended.")));
	return index_open(history->success_index, AccessShareLock);
}

/* Begin to go through the jobs of a target, or if that is 0, through all of a plan by target and symbol. */
IndexScanDesc
plan_table_scan_target(const PlanTable *jobs, Relation index, Snapshot snapshot, int64 plan_id, Datum target)
{
	int			columns = target != (Datum) 0 ? 2 : 1;
	IndexScanDesc scan = index_beginscan(jobs->relation, index, snapshot, NULL, columns, 0);
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(plan_id));
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXTEQ, target);
	index_rescan(scan, keys, columns, NULL, 0);
	return scan;
}

/* The jobs of a target that have no symbol: begin a scan, which has none of them yet. */
IndexScanDesc
plan_table_begin_scan_without_symbol(const PlanTable *jobs, Relation index, Snapshot snapshot)
{
	return index_beginscan(jobs->relation, index, snapshot, NULL, target_index.count, 0);
}

/* Go through those of this target; the name is kept as long as one does. */
void
plan_table_scan_without_symbol(IndexScanDesc scan, int64 plan_id, Datum target)
{
	ScanKeyData keys[3];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(plan_id));
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID, F_TEXTEQ, target);
	ScanKeyEntryInitialize(&keys[2], SK_ISNULL | SK_SEARCHNULL, 3, InvalidStrategy, InvalidOid, InvalidOid, InvalidOid, (Datum) 0);
	index_rescan(scan, keys, lengthof(keys), NULL, 0);
}

/* Find the first of these rows, or from behind the last; it is in the slot then. */
bool
plan_table_find(const PlanTable *table, Snapshot snapshot, const Datum *key, int columns,
				ScanDirection direction, TupleTableSlot *slot)
{
	Relation	index = index_open(table->key, AccessShareLock);
	IndexScanDesc scan = plan_table_scan(table, index, snapshot, key, columns);
	bool		found = index_getnext_slot(scan, direction, slot);

	index_endscan(scan);
	index_close(index, AccessShareLock);
	return found;
}

/* Does a table whose key begins with the plan's number have rows of a plan? */
bool
plan_table_has_rows_of(const PlanTable *table, int64 plan_id)
{
	TupleTableSlot *slot = table_slot_create(table->relation, NULL);
	Datum		key = Int64GetDatum(plan_id);
	bool		found = plan_table_find(table, SnapshotSelf, &key, 1, ForwardScanDirection, slot);

	ExecDropSingleTupleTableSlot(slot);
	return found;
}

/*
 * The command that locks and writes rows that a snapshot sees, whatever commands
 * triggers have run since it was taken: so it is told when one of these has changed
 * a row.
 */
CommandId
command_of_snapshot(Snapshot snapshot)
{
	(void) GetCurrentCommandId(true);
	return snapshot->curcid;
}
