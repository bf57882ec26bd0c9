# Calls that are cancelled or fail leave nothing behind: no plan, no job, no
# temporary file, no memory.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Trainplan;

my $server = start_server('leftovers');

run_sql($server, 'postgres', q{
	CREATE EXTENSION trainplan;
	CREATE TABLE decisions AS
	SELECT 'target_' || t AS target, CASE WHEN s > 0 THEN 'symbol_' || s END AS symbol,
		CASE WHEN s > 0 THEN 'ROUTE_BOTH' ELSE 'ENABLED' END AS route, md5(t::text || s) AS reason
	FROM generate_series(1, 200) AS t, generate_series(0, 200) AS s;
	CREATE VIEW endless AS
	SELECT 'target_' || t AS target, 'symbol_' || t AS symbol, 'ROUTE_BOTH' AS route, md5(t::text) AS reason
	FROM generate_series(1, 1000000000000) AS t;
	CREATE VIEW candidates AS
	SELECT target, symbol, 0.55 AS score, 6000 AS sample_size, 'UNKNOWN' AS stability FROM decisions;
	CREATE VIEW endless_candidates AS
	SELECT target, symbol, 0.55 AS score, 6000 AS sample_size FROM endless;
});

# Rows without headings, and errors in one line.
sub outcome
{
	my ($sql) = @_;

	return run_sql($server, 'postgres', $sql, '-At', '-v', 'VERBOSITY=terse');
}

my $leftovers = q{
	SELECT (SELECT count(*) FROM pg_ls_tmpdir()), (SELECT count(*) FROM training_plans), (SELECT count(*) FROM training_jobs)
};

