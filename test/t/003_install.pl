# The extension is installed by somebody who may create in the database and is
# no superuser, and is that user's then.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Trainplan;

my $server = start_server('install');

run_sql($server, 'postgres', q{
	CREATE ROLE quant;
	CREATE ROLE guest;
	CREATE DATABASE research;
});
run_sql($server, 'research', 'GRANT CREATE ON DATABASE research TO quant');

sub as
{
	my ($role, $sql) = @_;

	return run_sql($server, 'research', "SET SESSION AUTHORIZATION $role; $sql", '-At');
}

like(as('guest', 'CREATE EXTENSION trainplan'),
	qr/^ERROR:  permission denied to create extension "trainplan"/,
	'who may not create in the database may not install');
is(as('quant', 'CREATE SCHEMA "Desk"; CREATE EXTENSION trainplan SCHEMA "Desk"'),
	'', 'who may create in the database may install');

is(as('quant', q{
		SELECT count(*), count(*) FILTER (WHERE owner = 'quant'::regrole)
		FROM (
			SELECT relowner AS owner FROM pg_class WHERE relnamespace = '"Desk"'::regnamespace
			UNION ALL
			SELECT proowner FROM pg_proc WHERE pronamespace = '"Desk"'::regnamespace
			UNION ALL
			SELECT extowner FROM pg_extension WHERE extname = 'trainplan'
		) AS objects
	}), '52|52', 'all of it is the installer\'s');
is(as('quant', q{
		CREATE TABLE "Desk".decisions AS SELECT 't' AS target, 's' AS symbol, 'ROUTE_BOTH' AS route;
		SELECT "Desk".create_training_plan('"Desk".decisions');
		SELECT job_id FROM "Desk".training_jobs ORDER BY priority;
	}), "1\ncs_t\nsym_t_s", 'the installer can plan');
is(as('quant', q{
		SELECT job_id, "Desk".complete_training_job(plan_id, job_id, attempt)
		FROM "Desk".claim_training_jobs('worker', 10);
		SELECT job_id, state FROM "Desk".training_job_status ORDER BY job_id;
	}), "sym_t_s|t\ncs_t|t\ncs_t|succeeded\nsym_t_s|succeeded", 'the installer can work plans off');
like(as('guest', 'SELECT * FROM "Desk".training_plans'),
	qr/^ERROR:  permission denied for schema Desk/, 'nobody else can');
as('quant', 'GRANT USAGE ON SCHEMA "Desk" TO guest; GRANT SELECT ON "Desk".training_plans TO guest');
is(as('guest', 'SELECT total_jobs FROM "Desk".training_plans'), '2', 'unless the installer lets them');
is(as('quant', 'DELETE FROM "Desk".training_plans; SELECT count(*) FROM "Desk".training_jobs'),
	'0', 'the installer can delete plans');
is(as('quant', 'DROP EXTENSION trainplan; DROP TABLE "Desk".decisions; DROP SCHEMA "Desk"'),
	'', 'the installer can drop the extension');

done_testing();
