/*
 * hidden_rows.c
 *		Has tables look empty to SQL, whatever is in their own storage: as on a node
 *		of a distributed engine that keeps the rows of a table elsewhere and answers
 *		for it in the planner.
 *
 * LOAD it; hidden_rows.tables names the tables, without their schemas, a comma
 * between.  A test module: nothing of it is installed.
 */
#include "postgres.h"

#include "fmgr.h"
#include "optimizer/paths.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

PG_MODULE_MAGIC;

extern void _PG_init(void);

static char *tables = NULL;
static set_rel_pathlist_hook_type next_hook = NULL;

static bool
is_hidden(Oid relid)
{
	char	   *name = get_rel_name(relid);
	char	   *rest = pstrdup(tables);
	bool		found = false;

	for (char *word = strsep(&rest, ","); word != NULL && !found; word = strsep(&rest, ","))
		found = name != NULL && strcmp(word, name) == 0;
	return found;
}

static void
hide_rows(PlannerInfo *root, RelOptInfo *rel, Index rti, RangeTblEntry *entry)
{
	if (next_hook != NULL)
		next_hook(root, rel, rti, entry);
	if (entry->rtekind == RTE_RELATION && is_hidden(entry->relid))
		mark_dummy_rel(rel);
}

void
_PG_init(void)
{
	DefineCustomStringVariable("hidden_rows.tables", "Tables that look empty.", NULL, &tables, "",
							   PGC_USERSET, 0, NULL, NULL, NULL);
	next_hook = set_rel_pathlist_hook;
	set_rel_pathlist_hook = hide_rows;
}
