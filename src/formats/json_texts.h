/*
 * json_texts.h
 *		Lists of strings in documents, as SQL's text[].
 */
#ifndef TRAINPLAN_JSON_TEXTS_H
#define TRAINPLAN_JSON_TEXTS_H

#include "utils/array.h"

#include "formats/json_value.h"

extern ArrayType *json_to_texts(JsonValue *list);
extern void json_append_texts(JsonValue *list, ArrayType *texts);

#endif							/* TRAINPLAN_JSON_TEXTS_H */
