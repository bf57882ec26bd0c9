# Who has 1.0 gets to 1.1 without losing anything, and has the same then as who
# installs 1.1; by ALTER EXTENSION UPDATE, and by pg_dump and restore.

use strict;
use warnings;

use lib 'test/perl';
use Digest::SHA;
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

my $server = start_server('update');

sub sql
{
	my ($database, $sql, @options) = @_;

	return run_sql($server, $database, $sql, '-At', @options);
}

# What is released is not changed any more.
is(Digest::SHA->new(256)->addfile('sql/released/trainplan--1.0.sql')->hexdigest,
	'1c6ae71c842f19665bc8a0c9de3b810e554a4f80beb0b90e7b016f2decba85b8', '1.0 is as it was released');

# A database in which somebody has the extension, at some version, and has worked
# with it.
sub make_database
{
	my ($database, $owner, $version) = @_;

	sql('postgres', "CREATE DATABASE $database OWNER $owner");
	return sql($database, qq{
		SET SESSION AUTHORIZATION $owner;
		CREATE SCHEMA plans;
		CREATE EXTENSION trainplan SCHEMA plans VERSION '$version';
	});
}

# Work, as 1.0 can do it: plans, jobs in every state, attempts, policies, grants.
my $work = q{
	CREATE TABLE decisions AS
	SELECT 't' || t AS target, CASE WHEN s > 0 THEN 's' || s END AS symbol, CASE WHEN s > 0 THEN 'ROUTE_BOTH' ELSE 'ENABLED' END AS route
	FROM generate_series(1, 20) AS t, generate_series(0, 10) AS s;
	SELECT plans.create_training_plan('decisions', git_commit => 'f3ba63d');
	SELECT plans.create_training_plan('decisions', '{ridge}');
	INSERT INTO plans.routing_policies (name, policy) VALUES ('default', plans.routing_policy_default());
	UPDATE plans.training_plans SET max_attempts = 1 WHERE plan_id = 1;
	SELECT FROM plans.claim_training_jobs('a', 50, 1);
	SELECT plans.complete_training_job(plan_id, job_id, attempt, '{"r2": 0.1}') FROM plans.training_job_attempts WHERE job_id LIKE '%\_s1';
	SELECT plans.fail_training_job(plan_id, job_id, attempt, 'out of memory') FROM plans.training_job_attempts WHERE job_id LIKE '%\_s2' AND outcome IS NULL;
	SELECT FROM plans.claim_training_jobs('b', 7, 1, '0.001 s');
	SELECT plans.cancel_training_jobs(1, symbol => 's3');
};
my $grants = q{
	GRANT USAGE ON SCHEMA plans TO analyst, planner, scheduler;
	GRANT SELECT ON plans.training_plans, plans.training_jobs, plans.routing_policies TO analyst;
	GRANT SELECT ON plans.training_jobs_by_route, plans.training_jobs_by_type, plans.training_jobs_by_priority, plans.training_plan_summary TO analyst;
	GRANT SELECT ON plans.training_job_queue, plans.training_job_history TO analyst;
	GRANT SELECT ON plans.training_job_status, plans.training_job_attempts, plans.training_plan_progress TO analyst;
	GRANT INSERT, UPDATE, DELETE ON plans.routing_policies TO planner;
	GRANT INSERT ON plans.training_plans, plans.training_jobs TO planner;
	GRANT SELECT ON plans.training_plans, plans.training_jobs TO scheduler;
	GRANT SELECT, UPDATE ON plans.training_job_queue TO scheduler;
	GRANT SELECT, INSERT ON plans.training_job_history TO scheduler;
	GRANT SELECT ON plans.training_job_status, plans.training_job_attempts, plans.training_plan_progress TO scheduler;
	GRANT UPDATE (max_attempts) ON plans.training_plans TO scheduler;
};
# What 1.0 knows of it.
my $contents = q{
	SELECT md5(string_agg((to_jsonb(p) - '{priority,pooled_first,paused,server}'::text[])::text, ' ' ORDER BY plan_id)), count(*) FROM plans.training_plans AS p;
	SELECT md5(string_agg(j::text, ' ' ORDER BY plan_id, job_id)), count(*) FROM plans.training_jobs AS j;
	SELECT md5(string_agg(r::text, ' ' ORDER BY name)), count(*) FROM plans.routing_policies AS r;
	SELECT md5(string_agg((to_jsonb(q) - '{kind,progress,started_at,awaited,error,reused_plan_id,reused_job_id,reused_attempt}'::text[])::text, ' ' ORDER BY plan_id, job_id)), count(*) FROM plans.training_job_queue AS q;
	SELECT md5(string_agg((to_jsonb(h) - '{target,symbol,route,training_type,model_families,estimated_samples,git_commit,needs_cs_ensemble}'::text[])::text, ' ' ORDER BY plan_id, job_id, attempt)), count(*) FROM plans.training_job_history AS h;
	SELECT md5(string_agg((to_jsonb(s) - '{progress}'::text[])::text, ' ' ORDER BY plan_id, job_id)), count(*) FROM plans.training_job_status AS s;
	SELECT state, count(*) FROM plans.training_job_status GROUP BY state ORDER BY state;
};

