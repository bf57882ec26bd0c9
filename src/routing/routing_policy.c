/*
 * routing_policy.c
 *		Reads a routing policy.
 *
 * What a policy may say is in the tables below: each key with what it holds, where
 * that goes, and its bounds.  A policy is read whole before it is used; the first
 * thing that is wrong with it is an error that says where it stands.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/nearest_name.h"
#include "routing/policy_node.h"
#include "routing/routing_policy.h"

/* What the scores' thresholds are that a policy leaves out. */
#define MISSING_CLASSIFICATION	0.5
#define MISSING_REGRESSION		(-0.5)

/* How many mappings may be merged into others: more than any policy needs, and few enough to end. */
#define MAX_MERGES				100

typedef enum KeyKind
{
	KEY_SECTION,				/* a mapping */
	KEY_BOOLEAN,
	KEY_COUNT,					/* an integer, from 0 */
	KEY_NUMBER,					/* from least to most */
	KEY_SCORE,					/* a number */
	KEY_THRESHOLD,				/* a number, or a mapping by task */
	KEY_REGRESSION,				/* a number, or a mapping by horizon */
	KEY_STABILITIES,			/* a list */
	KEY_BEHAVIOR,				/* a word */
	KEY_WITHOUT_EFFECT			/* anything: routing does not depend on it */
} KeyKind;

struct KeyTable;

typedef struct PolicyKey
{
	const char *name;
	KeyKind		kind;
	bool		required;
	Size		offset;			/* of what it sets, in the struct that its table is of */
	const struct KeyTable *section;
	double		least;
	double		most;
} PolicyKey;

typedef struct KeyTable
{
	int			count;
	const PolicyKey *keys;
} KeyTable;

#define KEY_TABLE(keys)		{lengthof(keys), (keys)}
#define REQUIRED			true
#define OPTIONAL			false
#define AT(member)			offsetof(RoutingPolicy, member)

static const PolicyKey regression_keys[] = {
	{"default", KEY_SCORE, OPTIONAL, HORIZON_DEFAULT * sizeof(double)},
	{"short", KEY_SCORE, OPTIONAL, HORIZON_SHORT * sizeof(double)},
	{"medium", KEY_SCORE, OPTIONAL, HORIZON_MEDIUM * sizeof(double)},
	{"long", KEY_SCORE, OPTIONAL, HORIZON_LONG * sizeof(double)},
	{"very_long", KEY_SCORE, OPTIONAL, HORIZON_VERY_LONG * sizeof(double)}
};
static const KeyTable regression_table = KEY_TABLE(regression_keys);

static const PolicyKey threshold_keys[] = {
	{"classification", KEY_SCORE, OPTIONAL, offsetof(ScoreThreshold, classification)},
	{"regression", KEY_REGRESSION, OPTIONAL, 0}
};
static const KeyTable threshold_table = KEY_TABLE(threshold_keys);

static const PolicyKey min_sample_size_keys[] = {
	{"cross_sectional", KEY_COUNT, REQUIRED, AT(min_sample_size[SCOPE_TARGET])},
	{"symbol", KEY_COUNT, REQUIRED, AT(min_sample_size[SCOPE_SYMBOL])}
};
static const KeyTable min_sample_size_table = KEY_TABLE(min_sample_size_keys);

static const PolicyKey cross_sectional_keys[] = {
	{"min_score", KEY_THRESHOLD, REQUIRED, AT(min_score[SCOPE_TARGET])},
	{"strong_score", KEY_THRESHOLD, REQUIRED, AT(strong_score[SCOPE_TARGET])}
};
static const KeyTable cross_sectional_table = KEY_TABLE(cross_sectional_keys);

static const PolicyKey symbol_keys[] = {
	{"min_score", KEY_THRESHOLD, REQUIRED, AT(min_score[SCOPE_SYMBOL])},
	{"strong_score", KEY_THRESHOLD, REQUIRED, AT(strong_score[SCOPE_SYMBOL])}
};
static const KeyTable symbol_table = KEY_TABLE(symbol_keys);

