# A plan in parts where something goes wrong: all parts are made or none, and the error
# says where; servers that are not as they should be; crashes; and work that goes on while
# somebody watches.

use strict;
use warnings;

use lib 'test/perl';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);
use Trainplan;

my ($server, $a, $b) = map { start_server($_) } 'coordinator', 'a', 'b';
my $folder = PostgreSQL::Test::Utils::tempdir;

sub sql
{
	my ($server, $sql, $database) = @_;

	return run_sql($server, $database // 'postgres', $sql, '-At', '-v', 'VERBOSITY=verbose') =~ s/^LOCATION: .*\n?//mgr;
}

# Statements in a session that goes on beside this one.
sub begin_sql
{
	my ($server, @statements) = @_;
	my $output = '';
	my $session = IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', $server->connstr('postgres'), map { ('-c', $_) } @statements ],
		'<', '/dev/null', '>', \$output, '2>&1');

	return { session => $session, output => \$output };
}

# What they said, when they have ended.
sub end_sql
{
	my ($running) = @_;

	$running->{session}->finish;
	return ${ $running->{output} } =~ s/\s+\z//r;
}

foreach my $one ($server, $a, $b)
{
	sql($one, q{
		CREATE EXTENSION trainplan;
		CREATE TABLE decisions AS
		SELECT 't' || t AS target, CASE WHEN s > 0 THEN 's' || s END AS symbol, CASE WHEN s > 0 THEN 'ROUTE_BOTH' ELSE 'ENABLED' END AS route
		FROM generate_series(1, 20) AS t, generate_series(0, 49) AS s;
		CREATE FUNCTION slowly() RETURNS boolean LANGUAGE sql VOLATILE RETURN pg_sleep(30) IS NOT NULL;
		CREATE VIEW slow AS SELECT * FROM decisions WHERE target <> 't20' OR symbol <> 's1' OR symbol IS NULL OR slowly();
	});
}
add_servers($server, 'postgres', a => $a, b => $b);

# How many plans and parts there are.
sub plans
{
	return join ' ', map { sql($_, 'SELECT (SELECT count(*) FROM training_plans) + (SELECT count(*) FROM training_jobs) + (SELECT count(*) FROM training_plan_parts)') } $server, $a, $b;
}

# Wait until something is so on a server.
sub wait_for
{
	my ($one, $query) = @_;

	ok($one->poll_query_until('postgres', $query), $one->name . ": $query");
}

