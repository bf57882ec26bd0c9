/*
 * routing_document.c
 *		Reads a routing plan: a document in, decisions out.
 *
 *		metadata: {git_commit, config_hash, metrics_snapshot, ...}
 *		targets:
 *		  <target>:
 *			cross_sectional: {route, state, reason}
 *			cs_metrics: {sample_size, ...}
 *			symbols:
 *			  <symbol>: {route, cs_state, local_state, reason, sample_size, model_families}
 *
 * This is where a document's decision is checked; what it means is not its
 * business.  Further members of a decision, of cs_metrics and of metadata are
 * the router's own, as further columns of a routing relation are; any others are
 * a warning, because a misspelt one would lose decisions.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "document_reader.h"
#include "routing_document.h"

static const char *const document_keys[] = {"metadata", "targets"};
static const char *const target_keys[] = {"cross_sectional", "cs_metrics", "symbols"};

typedef struct RoutingReader
{
	DocumentedDecisionCallback callback;
	void	   *callback_arg;
	IgnoredKeys ignored;
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

static void
read_cross_sectional(RoutingReader *reader, const DocumentNode *target, const DocumentNode *section)
{
	DocumentedDecision documented = {.node = section};
	DocumentNode metrics = node_member(target, "cs_metrics");

	node_expect_mapping(section);
	documented.decision.target = slice_from_string(target->key);
	read_route(section, &documented);
	documented.decision.cs_state = string_member(section, "state");
	documented.reason = read_reason(section);
	documented.families = read_families(section);
	if (metrics.value != NULL)
	{
		node_expect_mapping(&metrics);
		read_sample_size(&metrics, &documented.decision);
	}
	reader->callback(reader->callback_arg, &documented);
}

static void
read_symbol(RoutingReader *reader, const DocumentNode *target, const DocumentNode *symbol)
{
	DocumentedDecision documented = {.node = symbol};

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
	reader->callback(reader->callback_arg, &documented);
}

static void
read_symbols(RoutingReader *reader, const DocumentNode *target, const DocumentNode *symbols)
{
	node_expect_mapping(symbols);
	json_foreach_member(member, symbols->value)
	{
		DocumentNode symbol = node_member(symbols, lh_entry_k(member));

		CHECK_FOR_INTERRUPTS();
		read_symbol(reader, target, &symbol);
	}
}

static void
read_target(void *arg, const DocumentNode *target)
{
	RoutingReader *reader = arg;
	DocumentNode section;
	DocumentNode symbols;

	/* an element: targets is a list */
	if (target->key == NULL)
		node_expect_mapping(target->parent);
	node_expect_mapping(target);
	if (target->key[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("target is empty at %s in %s", node_path(target), node_document(target))));
	note_other_keys(&reader->ignored, target, target_keys, lengthof(target_keys));

	section = node_member(target, "cross_sectional");
	symbols = node_member(target, "symbols");
	if (section.value == NULL && symbols.value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s has neither cross_sectional nor symbols in %s",
						node_path(target), node_document(target))));
	if (section.value != NULL)
		read_cross_sectional(reader, target, &section);
	if (symbols.value != NULL)
		read_symbols(reader, target, &symbols);
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
 * messages call it.  The decisions come target by target as they stand there;
 * facts may be NULL.
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
	RoutingReader reader = {callback, arg, {CurrentMemoryContext}};
	DocumentNode root = document_root(name, read_document(text, name, "targets", read_target, &reader));
	DocumentNode targets = node_member(&root, "targets");
	DocumentNode metadata = node_member(&root, "metadata");

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
