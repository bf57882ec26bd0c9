/*
 * decision_codec.h
 *		Decisions as a few numbers: how millions of them are held.
 */
#ifndef TRAINPLAN_DECISION_CODEC_H
#define TRAINPLAN_DECISION_CODEC_H

#include "decision.h"
#include "dictionary.h"

/* The number of the symbol that a target's own decision does not have. */
#define NO_SYMBOL	(NOT_KEPT - 1)

/* A decision's numbers in the codec's dictionaries; each but sample may be NOT_KEPT. */
typedef struct DecisionNumbers
{
	uint32		target;
	uint32		symbol;			/* or NO_SYMBOL */
	uint32		body;			/* route, reason, states, families */
	uint32		sample;			/* sample_size + 1; 0: none, or in the body */
} DecisionNumbers;

typedef struct EncodedDecision
{
	DecisionNumbers numbers;

	/* those that the dictionaries had no room for; the others are not set */
	Slice		target;
	Slice		symbol;
	Slice		body;
} EncodedDecision;

typedef struct DecisionCodec
{
	Dictionary *targets;
	Dictionary *symbols;
	Dictionary *bodies;
	StringInfoData body;		/* of the decision that was encoded last */
} DecisionCodec;

extern DecisionCodec *decision_codec_create(Size limit);
extern void encode_decision(DecisionCodec *codec, const Decision *decision,
							EncodedDecision *encoded);
extern void encode_decision_body(DecisionCodec *codec, const Decision *decision,
								 EncodedDecision *encoded);
extern void decode_decision(const DecisionCodec *codec, const EncodedDecision *encoded,
							Decision *decision);
extern Slice encoded_symbol(const DecisionCodec *codec, const EncodedDecision *encoded);

extern bool is_wholly_kept(const EncodedDecision *encoded);
extern void pack_encoded(StringInfo buffer, const EncodedDecision *encoded);
extern void unpack_encoded(Slice packed, EncodedDecision *encoded);

#endif							/* TRAINPLAN_DECISION_CODEC_H */
