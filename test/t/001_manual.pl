# Every piece of SQL in the README runs, in order, and prints what the README says.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Trainplan;

my $server = start_server('readme');
my @blocks = readme_sql();

cmp_ok(scalar @blocks, '>', 15, 'the README has SQL');
foreach my $block (@blocks)
{
	my $output = run_sql($server, 'postgres', $block->{sql});

	is($output, $block->{output} // '', "line $block->{line}");
}

done_testing();
