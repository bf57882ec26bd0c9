# All pages of the repository, as a reader on GitHub sees them: links lead to files and
# headings that are there, tables are tables, commands stand in blocks that are tested
# (001_manual.pl), and what the manual names of the repository is there.
#
# Tables are looked for twice: in the text, whose rows must have as many cells as their
# heading, and in what cmark-gfm makes of it, where nothing that was meant as a row may
# be left in a paragraph, as a blank line in the middle of a table leaves it.

use strict;
use warnings;

use lib 'test/perl';
use File::Find;
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

my @pages;
find({ no_chdir => 1, wanted => sub {
	$File::Find::prune = 1, return if -d && m{/(\.[^/]+|tmp_check|results|output_iso|node_modules)$};
	push @pages, s{^\./}{}r if /\.md$/;
} }, '.');
@pages = sort @pages;
cmp_ok(scalar @pages, '>', 12, 'there are pages');

# ---- links -------------------------------------------------------------------------------

# The anchors of a page's headings, by GitHub's rule: lower case; letters, digits, blanks,
# hyphens and underscores stay, blanks become hyphens; the second of a name gets -1.
sub anchors
{
	my ($page) = @_;
	my (%anchors, %seen);

	foreach my $heading (without_blocks($page) =~ /^#{1,6} +(.*?) *#* *$/mg)
	{
		utf8::decode($heading);
		$heading =~ s/!?\[([^\]]*)\]\([^)]*\)/$1/g;
		$heading =~ s/[^\w\- ]//g;
		my $anchor = lc($heading) =~ tr/ /-/r;
		utf8::encode($anchor);
		my $before = $seen{$anchor}++;
		$anchors{ $before ? "$anchor-$before" : $anchor } = 1;
	}
	return \%anchors;
}
my %anchors = map { $_ => anchors($_) } @pages;

# A path without . and ..
sub shortest
{
	my ($path) = @_;

	1 while $path =~ s{(^|/)(?!\.\./)[^/]+/\.\.(/|$)}{$1} || $path =~ s{(^|/)\./}{$1};
	return $path =~ s{/$}{}r;
}

my $links = 0;
foreach my $page (@pages)
{
	my $text = without_blocks($page) =~ s/``.*?``|`[^`\n]*`//gsr;
	my ($folder) = $page =~ m{^(.*/)?};
	my @broken;

	while ($text =~ /\[[^\]]*\]\(\s*<?([^)\s>]*)>?[^)]*\)/g)
	{
		my $link = $1;
		$links++;
		next if $link =~ m{^(https?|mailto):};
		my ($file, $anchor) = $link =~ /^([^#]*)(?:#(.*))?$/;
		my $target = $file eq '' ? $page : shortest(($folder // '') . $file);
		push @broken, "$link: there is no $target" unless -e $target;
		push @broken, "$link: $target has no such heading" if defined $anchor && -e $target && !($anchors{$target} // {})->{$anchor};
	}
	is(join("\n", @broken), '', "$page: links lead somewhere");
}
cmp_ok($links, '>', 100, 'there are links');

# ---- tables ------------------------------------------------------------------------------

# How many cells a row has.
sub cells
{
	my ($row) = @_;

	$row =~ s/\\\|//g;
	return ($row =~ tr/|//) - 1;
}

# The rows of a page's text that have more or fewer cells than their table.
sub uneven_rows
{
	my ($text) = @_;
	my @uneven;

	while ($text =~ /^(\|.*\|)\n(\|[ :|-]+\|)\n((?:\|.*\n?)*)/mg)
	{
		my ($heading, $rows) = ($1, $3);
		push @uneven, grep { cells($_) != cells($heading) } split /\n/, "$2\n$rows";
	}
	return @uneven;
}

# The lines of rendered paragraphs that were meant as rows.
sub rows_in_paragraphs
{
	my ($text) = @_;
	my $html = '';

	IPC::Run::run([ 'cmark-gfm', '-e', 'table', '--unsafe' ], '<', \$text, '>', \$html) or die 'cmark-gfm failed';
	return grep { /^\|.*\|\s*$/ } map { split /\n/ } $html =~ m{<p>(.*?)</p>}gs;
}

my $renders = system('command -v cmark-gfm >/dev/null 2>&1') == 0;

foreach my $page (@pages)
{
	is(join("\n", uneven_rows(without_blocks($page))), '', "$page: rows have as many cells as their table");
	SKIP:
	{
		skip 'Debian\'s cmark-gfm is not installed', 1 unless $renders;
		is(join("\n", rows_in_paragraphs(slurp_file($page))), '', "$page: tables do not fall apart");
	}
}

# Would they be found?
my $table = "| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |\n";
is(join(' ', uneven_rows($table)), '', 'a table is a table');
is(join(' ', uneven_rows($table =~ s/ 2 \|/ 2 | x |/r)), '| 1 | 2 | x |', 'a cell too many is found');
SKIP:
{
	skip 'Debian\'s cmark-gfm is not installed', 3 unless $renders;
	is(join(' ', rows_in_paragraphs($table)), '', 'a table is rendered as one');
	is(join(' ', rows_in_paragraphs($table =~ s/(\| 3)/\n$1/r)), '| 3 | 4 |', 'a blank line in it is found');
	is(join(' ', rows_in_paragraphs($table =~ s/--- \| ---/---/r)), '| a | b | | --- | | 1 | 2 | | 3 | 4 |', 'a rule of another width is found');
}

# ---- the manual ---------------------------------------------------------------------------

my $lines = () = slurp_file('README.md') =~ /\n/g;
cmp_ok($lines, '<=', 400, 'README.md is a front door');

# Each page of doc/ begins with its title and a paragraph that links all others, and the
# README has them all.
my @doc = grep { m{^doc/} } @pages;
foreach my $page (@doc)
{
	my ($first) = slurp_file($page) =~ /\A# [^\n]*\n\n(.*?)\n\n/s;
	my @others = ('../README.md', map { s{^doc/}{}r } grep { $_ ne $page } @doc);

	is(join(' ', grep { $first !~ /\(\Q$_\E\)/ } @others), '', "$page begins with links to the others");
	like(slurp_file('README.md'), qr/\(\Q$page\E\)/, "README.md links $page");
}

# Commands stand in blocks that say their language; what is named is there.
my $makefile = slurp_file('Makefile');
foreach my $page (manual_pages())
{
	my $text = without_blocks($page);
	my @missing;

	is(join("\n", $text =~ /^\n {4}\S.*$/mg), '', "$page: no block without a language");
	foreach my $code ($text =~ /`([^`\n]+)`/g)
	{
		push @missing, "make $1" if $code =~ /^(?:\w+=\S+ )*(?:sudo )?make ([\w-]+)/ && $makefile !~ /^$1:/m && $1 !~ /^(install|uninstall|installcheck|all|clean)$/;
		push @missing, $code if $code =~ m{^(?:\./)?((?:bench|debian|dev|examples|sql|src|test)(?:/[\w.-]+)*/?)$} && $1 !~ /NAME/ && !-e $1;
	}
	is(join(' ', @missing), '', "$page: what is named is there");
}

done_testing();
