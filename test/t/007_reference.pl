# The reference manual is what make doc makes of the comments, and the picture in the README
# that of the example's plan.

use strict;
use warnings;

use lib 'test/perl';
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

my $server = start_server('reference');
my $manual = slurp_file('doc/reference.md');

$manual =~ s/\s+\z//;
is(run_sql($server, 'postgres', '', '-f', 'doc/reference.sql'), $manual, 'doc/reference.md is up to date');


my $picture = slurp_file('doc/eu_stocks.svg');

$picture =~ s/\s+\z//;
is(run_sql($server, 'postgres', '', '-f', 'doc/eu_stocks.sql'), $picture, 'doc/eu_stocks.svg is up to date');

done_testing();
