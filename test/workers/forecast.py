#!/usr/bin/python3
"""forecast_training_plan() beside a simulation that knows nothing of it.

    test/workers/forecast.py make SEED     SQL that makes plans, limits, a history and a queue
    test/workers/forecast.py ask           SQL that prints all that there is as JSON, a line a case
    test/workers/forecast.py check         reads these lines, and prints what is wrong

The simulation is written for whoever reads the manual, and not for speed: time goes from
event to event, and each claim looks at all jobs.
"""

import json
import random
import statistics
import sys

FAMILIES = ["{lightgbm}", "{lightgbm,xgboost}", "{xgboost,lightgbm}", "{lstm}", "{ridge,lstm}"]


# ---- making cases ----------------------------------------------------------------------


def text(value):
    return "NULL" if value is None else "'%s'" % value


def make(seed):
    dice = random.Random(seed)
    print("DELETE FROM training_plans; DELETE FROM training_job_history; DELETE FROM training_limits;")
    print("ALTER TABLE training_plans ALTER plan_id RESTART;")
    print("DROP TABLE IF EXISTS decisions;")
    print(
        "CREATE TABLE decisions (target text, symbol text, route text, sample_size bigint, model_families text[]);"
    )
    targets = ["t%d" % n for n in range(dice.randint(1, 6))]
    symbols = ["s%d" % n for n in range(dice.randint(1, 9))]
    routes = ["ROUTE_BOTH", "ROUTE_SYMBOL_SPECIFIC", "ROUTE_EXPERIMENTAL_ONLY", "ROUTE_BLOCKED", "ROUTE_CROSS_SECTIONAL"]
    for target in targets:
        if dice.random() < 0.8:
            insert_decision(dice, target, None, "ENABLED")
        for symbol in symbols:
            insert_decision(dice, target, symbol, dice.choice(routes))
    pooled = dice.random() < 0.6
    print("SELECT create_training_plan('decisions', pooled_first => %s, include_blocked => true);" % pooled)
    print("SELECT create_training_plan('decisions', pooled_first => false);")
    print("UPDATE training_plans SET max_attempts = %d;" % dice.randint(1, 3))
    make_history(dice, targets, symbols)
    # what came of claims: some run, some run too long, some failed, succeeded or are tried again later
    for plan in (1, 2):
        for _ in range(dice.randint(0, 4)):
            make_claim(dice, plan)
    print(
        "UPDATE training_job_queue SET state_since = now() - %d * interval '1 second' * (1 + abs(hashtext(job_id)) %% 7) "
        "WHERE state = 'running';" % dice.randint(0, 60)
    )
    for n in range(dice.choice([0, 0, 1, 2, 3])):
        print(
            "INSERT INTO training_limits VALUES ('l%d', %s, %d);"
            % (n, dice.choice(["NULL", "'{lightgbm}'", "'{lstm}'", "'{xgboost,ridge}'"]), dice.choice([0, 1, 1, 2, 3, 5]))
        )
    if dice.random() < 0.1:
        print("SELECT pause_training_plan(1);")


def insert_decision(dice, target, symbol, route):
    samples = dice.choice([None, 0, 100, 200, 700])
    print(
        "INSERT INTO decisions VALUES ('%s', %s, '%s', %s, '%s');"
        % (target, text(symbol), route, "NULL" if samples is None else samples, dice.choice(FAMILIES))
    )


def make_history(dice, targets, symbols):
    for n in range(dice.choice([0, 1, 5, 30, 100])):
        symbol = dice.choice(symbols + [None])
        seconds = dice.choice([0, 1, 10, 30, 60, dice.randint(0, 300)])
        finished = "now() - interval '%d seconds'" % dice.randint(0, 10**6)
        started = "%s - interval '%d seconds'" % (finished, seconds)
        if dice.random() < 0.05:
            started, finished = finished, started
        elif dice.random() < 0.05:
            started = "'-infinity'"
        print(
            "INSERT INTO training_job_history (plan_id, job_id, attempt, worker, started_at, finished_at, outcome, target, symbol, "
            "training_type, model_families, estimated_samples) VALUES (%d, 'j', %d, 'w', %s, %s, '%s', '%s', %s, '%s', '%s', %s);"
            % (
                dice.randint(3, 5),
                n + 1,
                started,
                finished,
                dice.choice(["succeeded"] * 5 + ["failed", "expired", "cancelled"]),
                dice.choice(targets + ["gone"]),
                text(symbol),
                "cross_sectional" if symbol is None else "symbol_specific",
                dice.choice(FAMILIES),
                dice.choice(["NULL", "0", "100", "300", "700"]),
            )
        )


