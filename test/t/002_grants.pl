# The three kinds of users, with exactly the GRANTs in doc/operating.md: what each can
# do, and what it is refused.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Trainplan;

my $server = start_server('grants');

# Decisions, metrics, policies, and four plans, of which the last is being worked off.
run_sql($server, 'postgres', q{
	CREATE EXTENSION trainplan;
	\i examples/eu_stocks/candidates.sql
	CREATE TABLE eu_stock_decisions (target text, symbol text, route text, cs_state text, local_state text, reason text, sample_size bigint);
	\copy eu_stock_decisions FROM 'examples/eu_stocks/eu_stock_decisions.csv' WITH (FORMAT csv, HEADER match)
	INSERT INTO routing_policies (name, policy) VALUES
		('default', routing_policy_default()),
		('strict', replace(routing_policy_default(), 'classification: 0.52', 'classification: 0.55'));
	SELECT create_training_plan('eu_stock_decisions');
	DELETE FROM eu_stock_decisions WHERE target = 'y_will_swing_low_20d_0.80' AND symbol = 'SMI';
	SELECT create_training_plan('eu_stock_decisions', '{ridge}'), create_training_plan('eu_stock_decisions', '{mlp}');
	SELECT plan_training('eu_stock_candidates', routing_policy('strict'));
	SELECT complete_training_job(plan_id, job_id, attempt) FROM claim_training_jobs('worker-1', 21, 4);
	SELECT fail_training_job(plan_id, job_id, attempt, 'out of memory', '1 hour') FROM claim_training_jobs('worker-2', 2, 4);
	SELECT FROM claim_training_jobs('worker-3', 5, 4);
});

# What the manual grants.
run_sql($server, 'postgres', $_->{text}) foreach grep { $_->{text} =~ /\bGRANT\b.*\b(analyst|planner|scheduler)\b/ } page_blocks('doc/operating.md');

sub as
{
	my ($role, $sql) = @_;

	return run_sql($server, 'postgres', "SET SESSION AUTHORIZATION $role; $sql", '-At');
}

sub can
{
	my ($role, $what, $sql, $expected) = @_;

	is(as($role, $sql), $expected, "the $role can $what");
}

sub is_refused
{
	my ($role, $what, $sql, $object) = @_;

	like(as($role, $sql), qr/^ERROR:  permission denied for $object\b/m, "the $role can't $what");
}

my $delete = 'DELETE FROM training_plans';
my $change = 'UPDATE training_jobs SET priority = 3';
my $insert = q{INSERT INTO training_jobs
	VALUES (1, 'x', 'x', 'x', 'ROUTE_BOTH', 'symbol_specific', '{x}', 3, NULL, NULL, '{}')};
my $create = q{SELECT create_training_plan('eu_stock_decisions')};
my $import = q{SELECT import_training_plan('{"metadata": {"routing_plan_path": "x", "model_families": []}, "jobs": []}')};
my $route = q{SELECT count(*) FROM route_training_candidates_by('eu_stock_candidates', 'strict')};
my $plan = q{SELECT plan_training('eu_stock_candidates', routing_policy('strict'))};
my $claim = q{SELECT count(*) FROM claim_training_jobs('w', 1, 4)};
my $progress = 'SELECT jobs FROM training_plan_progress WHERE plan_id = 4';
my $generate = q{SELECT count(*) FROM generate_training_plan('eu_stock_decisions')};

can('analyst', 'read jobs', 'SELECT count(*) FROM training_jobs WHERE plan_id = 1', 70);
can('analyst', 'read summaries', 'SELECT total_jobs FROM training_plan_summary WHERE plan_id = 1', 70);
can('analyst', 'count by route',
	q{SELECT jobs FROM training_jobs_by_route WHERE plan_id = 1 AND route = 'ROUTE_BOTH'}, 23);
can('analyst', 'count by type',
	q{SELECT jobs FROM training_jobs_by_type WHERE plan_id = 1 AND training_type = 'cross_sectional'}, 16);
