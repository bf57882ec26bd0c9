# The recipe of doc/operating.md by which pg_cron forgets old plans and old attempts, run
# by pg_cron itself, on a server that has it preloaded.

use strict;
use warnings;

use lib 'test/perl';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

my $pg_config = $ENV{PG_CONFIG} // 'pg_config';
chomp(my $sharedir = `'$pg_config' --sharedir`);
plan skip_all => 'pg_cron is not installed (Debian: postgresql-<version>-cron)'
	unless -e "$sharedir/extension/pg_cron.control";

# What the page says to do, word for word.
my ($settings) = grep { /shared_preload_libraries/ } map { $_->{text} } page_blocks('doc/operating.md');
my ($recipe) = grep { /cron\.schedule/ } map { $_->{text} } page_blocks('doc/operating.md');
ok($settings && $recipe, 'the manual has the recipe');

my $server = PostgreSQL::Test::Cluster->new('cron');

$server->init(extra => [ '--encoding=UTF8', '--locale=C', '--username=postgres' ]);
$server->append_conf('postgresql.conf', "fsync = off\n$settings");
$server->start;

sub sql
{
	my ($sql) = @_;

	return run_sql($server, 'research', $sql, '-At');
}

run_sql($server, 'postgres', 'CREATE DATABASE research');
is(sql(q{
		CREATE EXTENSION trainplan;
		CREATE TABLE decisions (target text, symbol text, route text);
		INSERT INTO decisions VALUES ('t', NULL, 'ENABLED'), ('t', 'a', 'ROUTE_BOTH');
		SELECT count(create_training_plan('decisions')) FROM generate_series(1, 150);
		SELECT job_id FROM generate_series(1, 3) AS p, claim_training_jobs('w', 1, p);
		SELECT complete_training_job(2, 'sym_t_a', 1), complete_training_job(3, 'sym_t_a', 1);
		UPDATE training_plans SET generated_at = now() - interval '40 days' WHERE plan_id <= 60;
		UPDATE training_job_history SET finished_at = now() - interval '3 years' WHERE plan_id = 2;
		CREATE ROLE cleaner LOGIN;
		GRANT SELECT, DELETE ON training_plans, training_job_history TO cleaner;
	}), "150\nsym_t_a\nsym_t_a\nsym_t_a\nt|t", 'there is something to forget');
is(sql($recipe), "1\n2", 'it is scheduled');
is(sql('SELECT DISTINCT username, database FROM cron.job'), 'cleaner|research', 'as a role that may do that and no more');

# Nobody waits for the night: the same when the server starts.
sql(q{SELECT cron.alter_job(jobid, schedule => '@reboot') FROM cron.job});
$server->restart;
ok($server->poll_query_until('research',
		q{SELECT count(*) = 2 FROM cron.job_run_details WHERE status IN ('succeeded', 'failed')}), 'pg_cron runs it');
is(sql('SELECT jobid, status FROM cron.job_run_details ORDER BY 1'), "1|succeeded\n2|succeeded", 'well')
	or diag(sql('SELECT * FROM cron.job_run_details'));
is(sql('SELECT min(plan_id), count(*) FROM training_plans; SELECT string_agg(plan_id::text, \' \' ORDER BY plan_id) FROM training_plans WHERE plan_id < 52'),
	"1|101\n1 51", 'plans are forgotten but for what runs and the newest');
is(sql('SELECT plan_id, target, symbol, outcome FROM training_job_history'), '3|t|a|succeeded', 'and so are old attempts');
is(sql('SELECT (SELECT count(*) FROM training_jobs), (SELECT count(*) FROM training_job_queue)'), '202|202', 'with all that belongs to plans');

# The nightly round of doc/running.md, by the same means.
my ($nightly) = grep { /cron\.schedule/ } map { $_->{text} } page_blocks('doc/running.md');
is(sql(q{
		CREATE TABLE eu_stock_candidates AS
		SELECT 'fwd_ret_5d' AS target, symbol, 0.4::float8 AS score, 50000 AS sample_size, 'STABLE' AS stability
		FROM (VALUES (NULL), ('DAX'), ('SMI')) AS s (symbol);
		CREATE ROLE planner LOGIN;
		GRANT SELECT ON ALL TABLES IN SCHEMA public TO planner;
		GRANT INSERT ON training_plans, training_jobs, training_job_queue, training_job_history TO planner;
		GRANT UPDATE ON training_job_queue TO planner;
		DELETE FROM training_plans;
		SELECT count(plan_training('eu_stock_candidates'));
		SELECT count(complete_training_job(plan_id, job_id, attempt)) FROM claim_training_jobs('w', 2);
	}), "1\n2", 'something is trained already');
is(sql($nightly), 3, 'the nightly round is scheduled');
sql(q{SELECT cron.alter_job(jobid, active => jobid = 3, schedule => '@reboot') FROM cron.job});
$server->restart;
ok($server->poll_query_until('research',
		q{SELECT count(*) = 1 FROM cron.job_run_details WHERE jobid = 3 AND status IN ('succeeded', 'failed')}), 'pg_cron runs it');
is(sql('SELECT state, count(*) FROM training_job_status GROUP BY plan_id, state ORDER BY plan_id, state'),
	"cancelled|1\nsucceeded|2\npending|1\nreused|2", 'what was trained is reused, and what is left of the plan before cancelled')
	or diag(sql('SELECT * FROM cron.job_run_details'));

done_testing();
