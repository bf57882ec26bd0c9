# Comparisons of plans in Markdown, as cmark-gfm renders them; and of random plans beside
# what a query finds.

use strict;
use warnings;

use lib 'test/perl';
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

my ($have_readers) = IPC::Run::run(
	[ '/bin/sh', '-c', 'command -v cmark-gfm && /usr/bin/python3 -c "import yaml"' ], '>', \my $ignored, '2>&1');
plan skip_all => 'needs cmark-gfm and python3-yaml' unless $have_readers;

my $server = start_server('comparisons');
my $directory = PostgreSQL::Test::Utils::tempdir();

# Names and reasons of pieces that mean something to Markdown or HTML, at random.
my @pieces = (
	'a', 'Z', '0', '_', '__', '*', '**', '`', '``', '|', '\\', '\\|', '[', ']', '(x)', '<b>', '</b>', '<!--', '-->', '&amp;', '&',
	'#', '~', '~~', '$', '!', '![', 'http://a.b', 'www.a.b', 'x@y.z', 'mailto:x@y.z', '@user', '@org/team', ':smile:', ':100:', ':', ' ', '  ',
	"\t", "\n", "\r", '"', "'", '-', '+', '=', ';', '; ', 'ß', '日', "\x{C2}\x{85}", "\x{E2}\x{80}\x{AE}", "\x{E2}\x{80}\x{8B}", 'x' x 90);
srand(20251212);

sub nasty
{
	my ($length) = @_;
	my $string = join '', map { $pieces[ rand @pieces ] } 1 .. $length;

	$string =~ s/'/''/g;
	return "'$string'";
}

