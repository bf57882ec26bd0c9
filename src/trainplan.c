/*
 * trainplan.c
 *		What PostgreSQL needs to know when it loads the library, and its settings.
 *
 * How the files hang together, from SQL down:
 *
 *		route_training_candidates.c a candidates relation in, decisions out as rows
 *		plan_training.c				a candidates relation in, a stored plan out
 *		explain_training_route.c	why a pair is routed as it is
 *		routing_call.c				what these have in common
 *		routing_policies.c			policies: the default and stored ones
 *		save_routing_candidates.c	a candidates relation in, a file out
 *		generate_training_plan.c	a routing relation in, jobs out as rows
 *		create_training_plan.c		a routing relation in, a stored plan out
 *		plan_rows.c					the query planner's estimate of their number
 *		planning_call.c				what both functions have in common
 *		training_plan_documents.c	a stored plan in, its document or lines out
 *		write_training_plan.c		a stored plan in, files out
 *		routing_decisions.c			a routing plan in, decisions out as rows
 *		import_training_plan.c		a plan's document in, a stored plan out
 *		generate_training_plan_from_routing.c	from file to files
 *		claim_training_jobs.c		a worker in, its jobs out as rows
 *		report_training_job.c		what a worker says of its job, in
 *		change_training_jobs.c		jobs are cancelled and retried
 *		execution_call.c			what the functions for workers have in common
 *		queue_triggers.c			jobs and places that come, or change, without these functions
 *		cascade_triggers.c			what belongs to deleted plans and jobs
 *		trigger_call.c				what triggers have in common
 *		update_check.c				what a script that updates the extension asks
 *		arguments.c					arguments of all of them
 *
 *		job_claim.c					which jobs a claim gets
 *		job_queue.c					where jobs stand, and their attempts, in tables
 *		attempt_rules.c				the rules: what becomes of a job after an attempt
 *
 *		plan_tables.c				the extension's tables, and the one way to them
 *		stored_plan.c				a plan, and its jobs one by one
 *		plan_store.c				a plan's jobs into its tables
 *		bulk_insert.c				many rows into a table
 *		table_write.c				a row into a table by SQL
 *		table_delete.c				rows out of a table, by its key
 *		job_tuple.c					a job into the values of its columns
 *
 *		router.c					candidates into decisions
 *		route_reasons.c				what the rules of routing decided, in words
 *		route_rules.c				the rules: metrics into states and routes
 *		candidate_relation.c		rows of a candidates relation into candidates
 *		candidate.h					a candidate
 *		routing_policy.c			a policy's text into what the rules need
 *		policy_node.c				a place in that text, and what it should be
 *		policy_hash.c				what tells that text from others
 *		default_policy.c			the text that is used where none is given
 *		candidates_file.c			a candidates relation into a file
 *
 *		routing_relation.c			rows of a routing relation into decisions
 *		pair_row.c					the target and symbol of a row
 *		relation_reader.c			rows of any relation, by names of columns
 *		row_query.c					rows of a query over relations that are known by OID
 *
 *		planner.c					decisions into the jobs of a plan
 *		job_id_clash.c				two jobs with the same job_id
 *		name_hash.c					hashes of names that are joined from others
 *		decision_codec.c			decisions into a few numbers
 *		pair_sort.c					rows into the order of their targets and symbols
 *		pair_lists.c				rows that wait in memory
 *		pair.c						a target and a symbol into two numbers
 *		dictionary.c				strings into numbers that sort like them
 *		byte_sort.c					records into the order of their bytes
 *		spool.c						records that wait in memory or on disk
 *
 *		job_rules.c					the rules: one decision into one job
 *		decision.h					a decision
 *		families.c					lists of model families
 *		vocabulary.c				the words
 *
 *		plan_files.c				a stored plan into files
 *		plan_views.c				its jobs by target, symbol, type and route
 *		server_file.c				files that appear whole or not at all
 *		file_name.c					names as names of files
 *
 *		plan_text.c					a plan's document in a format, piece by piece
 *		job_texts.c					texts of jobs that wait for their place
 *		document_format.c			the formats, by name
 *		json_format.c				a document as JSON
 *		yaml_format.c				a document as YAML
 *		markdown_format.c			a document as Markdown
 *		plan_document.c				a stored plan as a document
 *		job_counts.c				its summary
 *
 *		routing_document.c			a routing plan's document into decisions
 *		routing_file.c				a routing plan's file on the server
 *		plan_import.c				a plan's document into jobs
 *		document_node.c				a place in a document, and what it should be
 *		document_reader.c			a text into a document
 *		json_reader.c				the same, of JSON
 *		yaml_reader.c				the same, of YAML
 *		document_builder.c			values put together as a parser meets them
 *		key_set.c					keys of a mapping of any size
 *		yaml_input.c				a text that libyaml parses
 *		yaml_scalar.c				what YAML takes a plain scalar for
 *		json_value.c				values of json-c, which documents are made of
 *		json_texts.c				their lists of strings as SQL's text[]
 *		hidden_text.c				characters that nobody sees
 *		encoding.h					between the server's encoding and UTF-8
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
