#!/usr/bin/python3
"""A worker: claims the jobs of a plan one by one, trains them and reports, until all have ended.

    examples/eu_stocks/worker.py [--plan N] [--name NAME] [--lease SECONDS] [--schema NAME] [--others]

Start as many as you like, on any machine; the server is found as libpq finds it (PGHOST,
PGDATABASE, ...).  The plan is the latest if not given; the schema is that of the extension,
where it is not on the search path.

While a job is trained its lease is extended, so that it can be short.  When the worker dies,
another gets the job when the lease has ended.  A connection that drops is made again; who
hears nothing for as long as the lease gives the job up.  Ctrl-C or SIGTERM give the job back
at once, which counts as one of its attempts.

A plan that has jobs of other families is refused; with --others they are left to other workers,
and this one ends when no job is left that it can train.  That jobs have failed does not make the
worker fail.

To make it yours, copy this file and jobs.py, and write a train() of your own.

Debian: python3-psycopg2, and what train.py needs.
"""

import argparse
import os
import socket

import jobs

# REPLACE: what you train.  FAMILIES are the names of your model families: no job of others is claimed.
# train(job, progress) gets a row of claim_training_jobs() as a dictionary (job["target"], job["symbol"],
# job["model_families"], ...) and returns its result, whatever JSON can say.  What it raises is the error that
# the job fails with.  If it calls progress(0.5) now and then, training_job_status says how far it is, and it
# ends there when the job is not wanted any more.
from train import FAMILIES, train


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--plan", type=int)
    parser.add_argument("--name", default=f"{socket.gethostname()}/{os.getpid()}")
    parser.add_argument("--lease", type=float, default=60, metavar="SECONDS")
    parser.add_argument("--schema", metavar="NAME", help="of the extension, where it is not on the search path")
    parser.add_argument("--others", action="store_true", help="leave jobs of other families to other workers")
    options = parser.parse_args()

    database = jobs.Database(FAMILIES, options.schema, options.others)
    plan = database.find_plan(options.plan)
    progress = jobs.Progress(database, plan, seconds=60)
    while True:
        jobs.stop.check()
        progress.show()
        claimed = database.claim(options.name, plan, options.lease)
        for job in claimed:
            state = jobs.work_on(database, train, job, options.lease, meanwhile=progress.show)
            jobs.screen.say(f"{state:9}  attempt {job['attempt']}  {job['job_id']}")
        if not claimed:
            if database.has_ended(plan):
                break
            database.wait_for_jobs(min(options.lease, 5))
    progress.end()


if __name__ == "__main__":
    with jobs.in_one_line():
        main()
