# Jobs that wait for the pooled model of their target are dumped and restored as they
# wait, do so after an update from 1.0, and a success lets very many go, while others claim.

use strict;
use warnings;

use lib 'test/perl';
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

my $server = start_server('pooled_first');
my $folder = PostgreSQL::Test::Utils::tempdir;

sub sql
{
	my ($database, $sql) = @_;

	return run_sql($server, $database, $sql, '-At');
}

my $decisions = q{
	CREATE TABLE decisions AS
	SELECT 't' || t AS target, CASE WHEN s > 0 THEN 's' || s END AS symbol, CASE WHEN s > 0 THEN 'ROUTE_BOTH' ELSE 'ENABLED' END AS route
	FROM generate_series(1, 6) AS t, generate_series(0, 5) AS s;
};

# What must never be: jobs that wait for what has ended, or can be claimed before it.
my $wrong = q{
	SELECT d.job_id, d.state, p.state
	FROM training_plans AS plan
	JOIN training_jobs AS pooled USING (plan_id)
	JOIN training_job_queue AS p USING (plan_id, job_id)
	JOIN training_jobs AS job ON job.plan_id = pooled.plan_id AND job.target = pooled.target
	JOIN training_job_queue AS d ON d.plan_id = job.plan_id AND d.job_id = job.job_id
	WHERE plan.pooled_first AND pooled.symbol IS NULL AND job.metadata @> '{"needs_cs_ensemble": true}'
		AND ((d.state = 'waiting') <> (p.state IN ('pending', 'running')) AND d.attempt = 0 AND (d.state <> 'cancelled' OR d.error IS NOT NULL))
	ORDER BY 1
};
my $places = q{
	SELECT q.job_id, q.state, q.priority, q.position, q.attempt, q.awaited, q.error, q.ready_at
	FROM training_job_queue AS q
	ORDER BY q.plan_id, q.job_id
};

sql('postgres', 'CREATE DATABASE origin');
sql('origin', "CREATE EXTENSION trainplan; $decisions");
sql('origin', q{
	SELECT create_training_plan('decisions', pooled_first => true);
	SELECT FROM claim_training_jobs('w', 4, job_ids => '{cs_t1,cs_t2,cs_t3,cs_t5}');
	SELECT complete_training_job(1, 'cs_t1', 1);
	SELECT FROM claim_training_jobs('w', 1, job_ids => '{sym_t1_s1}');
	SELECT cancel_training_jobs(1, '{cs_t4,sym_t6_s1,cs_t5}');
	SELECT extend_training_job_lease(1, 'cs_t5', 1);
});
is(sql('origin', $wrong), '', 'nothing waits for what has ended');
my $origin = sql('origin', $places);
command_ok([ 'pg_dump', '-Fd', '-f', "$folder/dump", $server->connstr('origin') ], 'dump');

my $n = 0;
foreach my $options ([], [ '-1' ], [ '-j', '4' ], [ '-a' ], [ '-a', '-j', '4' ])
{
	my $database = 'restored_' . ++$n;
	my $name = join(' ', 'pg_restore', @$options);

	sql('postgres', "CREATE DATABASE $database");
	sql($database, 'CREATE EXTENSION trainplan; CREATE TABLE decisions (target text, symbol text, route text)') if grep { $_ eq '-a' } @$options;
	command_ok([ 'pg_restore', '--exit-on-error', @$options, '-d', $server->connstr($database), "$folder/dump" ], $name);
	is(sql($database, $places), $origin, "$name: all wait as they did");
	is(sql($database, q{SELECT complete_training_job(1, 'cs_t2', 1); SELECT count(*) FROM claim_training_jobs('w', 100) WHERE target = 't2'}), "t\n5", "$name: and go on");
}

# one table before the other, each by itself
foreach my $order ('training_plans training_jobs training_job_queue', 'training_jobs training_plans training_job_queue',
	'training_jobs training_job_queue training_plans', 'training_job_queue training_plans training_jobs')
{
	my $database = 'restored_' . ++$n;

	sql('postgres', "CREATE DATABASE $database");
	sql($database, 'CREATE EXTENSION trainplan');
	system_or_bail('pg_restore', '-a', '-t', $_, '-d', $server->connstr($database), "$folder/dump") foreach split ' ', $order;
	is(sql($database, $places), $origin, "$order: all wait as they did");
}