my $busy = q{SELECT count(*) > 0 FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND wait_event = 'PgSleep'};
my $idle = q{SELECT count(*) = 0 FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'};

# Nothing was made, and nothing goes on.
sub nothing_is_left
{
	my ($what, $before) = @_;

	wait_for($_, $idle) foreach $a, $b;
	is(plans(), $before, "$what: nothing is left");
}

# ---- errors -----------------------------------------------------------------------------

my $before = plans();
sql($b, q{
	CREATE TABLE bad AS SELECT * FROM decisions;
	INSERT INTO bad VALUES ('t3', 's7', 'ROUTE_BOTH');
	CREATE TABLE misspelt AS SELECT * FROM decisions;
	INSERT INTO misspelt VALUES ('t3', 'new', 'ROUTE_BOHT');
});
sql($a, q{CREATE VIEW bad AS TABLE decisions; CREATE VIEW misspelt AS TABLE decisions; CREATE TABLE lonely (target text, symbol text, route text)});
foreach my $servers ('{a,b}', '{b,a}', '{b}')
{
	my $said = sql($server, qq{SELECT * FROM create_training_plan_on('$servers', 'bad')});
	like($said, qr/\AERROR:  23505: two decisions for target "t3", symbol "s7" in relation "public.bad"\nDETAIL:  The routes are ROUTE_BOTH and ROUTE_BOTH\./, "$servers: the message and the SQLSTATE of there") or diag($said);
	like($said, qr/^CONTEXT: .*on server "b"/m, "$servers: and which server that is") or diag($said);
	nothing_is_left($servers, $before);
}
my $there = sql($b, q{SELECT create_training_plan('misspelt')});
my $here = sql($server, q{SELECT * FROM create_training_plan_on('{a,b}', 'misspelt')});
my ($hint) = $there =~ /^(HINT: .*)$/m;
ok($hint && index($here, $hint) >= 0, 'the HINT') or diag("$there\n$here");
is((split /\n/, $here)[0], (split /\n/, $there)[0], 'the message is that of there');
like(sql($server, q{SELECT * FROM create_training_plan_on('{a,b}', 'lonely')}), qr/\AERROR:  42P01: relation "lonely" does not exist\n(?s:.*)on server "b"/, 'a relation that one of them does not have');
like(sql($server, q{SELECT * FROM plan_training_on('{a,b}', 'decisions')}), qr/\AERROR:  42703: .*score/, 'candidates that are none');
nothing_is_left('after all of them', $before);

# arguments
my @wrong = (
	[ 'NULL', '22004', 'servers must not be null' ],
	[ q{'{}'}, '22023', 'servers must not be empty' ],
	[ q{'{a,NULL}'}, '22004', 'servers have a null' ],
	[ q{'{{a},{b}}'}, '2202E', 'servers have more than one dimension' ],
	[ q{'{a,b,a}'}, '22023', 'server "a" is named twice' ],
	[ q{'{a,c}'}, '42704', 'server "c" does not exist' ],
	[ q{'{a,file}'}, '55000', 'server "file" has not been added' ],
	[ q{'{a,new}'}, '55000', 'server "new" has not been added' ]);
my $address = "OPTIONS (host '@{[$a->host]}', port '@{[$a->port]}', dbname 'postgres')";
is(sql($server, qq{
	CREATE EXTENSION file_fdw;
	CREATE SERVER file FOREIGN DATA WRAPPER file_fdw;
	CREATE SERVER new FOREIGN DATA WRAPPER postgres_fdw $address;
}), '', 'other servers');
foreach my $case (@wrong)
{
	my ($servers, $state, $message) = @$case;

	like(sql($server, "SELECT * FROM create_training_plan_on($servers, 'decisions')"), qr/\AERROR:  $state: $message(\n|\Z)/, "create_training_plan_on($servers)");
	like(sql($server, "SELECT * FROM plan_training_on($servers, 'decisions')"), qr/\AERROR:  $state: $message(\n|\Z)/, "plan_training_on($servers)");
}
like(sql($server, q{SELECT * FROM create_training_plan_on('{a}', NULL)}), qr/\AERROR:  22004: routing must not be null/, 'no relation');
like(sql($server, q{SELECT * FROM plan_training_on('{a}', NULL)}), qr/\AERROR:  22004: candidates must not be null/, 'no candidates');
like(sql($server, q{SELECT * FROM create_training_plan_on('{a}', 'decisions', run_id => '')}), qr/\AERROR:  22023: run_id must not be empty/, 'a run without a name');
like(sql($server, q{BEGIN READ ONLY; SELECT * FROM create_training_plan_on('{a}', 'decisions')}), qr/\AERROR:  25006: /, 'in a transaction that only reads');

# servers that are not as they should be
like(sql($server, q{SELECT add_training_server(NULL)}), qr/\AERROR:  22004: server must not be null/, 'no server');
like(sql($server, q{SELECT add_training_server('c')}), qr/\AERROR:  42704: server "c" does not exist/, 'an unknown one');
like(sql($server, q{SELECT add_training_server('file')}), qr/\AERROR:  42809: server "file" is not one of postgres_fdw/, 'of another wrapper');
like(sql($server, q{SELECT add_training_server('new')}), qr/\AERROR:  42704: user "postgres" has no user mapping for server "new"/, 'without a mapping');
sql($a, q{
	CREATE DATABASE empty;
	CREATE DATABASE elsewhere;
	CREATE DATABASE older;
	\c elsewhere
	CREATE SCHEMA "Train Plan";
	CREATE EXTENSION trainplan SCHEMA "Train Plan";
	CREATE TABLE decisions AS SELECT 't' AS target, 's' AS symbol, 'ROUTE_BOTH' AS route;
	\c older
	CREATE EXTENSION trainplan;
	CREATE TABLE decisions AS SELECT 't' AS target, 's' AS symbol, 'ROUTE_BOTH' AS route;
});
is(sql($server, join '', map { "CREATE SERVER $_ FOREIGN DATA WRAPPER postgres_fdw " . $address =~ s/'postgres'/'$_'/r . "; CREATE USER MAPPING FOR CURRENT_USER SERVER $_;\n" } 'empty', 'elsewhere', 'older', 'absent'),
	'', 'more servers');
like(sql($server, q{SELECT add_training_server('empty')}), qr/\AERROR:  42704: server "empty" does not have the extension trainplan\nHINT: .*CREATE EXTENSION trainplan/, 'without the extension');
like(sql($server, q{SELECT add_training_server('elsewhere')}), qr/\AERROR:  3F000: server "elsewhere" has the extension trainplan in schema "Train Plan", not in "public"\nHINT:  SELECT public.add_training_server\('elsewhere', 'Train Plan'\);/,
	'in another schema');
like(sql($server, q{SELECT add_training_server('absent')}), qr/\AERROR:  08001: could not connect to server "absent"/, 'one that is not there');
is(sql($server, q{
	SELECT add_training_server('elsewhere', 'Train Plan');
	SELECT server, total_jobs FROM create_training_plan_on('{elsewhere}', 'public.decisions', run_id => 'elsewhere');
	SELECT servers, jobs, pending FROM training_run_progress;
	DELETE FROM training_plan_parts;
}), "elsewhere|2\n1|2|2", 'there it is found');
my $older = q{UPDATE pg_extension SET extversion = '1.0' WHERE extname = 'trainplan'};
sql($a, $older, 'older');
my $version = sql($server, q{SELECT extversion FROM pg_extension WHERE extname = 'trainplan'});
my $newer = $older =~ s/1\.0/$version/r;
like(sql($server, q{SELECT add_training_server('older')}), qr/\AERROR:  55000: server "older" has version 1.0 of the extension trainplan, and this database has \Q$version\E\nHINT:  .*ALTER EXTENSION trainplan UPDATE/, 'of another version');
sql($a, $newer, 'older');
is(sql($server, q{SELECT add_training_server('older')}), '', 'of the same version');
sql($a, $older, 'older');
like(sql($server, q{SELECT * FROM create_training_plan_on('{b,older}', 'decisions')}), qr/\AERROR:  55000: server "older" has version 1.0 of the extension trainplan, and who calls it has \Q$version\E\n/, 'that has changed since');
sql($a, 'DROP EXTENSION trainplan', 'older');
like(sql($server, q{SELECT * FROM create_training_plan_on('{b,older}', 'decisions')}), qr/\AERROR:  42P01: relation "public.training_part_calls" does not exist\n(?s:.*)older/, 'that has no extension any more');
is(sql($server, 'SET client_min_messages = error; SELECT count(*) FROM pg_foreign_table; DROP SERVER older, elsewhere, empty, absent, new, file CASCADE; SELECT count(*) FROM pg_foreign_table'), "16\n8", 'a server that was not added has left nothing');
nothing_is_left('after all of them', $before);

# ---- rollbacks --------------------------------------------------------------------------

sql($server, q{BEGIN; SELECT FROM create_training_plan_on('{a,b}', 'decisions'); ROLLBACK});
nothing_is_left('ROLLBACK', $before);
is(sql($server, q{
	BEGIN;
	SAVEPOINT s;
	SELECT total_jobs FROM create_training_plan_on('{a,b}', 'decisions', run_id => 'rolled back');
	ROLLBACK TO s;
	SELECT server, total_jobs FROM create_training_plan_on('{b}', 'decisions', run_id => 'kept');
	SAVEPOINT s;
	SELECT * FROM create_training_plan_on('{b,a}', 'bad', run_id => 'failed');
	ROLLBACK TO s;
	SELECT count(*) FROM training_server_plans;
	COMMIT;
	SELECT server, run_id, jobs FROM training_server_plans;
	SELECT run_id, server, total_jobs FROM training_plan_parts;
}) =~ s/^(ERROR|DETAIL|HINT|CONTEXT|QUERY|remote SQL|SQL).*\n//mgr, "1000\n1000\nb|1000\n1\nb|kept|1000\nkept|b|1000", 'ROLLBACK TO SAVEPOINT: of three, one is kept');
is(sql($server, q{
	BEGIN;
	SAVEPOINT s;
	INSERT INTO training_server_calls (server, call) SELECT 'a', jsonb_build_object('version', extversion, 'server', 'a', 'run_id', 'never', 'function', 'create_training_plan', 'relation', 'decisions')
	FROM pg_extension WHERE extname = 'trainplan';
	ROLLBACK TO s;
	TABLE training_server_calls;
	COMMIT;
	SELECT run_id FROM training_server_plans;
}), 'kept', 'a call that is rolled back is not made by who reads later');
sql($b, 'DELETE FROM training_plans'); sql($server, 'DELETE FROM training_plan_parts');
is(sql($server, q{
	BEGIN;
	SELECT count(*) FROM (SELECT create_training_plan_on('{a,b}', 'decisions') UNION ALL SELECT create_training_plan_on('{b,a}', 'decisions')) AS x;
	SELECT count(*), count(DISTINCT run_id) FROM training_plan_parts;
	ROLLBACK;
}), "4\n4|2", 'two runs in one transaction are two');

# ---- cancels ----------------------------------------------------------------------------

foreach my $servers ('{a,b}', '{b}')
{
	my $running = begin_sql($server, qq{SELECT * FROM create_training_plan_on('$servers', 'slow')});
	wait_for($_, $busy) foreach ($servers eq '{b}' ? $b : ($a, $b));
	sql($server, q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%create_training_plan_on%' AND pid <> pg_backend_pid()});
	like(end_sql($running), qr/\AERROR:  canceling statement due to user request/, "$servers: a cancel");
	nothing_is_left("$servers: a cancel", $before);
}
like(sql($server, q{SET statement_timeout = '700ms'; SELECT * FROM create_training_plan_on('{a,b}', 'slow')}), qr/\AERROR:  57014: canceling statement due to statement timeout/, 'statement_timeout');
nothing_is_left('statement_timeout', $before);
my $running = begin_sql($server, q{SELECT * FROM create_training_plan_on('{a,b}', 'slow')});
wait_for($_, $busy) foreach ($a, $b);
sql($server, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%create_training_plan_on%' AND pid <> pg_backend_pid()});
like(end_sql($running), qr/terminating connection/, 'the session that asks is ended');
# (what they do hears of it when it next says something)
sql($_, q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'}) foreach ($a, $b);
nothing_is_left('the session that asks is ended', $before);

# an error on one server, while another plans on: that one is stopped
sql($b, q{CREATE VIEW half_slow AS TABLE bad}); sql($a, q{CREATE VIEW half_slow AS TABLE slow});
like(sql($server, q{SELECT * FROM create_training_plan_on('{a,b}', 'half_slow')}), qr/\AERROR:  23505: /, 'an error on one, while the other plans on');
nothing_is_left('an error on one, while the other plans on', $before);

# ---- crashes ----------------------------------------------------------------------------

# As kill -9 of its postmaster does it; what that leaves takes a moment to end.
sub kill_server
{
	my ($one) = @_;
	my @processes = split /\n/, sql($one, 'SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()');

	$one->kill9;
	foreach (1 .. 300)
	{
		return unless kill 0, @processes;
		sleep 0.1;
	}
	die $one->name . ' goes on';
}

foreach my $way ('immediate', 'kill -9')
{
	$running = begin_sql($server, q{SELECT * FROM create_training_plan_on('{a,b}', 'slow')});
	wait_for($_, $busy) foreach ($a, $b);
	$way eq 'immediate' ? $b->stop('immediate') : kill_server($b);
	my $said = end_sql($running);
	like($said, qr/^ERROR:  (?s:.*)^(CONTEXT:  )?remote SQL command: .*'b'/m, "$way: the error says which server");
	wait_for($a, $idle);
	like(sql($server, q{SELECT * FROM create_training_plan_on('{a,b}', 'decisions')}), qr/\AERROR:  08001: could not connect to server "b"/, "$way: a server is down");
	wait_for($a, $idle);
	$b->start;
	nothing_is_left($way, $before);
	is(sql($server, q{SELECT sum(total_jobs) FROM create_training_plan_on('{a,b}', 'decisions', run_id => 'after')}), 2000, "$way: and then it plans again");
	sql($_, 'DELETE FROM training_plans') foreach ($a, $b);
	sql($server, 'DELETE FROM training_plan_parts');
}

# a server that crashes in between: the session connects anew, and a transaction ends
$running = begin_sql($server, 'BEGIN', q{SELECT sum(total_jobs) FROM create_training_plan_on('{a,b}', 'decisions', run_id => 'crashed')},
	'SELECT pg_sleep(3)', 'COMMIT', q{SELECT sum(total_jobs) FROM create_training_plan_on('{a,b}', 'decisions', run_id => 'later')});
wait_for($server, $busy);
$b->stop('immediate');
$b->start;
like(end_sql($running), qr/\A2000\n\nERROR: .*\n(.*\n)*2000\Z/, 'a crash before COMMIT');
is(sql($server, q{SELECT run_id, servers, jobs, missing FROM training_run_progress}), 'later|2|2000|0', 'is no run');
# (the other server may have committed; what it has then is found, and deleted there)
my $orphans = q{
	SELECT s.server, s.run_id FROM training_server_plans AS s
	LEFT JOIN training_plan_parts AS p ON (p.run_id, p.server, p.plan_id) = (s.run_id, s.server, s.plan_id)
	WHERE p.plan_id IS NULL
};
like(sql($server, $orphans), qr/\A(a\|crashed)?\Z/, 'what it leaves is found');
sql($a, q{DELETE FROM training_plans WHERE run_id = 'crashed'});
is(sql($server, $orphans), '', 'and gone then');

# ---- at the same time -------------------------------------------------------------------

my @running = map { begin_sql($server, qq{SELECT count(*) FROM create_training_plan_on('$_', 'decisions')}) } ('{a,b}', '{b,a}') x 3;
is(join(' ', map { end_sql($_) } @running), '2 2 2 2 2 2', 'six runs at once, in both orders');
is(sql($server, q{SELECT count(DISTINCT run_id), count(*), sum(total_jobs) FROM training_plan_parts WHERE run_id <> 'later'; SELECT count(*), sum(jobs), sum(missing) FROM training_run_progress}), "6|12|12000\n7|14000|0", 'are six runs');
like(sql($server, q{SELECT * FROM create_training_plan_on('{a,b}', 'decisions', run_id => 'later')}), qr/\AERROR:  23505: run "later" has a part on server "a" already\nHINT:  Give another run_id/, 'a run again');
@running = map { begin_sql($server, qq{SELECT count(*) FROM create_training_plan_on('$_', 'decisions', run_id => 'raced')}) } ('{a,b}', '{b,a}');
my @said = sort map { end_sql($_) } @running;
is($said[0], '2', 'the same run in two sessions: one makes it');
like($said[1], qr/\AERROR:  (duplicate key|run "raced" has a part)/, 'and the other is told so');
is(sql($server, q{SELECT servers, jobs FROM training_run_progress WHERE run_id = 'raced'; SELECT count(*) FROM training_server_plans WHERE run_id = 'raced'}), "2|2000\n2", 'it is there once');

# ---- work -------------------------------------------------------------------------------

sql($server, q{SELECT FROM create_training_plan_on('{a,b}', 'decisions', pooled_first => true, run_id => 'work')});
my %plan = split /[|\n]/, sql($server, q{SELECT server, plan_id FROM training_plan_parts WHERE run_id = 'work'});

# workers that are killed: the leases run out, and the jobs are claimed again
foreach my $part ([ $a, $plan{a} ], [ $b, $plan{b} ])
{
	$running = begin_sql($part->[0], qq{SELECT count(*) FROM claim_training_jobs('dead', 5, $part->[1], '2 seconds')}, 'SELECT pg_sleep(30)');
	wait_for($part->[0], $busy);
	$running->{session}->signal('KILL');
	eval { end_sql($running) };
}
is(sql($server, q{SELECT running, waiting, pending FROM training_run_progress WHERE run_id = 'work'; SELECT count(*), count(DISTINCT server) FROM training_run_status WHERE run_id = 'work' AND worker = 'dead' AND state = 'running'}) =~ s/^\d+\|\d+\|\d+\n//r,
	'10|2', 'jobs of workers that were killed');
sleep 2.2;
is(sql($server, q{SELECT running, running + waiting + pending FROM training_run_progress WHERE run_id = 'work'}), '0|2000', 'can be claimed again');
my $claimed = join "\n", map { sql($_->[0], "SELECT count(*), min(attempt), max(attempt) FROM claim_training_jobs('alive', 5, $_->[1])") } [ $a, $plan{a} ], [ $b, $plan{b} ];
is($claimed, "5|2|2\n5|2|2", 'are claimed again');
is(sql($server, q{SELECT state, attempts, worker, count(*) FROM training_run_status WHERE run_id = 'work' AND attempts > 0 GROUP BY 1, 2, 3}), 'running|2|alive|10', 'and seen so');
sql($_->[0], "SELECT release_training_jobs('alive')") foreach ([$a], [$b]);

# thousands of claims on both servers, while somebody looks at progress: it is always whole
my @workers;
foreach my $part ([ 'a', $a ], [ 'b', $b ])
{
	my $file = "$folder/work_$part->[0].sql";

	append_to_file($file, "SELECT complete_training_job(plan_id, job_id, attempt) FROM claim_training_jobs('w' || :client_id, 1, $plan{$part->[0]});\n");
	push @workers, IPC::Run::start([ 'pgbench', '-n', '-c', '2', '-t', '600', '-f', $file, $part->[1]->connstr('postgres') ], '>', \my $output, '2>&1');
}
my $seen = sql($server, q{
	CREATE TABLE seen (jobs bigint, counted bigint, succeeded bigint, missing bigint, statuses bigint);
	DO $$
	BEGIN
		FOR i IN 1 .. 2000 LOOP
			INSERT INTO seen SELECT jobs, pending + waiting + running + succeeded + reused + failed + cancelled + blocked, succeeded, missing, NULL
			FROM training_run_progress WHERE run_id = 'work';
			COMMIT;
			IF i % 10 = 0 THEN
				INSERT INTO seen (jobs, statuses) SELECT 2000, count(*) FROM training_run_status WHERE run_id = 'work' AND state IS NOT NULL;
				COMMIT;
			END IF;
			EXIT WHEN EXISTS (SELECT FROM seen WHERE succeeded = 2000);
		END LOOP;
	END
	$$;
	SELECT count(*) > 5, bool_and(jobs = 2000), bool_and(counted = 2000), bool_and(missing = 0), bool_and(statuses = 2000), max(succeeded), count(DISTINCT succeeded) > 5 FROM seen;
});
ok($_->finish, 'workers end well') foreach @workers;
is($seen, 't|t|t|t|t|2000|t', 'progress is whole at any time, while 2,000 jobs are worked off');
is(sql($server, q{SELECT servers, jobs, succeeded, percent_done, jobs_per_hour > 0, expected_end IS NOT NULL FROM training_run_progress WHERE run_id = 'work'; SELECT count(*), min(attempts) FROM training_run_status WHERE run_id = 'work' AND state = 'succeeded'}),
	"2|2000|2000|100.0|t|t\n2000|1", 'at the end all are done');
is(sql($server, q{SELECT (SELECT count(*) FROM training_plans), (SELECT count(*) FROM training_jobs)}), '0|0', 'all of it without a job of its own');

# ---- a server that answers whatever it likes ----------------------------------------------

sql($server, q{SELECT * FROM create_training_plan_on('{a,b}', 'decisions', run_id => 'odd')});
sql($b, q{
	CREATE SCHEMA odd;
	CREATE TABLE odd.training_part_plans AS SELECT * FROM training_part_plans;
	CREATE TABLE odd.training_part_jobs AS SELECT * FROM training_part_jobs;
	CREATE TABLE odd.training_part_calls AS SELECT 'b' AS server, NULL::jsonb AS call, 'x' AS database, NULL::bigint AS plan_id, 1::bigint AS total_jobs, 0::bigint AS disabled_targets;
});
sql($server, join '', map { "ALTER FOREIGN TABLE training_server_b_$_ OPTIONS (SET schema_name 'odd');" } qw(plans jobs calls));
is(sql($server, q{SELECT count(*) > 2000 FROM training_run_lines('odd', 'markdown')}), 't', 'another schema');
sql($b, q{UPDATE odd.training_part_plans SET model_families = NULL});
like(sql($server, q{SELECT * FROM training_run_lines('odd', 'markdown') LIMIT 10}), qr/^- Families: not the same in all parts$/m, 'a plan without families');
is(sql($server, q{SELECT string_agg(l, '')::jsonb #>> '{metadata,model_families}' IS NULL FROM training_run_lines('odd', 'json') AS l}), 't', 'in JSON');
foreach my $column (qw(job_id target route training_type model_families priority))
{
	sql($b, qq{DROP TABLE odd.training_part_jobs; CREATE TABLE odd.training_part_jobs AS SELECT * FROM training_part_jobs; UPDATE odd.training_part_jobs SET $column = NULL WHERE job_id = 'cs_t7'});
	like(sql($server, q{SELECT * FROM training_run_lines('odd', 'markdown')}), qr/\AERROR:  HV000: server "b" has a job without $column/, "a job without $column");
}
like(sql($server, q{SELECT * FROM create_training_plan_on('{a,b}', 'decisions')}), qr/\AERROR:  HV000: a server has not said all of its part/, 'no number');
sql($b, q{TRUNCATE odd.training_part_calls; INSERT INTO odd.training_part_calls SELECT 'b', NULL, 'x', 7, 1, 0 FROM generate_series(1, 100000)});
like(sql($server, q{SELECT * FROM create_training_plan_on('{a,b}', 'decisions')}), qr/\AERROR:  HV000: a server has answered with another one's part/, 'too many answers');
sql($b, q{
	TRUNCATE odd.training_part_calls;
	ALTER TABLE odd.training_part_calls RENAME TO calls;
	CREATE VIEW odd.training_part_calls AS SELECT * FROM odd.calls;
	CREATE RULE lost AS ON INSERT TO odd.training_part_calls DO INSTEAD NOTHING;
});
like(sql($server, q{SELECT * FROM create_training_plan_on('{a,b}', 'decisions')}), qr/\AERROR:  27000: call was not inserted into table "training_server_calls"/, 'a call that is lost');
sql($b, q{CREATE TABLE odd.lost (LIKE odd.calls); CREATE OR REPLACE RULE lost AS ON INSERT TO odd.training_part_calls DO INSTEAD INSERT INTO odd.lost SELECT new.*});
like(sql($server, q{SELECT * FROM create_training_plan_on('{a,b}', 'decisions')}), qr/\AERROR:  HV000: server "b" has not made its part/, 'one that is not made');

done_testing();
