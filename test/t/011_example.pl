# The example's programs: prices in, candidates out that can be routed; and its files in SQL.

use strict;
use warnings;

use Cwd qw(abs_path);

use lib 'test/perl';
use PostgreSQL::Test::Utils;
use Test::More;
use Trainplan;

system('/usr/bin/python3 -c "import sklearn, xgboost" 2>/dev/null') == 0
	or plan skip_all => 'Debian\'s python3-xgboost and python3-sklearn are not installed';

my $server = start_server('example');
my $folder = PostgreSQL::Test::Utils::tempdir();

# two of the indices and a part of the days are enough
my @prices = split /\n/, slurp_file('examples/eu_stocks/eu_stock_indices.csv');
append_to_file("$folder/prices.csv", join('', map { join(',', (split /,/)[ 0 .. 2 ]) . "\n" } @prices[ 0 .. 700 ]));
is(system("examples/eu_stocks/candidates.py '$folder/prices.csv' >'$folder/candidates.csv'"), 0, 'the program ends well');

run_sql($server, 'postgres', q{
	CREATE EXTENSION trainplan;
	CREATE TABLE computed (target text, symbol text, mode text, score double precision, stability text, sample_size bigint,
		leakage_status text, task_type text, metric_name text, mean_overlap double precision, std_overlap double precision,
		mean_tau double precision, std_tau double precision);
	CREATE TABLE committed (LIKE computed);
});
is(run_sql($server, 'postgres', "\\copy computed FROM '$folder/candidates.csv' WITH (FORMAT csv, HEADER match)\n\\copy committed FROM 'examples/eu_stocks/eu_stock_candidates.csv' WITH (FORMAT csv, HEADER match)\n"),
	'', 'its output is a table of candidates');
is(run_sql($server, 'postgres', q{
	SELECT count(*), count(*) FILTER (WHERE symbol IS NULL), bool_and(score < 1), min(sample_size), max(sample_size) FROM computed;
	SELECT count(*) FROM (SELECT target, task_type, metric_name FROM computed EXCEPT SELECT target, task_type, metric_name FROM committed) AS d;
	SELECT count(*), count(DISTINCT target) FROM route_training_candidates('computed', replace(routing_policy_default(), '5000', '1000'));
}, '-At'), "60|20|t|620|1278\n0\n60|20", 'the same targets as in the committed candidates, and all are routed');

# The committed ones are routed as the committed decisions say.
run_sql($server, 'postgres', 'CREATE TABLE decisions (target text, symbol text, route text, cs_state text, local_state text, reason text, sample_size bigint)');
is(run_sql($server, 'postgres', "\\copy decisions FROM 'examples/eu_stocks/eu_stock_decisions.csv' WITH (FORMAT csv, HEADER match)\n" . q{
	SELECT count(*), count(*) FILTER (WHERE d.route = r.route AND d.sample_size = r.sample_size)
	FROM decisions AS d
	JOIN route_training_candidates('committed') AS r ON (r.target, coalesce(r.symbol, '')) = (d.target, coalesce(d.symbol, ''));
}, '-At'), '100|100', 'the committed candidates make the committed decisions');

# candidates.sql has the same rows, and works from any folder, as what includes it does.
my $here = abs_path('.');
my $example = "$here/examples/eu_stocks";
chdir $folder or die;
for my $file ('candidates.sql', 'days.sql', 'days.sql', 'plan.sql', 'plan.sql')
{
	is(run_sql($server, 'postgres', '', '-v', 'ON_ERROR_STOP=1', '-At', '-f', "$example/$file") =~ /ERROR|No such/, '', "$file from another folder");
}
chdir $here or die;
is(run_sql($server, 'postgres', q{
	SELECT count(*) FROM (TABLE eu_stock_candidates EXCEPT TABLE committed) AS d;
	SELECT count(*) FROM (TABLE committed EXCEPT TABLE eu_stock_candidates) AS d;
	SELECT count(*) FROM eu_stock_candidates;
	SELECT array_agg(total_jobs) FROM training_plans;
}, '-At'), "0\n0\n100\n{70,70}", 'candidates.sql has the lines of the CSV file, and plan.sql can be run again');

# The two days are what candidates.py makes of the prices that were known then: the same targets
# and as many samples; and more prices change some decisions, but not most.
my $samples = join '', sort map { `cd examples/eu_stocks && PRICES_UNTIL=$_ PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -c '
from dataset import read_prices, targets
for target, task, samples in targets(read_prices()):
    counts = {symbol: len(values) for symbol, (_, values, _) in samples.items()}
    for symbol, count in [("", sum(counts.values())), *counts.items()]:
        print($_, target, symbol, count, sep="|")'` } 1610, 1860;
is(join('', map { "$_\n" } sort split /\n/, run_sql($server, 'postgres', 'SELECT day, target, symbol, sample_size FROM eu_stock_days', '-At')),
	$samples, 'days.sql has the metrics of two days');
is(run_sql($server, 'postgres', q{
	SELECT count(*), count(*) FILTER (WHERE b.route <> a.route) BETWEEN 10 AND 50
	FROM route_training_candidates('eu_stocks_before') AS b
	JOIN route_training_candidates('eu_stocks_after') AS a ON a.target = b.target AND a.symbol IS NOT DISTINCT FROM b.symbol;
}, '-At'), '100|t', 'some decisions change');

# A process that trains jobs computes their features once.
is(`cd examples/eu_stocks && PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -c '
import train
calls, targets = [], train.targets
train.targets = lambda prices: calls.append(1) or targets(prices)
for symbol in "DAX", "SMI":
    train.train(dict(target="fwd_ret_1d", symbol=symbol, training_type="symbol_specific", model_families=["xgboost"]))
print(len(calls))'`, "1\n", 'features are computed once a process');

done_testing();
