/*
 * job_id_clash.c
 *		Finds two jobs of one plan whose job_ids are the same.
 *
 * sym_<target>_<symbol> does not say where the target ends: target a_b with
 * symbol c, and target a with symbol b_c, are both sym_a_b_c.  Jobs of
 * different kinds never clash, as their prefixes differ from the first letter.
 *
 * Sorting all job_ids to find the pair would double the work of planning for
 * what almost never happens.  But two targets can only clash if one is the
 * other with _X behind it (a, a_b; X is b), and only for symbols of which the
 * first target's is the other's with X_ before it (b_c, c).  So nothing clashes
 * where no symbol has an underscore; else, the dictionaries of names tell for
 * which jobs a partner's names exist, and only these are sorted by their job_ids
 * and compared.  Usually there are none.  A dictionary that had to turn names
 * away makes more jobs suspects, no fewer.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/pg_list.h"

#include "byte_sort.h"
#include "job_id_clash.h"

struct JobIdCheck
{
	const Dictionary *targets;
	const Dictionary *symbols;
	const char *source;			/* where the decisions came from, for messages */
	int			memory_kb;		/* for the suspects, before they spill to disk */
	StringInfoData target;		/* the target whose jobs are being added */
	List	   *tails;			/* its ends behind an underscore that stands behind another target */
	StringInfoData name;		/* work space */
	ByteSort   *suspects;		/* job_id, 0, length of the target; NULL: none yet */
};

/*
 * In the current memory context; the dictionaries must outlive the check.
 * source is what messages say of the decisions' origin.
 */
JobIdCheck *
job_id_check_create(const Dictionary *targets, const Dictionary *symbols,
					const char *source, int memory_kb)
{
	JobIdCheck *check = palloc0(sizeof(JobIdCheck));

	check->targets = targets;
	check->symbols = symbols;
	check->source = source;
	check->memory_kb = memory_kb;
	initStringInfo(&check->target);
	initStringInfo(&check->name);
	return check;
}

/* The first underscore in name from position on, or -1. */
static int
find_underscore(Slice name, int position)
{
	const char *found = NULL;

	if (position < name.len)
		found = memchr(name.data + position, '_', name.len - position);
	return found == NULL ? -1 : (int) (found - name.data);
}

/* Is a_b, made of two names, perhaps one of names? */
static bool
joined_name_may_exist(JobIdCheck *check, const Dictionary *names, Slice a, Slice b)
{
	hold_slice(&check->name, a);
	appendStringInfoCharMacro(&check->name, '_');
	append_slice(&check->name, b);
	return dictionary_may_contain(names, slice_from_buffer(&check->name));
}

/* Jobs of another target come now: find the ends X of it for which all before _X is a target. */
static void
begin_target(JobIdCheck *check, Slice target)
{
	hold_slice(&check->target, target);
	target = slice_from_buffer(&check->target);
	list_free_deep(check->tails);
	check->tails = NIL;

	for (int at = find_underscore(target, 1); at >= 0; at = find_underscore(target, at + 1))
	{
		Slice		head = {target.data, at};

		if (dictionary_may_contain(check->targets, head))
		{
			Slice	   *tail = palloc(sizeof(Slice));

			tail->data = target.data + at + 1;
			tail->len = target.len - at - 1;
			check->tails = lappend(check->tails, tail);
		}
	}
}

/* Do names exist that would make another job with this job's id? */
static bool
is_suspect(JobIdCheck *check, Slice target, Slice symbol)
{
	ListCell   *cell;

	/* as the shorter target: target a, symbol b_c; partner target a_b */
	for (int at = find_underscore(symbol, 0); at >= 0; at = find_underscore(symbol, at + 1))
	{
		Slice		head = {symbol.data, at};

		if (at + 1 < symbol.len && joined_name_may_exist(check, check->targets, target, head))
			return true;
	}

	/* as the longer target: target a_b, symbol c; partner symbol b_c */
	foreach(cell, check->tails)
	{
		if (joined_name_may_exist(check, check->symbols, *(Slice *) lfirst(cell), symbol))
			return true;
	}
	return false;
}

static void
add_suspect(JobIdCheck *check, const Job *job)
{
	uint32		target_len = job->decision.target.len;
	StringInfo	record;

	if (check->suspects == NULL)
		check->suspects = byte_sort_create(check->memory_kb);

	record = byte_sort_begin_record(check->suspects);
	append_job_id(record, job->rule, job->decision.target, job->decision.symbol);
	appendStringInfoCharMacro(record, '\0');
	appendBinaryStringInfo(record, (const char *) &target_len, sizeof(target_len));
	byte_sort_put(check->suspects);
}

/* Add a plan's next job; the jobs of one target come one after another. */
void
job_id_check_add(JobIdCheck *check, const Job *job)
{
	Slice		target = job->decision.target;
	Slice		symbol = job->decision.symbol;

	if (slice_is_null(symbol))
		return;
	if (!slice_equal(target, slice_from_buffer(&check->target)))
		begin_target(check, target);
	if (is_suspect(check, target, symbol))
		add_suspect(check, job);
}

/* The decision's name behind a suspect, which is a job_id, 0, and the target's length. */
static const char *
suspect_name(const char *suspect)
{
	Slice		target;
	Slice		symbol;

	memcpy(&target.len, suspect + strlen(suspect) + 1, sizeof(target.len));
	target.data = strchr(suspect, '_') + 1;
	symbol = slice_from_string(target.data + target.len + 1);
	return decision_name(target, symbol);
}

/* All jobs are in: an error if two have the same id. */
void
job_id_check_end(JobIdCheck *check)
{
	StringInfo	previous = &check->name;
	Slice		suspect;

	if (check->suspects == NULL)
		return;

	resetStringInfo(previous);
	byte_sort_perform(check->suspects);
	while (byte_sort_next(check->suspects, &suspect))
	{
		CHECK_FOR_INTERRUPTS();

		if (strcmp(previous->data, suspect.data) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNIQUE_VIOLATION),
					 errmsg("two jobs have the job_id \"%s\" in %s: %s, and %s",
							suspect.data, check->source,
							suspect_name(previous->data), suspect_name(suspect.data)),
					 errhint("Rename a target or a symbol so that <target>_<symbol> says which is which.")));
		hold_slice(previous, suspect);
	}
	byte_sort_end(check->suspects);
	check->suspects = NULL;
}
