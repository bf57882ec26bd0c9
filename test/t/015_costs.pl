# What a call costs grows with what it is given, no faster; what would, has a limit
# that its error names.  Each input here has the shape that is worst for it, at a
# megabyte or so.  Any call can be cancelled, wherever it is.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Time::HiRes 'time';
use Trainplan;

my $server = start_server('costs');

run_sql($server, 'postgres', 'CREATE EXTENSION trainplan');

# What SQL prints, errors in one line.
sub outcome
{
	my ($sql) = @_;

	return run_sql($server, 'postgres', "SET client_min_messages = error;\n$sql", '-At', '-v', 'VERBOSITY=terse');
}

# A call ends long before the timeout, and as it should.
sub ends
{
	my ($what, $sql, $expected) = @_;

	like(substr(outcome("SET statement_timeout = '10s';\n$sql;"), 0, 500), $expected, $what);
}

# A call that is cancelled ends at once, if it has not ended by itself.
sub ends_early
{
	my ($what, $sql) = @_;
	my $begin = time;
	my $outcome = outcome("SET statement_timeout = '50ms';\n$sql;");

	cmp_ok(time - $begin, '<', 5, "$what: cancelled") or diag(substr($outcome, 0, 500));
}

# ---- planning ----------------------------------------------------------------

# The jobs of the decisions that a query makes.
sub plan_of
{
	my ($rows, $columns, $families) = @_;

	$columns ||= 'target, symbol, route';
	$families ||= 'NULL';
	return "CREATE TEMPORARY TABLE decisions ($columns) AS $rows;
		SELECT count(*) FROM generate_training_plan('decisions', $families)";
}

my $own_families = 'target, symbol, route, model_families';
ends('a hundred thousand families',
	plan_of("VALUES ('t', 's', 'ROUTE_BOTH')", undef, "(SELECT array_agg('f' || n) FROM generate_series(1, 100000) AS n)"), qr/^2$/);
ends('a hundred thousand families of a decision',
	plan_of("SELECT 't', 's', 'ROUTE_BOTH', array_agg('f' || n) FROM generate_series(1, 100000) AS n", $own_families), qr/^2$/);
ends('the same family half a million times',
	plan_of("SELECT 't', 's', 'ROUTE_BOTH', array_agg(text ' f') FROM generate_series(1, 500000)", $own_families), qr/^2$/);
ends('a family behind a megabyte of blanks',
	plan_of("SELECT 't', 's', 'ROUTE_BOTH', ARRAY[repeat(' ', 1000000) || 'f']", $own_families), qr/^2$/);

