# What relations are asked for: the rows of one target alone, where a call is about one,
# whatever type the column has, by indexes, partitions and foreign servers; and how many
# rows PostgreSQL's planner expects of relations that have no statistics of their own.

use strict;
use warnings;

use lib 'test/perl';
use Test::More;
use Trainplan;

my $server = start_server('asked');

run_sql($server, 'postgres', 'CREATE DATABASE research');

sub outcome
{
	my ($sql) = @_;

	return run_sql($server, 'research', $sql, '-At', '-v', 'VERBOSITY=terse');
}

is(outcome(q{
	CREATE EXTENSION trainplan;
	CREATE EXTENSION postgres_fdw;
	CREATE EXTENSION citext;
	CREATE TABLE metrics AS
	SELECT 't' || t AS target, CASE WHEN s > 0 THEN 's' || s END AS symbol, 0.6 + s / 1000.0 AS score, 50000 + s AS sample_size
	FROM generate_series(1, 200) AS t, generate_series(0, 20) AS s;
	CREATE DOMAIN label AS text;
	CREATE DOMAIN short_label AS varchar(20);
	CREATE DOMAIN blank_label AS char(9);
	CREATE DOMAIN name_label AS name;
	DO 'BEGIN EXECUTE (SELECT format($$CREATE TYPE targets AS ENUM (%s)$$, string_agg(DISTINCT quote_literal(target), $$,$$)) FROM metrics); END';
	CREATE DOMAIN enum_label AS targets;
}), '', 'relations');

# What is explained, and the plan of the query for it.
sub explained
{
	my ($relation, $target) = @_;

	return outcome("SELECT md5(string_agg(e::text, ' ')) FROM explain_training_route('$relation', '$target', 's3') AS e");
}

sub plan
{
	my ($relation, $target) = @_;

	return outcome(qq{
		LOAD 'auto_explain';
		SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on; SET auto_explain.log_verbose = on;
		SET client_min_messages = log;
		SELECT count(*) FROM explain_training_route('$relation', '$target', 's3');
	}) =~ s/^LOG:  duration: [^\n]*\nQuery Text: SELECT count.*//msr;
}

my $expected = explained('metrics', 't2');
like($expected, qr/^\w{32}$/, 'a pair is explained');

# ---- a column of each type ------------------------------------------------------------

my %columns = (
	'text' => 'Index Cond', 'varchar' => 'Index Cond', 'varchar(10)' => 'Index Cond', 'char(9)' => 'Index Cond', 'name' => 'Index Cond',
	'text COLLATE "C"' => 'Index Cond', 'label' => 'Index Cond', 'short_label' => 'Index Cond', 'blank_label' => 'Index Cond', 'name_label' => 'Index Cond',
	'targets' => 'Index Cond', 'enum_label' => 'Filter', 'citext' => 'Filter');
if (outcome(q{CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)}) eq '')
{
	$columns{'text COLLATE any_case'} = 'Index Cond';
}

my $n = 0;
foreach my $type (sort keys %columns)
{
	my $table = 'typed_' . ++$n;

	outcome(qq{
		CREATE TABLE $table (symbol text, score float8, sample_size integer, "target" $type);
		INSERT INTO $table (target, symbol, score, sample_size) SELECT target@{[ $type =~ /targets|enum/ ? '::targets' : '' ]}, symbol, score, sample_size FROM metrics;
		CREATE INDEX ON $table (target);
		VACUUM ANALYZE $table;
		CREATE VIEW of_$table AS
		SELECT target, symbol, 1 / (target::text IN ('t2', 'T2'))::integer * score AS score, sample_size FROM $table;
	});
	is(explained($table, 't2'), $expected, "$type: the same");
	like(plan($table, 't2'), qr/$columns{$type}: .*target.* = .*t2/, "$type: $columns{$type}");
	is(explained("of_$table", 't2'), $expected, "$type: no other row is computed");
	is(explained($table, $_), qq{ERROR:  no candidates for target "$_" in relation "public.$table"}, "$type: none, by '$_'")
		foreach 't2 ', 'T2', 't201', 't' x 70, '';
	next if $type =~ /targets|enum/;
	outcome("INSERT INTO $table (target, symbol, score, sample_size) VALUES ('T2', 's3', 0, 1), ('', 's3', 0, 1)");
	is(explained($table, 't2'), $expected, "$type: upper case is another target");
	like(explained($table, ''), qr/^ERROR:  target is empty/, "$type: an empty name");
}

