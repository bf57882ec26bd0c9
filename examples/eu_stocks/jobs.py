"""What a worker need not care about: the database, leases that are kept, how it is stopped, how far the plan is.

worker.py, celery_app.py and dask_run.py stand on this, and it knows nothing of what they train.

Debian: python3-psycopg2.
"""

import contextlib
import json
import math
import os
import select
import shlex
import shutil
import signal
import sys
import threading
import time

try:
    import psycopg2
    import psycopg2.extras
    from psycopg2 import extensions
except ModuleNotFoundError as missing:
    sys.exit(f"{missing} (Debian: python3-psycopg2)")

# a server that is gone is noticed, and one that can't be written to is not the one
CONNECTION = "connect_timeout=5 keepalives_idle=10 keepalives_interval=5 keepalives_count=3 " \
    "tcp_user_timeout=30000 target_session_attrs=read-write"

LONGEST_ERROR = 4000  # characters


# ---- who is asked to stop --------------------------------------------------


class Stopped(BaseException):
    """The job is not wanted any more."""


class Stop:
    """Whether a signal asked to stop, and which: that is not forgotten.

    It interrupts, by KeyboardInterrupt, only what runs in interrupts(); elsewhere check() is called, so
    that no question to the database is left without its answer, and no job that was claimed is forgotten.
    """

    asked = 0
    may_interrupt = False

    def ask(self, number, _):
        self.asked = number
        if self.may_interrupt:
            self.may_interrupt = False  # once: training that goes on nevertheless is ended by progress()
            raise KeyboardInterrupt

    def when_asked_by(self, *signals):
        for each in signals:
            signal.signal(each, self.ask)

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


@contextlib.contextmanager
def in_one_line():
    """What ends the block is told in a line, and not by a traceback: Ctrl-C and SIGTERM, and errors of the database.

    The program's exit status is the shell's for the signal: 130 after Ctrl-C, 143 after SIGTERM.
    """
    try:
        stop.when_asked_by(signal.SIGINT, signal.SIGTERM)
        yield
    except KeyboardInterrupt as stopped:
        screen.end()
        screen.say(": ".join(("stopped", *map(str, stopped.args))), sys.stderr)
        sys.exit(128 + stop.asked)
    except psycopg2.Error as error:
        screen.end()
        sys.exit(first_line(error))
    finally:
        screen.end()


