# Drawing: the page with the map of many pairs, in Chromium without a window, on two
# processors.  The decisions are those of planning.sh.

# draw PAGE: seven numbers (drawing.mjs), of as many processors or less.
draw() { taskset -c "$(taskset -cp $$ | sed 's/.*: //; s/^\([0-9]*\)[,-]\([0-9]*\).*/\1,\2/')" node drawing.mjs "$1"; }

echo
if ! command -v chromium >/dev/null || ! command -v node >/dev/null; then
    echo 'the map in a browser: left out, chromium or nodejs is not here'
else
    forget
    plan=$(sql -c "SELECT create_training_plan('decisions', include_blocked => true)")
    sql -c "SELECT training_plan_lines($plan, 'html')" >map.html
    echo "the map of $((targets * symbols)) pairs and $(sql -c "SELECT total_jobs FROM training_plans WHERE plan_id = $plan") jobs, $(du -k map.html | cut -f1) kB, in $(chromium --version 2>/dev/null | cut -d' ' -f1-2)"
    for run in $(seq "$runs"); do draw "$PWD/map.html" | xargs; done >drawing.times
    measured() { cut -d' ' -f"$1" drawing.times >one.times; median one.times; }
    frames() {
        printf '%-32s %8s ms   %s a second, the slowest %s ms\n' "$1" "$(measured "$2")" \
            "$(measured "$2" | awk '{ printf "%.0f", 1000 / $1 }')" "$(measured "$3")"
    }
    printf '%-32s %8s ms\n' 'first picture' "$(measured 1)"
    frames 'a frame while scrolling' 2 3
    frames 'a pixel a cell' 4 5
    frames '8 x 8 pixels a cell' 6 7
    rm -f map.html drawing.times one.times
    forget
fi
