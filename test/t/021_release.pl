# A release has one version, wherever it is written down; META.json is as PGXN asks;
# and the archive that make dist writes has all that a build needs.

use strict;
use warnings;

use IO::Uncompress::Unzip '$UnzipError';
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = PostgreSQL::Test::Utils::tempdir();

# What a pattern finds in a file.
sub found
{
	my ($file, $pattern) = @_;

	return slurp_file($file) =~ $pattern ? $1 : "(nothing in $file)";
}

# ---- versions ------------------------------------------------------------------------

my $meta = decode_json(slurp_file('META.json'));
my $provided = $meta->{provides}{trainplan};
my $version = found('trainplan.control', qr/^default_version = '(\d+\.\d+)'$/m);

# A release that changes no SQL has its own number after the extension's version.
like($meta->{version}, qr/^\Q$version\E\.\d+$/, 'META.json has the version of the control file');
is($provided->{version}, $meta->{version}, 'and of the extension that it provides');
is(found('Makefile', qr/^EXTVERSION = (.*)$/m), $version, 'the Makefile has it');
is(found('src/trainplan.c', qr/^PG_MODULE_MAGIC_EXT\(\.name = "trainplan", \.version = "(.*)"\);$/m),
	$version, 'the library has it');
like(found('CHANGELOG.md', qr/^## (\S+)/m), qr/^(\Q$version\E|\Q$meta->{version}\E)$/, 'CHANGELOG.md begins with it');
is(found('README.md', qr/trainplan-([\d.]+)\.zip/), $meta->{version}, 'the README names its archive');
is(found('debian/changelog', qr/\Atrainplan \(([^)]*)\)/), $meta->{version}, 'debian/changelog begins with it');

my ($released) = found('Makefile', qr/^RELEASED = (.*)$/m);
ok(-e "sql/released/trainplan--$released.sql", 'the script of the version before it is there');
ok(-e "sql/update/trainplan--$released--$version.sql", 'and the update from there');

# Whether it is released is said three times as well.
my %unreleased = (
	'META.json' => $meta->{release_status} ne 'stable',
	'CHANGELOG.md' => found('CHANGELOG.md', qr/^(## .*)$/m) =~ /\(unreleased\)$/,
	'debian/changelog' => found('debian/changelog', qr/\A(.*)$/m) =~ / UNRELEASED;/);
my $count = grep { $_ } values %unreleased;
ok($count == 0 || $count == 3, 'all say that it is released, or that it is not')
  or diag('not released: ' . join(', ', sort grep { $unreleased{$_} } keys %unreleased));

# ---- META.json, after version 1.0.0 of https://pgxn.org/meta/spec.txt -------------------

my $semantic = qr/^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9a-z-]+(\.[0-9a-z-]+)*)?$/i;
my $term = qr{^[^/\\\s[:cntrl:]]{2,}$};
my %known = map { $_ => 1 } qw(
	name version abstract maintainer license provides meta-spec
	description generated_by no_index prereqs release_status resources tags);

foreach my $key (qw(name version abstract maintainer license provides meta-spec))
{
	ok($meta->{$key}, "META.json has $key");
}
is(join(' ', grep { !$known{$_} && !/^x_/i } sort keys %$meta), '', 'and nothing that is not known');
like($meta->{name}, $term, 'the name is a term');
like($_, $semantic, "$_ is a semantic version") foreach $meta->{version}, $provided->{version};
is($meta->{license}, 'postgresql', 'the license has its name on PGXN');
like($meta->{release_status}, qr/^(stable|testing|unstable)$/, 'the status of the release is one of three');
is($meta->{'meta-spec'}{version}, '1.0.0', 'the specification is named');
is_deeply([ keys %{ $meta->{provides} } ], ['trainplan'], 'the extension is provided');
is(join(' ', grep { !/^(file|version|abstract|docfile|docpath)$/ } sort keys %$provided), '', 'and nothing is said of it that is not known');
ok(-f $provided->{$_}, "its $_ is there") foreach qw(file docfile);
is(scalar(grep { length($_) < 2 || length($_) > 255 || m{[/\\[:cntrl:]]} } @{ $meta->{tags} }), 0, 'tags are tags');
foreach my $phase (values %{ $meta->{prereqs} })
{
	foreach my $versions (values %$phase)
	{
		like($versions->{$_}, $semantic, "what it needs of $_ is a semantic version") foreach keys %$versions;
	}
}

# ---- the archive -----------------------------------------------------------------------

# Names of a zip file's members, and what they are.
sub unzipped
{
	my ($file) = @_;
	my $zip = IO::Uncompress::Unzip->new($file) or die "$file: $UnzipError";
	my %members;

	do
	{
		my $name = $zip->getHeaderInfo->{Name};

		$members{$name} = do { local $/; <$zip> } // '';
	} while ($zip->nextStream > 0);
	return %members;
}

SKIP:
{
	skip 'git is not installed', 7 if system('command -v git >/dev/null') != 0;

	# What is here need not be a clone: this becomes one.
	my $clone = "$folder/clone";
	my $archive = "$meta->{name}-$meta->{version}";

	local %ENV = (%ENV, GIT_CONFIG_NOSYSTEM => 1, HOME => $folder,
		map { ("GIT_${_}_NAME" => 'test', "GIT_${_}_EMAIL" => 'test@localhost') } qw(AUTHOR COMMITTER));
	delete $ENV{PG_CONFIG};
	mkdir $clone;
	system("tar -cf - --exclude=./.git --exclude=./tmp_check . | tar -C '$clone' -xf -") == 0 or die;
	system("cd '$clone' && git -c init.defaultBranch=main init -q && git add -A && git commit -q -m test") == 0 or die;
	chomp(my @files = `cd '$clone' && git ls-files`);
	ok(@files > 100, 'there is something to pack');

	# It needs no PostgreSQL.
	is(system("cd '$clone' && make dist PG_CONFIG=/nowhere >'$folder/make.log' 2>&1"), 0, 'make dist succeeds')
	  or diag(slurp_file("$folder/make.log"));
	ok(-e "$clone/$archive.zip", 'and writes the archive under its name');

	my %members = unzipped("$clone/$archive.zip");
	my @packed = sort grep { !m{/$} } keys %members;
	is(scalar(grep { !m{^\Q$archive\E/} } @packed), 0, 'all is in the folder of that name');
	is_deeply(\@packed,
		[ sort map { "$archive/$_" } grep { !m{^(\.ci|\.github)/|(^|/)\.git(ignore|attributes)$} } @files ],
		'it has all that git has, but what is of use in a clone only');
	is(scalar(grep { !exists $members{"$archive/$_"} } qw(META.json Makefile LICENSE), @$provided{qw(file docfile)}),
		0, 'and all that META.json names');
	is($members{"$archive/META.json"}, slurp_file('META.json'), 'as it is');
}

done_testing();
