/*
 * text_position.h
 *		Lines and columns of a text, which errors name.
 */
#ifndef TRAINPLAN_TEXT_POSITION_H
#define TRAINPLAN_TEXT_POSITION_H

#include "base/slice.h"

/* A place in a text; line and column count from 1, the column in characters. */
typedef struct TextPosition
{
	uint64		line;
	uint64		column;
} TextPosition;

extern TextPosition position_in_text(Slice text, uint64 offset, int encoding);
pg_noreturn extern void report_problem(const char *name, TextPosition position,
									   const char *problem);

#endif							/* TRAINPLAN_TEXT_POSITION_H */
