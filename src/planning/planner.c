/*
 * planner.c
 *		Brings decisions together into a plan: what one decision alone cannot
 *		know.
 *
 * Decisions are sorted by target and symbol (pair_sort.c), unless they come so;
 * the decisions of a target stand together then, its own first, and the same pair
 * twice stands side by side.  One walk over them finds every error before the
 * first job is handed out, and puts each job into the spool of its priority; read
 * one after the other, the spools are the plan in its order.
 *
 * A target without a decision of its own gets a cross-sectional job if symbols
 * count on it, which is known only behind its last symbol, when jobs that belong
 * behind it are already in the spool.  So these implied jobs have a spool of
 * their own, which is merged into that of their priority by target.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/spool.h"
#include "planning/decision_codec.h"
#include "planning/job_id_clash.h"
#include "planning/planner.h"
#include "sorting/pair_sort.h"

/* One spool for each priority, and that of the implied jobs. */
#define IMPLIED_JOBS		(HIGHEST_PRIORITY + 1)
#define SPOOLS				(HIGHEST_PRIORITY + 2)
#define IMPLIED_PRIORITY	2

/* How many disabled targets the warning names. */
#define DISABLED_NAMED		3

/* How work_mem is shared out: one divided by these. */
#define SORT_SHARE			2
#define NAMES_SHARE			8
#define BODIES_SHARE		8
#define CHECK_SHARE			8
#define SPOOL_SHARE			64

/* What is known of the target whose decisions are being walked over. */
typedef struct TargetInfo
{
	StringInfoData name;
	uint32		number;			/* of its pairs */
	bool		is_new;			/* no decision of it has come */
	bool		has_decision;	/* of its own */
	bool		enabled;		/* by that decision */
	int64		dependents;		/* symbols that count on its cross-sectional model */
	StringInfoData symbol;		/* of the last decision, if there was one */
	bool		has_symbol;
	Route		route;			/* of the last decision */
} TargetInfo;

/* The first decision in a spool that has not been handed out. */
typedef struct SpoolHead
{
	bool		valid;			/* it has been read */
	Decision	decision;		/* lives until the spool is read again */
} SpoolHead;

struct Planner
{
	MemoryContext context;
	const char *source;			/* what messages call the decisions' origin */
	bool		include_blocked;
	JobOrder	order;
	const PairNames *names;
	DecisionCodec *codec;
	PairSort   *sort;			/* NULL: decisions come sorted */
	JobIdCheck *job_ids;		/* NULL: none can clash */
	bool		job_ids_may_clash;
	TargetInfo	target;			/* that the walk is at */

	/* jobs, while and after planner_finish() */
	Spool	   *spools[SPOOLS]; /* NULL: no such job */
	int64		jobs;
	StringInfoData record;
	int			reading;		/* the spool that planner_next() reads */
	SpoolHead	next;			/* of that spool */
	SpoolHead	next_implied;

	/* targets that are disabled although symbols count on them */
	int64		disabled;
	StringInfoData disabled_names;
};

static Planner *
make_planner(const char *source, bool include_blocked, JobOrder order)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan planner",
												  ALLOCSET_DEFAULT_SIZES);
	Planner    *planner = MemoryContextAllocZero(context, sizeof(Planner));
	MemoryContext caller = MemoryContextSwitchTo(context);

	planner->context = context;
	planner->source = pstrdup(source);
	planner->include_blocked = include_blocked;
	planner->order = order;
	initStringInfo(&planner->record);
	initStringInfo(&planner->disabled_names);
	initStringInfo(&planner->target.name);
	initStringInfo(&planner->target.symbol);
	MemoryContextSwitchTo(caller);
	return planner;
}

static void
begin_job_id_check(Planner *planner)
{
	planner->job_ids = job_id_check_create(planner->names->targets, planner->names->symbols,
										   planner->source, work_mem / CHECK_SHARE);
}

/*
 * Begin a plan, in a new child of the current memory context.  source is what
 * messages call the decisions' origin: relation "public.decisions".
 */
Planner *
planner_create(const char *source, bool include_blocked, JobOrder order)
{
	Planner    *planner = make_planner(source, include_blocked, order);
	MemoryContext caller = MemoryContextSwitchTo(planner->context);

	planner->names = pair_names_create((Size) work_mem * 1024 / NAMES_SHARE);
	planner->codec = decision_codec_create(planner->names, (Size) work_mem * 1024 / BODIES_SHARE);
	planner->sort = pair_sort_create(planner->names, sizeof(EncodedBody), work_mem / SORT_SHARE);
	MemoryContextSwitchTo(caller);
	return planner;
}

/*
 * The same for decisions that come sorted, by planner_add_sorted().  names are
 * those of all pairs, and outlive the planner.
 */
