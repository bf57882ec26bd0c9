# The example's plan is trained to the end by its workers: in a pipeline, in plain
# Python, on Celery and on Dask, of which each loses a worker on the way; pooled models
# first, and no more of one family at a time than may be.  What is missing is said in a
# line, a connection that drops is made again, and who is stopped gives back what he
# trains.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Trainplan;

system('/usr/bin/python3 -c "import celery, distributed, psycopg2, redis, sklearn, xgboost" 2>/dev/null') == 0
	or plan skip_all => 'Debian\'s python3-celery, python3-distributed, python3-psycopg2, python3-redis, python3-sklearn and python3-xgboost are not installed';

# A program that was started with HUP ignored can't hear it.
$SIG{HUP} = 'DEFAULT';

my $server = start_server('schedulers');

local $ENV{PGHOST} = $server->host;
local $ENV{PGPORT} = $server->port;
local $ENV{PGDATABASE} = 'postgres';
local $ENV{LEASE} = 5;

sub ask
{
	return run_sql($server, 'postgres', $_[0], '-At');
}

# A file of a process in /proc, as text; empty if there is no such process.
sub process_file
{
	my ($pid, $file) = @_;

	open my $handle, '<', "/proc/$pid/$file" or return '';
	local $/;
	return <$handle> =~ tr/\0/ /r;
}

# The processes whose command is like that and that were started here, as their
# environment says.
sub processes
{
	my ($command) = @_;

	return grep { process_file($_, 'cmdline') =~ $command && process_file($_, 'environ') =~ /PGPORT=$ENV{PGPORT} / }
		map { m{/proc/(\d+)$} ? $1 : () } glob '/proc/[0-9]*';
}

# Run a program until it ends; when it has trained ten jobs, kill the worker whose
# processes have such a command.
sub run_and_kill
{
	my ($name, $program, $worker) = @_;
	my ($jobs, $dependent) = split /\|/, ask(q{
		SELECT count(*), count(*) FILTER (WHERE metadata ->> 'needs_cs_ensemble' = 'true')
		FROM training_jobs WHERE plan_id = latest_training_plan()});
	my $output;
	my $run = IPC::Run::start($program, '>', \$output, '2>&1', IPC::Run::timer(300));

	until (ask('SELECT succeeded >= 10 AND running > 0 FROM training_plan_progress WHERE plan_id = latest_training_plan()') eq 't')
	{
		$run->pumpable or last;
		select(undef, undef, undef, 0.2);
	}
	my @killed = $worker->();
	cmp_ok(kill('KILL', @killed), '>', 0, "$name: a worker is killed");
	ok($run->finish, "$name: ends well") or diag($output);

	is(ask(q{SELECT jobs, succeeded, failed, cancelled, percent_done FROM training_plan_progress WHERE plan_id = latest_training_plan()}),
		"$jobs|$jobs|0|0|100.0", "$name: all jobs are trained");
	is(ask(q{
		SELECT count(*) FROM training_job_status AS s JOIN training_jobs AS j USING (plan_id, job_id)
		WHERE plan_id = latest_training_plan()
			AND (SELECT array_agg(f.key) @> j.model_families AND bool_and(jsonb_typeof(f.value -> 'score') = 'number')
				FROM jsonb_each(s.result -> 'families') AS f)
	}), $jobs, "$name: each has a score of each family");
	is(ask('SELECT count(*) FROM training_job_attempts WHERE plan_id = latest_training_plan() AND finished_at IS NULL'), '0',
		"$name: no attempt is left running");
	is_deeply([ map { process_file($_, 'cmdline') } processes(qr/python|redis|celery|dask/) ], [], "$name: no process is left running");

	# how far it is, where there is no terminal
	like($output, qr/^\d+ of $jobs jobs(, [\d,]+ an hour, ends [\d: -]+)?; \d+ running.*\n(.*\n)*$jobs of $jobs jobs\n/m, "$name: says how far it is");
	unlike($output, qr/\r|\e|Traceback/, "$name: in lines");

	like(ask('\\i examples/eu_stocks/proof.sql'), qr/^eu_stocks\|\{xgboost\}\|2\|[12]\n.*\n$dependent\|0$/m,
		"$name: never more jobs with XGBoost than two, and none before the pooled model that it needs");
}

