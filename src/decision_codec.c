/*
 * decision_codec.c
 *		Decisions as a few numbers.
 *
 * A decision is encoded as the numbers of its target, its symbol and its body
 * in three dictionaries, and its sample size.  The body is all else that it
 * says, and repeats itself from row to row.  Dictionaries are limited; what
 * they had no room for goes along as it is.
 *
 * In a body, and where encoded decisions are packed, a slice is its length plus
 * one (zero stands for NULL) in groups of seven bits, the lowest first, all but
 * the last with the high bit set; then its bytes.  Nothing is aligned and
 * nothing outlives the call, so the form may change with any release.
 */
#include "postgres.h"

#include "decision_codec.h"

/* How the dictionaries share their memory: bodies have what the names leave. */
#define NAMES_SHARE			4

/* A body's first byte. */
#define ROUTE_BITS			0x07
#define HAS_SAMPLE_SIZE		0x08	/* one too large for DecisionNumbers */
#define HAS_FAMILIES		0x10

/* In the current memory context; limit is for all dictionaries together, in bytes. */
DecisionCodec *
decision_codec_create(Size limit)
{
	DecisionCodec *codec = palloc0(sizeof(DecisionCodec));
	Size		names_limit = limit / NAMES_SHARE;

	codec->targets = dictionary_create(names_limit);
	codec->symbols = dictionary_create(names_limit);
	codec->bodies = dictionary_create(limit - 2 * names_limit);
	initStringInfo(&codec->body);
	return codec;
}

static void
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

/* The slice points into the packed bytes. */
static Slice
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

static bool
sample_fits(const Decision *decision)
{
	return decision->has_sample_size && decision->sample_size < PG_UINT32_MAX;
}

/* Encode a decision without its names; its body lives until the next one is encoded. */
void
encode_decision_body(DecisionCodec *codec, const Decision *decision, EncodedDecision *encoded)
{
	StringInfo	body = &codec->body;
	char		head = (char) decision->route;

	encoded->numbers.sample = 0;
	if (sample_fits(decision))
		encoded->numbers.sample = (uint32) decision->sample_size + 1;
	else if (decision->has_sample_size)
		head |= HAS_SAMPLE_SIZE;
	if (!slice_is_null(decision->families))
		head |= HAS_FAMILIES;

	resetStringInfo(body);
	appendStringInfoCharMacro(body, head);
	if (head & HAS_SAMPLE_SIZE)
		appendBinaryStringInfo(body, (const char *) &decision->sample_size, sizeof(int64));
	pack_slice(body, decision->reason);
	pack_slice(body, decision->cs_state);
	pack_slice(body, decision->local_state);
	if (head & HAS_FAMILIES)
		pack_slice(body, decision->families);

	encoded->body = slice_from_buffer(body);
	encoded->numbers.body = dictionary_add(codec->bodies, encoded->body);
}

/* Encode a decision; its slices are the decision's own, and its body's. */
void
encode_decision(DecisionCodec *codec, const Decision *decision, EncodedDecision *encoded)
{
	encoded->target = decision->target;
	encoded->numbers.target = dictionary_add(codec->targets, decision->target);
	encoded->symbol = decision->symbol;
	encoded->numbers.symbol = slice_is_null(decision->symbol) ? NO_SYMBOL :
		dictionary_add(codec->symbols, decision->symbol);
	encode_decision_body(codec, decision, encoded);
}

static Slice
encoded_target(const DecisionCodec *codec, const EncodedDecision *encoded)
{
	return encoded->numbers.target == NOT_KEPT ? encoded->target :
		dictionary_get(codec->targets, encoded->numbers.target);
}

/* A decision's symbol, or NULL; lives as long as the codec, or as the encoded one's slices. */
Slice
encoded_symbol(const DecisionCodec *codec, const EncodedDecision *encoded)
{
	if (encoded->numbers.symbol == NO_SYMBOL)
		return NULL_SLICE;
	return encoded->numbers.symbol == NOT_KEPT ? encoded->symbol :
		dictionary_get(codec->symbols, encoded->numbers.symbol);
}

/* The decision's slices live as long as the codec, or as those of the encoded one. */
void
decode_decision(const DecisionCodec *codec, const EncodedDecision *encoded, Decision *decision)
{
	Slice		body = encoded->numbers.body == NOT_KEPT ? encoded->body :
		dictionary_get(codec->bodies, encoded->numbers.body);
	const char *position = body.data;
	char		head = *position++;

	decision->target = encoded_target(codec, encoded);
	decision->symbol = encoded_symbol(codec, encoded);
	decision->route = (Route) (head & ROUTE_BITS);
	decision->has_sample_size = encoded->numbers.sample > 0 || (head & HAS_SAMPLE_SIZE);
	decision->sample_size = encoded->numbers.sample > 0 ? (int64) encoded->numbers.sample - 1 : 0;
	if (head & HAS_SAMPLE_SIZE)
	{
		memcpy(&decision->sample_size, position, sizeof(int64));
		position += sizeof(int64);
	}
	decision->reason = unpack_slice(&position);
	decision->cs_state = unpack_slice(&position);
	decision->local_state = unpack_slice(&position);
	decision->families = (head & HAS_FAMILIES) ? unpack_slice(&position) : NULL_SLICE;
}

/* Are the numbers all that there is to the decision? */
bool
is_wholly_kept(const EncodedDecision *encoded)
{
	return encoded->numbers.target != NOT_KEPT &&
		encoded->numbers.symbol != NOT_KEPT &&
		encoded->numbers.body != NOT_KEPT;
}

/* Append an encoded decision to a buffer: its numbers, and what they do not stand for. */
void
pack_encoded(StringInfo buffer, const EncodedDecision *encoded)
{
	appendBinaryStringInfo(buffer, (const char *) &encoded->numbers, sizeof(DecisionNumbers));
	if (encoded->numbers.target == NOT_KEPT)
		pack_slice(buffer, encoded->target);
	if (encoded->numbers.symbol == NOT_KEPT)
		pack_slice(buffer, encoded->symbol);
	if (encoded->numbers.body == NOT_KEPT)
		appendBinaryStringInfo(buffer, encoded->body.data, encoded->body.len);
}

/* The inverse; its slices point into the packed bytes. */
void
unpack_encoded(Slice packed, EncodedDecision *encoded)
{
	const char *position = packed.data + sizeof(DecisionNumbers);

	memcpy(&encoded->numbers, packed.data, sizeof(DecisionNumbers));
	if (encoded->numbers.target == NOT_KEPT)
		encoded->target = unpack_slice(&position);
	if (encoded->numbers.symbol == NOT_KEPT)
		encoded->symbol = unpack_slice(&position);
	encoded->body.data = position;
	encoded->body.len = packed.data + packed.len - position;
}
