# What forecast_training_plan() says of random plans, queues, limits and histories is what
# a simulation in Python says that knows nothing of it; and what the manual says of it holds.

use strict;
use warnings;

use lib 'test/perl';
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

my $server = start_server('forecast');
my $program = 'test/workers/forecast.py';
my $cases = $ENV{FORECAST_CASES} || 60;

sub run_program
{
	my ($input, @arguments) = @_;
	my ($output, $error) = ('', '');

	IPC::Run::run([ '/usr/bin/python3', $program, @arguments ], '<', \$input, '>', \$output, '2>', \$error);
	return $output . $error;
}

run_sql($server, 'postgres', 'CREATE EXTENSION trainplan');
my $ask = run_program('', 'ask');
my %seen;

foreach my $seed (1 .. $cases)
{
	my $made = run_sql($server, 'postgres', 'SET client_min_messages = error; ' . run_program('', 'make', $seed), '-At', '-o', '/dev/null');
	my $said = run_program(run_sql($server, 'postgres', $ask, '-At') . "\n", 'check');

	is($made, '', "case $seed is made");
	like($said, qr/\A6 cases, (jobs in them|no jobs)\Z/, "case $seed is as simulated");
	foreach my $what (split /\n/, run_sql($server, 'postgres', q{
		SELECT state FROM forecast_training_plan(1)
		UNION SELECT basis FROM forecast_training_plan(1)
		UNION SELECT CASE WHEN expected_end IS NULL THEN 'never ends' ELSE 'ends' END FROM forecast_training_plan(1) WHERE basis IS NOT NULL
		UNION SELECT 'paused' FROM training_plans WHERE paused
		UNION SELECT 'limits' FROM training_limits
		UNION SELECT 'waits, and begins' FROM forecast_training_plan(1) WHERE state = 'waiting' AND expected_start > now()
	}, '-At'))
	{
		$seen{$what}++;
	}
}
foreach my $what ('pending', 'waiting', 'running', 'same job', 'same target', 'same kind', 'all jobs', 'ends', 'never ends', 'paused', 'limits', 'waits, and begins')
{
	ok($seen{$what}, "$what: is among the cases");
}

# memory is that of the jobs, whatever the history is; a cancel is heard
run_sql($server, 'postgres', q{
	CREATE TABLE many AS SELECT 't' || t AS target, 's' || s AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route
	FROM generate_series(1, 20) AS t, generate_series(1, 1000) AS s;
	DELETE FROM training_limits;
	SELECT create_training_plan('many');
	INSERT INTO training_job_history (plan_id, job_id, attempt, worker, started_at, finished_at, outcome, target, symbol, training_type, model_families)
	SELECT 0, job_id, n, 'w', '2025-01-01', timestamptz '2025-01-01' + n * interval '1 second', 'succeeded', target, symbol, training_type, model_families
	FROM training_jobs, generate_series(1, 11) AS n WHERE plan_id = latest_training_plan();
});
is(run_sql($server, 'postgres', q{
	SET work_mem = '64kB';
	SELECT count(*), min(expected_seconds), max(expected_seconds), min(runs), max(expected_end) - now() FROM forecast_training_plan(workers => 10);
}, '-At'), '20000|6|6|11|03:20:00', 'sorted on disk');
like(run_sql($server, 'postgres', q{
	SET statement_timeout = '20ms';
	SELECT count(*) FROM forecast_training_plan(workers => 10), generate_series(1, 100);
}, '-At'), qr/canceling statement/, 'it can be cancelled');
is(run_sql($server, 'postgres', q{
	SELECT string_agg((SELECT extract(epoch FROM max(expected_end) - now())::int FROM forecast_training_plan(workers => n))::text, ' ' ORDER BY n)
	FROM unnest('{1,2,4,100}'::int[]) AS n;
}, '-At'), '120000 60000 30000 1200', 'over numbers of workers');

done_testing();