can('analyst', 'count by priority', 'SELECT jobs FROM training_jobs_by_priority WHERE plan_id = 1 AND priority = 1', 22);
can('analyst', 'find the latest plan', 'SELECT latest_training_plan()', 4);
can('analyst', 'export plans', q{SELECT training_plan_to_json(1) -> 'metadata' ->> 'total_jobs'}, 70);
can('analyst', 'export their lines', q{SELECT count(*) FROM training_plan_lines(1, 'yaml')}, 1062);
can('analyst', 'read routing plans', q{SELECT route FROM routing_decisions('targets: {t: {symbols: {s: {route: ROUTE_BOTH}}}}')}, 'ROUTE_BOTH');
is_refused('analyst', 'import plans', $import, 'table training_jobs');
like(as('analyst', q{SELECT write_training_plan(1, '/tmp/x')}), qr/^ERROR:  permission denied to write server files/, 'the analyst can\'t write files');
like(as('analyst', q{SELECT load_routing_plan('/tmp/x')}), qr/^ERROR:  permission denied to read server files/, 'the analyst can\'t read files');
can('analyst', 'read policies', q{SELECT length(routing_policy('strict')) > 1000}, 't');
is_refused('analyst', 'change policies', q{UPDATE routing_policies SET name = 'x'}, 'table routing_policies');
is_refused('analyst', 'read metrics', $route, 'table eu_stock_candidates');
is_refused('analyst', 'plan from metrics', $plan, 'table eu_stock_candidates');
is_refused('analyst', 'read decisions', $generate, 'table eu_stock_decisions');
is_refused('analyst', 'create plans', $create, 'table eu_stock_decisions');
is_refused('analyst', 'create plans from decisions of its own',
	q{CREATE TEMPORARY TABLE d AS SELECT 't' AS target, 's' AS symbol, 'ROUTE_BOTH' AS route;
	  SELECT create_training_plan('d')}, 'table training_jobs');
is_refused('analyst', 'add jobs', $insert, 'table training_jobs');
is_refused('analyst', 'change jobs', $change, 'table training_jobs');
is_refused('analyst', 'delete plans', $delete, 'table training_plans');
can('analyst', 'see how far plans are', $progress, 70);
can('analyst', 'see where jobs stand', q{SELECT count(*) FROM training_job_status WHERE plan_id = 4 AND state = 'running'}, 5);
can('analyst', 'see attempts', q{SELECT count(*) FROM training_job_attempts WHERE plan_id = 4 AND outcome = 'failed'}, 2);
is_refused('analyst', 'claim jobs', $claim, 'table training_job_queue');
is_refused('analyst', 'cancel jobs', 'SELECT cancel_training_jobs(4)', 'table training_job_queue');

can('planner', 'see what a plan would be', $generate, 69);
can('planner', 'create plans', $create, 5);
can('planner', 'read plans', 'SELECT total_jobs FROM training_plan_summary WHERE plan_id = 5', 69);
can('planner', 'import plans', $import, 6);
can('planner', 'see what would be decided', $route, 100);
can('planner', 'plan from metrics', $plan, 7);
can('planner', 'keep policies', q{INSERT INTO routing_policies (name, policy) VALUES ('new', routing_policy_default());
	UPDATE routing_policies SET policy = policy || '#' WHERE name = 'new'; DELETE FROM routing_policies WHERE name = 'new';
	SELECT count(*) FROM routing_policies}, 2);
can('planner', 'see how far plans are', $progress, 70);
can('planner', 'plan jobs that can be claimed', q{SELECT pending FROM training_plan_progress WHERE plan_id = 5}, 69);
is_refused('planner', 'claim jobs', $claim, 'table training_job_queue');
is_refused('planner', 'change jobs', $change, 'table training_jobs');
is_refused('planner', 'change plans', 'UPDATE training_plans SET total_jobs = 0', 'table training_plans');
is_refused('planner', 'delete plans', $delete, 'table training_plans');
is_refused('planner', 'delete jobs', 'DELETE FROM training_jobs', 'table training_jobs');

