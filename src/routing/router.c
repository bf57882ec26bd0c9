/*
 * router.c
 *		Brings the metrics of pairs together into decisions: what one row alone
 *		cannot know.
 *
 * Rows are sorted by target and symbol (pair_sort.c), so that the metrics of a
 * target's pooled model stand before those of its symbols, which need its state.
 * A target is walked through as it comes.  Only where a policy limits the fraction
 * of a target's symbols that are experimental, its symbols are held back in a
 * spool, and their scores sorted, until all of them are known.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"

#include "base/byte_sort.h"
#include "base/spool.h"
#include "planning/decision.h"
#include "routing/router.h"
#include "sorting/pair_sort.h"

/* How work_mem is shared out: one divided by these. */
#define NAMES_SHARE		8
#define HELD_SHARE		16
#define RANKS_SHARE		16

/* What is left for the rows. */
#define SORT_MEMORY_KB	(work_mem - work_mem / 4)

/* Metrics as they wait; a sample size that is too large is the row's rest. */
typedef struct PackedMetrics
{
	double		score;
	uint64		stability:2,
				leakage:2,
				is_classification:1,
				sample:59;		/* sample_size + 1; 0: none */
} PackedMetrics;

#define LARGE_SAMPLE	((UINT64CONST(1) << 59) - 1)

/* An experimental pair by its rank in its target: best score first, then symbol. */
typedef struct ExperimentalRank
{
	uint64		score;			/* both most significant byte first */
	uint64		place;
} ExperimentalRank;

/* The target whose decisions are being made. */
typedef struct RoutedTarget
{
	bool		is_open;		/* its own decision has been handed out */
	StringInfoData name;
	Horizon		horizon;
	SignalState state;			/* of its pooled model */
	StringInfoData reason;		/* for that */
	bool		has_symbol;		/* one has come */
	StringInfoData symbol;		/* the last */

	/* if experimental symbols are limited */
	Spool	   *held;			/* rows of its symbols */
	int64		place;			/* of the symbol at hand, from 0 */
	ExperimentalRank last;		/* of the experimental ones that may be */
	ExperimentalShare share;
} RoutedTarget;

struct Router
{
	MemoryContext context;
	const RoutingPolicy *policy;
	const char *source;
	PairNames  *names;
	PairSort   *sort;
	bool		has_row;		/* one that was read and not handed out */
	SortedRow	row;
	RoutedTarget target;
	StringInfoData local_reason;
	StringInfoData route_reason;
	StringInfoData packed;		/* work space */
};

/*
 * In a new child of the current memory context.  The policy must outlive the
 * router; source is what messages call the metrics' origin.
 */
Router *
router_create(const RoutingPolicy *policy, const char *source)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan router",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Router	   *router = palloc0(sizeof(Router));

	router->context = context;
	router->policy = policy;
	router->source = pstrdup(source);
	router->names = pair_names_create((Size) work_mem * 1024 / NAMES_SHARE);
	router->sort = pair_sort_create(router->names, sizeof(PackedMetrics), SORT_MEMORY_KB);
	initStringInfo(&router->target.name);
	initStringInfo(&router->target.reason);
	initStringInfo(&router->target.symbol);
	initStringInfo(&router->local_reason);
	initStringInfo(&router->route_reason);
	initStringInfo(&router->packed);
	MemoryContextSwitchTo(caller);
	return router;
}

/* Take a candidate, which is copied. */
void
router_add(Router *router, const Candidate *candidate)
{
	const Metrics *metrics = &candidate->metrics;
	Pair		pair = pair_of_names(router->names, candidate->target, candidate->symbol);
	PackedMetrics packed = {
		.score = metrics->score,
		.stability = candidate_stability(router->policy, candidate),
		.leakage = metrics->leakage,
		.is_classification = metrics->is_classification
	};
	Slice		rest = NULL_SLICE;

	if (metrics->has_sample_size && metrics->sample_size >= LARGE_SAMPLE - 1)
	{
		packed.sample = LARGE_SAMPLE;
		rest.data = (const char *) &metrics->sample_size;
		rest.len = sizeof(metrics->sample_size);
	}
	else if (metrics->has_sample_size)
		packed.sample = metrics->sample_size + 1;
	pair_sort_put(router->sort, &pair, &packed, rest);
}

static Metrics
unpack_metrics(const SortedRow *row)
{
	PackedMetrics packed;
	Metrics		metrics;

	memcpy(&packed, row->payload, sizeof(packed));
	metrics.score = packed.score;
	metrics.stability = packed.stability;
	metrics.leakage = packed.leakage;
	metrics.is_classification = packed.is_classification;
	metrics.has_sample_size = packed.sample > 0;
	metrics.sample_size = metrics.has_sample_size ? (int64) packed.sample - 1 : 0;
	if (row->rest.len > 0)
		memcpy(&metrics.sample_size, row->rest.data, sizeof(metrics.sample_size));
	return metrics;
}

