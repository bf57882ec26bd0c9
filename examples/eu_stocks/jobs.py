"""What a worker need not care about: the database, leases that are kept, how it is stopped, how far the plan is.

worker.py, celery_app.py and dask_run.py stand on this, and it knows nothing of what they train.

Debian: python3-psycopg2.
"""

import collections
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
    import psycopg2.errors
    import psycopg2.extras
    from psycopg2 import extensions
except ModuleNotFoundError as missing:
    sys.exit(f"{missing} (Debian: python3-psycopg2)")

# a server that is gone is noticed, and one that can't be written to is not the one
CONNECTION = "connect_timeout=5 keepalives_idle=10 keepalives_interval=5 keepalives_count=3 " \
    "tcp_user_timeout=30000 target_session_attrs=read-write"

# errors that say nothing of the result that was to be reported
NOT_OF_RESULTS = psycopg2.errors.LockNotAvailable, psycopg2.errors.QueryCanceled, psycopg2.errors.InsufficientPrivilege, \
    extensions.TransactionRollbackError

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


class Connection(extensions.connection):
    answers_within = math.inf  # seconds


def wait_for_answer(connection):
    """Until the server has answered; libpq itself would wait on when somebody asks to stop, which is for 5 seconds here.

    Where that takes too long, the connection is closed.
    """
    ends = time.monotonic() + connection.answers_within
    while (state := connection.poll()) != extensions.POLL_OK:
        if stop.asked:
            ends = min(ends, time.monotonic() + 5)
        if time.monotonic() > ends:
            raise psycopg2.OperationalError("the server does not answer")
        select.select([connection] if state == extensions.POLL_READ else [],
                      [connection] if state == extensions.POLL_WRITE else [], [], 1)


def wait_for_notice(connections, seconds):
    """Until one of them has been told of jobs or has dropped, or the time is over."""
    with contextlib.suppress(psycopg2.Error), stop.interrupts():
        select.select(connections, [], [], seconds)
    for connection in connections:
        with contextlib.suppress(psycopg2.Error):  # who asks next connects again
            connection.poll()
            connection.notifies.clear()


class Database:
    """What a worker asks that trains these families, over a connection that is made again when it has dropped.

    A plan may have jobs of other families only if others train them.  The server is a connection string of
    libpq's; what it does not say is found as libpq finds it.
    """

    patience = math.inf        # seconds that ask() tries for, if it is not told
    answers_within = math.inf  # seconds that a server has for an answer

    def __init__(self, families, schema=None, others=False, server=""):
        self.families = list(families)
        self.schema = schema
        self.others = others
        self.server = extensions.parse_dsn(server)
        self.connection = None

    @property
    def name(self):
        """Which server it is, for those who read messages."""
        return " ".join(f"{key}={value}" for key, value in self.server.items() if key != "password")

    def is_connected(self):
        return self.connection is not None and not self.connection.closed

    def connect(self):
        extensions.set_wait_callback(None)  # which does not know of connect_timeout
        self.connection = psycopg2.connect(
            extensions.make_dsn(CONNECTION, **self.server), connection_factory=Connection,
            cursor_factory=psycopg2.extras.RealDictCursor)
        self.connection.autocommit = True
        self.connection.answers_within = self.answers_within
        extensions.set_wait_callback(wait_for_answer)
        with self.connection.cursor() as cursor:
            if self.schema:
                cursor.execute("""SELECT set_config('search_path',
                    concat_ws(', ', quote_ident(%s), nullif(current_setting('search_path'), '')), false)""", [self.schema])
            if self.answers_within < math.inf:  # it ends by itself what nobody waits for any more
                cursor.execute("""SELECT set_config('statement_timeout', %(within)s, false) FROM pg_settings
                    WHERE name = 'statement_timeout' AND setting::integer NOT BETWEEN 1 AND %(within)s::integer""",
                    {"within": str(int(800 * self.answers_within))})
            cursor.execute("LISTEN training_jobs")

    def ask(self, query, patience=None, **arguments):
        """The rows of a query, as dictionaries.  When there is no connection any more, it is made
        again and the query repeated, for so many seconds at most.

        What was asked before may have been done, and only the answer lost: a job that was
        claimed comes back when its lease ends, and one that was reported is not held any more.
        """
        ends, pause = time.monotonic() + (self.patience if patience is None else patience), 1
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

    def find_plan(self, plan=None, run=None):
        """The plan to work on, the latest (of that run) if none is asked for; or the program's end, in a line that says what is missing."""
        row = self.ask("""SELECT current_database() AS database, to_regprocedure('latest_training_plan()') AS found,
            (SELECT nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = extnamespace
                WHERE extname = 'trainplan') AS schema""", patience=0)[0]
        if row["schema"] is None:
            sys.exit(f"database \"{row['database']}\" does not have the extension: CREATE EXTENSION trainplan")
        if row["found"] is None:
            schema = shlex.quote(row["schema"])
            sys.exit(f"the extension is in a schema that is not on the search path: --schema {schema} (Celery: SCHEMA={schema})")
        if run is not None:
            plan = self.ask("SELECT max(plan_id) AS plan FROM training_plans WHERE run_id = %(run)s", run=run)[0]["plan"]
            if plan is None:
                sys.exit(f"there is no plan of run {run}")
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

    def progress(self, plan, patience=None):
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
        wait_for_notice([self.connection], seconds)

    # what is said of one job

    def report(self, query, patience=None, **arguments):
        """Whether the job was still the worker's; it is not, either, if it was deleted."""
        try:
            return self.ask(query, patience, **arguments)[0]["held"]
        except psycopg2.errors.NoDataFound:
            return False

    def extend(self, job, lease, progress=None, patience=None):
        query = """SELECT extend_training_job_lease(%(plan_id)s, %(job_id)s, %(attempt)s,
            make_interval(secs => %(lease)s), %(progress)s) AS held"""
        return self.report(query, patience, **job, lease=lease, progress=progress)

    def complete(self, job, result):
        query = "SELECT complete_training_job(%(plan_id)s, %(job_id)s, %(attempt)s, %(result)s) AS held"
        return self.report(query, **job, result=result)

    def fail(self, job, error, patience=None):
        query = "SELECT fail_training_job(%(plan_id)s, %(job_id)s, %(attempt)s, %(error)s) AS held"
        return self.report(query, patience, **job, error=error)

    def tell(self, job, result, why):
        """Reports a job that has been trained: its result as JSON, or else why there is none; returns what became of it."""
        try:
            if why is None:
                return "succeeded" if self.complete(job, result) else "lost"
        except psycopg2.Error as error:  # which may be of the result
            if not self.is_connected() or isinstance(error, NOT_OF_RESULTS):
                raise
            why = text_of(error)
        return report_failure(self, job, why)

    def give_back(self, job):
        """What became of a job that the worker was stopped at: others can claim it now, or when its lease ends."""
        try:
            return "given back" if self.fail(job, "the worker was stopped", patience=0) else "not the worker's any more"
        except psycopg2.Error:
            return "left to its lease"

    # what is said of many jobs of a plan, at once

    def report_all(self, jobs, call, patience=None, **arguments):
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