# Names with an underscore at every byte: alone, beside such of other lengths, kept
# in memory or not.  What is counted is jobs with cross-sectional ones.
my $targets_of_underscores = "SELECT t, s, 'ROUTE_BOTH' FROM (VALUES ('t'), (repeat('_', 1000000))) AS t (t), (VALUES ('a_b'), ('b'), ('_')) AS s (s) ORDER BY length(t)";
my $symbols_of_underscores = "SELECT t, s, 'ROUTE_BOTH' FROM (VALUES ('t'), ('t_')) AS t (t), (VALUES ('a_b'), ('b'), (repeat('_', 1000000))) AS s (s) ORDER BY length(s)";
foreach my $work_mem ('4MB', '64MB')
{
	my $set = "SET work_mem = '$work_mem'; ";

	ends("a target of a million underscores at $work_mem", $set . plan_of($targets_of_underscores), qr/^8$/);
	ends("a symbol of a million underscores at $work_mem", $set . plan_of($symbols_of_underscores), qr/^8$/);
	ends("both at $work_mem",
		$set . plan_of("SELECT repeat('_', 500000 + t), repeat('_', 500000 + s), 'ROUTE_BOTH' FROM generate_series(0, 1) AS t, generate_series(0, 6, 3) AS s"), qr/^8$/);
	ends("a target that is the beginning of another for each of its underscores at $work_mem",
		$set . plan_of("SELECT repeat('_', t), s, 'ROUTE_BOTH' FROM generate_series(1, 200) AS t, unnest('{a,_a}'::text[]) AS s"),
		qr/^ERROR:  two jobs have the job_id "sym_+a" in relation "pg_temp.decisions": target "/);
	ends("the same of symbols at $work_mem",
		$set . plan_of("SELECT 't', repeat('_', s) || 'a', 'ROUTE_BOTH' FROM generate_series(1, 1400) AS s"), qr/^1401$/);
}
ends_early('underscores', "SET work_mem = '64MB'; " . plan_of($targets_of_underscores));

# ---- texts in YAML ---------------------------------------------------------------

# A text that an SQL expression makes, as a policy and as both kinds of documents.
sub read_yaml
{
	my ($what, $text, $expected) = @_;

	ends("$what, as a policy", "SELECT routing_policy_hash($text)", $expected);
	ends("$what, as a routing plan", "SELECT count(*) FROM routing_decisions($text)", $expected);
	ends("$what, as a plan", "SELECT import_training_plan($text)", $expected);
}

my $tags = "(SELECT string_agg('%TAG !' || n || '! x', E'\\n') FROM generate_series(1, 70000) AS n) || E'\\n---\\na: b'";
my $blanks = "repeat(' ', 500000)";
my $breaks = "repeat(E'\\n', 500000)";
my $too_many_blanks = qr/^ERROR:  line \d+, column \d+ of the \w+: more than 10000 blanks or line breaks in a row$/;
my $nothing = qr/^ERROR:  (line 1, column 1 of the policy: unknown key a|(targets|jobs) is missing in the document)$/;
read_yaml('seventy thousand directives', $tags, qr/^ERROR:  line 101, column 1 of the \w+: there are more than 100 %TAG directives$/);
read_yaml('as many behind a document', "E'a: b\\n...\\n' || $tags", qr/^ERROR:  line 103, column 1 of the \w+: there are more than 100 %TAG directives$/);
read_yaml('directives in a scalar', "E'a: |\\n' || repeat(E' %TAG\\n', 150000)", $nothing);
read_yaml('many blanks before many words', "'a: x' || $blanks || repeat('a ', 250000)", $too_many_blanks);
read_yaml('the same in quotes', "'a: \"x' || $blanks || repeat('a ', 250000) || '\"'", $too_many_blanks);
read_yaml('many line breaks before many lines', "'a: \"x' || $breaks || repeat(E'a\\n', 250000) || '\"'", $too_many_blanks);
read_yaml('the same in a block', "E'a: |\\n x' || $breaks || repeat(E' a\\n', 160000)", $too_many_blanks);
read_yaml('folded', "E'a: >\\n x' || repeat(E' \\n', 250000) || repeat(E' a\\n', 160000)", $too_many_blanks);
read_yaml('line breaks of three bytes', "'a: \"x' || repeat(E'\\u2028', 160000) || repeat(E'a\\u2028', 160000) || '\"'", $too_many_blanks);
read_yaml('as many blanks as may be', "'a: \"x' || repeat(' ', 10000) || repeat('a ', 500000) || '\"'", $nothing);

# What aliases stand for is not read for each of them, and so much that counts.
my $members = "(SELECT string_agg('k' || n || ': ', ',') FROM generate_series(1, 50000) AS n)";
my $job = 'job_id: a, target: t, symbol: s, route: ROUTE_BOTH, training_type: symbol_specific, model_families: [a], priority: 3, metadata: {}';
my $too_large = qr/^ERROR:  line \d, column \d+ of the document: alias "x" makes the document larger than 50000000 bytes$/;
ends('aliases for a large job', "SELECT import_training_plan('x: &x {$job, ' || $members || E'}\\njobs: [' || repeat('*x ,', 120000) || ']')", $too_large);
ends('aliases for a large target',
	"SELECT count(*) FROM routing_decisions('x: &x {symbols: {' || (SELECT string_agg('k' || n || ': {route: ROUTE_BOTH}', ',') FROM generate_series(1, 15000) AS n) || E'}}\\ntargets: {' || (SELECT string_agg('t' || n || ': *x ', ',') FROM generate_series(1, 40000) AS n) || '}')", $too_large);
ends('aliases for a long reason',
	"SELECT count(*) FROM routing_decisions('x: &x {route: ROUTE_BOTH, reason: [' || repeat('a,', 250000) || E']}\\ntargets: {t: {symbols: {' || (SELECT string_agg('s' || n || ': *x ', ',') FROM generate_series(1, 40000) AS n) || '}}}')", $too_large);

# libyaml itself is cancelled, within a scalar of 40 MB.
ends_early("a long scalar, as $_->[0]", "SELECT $_->[1]('a: \"x' || repeat(' ', 10000) || repeat('a ', 20000000) || '\"')")
	foreach [ 'a policy', 'routing_policy_hash' ], [ 'a routing plan', 'routing_decisions' ], [ 'a plan', 'import_training_plan' ];

done_testing();
