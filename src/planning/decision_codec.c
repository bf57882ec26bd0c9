/*
 * decision_codec.c
 *		Decisions as a few numbers.
 *
 * A decision is encoded as its pair (pair.c), the number of its body in a
 * dictionary, and its sample size.  The body is all else that it says, and repeats
 * itself from row to row.  The dictionary is limited; what it had no room for goes
 * along as it is.
 */
#include "postgres.h"

#include "base/slice_pack.h"
#include "planning/decision_codec.h"

/* A body's first byte. */
#define ROUTE_BITS			0x07
#define HAS_SAMPLE_SIZE		0x08	/* one too large for EncodedBody */
#define HAS_FAMILIES		0x10

/*
 * In the current memory context; limit is for bodies, in bytes.  A limit of 0 is
 * for decisions of which few say the same.
 */
DecisionCodec *
decision_codec_create(const PairNames *names, Size limit)
{
	DecisionCodec *codec = palloc0(sizeof(DecisionCodec));

	codec->names = names;
	if (limit > 0)
		codec->bodies = dictionary_create(limit);
	initStringInfo(&codec->body);
	return codec;
}

static bool
sample_fits(const Decision *decision)
{
	return decision->has_sample_size && decision->sample_size < PG_UINT32_MAX;
}

/*
 * Encode a decision, which is about the pair.  The slices are the pair's own, and
 * the body's, which live until the next one is encoded.
 */
void
encode_decision(DecisionCodec *codec, const Pair *pair, const Decision *decision,
				EncodedDecision *encoded)
{
	StringInfo	body = &codec->body;
	char		head = (char) decision->route;

	encoded->pair = *pair;
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

	encoded->numbers.body = codec->bodies == NULL ? NOT_KEPT :
		dictionary_add(codec->bodies, slice_from_buffer(body));
	encoded->body = encoded->numbers.body == NOT_KEPT ? slice_from_buffer(body) : NULL_SLICE;
}

/* The decision's slices live as long as the codec, or as those of the encoded one. */
void
decode_decision(const DecisionCodec *codec, const EncodedDecision *encoded, Decision *decision)
{
	Slice		body = encoded->numbers.body == NOT_KEPT ? encoded->body :
		dictionary_get(codec->bodies, encoded->numbers.body);
	const char *position = body.data;
	char		head = *position++;

	decision->target = encoded->pair.target;
	decision->symbol = encoded->pair.symbol;
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

/* Append an encoded decision to a buffer: its numbers, and what they do not stand for. */
void
pack_encoded(StringInfo buffer, const EncodedDecision *encoded)
{
	pack_pair(buffer, &encoded->pair);
	appendBinaryStringInfo(buffer, (const char *) &encoded->numbers, sizeof(EncodedBody));
	append_slice(buffer, encoded->body);
}

/* The inverse; its slices point into the packed bytes. */
void
unpack_encoded(const DecisionCodec *codec, Slice packed, EncodedDecision *encoded)
{
	const char *position = packed.data;

	encoded->pair = unpack_pair(codec->names, &position);
	memcpy(&encoded->numbers, position, sizeof(EncodedBody));
	position += sizeof(EncodedBody);
	encoded->body.data = position;
	encoded->body.len = packed.data + packed.len - position;
}
