# What runs on the private server of dev/with-server, make demo with it, runs there
# only, whatever the environment says; who lacks a package is told its name; and
# test/run counts.

use strict;
use warnings;

use lib 'test/perl';
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

my $folder = PostgreSQL::Test::Utils::tempdir();
my $pg_config = $ENV{PG_CONFIG} // 'pg_config';
chomp(my $bindir = `$pg_config --bindir`);
chomp(my $version = `$pg_config --version`);
$version =~ s/^PostgreSQL (\d+).*/$1/s;

# ---- an environment in which everything leads astray --------------------------------

# where nothing may arrive
my $other = start_server('other');
$other->append_conf('postgresql.conf', 'log_connections = on');
$other->restart;

# Every name that PostgreSQL's programs look up, as they have it in them, so that
# those of future versions are here as well.
sub looked_up
{
	my %names;

	foreach my $program (map { "$bindir/$_" } qw(psql initdb pg_ctl pgbench pg_dump postgres))
	{
		my ($libpq) = `ldd $program` =~ /libpq\S* => (\S+)/;

		foreach my $file ($program, $libpq // ())
		{
			$names{$_} = 1 foreach slurp_file($file) =~ /\0(P(?:G|SQL)[A-Z_]+)(?=\0)/g;
		}
	}
	return keys %names;
}

my %hostile = map { $_ => 'nowhere' } looked_up(), qw(
	PG_TEST_EXTRA PG_TEST_NOCLEAN PG_TEST_TIMEOUT_DEFAULT PG_TEST_INITDB_EXTRA_OPTS PG_REGRESS_DIFF_OPTS
	PROVE_FLAGS PROVE_TESTS TEMP_CONFIG EXTRA_REGRESS_OPTS
	KEEP KEEP_PATH DESTDIR prefix COPT PROFILE CPPFLAGS CFLAGS LDFLAGS CPATH LIBRARY_PATH PKG_CONFIG_PATH PKG_CONFIG_LIBDIR
	PACKAGES SERVER_SETTINGS SMALL_DISK SMALL_DISK_PATH
	PAGER EDITOR TMPDIR CDPATH LANG LC_ALL LC_MESSAGES LANGUAGE TZ
	PERL5LIB PYTHONPATH PYTHONHOME NODE_OPTIONS NODE_PATH);

ok(exists $hostile{PGSERVICE} && exists $hostile{PGHOSTADDR} && exists $hostile{PSQLRC}, 'the names are found in the programs');
%hostile = (
	%hostile,
	HOME => "$folder/home",
	MAKEFLAGS => 'k -- pkglibdir=/nowhere datadir=/nowhere',
	PERL5OPT => '-Mnowhere',
	PGSERVICE => 'other',
	PGSERVICEFILE => "$folder/home/.pg_service.conf",
	PGSYSCONFDIR => "$folder/home",
	PSQLRC => "$folder/home/.psqlrc",
	PGHOST => $other->host,
	PGPORT => $other->port,
	PGUSER => 'postgres',
	PGDATABASE => 'postgres',
	PGDATA => $other->data_dir,
	PGOPTIONS => '-c search_path=nowhere',
	PGSSLMODE => 'verify-full',
	PGTARGETSESSIONATTRS => 'standby',
	PGCONNECT_TIMEOUT => '-1');

mkdir "$folder/home";
append_to_file("$folder/home/.pg_service.conf", "[other]\nhost=" . $other->host . "\nport=" . $other->port . "\ndbname=postgres\n");
append_to_file("$folder/home/.psqlrc", "\\! touch $folder/psqlrc_was_read\n\\connect 'service=other'\n");
append_to_file("$folder/home/.pgpass", "*:*:*:*:nowhere\n");
append_to_file("$folder/home/.npmrc", "registry=http://localhost:9/\n//localhost:9/:_authToken=\${NPM_TOKEN}\n");
chmod 0600, "$folder/home/.pgpass", "$folder/home/.npmrc";

# What a command prints and how it ends when the environment is such.
sub among_enemies
{
	my ($out, $err) = ('', '');

	local %ENV = (PATH => $ENV{PATH}, %hostile, PG_CONFIG => $pg_config, RUNS => 'three');
	IPC::Run::run([@_], '>', \$out, '2>', \$err);
	my $ended = $? >> 8;
	diag($err) if $ended != 0;
	return ($out, $err, $ended);
}

# ---- nothing of it counts -----------------------------------------------------------

# The example's output but for what differs each time: when it was, and where its
# files are, which are ours, and are removed.
sub timeless
{
	my ($output) = @_;

	$output =~ s/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d|\b\d{8}_\d{6}\b/WHEN/g;
	if ($output =~ s{(/\S+/trainplan_demo\.\w+)}{FOLDER})
	{
		my $files = $1;

		is_deeply([ map { (stat)[4] } $files, "$files/by_route", "$files/training_plan.md" ], [ ($>) x 3 ], 'the files are the caller\'s');
		PostgreSQL::Test::Utils::system_log('rm', '-rf', $files);
	}
	return $output;
}

my ($out, $err, $ended) = among_enemies('make', 'demo');
is($ended, 0, 'make demo ends well');

my $friendly = start_server('friendly');
my $expected = '';
IPC::Run::run([ 'psql', '-X', '-d', $friendly->connstr('postgres'), '-f', 'examples/eu_stocks/demo.sql' ], '>', \$expected);
like($expected, qr/A CSV file into a table.*Training plan/s, 'it shows the example');
like($expected, qr/^\d+ added, \d+ removed, \d+ changed, \d+ as before\.$/m, 'and the day after');
is_deeply([ split /\n/, timeless($out) ], [ split /\n/, timeless($expected) ], 'it shows what it shows in a friendly environment');

# what dev/with-server itself is told is for nobody else
@hostile{qw(PACKAGES SERVER_SETTINGS)} = ('perl', 'work_mem = 7MB');
delete @hostile{qw(SMALL_DISK KEEP)};
$hostile{NPM_TOKEN} = 'secret';
($out, $err, $ended) = among_enemies('dev/with-server', 'sh', '-c', q{
	env
	stat -c 'npm reads %a' "$npm_config_userconfig"
	sed 's/^/npm: /' "$npm_config_userconfig"
	psql -At -c "SELECT 'port ' || current_setting('port') || ', work_mem ' || current_setting('work_mem') || ', search_path ' || current_setting('search_path')"
});
is($ended, 0, 'a command ends well');
like($out, qr/^port 65432, work_mem 7MB, search_path "\$user", public$/m, 'it runs on the private server, without others\' settings');
ok(!-e "$folder/psqlrc_was_read", 'psql reads nobody\'s .psqlrc');

# what runuser and the shells add is not the caller's
my %seen = map { /^(\w+)=(.*)$/ ? ($1 => $2) : () } split /\n/, $out;
delete @seen{qw(PWD OLDPWD SHLVL _ USER LOGNAME SHELL MAIL)};
is_deeply([ sort keys %seen ],
	[ sort qw(PATH LANG TZ HOME TMPDIR PGHOST PGPORT PGUSER PGDATABASE PGCLIENTENCODING TEMP_CONFIG PG_CONFIG RUNS npm_config_userconfig NPM_TOKEN) ],
	'a command sees of the environment what is documented, and nothing else');
is($seen{RUNS}, 'three', 'what the benchmarks are told is passed on');
is($seen{HOME}, "$seen{PGHOST}/home", 'HOME is private');
like($out, qr{^npm reads 600\nnpm: registry=http://localhost:9/\nnpm: //localhost:9/:_authToken=\$\{NPM_TOKEN\}$}m, 'what npm is told is for npm');
is($seen{npm_config_userconfig}, "$seen{PGHOST}/npmrc", 'in a file that the server\'s user can read');
unlike($err, qr/secret|_authToken/, 'which is nowhere to be read');
ok($seen{PGHOST} && !-e $seen{PGHOST}, 'the private server\'s folder is gone');

unlike(slurp_file($other->logfile), qr/connection received/, 'nobody came to the server that the environment names');
is($other->safe_psql('postgres', 'SELECT string_agg(extname, $$,$$) FROM pg_extension'), 'plpgsql', 'which is as it was');
like(slurp_file($other->logfile), qr/connection received/, 'and which says who comes');

# ---- what is missing is called by its name ------------------------------------------

# A PostgreSQL that lacks what one of pg_config's answers says.
sub pg_config_without
{
	my ($what) = @_;
	my $path = "$folder/pg_config$what";

	append_to_file($path, "#!/bin/sh\n[ \"\$1\" = $what ] && echo /nowhere || exec $pg_config \"\$@\"\n");
	chmod 0755, $path;
	return $path;
}

# A command fails, and the first that it says is why.
sub says
{
	my ($pattern, $name, @command) = @_;
	my $output = '';

	IPC::Run::run([@command], '>&', \$output);
	isnt($?, 0, "$name: that is an error");
	like((split /\n/, $output)[0], $pattern, "$name: the first line says it");
}

foreach my $without ([ '--includedir-server', "postgresql-server-dev-$version" ], [ '--bindir', "postgresql-$version" ])
{
	local $ENV{PG_CONFIG} = pg_config_without($without->[0]);
	says(qr/PostgreSQL $version is not complete, please install: $without->[1]$/, "a server without $without->[0]", 'dev/with-server', 'true');
}
{
	local $ENV{PG_CONFIG} = "$folder/none";
	says(qr/there is no such program$/, 'no pg_config', 'dev/with-server', 'true');
}

append_to_file("$folder/pg_config_old", "#!/bin/sh\necho PostgreSQL 14.9\n");
chmod 0755, "$folder/pg_config_old";
{
	local $ENV{PG_CONFIG} = "$folder/pg_config_old";
	says(qr/: trainplan needs PostgreSQL 15 or later, and that is 14$/, 'PostgreSQL 14', 'dev/with-server', 'true');
	local $ENV{TMPDIR} = "$folder/a folder";
	says(qr/^trainplan: working in \/(var\/)?tmp: the server's user can't run programs in \Q$folder\E\/a folder, /, 'a TMPDIR that is not there', 'dev/with-server', 'true');
}

# A folder of programs that act as named; the value is a shell script.
sub programs
{
	my (%scripts) = @_;
	my $path = PostgreSQL::Test::Utils::tempdir();

	foreach my $name (keys %scripts)
	{
		append_to_file("$path/$name", "#!/bin/sh\n$scripts{$name}");
		chmod 0755, "$path/$name";
	}
	return $path;
}

# apt, whose locks somebody has at first, of which one repository has gone, and which
# has one package, that needs others
my $apt = programs(
	'sudo' => 'exec "$@"',
	'dpkg-query' => 'exit 1',
	'apt-cache' => '[ "$2" = trainplan-reader ] && echo "  Candidate: 1.0" || echo "  Candidate: (none)"',
	'apt-get' => qq{
		case " \$* " in
			*' update '*)
				if [ ! -e $folder/was_locked ]; then
					touch $folder/was_locked
					echo 'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)' >&2
				else
					echo "E: The repository 'http://localhost/debian gone Release' does not have a Release file." >&2
				fi
				exit 100 ;;
			*' -s '*) seq -f 'Inst package%.0f (1.0)' 60 ;;
			*) echo "\$*" >$folder/installed; seq -f 'Setting up package%.0f (1.0) ...' 60 ;;
		esac
	});
{
	local $ENV{PATH} = "$apt:$ENV{PATH}";
	local $ENV{PACKAGES} = 'to read: trainplan-reader; to write (optional): trainplan-writer;';
	my $err = '';

	ok(IPC::Run::run([ 'dev/with-server', 'true' ], '2>', \$err), 'what is missing is installed');
	is($err =~ s/^trainplan: building .*//mrs, join("\n",
			'trainplan: reading the lists of packages (apt-get update)',
			'trainplan: another apt or dpkg is at work, waiting for it, ten minutes at most (Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get))',
			'trainplan: these package repositories can\'t be read, going on without them:',
			'    http://localhost/debian gone',
			'trainplan: no package repository has trainplan-writer, going on without (to write (optional))',
			'trainplan: installing with apt-get, 60 packages in all:',
			'    to read: trainplan-reader',
			map({ "trainplan: $_ of 60 packages installed" } 15, 30, 45, 60), ''),
		'it says what, and what it waits for');
	like(slurp_file("$folder/installed"), qr/ install .*--no-remove trainplan-reader$/, 'and nothing else is');

	$ENV{PACKAGES} = 'to read: trainplan-reader; to write: trainplan-writer';
	$err = '';
	ok(!IPC::Run::run([ 'dev/with-server', 'true' ], '2>', \$err), 'what is missing can\'t be had');
	is((split /\n/, $err)[-1],
		'trainplan: no package repository that can be read has trainplan-writer (to write), and these can\'t be read: http://localhost/debian gone',
		'it says what, and what may be why');
}

