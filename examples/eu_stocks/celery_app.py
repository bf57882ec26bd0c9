#!/usr/bin/python3
"""A plan on Celery.

    cd examples/eu_stocks
    celery -A celery_app worker --concurrency 4     # on as many machines as you like
    ./celery_app.py [--plan N]                      # sends the tasks, and waits for the plan's end

A task is the right to train one job, not the job itself: which one, the database decides
when the task runs, so that the order of priority holds and no job is lost with a message.
There are as many tasks as jobs that have not ended; one whose job comes back (the training
failed, or took too long) is run again, and so is one whose worker died.

The broker is CELERY_BROKER_URL, by default the Redis of this machine; LEASE is how long a
worker that died keeps its jobs, in seconds, by default 60.

Debian: python3-celery, python3-redis, redis-server, and what worker.py needs.
"""

import argparse
import os
import sys

from celery import Celery
from celery.signals import worker_process_init

import worker

LEASE = float(os.environ.get("LEASE", 60))

app = Celery("celery_app", broker=os.environ.get("CELERY_BROKER_URL", "redis://"))
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    # a task that was not acknowledged runs again after as long as the job's lease
    broker_transport_options={"visibility_timeout": LEASE},
)

connection = None  # of each process of a worker


@worker_process_init.connect
def connect(**_):
    global connection
    connection = worker.connect()


@app.task(bind=True, max_retries=None)
def train_next_job(self, plan):
    """Train the job of the plan that is next."""
    name = f"{self.request.hostname}/{os.getpid()}"
    for job in worker.claim(connection, name, plan, LEASE):
        state = worker.work_on(connection, job, LEASE)
        if state == "succeeded":
            return f"{job['job_id']} succeeded"
        raise self.retry(countdown=0)
    if not worker.has_ended(connection, plan):
        raise self.retry(countdown=1)
    return "nothing left"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--plan", type=int)
    options = parser.parse_args()

    database = worker.connect()
    plan = options.plan or worker.latest_plan(database)
    row = worker.progress(database, plan)
    if row is None:
        sys.exit("there is no such plan")
    for _ in range(row["pending"] + row["running"]):
        train_next_job.delay(plan)
    worker.show_progress(database, plan)


if __name__ == "__main__":
    main()
