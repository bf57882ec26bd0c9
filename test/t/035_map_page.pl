# The page with the map of a plan, as Chromium shows it: the pages and what they are to say
# are made here, and test/browser/map_page.mjs looks at them.  The queries that pages show are
# run.  And their HTML, as tidy reads it.

use strict;
use warnings;

use lib 'test/perl';
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

sub can_run
{
	return IPC::Run::run([ '/bin/sh', '-c', join ' && ', map { "command -v $_" } @_ ], '>', \my $ignored, '2>&1');
}
my $have_browser = can_run('node', 'chromium');
my $have_tidy = can_run('tidy');
plan skip_all => 'needs chromium and nodejs, or tidy' unless $have_browser || $have_tidy;

my $server = start_server('map_page');
my $directory = PostgreSQL::Test::Utils::tempdir();

# What psql prints of queries, into a file.
sub write_file
{
	my ($name, $sql, $user) = @_;

	local $ENV{PGTZ} = 'UTC';
	local $ENV{PGCLIENTENCODING} = 'UTF8';
	local $ENV{PGUSER} = $user // 'postgres';
	IPC::Run::run([ 'psql', '-XqAt', '-d', $server->connstr('postgres'), '-v', 'ON_ERROR_STOP=1', '-c', $sql ], '>', "$directory/$name")
		or die "$name can't be written\n";
}

# What a page is to say: JSON, in base64, since psql does not print all characters.
sub write_expectation
{
	my ($name, $sql) = @_;

	write_file("$name.json", "SELECT encode(convert_to(($sql)::text, 'UTF8'), 'base64')");
}

