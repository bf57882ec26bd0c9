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
 *
 * A name may have an underscore at every byte.  Whether a partner's name exists is
 * therefore asked for its hash, which follows from those of its parts
 * (name_hash.h), so that a job costs no more than it has bytes.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/byte_sort.h"
#include "planning/job_id_clash.h"
#include "planning/name_hash.h"

/* An end X of the target at hand, for which all before _X is perhaps a target. */
typedef struct Tail
{
	uint32		length;
	uint64		hash;			/* until the whole target is hashed: of all before the tail */
} Tail;

struct JobIdCheck
{
	const Dictionary *targets;
	const Dictionary *symbols;
	const char *source;			/* where the decisions came from, for messages */
	int			memory_kb;		/* for the suspects, before they spill to disk */

	uint64		base;			/* of all hashes */
	bool		has_hashes;		/* are the names hashed? */
	NameHashSet target_hashes;
	NameHashSet symbol_hashes;

	StringInfoData target;		/* the target whose jobs are being added */
	uint64		target_hash;
	Tail	   *tails;			/* of that target */
	uint32		tail_count;
	uint32		tail_capacity;

	StringInfoData name;		/* work space */
	ByteSort   *suspects;		/* job_id, 0, length of the target; NULL: none yet */
};

/*
 * In the current memory context; the dictionaries must outlive the check, and get
 * no more names.  source is what messages say of the decisions' origin.
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
	check->base = name_hash_draw_base();
	check->tail_capacity = 16;
	check->tails = palloc(check->tail_capacity * sizeof(Tail));
	initStringInfo(&check->target);
	initStringInfo(&check->name);
	return check;
}

static void
hash_names(uint64 base, const Dictionary *names, NameHashSet *hashes)
{
	uint32		count = dictionary_count(names);

	name_hash_set_init(hashes, count);
	for (uint32 i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		name_hash_set_add(hashes, name_hash(base, dictionary_get(names, i)));
	}
}

/* Is this perhaps the hash of a target? */
static bool
is_target(const JobIdCheck *check, uint64 hash)
{
	return !dictionary_is_complete(check->targets) ||
		name_hash_set_contains(&check->target_hashes, hash);
}

/* The same of a symbol. */
static bool
is_symbol(const JobIdCheck *check, uint64 hash)
{
	return !dictionary_is_complete(check->symbols) ||
		name_hash_set_contains(&check->symbol_hashes, hash);
}

static void
add_tail(JobIdCheck *check, uint32 length, uint64 hash_before)
{
	if (check->tail_count == check->tail_capacity)
	{
		check->tail_capacity *= 2;
		check->tails = repalloc_huge(check->tails, check->tail_capacity * sizeof(Tail));
	}
	check->tails[check->tail_count].length = length;
	check->tails[check->tail_count].hash = hash_before;
	check->tail_count++;
}

/* Jobs of another target come now: hash it, and find its tails. */
static void
begin_target(JobIdCheck *check, Slice target)
{
	uint64		hash = 0;

	if (!check->has_hashes)
	{
		hash_names(check->base, check->targets, &check->target_hashes);
		hash_names(check->base, check->symbols, &check->symbol_hashes);
		check->has_hashes = true;
	}

	hold_slice(&check->target, target);
	check->tail_count = 0;
	for (uint32 i = 0; i < target.len; i++)
	{
		uint64		before = hash;

		hash = name_hash_append(check->base, hash, target.data[i]);
		if (target.data[i] == '_' && i > 0)
		{
			CHECK_FOR_INTERRUPTS();
			if (is_target(check, before))
				add_tail(check, target.len - i - 1, hash);
		}
	}
	check->target_hash = hash;

	for (uint32 i = 0; i < check->tail_count; i++)
	{
		Tail	   *tail = &check->tails[i];

		CHECK_FOR_INTERRUPTS();
		tail->hash = name_hash_behind(hash, name_hash_power(check->base, tail->length), tail->hash);
	}
}

/* Do names exist that would make another job with the id of a symbol's job of the target at hand? */
static bool
is_suspect(const JobIdCheck *check, Slice symbol)
{
	uint64		target = name_hash_append(check->base, check->target_hash, '_');
	uint64		hash = 0;
	uint64		power = 1;

	if (check->tail_count == 0 && !job_id_may_clash(symbol))
		return false;

	/* as the shorter target: target a, symbol b_c; partner target a_b */
	for (uint32 i = 0; i < symbol.len; i++)
	{
		if (symbol.data[i] == '_' && i + 1 < symbol.len)
		{
			CHECK_FOR_INTERRUPTS();
			if (is_target(check, name_hash_join(target, power, hash)))
				return true;
		}
		hash = name_hash_append(check->base, hash, symbol.data[i]);
		power = name_hash_multiply(power, check->base);
	}

	/* as the longer target: target a_b, symbol c; partner symbol b_c */
	for (uint32 i = 0; i < check->tail_count; i++)
	{
		uint64		tail = name_hash_append(check->base, check->tails[i].hash, '_');

		CHECK_FOR_INTERRUPTS();
		if (is_symbol(check, name_hash_join(tail, power, hash)))
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
	if (is_suspect(check, symbol))
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