# A plan of the example; or one of the families that have no limit, and where no job waits.
my $plan_sql = '\i examples/eu_stocks/plan.sql';
my $plan = q{SELECT plan_training('eu_stock_candidates', families => '{random_forest,hist_gradient_boosting}')};

# ---- what is missing is said in one line

my %programs = (
	'worker.py' => 'examples/eu_stocks/worker.py',
	'celery_app.py' => 'cd examples/eu_stocks && ./celery_app.py',
	'dask_run.py' => 'examples/eu_stocks/dask_run.py',
	'ci.sh' => 'examples/eu_stocks/ci.sh');

sub says
{
	my ($expected, $name) = @_;

	for my $program (sort keys %programs)
	{
		like(`($programs{$program}) 2>&1; echo "ended with \$?"`, qr/\A[^\n]*$expected[^\n]*\nended with [12]\n\z/, "$program: $name");
	}
}

{
	local $ENV{PGDATABASE} = 'nowhere';
	says('database "nowhere" does not exist', 'no database');
}
says('CREATE EXTENSION trainplan', 'no extension');
ask('CREATE EXTENSION trainplan');
says('there is no plan', 'no plan');
is(`examples/eu_stocks/worker.py --plan 7 2>&1`, "there is no plan 7\n", 'worker.py: no such plan');
like(`psql -X -f examples/eu_stocks/scores.sql 2>&1`, qr/\AThere is no plan\n\z/, 'scores.sql: no plan');

# ---- Celery: two workers of two processes, one of which is killed with its processes

is(ask($plan_sql), '1', 'a plan of the example');
run_and_kill('Celery', ['examples/eu_stocks/celery_run.sh'], sub { processes(qr/worker --hostname one@/) });
like(ask(q{SELECT string_agg(DISTINCT worker, ', ') FROM training_job_attempts WHERE outcome = 'expired'}), qr/^one@/,
	'Celery: what the worker had was lost with it, and trained by others');

# ---- Dask: a process of the LocalCluster is killed; half of the targets are enough

is(ask($plan_sql), '2', 'plan.sql can be run again');
is(ask("DELETE FROM training_jobs WHERE plan_id = 2 AND target ~ '_[12]0d'; SELECT count(*) FROM training_jobs WHERE plan_id = 2"), '35', 'jobs are deleted');
run_and_kill('Dask', [ 'examples/eu_stocks/dask_run.py', '--workers', '2', '--lease', '5' ],
	sub { (processes(qr/multiprocessing-fork/))[0] });
is(ask(q{
	SELECT count(*) FROM training_job_status AS one JOIN training_job_status AS other USING (job_id)
	WHERE one.plan_id = 1 AND other.plan_id = 2 AND one.result = other.result
}), '35', 'both have the same scores');

# ---- worker.py and ci.sh, with plans of a job or two

sub small_plan
{
	my ($families, $target) = @_;

	$target //= 'fwd_ret_5d';

	ask(qq{
		DROP TABLE IF EXISTS decisions;
		CREATE TABLE decisions AS SELECT * FROM (VALUES
			('$target', NULL, 'ENABLED'), ('y_will_rise_5d', 'DAX', 'ROUTE_SYMBOL_SPECIFIC')) AS d (target, symbol, route);
		SELECT create_training_plan('decisions', '$families');
	});
}

my $states = q{SELECT job_id, state, attempts, error, result ->> 'metric' FROM training_job_status WHERE plan_id = latest_training_plan() ORDER BY job_id};

small_plan('{xgboost}');
like(`examples/eu_stocks/worker.py --lease 5`, qr/^succeeded  attempt 1  cs_fwd_ret_5d$/m, 'worker.py says what it trains');
is(ask($states), "cs_fwd_ret_5d|succeeded|1||r2\nsym_y_will_rise_5d_DAX|succeeded|1||auc", 'worker.py trains what there is');

small_plan('{xgboost}', 'fwd_ret_9d');
like(`examples/eu_stocks/worker.py 2>&1; echo "ended with \$?"`,
	qr/^cs_fwd_ret_9d: CannotTrain: unknown target "fwd_ret_9d"\n.*^succeeded .*^ended with 0$/ms, 'worker.py goes on when a job fails, and says why');
is(ask($states), "cs_fwd_ret_9d|failed|3|CannotTrain: unknown target \"fwd_ret_9d\"|\nsym_y_will_rise_5d_DAX|succeeded|1||auc",
	'worker.py reports what it can\'t train');

