/*
 * routing_document.c
 *		Reads a routing plan: a document in, decisions out.
 *
 *		metadata: {git_commit, config_hash, metrics_snapshot, ...}
 *		targets:
 *		  <target>:
 *			cross_sectional: {route, state, reason, local_state, model_families}
 *			cs_metrics: {sample_size, ...}
 *			symbols:
 *			  <symbol>: {route, cs_state, local_state, reason, sample_size, model_families}
 *
 * The symbols come one by one, and a target's own decision before them, as soon as
 * all of it has been read.  Where cross_sectional comes and cs_metrics does not,
 * that is known behind the symbols, which are held back.
 *
 * This is where a document's decision is checked; what it means is not its
 * business.  Further members of a decision, of cs_metrics and of metadata are
 * the router's own, as further columns of a routing relation are; any others are
 * a warning, because a misspelt one would lose decisions.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/slice_pack.h"
#include "base/spool.h"
#include "documents/routing_document.h"
#include "formats/document_reader.h"

static const char *const document_keys[] = {"metadata", "targets"};
static const char *const target_keys[] = {"cross_sectional", "cs_metrics", "symbols"};

/* What held decisions may take of work_mem: one divided by this. */
#define HELD_SHARE	16

typedef struct RoutingReader
{
	MemoryContext context;
	DocumentedDecisionCallback callback;
	void	   *callback_arg;
	IgnoredKeys ignored;

	/* the target at hand */
	bool		has_symbol;		/* one has been read */
	bool		own_is_out;		/* so is its own decision */
	Spool	   *held;			/* of its symbols; NULL: they are handed out as they come */
	StringInfoData record;		/* work space */
} RoutingReader;

/* A member's string, or NULL. */
static Slice
string_member(const DocumentNode *parent, const char *key)
{
	DocumentNode member = node_member(parent, key);

	return node_string_or_null(&member);
}

static void
read_route(const DocumentNode *node, DocumentedDecision *documented)
{
	DocumentNode route = node_member(node, "route");
	Scope		scope = decision_scope(&documented->decision);
	RouteWord	meaning;

	documented->route = node_string(&route);
	meaning = route_from_word(documented->route, scope, &documented->decision.route);
	if (meaning == ROUTE_WORD_VALID)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg(meaning == ROUTE_WORD_UNKNOWN ? "unknown route \"%s\" at %s in %s" :
					"route \"%s\" is not valid at %s in %s",
					slice_to_string(documented->route), node_path(&route), node_document(&route)),
			 scope == SCOPE_TARGET ?
			 errhint("Valid routes of a cross-sectional section are %s.", valid_route_words(scope)) :
			 errhint("Valid routes of a symbol are %s.", valid_route_words(scope))));
}

static void
check_strings(const DocumentNode *list)
{
	int64		length = json_object_array_length(list->value);

	for (int64 i = 0; i < length; i++)
	{
		DocumentNode element = node_element(list, i);

		CHECK_FOR_INTERRUPTS();
		(void) node_string(&element);
	}
}

/* NULL, a string, or a list of strings. */
static JsonValue *
read_reason(const DocumentNode *node)
{
	DocumentNode reason = node_member(node, "reason");

	if (json_object_is_type(reason.value, json_type_array))
		check_strings(&reason);
	else if (reason.value != NULL && !json_object_is_type(reason.value, json_type_string))
		report_bad_node(&reason, "a string or a list of strings");
	return reason.value;
}

static JsonValue *
read_families(const DocumentNode *node)
{
	DocumentNode families = node_member(node, "model_families");

	if (families.value == NULL)
		return NULL;
	node_expect_list(&families);
	check_strings(&families);
	return families.value;
}

