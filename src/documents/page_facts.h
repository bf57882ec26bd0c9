/*
 * page_facts.h
 *		What a page says of a plan in words: facts and counts.
 */
#ifndef TRAINPLAN_PAGE_FACTS_H
#define TRAINPLAN_PAGE_FACTS_H

#include "formats/json_value.h"

extern void page_append_plan_facts(StringInfo page, const char *plan, JsonValue *metadata, JsonValue *summary);
extern void page_append_counts(StringInfo page, JsonValue *summary);

#endif							/* TRAINPLAN_PAGE_FACTS_H */