# A plan's page, and what it is to say.
sub write_page
{
	my ($name, $plan, $user) = @_;

	write_file("$name.html", "SELECT training_plan_to_html($plan)", $user);
	write_expectation($name, "
		SELECT json_build_object(
			'kind', 'plan',
			'title', 'Training plan ' || p.run_id,
			'total_jobs', p.total_jobs,
			'facts', json_build_array(p.routing, p.git_commit, p.config_hash, p.metrics_snapshot),
			'families', p.model_families,
			'by_route', (SELECT coalesce(json_object_agg(route, jobs), '{}') FROM training_jobs_by_route WHERE plan_id = p.plan_id),
			'by_type', (SELECT coalesce(json_object_agg(training_type, jobs), '{}') FROM training_jobs_by_type WHERE plan_id = p.plan_id),
			'by_priority', (SELECT coalesce(json_object_agg(priority, jobs), '{}') FROM training_jobs_by_priority WHERE plan_id = p.plan_id),
			'by_state', (SELECT coalesce(json_object_agg(coalesce(state, 'unknown'), jobs), '{}') FROM (SELECT state, count(*) AS jobs FROM training_job_status WHERE plan_id = p.plan_id GROUP BY state) AS s),
			'jobs', (
				SELECT coalesce(json_agg(json_build_array(j.target, j.symbol, j.route, j.training_type, j.priority, s.state, j.reason) ORDER BY j.target, j.symbol NULLS FIRST), '[]')
				FROM training_jobs AS j
				JOIN training_job_status AS s USING (plan_id, job_id)
				WHERE j.plan_id = p.plan_id))
		FROM training_plans AS p
		WHERE plan_id = $plan");
}

# A comparison's: of what is as it was, the routes are asked of the later plan.
sub write_comparison
{
	my ($name, $before, $after) = @_;

	write_file("$name.html", "SELECT compare_training_plans_to_html($before, $after)");
	write_expectation($name, "
		WITH changes AS MATERIALIZED (SELECT * FROM compare_training_plans($before, $after)),
		same AS (
			SELECT a.target, a.symbol FROM training_jobs AS a
			WHERE a.plan_id = $after AND a.training_type <> 'blocked' AND NOT EXISTS (
				SELECT FROM changes AS c WHERE c.target = a.target AND c.symbol IS NOT DISTINCT FROM a.symbol)),
		cells AS (
			SELECT target, symbol, change, before ->> 'route' AS route_before, after ->> 'route' AS route_after, reason_before, reason_after FROM changes
			UNION ALL SELECT target, symbol, 'same', NULL, NULL, NULL, NULL FROM same)
		SELECT json_build_object(
			'kind', 'comparison',
			'title', 'Training plan $before to $after',
			'by_change', (SELECT json_object_agg(change, jobs) FROM (SELECT change, count(*) AS jobs FROM cells GROUP BY change) AS c),
			'jobs', (SELECT json_agg(json_build_array(target, symbol, change, route_before, route_after, reason_before, reason_after) ORDER BY target, symbol NULLS FIRST) FROM cells))");
}

sub literal
{
	my ($string) = @_;

	$string =~ s/'/''/g;
	return "'$string'";
}

# ---- plans: the golden cases; one is being worked off ---------------------------

my $golden = File::Spec->rel2abs('test/golden');
my $made = run_sql($server, 'postgres', qq[
	CREATE EXTENSION trainplan;
	CREATE ROLE reader LOGIN;
	GRANT SELECT ON training_plans, training_jobs TO reader;
	CREATE TABLE example AS SELECT * FROM load_routing_plan('$golden/eu_stocks');
	CREATE TABLE awkward AS SELECT * FROM load_routing_plan('$golden/awkward_names');
	SELECT create_training_plan('example', include_blocked => true, pooled_first => true, git_commit => 'f3ba63d');
	SELECT create_training_plan('awkward', include_blocked => true);
	SELECT count(complete_training_job(plan_id, job_id, attempt, '{}')) FROM claim_training_jobs('a', 9, 1);
	UPDATE training_plans SET max_attempts = 1 WHERE plan_id = 1;
	SELECT count(fail_training_job(plan_id, job_id, attempt, 'no data')) FROM claim_training_jobs('a', 4, 1);
	UPDATE training_plans SET max_attempts = 3 WHERE plan_id = 1;
	SELECT count(fail_training_job(plan_id, job_id, attempt, 'no data', retry_in => '1 day')) FROM claim_training_jobs('a', 3, 1);
	SELECT count(*) FROM claim_training_jobs('a', 5, 1);
	SELECT cancel_training_jobs(1, ARRAY[min(job_id)]) FROM training_job_status WHERE plan_id = 1 AND state = 'pending';
	SELECT string_agg(DISTINCT state, ' ' ORDER BY state) FROM training_job_status WHERE plan_id = 1], '-At');
like($made, qr/^1\n2\n9\n4\n3\n5\n1\nblocked cancelled failed pending running succeeded waiting/, 'plans of golden cases, one of which is being worked off');
write_page('example', 1);
write_page('awkward', 2);
write_page('reader', 1, 'reader');

# ---- names that somebody chose to do harm ------------------------------------------

my @attacks = (
	'</script><script>alert(1)</script>', '<script>alert(1)</script>', '<!--<script>', '-->', '--!>', ']]>', '<![CDATA[', '<img src=x onerror=alert(1)>',
	'<svg/onload=alert(1)>', '"><svg onload=alert(1)>', q{' onmouseover='alert(1)}, q{" autofocus onfocus="alert(1)}, 'javascript:alert(1)', '<a href="javascript:alert(1)">x</a>',
	'<iframe src="http://a.example/">', '<link rel=stylesheet href="http://a.example/">', '<base href="http://a.example/">', '<meta http-equiv=refresh content="0;url=http://a.example/">',
	'<style>*{display:none}</style>', '</style>', '</title>', '</textarea>', '<plaintext>', '<template>', '<math><mi//xlink:href="data:x,<script>alert(1)</script>">', '<form><input name=attributes>',
	'&lt;b&gt;', '&amp;', '&#60;', '&', '&copy', '&#0;', '${alert(1)}', '`${alert(1)}`', '{{7*7}}', '\\u003cscript\\u003e', '\\x3c', '\\', '\\\\', '\\"', '"', "'", '`', '\\n', '</SCRIPT >',
	'__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__', 'length', 'undefined', 'null', 'NaN', 'true', '0', '-1', '1e400', '00', ' ', '  a  ', "\t", "\n", "\r\n", "\r",
	'<!-- begin data -->', '<!-- end data -->', '<!-- begin facts -->', '<!-- end policy -->', '"];alert(1);//', '*/alert(1)/*', '%3Cscript%3E', 'pooled model', 'data', 'map', '=1+1', 'x' x 900, '日' x 300, '<b>' x 200,
	# U+2028, U+2029, U+202E, U+2066 to U+2069, U+200B, U+00AD, U+FEFF, U+0085, U+00A0, U+FFFD, U+FFFE, U+10FFFF
	(map { ($_, "a${_}b<i>") } map { pack 'H*', $_ }
		qw(e280a8 e280a9 e280ae e281a6 e281a9 e2808b c2ad efbbbf c285 c2a0 efbfbd efbfbe f48fbfbf 01 08 0b 0c 1b 1f 7f)),
	# what comes before what depends on whether surrogates are sorted or characters are
	"\x{EF}\x{BD}\x{9E}", "\x{F0}\x{9F}\x{9A}\x{80}", "\x{EE}\x{80}\x{80}", "\x{F0}\x{90}\x{80}\x{80}", "\x{F0}\x{9F}\x{91}\x{A9}\x{E2}\x{80}\x{8D}\x{F0}\x{9F}\x{9A}\x{80}", "e\x{CC}\x{81}", "\x{C3}\x{A9}", "\x{E2}\x{80}\x{AE}gnp.exe");
my @pieces = (@attacks, 'a', 'Z', '0', '9', '<', '>', '/', '=', ';', ':', ',', '(', ')', '[', ']', '{', '}', '|', '%', '#', '!', '-', '_');
srand(20261126);

my %seen;
my @names;
foreach my $attack (@attacks)
{
	push @names, $attack unless $seen{$attack}++;
}
while (@names < 1000)
{
	my $name = join '', map { $pieces[ rand @pieces ] } 1 .. 2 + rand 3;

	push @names, $name unless length $name > 1200 || $seen{$name}++;
}

# Every second one is a target, the others are symbols.  Each symbol is in one of ten rows
# with fifty jobs, each target in one of ten such columns; and a job each elsewhere.
my @targets = map { $names[ 2 * $_ ] } 0 .. 499;
my @symbols = map { $names[ 2 * $_ + 1 ] } 0 .. 499;
my @rows;
%seen = ();
foreach my $pair (map { ([ $_, int($_ / 50) ], [ int($_ / 50), $_ ], [ $_, rand 500 ]) } 0 .. 499)
{
	my ($target, $symbol) = ($targets[ $pair->[0] ], $symbols[ $pair->[1] ]);
	my $route = (qw(BOTH BLOCKED SYMBOL_SPECIFIC EXPERIMENTAL_ONLY))[ rand 4 ];

	next if $seen{"${target}_$symbol"}++;
	push @rows, '(' . join(', ', literal($target), literal($symbol), "'ROUTE_$route'", literal($names[ rand 1000 ] . $names[ rand 1000 ])) . ')';
}
my $families = 'ARRAY[' . join(', ', map { literal($_) } '<img src=x onerror=alert(1)>', '</script>', '"') . ']';
$made = run_sql($server, 'postgres', '
	CREATE TABLE "<script>alert(1)</script>" (target text, symbol text, route text, reason text);
	INSERT INTO "<script>alert(1)</script>" VALUES ' . join(",\n", @rows) . qq[;
	SELECT create_training_plan('"<script>alert(1)</script>"', $families, true, '</title><script>alert(2)</script>', '<!--', E'"\\u202E><svg onload=alert(3)>');
	SELECT count(DISTINCT target), count(DISTINCT symbol) FROM training_jobs WHERE plan_id = 3], '-At');
is($made, "3\n500|500", 'a plan of 1,000 hostile names');
write_page('hostile', 3);

# ---- comparisons -------------------------------------------------------------------

$made = run_sql($server, 'postgres', q[
	CREATE TABLE next_example AS
	SELECT target, symbol,
		CASE WHEN symbol IS NULL OR hashtext(target || symbol) % 3 <> 0 THEN route WHEN route = 'ROUTE_BLOCKED' THEN 'ROUTE_BOTH' WHEN route = 'ROUTE_BOTH' THEN 'ROUTE_EXPERIMENTAL_ONLY' ELSE 'ROUTE_BLOCKED' END AS route,
		reason, cs_state, local_state, sample_size
	FROM example;
	INSERT INTO next_example SELECT 'another', symbol, 'ROUTE_BOTH', reason, cs_state, local_state, sample_size FROM example WHERE symbol IS NOT NULL AND target = 'fwd_ret_1d';
	CREATE TABLE next_hostile AS
	SELECT target, symbol, CASE WHEN n % 3 <> 0 THEN route WHEN route = 'ROUTE_BLOCKED' THEN 'ROUTE_BOTH' WHEN route = 'ROUTE_BOTH' THEN 'ROUTE_EXPERIMENTAL_ONLY' ELSE 'ROUTE_BLOCKED' END AS route, symbol || reason AS reason
	FROM (SELECT *, row_number() OVER (ORDER BY target, symbol) AS n FROM "<script>alert(1)</script>") AS s;
	SELECT create_training_plan('next_example', include_blocked => true);
	SELECT create_training_plan('next_hostile', include_blocked => true);
	SELECT string_agg(DISTINCT change, ' ' ORDER BY change) FROM compare_training_plans(1, 4);], '-At');
is($made, "4\n5\nadded changed removed", 'plans to compare');
write_comparison('comparison', 1, 4);
write_comparison('hostile_comparison', 3, 5);

# ---- plans of other shapes -----------------------------------------------------------

$made = run_sql($server, 'postgres', q[
	SET client_min_messages = error;
	CREATE TABLE sparse AS SELECT 't' || lpad(n::text, 5, '0') AS target, 's' || lpad(((n * 7919) % 20000)::text, 5, '0') AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route, 'reason ' || n AS reason FROM generate_series(0, 19999) AS n;
	CREATE TABLE one AS SELECT * FROM sparse LIMIT 1;
	CREATE TABLE none AS SELECT * FROM sparse LIMIT 0;
	CREATE TABLE pooled AS SELECT 't' || n AS target, NULL::text AS symbol, 'ENABLED' AS route FROM generate_series(1, 300) AS n;
	CREATE TABLE wide AS SELECT 't' || t AS target, 's' || s AS symbol, (ARRAY['ROUTE_BLOCKED', 'ROUTE_BOTH', 'ROUTE_SYMBOL_SPECIFIC'])[1 + (t * s) % 3] AS route FROM generate_series(1, 50) AS t, generate_series(1, 3000) AS s;
	SELECT create_training_plan(name::regclass, include_blocked => true) FROM unnest(ARRAY['sparse', 'one', 'none', 'pooled', 'wide']) AS name;], '-At');
is($made, "6\n7\n8\n9\n10", 'plans of other shapes');
write_page((qw(sparse one none pooled wide))[ $_ - 6 ], $_) foreach 6 .. 10;

# ---- more than a page holds, and what is done by hand ----------------------------------

# Row a has seven symbols more than a map has columns, and row b three of these.
$made = run_sql($server, 'postgres', q[
	SET client_min_messages = error;
	CREATE TABLE many_symbols AS SELECT t AS target, 's' || lpad(n::text, 6, '0') AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route, t || n AS reason
	FROM (SELECT 'a', generate_series(1, 100007) UNION ALL SELECT 'b', unnest(ARRAY[1, 2, 3, 500, 99999, 100000, 100001, 100002, 100007])) AS s (t, n);
	SELECT create_training_plan('many_symbols');], '-At');
is($made, '11', 'a plan of more symbols than a map has columns');
write_file('many_symbols.html', 'SELECT training_plan_to_html(11)');
write_expectation('many_symbols', "
	SELECT json_build_object('kind', 'plan', 'title', 'Training plan ' || run_id, 'facts', json_build_array(routing), 'left_out', 10,
		'by_route', json_build_object('ROUTE_SYMBOL_SPECIFIC', 100016), 'by_type', json_build_object('symbol_specific', 100016), 'by_priority', json_build_object('2', 100016),
		'jobs', (SELECT json_agg(json_build_array(target, symbol, route, training_type, priority, 'pending', reason) ORDER BY target, symbol) FROM training_jobs WHERE plan_id = 11 AND symbol <= 's100000'))
	FROM training_plans WHERE plan_id = 11");

# Each job has a priority of its own, which the later plan has too.
$made = run_sql($server, 'postgres', q[
	SET client_min_messages = error;
	CREATE TABLE many_classes AS SELECT 't' || t AS target, 's' || lpad(s::text, 4, '0') AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route, format('reason of %s, %s', t, s) AS reason FROM generate_series(1, 3) AS t, generate_series(1, 500) AS s;
	CREATE TABLE next_many_classes AS
	SELECT target, symbol, CASE WHEN n % 7 = 0 THEN 'ROUTE_EXPERIMENTAL_ONLY' ELSE route END AS route, 'later ' || reason AS reason FROM (SELECT *, row_number() OVER (ORDER BY target, symbol) AS n FROM many_classes) AS s WHERE n % 11 <> 0;
	SELECT create_training_plan('many_classes');
	SELECT create_training_plan('next_many_classes');
	UPDATE training_jobs SET priority = 1000 * right(target, 1)::integer + right(symbol, 4)::integer WHERE plan_id IN (12, 13);
	CREATE TABLE long_routes AS SELECT 't' || t AS target, 's' AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route FROM generate_series(1, 5) AS t;
	SELECT create_training_plan('long_routes');
	UPDATE training_jobs SET route = repeat(right(target, 1), 5000000) WHERE plan_id = 14;
	CREATE TABLE no_place AS SELECT 't' || t AS target, 's' || s AS symbol, (ARRAY['ROUTE_BLOCKED', 'ROUTE_BOTH', 'ROUTE_SYMBOL_SPECIFIC'])[1 + (t * s) % 3] AS route FROM generate_series(1, 10) AS t, generate_series(1, 100) AS s;
	SELECT create_training_plan('no_place', include_blocked => true);
	DELETE FROM training_job_queue WHERE plan_id = 15 AND hashtext(job_id) % 3 = 0;
	UPDATE training_job_queue SET state = 'failed' WHERE plan_id = 15 AND hashtext(job_id) % 5 = 0;
	SELECT count(*) > 100, count(*) FILTER (WHERE state IS NULL) > 100, count(*) FILTER (WHERE state = 'failed') > 50 FROM training_job_status WHERE plan_id = 15], '-At');
is($made, "12\n13\n14\n15\nt|t|t", 'plans that were changed by hand');
write_page('many_classes', 12);
write_comparison('many_classes_comparison', 12, 13);
write_page('long_routes', 14);
write_page('no_place', 15);

# Plans with greater numbers than JavaScript counts to; and a reason that is too long.
$made = run_sql($server, 'postgres', q[
	SET client_min_messages = error;
	SELECT setval(pg_get_serial_sequence('training_plans', 'plan_id'), 9007199254740992) AS last \gset
	CREATE TABLE long_reason AS SELECT 't' || t AS target, 's' || s AS symbol, 'ROUTE_BOTH' AS route, CASE WHEN t = 2 AND s = 2 THEN repeat('x', 3000000) ELSE 'a reason' END AS reason FROM generate_series(1, 3) AS t, generate_series(1, 5) AS s;
	SELECT create_training_plan('long_reason');
	UPDATE long_reason SET route = 'ROUTE_EXPERIMENTAL_ONLY', reason = 'short' WHERE right(target, 1) >= '2';
	SELECT create_training_plan('long_reason');], '-At');
is($made, "9007199254740993\n9007199254740994", 'plans with great numbers');
write_page('long_reason', '9007199254740993');
write_comparison('long_reason_comparison', '9007199254740993', '9007199254740994');

# ---- a plan in parts -------------------------------------------------------------------

# The servers are databases of this one, and the first has a name that would be more than one.
my %databases = (qq(it's "a";\n DROP TABLE example; --\\), 'part_a', 'b', 'part_b');
my $parts = 'ARRAY[' . join(', ', map { literal($_) } sort keys %databases) . ']::name[]';
foreach my $name (sort keys %databases)
{
	my $identifier = '"' . $name =~ s/"/""/gr . '"';
	my $part = $databases{$name} eq 'part_a' ? 0 : 1;

	is(run_sql($server, 'postgres', "CREATE DATABASE $databases{$name};", '-At'), '', 'a database for a part');
	is(run_sql($server, $databases{$name}, qq[
		SET client_min_messages = error;
		CREATE EXTENSION trainplan;
		CREATE TABLE in_parts AS SELECT * FROM load_routing_plan('$golden/awkward_names') WHERE abs(hashtext(target)) % 2 = $part
		UNION ALL SELECT * FROM load_routing_plan('$golden/eu_stocks') WHERE abs(hashtext(target)) % 2 = $part;], '-At'), '', 'and what it plans');
	is(run_sql($server, 'postgres', "
		SET client_min_messages = error;
		CREATE EXTENSION IF NOT EXISTS postgres_fdw;
		CREATE SERVER $identifier FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '" . $server->host . "', port '" . $server->port . "', dbname '$databases{$name}');
		CREATE USER MAPPING FOR CURRENT_USER SERVER $identifier;
		SELECT add_training_server(" . literal($name) . ");", '-At'), '', 'and is known');
}
is(run_sql($server, 'postgres', "SELECT count(*), min(total_jobs) > 5 FROM create_training_plan_on($parts, 'in_parts', include_blocked => true, run_id => 'in parts')", '-At'), '2|t', 'a plan in parts');
write_file('run.html', "SELECT training_run_lines('in parts', 'html')");
write_expectation('run', "
	WITH jobs AS MATERIALIZED (
		SELECT j.* FROM training_plan_parts AS p JOIN training_server_jobs AS j ON (j.server, j.run_id, j.plan_id) = (p.server COLLATE \"default\", p.run_id COLLATE \"default\", p.plan_id) WHERE p.run_id = 'in parts')
	SELECT json_build_object(
		'kind', 'run',
		'title', 'Training plan in parts',
		'facts', json_build_array('public.in_parts'),
		'by_route', (SELECT json_object_agg(route, jobs) FROM (SELECT route, count(*) AS jobs FROM jobs GROUP BY route) AS c),
		'by_type', (SELECT json_object_agg(training_type, jobs) FROM (SELECT training_type, count(*) AS jobs FROM jobs GROUP BY training_type) AS c),
		'by_priority', (SELECT json_object_agg(priority, jobs) FROM (SELECT priority, count(*) AS jobs FROM jobs GROUP BY priority) AS c),
		'databases', json_object(ARRAY[" . join(', ', map { literal($_) } %databases) . "]),
		'jobs', (SELECT json_agg(json_build_array(target, symbol, route, training_type, priority, NULL, reason, server, plan_id) ORDER BY target COLLATE \"C\", symbol COLLATE \"C\" NULLS FIRST) FROM jobs))");

# ---- the same page whichever way it is written ---------------------------------------

write_file('lines.html', "SELECT training_plan_lines(1, 'html')");
ok(slurp_file("$directory/lines.html") eq slurp_file("$directory/example.html"), 'training_plan_lines() has the same page');
run_sql($server, 'postgres', "SELECT write_training_plan(1, '$directory/written')");
ok(slurp_file("$directory/written/training_plan.html") eq slurp_file("$directory/example.html"), 'and so has write_training_plan()');

# ---- what a browser makes of them ----------------------------------------------------

SKIP:
{
	skip 'needs chromium and nodejs', 1 unless $have_browser;

	# what a page's query tells, row by row; there can't be more than one
	my $answer = q{
		CREATE FUNCTION answer(query text) RETURNS SETOF json LANGUAGE plpgsql AS $$
		DECLARE
			row record;
		BEGIN
			FOR row IN EXECUTE query LOOP
				RETURN NEXT row_to_json(row);
			END LOOP;
		END $$};
	my $left = q{
		SELECT md5(string_agg(r::text, ' ' ORDER BY r)) FROM (
			SELECT c.oid::regclass::text FROM pg_class AS c WHERE c.relpersistence <> 't' AND c.relnamespace <> 'pg_toast'::regnamespace
			UNION ALL SELECT proname FROM pg_proc
			UNION ALL SELECT rolname FROM pg_roles
			UNION ALL SELECT j::text FROM training_jobs AS j WHERE length(route) < 100
			UNION ALL SELECT q::text FROM training_job_queue AS q) AS s (r)};
	run_sql($server, $_, $answer) foreach 'postgres', values %databases;

	my @before = map { run_sql($server, $_, $left, '-At') } 'postgres', values %databases;
	local ($ENV{PGHOST}, $ENV{PGPORT}, $ENV{PGDATABASE}, $ENV{PGCLIENTENCODING}) = ($server->host, $server->port, 'postgres', 'UTF8');

	# each line is a test: "ok NAME", or "not ok NAME: WHY"
	my $ended = IPC::Run::run([ 'node', 'test/browser/map_page.mjs', 'src/documents/map_page.html', $directory ], '>', \my $output, '2>', \my $errors);
	foreach my $line (split /\n/, $output)
	{
		ok($line =~ /^ok (.*)/, $1) || diag($line) if $line =~ /^(?:not )?ok ([^:]*)/;
	}
	ok($ended, 'the browser has looked at all of them') || diag($errors);
	is("@{[map { run_sql($server, $_, $left, '-At') } 'postgres', values %databases]}", "@before", 'what pages ask for has changed nothing');
}

# ---- and a checker of HTML -----------------------------------------------------------

SKIP:
{
	skip 'needs tidy', 1 unless $have_tidy;
	foreach my $page ('src/documents/map_page.html', map { "$directory/$_.html" } qw(example awkward hostile comparison hostile_comparison one none))
	{
		# it does not know yet that a list of terms may have its groups in <div>
		my $html = slurp_file($page) =~ s,<div>(?=<dt>)|(?<=</dd>)</div>,,gr;

		IPC::Run::run([ 'tidy', '-e', '-q', '-utf8' ], '<', \$html, '>', \my $ignored, '2>', \my $complaints);

		# what the script fills is empty before; and ARIA 1.1 is younger
		my @left = grep { !/ - Warning: (trimming empty <\w+>|<\w+> proprietary attribute "aria-roledescription")$/ } split /\n/, $complaints;
		is("@left", '', "the HTML of $page" =~ s,of /.*/,of ,r);
	}
}

done_testing();
