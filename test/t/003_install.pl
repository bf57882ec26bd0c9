# The extension is installed by somebody who may create in the database and is
# no superuser.  He can do with it all that its use asks for, and let others do it;
# what it relies on is not his to change.

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
		SELECT DISTINCT kind, owner::regrole
		FROM (
			SELECT 'relation' AS kind, relowner AS owner FROM pg_class WHERE relnamespace = '"Desk"'::regnamespace
			UNION ALL
			SELECT 'function', proowner FROM pg_proc WHERE pronamespace = '"Desk"'::regnamespace
			UNION ALL
			SELECT 'extension', extowner FROM pg_extension WHERE extname = 'trainplan'
		) AS objects
		ORDER BY kind
	}), "extension|quant\nfunction|postgres\nrelation|postgres", 'the extension is the installer\'s, and what it is made of is not');
foreach my $change (
	'ALTER TABLE "Desk".training_jobs ADD note text', 'ALTER TABLE "Desk".training_jobs ALTER estimated_samples TYPE text',
	'ALTER TABLE "Desk".training_jobs ENABLE ROW LEVEL SECURITY',
	'CREATE RULE r AS ON INSERT TO "Desk".training_plans DO ALSO NOTIFY x', 'CREATE INDEX ON "Desk".training_jobs (reason)',
	'CREATE TRIGGER t BEFORE INSERT ON "Desk".training_jobs FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
	'CREATE TABLE notes (plan_id bigint REFERENCES "Desk".training_plans)', 'CREATE TABLE child () INHERITS ("Desk".training_jobs)',
	'ALTER FUNCTION "Desk".routing_policy_hash(text) CALLED ON NULL INPUT', 'ALTER FUNCTION "Desk".training_key_guard() SECURITY DEFINER',
	'ALTER EXTENSION trainplan DROP TABLE "Desk".training_jobs', 'ALTER VIEW "Desk".training_job_status OWNER TO quant',
	'ALTER SEQUENCE "Desk".training_plans_plan_id_seq OWNED BY NONE')
{
	like(as('quant', $change), qr/^ERROR:  (must be owner of|permission denied for) /m, "no $change");
}
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
is(as('quant', q{
		SELECT "Desk".create_training_plan('"Desk".decisions');
		TRUNCATE "Desk".training_plans;
		SELECT count(*) FROM "Desk".training_jobs;
		SELECT setval('"Desk".training_plans_plan_id_seq', 7);
	}), "2\n0\n7", 'the installer can empty the tables, and set where numbers go on');
is(as('quant', 'DROP EXTENSION trainplan; DROP TABLE "Desk".decisions; DROP SCHEMA "Desk"'),
	'', 'the installer can drop the extension');

done_testing();