static const PolicyKey stability_allowlist_keys[] = {
	{"cross_sectional", KEY_STABILITIES, REQUIRED, AT(stability_allowlist[SCOPE_TARGET])},
	{"symbol", KEY_STABILITIES, REQUIRED, AT(stability_allowlist[SCOPE_SYMBOL])}
};
static const KeyTable stability_allowlist_table = KEY_TABLE(stability_allowlist_keys);

static const PolicyKey experimental_keys[] = {
	{"min_score", KEY_THRESHOLD, OPTIONAL, AT(experimental_min_score)},
	{"allowed_stabilities", KEY_STABILITIES, OPTIONAL, AT(experimental_stabilities)},
	{"max_fraction_symbols_per_target", KEY_NUMBER, OPTIONAL, AT(max_fraction_symbols), NULL, 0, 1}
};
static const KeyTable experimental_table = KEY_TABLE(experimental_keys);

static const PolicyKey stability_classification_keys[] = {
	{"max_std_overlap", KEY_NUMBER, OPTIONAL, AT(max_std_overlap), NULL, 0, INFINITY},
	{"max_std_tau", KEY_NUMBER, OPTIONAL, AT(max_std_tau), NULL, 0, INFINITY},
	{"stable_overlap_min", KEY_NUMBER, OPTIONAL, AT(stable_overlap_min), NULL, 0, 1},
	{"stable_tau_min", KEY_NUMBER, OPTIONAL, AT(stable_tau_min), NULL, -1, 1},
	{"drifting_overlap_min", KEY_NUMBER, OPTIONAL, AT(drifting_overlap_min), NULL, 0, 1},
	{"drifting_tau_min", KEY_NUMBER, OPTIONAL, AT(drifting_tau_min), NULL, -1, 1},
	{"min_snapshots_for_stability", KEY_WITHOUT_EFFECT}
};
static const KeyTable stability_classification_table = KEY_TABLE(stability_classification_keys);

static const PolicyKey routing_keys[] = {
	{"min_sample_size", KEY_SECTION, REQUIRED, 0, &min_sample_size_table},
	{"block_on_leakage", KEY_BOOLEAN, OPTIONAL, AT(block_on_leakage)},
	{"cross_sectional", KEY_SECTION, REQUIRED, 0, &cross_sectional_table},
	{"symbol", KEY_SECTION, REQUIRED, 0, &symbol_table},
	{"stability_allowlist", KEY_SECTION, REQUIRED, 0, &stability_allowlist_table},
	{"both_strong_behavior", KEY_BEHAVIOR, REQUIRED, AT(both_strong_behavior)},
	{"enable_experimental_lane", KEY_BOOLEAN, OPTIONAL, AT(enable_experimental_lane)},
	{"experimental", KEY_SECTION, OPTIONAL, 0, &experimental_table},
	{"stability_classification", KEY_SECTION, OPTIONAL, 0, &stability_classification_table},
	{"dev_mode", KEY_BOOLEAN, OPTIONAL, AT(dev_mode)},
	{"dev_mode_min_sample_size", KEY_COUNT, OPTIONAL, AT(dev_mode_min_sample_size)},

	/* what else the files say that the Python router reads */
	{"log_decision_reasons", KEY_WITHOUT_EFFECT},
	{"dump_plan_as", KEY_WITHOUT_EFFECT},
	{"view_policy", KEY_WITHOUT_EFFECT},
	{"requested_view", KEY_WITHOUT_EFFECT},
	{"auto_flip_min_symbols", KEY_WITHOUT_EFFECT},
	{"auto_dev_mode_threshold", KEY_WITHOUT_EFFECT},
	{"require_safe_features_only", KEY_WITHOUT_EFFECT},
	{"allowed_feature_leakage_status", KEY_WITHOUT_EFFECT},
	{"require_min_successful_families", KEY_WITHOUT_EFFECT}
};
static const KeyTable routing_table = KEY_TABLE(routing_keys);

static const PolicyKey policy_keys[] = {
	{"routing", KEY_SECTION, REQUIRED, 0, &routing_table}
};
static const KeyTable policy_table = KEY_TABLE(policy_keys);