# Two relations of decisions for the same pairs, most of which differ.
my %seen;
my @pairs;
while (@pairs < 1000)
{
	my ($target, $symbol) = (nasty(1 + rand 2), rand() < 0.2 ? 'NULL' : nasty(1 + rand 5));
	push @pairs, [ $target, $symbol ] unless $seen{"$target, $symbol"}++;
}
my %rows;
foreach my $table (qw(monday tuesday))
{
	foreach (@pairs)
	{
		my ($target, $symbol) = @$_;
		my @routes = $symbol eq 'NULL' ? qw(ENABLED DISABLED) : map { "ROUTE_$_" } qw(BOTH BLOCKED SYMBOL_SPECIFIC EXPERIMENTAL_ONLY CROSS_SECTIONAL);
		my $families = rand() < 0.5 ? 'NULL' : 'ARRAY[' . join(', ', map { nasty(1) . "||'f'" } 0 .. rand 3) . ']';
		next if rand() < 0.2;
		push @{ $rows{$table} }, "($target, $symbol, '$routes[rand @routes]', " . (rand() < 0.1 ? 'NULL' : nasty(rand 8)) . ", $families)";
	}
}
run_sql($server, 'postgres', 'CREATE EXTENSION trainplan');
run_sql($server, 'postgres', "
	CREATE TABLE $_ (target text, symbol text, route text, reason text, model_families text[]);
	INSERT INTO $_ VALUES " . join(",\n", @{ $rows{$_} }) . ";
	SELECT create_training_plan('$_', include_blocked => true);") foreach qw(monday tuesday);

# What a query finds, by the sets of families; and in which order.
my $query = q{
	SELECT row_number() OVER (ORDER BY target, coalesce('s' || symbol, '')), f.*
	FROM (
		SELECT coalesce(b.target, a.target) AS target, coalesce(b.symbol, a.symbol) AS symbol,
			CASE WHEN b.job_id IS NULL THEN 'added' WHEN a.job_id IS NULL THEN 'removed' ELSE 'changed' END AS change,
			b.job_id AS job_before, a.job_id AS job_after
		FROM (SELECT * FROM jobs WHERE plan_id = BEFORE) AS b
		FULL JOIN (SELECT * FROM jobs WHERE plan_id = AFTER) AS a USING (job_id)
		WHERE a.what IS DISTINCT FROM b.what
	) AS f
};
my $compared = q{
	SELECT place, target, symbol, change, job_before, job_after
	FROM compare_training_plans(BEFORE, AFTER) WITH ORDINALITY
		AS c (target, symbol, change, job_before, job_after, columns, before, after, reason_before, reason_after, place)
};
run_sql($server, 'postgres', q{
	CREATE VIEW jobs AS
	SELECT plan_id, job_id, target, symbol,
		(route, training_type, (SELECT array_agg(DISTINCT f ORDER BY f) FROM unnest(model_families) AS f), priority, coalesce(metadata ->> 'needs_cs_ensemble' = 'true', false))::text AS what
	FROM training_jobs
	WHERE training_type <> 'blocked'});
foreach ([ 1, 2 ], [ 2, 1 ], [ 1, 1 ])
{
	my ($before, $after) = @$_;
	my $different = "(($query) EXCEPT ALL ($compared)) UNION ALL (($compared) EXCEPT ALL ($query))" =~ s/BEFORE/$before/gr =~ s/AFTER/$after/gr;

	is(run_sql($server, 'postgres', $different, '-At'), '', "plan $after beside plan $before is what a query finds");
	run_sql($server, 'postgres', "
		\\pset tuples_only on
		\\pset format unaligned
		\\o $directory/comparison.md
		SELECT compare_training_plans_to_markdown($before, $after);
		\\o $directory/comparison.json
		SELECT json_build_array(coalesce((SELECT json_agg(c) FROM compare_training_plans($before, $after) AS c), '[]'),
			(SELECT count(*) FROM jobs AS b JOIN jobs AS a ON a.plan_id = $after AND b.plan_id = $before AND a.target = b.target AND a.symbol IS NOT DISTINCT FROM b.symbol AND a.what = b.what));");
	my $changes = run_sql($server, 'postgres', "SELECT count(*) FROM compare_training_plans($before, $after)", '-At');
	IPC::Run::run([ '/usr/bin/python3', 'test/documents/check_comparison.py', map { "$directory/comparison.$_" } qw(md json) ], '>', \my $output, '2>&1');
	is($output, "$changes changes\n", 'its Markdown as cmark-gfm renders it');
	cmp_ok($changes, $before == $after ? '==' : '>', $before == $after ? 0 : 500, 'how many changes');
}

# In a database of another encoding.
run_sql($server, 'postgres', "CREATE DATABASE latin1 ENCODING 'LATIN1' TEMPLATE template0");
like(run_sql($server, 'latin1', q{
	SET client_encoding = 'UTF8';
	CREATE EXTENSION trainplan;
	CREATE TABLE decisions AS SELECT 'straße' AS target, U&'\00AD' AS symbol, 'ROUTE_BOTH' AS route;
	SELECT create_training_plan('decisions');
	UPDATE decisions SET route = 'ROUTE_EXPERIMENTAL_ONLY';
	SELECT create_training_plan('decisions');
	SELECT compare_training_plans_to_markdown(1, 2);
}, '-At'), qr/^\| straße +\| &#xAD; +\| route ROUTE_BOTH; priority 3; needs the pooled model +\|/m, 'a database in LATIN1');

# Memory does not grow with what differs: it waits on disk.
SKIP:
{
	skip 'the process\'s memory is not known here', 2 unless -w "/proc/$$/clear_refs";

	my @peaks = map {
		(split /\n/, run_sql($server, 'postgres', qq{
			SET work_mem = '64kB';
			CREATE TABLE many AS SELECT 't' || n % 50 AS target, 's' || n AS symbol, 'ROUTE_BOTH' AS route FROM generate_series(1, $_) AS n;
			SELECT create_training_plan('many') AS before \\gset
			UPDATE many SET route = 'ROUTE_SYMBOL_SPECIFIC';
			SELECT create_training_plan('many') AS after \\gset
			DROP TABLE many;
			SELECT pg_backend_pid() AS pid \\gset
			\\setenv BACKEND :pid
			SELECT count(*) FROM compare_training_plans(:before, :after);
			\\! echo 5 >/proc/\$BACKEND/clear_refs
			SELECT count(*) FROM compare_training_plans(:before, :after);
			SELECT count(*) FROM compare_training_plans(:before, :after) AS c;
			SELECT substring(s FROM 'VmHWM:\\s+(\\d+)')::bigint - substring(s FROM 'RssShmem:\\s+(\\d+)')::bigint FROM pg_read_file('/proc/self/status') AS s;
		}, '-At'))[-1]
	} 2000, 60000;
	like("@peaks", qr/^\d+ \d+$/, 'peaks of memory');
	cmp_ok($peaks[1] - $peaks[0], '<', 3000, 'memory does not grow with the changes') or diag("@peaks");
}

done_testing();
