/*
 * slice.h
 *		A run of bytes that somebody else owns.
 *
 * Names, reasons and packed records travel through the planner as slices, so
 * that a row of the input is copied only where it has to outlive its tuple.
 * Who hands out a slice says how long it lives.
 */
#ifndef TRAINPLAN_SLICE_H
#define TRAINPLAN_SLICE_H

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "base/compat.h"

typedef struct Slice
{
	const char *data;			/* not NUL-terminated; NULL stands for SQL's NULL */
	uint32		len;
} Slice;

static const Slice NULL_SLICE = {NULL, 0};

/* An initializer; string is a literal. */
#define SLICE_LITERAL(string)	{(string), sizeof(string) - 1}

static inline Slice
slice_from_string(const char *string)
{
	Slice		slice = {string, (uint32) strlen(string)};

	return slice;
}

/* The bytes of a text that is not toasted; lives as long as the datum. */
static inline Slice
slice_from_text(const struct varlena *value)
{
	Slice		slice = {VARDATA_ANY(value), (uint32) VARSIZE_ANY_EXHDR(value)};

	return slice;
}

/* A text, in the current memory context; what is NULL is no text. */
static inline Datum
slice_to_text(Slice slice)
{
	return PointerGetDatum(cstring_to_text_with_len(slice.data, slice.len));
}

/* The same; SQL's NULL where there is none. */
static inline Datum
slice_to_text_or_null(Slice slice, bool *isnull)
{
	*isnull = slice.data == NULL;
	return *isnull ? (Datum) 0 : slice_to_text(slice);
}

/* What a buffer holds; lives until the buffer is changed. */
static inline Slice
slice_from_buffer(const StringInfoData *buffer)
{
	Slice		slice = {buffer->data, (uint32) buffer->len};

	return slice;
}

/* Append a slice to a buffer; what is NULL is nothing. */
static inline void
append_slice(StringInfo buffer, Slice slice)
{
	if (slice.len > 0)
		appendBinaryStringInfo(buffer, slice.data, slice.len);
}

/* Have a buffer hold a slice, and nothing else. */
static inline void
hold_slice(StringInfo buffer, Slice slice)
{
	resetStringInfo(buffer);
	append_slice(buffer, slice);
}

static inline bool
slice_is_null(Slice slice)
{
	return slice.data == NULL;
}

static inline bool
slice_equal(Slice a, Slice b)
{
	if (a.len != b.len || slice_is_null(a) != slice_is_null(b))
		return false;
	/* most names have 8 to 16 bytes, which are two numbers that may overlap */
	if (a.len >= sizeof(uint64) && a.len <= 2 * sizeof(uint64))
	{
		uint64		beginnings[2];
		uint64		ends[2];

		memcpy(&beginnings[0], a.data, sizeof(uint64));
		memcpy(&beginnings[1], b.data, sizeof(uint64));
		memcpy(&ends[0], a.data + a.len - sizeof(uint64), sizeof(uint64));
		memcpy(&ends[1], b.data + b.len - sizeof(uint64), sizeof(uint64));
		return beginnings[0] == beginnings[1] && ends[0] == ends[1];
	}
	return a.data == b.data || memcmp(a.data, b.data, a.len) == 0;
}

/* The order of the C collation, which is the order of the bytes. */
static inline int
slice_compare(Slice a, Slice b)
{
	int			result = memcmp(a.data, b.data, Min(a.len, b.len));

	if (result == 0)
		result = a.len < b.len ? -1 : a.len > b.len ? 1 : 0;
	return result;
}

/* For messages: a NUL-terminated copy in the current memory context. */
static inline char *
slice_to_string(Slice slice)
{
	return pnstrdup(slice.data, slice.len);
}

#endif							/* TRAINPLAN_SLICE_H */
