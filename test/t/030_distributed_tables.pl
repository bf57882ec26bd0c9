# Tables of the extension that somebody has given to a distributed engine: each is
# recognised where it is opened, and what an engine hides is never written in silence.
# No such engine is needed: a made-up catalog plays the part of that of Citus, and a
# module (test/modules/hidden_rows) that of one that answers for tables in the planner.

use strict;
use warnings;

use lib 'test/perl';
use File::Copy;
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

my $server = start_server('distributed');
my $folder = PostgreSQL::Test::Utils::tempdir;
my @tables = qw(training_plan_parts training_plans training_jobs training_job_queue training_job_history training_plan_tally training_limits routing_policies);

sub outcome
{
	my ($sql, @options) = @_;

	return run_sql($server, 'research', $sql, '-At', @options);
}

my $relations = q{
	CREATE EXTENSION trainplan;
	CREATE TABLE decisions AS
	SELECT 't' || t AS target, CASE WHEN s > 0 THEN 's' || s END AS symbol, CASE WHEN s > 0 THEN 'ROUTE_BOTH' ELSE 'ENABLED' END AS route
	FROM generate_series(1, 3) AS t, generate_series(0, 3) AS s;
	CREATE TABLE candidates AS SELECT target, symbol, 0.6 AS score, 50000 AS sample_size FROM decisions;
};
run_sql($server, 'postgres', "CREATE DATABASE $_") foreach qw(research part);
run_sql($server, 'part', $relations);
run_sql($server, 'research', $relations . sprintf(q{
	CREATE EXTENSION postgres_fdw;
	CREATE SERVER part FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '%s', port '%s', dbname 'part');
	CREATE USER MAPPING FOR postgres SERVER part;
	SELECT add_training_server('part');
	SELECT plan_training_on('{part}', 'candidates', run_id => 'run');
}, $server->host, $server->port) . q{
	INSERT INTO routing_policies (name, policy) VALUES ('default', routing_policy_default());
	INSERT INTO training_limits VALUES ('any', NULL, 30);
	SELECT create_training_plan('decisions', pooled_first => true), create_training_plan('decisions');
	SELECT complete_training_job(plan_id, job_id, attempt) FROM claim_training_jobs('w', 2, 1);
	SELECT count(*) FROM claim_training_jobs('w', 2, 1);
});
append_to_file("$folder/routing.json", '{"metadata": {}, "targets": {"t": {"cross_sectional": {"route": "ENABLED"}, "symbols": {}}}}');

# ---- what Citus knows ------------------------------------------------------------------