static const Slice horizon_words[] = {
	[HORIZON_DEFAULT] = SLICE_LITERAL("default"),
	[HORIZON_SHORT] = SLICE_LITERAL("short"),
	[HORIZON_MEDIUM] = SLICE_LITERAL("medium"),
	[HORIZON_LONG] = SLICE_LITERAL("long"),
	[HORIZON_VERY_LONG] = SLICE_LITERAL("very_long")
};
const WordList horizons = {lengthof(horizon_words), horizon_words};

typedef struct PolicyReader
{
	int			merges;
	StringInfoData without_effect;	/* paths of such keys */
} PolicyReader;

static void read_mapping(PolicyReader *reader, const PolicyNode *mapping, const KeyTable *table,
						 void *base);
static void read_members(PolicyReader *reader, const PolicyNode *mapping, const KeyTable *table,
						 void *base, uint32 *seen, bool merging);

static void
set_regression(double *regression, double score)
{
	for (int i = 0; i < HORIZONS; i++)
		regression[i] = score;
}

static double
read_number(const PolicyNode *node, const PolicyKey *key)
{
	double		number = policy_number(node);

	if (number < key->least || number > key->most)
		report_policy_type(node, isinf(key->most) ? psprintf("%g or more", key->least) :
						   psprintf("from %g to %g", key->least, key->most));
	return number;
}

static int64
read_count(const PolicyNode *node)
{
	int64		count = policy_integer(node);

	if (count < 0)
		report_policy_type(node, "0 or more");
	return count;
}

static StabilitySet
read_stabilities(const PolicyNode *node)
{
	StabilitySet set = 0;

	if (node->value->kind != POLICY_LIST)
		report_policy_type(node, "a list");
	for (int i = 0; i < list_length(node->value->parts); i++)
	{
		PolicyNode	element = policy_element(node, i);

		CHECK_FOR_INTERRUPTS();
		set |= STABILITY_BIT(policy_word(&element, &stabilities));
	}
	return set;
}

/* By horizon: what a policy leaves out is its default, and if it has none, a constant. */
static void
read_regression(PolicyReader *reader, const PolicyNode *node, ScoreThreshold *threshold)
{
	double	   *regression = threshold->regression;

	if (node->value->kind != POLICY_MAPPING)
	{
		set_regression(regression, policy_number(node));
		return;
	}

	threshold->by_horizon = true;
	set_regression(regression, NAN);
	read_mapping(reader, node, &regression_table, regression);
	if (isnan(regression[HORIZON_DEFAULT]))
		regression[HORIZON_DEFAULT] = MISSING_REGRESSION;
	for (int i = 0; i < HORIZONS; i++)
	{
		if (isnan(regression[i]))
			regression[i] = regression[HORIZON_DEFAULT];
	}
}

static void
read_threshold(PolicyReader *reader, const PolicyNode *node, ScoreThreshold *threshold)
{
	threshold->by_task = node->value->kind == POLICY_MAPPING;
	threshold->by_horizon = false;
	if (threshold->by_task)
	{
		threshold->classification = MISSING_CLASSIFICATION;
		set_regression(threshold->regression, MISSING_REGRESSION);
		read_mapping(reader, node, &threshold_table, threshold);
	}
	else
	{
		threshold->classification = policy_number(node);
		set_regression(threshold->regression, threshold->classification);
	}
}

/* Read a value into its place in the struct at base. */
static void
read_value(PolicyReader *reader, const PolicyNode *node, const PolicyKey *key, void *base)
{
	void	   *place = (char *) base + key->offset;

	switch (key->kind)
	{
		case KEY_SECTION:
			read_mapping(reader, node, key->section, base);
			break;
		case KEY_BOOLEAN:
			*(bool *) place = policy_boolean(node);
			break;
		case KEY_COUNT:
			*(int64 *) place = read_count(node);
			break;
		case KEY_NUMBER:
			*(double *) place = read_number(node, key);
			break;
		case KEY_SCORE:
			*(double *) place = policy_number(node);
			break;
		case KEY_THRESHOLD:
			read_threshold(reader, node, place);
			break;
		case KEY_REGRESSION:
			read_regression(reader, node, place);
			break;
		case KEY_STABILITIES:
			*(StabilitySet *) place = read_stabilities(node);
			break;
		case KEY_BEHAVIOR:
			*(int *) place = policy_word(node, &both_strong_behaviors);
			break;
		case KEY_WITHOUT_EFFECT:
			appendStringInfo(&reader->without_effect, "%s%s",
							 reader->without_effect.len > 0 ? ", " : "", policy_path(node));
			break;
	}
}

