# What a call costs grows with what it is given, no faster; what would, has a limit
# that its error names.  Each input here has the shape that is worst for it, at a
# megabyte or so.  Any call can be cancelled, wherever it is.

use strict;
use warnings;

use lib 'test/perl';
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes 'time';
use Trainplan;

my $server = start_server('costs');

run_sql($server, 'postgres', 'CREATE EXTENSION trainplan');

# What SQL prints, errors in one line.
sub outcome
{
	my ($sql) = @_;

	return run_sql($server, 'postgres', "SET client_min_messages = error;\n$sql", '-At', '-v', 'VERBOSITY=terse');
}

# A call ends long before the timeout, and as it should.
sub ends
{
	my ($what, $sql, $expected) = @_;

	like(substr(outcome("SET statement_timeout = '10s';\n$sql;"), 0, 500), $expected, $what);
}

# A call that is cancelled ends at once, if it has not ended by itself.
sub ends_early
{
	my ($what, $sql) = @_;
	my $begin = time;
	my $outcome = outcome("SET statement_timeout = '50ms';\n$sql;");

	cmp_ok(time - $begin, '<', 5, "$what: cancelled") or diag(substr($outcome, 0, 500));
}

# ---- planning ----------------------------------------------------------------

# The jobs of the decisions that a query makes.
sub plan_of
{
	my ($rows, $columns, $families) = @_;

	$columns ||= 'target, symbol, route';
	$families ||= 'NULL';
	return "CREATE TEMPORARY TABLE decisions ($columns) AS $rows;
		SELECT count(*) FROM generate_training_plan('decisions', $families)";
}

my $own_families = 'target, symbol, route, model_families';
ends('a hundred thousand families',
	plan_of("VALUES ('t', 's', 'ROUTE_BOTH')", undef, "(SELECT array_agg('f' || n) FROM generate_series(1, 100000) AS n)"), qr/^2$/);
ends('a hundred thousand families of a decision',
	plan_of("SELECT 't', 's', 'ROUTE_BOTH', array_agg('f' || n) FROM generate_series(1, 100000) AS n", $own_families), qr/^2$/);
ends('the same family half a million times',
	plan_of("SELECT 't', 's', 'ROUTE_BOTH', array_agg(text ' f') FROM generate_series(1, 500000)", $own_families), qr/^2$/);
ends('a family behind a megabyte of blanks',
	plan_of("SELECT 't', 's', 'ROUTE_BOTH', ARRAY[repeat(' ', 1000000) || 'f']", $own_families), qr/^2$/);

