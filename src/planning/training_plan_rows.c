/*
 * training_plan_rows.c
 *		SQL function training_plan_rows(): tells PostgreSQL's planner how many
 *		rows route_training_candidates() and generate_training_plan() will return.
 *
 * A candidate makes a decision, and a decision at most one job, so the number of
 * the relation's rows is the estimate, where the call names the relation by a
 * constant.  What has storage or statistics tells it at little cost.  For views,
 * foreign tables that were never analyzed, and what has no rows of its own here, as
 * a table that a distributed engine answers for, the planner is asked what it
 * expects of reading them.
 *
 * Where the caller could not read the relation, the function's declared ROWS stands:
 * he is not told how many rows it has, and does not lock it.  So it does within such
 * a question: a view over one of the functions does not ask on and on.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/plancat.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/row_query.h"

PG_FUNCTION_INFO_V1(training_plan_rows);

/* What a relation and its children tell of their rows. */
typedef struct KnownRows
{
	double		rows;
	bool		has_pages;
	bool		is_complete;	/* none has rows that it tells nothing of */
} KnownRows;

/* Add what a relation tells, which is locked, without its children. */
static void
add_own_rows(KnownRows *known, Oid relid)
{
	Relation	relation = relation_open(relid, NoLock);
	char		kind = relation->rd_rel->relkind;

	if (RELKIND_HAS_TABLE_AM(kind))
	{
		BlockNumber pages;
		double		rows;
		double		all_visible;

		estimate_rel_size(relation, NULL, &pages, &rows, &all_visible);
		known->rows += rows;
		known->has_pages |= RelationGetNumberOfBlocks(relation) > 0;
	}
	else if (kind == RELKIND_FOREIGN_TABLE && relation->rd_rel->reltuples >= 0)
	{
		known->rows += relation->rd_rel->reltuples;
		known->has_pages |= relation->rd_rel->reltuples > 0;
	}
	else if (kind != RELKIND_PARTITIONED_TABLE)
		known->is_complete = false;
	relation_close(relation, NoLock);
}

/* Could the caller read anything of a relation? */
static bool
may_read(Oid relid)
{
	bool		is_missing = false;
	AclResult	result = pg_class_aclcheck_ext(relid, GetUserId(), ACL_SELECT, &is_missing);

	if (result != ACLCHECK_OK && !is_missing)
		result = pg_attribute_aclcheck_all(relid, GetUserId(), ACL_SELECT, ACLMASK_ANY);
	return result == ACLCHECK_OK && !is_missing;
}

/* Does the planner just now say what it expects, because it was asked here? */
static bool is_asking = false;

/* The rows that the planner expects of a relation that can be read; a negative number if it is not asked. */
static double
ask_planner(Oid relid)
{
	double		rows;

	if (is_asking)
		return -1;
	PG_TRY();
	{
		is_asking = true;
		rows = relation_planned_rows(relid);
	}
	PG_FINALLY();
	{
		is_asking = false;
	}
	PG_END_TRY();
	return rows;
}

/* The rows that SELECT would return, or a negative number if not known. */
static double
relation_rows(Oid relid)
{
	KnownRows	known = {.is_complete = true};
	ListCell   *cell;
	char		kind;

	if (!may_read(relid))
		return -1;
	LockRelationOid(relid, AccessShareLock);
	kind = get_rel_relkind(relid);
	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE && kind != RELKIND_FOREIGN_TABLE &&
		kind != RELKIND_VIEW && kind != RELKIND_MATVIEW)
		return -1;

	/* the relation is the first of its inheritors */
	foreach(cell, find_all_inheritors(relid, AccessShareLock, NULL))
		add_own_rows(&known, lfirst_oid(cell));
	return known.is_complete && known.has_pages ? known.rows : ask_planner(relid);
}

/* training_plan_rows(internal): a planner support function */
Datum
training_plan_rows(PG_FUNCTION_ARGS)
{
	Node	   *request = PG_ARGISNULL(0) ? NULL : (Node *) PG_GETARG_POINTER(0);
	Node	   *relation;
	double		rows;

	if (request == NULL || !IsA(request, SupportRequestRows) ||
		!is_funcclause(((SupportRequestRows *) request)->node))
		PG_RETURN_POINTER(NULL);

	relation = linitial(((FuncExpr *) ((SupportRequestRows *) request)->node)->args);
	relation = estimate_expression_value(((SupportRequestRows *) request)->root, relation);
	if (!IsA(relation, Const) || ((Const *) relation)->constisnull)
		PG_RETURN_POINTER(NULL);

	rows = relation_rows(DatumGetObjectId(((Const *) relation)->constvalue));
	if (rows < 0)
		PG_RETURN_POINTER(NULL);
	((SupportRequestRows *) request)->rows = clamp_row_est(rows);
	PG_RETURN_POINTER(request);
}
