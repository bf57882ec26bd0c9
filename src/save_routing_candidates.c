/*
 * save_routing_candidates.c
 *		SQL function save_routing_candidates(): a candidates relation in, a file
 *		on the server out.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "candidate_relation.h"
#include "candidates_file.h"
#include "server_file.h"

PG_FUNCTION_INFO_V1(save_routing_candidates);

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
	path = absolute_path(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	candidates = candidate_relation_open(PG_GETARG_OID(0));
	path = write_candidates_file(candidate_relation_name(candidates), path);
	PG_RETURN_TEXT_P(cstring_to_text(path));
}
