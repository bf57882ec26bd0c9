/*
 * part_call.h
 *		A call by which a server is asked to plan a part of a run, as it goes from
 *		one to the other.
 */
#ifndef TRAINPLAN_PART_CALL_H
#define TRAINPLAN_PART_CALL_H

#include "base/slice.h"

/* Where calls are left, and made. */
#define PART_CALLS_VIEW		"training_part_calls"

/* The functions that can be called. */
#define CALL_OF_DECISIONS	"create_training_plan"
#define CALL_OF_CANDIDATES	"plan_training"

/* What a call says: who is asked by whom for what, and the function's arguments. */
typedef enum CallMember
{
	CALL_VERSION,				/* of the extension, where the call comes from */
	CALL_SERVER,				/* what the server is called there */
	CALL_FUNCTION,
	CALL_RELATION,
	CALL_RUN_ID,
	CALL_POLICY,
	CALL_FAMILIES,
	CALL_INCLUDE_BLOCKED,
	CALL_POOLED_FIRST,
	CALL_GIT_COMMIT,
	CALL_CONFIG_HASH,
	CALL_METRICS_SNAPSHOT,
	CALL_MEMBERS
} CallMember;

typedef struct PartCall
{
	Datum		values[CALL_MEMBERS];
	bool		nulls[CALL_MEMBERS];
} PartCall;

extern const char *extension_version(void);
extern void part_call_set_text(PartCall *call, CallMember member, const char *value);
extern const char *part_call_text(const PartCall *call, CallMember member);
extern const char *part_call_required_text(const PartCall *call, CallMember member);
extern Datum part_call_pack(const PartCall *call);
extern void part_call_unpack(PartCall *call, const char *packed);

#endif							/* TRAINPLAN_PART_CALL_H */
