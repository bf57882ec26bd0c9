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
	foreach my $call (q{SELECT count(*) FROM generate_training_plan('endless')}, q{SELECT create_training_plan('endless')})
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

# Failing calls take no memory with them.
is(outcome(q{
	CREATE TABLE wrong AS SELECT * FROM decisions LIMIT 2000;
	INSERT INTO wrong VALUES ('t', 's', 'nonsense');
	CREATE TABLE twice AS SELECT * FROM decisions LIMIT 2000;
	INSERT INTO twice SELECT * FROM twice LIMIT 1;
	CREATE FUNCTION fail(times integer) RETURNS bigint LANGUAGE plpgsql AS $$
	DECLARE
		failed bigint := 0;
		call text;
	BEGIN
		FOR i IN 1 .. times LOOP
			FOREACH call IN ARRAY ARRAY[
				$q$SELECT count(*) FROM generate_training_plan('wrong')$q$,
				$q$SELECT count(*) FROM generate_training_plan('twice')$q$,
				$q$SELECT create_training_plan('twice')$q$,
				$q$SELECT count(*) FROM generate_training_plan('wrong', '{}')$q$,
				$q$SELECT count(*) FROM generate_training_plan('pg_class')$q$]
			LOOP
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
	SET work_mem = '64kB';
	SELECT fail(20);
	SELECT sum(used_bytes) AS before FROM pg_backend_memory_contexts \gset
	SELECT fail(200);
	SELECT sum(used_bytes) - :before < 100000 AS flat FROM pg_backend_memory_contexts;
}), "100\n1000\nt", 'failing calls leave no memory behind');
is(outcome('SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'nor temporary files');

done_testing();