# ---- the database ----------------------------------------------------------


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
    """What a worker asks that trains these families, over a connection that is made again when it has dropped.

    A plan may have jobs of other families only if others train them.
    """

    def __init__(self, families, schema=None, others=False):
        self.families = list(families)
        self.schema = schema
        self.others = others
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
                if type(error) is psycopg2.DatabaseError:  # the connection is gone, of which psycopg2 itself may not know
                    self.connection.close()
                if self.is_connected() or time.monotonic() + pause > ends:
                    raise
                stop.check()
                screen.say(f"no connection, trying again in {pause} s: {first_line(error)}", sys.stderr)
            with stop.interrupts():
                time.sleep(pause)
            pause = min(2 * pause, 30)

    def find_plan(self, plan=None):
        """The plan to work on, the latest if none is asked for; or the program's end, in a line that says what is missing."""
        row = self.ask("""SELECT current_database() AS database, to_regprocedure('latest_training_plan()') AS found,
            (SELECT nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = extnamespace
                WHERE extname = 'trainplan') AS schema""", patience=0)[0]
        if row["schema"] is None:
            sys.exit(f"database \"{row['database']}\" does not have the extension: CREATE EXTENSION trainplan")
        if row["found"] is None:
            schema = shlex.quote(row["schema"])
            sys.exit(f"the extension is in a schema that is not on the search path: --schema {schema} (Celery: SCHEMA={schema})")
        plan = plan or self.ask("SELECT latest_training_plan() AS plan")[0]["plan"]
        if plan is None:
            sys.exit("there is no plan: create_training_plan() makes one")
        if self.progress(plan) is None:
            sys.exit(f"there is no plan {plan}")
        others = self.ask("""SELECT DISTINCT unnest(model_families) AS family FROM training_jobs
            WHERE plan_id = %(plan)s AND training_type <> 'blocked'
            EXCEPT SELECT unnest(%(families)s::text[]) ORDER BY family""", plan=plan, families=self.families)
        found = ", ".join(row["family"] for row in others)
        if others and not self.others:
            sys.exit(f"plan {plan} has jobs of families that are not trained here: {found} (trained are"
                     f" {', '.join(self.families)}; --others leaves the others to other workers, Celery: OTHERS=yes)")
        if others:
            screen.say(f"plan {plan}: jobs of these families are left to other workers: {found}", sys.stderr)
        return plan

    def progress(self, plan, patience=math.inf):
        """The plan's row of training_plan_progress; None if it was deleted."""
        rows = self.ask("SELECT * FROM training_plan_progress WHERE plan_id = %(plan)s", patience, plan=plan)
        return rows[0] if rows else None

    def has_ended(self, plan):
        """Whether all jobs of the plan have ended, but for those that are left to others."""
        if self.others:
            return not self.ask("""SELECT FROM training_job_status JOIN training_jobs USING (plan_id, job_id)
                WHERE plan_id = %(plan)s AND state IN ('pending', 'waiting', 'running')
                AND model_families <@ %(families)s::text[] LIMIT 1""", plan=plan, families=self.families)
        row = self.progress(plan)
        return row is None or jobs_left(row) == 0

    def claim(self, worker, plan, lease, jobs=1):
        """Jobs of the plan whose families are all known here, at most so many, for a lease of so many seconds."""
        query = """SELECT * FROM claim_training_jobs(%(worker)s, %(jobs)s, %(plan)s, make_interval(secs => %(lease)s),
            families => %(families)s)"""
        return self.ask(query, worker=worker, jobs=jobs, plan=plan, lease=lease, families=self.families)

    def wait_for_jobs(self, seconds):
        """Until jobs become claimable, or the time is over: a lease may have run out, of which nothing is heard."""
        with contextlib.suppress(psycopg2.Error):  # who asks next connects again
            with stop.interrupts():
                select.select([self.connection], [], [], seconds)
            self.connection.poll()
            self.connection.notifies.clear()

    # what is said of one job

    def report(self, query, patience=math.inf, **arguments):
        """Whether the job was still the worker's; it is not, either, if it was deleted."""
        try:
            return self.ask(query, patience, **arguments)[0]["held"]
        except psycopg2.errors.NoDataFound:
            return False

    def extend(self, job, lease, progress=None, patience=math.inf):
        query = """SELECT extend_training_job_lease(%(plan_id)s, %(job_id)s, %(attempt)s,
            make_interval(secs => %(lease)s), %(progress)s) AS held"""
        return self.report(query, patience, **job, lease=lease, progress=progress)

    def complete(self, job, result):
        query = "SELECT complete_training_job(%(plan_id)s, %(job_id)s, %(attempt)s, %(result)s) AS held"
        return self.report(query, **job, result=result)

    def fail(self, job, error, patience=math.inf):
        query = "SELECT fail_training_job(%(plan_id)s, %(job_id)s, %(attempt)s, %(error)s) AS held"
        return self.report(query, patience, **job, error=error)

    def give_back(self, job):
        """What became of a job that the worker was stopped at: others can claim it now, or when its lease ends."""
        try:
            return "given back" if self.fail(job, "the worker was stopped", patience=0) else "not the worker's any more"
        except psycopg2.Error:
            return "left to its lease"

    # what is said of many jobs of a plan, at once

    def report_all(self, jobs, call, patience=math.inf, **arguments):
        """Whether they were still the worker's, of each in the order given."""
        if not jobs:
            return []
        rows = self.ask(f"SELECT held FROM {call}", patience, plan=jobs[0]["plan_id"],
                        job_ids=[job["job_id"] for job in jobs], attempts=[job["attempt"] for job in jobs], **arguments)
        return [row["held"] for row in rows]

    def extend_all(self, jobs, lease):
        call = "extend_training_job_leases(%(plan)s, %(job_ids)s, %(attempts)s, make_interval(secs => %(lease)s))"
        return self.report_all(jobs, call, lease=lease)

    def complete_all(self, jobs, results):
        call = "complete_training_jobs(%(plan)s, %(job_ids)s, %(attempts)s, %(results)s::jsonb[])"
        return self.report_all(jobs, call, results=results)

    def give_back_all(self, worker, plan):
        """What became of the jobs of a worker that was stopped, also of those that it has not heard of."""
        try:
            query = "SELECT release_training_jobs(%(worker)s, %(plan)s) AS released"
            return f"{self.ask(query, patience=0, worker=worker, plan=plan)[0]['released']} jobs are given back"
        except psycopg2.Error:
            return "its jobs are left to their leases"


# ---- a job -----------------------------------------------------------------


@contextlib.contextmanager
def kept_lease(database, job, lease, meanwhile):
    """Extends the job's lease while the block runs, and calls meanwhile() every now and then.

    The block gets a function: progress(share) says how far it is, which the database hears, and raises Stopped
    when the job was lost or somebody asks to stop.
    """
    ended, lost, share = threading.Event(), threading.Event(), None

    def progress(new_share):
        nonlocal share
        share = min(max(0.0, float(new_share)), 1.0)
        if lost.is_set() or stop.asked:
            raise Stopped

    def keep():
        ends, due, told = time.monotonic() + lease, time.monotonic() + lease / 3, None
        while not ended.wait(min(lease / 3, 2)):
            now, new = time.monotonic(), share
            if now >= due or new != told:
                try:
                    held = database.extend(job, lease, new, patience=0)
                    ends, due, told = now + lease, now + lease / 3, new
                except psycopg2.Error:
                    held = now < ends
                if not held:
                    lost.set()
                    return
            meanwhile()

    thread = threading.Thread(target=keep)
    thread.start()
    try:
        yield progress
    finally:
        ended.set()
        thread.join()


