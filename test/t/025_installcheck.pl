# make installcheck on a cluster as others have it: in SQL_ASCII, of a superuser with
# another name, with settings that change what tests print.

use strict;
use warnings;

use lib 'test/perl';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Trainplan;

my $server = PostgreSQL::Test::Cluster->new('ordinary');
$server->init(extra => [ '--encoding=SQL_ASCII', '--locale=C', '--username=anna' ]);
$server->append_conf('postgresql.conf', q{
fsync = off
client_min_messages = error
default_transaction_isolation = 'serializable'
datestyle = 'German, DMY'
intervalstyle = 'iso_8601'
timezone = 'Asia/Kolkata'
quote_all_identifiers = on
});
local $ENV{PGUSER} = 'anna';
$server->start;

my $folder = PostgreSQL::Test::Utils::tempdir();
system_or_bail('sh', '-c', "tar -c --exclude=tmp_check -f - . | tar -xf - -C '$folder'");

# Whether it ends well, and what it says.  What the make says that runs this test is not for it.
sub installcheck
{
	my ($user, @arguments) = @_;
	my $said = '';

	local @ENV{qw(PGHOST PGPORT PGUSER)} = ($server->host, $server->port, $user);
	delete local @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS MAKEOVERRIDES PGDATABASE PGCLIENTENCODING)};
	my $ended = IPC::Run::run([ 'make', 'with_llvm=no', 'installcheck', @arguments ], '>', \$said, '2>&1',
		init => sub { chdir $folder });
	return ($ended, $said);
}

my ($ended, $said) = installcheck('anna', 'REGRESS=documents plans relations security', 'ISOLATION=two_planners');
ok($ended, 'the tests pass') or diag($said);

($ended, $said) = installcheck('anna', 'REGRESS=plans nonesuch', 'ISOLATION=two_planners');
ok(!$ended, 'a test that fails is told');
like($said, qr/nonesuch\N*FAILED|not ok\N*nonesuch|nonesuch\N*No such file/, 'by its name');
like($said, qr/two_planners\N* ok |ok 1\N*two_planners/, 'and the isolation tests run all the same');

run_sql($server, 'postgres', 'CREATE ROLE carl LOGIN CREATEDB');
($ended, $said) = installcheck('carl');
ok(!$ended, 'who is no superuser can\'t run it');
like($said, qr/^make installcheck: only a superuser can run it/, 'and is told so in one line');

done_testing();
