# Plans come back in every way in which a dump can be restored, and none of them
# turns back what it finds.

use strict;
use warnings;

use lib 'test/perl';
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

my $server = start_server('restores');
my $folder = PostgreSQL::Test::Utils::tempdir;

sub sql
{
	my ($database, $sql) = @_;

	return run_sql($server, $database, $sql, '-At');
}

sql('postgres', 'CREATE DATABASE origin');
sql('origin', q{
	CREATE EXTENSION trainplan;
	CREATE TABLE decisions AS
	SELECT 't' || t AS target, CASE WHEN s > 0 THEN 's' || s END AS symbol, CASE WHEN s > 0 THEN 'ROUTE_BOTH' ELSE 'ENABLED' END AS route
	FROM generate_series(1, 50) AS t, generate_series(0, 40) AS s;
	SELECT create_training_plan('decisions'), create_training_plan('decisions', '{ridge}', true);
	UPDATE training_plans SET max_attempts = 2 WHERE plan_id = 1;
	SELECT FROM claim_training_jobs('a', 500, 1);
	SELECT FROM complete_training_jobs(1, (SELECT array_agg(job_id ORDER BY job_id) FROM training_job_attempts WHERE job_id LIKE '%1'),
		(SELECT array_agg(attempt ORDER BY job_id) FROM training_job_attempts WHERE job_id LIKE '%1'));
	SELECT fail_training_job(plan_id, job_id, attempt, 'out of memory') FROM training_job_attempts WHERE job_id LIKE '%2' AND outcome IS NULL;
	SELECT FROM claim_training_jobs('b', 70, 1, '0.001 s');
	SELECT cancel_training_jobs(1, symbol => 's13');
	UPDATE training_job_queue SET priority = 7 WHERE plan_id = 2 AND job_id LIKE 'cs\_t1%';
	INSERT INTO training_jobs VALUES (2, 'x', 'x', NULL, 'ROUTE_CROSS_SECTIONAL', 'cross_sectional', '{mlp}', 9, NULL, NULL, '{}');
	INSERT INTO routing_policies (name, policy) VALUES ('default', routing_policy_default());
	SELECT create_training_plan('decisions', git_commit => 'f3ba63d');
	SELECT complete_training_job(plan_id, job_id, attempt, '{"r2": 0.1}') FROM claim_training_jobs('early', 10, 3);
	DELETE FROM training_plans WHERE plan_id = 3;
});
is(sql('origin', 'SELECT count(target), count(git_commit) FROM training_job_history WHERE plan_id = 3'), '10|10', 'what was trained outlives its plan');

my $contents = q{
	SELECT md5(string_agg(p::text, ' ' ORDER BY plan_id)), count(*) FROM training_plans AS p WHERE plan_id < 100;
	SELECT md5(string_agg(j::text, ' ' ORDER BY plan_id, job_id)), count(*) FROM training_jobs AS j WHERE plan_id < 100;
	SELECT md5(string_agg(r::text, ' ' ORDER BY name)), count(*) FROM routing_policies AS r;
	SELECT md5(string_agg(q::text, ' ' ORDER BY plan_id, job_id)), count(*) FROM training_job_queue AS q WHERE plan_id < 100;
	SELECT md5(string_agg(h::text, ' ' ORDER BY plan_id, job_id, attempt)), count(*) FROM training_job_history AS h WHERE plan_id < 100;
};
# Plans whose progress is not what counting tells.
my $wrong = q{
	SELECT plan_id, pending, running, succeeded, failed, cancelled, blocked FROM training_plan_progress
	EXCEPT
	SELECT p.plan_id, c.*, CASE WHEN p.include_blocked THEN (SELECT count(*) FROM training_jobs AS j WHERE j.plan_id = p.plan_id AND j.training_type = 'blocked') ELSE 0 END
	FROM training_plans AS p, LATERAL (
		SELECT count(*) FILTER (WHERE s.state = 'pending'), count(*) FILTER (WHERE s.state = 'running'), count(*) FILTER (WHERE s.state = 'succeeded'),
			count(*) FILTER (WHERE s.state = 'failed'), count(*) FILTER (WHERE s.state = 'cancelled')
		FROM training_job_queue AS q,
			training_job_state(q.state, q.ready_at, q.cancel_requested, q.attempt - q.attempts_forgiven, p.max_attempts) AS s (state)
		WHERE q.plan_id = p.plan_id
	) AS c
};
# Plans that are counted without looking at all of their jobs.
my $tallied = 'SELECT count(*) FROM training_plans JOIN training_plan_tally USING (plan_id) WHERE part = 0';
my $origin = sql('origin', $contents);
is(sql('origin', $wrong), '', 'progress is told right');
like($origin, qr/^\w+\|2\n\w+\|4101\n\w+\|1\n\w+\|4101\n\w+\|\d{2,}$/, 'there are plans to dump');
command_ok([ 'pg_dump', '-Fd', '-f', "$folder/dump", $server->connstr('origin') ], 'dump');
command_ok([ 'pg_dump', '-f', "$folder/script", $server->connstr('origin') ], 'dump as a script');