# ---- several servers, each with a plan -------------------------------------


class Server(Database):
    """One of the servers that a worker goes round: the plan there, and what it could not be told yet.

    Where there is no connection, or an error, it is left alone for a pause of 1 to 30 seconds, and nobody waits for it.
    """

    patience = 0

    def __init__(self, *of_database, plan=None, run=None):
        super().__init__(*of_database)
        self.wanted = plan, run
        self.is_alone = True
        self.plan = None     # found when the server has been reached
        self.row = None      # how far the plan was when that was last heard
        self.done = False    # whether all its jobs had ended then
        self.gone = False    # whether the plan was deleted
        self.untold = []     # of jobs that have been trained: the job, its result, why there is none
        self.pause, self.due = 1, 0
        self.errors = []     # since it last did what it was asked, but for those of the connection

    def is_away(self):
        return time.monotonic() < self.due

    @contextlib.contextmanager
    def trying(self):
        """What is asked in the block may end it, by an error: who asks has no answer then."""
        try:
            yield
            self.pause, self.due, self.errors = 1, 0, []
        except psycopg2.errors.NoDataFound as error:
            self.gone = True
            screen.say(self.says(f"{first_line(error)}, nothing is left to do there"), sys.stderr)
        except psycopg2.Error as error:
            if not self.is_connected():
                what, self.errors = "no connection", []
            elif self.is_alone:
                raise
            else:
                what, self.errors = "an error", [*self.errors, first_line(error)]
            self.due = time.monotonic() + self.pause
            screen.say(self.says(f"{what}, trying again in {self.pause} s: {first_line(error)}"), sys.stderr)
            self.pause = min(2 * self.pause, 30)

    def says(self, line):
        return f"{self.name}: {line}" if self.name else line

    def find(self):
        """Which plan is to be worked on; where there is none, the program ends."""
        if self.plan is None:
            try:
                self.plan = self.find_plan(*self.wanted)
            except SystemExit as missing:
                sys.exit(self.says(missing.code))

    def take(self, worker, lease):
        """A job in a list, or none; before it, what was trained here is told."""
        if self.gone or self.is_away():
            return []
        with self.trying():
            self.find()
            while self.untold:
                job, *outcome = self.untold[0]
                screen.say(self.says(line_of(job, super().tell(job, *outcome)) + ", told now"))
                del self.untold[0]
            claimed = self.claim(worker, self.plan, lease)
            self.done = not claimed and self.has_ended(self.plan)
            return claimed
        return []

    def tell(self, job, result, why):
        try:
            return super().tell(job, result, why)
        except psycopg2.Error:
            if stop.asked:
                raise
            self.untold.append((job, result, why))
            return "kept"

    def leave(self):
        """Tells what it could not be told yet, if it is there now, and says what is lost."""
        reached = True
        for job, *outcome in self.untold:
            try:
                state = super().tell(job, *outcome) if reached else "lost"
            except psycopg2.Error as error:
                state, reached = "lost", False
                screen.say(self.says(first_line(error)), sys.stderr)
            screen.say(self.says(line_of(job, state) + (", told now" if reached else ", with its result")))

    def progress(self, plan, patience=None):
        self.row = super().progress(plan, patience)
        return self.row

    def look(self):
        """How far the plan is, or None where that is not known now."""
        if self.plan is not None and self.is_connected() and not self.is_away():
            try:
                return self.progress(self.plan)
            except psycopg2.Error:  # who claims next says so
                self.due = time.monotonic() + self.pause
        return self.row if self.done else None

    def is_done(self):
        """Whether all jobs have ended, as last heard of."""
        return self.gone or self.done and not self.untold


