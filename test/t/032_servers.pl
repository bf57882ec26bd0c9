# A plan in parts: two servers plan what one would, each the targets that it has, and the
# server that asks shows all of it: jobs, progress, documents.  Arguments arrive there, and
# names; what somebody may do is what the mapped user may.

use strict;
use warnings;

use lib 'test/perl';
use Cwd;
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

my ($server, $a, $b) = map { start_server($_) } 'coordinator', 'a', 'b';
my %number = (a => 0, b => 1);
my $folder = PostgreSQL::Test::Utils::tempdir;

sub sql
{
	my ($server, $sql, $database) = @_;

	return run_sql($server, $database // 'postgres', $sql, '-At');
}

# The same of all three.
sub everywhere
{
	my ($sql) = @_;

	is(sql($_, $sql), '', $_->name . ' is made') foreach ($server, $a, $b);
}

# ---- the same jobs as one server would plan ---------------------------------------------

# All has to be at hand everywhere; then each of the two keeps its half of the targets.
my $golden = getcwd() . '/test/golden';
$ENV{GOLDEN} = $golden;
everywhere(q{
	SET client_min_messages = warning;
	CREATE EXTENSION trainplan;
	CREATE TABLE documents ("case" text, content jsonb);
	\copy documents FROM PROGRAM 'cd "$GOLDEN" && for f in */routing_plan.json; do printf "%s\002" "${f%/*}"; tr -d "\n" <"$f"; echo; done' WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')
	CREATE TABLE decisions AS SELECT d."case", r.* FROM documents AS d, routing_decisions(d.content::text) AS r;
	CREATE TABLE candidates ("case" text, target text, symbol text, mode text, score float8, stability text, sample_size bigint,
		leakage_status text, model_status text, task_type text, metric_name text, mean_overlap float8, std_overlap float8, mean_tau float8, std_tau float8);
	\copy candidates FROM PROGRAM 'cd "$GOLDEN" && for f in */routing_candidates.csv; do tail -n +2 "$f" | sed "s/^/${f%%/*},/"; done' WITH (FORMAT csv)
	CREATE TABLE policies ("case" text, policy text);
	\copy policies FROM PROGRAM 'cd "$GOLDEN" && for f in */routing_config.yaml; do echo "${f%%/*},$(base64 -w 0 "$f")"; done' WITH (FORMAT csv)
	UPDATE policies SET policy = convert_from(decode(policy, 'base64'), 'UTF8');
	SELECT format('CREATE VIEW %I AS SELECT * FROM decisions WHERE "case" = %L', 'decisions_' || "case", "case"),
		format('CREATE VIEW %I AS SELECT * FROM candidates WHERE "case" = %L', 'candidates_' || "case", "case")
	FROM policies \gexec
});
foreach my $part (['a', $a], ['b', $b])
{
	is(sql($part->[1], qq{
		DELETE FROM decisions WHERE abs(hashtext(target)) % 2 <> $number{$part->[0]};
		DELETE FROM candidates WHERE abs(hashtext(target)) % 2 <> $number{$part->[0]};
	}), '', "$part->[0] has its targets");
}
add_servers($server, 'postgres', a => $a, b => $b);

# How many jobs of a run are not those of a plan of this server, and the other way round.
my $jobs_differ = q{
	CREATE FUNCTION jobs_differ(run text, plan bigint, OUT jobs bigint, OUT missing bigint, OUT unwanted bigint)
	BEGIN ATOMIC
		WITH one AS (
			SELECT job_id, target, symbol, route, training_type, model_families, priority, estimated_samples, reason, metadata
			FROM training_jobs AS j WHERE j.plan_id = plan
		), parts AS (
			SELECT s.job_id, s.target, s.symbol, s.route, s.training_type, s.model_families, s.priority, s.estimated_samples, s.reason, s.metadata
			FROM training_plan_parts AS p JOIN training_server_jobs AS s ON (s.server, s.run_id, s.plan_id) = (p.server COLLATE "default", p.run_id COLLATE "default", p.plan_id)
			WHERE p.run_id = run
		)
		SELECT (SELECT count(*) FROM one), (SELECT count(*) FROM (TABLE one EXCEPT ALL TABLE parts) AS x), (SELECT count(*) FROM (TABLE parts EXCEPT ALL TABLE one) AS x);
	END;
};
is(sql($server, $jobs_differ), '', 'what compares is made');

# Plans of one server and of two, each of: what it is, the function, its arguments, and how
# many jobs there have to be at least.
sub same_as_one_server
{
	my @cases = @_;
	my @said = split /\n/, sql($server, join '', "SET client_min_messages = error;\n", map { qq{
		SELECT $_->[1]($_->[2]) AS plan \\gset
		CREATE TEMP TABLE made AS SELECT * FROM $_->[1]_on('{b,a}', $_->[2], run_id => 'same as one');
		SELECT d.*, (SELECT total_jobs FROM training_plans WHERE plan_id = :plan) = (SELECT sum(total_jobs) FROM made)
			AND ARRAY(SELECT server::text FROM made) = '{b,a}'
			AND (SELECT jobs FROM training_run_progress WHERE run_id = 'same as one') = d.jobs
		FROM jobs_differ('same as one', :plan) AS d;
		DELETE FROM training_plan_parts WHERE run_id = 'same as one';
		DROP TABLE made;
	} } @cases);

	foreach my $case (@cases)
	{
		my ($jobs, $missing, $unwanted, $rest) = split /\|/, shift @said // '';

		is("$missing $unwanted $rest", '0 0 t', "$case->[0]: the jobs of one server, $jobs");
		cmp_ok($jobs, '>=', $case->[3], "$case->[0]: there are jobs");
	}
	is("@said", '', 'and nothing else is said');
}

my @golden;
foreach my $case (split /\n/, sql($server, 'SELECT "case" FROM policies ORDER BY 1'))
{
	my $policy = sql($server, qq{SELECT quote_literal(policy) FROM policies WHERE "case" = '$case'});

	foreach my $blocked ('false', 'true')
	{
		push @golden,
			[ "$case, include_blocked $blocked", 'create_training_plan', "'decisions_$case', include_blocked => $blocked", 1 ],
			[ "$case from metrics, include_blocked $blocked", 'plan_training', "'candidates_$case', $policy, include_blocked => $blocked", 1 ];
	}
}
same_as_one_server(@golden);

# Documents: the same jobs, all targets in order.
is(sql($server, q{
	SET client_min_messages = error;
	SELECT create_training_plan('decisions_eu_stocks', include_blocked => true) AS plan \gset
	CREATE TABLE made AS SELECT * FROM create_training_plan_on('{b,a}', 'decisions_eu_stocks', include_blocked => true, run_id => 'documents');
	CREATE TABLE texts AS
	SELECT f AS format, (SELECT string_agg(l, E'\n') FROM training_run_lines('documents', f) AS l) AS run,
		(SELECT string_agg(l, E'\n') FROM training_plan_lines(:plan, f) AS l) AS plan
	FROM unnest('{json,yaml,markdown}'::text[]) AS f;
	WITH d AS (SELECT run::jsonb AS run, plan::jsonb AS plan FROM texts WHERE format = 'json')
	SELECT run -> 'summary' = plan -> 'summary', jsonb_array_length(plan -> 'jobs') > 10,
		(SELECT array_agg(j - '{server,plan_id}'::text[] ORDER BY n) FROM jsonb_array_elements(run -> 'jobs') WITH ORDINALITY AS r (j, n))
		= (SELECT array_agg(j ORDER BY n) FROM jsonb_array_elements(plan -> 'jobs') WITH ORDINALITY AS r (j, n)),
		(run -> 'metadata') - '{run_id,generated_at}'::text[] = (plan -> 'metadata') - '{run_id,generated_at}'::text[],
		run #>> '{metadata,run_id}' = 'documents',
		(SELECT bool_and((j ->> 'server', (j ->> 'plan_id')::bigint) IN (SELECT server, plan_id FROM training_plan_parts WHERE run_id = 'documents')) FROM jsonb_array_elements(run -> 'jobs') AS r (j))
	FROM d;
}), 't|t|t|t|t|t', 'the document of a run has the jobs of one plan in the same order');
is(sql($server, q{
	SET client_min_messages = error;
	SELECT import_training_plan((SELECT run FROM texts WHERE format = 'yaml')) AS plan \gset
	SELECT (training_plan_to_json(:plan)::jsonb) - 'metadata' = (SELECT plan::jsonb - 'metadata' FROM texts WHERE format = 'json');
	-- without the lines that say which server has what
	SELECT format, regexp_replace(regexp_replace(run, '\n(    plan_id:|  plan_id:|      "(server|plan_id)":)[^\n]*', '', 'g'), '\n- server: [^\n]*\n  ', E'\n- ', 'g') LIKE '%' || right(plan, strpos(reverse(plan), reverse('jobs')) + 3)
	FROM texts WHERE format IN ('json', 'yaml');
}), "t\njson|t\nyaml|t", 'and in YAML');
SKIP:
{
	skip 'needs python3-yaml', 1 if system('/usr/bin/python3 -c "import yaml" 2>/dev/null') != 0;
	my %file = map { $_ => "$folder/run.$_" } 'json', 'yaml';

	append_to_file($file{$_}, run_sql($server, 'postgres', "SELECT run FROM texts WHERE format = '$_'", '-At') . "\n") foreach keys %file;
	is(system('/usr/bin/python3', '-c', 'import json, sys, yaml; sys.exit(json.load(open(sys.argv[1])) != yaml.safe_load(open(sys.argv[2])))', @file{'json', 'yaml'}),
		0, 'JSON and YAML of a run say the same to others');
}
like(sql($server, q{SELECT run FROM texts WHERE format = 'markdown'}), qr/^On server b, in plan \d+\.$/m, 'Markdown says where');

# ---- arguments --------------------------------------------------------------------------

sub plans
{
	my ($run) = @_;

	return sql($server, qq{
		SELECT server, run_id, routing, model_families, include_blocked, git_commit, config_hash, metrics_snapshot, pooled_first, total_jobs
		FROM training_server_plans WHERE run_id = '$run' ORDER BY server;
	});
}

everywhere(q{
	CREATE TABLE small (target text, symbol text, route text);
	INSERT INTO small VALUES ('t', NULL, 'ENABLED'), ('t', 'a', 'ROUTE_BOTH'), ('t', 'b', 'ROUTE_BLOCKED');
	CREATE TABLE metrics AS SELECT target, symbol, 0.6 AS score, 90000 AS sample_size FROM small;
	});
my $policy_hash = sql($a, q{SELECT left(encode(sha256(convert_to(routing_policy_default(), 'UTF8')), 'hex'), 8)});
sql($server, q{SELECT FROM create_training_plan_on('{a,b}', 'small', '{" ridge",mlp,ridge}', true, 'f3ba63d', 'hash', 'snapshot', true, 'all')});
is(plans('all'), join("\n", map { "$_|all|public.small|{ridge,mlp}|t|f3ba63d|hash|snapshot|t|3" } 'a', 'b'), 'all arguments arrive');
sql($server, q{SELECT FROM create_training_plan_on('{a,b}', 'small', NULL, NULL, NULL, NULL, NULL, NULL, 'nulls')});
is(plans('nulls'), join("\n", map { "$_|nulls|public.small|{lightgbm,xgboost}|f||||f|2" } 'a', 'b'), 'NULLs arrive, and mean what they mean');
sql($server, q{SELECT FROM plan_training_on('{a,b}', 'metrics', routing_policy_default(), '{ridge}', true, 'f3ba63d', 'snapshot', true, 'candidates')});
is(plans('candidates'), join("\n", map { "$_|candidates|public.metrics|{ridge}|t|f3ba63d|$policy_hash|snapshot|t|3" } 'a', 'b'), 'all arguments of candidates');
sql($server, q{SELECT FROM plan_training_on('{b}', 'metrics', run_id => 'no policy')});
is(plans('no policy'), "b|no policy|public.metrics|{lightgbm,xgboost}|f||$policy_hash||f|3", 'no policy is that of the server');
like(sql($server, q{SELECT FROM plan_training_on('{a,b}', 'metrics', '{routing: 1}')}), qr/ERROR:  .*rout/, 'a policy is checked there');
like(sql($server, q{SELECT FROM create_training_plan_on('{a,b}', 'small', '{}')}), qr/ERROR:  .*famil/, 'and families');
is(sql($server, q{SELECT string_agg(server || ' ' || total_jobs, ', ') FROM create_training_plan_on('{b,a}', 'small', run_id => 'in order')}), 'b 2, a 2',
	'servers in the order given');

# names that need quotes, in every place where they come; and several of one database
my %odd = (q{a'b"c d} => $a, 'ü%s\\' x 2 => $b, 'x' x 63 => $a, 'long_' . 'y' x 57 . '1' => $b, 'long_' . 'y' x 57 . '2' => $a);
add_servers($server, 'postgres', %odd);
foreach my $scs ('on', 'off')
{
	foreach my $run ('it\'s "one" \\ %s %1$s $1', "line\nbreak\ttab", '{"a": [1]}', '')
	{
		my $names = sql($server, 'SELECT quote_literal(ARRAY[' . join(', ', map { "'" . s/'/''/gr . "'" } sort keys %odd) . ']::name[])');
		my $quoted = 'E\'' . (($run || 'x' x 3000) . $scs) =~ s/(['\\])/\\$1/gr . "'";
		my $said = sql($server, qq{
			SET standard_conforming_strings = $scs;
			SET escape_string_warning = off;
			SET client_min_messages = error; -- (it is one of two databases, by five names)
			CREATE TEMP TABLE made AS SELECT * FROM create_training_plan_on(($names), 'small', git_commit => $quoted, run_id => $quoted);
			SELECT count(*), bool_and(s.run_id = $quoted), bool_and(s.git_commit = $quoted), bool_and(s.total_jobs = 2)
			FROM training_plan_parts AS p, LATERAL (SELECT * FROM training_server_plans AS s WHERE s.server = p.server COLLATE "default" AND s.plan_id = p.plan_id LIMIT 1) AS s
			WHERE p.run_id = $quoted;
			SELECT servers, jobs, pending FROM training_run_progress WHERE run_id = $quoted;
			SELECT count(*), count(DISTINCT server) FROM training_run_status WHERE run_id = $quoted;
			SELECT count(*) FROM training_run_status WHERE run_id = $quoted AND server = 'long_${\('y' x 57)}1';
			SELECT string_agg(l, '')::jsonb #>> '{metadata,run_id}' = $quoted FROM training_run_lines($quoted, 'json') AS l;
		});

		is($said, "5|t|t|t\n5|10|10\n10|5\n2\nt", "standard_conforming_strings $scs, odd names of servers, run " . substr($quoted, 0, 30));
	}
}
is(sql($server, join '', map { 'DROP SERVER "' . s/"/""/gr . "\" CASCADE;\n" } sort keys %odd) =~ s/^NOTICE.*\n?|^DETAIL.*\n?|^drop cascades.*\n?|^drop auto.*\n?//gmr, '', 'they are dropped');
is(sql($server, q{SELECT count(*) FROM pg_foreign_table; SELECT jobs FROM training_run_progress WHERE run_id = 'all'}), "8\n6", 'and all that was made of them');
sql($server, q{DELETE FROM training_plan_parts WHERE server NOT IN ('a', 'b')});

# adding one again makes it anew
is(sql($server, q{
	SELECT add_training_server('a'), add_training_server('a');
	SELECT count(*) FROM pg_foreign_table;
	SELECT count(*) FROM training_run_status WHERE run_id = 'all';
}), "|\n8\n6", 'a server is added anew');

# ---- whose rights, names and settings ---------------------------------------------------

everywhere(q{
	CREATE ROLE planner LOGIN;
	CREATE ROLE analyst LOGIN;
	CREATE ROLE nobody LOGIN;
	CREATE ROLE stranger LOGIN;
	GRANT SELECT ON training_plans, training_jobs, training_job_queue, training_job_history, training_job_status, training_plan_progress,
		training_part_plans, training_part_jobs, training_part_status TO planner, analyst;
	GRANT SELECT ON training_plan_parts, training_server_plans, training_server_jobs, training_server_status, training_run_progress, training_run_status TO planner, analyst, nobody;
	GRANT SELECT, INSERT ON training_server_calls TO planner, analyst, nobody;
	GRANT INSERT ON training_plan_parts TO planner, analyst, nobody;
	-- there, not here, is decided who may plan
	GRANT SELECT, INSERT ON training_part_calls TO planner, analyst;
	GRANT SELECT ON small TO analyst;
	CREATE SCHEMA theirs;
	CREATE TABLE theirs.mine AS SELECT * FROM small;
	CREATE VIEW theirs.zoned AS
	SELECT target, symbol, route, current_user || ' ' || current_setting('search_path') || ' ' || current_setting('TimeZone') || ' ' || current_setting('DateStyle')
		|| ' ' || current_setting('IntervalStyle') || ' ' || 0.1::float8 AS reason
	FROM small;
	ALTER VIEW theirs.zoned OWNER TO planner;
	ALTER ROLE planner SET search_path = theirs, public;
	ALTER ROLE planner SET TimeZone = 'Asia/Tokyo';
	ALTER ROLE planner SET DateStyle = 'SQL, DMY';
	ALTER ROLE planner SET IntervalStyle = 'iso_8601';
	ALTER ROLE planner SET extra_float_digits = -14;
	GRANT USAGE ON SCHEMA theirs TO planner;
	GRANT SELECT ON small, theirs.mine TO planner;
});
sql($_, 'GRANT INSERT ON training_plans, training_jobs TO planner') foreach ($a, $b);
is(sql($server, join '', map { "CREATE USER MAPPING FOR $_->[0] SERVER $_->[1] OPTIONS (user '$_->[0]', password_required 'false');\n" }
	map { my $server = $_; map { [ $_, $server ] } 'planner', 'analyst', 'stranger' } 'a', 'b'), '', 'users are mapped');

sub as_user
{
	my ($user, $sql) = @_;

	return run_sql($server, 'postgres', "SET ROLE $user; $sql", '-At', '-v', 'VERBOSITY=verbose');
}

is(as_user('planner', q{
	SET search_path = public, pg_temp;
	SELECT server, total_jobs FROM create_training_plan_on('{a,b}', 'mine', run_id => 'planner 1');
	SELECT routing FROM training_server_plans WHERE run_id = 'planner 1' ORDER BY server;
}), "a|2\nb|2\ntheirs.mine\ntheirs.mine", 'a relation is found as the mapped user finds it');
is(as_user('planner', q{
	SELECT server, total_jobs FROM create_training_plan_on('{a,b}', 'zoned', run_id => 'planner 2');
	SELECT DISTINCT reason FROM training_server_jobs WHERE run_id = 'planner 2' AND symbol = 'a';
}), "a|2\nb|2\nplanner theirs, public Asia/Tokyo SQL, DMY iso_8601 0.1", 'with the settings of that user');
is(as_user('planner', q{SELECT jobs, pending FROM training_run_progress WHERE run_id = 'planner 2'}), '4|4', 'who plans sees progress');
is(as_user('analyst', q{SELECT jobs, pending FROM training_run_progress WHERE run_id = 'planner 2'; SELECT count(*) FROM training_run_status WHERE run_id = 'planner 2'}),
	"4|4\n4", 'so does who reads');
like(as_user('analyst', q{SELECT FROM create_training_plan_on('{a,b}', 'small', run_id => 'analyst')}), qr/ERROR:  42501: permission denied for table training_(plans|jobs)\n/,
	'who may not plan there, plans nothing');
like(as_user('nobody', q{SELECT FROM create_training_plan_on('{a,b}', 'small', run_id => 'nobody')}), qr/ERROR:  42704: user "nobody" has no user mapping for server "a"/,
	'a user without a mapping');
like(as_user('stranger', q{SELECT FROM create_training_plan_on('{a,b}', 'small', run_id => 'stranger')}), qr/ERROR:  42501: permission denied for table training_plan_parts/,
	'who may not plan here');
sql($a, q{REVOKE SELECT ON small FROM planner});
like(as_user('planner', q{SELECT FROM create_training_plan_on('{b,a}', 'public.small', run_id => 'planner 3')}), qr/ERROR:  42501: permission denied for table small\n/,
	'who may not read the relation on one of them');
is(sql($_, q{SELECT count(*) FROM training_plans WHERE run_id ~ '^(analyst|nobody|stranger|planner 3)$'}), 0, 'nothing is left on ' . $_->name) foreach ($a, $b);
is(sql($server, q{SELECT count(*) FROM training_plan_parts WHERE run_id ~ '^(analyst|nobody|stranger|planner 3)$'}), 0, 'nor here');
like(as_user('planner', q{SELECT add_training_server('a')}), qr/ERROR:  42501: must be owner of table training_server_calls\n/, 'who does not own the tables adds no server');
like(run_sql($a, 'postgres', q{SET ROLE nobody; SELECT * FROM training_part_calls}, '-At'), qr/ERROR:  permission denied for view training_part_calls/, 'who may not ask');

# ---- views ------------------------------------------------------------------------------

sub explain
{
	my ($query) = @_;

	return sql($server, "EXPLAIN (COSTS off, VERBOSE) $query");
}

# What the function behind a view asks, too.
sub explain_nested
{
	my ($query) = @_;

	return sql($server, qq{
		LOAD 'auto_explain';
		SET auto_explain.log_min_duration = 0;
		SET auto_explain.log_nested_statements = on;
		SET auto_explain.log_verbose = on;
		SET auto_explain.log_level = notice;
		$query;
	});
}

my $plan = explain_nested(q{SELECT * FROM training_run_progress WHERE run_id = 'all'});
is(() = $plan =~ /Async Foreign Scan/g, 2, 'progress is asked of all servers at the same time') or diag($plan);
is(() = $plan =~ /Remote SQL: .* WHERE .*\(\(run_id = 'all'\)\)/g, 2, 'of one run') or diag($plan);

# a server that is not there is in the way of no run that has no part on it
sql($server, q{
	CREATE SERVER gone FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '/nowhere');
	CREATE USER MAPPING FOR PUBLIC SERVER gone;
} . join '', map { qq{
	CREATE FOREIGN TABLE training_server_gone_$_ PARTITION OF training_server_$_ FOR VALUES IN ('gone') SERVER gone;
} } qw(calls plans jobs status));
is(sql($server, q{SELECT servers, jobs FROM training_run_progress WHERE run_id = 'all'; SELECT count(*) > 10 FROM training_run_lines('all', 'yaml')}), "2|6\nt", 'one that is not there');
is(sql($server, q{SELECT count(*) FROM training_run_status WHERE run_id = 'all' AND server IN ('a', 'b')}), 6, 'nor of who names servers');
like(sql($server, q{SELECT count(*) FROM training_run_status WHERE run_id = 'all'}), qr/ERROR:  could not connect to server "gone"/, 'else it is');
is(sql($server, q{SET client_min_messages = warning; DROP SERVER gone CASCADE}), '', 'it is dropped');
$plan = explain(q{SELECT * FROM training_run_status WHERE run_id = 'all' AND state IN ('running', 'failed')});
is(() = $plan =~ /Async Foreign Scan/g, 2, 'status is asked of all servers at the same time') or diag($plan);
is(() = $plan =~ /Remote SQL: .* WHERE (?=.*run_id = 'all')(?=.*state = ANY)/g, 2, 'the run and the state are asked for there') or diag($plan);
$plan = explain(q{SELECT * FROM training_run_status WHERE run_id = 'all' AND server = 'b' AND state = 'running'});
is(() = $plan =~ /Remote SQL: .* WHERE (?=.*server = 'b')(?=.*run_id = 'all')(?=.*state = 'running')/g, 1, 'one server') or diag($plan);
unlike($plan, qr/_a_/, 'and no other');
$plan = explain(q{SELECT * FROM training_server_calls});
is(() = $plan =~ /Async Foreign Scan/g, 2, 'calls are made at the same time') or diag($plan);

# reading and ANALYZE make no plan
my $plans = sql($a, 'SELECT count(*) FROM training_plans');
is(sql($server, q{
	TABLE training_server_calls;
	ANALYZE;
	ANALYZE training_server_a_calls, training_server_b_plans;
}), '', 'calls are read, and analyzed');
is(sql($a, 'SELECT count(*) FROM training_plans'), $plans, 'which plans nothing');

# Documents and progress of what somebody has deleted, and what a crash between two commits leaves
is(sql($server, q{
	SELECT server, total_jobs FROM create_training_plan_on('{a,b}', 'small', run_id => 'deleted');
	SELECT servers, jobs, pending, missing, percent_done FROM training_run_progress WHERE run_id = 'deleted';
}), "a|2\nb|2\n2|4|4|0|0.0", 'a part');
sql($b, q{DELETE FROM training_plans WHERE run_id = 'deleted'});
is(sql($server, q{SELECT servers, jobs, pending, missing, percent_done, expected_end FROM training_run_progress WHERE run_id = 'deleted'}), '2|4|2|2|0.0|', 'that is deleted: its jobs are missing');
is(sql($server, q{SELECT count(*) FROM training_run_status WHERE run_id = 'deleted'}), 2, 'the others are there');
like(sql($server, q{SELECT training_run_lines('deleted', 'json')}), qr/ERROR:  the part of run "deleted" on server "b" is not there any more\Z/, 'and there is no document');
like(sql($server, q{SELECT training_run_lines('unknown', 'json')}), qr/ERROR:  run "unknown" has no parts\Z/, 'nor one of no run');

my $orphans = q{
	SELECT s.server, s.run_id FROM training_server_plans AS s
	LEFT JOIN training_plan_parts AS p ON (p.run_id, p.server, p.plan_id) = (s.run_id, s.server, s.plan_id)
	WHERE p.plan_id IS NULL AND s.run_id IN ('orphan', 'deleted', 'all');
};
is(sql($server, $orphans), '', 'no part is without its run');
sql($server, q{SELECT FROM create_training_plan_on('{a,b}', 'small', run_id => 'orphan'); DELETE FROM training_plan_parts WHERE run_id = 'orphan' AND server = 'b'});
is(sql($server, $orphans), 'b|orphan', 'one that is is found');

# ---- dumps ------------------------------------------------------------------------------

my $dump = "$folder/dump.sql";
my $shown = q{
	SELECT * FROM training_run_progress WHERE run_id IN ('all', 'deleted', 'planner 1') ORDER BY run_id;
	SELECT * FROM training_plan_parts ORDER BY run_id, server;
	SELECT inhparent::regclass, inhrelid::regclass, pg_get_expr(relpartbound, inhrelid) FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE relkind = 'f' ORDER BY inhrelid::regclass::text COLLATE "C";
	SELECT * FROM training_run_status WHERE run_id = 'all' ORDER BY server, job_id;
};
my $before = sql($server, $shown);
command_ok([ 'pg_dump', '-d', $server->connstr('postgres'), '-f', $dump ], 'the server that asks is dumped');
is(sql($server, 'CREATE DATABASE restored'), '', 'a database');
command_ok([ 'psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-d', $server->connstr('restored'), '-f', $dump ], 'and restored');
is(sql($server, $shown, 'restored'), $before, 'it shows the same');
is(sql($server, q{SELECT server, total_jobs FROM create_training_plan_on('{a,b}', 'small', run_id => 'restored')}, 'restored'), "a|2\nb|2", 'and plans');

# one server down: what asks the others goes on
$a->stop('fast');
is(sql($server, q{SELECT count(*) FROM training_run_status WHERE run_id = 'all' AND server = 'b'; SELECT jobs FROM training_server_plans WHERE run_id = 'all' AND server = 'b'}), "3\n3",
	'what is asked of one server needs no other');
like(sql($server, q{SELECT * FROM training_run_progress WHERE run_id = 'all'}), qr/ERROR:  could not connect to server "a"\n/, 'progress needs all');
$a->start;

# dropped
is(sql($server, q{DROP SERVER b}, 'restored') =~ /cannot drop server b because other objects depend on it/, 1, 'a server that is in use is not dropped by accident');
is(sql($server, q{SET client_min_messages = warning; DROP SERVER b CASCADE; SELECT servers, jobs, missing FROM training_run_progress WHERE run_id = 'all'}, 'restored'), '2|6|3',
	'with CASCADE it is; its jobs are missing');
like(sql($server, q{SELECT FROM create_training_plan_on('{a,b}', 'small')}, 'restored'), qr/ERROR:  server "b" does not exist\Z/, 'and plans no more');
is(sql($server, q{DROP FUNCTION jobs_differ; DROP EXTENSION trainplan; SELECT count(*) FROM pg_foreign_table; SELECT srvname FROM pg_foreign_server}, 'restored'), "0\na", 'the extension takes along what it made');
is(sql($server, q{SET client_min_messages = warning; CREATE EXTENSION trainplan; SELECT add_training_server('a'); DROP EXTENSION postgres_fdw CASCADE; TABLE training_server_plans; SELECT count(*) FROM training_plans}, 'restored'), 0,
	'without postgres_fdw the extension goes on');

# ---- many pairs -------------------------------------------------------------------------

# 200,000: all routes, disabled targets, targets without a decision of their own
foreach my $part ([$server, 'true'], [$a, 'abs(hashtext(t::text)) % 2 = 0'], [$b, 'abs(hashtext(t::text)) % 2 = 1'])
{
	is(sql($part->[0], qq{
		CREATE TABLE generated AS
		SELECT 'target_' || t AS target, CASE WHEN s > 0 THEN 'sym_' || s END AS symbol,
			CASE WHEN s = 0 AND t % 11 = 0 THEN 'DISABLED' WHEN s = 0 THEN 'ENABLED'
				ELSE (ARRAY['ROUTE_CROSS_SECTIONAL', 'ROUTE_BOTH', 'ROUTE_SYMBOL_SPECIFIC', 'ROUTE_EXPERIMENTAL_ONLY', 'ROUTE_BLOCKED'])[1 + (s * 7 + t * 3) % 5] END AS route,
			(s * t) % 5000 AS sample_size, 'reason ' || s AS reason,
			CASE WHEN s % 97 = 5 THEN '{mlp,ridge}'::text[] END AS model_families
		FROM generate_series(1, 200) AS t, generate_series(0, 1000) AS s
		WHERE (s > 0 OR t % 7 > 0) AND $part->[1];
	}), '', 'pairs on ' . $part->[0]->name);
}
same_as_one_server([ '200,000 pairs', 'create_training_plan', q{'generated', '{ridge,xgboost}', true, pooled_first => true}, 150_000 ]);

# what the one server warns of, and the parts count
my ($disabled) = sql($server, q{SELECT create_training_plan('generated')}) =~ /WARNING:  (\d+) targets/;
is(sql($server, q{SELECT sum(disabled_targets), min(disabled_targets) > 0 FROM create_training_plan_on('{a,b}', 'generated', run_id => 'generated')}),
	"$disabled|t", 'targets that are disabled although symbols count on them are counted');

# a small run beside large ones is read alone
is(sql($a, 'ANALYZE'), '', 'with statistics');
unlike(sql($a, q{EXPLAIN SELECT * FROM training_part_status WHERE run_id = 'all'}), qr/Seq Scan on training_job(s|_queue)/, 'the jobs of one run are found by their plan');

done_testing();