# what a database has before the restore
my %prepared = (
	'is empty' => '',
	'has the extension' => 'CREATE EXTENSION trainplan',
	'has other plans' => q{
		CREATE EXTENSION trainplan;
		ALTER TABLE training_plans ALTER plan_id RESTART WITH 100;
		CREATE TEMPORARY TABLE d AS SELECT 't' AS target, 's' AS symbol, 'ROUTE_BOTH' AS route;
		SELECT create_training_plan('d');
		SELECT FROM claim_training_jobs('w', 1, 100);
	}
);
my $n = 0;
foreach my $way (
	[ 'is empty', 'pg_restore' ], [ 'is empty', 'pg_restore', '-1' ], [ 'is empty', 'pg_restore', '-j', '4' ],
	[ 'is empty', 'psql' ], [ 'is empty', 'psql', '-1' ],
	[ 'has the extension', 'pg_restore', '-a', '-t', 'training_*', '-t', 'routing_policies' ],
	[ 'has the extension', 'pg_restore', '-j', '4' ],
	[ 'has the extension', 'pg_restore', '-a', '--disable-triggers' ],
	[ 'has other plans', 'pg_restore' ], [ 'has other plans', 'pg_restore', '-j', '4' ], [ 'has other plans', 'psql', '-1' ])
{
	my ($before, $program, @options) = @$way;
	my $database = 'restored_' . ++$n;
	my $name = join(' ', $program, @options) . " into a database that $before";

	sql('postgres', "CREATE DATABASE $database");
	sql($database, $prepared{$before});
	sql($database, 'CREATE TABLE decisions (target text, symbol text, route text)') if grep { $_ eq '-a' } @options;
	@options = grep { $_ ne '-t' && $_ ne 'training_*' && $_ ne 'routing_policies' } @options;
	command_ok($program eq 'psql' ?
			[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', @options, '-f', "$folder/script", '-d', $server->connstr($database) ] :
			[ 'pg_restore', '--exit-on-error', @options, '-d', $server->connstr($database), "$folder/dump" ],
		$name);
	is(sql($database, $contents), $origin, "$name: all is there");
	is(sql($database, $wrong), '', "$name: progress is told right");
	is(sql($database, $tallied), ($before eq 'has other plans' ? 3 : (grep { $_ eq '--disable-triggers' } @options) ? 0 : 2), "$name: by the tally");
	is(sql($database, 'SELECT worker FROM training_job_status WHERE plan_id = 100 AND state = $$running$$'), 'w', "$name: and what was") if $before eq 'has other plans';
	is(sql($database, q{SELECT create_training_plan('decisions') > 2, count(*) FROM claim_training_jobs('w', 10000, 2)}), 't|2051', "$name: and goes on");
	is(sql($database, $wrong), '', "$name: and progress with it");
}

# Yesterday's dump onto a database that has worked on: what it finds it leaves.
sql('origin', q{
	SELECT FROM claim_training_jobs('c', 300, 1);
	SELECT complete_training_job(plan_id, job_id, attempt) FROM training_job_attempts WHERE worker = 'c' AND job_id LIKE '%3' AND outcome IS NULL;
	SELECT fail_training_job(plan_id, job_id, attempt, 'again', '1 day') FROM training_job_attempts WHERE worker = 'c' AND job_id LIKE '%4' AND outcome IS NULL;
	SELECT retry_training_jobs(1, symbol => 's13');
	SELECT FROM claim_training_jobs('c', 20, 2);
});
my $worked_on = sql('origin', $contents);
isnt($worked_on, $origin, 'a day has passed');
foreach my $options ([ '-a' ], [ '-a', '-j', '4' ], [ '-a', '-t', 'training_job_queue' ], [ '-a', '-t', 'training_job_history' ])
{
	my ($out, $err) = ('', '');

	IPC::Run::run([ 'pg_restore', '-v', @$options, '-d', $server->connstr('origin'), "$folder/dump" ], '>', \$out, '2>', \$err);
	like($err, qr/duplicate key|keep their places/, "pg_restore @$options says what it could not restore");
	is(sql('origin', $contents), $worked_on, "pg_restore @$options turns nothing back");
	is(sql('origin', $wrong), '', "pg_restore @$options: progress is told right");
}
# The numbers of plans are turned back, but those that are taken are passed over.
my $two_plans = q{
	CREATE TEMPORARY TABLE d AS SELECT 't' AS target, NULL AS symbol, 'ENABLED' AS route;
	SELECT create_training_plan('d');
	SELECT create_training_plan('d');
};
is(sql('origin', $two_plans), "4\n5", 'the next plans have the next numbers');
command_ok([ 'pg_restore', '-a', '-t', 'training_plans_plan_id_seq', '-d', $server->connstr('origin'), "$folder/dump" ], 'the sequence is restored');
is(sql('origin', "$two_plans DELETE FROM training_plans WHERE plan_id > 2"), "6\n7", 'and then also');
is(sql('origin', q{
		SELECT bool_and(complete_training_job(plan_id, job_id, attempt)), count(*) > 100 FROM training_job_attempts WHERE worker = 'c' AND outcome IS NULL;
	}), 't|t', 'workers still have what they had');

# A worker that polls while a dump is restored finds all of it then.
sql('postgres', 'CREATE DATABASE polled');
sql('polled', 'CREATE EXTENSION trainplan');
my $worker = $server->background_psql('polled', on_error_stop => 0);
my $polls = 0;
my $restore = IPC::Run::start([ 'pg_restore', '-j', '2', '-d', $server->connstr('polled'), "$folder/dump" ], '>', '/dev/null', '2>', '/dev/null');
while ($restore->pumpable && $polls < 200)
{
	$worker->query(q{SELECT count(*) FROM claim_training_jobs('polls', 1)});
	$polls++;
}
$restore->finish;
like($worker->query(q{SELECT (SELECT count(*) FROM training_job_queue WHERE plan_id = 2 AND state = 'pending') - count(*) FROM claim_training_jobs('polls', 10000, 2)}),
	qr/^0$/, "a worker that polled $polls times during the restore finds every job");
$worker->quit;
is(sql('polled', $wrong), '', 'and progress is told right');

# Places without a job, and jobs without a plan, are nobody's: they hold nobody up.
sql('postgres', 'CREATE DATABASE halves');
sql('halves', 'CREATE EXTENSION trainplan; CREATE TABLE decisions (target text, symbol text, route text)');
command_ok([ 'pg_restore', '-a', '-t', 'training_job_queue', '-t', 'training_plans', '-d', $server->connstr('halves'), "$folder/dump" ], 'half of a dump');
is(sql('halves', q{
		SELECT count(*) FROM claim_training_jobs('w', 100, 2);
		INSERT INTO training_jobs VALUES (2, 'cs_t7', 't7', NULL, 'ROUTE_CROSS_SECTIONAL', 'cross_sectional', '{mlp}', 2, NULL, NULL, '{}');
		SELECT job_id FROM claim_training_jobs('w', 100, 2);
		SELECT jobs FROM training_plan_progress WHERE plan_id = 2;
		SELECT cancel_training_jobs(2);
		ALTER TABLE training_plans ALTER plan_id RESTART WITH 2;
		DELETE FROM training_plans WHERE plan_id = 2;
		SELECT count(*) FROM training_job_queue WHERE plan_id = 2;
		DELETE FROM training_plans;
		INSERT INTO training_job_queue (plan_id, job_id, priority, position) VALUES (2, 'cs_t', 1, 1);
		INSERT INTO decisions VALUES ('t', NULL, 'ENABLED');
		SELECT create_training_plan('decisions');
	}), "0\ncs_t7\n2051\n2051\n0\n3", 'half of a dump harms nobody');

done_testing();