/* All metrics are in; router_next() hands the decisions out. */
void
router_finish(Router *router)
{
	MemoryContext caller = MemoryContextSwitchTo(router->context);

	pair_sort_perform(router->sort);
	MemoryContextSwitchTo(caller);
}

/* The names of all pairs, which live as long as the router. */
const PairNames *
router_names(const Router *router)
{
	return router->names;
}

/* Look at the next row of the sort; false if there is none. */
static bool
peek_row(Router *router)
{
	if (!router->has_row)
		router->has_row = pair_sort_next(router->sort, &router->row);
	return router->has_row;
}

/* The same, if it is one of the target at hand. */
static bool
peek_row_of_target(Router *router)
{
	return peek_row(router) &&
		slice_equal(router->row.pair.target, slice_from_buffer(&router->target.name));
}

/* The double's order, as that of the bytes of an integer; a better score is less. */
static uint64
descending_bytes(double score)
{
	uint64		bits;

	memcpy(&bits, &score, sizeof(bits));
	bits = (bits >> 63) ? ~bits : bits | (UINT64CONST(1) << 63);
	return pg_hton64(~bits);
}

static ExperimentalRank
experimental_rank(double score, int64 place)
{
	ExperimentalRank rank = {descending_bytes(score + 0.0), pg_hton64((uint64) place)};

	return rank;
}

/* The rule of a symbol's own signal. */
static SignalRule
judge_symbol(const Router *router, const Metrics *metrics, SignalChecks *checks)
{
	check_signal(router->policy, SCOPE_SYMBOL, router->target.horizon, metrics, checks);
	return deciding_rule(checks, metrics);
}

/* Find the last of the ranks that may be experimental; there are more. */
static void
limit_experimental(RoutedTarget *target, ByteSort *ranks)
{
	Slice		record;

	/* before all ranks */
	memset(&target->last, 0, sizeof(target->last));
	byte_sort_perform(ranks);
	for (int64 i = 0; i < target->share.most && byte_sort_next(ranks, &record); i++)
	{
		CHECK_FOR_INTERRUPTS();
		memcpy(&target->last, record.data, sizeof(target->last));
		memcpy(&target->share.least_score, record.data + sizeof(target->last), sizeof(double));
	}
}

/* Hold back the symbols of the target at hand, and see which of them may be experimental. */
static void
hold_symbols(Router *router)
{
	RoutedTarget *target = &router->target;
	ByteSort   *ranks = byte_sort_create(work_mem / RANKS_SHARE);
	int64		experimental = 0;

	target->held = spool_create((Size) work_mem * 1024 / HELD_SHARE);
	target->share.symbols = 0;
	target->share.least_score = NAN;
	for (; peek_row_of_target(router); router->has_row = false)
	{
		const SortedRow *row = &router->row;
		Metrics		metrics = unpack_metrics(row);
		SignalChecks checks;
		SignalState state = rule_state(judge_symbol(router, &metrics, &checks));

		CHECK_FOR_INTERRUPTS();

		resetStringInfo(&router->packed);
		pack_row(&router->packed, row, sizeof(PackedMetrics));
		spool_put(target->held, &router->packed);

		if (route_rule(target->state, state) == ROUTE_RULE_EXPERIMENTAL)
		{
			ExperimentalRank rank = experimental_rank(metrics.score, target->share.symbols);
			StringInfo	record = byte_sort_begin_record(ranks);

			appendBinaryStringInfo(record, (const char *) &rank, sizeof(rank));
			appendBinaryStringInfo(record, (const char *) &metrics.score, sizeof(metrics.score));
			byte_sort_put(ranks);
			experimental++;
		}
		target->share.symbols++;
	}
	spool_rewind(target->held);

	target->share.most = most_experimental(router->policy, target->share.symbols);
	if (experimental > target->share.most)
		limit_experimental(target, ranks);
	byte_sort_end(ranks);
}

/* The next row of a symbol that was held back; false after the last. */
static bool
next_held(Router *router, SortedRow *row)
{
	Slice		record;

	if (!spool_get(router->target.held, &record))
	{
		spool_close(router->target.held);
		router->target.held = NULL;
		return false;
	}
	*row = unpack_row(router->names, record, sizeof(PackedMetrics));
	return true;
}

/* The next row of the target at hand; false after the last. */
static bool
next_symbol(Router *router, SortedRow *row)
{
	if (router->target.held != NULL)
		return next_held(router, row);
	if (!peek_row_of_target(router))
		return false;
	*row = router->row;
	router->has_row = false;
	return true;
}