/* The sample size that a mapping says, which may be missing. */
static void
read_sample_size(const DocumentNode *mapping, Decision *decision)
{
	DocumentNode size = node_member(mapping, "sample_size");

	decision->has_sample_size = node_integer_or_null(&size, &decision->sample_size);
	if (decision->sample_size < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is negative in %s", node_path(&size), node_document(&size))));
}

/* Hand out a target's own decision, if it has one. */
static void
read_cross_sectional(RoutingReader *reader, const DocumentNode *target)
{
	DocumentNode section = node_member(target, "cross_sectional");
	DocumentNode metrics = node_member(target, "cs_metrics");
	DocumentedDecision documented = {.node = &section};

	if (section.value == NULL)
		return;
	node_expect_mapping(&section);
	documented.decision.target = slice_from_string(target->key);
	read_route(&section, &documented);
	documented.decision.cs_state = string_member(&section, "state");
	documented.decision.local_state = string_member(&section, "local_state");
	documented.reason = read_reason(&section);
	documented.families = read_families(&section);
	if (metrics.value != NULL)
	{
		node_expect_mapping(&metrics);
		read_sample_size(&metrics, &documented.decision);
	}
	reader->callback(reader->callback_arg, &documented);
	reader->own_is_out = true;
}

static void
check_target(const DocumentNode *target)
{
	/* an element: targets is a list */
	if (target->key == NULL)
		node_expect_mapping(target->parent);
	node_expect_mapping(target);
	if (target->key[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("target is empty at %s in %s", node_path(target), node_document(target))));
}

/* The first symbol of a target comes; other members may come behind the symbols. */
static void
begin_symbols(RoutingReader *reader, const DocumentNode *target)
{
	DocumentNode section = node_member(target, "cross_sectional");
	DocumentNode metrics = node_member(target, "cs_metrics");

	check_target(target);
	if (!metrics.is_missing)
		read_cross_sectional(reader, target);
	else if (section.value != NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(reader->context);

		reader->held = spool_create((Size) work_mem * 1024 / HELD_SHARE);
		MemoryContextSwitchTo(caller);
	}
	reader->has_symbol = true;
}

/* A list of strings, one string, or null, in a record. */
static void
pack_strings(StringInfo record, JsonValue *strings)
{
	bool		is_list = json_object_is_type(strings, json_type_array);
	int64		count = is_list ? json_object_array_length(strings) : -1;

	appendBinaryStringInfo(record, (const char *) &count, sizeof(count));
	if (!is_list)
		pack_slice(record, strings == NULL ? NULL_SLICE : json_string_slice(strings));
	for (int64 i = 0; i < count; i++)
		pack_slice(record, json_string_slice(json_object_array_get_idx(strings, i)));
}

/* The inverse; the value belongs to the current memory context. */
static JsonValue *
unpack_strings(const char **position)
{
	int64		count;
	JsonValue  *strings;

	memcpy(&count, *position, sizeof(count));
	*position += sizeof(count);
	if (count < 0)
	{
		Slice		string = unpack_slice(position);

		return slice_is_null(string) ? NULL : json_own(json_from_slice(string));
	}
	strings = json_own(json_object_new_array());
	for (int64 i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		json_append(strings, json_from_slice(unpack_slice(position)));
	}
	return strings;
}

/* Hold a symbol's decision back, which is copied. */
static void
hold_decision(RoutingReader *reader, const DocumentedDecision *documented)
{
	const Decision *decision = &documented->decision;
	StringInfo	record = &reader->record;

	resetStringInfo(record);
	appendBinaryStringInfo(record, (const char *) &decision->route, sizeof(decision->route));
	appendBinaryStringInfo(record, (const char *) &decision->has_sample_size, sizeof(bool));
	appendBinaryStringInfo(record, (const char *) &decision->sample_size, sizeof(int64));
	pack_slice(record, decision->symbol);
	pack_slice(record, documented->route);
	pack_slice(record, decision->cs_state);
	pack_slice(record, decision->local_state);
	pack_strings(record, documented->reason);
	pack_strings(record, documented->families);
	spool_put(reader->held, record);
}

static void
hand_out_held(RoutingReader *reader, const DocumentNode *symbols, Slice record)
{
	const char *position = record.data;
	DocumentNode symbol = {.parent = symbols};
	DocumentedDecision documented = {.node = &symbol};
	Decision   *decision = &documented.decision;

	memcpy(&decision->route, position, sizeof(decision->route));
	position += sizeof(decision->route);
	memcpy(&decision->has_sample_size, position, sizeof(bool));
	position += sizeof(bool);
	memcpy(&decision->sample_size, position, sizeof(int64));
	position += sizeof(int64);
	decision->target = slice_from_string(symbols->parent->key);
	decision->symbol = unpack_slice(&position);
	documented.route = unpack_slice(&position);
	decision->cs_state = unpack_slice(&position);
	decision->local_state = unpack_slice(&position);
	documented.reason = unpack_strings(&position);
	documented.families = unpack_strings(&position);
	symbol.key = slice_to_string(decision->symbol);
	reader->callback(reader->callback_arg, &documented);
}

/* Hand out the decisions that were held back. */
static void
release_held(RoutingReader *reader, const DocumentNode *symbols)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "trainplan held decision",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Slice		record;

	spool_rewind(reader->held);
	while (spool_get(reader->held, &record))
	{
		CHECK_FOR_INTERRUPTS();
		hand_out_held(reader, symbols, record);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	spool_close(reader->held);
	reader->held = NULL;
}

static void
read_symbol(void *arg, const DocumentNode *symbol)
{
	RoutingReader *reader = arg;
	const DocumentNode *symbols = symbol->parent;
	const DocumentNode *target = symbols->parent;
	DocumentedDecision documented = {.node = symbol};

	if (!reader->has_symbol)
		begin_symbols(reader, target);

	/* an element: symbols is a list */
	if (symbol->key == NULL)
		node_expect_mapping(symbols);
	node_expect_mapping(symbol);
	if (symbol->key[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("symbol is empty at %s in %s", node_path(symbol), node_document(symbol)),
				 errhint("The target's own decision is its cross_sectional section.")));

	documented.decision.target = slice_from_string(target->key);
	documented.decision.symbol = slice_from_string(symbol->key);
	read_route(symbol, &documented);
	documented.decision.cs_state = string_member(symbol, "cs_state");
	documented.decision.local_state = string_member(symbol, "local_state");
	documented.reason = read_reason(symbol);
	documented.families = read_families(symbol);
	read_sample_size(symbol, &documented.decision);
	if (reader->held != NULL)
		hold_decision(reader, &documented);
	else
		reader->callback(reader->callback_arg, &documented);
}

/* All of a target has been read, its symbols one by one. */
static void
read_target(void *arg, const DocumentNode *target)
{
	RoutingReader *reader = arg;
	DocumentNode section;
	DocumentNode symbols;

	check_target(target);
	note_other_keys(&reader->ignored, target, target_keys, lengthof(target_keys));

	section = node_member(target, "cross_sectional");
	symbols = node_member(target, "symbols");
	if (section.value == NULL && symbols.value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has neither cross_sectional nor symbols in %s",
						node_path(target), node_document(target))));
	if (!reader->own_is_out)
		read_cross_sectional(reader, target);
	if (symbols.value != NULL)
		node_expect_mapping(&symbols);
	if (reader->held != NULL)
		release_held(reader, &symbols);
	reader->has_symbol = false;
	reader->own_is_out = false;
}

