# Eight workers at a time work 20,000 jobs of three plans off that fail, are cancelled
# and retried, and whose workers are killed, drop their connections and report too
# late; two of the plans train pooled models first, families have limits, plans are
# paused, and the server crashes.  At the end each job has exactly one success, or as
# many failures as are allowed, or was cancelled; no attempt is lost; and their times
# say that no limit, no pause and no pooled model was passed over.

use strict;
use warnings;

use lib 'test/perl';
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

system('/usr/bin/python3 -c "import psycopg2" 2>/dev/null') == 0
	or plan skip_all => 'Debian\'s python3-psycopg2 is not installed';

my $server = start_server('stress');
my $folder = PostgreSQL::Test::Utils::tempdir;

local $ENV{PGHOST} = $server->host;
local $ENV{PGPORT} = $server->port;
local $ENV{PGDATABASE} = 'postgres';

run_sql($server, 'postgres', q{
	CREATE EXTENSION trainplan;
	CREATE TABLE told (worker text, plan_id bigint, job_id text, attempt integer, report text, answer boolean);
	CREATE TABLE pauses (plan_id bigint, paused_at timestamptz, resumed_at timestamptz);
	CREATE TABLE limit_changes (max_running integer, since timestamptz, until timestamptz);
	CREATE TABLE limit_samples (name text, max_running integer, running integer);
	CREATE TABLE releases (worker text, jobs bigint);
	INSERT INTO training_limits VALUES ('fixed', '{xgboost}', 6), ('changing', '{random_forest,catboost}', 8), ('all', NULL, 10);
});

# Three plans of targets with 199 symbols and a pooled model each; returns their numbers.
sub make_plans
{
	return split /\n/, run_sql($server, 'postgres', q{
		CREATE TABLE decisions AS
		SELECT 'target_' || t AS target, 's' || s AS symbol,
			(ARRAY['ROUTE_BOTH', 'ROUTE_SYMBOL_SPECIFIC', 'ROUTE_EXPERIMENTAL_ONLY'])[1 + (s + t) % 3] AS route,
			CASE WHEN s % 5 = 0 THEN '{lightgbm,catboost}'::text[] END AS model_families
		FROM generate_series(1, 100) AS t, generate_series(1, 199) AS s;
		CREATE VIEW of_xgboost AS SELECT * FROM decisions WHERE right(target, 1) IN ('1', '2', '3', '4');
		CREATE VIEW of_forest AS SELECT * FROM decisions WHERE right(target, 1) IN ('5', '6', '7');
		CREATE VIEW of_both AS SELECT * FROM decisions WHERE right(target, 1) IN ('8', '9', '0');
		SELECT create_training_plan('of_xgboost', '{xgboost}', pooled_first => true);
		SELECT create_training_plan('of_forest', '{random_forest}', pooled_first => true);
		SELECT create_training_plan('of_both', '{xgboost,random_forest}');
		DROP VIEW of_xgboost, of_forest, of_both;
		DROP TABLE decisions;
		TRUNCATE told, pauses, limit_changes, limit_samples, releases;
	}, '-At');
}

# Rows that should not be there.
sub none
{
	my ($what, $query) = @_;

	is(run_sql($server, 'postgres', $query, '-At'), '', $what);
}

