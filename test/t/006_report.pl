# The report works in any database that has the extension, and says so where it can't.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Trainplan;

my $server = start_server('report');

sub report
{
	my ($database, @options) = @_;

	return run_sql($server, $database, '', @options, '-f', 'examples/report.sql');
}

like(report('postgres'), qr/does not have the extension/, 'no extension');

run_sql($server, 'postgres', q{
	CREATE SCHEMA "My plans";
	CREATE EXTENSION trainplan SCHEMA "My plans";
	CREATE TABLE decisions (target text, symbol text, route text);
	INSERT INTO decisions VALUES ('fwd_ret_5d', NULL, 'ENABLED'), ('fwd_ret_5d', 'AAPL', 'ROUTE_BOTH');
});
like(report('postgres'), qr/There is no plan$/, 'no plan');

run_sql($server, 'postgres', q{
	SELECT "My plans".create_training_plan('decisions');
	INSERT INTO decisions VALUES ('fwd_ret_5d', 'MSFT', 'ROUTE_EXPERIMENTAL_ONLY');
	SELECT "My plans".create_training_plan('decisions');
});
like(report('postgres'), qr/│ +2 │.*│ +3 │ +1 │ +2 │ +0 │/, 'the latest plan');
unlike(report('postgres', '-v', 'plan=1'), qr/MSFT/, 'an earlier plan');
like(report('postgres', '-v', 'plan=3'), qr/There is no plan 3/, 'a plan that does not exist');

# what changed from one plan to another
sub comparison
{
	my ($database, @options) = @_;

	return run_sql($server, $database, '', @options, '-f', 'examples/compare.sql');
}

is(comparison('postgres') =~ s/ of \d{4}-\d\d-\d\d \d\d:\d\d UTC//gr, <<'END' =~ s/\s+\z//r, 'the latest plan beside the one before');
Plan 2, beside plan 1

  + fwd_ret_5d MSFT
      route              ROUTE_EXPERIMENTAL_ONLY
      training_type      symbol_specific
      model_families     lightgbm, xgboost
      priority           1
      needs_cs_ensemble  false

1 added, 0 removed, 0 changed, 2 as before.
END
like(comparison('postgres', '-v', 'before=2', '-v', 'after=1'), qr/^  - fwd_ret_5d MSFT\n.*^0 added, 1 removed, 0 changed, 2 as before\.$/ms, 'the other way round');
like(comparison('postgres', '-v', 'after=1'), qr/^There is no plan before plan 1$/, 'the first plan');
like(comparison('postgres', '-v', 'before=1', '-v', 'after=3'), qr/^There is no plan 3$/, 'no such plan');
run_sql($server, 'postgres', q{
	UPDATE decisions SET route = 'ROUTE_SYMBOL_SPECIFIC' WHERE symbol IS NOT NULL;
	SELECT "My plans".create_training_plan('decisions', '{mlp}');
});
like(comparison('postgres'), qr/^  ~ fwd_ret_5d AAPL\n      route              ROUTE_BOTH -> ROUTE_SYMBOL_SPECIFIC\n      model_families     lightgbm, xgboost -> mlp\n      priority           3 -> 2\n      needs_cs_ensemble  true -> false$/m,
	'what has changed');
like(comparison('template1'), qr/does not have the extension/, 'no extension');

run_sql($server, 'postgres', q{CREATE DATABASE western ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0});
run_sql($server, 'western', q{
	CREATE EXTENSION trainplan;
	CREATE TABLE decisions AS SELECT 't' AS target, 'Größe' AS symbol, 'ROUTE_BOTH' AS route;
	SELECT create_training_plan('decisions');
});
my $western = report('western');
like($western, qr/\| ROUTE_BOTH +\| +1 \| +50.0 % \| #+ \|/, 'in an encoding that can\'t draw');
unlike($western, qr/ERROR/, 'without errors');

done_testing();