# dev/on-debian needs what a test has not
says(qr/^on-debian: usage: /, 'no suite', 'dev/on-debian', 'demo');
says(qr/^on-debian: there is no situation "rain", but fresh cluster /, 'an unknown situation', 'dev/on-debian', 'bookworm', '--situation', 'rain');
says(qr/^on-debian: (please install: debootstrap|a chroot needs root: )/, 'neither debootstrap nor root', 'dev/on-debian', 'bookworm');

# ---- who is asked to end does, at once, and leaves nothing -------------------------------

foreach my $ended ([ 'TERM', 143 ], [ 'INT', 130 ])
{
	my ($signal, $code) = @$ended;
	my ($said, $trouble, $input) = ('', '', '');
	my $run = IPC::Run::start([ 'setsid', 'dev/with-server', 'sh', '-c', 'echo "process $$ folder $PGHOST"; sleep 1000; :' ],
		'<', \$input, '>', \$said, '2>', \$trouble, IPC::Run::timer(300));

	$run->pump until $said =~ /folder .*\n/ || !$run->pumpable;
	my ($process, $where) = $said =~ /process (\d+) folder (\S+)/;
	ok($where && -e $where, "it runs, until it is sent $signal");

	# to all that a terminal would send it to, or to the one that somebody names
	kill($signal, $signal eq 'INT' ? -$run->{KIDS}[0]{PID} : $run->{KIDS}[0]{PID});
	$run->finish;
	is($run->result(0), $code, "$signal ends it");
	unlike(`cat /proc/$process/stat 2>&1`, qr/\) [^Z]/, 'and what it has begun');
	ok(!-e $where, 'and its folder is gone');
}

