# The three kinds of users, with exactly the GRANTs in the README: what each can
# do, and what it is refused.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Trainplan;

my $server = start_server('grants');

# What the README does until it has granted, and the grants.
run_sql($server, 'postgres', $_->{sql}) foreach readme_sql();

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

can('planner', 'see what a plan would be', $generate, 69);
can('planner', 'create plans', $create, 5);
can('planner', 'read plans', 'SELECT total_jobs FROM training_plan_summary WHERE plan_id = 5', 69);
can('planner', 'import plans', $import, 6);
can('planner', 'see what would be decided', $route, 100);
can('planner', 'plan from metrics', $plan, 7);
can('planner', 'keep policies', q{INSERT INTO routing_policies (name, policy) VALUES ('new', routing_policy_default());
	UPDATE routing_policies SET policy = policy || '#' WHERE name = 'new'; DELETE FROM routing_policies WHERE name = 'new';
	SELECT count(*) FROM routing_policies}, 2);
is_refused('planner', 'change jobs', $change, 'table training_jobs');
is_refused('planner', 'change plans', 'UPDATE training_plans SET total_jobs = 0', 'table training_plans');
is_refused('planner', 'delete plans', $delete, 'table training_plans');
is_refused('planner', 'delete jobs', 'DELETE FROM training_jobs', 'table training_jobs');

can('scheduler', 'read jobs', 'SELECT count(*) FROM training_jobs WHERE plan_id = 5', 69);
can('scheduler', 'export plans', q{SELECT training_plan_to_json(1) -> 'metadata' ->> 'total_jobs'}, 70);
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
is_refused('stranger', 'read plans', 'SELECT latest_training_plan()', 'table training_plans');

done_testing();