sub check
{
	my ($log, $name, @plans) = @_;
	my $plans = join ', ', @plans;

	run_sql($server, 'postgres', "\\copy told FROM '$log' WITH (FORMAT csv)\n" . qq{
		DROP TABLE IF EXISTS status, attempts, queue, intervals;
		CREATE TABLE status AS SELECT * FROM training_job_status WHERE plan_id IN ($plans);
		CREATE TABLE attempts AS SELECT * FROM training_job_attempts WHERE plan_id IN ($plans);
		CREATE TABLE queue AS SELECT * FROM training_job_queue WHERE plan_id IN ($plans);
		-- of each limit, what it counts: from the beginning of an attempt to its end
		CREATE TABLE intervals AS
		SELECT name, max_running, at, change, sum(change) OVER (PARTITION BY name ORDER BY at, change ROWS UNBOUNDED PRECEDING) AS running
		FROM training_limits
		JOIN training_jobs AS j ON families IS NULL OR families && model_families
		JOIN attempts AS a USING (plan_id, job_id),
		LATERAL (VALUES (started_at, 1), (finished_at, -1)) AS moments (at, change);
		ANALYZE told, status, attempts, queue, intervals;
	});
	note(run_sql($server, 'postgres', q{
		SELECT state, count(*), sum(attempts) AS attempts FROM status GROUP BY state;
		SELECT outcome, count(*) FROM attempts GROUP BY outcome;
		SELECT report, answer, count(*) FROM told GROUP BY report, answer ORDER BY 1, 2;
		SELECT name, count(*), max(running), round(avg(running), 1) AS avg FROM limit_samples GROUP BY name;
		SELECT name, max(running) FROM intervals GROUP BY name;
		SELECT count(*) AS releases, sum(jobs) AS released, (SELECT count(*) FROM pauses) AS pauses, (SELECT count(*) FROM limit_changes) AS changes FROM releases;
		SELECT max(finished_at) - min(started_at) AS duration FROM attempts;
	}));

	none("$name: all jobs have ended", q{SELECT plan_id, job_id, state FROM status WHERE state NOT IN ('succeeded', 'failed', 'cancelled') LIMIT 5});
	none("$name: one success, the last attempt, or none", q{
		SELECT s.plan_id, s.job_id, s.state, count(a.attempt)
		FROM status AS s LEFT JOIN attempts AS a ON (a.plan_id, a.job_id) = (s.plan_id, s.job_id) AND a.outcome = 'succeeded'
		GROUP BY 1, 2, 3, s.attempts
		HAVING count(a.attempt) <> (s.state = 'succeeded')::integer OR min(a.attempt) <> s.attempts LIMIT 5});
	none("$name: failed for good is as many failures as are allowed", q{
		SELECT s.plan_id, s.job_id, q.attempt, q.attempts_forgiven, count(a.attempt)
		FROM status AS s JOIN queue AS q USING (plan_id, job_id)
		LEFT JOIN attempts AS a ON (a.plan_id, a.job_id) = (s.plan_id, s.job_id) AND a.attempt > q.attempts_forgiven AND a.outcome IN ('failed', 'expired')
		WHERE s.state = 'failed' GROUP BY 1, 2, 3, 4 HAVING count(a.attempt) <> 3 LIMIT 5});
	none("$name: never more than are allowed", q{
		SELECT plan_id, job_id FROM queue WHERE attempt - attempts_forgiven > 3 LIMIT 5});
	none("$name: no attempt is lost", q{
		SELECT q.plan_id, q.job_id, q.attempt FROM queue AS q LEFT JOIN attempts AS a USING (plan_id, job_id)
		GROUP BY 1, 2, 3 HAVING count(a.attempt) <> q.attempt OR max(a.attempt) <> nullif(q.attempt, 0) LIMIT 5});
	none("$name: an attempt begins when the one before has ended", q{
		SELECT plan_id, job_id, attempt FROM (
			SELECT plan_id, job_id, attempt, started_at, lag(finished_at) OVER (PARTITION BY plan_id, job_id ORDER BY attempt) AS last FROM attempts
		) AS a WHERE started_at < last LIMIT 5});
	none("$name: no two workers were given the same attempt", q{
		SELECT plan_id, job_id, attempt FROM told WHERE report = 'claim' GROUP BY 1, 2, 3 HAVING count(*) > 1 LIMIT 5});
	none("$name: what workers claimed are attempts of theirs", q{
		SELECT t.plan_id, t.job_id, t.attempt FROM told AS t LEFT JOIN attempts AS a USING (plan_id, job_id, attempt)
		WHERE t.report = 'claim' AND a.worker IS DISTINCT FROM t.worker LIMIT 5});
	none("$name: a report that was taken is what is kept", q{
		SELECT t.plan_id, t.job_id, t.attempt, t.report, a.outcome FROM told AS t LEFT JOIN attempts AS a USING (plan_id, job_id, attempt)
		WHERE t.answer AND t.report IN ('complete', 'fail')
			AND a.outcome IS DISTINCT FROM (CASE t.report WHEN 'fail' THEN 'failed' ELSE 'succeeded' END) LIMIT 5});
	none("$name: what is kept was reported", q{
		SELECT a.plan_id, a.job_id, a.attempt, a.outcome FROM attempts AS a
		WHERE a.outcome IN ('succeeded', 'failed') AND NOT EXISTS (
			SELECT FROM told AS t WHERE (t.plan_id, t.job_id) = (a.plan_id, a.job_id) AND t.attempt = a.attempt AND t.worker = a.worker
				AND t.report = (CASE a.outcome WHEN 'failed' THEN 'fail' ELSE 'complete' END)) LIMIT 5});
	none("$name: every error is kept", q{
		SELECT plan_id, job_id FROM attempts WHERE outcome = 'failed' AND error IS DISTINCT FROM worker || ' failed' LIMIT 5});
	is(run_sql($server, 'postgres', q{SELECT count(*) FROM queue WHERE ready_at < 'infinity' OR worker IS NOT NULL}, '-At'),
		0, "$name: nothing is left to claim");
	cmp_ok(run_sql($server, 'postgres', q{SELECT count(*) FROM attempts WHERE outcome = 'expired'}, '-At'), '>', 0,
		"$name: some leases ran out");

	# what stands in the queue is what is counted
	none("$name: progress says what the status says", q{
		SELECT plan_id, p.* FROM training_plan_progress AS p
		JOIN (
			SELECT plan_id, count(*) FILTER (WHERE state = 'succeeded') AS succeeded, count(*) FILTER (WHERE state = 'failed') AS failed,
				count(*) FILTER (WHERE state = 'cancelled') AS cancelled
			FROM status GROUP BY plan_id
		) AS s USING (plan_id)
		WHERE (p.succeeded, p.failed, p.cancelled, p.pending, p.running, p.waiting) <> (s.succeeded, s.failed, s.cancelled, 0, 0, 0)});

	# limits: as sampled, and by the times of all attempts
	is(run_sql($server, 'postgres', q{SELECT name FROM limit_samples GROUP BY name HAVING max(running) > 0 ORDER BY name}, '-At'),
		"all\nchanging\nfixed", "$name: limits were sampled");
	none("$name: never more than the limit, sampled", q{
		SELECT name, max(running) FROM limit_samples WHERE running > CASE name WHEN 'changing' THEN 8 ELSE max_running END GROUP BY name});
	none("$name: never more than the limit, by all attempts", q{
		SELECT name, max(running), count(*), min(at) FROM intervals WHERE change = 1 AND running > max_running GROUP BY name});
	# (what runs when the limit is lowered runs on)
	none("$name: nothing begins above a limit that was lowered", q{
		SELECT at, running, c.max_running FROM intervals AS i JOIN limit_changes AS c ON i.at > c.since AND i.at < c.until
		WHERE name = 'changing' AND change = 1 AND running > c.max_running LIMIT 5});

	none("$name: no job begins before its pooled model has succeeded", q{
		SELECT a.plan_id, a.job_id, a.attempt, a.started_at, pooled.finished_at
		FROM attempts AS a
		JOIN training_jobs AS j USING (plan_id, job_id)
		JOIN training_plans AS p USING (plan_id)
		LEFT JOIN attempts AS pooled
			ON (pooled.plan_id, pooled.job_id, pooled.outcome) = (j.plan_id, 'cs_' || j.target, 'succeeded')
		WHERE p.pooled_first AND (j.metadata ->> 'needs_cs_ensemble')::boolean
			AND (pooled.finished_at <= a.started_at) IS NOT TRUE LIMIT 5});
	cmp_ok(run_sql($server, 'postgres', q{
		SELECT count(*) FROM attempts JOIN training_jobs AS j USING (plan_id, job_id) JOIN training_plans AS p USING (plan_id)
		WHERE p.pooled_first AND (j.metadata ->> 'needs_cs_ensemble')::boolean}, '-At'), '>', 1000, "$name: such jobs were trained");

	none("$name: nothing begins in a plan that is paused", q{
		SELECT a.plan_id, a.job_id, a.started_at, p.paused_at, p.resumed_at FROM attempts AS a JOIN pauses AS p USING (plan_id)
		WHERE a.started_at > p.paused_at AND a.started_at < p.resumed_at LIMIT 5});
	is(run_sql($server, 'postgres', q{SELECT count(*) > 0, sum(jobs) > 0 FROM releases, (SELECT FROM pauses LIMIT 1) AS p}, '-At'), 't|t',
		"$name: plans were paused, and jobs of dead workers released");
}

foreach my $round (1 .. 3)
{
	my @plans = make_plans();
	my $log = "$folder/round_$round.csv";

	is(run_sql($server, 'postgres', "SELECT sum(total_jobs) FROM training_plans WHERE plan_id IN (@{[join ', ', @plans]})", '-At'), 20000,
		"round $round: 20,000 jobs");
	my $workers = IPC::Run::start([ 'test/workers/stress.py', $log, @plans, '--seed', $round ], '>', \my $output, '2>&1');

	# the server crashes in the middle of it
	foreach my $crash (1 .. $round - 1)
	{
		select(undef, undef, undef, 2);
		$server->stop('immediate');
		$server->start;
		is(run_sql($server, 'postgres', q{SELECT count(*) > 0 FROM training_job_queue WHERE state IN ('pending', 'running', 'waiting')}, '-At'),
			't', "round $round, crash $crash: in the middle of it");
	}
	ok($workers->finish, "round $round: all workers ended") or diag($output);
	check($log, "round $round", @plans);
}

done_testing();
