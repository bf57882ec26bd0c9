/*
 * dictionary.h
 *		A dictionary of byte strings: each gets a number, and on demand a code
 *		that sorts as the string does.
 */
#ifndef TRAINPLAN_DICTIONARY_H
#define TRAINPLAN_DICTIONARY_H

#include "base/slice.h"

typedef struct Dictionary Dictionary;

/* The number of a string that the dictionary had no room for. */
#define NOT_KEPT	PG_UINT32_MAX

/* The largest number that a string can have. */
#define MAX_NUMBER	(PG_UINT32_MAX / 4)

extern Dictionary *dictionary_create(Size limit);
extern void dictionary_free(Dictionary *dictionary);
extern uint32 dictionary_add(Dictionary *dictionary, Slice string);
extern Slice dictionary_get(const Dictionary *dictionary, uint32 number);
extern uint32 dictionary_count(const Dictionary *dictionary);
extern bool dictionary_is_complete(const Dictionary *dictionary);

extern void dictionary_sort(Dictionary *dictionary);
extern uint32 dictionary_rank(const Dictionary *dictionary, uint32 number);
extern uint32 dictionary_number(const Dictionary *dictionary, uint32 rank);
extern uint32 dictionary_code(const Dictionary *dictionary, uint32 number, Slice string);
extern uint32 dictionary_codes(const Dictionary *dictionary);

/* Does this code stand for one string alone, so that it need not be kept beside it? */
static inline bool
code_is_exact(uint32 code)
{
	return (code & 1) != 0;
}

#endif							/* TRAINPLAN_DICTIONARY_H */
