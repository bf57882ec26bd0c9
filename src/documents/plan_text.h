/*
 * plan_text.h
 *		The text of a plan's document in one format, piece by piece.
 */
#ifndef TRAINPLAN_PLAN_TEXT_H
#define TRAINPLAN_PLAN_TEXT_H

#include "documents/document_format.h"
#include "documents/document_output.h"

typedef struct PlanText PlanText;

/* A piece of the text; lives until the next one is asked for. */
typedef struct TextPiece
{
	Slice		separator;		/* what stands before it; may be empty */
	Slice		text;
	bool		is_job;
	Slice		keys[JOB_KEYS]; /* the job's, if the text was created with keys */
} TextPiece;

extern PlanText *plan_text_create(const DocumentFormat *format, bool with_keys, Size memory);
extern void plan_texts_read(PlanText *const *texts, int count, PlanDocument *document);
extern uint64 plan_text_size(const PlanText *text);
extern bool plan_text_next(PlanText *text, TextPiece *piece);
extern void plan_text_close(PlanText *text);
extern void plan_text_output(PlanText *text, DocumentOutput *output);

#endif							/* TRAINPLAN_PLAN_TEXT_H */
