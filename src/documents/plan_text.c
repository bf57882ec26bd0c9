/*
 * plan_text.c
 *		The text of a plan's document in one format, piece by piece.
 *
 * The jobs are read once, for all formats that are wanted; each job's text is
 * written and put aside until it is known what stands before it.  So the plan's
 * size is limited by the disk for temporary files alone.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "documents/job_texts.h"
#include "documents/plan_text.h"

typedef enum PieceKind
{
	PIECE_HEAD,
	PIECE_JOB,
	PIECE_TAIL,
	PIECE_END
} PieceKind;

struct PlanText
{
	const DocumentFormat *format;
	bool		with_keys;
	void	   *writer;
	JobTexts   *jobs;
	StringInfoData record;		/* the job that is written: its keys, its text */
	StringInfoData head;
	StringInfoData tail;
	PieceKind	next;
	bool		any_job;		/* was one handed out? */
	uint64		size;			/* of all pieces and separators */
};

/*
 * In the current memory context.  With keys, a job's piece says what the job's
 * keys are.  More than about memory bytes wait on disk.
 */
PlanText *
plan_text_create(const DocumentFormat *format, bool with_keys, Size memory)
{
	PlanText   *text = palloc0(sizeof(PlanText));

	text->format = format;
	text->with_keys = with_keys;
	text->jobs = job_texts_create(memory);
	initStringInfo(&text->record);
	initStringInfo(&text->head);
	initStringInfo(&text->tail);
	return text;
}

/* A length that stands for NULL. */
#define NULL_LENGTH PG_UINT32_MAX

static void
append_keys(StringInfo record, const Slice *keys)
{
	for (int i = 0; i < JOB_KEYS; i++)
	{
		uint32		length = slice_is_null(keys[i]) ? NULL_LENGTH : keys[i].len;

		appendBinaryStringInfo(record, (const char *) &length, sizeof(length));
		if (length != NULL_LENGTH)
			appendBinaryStringInfo(record, keys[i].data, length);
	}
}

/* Take the keys off the record's beginning. */
static void
take_keys(Slice *record, Slice *keys)
{
	for (int i = 0; i < JOB_KEYS; i++)
	{
		uint32		length;

		memcpy(&length, record->data, sizeof(length));
		record->data += sizeof(length);
		record->len -= sizeof(length);
		keys[i] = NULL_SLICE;
		if (length == NULL_LENGTH)
			continue;
		keys[i].data = record->data;
		keys[i].len = length;
		record->data += length;
		record->len -= length;
	}
}

/* Texts that are read from one document. */
typedef struct TextGroup
{
	PlanText   *const *texts;
	int			count;
} TextGroup;

static void
write_job(void *arg, const DocumentJob *job)
{
	TextGroup  *group = arg;

	for (int i = 0; i < group->count; i++)
	{
		PlanText   *text = group->texts[i];
		int			keys_size;

		resetStringInfo(&text->record);
		if (text->with_keys)
			append_keys(&text->record, job->keys);
		keys_size = text->record.len;
		text->format->write_job(text->writer, job, &text->record);
		if (text->record.len == 0)
			continue;			/* it comes with a later one */
		text->size += text->record.len - keys_size;
		job_texts_put(text->jobs, text->format->by_priority ? job->priority : 0, &text->record);
	}
}

/* Read a document into its texts; plan_text_next() then begins with their first pieces. */
void
plan_texts_read(PlanText *const *texts, int count, PlanDocument *document)
{
	TextGroup	group = {texts, count};
	bool		with_states = false;
	JsonValue  *metadata;
	JsonValue  *summary;

	for (int i = 0; i < count; i++)
	{
		texts[i]->writer = texts[i]->format->create(document);
		with_states |= texts[i]->format->with_states;
	}
	plan_document_read(document, with_states, write_job, &group);
	metadata = plan_document_metadata(document);
	summary = plan_document_summary(document);
	for (int i = 0; i < count; i++)
	{
		const DocumentFormat *format = texts[i]->format;

		job_texts_finish(texts[i]->jobs);
		format->write_head(texts[i]->writer, metadata, summary, &texts[i]->head);
		format->write_tail(texts[i]->writer, metadata, summary, &texts[i]->tail);
		texts[i]->size += texts[i]->head.len + texts[i]->tail.len +
			Max(document_jobs(metadata) - 1, 0) * strlen(format->separator);
	}
}

/* How many bytes the text has altogether, once it is read. */
uint64
plan_text_size(const PlanText *text)
{
	return text->size;
}

static bool
next_job(PlanText *text, TextPiece *piece)
{
	if (!job_texts_next(text->jobs, &piece->text))
		return false;
	piece->is_job = true;
	if (text->with_keys)
		take_keys(&piece->text, piece->keys);
	if (text->any_job)
		piece->separator = slice_from_string(text->format->separator);
	text->any_job = true;
	return true;
}

/* The next piece; false after the last. */
bool
plan_text_next(PlanText *text, TextPiece *piece)
{
	CHECK_FOR_INTERRUPTS();

	piece->separator = slice_from_string("");
	piece->is_job = false;
	switch (text->next)
	{
		case PIECE_HEAD:
			piece->text = slice_from_buffer(&text->head);
			text->next = PIECE_JOB;
			return true;
		case PIECE_JOB:
			if (next_job(text, piece))
				return true;
			text->next = PIECE_TAIL;
			/* FALLTHROUGH */
		case PIECE_TAIL:
			piece->text = slice_from_buffer(&text->tail);
			text->next = PIECE_END;
			return true;
		case PIECE_END:
			break;
	}
	return false;
}

/* Give memory and files back. */
void
plan_text_close(PlanText *text)
{
	job_texts_close(text->jobs);
	pfree(text->record.data);
	pfree(text->head.data);
	pfree(text->tail.data);
}

/* A plan's text, of which a piece and what stands before it come one by one. */
typedef struct PlanPieces
{
	PlanText   *text;
	TextPiece	piece;
	bool		is_left;		/* the piece itself, behind its separator */
} PlanPieces;

static bool
next_piece(void *arg, Slice *slice)
{
	PlanPieces *pieces = arg;

	if (!pieces->is_left)
	{
		if (!plan_text_next(pieces->text, &pieces->piece))
			return false;
		if (pieces->piece.separator.len > 0)
		{
			*slice = pieces->piece.separator;
			pieces->is_left = true;
			return true;
		}
	}
	*slice = pieces->piece.text;
	pieces->is_left = false;
	return true;
}

static void
close_pieces(void *pieces)
{
	plan_text_close(((PlanPieces *) pieces)->text);
}

/* Have a text be an output, in the current memory context; name and hint are still to be set. */
void
plan_text_output(PlanText *text, DocumentOutput *output)
{
	PlanPieces *pieces = palloc0(sizeof(PlanPieces));

	pieces->text = text;
	output->size = plan_text_size(text);
	output->text = pieces;
	output->next = next_piece;
	output->close = close_pieces;
}