/* The place of a key in a table, or -1. */
static int
find_key(const KeyTable *table, const char *name)
{
	for (int i = 0; i < table->count; i++)
	{
		if (strcmp(table->keys[i].name, name) == 0)
			return i;
	}
	return -1;
}

/* The key of a table that somebody may have meant, or NULL. */
static const char *
nearest_key(const KeyTable *table, const char *name)
{
	NearestName nearest;

	nearest_name_begin(&nearest, slice_from_string(name));
	for (int i = 0; i < table->count; i++)
		nearest_name_offer(&nearest, slice_from_string(table->keys[i].name));
	return nearest_name_end(&nearest);
}

static const char *
valid_keys(const KeyTable *table)
{
	StringInfoData keys;

	initStringInfo(&keys);
	for (int i = 0; i < table->count; i++)
	{
		if (table->keys[i].kind != KEY_WITHOUT_EFFECT)
			appendStringInfo(&keys, "%s%s", i > 0 ? ", " : "", table->keys[i].name);
	}
	return keys.data;
}

/* How to mend a key that a table does not have. */
static const char *
unknown_key_hint(const char *name, const KeyTable *table)
{
	const char *nearest = nearest_key(table, name);

	if (nearest != NULL)
		return psprintf("Perhaps you meant \"%s\".", nearest);
	if (table != &policy_table)
		return psprintf("Valid keys here are %s.", valid_keys(table));
	nearest = nearest_key(&routing_table, name);
	return nearest == NULL ? POLICY_HINT :
		psprintf("Key \"%s\" belongs below \"routing:\", with which a policy begins.", nearest);
}

static void
report_unknown_key(const PolicyMember *member, const KeyTable *table)
{
	report_policy_problem(&member->node, member->key->position,
						  psprintf("unknown key %s", policy_path(&member->node)),
						  unknown_key_hint(member->node.key, table));
}

/* Read the members of what << stands for: a mapping, or a list of mappings. */
static void
read_merged(PolicyReader *reader, const PolicyNode *merged, const KeyTable *table, void *base,
			uint32 *seen)
{
	if (merged->value->kind == POLICY_LIST)
	{
		for (int i = 0; i < list_length(merged->value->parts); i++)
		{
			PolicyNode	element = policy_element(merged, i);

			if (element.value->kind != POLICY_MAPPING)
				report_policy_type(&element, "a mapping");
			read_merged(reader, &element, table, base, seen);
		}
		return;
	}
	if (reader->merges++ == MAX_MERGES)
		report_policy_problem(merged, merged->value->position,
							  psprintf("more than %d mappings are merged", MAX_MERGES), NULL);
	read_members(reader, merged, table, base, seen, true);
}

/* A mapping's own members go before merged ones, and these in the order in which they are merged. */
static void
read_members(PolicyReader *reader, const PolicyNode *mapping, const KeyTable *table, void *base,
			 uint32 *seen, bool merging)
{
	for (int pass = 0; pass < 2; pass++)
	{
		bool		merges = pass == 1;

		for (int i = 0; i < policy_members(mapping); i++)
		{
			PolicyMember member = policy_member(mapping, i);
			int			place;

			CHECK_FOR_INTERRUPTS();
			if (member.is_merge != merges)
				continue;
			if (member.is_merge)
			{
				read_merged(reader, &member.node, table, base, seen);
				continue;
			}

			place = find_key(table, member.node.key);
			if (place < 0)
				report_unknown_key(&member, table);
			if ((*seen & (1 << place)) == 0)
				read_value(reader, &member.node, &table->keys[place], base);
			else if (!merging)
				report_policy_problem(&member.node, member.key->position,
									  psprintf("duplicate key %s", policy_path(&member.node)), NULL);
			*seen |= 1 << place;
		}
	}
}