static void
set_decision(RoutedPair *routed, const Pair *pair, Route route, const Metrics *metrics)
{
	memset(routed, 0, sizeof(RoutedPair));
	routed->pair = *pair;
	routed->route = route;
	routed->has_sample_size = metrics->has_sample_size;
	routed->sample_size = metrics->sample_size;
}

/* The decision for a target as a whole, the row that was peeked at being its first. */
static void
begin_target(Router *router, RoutedPair *routed)
{
	RoutedTarget *target = &router->target;
	Pair		pair = router->row.pair;
	bool		has_metrics = slice_is_null(pair.symbol);
	SignalRule	rule = RULE_NO_METRICS;
	SignalChecks checks = {0};
	Metrics		metrics = {0};

	hold_slice(&target->name, pair.target);
	target->horizon = target_horizon(pair.target);
	if (has_metrics)
	{
		metrics = unpack_metrics(&router->row);
		check_signal(router->policy, SCOPE_TARGET, target->horizon, &metrics, &checks);
		rule = deciding_rule(&checks, &metrics);
		router->has_row = false;
	}
	target->is_open = true;
	target->state = rule_state(rule);
	target->has_symbol = false;
	target->place = 0;
	/* behind all ranks */
	memset(&target->last, 0xff, sizeof(target->last));
	resetStringInfo(&target->reason);
	append_signal_reason(&target->reason, router->policy, SCOPE_TARGET, target->horizon,
						 &metrics, &checks, rule);

	pair.target = slice_from_buffer(&target->name);
	pair.symbol_number = NO_SYMBOL;
	pair.symbol = NULL_SLICE;
	set_decision(routed, &pair, target_route(target->state), &metrics);
	routed->cs_state = target->state;
	routed->phrases[0] = slice_from_buffer(&target->reason);
	routed->phrase_count = 1;
}

static void
check_not_repeated(const Router *router, const Pair *pair)
{
	const RoutedTarget *target = &router->target;

	if (!slice_is_null(pair->symbol) &&
		!(target->has_symbol && slice_equal(pair->symbol, slice_from_buffer(&target->symbol))))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_UNIQUE_VIOLATION),
			 errmsg("two candidates for %s in %s", decision_name(pair->target, pair->symbol),
					router->source)));
}

/* The decision for a symbol of the target at hand. */
static void
route_symbol(Router *router, const SortedRow *row, RoutedPair *routed)
{
	RoutedTarget *target = &router->target;
	Metrics		metrics = unpack_metrics(row);
	SignalChecks checks;
	SignalRule	signal_rule = judge_symbol(router, &metrics, &checks);
	SignalState state = rule_state(signal_rule);
	RouteRule	rule = route_rule(target->state, state);
	ExperimentalRank rank = experimental_rank(metrics.score, target->place++);

	check_not_repeated(router, &row->pair);
	target->has_symbol = true;
	hold_slice(&target->symbol, row->pair.symbol);

	if (rule == ROUTE_RULE_EXPERIMENTAL && memcmp(&rank, &target->last, sizeof(rank)) > 0)
		rule = ROUTE_RULE_MAX_FRACTION;

	resetStringInfo(&router->local_reason);
	append_signal_reason(&router->local_reason, router->policy, SCOPE_SYMBOL, target->horizon,
						 &metrics, &checks, signal_rule);
	resetStringInfo(&router->route_reason);
	append_route_reason(&router->route_reason, router->policy, rule, &target->share);

	set_decision(routed, &row->pair, rule_route(router->policy, rule), &metrics);
	routed->cs_state = target->state;
	routed->local_state = state;
	routed->phrases[0] = slice_from_buffer(&target->reason);
	routed->phrases[1] = slice_from_buffer(&router->local_reason);
	routed->phrases[2] = slice_from_buffer(&router->route_reason);
	routed->phrase_count = 3;
	routed->rule = rule;
	routed->share = &target->share;
}

/*
 * The next decision, by target and symbol, a target's own first; false after the
 * last.  A target without metrics of a pooled model has a decision, too.
 *
 * Errors: the same pair twice (unique_violation).
 */
bool
router_next(Router *router, RoutedPair *routed)
{
	MemoryContext caller = MemoryContextSwitchTo(router->context);
	RoutedTarget *target = &router->target;
	SortedRow	row;
	bool		found = true;

	CHECK_FOR_INTERRUPTS();

	if (target->is_open && next_symbol(router, &row))
		route_symbol(router, &row, routed);
	else if (peek_row(router))
	{
		begin_target(router, routed);
		if (!isnan(router->policy->max_fraction_symbols))
			hold_symbols(router);
	}
	else
		found = false;
	MemoryContextSwitchTo(caller);
	return found;
}

/* Give all memory and files back. */
void
router_end(Router *router)
{
	if (router->target.held != NULL)
		spool_close(router->target.held);
	pair_sort_end(router->sort);
	MemoryContextDelete(router->context);
}