small_plan('{random_forest}');
is(system('examples/eu_stocks/ci.sh >/dev/null'), 0, 'ci.sh ends well');
is(ask($states), "cs_fwd_ret_5d|succeeded|1||r2\nsym_y_will_rise_5d_DAX|succeeded|1||auc", 'ci.sh trains what there is');

small_plan('{random_forest}', 'fwd_ret_9d');
like(`examples/eu_stocks/ci.sh; echo "ended with \$?"`,
	qr/^failed:\ncs_fwd_ret_9d\|cannot train: unknown target "fwd_ret_9d"\nended with 1$/ms, 'ci.sh fails when a job does');

# nothing is tried that none of them can train
small_plan('{xgboost,lightgbm}');
says('plan \d+ has jobs of families that are not trained here: .*lightgbm', 'other families');
{
	local $ENV{PYTHONPATH} = PostgreSQL::Test::Utils::tempdir();
	PostgreSQL::Test::Utils::append_to_file("$ENV{PYTHONPATH}/xgboost.py", "raise ModuleNotFoundError(\"No module named 'xgboost'\")\n");
	says("No module named 'xgboost' .*python3-xgboost", 'no package');
}
is(ask($states), "cs_fwd_ret_5d|pending|0||\nsym_y_will_rise_5d_DAX|pending|0||", 'no job was tried');

# others train the rest
ask("UPDATE training_jobs SET model_families = '{xgboost}' WHERE plan_id = latest_training_plan() AND symbol = 'DAX'");
like(`examples/eu_stocks/worker.py --others 2>&1; echo "ended with \$?"`,
	qr/\Aplan \d+: .* left to other workers: lightgbm\nsucceeded .*y_will_rise_5d_DAX\n1 of 2 jobs.*\nended with 0\n\z/,
	'worker.py --others trains what it can');
is(ask($states), "cs_fwd_ret_5d|pending|0||\nsym_y_will_rise_5d_DAX|succeeded|1||auc", 'a job of another family was left');

# ---- the extension in another schema, whose name has to be quoted

ask('CREATE DATABASE elsewhere');
{
	local $ENV{PGDATABASE} = 'elsewhere';
	my $schema = q{Team "A", B};
	run_sql($server, 'elsewhere', q{
		CREATE SCHEMA "Team ""A"", B";
		CREATE EXTENSION trainplan SCHEMA "Team ""A"", B";
		CREATE TABLE decisions AS SELECT 'fwd_ret_5d' AS target, 'DAX' AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route;
		SELECT "Team ""A"", B".create_training_plan('decisions', '{xgboost}');
	});
	like(`examples/eu_stocks/worker.py 2>&1`, qr/\Athe extension is in a schema .* --schema '\Q$schema\E' .*\n\z/, 'worker.py: which schema');
	is(`examples/eu_stocks/worker.py --schema '$schema' 2>&1`, "succeeded  attempt 1  sym_fwd_ret_5d_DAX\n1 of 1 jobs\n", 'worker.py --schema');
}

# ---- two days: on the second only what changed is trained

ask('CREATE DATABASE two_days');
{
	local $ENV{PGDATABASE} = 'two_days';
	my $ask = sub { return run_sql($server, 'two_days', $_[0], '-At') };
	my @rounds;

	$ask->("CREATE EXTENSION trainplan;\n\\i examples/eu_stocks/days.sql");
	foreach my $day ('before', 'after')
	{
		$ask->("CREATE VIEW few_$day AS SELECT * FROM eu_stocks_$day WHERE target ~ '^y_will_rise'");
		push @rounds, run_sql($server, 'two_days', '', '-At', '-v', "candidates=few_$day", '-v', 'families={hist_gradient_boosting}',
			'-f', 'examples/eu_stocks/nightly.sql');
		is(system('examples/eu_stocks/worker.py >/dev/null'), 0, "two days: the one $day is trained");
	}
	is(join("\n", @rounds), "1|7|0|7|0|0\n2|9|6|2|1|0", 'two days: how many jobs are left to train');
	is($ask->(q{
		SELECT state, count(*), count(*) FILTER (WHERE c.change = 'added' OR 'needs_cs_ensemble' = ANY (c.columns)), count(result)
		FROM training_job_status AS s
		LEFT JOIN compare_training_plans(1, 2) AS c ON c.job_after = s.job_id
		WHERE plan_id = 2
		GROUP BY 1 ORDER BY 1;
	}), "reused|6|0|6\nsucceeded|3|3|3", 'two days: it is those that changed');
	like($ask->('\\i examples/eu_stocks/proof.sql'), qr/^\d+\|0$/m, 'two days: pooled models that are reused are there');
}

