# What the manual says is so: README.md, CONTRIBUTING.md and the pages of doc/.
#
# SQL: all blocks of a page run in one psql session, in their order, in a database
# `research` that is new for each page, and print what the block of text behind them
# says.  A block leaves psql's settings, the role and the search_path as it found them,
# and no transaction open, so that a reader who types all of it into one psql sees the
# same.  The README's runs as somebody who is no
# superuser, in the database that the README has him make.
#
# Shell: blocks of psql, pg_dump, createdb, the examples' programs and the like run
# where they stand, and end well; if a block of text follows, they print that.  Blocks
# of what can't be done here (make, apt-get, docker, dev/with-server, ...) are read:
# make's targets are in the Makefile, programs and files are in the repository, the
# packages to build with are those that make asks for, an archive has the version of
# META.json.
#
# Python: excerpts can be parsed, and what they call of the example is there.
#
# Functions, tables and views: doc/planning.md has all of them, with the arguments and
# columns that they have.
#
# Other blocks of text are numbers and lists, whose folders are there; of diagrams
# nothing is tested.  Links, anchors and tables are 020_pages.pl's.

use strict;
use warnings;

use lib 'test/perl';
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

my $server = start_server('manual');

# ---- what can't be done here ---------------------------------------------------------

my $makefile = slurp_file('Makefile');
my ($archive) = map { /"name": "([^"]+)".*?"version": "([^"]+)"/s ? "$1-$2.zip" : () } slurp_file('META.json');
my %pgxs = map { $_ => 1 } qw(all install installcheck uninstall clean);

# The commands of a block, each as its words, without comments, variables and sudo.
sub commands
{
	my ($text) = @_;

	$text =~ s/<<'(\w+)'.*?^\1$//msg;
	$text =~ s/\\\n/ /g;
	$text =~ s/(^|\s)#.*$//mg;
	$text =~ s/='[^']*'/=/g;
	$text =~ s/\bsh -c "([^"]*)"/$1/g;
	return grep { @$_ } map { [ split ' ', s/^\s*(?:sudo (?:-u \w+ )?|\w+=\S+ )*//r ] } split /\n|&&|\|\||;/, $text;
}

sub is_run
{
	my ($block) = @_;

	return $block->{language} eq 'sql' || $block->{language} eq 'sh' &&
		!grep { $_->[0] =~ m{^(make|apt-get|dpkg-buildpackage|pgxnclient|docker|git|pg_createcluster|dev/.*|bench/.*|\.ci/.*)$} } commands($block->{text});
}

# What is wrong with a command that is not run; '' if nothing is.
sub what_is_wrong
{
	my ($program, @arguments) = @_;
	my @words = grep { !/^-|=|>/ } @arguments;

	if ($program eq 'make')
	{
		return join ' ', map { "make has no target $_" } grep { !$pgxs{$_} && $makefile !~ /^\Q$_\E:/m } @words;
	}
	if ($program =~ m{^(dev|bench)/|^\.ci/})
	{
		return "there is no program $program" unless -x $program;
		return $program eq 'dev/with-server' ? what_is_wrong(@words) : '';
	}
	if ($program =~ m{/})
	{
		return -x $program ? '' : "there is no program $program";
	}
	if ($program eq 'apt-get' && $words[0] eq 'install' && $words[1] !~ m{^\.\./})
	{
		my ($asked) = $makefile =~ /^missing = (.*?)^requirements:/ms;
		my %there = map { $_ => 1 } @words;
		return join ' ', map { "$_ is not installed" } grep { !$there{$_} } $asked =~ /echo ([\w-]+)/g;
	}
	if ($program eq 'apt-get')
	{
		return $words[0] =~ /^(install|build-dep)$/ ? '' : "apt-get $words[0]";
	}
	if ($program eq 'pgxnclient')
	{
		return $words[1] eq "./$archive" ? '' : "the archive is $archive";
	}
	return -e 'Dockerfile' ? '' : 'there is no Dockerfile' if $program eq 'docker';
	return -e 'debian/control' ? '' : 'there is no debian/control' if $program eq 'dpkg-buildpackage';
	return $program =~ /^(psql|git|pg_createcluster|cat)$/ ? '' : "$program is not known";
}

# ---- pages ---------------------------------------------------------------------------

my $python = system('/usr/bin/python3 -c "import psycopg2, sklearn, xgboost" 2>/dev/null') == 0;

foreach my $page (manual_pages())
{
	my @blocks = page_blocks($page);
	my @run = grep { is_run($_) } @blocks;
	my $is_readme = $page eq 'README.md';

	foreach my $block (@blocks)
	{
		like($block->{language}, qr/^(sql|sh|text|python|mermaid)$/, "$page, line $block->{line}: a language that is known");
		if ($block->{language} eq 'sql')
		{
			my ($last) = reverse grep { !/^\s*(--.*)?$/ } split /\n/, $block->{text};
			like($last, qr/;\s*(--.*)?$|\\\w/, "$page, line $block->{line}: the last statement ends");
		}
		elsif ($block->{language} eq 'sh' && !is_run($block))
		{
			is(join('; ', grep { $_ } map { what_is_wrong(@$_) } commands($block->{text})), '', "$page, line $block->{line}: what is said to be done can be");
		}
		elsif ($block->{language} eq 'python')
		{
			my $excerpt = $block->{text};
			my $program = join '', map { slurp_file("examples/eu_stocks/$_.py") } 'worker', 'jobs', 'dask_run', 'celery_app';

			IPC::Run::run([ '/usr/bin/python3', '-c', 'import ast, sys; ast.parse(sys.stdin.read())' ], '<', \$excerpt, '2>', \my $error);
			is($error, '', "$page, line $block->{line}: Python");
			is(join(' ', grep { $program !~ /^ *def $_\(/m } grep { defined } $excerpt =~ /\b(?:jobs|database)\.(\w+)\(|^ *(\w+)\(/mg), '',
				"$page, line $block->{line}: what it calls is in the example");
		}
		elsif ($block->{language} eq 'text')
		{
			is(join(' ', grep { !-d } $block->{text} =~ m{^(\w+/)\s}mg), '', "$page, line $block->{line}: folders are there");
		}
	}
	next unless @run;

	run_sql($server, 'postgres', 'DROP DATABASE IF EXISTS research WITH (FORCE)');
	run_sql($server, 'postgres', 'CREATE DATABASE research') unless $is_readme;
	# what needs programs that are not here stands at the end
	my @left_out = $python ? () : grep { $_->{text} =~ /worker\.py/ } @run;
	@run = grep { $_->{text} !~ /worker\.py/ } @run unless $python;
	my @results = run_page($server, 'research', $is_readme ? 'newcomer' : undef, @run);
	my $settings;

	foreach my $n (0 .. $#run)
	{
		my ($block, $result) = ($run[$n], $results[$n]);
		my $name = "$page, line $block->{line}";

		if (!$result)
		{
			fail("$name: is not reached, because a string or comment before does not end");
			next;
		}
		ok($result->{well}, "$name: ends well") or diag($result->{printed}) if $block->{language} eq 'sh';
		is($result->{printed}, $block->{output} // '', $name) if $block->{language} eq 'sql' || defined $block->{output};
		next unless defined $result->{settings};
		is($result->{settings}, $settings // $result->{settings}, "$name: leaves the session as it was");
		$settings = $result->{settings};
	}
	SKIP:
	{
		skip 'Debian\'s python3-psycopg2, python3-sklearn and python3-xgboost are not installed', scalar @left_out if @left_out;
	}
}

# ---- functions, tables and views --------------------------------------------------------

run_sql($server, 'postgres', 'CREATE EXTENSION trainplan');

# Arguments as name, type and whether there is a default.
sub arguments
{
	my ($arguments) = @_;

	return join(', ', map { s/\s+DEFAULT .*/ DEFAULT/r } split /,\s+/, $arguments =~ s/\s+/ /gr);
}

my %there = map { /^(\w+)\((.*)\)$/ ? ($1 => arguments($2)) : () } split /\n/, run_sql($server, 'postgres', q{
	SELECT format('%s(%s)', proname, pg_get_function_arguments(p.oid))
	FROM pg_depend AS d JOIN pg_proc AS p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
	WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'trainplan')
		AND p.prorettype NOT IN ('internal'::regtype, 'trigger'::regtype) AND obj_description(p.oid, 'pg_proc') !~ '^Internal: |Used by the views\.$'
}, '-At');
my $functions = without_blocks('doc/planning.md');
my %said;
while ($functions =~ /\*\*`(\w+)\((.*?)\)`\*\*/sg)
{
	$said{$1} = $2 eq '...' ? $there{$1} : arguments($2);
}
cmp_ok(scalar keys %there, '>', 25, 'there are functions');
is_deeply(\%said, \%there, 'doc/planning.md has all functions, with their arguments');

my %columns = map { /^(\w+)\|(.*)$/ ? ($1 => $2) : () } split /\n/, run_sql($server, 'postgres', q{
	SELECT c.relname, string_agg(a.attname, ' ' ORDER BY a.attnum)
	FROM pg_depend AS d JOIN pg_class AS c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
	WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'trainplan') AND c.relkind IN ('r', 'v', 'p')
	GROUP BY c.relname
}, '-At');
my ($tables) = slurp_file('doc/planning.md') =~ /^## Tables and views\n(.*?)^## /ms;
my %shown;
while ($tables =~ /^\| `(\w+)` \|[^|]*\| (.*) \|$/mg)
{
	my ($relation, $columns) = ($1, $2);

	$shown{$relation} = $columns =~ /the columns of/ ? $columns{$relation} : join(' ', $columns =~ /`(\w+)`/g);
}
delete @columns{ grep { $tables =~ /^(?:Two more tables, |Between servers, ).*?`$_`.*?\n\n/ms } keys %columns };
is_deeply(\%shown, \%columns, 'doc/planning.md has all tables and views, with their columns');

done_testing();