# A call that would never end is ended, in memory and on disk, storing or not.
foreach my $work_mem ('64MB', '64kB')
{
	foreach my $call (
		q{SELECT count(*) FROM generate_training_plan('endless')}, q{SELECT create_training_plan('endless')},
		q{SELECT count(*) FROM route_training_candidates('endless_candidates')}, q{SELECT plan_training('endless_candidates')},
		q{SELECT count(*) FROM explain_training_route('endless_candidates', 'target_1', 'symbol_1')})
	{
		is(outcome("
				SET work_mem = '$work_mem';
				SET statement_timeout = '500ms';
				$call;
				RESET statement_timeout;
				$leftovers;"),
			"ERROR:  canceling statement due to statement timeout\n0|0|0", "$call at $work_mem");
	}
}

# So is one that ends soon, wherever it is by then; what did end is there whole.
my $successes = 0;
for (my $timeout = 5; $timeout <= 305; $timeout += 10)
{
	my $result = outcome("
		SET work_mem = '64kB';
		SET statement_timeout = '${timeout}ms';
		SELECT create_training_plan('decisions')");

	$successes++ if $result =~ /^\d+$/;
	like($result, qr/^(\d+|ERROR:  canceling statement due to statement timeout)$/, "cancelled after $timeout ms, or done");
}
is(outcome($leftovers),
	join('|', 0, $successes, $successes * 40200), 'every plan is there whole or not at all');

# The same from candidates, with the lane that holds a target's symbols back.
my $limited = q{replace(routing_policy_default(), '# max_fraction_symbols_per_target: 0.2', 'max_fraction_symbols_per_target: 0.2')};
for (my $timeout = 5; $timeout <= 305; $timeout += 30)
{
	like(outcome("
			SET work_mem = '64kB';
			DELETE FROM training_plans;
			SET statement_timeout = '${timeout}ms';
			SELECT plan_training('candidates', $limited) > 0"),
		qr/^(t|ERROR:  canceling statement due to statement timeout)$/, "plan_training() cancelled after $timeout ms, or done");
}
is(outcome("SELECT count(*) FROM route_training_candidates('candidates', $limited) LIMIT 1; DELETE FROM training_plans; $leftovers"), "40200\n0|0|0", 'and nothing is left');

# Failing calls take no memory with them.
outcome(<<'SQL');
	CREATE FUNCTION fail(calls text[], times integer) RETURNS bigint LANGUAGE plpgsql AS $$
	DECLARE
		failed bigint := 0;
		call text;
	BEGIN
		FOR i IN 1 .. times LOOP
			FOREACH call IN ARRAY calls LOOP
				BEGIN
					EXECUTE call;
				EXCEPTION WHEN OTHERS THEN
					failed := failed + 1;
				END;
			END LOOP;
		END LOOP;
		RETURN failed;
	END
	$$;
SQL
is(outcome(q{
	CREATE TABLE wrong AS SELECT * FROM decisions LIMIT 2000;
	INSERT INTO wrong VALUES ('t', 's', 'nonsense');
	CREATE TABLE twice AS SELECT * FROM decisions LIMIT 2000;
	INSERT INTO twice SELECT * FROM twice LIMIT 1;
	CREATE VIEW twice_measured AS SELECT target, symbol, 0.55 AS score, 6000 AS sample_size FROM twice;
	CREATE VIEW badly_measured AS SELECT target, symbol, 0.55 AS score, CASE route WHEN 'nonsense' THEN -1 ELSE 6000 END AS sample_size FROM wrong;
	SELECT ARRAY[
		$$SELECT count(*) FROM generate_training_plan('wrong')$$,
		$$SELECT count(*) FROM generate_training_plan('twice')$$,
		$$SELECT create_training_plan('twice')$$,
		$$SELECT count(*) FROM generate_training_plan('wrong', '{}')$$,
		$$SELECT count(*) FROM generate_training_plan('pg_class')$$,
		$$SELECT count(*) FROM route_training_candidates('twice_measured')$$,
		$$SELECT count(*) FROM route_training_candidates('candidates', 'routing: [')$$,
		$$SELECT plan_training('twice_measured')$$,
		$$SELECT count(*) FROM explain_training_route('twice_measured', 'target_1', 'symbol_1')$$,
		$$SELECT count(*) FROM route_training_candidates('badly_measured', replace(routing_policy_default(), '# max_f', 'max_f'))$$] AS calls \gset
	SET work_mem = '64kB';
	SELECT fail(:'calls', 20);
	SELECT sum(used_bytes) AS before FROM pg_backend_memory_contexts \gset
	SELECT fail(:'calls', 200);
	SELECT sum(used_bytes) - :before < 100000 AS flat FROM pg_backend_memory_contexts;
}), "200\n2000\nt", 'failing calls leave no memory behind');
is(outcome('SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'nor temporary files');

# Documents: json-c and libyaml allocate outside of PostgreSQL's memory, so what
# counts is what the process has.  The calls fail at once, in the middle of a
# document that is read, and in the middle of one that is written.
SKIP:
{
	skip 'the process\'s memory is not known here', 2 unless -r "/proc/$$/status";

	my $output = outcome(<<'SQL');
		CREATE ROLE watched;
		GRANT SELECT, INSERT ON training_plans, training_jobs TO watched;
		CREATE TABLE two_targets AS SELECT * FROM decisions WHERE target IN ('target_1', 'target_2');
		SELECT create_training_plan('two_targets') AS plan \gset
		CREATE FUNCTION stumble(symbol text) RETURNS boolean LANGUAGE plpgsql AS $$
		BEGIN
			IF symbol = 'symbol_77' THEN
				RAISE EXCEPTION 'stumbled';
			END IF;
			RETURN true;
		END
		$$;
		ALTER TABLE training_jobs ENABLE ROW LEVEL SECURITY;
		CREATE POLICY stumble ON training_jobs TO watched USING (stumble(symbol));
		SELECT array_agg(call) AS calls FROM (
			SELECT format(f, :plan) AS call FROM unnest(ARRAY[
				'SELECT training_plan_to_json(%s)',
				'SELECT training_plan_to_yaml(%s)',
				'SELECT training_plan_to_markdown(%s)',
				'SELECT training_plan_to_html(%s)',
				'SELECT training_plan_to_svg(%s)',
				'SELECT training_plan_lines(%s, ''yaml'')']) AS f
			UNION ALL
			SELECT format('SELECT count(*) FROM routing_decisions(%L)', d) FROM unnest(ARRAY[
				'{"targets": {"t": {"symbols": {"A": {"route": "ROUTE_BOTH", "reason": ["a", "b"]}, "B": {"route": 1}}}}}',
				'{"targets": {"t": {"symbols": {"A": {"route": "ROUTE_BOTH"}, "A": {}}}}}',
				'{"targets": {"t": {"symbols": {"A": {"route": "ROUTE_BOTH"}',
				'targets: {t: &t {symbols: {A: &a {route: ROUTE_BOTH, reason: [a, b]}, B: *a, C: *t}}}',
				E'targets:\n  t:\n    symbols:\n      A: {route: ROUTE_BOTH}\n      B: {route: "',
				E'targets:\n  t: {symbols: {A: {route: ROUTE_BOTH}}}\n  t: {}',
				'a: ' || repeat('[', 200),
				'{"targets": {"t": {"cross_sectional": {"route": "ENABLED"}, "symbols": {"A": {"route": "ROUTE_BOTH", "reason": ["a"]}, "B": []}}}}',
				'targets: &a {t: &t {symbols: &s {A: &r {route: ROUTE_BOTH}, B: *r}}, u: *t, v: {symbols: *s, cross_sectional: x}}',
				'{"targets": {"t": {"symbols": {' || (SELECT string_agg(format('"%s": {"route": "ROUTE_BOTH"}', n % 299), ',') FROM generate_series(1, 300) AS n) || '}}}}']) AS d
			UNION ALL
			SELECT format('SELECT import_training_plan(%L)', d) FROM unnest(ARRAY[
				'{"metadata": {"x": [1, 2, {"y": "z"}]}, "jobs": [{}]}',
				E'metadata: &m {model_families: [a], routing_plan_path: x}\njobs: []\nsummary: {total_cs_jobs: 7}',
				replace(training_plan_to_yaml(:plan), 'ROUTE_BOTH', 'ROUTE_X')]) AS d
			UNION ALL
			SELECT format('SELECT routing_policy_hash(%L)', d) FROM unnest(ARRAY[
				E'routing: &r\n  symbol: [a, &b b, *b]\n  x: "',
				replace(routing_policy_default(), 'dev_mode:', 'dev_mood:'),
				E'routing:\n  <<: [{dev_mode: yes}, {dev_mode: "no"}]',
				'routing: ' || repeat('[', 200)]) AS d) AS c \gset
		-- what the process has, in kB: memory that is its own
		CREATE FUNCTION own_memory() RETURNS bigint LANGUAGE sql AS
		$$ SELECT substring(pg_read_file(format('/proc/%s/status', pg_backend_pid())) FROM 'RssAnon:\s+(\d+)')::bigint $$;
		SET work_mem = '64kB';
		SET ROLE watched;
		SELECT fail(:'calls', 20);
		RESET ROLE;
		SELECT own_memory() AS before \gset
		SET ROLE watched;
		SELECT fail(:'calls', 560);
		RESET ROLE;
		SELECT own_memory() - :before;
		ALTER TABLE training_jobs DISABLE ROW LEVEL SECURITY;
SQL
	my ($first, $second, $grown) = $output =~ /(\d+)\n(\d+)\n(-?\d+)$/;

	is("$first $second", '460 12880', 'ten thousand calls about documents and policies fail') or diag($output);
	cmp_ok($grown, '<', 2048, 'and the process has not grown by 2 MB') or diag($output);
}

# What a document takes does not grow with its targets, symbols or jobs.  In kB: how
# much more the process has at its peak.
SKIP:
{
	skip 'the process\'s memory is not known here', 10 unless -w "/proc/$$/clear_refs";

	outcome(<<'SQL');
		CREATE FUNCTION peak() RETURNS bigint LANGUAGE sql AS
		$$ SELECT substring(pg_read_file(format('/proc/%s/status', pg_backend_pid())) FROM 'VmHWM:\s+(\d+)')::bigint $$;
		CREATE TABLE large AS
		SELECT '{"targets": {"t": {"cross_sectional": {"route": "ENABLED"}, "symbols": {' || string_agg(format('"s%s": {"route": "ROUTE_BOTH"}', n), ',') || '}}}}' AS symbols,
			E'targets:\n t:\n  symbols:\n' || string_agg(format('   s%s: {route: ROUTE_BOTH, reason: [a, b]}', n), E'\n') AS yaml_symbols,
			'{"targets": {' || string_agg(format('"t%s": {"symbols": {"s": {"route": "ROUTE_BOTH"}}}', n), ',') || '}}' AS targets,
			'x: [' || string_agg(format('&a%s b', n), ',') FILTER (WHERE n <= 100000) || E']\ntargets: {}' AS anchors,
			'{"metadata": {"x": [' || string_agg('{}', ',') || ']}, "targets": {}}' AS mappings
		FROM generate_series(1, 300000) AS n;
SQL
	foreach (
		[ 'symbols', qr/^300001$/, 60000 ],
		[ 'yaml_symbols', qr/^300000$/, 60000 ],
		[ 'targets', qr/^300000$/, 60000 ],
		[ 'anchors', qr/^0$/, 120000 ],
		[ 'mappings', qr/^ERROR: .*more than 200000 mappings and lists have to be kept in memory$/, 250000 ])
	{
		my ($column, $expected, $most) = @$_;
		my ($result, $grown) = split /\n/, outcome("
			SET client_min_messages = error;
			SELECT pg_backend_pid() AS pid \\gset
			\\setenv BACKEND :pid
			SELECT length($column) AS size, (SELECT count(*) FROM routing_decisions('{\"targets\": {}}')) FROM large \\gset
			\\! echo 5 >/proc/\$BACKEND/clear_refs
			SELECT peak() AS before \\gset
			SELECT count(*) FROM large, routing_decisions($column);
			SELECT peak() - :before;");

		like($result, $expected, "very many $column");
		cmp_ok($grown, '<', $most, 'do not take much memory');
	}
}

# A document that is being written or read is cancelled like anything else.
outcome(<<'SQL');
	CREATE TABLE document AS
	SELECT '{"targets": {' || string_agg(format('"t%s": {"symbols": {%s}}', t, symbols), ',') || '}}' AS routing
	FROM generate_series(1, 300) AS t,
		(SELECT string_agg(format('"s%s": {"route": "ROUTE_BOTH", "reason": ["a", "b"]}', s), ',') AS symbols FROM generate_series(1, 300) AS s) AS s;
	CREATE TABLE none AS SELECT * FROM decisions WHERE false;
	SELECT create_training_plan('none') AS empty \gset
	SELECT format('CREATE FUNCTION empty_plan() RETURNS bigint LANGUAGE sql RETURN %s', :empty) \gexec
	SELECT create_training_plan('decisions');
SQL
foreach my $call (
	q{SELECT count(*) FROM document, routing_decisions(routing)},
	q{SELECT length(training_plan_to_json(latest_training_plan())::text)},
	q{SELECT length(training_plan_to_yaml(latest_training_plan()))},
	q{SELECT length(training_plan_to_markdown(latest_training_plan()))},
	q{SELECT length(training_plan_to_html(latest_training_plan()))},
	q{SELECT length(training_plan_to_svg(latest_training_plan()))},
	q{SELECT length(compare_training_plans_to_html(empty_plan(), latest_training_plan()))},
	q{SELECT count(*) FROM training_plan_lines(latest_training_plan(), 'json')},
	q{SELECT count(*) FROM compare_training_plans(empty_plan(), latest_training_plan())},
	q{SELECT length(compare_training_plans_to_markdown(empty_plan(), latest_training_plan()))})
{
	for (my $timeout = 2; $timeout <= 152; $timeout += 30)
	{
		like(outcome("SET work_mem = '64kB'; SET statement_timeout = '${timeout}ms'; $call"),
			qr/^(\d+|ERROR:  canceling statement due to statement timeout)$/, "$call cancelled after $timeout ms, or done");
	}
}
is(outcome('SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'no temporary files');
is(outcome(q[SELECT training_plan_lines(latest_training_plan(), 'json') LIMIT 1; SELECT count(*) FROM pg_ls_tmpdir()]),
	"{\n0", 'nor of lines that nobody fetched');

done_testing();
