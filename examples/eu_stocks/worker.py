#!/usr/bin/python3
"""A worker: claims the jobs of a plan one by one, trains them and reports, until all have ended.

    examples/eu_stocks/worker.py [--plan N] [--name NAME] [--lease SECONDS] [--schema NAME]

Start as many as you like, on any machine; the server is found as libpq finds it (PGHOST,
PGDATABASE, ...).  The plan is the latest if not given; the schema is that of the extension,
where it is not on the search path.

While a job is trained its lease is extended, so that it can be short.  When the worker dies,
another gets the job when the lease has ended.  A connection that drops is made again; who
hears nothing for as long as the lease gives the job up.  Ctrl-C or SIGTERM give the job back
at once, which counts as one of its attempts.

Debian: python3-psycopg2, and what train.py needs.
"""

import argparse
import contextlib
import json
import math
import os
import select
import shlex
import signal
import socket
import sys
import threading
import time

try:
    import psycopg2
    import psycopg2.extras
    from psycopg2 import extensions
except ModuleNotFoundError as missing:
    sys.exit(f"{missing} (Debian: python3-psycopg2)")

from train import FAMILIES, Stopped, train

# a server that is gone is noticed, and one that can't be written to is not the one
CONNECTION = "connect_timeout=5 keepalives_idle=10 keepalives_interval=5 keepalives_count=3 " \
    "tcp_user_timeout=30000 target_session_attrs=read-write"


LONGEST_ERROR = 4000  # characters


class Stop:
    """Whether a signal asked to stop.

    It interrupts, by KeyboardInterrupt, only what runs in interrupts(); elsewhere check() is called, so
    that no question to the database is left without its answer, and no job that was claimed is forgotten.
    """

    asked = False
    may_interrupt = False

    def ask(self, *_):
        self.asked = True
        if self.may_interrupt:
            self.may_interrupt = False  # once: a block that goes on nevertheless is asked by stopped()
            raise KeyboardInterrupt

    def check(self):
        if self.asked:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def interrupts(self):
        try:
            self.may_interrupt = True
            self.check()
            yield
        finally:
            self.may_interrupt = False


stop = Stop()


def wait_for_answer(connection):
    """Until the server has answered; libpq itself would wait on when somebody asks to stop, which is for 5 seconds here."""
    ends = math.inf
    while (state := connection.poll()) != extensions.POLL_OK:
        if stop.asked:
            ends = min(ends, time.monotonic() + 5)
        if time.monotonic() > ends:
            raise psycopg2.OperationalError("the server does not answer")
        select.select([connection] if state == extensions.POLL_READ else [],
                      [connection] if state == extensions.POLL_WRITE else [], [], 1)


