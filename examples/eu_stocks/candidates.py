#!/usr/bin/python3
"""Routing candidates from prices: how well each target can be predicted, and how stably.

    examples/eu_stocks/candidates.py [PRICES] >candidates.csv

PRICES is a CSV file with a column day and one of daily closing prices for each symbol;
eu_stock_indices.csv beside this program if not given. Every target is scored pooled over
all symbols (symbol is empty then) and for each symbol alone. The output is a candidates
relation: COPY ... FROM ... WITH (FORMAT csv, HEADER match).

Debian: python3-xgboost, python3-sklearn (which bring NumPy and SciPy).
"""

import csv
import itertools
import pathlib
import sys

import numpy
from scipy.stats import kendalltau
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import TimeSeriesSplit
from xgboost import XGBClassifier, XGBRegressor

HORIZONS = (1, 5, 10, 20)  # days ahead
RETURN_WINDOWS = (1, 2, 3, 5, 10, 20, 60)  # days back
WINDOWS = (5, 10, 20, 60)
SWING = 0.8  # of the standard deviation of returns over the horizon
FOLDS = 5
MOST_IMPORTANT = 8  # features whose overlap is measured
TREES = {"n_estimators": 60, "max_depth": 3, "learning_rate": 0.1, "random_state": 0, "n_jobs": 1}

CLASS = "BINARY_CLASSIFICATION"
COLUMNS = (
    "target", "symbol", "mode", "score", "stability", "sample_size", "leakage_status", "task_type",
    "metric_name", "mean_overlap", "std_overlap", "mean_tau", "std_tau",
)


def read_prices(path):
    """Closing prices by symbol, one a day."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    return {symbol: numpy.array([float(row[symbol]) for row in rows]) for symbol in rows[0] if symbol != "day"}


def past(values, window, statistic):
    """A statistic of the values of a window that ends on each day; NaN before there is a whole one."""
    result = numpy.full(len(values), numpy.nan)
    views = numpy.lib.stride_tricks.sliding_window_view(values, window)
    result[window - 1 :] = statistic(views, axis=1)
    return result


def ahead(values, days):
    """The values of some days later; NaN where there are none yet."""
    result = numpy.full(len(values), numpy.nan)
    result[:-days] = values[days:]
    return result


def features(prices):
    """19 features a day: log returns, volatility, distance to the moving average, position in the range."""
    logs = numpy.log(prices)
    daily = numpy.diff(logs, prepend=numpy.nan)
    columns = []
    for window in RETURN_WINDOWS:
        columns.append(numpy.concatenate([numpy.full(window, numpy.nan), logs[window:] - logs[:-window]]))
    for window in WINDOWS:
        columns.append(past(daily, window, numpy.std))
    for window in WINDOWS:
        columns.append(prices / past(prices, window, numpy.mean) - 1)
    for window in WINDOWS:
        low, high = past(prices, window, numpy.min), past(prices, window, numpy.max)
        columns.append((prices - low) / (high - low))
    return numpy.column_stack(columns)


def targets(prices, days):
    """What is to be predicted over a horizon: (name, task, values by day, NaN where not known)."""
    logs = numpy.log(prices)
    daily = numpy.diff(logs, prepend=numpy.nan)
    volatility = past(daily, 20, numpy.std)
    returns = ahead(logs, days) - logs
    highest = ahead(past(logs, days, numpy.max), days) - logs
    lowest = ahead(past(logs, days, numpy.min), days) - logs
    swing = SWING * volatility * numpy.sqrt(days)
    moved = ahead(numpy.sqrt(past(daily**2, days, numpy.mean)), days)

    def flag(condition, *needed):
        return numpy.where(numpy.isnan(sum(needed)), numpy.nan, condition)

    yield f"fwd_ret_{days}d", "REGRESSION", returns
    yield f"y_will_rise_{days}d", CLASS, flag(returns > 0, returns)
    yield f"y_will_swing_high_{days}d_{SWING:.2f}", CLASS, flag(highest > swing, highest, swing)
    yield f"y_will_swing_low_{days}d_{SWING:.2f}", CLASS, flag(lowest < -swing, lowest, swing)
    yield f"y_will_be_volatile_{days}d", CLASS, flag(moved > volatility, moved, volatility)


def folds(day):
    """Expanding folds by time, the rows of a day together."""
    days = numpy.unique(day)
    for train, test in TimeSeriesSplit(FOLDS).split(days):
        yield numpy.isin(day, days[train]), numpy.isin(day, days[test])


def measure(task, inputs, values, day):
    """The mean score over the folds, and how much the features' importances agree between them."""
    scores, importances = [], []
    for train, test in folds(day):
        if task == CLASS:
            model = XGBClassifier(**TREES).fit(inputs[train], values[train])
            scores.append(roc_auc_score(values[test], model.predict_proba(inputs[test])[:, 1]))
        else:
            model = XGBRegressor(**TREES).fit(inputs[train], values[train])
            scores.append(r2_score(values[test], model.predict(inputs[test])))
        importances.append(model.feature_importances_)

    overlaps, taus = [], []
    for one, other in itertools.combinations(importances, 2):
        best, best_other = (set(numpy.argsort(i, kind="stable")[-MOST_IMPORTANT:]) for i in (one, other))
        overlaps.append(len(best & best_other) / len(best | best_other))
        taus.append(kendalltau(one, other)[0])
    return numpy.mean(scores), numpy.mean(overlaps), numpy.std(overlaps), numpy.mean(taus), numpy.std(taus)


def candidate(name, symbol, task, samples):
    """A row: the samples are (inputs, values, day) of one symbol or of all."""
    inputs, values, day = (numpy.concatenate(parts) for parts in zip(*samples))
    score, *agreement = measure(task, inputs, values, day)
    return [
        name, symbol, "SYMBOL_SPECIFIC" if symbol else "CROSS_SECTIONAL", round(float(score), 6), "UNKNOWN", len(values),
        "SAFE", task, "auc" if task == CLASS else "r2", *(round(float(number), 4) for number in agreement),
    ]


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("eu_stock_indices.csv")
    prices = read_prices(path)
    inputs = {symbol: features(closing) for symbol, closing in prices.items()}
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for days in HORIZONS:
        for of_symbols in zip(*(targets(closing, days) for closing in prices.values())):
            name, task, _ = of_symbols[0]
            samples = {}
            for symbol, (_, _, values) in zip(prices, of_symbols):
                known = ~numpy.isnan(inputs[symbol]).any(axis=1) & ~numpy.isnan(values)
                samples[symbol] = inputs[symbol][known], values[known], numpy.flatnonzero(known)
            writer.writerow(candidate(name, "", task, samples.values()))
            for symbol, sample in samples.items():
                writer.writerow(candidate(name, symbol, task, [sample]))


if __name__ == "__main__":
    main()