Planner *
planner_create_sorted(const char *source, bool include_blocked, JobOrder order,
					  const PairNames *names)
{
	Planner    *planner = make_planner(source, include_blocked, order);
	MemoryContext caller = MemoryContextSwitchTo(planner->context);

	planner->names = names;
	planner->codec = decision_codec_create(names, 0);
	begin_job_id_check(planner);
	MemoryContextSwitchTo(caller);
	return planner;
}

/* What messages call the decisions' origin. */
const char *
planner_source(const Planner *planner)
{
	return planner->source;
}

/* Take a decision, which is copied. */
void
planner_add(Planner *planner, const Decision *decision)
{
	Pair		pair = pair_of_names(planner->names, decision->target, decision->symbol);
	EncodedDecision encoded;
	Decision	bare;

	/* A decision without a job matters for its route alone. */
	if (job_rule(decision, planner->include_blocked) != NULL)
		planner->job_ids_may_clash |= job_id_may_clash(decision->symbol);
	else
	{
		memset(&bare, 0, sizeof(bare));
		bare.target = decision->target;
		bare.symbol = decision->symbol;
		bare.route = decision->route;
		decision = &bare;
	}
	encode_decision(planner->codec, &pair, decision, &encoded);
	pair_sort_put(planner->sort, &pair, &encoded.numbers, encoded.body);
}

static void
spool_job(Planner *planner, int spool, const EncodedDecision *decision)
{
	if (planner->order == JOBS_BY_TARGET)
		spool = 0;
	if (planner->spools[spool] == NULL)
		planner->spools[spool] = spool_create((Size) work_mem * 1024 / SPOOL_SHARE);

	resetStringInfo(&planner->record);
	pack_encoded(&planner->record, decision);
	spool_put(planner->spools[spool], &planner->record);
	planner->jobs++;
}

/*
 * Behind the last decision of a target: what its symbols need of it.  Before the
 * first target there is one without a name, on which nothing counts.
 */
static void
end_target(Planner *planner, TargetInfo *target)
{
	if (target->dependents == 0)
		return;

	if (!target->has_decision)
	{
		Pair		pair = {target->number, NO_SYMBOL, slice_from_buffer(&target->name), NULL_SLICE};
		Decision	implied;
		EncodedDecision encoded;

		implied_cross_sectional_decision(&implied, pair.target, target->dependents);
		encode_decision(planner->codec, &pair, &implied, &encoded);
		spool_job(planner, IMPLIED_JOBS, &encoded);
		pfree(unconstify(char *, implied.reason.data));
	}
	else if (!target->enabled)
	{
		planner->disabled++;
		if (planner->disabled <= DISABLED_NAMED)
			appendStringInfo(&planner->disabled_names, "%s\"%s\" (" INT64_FORMAT ")",
							 planner->disabled > 1 ? ", " : "",
							 target->name.data, target->dependents);
	}
}

/* The decisions of another target may begin. */
static void
reach_target(Planner *planner, const Pair *pair)
{
	TargetInfo *target = &planner->target;

	if (slice_equal(pair->target, slice_from_buffer(&target->name)))
		return;
	end_target(planner, target);
	hold_slice(&target->name, pair->target);
	target->number = pair->target_number;
	target->has_decision = false;
	target->enabled = false;
	target->dependents = 0;
	target->is_new = true;
}

/* The error that there is another decision, with that route, for the same target and symbol. */
void
report_two_decisions(const char *source, const Decision *decision, Route other)
{
	Scope		scope = decision_scope(decision);

	ereport(ERROR,
			(errcode(ERRCODE_UNIQUE_VIOLATION),
			 errmsg("two decisions for %s in %s",
					decision_name(decision->target, decision->symbol), source),
			 errdetail("The routes are %s and %s.",
					   route_word(Min(other, decision->route), scope),
					   route_word(Max(other, decision->route), scope))));
}

static void
check_not_repeated(const Planner *planner, const Decision *decision)
{
	const TargetInfo *target = &planner->target;

	if (target->is_new || target->has_symbol != !slice_is_null(decision->symbol))
		return;
	if (target->has_symbol && !slice_equal(decision->symbol, slice_from_buffer(&target->symbol)))
		return;
	report_two_decisions(planner->source, decision, target->route);
}

/* Take the next decision in the order of targets and symbols; its rule, or NULL. */
static const JobRule *
walk_decision(Planner *planner, const Pair *pair, const Decision *decision)
{
	TargetInfo *target = &planner->target;
	Job			job;

	reach_target(planner, pair);
	check_not_repeated(planner, decision);
	target->is_new = false;
	target->has_symbol = !slice_is_null(decision->symbol);
	target->route = decision->route;
	hold_slice(&target->symbol, decision->symbol);

	if (!target->has_symbol)
	{
		target->has_decision = true;
		target->enabled = decision->route == ROUTE_CROSS_SECTIONAL;
	}
	else if (counts_on_cross_sectional(decision))
		target->dependents++;

	job.rule = job_rule(decision, planner->include_blocked);
	if (job.rule != NULL && planner->job_ids != NULL)
	{
		job.decision = *decision;
		job_id_check_add(planner->job_ids, &job);
	}
	return job.rule;
}

