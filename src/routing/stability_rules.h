/*
 * stability_rules.h
 *		How much two rankings of features agree, and many such numbers in two.
 */
#ifndef TRAINPLAN_STABILITY_RULES_H
#define TRAINPLAN_STABILITY_RULES_H

/* Fewer features in common say nothing about their order. */
#define FEWEST_FOR_TAU	3

/* A feature, and its place among those of its snapshot by name. */
typedef struct PlacedFeature
{
	double		importance;
	uint32		place;
} PlacedFeature;

extern uint64 rank_features(PlacedFeature *features, PlacedFeature *room, uint32 count);
extern void merge_ranked_features(const PlacedFeature *features, uint32 some, uint32 count,
								  PlacedFeature *merged);
extern double jaccard_index(uint64 common, uint64 before, uint64 after);
extern double kendall_tau(uint64 swaps, uint32 count);

/* Numbers that come one by one; begin with all zero. */
typedef struct Spread
{
	uint64		count;
	double		mean;
	double		squares;		/* the sum of squared differences from the mean */
} Spread;

extern void spread_add(Spread *spread, double number);
extern double spread_deviation(const Spread *spread);

#endif							/* TRAINPLAN_STABILITY_RULES_H */
