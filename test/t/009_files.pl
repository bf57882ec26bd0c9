# Files on the server: whole or not at all, whatever happens; names that stay in
# their folder; the rights that they need.

use strict;
use warnings;

use lib 'test/perl';
use File::Find;
use File::Path;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes 'sleep';
use Trainplan;

my $server = start_server('files');
my $directory = PostgreSQL::Test::Utils::tempdir();
$server->append_conf('postgresql.conf', 'restart_after_crash = on');
$server->reload;

# Rows without headings, and errors in one line.
sub outcome
{
	my ($sql) = @_;

	return run_sql($server, 'postgres', $sql, '-At', '-v', 'VERBOSITY=terse');
}

# Temporary files in and below a folder.
sub temporary_files
{
	my ($path) = @_;
	my $count = 0;

	find({ wanted => sub { $count++ if /^\.training_plan/ }, no_chdir => 0 }, $path) if -d $path;
	return $count;
}

# How many JSON files there are, and whether each is whole.
sub json_files
{
	my ($path) = @_;
	my ($count, $broken) = (0, 0);

	find(
		sub {
			return unless /\.json$/;
			$count++;
			$broken++ unless slurp_file($_) =~ /\A\{\n.*\n\}\n\z/s;
		},
		$path);
	return "$count files, $broken broken";
}

outcome(q{
	CREATE EXTENSION trainplan;
	CREATE TABLE decisions AS
	SELECT 'target_' || t AS target, CASE WHEN s > 0 THEN 'symbol_' || s END AS symbol,
		CASE WHEN s > 0 THEN 'ROUTE_BOTH' ELSE 'ENABLED' END AS route, md5(t::text || s) AS reason
	FROM generate_series(1, 100) AS t, generate_series(0, 200) AS s;
	CREATE TABLE few AS SELECT * FROM decisions WHERE target = 'target_1' AND (symbol IS NULL OR symbol < 'symbol_12');
	SELECT create_training_plan('decisions'), create_training_plan('few');
});

# ---- what is written ---------------------------------------------------------

is(outcome("SELECT count(*), sum(bytes), min(path) FROM write_training_plan(1, '$directory/plan')"),
	join('|', 308, eval { my $sum = 0; find(sub { $sum += -s $_ if -f $_ }, "$directory/plan"); $sum }, "$directory/plan/by_route/ROUTE_BOTH.json"),
	'what is returned is what there is');
is(json_files("$directory/plan"), '305 files, 0 broken', 'JSON files');
is(temporary_files("$directory/plan"), 0, 'no temporary files');
is(sprintf('%o %o', (stat "$directory/plan")[2] & 07777, (stat "$directory/plan/by_route/ROUTE_BOTH.json")[2] & 07777),
	'755 644', 'others may read them');
is(outcome("SELECT path FROM write_training_plan(2, '$directory//x/../few/') LIMIT 1"), "$directory/few/training_plan.json",
	'the path in its shortest form');

# Files of a plan that was there before are replaced or told of.
my $before = (stat "$directory/plan/training_plan.json")[1];
is(outcome("SELECT count(*) FROM write_training_plan(2, '$directory/plan')"), join("\n",
	"WARNING:  directory \"$directory/plan/by_target\" has 99 files that are not of this plan",
	"WARNING:  directory \"$directory/plan/by_symbol\" has 177 files that are not of this plan",
	'32'), 'other files are told of');
isnt((stat "$directory/plan/training_plan.json")[1], $before, 'a reader keeps the file that it has open');

# ---- names -------------------------------------------------------------------