# ---- connections that drop, jobs that are lost, workers that are asked to stop

# A program that works on a new plan, as the leader of processes that a terminal would
# stop together.
sub start_on_new_plan
{
	my ($output, @program) = @_;

	ask($plan);
	return IPC::Run::start([ 'setsid', @program ], '>', $output, '2>&1', IPC::Run::timer(300));
}

# Wait for what is asked to be true.
sub wait_for
{
	my ($query, $run) = @_;

	until (ask($query) eq 't')
	{
		$run->pump_nb;
		$run->pumpable or last;
		select(undef, undef, undef, 0.1);
	}
}

my $latest = 'plan_id = latest_training_plan()';
my $running = "SELECT count(*) FROM training_job_status WHERE $latest AND state = 'running'";

# what is really being trained has had its lease extended
my $trains = "SELECT count(*) > 0 FROM training_job_status WHERE $latest AND state = 'running' AND lease_expires_at > started_at + interval '3.1 seconds'";

my $output = '';
my $run = start_on_new_plan(\$output, 'examples/eu_stocks/worker.py', '--lease', '3');
wait_for("SELECT succeeded > 0 AND running > 0 FROM training_plan_progress WHERE $latest", $run);
ask(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()});
my $ended = ask("SELECT succeeded FROM training_plan_progress WHERE $latest");
wait_for("SELECT succeeded > $ended + 1 FROM training_plan_progress WHERE $latest", $run);
ok($run->pumpable, 'worker.py goes on when its connection has dropped');
$server->restart;
$ended = ask("SELECT succeeded FROM training_plan_progress WHERE $latest");
wait_for("SELECT succeeded > $ended + 1 FROM training_plan_progress WHERE $latest", $run);
ok($run->pumpable, 'worker.py goes on when the server was started again');
wait_for($trains, $run);
wait_for("SELECT count(*) > 0 FROM training_job_status WHERE $latest AND state = 'running' AND progress > 0", $run);
ok($run->pumpable, 'the status says how far a job is');
ask("SELECT cancel_training_jobs(latest_training_plan())");
ok($run->finish, 'worker.py ends with its plan');
like($output, qr/^lost .*\n70 of 70 jobs; \d+ cancelled\n\z/m, 'worker.py gives up a job that it lost');
unlike($output, qr/Traceback/, 'worker.py says so in lines');

# asked to stop: at once, in a line, and the job is given back
for my $signal ('INT', 'TERM')
{
	$run = start_on_new_plan(\$output, 'examples/eu_stocks/worker.py', '--lease', '3');
	wait_for($signal eq 'INT' ? $trains : "SELECT ($running) > 0", $run);
	kill($signal, -$run->{KIDS}[0]{PID});
	$run->finish;
	is($run->result, $signal eq 'INT' ? 130 : 143, "worker.py stops when it is asked to by $signal");
	like($output, qr/^(succeeded .*\n)*stopped(: \S+ is given back)?\n\z/, "worker.py says that it was stopped by $signal");
	is(ask($running), '0', "worker.py hands its job back after $signal");
}

for my $program ('ci.sh', 'celery_run.sh', 'dask_run.py')
{
	$run = start_on_new_plan(\$output, "examples/eu_stocks/$program");
	wait_for("SELECT succeeded > 0 AND running > 0 FROM training_plan_progress WHERE $latest", $run);
	kill('INT', -$run->{KIDS}[0]{PID});
	$run->finish;
	unlike($output, qr/Traceback|Error/, "$program stops without a traceback") or diag($output);
	like($output, $program eq 'dask_run.py' ? qr/^stopped: \d jobs are given back$/m : qr/^stopped/m, "$program says so") or diag($output);
	is(ask($running), '0', "$program hands its jobs back");
	is_deeply([ map { process_file($_, 'cmdline') } processes(qr/python|redis|celery|dask/) ], [], "$program leaves no process");
}

