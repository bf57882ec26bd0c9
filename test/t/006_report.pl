# The report works in any database that has the extension, and says so where it can't; so
# does the view of a plan that is worked off.

use strict;
use warnings;
use utf8;

use lib 'test/perl';
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

my $server = start_server('report');

# (what is handed to psql is bytes)
sub execute
{
	my ($database, $sql) = @_;

	utf8::encode($sql);
	return run_sql($server, $database, $sql);
}

sub report
{
	my ($database, @options) = @_;

	my $output = run_sql($server, $database, '', @options, '-f', 'examples/report.sql');

	utf8::decode($output);
	return $output;
}

like(report('postgres'), qr/does not have the extension/, 'no extension');

run_sql($server, 'postgres', q{
	CREATE SCHEMA "My plans";
	CREATE EXTENSION trainplan SCHEMA "My plans";
	CREATE TABLE decisions (target text, symbol text, route text);
	INSERT INTO decisions VALUES ('fwd_ret_5d', NULL, 'ENABLED'), ('fwd_ret_5d', 'AAPL', 'ROUTE_BOTH');
});
like(report('postgres'), qr/There is no plan$/, 'no plan');

run_sql($server, 'postgres', q{
	SELECT "My plans".create_training_plan('decisions');
	INSERT INTO decisions VALUES ('fwd_ret_5d', 'MSFT', 'ROUTE_EXPERIMENTAL_ONLY');
	SELECT "My plans".create_training_plan('decisions');
});
like(report('postgres'), qr/│ +plan +│ +2 +│.*│ jobs +│ 3: 1 cross-sectional, 2 for one symbol, 0 blocked │/s, 'the latest plan');
unlike(report('postgres', '-v', 'plan=1'), qr/MSFT/, 'an earlier plan');
like(report('postgres', '-v', 'plan=3'), qr/There is no plan 3/, 'a plan that does not exist');

# what changed from one plan to another
sub comparison
{
	my ($database, @options) = @_;

	return run_sql($server, $database, '', @options, '-f', 'examples/compare.sql');
}