# What the update has added to rows that were there; nothing.
my $missing = q{
	SELECT count(*) FROM plans.training_job_history AS h
	WHERE ROW(h.target, h.symbol, h.route, h.training_type, h.model_families, h.estimated_samples, h.git_commit, h.needs_cs_ensemble) IS DISTINCT FROM
		(SELECT ROW(j.target, j.symbol, j.route, j.training_type, j.model_families, j.estimated_samples, p.git_commit, coalesce((j.metadata ->> 'needs_cs_ensemble')::boolean, false))
		FROM plans.training_jobs AS j JOIN plans.training_plans AS p USING (plan_id) WHERE j.plan_id = h.plan_id AND j.job_id = h.job_id);
	SELECT count(*) FROM plans.training_job_queue AS q JOIN plans.training_jobs AS j USING (plan_id, job_id)
	WHERE q.state <> 'succeeded' AND q.kind IS DISTINCT FROM plans.training_job_kind(j.training_type, j.model_families);
	SELECT count(*) FROM plans.training_job_queue AS q JOIN plans.training_job_history AS h USING (plan_id, job_id, attempt)
	WHERE q.state IN ('succeeded', 'failed') AND q.started_at IS DISTINCT FROM h.started_at;
};

# The lines of two databases' catalogs that are not in both.
sub catalog
{
	my ($database) = @_;

	return sql($database, '', '-f', 'test/helpers/catalog.sql');
}

sub same_catalog
{
	my ($left, $right, $name) = @_;
	my %lines;

	$lines{$_}[0] = 1 foreach split(/\n(?=[a-z ]+: )/, $left);
	$lines{$_}[1] = 1 foreach split(/\n(?=[a-z ]+: )/, $right);
	is(join("\n", map { ($lines{$_}[0] ? '- ' : '+ ') . $_ } grep { !($lines{$_}[0] && $lines{$_}[1]) } sort keys %lines), '', $name);
}

# What is to be had after the update, for the owner and those that he lets.
sub check_use
{
	my ($database, $name) = @_;

	is(sql($database, q{
			SET SESSION AUTHORIZATION scheduler;
			SELECT bool_and(plans.complete_training_job(plan_id, job_id, attempt)), count(*) > 20
			FROM plans.training_job_attempts WHERE outcome IS NULL AND job_id NOT LIKE '%\_s3';
			SELECT count(*) FROM plans.claim_training_jobs('c', 1000, 1);
			SELECT count(*) FROM plans.complete_training_jobs(1, (SELECT array_agg(job_id ORDER BY job_id) FROM plans.training_job_attempts WHERE worker = 'c'),
				(SELECT array_agg(attempt ORDER BY job_id) FROM plans.training_job_attempts WHERE worker = 'c')) WHERE held;
			UPDATE plans.training_plans SET max_attempts = 3 WHERE plan_id = 1;
			SET SESSION AUTHORIZATION planner;
			SELECT plans.plan_training('candidates', plans.routing_policy('default'));
			SET SESSION AUTHORIZATION analyst;
			SELECT total_jobs FROM plans.training_plan_summary WHERE plan_id = 1;
		}), "t|t\n149\n149\n3\n220", "$name: work goes on, for whom it was granted to");
	is(sql($database, q{
			DELETE FROM plans.training_plans WHERE plan_id = 1;
			SELECT (SELECT count(*) FROM plans.training_jobs WHERE plan_id = 1), (SELECT count(*) FROM plans.training_job_queue WHERE plan_id = 1);
			SELECT count(*), count(target), count(git_commit) FROM plans.training_job_history WHERE worker = 'c';
		}), "0|0\n149|149|149", "$name: what belongs to a plan goes with it, and what was trained is remembered");
}

