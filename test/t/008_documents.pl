# Documents as other programs read them: PyYAML, npm's yaml, cmark-gfm.

use strict;
use warnings;

use lib 'test/perl';
use File::Basename;
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

my ($have_readers) = IPC::Run::run(
	[ '/bin/sh', '-c', 'command -v cmark-gfm && NODE_PATH=/usr/share/nodejs node -e \'require("yaml")\' && /usr/bin/python3 -c "import yaml"' ],
	'>', \my $ignored, '2>&1');
plan skip_all => 'needs cmark-gfm, node-yaml and python3-yaml' unless $have_readers;

my $server = start_server('documents');
my $directory = PostgreSQL::Test::Utils::tempdir();

run_sql($server, 'postgres', 'CREATE EXTENSION trainplan');

# What the other readers make of a plan's files.
sub check
{
	my ($path) = @_;

	IPC::Run::run([ '/usr/bin/python3', 'test/documents/check.py', $path ], '>', \my $output, '2>&1');
	return $output;
}

# The golden cases, from file to files.
foreach my $case (map { dirname($_) } glob 'test/golden/*/routing_plan.json')
{
	my $name = basename($case);
	my $golden = File::Spec->rel2abs($case);

	foreach my $include_blocked ('false', 'true')
	{
		my $path = "$directory/$name-$include_blocked";
		my $jobs = run_sql($server, 'postgres', "
			SELECT generate_training_plan_from_routing('$golden', '$path', NULL, $include_blocked) AS plan \\gset
			SELECT total_jobs FROM training_plans WHERE plan_id = :plan", '-At');

		cmp_ok($jobs, '>', 0, "$name, include_blocked $include_blocked");
		is(check($path), "$jobs jobs\n", "$name as other programs read it, include_blocked $include_blocked");
	}
}

# Names and reasons of pieces that mean something to JSON, YAML, Markdown, HTML or
# a file system, put together at random.
my @pieces = (
	'a', 'Z', '0', '_', '__', '*', '**', '`', '``', '|', '\\', '\\|', '[', ']', '(x)', '<b>', '</b>', '<!--', '&amp;', '&',
	'#', '~', '~~', '$', '!', '![', 'http://a.b', 'www.a.b', 'x@y.z', 'mailto:x@y.z', 'xmpp:x@y.z/a', '@user', '@org/team', '@', ':smile:', ':+1:', ':100:', ':', ' ', '  ', "\t", "\n", "\r", '"', "'", '%', '/', '..',
	'.', '-', '+', '=', ':', ': ', ' #', 'ß', '日', '🚀', "\x{C2}\x{85}", "\x{E2}\x{80}\x{A8}", "\x{C2}\x{A0}", '{', '}', '?',
	'>', '@', '%~', '://', '1.', '- ', 'e5', '0x', '12:30', 'ON', 'null', "\x01", "\x7F", "\x{EF}\x{BB}\x{BF}", 'x' x 90,
	# hidden characters: U+00AD, U+061C, U+200B, U+200D, U+202E, U+2066, U+2069, U+FFF9, U+E0001, U+E0041
	"\x{C2}\x{AD}", "\x{D8}\x{9C}", "\x{E2}\x{80}\x{8B}", "\x{E2}\x{80}\x{8D}", "\x{E2}\x{80}\x{AE}",
	"\x{E2}\x{81}\x{A6}", "\x{E2}\x{81}\x{A9}", "\x{EF}\x{BF}\x{B9}", "\x{F3}\x{A0}\x{80}\x{81}", "\x{F3}\x{A0}\x{81}\x{81}");
srand(20251211);

sub nasty
{
	my ($length) = @_;
	my $string = join '', map { $pieces[ rand @pieces ] } 1 .. $length;

	$string =~ s/'/''/g;
	return "'$string'";
}

my %seen;
my @rows;
while (@rows < 1000)
{
	my ($target, $symbol) = (nasty(1 + rand 4), nasty(1 + rand 5));
	my $route = (qw(BOTH BLOCKED SYMBOL_SPECIFIC EXPERIMENTAL_ONLY))[ rand 4 ];

	next if $seen{"$target $symbol"}++;
	push @rows, "($target, $symbol, 'ROUTE_$route', " . nasty(rand 8) . ', ' . nasty(2) . ')';
}
my $result = run_sql($server, 'postgres', '
	CREATE TABLE nasty (target text, symbol text, route text, reason text, cs_state text);
	INSERT INTO nasty VALUES ' . join(",\n", @rows) . q[;
	SELECT create_training_plan('nasty', '{"a|b","c, d",*e*}', true) AS plan \gset
	SELECT count(*) > 1000 FROM write_training_plan(:plan, '] . "$directory/nasty" . q[');
	SELECT training_plan_to_json(import_training_plan(training_plan_to_yaml(:plan)))::text = training_plan_to_json(:plan)::text;
	SELECT training_plan_to_yaml(import_training_plan(training_plan_to_json(:plan)::text)) = training_plan_to_yaml(:plan);
	], '-At');