# Every function in C that opens a table, by a call of it.
my %calls = (
	create_training_plan => q{SELECT create_training_plan('decisions')},
	plan_training => q{SELECT plan_training('candidates')},
	create_training_plan_on => q{SELECT create_training_plan_on('{part}', 'decisions')},
	plan_training_on => q{SELECT plan_training_on('{part}', 'candidates')},
	training_run_lines => q{SELECT training_run_lines('run', 'json')},
	training_run_parts => q{SELECT training_run_parts('run')},
	import_training_plan => q{SELECT import_training_plan($${"metadata": {"generated_at": "2025-12-11T18:45:00Z", "run_id": "r", "git_commit": "unknown", "config_hash": "unknown",
		"routing_plan_path": "p", "metrics_snapshot": null, "total_jobs": 0, "model_families": ["lightgbm"]}, "jobs": [],
		"summary": {"by_route": {}, "by_type": {}, "by_priority": {}, "total_cs_jobs": 0, "total_symbol_jobs": 0, "total_blocked": 0}}$$)},
	generate_training_plan_from_routing => "SELECT generate_training_plan_from_routing('$folder/routing.json', '$folder/plans')",
	routing_policy => q{SELECT routing_policy('default')},
	compare_training_plans => 'SELECT compare_training_plans(1, 2)',
	compare_training_plans_to_markdown => 'SELECT compare_training_plans_to_markdown(1, 2)',
	compare_training_plans_to_html => 'SELECT compare_training_plans_to_html(1, 2)',
	training_plan_to_json => 'SELECT training_plan_to_json(1)',
	training_plan_to_yaml => 'SELECT training_plan_to_yaml(1)',
	training_plan_to_markdown => 'SELECT training_plan_to_markdown(1)',
	training_plan_to_html => 'SELECT training_plan_to_html(1)',
	training_plan_to_svg => 'SELECT training_plan_to_svg(1)',
	training_plan_lines => q{SELECT training_plan_lines(1, 'json')},
	write_training_plan => "SELECT write_training_plan(1, '$folder/written')",
	claim_training_jobs => q{SELECT claim_training_jobs('w')},
	extend_training_job_lease => q{SELECT extend_training_job_lease(1, 'cs_t1', 1, '1 hour')},
	complete_training_job => q{SELECT complete_training_job(1, 'cs_t3', 1)},
	fail_training_job => q{SELECT fail_training_job(1, 'cs_t3', 1, 'no')},
	extend_training_job_leases => q{SELECT extend_training_job_leases(1, '{cs_t3}', '{1}')},
	complete_training_jobs => q{SELECT complete_training_jobs(1, '{cs_t3}', '{1}')},
	release_training_jobs => q{SELECT release_training_jobs('w')},
	pause_training_plan => 'SELECT pause_training_plan(1)',
	resume_training_plan => 'SELECT resume_training_plan(1)',
	cancel_training_jobs => 'SELECT cancel_training_jobs(1)',
	retry_training_jobs => 'SELECT retry_training_jobs(1)',
	training_jobs_running => q{SELECT training_jobs_running('{ridge}')},
	training_plan_counts => 'SELECT training_plan_counts(1, 3)',
	training_job_freshness => 'SELECT training_job_freshness(1)',
	reuse_training_results => 'SELECT reuse_training_results(2)',
	forecast_training_plan => 'SELECT forecast_training_plan(1)',
	forget_training_plans => q{SELECT forget_training_plans('0', 0)},
	'triggers of training_plans' => 'DELETE FROM training_plans WHERE plan_id = 2',
	'triggers of training_jobs' => q{DELETE FROM training_jobs WHERE plan_id = 2},
	'triggers of training_job_queue' => q{UPDATE training_job_queue SET state = 'cancelled' WHERE plan_id = 2},
	'triggers of training_limits' => 'UPDATE training_limits SET max_running = 40',
	'triggers of routing_policies' => q{UPDATE routing_policies SET policy = policy},
	'TRUNCATE' => 'TRUNCATE training_plans');
# What opens none.
my %opens_none = map { $_ => 1 } qw(
	feature_stability route_training_candidates explain_training_route routing_policy_default routing_policy_hash generate_training_plan save_routing_candidates
	routing_decisions load_routing_plan routing_plan_to_json routing_plan_to_yaml routing_plan_to_markdown routing_plan_lines
	training_plan_rows training_job_kind training_job_state add_training_server training_part_call);
# (training_part_call() plans by a function that is above; trigger functions are called by what is above)
is(join(' ', grep { !$calls{$_} && !$opens_none{$_} } split /\n/, outcome(q{
		SELECT DISTINCT p.proname FROM pg_proc AS p, pg_language AS l, pg_depend AS d
		WHERE l.oid = p.prolang AND l.lanname = 'c' AND p.prorettype <> 'trigger'::regtype AND d.classid = 'pg_proc'::regclass
			AND d.objid = p.oid AND d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'trainplan')
		ORDER BY 1
	})), '', 'the test knows all functions');

# What comes of calls, each in a session of its own that leaves nothing.
sub outcome_of_call
{
	my ($call) = @_;
	my $said = outcome("BEGIN;\n$calls{$call};\nROLLBACK;", '-v', 'VERBOSITY=default');

	return join("\n", grep { /^(ERROR|DETAIL|HINT):/ } split(/\n/, $said)) || 'well';
}

is(outcome_of_call($_), 'well', "$_ of tables that are trainplan's") foreach sort keys %calls;

outcome(q{
	SET allow_system_table_mods = on;
	CREATE TABLE pg_catalog.pg_dist_partition (
		logicalrelid regclass NOT NULL, partmethod "char" NOT NULL, partkey text,
		colocationid integer NOT NULL DEFAULT 0, repmodel "char" NOT NULL DEFAULT 'c', autoconverted boolean NOT NULL DEFAULT false);
	INSERT INTO pg_dist_partition (logicalrelid, partmethod) VALUES ('decisions', 'h'), ('candidates', 'n');
});
is(outcome_of_call($_), 'well', "$_ where other tables are distributed") foreach qw(plan_training claim_training_jobs);

