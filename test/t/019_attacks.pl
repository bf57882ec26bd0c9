# Attacks, each by the role that would try it: nobody gains rights by the extension,
# and nothing that a role may do crashes the server.  SECURITY.md says what is
# promised.  Where only the library of 1.0 was replaced, what C code can close is
# closed too.

use strict;
use warnings;

use lib 'test/perl';
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

my $server = start_server('attacks');

sub as
{
	my ($database, $role, $sql) = @_;

	return run_sql($server, $database, "SET SESSION AUTHORIZATION $role; $sql", '-At');
}

my $crashes = qr/server closed the connection|connection to server was lost|ERROR:  XX|invalid memory alloc|cache lookup failed/;

# SQL is run, and ends in nothing worse than an error.
sub survives
{
	my ($database, $role, $sql, $name) = @_;

	unlike(as($database, $role, "\\set VERBOSITY verbose\n$sql"), $crashes, $name);
}

sub is_no_superuser
{
	my ($role, $name) = @_;

	is($server->safe_psql('postgres', "SELECT rolsuper FROM pg_roles WHERE rolname = '$role'"), 'f', $name);
}

# quant installs the extension and works with it; mallory may make temporary tables,
# as anybody may.
$server->safe_psql('postgres', 'CREATE ROLE quant; CREATE ROLE mallory; CREATE ROLE worker');

my $work = q{
	CREATE TABLE decisions (target text, symbol text, route text, reason text, sample_size bigint);
	INSERT INTO decisions SELECT 't' || t, 's' || s, 'ROUTE_BOTH', 'r', 100 FROM generate_series(1, 3) AS t, generate_series(1, 3) AS s;
	CREATE TABLE candidates AS SELECT target, symbol, 0.6 AS score, 9000 AS sample_size FROM decisions;
	INSERT INTO plans.routing_policies (name, policy) VALUES ('default', plans.routing_policy_default());
	SELECT plans.create_training_plan('decisions'), plans.create_training_plan('decisions', include_blocked => true);
	SELECT FROM plans.claim_training_jobs('w', 3, 1);
	SELECT FROM plans.claim_training_jobs('w', 1, 1, '0.001 s');
	SELECT plans.complete_training_job(plan_id, job_id, attempt, '{"r2": 0.1}') FROM plans.training_job_attempts WHERE job_id = 'sym_t1_s1';
	SELECT plans.fail_training_job(plan_id, job_id, attempt, 'e') FROM plans.training_job_attempts WHERE job_id = 'sym_t1_s2';
};