sql('postgres', 'CREATE ROLE quant; CREATE ROLE analyst; CREATE ROLE planner; CREATE ROLE scheduler; GRANT analyst TO planner');
my $folder = PostgreSQL::Test::Utils::tempdir;

foreach my $owner ('postgres', 'quant')
{
	my $old = "old_of_$owner";
	my $new = "new_of_$owner";

	is(make_database($old, $owner, '1.0'), '', "$owner has 1.0");
	sql($old, "SET SESSION AUTHORIZATION $owner; $work; $grants");
	sql($old, "SET SESSION AUTHORIZATION $owner;" . q{
		CREATE TABLE candidates AS SELECT target, symbol, 0.6 AS score, 9000 AS sample_size FROM decisions;
		GRANT SELECT ON candidates TO planner;
	});
	my $before = sql($old, $contents);
	like($before, qr/^\w+\|2\n\w+\|440\n\w+\|1\n\w+\|440\n\w+\|\d+\n\w+\|440\ncancelled\|\d+\nfailed\|\d+\npending\|\d+\nrunning\|\d+\nsucceeded\|\d+$/,
		"$owner has jobs in every state") or diag($before);
	command_ok([ 'pg_dump', '-Fc', '-f', "$folder/$old", $server->connstr($old) ], "$owner dumps 1.0");

	is(sql($old, "SET SESSION AUTHORIZATION $owner; ALTER EXTENSION trainplan UPDATE; SELECT extversion FROM pg_extension WHERE extname = 'trainplan'"),
		'1.1', "$owner updates");
	is(sql($old, $contents), $before, "$owner: all is there as before");
	is(sql($old, $missing), "0\n0\n0", "$owner: and what is new is filled in");

	is(make_database($new, $owner, '1.1'), '', "$owner installs 1.1");
	sql($new, "SET SESSION AUTHORIZATION $owner; $grants");
	my $updated = catalog($old);
	my $installed = catalog($new);
	cmp_ok(($installed =~ tr/\n//), '>', 300, 'the catalog has something to say');
	same_catalog($updated, $installed, "$owner: an update and an installation leave the same");
	check_use($old, $owner);

	# What was granted is saved by pg_dump, and not taken for the extension's.
	command_ok([ 'pg_dump', '-f', "$folder/script", $server->connstr($old) ], "$owner dumps what was updated");
	like(slurp_file("$folder/script"), qr/^GRANT SELECT ON TABLE plans\.training_job_status TO analyst;$/m, "$owner: grants are in it");

	# Who granted it before the update can revoke it.
	is(sql($old, qq{
			SET SESSION AUTHORIZATION $owner;
			REVOKE ALL ON ALL TABLES IN SCHEMA plans FROM scheduler;
			RESET SESSION AUTHORIZATION;
			SELECT count(*) FROM pg_class, aclexplode(relacl) AS a WHERE a.grantee = 'scheduler'::regrole;
			SELECT count(*) FROM pg_attribute, aclexplode(attacl) AS a WHERE a.grantee = 'scheduler'::regrole;
		}), "0\n0", "$owner revokes what was granted before the update");

	# 1.0's dump, where 1.1 is what there is
	sql('postgres', "CREATE DATABASE restored_of_$owner OWNER $owner");
	command_ok([ 'pg_restore', '--exit-on-error', '-d', $server->connstr("restored_of_$owner"), '--role', $owner, "$folder/$old" ],
		"$owner restores 1.0 into 1.1");
	is(sql("restored_of_$owner", $contents), $before, "$owner: all is there");
	same_catalog(catalog("restored_of_$owner"), $installed, "$owner: and it is 1.1");
	check_use("restored_of_$owner", "$owner, restored");
}

# Where only the library was replaced, the objects are those of 1.0 and go on as before.
make_database('library', 'quant', '1.0');
sql('library', "SET SESSION AUTHORIZATION quant; $work; $grants");
is(sql('library', q{
		SET SESSION AUTHORIZATION scheduler;
		SELECT count(*) FROM plans.claim_training_jobs('c', 5, 2, families => '{ridge,mlp}');
		SELECT bool_and(plans.complete_training_job(plan_id, job_id, attempt)) FROM plans.training_job_attempts WHERE plan_id = 2;
		SELECT plans.cancel_training_jobs(2, symbol => 's4') > 0, plans.retry_training_jobs(2) > 0;
		SET SESSION AUTHORIZATION quant;
		SELECT plans.create_training_plan('decisions', '{mlp}');
		INSERT INTO plans.training_jobs VALUES (3, 'x', 'x', NULL, 'ROUTE_CROSS_SECTIONAL', 'cross_sectional', '{mlp}', 9, NULL, NULL, '{}');
		SELECT job_id FROM plans.claim_training_jobs('c');
		SELECT plans.import_training_plan(plans.training_plan_to_json(3)::text);
		DELETE FROM plans.training_plans WHERE plan_id = 2;
		SELECT count(*) FROM plans.training_job_history WHERE plan_id = 2;
		SELECT count(*) FROM plans.training_job_queue WHERE plan_id = 4;
	}), "5\nt\nt|t\n3\nx\n4\n0\n221", 'the new library serves the objects of 1.0');

# A plan is stored there for who may insert plans and jobs, as 1.0 did it: in bulk, without the
# queries that check its foreign keys, each of which goes through all jobs of the plan.
is(sql('library', q{
		SET SESSION AUTHORIZATION quant;
		CREATE TABLE many AS
		SELECT 't' || t AS target, CASE WHEN s > 0 THEN 's' || s END AS symbol, CASE WHEN s > 0 THEN 'ROUTE_BOTH' ELSE 'ENABLED' END AS route
		FROM generate_series(1, 200) AS t, generate_series(0, 99) AS s;
		GRANT SELECT ON many TO planner;
		RESET SESSION AUTHORIZATION;
		SET SESSION AUTHORIZATION planner;
		BEGIN;
		SELECT plans.create_training_plan('many');
		SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) < 1000 FROM pg_stat_xact_user_tables WHERE schemaname = 'plans';
		COMMIT;
		SET SESSION AUTHORIZATION quant;
		SELECT (SELECT count(*) FROM plans.training_jobs WHERE plan_id = 5), (SELECT count(*) FROM plans.training_job_queue WHERE plan_id = 5 AND ready_at IS NULL);
		SELECT count(*) FROM plans.claim_training_jobs('c', 3, 5);
		DELETE FROM plans.training_plans WHERE plan_id = 5;
		SELECT count(*) FROM plans.training_job_queue WHERE plan_id = 5;
		DROP TABLE many;
	}), "5\nt\n20000|20000\n3\n0", 'a plan of 20,000 jobs is stored into the tables of 1.0 without a query for each');

# What somebody who is no superuser has hung on the tables would run with more rights
# after an update, which refuses it, and says what.
sub is_refused
{
	my ($trap, $undo, $object) = @_;

	sql('library', "SET SESSION AUTHORIZATION quant; $trap");
	like(sql('library', 'SET SESSION AUTHORIZATION quant; ALTER EXTENSION trainplan UPDATE'), $object, "refused: $trap");
	is(sql('library', "SET SESSION AUTHORIZATION quant; $undo"), '', "undone: $undo");
}
my $refused = qr/^ERROR:  trainplan cannot be updated: the owner of its tables is no superuser, and/;
sql('library', q{
	SET SESSION AUTHORIZATION quant;
	CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
	CREATE FUNCTION trap(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
	CREATE TYPE trap AS ENUM ('a');
	CREATE DOMAIN checked AS text CHECK (trap(VALUE) IS NULL OR true);
	CREATE FUNCTION trap(trap) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 1::bigint';
	CREATE CAST (trap AS bigint) WITH FUNCTION trap(trap) AS IMPLICIT;
});
is_refused('CREATE TRIGGER t AFTER INSERT ON plans.training_jobs FOR EACH ROW EXECUTE FUNCTION trap()',
	'DROP TRIGGER t ON plans.training_jobs', qr/$refused trigger t on table training_jobs would run/);
is_refused('CREATE RULE r AS ON INSERT TO plans.training_plans DO ALSO DELETE FROM pg_authid',
	'DROP RULE r ON plans.training_plans', qr/^ERROR:  table "training_plans" is not as trainplan made it: it has rules/);
is_refused('CREATE RULE r AS ON INSERT TO plans.training_job_status DO INSTEAD DELETE FROM pg_authid',
	'DROP RULE r ON plans.training_job_status', qr/$refused rule r on view training_job_status would run/);
is_refused('CREATE TRIGGER t BEFORE UPDATE ON plans.training_job_history FOR EACH ROW EXECUTE FUNCTION trap(); ALTER TABLE plans.training_job_history ENABLE ALWAYS TRIGGER t',
	'DROP TRIGGER t ON plans.training_job_history', qr/$refused trigger t on table training_job_history would run/);
is_refused('ALTER TABLE plans.training_job_history ADD g text GENERATED ALWAYS AS (public.trap(worker)) STORED', 'ALTER TABLE plans.training_job_history DROP g',
	qr/$refused default value for column g of table training_job_history would run/);
is_refused('CREATE INDEX i ON plans.training_job_history (trap(worker))', 'DROP INDEX plans.i', qr/$refused index i would run/);
is_refused('CREATE INDEX i ON plans.training_job_queue (job_id) WHERE trap(worker) IS NULL', 'DROP INDEX plans.i', qr/$refused index i would run/);
is_refused('CREATE INDEX i ON plans.training_jobs (trap(reason))', 'DROP INDEX plans.i', qr/$refused index i would run/);
is_refused('CREATE STATISTICS plans.s ON trap(reason), priority FROM plans.training_jobs', 'DROP STATISTICS plans.s', qr/$refused statistics object s would run/);
is_refused('ALTER TABLE plans.training_jobs ADD c checked', 'ALTER TABLE plans.training_jobs DROP c', qr/$refused column c of table training_jobs would run/);
is_refused('ALTER TABLE plans.training_jobs ADD CONSTRAINT c CHECK (trap(reason) IS NULL OR true)', 'ALTER TABLE plans.training_jobs DROP CONSTRAINT c',
	qr/$refused constraint c on table training_jobs would run/);
is_refused(q{ALTER TABLE plans.training_jobs ADD c text DEFAULT public.trap('x'::text)}, 'ALTER TABLE plans.training_jobs DROP c',
	qr/$refused default value for column c of table training_jobs would run/);
is_refused(q{ALTER TABLE plans.training_jobs ALTER reason TYPE varchar}, 'ALTER TABLE plans.training_jobs ALTER reason TYPE text COLLATE "C"',
	qr/^ERROR:  table "training_jobs" is not as trainplan made it: column "reason" has type character varying, not text/);
is_refused('CREATE TABLE notes (plan trap REFERENCES plans.training_plans)', 'DROP TABLE notes', qr/$refused constraint notes_plan_fkey on table public.notes would run/);
# Functions of the system run what a text says, too.
my $runs = q{query_to_xml('SELECT 1', true, true, '')};
is_refused("ALTER TABLE plans.training_job_queue ADD CONSTRAINT c CHECK ($runs IS NOT NULL) NOT VALID", 'ALTER TABLE plans.training_job_queue DROP CONSTRAINT c',
	qr/$refused constraint c on table training_job_queue would run/);
is_refused("ALTER TABLE plans.training_job_queue ALTER worker SET DEFAULT $runs\:\:text", 'ALTER TABLE plans.training_job_queue ALTER worker DROP DEFAULT',
	qr/$refused default value for column worker of table training_job_queue would run/);
is_refused("CREATE POLICY p ON plans.training_jobs USING ($runs IS NOT NULL)", 'DROP POLICY p ON plans.training_jobs', qr/$refused policy p on table training_jobs would run/);
is_refused("CREATE TRIGGER t BEFORE UPDATE ON plans.training_jobs FOR EACH ROW WHEN ($runs IS NOT NULL) EXECUTE FUNCTION suppress_redundant_updates_trigger()",
	'DROP TRIGGER t ON plans.training_jobs', qr/$refused trigger t on table training_jobs would run/);
is_refused("SET standard_conforming_strings = off; ALTER TABLE plans.training_jobs ADD CONSTRAINT c CHECK ($runs IS NOT NULL) NOT VALID; ALTER ROLE quant SET standard_conforming_strings = off",
	'ALTER ROLE quant RESET standard_conforming_strings; ALTER TABLE plans.training_jobs DROP CONSTRAINT c', qr/$refused constraint c on table training_jobs would run/);
is_refused(q{ALTER TABLE plans.training_jobs ADD c trap, ADD CONSTRAINT c CHECK (to_jsonb(c) IS NULL OR true)}, 'ALTER TABLE plans.training_jobs DROP c',
	qr/$refused constraint c on table training_jobs would run/);

# So do those of other extensions, whoever has made them, and foreign keys by which one table changes another.
my $has_others = sql('library', q{SELECT count(*) FROM pg_available_extensions WHERE name IN ('earthdistance', 'cube', 'lo')}) eq '3';
sql('library', 'CREATE EXTENSION cube SCHEMA public; CREATE EXTENSION earthdistance SCHEMA public; CREATE EXTENSION lo SCHEMA public') if $has_others;
SKIP:
{
	skip 'there are no other extensions', 6 unless $has_others;

	is_refused('ALTER TABLE plans.training_jobs ADD CONSTRAINT c CHECK (sec_to_gc(priority) IS NOT NULL) NOT VALID', 'ALTER TABLE plans.training_jobs DROP CONSTRAINT c',
		qr/$refused constraint c on table training_jobs would run/);
	is_refused(q{ALTER TABLE plans.training_jobs ADD lob oid; CREATE TRIGGER t BEFORE UPDATE ON plans.training_jobs FOR EACH ROW EXECUTE FUNCTION lo_manage('lob')},
		'DROP TRIGGER t ON plans.training_jobs; ALTER TABLE plans.training_jobs DROP lob', qr/$refused trigger t on table training_jobs would run/);
	is_refused('ALTER TABLE plans.training_jobs ADD lob lo', 'ALTER TABLE plans.training_jobs DROP lob', qr/$refused column lob of table training_jobs would run/);
}
is_refused('CREATE TABLE notes (note text PRIMARY KEY); ALTER TABLE plans.training_jobs ADD note text REFERENCES notes ON UPDATE CASCADE',
	'ALTER TABLE plans.training_jobs DROP note; DROP TABLE notes', qr/$refused constraint training_jobs_note_fkey on table training_jobs would run/);

# So do others' views and tables that are read with these, and what was made a part of the extension.
is_refused('CREATE VIEW known AS SELECT trap(target) AS target FROM plans.training_jobs; CREATE POLICY p ON plans.training_plans USING (EXISTS (SELECT FROM known))',
	'DROP POLICY p ON plans.training_plans; DROP VIEW known', qr/$refused policy p on table training_plans would run/);
is_refused('CREATE TABLE child () INHERITS (plans.training_plans)', 'DROP TABLE child', qr/$refused table public.child would run/);
is_refused('CREATE TABLE parent (LIKE plans.training_jobs INCLUDING ALL); ALTER TABLE plans.training_jobs INHERIT parent',
	'ALTER TABLE plans.training_jobs NO INHERIT parent; DROP TABLE parent', qr/$refused table public.parent would run/);
is_refused('ALTER EXTENSION trainplan ADD FUNCTION trap(); CREATE TRIGGER t AFTER INSERT ON plans.training_jobs FOR EACH ROW EXECUTE FUNCTION trap()',
	'DROP TRIGGER t ON plans.training_jobs; ALTER EXTENSION trainplan DROP FUNCTION trap()',
	qr/^ERROR:  trainplan cannot be updated: function public.trap\(\) was added to the extension by a role that is no superuser/);

# So are rows that can't mean anything.
foreach my $row ([ q{state = 'done'}, 'state done' ], [ q{attempt = -1}, 'attempt -1' ], [ q{state = 'running', worker = NULL}, 'worker NULL' ])
{
	is(sql('library', qq{
			BEGIN;
			SET SESSION AUTHORIZATION quant;
			ALTER TABLE plans.training_job_queue DISABLE TRIGGER guard;
			UPDATE plans.training_job_queue SET $row->[0] WHERE plan_id = 3 AND job_id = 'cs_t1';
			ALTER EXTENSION trainplan UPDATE;
		}) =~ /^ERROR:  trainplan cannot be updated: in table training_job_queue, job cs_t1 of plan 3 can't have .*$row->[1]/ ? 'refused' : 'taken', 'refused', "rows are checked: $row->[0]");
}

# What is no trap is kept: columns, checks, policies and indexes.
sql('postgres', 'CREATE ROLE hanger');
sql('library', q{
	SET SESSION AUTHORIZATION quant;
	GRANT SELECT, TRIGGER, REFERENCES ON plans.training_jobs TO PUBLIC;
	GRANT TRIGGER ON plans.training_jobs TO hanger;
	GRANT REFERENCES (plan_id) ON plans.training_plans TO hanger;
	GRANT EXECUTE ON FUNCTION plans.queue_training_jobs() TO hanger;
	GRANT REFERENCES (plan_id), UPDATE (reason) ON plans.training_jobs TO planner;
	ALTER TABLE plans.training_jobs ADD note text DEFAULT 'none', ADD noted timestamptz DEFAULT now(), ADD CONSTRAINT low CHECK (priority < 100), ENABLE ROW LEVEL SECURITY;
	CREATE TABLE teams (target text PRIMARY KEY);
	CREATE POLICY own ON plans.training_jobs USING (target <> 'secret');
	CREATE POLICY teams ON plans.training_jobs USING (target IN (SELECT target FROM teams) OR target LIKE current_setting('app.team', true) || '%' OR pg_has_role(current_user, 'quant', 'MEMBER'));
	ALTER TABLE plans.training_jobs ADD kind trap DEFAULT 'a', ADD day timestamptz DEFAULT date_trunc('day', now()), ADD CONSTRAINT short CHECK (bit_length(target) < 10000);
	CREATE TABLE reviews (plan integer REFERENCES plans.training_plans, review text);
	CREATE INDEX notes ON plans.training_jobs (note);
	CREATE VIEW mine AS SELECT * FROM plans.training_plan_summary;
	ALTER FUNCTION plans.claim_training_jobs(text, integer, bigint, interval, text[]) SECURITY DEFINER;
	ALTER FUNCTION plans.routing_policy_hash(text) CALLED ON NULL INPUT;
	CREATE OR REPLACE FUNCTION plans.training_job_state(state text, ready_at timestamptz, cancel_requested boolean, attempts integer, max_attempts integer)
	RETURNS text LANGUAGE sql STABLE SECURITY DEFINER RETURN current_user::text;
});
is(sql('library', q{
		SET SESSION AUTHORIZATION quant;
		ALTER EXTENSION trainplan UPDATE;
		SELECT note, count(*) FROM plans.training_jobs GROUP BY note;
		SELECT string_agg(privilege_type, ' ') FROM pg_class, aclexplode(relacl) AS a WHERE oid = 'plans.training_jobs'::regclass AND a.grantee = 0;
		SELECT string_agg(privilege_type, ' ') FROM pg_attribute, aclexplode(attacl) AS a WHERE attrelid = 'plans.training_jobs'::regclass;
		SELECT relrowsecurity, relowner::regrole FROM pg_class WHERE oid = 'plans.training_jobs'::regclass;
		SELECT count(*) FROM mine;
		SELECT count(*) FROM pg_indexes WHERE indexname = 'notes';
		SELECT proname FROM pg_proc WHERE pronamespace = 'plans'::regnamespace AND (prosecdef OR proname = 'training_job_state' AND prosrc <> '' OR proname = 'routing_policy_hash' AND NOT proisstrict);
		SELECT DISTINCT state FROM plans.training_job_status WHERE plan_id = 4;
		RESET SESSION AUTHORIZATION;
	} . $missing), "none|662\nSELECT\nUPDATE\nt|postgres\n3\n1\npending\n0\n0\n0", 'what is no trap is kept, and functions are what they were');
is(sql('library', 'DROP ROLE hanger'), '', 'a role that no right is left to can be dropped');

# Where a superuser owned the tables and let others hang triggers on them, the update fires none.
make_database('granted', 'postgres', '1.0');
sql('granted', "$work; $grants" . q{
	GRANT USAGE ON SCHEMA plans TO quant;
	GRANT TRIGGER ON plans.training_job_history, plans.training_job_queue TO quant;
	CREATE TABLE fired (by text);
	GRANT ALL ON fired TO quant;
	GRANT CREATE ON SCHEMA public TO quant;
	SET SESSION AUTHORIZATION quant;
	CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO fired VALUES (current_user); RETURN NEW; END';
	CREATE TRIGGER t BEFORE UPDATE ON plans.training_job_history FOR EACH ROW EXECUTE FUNCTION trap();
	CREATE TRIGGER t AFTER UPDATE ON plans.training_job_queue FOR EACH STATEMENT EXECUTE FUNCTION trap();
	CREATE CONSTRAINT TRIGGER u AFTER UPDATE ON plans.training_job_queue DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trap();
});
is(sql('granted', "ALTER EXTENSION trainplan UPDATE; SHOW session_replication_role; SELECT count(*) FROM fired; $missing"), "origin\n0\n0\n0\n0",
	'the update fires no triggers');
is(sql('granted', q{UPDATE plans.training_job_history SET worker = worker; SELECT count(*) > 0 FROM fired}), 't', 'they fire again after it');

# A schema in which others have made objects, for those who update.
make_database('hostile', 'quant', '1.0');
sql('hostile', q{
	SET SESSION AUTHORIZATION quant;
	CREATE FUNCTION plans.trap(oid, regclass) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN ALTER ROLE quant SUPERUSER; RETURN true; END';
	CREATE OPERATOR plans.= (FUNCTION = plans.trap, LEFTARG = oid, RIGHTARG = regclass);
	CREATE FUNCTION plans.trap(text, regclass) RETURNS text LANGUAGE plpgsql AS 'BEGIN ALTER ROLE quant SUPERUSER; RETURN $1; END';
	CREATE OPERATOR plans.|| (FUNCTION = plans.trap, LEFTARG = text, RIGHTARG = regclass);
	CREATE FUNCTION plans.format(text, text, text) RETURNS text LANGUAGE plpgsql AS 'BEGIN ALTER ROLE quant SUPERUSER; RETURN $1; END';
	CREATE FUNCTION plans.pg_describe_object(oid, oid, integer) RETURNS text LANGUAGE plpgsql AS 'BEGIN ALTER ROLE quant SUPERUSER; RETURN $1; END';
	CREATE FUNCTION plans.array_agg(aclitem) RETURNS aclitem[] LANGUAGE plpgsql AS 'BEGIN ALTER ROLE quant SUPERUSER; RETURN NULL; END';
	CREATE FUNCTION plans.to_char(timestamp, varchar) RETURNS text LANGUAGE plpgsql AS 'BEGIN ALTER ROLE quant SUPERUSER; RETURN $1; END';
	CREATE FUNCTION pg_temp.training_update_rights(text, aclitem[], aclitem[], oid) RETURNS aclitem[] LANGUAGE plpgsql AS 'BEGIN ALTER ROLE quant SUPERUSER; RETURN $3; END';
	CREATE FUNCTION plans.training_update_rights(text, aclitem[], aclitem[], oid) RETURNS aclitem[] LANGUAGE plpgsql AS 'BEGIN ALTER ROLE quant SUPERUSER; RETURN $3; END';
	CREATE FUNCTION plans.training_update_refuse(text, anyelement) RETURNS void LANGUAGE plpgsql AS 'BEGIN ALTER ROLE quant SUPERUSER; END';
	GRANT SELECT (plan_id) ON plans.training_plans TO analyst;
	ALTER EXTENSION trainplan UPDATE;
	SELECT extversion FROM pg_extension WHERE extname = 'trainplan';
	SELECT plans.trap(1::oid, 'pg_class'::regclass);
});
is(sql('hostile', q{SELECT rolsuper FROM pg_roles WHERE rolname = 'quant'}), 'f', 'nothing of a hostile schema is run by the update');

done_testing();