# ---- a clone as it may be, and where its files go ------------------------------------

# It can't be written, its path is odd, the umask is strict, and there is no HOME.
my $clone = "$folder/read only \x{c3}\x{a4}";
my $place = PostgreSQL::Test::Utils::tempdir_short();
PostgreSQL::Test::Utils::system_or_bail('sh', '-c', 'mkdir "$1" && tar --exclude=./tmp_check --exclude=./.git -cf - . | tar -C "$1" -xf - && make -s -C "$1" clean; chmod -R a-w "$1"', 'sh', $clone);
{
	delete local $ENV{HOME};
	local $ENV{TMPDIR} = $place;
	my ($out, $err) = ('', '');
	my $mask = umask(0077);

	ok(IPC::Run::run([ "$clone/dev/with-server", 'psql', '-XAtc', q{CREATE EXTENSION trainplan; SELECT current_setting('unix_socket_directories')} ], '>', \$out, '2>', \$err),
		'a clone that is only read can be tried') or diag($err);
	umask($mask);
	like($out, qr{^\Q$place\E/trainplan\.\w+$}m, 'in TMPDIR');
	is(join(' ', glob("$place/*")), '', 'where nothing is left');
	PostgreSQL::Test::Utils::system_or_bail('chmod', '-R', 'u+w', $clone);
}

