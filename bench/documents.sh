# Documents: a stored plan as JSON and YAML, beside Python's json and PyYAML on the
# same data; and all the way from decisions to files on disk, beside the Python
# program that made plans before.

# What that program takes for a decision, in milliseconds.
python_per_decision=0.36

files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT

# The second time in a session, as a value that is not sent.
document() {
    milliseconds <<SQL
\timing off
SELECT pg_column_size(training_plan_to_$1($plan));
\timing on
SELECT pg_column_size(training_plan_to_$1($plan));
SQL
}
to_json() { document json; }
to_yaml() { document yaml; }
python_json() { ./dump.py json "$files/plan.json" "$files/python.json"; }
python_yaml() { ./dump.py yaml "$files/plan.json" "$files/python.yaml"; }

# From decisions to a stored plan and all of its files, synced.
decisions_to_files() {
    forget
    rm -rf "$files/plan"
    echo "SELECT count(*) FROM write_training_plan(create_training_plan('hundred_thousand'), '$files/plan');" | milliseconds
}

sql -v table=hundred_thousand -v targets=100 -v symbols=1000 -f decisions.sql
plan=$(sql -c "SELECT create_training_plan('hundred_thousand')")
sql -c "SELECT training_plan_lines($plan, 'json')" >"$files/plan.json"

echo
echo "a plan of $(sql -c "SELECT total_jobs FROM training_plans WHERE plan_id = $plan") jobs"
compare 'training_plan_to_json()' to_json python_json 'json.dump(..., indent=2)'
compare 'training_plan_to_yaml()' to_yaml python_yaml 'yaml.dump(..., Dumper=CSafeDumper)'
/usr/bin/python3 -c "
import json, sys, yaml
plan = json.load(open('$files/plan.json'))
assert json.load(open('$files/python.json')) == plan
assert yaml.load(open('$files/python.yaml'), yaml.CSafeLoader) == plan"

: >"a.times"
for run in $(seq "$runs"); do
    decisions_to_files >>"a.times"
done
ours=$(median "a.times")
rm -f "a.times"
decisions=$(sql -c 'SELECT count(*) FROM hundred_thousand')
printf '%-32s %8s ms   %-42s %8.0f ms   ratio %s\n' 'decisions to files on disk' "$ours" \
    "the Python program at $python_per_decision ms a decision" "$(echo "$decisions $python_per_decision" | awk '{ print $1 * $2 }')" \
    "$(echo "$ours $decisions $python_per_decision" | awk '{ printf "%.3f, 1:%.0f", $1 / ($2 * $3), $2 * $3 / $1 }')"
echo "   $decisions decisions, $(find "$files/plan" -type f | wc -l) files, $(du -sm "$files/plan" | cut -f1) MB"

# Pages and pictures of all of it; their size but for what a page has at least, and its names.
forget
plan=$(sql -c "SELECT create_training_plan('decisions')")
to_html() { document html; }
to_svg() { document svg; }
echo
echo "a plan of $(sql -c "SELECT total_jobs FROM training_plans WHERE plan_id = $plan") jobs"
compare 'training_plan_to_html()' to_html to_json 'training_plan_to_json()'
compare 'training_plan_to_svg()' to_svg to_json 'training_plan_to_json()'
sql -c "SELECT format('   a page of %s bytes, %s a job', length(page), round(length(page)::numeric / total_jobs, 2))
    FROM training_plan_to_html($plan) AS page, training_plans WHERE plan_id = $plan"

forget
small=$(sql -c "SELECT create_training_plan('tenth')")
large=$(sql -c "SELECT create_training_plan('decisions')")
echo
echo "peak memory of the backend's own, for $(sql -c "SELECT total_jobs FROM training_plans WHERE plan_id = $small") and $(sql -c "SELECT total_jobs FROM training_plans WHERE plan_id = $large") jobs"
memory 'training_plan_lines(), JSON' "SELECT training_plan_lines(WHAT, 'json')" "$small" "$large"
memory 'training_plan_lines(), YAML' "SELECT training_plan_lines(WHAT, 'yaml')" "$small" "$large"
memory 'training_plan_lines(), Markdown' "SELECT training_plan_lines(WHAT, 'markdown')" "$small" "$large"
memory 'training_plan_lines(), HTML' "SELECT training_plan_lines(WHAT, 'html')" "$small" "$large"
memory 'training_plan_to_svg()' "SELECT length(training_plan_to_svg(WHAT))" "$small" "$large"
memory 'write_training_plan()' "SELECT * FROM write_training_plan(WHAT, '$files/WHAT')" "$small" "$large"
forget
