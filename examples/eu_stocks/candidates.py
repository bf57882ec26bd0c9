#!/usr/bin/python3
"""Routing candidates from prices: how well each target can be predicted, and how stably.

    [PRICES_UNTIL=DAY] examples/eu_stocks/candidates.py [PRICES] >candidates.csv

PRICES is a CSV file with a column day and one of daily closing prices for each symbol;
eu_stock_indices.csv beside this program if not given. With PRICES_UNTIL, they are as they
were known on that day. Every target is scored pooled over
all symbols (symbol is empty then) and for each symbol alone. The output is a candidates
relation: COPY ... FROM ... WITH (FORMAT csv, HEADER match).

Debian: python3-xgboost, python3-sklearn (which bring NumPy and SciPy).
"""

import csv
import itertools
import sys

import numpy
from scipy.stats import kendalltau
from xgboost import XGBClassifier, XGBRegressor

from dataset import CLASS, METRICS, folds, pool, read_prices, score, targets

MOST_IMPORTANT = 8  # features whose overlap is measured
TREES = {"n_estimators": 60, "max_depth": 3, "learning_rate": 0.1, "random_state": 0, "n_jobs": 1}

COLUMNS = (
    "target", "symbol", "mode", "score", "stability", "sample_size", "leakage_status", "task_type",
    "metric_name", "mean_overlap", "std_overlap", "mean_tau", "std_tau",
)


def measure(task, inputs, values, day):
    """The mean score over the folds, and how much the features' importances agree between them."""
    scores, importances = [], []
    for train, test in folds(day):
        model = (XGBClassifier if task == CLASS else XGBRegressor)(**TREES)
        model.fit(inputs[train], values[train])
        scores.append(score(model, task, inputs[test], values[test]))
        importances.append(model.feature_importances_)

    overlaps, taus = [], []
    for one, other in itertools.combinations(importances, 2):
        best, best_other = (set(numpy.argsort(i, kind="stable")[-MOST_IMPORTANT:]) for i in (one, other))
        overlaps.append(len(best & best_other) / len(best | best_other))
        taus.append(kendalltau(one, other)[0])
    return numpy.mean(scores), numpy.mean(overlaps), numpy.std(overlaps), numpy.mean(taus), numpy.std(taus)


def candidate(target, symbol, task, samples):
    """A row: of the samples of one symbol or of all."""
    inputs, values, day = samples
    mean_score, *agreement = measure(task, inputs, values, day)
    return [
        target, symbol, "SYMBOL_SPECIFIC" if symbol else "CROSS_SECTIONAL", round(float(mean_score), 6), "UNKNOWN", len(values),
        "SAFE", task, METRICS[task], *(round(float(number), 4) for number in agreement),
    ]


def main():
    prices = read_prices(*sys.argv[1:2])
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for target, task, samples in targets(prices):
        writer.writerow(candidate(target, "", task, pool(samples.values())))
        for symbol in prices:
            writer.writerow(candidate(target, symbol, task, samples[symbol]))


if __name__ == "__main__":
    main()