# ---- as somebody sees it who says make and nothing else ------------------------------

PostgreSQL::Test::Utils::system_or_bail('sh', '-c', "mkdir $folder/copy && cp -R Makefile trainplan.control sql src $folder/copy && make -s -C $folder/copy clean");
append_to_file("$folder/pkg-config", "#!/bin/sh\nexit 1\n");
chmod 0755, "$folder/pkg-config";
delete local @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};
my @make = ('make', '--no-print-directory', '-C', "$folder/copy", "PG_CONFIG=$pg_config");
says(qr/install postgresql-server-dev-$version /, 'make without headers', @make, 'includedir_server=/nowhere');
says(qr/is PostgreSQL 14, and trainplan needs 15 or later: /, 'make for PostgreSQL 14', @make, 'MAJORVERSION=14', 'includedir_server=/nowhere');
says(qr/install postgresql-server-dev-all /, 'make without PostgreSQL', @make, 'PG_CONFIG=/nowhere');
{
	local $ENV{PATH} = "$folder:$ENV{PATH}";
	says(qr/install libyaml-dev libjson-c-dev /, 'make without libraries', @make);
	is(system(@make, '-s', 'clean'), 0, 'nothing is needed to clean up');
}

# ---- test/run counts what passed, failed and was skipped -----------------------------