my $hint = 'HINT:  trainplan\'s tables are local to each node. Citus takes no table of an extension back: '
	. 'dump the tables\' rows, drop the extension, create it again, and restore them.';

sub error
{
	my ($table, $kind) = @_;

	return qq{ERROR:  table "$table" is not as trainplan made it: it is $kind\n$hint};
}

# One table after the other: a call does well without it, or says so.
my %told;
foreach my $table (@tables)
{
	my ($well, $told) = (0, 0);
	my @otherwise;

	outcome("SET allow_system_table_mods = on; INSERT INTO pg_dist_partition (logicalrelid, partmethod, repmodel) VALUES ('$table', 'h', 's')");
	foreach my $call (sort keys %calls)
	{
		my $said = outcome_of_call($call);

		if ($said eq error($table, 'a distributed table of Citus'))
		{
			$told++;
			$told{$call} = 1;
		}
		elsif ($said ne 'well')
		{
			push @otherwise, "$call: $said";
		}
	}
	is(join("\n", @otherwise), '', "$table: calls say this or nothing");
	ok($told > 0, "$table: $told calls say it");
	outcome("DELETE FROM pg_dist_partition WHERE logicalrelid = '$table'::regclass");
}
is(join(' ', grep { !$told{$_} } sort keys %calls), '', 'and every call says it of one of them');
is(outcome_of_call($_), 'well', "$_ when no table is distributed any more") foreach qw(plan_training claim_training_jobs);

# What kind of table it is.
foreach my $case (
	[ "'h', 's', 3", 'a distributed table of Citus' ], [ "'a', 's', 0", 'a distributed table of Citus' ], [ "'r', 't', 0", 'a distributed table of Citus' ],
	[ "'n', 't', 2", 'a reference table of Citus' ], [ "'n', 's', 4", 'a distributed table of Citus, with one shard' ],
	[ "'n', 's', 0", 'a local table that Citus manages' ])
{
	my ($values, $kind) = @$case;

	outcome("SET allow_system_table_mods = on; INSERT INTO pg_dist_partition (logicalrelid, partmethod, repmodel, colocationid) VALUES ('training_job_history', $values)");
	is(outcome_of_call('training_job_freshness'), error('training_job_history', $kind), "$values: $kind");
	outcome("DELETE FROM pg_dist_partition WHERE logicalrelid = 'training_job_history'::regclass");
}

# A session that has used a table finds that out when it is distributed, which changes it.
my @lines = split /\n/, outcome(q{
	SET allow_system_table_mods = on;
	SELECT count(*) FROM training_job_freshness(2);
	INSERT INTO pg_dist_partition (logicalrelid, partmethod) VALUES ('training_job_history', 'h');
	ALTER TABLE training_job_history SET (autovacuum_enabled = true);
	SELECT count(*) FROM training_job_freshness(2);
	DELETE FROM pg_dist_partition WHERE logicalrelid = 'training_job_history'::regclass;
	ALTER TABLE training_job_history RESET (autovacuum_enabled);
	SELECT count(*) FROM training_job_freshness(2);
});
is(join('|', @lines), '12|' . join('|', map { split /\n/ } error('training_job_history', 'a distributed table of Citus')) . '|12', 'a session that has used it');