class Database:
    """What a worker asks, over a connection that is made again when it has dropped."""

    def __init__(self, schema=None):
        self.schema = schema
        self.connection = None

    def is_connected(self):
        return self.connection is not None and not self.connection.closed

    def connect(self):
        extensions.set_wait_callback(None)  # which does not know of connect_timeout
        self.connection = psycopg2.connect(CONNECTION, cursor_factory=psycopg2.extras.RealDictCursor)
        self.connection.autocommit = True
        extensions.set_wait_callback(wait_for_answer)
        with self.connection.cursor() as cursor:
            if self.schema:
                cursor.execute("""SELECT set_config('search_path',
                    concat_ws(', ', quote_ident(%s), nullif(current_setting('search_path'), '')), false)""", [self.schema])
            cursor.execute("LISTEN training_jobs")

    def ask(self, query, patience=math.inf, **arguments):
        """The rows of a query, as dictionaries.  When there is no connection any more, it is made
        again and the query repeated, for so many seconds at most.

        What was asked before may have been done, and only the answer lost: a job that was
        claimed comes back when its lease ends, and one that was reported is not held any more.
        """
        ends, pause = time.monotonic() + patience, 1
        while True:
            try:
                if not self.is_connected():
                    self.connect()
                with self.connection.cursor() as cursor:
                    cursor.execute(query, arguments)
                    return cursor.fetchall()
            except psycopg2.Error as error:
                if self.is_connected() or time.monotonic() + pause > ends:
                    raise
                stop.check()
                print(f"no connection, trying again in {pause} s: {first_line(error)}", file=sys.stderr)
            with stop.interrupts():
                time.sleep(pause)
            pause = min(2 * pause, 30)

    def latest_plan(self):
        return self.ask("SELECT latest_training_plan() AS plan")[0]["plan"]

    def claim(self, worker, plan, lease, jobs=1):
        """Jobs of the plan that train.py can train, at most so many, for a lease of so many seconds."""
        query = """SELECT * FROM claim_training_jobs(%(worker)s, %(jobs)s, %(plan)s, make_interval(secs => %(lease)s),
            %(families)s)"""
        return self.ask(query, worker=worker, jobs=jobs, plan=plan, lease=lease, families=list(FAMILIES))

    def report(self, query, patience=math.inf, **arguments):
        """Whether the job was still the worker's; it is not, either, if it was deleted."""
        try:
            return self.ask(query, patience, **arguments)[0]["held"]
        except psycopg2.errors.NoDataFound:
            return False

    def extend(self, job, lease, patience=math.inf):
        query = "SELECT extend_training_job_lease(%(plan_id)s, %(job_id)s, %(attempt)s, make_interval(secs => %(lease)s)) AS held"
        return self.report(query, patience, **job, lease=lease)

    def extend_all(self, jobs, lease):
        """The same of many jobs of a plan, at once: which of them are held, by job_id."""
        if not jobs:
            return {}
        query = """SELECT job_id, held FROM extend_training_job_leases(%(plan)s, %(job_ids)s, %(attempts)s,
            make_interval(secs => %(lease)s))"""
        rows = self.ask(query, plan=jobs[0]["plan_id"], job_ids=[job["job_id"] for job in jobs],
                        attempts=[job["attempt"] for job in jobs], lease=lease)
        return {row["job_id"]: row["held"] for row in rows}

    def complete(self, job, result):
        query = "SELECT complete_training_job(%(plan_id)s, %(job_id)s, %(attempt)s, %(result)s) AS held"
        return self.report(query, **job, result=json.dumps(result, allow_nan=False))

    def fail(self, job, error, patience=math.inf):
        query = "SELECT fail_training_job(%(plan_id)s, %(job_id)s, %(attempt)s, %(error)s) AS held"
        return self.report(query, patience, **job, error=error)

    def give_back(self, job):
        """What became of a job that the worker was stopped at: others can claim it now, or when its lease ends."""
        try:
            return "given back" if self.fail(job, "the worker was stopped", patience=0) else "not the worker's any more"
        except psycopg2.Error:
            return "left to its lease"

    def progress(self, plan):
        """The plan's row of training_plan_progress; None if it was deleted."""
        rows = self.ask("SELECT * FROM training_plan_progress WHERE plan_id = %(plan)s", plan=plan)
        return rows[0] if rows else None

    def has_ended(self, plan):
        """Whether all jobs of the plan have ended."""
        row = self.progress(plan)
        return row is None or row["pending"] + row["running"] == 0

    def wait_for_jobs(self, seconds):
        """Until jobs become claimable, or the time is over: a lease may have run out, of which nothing is heard."""
        with contextlib.suppress(psycopg2.Error):  # who asks next connects again
            with stop.interrupts():
                select.select([self.connection], [], [], seconds)
            self.connection.poll()
            self.connection.notifies.clear()


@contextlib.contextmanager
def kept_lease(database, job, lease):
    """Extends the job's lease while the block runs, which gets a function that says whether the job was lost."""
    ended, lost = threading.Event(), threading.Event()

    def keep():
        ends, pause = time.monotonic() + lease, lease / 3
        while not ended.wait(pause):
            asked = time.monotonic()
            try:
                held = database.extend(job, lease, patience=0)
                ends, pause = asked + lease, lease / 3
            except psycopg2.Error:
                held, pause = asked < ends, min(1, lease / 3)
            if not held:
                lost.set()
                return

    thread = threading.Thread(target=keep)
    thread.start()
    try:
        yield lost.is_set
    finally:
        ended.set()
        thread.join()