can('scheduler', 'read jobs', 'SELECT count(*) FROM training_jobs WHERE plan_id = 5', 69);
can('scheduler', 'export plans', q{SELECT training_plan_to_json(1) -> 'metadata' ->> 'total_jobs'}, 70);
can('scheduler', 'work jobs off', q{
	SELECT job_id, target, training_type, attempt FROM claim_training_jobs('w', plan_id => 5) \gset
	SELECT extend_training_job_lease(5, :'job_id', :attempt), complete_training_job(5, :'job_id', :attempt, '{"r2": 0.1}');
	SELECT job_id, attempt FROM claim_training_jobs('w', 1, 5, '1 s', '{lightgbm,xgboost}') \gset
	SELECT fail_training_job(5, :'job_id', :attempt, 'out of memory'), extend_training_job_lease(5, :'job_id', :attempt);
	SELECT attempt FROM claim_training_jobs('w', 1, 5, '0.001 s');
	SELECT pg_sleep(0.01);
	SELECT attempt FROM claim_training_jobs('w', 1, 5);
	SELECT outcome, count(*) FROM training_job_attempts WHERE plan_id = 5 GROUP BY 1 ORDER BY 1;
}, "t|t\nt|f\n2\n\n3\nexpired|1\nfailed|1\nsucceeded|1\n|1");
can('scheduler', 'cancel and retry jobs', q{SELECT cancel_training_jobs(5, symbol => 'CAC') > 5; SELECT retry_training_jobs(5) > 5}, "t\nt");
can('scheduler', 'see how far plans are', $progress, 70);
can('scheduler', 'hear of jobs', 'LISTEN training_jobs', '');
is_refused('scheduler', 'change plans', 'UPDATE training_plans SET max_attempts = 9', 'table training_plans');
is_refused('scheduler', 'add places', q{INSERT INTO training_job_queue SELECT * FROM training_job_queue LIMIT 1}, 'table training_job_queue');
is_refused('scheduler', 'delete places', 'DELETE FROM training_job_queue', 'table training_job_queue');
is_refused('scheduler', 'change history', 'UPDATE training_job_history SET error = NULL', 'table training_job_history');
is_refused('scheduler', 'delete history', 'DELETE FROM training_job_history', 'table training_job_history');
is_refused('scheduler', 'import plans', $import, 'table training_jobs');
is_refused('scheduler', 'read policies', q{SELECT routing_policy('strict')}, 'table routing_policies');
is_refused('scheduler', 'read metrics', q{SELECT count(*) FROM route_training_candidates('eu_stock_candidates')}, 'table eu_stock_candidates');
is_refused('scheduler', 'read decisions', $generate, 'table eu_stock_decisions');
is_refused('scheduler', 'create plans', $create, 'table eu_stock_decisions');
is_refused('scheduler', 'add jobs', $insert, 'table training_jobs');
is_refused('scheduler', 'change jobs', $change, 'table training_jobs');
is_refused('scheduler', 'delete plans', $delete, 'table training_plans');
is_refused('scheduler', 'read the summaries', 'SELECT * FROM training_plan_summary', 'view training_plan_summary');

run_sql($server, 'postgres', 'CREATE ROLE stranger');
is_refused('stranger', 'read jobs', 'SELECT * FROM training_jobs', 'table training_jobs');
is_refused('stranger', 'export plans', 'SELECT training_plan_to_json(1)', 'table training_plans');
is_refused('stranger', 'claim jobs', $claim, 'table training_job_queue');
is_refused('stranger', 'see how far plans are', $progress, 'view training_plan_progress');
is_refused('stranger', 'read plans', 'SELECT latest_training_plan()', 'table training_plans');

done_testing();
