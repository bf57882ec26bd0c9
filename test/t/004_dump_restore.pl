# Plans, and how far they are, survive pg_dump and restore into a new database,
# with who may read them.

use strict;
use warnings;

use lib 'test/perl';
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

my $server = start_server('dump_restore');

run_sql($server, 'postgres', q{
	CREATE ROLE quant;
	CREATE ROLE reader;
	CREATE DATABASE origin;
	CREATE DATABASE from_script;
	CREATE DATABASE from_archive OWNER quant;
});
run_sql($server, 'origin', q{
	CREATE SCHEMA plans;
	CREATE EXTENSION trainplan SCHEMA plans;
	CREATE TABLE decisions (target text, symbol text, route text, reason text[], sample_size bigint);
	INSERT INTO decisions
	SELECT 't' || t, CASE WHEN s > 0 THEN 's' || s END, CASE WHEN s > 0 THEN 'ROUTE_BOTH' ELSE 'ENABLED' END,
		ARRAY['tab' || E'\t', 'new line' || E'\n', '日本'], NULLIF(s, 3)
	FROM generate_series(1, 20) AS t, generate_series(0, 10) AS s;
	SELECT plans.create_training_plan('decisions', git_commit => 'f3ba63d');
	SELECT plans.create_training_plan('decisions', '{ridge}', true);
	SELECT plans.create_training_plan('decisions', '{mlp}');
	DELETE FROM plans.training_plans WHERE plan_id = 2;
	INSERT INTO plans.routing_policies (name, policy) VALUES ('default', plans.routing_policy_default()), ('old', plans.routing_policy_default() || '# old');
	ALTER TABLE plans.routing_policies DISABLE TRIGGER touch;
	UPDATE plans.routing_policies SET updated_at = '2020-02-02' WHERE name = 'old';
	ALTER TABLE plans.routing_policies ENABLE TRIGGER touch;
	UPDATE plans.training_plans SET max_attempts = 2 WHERE plan_id = 1;
	SELECT plans.complete_training_job(plan_id, job_id, attempt, '{"auc": 0.61}') FROM plans.claim_training_jobs('a', 20, 1);
	SELECT plans.fail_training_job(plan_id, job_id, attempt, E'tab\t, new line\n, 日本', '0 s') FROM plans.claim_training_jobs('b', 5, 1);
	SELECT plans.fail_training_job(plan_id, job_id, attempt, 'again', '1 day') FROM plans.claim_training_jobs('c', 7, 1);
	SELECT FROM plans.claim_training_jobs('d', 9, 1, '1 day');
	SELECT FROM plans.claim_training_jobs('e', 11, 1, '0.01 s');
	SELECT pg_sleep(0.02);
	SELECT plans.cancel_training_jobs(1, target => 't17');
	SELECT plans.cancel_training_jobs(1, (SELECT array_agg(job_id) FROM plans.training_job_status WHERE worker = 'd' AND job_id ~ '[13]$'));
	SELECT plans.retry_training_jobs(1, (SELECT array_agg(job_id) FROM plans.training_job_status WHERE state = 'failed' AND job_id ~ '[24]$'));
	UPDATE plans.training_job_queue SET priority = 9 WHERE plan_id = 3 AND job_id = 'sym_t4_s4';
	GRANT USAGE ON SCHEMA plans TO reader;
	GRANT SELECT ON plans.training_jobs TO reader;
});

my $contents = q{
	SELECT md5(string_agg(p::text, ' ' ORDER BY plan_id)), count(*) FROM plans.training_plans AS p;
	SELECT md5(string_agg(j::text, ' ' ORDER BY plan_id, job_id)), count(*) FROM plans.training_jobs AS j;
	SELECT md5(string_agg(r::text, ' ' ORDER BY name)), count(*) FROM plans.routing_policies AS r;
	SELECT md5(string_agg(q::text, ' ' ORDER BY plan_id, job_id)), count(*) FROM plans.training_job_queue AS q;
	SELECT md5(string_agg(a::text, ' ' ORDER BY plan_id, job_id, attempt)), count(*) FROM plans.training_job_attempts AS a;
	SELECT md5(string_agg(s::text, ' ' ORDER BY plan_id, job_id)), count(*) FROM plans.training_job_status AS s;
	SELECT state, count(*) FROM plans.training_job_status GROUP BY state ORDER BY state;
	SELECT relname, has_table_privilege('reader', oid, 'SELECT') FROM pg_class
	WHERE relnamespace = 'plans'::regnamespace AND relkind IN ('r', 'v') ORDER BY relname COLLATE "C";
};
my $origin = run_sql($server, 'origin', $contents, '-At');
like($origin, qr/\|2\n.*\|440\n.*\|2\n.*\|440\n/, 'there are plans to dump');

my $folder = PostgreSQL::Test::Utils::tempdir;
command_ok([ 'pg_dump', '-f', "$folder/script", $server->connstr('origin') ], 'dump as a script');
command_ok([ 'pg_dump', '-Fc', '-f', "$folder/archive", $server->connstr('origin') ], 'dump as an archive');
command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $server->connstr('from_script'), '-f', "$folder/script" ],
	'restore a script');
command_ok([ 'pg_restore', '--exit-on-error', '-d', $server->connstr('from_archive'), "$folder/archive" ],
	'restore an archive');

my $claim = q{SELECT job_id, attempt FROM plans.claim_training_jobs('w', 25, 1)};
my $claimed = run_sql($server, 'origin', $claim, '-At');
like($claimed, qr/^(.*\n){24}.*$/, 'there are jobs to claim');

foreach my $database ('from_script', 'from_archive')
{
	is(run_sql($server, $database, $contents, '-At'), $origin, "$database has the same plans and grants");
	is(run_sql($server, $database, q{SELECT plans.create_training_plan('decisions')}, '-At'),
		'4', "$database goes on numbering");
	is(run_sql($server, $database, $claim, '-At'), $claimed, "$database goes on with the same jobs");
}

# another round, from a restored database, and by an owner who is no superuser
run_sql($server, 'postgres', 'CREATE DATABASE again OWNER quant');
command_ok([ 'pg_dump', '--no-owner', '--no-privileges', '-f', "$folder/again", $server->connstr('from_script') ],
	'dump what was restored');
command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $server->connstr('again'),
		'-c', 'SET SESSION AUTHORIZATION quant', '-f', "$folder/again" ],
	'restore as the owner of a database');
is(run_sql($server, 'again', q{
		SELECT count(*) FROM plans.training_jobs;
		SELECT has_table_privilege('quant', 'plans.training_jobs', 'DELETE WITH GRANT OPTION');
	}, '-At'), "660\nt", 'the plans are there, and for the owner to use');

done_testing();
