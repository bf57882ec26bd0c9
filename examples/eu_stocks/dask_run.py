#!/usr/bin/python3
"""A plan on Dask: on a LocalCluster of several processes, or on the cluster of a scheduler.

    examples/eu_stocks/dask_run.py [--plan N] [--workers N] [--lease SECONDS] [--schema NAME]
                                [--scheduler ADDRESS] [--others]

This program alone talks to the database.  It claims as many jobs as keep the workers busy,
sends each as a Dask task, extends the leases of what runs, and reports what comes back, all
of it for many jobs at once; a task whose worker died is run by another.  When this program
dies, its jobs can be claimed by the next when the leases have ended; when it is stopped, or
the scheduler is gone, it gives them back.

Debian: python3-distributed, and what worker.py needs.
"""

import argparse
import contextlib
import logging
import os
import signal
import socket
import sys
import time

import cloudpickle
from distributed import CancelledError, Client, LocalCluster, TimeoutError, wait

import jobs
from train import FAMILIES, train

cloudpickle.register_pickle_by_value(jobs)  # workers need train.py, and nothing of the database


def try_to_train(job):
    """On a worker: the job's result as JSON, or else why there is none; that a library may end the program is the job's affair."""
    try:
        return jobs.to_json(train(job)), None
    except BaseException as error:
        return None, jobs.text_of(error)


def outcome(task):
    """What try_to_train() returned, or why it did not."""
    try:
        return task.result()
    except CancelledError:
        raise
    except Exception as error:  # of Dask, such as that the workers die of it
        return None, jobs.text_of(error)


def report_alone(database, job, result, why):
    try:
        if why is None:
            return "succeeded" if database.complete(job, result) else "lost"
    except jobs.psycopg2.DataError as error:
        why = jobs.text_of(error)
    return jobs.report_failure(database, job, why)


def report(database, ended):
    """Tell the database what became of jobs, given as (job, result, why there is none); returns (job, what it is now) of each."""
    trained = [(job, result) for job, result, why in ended if why is None]
    try:
        held = database.complete_all([job for job, _ in trained], [result for _, result in trained])
        alone = [part for part in ended if part[2] is not None]
    except jobs.psycopg2.DataError:  # one of them has a result that the database can't take: each by itself
        trained, held, alone = [], [], ended
    now = [(job, "succeeded" if is_held else "lost") for (job, _), is_held in zip(trained, held)]
    return now + [(part[0], report_alone(database, *part)) for part in alone]


def keep_leases(database, running, lease):
    """Extend the leases of the jobs that run; drop those that were lost."""
    held = database.extend_all(list(running.values()), lease)
    for task, is_held in zip(list(running), held):
        if not is_held:
            task.cancel()
            del running[task]


def run(client, database, plan, name, lease, progress):
    """Work the plan off; running are the jobs by task."""
    running, kept, has_workers = {}, time.monotonic(), True
    while True:
        jobs.stop.check()
        progress.show()
        # one task runs on each thread and another waits, so that none is idle
        slots = 2 * sum(client.nthreads().values())
        if not slots and has_workers:
            jobs.screen.say("the scheduler has no workers, waiting for some", sys.stderr)
        has_workers = slots > 0
        for job in database.claim(name, plan, lease, slots - len(running)) if len(running) < slots else []:
            # (pure: else another run on the same scheduler would get the result of this one)
            running[client.submit(try_to_train, job, pure=False)] = job
        if not running:
            if database.has_ended(plan):
                return
            database.wait_for_jobs(min(lease, 5))
            continue
        try:
            done = wait(list(running), timeout=min(lease / 3, 1), return_when="FIRST_COMPLETED").done
        except TimeoutError:
            done = ()
        for job, state in report(database, [(running[task], *outcome(task)) for task in done]):
            jobs.screen.say(jobs.line_of(job, state))
        for task in done:
            del running[task]
        if time.monotonic() - kept > lease / 3:
            keep_leases(database, running, lease)
            kept = time.monotonic()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--plan", type=int)
    parser.add_argument("--workers", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--lease", type=float, default=60, metavar="SECONDS")
    parser.add_argument("--schema", metavar="NAME", help="of the extension, where it is not on the search path")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a cluster that is there, instead of --workers")
    parser.add_argument("--others", action="store_true", help="leave jobs of other families to other workers")
    options = parser.parse_args()

    database = jobs.Database(FAMILIES, options.schema, options.others)
    plan = database.find_plan(options.plan)
    name = f"dask {socket.gethostname()}/{os.getpid()}"
    logging.disable(logging.CRITICAL)  # Dask tells of every connection that ends
    with contextlib.ExitStack() as stack:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the cluster's processes too, which end with this one
        try:
            cluster = options.scheduler or stack.enter_context(
                LocalCluster(n_workers=options.workers, threads_per_worker=1, dashboard_address=None,
                             silence_logs=logging.CRITICAL))
            client = stack.enter_context(Client(cluster, timeout="10s"))
        except OSError as error:
            sys.exit(f"no scheduler: {jobs.first_line(error)}")
        signal.signal(signal.SIGINT, jobs.stop.ask)
        progress = jobs.Progress(lambda: database.progress(plan, patience=0))
        try:
            run(client, database, plan, name, options.lease, progress)
            progress.end()
        except KeyboardInterrupt:
            raise KeyboardInterrupt(database.give_back_all(name, plan))
        except jobs.psycopg2.Error:
            database.give_back_all(name, plan)
            raise
        except (CancelledError, OSError, TimeoutError):
            sys.exit(f"the scheduler is gone: {database.give_back_all(name, plan)}")


if __name__ == "__main__":
    with jobs.in_one_line():
        main()