def make_claim(dice, plan):
    jobs = dice.randint(1, 6)
    what = dice.choice(["run", "run", "fail", "later", "expire", "complete", "cancel"])
    lease = "1 microsecond" if what == "expire" else "1 hour"
    ids = "claim_training_jobs('w', %d, %d, '%s')" % (jobs, plan, lease)
    if what in ("run", "expire"):
        print("SELECT FROM %s;" % ids)
    elif what == "fail":
        print("SELECT fail_training_job(plan_id, job_id, attempt, 'e') FROM %s;" % ids)
    elif what == "later":
        print(
            "SELECT fail_training_job(plan_id, job_id, attempt, 'e', interval '1 second' * (60 + abs(hashtext(job_id)) %% %d)) FROM %s;"
            % (dice.choice([1, 3, 400]), ids)
        )
    elif what == "complete":
        print("SELECT complete_training_job(plan_id, job_id, attempt) FROM %s;" % ids)
    else:
        print("SELECT cancel_training_jobs(plan_id, ARRAY[job_id]) FROM %s;" % ids)


# ---- asking ----------------------------------------------------------------------------

ASK = """
WITH t AS (SELECT statement_timestamp() AS now)
SELECT json_build_object(
    'workers', w,
    'plan', (SELECT row_to_json(p) FROM training_plans AS p WHERE plan_id = 1),
    'limits', (SELECT jsonb_agg(l) FROM training_limits AS l),
    'places', (
        SELECT json_agg(json_build_object('plan', q.plan_id, 'job', q.job_id, 'state', q.state, 'priority', q.priority,
            'position', q.position, 'ready', %(ready)s, 'fresh', q.ready_at IS NULL, 'since', %(since)s,
            'attempts', q.attempt - q.attempts_forgiven, 'cancelled', q.cancel_requested, 'target', j.target, 'symbol', j.symbol,
            'type', j.training_type, 'families', j.model_families, 'samples', j.estimated_samples,
            'kind', training_job_kind(j.training_type, j.model_families)))
        FROM training_job_queue AS q JOIN training_jobs AS j USING (plan_id, job_id)
    ),
    'history', (
        SELECT json_agg(json_build_object('target', target, 'symbol', symbol, 'type', training_type, 'families', model_families,
            'samples', estimated_samples, 'microseconds', %(took)s))
        FROM training_job_history
        WHERE outcome = 'succeeded' AND isfinite(started_at) AND isfinite(finished_at)
    ),
    'forecast', (
        SELECT json_agg(json_build_object('place', place, 'job', job_id, 'target', target, 'symbol', symbol, 'priority', priority,
            'state', state, 'seconds', expected_seconds, 'basis', basis, 'runs', runs, 'start', %(start)s, 'end', %(end)s)
            ORDER BY place)
        FROM forecast_training_plan(1, w)
    )
)
FROM t, unnest(ARRAY[NULL, 1, 2, 3, 5, 64]) AS w;
"""


def ask():
    def microseconds(interval):
        return "(extract(epoch FROM %s) * 1000000)::bigint" % interval

    print("SET extra_float_digits = 1;")
    print(
        " ".join(
            (
                ASK
                % {
                    "ready": "CASE WHEN isfinite(q.ready_at) THEN %s END" % microseconds("q.ready_at - t.now"),
                    "since": microseconds("q.state_since - t.now"),
                    "took": microseconds("finished_at - started_at"),
                    "start": microseconds("expected_start - t.now"),
                    "end": microseconds("expected_end - t.now"),
                }
            ).split()
        )
    )


# ---- estimates ---------------------------------------------------------------------------


def median(values):
    """As percentile_cont(0.5) has it."""
    values = sorted(values)
    low, high = statistics.median_low(values), statistics.median_high(values)
    return low + 0.5 * (high - low)


def estimate(job, history):
    """Seconds, basis and how many successes it is from."""
    same_type = [h for h in history if h["type"] == job["type"] and h["target"] == job["target"]]
    same = [h["seconds"] for h in same_type if h["symbol"] == job["symbol"]]
    if same:
        return median(same), "same job", len(same)
    others = [h["seconds"] for h in same_type if job["symbol"] is not None and h["symbol"] is not None]
    if others:
        return median(others), "same target", len(others)
    kind = [h for h in history if h["type"] == job["type"] and h["families"] == job["families"]]
    by_sample = [h["seconds"] / h["samples"] for h in kind if h["samples"]]
    if by_sample and job["samples"]:
        return median(by_sample) * job["samples"], "same kind", len(by_sample)
    if kind:
        return median([h["seconds"] for h in kind]), "same kind", len(kind)
    if history:
        return median([h["seconds"] for h in history]), "all jobs", len(history)
    return None, None, 0