my $make = programs('make' => q{
	case $* in
		*ISOLATION=*)
			echo '# using postmaster on /tmp, port 1'
			echo 'ok 1         - candidates                                123 ms'
			echo 'not ok 2     - plans                                    1500 ms'
			echo '+of plans' >regression.diffs
			exit 2 ;;
		*REGRESS=*)
			echo 'test claims                       ... ok         32 ms' ;;
		*)
			echo 'test/t/001_a.pl .. '; echo 'ok 1 - one'; echo 'ok 2 # skip no disk'; echo 'ok 3 # skip no disk'; echo '1..3'; echo ok
			echo 'test/t/002_b.pl .. '; echo '1..0 # SKIP not installed'; echo 'skipped: not installed'
			echo 'test/t/003_c.pl .. '; echo 'not ok 1 - two'; echo '#   Failed test two'; echo 'Dubious, test returned 1'
			echo 'test/t/004_d.pl .. '; echo 'ok 1 - three'; echo 'Dubious, test returned 255'
			echo 'test/t/005_e.pl .. '; echo 'ok 1 - four'; echo '1..1'; echo 'ok'
			exit 1 ;;
	esac});
my $runs = PostgreSQL::Test::Utils::tempdir();
{
	local $ENV{PATH} = "$make:$ENV{PATH}";
	my $output = `d=\$PWD; cd $runs && "\$d/test/run" 2>&1`;

	isnt($?, 0, 'a failure is one');
	is($output, <<'END', 'each test is named, what failed is shown, what was skipped is counted');
== regression tests
   candidates: ok, 0.1 s
   plans: FAILED, 1.5 s
+of plans
== isolation tests
   claims: ok, 0.0 s
== tests with servers of their own
   test/t/001_a.pl: 1 passed, 2 skipped
   test/t/002_b.pl: 1 skipped
   not ok - test/t/003_c.pl: two
   test/t/003_c.pl: 1 failed
   test/t/004_d.pl: 1 passed, 1 failed
   test/t/005_e.pl: 1 passed
test/t/003_c.pl .. 
not ok 1 - two
#   Failed test two
Dubious, test returned 1
test/t/004_d.pl .. 
Dubious, test returned 255
== skipped:
test/t/001_a.pl: no disk (2)
test/t/002_b.pl: not installed
== failed:
plans
test/t/003_c.pl: two
test/t/004_d.pl ended badly
5 passed, 3 failed, 3 skipped
END
}

done_testing();
