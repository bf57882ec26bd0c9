/*
 * hidden_text.h
 *		Characters that nobody sees where they stand, or that have others seen
 *		elsewhere.
 */
#ifndef TRAINPLAN_HIDDEN_TEXT_H
#define TRAINPLAN_HIDDEN_TEXT_H

#include "base/slice.h"

/* Such a character; 0 is none. */
typedef uint32 HiddenCharacter;

extern HiddenCharacter hidden_character_at(Slice utf8, uint32 offset, uint32 *length);
extern Slice hidden_text(Slice string);

/* The hidden character of a text that begins at offset, and how many bytes it has; 0 if none does. */
static inline HiddenCharacter
hidden_character(Slice utf8, uint32 offset, uint32 *length)
{
	return IS_HIGHBIT_SET(utf8.data[offset]) ? hidden_character_at(utf8, offset, length) : 0;
}

#endif							/* TRAINPLAN_HIDDEN_TEXT_H */
