/*
 * job_map.h
 *		Jobs as a map: a row a target, a column a symbol, the pooled model first.
 */
#ifndef TRAINPLAN_JOB_MAP_H
#define TRAINPLAN_JOB_MAP_H

#include "base/dictionary.h"

typedef struct JobMap JobMap;

/* The column of a target's pooled model; a symbol's is its number, and one more. */
#define POOLED_COLUMN	0

/* So many reasons a job has at most: one, or one before and one after. */
#define MAX_REASONS		2

/* A job as it comes. */
typedef struct MapJob
{
	Slice		server;			/* of a run: which has it; else NULL */
	int64		plan_id;		/* of a run: in which plan */
	Slice		target;
	Slice		symbol;			/* NULL: the pooled model */
	uint32		class_number;	/* what a cell looks like: the caller's number */
	int			reasons;		/* how many of them it has */
	Slice		reason[MAX_REASONS];	/* may be NULL */
} MapJob;

typedef struct MapCell
{
	uint32		column;
	uint32		class_number;
	uint32		reason_start;	/* of its reasons in those of the row */
	uint32		reason_length;	/* 0: it has none */
} MapCell;

/* A target's jobs; lives as long as the callback that gets it. */
typedef struct MapRow
{
	Slice		server;
	int64		plan_id;
	Slice		target;
	const MapCell *cells;		/* by column, each once */
	uint32		count;
	const char *reasons;		/* as JSON */
} MapRow;

typedef void (*MapRowCallback) (void *arg, const MapRow *row);

extern JobMap *job_map_create(MapRowCallback callback, void *arg);
extern void job_map_add(JobMap *map, const MapJob *job);
extern void job_map_finish(JobMap *map);
extern uint32 job_map_symbol_count(const JobMap *map);
extern Slice job_map_symbol(const JobMap *map, uint32 number);
extern void job_map_sort_symbols(JobMap *map);
extern uint32 job_map_rank_count(const JobMap *map);
extern uint32 job_map_symbol_rank(const JobMap *map, uint32 number);
extern Slice job_map_symbol_of_rank(const JobMap *map, uint32 rank);
extern int64 job_map_left_out(const JobMap *map);

#endif							/* TRAINPLAN_JOB_MAP_H */
