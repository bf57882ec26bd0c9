#!/usr/bin/python3
"""Workers that misbehave, until all jobs of the latest plan have ended.

    test/workers/stress.py LOG [--workers N] [--seed N]

Each worker is a process with a connection of its own.  At random it completes
its jobs, fails them, reports too late, extends its leases, drops its
connection, or is killed in the middle of a job and replaced by another.  One
more process cancels and retries jobs meanwhile.  When the server goes away,
all wait for it to come back.

LOG becomes a CSV file of what the workers were told: worker, job, attempt, what
they reported and the answer: t, f, or nothing where the connection was lost
before one came.  The server is found as libpq finds it.

Debian: python3-psycopg2.
"""

import argparse
import contextlib
import csv
import multiprocessing
import os
import random
import signal
import sys
import time

import psycopg2

LEASE = 1.0  # seconds
DEADLINE = 300  # seconds, for all of it


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


def ask(connection, query, arguments=()):
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)
        return cursor.fetchall()


def work_on(connection, log, worker, job, chance):
    """One job, in one of many ways.  The report is logged before it is made, and again with its answer."""
    plan, job_id, attempt = job

    def report(kind, query, *arguments):
        log.write(worker, job_id, attempt, kind, "")
        ((answer,),) = ask(connection, query, (plan, job_id, attempt, *arguments))
        log.write(worker, job_id, attempt, kind, "t" if answer else "f")
        return answer

    way = chance.random()
    if way < 0.003:
        os.kill(os.getpid(), signal.SIGKILL)
    if way < 0.006:
        connection.close()
        raise psycopg2.InterfaceError("dropped")
    if way < 0.008:
        time.sleep(1.2 * LEASE)
    elif way < 0.05:
        report("extend", "SELECT extend_training_job_lease(%s, %s, %s, '1 s')")
    if way < 0.1:
        retry_in = chance.choice(("0", "20 ms"))
        report("fail", "SELECT fail_training_job(%s, %s, %s, %s, %s)", f"{worker} failed", retry_in)
    else:
        report("complete", "SELECT complete_training_job(%s, %s, %s, %s)", '{"by": "%s"}' % worker)
    if way > 0.98:
        report("complete", "SELECT complete_training_job(%s, %s, %s)")


def work(path, worker, seed):
    """Until there is nothing left to claim, now or later."""
    chance = random.Random(seed)
    log = Log(path)
    connection = connect()
    while True:
        with contextlib.suppress(psycopg2.OperationalError, psycopg2.InterfaceError):
            jobs = ask(
                connection,
                "SELECT plan_id, job_id, attempt FROM claim_training_jobs(%s, %s, lease => '1 s')",
                (worker, chance.choice((1, 1, 1, 2, 5))),
            )
            for _, job_id, attempt in jobs:
                log.write(worker, job_id, attempt, "claim", "t")
            for job in jobs:
                work_on(connection, log, worker, job, chance)
            if not jobs:
                ((left,),) = ask(
                    connection,
                    "SELECT pending + running FROM training_plan_progress WHERE plan_id = latest_training_plan()",
                )
                if left == 0:
                    return
                time.sleep(0.05)
            continue
        connection = connect()


def disturb(seed, is_over):
    """Cancel some jobs, and retry some of those, until it is over."""
    chance = random.Random(seed)
    connection = connect()
    while not is_over.is_set():
        with contextlib.suppress(psycopg2.OperationalError):
            for call in ("cancel", "cancel", "retry"):
                ask(
                    connection,
                    f"""SELECT {call}_training_jobs(latest_training_plan(), array_agg(job_id))
                    FROM (SELECT job_id FROM training_jobs WHERE plan_id = latest_training_plan()
                        ORDER BY md5(job_id || %s) LIMIT 20) AS chosen""",
                    (str(chance.random()),),
                )
                time.sleep(0.2)
            continue
        connection = connect()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("log")
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    started = 0

    def start():
        nonlocal started
        started += 1
        process = multiprocessing.Process(target=work, args=(options.log, f"worker {started}", chance.random()))
        process.start()
        return process

    deadline = time.monotonic() + DEADLINE

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
            workers = [p for p in workers if p.exitcode != 0]
            workers = [start() if p.exitcode is not None else p for p in workers]

    is_over = multiprocessing.Event()
    disturber = multiprocessing.Process(target=disturb, args=(chance.random(), is_over), daemon=True)
    disturber.start()
    work_off(options.workers)
    is_over.set()
    disturber.join()
    # what was retried when all had ended
    work_off(1)
    print(started, "workers")


if __name__ == "__main__":
    main()
