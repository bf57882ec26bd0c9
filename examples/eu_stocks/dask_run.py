#!/usr/bin/python3
"""A plan on Dask: on a LocalCluster of several processes, or on the cluster of a scheduler.

    examples/eu_stocks/dask_run.py [--plan N] [--workers N] [--lease SECONDS] [--schema NAME]
                                [--scheduler ADDRESS]

This program alone talks to the database.  It claims as many jobs as keep the workers busy,
sends each as a Dask task, extends the leases of what runs, and reports what comes back; a
task whose worker died is run by another.  When this program dies, its jobs can be claimed by
the next when the leases have ended; when it is stopped, it gives them back.

Debian: python3-distributed, and what worker.py needs.
"""

import argparse
import contextlib
import logging
import os
import signal
import socket
import time

from distributed import Client, LocalCluster, TimeoutError, wait

import worker
from train import train


def keep_leases(database, running, lease):
    """Extend the leases of the jobs that run; drop those that were lost."""
    held = database.extend_all(list(running.values()), lease)
    for future, job in list(running.items()):
        if not held[job["job_id"]]:
            future.cancel()
            del running[future]


def report(database, future, job):
    """What became of a task, to the database."""
    try:
        return "succeeded" if database.complete(job, future.result()) else "lost"
    except Exception as error:
        return worker.report_failure(database, job, error)


def run(client, database, plan, name, lease, slots, running):
    """Work the plan off, with so many tasks at a time; running are the jobs by task, also when this ends early."""
    kept = time.monotonic()
    while True:
        worker.stop.check()
        jobs = database.claim(name, plan, lease, slots - len(running)) if len(running) < slots else []
        for job in jobs:
            # (pure: else another run on the same scheduler would get the result of this one)
            running[client.submit(train, job, pure=False)] = job
        if not running:
            if database.has_ended(plan):
                return
            database.wait_for_jobs(min(lease, 5))
            continue
        try:
            done = wait(list(running), timeout=min(lease / 3, 1), return_when="FIRST_COMPLETED").done
        except TimeoutError:
            done = ()
        for future in done:
            job = running[future]
            print(f"{report(database, future, job):9}  attempt {job['attempt']}  {job['job_id']}", flush=True)
            del running[future]
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
    options = parser.parse_args()

    database = worker.Database(options.schema)
    plan = worker.find_plan(database, options.plan)
    name = f"dask {socket.gethostname()}/{os.getpid()}"
    running = {}
    with contextlib.ExitStack() as stack:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the cluster's processes too, which end with this one
        cluster = options.scheduler or stack.enter_context(
            LocalCluster(n_workers=options.workers, threads_per_worker=1, dashboard_address=None,
                         silence_logs=logging.CRITICAL))  # which tell of every connection that ends
        client = stack.enter_context(Client(cluster))
        signal.signal(signal.SIGINT, worker.stop.ask)
        try:
            # one task runs on each thread and another waits, so that none is idle
            run(client, database, plan, name, options.lease, 2 * sum(client.nthreads().values()), running)
        except KeyboardInterrupt:
            given_back = [database.give_back(job) for job in running.values()].count("given back")
            raise KeyboardInterrupt(f"{given_back} of {len(running)} jobs are given back")


if __name__ == "__main__":
    with worker.in_one_line():
        main()
