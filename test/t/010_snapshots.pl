# Snapshots of candidates: CSV, JSON and Parquet, whole or not at all; every way in
# which Parquet falls back to CSV.

use strict;
use warnings;

use lib 'test/perl';
use File::Copy;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes 'sleep';
use Trainplan;

my $server = start_server('snapshots');
my $directory = PostgreSQL::Test::Utils::tempdir();

# Rows without headings, and errors in one line.
sub outcome
{
	my ($sql) = @_;

	return run_sql($server, 'postgres', $sql, '-At', '-v', 'VERBOSITY=terse');
}

# All that a folder holds.
sub files
{
	my ($path) = @_;

	opendir(my $folder, $path) or return '';
	return join(' ', sort grep { !/^\.\.?$/ } readdir $folder);
}

# Empty the folder of snapshots.
sub clear
{
	unlink glob("'$directory'/* '$directory'/.training_plan*");
	rmdir "$directory/new";
}

sub save
{
	my ($path, $command) = @_;

	return outcome("SET trainplan.parquet_command = '" . ($command // '') . "'; SELECT save_routing_candidates('candidates', '$directory/$path')");
}

outcome(q{
	CREATE EXTENSION trainplan;
	CREATE TABLE candidates (target text, symbol text, mode text, score double precision, sample_size bigint, mean_tau double precision, note text);
	INSERT INTO candidates
	SELECT 'fwd_ret_' || t || 'd', CASE WHEN s > 0 THEN lpad(s::text, 6, '0') END, 'X', sin(t * 1000 + s), t * s, NULLIF(cos(s), 1), 'note ' || s
	FROM generate_series(1, 50) AS t, generate_series(0, 60) AS s;
	INSERT INTO candidates VALUES
		('awkward', 'NULL', 'X', 0.1, 1, 0.30000000000000004, ''), ('awkward', 'NA', 'X', NULL, NULL, NULL, NULL), ('awkward', 'a,b', 'X', 1e-300, 9007199254740993, -0.0, '"quoted"'),
		('awkward', '日本', 'X', 1e300, 0, 5e-324, E'two\nlines'), ('awkward', '1e5', 'X', 'Infinity', 1, '-Infinity', E'tab\t'), ('awkward', 'true', 'X', -1, 1, 1, '\.'), ('awkward', '007', 'X', 0, 1, 1, ' blank ');
	CREATE TABLE loaded (LIKE candidates);
});

# How many rows of the table and of what was read back are not in the other.
my $differences = q{
	SELECT count(*) FROM ((TABLE candidates EXCEPT ALL TABLE loaded) UNION ALL (TABLE loaded EXCEPT ALL TABLE candidates)) AS d;
	SELECT count(*) FROM loaded;
	TRUNCATE loaded;
};

sub csv_is_whole
{
	my ($path, $name) = @_;

	is(outcome("COPY loaded FROM '$directory/$path' WITH (FORMAT csv, HEADER match); $differences"), "0\n3057", $name);
}

# ---- as such ---------------------------------------------------------------------

is(save('snapshot.csv'), "$directory/snapshot.csv", 'CSV returns its path');
csv_is_whole('snapshot.csv', 'CSV has every row');
is(save('snapshot.JSON'), "$directory/snapshot.JSON", 'JSON returns its path');
is(outcome("INSERT INTO loaded SELECT * FROM json_to_recordset(pg_read_file('$directory/snapshot.JSON')::json) AS r (target text, symbol text, mode text, score double precision, sample_size bigint, mean_tau double precision, note text); $differences"),
	"0\n3057", 'JSON has every row');
is(sprintf('%o %o', map { (stat "$directory/$_")[2] & 07777 } 'snapshot.csv', 'snapshot.JSON'), '644 644', 'others may read them');
is(files($directory), 'snapshot.JSON snapshot.csv', 'there is nothing else');

outcome('CREATE TABLE none (LIKE candidates)');
outcome("SELECT save_routing_candidates('none', '$directory/none.$_')") foreach ('csv', 'json');
is(slurp_file("$directory/none.csv"), "target,symbol,mode,score,sample_size,mean_tau,note\n", 'no rows as CSV');
is(slurp_file("$directory/none.json"), "[]\n", 'no rows as JSON');
is(outcome("SELECT save_routing_candidates('candidates', '$directory/x/../new/./a.csv')"), "$directory/new/a.csv", 'a folder is made, the path in its shortest form');
unlink "$directory/new/a.csv";
is(outcome("SELECT save_routing_candidates(NULL, '$directory/x.csv') IS NULL, save_routing_candidates('candidates', NULL) IS NULL"), 't|t', 'NULL');

# ---- what can't be written -------------------------------------------------------

my $before = slurp_file("$directory/snapshot.csv");
like(save('snapshot'), qr/^ERROR:  path ".*" does not say what to write$/, 'no suffix');
like(save('snapshot.xlsx'), qr/^ERROR:  path ".*" does not say what to write$/, 'another suffix');
is(outcome(q{SELECT save_routing_candidates('candidates', 'snapshot.csv')}), 'ERROR:  path "snapshot.csv" is not absolute', 'a relative path');
like(outcome("SELECT save_routing_candidates('candidates', '$directory/no/where/x.csv')"), qr/^ERROR:  could not create directory ".*": No such file or directory$/, 'no folder');
like(outcome("SELECT save_routing_candidates('candidates', '$directory/snapshot.csv/x.csv')"), qr/^ERROR:  could not .* "$directory\/snapshot.csv.*": Not a directory$/, 'a file in the folder\'s place');
mkdir "$directory/folder.csv";
like(save('folder.csv'), qr/^ERROR:  could not rename file .*: Is a directory$/, 'a folder in the file\'s place');
rmdir "$directory/folder.csv";
is(outcome("SELECT save_routing_candidates('pg_class', '$directory/x.csv')"),
	'ERROR:  relation "pg_catalog.pg_class" has no column "target", which a candidates relation needs', 'not candidates');
outcome(q{CREATE VIEW stumbling AS SELECT *, 1 / (sample_size - 120) AS x FROM candidates});
foreach my $suffix ('csv', 'json', 'parquet')
{
	like(outcome("SET trainplan.parquet_command = 'cat >%p'; SELECT save_routing_candidates('stumbling', '$directory/snapshot.$suffix')"),
		qr/^ERROR:  division by zero$/m, "rows that end in an error, $suffix");
}
is(slurp_file("$directory/snapshot.csv"), $before, 'what was there before stays');
is(files($directory), 'new none.csv none.json snapshot.JSON snapshot.csv', 'nothing is left behind');

SKIP:
{
	my $small_disk = $ENV{SMALL_DISK_PATH};

	skip 'no small disk (SMALL_DISK_PATH)', 4 unless $small_disk;
	my $there = files($small_disk);
	outcome('CREATE VIEW large AS SELECT c.* FROM candidates AS c, generate_series(1, 50)');
	like(outcome("SET trainplan.parquet_command = 'cat >%p'; SELECT save_routing_candidates('large', '$small_disk/x.$_')"), qr/^ERROR:  could not write .*: No space left on device$/m, "a full disk, $_")
		foreach ('csv', 'json', 'parquet');
	is(files($small_disk), $there, 'nothing is left on it');
}

# ---- Parquet falls back ----------------------------------------------------------

clear();
sub falls_back
{
	my ($name, $command, $why) = @_;
	my $output = run_sql($server, 'postgres', "SET trainplan.parquet_command = '$command'; SELECT save_routing_candidates('candidates', '$directory/metrics.parquet')", '-At');

	is($output, "WARNING:  could not write Parquet, wrote CSV into \"$directory/metrics.csv\"\nDETAIL:  $why\n$directory/metrics.csv", $name);
	csv_is_whole('metrics.csv', "$name: the CSV has every row");
	is(files($directory), 'metrics.csv', "$name: there is nothing else");
	clear();
}
my $failed = 'The command in "trainplan.parquet_command" failed: program';
falls_back('no command', '', '"trainplan.parquet_command" is empty.');
falls_back('a command that fails', 'exit 3', "$failed \"exit 3\" failed, child process exited with exit code 3.");
falls_back('one that reads all and fails', 'cat >/dev/null; false', "$failed \"cat >/dev/null; false\" failed, child process exited with exit code 1.");
falls_back('one that ends by a signal', 'kill -9 $$', "$failed \"kill -9 \$\$\" failed, child process was terminated by signal 9: Killed.");
falls_back('one that is not there', '/no/such/command %%p', "$failed \"/no/such/command %p\" failed, command not found.");
falls_back('one that writes nothing', 'cat >/dev/null', 'The command in "trainplan.parquet_command" failed: it wrote no file.');
falls_back('one that writes an empty file', 'cat >/dev/null; : >%p', 'The command in "trainplan.parquet_command" failed: it wrote no file.');
falls_back('one that makes a folder', 'cat >/dev/null; mkdir %p', 'The command in "trainplan.parquet_command" failed: it wrote no file.');
my $output = save('metrics.parquet', 'head -c 1000 >%p; exit 1');
like($output, qr/^WARNING:  could not write Parquet, wrote CSV into "$directory\/metrics.csv"\n$directory\/metrics.csv$/, 'one that writes half of it and fails');
is(files($directory), 'metrics.csv', 'half of it goes');
clear();

# who may not run programs
outcome(q{
	CREATE ROLE writer LOGIN;
	GRANT pg_write_server_files TO writer;
	GRANT SELECT ON candidates TO writer;
	ALTER DATABASE postgres SET trainplan.parquet_command = 'cat >%p';
});

sub as_writer
{
	return run_sql($server, 'postgres', "SELECT save_routing_candidates('candidates', '$directory/metrics.parquet')", '-At', '-U', 'writer', @_);
}

is(as_writer(),
	"WARNING:  could not write Parquet, wrote CSV into \"$directory/metrics.csv\"\nDETAIL:  Only roles with privileges of the \"pg_execute_server_program\" role may run the command in \"trainplan.parquet_command\".\n$directory/metrics.csv",
	'a caller who may not run programs');
csv_is_whole('metrics.csv', 'whose CSV has every row');
clear();
outcome('GRANT pg_execute_server_program TO writer');
is(as_writer(), "$directory/metrics.parquet", 'one who may');
csv_is_whole('metrics.parquet', 'the command gets every row as CSV');
is(sprintf('%o', (stat "$directory/metrics.parquet")[2] & 07777), '644', 'others may read what it wrote');
outcome('REVOKE pg_write_server_files FROM writer');
is(as_writer('-v', 'VERBOSITY=terse'), 'ERROR:  permission denied to write server files', 'who may not write files');
like(run_sql($server, 'postgres', q{SET trainplan.parquet_command = 'touch hacked'; SELECT save_routing_candidates('candidates', '/tmp/x.parquet')}, '-At', '-U', 'writer', '-v', 'VERBOSITY=terse'),
	qr/permission denied to set parameter "trainplan.parquet_command"/, 'nor set the command');
outcome('ALTER DATABASE postgres RESET trainplan.parquet_command');

# the path in the command, whatever it holds
clear();
foreach my $folder ('plain', "with 'quotes' and \"more\"", 'with $(touch hacked) `touch hacked`;&|', 'with % and %p')
{
	my $path = "$directory/$folder/x.parquet";

	is(outcome("SET trainplan.parquet_command = 'cat >%p'; SELECT save_routing_candidates('candidates', \$path\$$path\$path\$)"), $path, "in a folder $folder");
	is(files("$directory/$folder"), 'x.parquet', 'there it is');
	unlink $path;
	rmdir "$directory/$folder";
}
is(save('x.parquet', 'cat >"%p"'), "$directory/x.parquet", 'a path in quotes of its own');
clear();

# A cancel ends the command, and leaves nothing.
foreach my $command ('sleep 100', 'cat >/dev/null; sleep 100', 'cat >%p; sleep 100')
{
	like(outcome("SET statement_timeout = '700ms'; SET trainplan.parquet_command = '$command'; SELECT save_routing_candidates('candidates', '$directory/x.parquet')"),
		qr/^ERROR:  canceling statement due to statement timeout$/, "$command is cancelled");
	is(files($directory), '', 'and leaves nothing');
}
is(outcome("SELECT count(*) FROM pg_ls_tmpdir()"), '0', 'nor temporary files');

# The rest of the transaction goes on.
is(outcome("SET trainplan.parquet_command = 'exit 1'; BEGIN; CREATE TABLE during (x int); SELECT save_routing_candidates('candidates', '$directory/x.parquet'); INSERT INTO during VALUES (1); COMMIT; TABLE during"),
	"WARNING:  could not write Parquet, wrote CSV into \"$directory/x.csv\"\n$directory/x.csv\n1", 'a transaction goes on after the command failed');
clear();

# ---- Parquet, by DuckDB ------------------------------------------------------------

SKIP:
{
	my $tools = PostgreSQL::Test::Utils::tempdir();
	my ($write, $read);
	my $path = "$directory/metrics.parquet";
	my $columns = q{target text, symbol text, mode text, score double precision, sample_size bigint, mean_tau double precision, note text};

	if (system('command -v duckdb >/dev/null 2>&1') == 0)
	{
		$write = qq{duckdb -c "COPY (SELECT * FROM read_csv(''/dev/stdin'', allow_quoted_nulls = false, types = {''target'': ''VARCHAR'', ''symbol'': ''VARCHAR''})) TO ''%p'' (FORMAT parquet)"};
		$read = qq{duckdb -json -c "SELECT * FROM read_parquet('$path')"};
	}
	elsif (system("cd '$tools' && HOME='$tools' npm install --no-audit --no-fund --prefix '$tools' \@duckdb/node-api >npm.log 2>&1") == 0)
	{
		copy('test/parquet/duckdb.mjs', "$tools/duckdb.mjs");
		$write = "node $tools/duckdb.mjs write %p";
		$read = "node $tools/duckdb.mjs read $path";
	}
	else
	{
		skip 'neither the command duckdb nor the npm package @duckdb/node-api can be had', 3;
	}
	is(save('metrics.parquet', $write), $path, 'Parquet returns its path');
	is(substr(slurp_file($path), 0, 4), 'PAR1', 'it is Parquet');
	append_to_file("$directory/read.json", scalar `$read`);
	is(outcome("INSERT INTO loaded SELECT * FROM json_to_recordset(pg_read_file('$directory/read.json')::json) AS r ($columns); $differences"),
		"0\n3057", 'Parquet has every row');
}

done_testing();
