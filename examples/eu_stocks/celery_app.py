#!/usr/bin/python3
"""A plan on Celery.

    cd examples/eu_stocks
    celery -A celery_app worker --concurrency 4     # on as many machines as you like
    ./celery_app.py [--plan N]                      # sends the tasks, and waits for the plan's end

A task is the right to train one job, not the job itself: which one, the database decides
when the task runs, so that the order of priority holds and no job is lost with a message.
There are as many tasks as jobs that have not ended; one whose job comes back (the training
failed, or took too long) is run again, and so is one whose worker died, or which ends with
an error of its own.

The broker is CELERY_BROKER_URL, by default the Redis of this machine; LEASE is how long a
worker that died keeps its jobs, in seconds, by default 60; SCHEMA is that of the extension,
where it is not on the search path; OTHERS=yes leaves jobs of other families to other workers.
A worker that is stopped gives the jobs that it trains back at once, and their tasks with them.

Debian: python3-celery, python3-redis, redis-server, and what worker.py needs.
"""

import argparse
import contextlib
import os
import signal
import sys

from billiard import active_children
from celery import Celery
from celery.signals import worker_shutting_down
from kombu.exceptions import OperationalError

import jobs
from train import FAMILIES, train

LEASE = float(os.environ.get("LEASE", 60))
SCHEMA = os.environ.get("SCHEMA")
OTHERS = bool(os.environ.get("OTHERS"))
PATIENCE = 10  # seconds, with processes that were told to stop

app = Celery("celery_app", broker=os.environ.get("CELERY_BROKER_URL", "redis://"))
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    # a task that was not acknowledged runs again after as long as the job's lease
    broker_transport_options={"visibility_timeout": LEASE},
)

database = jobs.Database(FAMILIES, SCHEMA, OTHERS)  # each process connects when it asks first

# A worker that is stopped tells its processes, of which those stop that train, and a task that begins
# in another nevertheless ends at once.  Processes that have not ended after a while are killed; jobs that
# they have are left to their leases.


@worker_shutting_down.connect
def stop_training(**_):
    signal_processes(signal.SIGTERM)
    signal.signal(signal.SIGALRM, lambda *_: signal_processes(signal.SIGKILL))
    signal.alarm(PATIENCE)


def signal_processes(number):
    for process in active_children():
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)


@app.task(bind=True, max_retries=None, autoretry_for=(Exception,), retry_kwargs={"countdown": 1})
def train_next_job(self, plan):
    """Train the job of the plan that is next."""
    name = f"{self.request.hostname}/{os.getpid()}"
    try:
        jobs.stop.when_asked_by(signal.SIGTERM)  # from the first task on; before it, Celery ends the process
        jobs.stop.check()
        for job in database.claim(name, plan, LEASE):
            state = jobs.work_on(database, train, job, LEASE)
            if state == "succeeded":
                return f"{job['job_id']} succeeded"
            raise self.retry(countdown=0)
        if not database.has_ended(plan):
            raise self.retry(countdown=1)
        return "nothing left"
    except KeyboardInterrupt:
        raise self.retry(countdown=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--plan", type=int)
    options = parser.parse_args()

    plan = database.find_plan(options.plan)
    row = database.progress(plan) or sys.exit(f"there is no plan {plan}")
    try:
        with jobs.stop.interrupts():
            for _ in range(jobs.jobs_left(row)):
                train_next_job.delay(plan)
    except OperationalError as error:
        sys.exit(f"no broker: {error}")
    jobs.Progress(lambda: database.progress(plan, patience=0)).watch(lambda: database.has_ended(plan))


if __name__ == "__main__":
    with jobs.in_one_line():
        main()
