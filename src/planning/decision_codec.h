/*
 * decision_codec.h
 *		Decisions as a few numbers: how millions of them are held.
 */
#ifndef TRAINPLAN_DECISION_CODEC_H
#define TRAINPLAN_DECISION_CODEC_H

#include "planning/decision.h"
#include "sorting/pair.h"

/* What a decision says, beside whom it is about. */
typedef struct EncodedBody
{
	uint32		body;			/* route, reason, states, families: its number, or NOT_KEPT */
	uint32		sample;			/* sample_size + 1; 0: none, or in the body */
} EncodedBody;

typedef struct EncodedDecision
{
	Pair		pair;
	EncodedBody numbers;
	Slice		body;			/* what the dictionary had no room for, or empty */
} EncodedDecision;

typedef struct DecisionCodec
{
	const PairNames *names;
	Dictionary *bodies;			/* NULL: none is kept */
	StringInfoData body;		/* of the decision that was encoded last */
} DecisionCodec;

extern DecisionCodec *decision_codec_create(const PairNames *names, Size limit);
extern void encode_decision(DecisionCodec *codec, const Pair *pair, const Decision *decision,
							EncodedDecision *encoded);
extern void decode_decision(const DecisionCodec *codec, const EncodedDecision *encoded,
							Decision *decision);
extern void pack_encoded(StringInfo buffer, const EncodedDecision *encoded);
extern void unpack_encoded(const DecisionCodec *codec, Slice packed, EncodedDecision *encoded);

#endif							/* TRAINPLAN_DECISION_CODEC_H */
