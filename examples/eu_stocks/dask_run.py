#!/usr/bin/python3
"""A plan on Dask: on a LocalCluster of several processes, or on the cluster of a scheduler.

    examples/eu_stocks/dask_run.py [--plan N] [--workers N] [--lease SECONDS] [--scheduler ADDRESS]

This program alone talks to the database.  It claims as many jobs as keep the workers busy,
sends each as a Dask task, extends the leases of what runs, and reports what comes back; a
task whose worker died is run by another.  When this program dies, its jobs can be claimed by
the next when the leases have ended.

Debian: python3-distributed, and what worker.py needs.
"""

import argparse
import os
import socket
import time

from distributed import Client, LocalCluster, TimeoutError, wait

import worker
from train import train


def keep_leases(connection, running, lease):
    """Extend the leases of the jobs that run; drop those that were lost."""
    held = worker.extend_all(connection, list(running.values()), lease)
    for future, job in list(running.items()):
        if not held[job["job_id"]]:
            future.cancel()
            del running[future]


def report(connection, future, job):
    """What became of a task, to the database."""
    error = future.exception()
    if error is None:
        return "succeeded" if worker.complete(connection, job, future.result()) else "lost"
    return "failed" if worker.fail(connection, job, error) else "lost"


def run(client, connection, plan, name, lease, slots):
    """Work the plan off, with so many tasks at a time."""
    running = {}
    kept = time.monotonic()
    while True:
        jobs = worker.claim(connection, name, plan, lease, slots - len(running)) if len(running) < slots else []
        for job in jobs:
            running[client.submit(train, job, key=f"{job['job_id']} {job['attempt']}")] = job
        if not running:
            if worker.has_ended(connection, plan):
                return
            worker.wait_for_jobs(connection, min(lease, 5))
            continue
        try:
            done = wait(list(running), timeout=lease / 3, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            done = ()
        for future in done:
            job = running.pop(future)
            print(f"{report(connection, future, job):9}  attempt {job['attempt']}  {job['job_id']}", flush=True)
        if time.monotonic() - kept > lease / 3:
            keep_leases(connection, running, lease)
            kept = time.monotonic()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--plan", type=int)
    parser.add_argument("--workers", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--lease", type=float, default=60, metavar="SECONDS")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a cluster that is there, instead of --workers")
    options = parser.parse_args()

    connection = worker.connect()
    plan = options.plan or worker.latest_plan(connection)
    name = f"dask {socket.gethostname()}/{os.getpid()}"
    cluster = options.scheduler or LocalCluster(n_workers=options.workers, threads_per_worker=1, dashboard_address=None)
    with Client(cluster) as client:
        # one task runs on each thread and another waits, so that none is idle
        run(client, connection, plan, name, options.lease, slots=2 * sum(client.nthreads().values()))
    if not options.scheduler:
        cluster.close()


if __name__ == "__main__":
    main()
