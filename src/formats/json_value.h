/*
 * json_value.h
 *		Values of json-c, as the documents are made of.
 *
 * json-c allocates outside of PostgreSQL's memory contexts.  A value that is
 * not part of another one is therefore hung on a memory context, which frees it
 * however it ends; all others belong to the value that they are part of.
 *
 * Strings are in the server's encoding.  A JSON null is a null pointer.
 */
#ifndef TRAINPLAN_JSON_VALUE_H
#define TRAINPLAN_JSON_VALUE_H

#include "base/slice.h"

/* json-c calls its type as PostgreSQL calls a function. */
#define json_object json_c_object
#include <json-c/json.h>
#undef json_object

typedef struct json_c_object JsonValue;

/* The members of an object, in their order: entry's lh_entry_k() and lh_entry_v(). */
#define json_foreach_member(entry, object) \
	for (struct lh_entry *entry = lh_table_head(json_object_get_object(object)); \
		 entry != NULL; entry = lh_entry_next(entry))

pg_noreturn extern void json_out_of_memory(void);
extern JsonValue *json_made(JsonValue *value);
extern JsonValue *json_own(JsonValue *value);
extern void json_set(JsonValue *parent, const char *key, JsonValue *value);
extern void json_append(JsonValue *array, JsonValue *value);
extern JsonValue *json_from_slice(Slice slice);
extern JsonValue *json_from_number(const char *digits);
extern Slice json_string_slice(JsonValue *string);
extern void append_json_number(StringInfo buffer, JsonValue *number);
extern void append_json_string(StringInfo buffer, Slice string);

#endif							/* TRAINPLAN_JSON_VALUE_H */