# Something else of that name is not the catalog.
foreach my $other (
	'TABLE pg_catalog.pg_dist_partition (a integer)', 'TABLE pg_catalog.pg_dist_partition ()',
	'TABLE pg_catalog.pg_dist_partition (logicalrelid text, partmethod text)',
	q{VIEW pg_catalog.pg_dist_partition AS SELECT 'training_plans'::regclass AS logicalrelid},
	'TABLE pg_catalog.pg_dist_partition (logicalrelid regclass) PARTITION BY LIST (logicalrelid)',
	'SEQUENCE pg_catalog.pg_dist_partition', 'TYPE pg_catalog.pg_dist_partition AS (logicalrelid regclass)',
	'INDEX pg_dist_partition ON pg_catalog.pg_statistic (starelid)')
{
	my ($kind) = $other =~ /^(\w+)/;
	my $said = outcome("SET allow_system_table_mods = on; BEGIN; DROP TABLE pg_dist_partition; CREATE $other; SELECT plan_training('candidates') > 0; ROLLBACK");

	is($said, 't', "other: $other");
}
outcome(q{
	SET allow_system_table_mods = on;
	ALTER TABLE pg_dist_partition DROP COLUMN repmodel, DROP COLUMN partmethod, DROP COLUMN colocationid;
	INSERT INTO pg_dist_partition VALUES ('training_job_history');
});
is(outcome_of_call('training_job_freshness'), error('training_job_history', 'a distributed table of Citus'), 'a catalog that says less');
outcome('SET allow_system_table_mods = on; DROP TABLE pg_dist_partition');

# ---- tables of other kinds ---------------------------------------------------------------

# Another relation stands where a table of the extension was, and belongs to the extension.
sub replaced
{
	my ($table, $kind, $definition) = @_;

	return outcome(qq{
		BEGIN;
		CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw;
		ALTER EXTENSION trainplan DROP TABLE $table;
		ALTER TABLE $table RENAME TO as_it_was;
		CREATE $kind $table $definition;
		ALTER EXTENSION trainplan ADD $kind $table;
		SELECT plan_training('candidates');
	});
}

foreach my $table (qw(training_plans training_jobs training_job_queue training_job_history training_plan_tally))
{
	my $is_not = qq{ERROR:  "$table" is not the table that trainplan made\nDETAIL:  This operation is not supported for};

	is(replaced($table, 'FOREIGN TABLE', '(plan_id bigint) SERVER elsewhere'), "$is_not foreign tables.", "$table: a foreign table");
	is(replaced($table, 'TABLE', '(plan_id bigint) PARTITION BY HASH (plan_id)'), "$is_not partitioned tables.", "$table: partitioned");
	is(replaced($table, 'VIEW', 'AS SELECT 1::bigint AS plan_id'), "$is_not views.", "$table: a view");
}
like(outcome(q{
		BEGIN;
		CREATE TABLE parts (LIKE training_limits) PARTITION BY LIST (name);
		ALTER TABLE training_limits INHERIT parts;
		ROLLBACK;
		BEGIN;
		CREATE TABLE parts (LIKE training_limits) PARTITION BY LIST (name);
		ALTER TABLE parts ATTACH PARTITION training_limits DEFAULT;
		SELECT claim_training_jobs('w');
	}), qr/^ERROR:  table "training_limits" is not as trainplan made it: it is a partition of another table$/m, 'a partition');

# ---- rows that SQL does not see ------------------------------------------------------------

# The module is built here, and loaded from here.
copy("test/modules/hidden_rows/$_", $folder) foreach qw(Makefile hidden_rows.c);
my $built = '';
ok(IPC::Run::run([ 'make', 'with_llvm=no' ], '>', \$built, '2>&1', init => sub { chdir $folder }), 'the module is built')
	or diag($built);
is(join('', $built =~ /^.*\bwarning: .*\n/mg), '', 'without a warning');

outcome(q{
	CREATE ROLE planner;
	GRANT SELECT (plan_id), INSERT ON training_plans TO planner;
	GRANT INSERT ON training_jobs TO planner;
	GRANT SELECT ON decisions TO planner;
});
my $counts = q{SELECT (SELECT count(*) FROM training_plans), (SELECT count(*) FROM training_jobs), (SELECT count(*) FROM training_job_queue), (SELECT count(*) FROM training_job_history)};
my $before = outcome($counts);

# What comes of statements where these tables look empty.
sub hidden
{
	my ($hidden, $sql) = @_;

	return outcome("LOAD '$folder/hidden_rows'; SET hidden_rows.tables = '$hidden';\n$sql");
}

