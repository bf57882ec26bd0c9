/*
 * save_routing_candidates.c
 *		SQL function save_routing_candidates(): a candidates relation in, a file
 *		on the server out.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/arguments.h"
#include "base/server_file.h"
#include "routing/candidates_file.h"
#include "routing/routing_call.h"

PG_FUNCTION_INFO_V1(save_routing_candidates);

/* Arguments, as the SQL declaration has them. */
#define ARG_PATH		1

/*
 * save_routing_candidates(candidates regclass, path text)
 *
 * Returns the path of what was written.
 */
Datum
save_routing_candidates(PG_FUNCTION_ARGS)
{
	const char *path;
	CandidateRelation *candidates;

	check_may_write_server_files();
	path = absolute_path(required_text_argument(fcinfo, ARG_PATH, "path"));
	candidates = candidate_relation_open(candidates_argument(fcinfo));
	path = write_candidates_file(candidate_relation_oid(candidates), path);
	PG_RETURN_TEXT_P(cstring_to_text(path));
}
