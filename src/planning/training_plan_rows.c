/*
 * training_plan_rows.c
 *		SQL function training_plan_rows(): tells PostgreSQL's planner how many
 *		rows route_training_candidates() and generate_training_plan() will return.
 *
 * A candidate makes a decision, and a decision at most one job, so the number of
 * the relation's rows is the estimate where it is known: where the call names the
 * relation by a constant, and the relation has storage or statistics.  A view's
 * rows are not known without planning it; there the function's declared ROWS
 * stands.  So it does where the caller could not read the relation: he is not told
 * how many rows it has, and does not lock it.
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
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/rel.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(training_plan_rows);

/*
 * The rows of a relation, which is locked, without those of its children; a
 * negative number if not known.
 */
static double
own_rows(Oid relid)
{
	Relation	relation = relation_open(relid, NoLock);
	double		rows = -1;

	if (RELKIND_HAS_TABLE_AM(relation->rd_rel->relkind))
	{
		BlockNumber pages;
		double		all_visible;

		estimate_rel_size(relation, NULL, &pages, &rows, &all_visible);
	}
	else if (relation->rd_rel->relkind == RELKIND_FOREIGN_TABLE)
		rows = relation->rd_rel->reltuples;
	relation_close(relation, NoLock);
	return rows;
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

/* The rows that SELECT would return, or a negative number if not known. */
static double
relation_rows(Oid relid)
{
	double		rows = -1;
	ListCell   *cell;

	if (!may_read(relid))
		return -1;
	LockRelationOid(relid, AccessShareLock);
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		return -1;

	/* the relation is the first of its inheritors */
	foreach(cell, find_all_inheritors(relid, AccessShareLock, NULL))
	{
		double		more = own_rows(lfirst_oid(cell));

		if (more >= 0)
			rows = Max(rows, 0) + more;
	}
	return rows;
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