sub lost
{
	my ($table) = @_;

	return qr{^ERROR:  rows that were written into table "$table" cannot be read from it\nDETAIL:  Something in this server answers for the table in its place\.\nHINT:  trainplan's tables are local to each node; .*$};
}

is(hidden('decisions', 'SELECT count(*) FROM decisions; SELECT count(*) > 0 FROM training_plans'), "0\nt", 'the module hides what it is told');
foreach my $table (qw(training_plans training_jobs training_job_queue training_plan_tally))
{
	foreach my $call (qw(create_training_plan plan_training generate_training_plan_from_routing))
	{
		like(hidden($table, $calls{$call}), lost($table), "$table is hidden: $call()");
	}
	like(hidden($table, q{SELECT create_training_plan('decisions', pooled_first => true)}), lost($table), "$table is hidden: with places that were held");
	like(hidden($table, q{SET ROLE planner; SELECT create_training_plan('decisions')}), lost($table), "$table is hidden: who may only insert");
}
like(hidden('training_plans', $calls{import_training_plan}), lost('training_plans'), 'a plan without jobs is imported');
like(hidden('training_job_queue', $_), lost('training_job_queue'), $_)
	foreach q{SELECT count(*) FROM claim_training_jobs('w', 1, 2)}, 'SELECT cancel_training_jobs(2)';
like(hidden('training_job_history', $_), lost('training_job_history'), $_)
	foreach q{SELECT complete_training_job(1, job_id, attempt) FROM training_job_attempts WHERE outcome IS NULL LIMIT 1}, q{SELECT release_training_jobs('w')};
is(outcome($counts), $before, 'nothing of it stays');

# A session that has seen rows of its own looks again where many are written, or where the table has changed.
my $many = q{CREATE TEMP TABLE many AS SELECT 't' AS target, 's' || s AS symbol, 'ROUTE_BOTH' AS route FROM generate_series(1, 1000) AS s; };
like(hidden('', qq{$many BEGIN; SELECT create_training_plan('decisions') > 0; SET hidden_rows.tables = 'training_jobs'; SELECT create_training_plan('many'); ROLLBACK}),
	qr/^t\nERROR:  rows that were written into table "training_jobs" cannot/, 'many rows');
like(hidden('', q{BEGIN; SELECT create_training_plan('decisions') > 0; SET hidden_rows.tables = 'training_jobs'; ALTER TABLE training_jobs SET (autovacuum_enabled = true); SELECT create_training_plan('decisions'); ROLLBACK}),
	qr/^t\nERROR:  rows that were written into table "training_jobs" cannot/, 'few, after a change of the table');

# A call that writes nothing into a table does not look at it, and who may only insert is refused nothing.
like(hidden('training_job_history', $calls{create_training_plan}), qr/^\d+$/, 'a table that is not written');
is(hidden('training_jobs,training_job_queue', q{CREATE TEMP TABLE d AS SELECT 't' AS target, NULL::text AS symbol, 'DISABLED' AS route; SELECT create_training_plan('d') > 0})
	=~ s/^WARNING.*\nDETAIL.*\n//r, 't', 'a plan without jobs');
like(outcome(q{SET ROLE planner; SELECT create_training_plan('decisions')}), qr/^\d+$/, 'who may only insert');
like(outcome(q{BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT create_training_plan('decisions'); COMMIT}), qr/^\d+$/, 'in a serializable transaction');
like(outcome(q{SET ROLE planner; SELECT count(*) FROM training_jobs}), qr/^ERROR:  permission denied for table training_jobs$/, 'who sees nothing of it afterwards');

# Policies may hide the rows from who writes them.
like(outcome(q{
		BEGIN;
		ALTER TABLE training_jobs ENABLE ROW LEVEL SECURITY;
		CREATE POLICY write ON training_jobs FOR INSERT WITH CHECK (true);
		SET ROLE planner;
		SELECT create_training_plan('decisions');
		ROLLBACK;
	}), qr/^\d+$/, 'policies that hide the jobs');

# Two serializable transactions that each store a plan are in nobody's way.
my @planners = map { $server->background_psql('research') } 1 .. 2;
$_->query_safe(q{SELECT create_training_plan('decisions')}) foreach @planners;
$_->query_safe('BEGIN ISOLATION LEVEL SERIALIZABLE') foreach @planners;
$_->query_safe(q{SELECT create_training_plan('decisions')}) foreach @planners;
is(join(' ', map { $_->query_safe(q{COMMIT; SELECT 'well'}) } @planners), 'well well', 'two serializable planners');
$_->quit foreach @planners;

done_testing();