/* What metadata say that is a string, in the current memory context. */
static const char *
fact(const DocumentNode *metadata, const char *key)
{
	DocumentNode member = node_member(metadata, key);

	return json_object_is_type(member.value, json_type_string) ?
		slice_to_string(json_string_slice(member.value)) : NULL;
}

/*
 * Read a routing plan in JSON or YAML, in the server's encoding; name is what
 * messages call it.  The decisions come target by target as they stand there, a
 * target's own before those of its symbols if cross_sectional does; facts may be
 * NULL.
 *
 * Errors: those of read_document(); a value that is missing, null or of the
 * wrong type, an unknown route or one of the other scope, a negative sample size,
 * an empty name, each with the path to it (null_value_not_allowed,
 * invalid_parameter_value).
 */
void
routing_document_read(Slice text, const char *name, RoutingFacts *facts,
					  DocumentedDecisionCallback callback, void *arg)
{
	static const StreamedPart parts[] = {{"targets", read_target}, {"symbols", read_symbol}};
	RoutingReader reader = {CurrentMemoryContext, callback, arg, {CurrentMemoryContext}};
	DocumentNode root;
	DocumentNode targets;
	DocumentNode metadata;

	initStringInfo(&reader.record);
	root = document_root(name, read_document(text, name, parts, lengthof(parts), &reader));
	targets = node_member(&root, "targets");
	metadata = node_member(&root, "metadata");

	node_expect_part(&root, "targets", "jobs", "import_training_plan() reads a training plan, which has jobs.");
	node_expect_mapping(&targets);
	if (metadata.value != NULL)
		node_expect_mapping(&metadata);
	note_other_keys(&reader.ignored, &root, document_keys, lengthof(document_keys));
	warn_of_ignored_keys(&reader.ignored, name);

	if (facts != NULL)
	{
		facts->git_commit = fact(&metadata, "git_commit");
		facts->config_hash = fact(&metadata, "config_hash");
		facts->metrics_snapshot = fact(&metadata, "metrics_snapshot");
	}
}