# ---- the simulation ------------------------------------------------------------------------


def simulate(case):
    """The jobs of the plan that are left, each with its start and end, in order."""
    plan = case["plan"]
    limits = case["limits"] or []
    history = [dict(h, seconds=h["microseconds"] / 1e6) for h in case["history"] or [] if h["microseconds"] >= 0]
    jobs = []
    for job in case["places"] or []:
        mine = job["plan"] == plan["plan_id"]
        if job["state"] == "running" and job["ready"] <= 0:
            if not mine or job["cancelled"] or job["attempts"] >= plan["max_attempts"]:
                continue
            job["state"] = "pending"
        if job["state"] not in ("pending", "waiting", "running") or (not mine and job["state"] != "running"):
            continue
        job["mine"] = mine
        job["seconds"], job["basis"], job["runs"] = estimate(job, history)
        # without a history all take as long as each other
        job["length"] = round(job["seconds"] * 1e6) if job["basis"] else 60 * 10**6
        job["start"] = job["end"] = None
        job["now"] = job["state"]
        job["limits"] = [n for n, l in enumerate(limits) if l["families"] is None or set(l["families"]) & set(job["families"])]
        if job["state"] == "pending" and not job["fresh"] and job["ready"] is None:
            job["ready"] = float("-inf")
        jobs.append(job)

    running = [j for j in jobs if j["state"] == "running"]
    for job in running:
        job["start"] = job["since"]
        job["end"] = max(0, job["since"] + job["length"])
    workers = case["workers"] or max(1, sum(j["mine"] for j in running))
    order = sorted((j for j in running if j["mine"]), key=lambda j: (j["since"], -j["priority"], j["position"], j["kind"]))

    def claim_order(job):
        if job["fresh"]:
            return -job["priority"], 1, 0, job["position"], job["kind"]
        return -job["priority"], 0, job["ready"], job["position"], job["kind"]

    def has_room(job):
        return all(sum(n in r["limits"] for r in running) < limits[n]["max_running"] for n in job["limits"])

    time = 0
    while True:
        for job in [j for j in running if j["end"] <= time]:
            running.remove(job)
            if job["mine"] and job["symbol"] is None and not job["cancelled"]:
                for other in jobs:
                    if other["now"] == "waiting" and other["target"] == job["target"]:
                        other["now"], other["fresh"], other["ready"] = "pending", False, job["end"]
        while not plan["paused"] and sum(r["mine"] for r in running) < workers:
            free = [j for j in jobs if j["now"] == "pending" and (j["fresh"] or j["ready"] <= time) and has_room(j)]
            if not free:
                break
            job = min(free, key=claim_order)
            job["now"], job["start"], job["end"] = "running", time, time + job["length"]
            running.append(job)
            order.append(job)
        later = [r["end"] for r in running]
        later += [j["ready"] for j in jobs if j["now"] == "pending" and not j["fresh"] and j["ready"] > time]
        if not later:
            break
        time = min(later)

    rest = [j for j in jobs if j["mine"] and j["start"] is None]
    for job in rest:
        if job["now"] == "waiting":
            job["fresh"], job["ready"] = False, 0
    order += sorted(rest, key=lambda j: (j["now"] == "waiting",) + claim_order(j))
    return order


def check():
    cases = wrong = rows = 0
    for line in sys.stdin:
        if not line.startswith("{"):
            if line.strip():
                print("not a case: " + line.strip())
                wrong += 1
            continue
        case = json.loads(line)
        expected = [
            {
                "place": n,
                "job": j["job"],
                "target": j["target"],
                "symbol": j["symbol"],
                "priority": j["priority"],
                "state": j["state"],
                "seconds": j["seconds"],
                "basis": j["basis"],
                "runs": j["runs"],
                "start": j["start"] if j["basis"] else None,
                "end": j["end"] if j["basis"] else None,
            }
            for n, j in enumerate(simulate(case), 1)
        ]
        found = case["forecast"] or []
        cases += 1
        rows += len(found)
        if expected != found:
            wrong += 1
            print("case %d, %s workers: %d rows, expected %d" % (cases, case["workers"], len(found), len(expected)))
            for e, f in [(e, f) for e, f in zip(expected, found) if e != f][:2]:
                print("  expected %s\n  found    %s" % (e, f))
    print("%d cases, %s" % (cases, "jobs in them" if rows else "no jobs") if not wrong else "%d of %d are wrong" % (wrong, cases))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(int(sys.argv[2]))
    elif sys.argv[1] == "ask":
        ask()
    else:
        check()
