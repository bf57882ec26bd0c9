# What the TAP tests share: servers with the extension, and the pages of the manual
# with the blocks in them.
package Trainplan;

use strict;
use warnings;

use Cwd qw(abs_path getcwd);
use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(start_server add_servers run_sql manual_pages page_blocks without_blocks run_page);

# Its superuser is called so, whoever runs the tests.
$ENV{PGUSER} = 'postgres';

# A server of its own, started.  Where the extension was not installed into the
# system, TEMP_CONFIG says where it is.
sub start_server
{
	my ($name) = @_;
	my $server = PostgreSQL::Test::Cluster->new($name);

	$server->init(extra => [ '--encoding=UTF8', '--locale=C', '--username=postgres' ]);
	$server->append_conf('postgresql.conf', 'fsync = off');
	$server->start;
	return $server;
}

# Make servers known to a database of another as foreign servers, by the names given,
# and have them ready for parts of plans.  The superuser is mapped to that there.
sub add_servers
{
	my ($server, $database, %others) = @_;
	my $sql = '';

	foreach my $name (sort keys %others)
	{
		my ($host, $port) = ($others{$name}->host, $others{$name}->port);
		my $identifier = '"' . $name =~ s/"/""/gr . '"';
		my $literal = "'" . $name =~ s/'/''/gr . "'";

		$sql .= qq{
			CREATE SERVER $identifier FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$host', port '$port', dbname 'postgres');
			CREATE USER MAPPING FOR CURRENT_USER SERVER $identifier OPTIONS (user '$ENV{PGUSER}');
			SELECT add_training_server($literal);};
	}
	my $said = run_sql($server, $database, "CREATE EXTENSION IF NOT EXISTS postgres_fdw;$sql", '-At');
	die $said if $said =~ /ERROR/;
}

# What somebody sees, without blanks at the ends of lines and empty lines around.
sub tidy
{
	my ($output) = @_;

	$output =~ s/[ \t]+$//mg;
	$output =~ s/\A\n+|\s+\z//g;
	return $output;
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
	return tidy($output);
}

# The pages that somebody has written; the reference is made.
sub manual_pages
{
	return ('README.md', 'CONTRIBUTING.md', grep { $_ ne 'doc/reference.md' } sort glob 'doc/*.md');
}

# The fenced blocks of a page, in order: hashes with their line, language and text,
# and, where a block of text follows that is what they print, output (undef if none
# does).
sub page_blocks
{
	my ($page) = @_;
	my @blocks;
	my $block;
	my $number = 0;
	my $last = -1;

	foreach my $line (split /^/, slurp_file($page))
	{
		$number++;
		if (!$block)
		{
			die "$page, line $number: a block begins with three backticks and its language\n"
				if $line =~ /^\s*(```|~~~)/ && $line !~ /^```\w+$/;
			next unless $line =~ /^```(\w+)$/;
			$block = { page => $page, language => $1, line => $number, text => '' };
			$block->{follows} = $last == $number - 1;
		}
		elsif ($line =~ /^```$/)
		{
			if ($block->{language} eq 'text' && $block->{follows} && $blocks[-1]{language} =~ /^(sql|sh)$/)
			{
				$blocks[-1]{output} = tidy($block->{text});
			}
			else
			{
				push @blocks, $block;
			}
			$last = $number;
			undef $block;
		}
		else
		{
			$block->{text} .= $line;
		}
	}
	die "$page: the block in line $block->{line} does not end\n" if $block;
	return @blocks;
}

# A page without its fenced blocks, line for line.
sub without_blocks
{
	my ($page) = @_;
	my $text = slurp_file($page);

	$text =~ s/^```.*?^```$/"\n" x ($& =~ tr|\n||)/msge;
	return $text;
}

# Run blocks of SQL and shell as somebody would who reads the page from its beginning
# and types all of it into one psql: shell commands by \!, or before psql is started,
# if there is no SQL yet.  What is /srv on a page is a folder of the test's, and what
# is done by sudo is done as the server's superuser; every process is number 4711.
# Returns, in the order of blocks, hashes with what each block printed, whether its
# commands all ended well, and the session's settings behind it.
sub run_page
{
	my ($server, $database, $user, @blocks) = @_;
	my $top = getcwd();
	my $folder = abs_path(PostgreSQL::Test::Utils::tempdir);
	my $mark = "-- $$ " . int(rand(1e9)) . ' --';
	my $superuser = $ENV{PGUSER};
	my ($script, $output, @results) = ('', '');

	# (a statement in a transaction of its own begins when that does)
	my $session = "SELECT current_user, pg_catalog.current_setting('search_path'), pg_catalog.now() = pg_catalog.statement_timestamp();\n";

	# the page's commands name files of the repository, and leave files of their own
	mkdir "$folder/$_" foreach ('here', 'srv', 'srv/plans', 'srv/routing', 'bin', 'home');
	symlink "$top/$_", "$folder/here/$_" foreach map { s{^.*/}{}r } glob "'$top'/*";
	append_to_file("$folder/bin/sudo", qq{#!/bin/sh\n[ "\$1 \$2" = "-u postgres" ] && shift 2\nPGUSER=$superuser exec "\$@"\n});
	chmod 0755, "$folder/bin/sudo";
	chmod 0755, $folder;

	local %ENV = (%ENV, PGHOST => $server->host, PGPORT => $server->port, PGUSER => $user // $superuser,
		PGDATABASE => $database, PGTZ => 'UTC', PATH => "$folder/bin:$ENV{PATH}", HOME => "$folder/home",
		USER => $user // $superuser, CI_JOB_ID => '7', PYTHONDONTWRITEBYTECODE => '1');

	foreach my $n (0 .. $#blocks)
	{
		my $text = $blocks[$n]{text} =~ s{/srv/}{$folder/srv/}gr;

		if ($blocks[$n]{language} eq 'sh')
		{
			append_to_file("$folder/$n.sh", "set -e\n$text");
			my $command = "{ sh '$folder/$n.sh' </dev/null || echo '$mark ended with' \$?; } 2>&1";
			if ($script eq '')
			{
				my $printed = `cd '$folder/here' && $command`;
				push @results, { printed => $printed };
				next;
			}
			$text = "\\! $command\n";
		}
		$script .= "$text\\echo $mark settings\n\\pset\n$session\\echo $mark end\n";
	}
	my $ran = @results;
	IPC::Run::run([ 'psql', '-X', '-q' ], '<', \$script, '>', \$output, '2>&1', init => sub { chdir "$folder/here" or die $! }) if $script ne '';
	foreach my $part (split /\Q$mark\E end\n/, $output)
	{
		my ($printed, $settings) = split /\Q$mark\E settings\n/, $part, 2;

		push @results, { printed => $printed, settings => $settings };
	}
	foreach my $result (@results)
	{
		$result->{well} = $result->{printed} !~ s/\Q$mark\E ended with \d+\n//;
		$result->{printed} =~ s{\Q$folder\E/srv/}{/srv/}g;
		$result->{printed} =~ s/\bPID \d+/PID 4711/g;
		$result->{printed} = tidy($result->{printed});
	}
	$results[$_]{settings} //= '' foreach ($ran .. $#results);
	return @results;
}

1;
