# Workers that go round several servers: a job of one, a job of the next; who is away is
# tried again, and hears later of what was trained.  And the example of a plan in parts,
# whose servers are gone in the end, however it ends.

use strict;
use warnings;

use lib 'test/perl';
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

system('/usr/bin/python3 -c "import psycopg2, sklearn, xgboost" 2>/dev/null') == 0
	or plan skip_all => 'Debian\'s python3-psycopg2, python3-sklearn and python3-xgboost are not installed';

my %servers = map { $_ => start_server($_) } ('one', 'two');
my $folder = PostgreSQL::Test::Utils::tempdir();
my @run;

sub ask
{
	my ($name, $query) = @_;

	return run_sql($servers{$name}, 'postgres', $query, '-At');
}

# ---- a worker and two servers

# It finds them by their names.
append_to_file("$folder/services", join '', map { "[$_]\nhost=" . $servers{$_}->host . "\nport=" . $servers{$_}->port . "\ndbname=postgres\n" } sort keys %servers);
local $ENV{PGSERVICEFILE} = "$folder/services";
system("cp examples/eu_stocks/worker.py examples/eu_stocks/jobs.py '$folder'") == 0 or die;
append_to_file("$folder/train.py", <<'PYTHON');
import os, time

FAMILIES = ["xgboost"]

def train(job, progress):
    while job["target"] == "slow" and not os.path.exists(os.path.join(os.path.dirname(__file__), "go")):
        time.sleep(0.05)
    return job["symbol"]
PYTHON

# A plan of the run on a server, with a job for each of these targets.
sub part
{
	my ($name, $run_id, @targets) = @_;
	my $rows = join ', ', map { "('$_', 'S', 'ROUTE_SYMBOL_SPECIFIC')" } @targets;

	return ask($name, qq{
		DROP TABLE IF EXISTS decisions;
		CREATE TABLE decisions (target, symbol, route) AS VALUES $rows;
		SELECT create_training_plan('decisions', '{xgboost}', run_id => '$run_id');
	});
}

sub worker
{
	my ($run_id, @options) = @_;

	unlink "$folder/go";
	return IPC::Run::start([ "$folder/worker.py", '--run', $run_id, map({ ('--server', "service=$_") } sort keys %servers), @options ],
		'>', \$run[0], '2>&1', IPC::Run::timer(180));
}

sub wait_for
{
	my ($name, $query, $worker) = @_;

	until (ask($name, $query) eq 't')
	{
		$worker->pump_nb;
		$worker->pumpable or last;
		select(undef, undef, undef, 0.1);
	}
}

# (some processes of a server that was killed may still be about to end)
sub start_again
{
	my ($server) = @_;

	until ($server->start(fail_ok => 1))
	{
		delete $server->{_pid}; # of the old one, which it finds in postmaster.pid
		sleep 1;
	}
}

sub says
{
	my ($what, $worker) = @_;

	until ($run[0] =~ $what)
	{
		$worker->pumpable or last;
		$worker->pump;
	}
	return $run[0] =~ $what;
}

my $states = 'SELECT job_id, state, attempts, result FROM training_job_status WHERE plan_id = latest_training_plan() ORDER BY job_id';
my $slow_runs = "SELECT count(*) > 0 FROM training_job_status WHERE plan_id = latest_training_plan() AND target = 'slow' AND state = 'running'";

ask($_, 'CREATE EXTENSION trainplan') foreach sort keys %servers;

part('one', 'round', 'a', 'b', 'c');
part('two', 'other', 'nobody');
like(`'$folder/worker.py' --run round --server service=one --server service=two 2>&1; echo "ended with \$?"`,
	qr/^service=two: there is no plan of run round\nended with 1\n\z/m, 'no plan on one of them');
part('one', 'round', 'a', 'b', 'c');
part('two', 'round', 'x', 'y', 'z');
like(`'$folder/worker.py' --plan 1 --server service=one --server service=two 2>&1; echo "ended with \$?"`,
	qr/--plan is a number of one server.*\nended with 2\n\z/, 'a number is of one server');
my $worker = worker('round');
$worker->finish;
is($run[0], join('', map { "service=$$_[0]: succeeded  attempt 1  sym_$$_[1]_S\n" }
	[ 'one', 'a' ], [ 'two', 'x' ], [ 'one', 'b' ], [ 'two', 'y' ], [ 'one', 'c' ], [ 'two', 'z' ]) . "6 of 6 jobs\n", 'a job of one, a job of the next');
is(ask('one', $states), join("\n", map { "sym_${_}_S|succeeded|1|\"S\"" } 'a' .. 'c'), 'all of the first are trained');
is(ask('two', "SELECT state FROM training_job_status WHERE plan_id = 1"), 'pending', 'none of another run is');

