/*
 * trainplan.c
 *		What PostgreSQL needs to know when it loads the library.
 *
 * How the files hang together, from SQL down:
 *
 *		generate_training_plan.c	a routing relation in, jobs out as rows
 *		create_training_plan.c		a routing relation in, a stored plan out
 *		plan_rows.c					the planner's estimate of the jobs' number
 *		planning_call.c				what both functions have in common
 *
 *		plan_store.c				a plan's jobs into its tables
 *		job_tuple.c					a job into the values of its columns
 *
 *		routing_relation.c			rows of a routing relation into decisions
 *		relation_reader.c			rows of any relation, by names of columns
 *
 *		planner.c					decisions into the jobs of a plan
 *		job_id_clash.c				two jobs with the same job_id
 *		decision_sort.c				decisions into the order of their names
 *		decision_lists.c			decisions that wait in memory
 *		decision_codec.c			decisions into a few numbers
 *		dictionary.c				strings into numbers that sort like them
 *		byte_sort.c					records into the order of their bytes
 *		spool.c						records that wait on disk
 *
 *		job_rules.c					the rules: one decision into one job
 *		decision.h					a decision
 *		families.c					lists of model families
 *		vocabulary.c				the words
 */
#include "postgres.h"

#include "fmgr.h"

#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "trainplan", .version = "1.0");
#else
PG_MODULE_MAGIC;
#endif
