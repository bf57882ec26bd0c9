# The example's plan is trained to the end by its workers: in a pipeline, in plain
# Python, on Celery and on Dask, of which each loses a worker on the way.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Trainplan;

system('/usr/bin/python3 -c "import celery, distributed, psycopg2, redis, sklearn, xgboost" 2>/dev/null') == 0
	or plan skip_all => 'Debian\'s python3-celery, python3-distributed, python3-psycopg2, python3-redis, python3-sklearn and python3-xgboost are not installed';

my $server = start_server('schedulers');

local $ENV{PGHOST} = $server->host;
local $ENV{PGPORT} = $server->port;
local $ENV{PGDATABASE} = 'postgres';
local $ENV{LEASE} = 5;
delete local $ENV{PGUSER};

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
		'70|70|0|0|100.0', "$name: all jobs are trained");
	is(ask(q{
		SELECT count(*) FROM training_job_status AS s JOIN training_jobs AS j USING (plan_id, job_id)
		WHERE plan_id = latest_training_plan()
			AND (SELECT array_agg(f.key) @> j.model_families AND bool_and(jsonb_typeof(f.value -> 'score') = 'number')
				FROM jsonb_each(s.result -> 'families') AS f)
	}), '70', "$name: each has a score of each family");
	is(ask('SELECT count(*) FROM training_job_attempts WHERE plan_id = latest_training_plan() AND finished_at IS NULL'), '0',
		"$name: no attempt is left running");
	is_deeply([ map { process_file($_, 'cmdline') } processes(qr/python|redis|celery|dask/) ], [], "$name: no process is left running");
}

my $plan = q{SELECT plan_training('eu_stock_candidates', families => '{xgboost,random_forest,hist_gradient_boosting}')};

# ---- Celery: two workers of two processes, one of which is killed with its processes

is(system('psql -XAtq -f examples/eu_stocks/plan.sql'), 0, 'a plan of the example');
run_and_kill('Celery', ['examples/eu_stocks/celery_run.sh'], sub { processes(qr/worker --hostname one@/) });
like(ask(q{SELECT string_agg(DISTINCT worker, ', ') FROM training_job_attempts WHERE outcome = 'expired'}), qr/^one@/,
	'Celery: what the worker had was lost with it, and trained by others');

# ---- Dask: a process of the LocalCluster is killed

ask($plan);
run_and_kill('Dask', [ 'examples/eu_stocks/dask_run.py', '--workers', '2', '--lease', '5' ],
	sub { (processes(qr/multiprocessing-fork/))[0] });
is(ask(q{
	SELECT count(*) FROM training_job_status AS one JOIN training_job_status AS other USING (job_id)
	WHERE one.plan_id = 1 AND other.plan_id = 2 AND one.result = other.result
}), '70', 'both have the same scores');

# ---- worker.py and ci.sh, with plans of a job or two

sub small_plan
{
	my ($families) = @_;

	ask(qq{
		DROP TABLE IF EXISTS decisions;
		CREATE TABLE decisions AS SELECT * FROM (VALUES
			('fwd_ret_5d', NULL, 'ENABLED'), ('y_will_rise_5d', 'DAX', 'ROUTE_SYMBOL_SPECIFIC')) AS d (target, symbol, route);
		SELECT create_training_plan('decisions', '$families');
	});
}

my $states = q{SELECT job_id, state, attempts, error, result ->> 'metric' FROM training_job_status WHERE plan_id = latest_training_plan() ORDER BY job_id};

small_plan('{xgboost}');
like(`examples/eu_stocks/worker.py --lease 5`, qr/^succeeded  attempt 1  cs_fwd_ret_5d$/m, 'worker.py says what it trains');
is(ask($states), "cs_fwd_ret_5d|succeeded|1||r2\nsym_y_will_rise_5d_DAX|succeeded|1||auc", 'worker.py trains what there is');

my $error = 'CannotTrain: unknown model family "lightgbm": this program trains xgboost, random_forest, hist_gradient_boosting';
small_plan('{xgboost,lightgbm}');
is(system('examples/eu_stocks/worker.py >/dev/null'), 0, 'worker.py goes on when a job fails');
is(ask($states), "cs_fwd_ret_5d|failed|3|$error|\nsym_y_will_rise_5d_DAX|failed|3|$error|", 'worker.py reports what it can\'t train');

small_plan('{random_forest}');
is(system('examples/eu_stocks/ci.sh >/dev/null'), 0, 'ci.sh ends well');
is(ask($states), "cs_fwd_ret_5d|succeeded|1||r2\nsym_y_will_rise_5d_DAX|succeeded|1||auc", 'ci.sh trains what there is');

small_plan('{mlp}');
like(`examples/eu_stocks/ci.sh; echo "ended with \$?"`,
	qr/^failed:\ncs_fwd_ret_5d\|cannot train: unknown model family "mlp".*^ended with 1$/ms, 'ci.sh fails when a job does');

# a worker that is asked to stop
my $slow = 'SELECT count(*) FROM training_job_status WHERE plan_id = latest_training_plan() AND state = ';
ask($plan);
my $run = IPC::Run::start(['examples/eu_stocks/worker.py'], '>', '/dev/null');
select(undef, undef, undef, 0.2) until ask("$slow 'running'") eq '1';
$run->signal('TERM');
ok($run->finish, 'worker.py stops when it is asked to');
is(ask("$slow 'running'"), '0', 'worker.py hands its job back');

done_testing();