# one is away from the beginning
part('one', 'away', 'a', 'b');
part('two', 'away', 'x');
$servers{two}->stop;
$worker = worker('away');
says(qr/^service=two: no connection, trying again in 2 s/m, $worker);
is(ask('one', $states), join("\n", map { "sym_${_}_S|succeeded|1|\"S\"" } 'a', 'b'), 'one is away from the beginning, and the others are worked on');
ok($worker->pumpable, 'the worker waits for it');
$servers{two}->start;
ok($worker->finish, 'and ends well when it is back') or diag($run[0]);
is(ask('two', $states), 'sym_x_S|succeeded|1|"S"', 'and its job was trained');
like($run[0], qr/^3 of 3 jobs\n\z/m, 'all jobs are counted');

# one is killed while a job of its is trained: the result waits for it, and others don't
part('one', 'killed', 'a', 'b', 'c');
part('two', 'killed', 'slow');
$worker = worker('killed');
wait_for('two', $slow_runs, $worker);
is(join('|', map { ask($_, "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'") } sort keys %servers), '1|1', 'one connection to each');
$servers{two}->kill9;
append_to_file("$folder/go", '');
says(qr/^service=two: kept  .*sym_slow_S$/m, $worker);
wait_for('one', 'SELECT succeeded = 3 FROM training_plan_progress WHERE plan_id = latest_training_plan()', $worker);
ok($worker->pumpable, 'others are worked on, and the worker waits for the one that was killed');
start_again($servers{two});
ok($worker->finish, 'it ends well when it is back') or diag($run[0]);
like($run[0], qr/^service=two: succeeded  attempt 1  sym_slow_S, told now\n(.*\n)*4 of 4 jobs\n\z/m, 'it was told what was trained meanwhile');
is(ask('two', $states), 'sym_slow_S|succeeded|1|"S"', 'which counts');

# for longer than the lease, so that another has it
part('two', 'lost', 'slow');
part('one', 'lost', 'a');
$worker = worker('lost', '--lease', '2');
wait_for('two', $slow_runs, $worker);
$servers{two}->kill9;
sleep 4;
start_again($servers{two});
is(ask('two', q{SELECT complete_training_job(plan_id, job_id, attempt, '"other"') FROM claim_training_jobs('other', plan_id => latest_training_plan())}), 't',
	'another has the job when the lease has ended');
append_to_file("$folder/go", '');
ok($worker->finish, 'the worker that had it ends well') or diag($run[0]);
like($run[0], qr/^service=two: lost  .*sym_slow_S(, told now)?$/m, 'and has lost it');
is(ask('two', $states), 'sym_slow_S|succeeded|2|"other"', 'there is one result');

# asked to stop while one is away
part('two', 'stopped', 'a');
part('one', 'stopped', 'slow');
$servers{two}->stop;
$worker = worker('stopped');
wait_for('one', $slow_runs, $worker);
$worker->signal('TERM');
$worker->finish;
is($worker->result, 143, 'it stops when it is asked to') or diag($run[0]);
like($run[0], qr/^stopped: sym_slow_S is given back\n\z/m, 'and gives the job back');
$servers{two}->start;

# ---- the example

my $coordinator = start_server('coordinator');
local $ENV{PGHOST} = $coordinator->host;
local $ENV{PGPORT} = $coordinator->port;
local $ENV{PGDATABASE} = 'postgres';
local $ENV{TMPDIR} = "$folder/tmp";
mkdir $ENV{TMPDIR};

# What the example has left: files, and processes that work with them.
sub leftovers
{
	my @left = glob "$ENV{TMPDIR}/*";

	foreach my $process (glob '/proc/[0-9]*')
	{
		open my $file, '<', "$process/environ" or next;
		push @left, $process if grep { /\Q$ENV{TMPDIR}\E/ } <$file>;
	}
	return "@left";
}

my $output = `examples/shards/run.sh 2>&1; echo "ended with \$?"`;
like($output, qr/^ended with 0$/m, 'the example ends well') or diag($output);
like($output, qr/^All jobs have succeeded, each once, and they are those that one server would plan\.$/m, 'all jobs are trained once');
like($output, qr/could not connect to server "shard2"/, 'the server was killed');
like($output, qr/^ +\d+ \| +\d+ \| +0$/m, 'nothing is different from what one server plans');
is(leftovers(), '', 'nothing is left');

# in a database that has it all already
like(`examples/shards/run.sh 2>&1; echo "ended with \$?"`, qr/already exists\nended with 3\n\z/, 'what fails ends it');
is(leftovers(), '', 'nothing is left of that, either');

run_sql($coordinator, 'postgres', 'CREATE DATABASE again');
$ENV{PGDATABASE} = 'again';
$worker = IPC::Run::start([ 'setsid', 'examples/shards/run.sh' ], '>', \$run[0], '2>&1', IPC::Run::timer(180));
says(qr/^== shard2 is killed/m, $worker);
kill('INT', -$worker->{KIDS}[0]{PID});
$worker->finish;
is($worker->result, 130, 'Ctrl-C ends it') or diag($run[0]);
is(leftovers(), '', 'nothing is left of that, either');

done_testing();