# jobs without their places, and yesterday's places onto a database that has worked on
sql('postgres', 'CREATE DATABASE jobs_alone');
sql('jobs_alone', 'CREATE EXTENSION trainplan');
system_or_bail('pg_restore', '-a', '-t', $_, '-d', $server->connstr('jobs_alone'), "$folder/dump") foreach 'training_jobs', 'training_plans';
is(sql('jobs_alone', $wrong), '', 'jobs without their places: none can be claimed before what it waits for');
is(sql('jobs_alone', q{SELECT state, count(*) FROM training_job_queue GROUP BY state ORDER BY state}), "pending|6\nwaiting|30", 'they wait');
sql('origin', q{
	SELECT complete_training_job(1, 'cs_t2', 1);
	SELECT fail_training_job(1, 'cs_t3', 1, 'e');
	SELECT retry_training_jobs(1, '{cs_t4}');
	DELETE FROM training_job_queue WHERE job_id ~ 't[24]_s[12]';
});
my ($out, $err) = ('', '');
IPC::Run::run([ 'pg_restore', '-v', '-a', '-t', 'training_job_queue', '-d', $server->connstr('origin'), "$folder/dump" ], '>', \$out, '2>', \$err);
like($err, qr/keep their places/, 'places are kept');
is(sql('origin', $wrong), '', 'and those that came beside them wait, or do not, as the others');

# 1.0 knows of none of this, nor does the library where it meets the objects of 1.0
sql('postgres', 'CREATE DATABASE old');
sql('old', "CREATE EXTENSION trainplan VERSION '1.0'; $decisions");
is(sql('old', q{
	SELECT create_training_plan('decisions');
	SELECT count(*) FROM claim_training_jobs('w', 30);
	SELECT complete_training_job(1, 'sym_t1_s1', 1);
	SELECT cancel_training_jobs(1, '{cs_t1}');
	SELECT cancel_training_jobs(1), retry_training_jobs(1);
	SELECT import_training_plan(training_plan_to_json(1)::text);
	SELECT count(*) FROM claim_training_jobs('w', 100, 2);
}), "1\n30\nt\n1\n34|35\n2\n36", 'with the objects of 1.0 nothing waits');
sql('old', "ALTER EXTENSION trainplan UPDATE");
is(sql('old', q{
	SELECT retry_training_jobs(1, '{cs_t2}'), complete_training_job(1, 'sym_t2_s2', 1);
	SELECT create_training_plan('decisions', pooled_first => true);
	SELECT state, count(*) FROM training_job_queue WHERE plan_id = 3 GROUP BY state ORDER BY state;
}), "0|t\n3\npending|6\nwaiting|30", 'and after the update in new plans only');

# very many are let go by one, in memory that does not grow with them; claims do not wait
sql('origin', q{
	CREATE TABLE many AS
	SELECT 't' AS target, CASE WHEN n > 0 THEN 's' || n END AS symbol, CASE WHEN n > 0 THEN 'ROUTE_BOTH' ELSE 'ENABLED' END AS route
	FROM generate_series(0, 50000) AS n
	UNION ALL
	VALUES ('u', 'a', 'ROUTE_SYMBOL_SPECIFIC');
	DELETE FROM training_plans;
	DELETE FROM training_job_history;
	ALTER TABLE training_plans ALTER plan_id RESTART;
	SELECT create_training_plan('many', pooled_first => true);
	SELECT FROM claim_training_jobs('w', job_ids => '{cs_t}');
});
my $worker = $server->background_psql('origin', on_error_stop => 0);
$worker->query_safe('SET work_mem = $$64kB$$; BEGIN');
my $contexts = 'SELECT sum(total_bytes) FROM pg_backend_memory_contexts';
my $before = $worker->query_safe($contexts);
is($worker->query_safe(q{SELECT complete_training_job(1, 'cs_t', 1)}), 't', 'one that fifty thousand wait for');
cmp_ok($worker->query_safe($contexts) - $before, '<', 4 * 1024 * 1024, 'no memory is left with them');
is(sql('origin', q{SET lock_timeout = '10s'; SELECT job_id FROM claim_training_jobs('other', 100)}), 'sym_u_a', 'others claim meanwhile');
$worker->query_safe('COMMIT');
is(sql('origin', q{SELECT state, count(*) FROM training_job_queue GROUP BY state ORDER BY state}), "pending|50000\nrunning|1\nsucceeded|1", 'all are let go');
is(sql('origin', q{SELECT count(*) FROM claim_training_jobs('other', 60000)}), '50000', 'and can be claimed');
$worker->quit;

done_testing();
