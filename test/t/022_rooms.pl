# The rooms of src/ stand on each other, as dev/lint reads their includes, and it
# tells when they do not; what doc/architecture.md and the rooms' READMEs name is there.

use strict;
use warnings;

use File::Path 'make_path';
use PostgreSQL::Test::Utils;
use Test::More;

is(`dev/lint`, '', 'no include runs up, beside or in a circle');

# ---- a house where all of it goes wrong ----------------------------------------------

my $house = PostgreSQL::Test::Utils::tempdir();

sub build
{
	my (%files) = @_;

	foreach my $file (keys %files)
	{
		make_path("$house/$file" =~ s{/[^/]*$}{}r);
		append_to_file("$house/$file", $files{$file});
	}
}

build(map { ("$_/README.md" => "# $_\n") } qw(base sorting formats planning plans documents execution routing));
build(
	'base/spool.h' => '', 'sorting/pair.h' => qq{#include "base/spool.h"\n}, 'planning/planner.h' => '',
	'planning/planner.c' => qq{#include "postgres.h"\n#include "optimizer/planner.h"\n#include "planning/planner.h"\n#include "sorting/pair.h"\n},
	'trainplan.c' => qq{#include "routing/router.h"\n}, 'routing/router.h' => '');
is(`dev/lint $house`, '', 'a house in order');

build('base/spool.c' => qq{#include "base/spool.h"\n#include "planning/planner.h"\n});
like(`dev/lint $house`, qr{^\S*/base/spool\.c:2: "planning/planner\.h": planning stands above base, and is not to be known there$}m, 'up');

build('formats/reader.c' => qq{#include "sorting/pair.h"\n});
like(`dev/lint $house`, qr{^\S*/formats/reader\.c:1: .*: sorting stands beside formats}m, 'beside');

build('planning/rules.c' => qq{#include "planner.h"\n#include "pair.h"\n#include "../base/spool.h"\n#include <plans/store.h>\n}, 'plans/store.h' => '');
my $told = `dev/lint $house 2>&1`;
like($told, qr{^\S*/planning/rules\.c:$_\.h" is in a room, which the include names$}m, "without a room: $_")
	foreach '1: "planner', '2: "pair', '3: "../base/spool';
like($told, qr{^\S*/planning/rules\.c:4: "plans/store\.h": plans stands above planning}m, 'up, by another kind of brackets');
unlike($told, qr/uninitialized/, 'and nothing else');

build('plans/a.h' => qq{#include "plans/b.h"\n}, 'plans/a.c' => '', 'plans/b.h' => '', 'plans/b.c' => qq{#include "plans/a.h"\n});
like(`dev/lint $house`, qr{^in a circle, or above one: plans/a plans/b$}m, 'a circle of files');

build('attic/old.h' => '', 'plans/README.md' => "\n" x 10);
my $problems = `dev/lint $house`;
like($problems, qr{/attic: a room that dev/lint does not know$}m, 'a new room');
like($problems, qr{/plans/README\.md: 11 lines}m, 'a long README');
isnt($? >> 8, 0, 'ends with an error');
like(`dev/lint $house/attic`, qr{/attic: there are no rooms$}m, 'another folder');

# ---- files and functions that are named ----------------------------------------------

my @sources = glob 'src/*.[ch] src/*/*.[ch]';
my $code = join '', map { slurp_file($_) } @sources;

foreach my $page ('doc/architecture.md', glob 'src/*/README.md')
{
	my ($room) = $page =~ m{^(src/[^/]*)/};
	my $text = slurp_file($page);
	my (@missing, $named);

	foreach my $name ($text =~ /`([^`\n]+)`/g)
	{
		$named++;
		if ($name =~ /^(\w+)\(\)$/)
		{
			push @missing, $name if $code !~ /^$1\(/m;
		}
		elsif ($name =~ m{^(?:[\w.]+/)+} || $name =~ /^\w+\.[ch]$/)
		{
			my $path = $name =~ m{/} || !defined $room ? $name : "$room/$name";

			push @missing, $name if !-e $path;
		}
	}
	is("@missing", '', "$page names what is there");
	cmp_ok($named, '>', 30, "and much of it") if $page eq 'doc/architecture.md';
}

done_testing();