class Servers:
    """All servers that a worker goes round."""

    TRIES = 6  # and errors, one after the other, are more than a server's bad minute

    def __init__(self, servers, lease):
        self.servers = collections.deque(servers)
        if len(servers) == 1:
            servers[0].find()  # where there is nothing to go on with, what is missing is said at once
        else:
            for server in servers:
                server.is_alone = False
                # (while a job is trained, all are asked how far they are, which must not cost its lease)
                server.answers_within = max(1, min(10, lease / 2 / len(servers)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.leave()

    def claim(self, worker, lease):
        """A job of the server whose turn it is, or of the next that has one, and that server; or None."""
        for _ in range(len(self.servers)):
            server = self.servers[0]
            self.servers.rotate(-1)
            for job in server.take(worker, lease):
                return server, job
        return None

    def have_ended(self):
        """Whether nothing is left to do; the program's end, if only servers are left that have nothing but errors."""
        left = [server for server in self.servers if not server.is_done()]
        if left and all(len(server.errors) >= self.TRIES for server in left):
            sys.exit("\n".join(server.says(f"given up: {server.errors[-1]}") for server in left))
        return not left

    def wait_for_jobs(self, seconds):
        """Until a server has jobs to claim, or is to be tried again, or the time is over."""
        connected = [server.connection for server in self.servers if server.is_connected()]
        dues = [server.due - time.monotonic() for server in self.servers if server.due and not server.gone]
        wait_for_notice(connected, max(0, min([seconds, *dues])))

    def progress(self):
        """How far all plans are, together, without those of which that is not known now."""
        looks = [(server, server.look()) for server in self.servers if not server.gone]
        rows = [row for _, row in looks if row]
        if not rows:
            return None
        row = {state: sum(each.get(state, 0) for each in rows) for state in COUNTED}
        row["jobs_per_hour"] = sum(each["jobs_per_hour"] or 0 for each in rows)
        ends = [each["expected_end"] for each in rows if jobs_left(each)]
        row["expected_end"] = max(ends) if ends and None not in ends else None
        row["without"] = ", ".join(server.name for server, row in looks if not row)
        return row


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
        try:
            with kept_lease(database, job, lease, meanwhile) as progress, stop.interrupts():
                result = train(job, progress)
            outcome = to_json(result), None
        except BaseException as error:  # a library may end the program, which ends the job alone
            stop.check()
            if isinstance(error, Stopped):
                return "lost"
            outcome = None, text_of(error)
        return database.tell(job, *outcome)
    except (KeyboardInterrupt, psycopg2.Error):
        if stop.asked:
            raise KeyboardInterrupt(f"{job['job_id']} is {database.give_back(job)}")
        raise


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


COUNTED = "jobs", "pending", "waiting", "running", "succeeded", "failed", "cancelled", "reused", "blocked"


def line_of(job, state):
    return f"{state:9}  attempt {job['attempt']}  {job['job_id']}"


def jobs_left(row):
    """How many jobs have not ended, of a plan's row of training_plan_progress."""
    return row["pending"] + row["waiting"] + row["running"]


class Progress:
    """How far a plan is: on a terminal a bar, which is drawn again every two seconds; elsewhere a line
    after so many seconds, if something has changed.

    look() returns a row like those of training_plan_progress, or None.
    """

    WIDTH = 20

    def __init__(self, look, seconds=10):
        self.look = look
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
        row = self.look()
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
        if row.get("without"):
            line += f"; without {row['without']}"
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

    def watch(self, has_ended):
        """Until all jobs have ended."""
        while not has_ended():
            self.show()
            with stop.interrupts():
                time.sleep(2)
        self.end()

    def end(self):
        with contextlib.suppress(psycopg2.Error):
            self.show_now()
        screen.end()