# ---- partitions and foreign servers -----------------------------------------------------

outcome(q{
	CREATE TABLE parts (LIKE metrics) PARTITION BY HASH (target);
	CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
	CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
	INSERT INTO parts SELECT * FROM metrics;
});
is(explained('parts', 't2'), $expected, 'partitioned: the same');
my $plan = plan('parts', 't2');
is(join(' ', sort map { /Scan on public\.(parts_\d)/ ? $1 : () } split(/\n/, $plan)) =~ tr/ //, 0, 'partitioned: one partition is read') or diag($plan);

outcome(sprintf(q{
	CREATE SERVER loopback FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '%s', port '%s', dbname 'research');
	CREATE USER MAPPING FOR postgres SERVER loopback;
	CREATE FOREIGN TABLE far (target text, symbol text, score numeric, sample_size integer) SERVER loopback OPTIONS (table_name 'metrics');
	CREATE FOREIGN TABLE far_enum (target targets, symbol text, score float8, sample_size integer) SERVER loopback OPTIONS (table_name 'metrics');
	CREATE TABLE far_parts (LIKE metrics) PARTITION BY HASH (target);
	CREATE FOREIGN TABLE far_0 PARTITION OF far_parts FOR VALUES WITH (MODULUS 2, REMAINDER 0) SERVER loopback OPTIONS (table_name 'parts_0');
	CREATE FOREIGN TABLE far_1 PARTITION OF far_parts FOR VALUES WITH (MODULUS 2, REMAINDER 1) SERVER loopback OPTIONS (table_name 'parts_1');
}, $server->host, $server->port));
is(explained($_, 't2'), $expected, "$_: the same") foreach qw(far far_enum far_parts);
like(plan('far', 't2'), qr/Remote SQL: SELECT .* WHERE \(\(target = 't2'(::text)?\)\)/, 'a foreign server is asked for the target');
$plan = plan('far_parts', 't2');
is(() = $plan =~ /Remote SQL: SELECT .* WHERE \(\(target = 't2'(?:::text)?\)\)/g, 1, 'one foreign partition is asked') or diag($plan);
is(() = $plan =~ /Remote SQL/g, 1, 'and no other');

