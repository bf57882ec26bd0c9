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
