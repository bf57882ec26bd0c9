/*
 * stability_rules.h
 *		How much two rankings of features agree, and many such numbers in two.
 */
#ifndef TRAINPLAN_STABILITY_RULES_H
#define TRAINPLAN_STABILITY_RULES_H

/* Fewer features in common say nothing about their order. */
#define FEWEST_FOR_TAU	3

/* A feature, and where it stood. */
typedef struct PlacedFeature
{
	double		importance;
	uint32		place;
} PlacedFeature;

extern PlacedFeature *sort_by_importance(PlacedFeature *features, PlacedFeature *room, uint32 count);
extern double jaccard_index(uint64 common, uint64 before, uint64 after);
extern double kendall_tau(uint32 *ranks, uint32 *room, uint32 count);

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