# Names with an underscore at every byte: alone, beside such of other lengths, kept
# in memory or not.  What is counted is jobs with cross-sectional ones.
my $targets_of_underscores = "SELECT t, s, 'ROUTE_BOTH' FROM (VALUES ('t'), (repeat('_', 1000000))) AS t (t), (VALUES ('a_b'), ('b'), ('_')) AS s (s) ORDER BY length(t)";
my $symbols_of_underscores = "SELECT t, s, 'ROUTE_BOTH' FROM (VALUES ('t'), ('t_')) AS t (t), (VALUES ('a_b'), ('b'), (repeat('_', 1000000))) AS s (s) ORDER BY length(s)";
foreach my $work_mem ('4MB', '64MB')
{
	my $set = "SET work_mem = '$work_mem'; ";

	ends("a target of a million underscores at $work_mem", $set . plan_of($targets_of_underscores), qr/^8$/);
	ends("a symbol of a million underscores at $work_mem", $set . plan_of($symbols_of_underscores), qr/^8$/);
	ends("both at $work_mem",
		$set . plan_of("SELECT repeat('_', 500000 + t), repeat('_', 500000 + s), 'ROUTE_BOTH' FROM generate_series(0, 1) AS t, generate_series(0, 6, 3) AS s"), qr/^8$/);
	ends("a target that is the beginning of another for each of its underscores at $work_mem",
		$set . plan_of("SELECT repeat('_', t), s, 'ROUTE_BOTH' FROM generate_series(1, 200) AS t, unnest('{a,_a}'::text[]) AS s"),
		qr/^ERROR:  two jobs have the job_id "sym_+a" in relation "pg_temp.decisions": target "/);
	ends("the same of symbols at $work_mem",
		$set . plan_of("SELECT 't', repeat('_', s) || 'a', 'ROUTE_BOTH' FROM generate_series(1, 1400) AS s"), qr/^1401$/);
}
ends_early('underscores', "SET work_mem = '64MB'; " . plan_of($targets_of_underscores));

# Five million ids of jobs, which are sorted.
$server->safe_psql('postgres', q{
	CREATE TABLE named (jobs text[], attempts integer[]);
	ALTER TABLE named ALTER jobs SET STORAGE EXTERNAL;
	INSERT INTO named SELECT array_agg((hashint4(n))::text), array_agg(n) FROM generate_series(1, 5000000) AS n;
	CREATE TEMPORARY TABLE decisions AS SELECT 't' AS target, NULL AS symbol, 'ENABLED' AS route;
	SELECT create_training_plan('decisions');
});
ends_early("very many jobs in $_", "SELECT $_ FROM named")
	foreach 'extend_training_job_leases(1, jobs, attempts)', 'cancel_training_jobs(1, jobs)';
$server->safe_psql('postgres', 'DROP TABLE named; DELETE FROM training_plans');

# What else a decision says.
my $with_reason = 'target, symbol, route, reason';
ends("a reason: $_->[0]", plan_of("SELECT 't', 's', 'ROUTE_BOTH', $_->[1]", $with_reason), qr/^2$/)
	foreach [ 'a long text', "repeat('x; ', 350000)" ],
	[ 'very many phrases', "array_fill(text '', ARRAY[500000])" ],
	[ 'very many nulls', 'array_fill(NULL::text, ARRAY[1000000])' ],
	[ 'very many in JSON', "(SELECT jsonb_agg(text '') FROM generate_series(1, 300000))" ];
ends('a reason that is none, deep', plan_of("SELECT 't', 's', 'ROUTE_BOTH', (repeat('[', 5000) || repeat(']', 5000))::jsonb", $with_reason),
	qr/^ERROR:  reason is not a string or an array of strings for target "t", symbol "s" in relation "pg_temp.decisions"$/);
ends('long states', plan_of("SELECT 't', 's', 'ROUTE_BOTH', repeat('x', 1000000)", 'target, symbol, route, cs_state'), qr/^2$/);
ends('a long route', plan_of("SELECT 't', 's', repeat('R', 1000000)"), qr/^ERROR:  unknown route "RRRR/);

# Candidates: the horizon in a target's name, the kind of a task.
sub route_one
{
	my ($what, $target, $symbol, $task_type) = @_;
	my $candidates = "CREATE TEMPORARY TABLE candidates AS
		SELECT $target AS target, $symbol AS symbol, 0.6 AS score, 6000 AS sample_size, 'STABLE' AS stability, $task_type AS task_type";

	ends("$what: routed", "$candidates; SELECT count(*) FROM route_training_candidates('candidates')", qr/^2$/);
	ends("$what: explained", "$candidates; SELECT count(*) > 5 FROM candidates AS c, explain_training_route('candidates', c.target, c.symbol)", qr/^t$/);
}
route_one('parts of numbers', "repeat('_1', 500000)", "repeat('_', 1000000)", 'NULL::text');
route_one('one number', "repeat('1', 1000000)", "'s'", "repeat('CLASSIFICATIO', 77000)");
route_one('almost a day', "repeat('same_da', 140000)", "'s'", "repeat('C', 1000000)");

# ---- texts in YAML ---------------------------------------------------------------

# A text that an SQL expression makes, as a policy and as both kinds of documents.
sub read_yaml
{
	my ($what, $text, $expected) = @_;

	ends("$what, as a policy", "SELECT routing_policy_hash($text)", $expected);
	ends("$what, as a routing plan", "SELECT count(*) FROM routing_decisions($text)", $expected);
	ends("$what, as a plan", "SELECT import_training_plan($text)", $expected);
}

my $tags = "(SELECT string_agg('%TAG !' || n || '! x', E'\\n') FROM generate_series(1, 70000) AS n) || E'\\n---\\na: b'";
my $blanks = "repeat(' ', 500000)";
my $breaks = "repeat(E'\\n', 500000)";
my $too_many_blanks = qr/^ERROR:  line \d+, column \d+ of the \w+: more than 10000 blanks or line breaks in a row$/;
my $nothing = qr/^ERROR:  (line 1, column 1 of the policy: unknown key a|(targets|jobs) is missing in the document)$/;
read_yaml('seventy thousand directives', $tags, qr/^ERROR:  line 101, column 1 of the \w+: there are more than 100 %TAG directives$/);
read_yaml('as many behind a document', "E'a: b\\n...\\n' || $tags", qr/^ERROR:  line 103, column 1 of the \w+: there are more than 100 %TAG directives$/);
read_yaml('directives in a scalar', "E'a: |\\n' || repeat(E' %TAG\\n', 150000)", $nothing);
read_yaml('many blanks before many words', "'a: x' || $blanks || repeat('a ', 250000)", $too_many_blanks);
read_yaml('the same in quotes', "'a: \"x' || $blanks || repeat('a ', 250000) || '\"'", $too_many_blanks);
read_yaml('many line breaks before many lines', "'a: \"x' || $breaks || repeat(E'a\\n', 250000) || '\"'", $too_many_blanks);
read_yaml('the same in a block', "E'a: |\\n x' || $breaks || repeat(E' a\\n', 160000)", $too_many_blanks);
read_yaml('folded', "E'a: >\\n x' || repeat(E' \\n', 250000) || repeat(E' a\\n', 160000)", $too_many_blanks);
read_yaml('line breaks of three bytes', "'a: \"x' || repeat(E'\\u2028', 160000) || repeat(E'a\\u2028', 160000) || '\"'", $too_many_blanks);
read_yaml('as many blanks as may be', "'a: \"x' || repeat(' ', 10000) || repeat('a ', 500000) || '\"'", $nothing);

# What aliases stand for is not read for each of them, and so much that counts.
my $members = "(SELECT string_agg('k' || n || ': ', ',') FROM generate_series(1, 50000) AS n)";
my $job = 'target: t, route: ROUTE_BOTH, training_type: symbol_specific, model_families: [a], priority: 3';
my $too_large = qr/^ERROR:  line \d, column \d+ of the document: alias "x" makes the document larger than 50000000 bytes$/;
ends('aliases for large metadata',
	"SELECT import_training_plan('x: &x {' || $members || E'}\\njobs: [' || (SELECT string_agg(format('{$job, job_id: j%s, symbol: s%s, metadata: *x }', n, n), ',') FROM generate_series(1, 5000) AS n) || ']')", $too_large);
ends('aliases for one job', "SELECT import_training_plan('x: &x {$job, job_id: a, symbol: s, metadata: {}, ' || $members || E'}\\njobs: [' || repeat('*x ,', 120000) || ']')",
	qr/^ERROR:  jobs\[1\].job_id is "a", as jobs\[0\].job_id is, in the document$/);
ends('aliases for a large target',
	"SELECT count(*) FROM routing_decisions('x: &x {symbols: {' || (SELECT string_agg('k' || n || ': {route: ROUTE_BOTH}', ',') FROM generate_series(1, 15000) AS n) || E'}}\\ntargets: {' || (SELECT string_agg('t' || n || ': *x ', ',') FROM generate_series(1, 40000) AS n) || '}')", $too_large);
ends('aliases for a long reason',
	"SELECT count(*) FROM routing_decisions('x: &x {route: ROUTE_BOTH, reason: [' || repeat('a,', 250000) || E']}\\ntargets: {t: {symbols: {' || (SELECT string_agg('s' || n || ': *x ', ',') FROM generate_series(1, 40000) AS n) || '}}}')", $too_large);

# What libyaml does in linear time, as far as a document may be that long.
my $some_error = qr/^ERROR:  /;
read_yaml(@$_, $some_error)
	foreach [ 'brackets', "repeat('[', 1000000)" ], [ 'braces', "repeat('{', 1000000)" ], [ 'dashes', "repeat('- ', 500000)" ],
	[ 'question marks', "repeat('? ', 500000)" ], [ 'colons', "repeat(': ', 500000)" ], [ 'stairs', "(SELECT string_agg(repeat(' ', n) || 'a:', E'\\n') FROM generate_series(0, 1400) AS n)" ],
	[ 'documents', "repeat(E'---\\n', 250000)" ], [ 'ends of documents', "repeat(E'...\\n', 250000)" ], [ 'comments', "repeat(E'#\\n', 500000) || 'a: b'" ],
	[ 'a long key', "repeat('x', 1000000) || ': a'" ], [ 'a long anchor', "'a: &' || repeat('x', 1000000) || ' b'" ], [ 'a long tag', "'a: !<' || repeat('%41', 300000) || '> b'" ],
	[ 'a long scalar', "'a: ' || repeat('x', 1000000)" ], [ 'escapes', "'a: \"' || repeat('\\U0001F600', 100000) || '\"'" ], [ 'digits', "'a: 1.' || repeat('1', 1000000)" ],
	[ 'a list', "'a: [' || repeat('a,', 499000) || ']'" ], [ 'a deep list', "'a: ' || repeat('[', 97) || repeat('a,', 499000) || repeat(']', 97)" ],
	[ 'pairs', "'a: [' || repeat('a: b,', 199000) || ']'" ], [ 'keys', "(SELECT string_agg('k' || n || ':', E'\\n') FROM generate_series(1, 110000) AS n)" ],
	[ 'anchors', "'a: [' || (SELECT string_agg('&a' || n || ' b', ',') FROM generate_series(1, 90000) AS n) || ']'" ], [ 'aliases', "E'a: &a b\\nb: [' || repeat('*a ,', 240000) || ']'" ];
my $policy = q[replace(routing_policy_default(), E'routing:\\n', E'routing:\\n  dump_plan_as: [&x {' || rtrim(repeat('min_score: 1,', 76000), ',') || E'}]\\n')];
ends('a hundred merges of a large mapping', "SELECT length(routing_policy_hash(replace($policy, 'min_score: 0.52\n    allowed', E'<<: [' || rtrim(repeat('*x, ', 100), ', ') || E']\\n    allowed')))", qr/^8$/);
ends('a long number in a policy', "SELECT length(routing_policy_hash(replace(routing_policy_default(), '5000', '5' || repeat('_', 1000000))))", qr/^8$/);

# ---- documents in JSON -------------------------------------------------------------

sub many
{
	my ($element, $count) = @_;

	return "(SELECT string_agg(format('$element', n, n, n), ',') FROM generate_series(1, $count) AS n)";
}
my $job_head = '"route": "ROUTE_BOTH", "training_type": "symbol_specific", "model_families": ["a"]';
my $plan_tail = '"metadata": {"routing_plan_path": "x", "model_families": []}}';

sub read_json
{
	my ($what, $text, $expected) = @_;

	ends("$what, as a routing plan", "SELECT count(*) FROM routing_decisions($text)", $expected);
	ends("$what, as a plan", "SELECT import_training_plan($text)", $expected);
}
read_json('a long string', q['{"a": "' || repeat('\\u0041', 160000) || '"}'], $some_error);
read_json('a long number', q['{"a": ' || repeat('1', 1000000) || '}'], $some_error);
read_json('brackets', q[repeat('{"a":', 200000)], $some_error);
read_json('empty lists', q['{"targets": [' || repeat('[],', 330000) || '[]], "jobs": {}}'], $some_error);
read_json('keys', "'{' || " . many('"k%s": 0', 70000) . " || '}'", $some_error);
ends('symbols', "SELECT count(*) FROM routing_decisions('{\"targets\": {\"t\": {\"symbols\": {' || " . many('"%s": {"route": "ROUTE_BOTH"}', 35000) . " || '}}}}')", qr/^35000$/);
ends('targets', "SELECT count(*) FROM routing_decisions('{\"targets\": {' || " . many('"%s": {"symbols": {}}', 40000) . " || '}}')", qr/^0$/);
ends('keys that mean nothing', "SELECT count(*) FROM routing_decisions('{\"targets\": {\"t\": {\"symbols\": {}, ' || " . many('"k%s": 0', 70000) . " || '}}}')", qr/^0$/);
ends('phrases', q[SELECT count(*) FROM routing_decisions('{"targets": {"t": {"symbols": {"a": {"route": "ROUTE_BOTH", "reason": [' || repeat('"",', 330000) || '""]}}}}}')], qr/^1$/);
ends('jobs of as many priorities', "SELECT import_training_plan('{\"jobs\": [' || " . many(qq[{$job_head, "target": "t", "job_id": "%s", "symbol": "%s", "priority": %s, "metadata": {}}], 6500) . " || '], $plan_tail') > 0", qr/^t$/);
ends('keys in a job', "SELECT import_training_plan('{\"jobs\": [{$job_head, \"target\": \"t\", \"job_id\": \"j\", \"symbol\": \"s\", \"priority\": 3, \"metadata\": {' || " . many('"k%s": 0', 40000) . " || '}, ' || " . many('"k%s": 0', 40000) . " || '}], $plan_tail') > 0", qr/^t$/);
ends('keys in the summary', "SELECT import_training_plan('{\"jobs\": [], \"summary\": {' || " . many('"k%s": 0', 70000) . " || '}, $plan_tail') > 0", qr/^t$/);
ends_early('symbols', "SELECT count(*) FROM routing_decisions('{\"targets\": {\"t\": {\"symbols\": {' || " . many('"%s": {"route": "ROUTE_BOTH"}', 1000000) . " || '}}}}')");

# ---- documents that are written ----------------------------------------------------

my $directory = PostgreSQL::Test::Utils::tempdir();
foreach (
	[ 'blanks', "repeat(' ', 1000000)" ], [ 'control characters', "repeat(E'\\x01', 1000000)" ], [ 'hidden characters', "repeat(E'\\u202E', 330000)" ],
	[ 'emoji', "repeat(E'\\U0001F600', 250000)" ], [ 'pipes', "repeat('|', 1000000)" ], [ 'lines', "repeat(E'a\\n', 500000)" ], [ 'quotes', "repeat('\"\\', 500000)" ],
	[ 'at signs', q[repeat('a.@', 330000)] ], [ 'an address', q['a@' || repeat('a.', 500000)] ], [ 'colons', "repeat(':a', 500000)" ], [ 'colons and numbers', "repeat(':1', 500000)" ])
{
	my ($what, $reason) = @$_;

	ends("a reason of $what", "
		DELETE FROM training_plans;
		CREATE TEMPORARY TABLE decisions AS SELECT 't' AS target, 's' AS symbol, 'ROUTE_BOTH' AS route, $reason AS reason;
		SELECT create_training_plan('decisions') AS plan \\gset
		SELECT length(training_plan_to_json(:plan)::text) > 1000, length(training_plan_to_yaml(:plan)) > 1000, length(training_plan_to_markdown(:plan)) > 1000,
			length(training_plan_to_html(:plan)) > 1000, length(training_plan_to_svg(:plan)) > 1000,
			(SELECT count(*) > 1 FROM training_plan_lines(:plan, 'yaml')), (SELECT count(*) > 1 FROM write_training_plan(:plan, '$directory'));
		SELECT training_plan_to_yaml(import_training_plan(training_plan_to_yaml(:plan))) = training_plan_to_yaml(:plan)", qr/^t\|t\|t\|t\|t\|t\|t\nt$/);
}
foreach ([ 'deep', "(repeat('[', 3000) || repeat(']', 3000))::jsonb" ], [ 'long', "(SELECT jsonb_agg(text '') FROM generate_series(1, 300000))" ],
	[ 'of many keys', "(SELECT jsonb_object_agg('k' || n, 0) FROM generate_series(1, 70000) AS n)" ], [ 'of a long key', "jsonb_build_object(repeat('x ', 500000), 1)" ])
{
	my ($what, $metadata) = @$_;

	ends("metadata that are $what", "
		DELETE FROM training_plans;
		CREATE TEMPORARY TABLE decisions AS SELECT 't' AS target, 's' AS symbol, 'ROUTE_BOTH' AS route;
		SELECT create_training_plan('decisions') AS plan \\gset
		UPDATE training_jobs SET metadata = $metadata WHERE symbol = 's';
		SELECT length(training_plan_to_json(:plan)::text) > 1000, length(training_plan_to_yaml(:plan)) > 1000, length(training_plan_to_markdown(:plan)) > 1000", qr/^t\|t\|t$/);
}

# ---- views that are polled -----------------------------------------------------------

# How many buffers a query touches.
sub buffers
{
	my ($sql) = @_;
	my ($hit, $read) = outcome("EXPLAIN (ANALYZE, BUFFERS, COSTS off, TIMING off, SUMMARY off) $sql") =~ /Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?/;

	return ($hit || 0) + ($read || 0);
}

# What they cost does not depend on how much has ended, nor on what else there is.
run_sql($server, 'postgres', q{
	CREATE TEMPORARY TABLE decisions AS
	SELECT 't' || t AS target, 's' || s AS symbol, 'ROUTE_SYMBOL_SPECIFIC' AS route FROM generate_series(1, 100) AS t, generate_series(1, 500) AS s;
	SELECT create_training_plan('decisions') FROM generate_series(1, 2);
});
my $work = q{SELECT count(complete_training_job(plan_id, job_id, attempt)) FROM claim_training_jobs('w', %d)};
my %polls = (
	'progress' => 'SELECT * FROM training_plan_progress',
	'who runs what' => q{SELECT * FROM training_job_status WHERE state = 'running'},
	'attempts that run' => 'SELECT * FROM training_job_attempts WHERE outcome IS NULL AND plan_id = latest_training_plan() AND job_id = $$sym_t1_s1$$',
	'where a job stands' => q{SELECT * FROM training_job_status WHERE plan_id = latest_training_plan() AND job_id = 'sym_t1_s1'},
	'where a target stands' => q{SELECT * FROM training_job_status WHERE plan_id = latest_training_plan() AND target = 't7' AND symbol = 's7'}
);
outcome(sprintf($work, 1000));
outcome(q{SELECT FROM claim_training_jobs('w', 20)});
outcome('VACUUM');
my %few = map { $_ => buffers($polls{$_}) } keys %polls;
outcome(sprintf($work, 1000)) foreach 1 .. 20;
outcome('VACUUM');
foreach (sort keys %polls)
{
	cmp_ok($few{$_}, '<=', 2000, "$_: few buffers");
	cmp_ok(buffers($polls{$_}), '<=', $few{$_} + 1500, "$_: after 21000 jobs about as many as after 1000") or diag("$few{$_} buffers after 1000");
}
is(outcome('SELECT succeeded, running, pending FROM training_plan_progress WHERE plan_id = latest_training_plan()'), '21000|20|28980', 'and that is what it tells');
$server->safe_psql('postgres', 'DELETE FROM training_plans');

# ---- cancels within a library -----------------------------------------------------

# libyaml itself is cancelled, within a scalar of 40 MB.
ends_early("a long scalar, as $_->[0]", "SELECT $_->[1]('a: \"x' || repeat(' ', 10000) || repeat('a ', 20000000) || '\"')")
	foreach [ 'a policy', 'routing_policy_hash' ], [ 'a routing plan', 'routing_decisions' ], [ 'a plan', 'import_training_plan' ];

done_testing();
