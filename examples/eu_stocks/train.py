#!/usr/bin/python3
"""Trains the models of one job, and says how good they are.

    psql -XAtc "SELECT to_jsonb(j) FROM claim_training_jobs('me') AS j" | examples/eu_stocks/train.py
    examples/eu_stocks/train.py --families

A row of claim_training_jobs() as JSON in, its result as JSON out; or the families that it
trains, as an array of SQL.  Nothing else is read but the prices.  A cross-sectional job is trained on all symbols, any other on its own;
each of its model families in turn, over five expanding folds by time.

Debian: python3-xgboost, python3-sklearn (which bring NumPy).
"""

import functools
import json
import os
import sys

# one thread for each job: who runs several at a time is not slowed down by that
os.environ.setdefault("OMP_NUM_THREADS", "1")

try:
    import numpy
    from sklearn.ensemble import (
        HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor,
    )
    from xgboost import XGBClassifier, XGBRegressor

    from dataset import CLASS, METRICS, folds, pool, read_prices, score, targets
except ModuleNotFoundError as missing:
    sys.exit(f"{missing} (Debian: python3-xgboost, python3-sklearn)")

# REPLACE: your model families.  family: classifier, regressor, their parameters
FAMILIES = {
    "xgboost": (
        XGBClassifier, XGBRegressor,
        {"n_estimators": 60, "max_depth": 3, "learning_rate": 0.1, "random_state": 0, "n_jobs": 1},
    ),
    "random_forest": (
        RandomForestClassifier, RandomForestRegressor,
        {"n_estimators": 60, "max_depth": 5, "max_features": "sqrt", "random_state": 0, "n_jobs": 1},
    ),
    "hist_gradient_boosting": (
        HistGradientBoostingClassifier, HistGradientBoostingRegressor,
        {"max_iter": 60, "max_depth": 3, "learning_rate": 0.1, "random_state": 0},
    ),
}


class CannotTrain(Exception):
    """A job that this program is not made for."""


@functools.lru_cache(maxsize=None)
def all_samples():
    """What there is to learn from, by target: the task, and (inputs, values, day) of each symbol.

    Computed once a process, and not for each job.
    """
    # REPLACE: your features and labels
    return {target: (task, samples) for target, task, samples in targets(read_prices())}


def samples_of(job):
    """The task of the job's target, and what there is to learn from: (inputs, values, day)."""
    if job["target"] not in all_samples():
        raise CannotTrain(f"unknown target \"{job['target']}\"")
    task, samples = all_samples()[job["target"]]
    if job["training_type"] == "cross_sectional":
        return task, pool(samples.values())
    if job["symbol"] not in samples:
        raise CannotTrain(f"unknown symbol \"{job['symbol']}\": there are prices of {', '.join(samples)}")
    return task, samples[job["symbol"]]


def train(job, progress=lambda share: None):
    """The result of a job, which is a row of claim_training_jobs(): the metric, the best score, how many
    samples there were, and of each family the score of each fold and their mean.

    progress() is told behind each model how far the job is, from 0 to 1.
    """
    unknown = [family for family in job["model_families"] if family not in FAMILIES]
    if unknown:
        raise CannotTrain(f"unknown model family \"{unknown[0]}\": this program trains {', '.join(FAMILIES)}")
    task, (inputs, values, day) = samples_of(job)

    families, parts = {}, list(folds(day))
    for number, family in enumerate(job["model_families"]):
        classifier, regressor, parameters = FAMILIES[family]
        scores = []
        for fitted, tested in parts:
            model = (classifier if task == CLASS else regressor)(**parameters)
            model.fit(inputs[fitted], values[fitted])
            scores.append(score(model, task, inputs[tested], values[tested]))
            progress((number + len(scores) / len(parts)) / len(job["model_families"]))
        families[family] = {
            "score": round(float(numpy.mean(scores)), 6),
            "folds": [round(float(s), 6) for s in scores],
        }
    # REPLACE: what is to be known of the job afterwards, such as where the models are; scores.sql reads
    # it, and training_scores() the score
    best = max(of["score"] for of in families.values())
    return {"metric": METRICS[task], "score": best, "samples": len(values), "families": families}


def main():
    if sys.argv[1:] == ["--families"]:
        print(f"{{{','.join(FAMILIES)}}}")
        return
    try:
        print(json.dumps(train(json.load(sys.stdin))))
    except CannotTrain as error:
        sys.exit(f"cannot train: {error}")


if __name__ == "__main__":
    main()
