# Eight workers at a time work a plan of 20,000 jobs off that fail, are cancelled
# and retried, and whose workers are killed, drop their connections and report too
# late.  Then the same while the server crashes.  At the end each job has exactly
# one success, or as many failures as are allowed, or was cancelled; and no
# attempt is lost.

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
	CREATE TABLE told (worker text, job_id text, attempt integer, report text, answer boolean);
});

# 100 targets with 199 symbols and a pooled model
sub make_plan
{
	run_sql($server, 'postgres', q{
		CREATE TABLE decisions AS
		SELECT 'target_' || t AS target, 's' || s AS symbol,
			(ARRAY['ROUTE_BOTH', 'ROUTE_SYMBOL_SPECIFIC', 'ROUTE_EXPERIMENTAL_ONLY'])[1 + (s + t) % 3] AS route
		FROM generate_series(1, 100) AS t, generate_series(1, 199) AS s;
		SELECT create_training_plan('decisions');
		DROP TABLE decisions;
	});
}

# Rows that should not be there.
sub none
{
	my ($what, $query) = @_;

	is(run_sql($server, 'postgres', $query, '-At'), '', $what);
}

sub check
{
	my ($log, $name) = @_;

	run_sql($server, 'postgres', "TRUNCATE told;\n\\copy told FROM '$log' WITH (FORMAT csv)\n" . q{
		DROP TABLE IF EXISTS status, attempts, queue;
		CREATE TABLE status AS SELECT * FROM training_job_status WHERE plan_id = latest_training_plan();
		CREATE TABLE attempts AS SELECT * FROM training_job_attempts WHERE plan_id = latest_training_plan();
		CREATE TABLE queue AS SELECT * FROM training_job_queue WHERE plan_id = latest_training_plan();
		ANALYZE told, status, attempts, queue;
	});
	note(run_sql($server, 'postgres', q{
		SELECT state, count(*), sum(attempts) AS attempts FROM status GROUP BY state;
		SELECT outcome, count(*) FROM attempts GROUP BY outcome;
		SELECT report, answer, count(*) FROM told GROUP BY report, answer ORDER BY 1, 2;
	}));

	none("$name: all jobs have ended", q{SELECT job_id, state FROM status WHERE state NOT IN ('succeeded', 'failed', 'cancelled') LIMIT 5});
	none("$name: one success, the last attempt, or none", q{
		SELECT s.job_id, s.state, count(a.attempt)
		FROM status AS s LEFT JOIN attempts AS a ON a.job_id = s.job_id AND a.outcome = 'succeeded'
		GROUP BY s.job_id, s.state, s.attempts
		HAVING count(a.attempt) <> (s.state = 'succeeded')::integer OR min(a.attempt) <> s.attempts LIMIT 5});
	none("$name: failed for good is as many failures as are allowed", q{
		SELECT s.job_id, q.attempt, q.attempts_forgiven, count(a.attempt)
		FROM status AS s JOIN queue AS q USING (job_id)
		LEFT JOIN attempts AS a ON a.job_id = s.job_id AND a.attempt > q.attempts_forgiven AND a.outcome IN ('failed', 'expired')
		WHERE s.state = 'failed' GROUP BY 1, 2, 3 HAVING count(a.attempt) <> 3 LIMIT 5});
	none("$name: never more than are allowed", q{
		SELECT job_id FROM queue WHERE attempt - attempts_forgiven > 3 LIMIT 5});
	none("$name: no attempt is lost", q{
		SELECT q.job_id, q.attempt FROM queue AS q LEFT JOIN attempts AS a USING (job_id)
		GROUP BY 1, 2 HAVING count(a.attempt) <> q.attempt OR max(a.attempt) <> nullif(q.attempt, 0) LIMIT 5});
	none("$name: an attempt begins when the one before has ended", q{
		SELECT job_id, attempt FROM (
			SELECT job_id, attempt, started_at, lag(finished_at) OVER (PARTITION BY job_id ORDER BY attempt) AS last FROM attempts
		) AS a WHERE started_at < last LIMIT 5});
	none("$name: no two workers were given the same attempt", q{
		SELECT job_id, attempt FROM told WHERE report = 'claim' GROUP BY 1, 2 HAVING count(*) > 1 LIMIT 5});
	none("$name: what workers claimed are attempts of theirs", q{
		SELECT t.job_id, t.attempt FROM told AS t LEFT JOIN attempts AS a USING (job_id, attempt)
		WHERE t.report = 'claim' AND a.worker IS DISTINCT FROM t.worker LIMIT 5});
	none("$name: a report that was taken is what is kept", q{
		SELECT t.job_id, t.attempt, t.report, a.outcome FROM told AS t LEFT JOIN attempts AS a USING (job_id, attempt)
		WHERE t.answer AND t.report IN ('complete', 'fail')
			AND a.outcome IS DISTINCT FROM (CASE t.report WHEN 'fail' THEN 'failed' ELSE 'succeeded' END) LIMIT 5});
	none("$name: what is kept was reported", q{
		SELECT a.job_id, a.attempt, a.outcome FROM attempts AS a
		WHERE a.outcome IN ('succeeded', 'failed') AND NOT EXISTS (
			SELECT FROM told AS t WHERE t.job_id = a.job_id AND t.attempt = a.attempt AND t.worker = a.worker
				AND t.report = (CASE a.outcome WHEN 'failed' THEN 'fail' ELSE 'complete' END)) LIMIT 5});
	none("$name: every error is kept", q{
		SELECT job_id FROM attempts WHERE outcome = 'failed' AND error IS DISTINCT FROM worker || ' failed' LIMIT 5});
	is(run_sql($server, 'postgres', q{SELECT count(*) FROM queue WHERE ready_at < 'infinity' OR worker IS NOT NULL}, '-At'),
		0, "$name: nothing is left to claim");
	cmp_ok(run_sql($server, 'postgres', q{SELECT count(*) FROM attempts WHERE outcome = 'expired'}, '-At'), '>', 0,
		"$name: some leases ran out");
}

foreach my $seed (1 .. 3)
{
	make_plan();
	is(run_sql($server, 'postgres', 'SELECT total_jobs FROM training_plans WHERE plan_id = latest_training_plan()', '-At'), 20000, "round $seed: 20,000 jobs");
	my $log = "$folder/round_$seed.csv";

	is(system("test/workers/stress.py '$log' --seed $seed"), 0, "round $seed: all workers ended");
	check($log, "round $seed");
}

# the server crashes in the middle of it, three times
make_plan();
my $log = "$folder/crash.csv";
my $workers = IPC::Run::start([ 'test/workers/stress.py', $log, '--seed', 4 ], '>', \my $output);
foreach my $crash (1 .. 3)
{
	select(undef, undef, undef, 1.5);
	$server->stop('immediate');
	$server->start;
	isnt(run_sql($server, 'postgres', 'SELECT pending + running FROM training_plan_progress WHERE plan_id = latest_training_plan()', '-At'),
		0, "crash $crash: in the middle of it");
}
ok($workers->finish, 'crash: all workers ended');
check($log, 'crash');

done_testing();
