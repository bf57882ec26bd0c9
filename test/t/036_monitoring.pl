# examples/monitoring, as operators run it: Debian's prometheus-postgres-exporter asks a
# database by its queries, Prometheus asks the exporter, and what Prometheus then knows of a
# plan that is worked off is what the views say.  Names that somebody else chose are labels
# and nothing else.  There are only so many series.  The role that watches can do nothing
# else.  The alerts tell of what they should, and the dashboard shows what is there.

use strict;
use warnings;

use lib 'test/perl';
use Cwd;
use Encode 'decode';
use HTTP::Tiny;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes 'sleep';
use Trainplan;

foreach my $program ('prometheus', 'promtool', 'prometheus-postgres-exporter')
{
	plan skip_all => "$program is not there (Debian: prometheus, prometheus-postgres-exporter)"
		if system("command -v $program >/dev/null") != 0;
}

my $examples = getcwd() . '/examples/monitoring';
my $folder = PostgreSQL::Test::Utils::tempdir;
my $schema = q{Team "A", B};
my $server = start_server('monitoring');
my $http = HTTP::Tiny->new(proxy => undef, http_proxy => undef, https_proxy => undef, timeout => 30);
my @processes;

# What is not here is not asked for by these either.
delete @ENV{qw(http_proxy https_proxy HTTP_PROXY HTTPS_PROXY)};