def work_on(database, train, job, lease, meanwhile=lambda: None):
    """Train a job that was claimed, and report; returns what became of it."""
    try:
        with kept_lease(database, job, lease, meanwhile) as progress, stop.interrupts():
            result = train(job, progress)
        return "succeeded" if database.complete(job, to_json(result)) else "lost"
    except BaseException as error:  # a library may end the program, which ends the job alone
        if stop.asked:
            raise KeyboardInterrupt(f"{job['job_id']} is {database.give_back(job)}")
        if isinstance(error, Stopped):
            return "lost"
        return report_failure(database, job, text_of(error))


def report_failure(database, job, why):
    """Says why a job failed, to the database and to who looks on; returns what became of it."""
    screen.say(f"{job['job_id']}: {why}", sys.stderr)
    return "failed" if database.fail(job, why) else "lost"


def to_json(result):
    return json.dumps(result, allow_nan=False)


def text_of(error):
    """What is said of an error, as far as the database can take it, whatever its encoding."""
    try:
        why = f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
    except Exception:
        why = type(error).__name__
    return why.replace("\0", "").encode("utf-8", "replace").decode()


def first_line(error):
    return str(error).partition("\n")[0]


# ---- how far the plan is ---------------------------------------------------


class Screen:
    """Lines; and on a terminal, one below them that is drawn again and again."""

    is_terminal = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    drawn = ""

    def draw(self, line):
        self.drawn = line[:shutil.get_terminal_size().columns - 1]
        sys.stdout.write(f"\r\033[K{self.drawn}")
        sys.stdout.flush()

    def say(self, line, file=sys.stdout):
        drawn = self.drawn
        if drawn:
            self.draw("")
        print(line, file=file, flush=True)
        if drawn:
            self.draw(drawn)

    def end(self):
        """What is drawn last stays."""
        if self.drawn:
            print(flush=True)
            self.drawn = ""


screen = Screen()


def jobs_left(row):
    """How many jobs have not ended, of a plan's row of training_plan_progress."""
    return row["pending"] + row["waiting"] + row["running"]


class Progress:
    """How far a plan is: on a terminal a bar, which is drawn again every two seconds; elsewhere a line
    after so many seconds, if something has changed."""

    WIDTH = 20

    def __init__(self, database, plan, seconds=10):
        self.database = database
        self.plan = plan
        self.pause = 2 if screen.is_terminal else seconds
        self.due = time.monotonic() + (0 if screen.is_terminal else seconds)
        self.said = None

    def show(self):
        """Called as often as you like."""
        if time.monotonic() >= self.due:
            self.due = time.monotonic() + self.pause
            with contextlib.suppress(psycopg2.Error):  # there is a next time
                self.show_now()

    def show_now(self):
        row = self.database.progress(self.plan, patience=0)
        if row is None:
            return
        all_jobs, left = row["jobs"] - row["blocked"], jobs_left(row)
        jobs = f"{all_jobs - left} of {all_jobs} jobs"
        states = ", ".join(f"{row[state]} {state}" for state in ("running", "waiting", "reused", "failed", "cancelled") if row.get(state))
        rate = ""
        if left and row["jobs_per_hour"]:
            rate = f", {row['jobs_per_hour']:,.0f} an hour"
            if row["expected_end"]:
                rate += f", ends {self.clock(row['expected_end'])}"
        line = jobs + rate + (f"; {states}" if states else "")
        if screen.is_terminal:
            full = self.WIDTH * (all_jobs - left) // max(all_jobs, 1)
            screen.draw(f"[{'#' * full}{'.' * (self.WIDTH - full)}] {line}")
        elif (jobs, states) != self.said:
            self.said = jobs, states
            screen.say(line)

    @staticmethod
    def clock(moment):
        """The time of day here, with the day if that is another."""
        moment = moment.astimezone()
        return moment.strftime("%H:%M:%S" if moment.date() == moment.now().date() else "%Y-%m-%d %H:%M")

    def watch(self):
        """Until all jobs have ended."""
        while not self.database.has_ended(self.plan):
            self.show()
            with stop.interrupts():
                time.sleep(2)
        self.end()

    def end(self):
        with contextlib.suppress(psycopg2.Error):
            self.show_now()
        screen.end()