is($result, "t\nt\nt", 'nasty names are written and read again');
like(check("$directory/nasty"), qr/^\d+ jobs\n$/, 'nasty names as other programs read them');

# Routing plans out: the golden cases, and the same names.  psql writes the files.
sub write_routing_plan
{
	my ($database, $relation, $path) = @_;

	mkdir $path;
	run_sql($server, $database, "
		SET client_encoding = 'UTF8';
		\\pset tuples_only on
		\\pset format unaligned
		" . join "\n", map { "\\o $path/routing_plan.$_->[0]\nSELECT routing_plan_lines('$relation', '$_->[1]');" } [qw(json json)], [qw(yaml yaml)], [qw(md markdown)]);
}

# How many of a relation's rows do not come back as they were, by files of JSON and YAML?
sub lost
{
	my ($database, $relation, $path) = @_;

	return run_sql($server, $database, join(";\n", map { "
		WITH back AS MATERIALIZED (SELECT * FROM load_routing_plan('$path/routing_plan.$_'))
		SELECT (SELECT count(*) FROM (TABLE $relation EXCEPT ALL TABLE back) AS l), (SELECT count(*) FROM (TABLE back EXCEPT ALL TABLE $relation) AS f)" } qw(json yaml)), '-At');
}

foreach my $case (map { dirname($_) } glob 'test/golden/*/routing_plan.json')
{
	my $name = basename($case);
	my $golden = File::Spec->rel2abs($case);
	my $decisions = run_sql($server, 'postgres', "
		CREATE TABLE routing_$name AS SELECT * FROM load_routing_plan('$golden');
		SELECT count(*) FROM routing_$name", '-At');

	write_routing_plan('postgres', "routing_$name", "$directory/routing_$name");
	is(check("$directory/routing_$name"), "$decisions decisions\n", "the routing plan of $name as other programs read it");
	is(lost('postgres', "routing_$name", "$directory/routing_$name"), "0|0\n0|0", "the routing plan of $name comes back");
}

my $decisions = run_sql($server, 'postgres', q[
	CREATE TABLE routing_nasty AS
	SELECT target, symbol, route, CASE WHEN n % 7 > 0 THEN ARRAY[reason, target] END AS reason, cs_state, symbol AS local_state, n AS sample_size,
		CASE WHEN n % 3 = 0 THEN ARRAY['f' || target || 'f', symbol || 'f'] END AS model_families
	FROM (SELECT *, row_number() OVER (ORDER BY target, symbol) AS n FROM nasty) AS s
	UNION ALL
	SELECT target, NULL, 'ENABLED', ARRAY[target], target, NULL, 1, NULL FROM (SELECT DISTINCT target FROM nasty WHERE length(target) % 2 = 0) AS t
	UNION ALL
	SELECT '__proto__', '__proto__', 'ROUTE_BOTH', '{__proto__}', '__proto__', NULL, NULL, '{__proto__}';
	SELECT count(*) FROM routing_nasty], '-At');
cmp_ok($decisions, '>=', 1000, 'a routing plan of nasty names');
write_routing_plan('postgres', 'routing_nasty', "$directory/routing_nasty");
is(check("$directory/routing_nasty"), "$decisions decisions\n", 'it is as other programs read it');
is(lost('postgres', 'routing_nasty', "$directory/routing_nasty"), "0|0\n0|0", 'and comes back');

# psql on the client writes what the server writes.
run_sql($server, 'postgres', "
	SELECT max(plan_id) AS plan FROM training_plans \\gset
	SELECT write_training_plan(:plan, '$directory/again');
	\\pset tuples_only on
	\\pset format unaligned
	\\o $directory/whole.yaml
	SELECT training_plan_to_yaml(:plan);
	\\o $directory/lines.yaml
	SELECT training_plan_lines(:plan, 'yaml');
	\\o $directory/whole.json
	SELECT training_plan_to_json(:plan);
	\\o $directory/lines.md
	SELECT training_plan_lines(:plan, 'markdown');");
is(slurp_file("$directory/$_->[0]"), slurp_file("$directory/again/training_plan.$_->[1]"), "$_->[0] is the server's file")
	foreach [ 'whole.yaml', 'yaml' ], [ 'lines.yaml', 'yaml' ], [ 'whole.json', 'json' ], [ 'lines.md', 'md' ];

# In a database of another encoding, files are UTF-8 all the same.
append_to_file("$directory/latin1.yaml",
	"targets: {straße: {symbols: {Öl: {route: ROUTE_BOTH, reason: \"\\xE9t\\u00E9 \\xAD\"}, \"\\xAD\": {route: ROUTE_BOTH}}}}\n");
append_to_file("$directory/kanji.json", '{"targets": {"日": {"symbols": {}}}}');
run_sql($server, 'postgres', "CREATE DATABASE latin1 ENCODING 'LATIN1' TEMPLATE template0");
$result = run_sql($server, 'latin1', "
	SET client_encoding = 'UTF8';
	CREATE EXTENSION trainplan;
	SELECT generate_training_plan_from_routing('$directory/latin1.yaml', '$directory/latin1') AS plan \\gset
	SELECT training_plan_to_json(import_training_plan(training_plan_to_yaml(:plan)))::text = training_plan_to_json(:plan)::text",
	'-At');
is($result, 't', 'a database in LATIN1');
is(check("$directory/latin1"), "3 jobs\n", 'its files as other programs read them');
ok(-e "$directory/latin1/by_symbol/Öl.json", 'names of files are UTF-8');
run_sql($server, 'latin1', "CREATE TABLE routing AS SELECT * FROM load_routing_plan('$directory/latin1.yaml')");
write_routing_plan('latin1', 'routing', "$directory/routing_latin1");
is(check("$directory/routing_latin1"), "2 decisions\n", 'and a routing plan');
is(lost('latin1', 'routing', "$directory/routing_latin1"), "0|0\n0|0", 'which comes back');
like(run_sql($server, 'latin1', "SET client_encoding = 'UTF8'; SELECT * FROM load_routing_plan('$directory/kanji.json')"),
	qr/has no equivalent in encoding "LATIN1"/, 'what the encoding lacks is an error');

# A database without an encoding: hidden characters are found in what is UTF-8, and
# what is not is left as it is.
run_sql($server, 'postgres', "CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'");
$result = run_sql($server, 'ascii', q{
	CREATE EXTENSION trainplan;
	CREATE TABLE decisions AS
	SELECT 't' AS target, symbol, 'ROUTE_BOTH' AS route
	FROM unnest(ARRAY[E'a\\xE2\\x80\\xAE', E'b\\xE9', E'c\\xC3\\xA9', E'd\\xE2\\x80\\xAE\\xFF']) AS s (symbol);
	SELECT create_training_plan('decisions') AS plan \\gset
	SELECT encode(convert_to(substr(line, 18), 'SQL_ASCII'), 'escape') FROM training_plan_lines(:plan, 'json') AS line WHERE line LIKE '      "symbol": "%';
	SELECT encode(convert_to(split_part(line, ' ', 2), 'SQL_ASCII'), 'escape') FROM training_plan_lines(:plan, 'markdown') AS line WHERE line LIKE '| %ROUTE\\_BOTH%3 %';
	}, '-At');
is($result, join("\n", 'a\\\\u202e",', 'b\\351",', 'c\\303\\251",', 'd\\342\\200\\256\\377",', 'a&#x202E;', 'b\\351', 'c\\303\\251', 'd\\342\\200\\256\\377'),
	'a database without an encoding');

# A file may begin with a byte order mark, which other encodings don't have.
append_to_file("$directory/mark.$_->[0]", "\x{EF}\x{BB}\x{BF}$_->[1]")
	foreach [ 'yaml', "targets: {t: {symbols: {A: {route: ROUTE_BOTH}}}}\n" ], [ 'json', '{"targets": {"t": {"symbols": {"A": {"route": "ROUTE_BOTH"}}}}}' ],
	[ 'wrong', "{\"\x{FF}" ];
run_sql($server, 'postgres', "CREATE DATABASE euc_jp ENCODING 'EUC_JP' LOCALE 'C' TEMPLATE template0");
run_sql($server, 'euc_jp', 'CREATE EXTENSION trainplan');
foreach my $database (qw(postgres latin1 euc_jp ascii))
{
	is(run_sql($server, $database, "SELECT symbol FROM load_routing_plan('$directory/mark.$_')", '-At'), 'A', "a byte order mark in $_, $database") foreach qw(yaml json);
	like(run_sql($server, $database, "SELECT * FROM load_routing_plan('$directory/mark.wrong')"), qr/line 1, column 3 of .*: invalid UTF-8/, 'what is behind it is told of by its place');
}

done_testing();