sub ask
{
	my ($sql, $database) = @_;

	return run_sql($server, $database // 'research', "SET client_min_messages = warning;\n$sql", '-At');
}

sub identifier { return '"' . $_[0] =~ s/"/""/gr . '"' }

# Processes end with this one, however that ends.
sub start_process
{
	my ($name, @command) = @_;

	push @processes, IPC::Run::start([ 'setpriv', '--pdeathsig', 'KILL', @command ], '<', \undef, '>', "$folder/$name.log", '2>&1');
	return $processes[-1];
}

sub end_process
{
	my ($process) = @_;

	$process->kill_kill(grace => 10);
	@processes = grep { $_ != $process } @processes;
}

END
{
	my $status = $?;

	end_process($_) foreach @processes;
	$? = $status;
}

sub until_true
{
	my ($what, $condition) = @_;

	for (1 .. 600)
	{
		return 1 if $condition->();
		sleep 0.1;
	}
	diag("$what: not within a minute");
	diag(map { "$_\n" . slurp_file($_) =~ s/\A.*(?=.{3000})//sr } glob "$folder/*.log");
	return 0;
}

# ---- the role that watches -----------------------------------------------------------------

# Wherever the extension is; a database in UTF8, and one whose texts may be anything.
is(ask(q{CREATE DATABASE research; CREATE DATABASE any_bytes ENCODING 'SQL_ASCII' TEMPLATE template0}, 'postgres'), '', 'there are databases');
like(run_sql($server, 'research', '', '-f', "$examples/monitor.sql"), qr/\AThis database does not have the extension: CREATE EXTENSION trainplan;\z/m,
	'monitor.sql without the extension says so');
is(ask("CREATE SCHEMA ${\ identifier($schema)}; CREATE EXTENSION trainplan SCHEMA ${\ identifier($schema)}; "
		. "ALTER DATABASE research SET search_path = ${\ identifier($schema)}, public"), '', 'it is in a schema of its own');
is(ask('CREATE EXTENSION trainplan', 'any_bytes'), '', 'and in public elsewhere');

is(run_sql($server, 'research', '', '-f', "$examples/monitor.sql"), '', 'monitor.sql says nothing');
is(run_sql($server, 'research', '', '-f', "$examples/monitor.sql"), '', 'and can be run again');
my $watcher = q{watch "er's};
is(run_sql($server, 'any_bytes', '', '-f', "$examples/monitor.sql"), '', 'elsewhere as well');
is(run_sql($server, 'any_bytes', '', '-v', "monitor=$watcher", '-f', "$examples/monitor.sql"), '', 'or for another role');

my $rights = q{
	SELECT string_agg(c.relname || ' ' || lower(r.privilege), ', ' ORDER BY c.relname, r.privilege)
	FROM pg_class AS c
	CROSS JOIN unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS r (privilege)
	WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
		AND CASE WHEN r.privilege IN ('DELETE', 'TRUNCATE', 'TRIGGER') THEN has_table_privilege('prometheus', c.oid, r.privilege)
			ELSE has_any_column_privilege('prometheus', c.oid, r.privilege) END;
	SELECT count(*) FROM pg_class AS c WHERE CASE WHEN relkind = 'S' THEN has_sequence_privilege('prometheus', oid, 'USAGE, UPDATE') END;
	SELECT has_schema_privilege('prometheus', oid, 'CREATE') FROM pg_namespace WHERE nspname = current_schema();
	SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls FROM pg_roles WHERE rolname = 'prometheus';
	SELECT count(*) FROM pg_auth_members WHERE member = 'prometheus'::regrole;
};
is(ask($rights), join("\n", join(', ', map { "$_ select" } qw(training_job_history training_job_queue training_limit_usage
	training_limits training_plan_progress training_plans)), 0, 'f', 'f', 0), 'it may read what it asks for, and nothing else');

# ---- plans ---------------------------------------------------------------------------------

# Hostile, long, with the same beginning; what is no text in UTF8 comes below.
my $awkward = q{E'w "1" \\\\ {x="y"} \n\t# HELP é 漢'};
my $long = q{repeat('long ', 20)};

is(ask(q{
	CREATE TABLE decisions AS
	SELECT 't' || t AS target, 's' || s AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route
	FROM generate_series(1, 20) AS t, generate_series(1, 30) AS s
	UNION ALL SELECT 't' || t, NULL, 'ENABLED' FROM generate_series(1, 5) AS t;
	CREATE TABLE few AS SELECT * FROM decisions WHERE symbol = 's1';
	-- plans that have ended, one that is paused, one that waits, and the newest
	SELECT count(create_training_plan('few')) FROM generate_series(1, 8);
	SELECT sum(cancel_training_jobs(plan_id)) FROM training_plans;
	SELECT create_training_plan('few');
	SELECT pause_training_plan(9);
	SELECT create_training_plan('decisions', pooled_first => true);
	SELECT create_training_plan('decisions');
	UPDATE training_plans SET max_attempts = 2 WHERE plan_id = 11;
	INSERT INTO training_limits VALUES ('gpu', '{lightgbm}', 300), (E'"\x7d\n', NULL, 1000), (repeat('l', 70) || '1', '{a}', 3), (repeat('l', 70) || '2', '{b}', 2);
}), "8\n160\n9\nt\n10\n11", 'there are plans');
is(ask(q{
	CREATE TABLE decisions AS SELECT 't' || t AS target, 's' || s AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route
	FROM generate_series(1, 3) AS t, generate_series(1, 3) AS s;
	SELECT create_training_plan('decisions');
	SELECT count(*) FROM claim_training_jobs(E'w\xe9\xff', 2);
	SELECT count(fail_training_job(plan_id, job_id, attempt, E'\xe9rror 17 \xff\nline')) FROM claim_training_jobs('w', 3);
	INSERT INTO training_limits VALUES (E'\xfe', NULL, 4), (E'\xfd', NULL, 7);
}, 'any_bytes'), "1\n2\n3", 'and one of any bytes');

# ---- the exporter and Prometheus -----------------------------------------------------------

my %port = map { $_ => PostgreSQL::Test::Cluster::get_free_port() } 'research', 'any_bytes', 'prometheus';

# As in the examples, but often.
my $queries = slurp_file("$examples/queries.yml");
ok($queries =~ s/cache_seconds: \K60/0/, 'one query is asked once a minute');
PostgreSQL::Test::Utils::append_to_file("$folder/queries.yml", $queries);
my $config = slurp_file("$examples/prometheus.yml");
# (to an exporter without a database it takes a second to say so)
ok($config =~ s/_interval: \K15s/2s/g == 2, 'Prometheus asks often') or diag($config);
ok($config =~ s/'localhost:9187'/'127.0.0.1:$port{research}', '127.0.0.1:$port{'any_bytes'}'/, 'and two of them');
PostgreSQL::Test::Utils::append_to_file("$folder/prometheus.yml", $config);
PostgreSQL::Test::Utils::append_to_file("$folder/trainplan_alerts.yml", slurp_file("$examples/alerts.yml"));

my $host = $server->host;
my %exporter;

sub start_exporter
{
	my ($database, @options) = @_;

	local $ENV{DATA_SOURCE_NAME} = "user=prometheus host=$host port=${\ $server->port} dbname=$database";
	delete local $ENV{PGUSER};
	return $exporter{$database} = start_process("exporter of $database", 'prometheus-postgres-exporter', "--extend.query-path=$folder/queries.yml",
		"--web.listen-address=127.0.0.1:$port{$database}", @options);
}

start_exporter('research');
start_exporter('any_bytes', '--disable-default-metrics', '--disable-settings-metrics');
my $prometheus = start_process('prometheus', 'prometheus', "--config.file=$folder/prometheus.yml", "--storage.tsdb.path=$folder/data",
	"--web.listen-address=127.0.0.1:$port{prometheus}", '--log.level=warn');

# What Prometheus says to a question, or undef.
sub api
{
	my ($path, %arguments) = @_;
	my $answer = $http->get("http://127.0.0.1:$port{prometheus}/api/v1/$path?" . $http->www_form_urlencode(\%arguments));
	my $content = eval { JSON::PP->new->utf8->decode($answer->{content}) };

	return $content && $content->{status} eq 'success' ? $content->{data} : undef;
}

# The values of an expression, by the values of its labels that are named.
sub values_of
{
	my ($expression, @labels) = @_;
	my $data = api('query', query => $expression) or return { error => $expression };
	my %values;

	foreach my $series (@{ $data->{result} })
	{
		my $key = join '|', map { $series->{metric}{$_} // '' } @labels;

		$values{$key} = exists $values{$key} ? 'twice' : $series->{value}[1];
	}
	return \%values;
}

# The same of the database: the last column is the value.
sub rows_of
{
	my ($sql) = @_;
	my $rows = JSON::PP->new->utf8->decode(ask("SELECT coalesce(json_agg(r), '[]') FROM ($sql) AS r (key, value)"));

	return { map { $_->{key} => "$_->{value}" } @$rows };
}

# Wait until Prometheus knows what is so now.
sub let_it_see
{
	my $now = ask('SELECT extract(epoch FROM clock_timestamp())');

	until_true('Prometheus', sub {
		my $seen = values_of('timestamp(trainplan_leases_held)', 'instance');
		return keys %$seen == 2 && !grep { $_ < $now } values %$seen;
	}) or die "Prometheus does not ask\n";
}

my $here = 'datname="research"';

# All that can be compared to the unit.
sub as_the_views_say
{
	my ($when) = @_;

	let_it_see();
	is_deeply(values_of("trainplan_plan_jobs{$here}", 'plan_id', 'state'), rows_of(q{
		SELECT p.plan_id || '|' || s.state, s.jobs
		FROM training_plan_progress AS p
		CROSS JOIN LATERAL (VALUES ('pending', pending), ('waiting', waiting), ('running', running), ('succeeded', succeeded),
			('reused', reused), ('failed', failed), ('cancelled', cancelled), ('blocked', blocked)) AS s (state, jobs)
		WHERE p.pending + p.running > 0 OR p.plan_id > (SELECT max(plan_id) - 5 FROM training_plans)
	}), "$when: jobs by plan and state");
	is_deeply(values_of("trainplan_plan_paused{$here} == 1", 'plan_id'), rows_of('SELECT plan_id, 1 FROM training_plans WHERE paused'), "$when: what is paused");
	is_deeply(values_of("trainplan_plan_retries_pending{$here} > 0", 'plan_id'), rows_of(q{
		SELECT plan_id, count(*) FROM training_job_status WHERE state = 'pending' AND attempts > 0 GROUP BY plan_id
	}), "$when: what is to be tried again");
	is_deeply(values_of("trainplan_worker_running_jobs{$here}", 'worker'), rows_of(q{
		SELECT regexp_replace(left(worker, 64), '[[:cntrl:]]+', ' ', 'g'), count(*) FROM training_job_status WHERE state = 'running' GROUP BY 1
	}), "$when: who runs how many");
	is_deeply(values_of("trainplan_limit_running_jobs{$here}", 'limit'), rows_of(q{
		SELECT regexp_replace(left(name, 64), '[[:cntrl:]]+', ' ', 'g'), max(running) FROM training_limit_usage GROUP BY 1
	}), "$when: what limits count");
	is_deeply(values_of("trainplan_limit_max_running_jobs{$here}", 'limit'), rows_of(q{
		SELECT regexp_replace(left(name, 64), '[[:cntrl:]]+', ' ', 'g'), min(max_running) FROM training_limit_usage GROUP BY 1
	}), "$when: what they allow");
	is_deeply(values_of(qq({__name__=~"trainplan_leases_.*|trainplan_attempts_.*", $here}), '__name__'), rows_of(q{
		SELECT 'trainplan_leases_held', count(*) FROM training_job_status WHERE state = 'running' UNION ALL
		SELECT 'trainplan_leases_workers', count(DISTINCT worker) FROM training_job_status WHERE state = 'running' UNION ALL
		SELECT 'trainplan_leases_ending', count(*) FROM training_job_status WHERE state = 'running' AND lease_expires_at < now() + interval '5 minutes' UNION ALL
		SELECT 'trainplan_leases_expired', count(*) FROM training_job_attempts AS a
			WHERE outcome = 'expired' AND NOT EXISTS (SELECT FROM training_job_history AS h WHERE (h.plan_id, h.job_id, h.attempt) = (a.plan_id, a.job_id, a.attempt)) UNION ALL
		SELECT 'trainplan_attempts_ended_total', count(*) FROM training_job_history UNION ALL
		SELECT 'trainplan_attempts_failed_last_hour', count(*) FROM training_job_history WHERE outcome = 'failed' UNION ALL
		SELECT 'trainplan_attempts_expired_last_hour', count(*) FROM training_job_history WHERE outcome = 'expired'
	}), "$when: leases and attempts");

	# what goes on with the time
	foreach my $of (['jobs_per_second', 'coalesce(jobs_per_hour / 3600, 0)'], ['expected_end_timestamp_seconds', 'extract(epoch FROM expected_end)'])
	{
		my $sql = "SELECT plan_id, coalesce($of->[1]::float8, 'NaN') FROM training_plan_progress";
		my $before = rows_of($sql);
		let_it_see();
		my $seen = values_of("trainplan_plan_$of->[0]\{$here}", 'plan_id');
		my $after = rows_of($sql);
		is(join(', ', grep { my ($low, $value, $high) = ($before->{$_}, $seen->{$_}, $after->{$_});
			!($low eq $value || grep { $_->[0] - 2e-4 <= $value && $value <= $_->[1] + 2e-4 } ([ $low, $high ], [ $high, $low ])) } keys %$seen), '',
			"$when: $of->[0]") or diag(explain([ $before, $seen, $after ]));
	}
	my $since = rows_of(q{
		SELECT plan_id, extract(epoch FROM clock_timestamp() - min(coalesce(retry_at, since)))
		FROM (
			SELECT s.plan_id, s.retry_at, coalesce(q.ready_at, q.state_since) AS since
			FROM training_job_status AS s JOIN training_job_queue AS q USING (plan_id, job_id)
			WHERE s.state = 'pending' AND (q.ready_at IS NULL OR q.ready_at <= now())
				AND NOT (SELECT paused FROM training_plans AS p WHERE p.plan_id = s.plan_id)
				AND NOT EXISTS (SELECT FROM training_limits WHERE families IS NULL AND max_running = 0)
		) AS s
		GROUP BY plan_id
	});
	my $oldest = values_of("trainplan_plan_oldest_pending_seconds{$here} >= 0", 'plan_id');
	is(join(' ', sort keys %$oldest), join(' ', sort keys %$since), "$when: of which plans something could be claimed");
	is(join(', ', grep { abs($since->{$_} - $oldest->{$_}) > 20 } keys %$oldest), '', "$when: since when")
		or diag(explain([ $since, $oldest ]));
}

as_the_views_say('at first');
is_deeply(values_of("floor(trainplan_plan_generated_timestamp_seconds{$here})", 'plan_id'),
	rows_of('SELECT plan_id, floor(extract(epoch FROM generated_at))::bigint FROM training_plans WHERE plan_id > 6'), 'of the plans that have ended, only the newest');
is_deeply(values_of('trainplan_extension_info', 'datname', 'version'), { map { ("$_|" . ask('SELECT extversion FROM pg_extension WHERE extname = \'trainplan\'') => '1') } 'research', 'any_bytes' },
	'both databases have the extension');

# Half an hour ago, the newest was made; then it was worked off.
is(ask(qq{
	UPDATE training_job_queue SET state_since = now() - interval '30 minutes' WHERE plan_id = 11;
	SELECT count(complete_training_job(plan_id, job_id, attempt, '{}')) FROM claim_training_jobs('worker-1', 120, 11);
	SELECT count(fail_training_job(plan_id, job_id, attempt, E'  \\n\\tCUDA error ' || n || E' at 0x7f3A: "out of \\\\ memory" \\x7b\\nTraceback', '1 hour')) FROM (SELECT *, row_number() OVER () AS n FROM claim_training_jobs('worker-1', 7, 11)) AS c;
	SELECT count(fail_training_job(plan_id, job_id, attempt, repeat('é漢', 500000))) FROM claim_training_jobs('worker-1', 1, 11);
	SELECT count(fail_training_job(plan_id, job_id, attempt, NULL)) FROM claim_training_jobs('worker-1', 1, 11);
	SELECT count(fail_training_job(plan_id, job_id, attempt, '')) FROM claim_training_jobs('worker-1', 1, 11);
	SELECT count(*) FROM claim_training_jobs($awkward, 9, 11);
	SELECT count(*) FROM claim_training_jobs($long || 'one', 2, 11);
	SELECT count(*) FROM claim_training_jobs($long || 'other', 3, 11);
	SELECT count(*) FROM claim_training_jobs('worker-2', 4, 11, '50 seconds');
	SELECT count(*) FROM claim_training_jobs('worker-3', 5, 11, '1 millisecond');
	SELECT count(*) FROM claim_training_jobs('worker-4', 2, 10);
}), "120\n7\n1\n1\n1\n9\n2\n3\n4\n5\n2", 'workers work');

# (leases end soon for less than a minute)
as_the_views_say('in the middle');
is_deeply(values_of("trainplan_error_attempts_last_hour{$here}", 'error'), {
	'CUDA error # at #: "out of \\ memory" {' => '7', decode('UTF-8', 'é漢') x 40 => '1', '' => '2' }, 'errors by their kind')
	or diag(explain(values_of('trainplan_error_attempts_last_hour', 'error')));
is_deeply(values_of('{__name__=~"trainplan_(worker|limit|error)_.*", datname="any_bytes"}', '__name__', 'worker', 'limit', 'error'), {
	'trainplan_worker_running_jobs|w?||' => '2', 'trainplan_limit_running_jobs||?|' => '2', 'trainplan_limit_max_running_jobs||?|' => '4',
	'trainplan_error_attempts_last_hour|||?rror # ?' => '3' }, 'any bytes are labels');

# What ran out is claimed again, and once more for the last time; a plan goes on, another is paused.
is(ask(q{
	SELECT count(*) FROM claim_training_jobs('worker-5', 5, 11, '1 millisecond');
	SELECT pg_sleep(0.01);
	SELECT pause_training_plan(10), resume_training_plan(9);
	INSERT INTO training_limits VALUES ('nothing', '{xgboost}', 0);
	UPDATE training_limits SET max_running = 1 WHERE name = 'gpu';
	SELECT release_training_jobs('worker-4');
	SELECT cancel_training_jobs(11, target => 't7') > 0;
}), "5\n\nt|t\n2\nt", 'and go away');
as_the_views_say('then');

# ---- there are only so many series ---------------------------------------------------------

is(ask(q{
	DELETE FROM training_limits;
	SELECT count(create_training_plan('few')) FROM generate_series(1, 30);
	SELECT sum(n) FROM (SELECT (SELECT count(*) FROM claim_training_jobs('crowd-' || w, 2 + w % 3, 11)) AS n FROM generate_series(1, 60) AS w) AS c;
	INSERT INTO training_limits SELECT 'l' || n, NULL, 1000 FROM generate_series(1, 70) AS n;
	SELECT count(fail_training_job(plan_id, job_id, attempts, 'error ' || repeat(chr(97 + n::integer % 20), 3)))
	FROM (SELECT *, row_number() OVER () AS n FROM training_job_status) AS s WHERE plan_id = 11 AND state = 'running' AND worker LIKE 'crowd-%';
}) =~ s/\n\d+\n\d+\z//r, '30', 'there is more of everything');
is(ask(q{SELECT sum(n) > 25 FROM (SELECT (SELECT count(*) FROM claim_training_jobs('crowd-' || w, 1, 10 + w)) AS n FROM generate_series(2, 31) AS w) AS c}), 't', 'and who works on it');
let_it_see();
is_deeply({ map { $_ => values_of("count($_\{$here})")->{''} } qw(trainplan_plan_jobs trainplan_plan_paused trainplan_worker_running_jobs trainplan_error_attempts_last_hour trainplan_limit_running_jobs) },
	{ trainplan_plan_jobs => 160, trainplan_plan_paused => 20, trainplan_worker_running_jobs => 25, trainplan_error_attempts_last_hour => 10, trainplan_limit_running_jobs => 50 },
	'there are so many series and no more');
is_deeply([ sort { $a <=> $b } keys %{ values_of("trainplan_plan_paused{$here}", 'plan_id') } ], [ 22 .. 41 ], 'of the newest plans');
ask('DELETE FROM training_limits; DELETE FROM training_plans WHERE plan_id > 11');

# ---- what it costs -------------------------------------------------------------------------

# Neither the whole queue nor the whole history is read, whatever has ended.
ask(q{
	INSERT INTO training_job_history (plan_id, job_id, attempt, worker, started_at, finished_at, outcome)
	SELECT 1, 'of before ' || n, 1, 'w', now() - interval '3 days', now() - interval '3 days' + n * interval '1 second',
		CASE WHEN n % 10 = 0 THEN 'failed' ELSE 'succeeded' END
	FROM generate_series(1, 30000) AS n;
	INSERT INTO few SELECT 'x' || t, 's' || s, 'ROUTE_SYMBOL_SPECIFIC' FROM generate_series(1, 150) AS t, generate_series(1, 100) AS s;
	SELECT create_training_plan('few') AS plan \gset
	SELECT count(*) FROM (
		SELECT complete_training_jobs(:plan, array_agg(job_id), array_agg(attempt)) FROM claim_training_jobs('w', 14000, :plan)
	) AS c;
	VACUUM ANALYZE;
});
is(ask('SELECT succeeded FROM training_plan_progress ORDER BY plan_id DESC LIMIT 1'), '14000', 'much has ended');
my %queries = $queries =~ /^(trainplan\w*):.*?^  query: \|\n(.*?)^  metrics:/msg;
is(scalar keys %queries, 8, 'all queries are found');
foreach my $name (sort keys %queries)
{
	local $ENV{PGUSER} = 'prometheus';
	my $plan = ask("EXPLAIN (ANALYZE, BUFFERS, TIMING off) $queries{$name}");

	like($plan, qr/^Execution Time/m, "$name runs");
	unlike($plan, qr/Seq Scan on "?training_job_(queue|history)/, "$name reads no whole table");
	my ($hit, $read) = $plan =~ /Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?/;
	cmp_ok(($hit // 0) + ($read // 0), '<', 1500, "$name reads little") or diag($plan);
}

# ---- the alerts ----------------------------------------------------------------------------

foreach my $check ([ 'check', 'rules', "$examples/alerts.yml" ], [ 'test', 'rules', "$examples/alerts_test.yml" ], [ 'check', 'config', "$folder/prometheus.yml" ])
{
	my $said = '';
	ok(IPC::Run::run([ 'promtool', @$check ], '>', \$said, '2>&1'), "promtool $check->[0] $check->[1]") or diag($said);
}
my $tests = slurp_file("$examples/alerts_test.yml");
my @alerts = slurp_file("$examples/alerts.yml") =~ /^      - alert: (\w+)$/mg;
is(join(', ', grep { $tests !~ /alertname: $_\n +exp_alerts:\n/ || $tests !~ /alertname: $_, exp_alerts: \[\]/ && $_ ne 'TrainplanExporterDown' } @alerts), '',
	'each alert has a test of when it fires and when not');

ask(q{INSERT INTO training_limits VALUES (E'gpu "1"\n', NULL, 0)});
let_it_see();
is_deeply(values_of("trainplan_plan_oldest_pending_seconds{$here} >= 0", 'plan_id'), {}, 'by a limit of all jobs that is 0, nothing can be claimed');
ok(until_true('an alert', sub { values_of('ALERTS{alertname="TrainplanLimitZero"}', 'limit')->{'gpu "1" '} }), 'a limit of 0 is noticed');
my @rules = map { @{ $_->{rules} } } @{ api('rules')->{groups} };
is(scalar @rules, scalar @alerts, 'Prometheus has all alerts');
is(join(', ', map { "$_->{name}: $_->{lastError}" } grep { $_->{health} ne 'ok' } @rules), '', 'and has evaluated them');

# ---- the metrics, the page, the dashboard ---------------------------------------------------

my %known = map { $_ => 1 } @{ api('label/__name__/values') };
my $metadata = api('metadata');
my @metrics = grep { /^trainplan_/ } sort keys %known;
is_deeply([ grep { my $name = $_; grep { $_->{help} !~ /\.$/ || $_->{type} ne ($name =~ /_total$/ ? 'counter' : 'gauge') } @{ $metadata->{$name} // [ { help => '', type => '' } ] } } @metrics ],
	[], 'each metric says what it is');
my ($table) = slurp_file("$examples/README.md") =~ /^## The metrics\n(.*?)^## /ms;
is_deeply([ $table =~ /^\| `(trainplan_\w+)/mg ], \@metrics, 'the page has all of them, in order');

sub names_in
{
	my ($expression) = @_;

	$expression =~ s/"(?:[^"\\]|\\.)*"//g;
	return $expression =~ /\b((?:trainplan|pg|ALERTS|up)(?:_\w+)?)\b/g;
}

is(join(', ', grep { !$known{$_} } map { names_in($_->{query}) } @rules), '', 'alerts name metrics that there are');

my $dashboard = JSON::PP->new->utf8->decode(slurp_file("$examples/dashboard.json"));
my @panels = @{ $dashboard->{panels} };
my %variables = map { $_->{name} => $_ } @{ $dashboard->{templating}{list} };
my @expressions;
is($dashboard->{id}, undef, 'the dashboard can be imported');
like($dashboard->{uid}, qr/^[a-z-]{8,40}$/, 'it has an id of its own');
is(scalar(keys %{ { map { $_->{id} => 1 } @panels } }), scalar @panels, 'and each panel has');
is(join(', ', map { $_->{title} } grep { my $panel = $_; grep { $_->{datasource}{uid} ne '${datasource}' } $panel, @{ $panel->{targets} } } @panels), '', 'its data come from where one says');
is(join(', ', sort map { $_->{title} } grep { !$_->{description} } @panels), '', 'each panel says what it shows');
my %taken;
foreach my $panel (@panels)
{
	my ($x, $y, $w, $h) = @{ $panel->{gridPos} }{qw(x y w h)};

	ok(@{ $panel->{targets} } && $x + $w <= 24 && !(grep { $taken{$_}++ } map { my $column = $_; map { "$column,$_" } $y .. $y + $h - 1 } $x .. $x + $w - 1), "$panel->{title} has a place");
	push @expressions, map { $_->{expr} } @{ $panel->{targets} };
}
push @expressions, map { $_->{query}{query} =~ /^label_values\((.*), \w+\)$/ ? $1 : "what is $_->{query}{query}" } grep { $_->{type} eq 'query' } values %variables;
foreach my $expression (@expressions)
{
	my $asked = $expression =~ s/\$__rate_interval/1m/gr =~ s/\$(\w+)/exists $variables{$1} ? '.*' : "no variable $1"/ger;
	my $data = api('query', query => $asked);

	ok($data && @{ $data->{result} }, "shows something: $expression");
	is(join(', ', grep { !$known{$_} } names_in($asked)), '', 'of what there is');
}
is(join(', ', grep { my $name = $_; !grep { /\b$name\b/ } @expressions } @metrics), '', 'it has all metrics');
my ($ends) = grep { /^1000 \* max by .*expected_end/ } @expressions;
my $now_paused = values_of('trainplan_plan_paused == 1 and sum without (state) (trainplan_plan_jobs{state=~"pending|waiting|running"}) > 0', 'plan_id');
ok(%$now_paused, 'a plan is paused');
my $told = values_of($ends =~ s/\$\w+/.*/gr, 'plan_id');
is(join(', ', grep { $told->{$_} } keys %$now_paused), '', 'of which no end is expected');

# ---- what goes wrong -------------------------------------------------------------------------

# The role can do nothing by which anything is changed, also not as it might set itself.
{
	local $ENV{PGUSER} = 'prometheus';
	foreach my $sql (q{SELECT job_id FROM claim_training_jobs('prometheus')}, q{SELECT complete_training_job(11, 'sym_t1_s1', 1)}, 'SELECT cancel_training_jobs(11)',
		'SELECT pause_training_plan(11)', 'DELETE FROM training_plans', 'UPDATE training_job_queue SET worker = NULL', 'DELETE FROM training_job_history',
		'DELETE FROM training_limits', 'SELECT create_training_plan(\'few\')', 'TABLE few', 'TABLE training_jobs', 'TABLE training_plan_tally', 'TABLE routing_policies',
		'CREATE TABLE mine ()', 'SELECT forget_training_plans(\'1 second\')')
	{
		my $said = ask("BEGIN READ WRITE;\n$sql");

		like($said, qr/^ERROR:  permission denied for /m, "it can't: $sql");
	}
	like(ask('CREATE TEMP TABLE mine ()'), qr/read-only transaction/, 'and is read-only by itself');
}

# A query that may not read gives nothing, and the exporter says so.
ask('REVOKE SELECT ON training_limits FROM prometheus; GRANT SELECT ON training_job_queue TO prometheus; REVOKE SELECT ON training_job_history FROM prometheus');
ok(until_true('an error', sub { (values_of("pg_exporter_last_scrape_error{instance=\"127.0.0.1:$port{research}\"}")->{''} // 0) == 1 }), 'what may not be read is an error');
is(run_sql($server, 'research', '', '-f', "$examples/monitor.sql"), '', 'monitor.sql again');
ok(until_true('no error', sub { (values_of("pg_exporter_last_scrape_error{instance=\"127.0.0.1:$port{research}\"}")->{''} // 1) == 0 }), 'gives it back');

# The database goes, and comes back; the exporter goes.
$server->stop('immediate');
ok(until_true('pg_up', sub { (values_of("pg_up{instance=\"127.0.0.1:$port{research}\"}")->{''} // 1) == 0 }), 'a database that is away is noticed');
$server->start;
ok(until_true('pg_up', sub { (values_of("pg_up{instance=\"127.0.0.1:$port{research}\"}")->{''} // 0) == 1 }), 'and one that is back');
end_process($exporter{'any_bytes'});
ok(until_true('ALERTS', sub { values_of('ALERTS{alertname="TrainplanExporterDown"}', 'instance')->{"127.0.0.1:$port{'any_bytes'}"} }), 'so is an exporter that is away');

end_process($_) foreach @processes;
is(join(', ', grep { slurp_file($_) =~ /panic|was collected before/ } glob "$folder/*.log"), '', 'no program has panicked');
$server->stop;
done_testing();