static void
read_mapping(PolicyReader *reader, const PolicyNode *mapping, const KeyTable *table, void *base)
{
	uint32		seen = 0;

	read_members(reader, mapping, table, base, &seen, false);

	for (int i = 0; i < table->count; i++)
	{
		if (table->keys[i].required && (seen & (1 << i)) == 0)
		{
			PolicyNode	missing = *mapping;

			missing.parent = mapping;
			missing.key = table->keys[i].name;
			report_policy_problem(&missing, mapping->value->position,
								  psprintf("%s is missing", policy_path(&missing)),
								  table == &policy_table ? POLICY_HINT : NULL);
		}
	}
}

static void
set_defaults(RoutingPolicy *policy)
{
	memset(policy, 0, sizeof(RoutingPolicy));
	policy->block_on_leakage = true;
	policy->experimental_min_score.classification = 0.52;
	set_regression(policy->experimental_min_score.regression, 0.52);
	policy->experimental_stabilities = STABILITY_BIT(STABILITY_DRIFTING) |
		STABILITY_BIT(STABILITY_UNKNOWN);
	policy->max_fraction_symbols = NAN;
	policy->max_std_overlap = 0.20;
	policy->max_std_tau = 0.25;
	policy->stable_overlap_min = 0.70;
	policy->stable_tau_min = 0.60;
	policy->drifting_overlap_min = 0.50;
	policy->drifting_tau_min = 0.40;
	policy->dev_mode_min_sample_size = 5000;
}

/* Say where a strong score is easier to reach than one that is just enough. */
static void
note_low_score(StringInfo where, const char *kind, double strong, double min)
{
	if (strong < min)
		appendStringInfo(where, "%s%g < %g%s", where->len > 0 ? ", " : "", strong, min, kind);
}

/* A strong score that is easier to reach than one that is just enough makes no sense. */
static void
check_scores(const char *name, const char *section, const ScoreThreshold *strong,
			 const ScoreThreshold *min)
{
	bool		by_task = strong->by_task || min->by_task;
	StringInfoData where;

	initStringInfo(&where);
	note_low_score(&where, by_task ? " for classification" : "", strong->classification,
				   min->classification);
	if (strong->by_horizon || min->by_horizon)
	{
		for (int i = 0; i < HORIZONS; i++)
			note_low_score(&where, psprintf(" for regression (%s)", horizon_words[i].data),
						   strong->regression[i], min->regression[i]);
	}
	else if (by_task)
		note_low_score(&where, " for regression", strong->regression[HORIZON_DEFAULT],
					   min->regression[HORIZON_DEFAULT]);
	if (where.len > 0)
		ereport(WARNING,
				(errmsg("strong_score is below min_score in routing.%s of %s", section, name),
				 errdetail("It is %s.", where.data)));
}

/*
 * Read a policy, which is in the server's encoding; name is what messages call
 * it.
 *
 * Whatever is wrong with the text is an error that says where
 * (invalid_text_representation for what is not YAML, invalid_parameter_value for
 * keys that are unknown, missing, repeated, of the wrong type or out of range).
 * Keys without effect are a notice; a strong_score below min_score is a warning.
 */
void
routing_policy_read(Slice text, const char *name, RoutingPolicy *policy)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan policy",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	PolicyNode	whole = policy_load(text, name);
	PolicyReader reader = {0};

	initStringInfo(&reader.without_effect);
	set_defaults(policy);
	read_mapping(&reader, &whole, &policy_table, policy);

	check_scores(name, "cross_sectional", &policy->strong_score[SCOPE_TARGET],
				 &policy->min_score[SCOPE_TARGET]);
	check_scores(name, "symbol", &policy->strong_score[SCOPE_SYMBOL],
				 &policy->min_score[SCOPE_SYMBOL]);
	if (reader.without_effect.len > 0)
		ereport(NOTICE,
				(errmsg("keys of %s without effect on routing: %s", name,
						reader.without_effect.data)));

	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}
