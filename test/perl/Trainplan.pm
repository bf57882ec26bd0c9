# What the TAP tests share: servers with the extension, and the README's blocks.
package Trainplan;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(start_server run_sql readme_sql);

# A server of its own, started.  Where the extension was not installed into the
# system, TEMP_CONFIG says where it is.
sub start_server
{
	my ($name) = @_;
	my $server = PostgreSQL::Test::Cluster->new($name);

	$server->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$server->append_conf('postgresql.conf', 'fsync = off');
	$server->start;
	return $server;
}

# What psql prints of SQL that it reads from its input, errors and all, as
# somebody sees it who types it in.  psql's further options may follow.
sub run_sql
{
	my ($server, $database, $sql, @options) = @_;
	my $output = '';

	local $ENV{PGTZ} = 'UTC';
	IPC::Run::run(
		[ 'psql', '-X', '-q', '-d', $server->connstr($database), @options ],
		'<', \$sql, '>', \$output, '2>&1');
	$output =~ s/[ \t]+$//mg;
	$output =~ s/\A\n+|\s+\z//g;
	return $output;
}

# The README's SQL, in order: hashes with its line, sql, and output (undef if
# the README shows none).
sub readme_sql
{
	my $readme = slurp_file('README.md');
	my @blocks;

	while ($readme =~ /^```sql\n(.*?)^```\n(?:^```text\n(.*?)^```\n)?/msg)
	{
		my ($sql, $output) = ($1, $2);
		my $line = 2 + (substr($readme, 0, $-[0]) =~ tr/\n//);

		$output =~ s/\s+\z// if defined $output;
		push @blocks, { line => $line, sql => $sql, output => $output };
	}
	return @blocks;
}

1;
