#!/usr/bin/python3
"""A worker: claims the jobs of a plan one by one, trains them and reports, until all have ended.

    examples/eu_stocks/worker.py [--plan N] [--name NAME] [--lease SECONDS]

Start as many as you like, on any machine; the server is found as libpq finds it (PGHOST,
PGDATABASE, ...).  The plan is the latest if not given.  While a job is trained its lease is
extended, so that it can be short; when the worker dies, another gets the job when the lease
has ended.

Debian: python3-psycopg2, and what train.py needs.
"""

import argparse
import contextlib
import os
import select
import signal
import socket
import threading
import time

import psycopg2
import psycopg2.extras

from train import Stopped, train


def connect():
    """A connection that hears of jobs that become claimable."""
    connection = psycopg2.connect("", cursor_factory=psycopg2.extras.RealDictCursor)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("LISTEN training_jobs")
    return connection


def ask(connection, query, **arguments):
    """The rows of a query, as dictionaries."""
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)
        return cursor.fetchall()


def latest_plan(connection):
    return ask(connection, "SELECT latest_training_plan() AS plan")[0]["plan"]


def claim(connection, worker, plan, lease, jobs=1):
    """Jobs of the plan, at most so many, for a lease of so many seconds."""
    query = "SELECT * FROM claim_training_jobs(%(worker)s, %(jobs)s, %(plan)s, make_interval(secs => %(lease)s))"
    return ask(connection, query, worker=worker, jobs=jobs, plan=plan, lease=lease)


# what returns whether the job was still the worker's


def extend(connection, job, lease):
    query = "SELECT extend_training_job_lease(%(plan_id)s, %(job_id)s, %(attempt)s, make_interval(secs => %(lease)s)) AS held"
    return ask(connection, query, **job, lease=lease)[0]["held"]


def extend_all(connection, jobs, lease):
    """The same of many jobs of a plan, at once: which of them are held, by job_id."""
    if not jobs:
        return {}
    query = """SELECT job_id, held FROM extend_training_job_leases(%(plan)s, %(job_ids)s, %(attempts)s,
        make_interval(secs => %(lease)s))"""
    rows = ask(connection, query, plan=jobs[0]["plan_id"], job_ids=[job["job_id"] for job in jobs],
               attempts=[job["attempt"] for job in jobs], lease=lease)
    return {row["job_id"]: row["held"] for row in rows}


def complete(connection, job, result):
    query = "SELECT complete_training_job(%(plan_id)s, %(job_id)s, %(attempt)s, %(result)s) AS held"
    return ask(connection, query, **job, result=psycopg2.extras.Json(result))[0]["held"]


def fail(connection, job, error):
    query = "SELECT fail_training_job(%(plan_id)s, %(job_id)s, %(attempt)s, %(error)s) AS held"
    return ask(connection, query, **job, error=f"{type(error).__name__}: {error}")[0]["held"]


def progress(connection, plan):
    """The plan's row of training_plan_progress; None if it was deleted."""
    rows = ask(connection, "SELECT * FROM training_plan_progress WHERE plan_id = %(plan)s", plan=plan)
    return rows[0] if rows else None


def has_ended(connection, plan):
    """Whether all jobs of the plan have ended."""
    row = progress(connection, plan)
    return row is None or row["pending"] + row["running"] == 0


def wait_for_jobs(connection, seconds):
    """Until jobs become claimable, or the time is over: a lease may have run out, of which nothing is heard."""
    select.select([connection], [], [], seconds)
    connection.poll()
    connection.notifies.clear()


def show_progress(connection, plan):
    """Says how far the plan is, until all jobs have ended."""
    shown = None
    while row := progress(connection, plan):
        states = ("pending", "running", "succeeded", "failed", "cancelled")
        line = ", ".join(f"{row[state]} {state}" for state in states if row[state])
        if line != shown:
            print(f"{row['percent_done']:6}%  {line}", flush=True)
            shown = line
        if row["pending"] + row["running"] == 0:
            break
        time.sleep(2)


@contextlib.contextmanager
def kept_lease(connection, job, lease):
    """Extends the job's lease while the block runs, which gets a function that says whether the job was lost."""
    ended, lost = threading.Event(), threading.Event()

    def keep():
        while not ended.wait(lease / 3):
            try:
                if extend(connection, job, lease):
                    continue
            except psycopg2.Error:
                pass
            lost.set()
            return

    thread = threading.Thread(target=keep)
    thread.start()
    try:
        yield lost.is_set
    finally:
        ended.set()
        thread.join()


def work_on(connection, job, lease):
    """Train a job that was claimed, and report; returns what became of it."""
    try:
        with kept_lease(connection, job, lease) as lost:
            result = train(job, stopped=lost)
    except Stopped:
        return "lost"
    except KeyboardInterrupt as error:
        fail(connection, job, error)
        raise
    except Exception as error:
        return "failed" if fail(connection, job, error) else "lost"
    return "succeeded" if complete(connection, job, result) else "lost"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--plan", type=int)
    parser.add_argument("--name", default=f"{socket.gethostname()}/{os.getpid()}")
    parser.add_argument("--lease", type=float, default=60, metavar="SECONDS")
    options = parser.parse_args()

    # who is asked to stop hands its job back
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    connection = connect()
    plan = options.plan or latest_plan(connection)
    while True:
        jobs = claim(connection, options.name, plan, options.lease)
        for job in jobs:
            state = work_on(connection, job, options.lease)
            print(f"{state:9}  attempt {job['attempt']}  {job['job_id']}", flush=True)
        if not jobs:
            if has_ended(connection, plan):
                break
            wait_for_jobs(connection, min(options.lease, 5))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
