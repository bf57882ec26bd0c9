#!/usr/bin/python3
"""Workers that misbehave, until all jobs of some plans have ended.

    test/workers/stress.py LOG PLAN... [--workers N] [--seed N]

Each worker is a process with a connection of its own.  At random it claims from one plan
or from any, completes its jobs, fails them, reports too late, extends its leases, one by one
or many at once, drops its connection, or is killed in the middle of a job and replaced by
another.  Other processes meanwhile cancel and retry jobs, pause and resume plans, raise and
lower the limit that is called changing, and release the jobs of some workers that were
killed.  When the server goes away, all wait for it to come back.

LOG becomes a CSV file of what the workers were told: worker, plan, job, attempt, what
they reported and the answer: t, f, or nothing where the connection was lost
before one came.  What the others did is in tables: pauses, limit_changes, releases; and
limit_samples has how many valid leases there were at some moments.  The server is found
as libpq finds it.

Debian: python3-psycopg2.
"""

import argparse
import csv
import functools
import multiprocessing
import os
import random
import signal
import sys
import time

import psycopg2

LEASE = 1.0  # seconds
DEADLINE = 120  # seconds, for all of it


class Log:
    """Lines that are in the file when they are written, whatever becomes of the process."""

    def __init__(self, path):
        self.file = open(path, "a", buffering=1, newline="", encoding="utf-8")
        self.writer = csv.writer(self.file, lineterminator="\n")

    def write(self, *values):
        self.writer.writerow(values)


def connect():
    while True:
        try:
            connection = psycopg2.connect("")
            connection.autocommit = True
            return connection
        except psycopg2.OperationalError:
            time.sleep(0.1)


def again(lost, error):
    """A new connection, where an error was that the last one is gone, of which psycopg2 itself may not know."""
    if not lost.closed and type(error) is not psycopg2.DatabaseError:
        raise error
    lost.close()
    return connect()


def ask(connection, query, arguments=()):
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)
        return cursor.fetchall() if cursor.description else None


# ---- workers ---------------------------------------------------------------


def claim(connection, worker, plans, chance):
    """Some jobs: plan, job_id, attempt."""
    arguments, values = ["%s", "%s", "lease => '1 s'"], [worker, chance.choice((1, 1, 1, 2, 5))]
    if chance.random() < 0.7:
        arguments.append("any_plan => true")
    else:
        arguments.append("plan_id => %s")
        values.append(chance.choice(plans))
    if (way := chance.random()) < 0.1:
        arguments.append("families => '{xgboost,lightgbm}'")
    elif way < 0.15:
        arguments.append("training_type => 'cross_sectional'")
    elif way < 0.2:
        arguments.append("min_priority => 3")
    return ask(connection, f"SELECT plan_id, job_id, attempt FROM claim_training_jobs({', '.join(arguments)})", values)


def report_together(connection, log, worker, plan, jobs, chance):
    """The jobs of one plan, all at once."""

    def report(kind, query, *arguments):
        for job_id, attempt in jobs:
            log.write(worker, plan, job_id, attempt, kind, "")
        ids, attempts = map(list, zip(*jobs))
        answers = dict(ask(connection, query, (plan, ids, attempts, *arguments)))
        for job_id, attempt in jobs:
            log.write(worker, plan, job_id, attempt, kind, "t" if answers[job_id] else "f")

    if chance.random() < 0.2:
        report("extend", "SELECT * FROM extend_training_job_leases(%s, %s, %s, '1 s')")
    if (way := chance.random()) < 0.003:
        os.kill(os.getpid(), signal.SIGKILL)
    elif way < 0.005:
        time.sleep(1.2 * LEASE)
    report("complete", "SELECT * FROM complete_training_jobs(%s, %s, %s, %s::jsonb[])",
           ['{"by": "%s"}' % worker] * len(jobs))


def work_on(connection, log, worker, job, chance):
    """One job, in one of many ways.  The report is logged before it is made, and again with its answer."""
    plan, job_id, attempt = job

    def report(kind, query, *arguments):
        log.write(worker, plan, job_id, attempt, kind, "")
        ((answer,),) = ask(connection, query, (plan, job_id, attempt, *arguments))
        log.write(worker, plan, job_id, attempt, kind, "t" if answer else "f")
        return answer

    way = chance.random()
    if way < 0.002:
        os.kill(os.getpid(), signal.SIGKILL)
    if way < 0.004:
        connection.close()
        raise psycopg2.InterfaceError("dropped")
    if way < 0.005:
        time.sleep(1.2 * LEASE)
    elif way < 0.05:
        report("extend", "SELECT extend_training_job_lease(%s, %s, %s, '1 s', %s)", chance.random())
    if way < 0.1:
        retry_in = chance.choice(("0", "20 ms"))
        report("fail", "SELECT fail_training_job(%s, %s, %s, %s, %s)", f"{worker} failed", retry_in)
    else:
        report("complete", "SELECT complete_training_job(%s, %s, %s, %s)", '{"by": "%s"}' % worker)
    if way > 0.98:
        report("complete", "SELECT complete_training_job(%s, %s, %s)")


def work(path, plans, worker, seed):
    """Until there is nothing left to claim, now or later."""
    chance = random.Random(seed)
    log = Log(path)
    connection = connect()
    while True:
        try:
            jobs = claim(connection, worker, plans, chance)
            for plan, job_id, attempt in jobs:
                log.write(worker, plan, job_id, attempt, "claim", "t")
            if chance.random() < 0.5:
                for plan in {plan for plan, _, _ in jobs}:
                    report_together(connection, log, worker, plan, [job[1:] for job in jobs if job[0] == plan], chance)
            else:
                for job in jobs:
                    work_on(connection, log, worker, job, chance)
            if not jobs:
                ((left,),) = ask(
                    connection,
                    """SELECT EXISTS (SELECT FROM training_job_queue
                        WHERE plan_id = ANY (%s) AND state IN ('pending', 'waiting', 'running'))""",
                    (plans,),
                )
                if not left:
                    return
                time.sleep(0.03)
        except psycopg2.Error as error:
            connection = again(connection, error)


