/*
 * slice_pack.h
 *		Slices in a run of bytes, one behind the other.
 *
 * A slice is its length plus one (zero stands for NULL) in groups of seven bits,
 * the lowest first, all but the last with the high bit set; then its bytes.
 * Nothing is aligned and nothing outlives the call, so the form may change with
 * any release.
 */
#ifndef TRAINPLAN_SLICE_PACK_H
#define TRAINPLAN_SLICE_PACK_H

#include "base/slice.h"

static inline void
pack_slice(StringInfo buffer, Slice slice)
{
	uint64		length = slice_is_null(slice) ? 0 : (uint64) slice.len + 1;
	char	   *end;

	enlargeStringInfo(buffer, slice.len + 6);
	end = buffer->data + buffer->len;
	while (length >= 0x80)
	{
		*end++ = (char) (length | 0x80);
		length >>= 7;
	}
	*end++ = (char) length;
	if (slice.len > 0)
		memcpy(end, slice.data, slice.len);
	buffer->len = (end - buffer->data) + slice.len;
}

/* The slice points into the packed bytes; *position moves behind it. */
static inline Slice
unpack_slice(const char **position)
{
	const unsigned char *next = (const unsigned char *) *position;
	uint64		length = 0;
	int			shift = 0;
	Slice		slice = NULL_SLICE;

	while (*next & 0x80)
	{
		length |= (uint64) (*next++ & 0x7f) << shift;
		shift += 7;
	}
	length |= (uint64) *next++ << shift;

	if (length > 0)
	{
		slice.data = (const char *) next;
		slice.len = (uint32) (length - 1);
	}
	*position = (const char *) next + slice.len;
	return slice;
}

#endif							/* TRAINPLAN_SLICE_PACK_H */
