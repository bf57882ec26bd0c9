# Routing: a candidates relation into decisions, beside planning as many decisions and
# beside the same rules as a query.  TARGETS and SYMBOLS change the size.

route() { execution "SELECT * FROM route_training_candidates('candidates')"; }
plain_route() { execution "SELECT * FROM plain_decisions"; }

plan_candidates() {
    forget
    echo "SELECT plan_training('candidates');" | milliseconds
}
plan_stored_decisions() {
    forget
    milliseconds <<'SQL'
CREATE TABLE plain_table AS SELECT * FROM route_training_candidates('candidates');
SELECT create_training_plan('plain_table');
SQL
}

sql -v table=candidates -v targets="$targets" -v symbols="$symbols" -f candidates.sql
sql -v table=tenth_candidates -v targets="$targets" -v symbols="$((symbols / 10))" -f candidates.sql
sql -f plain_routing.sql

echo
echo "$(sql -c 'SELECT count(*) FROM candidates') candidates"
echo
without_reason='SELECT target, symbol, route, cs_state, local_state, sample_size FROM'
wrong=$(sql -c "SELECT count(*) FROM (($without_reason plain_decisions EXCEPT ALL $without_reason route_training_candidates('candidates')) UNION ALL ($without_reason route_training_candidates('candidates') EXCEPT ALL $without_reason plain_decisions)) AS d")
[ "$wrong" = 0 ] || { echo "the two do not decide the same: $wrong differ"; exit 1; }

compare 'route_training_candidates()' route generate 'generate_training_plan() of decisions'
compare 'route_training_candidates()' route plain_route 'the rules as a query'
compare 'plan_training()' plan_candidates plan_stored_decisions 'decisions in a table, then planned'
forget

# one pair is explained by the rows of its target, which an index finds
pair=$(sql -c "SELECT format('%L', min(target)) FROM candidates")
explain_pair() { execution_of_one "SELECT * FROM explain_training_route('candidates', $pair, 'S0001')"; }
read_target() { execution_of_one "SELECT * FROM candidates WHERE target = $pair"; }
execution_of_one() { sql -c "EXPLAIN (ANALYZE, TIMING off) $1" | awk '/^Execution Time:/ { print $3 }'; }
compare 'explain_training_route()' explain_pair read_target 'a query for the rows of its target'
sql -c 'CREATE INDEX candidates_target_idx ON candidates (target)'
compare 'the same, by an index' explain_pair read_target 'a query for the rows of its target'
sql -c 'DROP INDEX candidates_target_idx'

echo
echo "peak memory of the backend's own, at $(sql -c 'SELECT count(*) FROM tenth_candidates') and at $(sql -c 'SELECT count(*) FROM candidates') candidates"
memory 'route_training_candidates()' "SELECT * FROM route_training_candidates('WHAT')" tenth_candidates candidates
memory 'plan_training()' "SELECT plan_training('WHAT')" tenth_candidates candidates
forget

echo
echo 'slowest of 14 cancels at different moments of a call'
cancels 'route_training_candidates()' "SELECT * FROM route_training_candidates('candidates')"
cancels 'plan_training()' "SELECT plan_training('candidates')"