is(comparison('postgres') =~ s/ of \d{4}-\d\d-\d\d \d\d:\d\d UTC//gr, <<'END' =~ s/\s+\z//r, 'the latest plan beside the one before');
Plan 2, beside plan 1

  + fwd_ret_5d MSFT
      route              ROUTE_EXPERIMENTAL_ONLY
      training_type      symbol_specific
      model_families     lightgbm, xgboost
      priority           1
      needs_cs_ensemble  false

1 added, 0 removed, 0 changed, 2 as before.
END
like(comparison('postgres', '-v', 'before=2', '-v', 'after=1'), qr/^  - fwd_ret_5d MSFT\n.*^0 added, 1 removed, 0 changed, 2 as before\.$/ms, 'the other way round');
like(comparison('postgres', '-v', 'after=1'), qr/^There is no plan before plan 1$/, 'the first plan');
like(comparison('postgres', '-v', 'before=1', '-v', 'after=3'), qr/^There is no plan 3$/, 'no such plan');
run_sql($server, 'postgres', q{
	UPDATE decisions SET route = 'ROUTE_SYMBOL_SPECIFIC' WHERE symbol IS NOT NULL;
	SELECT "My plans".create_training_plan('decisions', '{mlp}');
});
like(comparison('postgres'), qr/^  ~ fwd_ret_5d AAPL\n      route              ROUTE_BOTH -> ROUTE_SYMBOL_SPECIFIC\n      model_families     lightgbm, xgboost -> mlp\n      priority           3 -> 2\n      needs_cs_ensemble  true -> false$/m,
	'what has changed');
like(comparison('template1'), qr/does not have the extension/, 'no extension');

run_sql($server, 'postgres', q{CREATE DATABASE western ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0});
execute('western', q{
	CREATE EXTENSION trainplan;
	CREATE TABLE decisions AS SELECT 't' AS target, 'Größe' AS symbol, 'ROUTE_BOTH' AS route;
	SELECT create_training_plan('decisions');
});
my $western = report('western');
like($western, qr/\| ROUTE_BOTH +\| +1 \| +50.0 % \| #+ \|/, 'in an encoding that can\'t draw');
unlike($western, qr/ERROR/, 'without errors');


# ---- how far a plan is ---------------------------------------------------------------

run_sql($server, 'postgres', 'CREATE DATABASE busy');
run_sql($server, 'busy', q{
	CREATE EXTENSION trainplan;
	CREATE TABLE decisions (target text, symbol text, route text, model_families text[], sample_size bigint);
	INSERT INTO decisions
	SELECT 'y' || t, NULL, 'ENABLED', '{ridge}'::text[], 400 FROM generate_series(1, 3) AS t
	UNION ALL
	SELECT 'y' || t, 'S' || s, 'ROUTE_BOTH', ARRAY[CASE WHEN s < 3 THEN 'lstm' ELSE 'ridge' END], 100 FROM generate_series(1, 3) AS t, generate_series(1, 4) AS s
	UNION ALL
	SELECT 'z', 'S' || s, 'ROUTE_SYMBOL_SPECIFIC', '{ridge}', 100 FROM generate_series(1, 5) AS s;
});

# A report's sections by their titles, each as the rows of its table, "a|b|c", or undef
# where there is none.
sub sections
{
	my ($output) = @_;
	my %sections;
	my ($title, $before);

	foreach my $line (split /\n/, $output)
	{
		$title = $before =~ s/^\s+|\s+$//gr if $line =~ /^[┌+]/ && $before =~ /^ *\w/;
		push @{ $sections{$title} }, join('|', map { s/^\s+|\s+$//gr } split /[│|]/, $line =~ s/^[│|]|[│|]$//gr) if $line =~ /^[│|]/;
		$before = $line;
	}
	shift @$_ foreach values %sections;
	return map { $_ => join("\n", @{ $sections{$_} }) } keys %sections;
}

# One frame of the live view, or more.
sub watch
{
	my ($database, %options) = @_;
	my ($output, $in) = ('', '');
	my $frames = $options{frames} // 1;
	my $psql = IPC::Run::start(
		[ 'psql', '-X', '-d', $server->connstr($database), '-v', 'every=0.2', @{ $options{options} // [] }, '-f', 'examples/watch.sql' ],
		'<', \$in, '>', \$output, '2>&1', IPC::Run::timeout(60));

	# (each begins with the plan's line, and the last is whole when the next begins)
	while ((() = $output =~ /^(Plan \d|There is no plan)/mg) <= $frames && $output !~ /^(You may|This)/m)
	{
		last unless $psql->pumpable;
		$psql->pump;
	}
	$psql->signal('INT') if $psql->pumpable;
	eval { $psql->finish };
	utf8::decode($output);
	return $output;
}

local $ENV{PGTZ} = 'UTC';

run_sql($server, 'busy', q{SELECT create_training_plan('decisions', pooled_first => true)});
my %fresh = sections(report('busy'));
is($fresh{'How far it is'}, 'is on its way|0.0 %|||', 'a plan that nobody has begun');
is(join("\n", map { s/\s*\|[^|]*$//r } split /\n/, $fresh{'Where the jobs stand'}), "pending|8|40.0 %\nwaiting|12|60.0 %", 'its states');
is($fresh{'What waits, and for what'}, "12|the pooled model of its target|of these models 3 are pending\n" .
	'8|nothing: can be claimed now|nobody runs a job: are there workers?', 'what waits there');
is($fresh{'When it ends, by how many workers'}, '1|0|||20: never trained', 'what can\'t be foretold');
is(join(' ', grep { defined $fresh{$_} } 'Limits, over all plans', 'Attempts that failed, by their error (# is any number)', 'The slowest jobs that succeeded'), '',
	'nothing is said of what there is nothing to say of');
like(watch('busy'), qr/^Plan 1, of public\.decisions +\d\d:\d\d:\d\d\n░+ +0\.0 %\n20 jobs: 0 running, 8 pending, 12 waiting, 0 succeeded\nNothing has ended yet\n\n/, 'the live view of it');

run_sql($server, 'busy', q{
	-- the pooled models of y1 and y2 are trained, in 20 and 10 seconds, and what waits for them fails or runs
	SELECT complete_training_job(plan_id, job_id, attempt) FROM claim_training_jobs('gpu-1', 2, job_ids => '{cs_y1,cs_y2}');
	UPDATE training_job_history SET started_at = finished_at - CASE job_id WHEN 'cs_y1' THEN interval '20 s' ELSE interval '10 s' END;
	SELECT fail_training_job(plan_id, job_id, attempt, E'no prices for day 17\nsecond line', '1 hour') FROM claim_training_jobs('gpu-1', job_ids => '{sym_y1_S1}');
	SELECT fail_training_job(plan_id, job_id, attempt, E' \nno prices for day 4', '2 hours') FROM claim_training_jobs('gpu-1', job_ids => '{sym_y1_S2}');
	UPDATE training_plans SET max_attempts = 1;
	SELECT fail_training_job(plan_id, job_id, attempt, E'Traceback (most recent call last):\n  File "train.py", line 12\nMemoryError: 0xff3a\n') FROM claim_training_jobs('gpu-1', job_ids => '{sym_y1_S3}');
	UPDATE training_plans SET max_attempts = 3;
	SELECT fail_training_job(plan_id, job_id, attempt, NULL) FROM claim_training_jobs('gpu-1', job_ids => '{sym_y1_S4}');
	SELECT count(*) FROM claim_training_jobs('gone', job_ids => '{sym_z_S5}', lease => '1 ms');
	SELECT extend_training_job_lease(plan_id, job_id, attempt, '1 hour', 0.5) FROM claim_training_jobs('gpu-2', 2, job_ids => '{sym_y2_S1,sym_z_S1}');
	INSERT INTO training_limits VALUES ('gpu', '{lstm}', 1), ('all', NULL, 50);
	SELECT cancel_training_jobs(1, '{sym_z_S4}');
	SELECT pg_sleep(0.01);
});
my %busy = sections(report('busy'));
is(join("\n", map { s/\s*\|[^|]*$//r } split /\n/, $busy{'Where the jobs stand'}),
	"pending|10|50.0 %\nwaiting|4|20.0 %\nrunning|2|10.0 %\nsucceeded|2|10.0 %\nfailed|1|5.0 %\ncancelled|1|5.0 %", 'states');
is(join("\n", report('busy') =~ /^ *([A-Z][\w ,()#]+)\n┌/mg), <<'END' =~ s/\n\z//r, 'first what matters at night');
Training plan
How far it is
Where the jobs stand
What waits, and for what
Attempts that failed, by their error (# is any number)
Leases that ended without a report, by worker
Limits, over all plans
When it ends, by how many workers
The slowest jobs that succeeded
The first ten jobs
Jobs by route
Jobs by training type
Jobs by priority
END
like($busy{'What waits, and for what'}, qr{\A4\|the pooled model of its target\|of these models 1 are pending
2\|the time of its retry\|the next at [0-9: -]+, the last at [0-9: -]+
1\|the limit gpu\|1 of 1 run
7\|nothing: can be claimed now\|1 after a lease that ended\z}, 'what waits, and for what');
is($busy{'Limits, over all plans'}, "gpu|lstm|1|1|██████████\nall|(all jobs)|2|50|", 'limits');
is($busy{'Attempts that failed, by their error (# is any number)'} =~ s/\|[^|]*$//mgr,
	"2|2|no prices for day #|sym_y1_S2\n1|1|(the lease ended without a report)|sym_z_S5\n1|1|(nothing was said)|sym_y1_S4\n1|1|MemoryError: #|sym_y1_S3", 'failures by their error');
like($busy{'Leases that ended without a report, by worker'}, qr/\Agone\|1\|[0-9: -]+\z/, 'whose lease ended');
is($busy{'The slowest jobs that succeeded'} =~ s/\|\d{4}[^|]*\|/|/mgr, "20.0|cs_y1|gpu-1|400\n10.0|cs_y2|gpu-1|400", 'the slowest jobs');
like($busy{'When it ends, by how many workers'}, qr/^1\|16\|02:\d\d:\d\d\|[0-9: -]+\|\n2 \(as now\)\|16\|.*\n4\|16\|.*\n8\|16\|.*\n16\|16\|/, 'when it ends');
unlike(join('', values %busy), qr/second line|train\.py/, 'and of an error only what tells its kind');

# as for a narrow terminal: nothing is wider than that
my $narrow = report('busy', '-v', 'columns=80');
is(join("\n", grep { length > 80 } split /\n/, $narrow), '', 'in 80 columns');
my %narrow = sections($narrow);
like($narrow{'What waits, and for what'}, qr/1\|the limit gpu *↵\n\|1 of 1 run/, 'with the same in it');

my $frames = watch('busy', frames => 3);
like($frames, qr{^Plan 1, of public\.decisions +\d\d:\d\d:\d\d
█+░+ +20\.0 %
20 jobs: 2 running, 10 pending, 4 waiting, 2 succeeded, 1 FAILED, 1 cancelled
[0-9.,]+ jobs an hour, ends at .*
Limits: gpu 1 of 1 \(FULL\), all 2 of 50

Running: 2 jobs by 1 worker
  gpu-2            sym_y2_S1 +0:00:\d\d  ████░░░░  50 %
  gpu-2            sym_z_S1 +0:00:\d\d  ████░░░░  50 %

1 lease has ended without a report \(gone: 1\)

Ended last
  \d\d:\d\d:\d\d  FAILED  sym_y1_S3  .*  gpu-1
  \d\d:\d\d:\d\d  done    cs_y\d  +0:00:\d\d  gpu-1
  \d\d:\d\d:\d\d  done    cs_y\d  +0:00:\d\d  gpu-1

Failed last, and from when it is tried again
(  \d\d:\d\d:\d\d  (now     |for good|[0-9:-]{8})  sym_y1_S\d.*\n){3}
}m, 'the live view');
ok((() = $frames =~ /^Plan 1/mg) >= 3, 'is drawn again and again');
unlike($frames, qr/\e|every|ERROR/, 'and where it is no terminal, in plain text');

# (IPC::Run has terminals where there is IO::Pty, and a system that gives one)
SKIP:
{
	skip 'Perl has no IO::Pty, or the system no terminals or no /proc', 2
		unless -d "/proc/$$/fd" && eval { require IO::Pty; no warnings; local *STDERR; IO::Pty->new };

	my ($typed, $output) = ('', '');
	my $psql = IPC::Run::start([ 'psql', '-X', '-d', $server->connstr('busy'), '-v', 'columns=80', '-v', 'every=0.2', '-f', 'examples/watch.sql' ],
		'<pty<', \$typed, '>pty>', \$output, IPC::Run::timeout(60));
	$psql->pump while $psql->pumpable && (() = $output =~ /^\e\[H/mg) < 3;
	$typed = "\cC";
	eval { $psql->finish };
	like($output, qr/^\e\[H\e\[\?7lPlan 1, of public\.decisions .*\e\[K\r?\n/m, 'on a terminal, it is drawn over what was there');
	like($output =~ s/\e\[(2J|[HKJ]|\?7[lh])//gr, qr/^[^\e]+$/, 'and nothing else is done to it');
}

# a later plan is shown when it comes, but where one is asked for
run_sql($server, 'busy', q{CREATE TABLE one AS SELECT 'later' AS target, 'S' AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route; SELECT create_training_plan('one')});
like(watch('busy'), qr/^Plan 2, of public\.one/, 'the latest plan');
like(watch('busy', options => [ '-v', 'plan=1' ]), qr/^Plan 1, /, 'or another');
like(watch('busy', options => [ '-v', 'plan=9' ]), qr/^There is no plan 9$/m, 'if it is there');
run_sql($server, 'busy', 'DELETE FROM training_plans WHERE plan_id = 2');

# paused
run_sql($server, 'busy', 'SELECT pause_training_plan(1)');
my %paused = sections(report('busy'));
like($paused{'How far it is'}, qr/^is paused\|20\.0 %\|[0-9.]+\|\|$/, 'a plan that is paused ends at no time');
is($paused{'What waits, and for what'}, "10|the plan is paused|SELECT resume_training_plan(1)\n4|the pooled model of its target|of these models 1 are pending", 'what waits in it');
like($paused{'When it ends, by how many workers'}, qr/\A2 \(as now\)\|2\|\|\|14: the plan is paused\z/, 'its end');
like(watch('busy'), qr/^Plan 1, of public\.decisions, IS PAUSED .*^[0-9.,]+ jobs an hour$/ms, 'and its live view');
run_sql($server, 'busy', q{UPDATE training_limits SET max_running = 0 WHERE name = 'gpu'; INSERT INTO training_limits VALUES ('off', '{lstm}', 0)});
my %stopped = sections(report('busy'));
is($stopped{'What waits, and for what'}, "10|the plan is paused|SELECT resume_training_plan(1)\n3|and the limits gpu, off|are 0, for so many of these\n4|the pooled model of its target|of these models 1 are pending",
	'and what will wait then');
run_sql($server, 'busy', 'SELECT resume_training_plan(1)');
%stopped = sections(report('busy'));
like($stopped{'What waits, and for what'}, qr/^1\|the limits gpu, off\|[01] of 0 run, [01] of 0 run$/m, 'two limits are two');
like($stopped{'When it ends, by how many workers'}, qr/\A2 \(as now\)\|11\|\|\|5: see what waits\z/, 'without an end, whatever the workers are');
run_sql($server, 'busy', q{UPDATE training_limits SET max_running = 1 WHERE name = 'gpu'; DELETE FROM training_limits WHERE name = 'off'});

# many leases of many workers end
run_sql($server, 'busy', q{
	CREATE TABLE leased AS SELECT 't' || t AS target, 'S' AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route FROM generate_series(1, 30) AS t;
	SELECT create_training_plan('leased') AS plan \gset
	SELECT (SELECT count(*) FROM claim_training_jobs('gone-worker/' || w, CASE w WHEN 7 THEN 4 ELSE 1 END, :plan, '1 ms')) FROM generate_series(1, 14) AS w;
	SELECT pg_sleep(0.01);
});
my %leases = sections(report('busy'));
like($leases{'Leases that ended without a report, by worker'}, qr{\Agone-worker/7\|4\|.*\n(gone-worker/\d+\|1\|.*\n){9}\(4 other workers\)\|4\|[^\n]*\z}, 'the workers that most ended of, and how many others');
like(watch('busy'), qr{^17 leases have ended without a report \(gone-worker/7: 4, gone-worker/1: 1, }m, 'as the live view has');
run_sql($server, 'busy', 'DELETE FROM training_plans WHERE plan_id > 1');

# the forecast is left out where it takes long, and where nobody wants it
unlike(report('busy', '-v', 'forecast=off'), qr/When it ends/, 'without the forecast');
like(report('busy', '-v', 'forecast=on'), qr/When it ends/, 'with it');
run_sql($server, 'busy', q{
	CREATE TABLE many AS SELECT 't' || n / 1000 AS target, 'S' || n % 1000 AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route FROM generate_series(0, 100000) AS n;
	SELECT create_training_plan('many');
});
my $many = report('busy');
like($many, qr/^The forecast is left out: 100001 jobs are left, which takes a while\. Ask for it by -v forecast=on$/m, 'of many jobs, it is left out');
unlike($many, qr/When it ends/, 'and not made');

# the live view reads of the queue what an index has in order, also where there are no statistics
my $explained = slurp_file('examples/watch.sql') =~ s/^WITH RECURSIVE/EXPLAIN $&/mr =~ s/^\\watch .*/;/mr;
$explained = run_sql($server, 'busy', $explained);
is(() = $explained =~ /^.*Index (?:Only )?Scan (?:Backward )?using training_job_queue_\w+_idx/mg, 6, 'places are looked up by indexes');
like($explained, qr/Index Scan Backward using training_job_queue_ended_idx/, 'in their order');
unlike($explained, qr/(?:Seq|Bitmap Heap) Scan on training_job_(?:queue|history)/, 'and never all of them');
run_sql($server, 'busy', 'DELETE FROM training_plans WHERE plan_id > 1');

# ---- who may read only some of it ----------------------------------------------------

run_sql($server, 'busy', q{
	CREATE ROLE nobody_at_all LOGIN;
	CREATE ROLE reader LOGIN;
	GRANT SELECT ON training_plans, training_jobs TO reader;
	CREATE ROLE analyst LOGIN;
	GRANT SELECT ON training_plans, training_jobs, training_plan_summary, training_job_queue, training_job_history, training_job_status,
		training_job_attempts, training_plan_progress, training_limits, training_limit_usage TO analyst;
});
is(report('busy', '-U', 'nobody_at_all'), 'You may not read training_plans', 'who may read nothing');
is(join("\n", report('busy', '-U', 'reader') =~ /^(.*left out.*)$/mg), <<'END' =~ s/\n\z//r, 'who may read plans');
Where the jobs stand is left out: you may not read training_plan_progress, training_job_queue
What waits for what is left out: you may not read training_job_queue
Failures are left out: you may not read training_job_attempts, training_job_queue, training_job_history
Limits are left out: you may not read training_limit_usage, training_limits, training_job_queue
The forecast is left out: you may not read training_plan_progress, training_job_queue, training_job_history
The slowest jobs are left out: you may not read training_job_history
Jobs by route, type and priority are left out: you may not read training_plan_summary
END
like(report('busy', '-U', 'reader'), qr/sym_|│ y1 /, 'sees their jobs');
unlike(report('busy', '-U', 'reader'), qr/ERROR/, 'without an error');
my %analyst = sections(report('busy', '-U', 'analyst'));
is(join(', ', sort keys %analyst), join(', ', sort keys %busy), 'an analyst sees all of it');
like(watch('busy', options => [ '-U', 'reader' ]), qr/^You may not read training_plan_progress, training_job_queue$/m, 'the live view is for who may read the queue');
run_sql($server, 'busy', 'REVOKE SELECT ON training_job_history, training_limits FROM analyst');
my $analysts_view = watch('busy', options => [ '-U', 'analyst' ]);
like($analysts_view, qr/^  \d\d:\d\d:\d\d  FAILED  sym_y1_S3$/m, 'and shows what its reader may read');
unlike($analysts_view, qr/Limits|gpu-1|ERROR/, 'and no more');
is(join(', ', report('busy', '-U', 'analyst') =~ /^(\w[\w ]*) (?:is|are) left out/mg), 'Failures, Limits, The forecast, The slowest jobs', 'as the report does');
run_sql($server, 'busy', q{
	GRANT SELECT ON training_job_history, training_limits TO analyst;
	ALTER TABLE training_jobs ENABLE ROW LEVEL SECURITY;
	CREATE POLICY some ON training_jobs TO analyst USING (target = 'y1');
});
unlike(report('busy', '-U', 'analyst'), qr/sym_[^y]|sym_y[^1]|ERROR|place deleted/, 'of jobs, those that he may see');
run_sql($server, 'busy', 'ALTER TABLE training_jobs DISABLE ROW LEVEL SECURITY');

run_sql($server, 'postgres', 'GRANT SELECT ON ALL TABLES IN SCHEMA "My plans" TO reader');
is(report('postgres', '-U', 'reader'), 'You may not read the schema "My plans"', 'who may not use the schema');
is(watch('postgres', options => [ '-U', 'reader' ]), "You may not read the schema of the extension\n", 'sees nothing of it');

# ---- what somebody has changed by hand -----------------------------------------------

run_sql($server, 'busy', q{
	DELETE FROM training_job_queue WHERE job_id = 'sym_z_S2';
	UPDATE training_job_queue SET kind = 0 WHERE job_id LIKE 'sym\_y2\_S_';
	UPDATE training_job_queue SET progress = 'NaN' WHERE job_id = 'sym_z_S1';
	UPDATE training_job_queue SET state_since = '-infinity' WHERE job_id = 'sym_y2_S1';
	UPDATE training_job_queue SET state_since = 'infinity' WHERE state = 'failed';
	UPDATE training_plans SET generated_at = '-infinity', total_jobs = -5, run_id = '';
	UPDATE training_jobs SET priority = -2147483648, metadata = '"x"' WHERE job_id = 'cs_y1';
	UPDATE training_limits SET max_running = 0 WHERE name = 'gpu';
	UPDATE training_job_history SET finished_at = 'infinity' WHERE job_id = 'cs_y1';
	UPDATE training_job_history SET started_at = '-infinity' WHERE outcome = 'failed';
	UPDATE training_job_history SET finished_at = started_at - interval '1 day' WHERE job_id = 'cs_y2';
});
my $odd = report('busy');
my %odd = sections($odd);
unlike($odd, qr/ERROR/, 'rows that were changed by hand are no error');
like($odd{'Where the jobs stand'}, qr/^\(place deleted\)\|1\|/m, 'and places that are gone are seen');
like($odd{'What waits, and for what'}, qr/^1\|the limit gpu\|1 of 0 run$/m, 'a job\'s kind is found out');
like(watch('busy'), qr/^Plan 1, of public.decisions .*gpu 1 of 0 \(FULL\).*^  gpu-2 +sym_y2_S1\s.*^Failed last/ms, 'nor in the live view');

# a plan without a job
run_sql($server, 'busy', q{
	CREATE TABLE nothing AS SELECT 't' AS target, NULL::text AS symbol, 'DISABLED' AS route;
	SELECT create_training_plan('nothing');
});
my %empty = sections(report('busy'));
is(join(', ', sort keys %empty), 'How far it is, Limits, over all plans, Training plan', 'a plan without jobs has little to show');
like(watch('busy'), qr/^0 jobs: 0 running, 0 pending, 0 succeeded$/m, 'as its live view');

# ---- what names and errors can't do --------------------------------------------------

run_sql($server, 'postgres', 'CREATE DATABASE hostile');
execute('hostile', q{
	CREATE SCHEMA "it's ""a"" $x :plan";
	CREATE EXTENSION trainplan SCHEMA "it's ""a"" $x :plan";
	SET search_path = "it's ""a"" $x :plan";
	CREATE TABLE decisions (target text, symbol text, route text, cs_state text);
	INSERT INTO decisions VALUES
		(E'red\x1b[2J\x1b[31m', NULL, 'ENABLED', NULL),
		(E'red\x1b[2J\x1b[31m', E'new\nline\r\tx', 'ROUTE_BOTH', E'\x07'),
		(E'\u202Eltr', 'שלום', 'ROUTE_SYMBOL_SPECIFIC', 'x'),
		(repeat('long', 200), repeat('東京', 100), 'ROUTE_SYMBOL_SPECIFIC', NULL),
		(E'c1\u009b31m\u0085', E'zero\u200bwidth\ufeff', 'ROUTE_SYMBOL_SPECIFIC', NULL),
		($$'; DROP TABLE x; -- :plan :'plan' \q$$, '%s %I │', 'ROUTE_SYMBOL_SPECIFIC', NULL);
	SELECT create_training_plan('decisions', ARRAY[E'family\x1b]0;title\x07', 'x']);
	SELECT fail_training_job(plan_id, job_id, attempt, E'\n\n\x1b[2Jerror 12\n second') FROM claim_training_jobs(E'w\x1b[5m\n1');
	SELECT fail_training_job(plan_id, job_id, attempt, NULL, '1 hour') FROM claim_training_jobs(E'w\x1b[5m\n1');
	SELECT fail_training_job(plan_id, job_id, attempt, repeat('x 17 ', 100000), '900000 days') FROM claim_training_jobs(repeat('wörker', 1000));
	SELECT complete_training_job(plan_id, job_id, attempt) FROM claim_training_jobs(repeat('wörker', 1000));
	SELECT count(*) FROM claim_training_jobs(E'r\x1b[5m\n1', 1);
	INSERT INTO training_limits VALUES (E'limit\x1b[0m\n1', ARRAY[E'family\x1b]0;title\x07'], 0);
	UPDATE training_job_history SET started_at = finished_at - interval '1 minute';
});
for my $drawn (report('hostile'), report('hostile', '-v', 'columns=80'), watch('hostile'))
{
	unlike($drawn, qr/[\x00-\x08\x0b-\x1f\x7f-\x9f\x{200b}-\x{200f}\x{202a}-\x{202e}\x{feff}]/, 'nothing that moves the cursor, or turns the writing');
	unlike($drawn, qr/ERROR|\\x1B|longlonglonglonglonglonglonglonglonglong/, 'nothing long, and nothing that is an error');
	# each line of a table has as many bars as its first
	my ($bars, @crooked);
	foreach my $line (split /\n/, $drawn)
	{
		$bars = () = $line =~ /[┌┬┐]/g if $line =~ /^┌/;
		my $here = () = $line =~ s/%s %I │//r =~ /│/g;
		push @crooked, $line if $line =~ /^│/ && $here != $bars;
	}
	is(join("\n", @crooked), '', 'tables are tables');
}
my %hostile = sections(report('hostile'));
like($hostile{'Attempts that failed, by their error (# is any number)'}, qr/\|\?\[#Jerror #\|.*^1\|1\|x # x #[^|]*…\||x # x #[^|]*…\|.*\|\?\[#Jerror #\|/ms, 'errors are seen, without what they can do');

# What somebody has made in the extension's schema, as an exact match for a call that is none.
execute('hostile', q{
	CREATE FUNCTION trap() RETURNS void LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'trapped'; END$$;
	CREATE FUNCTION trap(bigint, text) RETURNS text LANGUAGE sql AS 'SELECT trap()::text';
	CREATE FUNCTION trap(text, bigint) RETURNS text LANGUAGE sql AS 'SELECT trap()::text';
	CREATE OPERATOR || (LEFTARG = bigint, RIGHTARG = text, FUNCTION = trap);
	CREATE OPERATOR || (LEFTARG = text, RIGHTARG = bigint, FUNCTION = trap);
	CREATE FUNCTION forecast_training_plan(plan_id integer, workers integer, OUT expected_end timestamptz, OUT expected_seconds double precision)
		LANGUAGE plpgsql AS $$BEGIN PERFORM trap(); END$$;
	CREATE FUNCTION compare_training_plans_to_markdown(before integer, after integer) RETURNS text LANGUAGE sql AS 'SELECT trap()::text';
	SELECT create_training_plan('decisions');
});
unlike($_, qr/trapped|ERROR/, 'nothing is taken for what it is not')
	foreach report('hostile', '-v', 'forecast=on'), watch('hostile'), comparison('hostile');

# ---- elsewhere -----------------------------------------------------------------------

my %western = sections($western);
is($western{'What waits, and for what'}, '2|nothing: can be claimed now|nobody runs a job: are there workers?', 'where it can\'t be drawn, in ASCII');
unlike(($western . watch('western')) =~ s/^.*\bGr.*$//mgr, qr/[^\x00-\x7f]/, 'and nothing else');
like(watch('western'), qr/^\.+ +0\.0 %$/m, 'as the live view');
like(watch('template1'), qr/does not have the extension/, 'which needs the extension');

run_sql($server, 'postgres', 'CREATE DATABASE earlier');
run_sql($server, 'earlier', q{
	CREATE EXTENSION trainplan VERSION '1.0';
	CREATE TABLE decisions AS SELECT 't' AS target, 'S' AS symbol, 'ROUTE_BOTH' AS route;
	SELECT create_training_plan('decisions');
});
like(report('earlier'), qr/^How far the plan is needs version 1\.1 of the extension here: ALTER EXTENSION trainplan UPDATE;\n.*Jobs by priority/ms, 'with 1.0\'s objects, what it is made of');
like(watch('earlier'), qr/^This needs version 1\.1/, 'and no live view');
run_sql($server, 'earlier', q{
	ALTER EXTENSION trainplan UPDATE;
	SELECT complete_training_job(plan_id, job_id, attempt) FROM claim_training_jobs('w', 10);
});
my %ended = sections(report('earlier'));
like($ended{'How far it is'}, qr/^has ended\|100\.0 %\|/, 'a plan that has ended');
is(join(', ', sort keys %ended), 'How far it is, Jobs by priority, Jobs by route, Jobs by training type, The first ten jobs, Training plan, Where the jobs stand',
	'has nothing that waits, and nothing to foretell');
like(watch('earlier'), qr/^Plan 1, of public\.decisions, has ended .*^Ended at \d{4}-/ms, 'as its live view says');

done_testing();
