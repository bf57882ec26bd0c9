# A build in another folder than the sources' (VPATH), as Debian's packages are built,
# makes and installs what a build among them does, and make clean takes it away again.

use strict;
use warnings;

use File::Find;
use File::Path 'make_path';
use PostgreSQL::Test::Utils;
use Test::More;

my $folder = PostgreSQL::Test::Utils::tempdir();
my ($sources, $build) = ("$folder/sources", "$folder/build");

make_path($sources, $build);
system_or_bail('sh', '-c', "tar -c --exclude=tmp_check -f - . | tar -xf - -C '$sources'");

# Files below a folder, by their paths there.
sub files
{
	my ($where) = @_;
	my @files;

	find(sub { push @files, $File::Find::name =~ s/^\Q$where\E//r if -f }, $where) if -d $where;
	return join "\n", sort @files;
}

# Run make there; what it says is shown if it fails.
sub make
{
	my ($where, @arguments) = @_;
	my $said = '';

	ok(IPC::Run::run([ 'make', '-j2', 'with_llvm=no', @arguments ], '>', \$said, '2>&1',
			init => sub { chdir $where }), "make @arguments" =~ s/\Q$folder\E//gr)
		or diag($said);
	is(join('', $said =~ /^.*\bwarning: .*\n/mg), '', 'without a warning');
}

make($sources, 'install', "DESTDIR=$folder/one");
make($sources, 'clean');
my @vpath = ('-f', "$sources/Makefile", "VPATH=$sources");
make($build, @vpath, 'install', "DESTDIR=$folder/other");
like(files("$folder/one"), qr{/trainplan\.so$}m, 'the library is installed');
is(files("$folder/other"), files("$folder/one"), 'and all else, from another folder too');

my ($library) = glob "$folder/other" . `${\($ENV{PG_CONFIG} // 'pg_config')} --pkglibdir` =~ s/\n//r . '/trainplan.so';
like(scalar `nm -D --defined-only $library`, qr/ T plan_training$/m, 'the library has the functions');

make($build, @vpath, 'clean');
is(files($build), '', 'make clean leaves nothing');

done_testing();