/*
 * Take a decision of a planner that was created for sorted ones, which is copied.
 * The errors of planner_finish() may come here.
 */
void
planner_add_sorted(Planner *planner, const Pair *pair, const Decision *decision)
{
	MemoryContext caller = MemoryContextSwitchTo(planner->context);
	const JobRule *rule = walk_decision(planner, pair, decision);
	EncodedDecision encoded;

	if (rule != NULL)
	{
		encode_decision(planner->codec, pair, decision, &encoded);
		spool_job(planner, rule->priority, &encoded);
	}
	MemoryContextSwitchTo(caller);
}

/* Walk over the decisions that were added in any order. */
static void
walk_decisions(Planner *planner)
{
	SortedRow	row;

	pair_sort_perform(planner->sort);
	if (planner->job_ids_may_clash)
		begin_job_id_check(planner);

	while (pair_sort_next(planner->sort, &row))
	{
		EncodedDecision encoded = {.pair = row.pair, .body = row.rest};
		Decision	decision;
		const JobRule *rule;

		CHECK_FOR_INTERRUPTS();

		memcpy(&encoded.numbers, row.payload, sizeof(EncodedBody));
		decode_decision(planner->codec, &encoded, &decision);
		rule = walk_decision(planner, &row.pair, &decision);
		if (rule != NULL)
			spool_job(planner, rule->priority, &encoded);
	}
	pair_sort_end(planner->sort);
}

static void
warn_of_disabled_targets(Planner *planner)
{
	if (planner->disabled == 0)
		return;
	ereport(WARNING,
			(errmsg_plural("%lld target is disabled although symbols count on its cross-sectional model",
						   "%lld targets are disabled although symbols count on their cross-sectional models",
						   (unsigned long) planner->disabled, (long long) planner->disabled),
			 errdetail("In %s, with the number of such symbols: %s%s.",
					   planner->source, planner->disabled_names.data,
					   planner->disabled > DISABLED_NAMED ? ", and others" : ""),
			 errhint("Enable these targets, or route their symbols to models of their own.")));
}

/*
 * All decisions are in: check them and make the plan.  Returns the number of
 * jobs, which planner_next() hands out then.
 *
 * Errors: the same pair twice, or two jobs with one job_id (unique_violation).
 * Warns of targets that are disabled although symbols count on them.
 */
int64
planner_finish(Planner *planner)
{
	MemoryContext caller = MemoryContextSwitchTo(planner->context);

	if (planner->sort != NULL)
		walk_decisions(planner);
	end_target(planner, &planner->target);
	if (planner->job_ids != NULL)
		job_id_check_end(planner->job_ids);
	warn_of_disabled_targets(planner);

	for (int i = 0; i < SPOOLS; i++)
	{
		if (planner->spools[i] != NULL)
			spool_rewind(planner->spools[i]);
	}
	planner->reading = HIGHEST_PRIORITY;

	MemoryContextSwitchTo(caller);
	return planner->jobs;
}

/* How many targets it has warned of. */
int64
planner_disabled_targets(const Planner *planner)
{
	return planner->disabled;
}

/* Make sure that the head of a spool has been read; false if there is none left. */
static bool
read_head(Planner *planner, int spool, SpoolHead *head)
{
	Slice		record;
	EncodedDecision encoded;

	if (head->valid)
		return true;
	if (planner->spools[spool] == NULL || !spool_get(planner->spools[spool], &record))
		return false;
	unpack_encoded(planner->codec, record, &encoded);
	decode_decision(planner->codec, &encoded, &head->decision);
	head->valid = true;
	return true;
}

static void
hand_out(Planner *planner, SpoolHead *head, Job *job)
{
	job->decision = head->decision;
	job->rule = job_rule(&job->decision, planner->include_blocked);
	head->valid = false;
}

/*
 * The next job in the plan's order; false after the last.  Its slices live
 * until the next call.
 */
bool
planner_next(Planner *planner, Job *job)
{
	for (; planner->reading >= 0; planner->reading--)
	{
		SpoolHead  *next = &planner->next;
		SpoolHead  *implied = &planner->next_implied;
		bool		has_next = read_head(planner, planner->reading, next);

		/* an implied job goes before the others of its target */
		if (planner->reading == IMPLIED_PRIORITY &&
			read_head(planner, IMPLIED_JOBS, implied) &&
			(!has_next || slice_compare(implied->decision.target, next->decision.target) <= 0))
		{
			hand_out(planner, implied, job);
			return true;
		}
		if (has_next)
		{
			hand_out(planner, next, job);
			return true;
		}
	}
	return false;
}

/* Give all memory and files back. */
void
planner_end(Planner *planner)
{
	for (int i = 0; i < SPOOLS; i++)
	{
		if (planner->spools[i] != NULL)
			spool_close(planner->spools[i]);
	}
	MemoryContextDelete(planner->context);
}
