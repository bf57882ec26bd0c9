#!/usr/bin/python3
"""A worker: claims the jobs of a plan one by one, trains them and reports, until all have ended.

    examples/eu_stocks/worker.py [--plan N | --run RUN_ID] [--server CONNECTION]... [--name NAME]
                                 [--lease SECONDS] [--schema NAME] [--others]

Start as many as you like, on any machine; the server is found as libpq finds it (PGHOST,
PGDATABASE, ...).  The plan is the latest if not given; the schema is that of the extension,
where it is not on the search path.

Of a plan in parts, name each server, by what libpq takes (--server "host=shard1 dbname=research"),
and the run whose part is the plan there.  The worker goes round them: a job of one, a job of the
next.  A server that is away, does not answer, or answers with an error is tried again after a pause, and
the others are worked on; what was trained of its jobs meanwhile is told when it is back.

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
    parser.add_argument("--run", metavar="RUN_ID", help="the latest plan of this run, on each server")
    parser.add_argument("--server", action="append", metavar="CONNECTION", help="any number of them, a connection to each")
    parser.add_argument("--name", default=f"{socket.gethostname()}/{os.getpid()}")
    parser.add_argument("--lease", type=float, default=60, metavar="SECONDS")
    parser.add_argument("--schema", metavar="NAME", help="of the extension, where it is not on the search path")
    parser.add_argument("--others", action="store_true", help="leave jobs of other families to other workers")
    options = parser.parse_args()

    if options.plan and (options.run or len(options.server or []) > 1):
        parser.error("--plan is a number of one server; --run names a plan on each")

    servers = [
        jobs.Server(FAMILIES, options.schema, options.others, server, plan=options.plan, run=options.run)
        for server in options.server or [""]
    ]
    with jobs.Servers(servers, options.lease) as servers:
        progress = jobs.Progress(servers.progress, seconds=60)
        while True:
            jobs.stop.check()
            progress.show()
            claimed = servers.claim(options.name, options.lease)
            if claimed:
                server, job = claimed
                state = jobs.work_on(server, train, job, options.lease, meanwhile=progress.show)
                jobs.screen.say(server.says(jobs.line_of(job, state)))
            elif servers.have_ended():
                break
            else:
                servers.wait_for_jobs(min(options.lease, 5))
        progress.end()


if __name__ == "__main__":
    with jobs.in_one_line():
        main()
