/*
 * forecast_simulation.h
 *		Jobs, workers and limits in; when each job begins and ends, out.
 */
#ifndef TRAINPLAN_FORECAST_SIMULATION_H
#define TRAINPLAN_FORECAST_SIMULATION_H

/* Times are in microseconds from now; what comes later than this does not come. */
#define FORECAST_NEVER	(PG_INT64_MAX / 4)

/* No job. */
#define NO_JOB			PG_UINT32_MAX

typedef enum ForecastState
{
	FORECAST_PENDING,
	FORECAST_WAITING,			/* for the job that it awaits */
	FORECAST_RUNNING
} ForecastState;

typedef struct ForecastJob
{
	int64		ready;			/* of one that is pending: not before; of one that runs: when it began */
	int64		length;			/* how long it takes */
	int64		start;			/* what comes of it; FORECAST_NEVER: it does not begin */
	int64		end;
	int64		kind;			/* by which jobs are told apart that stand at the same place */
	int32		priority;
	int32		position;
	uint32		tie;			/* the same, within a kind */
	uint32		lane;			/* the jobs that the same limits are about */
	uint32		awaits;			/* or NO_JOB */
	uint32		first_follower; /* of those that await it; the simulation's own, as the next */
	uint32		next_follower;
	uint8		state;			/* a ForecastState */
	bool		is_fresh;		/* was never claimed, and comes behind what came back */
	bool		is_elsewhere;	/* runs in another plan: it counts for limits alone */
	bool		is_left;		/* or it is no job at all */
	bool		is_shown;		/* for whoever calls */
	bool		lets_nobody_go; /* it is to be cancelled: who awaits it never begins */
} ForecastJob;

typedef struct Forecast
{
	ForecastJob *jobs;
	uint32		count;
	int64		workers;
	bool		is_paused;
	uint32		lane_count;
	int			limit_count;
	const int64 *max_running;	/* of each limit */
	const bool *is_about;		/* for each lane and each limit: is that about these jobs? */
} Forecast;

extern uint32 forecast_simulate(Forecast *forecast, uint32 *order);

#endif							/* TRAINPLAN_FORECAST_SIMULATION_H */
