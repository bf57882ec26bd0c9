# Routing plans out: a routing relation as JSON, beside SQL that makes the same document.
# ROUTED changes how many targets it has, of 1,000 symbols each.

routed=${ROUTED:-1000}

# The second time in a session, as a value that is not sent.
routing_plan() {
    { cat routing_plan.sql; printf '\\timing off\nSELECT octet_length(%s::text);\n\\timing on\nSELECT octet_length(%s::text);\n' "$1" "$1"; } | milliseconds
}
routing_to_json() { routing_plan "routing_plan_to_json('routed')"; }
routing_to_yaml() { routing_plan "routing_plan_to_yaml('routed')"; }
routing_to_markdown() { routing_plan "routing_plan_to_markdown('routed')"; }
routing_by_json() { routing_plan 'pg_temp.by_json()'; }
routing_by_jsonb() { routing_plan 'pg_temp.by_jsonb()'; }

sql -v table=routed -v targets="$routed" -v symbols=1000 -f decisions.sql
sql -c "CREATE VIEW tenth_routed AS SELECT * FROM routed WHERE hashtext(target || coalesce(symbol, '')) % 10 = 0" \
    -c "CREATE VIEW all_routed AS SELECT * FROM routed"

echo
echo "a routing plan of $(sql -c 'SELECT count(*) FROM routed') decisions"
echo
compare 'routing_plan_to_json()' routing_to_json routing_by_json 'json_object_agg(), on one line'
compare 'routing_plan_to_json()' routing_to_json routing_by_jsonb 'jsonb_object_agg(), pretty'
compare 'routing_plan_to_yaml()' routing_to_yaml routing_to_json 'routing_plan_to_json()'
compare 'routing_plan_to_markdown()' routing_to_markdown routing_to_json 'routing_plan_to_json()'
sql <<'SQL'
\i routing_plan.sql
SELECT 1 / (count(*) = 0)::integer AS "they say the same"
FROM json_each(routing_plan_to_json('routed') -> 'targets') AS ours
FULL JOIN json_each(pg_temp.by_json()::json -> 'targets') AS sql USING (key)
WHERE ours.value::jsonb IS DISTINCT FROM sql.value::jsonb \g /dev/null
SQL

echo
echo "peak memory of the backend's own, for $(sql -c 'SELECT count(*) FROM tenth_routed') and $(sql -c 'SELECT count(*) FROM routed') decisions"
memory 'routing_plan_lines(), JSON' "SELECT routing_plan_lines('WHAT_routed', 'json')" tenth all
memory 'routing_plan_lines(), YAML' "SELECT routing_plan_lines('WHAT_routed', 'yaml')" tenth all
memory 'routing_plan_lines(), Markdown' "SELECT routing_plan_lines('WHAT_routed', 'markdown')" tenth all
sql -c 'DROP TABLE routed CASCADE'
