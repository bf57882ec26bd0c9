/*
 * markdown_text.h
 *		Names and phrases in Markdown, in GitHub's dialect, as they are.
 */
#ifndef TRAINPLAN_MARKDOWN_TEXT_H
#define TRAINPLAN_MARKDOWN_TEXT_H

#include "lib/stringinfo.h"

#include "base/slice.h"

/* A column of a table, and how wide it is at least. */
typedef struct MarkdownColumn
{
	const char *heading;
	int			width;
	bool		right;			/* numbers stand on the right */
} MarkdownColumn;

extern void markdown_append_heading(StringInfo text, const MarkdownColumn *columns, int count);
extern void markdown_append(StringInfo text, Slice string);
extern void markdown_pad(StringInfo text, int start, int width);
extern void mermaid_append_label(StringInfo text, Slice label);

#endif							/* TRAINPLAN_MARKDOWN_TEXT_H */
