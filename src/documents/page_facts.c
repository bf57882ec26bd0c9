/*
 * page_facts.c
 *		What a page says of a plan in words: facts and counts, as the Markdown has them.
 */
#include "postgres.h"

#include "documents/page_facts.h"
#include "documents/page_text.h"

/* The facts, by the members of a document's metadata. */
static const struct
{
	const char *name;
	const char *member;
	const char *missing;		/* what stands for one that is null */
}			facts[] =
{
	{"Run", "run_id", ""},
	{"Generated at", "generated_at", ""},
	{"Routing", "routing_plan_path", ""},
	{"Families", "model_families", "not the same in all parts"},
	{"Git commit", "git_commit", ""},
	{"Config hash", "config_hash", ""},
	{"Metrics snapshot", "metrics_snapshot", "none"}
};

/* The counts, by the members of a document's summary. */
static const struct
{
	const char *id;
	const char *title;
	const char *heading;
	const char *member;
}			counts[] =
{
	{"by-route", "Jobs by route", "Route", "by_route"},
	{"by-type", "Jobs by training type", "Training type", "by_type"},
	{"by-priority", "Jobs by priority", "Priority", "by_priority"}
};

static void
append_value(StringInfo page, JsonValue *value, const char *missing)
{
	if (value == NULL)
		appendStringInfoString(page, missing);
	else if (json_object_is_type(value, json_type_string))
		page_append(page, json_string_slice(value));
	else
	{
		size_t		length = json_object_array_length(value);

		for (size_t i = 0; i < length; i++)
		{
			if (i > 0)
				appendStringInfoString(page, ", ");
			append_value(page, json_object_array_get_idx(value, i), "");
		}
	}
}

static long long
count_of(JsonValue *object, const char *member)
{
	return json_object_get_int64(json_object_object_get(object, member));
}

/* Append the facts of a plan; plan is its number, or NULL; without a summary, not how its jobs are counted. */
void
page_append_plan_facts(StringInfo page, const char *plan, JsonValue *metadata, JsonValue *summary)
{
	appendStringInfoString(page, "<dl class=\"facts\">\n");
	if (plan != NULL)
		appendStringInfo(page, "<div><dt>Plan</dt><dd>%s</dd></div>\n", plan);
	for (int i = 0; i < lengthof(facts); i++)
	{
		appendStringInfo(page, "<div><dt>%s</dt><dd>", facts[i].name);
		append_value(page, json_object_object_get(metadata, facts[i].member), facts[i].missing);
		appendStringInfoString(page, "</dd></div>\n");
	}
	if (summary != NULL)
		appendStringInfo(page, "<div><dt>Jobs</dt><dd>%lld (%lld cross-sectional, %lld symbol-specific, %lld blocked)</dd></div>\n",
						 count_of(metadata, "total_jobs"), count_of(summary, "total_cs_jobs"),
						 count_of(summary, "total_symbol_jobs"), count_of(summary, "total_blocked"));
	appendStringInfoString(page, "</dl>\n");
}

/* Append the tables that count a plan's jobs. */
void
page_append_counts(StringInfo page, JsonValue *summary)
{
	appendStringInfoString(page, "<div class=\"counts\">\n");
	for (int i = 0; i < lengthof(counts); i++)
	{
		appendStringInfo(page, "<table class=\"counts\" id=\"%s\">\n<caption>%s</caption>\n"
						 "<thead><tr><th scope=\"col\">%s</th><th scope=\"col\">Jobs</th></tr></thead>\n<tbody>\n",
						 counts[i].id, counts[i].title, counts[i].heading);
		json_foreach_member(member, json_object_object_get(summary, counts[i].member))
		{
			appendStringInfoString(page, "<tr><th scope=\"row\">");
			page_append(page, slice_from_string(lh_entry_k(member)));
			appendStringInfo(page, "</th><td>%lld</td></tr>\n",
							 (long long) json_object_get_int64((JsonValue *) lh_entry_v(member)));
		}
		appendStringInfoString(page, "</tbody>\n</table>\n");
	}
	appendStringInfoString(page, "</div>\n");
}