# What is set to trip over: a schema with an operator of its own, and a function of the parameter's name.
is(outcome(qq{
		CREATE SCHEMA hostile;
		CREATE FUNCTION hostile.never(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
		CREATE OPERATOR hostile.= (FUNCTION = hostile.never, LEFTARG = text, RIGHTARG = text);
		CREATE TYPE hostile.text AS ENUM ('t2');
		SET search_path = hostile, pg_catalog, public;
		SELECT md5(string_agg(e::pg_catalog.text, ' ')) FROM explain_training_route('metrics', 't2', 's3') AS e;
	}), $expected, 'names are those of pg_catalog');

# ---- estimates ----------------------------------------------------------------------------

outcome(q{
	CREATE TABLE decisions AS
	SELECT 't' || t AS target, 's' || s AS symbol, 'ROUTE_BOTH' AS route FROM generate_series(1, 100) AS t, generate_series(1, 50) AS s;
	CREATE TABLE shards (LIKE decisions) PARTITION BY HASH (target);
	CREATE TABLE shards_0 PARTITION OF shards FOR VALUES WITH (MODULUS 2, REMAINDER 0);
	CREATE TABLE shards_1 PARTITION OF shards FOR VALUES WITH (MODULUS 2, REMAINDER 1);
	INSERT INTO shards SELECT * FROM decisions;
	CREATE TABLE far_shards (LIKE decisions) PARTITION BY HASH (target);
	CREATE FOREIGN TABLE far_shards_0 PARTITION OF far_shards FOR VALUES WITH (MODULUS 2, REMAINDER 0) SERVER loopback OPTIONS (table_name 'shards_0');
	CREATE FOREIGN TABLE far_shards_1 PARTITION OF far_shards FOR VALUES WITH (MODULUS 2, REMAINDER 1) SERVER loopback OPTIONS (table_name 'shards_1');
	CREATE TABLE mixed_shards (LIKE decisions) PARTITION BY LIST (target);
	CREATE TABLE mixed_shards_0 PARTITION OF mixed_shards FOR VALUES IN ('t1');
	CREATE FOREIGN TABLE mixed_shards_1 PARTITION OF mixed_shards DEFAULT SERVER loopback OPTIONS (table_name 'shards_1');
	CREATE FOREIGN TABLE far_decisions (target text, symbol text, route text) SERVER loopback OPTIONS (table_name 'decisions');
	CREATE VIEW far_view AS SELECT * FROM far_decisions;
	CREATE VIEW few AS SELECT * FROM decisions WHERE target < 't2';
	CREATE VIEW round AS SELECT NULL::text AS target, NULL::text AS symbol, NULL::text AS route;
	CREATE OR REPLACE VIEW round AS SELECT target, symbol, route FROM generate_training_plan('round');
	CREATE VIEW over AS SELECT target, symbol, route FROM generate_training_plan('far_decisions');
	CREATE TABLE nothing (LIKE decisions);
	VACUUM ANALYZE decisions, shards, nothing;
});

sub estimate
{
	my ($query) = @_;
	my ($rows) = outcome("EXPLAIN $query") =~ /\brows=(\d+)/;

	return $rows;
}

sub estimate_plan
{
	my ($relation) = @_;

	return estimate("SELECT * FROM generate_training_plan('$relation')");
}

is(estimate_plan($_), estimate("SELECT * FROM $_"), "$_: as reading it is") foreach qw(decisions shards far_decisions far_shards mixed_shards far_view few nothing);
is(estimate('SELECT * FROM route_training_candidates($$far$$)'), estimate('SELECT * FROM far'), 'candidates as well');
isnt(estimate_plan('far_decisions'), 1000, 'not as declared');

outcome(q{ALTER SERVER loopback OPTIONS (ADD use_remote_estimate 'true')});
is(estimate_plan($_), 5000, "$_: the foreign server is asked, where it is set to be") foreach qw(far_decisions far_shards far_view);
outcome(q{ALTER SERVER loopback OPTIONS (DROP use_remote_estimate); ANALYZE far_decisions, far_shards_0, far_shards_1});
is(estimate_plan($_), 5000, "$_: after ANALYZE") foreach qw(far_decisions far_shards far_view);

like(estimate_plan('round'), qr/^\d+$/, 'a view over itself is not asked on and on');
like(outcome(q{EXPLAIN SELECT * FROM round}), qr/rows=1000 /, 'nor where it is read');
is(estimate_plan('over'), 5000, 'a view over what has statistics');
is(estimate('SELECT 1, generate_training_plan(NULL)'), 1000, 'none');

# Nobody is told more: who may not read a relation, and who may read a view but not what is below.
outcome(q{
	CREATE ROLE nobody;
	CREATE ROLE reader;
	GRANT SELECT ON few TO reader;
});
is(estimate_plan('few'), estimate('SELECT * FROM few'), 'a view');
like(outcome(q{SET ROLE nobody; EXPLAIN SELECT * FROM generate_training_plan('few')}), qr/rows=1000 /, 'who may not read it is not told');
like(outcome(q{SET ROLE nobody; EXPLAIN SELECT * FROM generate_training_plan('far_decisions')}), qr/rows=1000 /, 'nor of a foreign table');
like(outcome(q{SET ROLE reader; EXPLAIN SELECT * FROM generate_training_plan('few')}), qr/rows=(?!1000 )\d+ /, 'who may read it is');
like(outcome(q{SET ROLE reader; EXPLAIN SELECT * FROM generate_training_plan('decisions')}), qr/rows=1000 /, 'but not of what is below');

outcome(q{
	CREATE TABLE secret AS SELECT target, symbol, route, 4711 AS salary FROM decisions;
	ANALYZE secret;
	GRANT CREATE ON SCHEMA public TO nobody;
	SET ROLE nobody;
	CREATE VIEW peek AS SELECT target, symbol, route FROM secret WHERE salary = 4711;
});
like(outcome(q{SET ROLE nobody; EXPLAIN SELECT * FROM generate_training_plan('peek')}), qr/rows=1000 /, 'nor by a view of his own');

# A question that fails leaves the next one as it was.
outcome(q{CREATE VIEW wrong AS SELECT target, symbol, route FROM decisions WHERE 1 / (length('') + 0) > 0});
my @answers = split /\n/, outcome(q{
	EXPLAIN SELECT * FROM generate_training_plan('wrong');
	EXPLAIN SELECT * FROM generate_training_plan('few');
});
is($answers[0], 'ERROR:  division by zero', 'an error of planning');
like($answers[1], qr/rows=(?!1000 )\d+ /, 'and then');

done_testing();