is(outcome(q{
	CREATE TABLE names (target text, symbol text, route text);
	INSERT INTO names SELECT t, 's', 'ROUTE_SYMBOL_SPECIFIC' FROM unnest(ARRAY[
		'..', '.', '../x', '/etc/passwd', 'a/b', 'a%2Fb', 'a', 'A', '-rf', 'a b', '~', 'x' || chr(10), '%',
		'BRK.B', 'EURUSD=X', '^GSPC', '日', repeat('l', 300), repeat('l', 300) || 'm', repeat('日', 100), repeat('/', 100)]) AS t;
	SELECT create_training_plan('names') AS plan \gset
	SELECT regexp_replace(substr(path, length('}
		  . $directory . q{/names/by_target/') + 1), '%~[0-9a-f]{64}', '%~<hash>') FROM write_training_plan(:plan, '}
		  . $directory . q{/names') WHERE path LIKE '%/by_target/%' ORDER BY path COLLATE "C"}),
	join("\n",
		'%25.json', '%2Drf.json', '%2E.%2Fx.json', '%2E..json', '%2E.json',
		('%2F' x 61) . '%~<hash>.json', '%2Fetc%2Fpasswd.json', '%7E.json', 'A.json', 'BRK.B.json', 'EURUSD=X.json', '^GSPC.json',
		'a%20b.json', 'a%252Fb.json', 'a%2Fb.json', 'a.json', ('l' x 184) . '%~<hash>.json', ('l' x 184) . '%~<hash>.json',
		'x%0A.json', '日.json', ('日' x 61) . '%~<hash>.json'),
	'names of files');
is(json_files("$directory/names"), '25 files, 0 broken', 'a file for each name');

# ---- what can't be written ----------------------------------------------------

append_to_file("$directory/file", '');
mkdir "$directory/closed";
chmod 0555, "$directory/closed";
mkdir "$directory/blocked";
append_to_file("$directory/blocked/by_symbol", '');
mkdir "$directory/taken";
mkdir "$directory/taken/training_plan.yaml";

my @refused = (
	[ 'a relative path', "write_training_plan(1, 'plan')", 'path "plan" is not absolute' ],
	[ 'no path', "write_training_plan(1, '')", 'path "" is not absolute' ],
	[ 'null', 'write_training_plan(1, NULL)', 'directory must not be null' ],
	[ 'a plan that is null', "write_training_plan(NULL, '$directory/none')", 'plan_id must not be null' ],
	[ 'a plan that is not there', "write_training_plan(99, '$directory/none')", 'training plan 99 does not exist' ],
	[ 'no parent', "write_training_plan(1, '$directory/a/b')", "could not create directory \"$directory/a/b\": No such file or directory" ],
	[ 'a file', "write_training_plan(1, '$directory/file')", "could not open directory \"$directory/file\": Not a directory" ],
	[ 'a file as parent', "write_training_plan(1, '$directory/file/x')", "could not create directory \"$directory/file/x\": Not a directory" ],
	[ 'no permission', "write_training_plan(1, '$directory/closed')", "could not write file \"$directory/closed/training_plan.json\": Permission denied" ],
	[ 'no permission to make it', "write_training_plan(1, '$directory/closed/x')", "could not create directory \"$directory/closed/x\": Permission denied" ],
	[ 'a file in place of a folder', "write_training_plan(1, '$directory/blocked')", "could not open directory \"$directory/blocked/by_symbol\": Not a directory" ],
	[ 'a long path', "write_training_plan(1, '/" . ('x' x 300) . "')", 'could not create directory "/' . ('x' x 300) . '": File name too long' ],
	[ 'a folder in place of a file', "write_training_plan(1, '$directory/taken')", qr/^could not rename file ".*" to "\Q$directory\E\/taken\/training_plan.yaml": Is a directory$/ ]);
foreach (@refused)
{
	my ($what, $call, $message) = @$_;

	unlike(outcome("\\set VERBOSITY sqlstate\nSELECT count(*) FROM $call"), qr/XX000/, "$what is no internal error");

	$message = qr/^\Q$message\E$/ unless ref $message;
	my $outcome = outcome("SELECT count(*) FROM $call");
	$outcome =~ s/^ERROR:  //;
	like($outcome, $message, $what);
}
ok(!-e "$directory/none", 'nothing is made for nothing');
is(temporary_files($directory), 0, 'no temporary files after errors');
is(json_files("$directory/taken"), '1 files, 0 broken', 'what is there after an error is whole');

# A folder that is a symbolic link is not followed, wherever it leads; the directory
# that is named may be one.
mkdir "$directory/$_" foreach qw(elsewhere linked real);
symlink "$directory/elsewhere", "$directory/linked/by_symbol";
is(outcome("SELECT count(*) FROM write_training_plan(2, '$directory/linked')"),
	"ERROR:  \"$directory/linked/by_symbol\" is a symbolic link, not a directory", 'a symbolic link in place of a folder');
unlink "$directory/linked/by_symbol";
symlink "$directory/nowhere", "$directory/linked/by_route";
is(outcome("SELECT count(*) FROM write_training_plan(2, '$directory/linked')"),
	"ERROR:  \"$directory/linked/by_route\" is a symbolic link, not a directory", 'one that leads nowhere');
ok(!-e "$directory/nowhere", 'nothing is made there');
symlink 'training_plan.md', "$directory/linked/training_plan.json";
symlink "$directory/elsewhere/x", "$directory/linked/by_target/target_1.json";
unlink "$directory/linked/by_route";
is(outcome("SELECT count(*) FROM write_training_plan(2, '$directory/linked')"), '32', 'symbolic links in place of files are replaced');
ok(!-l "$directory/linked/training_plan.json" && !-l "$directory/linked/by_target/target_1.json", 'by files');
symlink "$directory/real", "$directory/link";
is(outcome("SELECT count(*), min(path) FROM write_training_plan(2, '$directory/link')"), "32|$directory/link/by_route/ROUTE_BOTH.json", 'the directory itself may be one');
is(json_files("$directory/real"), '29 files, 0 broken', 'the files are where it leads');
is_deeply([ glob "$directory/elsewhere/*" ], [], 'nothing is written elsewhere');

# What is open is closed, whatever happens.
is(outcome(qq{
	CREATE FUNCTION write_often(directory text, times integer) RETURNS integer LANGUAGE plpgsql AS \$\$
	DECLARE
		failed integer := 0;
	BEGIN
		FOR i IN 1 .. times LOOP
			BEGIN
				PERFORM write_training_plan(2, directory);
			EXCEPTION WHEN OTHERS THEN
				failed := failed + 1;
			END;
		END LOOP;
		RETURN failed;
	END
	\$\$;
	SELECT write_often('$directory/real', 2);
	SELECT count(*) AS before FROM pg_ls_dir('/proc/self/fd') \\gset
	SELECT write_often('$directory/real', 100), write_often('$directory/blocked', 150), write_often('$directory/taken', 50), write_often('$directory/closed', 150);
	SELECT count(*) - :before FROM pg_ls_dir('/proc/self/fd')}), "0\n0|150|50|150\n0", 'no file stays open, however often plans are written or not');

# A full disk.
SKIP:
{
	skip 'no small disk (SMALL_DISK_PATH)', 4 unless $ENV{SMALL_DISK_PATH};
	my $disk = $ENV{SMALL_DISK_PATH};

	is(outcome("SELECT count(*) FROM write_training_plan(2, '$disk/plan')"), '32', 'a plan that fits');
	my $document = slurp_file("$disk/plan/training_plan.json");
	like(outcome("SELECT count(*) FROM write_training_plan(1, '$disk/plan')"),
		qr/^ERROR:  could not write file "\Q$disk\E\/plan\/training_plan\..*": No space left on device$/, 'one that does not');
	is(temporary_files($disk), 0, 'gives its space back');
	is(slurp_file("$disk/plan/training_plan.json"), $document, 'the other one is still there');
}

# ---- calls that are ended -------------------------------------------------------

# At any moment: every file is whole, none is left over.
my $successes = 0;
for (my $timeout = 5; $timeout <= 305; $timeout += 25)
{
	my $result = outcome("SET statement_timeout = '${timeout}ms'; SELECT count(*) FROM write_training_plan(1, '$directory/cancelled')");

	$successes++ if $result eq '308';
	is(temporary_files("$directory/cancelled"), 0, "cancelled after $timeout ms, or done");
}
like(json_files("$directory/cancelled"), qr/, 0 broken$/, 'what is there is whole');

# Begin to write the large plan over and over; returns psql, and the backend's process.
sub begin_writing
{
	my ($path) = @_;
	my $sql = "SELECT pg_backend_pid();\n" . "SELECT count(*) FROM write_training_plan(1, '$path');\n" x 8;
	my ($output, $errors) = ('', '');
	my $psql = IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', $server->connstr('postgres') ],
		'<', \$sql, '>', \$output, '2>', \$errors);

	$psql->pump until $output =~ /\d+\n/;
	my ($pid) = $output =~ /^(\d+)/;
	sleep(0.2);
	return ($psql, $pid, \$errors);
}

# The backend is terminated.
my ($psql, $pid, $errors) = begin_writing("$directory/terminated");
outcome("SELECT pg_terminate_backend($pid)");
$psql->finish;
like($$errors, qr/terminating connection due to administrator command/, 'the backend is terminated');
is(temporary_files("$directory/terminated"), 0, 'nothing is left over');
like(json_files("$directory/terminated"), qr/, 0 broken$/, 'what is there is whole');

# The directory vanishes.
($psql, $pid, $errors) = begin_writing("$directory/vanished");
rename "$directory/vanished", "$directory/moved";
$psql->finish;
ok(!-e "$directory/vanished" || $$errors =~ /vanished/ || json_files("$directory/vanished") =~ /, 0 broken$/, 'a directory that vanishes');
like($$errors, qr/^(ERROR:  could not \w+ (file|directory) "\Q$directory\E\/vanished.*\n(HINT.*\n)?)?/, 'its path is told');
like(json_files("$directory/moved"), qr/, 0 broken$/, 'what is there is whole');

# Folders are swapped for links that lead elsewhere, at any moment.
mkdir "$directory/swapped";
($psql, $pid, $errors) = begin_writing("$directory/swapped");
foreach my $folder (('by_target', 'by_symbol', 'by_type', 'by_route') x 3)
{
	if (rename "$directory/swapped/$folder", "$directory/swapped/old_$folder")
	{
		symlink "$directory/elsewhere", "$directory/swapped/$folder";
		sleep(0.05);
		unlink "$directory/swapped/$folder";
		File::Path::remove_tree("$directory/swapped/old_$folder");
	}
}
$psql->finish;
is_deeply([ glob "$directory/elsewhere/* $directory/elsewhere/.training*" ], [], 'what folders are swapped for is not written into');

# The server crashes: temporary files stay, and go with the next call.
($psql, $pid, $errors) = begin_writing("$directory/crashed");
kill 'KILL', $pid;
$psql->finish;
$server->poll_query_until('postgres', 'SELECT true');
like(json_files("$directory/crashed"), qr/, 0 broken$/, 'what is there after a crash is whole');
mkdir "$directory/crashed/by_symbol";
append_to_file("$directory/crashed/by_symbol/.training_plan.99999999.7.tmp", 'half a fi');
is(outcome("SELECT count(*) FROM write_training_plan(1, '$directory/crashed')"), '308', 'the next call writes them all');
is(temporary_files("$directory/crashed"), 0, 'and removes what was left');

# Two sessions write different plans into one directory, by two paths: in the end all files are
# those of one of them.
mkdir "$directory/shared";
symlink "$directory/shared", "$directory/shared_link";
my @writers = map {
	my $plan = $_;
	my $path = $directory . ($plan == 1 ? '/shared' : '/shared_link');
	my $sql = "SET client_min_messages = error;\n" . "SELECT count(*) FROM write_training_plan($plan, '$path');\n" x 8;
	IPC::Run::start([ 'psql', '-X', '-q', '-At', '-d', $server->connstr('postgres') ], '<', \$sql, '>', \my $out, '2>', \my $err)
} 1, 2;
$_->finish foreach @writers;
my @jobs = map { my $count = () = slurp_file("$directory/shared/$_") =~ /job_id"?:/g; $count }
	qw(training_plan.json training_plan.yaml by_route/ROUTE_BOTH.json by_target/target_1.json);
ok("@jobs" eq '20100 20100 20000 201' || "@jobs" eq '24 24 23 24', "the files are of one plan (@jobs)");
is(temporary_files("$directory/shared"), 0, 'no temporary files of two writers');

# ---- reading -------------------------------------------------------------------

mkdir "$directory/empty";
mkdir "$directory/yaml";
append_to_file("$directory/yaml/routing_plan.yaml", "\xEF\xBB\xBFtargets: {t: {symbols: {A: {route: ROUTE_BOTH}}}}\n");
append_to_file("$directory/both.json", '{"targets": {"t": {"symbols": {}}}}');
append_to_file("$directory/families.yaml", "targets: {t: {cross_sectional: {route: ENABLED}, symbols: {A: {route: ROUTE_BOTH, model_families: ['']}}}}\n");
append_to_file("$directory/binary", "targets:\n  \xFF: x\n");
append_to_file("$directory/zero", "targets:\n  t\0: x\n");
append_to_file("$directory/utf16", "\xFF\xFEt\0a\0");
append_to_file("$directory/wrong.yaml", "targets:\n  t: {symbols: {A: {route: NONE}}}\n");
system 'mkfifo', "$directory/pipe";

is(outcome("SELECT * FROM load_routing_plan('$directory/yaml')"), 't|A|ROUTE_BOTH|||||', 'a folder, and a byte order mark');
my @unread = (
	[ 'a relative path', 'both.json', 'path "both.json" is not absolute' ],
	[ 'a file that is not there', "$directory/none", "could not open file \"$directory/none\" for reading: No such file or directory" ],
	[ 'a folder without one', "$directory/empty", "directory \"$directory/empty\" has neither routing_plan.json nor routing_plan.yaml" ],
	[ 'a pipe', "$directory/pipe", "\"$directory/pipe\" is not a regular file" ],
	[ 'a device', '/dev/zero', '"/dev/zero" is not a regular file' ],
	[ 'invalid UTF-8', "$directory/binary", "line 2, column 3 of file \"$directory/binary\": invalid UTF-8" ],
	[ 'a zero byte', "$directory/zero", "line 2, column 4 of file \"$directory/zero\": zero byte" ],
	[ 'UTF-16', "$directory/utf16", "line 1, column 1 of file \"$directory/utf16\": invalid UTF-8" ],
	[ 'a wrong route', "$directory/wrong.yaml", "unknown route \"NONE\" at targets.t.symbols.A.route in file \"$directory/wrong.yaml\"" ]);
foreach (@unread)
{
	my ($what, $path, $message) = @$_;

	is(outcome("SELECT * FROM load_routing_plan('$path')"), "ERROR:  $message", $what);
	is(outcome("SELECT generate_training_plan_from_routing('$path', '$directory/unread')"), "ERROR:  $message", "$what, from file to files");
}
ok(!-e "$directory/unread", 'nothing is written for what can\'t be read');

# From file to files: no plan if the files can't be written.
my $plans = outcome('SELECT count(*) FROM training_plans');
like(outcome("SELECT generate_training_plan_from_routing('$directory/yaml', '$directory/closed')"), qr/Permission denied$/, 'no permission');
like(outcome("SELECT generate_training_plan_from_routing('$directory/yaml', 'x')"), qr/not absolute$/, 'a relative path');
like(outcome("SELECT generate_training_plan_from_routing('$directory/yaml', NULL)"), qr/output_dir must not be null$/, 'null');
like(outcome("SELECT generate_training_plan_from_routing(NULL, '$directory/x')"), qr/routing_plan_path must not be null$/, 'null');
like(outcome("SELECT generate_training_plan_from_routing('$directory/yaml', '$directory/x', '{}')"), qr/model families are empty$/, 'no families');
like(outcome("SELECT generate_training_plan_from_routing('$directory/families.yaml', '$directory/x')"),
	qr/^ERROR:  model families have a blank name at targets\.t\.symbols\.A\.model_families in file "\Q$directory\E\/families\.yaml"$/, 'a family without a name');
is(outcome('SELECT count(*) FROM training_plans'), $plans, 'no plan is stored');
is(outcome("SELECT generate_training_plan_from_routing('$directory/yaml', '$directory/x', '{mlp}') AS plan \\gset
	SELECT routing, model_families, include_blocked FROM training_plans WHERE plan_id = :plan"),
	"$directory/yaml/routing_plan.yaml|{mlp}|f", 'what the plan knows of its origin');

# ---- rights ---------------------------------------------------------------------

outcome('CREATE ROLE quant; GRANT SELECT, INSERT ON training_plans, training_jobs TO quant');
my $write = "SELECT count(*) FROM write_training_plan(2, '$directory/quant')";
my $load = "SELECT count(*) FROM load_routing_plan('$directory/yaml')";
my $both = "SELECT generate_training_plan_from_routing('$directory/yaml', '$directory/quant') > 0";
is(outcome("SET ROLE quant; $write; $load; $both"), join("\n",
	'ERROR:  permission denied to write server files', 'ERROR:  permission denied to read server files',
	'ERROR:  permission denied to write server files'), 'without rights');
outcome('GRANT pg_write_server_files TO quant');
is(outcome("SET ROLE quant; $write; $load; $both"), join("\n", 32,
	'ERROR:  permission denied to read server files', 'ERROR:  permission denied to read server files'), 'with those to write');
outcome('GRANT pg_read_server_files TO quant');
is(outcome("SET ROLE quant; SET client_min_messages = error; $write; $load; $both"), "32\n1\nt", 'with those to write and read');

done_testing();