sub make_database
{
	my ($database, $owner, $version, $prepare) = @_;

	$server->safe_psql('postgres', "CREATE DATABASE $database OWNER $owner");
	as($database, $owner, 'CREATE SCHEMA plans; GRANT USAGE ON SCHEMA plans TO PUBLIC;' . ($prepare // ''));
	as($database, $owner, "CREATE EXTENSION trainplan SCHEMA plans VERSION '$version'");
	is(as($database, $owner, "$work SELECT count(*) FROM plans.training_job_history"), "1|2\nt\nt\n2", "$owner works with $version");
}

make_database('released', 'quant', '1.0');
make_database('current', 'quant', '1.1');
make_database('ours', 'postgres', '1.1');

# ---- triggers' functions on tables of one's own --------------------------------------

my $trap = q{
	CREATE TEMPORARY TABLE training_plans (plan_id bigint);
	CREATE TEMPORARY TABLE training_jobs (plan_id bigint, job_id text, target text, symbol text, route text, training_type text,
		model_families text[], priority integer, estimated_samples bigint, reason text, metadata jsonb);
	CREATE TEMPORARY TABLE training_job_queue (plan_id bigint, priority integer, position integer, ready_at timestamptz, state_since timestamptz,
		attempt integer, attempts_forgiven integer, cancel_requested boolean, job_id text, state text, worker text);
	CREATE FUNCTION pg_temp.trap() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN ALTER ROLE mallory SUPERUSER; RETURN NEW; END';
	CREATE TRIGGER t BEFORE INSERT ON training_job_queue FOR EACH ROW EXECUTE FUNCTION pg_temp.trap();
};
foreach my $database ('released', 'current', 'ours')
{
	foreach my $trigger (
		'AFTER INSERT ON training_jobs REFERENCING NEW TABLE AS inserted_jobs FOR EACH STATEMENT EXECUTE FUNCTION plans.queue_training_jobs()',
		'BEFORE INSERT ON training_jobs FOR EACH ROW EXECUTE FUNCTION plans.queue_training_jobs()',
		'BEFORE INSERT ON training_jobs FOR EACH ROW EXECUTE FUNCTION plans.training_job_queue_guard()',
		'AFTER INSERT ON training_jobs FOR EACH STATEMENT EXECUTE FUNCTION plans.training_job_queue_guard()',
		'AFTER DELETE ON training_jobs REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION plans.training_jobs_cascade()',
		'AFTER DELETE ON training_plans REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION plans.training_plans_cascade()',
		'AFTER TRUNCATE ON training_plans FOR EACH STATEMENT EXECUTE FUNCTION plans.training_plans_cascade()',
		'BEFORE UPDATE ON training_plans FOR EACH ROW EXECUTE FUNCTION plans.training_key_guard()')
	{
		survives($database, 'mallory', qq{$trap
			CREATE TRIGGER q $trigger;
			INSERT INTO training_plans VALUES (1), (2);
			INSERT INTO training_jobs VALUES (1, 'a', 'a', 'a', 'ROUTE_BOTH', 'symbol_specific', '{x}', 1, 1, 'r', '{}');
			UPDATE training_plans SET plan_id = plan_id + 10;
			DELETE FROM training_jobs;
			DELETE FROM training_plans;
			TRUNCATE training_plans, training_jobs;
		}, "$database: $trigger");
	}
	survives($database, 'mallory', "SELECT plans.$_()", "$database: $_ is no function to call")
		foreach ('queue_training_jobs', 'training_job_queue_guard');
}
is_no_superuser('mallory', 'a trigger on a table of one\'s own gives nobody rights');

# Nor can they be used by who was let use them, or hung on the right tables otherwise.
$server->safe_psql('current', "GRANT EXECUTE ON FUNCTION plans.$_() TO mallory")
	foreach ('queue_training_jobs', 'training_job_queue_guard', 'training_plans_cascade', 'training_jobs_cascade', 'training_key_guard');
like(as('current', 'mallory', qq{$trap
		CREATE TRIGGER q AFTER DELETE ON training_plans REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION plans.training_plans_cascade();
		INSERT INTO training_plans VALUES (1);
		DELETE FROM training_plans;
	}), qr/^ERROR:  training_plans_cascade is for the triggers of table "training_plans"$/m, 'a cascade is for the extension\'s table');
is($server->safe_psql('current', 'SELECT count(*) FROM plans.training_jobs'), 24, 'nobody deletes by it what he may not');
foreach my $trigger (
	'BEFORE INSERT ON plans.training_jobs FOR EACH ROW EXECUTE FUNCTION plans.queue_training_jobs()',
	'AFTER INSERT ON plans.training_jobs FOR EACH STATEMENT EXECUTE FUNCTION plans.queue_training_jobs()',
	'AFTER INSERT ON plans.training_plans FOR EACH STATEMENT EXECUTE FUNCTION plans.queue_training_jobs()',
	'AFTER INSERT ON plans.training_jobs FOR EACH ROW EXECUTE FUNCTION plans.training_job_queue_guard()',
	'AFTER UPDATE ON plans.training_job_queue FOR EACH STATEMENT EXECUTE FUNCTION plans.training_job_queue_guard()',
	'AFTER UPDATE ON plans.training_job_queue FOR EACH ROW EXECUTE FUNCTION plans.training_job_queue_guard()',
	'BEFORE DELETE ON plans.training_job_queue FOR EACH ROW EXECUTE FUNCTION plans.training_job_queue_guard()',
	'BEFORE INSERT ON plans.training_plans FOR EACH ROW EXECUTE FUNCTION plans.training_key_guard()',
	'AFTER DELETE ON plans.training_plans FOR EACH STATEMENT EXECUTE FUNCTION plans.training_plans_cascade()',
	'BEFORE DELETE ON plans.training_plans FOR EACH ROW EXECUTE FUNCTION plans.training_jobs_cascade()')
{
	survives('current', 'postgres', qq{
		BEGIN;
		CREATE TRIGGER q $trigger;
		INSERT INTO plans.training_jobs VALUES (1, 'a', 'a', 'a', 'ROUTE_BOTH', 'symbol_specific', '{x}', 1, 1, 'r', '{}');
		ROLLBACK;
		BEGIN;
		CREATE TRIGGER q $trigger;
		INSERT INTO plans.training_plans (routing, model_families, include_blocked, total_jobs) VALUES ('r', '{}', false, 0);
		ROLLBACK;
		BEGIN;
		CREATE TRIGGER q $trigger;
		UPDATE plans.training_job_queue SET priority = 4;
		DELETE FROM plans.training_job_queue;
		ROLLBACK;
		BEGIN;
		CREATE TRIGGER q $trigger;
		DELETE FROM plans.training_plans;
		ROLLBACK;
	}, "a superuser's $trigger");
}

is($server->safe_psql('current', q{
		SELECT string_agg(p.proname, ' ')
		FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
		JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'trainplan'
		WHERE p.prosecdef OR p.prorettype = 'trigger'::regtype AND p.proacl IS NULL OR p.prorettype = 'trigger'::regtype
		AND EXISTS (SELECT FROM aclexplode(p.proacl) AS a WHERE a.grantee = 0)}), '',
	'no function runs with other rights than its caller\'s, and triggers\' functions are nobody\'s to call');

# ---- who installs it --------------------------------------------------------------------

my $members = q{
	WITH members AS (
		SELECT d.classid, d.objid FROM pg_depend AS d JOIN pg_extension AS e ON d.refobjid = e.oid
		WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'trainplan')
};
is($server->safe_psql('current', $members . q{
		SELECT string_agg(pg_describe_object(m.classid, m.objid, 0), ' ')
		FROM members AS m LEFT JOIN pg_class AS c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
		LEFT JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
		LEFT JOIN pg_type AS t ON m.classid = 'pg_type'::regclass AND t.oid = m.objid
		WHERE coalesce(c.relowner, p.proowner, t.typowner, 0) <> 10}), '', 'who installs it owns nothing of it');
is($server->safe_psql('current', $members . q{
		SELECT string_agg(coalesce(c.oid::regclass::text, p.oid::regprocedure::text), ' ')
		FROM members AS m LEFT JOIN pg_class AS c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
		LEFT JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid AND p.prorettype NOT IN ('trigger'::regtype, 'internal'::regtype)
		WHERE NOT coalesce(has_table_privilege('quant', c.oid, 'SELECT WITH GRANT OPTION'), has_function_privilege('quant', p.oid, 'EXECUTE WITH GRANT OPTION'))}), '',
	'but can use all of it, and hand that on');
foreach my $statement (
	'ALTER FUNCTION plans.routing_policy_hash(text) CALLED ON NULL INPUT',
	'ALTER FUNCTION plans.import_training_plan(text, boolean) SECURITY DEFINER',
	q{CREATE OR REPLACE FUNCTION plans.latest_training_plan() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'},
	'ALTER TABLE plans.training_jobs ALTER estimated_samples TYPE text',
	'ALTER TABLE plans.training_job_queue DISABLE TRIGGER ALL',
	'ALTER TABLE plans.training_job_queue DROP CONSTRAINT training_job_queue_state_check',
	'ALTER TABLE plans.training_jobs ADD c text',
	'ALTER TABLE plans.training_jobs RENAME TO mine',
	'ALTER TABLE plans.training_jobs OWNER TO quant',
	'CREATE TRIGGER t BEFORE INSERT ON plans.training_jobs FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
	'CREATE TABLE mine (plan_id bigint REFERENCES plans.training_plans)',
	'CREATE RULE r AS ON INSERT TO plans.training_jobs DO INSTEAD NOTHING',
	'CREATE INDEX ON plans.training_jobs (reason)',
	'CREATE POLICY p ON plans.training_jobs',
	'CREATE OR REPLACE VIEW plans.training_plan_summary AS SELECT 1',
	'DROP TABLE plans.training_jobs CASCADE',
	'DROP VIEW plans.training_plan_summary',
	'DROP FUNCTION plans.latest_training_plan()',
	'ALTER EXTENSION trainplan DROP TABLE plans.training_jobs',
	'ALTER SEQUENCE plans.training_plans_plan_id_seq OWNED BY NONE')
{
	like(as('current', 'quant', $statement), qr/^ERROR:  (must be owner of|permission denied for|cannot drop \w+ plans\.\S+ because extension trainplan requires it)/, "who installs it can't: $statement");
}

# Where he owns it all, as in 1.0, or is a superuser, what he does to it is an error, and no crash.
foreach my $way ([ 'released', 'quant' ], [ 'current', 'postgres' ])
{
	my ($database, $role) = @$way;
	my $calls = as($database, $role, $members . q{
		SELECT format(E'SELECT * FROM %s(%s);', p.oid::regproc,
			(SELECT string_agg(CASE WHEN i = n AND n > 0 THEN 'NULL' ELSE CASE t WHEN 'text'::regtype THEN quote_literal('x') WHEN 'regclass'::regtype THEN quote_literal('decisions')
				WHEN 'jsonb'::regtype THEN quote_literal('{}') WHEN 'interval'::regtype THEN quote_literal('1 year') WHEN 'timestamptz'::regtype THEN 'now()' WHEN 'boolean'::regtype THEN 'true'
				WHEN 'text[]'::regtype THEN quote_literal('{x}') WHEN 'integer[]'::regtype THEN quote_literal('{1}') WHEN 'jsonb[]'::regtype THEN quote_literal('{null}')
				ELSE '1' END END || '::' || t::regtype, ', ' ORDER BY n) FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (t, n)))
		FROM members AS m JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid CROSS JOIN generate_series(0, p.pronargs) AS i
		WHERE p.prorettype NOT IN ('trigger'::regtype, 'internal'::regtype)});
	cmp_ok(($calls =~ tr/\n//), '>', 80, "$database: there are calls to try");
	as($database, $role, $members . q{
		SELECT format('ALTER FUNCTION %s CALLED ON NULL INPUT', p.oid::regprocedure)
		FROM members AS m JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid WHERE p.proisstrict \gexec});
	survives($database, $role, $calls, "$database: any argument of any function can be NULL");
}
like(as('released', 'quant', 'SELECT plans.routing_policy_hash(NULL)'), qr/^ERROR:  policy must not be null/, 'which is an error');
like(as('released', 'quant', q{
		ALTER TABLE plans.training_jobs ALTER estimated_samples TYPE text;
		SELECT plans.create_training_plan('decisions');
	}), qr/^ERROR:  table "training_jobs" is not as trainplan made it: column "estimated_samples" has type text, not bigint$/,
	'a column of another type gives nothing away');
like(as('released', 'quant', q{
		ALTER TABLE plans.training_jobs ALTER estimated_samples TYPE bigint USING NULL;
		SELECT plans.create_training_plan('decisions');
	}), qr/^\d+$/m, 'and is put right again');

# ---- tables of another shape ---------------------------------------------------------------

# Every column as another type, every column away, and whatever else a superuser can
# do; and then every function.
$server->safe_psql('ours', q{
	CREATE TABLE calls (call text);
	INSERT INTO calls VALUES
		($$SELECT count(*) FROM plans.generate_training_plan('decisions')$$),
		($$SELECT plans.create_training_plan('decisions')$$),
		($$SELECT plans.plan_training('candidates', plans.routing_policy('default'))$$),
		($$SELECT plans.latest_training_plan()$$),
		($$SELECT plans.training_plan_to_json(1)$$),
		($$SELECT count(*) FROM plans.compare_training_plans(1, 2)$$),
		($$SELECT plans.compare_training_plans_to_markdown(1, 1)$$),
		($$SELECT plans.training_plan_to_yaml(1)$$),
		($$SELECT plans.training_plan_to_markdown(1)$$),
		($$SELECT plans.training_plan_to_html(1)$$),
		($$SELECT plans.training_plan_to_svg(1)$$),
		($$SELECT plans.compare_training_plans_to_html(1, 1)$$),
		($$SELECT count(*) FROM plans.training_plan_lines(1, 'markdown')$$),
		($$SELECT plans.import_training_plan((SELECT document FROM documents))$$),
		($$SELECT count(*) FROM plans.claim_training_jobs('v', 3, 1, families => '{lightgbm,xgboost}')$$),
		($$SELECT count(*) FROM plans.claim_training_jobs('v', 3)$$),
		($$SELECT plans.extend_training_job_lease(1, 'sym_t1_s3', 1)$$),
		($$SELECT plans.complete_training_job(1, 'sym_t1_s3', 1, '{}')$$),
		($$SELECT plans.fail_training_job(1, 'sym_t1_s3', 1, 'e')$$),
		($$SELECT count(*) FROM plans.extend_training_job_leases(1, '{sym_t1_s3,cs_t1}', '{1,1}')$$),
		($$SELECT count(*) FROM plans.complete_training_jobs(1, '{sym_t1_s3,cs_t1}', '{1,1}')$$),
		($$SELECT plans.cancel_training_jobs(1)$$),
		($$SELECT plans.retry_training_jobs(1)$$),
		($$SELECT plans.routing_policy('default')$$),
		($$SELECT count(*) FROM plans.route_training_candidates('candidates')$$),
		($$DO 'BEGIN PERFORM plans.training_run_lines(''run'', ''json''); EXCEPTION WHEN no_data_found THEN END'$$),
		($$INSERT INTO plans.training_jobs (plan_id, job_id, target, route, training_type, model_families, priority, metadata)
			VALUES (1, 'x', 'x', 'ROUTE_CROSS_SECTIONAL', 'cross_sectional', '{mlp}', 9, '{}')$$),
		($$UPDATE plans.training_job_queue SET priority = 9$$),
		($$UPDATE plans.training_job_queue SET state = 'pending', worker = NULL$$),
		($$INSERT INTO plans.training_job_queue (plan_id, job_id, priority, position) VALUES (1, 'sym_t2_s2', 1, 1)$$),
		($$DELETE FROM plans.training_jobs$$),
		($$DELETE FROM plans.training_plans$$),
		($$TRUNCATE plans.training_plans$$);
	INSERT INTO calls
	SELECT format('SELECT count(to_jsonb(v)) FROM plans.%s AS v', relname) FROM pg_class WHERE relnamespace = 'plans'::regnamespace AND relkind = 'v';
	CREATE TABLE documents AS SELECT plans.training_plan_to_json(1)::text AS document;

	CREATE TABLE changes (relation text, change text);
	INSERT INTO changes
	SELECT c.relname, format('ALTER TABLE plans.%1$I DROP %2$I CASCADE', c.relname, a.attname)
	FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
	WHERE c.relnamespace = 'plans'::regnamespace AND c.relkind = 'r' AND a.attnum > 0;
	INSERT INTO changes
	SELECT c.relname, format('ALTER TABLE plans.%1$I DROP %2$I CASCADE; ALTER TABLE plans.%1$I ADD %2$I %3$s', c.relname, a.attname, t)
	FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
	CROSS JOIN unnest('{bigint NOT NULL DEFAULT 12345678901,text NOT NULL DEFAULT $$x$$,jsonb,timestamptz,text[]}'::text[]) AS t
	WHERE c.relnamespace = 'plans'::regnamespace AND c.relkind = 'r' AND a.attnum > 0;
	INSERT INTO changes
	SELECT c.relname, format('ALTER TABLE plans.%1$I ALTER %2$I TYPE %3$s USING NULL', c.relname, a.attname, CASE a.atttypid WHEN 'text'::regtype THEN 'bigint' ELSE 'text' END)
	FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
	WHERE c.relnamespace = 'plans'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attnotnull;
	INSERT INTO changes
	SELECT c.relname, format('ALTER TABLE plans.%1$I ALTER %2$I DROP NOT NULL, DISABLE TRIGGER ALL; UPDATE plans.%1$I SET %2$I = NULL; ALTER TABLE plans.%1$I ENABLE TRIGGER ALL', c.relname, a.attname)
	FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
	WHERE c.relnamespace = 'plans'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND a.attnotnull;
	INSERT INTO changes
	SELECT r, format(how, r)
	FROM unnest('{training_plans,training_jobs,training_job_queue,training_job_history,routing_policies}'::text[]) AS r
	CROSS JOIN unnest(ARRAY[
		'ALTER EXTENSION trainplan DROP TABLE plans.%1$I; ALTER TABLE plans.%1$I RENAME TO t; CREATE VIEW plans.%1$I AS SELECT * FROM plans.t',
		'ALTER EXTENSION trainplan DROP TABLE plans.%1$I; ALTER TABLE plans.%1$I RENAME TO t; CREATE TABLE plans.%1$I (LIKE plans.t INCLUDING ALL)',
		'ALTER EXTENSION trainplan DROP TABLE plans.%1$I; ALTER TABLE plans.%1$I RENAME TO t; CREATE MATERIALIZED VIEW plans.%1$I AS SELECT * FROM plans.t',
		'ALTER EXTENSION trainplan DROP TABLE plans.%1$I; ALTER TABLE plans.%1$I RENAME TO t; CREATE SEQUENCE plans.%1$I',
		'ALTER EXTENSION trainplan DROP TABLE plans.%1$I; ALTER TABLE plans.%1$I RENAME TO t; CREATE TABLE plans.%1$I (LIKE plans.t INCLUDING ALL) PARTITION BY HASH (plan_id)',
		'ALTER EXTENSION trainplan DROP TABLE plans.%1$I; ALTER TABLE plans.%1$I RENAME TO t',
		'ALTER TABLE plans.%1$I DISABLE TRIGGER ALL; CREATE RULE r AS ON UPDATE TO plans.%1$I DO INSTEAD NOTHING',
		'ALTER TABLE plans.%1$I DROP CONSTRAINT %1$s_pkey CASCADE']) AS how (how)
	WHERE NOT (how LIKE '%PARTITION%' AND r = 'routing_policies');
	INSERT INTO changes VALUES
		('training_job_queue', 'DROP INDEX plans.training_job_queue_claim_idx'),
		('training_job_queue', 'DROP INDEX plans.training_job_queue_claim_idx; CREATE INDEX training_job_queue_claim_idx ON plans.training_job_queue USING hash (plan_id)'),
		('training_job_queue', 'DROP INDEX plans.training_job_queue_claim_idx; CREATE INDEX training_job_queue_claim_idx ON plans.training_job_queue (job_id, priority DESC, ready_at, position)'),
		('training_job_queue', 'DROP INDEX plans.training_job_queue_claim_idx; CREATE INDEX training_job_queue_claim_idx ON plans.training_job_queue (plan_id)'),
		('training_job_queue', 'DROP INDEX plans.training_job_queue_claim_idx; CREATE INDEX training_job_queue_claim_idx ON plans.training_job_queue (plan_id, priority DESC, ready_at, position) WHERE ready_at IS NULL'),
		('training_job_queue', 'ALTER TABLE plans.training_job_queue DROP CONSTRAINT training_job_queue_pkey; CREATE INDEX training_job_queue_pkey ON plans.training_job_queue (plan_id, job_id)'),
		('training_job_queue', 'ALTER TABLE plans.training_job_queue DROP CONSTRAINT training_job_queue_pkey; CREATE UNIQUE INDEX training_job_queue_pkey ON plans.training_job_queue USING btree (plan_id, job_id COLLATE "POSIX")'),
		('training_job_queue', 'ALTER TABLE plans.training_job_queue DROP CONSTRAINT training_job_queue_pkey; CREATE UNIQUE INDEX training_job_queue_pkey ON plans.training_job_queue (plan_id, job_id) WHERE priority > 2'),
		('training_job_queue', 'ALTER TABLE plans.training_job_queue DROP CONSTRAINT training_job_queue_pkey; CREATE UNIQUE INDEX training_job_queue_pkey ON plans.training_job_queue (job_id, plan_id)'),
		('training_jobs', 'ALTER TABLE plans.training_jobs DROP CONSTRAINT training_jobs_pkey; CREATE INDEX training_jobs_pkey ON plans.training_jobs USING hash (plan_id)'),
		('training_jobs', 'ALTER TABLE plans.training_jobs DROP COLUMN symbol CASCADE; ALTER TABLE plans.training_jobs ADD symbol text GENERATED ALWAYS AS (job_id || 1) STORED');

	-- what comes of each change: an error of each call that is one
	CREATE FUNCTION outcomes(change text) RETURNS SETOF text LANGUAGE plpgsql AS $$
	DECLARE
		views text := (
			SELECT string_agg(format('ALTER EXTENSION trainplan DROP VIEW %s;', c.oid::regclass), ' ') || format('DROP VIEW %s', string_agg(c.oid::regclass::text, ', '))
			FROM pg_class AS c WHERE relkind = 'v' AND relnamespace = 'plans'::regnamespace)
			|| '; ALTER EXTENSION trainplan DROP FUNCTION plans.training_scores; DROP FUNCTION plans.training_scores';
		v text;
		found text[] := '{}';
		said text;
		state text;
	BEGIN
		BEGIN
			IF change ~ '^(ALTER|DROP)' THEN
				EXECUTE views;
			END IF;
			EXECUTE change;
			FOR v IN SELECT call FROM calls
			LOOP
				BEGIN
					EXECUTE v;
					RAISE EXCEPTION SQLSTATE 'TP000';
				EXCEPTION
					WHEN SQLSTATE 'TP000' THEN
					WHEN OTHERS THEN
						GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
						found := found || (state || ' ' || said || ' <- ' || v);
				END;
			END LOOP;
			RAISE EXCEPTION SQLSTATE 'TP001';
		EXCEPTION
			WHEN SQLSTATE 'TP001' THEN
			WHEN OTHERS THEN
				GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
				found := found || (state || ' ' || said || ' <- the change');
		END;
		RETURN QUERY SELECT unnest(found);
	END $$;
});

$server->safe_psql('ours', q{
	SET client_min_messages = error;
	CREATE TABLE outcomes AS SELECT relation, change, o FROM changes CROSS JOIN LATERAL outcomes(change) AS o;
});
cmp_ok($server->safe_psql('ours', 'SELECT count(*) FROM changes'), '>', 300, 'there are changes to try');
is($server->safe_psql('ours', q{SELECT o FROM outcomes WHERE o ~ '^(XX|58|57|P0|0A|21)' LIMIT 5}), '', 'nothing that can be done to a table is worse than an error');
is($server->safe_psql('ours', q{
		SELECT change FROM changes
		WHERE change NOT IN (SELECT change FROM outcomes WHERE o ~ ' <- the change$')
		AND change NOT IN (SELECT change FROM outcomes WHERE o ~ ('^(55000|42809|42P01|55000) .*' || relation))
		AND change !~ 'ADD \w+ (text\[\]|text|bigint|jsonb|timestamptz)( NOT NULL DEFAULT \S+)?$'
		}), '', 'which says what is wrong with which table');

# ---- rows that nobody would have made ----------------------------------------------------------

# Every column with every value that it can have and makes no sense, also where the
# guard of the queue is passed by; then every function and view.
$server->safe_psql('ours', q{
	SET client_min_messages = error;
	CREATE TABLE edits AS
	WITH v (type, value) AS (VALUES
		('text', ''), ('text', 'x'), ('text', repeat('x', 100000)), ('text', E'a\nb\u202e\x01'), ('text', 'blocked'), ('text', 'running'), ('text', 'pending'), ('text', 'failed'), ('text', 'cancelled'), ('text', 'expired'),
		('integer', '-2147483648'), ('integer', '-1'), ('integer', '0'), ('integer', '1'), ('integer', '2147483647'),
		('bigint', '-9223372036854775808'), ('bigint', '-1'), ('bigint', '0'), ('bigint', '9223372036854775807'),
		('timestamp with time zone', 'infinity'), ('timestamp with time zone', '-infinity'), ('timestamp with time zone', '4714-11-24 00:00 BC'), ('timestamp with time zone', '294276-12-31 23:59'),
		('text[]', '{}'), ('text[]', '{NULL}'), ('text[]', '{{a,b},{c,d}}'), ('text[]', '[3:4]={a,b}'), ('text[]', '{"",a,a}'),
		('jsonb', 'null'), ('jsonb', '1e400'), ('jsonb', '"x"'), ('jsonb', '[]'), ('jsonb', '{"needs_cs_ensemble": "x", "sample_size": [], "cs_state": {}}'),
		('boolean', 'true'), ('boolean', 'false'),
		(NULL, NULL))
	SELECT c.relname::text AS relation, format('UPDATE plans.%1$I SET %2$I = %3$L WHERE ctid = (SELECT min(ctid) FROM plans.%1$I%4$s)', c.relname, a.attname, value, w) AS change
	FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid JOIN v ON v.type = format_type(a.atttypid, NULL) OR v.type IS NULL
	CROSS JOIN (VALUES (''), (' WHERE state = ''running'''), (' WHERE state = ''failed''')) AS s (w)
	WHERE c.relnamespace = 'plans'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND (w = '' OR c.relname = 'training_job_queue');
	INSERT INTO edits
	SELECT relation, format('SET session_replication_role = replica; %s; SET session_replication_role = origin', change) FROM edits;
	CREATE TABLE comes_of AS SELECT relation, change, o FROM edits CROSS JOIN LATERAL outcomes(change) AS o;
});
is($server->safe_psql('ours', q{
		SELECT change, o FROM comes_of
		WHERE o !~ ' <- the change$' AND o !~ '^42704 routing policy "default" does not exist'
		AND o !~ '^23505 duplicate key value violates unique constraint "training_jobs_(pkey|plan_id_target_symbol_key)" <- INSERT INTO plans.training_jobs'}), '',
	'whatever the tables hold, all functions and views answer');
cmp_ok($server->safe_psql('ours', q{SELECT count(*) FROM edits WHERE change NOT IN (SELECT change FROM comes_of WHERE o ~ ' <- the change$')}), '>', 300, 'most of it can be held');

# ---- a schema in which others can create objects ----------------------------------------------

# mallory makes, before the extension comes, what its views' operators and functions
# would be taken for; whoever reads the views would run it.
my $hostile = q{
	CREATE FUNCTION plans.trap() RETURNS void LANGUAGE plpgsql AS 'BEGIN ALTER ROLE mallory SUPERUSER; EXCEPTION WHEN OTHERS THEN END';
	CREATE FUNCTION plans.jsonb_object_agg_step(jsonb, text, bigint) RETURNS jsonb LANGUAGE sql AS 'SELECT plans.trap(); SELECT $1';
	CREATE AGGREGATE plans.jsonb_object_agg(text, bigint) (SFUNC = plans.jsonb_object_agg_step, STYPE = jsonb, INITCOND = '{}');
	CREATE FUNCTION plans.format(text, text) RETURNS text LANGUAGE sql AS 'SELECT plans.trap(); SELECT $1';
	CREATE FUNCTION plans.round(numeric, integer) RETURNS numeric LANGUAGE sql AS 'SELECT plans.trap(); SELECT $1';
	CREATE FUNCTION plans.statement_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT plans.trap(); SELECT pg_catalog.now()';
	CREATE FUNCTION plans.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT plans.trap(); SELECT pg_catalog.now()';
	CREATE FUNCTION plans.to_char(timestamp, text) RETURNS text LANGUAGE sql AS 'SELECT plans.trap(); SELECT $2';
	CREATE FUNCTION plans.count_step(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT plans.trap(); SELECT $1';
	CREATE AGGREGATE plans.count(*) (SFUNC = plans.count_step, STYPE = bigint, INITCOND = '0');
} . join('', map {
		my ($operator, $left, $right, $result) = @$_;
		my $name = 'trap_' . ++$main::traps;

		"CREATE FUNCTION plans.$name($left, $right) RETURNS $result LANGUAGE sql AS 'SELECT plans.trap(); SELECT NULL::$result';\n"
			. "CREATE OPERATOR plans.$operator (FUNCTION = plans.$name, LEFTARG = $left, RIGHTARG = $right);\n"
	} (map { my $operator = $_; map { my $left = $_; map { [ $operator, $left, $_, 'boolean' ] }
			qw(text varchar name bigint integer numeric jsonb) } qw(text varchar name bigint integer numeric) } qw(= <> < >=)),
	(map { my $operator = $_; map { my $left = $_; map { [ $operator, $left, $_, 'numeric' ] }
			('bigint', 'integer', 'numeric', 'double precision') } ('bigint', 'integer', 'numeric', 'double precision') } qw(* / + -)),
	[ '=', 'double precision', 'integer', 'boolean' ], [ '<', 'bigint', 'double precision', 'boolean' ], [ '<', 'timestamptz', 'timestamptz', 'boolean' ],
	[ '*', 'interval', 'double precision', 'interval' ], [ '-', 'timestamptz', 'timestamptz', 'interval' ], [ '+', 'timestamptz', 'interval', 'timestamptz' ]);
my $readers = q{
	SELECT count(v) FROM (
		SELECT to_jsonb(s) AS v FROM plans.training_plan_summary AS s UNION ALL SELECT to_jsonb(s) FROM plans.training_plan_progress AS s
		UNION ALL SELECT to_jsonb(s) FROM plans.training_job_status AS s UNION ALL SELECT to_jsonb(s) FROM plans.training_job_attempts AS s
		UNION ALL SELECT to_jsonb(s) FROM plans.training_jobs_by_route AS s UNION ALL SELECT to_jsonb(s) FROM plans.training_jobs_by_type AS s
		UNION ALL SELECT to_jsonb(s) FROM plans.training_jobs_by_priority AS s) AS v;
	SELECT plans.create_training_plan('decisions'), plans.training_plan_to_json(1) IS NOT NULL, count(*) FROM plans.claim_training_jobs('w');
	UPDATE plans.training_job_queue SET state = 'failed' WHERE plan_id = 3 AND job_id = 'cs_t1';
	SELECT plans.retry_training_jobs(3), plans.cancel_training_jobs(3) > 0;
	SELECT to_jsonb(s) IS NOT NULL FROM plans.training_plan_progress AS s WHERE plan_id = 3;
	DELETE FROM plans.training_plans;
};
foreach my $owner ('quant', 'postgres')
{
	my $database = "hostile_to_$owner";

	make_database($database, $owner, '1.1', "GRANT CREATE ON SCHEMA plans TO mallory; SET SESSION AUTHORIZATION mallory; SET check_function_bodies = off; $hostile");
	is(as($database, 'mallory', q{SELECT count(*) > 200 FROM pg_operator WHERE oprnamespace = 'plans'::regnamespace}), 't', "mallory's operators are there");
	is(as($database, 'postgres', 'SET search_path = plans, public; ' . $readers), "44\n3|t|1\n1|t\nt", "$owner\'s extension works beside them");
	is_no_superuser('mallory', "what $owner installs runs nothing of theirs");
}

# Whatever a rule, a body, a check or a default refers to is PostgreSQL's or the extension's.
is($server->safe_psql('hostile_to_quant', $members . q{
		, parts AS (
			SELECT classid, objid FROM members
			UNION SELECT 'pg_rewrite'::regclass, r.oid FROM members AS m JOIN pg_rewrite AS r ON m.classid = 'pg_class'::regclass AND r.ev_class = m.objid
			UNION SELECT 'pg_constraint'::regclass, r.oid FROM members AS m JOIN pg_constraint AS r ON m.classid = 'pg_class'::regclass AND r.conrelid = m.objid
			UNION SELECT 'pg_attrdef'::regclass, r.oid FROM members AS m JOIN pg_attrdef AS r ON m.classid = 'pg_class'::regclass AND r.adrelid = m.objid
			UNION SELECT 'pg_trigger'::regclass, r.oid FROM members AS m JOIN pg_trigger AS r ON m.classid = 'pg_class'::regclass AND r.tgrelid = m.objid
			UNION SELECT 'pg_class'::regclass, r.indexrelid FROM members AS m JOIN pg_index AS r ON m.classid = 'pg_class'::regclass AND r.indrelid = m.objid)
		SELECT string_agg(DISTINCT pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid), ', ')
		FROM parts AS p JOIN pg_depend AS d ON d.classid = p.classid AND d.objid = p.objid
		WHERE d.refclassid NOT IN ('pg_extension'::regclass, 'pg_namespace'::regclass, 'pg_language'::regclass)
		AND (d.refclassid, d.refobjid) NOT IN (SELECT classid, objid FROM parts)
		AND d.refobjid >= 16384 AND NOT EXISTS (
			SELECT FROM pg_depend AS i JOIN parts AS w ON i.refclassid = w.classid AND i.refobjid = w.objid
			WHERE i.classid = d.refclassid AND i.objid = d.refobjid AND i.deptype IN ('i', 'a'))}), '',
	'it refers to nobody else\'s objects');

# ---- names that change their meaning ------------------------------------------------------------

# One session plans g.r, another renames schemas, so that g.r is another relation.
$server->safe_psql('ours', q{
	CREATE SCHEMA g; CREATE SCHEMA h;
	CREATE TABLE g.r AS SELECT 't' || n AS target, 's' AS symbol, 'ROUTE_BOTH' AS route, n AS sample_size FROM generate_series(1, 20) AS n;
	CREATE TABLE h.r AS SELECT 1234567890123 AS target, 1234567890123 AS symbol, 1234567890123 AS route, 'x'::text AS sample_size FROM generate_series(1, 20) AS n;
	GRANT USAGE ON SCHEMA g, h TO mallory; GRANT SELECT ON g.r, h.r TO mallory;
	CREATE TABLE g.c AS SELECT 't' || n AS target, 's' AS symbol, 0.7 AS score, 90000 AS sample_size FROM generate_series(1, 20) AS n;
	CREATE TABLE h.c AS SELECT 1234567890123 AS target, 1234567890123 AS symbol, 'x'::text AS score, 'x'::text AS sample_size FROM generate_series(1, 20) AS n;
	GRANT SELECT ON g.c, h.c TO mallory;
	CREATE PROCEDURE swap(times integer) LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN 1 .. 2 * times LOOP
			ALTER SCHEMA g RENAME TO f; ALTER SCHEMA h RENAME TO g; ALTER SCHEMA f RENAME TO h;
			COMMIT;
		END LOOP;
	END $$;
	CREATE PROCEDURE plan(times integer, r oid, c oid, OUT seen text) LANGUAGE plpgsql AS $$
	DECLARE
		found text[] := '{}';
	BEGIN
		FOR i IN 1 .. times LOOP
			BEGIN
				found := found || (SELECT count(*) || ' ' || min(target) || ' ' || max(estimated_samples) FROM plans.generate_training_plan(r));
			EXCEPTION WHEN OTHERS THEN
				found := found || SQLSTATE::text;
			END;
			BEGIN
				found := found || (SELECT count(*) || ' ' || min(target) || ' ' || max(sample_size) FROM plans.route_training_candidates(c, plans.routing_policy_default()));
			EXCEPTION WHEN OTHERS THEN
				found := found || SQLSTATE::text;
			END;
			COMMIT;
		END LOOP;
		seen := (SELECT string_agg(DISTINCT f, ', ' ORDER BY f) FROM unnest(found) AS f);
	END $$;
});
my $checked = $server->safe_psql('ours', q{SELECT 'g.r'::regclass::oid || ', ' || 'g.c'::regclass::oid});
my $swap = IPC::Run::start([ 'psql', '-X', '-q', '-d', $server->connstr('ours'), '-c', 'CALL swap(1500)' ], '<', '/dev/null');
my $seen = as('ours', 'mallory', "CALL plan(1000, $checked, NULL)");
$swap->finish;
like($seen, qr/^40 t1 20, 40 t1 90000(, 55000)?$/, 'what is read is what was checked, or it is an error') or diag($seen);

# The extension's own schema is renamed, and another gets its name: sessions go on with theirs.
make_database('renamed', 'quant', '1.1');
my $session = $server->background_psql('renamed', on_error_stop => 0);
my $use = q{
	SELECT %1$s.create_training_plan('decisions') > 2, count(*) FROM %1$s.claim_training_jobs('w');
	SELECT %1$s.complete_training_job(plan_id, job_id, attempt) FROM %1$s.training_job_attempts WHERE outcome IS NULL ORDER BY plan_id DESC LIMIT 1;
	SELECT %1$s.retry_training_jobs(3), %1$s.cancel_training_jobs(3, symbol => 's2'), length(%1$s.routing_policy('default')) > 1000, length(%1$s.training_plan_to_yaml(1)) > 1000;
	SELECT %1$s.import_training_plan(%1$s.training_plan_to_json(1)::text) > 2;
	DELETE FROM %1$s.training_plans WHERE plan_id = %1$s.latest_training_plan();
};
$session->query(sprintf($use, 'plans'));
$server->safe_psql('renamed', q{
	ALTER SCHEMA plans RENAME TO mine;
	CREATE SCHEMA plans AUTHORIZATION mallory;
	CREATE TABLE plans.training_plans (plan_id text, run_id bigint);
	CREATE TABLE plans.training_jobs (plan_id text, job_id bigint);
	CREATE VIEW plans.training_job_queue AS SELECT 1 AS plan_id;
	CREATE TABLE plans.training_job_history (a int);
	CREATE TABLE plans.routing_policies (name text, policy text);
	INSERT INTO plans.routing_policies VALUES ('default', 'mallory''s');
});
is($session->query(sprintf($use, 'mine')), "t|1\nt\n3|3|t|t\nt", 'who has used the extension before its schema was renamed goes on using it');
$session->quit;

# A trigger of the owner's that uses the extension while the extension runs.
$server->safe_psql('current', q{
	CREATE FUNCTION nest() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF pg_trigger_depth() < 4 THEN
			PERFORM plans.claim_training_jobs('nested', 1, 2, '1 s');
			PERFORM plans.complete_training_job(plan_id, job_id, attempt) FROM plans.training_job_attempts WHERE worker = 'nested' AND outcome IS NULL LIMIT 1;
			PERFORM plans.cancel_training_jobs(2, ARRAY['sym_t3_s3']), plans.retry_training_jobs(2, ARRAY['sym_t3_s3']), plans.latest_training_plan();
			PERFORM plans.training_plan_to_json(2), plans.routing_policy('default');
			EXECUTE 'ALTER TABLE plans.training_job_history SET (fillfactor = ' || 50 + pg_trigger_depth() || ')';
		END IF;
		RETURN NEW;
	EXCEPTION WHEN object_in_use THEN RETURN NEW;
	END $$;
	CREATE TRIGGER nest BEFORE INSERT OR UPDATE ON plans.training_job_queue FOR EACH ROW EXECUTE FUNCTION nest();
	CREATE TRIGGER nest BEFORE INSERT OR UPDATE ON plans.training_job_history FOR EACH ROW EXECUTE FUNCTION nest();
	CREATE TRIGGER nest AFTER INSERT ON plans.training_jobs FOR EACH ROW EXECUTE FUNCTION nest();
});
survives('current', 'postgres', q{
	SELECT job_id FROM plans.claim_training_jobs('w', 3, 1);
	SELECT plans.complete_training_job(plan_id, job_id, attempt) FROM plans.training_job_attempts WHERE worker = 'w' AND outcome IS NULL;
	SELECT plans.create_training_plan('decisions');
	SELECT plans.import_training_plan(plans.training_plan_to_json(1)::text);
	SELECT plans.cancel_training_jobs(1), plans.retry_training_jobs(1);
}, 'functions that run within each other');
$server->safe_psql('current', 'DROP FUNCTION nest() CASCADE');

# ---- rows that somebody must not see ---------------------------------------------------------

$server->safe_psql('current', q{
	DELETE FROM plans.training_plans WHERE plan_id > 2;
	UPDATE plans.training_job_queue SET state = 'pending' WHERE plan_id = 2;
	GRANT SELECT ON plans.training_plans, plans.training_jobs TO worker;
	GRANT SELECT, UPDATE ON plans.training_job_queue TO worker;
	GRANT SELECT, INSERT ON plans.training_job_history TO worker;
	GRANT SELECT ON plans.training_job_status, plans.training_job_attempts, plans.training_plan_progress TO worker;
	ALTER TABLE plans.training_jobs ENABLE ROW LEVEL SECURITY;
	CREATE POLICY own ON plans.training_jobs USING (target = 't1');
	SELECT FROM plans.claim_training_jobs('boss', 100, 2);
	SELECT plans.fail_training_job(2, 'sym_t2_s1', attempt, 'secret') FROM plans.training_job_attempts WHERE plan_id = 2 AND job_id = 'sym_t2_s1' AND outcome IS NULL;
});
my $before = $server->safe_psql('current', q{SELECT * FROM plans.training_job_queue WHERE plan_id = 2 AND job_id !~ 't1' ORDER BY job_id});
my $attempt = $server->safe_psql('current', q{SELECT attempt FROM plans.training_job_queue WHERE plan_id = 2 AND job_id = 'cs_t2'});
is(as('current', 'worker', qq{
		SELECT count(*) FROM plans.claim_training_jobs('w', 100, 2) WHERE target <> 't1';
		SELECT plans.extend_training_job_lease(2, 'cs_t2', $attempt);
		SELECT plans.complete_training_job(2, 'cs_t2', $attempt);
		SELECT plans.fail_training_job(2, 'cs_t2', $attempt, 'e');
		SELECT plans.complete_training_job(2, 'none', $attempt);
		SELECT * FROM plans.extend_training_job_leases(2, '{cs_t2,none}', '{$attempt,1}');
		SELECT * FROM plans.complete_training_jobs(2, '{cs_t2}', '{$attempt}');
		SELECT plans.cancel_training_jobs(2, target => 't2'), plans.retry_training_jobs(2, target => 't2');
		SELECT plans.cancel_training_jobs(2, '{cs_t2,sym_t3_s1}');
		SELECT count(*) FROM plans.training_job_attempts WHERE job_id !~ 't1';
		SELECT count(*) FROM plans.training_job_status WHERE job_id !~ 't1';
	}), "0\n" . qq{ERROR:  training plan 2 has no job "cs_t2"\n} x 3 . qq{ERROR:  training plan 2 has no job "none"\n} .
	qq{WARNING:  training plan 2 has no job "cs_t2"\nDETAIL:  Nor has it 1 other of the jobs that were reported.\ncs_t2|f\nnone|f\n} .
	qq{WARNING:  training plan 2 has no job "cs_t2"\ncs_t2|f\n0|0\nERROR:  training plan 2 has no job "cs_t2"\n0\n0}, 'jobs that a worker can\'t see he can\'t claim, report, cancel or retry, and he sees no attempt at them');
is($server->safe_psql('current', q{SELECT * FROM plans.training_job_queue WHERE plan_id = 2 AND job_id !~ 't1' ORDER BY job_id}), $before, 'and they are as they were');
is(as('current', 'worker', q{
		SELECT count(*), bool_and(plans.complete_training_job(plan_id, job_id, attempt)) FROM plans.training_job_attempts WHERE plan_id = 2 AND outcome IS NULL;
		SELECT plans.cancel_training_jobs(2), plans.retry_training_jobs(2);
		SELECT jobs FROM plans.training_plan_progress WHERE plan_id = 2;
	}), "4|t\n0|0\n12", 'those that he sees he can; counts are of whole plans');
$server->safe_psql('current', 'GRANT DELETE ON plans.training_jobs TO worker');
is(as('current', 'worker', q{
		DELETE FROM plans.training_jobs;
		DELETE FROM plans.training_plans;
		SELECT count(*) FROM plans.training_jobs;
	}), "ERROR:  permission denied for table training_plans\n0", 'who may delete jobs deletes those that he sees');
is($server->safe_psql('current', q{SELECT count(*), count(*) FILTER (WHERE q.job_id ~ 't1'), count(DISTINCT target) FROM plans.training_job_queue AS q LEFT JOIN plans.training_jobs USING (plan_id, job_id)}),
	'16|0|2', 'with what belongs to them, and nothing else');
$server->safe_psql('current', 'GRANT DELETE ON plans.training_plans TO worker');
is(as('current', 'worker', 'DELETE FROM plans.training_plans WHERE plan_id = 2'), '', 'who may delete plans');
is($server->safe_psql('current', q{SELECT (SELECT count(*) FROM plans.training_jobs WHERE plan_id = 2), (SELECT count(*) FROM plans.training_job_queue WHERE plan_id = 2), count(*), count(*) FILTER (WHERE plan_id = 2) > 0 FROM plans.training_job_history}) =~ /^0\|0\|\d+\|t$/ ? 'all' : 'not all',
	'all', 'deletes all that belongs to them, seen or not, but for what was learnt');
like(as('current', 'worker', 'SET row_security = off; SELECT plans.cancel_training_jobs(1)'), qr/^ERROR:  query would be affected by row-level security policy for table "training_jobs"/, 'who wants all rows or none gets none');

# ---- locks on what one may not read ------------------------------------------------------------

$server->safe_psql('current', q{CREATE SCHEMA private; CREATE TABLE private.decisions AS SELECT * FROM decisions; CREATE TABLE private.candidates AS SELECT * FROM candidates});
my $relids = $server->safe_psql('current', q{SELECT 'private.decisions'::regclass::oid || ' ' || 'private.candidates'::regclass::oid});
my ($decisions, $candidates) = split / /, $relids;
foreach my $call ("plans.generate_training_plan($decisions)", "plans.route_training_candidates($candidates, plans.routing_policy_default())")
{
	like(as('current', 'mallory', qq{
			BEGIN;
			EXPLAIN (COSTS off) SELECT * FROM $call;
			SAVEPOINT s;
			SELECT count(*) FROM $call;
			ROLLBACK TO s;
			SELECT count(*) FROM pg_locks WHERE relation IN ($decisions, $candidates);
		}), qr/^Function Scan on \w+\nERROR:  permission denied for schema private\n.*^0$/ms, "nobody gets to hold a lock on what he may not read by EXPLAIN of $call");
}

# ---- a database with 1.0's objects, by who may report there ------------------------------------------

$server->safe_psql('released', q{
	GRANT SELECT ON plans.training_plans, plans.training_jobs TO worker;
	GRANT SELECT, UPDATE ON plans.training_job_queue TO worker;
	GRANT SELECT, INSERT ON plans.training_job_history TO worker;
	SELECT FROM plans.claim_training_jobs('w', 1, 2);
});
foreach my $change (q{worker = NULL WHERE state = 'running'}, q{state = 'running'}, q{attempt = 0}, q{attempt = -5}, q{state = 'done'}, q{ready_at = NULL}, q{state = 'running', ready_at = NULL, worker = NULL, attempt = 0})
{
	foreach my $database ('released', 'current')
	{
		survives($database, 'worker', qq{
			BEGIN;
			UPDATE plans.training_job_queue SET $change;
			SELECT plans.extend_training_job_lease(plan_id, job_id, attempt) FROM plans.training_job_queue;
			SELECT plans.complete_training_job(plan_id, job_id, attempt) FROM plans.training_job_queue WHERE job_id < 't';
			SELECT plans.fail_training_job(plan_id, job_id, attempt, 'e') FROM plans.training_job_queue;
			SELECT FROM plans.claim_training_jobs('w', 100, 1);
			SELECT FROM plans.claim_training_jobs('w', 100, 2);
			SELECT plans.cancel_training_jobs(1), plans.retry_training_jobs(2);
			SELECT plans.complete_training_job(plan_id, job_id, attempt) FROM plans.training_job_queue;
			ROLLBACK;
		}, "$database: places in the queue with $change");
	}
}

# ---- what is promised is tested ------------------------------------------------------------------

my @missing;
foreach my $names (slurp_file('SECURITY.md') =~ /^\| .* \| .* \| (.*) \|$/mg)
{
	push @missing, grep { !-e "test/t/$_.pl" && !-e "test/sql/$_.sql" && !-e "test/specs/$_.spec" && !/^(shown by|---|`make [a-z-]+`)$/ } split /, /, $names;
}
is("@missing", '', 'the tests that SECURITY.md names are there');

is_no_superuser($_, "$_ has no more rights than before") foreach ('mallory', 'quant', 'worker');

done_testing();