# stopped when the server is gone
$run = start_on_new_plan(\$output, 'examples/eu_stocks/celery_run.sh');
wait_for("SELECT succeeded > 0 AND running > 0 FROM training_plan_progress WHERE $latest", $run);
$server->stop('immediate');
kill('HUP', $run->{KIDS}[0]{PID});
$run->finish;
is($run->result, 129, 'celery_run.sh stops when the server is gone') or diag($output);
is_deeply([ map { process_file($_, 'cmdline') } processes(qr/python|redis|celery/) ], [], 'and leaves no process');
$server->start;

# ---- whatever train.py does with a job, the others are trained

my $folder = PostgreSQL::Test::Utils::tempdir();
system("cp examples/eu_stocks/*.* '$folder'") == 0 or die;
open my $trainer, '>', "$folder/train.py" or die;
print $trainer <<'PYTHON';
#!/usr/bin/python3
import json, os, subprocess, sys, time

FAMILIES = {"xgboost": None}

def is_there():
    return subprocess.run(["psql", "-Xc", ""], capture_output=True).returncode == 0

def train(job, progress=lambda share: None):
    if job["target"] == "text":
        raise RuntimeError("a\0b \ud800 " + 10000 * "x")
    if job["target"] == "exit":
        sys.exit("the library ends")
    if job["target"] == "set":
        return {1, 2}
    if job["target"] == "zero":
        return "a\0b"
    if job["target"] == "large":
        return 200000 * "x"
    if job["target"] == "deleted":
        subprocess.run(["psql", "-Xqc", "DELETE FROM training_jobs WHERE target = 'deleted'"])
    if job["target"] == "swallows":
        try:
            time.sleep(300)
        except KeyboardInterrupt:
            pass
    if job["target"] == "away":
        while is_there():
            time.sleep(0.1)
    return job["symbol"]

def program():
    if sys.argv[1:] == ["--families"]:
        return print("{xgboost}")
    job = json.load(sys.stdin)
    if job["target"] == "text":
        sys.stderr.buffer.write(b"a\0b \xff " + 10000 * b"x" + b" at last\n")
        sys.exit(1)
    if job["target"] == "zero":
        return print("no JSON")
    if job["target"] == "exit":
        os.kill(os.getpid(), 9)
    if job["target"] != "set":
        print(json.dumps(train(job)))

if __name__ == "__main__":
    program()
PYTHON
close $trainer;

# A plan of jobs with these targets, and at last one whose symbol is a\nc.
sub odd_plan
{
	my $targets = join '', map { "('$_', 'DAX', 'ROUTE_SYMBOL_SPECIFIC'), " } @_;

	ask(qq{
		DROP TABLE decisions;
		CREATE TABLE decisions (target, symbol, route) AS VALUES $targets('z', E'a\\\\nc', 'ROUTE_SYMBOL_SPECIFIC');
		SELECT create_training_plan('decisions', '{xgboost}');
	});
}

# What became of them, in lines, with the beginnings of errors and results.
sub odd_jobs
{
	return ask(q{
		SELECT target, state, attempts, left(translate(error, E'\n', ' '), 60), left(result::text, 9)
		FROM training_job_status WHERE plan_id = latest_training_plan() ORDER BY target
	});
}

my $why = qr/\A
exit\|failed\|3\|SystemExit:\ the\ library\ ends\|\n
large\|succeeded\|1\|\|"x+\n
set\|failed\|3\|TypeError:\ [^\n]*JSON[^\n]*\|\n
text\|failed\|3\|RuntimeError:\ ab\ \?\ x+\|\n
z\|succeeded\|1\|\|"a\\\\nc"\n
zero\|failed\|3\|[^\n]*Unicode[^\n]*\|\z/x;
my @odd = ('exit', 'large', 'set', 'text', 'zero');

odd_plan(@odd);
like(`'$folder/worker.py' 2>&1; echo "ended with \$?"`, qr/^ended with 0$/m, 'worker.py goes on, whatever a job does');
like(odd_jobs(), $why, 'worker.py says why');

odd_plan(@odd);
like(`'$folder/dask_run.py' --workers 1 2>&1; echo "ended with \$?"`, qr/^ended with 0$/m, 'dask_run.py goes on, whatever a job does');
like(odd_jobs(), $why, 'dask_run.py says why');
is(ask("SELECT count(*) FROM training_job_attempts WHERE $latest AND outcome = 'expired'"), '0', 'dask_run.py: no worker dies of a job');