# ---- others ----------------------------------------------------------------


def settle(connection):
    """Until all that was begun before has ended: who claims from then on has seen what was committed here."""
    ((now,),) = ask(connection, "SELECT clock_timestamp()")
    while ask(connection, "SELECT pid FROM pg_stat_activity WHERE xact_start <= %s AND backend_type = 'client backend'", (now,)):
        pass


def repeatedly(step):
    """A process that does that again and again until it is over, over a connection that is made again when it is lost."""

    @functools.wraps(step)
    def run(seed, is_over, *arguments):
        chance = random.Random(seed)
        connection = connect()
        while not is_over.is_set():
            try:
                step(connection, chance, *arguments)
            except psycopg2.Error as error:
                connection = again(connection, error)

    return run


@repeatedly
def cancel_and_retry(connection, chance, plans):
    for call, jobs in ("cancel", 20), ("cancel", 20), ("retry", 200):
        ask(
            connection,
            f"""SELECT {call}_training_jobs(%s, array_agg(job_id))
            FROM (SELECT job_id FROM training_jobs WHERE plan_id = %s ORDER BY md5(job_id || %s) LIMIT %s) AS chosen""",
            (plan := chance.choice(plans), plan, str(chance.random()), jobs),
        )
        time.sleep(0.2)


@repeatedly
def pause(connection, chance, plans):
    ask(connection, "SELECT resume_training_plan(plan) FROM unnest(%s::bigint[]) AS plan", (plans,))
    ask(connection, "DELETE FROM pauses WHERE resumed_at IS NULL")
    ask(connection, "UPDATE training_plans SET priority = %s WHERE plan_id = %s", (chance.randrange(2), chance.choice(plans)))
    time.sleep(chance.uniform(0.1, 0.5))
    plan = chance.choice(plans)
    ask(connection, "SELECT pause_training_plan(%s)", (plan,))
    settle(connection)
    ask(connection, "INSERT INTO pauses VALUES (%s, clock_timestamp())", (plan,))
    time.sleep(chance.uniform(0.1, 0.3))
    ask(connection, "UPDATE pauses SET resumed_at = clock_timestamp() WHERE plan_id = %s AND resumed_at IS NULL", (plan,))
    ask(connection, "SELECT resume_training_plan(%s)", (plan,))


@repeatedly
def change_limit(connection, chance):
    ask(connection, "DELETE FROM limit_changes WHERE until IS NULL")
    for new in chance.choice((0, 2, 5)), 8:
        ask(connection, "UPDATE training_limits SET max_running = %s WHERE name = 'changing'", (new,))
        settle(connection)
        ask(connection, "INSERT INTO limit_changes VALUES (%s, clock_timestamp())", (new,))
        time.sleep(chance.uniform(0.3, 1))
        ask(connection, "UPDATE limit_changes SET until = clock_timestamp() WHERE until IS NULL")


@repeatedly
def sample_limits(connection, _):
    # (leases that are in the snapshot of the query, and still valid after it was taken)
    ask(
        connection,
        """WITH running AS MATERIALIZED (
            SELECT j.model_families FROM training_job_queue AS q JOIN training_jobs AS j USING (plan_id, job_id)
            WHERE q.state = 'running' AND q.ready_at > clock_timestamp()
        )
        INSERT INTO limit_samples
        SELECT name, max_running, (SELECT count(*) FROM running WHERE families IS NULL OR families && model_families)
        FROM training_limits""",
    )
    time.sleep(0.05)


@repeatedly
def release(connection, chance, killed):
    if killed.empty():
        time.sleep(0.02)
        return
    worker = killed.get()
    if chance.random() < 0.5:
        ask(connection, "INSERT INTO releases SELECT %s, release_training_jobs(%s)", (worker, worker))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("log")
    parser.add_argument("plans", type=int, nargs="+", metavar="PLAN")
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    deadline = time.monotonic() + DEADLINE
    killed = multiprocessing.SimpleQueue()
    started = 0

    def start():
        nonlocal started
        started += 1
        name = f"worker {started}"
        process = multiprocessing.Process(target=work, name=name, args=(options.log, options.plans, name, chance.random()))
        process.start()
        return process

    def work_off(count):
        workers = [start() for _ in range(count)]
        while workers:
            time.sleep(0.02)
            if time.monotonic() > deadline:
                for process in workers:
                    process.kill()
                sys.exit("the jobs did not end in time")
            # now and then one is killed wherever it is
            if chance.random() < 0.02:
                chance.choice(workers).kill()
            for process in workers:
                if process.exitcode:
                    killed.put(process.name)
            workers = [p for p in workers if p.exitcode != 0]
            workers = [start() if p.exitcode is not None else p for p in workers]

    is_over = multiprocessing.Event()
    others = [
        multiprocessing.Process(target=target, args=(chance.random(), is_over, *arguments), daemon=True)
        for target, *arguments in (
            (cancel_and_retry, options.plans), (pause, options.plans), (change_limit,), (sample_limits,), (release, killed))
    ]
    for process in others:
        process.start()
    work_off(options.workers)
    is_over.set()
    for process in others:
        process.join()
    # what was retried when all had ended
    work_off(1)
    print(started, "workers")


if __name__ == "__main__":
    main()
