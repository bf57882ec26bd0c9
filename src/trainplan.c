/*
 * trainplan.c
 *		What PostgreSQL needs to know when it loads the library, and its settings.
 *
 * The rooms of src/, each with a README; one stands above those that it uses, and
 * knows none beside or above it (make lint):
 *
 *		servers/	a plan in parts, over foreign servers
 *
 *		routing/	candidates into decisions, by a policy
 *		execution/	jobs to workers: claims, reports, and all else that moves places
 *		documents/	plans and routing plans as JSON, YAML and Markdown, out and in
 *
 *		plans/		stored plans: the extension's tables, and the one way to them
 *
 *		planning/	decisions into jobs: vocabulary, rules, the planner
 *
 *		sorting/	pairs of target and symbol into order
 *		formats/	JSON and YAML as such
 *
 *		base/		what any extension could use
 *
 * In each, a file is named after the SQL functions that it is the door of, or after
 * what it does; *_rules.c are the rules and nothing else.  doc/architecture.md goes
 * the way of one row through them.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/guc.h"

#include "routing/candidates_file.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "trainplan", .version = "1.1");
#else
PG_MODULE_MAGIC;
#endif

extern PGDLLEXPORT void _PG_init(void);

/* Called when the library is loaded. */
void
_PG_init(void)
{
	DefineCustomStringVariable("trainplan.parquet_command",
							   "Sets the shell command that save_routing_candidates() has Parquet written by.",
							   "It reads CSV with a header from its standard input and writes Parquet to %p. "
							   "If it is empty, CSV is written instead.",
							   &parquet_command, "", PGC_SUSET, GUC_SUPERUSER_ONLY,
							   NULL, NULL, NULL);
	MarkGUCPrefixReserved("trainplan");
}