def work_on(database, job, lease):
    """Train a job that was claimed, and report; returns what became of it."""
    try:
        with kept_lease(database, job, lease) as lost, stop.interrupts():
            result = train(job, stopped=lambda: lost() or stop.asked)
        return "succeeded" if database.complete(job, result) else "lost"
    except BaseException as error:  # a library may end the program, which ends the job alone
        if stop.asked:
            raise KeyboardInterrupt(f"{job['job_id']} is {database.give_back(job)}")
        if isinstance(error, Stopped):
            return "lost"
        return report_failure(database, job, error)


def report_failure(database, job, error):
    """Says why a job failed, to the database and to who looks on; returns what became of it."""
    why = text_of(error)
    print(f"{job['job_id']}: {why}", file=sys.stderr)
    return "failed" if database.fail(job, why) else "lost"


def text_of(error):
    """What is said of an error, as far as the database can take it, whatever its encoding."""
    try:
        why = f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
    except Exception:
        why = type(error).__name__
    return why.replace("\0", "").encode("utf-8", "replace").decode()


def find_plan(database, plan=None):
    """The plan to work on, the latest if none is asked for; or the program's end, in a line that says what is missing."""
    row = database.ask("""SELECT current_database() AS database, to_regprocedure('latest_training_plan()') AS found,
        (SELECT nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = extnamespace
            WHERE extname = 'trainplan') AS schema""", patience=0)[0]
    if row["schema"] is None:
        sys.exit(f"database \"{row['database']}\" does not have the extension: CREATE EXTENSION trainplan")
    if row["found"] is None:
        schema = shlex.quote(row["schema"])
        sys.exit(f"the extension is in a schema that is not on the search path: --schema {schema} (Celery: SCHEMA={schema})")
    found = plan or database.latest_plan()
    if found is None:
        sys.exit("there is no plan: psql -X -f examples/eu_stocks/plan.sql makes one")
    if database.progress(found) is None:
        sys.exit(f"there is no plan {found}")
    others = database.ask("""SELECT DISTINCT unnest(model_families) AS family FROM training_jobs
        WHERE plan_id = %(plan)s AND training_type <> 'blocked'
        EXCEPT SELECT unnest(%(families)s::text[]) ORDER BY family""", plan=found, families=list(FAMILIES))
    if others:
        sys.exit(f"plan {found} has jobs of families that train.py does not train: {', '.join(row['family'] for row in others)}"
                 f" (it trains {', '.join(FAMILIES)}; plan.sql makes a plan of these)")
    return found


def show_progress(database, plan):
    """Says how far the plan is, until all jobs have ended."""
    shown = None
    while row := database.progress(plan):
        states = ("pending", "running", "succeeded", "failed", "cancelled")
        line = ", ".join(f"{row[state]} {state}" for state in states if row[state])
        if line != shown:
            print(f"{row['percent_done']:6}%  {line}", flush=True)
            shown = line
        if row["pending"] + row["running"] == 0:
            break
        with stop.interrupts():
            time.sleep(2)


def first_line(error):
    return str(error).partition("\n")[0]


def stop_when_asked(*signals):
    """These ask to stop from now on."""
    stop.asked = False
    for each in signals:
        signal.signal(each, stop.ask)


@contextlib.contextmanager
def in_one_line():
    """What ends the block is told in a line, and not by a traceback: Ctrl-C and SIGTERM, and errors of the database."""
    try:
        stop_when_asked(signal.SIGINT, signal.SIGTERM)
        yield
    except KeyboardInterrupt as stopped:
        print("stopped", *stopped.args, sep=": ", file=sys.stderr)
    except psycopg2.Error as error:
        sys.exit(first_line(error))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--plan", type=int)
    parser.add_argument("--name", default=f"{socket.gethostname()}/{os.getpid()}")
    parser.add_argument("--lease", type=float, default=60, metavar="SECONDS")
    parser.add_argument("--schema", metavar="NAME", help="of the extension, where it is not on the search path")
    options = parser.parse_args()

    database = Database(options.schema)
    plan = find_plan(database, options.plan)
    while True:
        stop.check()
        jobs = database.claim(options.name, plan, options.lease)
        for job in jobs:
            state = work_on(database, job, options.lease)
            print(f"{state:9}  attempt {job['attempt']}  {job['job_id']}", flush=True)
        if not jobs:
            if database.has_ended(plan):
                break
            database.wait_for_jobs(min(options.lease, 5))


if __name__ == "__main__":
    with in_one_line():
        main()