# a scheduler without workers, and one that dies
odd_plan();
$run = IPC::Run::start([ '/usr/bin/python3', '-m', 'distributed.cli.dask_scheduler', '--no-dashboard', '--port', '0', '--scheduler-file', "$folder/scheduler" ],
	'>', \my $scheduler_says, '2>&1', IPC::Run::timer(300));
until (-s "$folder/scheduler") { $run->pump_nb; $run->pumpable or last; select(undef, undef, undef, 0.1) }
my ($address) = PostgreSQL::Test::Utils::slurp_file("$folder/scheduler") =~ /"address": "(.*?)"/;
my $idle = IPC::Run::start([ "$folder/dask_run.py", '--scheduler', $address ], '>', \my $idle_says, '2>&1', IPC::Run::timer(100));
until ($idle_says =~ /workers/) { $idle->pump }
sleep 2;
$run->kill_kill(grace => 0);
$idle->finish;
is($idle_says, "the scheduler has no workers, waiting for some\nthe scheduler is gone: 0 jobs are given back\n", 'dask_run.py says what becomes of its scheduler');
is(odd_jobs(), 'z|pending|0||', 'and has not claimed what nobody would train');

# on a terminal there is a bar
SKIP:
{
	skip 'there is no script(1)', 2 if system('command -v script >/dev/null') != 0;
	local $ENV{TERM} = 'vt100';
	my $seen = `cd '$folder' && script -qec ./worker.py /dev/null`;
	like($seen, qr/\r\e\[K\[\.{20}\] 0 of 1 jobs.*\r\e\[K\[#{20}\] 1 of 1 jobs\r\n\z/s, 'a bar is drawn on a terminal');
	like($seen, qr/\r\e\[Ksucceeded  attempt 1  sym_z_a.*\n/, 'and lines above it');
}

odd_plan(@odd);
like(`'$folder/ci.sh' 2>&1; echo "ended with \$?"`, qr/^failed:\n.*^ended with 1$/ms, 'ci.sh goes on, whatever a job does');
like(odd_jobs(), qr/\A
exit\|failed\|3\|train.py\ ended\ with\ 137\|\n
large\|succeeded\|1\|\|"x+\n
set\|failed\|3\|no\ result:\ ERROR:[^\n]*json[^\n]*\|\n
text\|failed\|3\|x+\|\n
z\|succeeded\|1\|\|"a\\\\nc"\n
zero\|failed\|3\|no\ result:\ ERROR:[^\n]*json[^\n]*\|\z/x, 'ci.sh says why');
is(ask("SELECT max(length(error)) <= 4000 AND max(length(result::text)) > 200000 FROM training_job_status WHERE $latest"), 't',
	'ci.sh: of an error the end, a result whole');

for my $program ('ci.sh', 'worker.py')
{
	odd_plan('deleted');
	like(`'$folder/$program' 2>&1; echo "ended with \$?"`, qr/^(lost .*|.*\|lost)\n(.*\n)?.*z_a.*\n(\d of \d jobs\n)?ended with 0$/m, "$program: a job that is deleted is lost");

	# the server goes when the job is trained, and comes back when it is to be reported
	odd_plan('away');
	$run = IPC::Run::start([ "$folder/$program" ], '>', \$output, '2>&1', IPC::Run::timer(300));
	wait_for("SELECT count(*) > 0 FROM training_job_status WHERE $latest AND target = 'away' AND state = 'running'", $run);
	$server->stop;
	sleep 2;
	$server->start;
	ok($run->finish, "$program waits for the server") or diag($output);
	is(odd_jobs(), "away|succeeded|1||\"DAX\"\nz|succeeded|1||\"a\\\\nc\"", "$program reports when the server is back");
}

# Ctrl-C that is lost in train.py, on a terminal, where the bar is not drawn again
SKIP:
{
	skip 'there is no script(1)', 1 if system('command -v script >/dev/null') != 0;
	local $ENV{TERM} = 'vt100';
	odd_plan('swallows');
	$run = IPC::Run::start([ 'script', '-qec', "$folder/worker.py --lease 3", '/dev/null' ], '>', \$output, '2>&1', IPC::Run::timer(300));
	wait_for($trains, $run);
	kill('INT', processes(qr/^\S*python\S* \S*worker\.py/));
	$run->finish;
	like($output, qr/\r\e\[Ksucceeded  attempt 1  sym_swallows_DAX\r\n\r\e\[K\[[^\n]*\r\nstopped\r\n\z/,
		'worker.py stops after its job, if the job does not');
}

done_testing();
