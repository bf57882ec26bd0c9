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
    folder = os.path.dirname(__file__)
    while job["target"] == "slow" and not os.path.exists(f"{folder}/go") or job["target"] == "waits":
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

# A session that has the queue of a server for itself, until it is ended.
sub lock_queue
{
	my ($name, $worker) = @_;
	my $session = IPC::Run::start([ 'psql', '-Xq', '-d', $servers{$name}->connstr('postgres'), '-c', 'BEGIN', '-c', 'LOCK TABLE training_job_queue', '-c', 'SELECT pg_sleep(300)' ],
		'>', '/dev/null', '2>&1', IPC::Run::timer(300));

	wait_for($name, q{SELECT count(*) > 0 FROM pg_locks WHERE relation = 'training_job_queue'::regclass AND mode = 'AccessExclusiveLock' AND granted}, $session);
	return $session;
}

sub unlock_queue
{
	my ($name, $session) = @_;

	ask($name, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg\_sleep(300)' AND pid <> pg_backend_pid()});
	$session->finish;
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

# a result is kept when the worker is asked to stop: its server is there again, or it is not
for my $is_back (1, 0)
{
	part('two', "kept_$is_back", 'slow');
	part('one', "kept_$is_back", 'a', 'waits');
	$worker = worker("kept_$is_back");
	wait_for('two', $slow_runs, $worker);
	$servers{two}->kill9;
	append_to_file("$folder/go", '');
	wait_for('one', "SELECT count(*) > 0 FROM training_job_status WHERE plan_id = latest_training_plan() AND target = 'waits' AND state = 'running'", $worker);
	start_again($servers{two}) if $is_back;
	$worker->signal('TERM');
	$worker->finish;
	is($worker->result, 143, 'it stops when it is asked to');
	my $end = $is_back ? 'succeeded  attempt 1  sym_slow_S, told now' : 'lost       attempt 1  sym_slow_S, with its result';
	like($run[0], qr/^service=two: \Q$end\E\nstopped: sym_waits_S is given back\n\z/m, 'it tells what it has kept, or says what is lost');
	start_again($servers{two}) if !$is_back;
	is(ask('two', "SELECT state, result FROM training_job_status WHERE plan_id = latest_training_plan()"), $is_back ? 'succeeded|"S"' : 'running|', 'and so it is');
}

# a plan is deleted
part('one', 'deleted', 'a', 'slow', 'z');
part('two', 'deleted', 'x', 'y');
$worker = worker('deleted');
wait_for('one', $slow_runs, $worker);
my $deleted = ask('two', 'DELETE FROM training_plans WHERE plan_id = latest_training_plan() RETURNING plan_id');
append_to_file("$folder/go", '');
ok($worker->finish, 'a plan is deleted, and the worker ends well') or diag($run[0]);
like($run[0], qr/^service=two: training plan $deleted does not exist, nothing is left to do there\n(.*\n)*3 of 3 jobs\n\z/m, 'it says so, and which server it is');
is(ask('one', $states), join("\n", map { "sym_${_}_S|succeeded|1|\"S\"" } 'a', 'slow', 'z'), 'the others are worked on');

# the only one
part('one', 'deleted', 'a', 'slow', 'z');
unlink "$folder/go";
$worker = IPC::Run::start([ "$folder/worker.py", '--server', 'service=one' ], '>', \$run[0], '2>&1', IPC::Run::timer(180));
wait_for('one', $slow_runs, $worker);
ask('one', 'DELETE FROM training_plans WHERE plan_id = latest_training_plan()');
append_to_file("$folder/go", '');
ok($worker->finish, 'the only plan is deleted') or diag($run[0]);
like($run[0], qr/^service=one: training plan \d+ does not exist, nothing is left to do there\n\z/m, 'the worker says so');

# a server has errors of its own
part('one', 'error', 'a', 'b');
part('two', 'error', 'x');
ask('two', "ALTER DATABASE postgres SET lock_timeout = '100ms'");
my $session = lock_queue('two');
$worker = worker('error');
says(qr/^service=two: an error, trying again in 2 s: canceling statement due to lock timeout$/m, $worker);
is(ask('one', $states), join("\n", map { "sym_${_}_S|succeeded|1|\"S\"" } 'a', 'b'), 'a server has errors, and the others are worked on');
unlock_queue('two', $session);
ok($worker->finish, 'it is worked on when it has none any more') or diag($run[0]);
is(ask('two', $states), 'sym_x_S|succeeded|1|"S"', 'and its job is trained');

# when what is trained is told
part('one', 'told', 'a');
part('two', 'told', 'slow');
$worker = worker('told');
wait_for('two', $slow_runs, $worker);
$session = lock_queue('two');
append_to_file("$folder/go", '');
says(qr/^service=two: kept  .*\nservice=two: an error, trying again in 1 s: canceling statement due to lock timeout$/m, $worker);
unlock_queue('two', $session);
ok($worker->finish, 'an error when it is told what was trained') or diag($run[0]);
is(ask('two', $states), 'sym_slow_S|succeeded|1|"S"', 'it is told again');

# which do not go away (for half a minute; here for less)
system("sed -i 's/TRIES = 6/TRIES = 3/' '$folder/jobs.py'") == 0 or die;
part('one', 'errors', 'a');
part('two', 'errors', 'x');
$session = lock_queue('two');
$worker = worker('errors');
$worker->finish;
is($worker->result, 1, 'errors that stay end the worker when nothing else is left');
like($run[0], qr/^service=two: an error, trying again in 4 s: .*\nservice=two: given up: canceling statement due to lock timeout\n\z/m, 'it says which');
is(ask('one', $states), 'sym_a_S|succeeded|1|"S"', 'the others are worked off before');
unlock_queue('two', $session);
ask('two', 'ALTER DATABASE postgres RESET lock_timeout');

# a server hangs: its queue is locked; or nothing is heard of it
part('one', 'hangs', 'a', 'b');
part('two', 'hangs', 'x');
$session = lock_queue('two');
$worker = worker('hangs', '--lease', '8');
says(qr/^service=two: an error, trying again in 1 s: canceling statement due to statement timeout$/m, $worker);
wait_for('one', 'SELECT succeeded = 2 FROM training_plan_progress WHERE plan_id = latest_training_plan()', $worker);
ok($worker->pumpable, 'a server hangs, and the others are worked on');
unlock_queue('two', $session);
ok($worker->finish, 'it is worked on when it answers') or diag($run[0]);
is(ask('two', $states), 'sym_x_S|succeeded|1|"S"', 'and its job is trained');

part('one', 'silent', 'a', 'slow', 'z');
part('two', 'silent', 'x', 'y');
$worker = worker('silent', '--lease', '8');
wait_for('one', $slow_runs, $worker);
my $process = ask('two', "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
kill('STOP', $process);
append_to_file("$folder/go", '');
ok($worker->finish, 'a process of a server says nothing any more') or diag($run[0]);
like($run[0], qr/^service=two: no connection, trying again in 1 s: the server does not answer\n(.*\n)*5 of 5 jobs\n\z/m, 'it is not waited for');
is(ask('two', $states), join("\n", map { "sym_${_}_S|succeeded|1|\"S\"" } 'x', 'y'), 'and its jobs are trained');
kill('CONT', $process);

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

run_sql($coordinator, 'postgres', 'CREATE EXTENSION trainplan');
my $output = `examples/shards/run.sh 2>&1; echo "ended with \$?"`;
like($output, qr/^ended with 0$/m, 'the example ends well') or diag($output);
like($output, qr/^All jobs have succeeded, each once, and they are those that one server would plan\.$/m, 'all jobs are trained once');
like($output, qr/could not connect to server "shard2"/, 'the server was killed');
like($output, qr/^ +\d+ \| +\d+ \| +0$/m, 'nothing is different from what one server plans');
is(leftovers(), '', 'nothing is left');

# in a database that has its objects already, and in one that has them no more
like(`examples/shards/run.sh 2>&1; echo "ended with \$?"`, qr/already exists\nended with 3\n\z/, 'what fails ends it');
is(leftovers(), '', 'nothing is left of that, either');

is(run_sql($coordinator, 'postgres', (PostgreSQL::Test::Utils::slurp_file('examples/shards/README.md') =~ /^    (DROP .*;)$/m)[0], '-v', 'VERBOSITY=terse') =~ s/^NOTICE:.*\n?//mgr, '',
	'its objects are removed');
$worker = IPC::Run::start([ 'setsid', 'examples/shards/run.sh' ], '>', \$run[0], '2>&1', IPC::Run::timer(180));
says(qr/^== shard2 is killed/m, $worker);
kill('INT', -$worker->{KIDS}[0]{PID});
$worker->finish;
is($worker->result, 130, 'Ctrl-C ends it') or diag($run[0]);
is(leftovers(), '', 'nothing is left of that, either');

done_testing();
