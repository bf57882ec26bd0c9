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

done_testing();
