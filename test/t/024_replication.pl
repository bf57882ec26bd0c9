# What doc/operating.md says of replication: a standby has plans and how far they are,
# answers what reads, and goes on with all of it when it is promoted; a subscriber has
# the same rows, and goes on when it is written to.

use strict;
use warnings;

use lib 'test/perl';
use PostgreSQL::Test::Cluster;
use Test::More;
use Trainplan;

my $primary = PostgreSQL::Test::Cluster->new('primary');

$primary->init(allows_streaming => 'logical', extra => [ '--encoding=UTF8', '--locale=C', '--username=postgres' ]);
$primary->append_conf('postgresql.conf', 'fsync = off');
$primary->start;

sub sql
{
	my ($server, $sql) = @_;

	return run_sql($server, 'postgres', $sql, '-At');
}

sql($primary, q{
	CREATE EXTENSION trainplan;
	CREATE TABLE decisions AS
	SELECT 't' || t AS target, CASE WHEN s > 0 THEN 's' || s END AS symbol, CASE WHEN s > 0 THEN 'ROUTE_BOTH' ELSE 'ENABLED' END AS route
	FROM generate_series(1, 20) AS t, generate_series(0, 10) AS s;
	CREATE TABLE candidates AS SELECT target, symbol, 0.6 AS score, 9000 AS sample_size FROM decisions;
	SELECT create_training_plan('decisions');
	INSERT INTO routing_policies (name, policy) VALUES ('default', routing_policy_default());
});
$primary->backup('backup');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;

my $subscriber = start_server('subscriber');
sql($subscriber, q{CREATE EXTENSION trainplan; CREATE TABLE decisions (target text, symbol text, route text)});
sql($primary, q{CREATE PUBLICATION plans FOR TABLE routing_policies, training_plans, training_jobs, training_job_queue, training_job_history});
sql($subscriber, 'CREATE SUBSCRIPTION plans CONNECTION $$' . $primary->connstr('postgres') . '$$ PUBLICATION plans');
$subscriber->wait_for_subscription_sync($primary, 'plans');

# Work goes on, after the tables were copied: plans, reports, hand edits, deletions.
sql($primary, q{
	SELECT create_training_plan('decisions', '{ridge}', true), create_training_plan('decisions');
	SELECT complete_training_job(plan_id, job_id, attempt, '{"auc": 0.6}') FROM claim_training_jobs('a', 20, 2);
	SELECT fail_training_job(plan_id, job_id, attempt, 'out of memory') FROM claim_training_jobs('b', 5, 2);
	SELECT FROM claim_training_jobs('c', 7, 2, '1 day');
	SELECT cancel_training_jobs(2, symbol => 's9');
	UPDATE training_job_queue SET priority = 9 WHERE plan_id = 2 AND job_id = 'cs_t7';
	INSERT INTO training_jobs VALUES (2, 'x', 'x', NULL, 'ROUTE_CROSS_SECTIONAL', 'cross_sectional', '{mlp}', 9, NULL, NULL, '{}');
	DELETE FROM training_plans WHERE plan_id = 1;
});
$primary->wait_for_catchup($standby);
$primary->wait_for_catchup('plans');

my $contents = q{
	SELECT md5(string_agg(p::text, ' ' ORDER BY plan_id)), count(*) FROM training_plans AS p;
	SELECT md5(string_agg(j::text, ' ' ORDER BY plan_id, job_id)), count(*) FROM training_jobs AS j;
	SELECT md5(string_agg(r::text, ' ' ORDER BY name)), count(*) FROM routing_policies AS r;
	SELECT md5(string_agg(q::text, ' ' ORDER BY plan_id, job_id)), count(*) FROM training_job_queue AS q;
	SELECT md5(string_agg(h::text, ' ' ORDER BY plan_id, job_id, attempt)), count(*) FROM training_job_history AS h;
	SELECT md5(string_agg(training_plan_lines, ' ')) FROM training_plan_lines(2, 'yaml');
};
my $there = sql($primary, $contents);
like($there, qr/^\w+\|2\n\w+\|441\n\w+\|1\n\w+\|441\n\w+\|2[0-9]\n\w+$/, 'there are plans to replicate');
is(sql($standby, $contents), $there, 'a standby has all of it');
is(sql($subscriber, $contents), $there, 'a subscriber has all of it');

# What reads is answered on a standby, what writes is not.
is(sql($standby, q{
	SELECT latest_training_plan(), count(*) FROM generate_training_plan('decisions');
	SELECT count(*) FROM route_training_candidates('candidates', routing_policy('default'));
	SELECT pending, running, succeeded FROM training_plan_progress WHERE plan_id = 3;
	SELECT jsonb_array_length((training_plan_to_json(3)::jsonb) -> 'jobs');
}), "3|220\n220\n220|0|0\n220", 'a standby answers what reads');
like(sql($standby, $_), qr/^ERROR:  cannot (execute|.* during recovery)/, "a standby refuses $_")
	foreach ('SELECT claim_training_jobs($$w$$)', 'SELECT complete_training_job(2, $$x$$, 1)', 'SELECT create_training_plan($$decisions$$)', 'LISTEN training_jobs');

# Either goes on where the primary stopped; the subscriber's sequence is told where.
sql($subscriber, q{SELECT setval('training_plans_plan_id_seq', max(plan_id)) FROM training_plans});
$primary->stop('immediate');
$standby->promote;
foreach my $server ($standby, $subscriber)
{
	my $name = $server->name;

	is(sql($server, q{SELECT bool_and(complete_training_job(plan_id, job_id, attempt)), count(*) FROM training_job_attempts WHERE worker = 'c'}),
		't|7', "$name: workers keep what they had");
	cmp_ok(sql($server, q{INSERT INTO decisions SELECT 't', 's', 'ROUTE_BOTH' WHERE NOT EXISTS (SELECT FROM decisions); SELECT create_training_plan('decisions')}), '>', 3,
		"$name: the next plan has a number of its own");
	cmp_ok(sql($server, q{SELECT count(*) FROM claim_training_jobs('w', 1000, 2)}), '>', 100, "$name: and jobs are claimed");
}

done_testing();
