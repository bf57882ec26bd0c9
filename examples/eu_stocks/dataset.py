"""The prices as something to learn from: features, targets, folds by time, scores.

PRICES_UNTIL in the environment is the last day whose prices are known, as on that day; all
if not given.

Debian: python3-sklearn (which brings NumPy).
"""

import csv
import os
import pathlib

import numpy
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import TimeSeriesSplit

PRICES = pathlib.Path(__file__).with_name("eu_stock_indices.csv")
HORIZONS = (1, 5, 10, 20)  # days ahead
RETURN_WINDOWS = (1, 2, 3, 5, 10, 20, 60)  # days back
WINDOWS = (5, 10, 20, 60)
SWING = 0.8  # of the standard deviation of returns over the horizon
FOLDS = 5

CLASS = "BINARY_CLASSIFICATION"
REGRESSION = "REGRESSION"
METRICS = {CLASS: "auc", REGRESSION: "r2"}


def read_prices(path=PRICES):
    """Closing prices by symbol, one a day."""
    with open(path, newline="") as file:
        until = float(os.environ.get("PRICES_UNTIL") or "inf")
        rows = [row for row in csv.DictReader(file) if float(row["day"]) <= until]
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


def labels(prices, days):
    """What is to be predicted over a horizon: (target, task, values by day, NaN where not known)."""
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

    yield f"fwd_ret_{days}d", REGRESSION, returns
    yield f"y_will_rise_{days}d", CLASS, flag(returns > 0, returns)
    yield f"y_will_swing_high_{days}d_{SWING:.2f}", CLASS, flag(highest > swing, highest, swing)
    yield f"y_will_swing_low_{days}d_{SWING:.2f}", CLASS, flag(lowest < -swing, lowest, swing)
    yield f"y_will_be_volatile_{days}d", CLASS, flag(moved > volatility, moved, volatility)


def targets(prices):
    """All targets: (target, task, samples of each symbol), where samples are (inputs, values, day)."""
    inputs = {symbol: features(closing) for symbol, closing in prices.items()}
    for days in HORIZONS:
        for of_symbols in zip(*(labels(closing, days) for closing in prices.values())):
            target, task, _ = of_symbols[0]
            samples = {}
            for symbol, (_, _, values) in zip(prices, of_symbols):
                known = ~numpy.isnan(inputs[symbol]).any(axis=1) & ~numpy.isnan(values)
                samples[symbol] = inputs[symbol][known], values[known], numpy.flatnonzero(known)
            yield target, task, samples


def pool(samples):
    """The samples of several symbols as one."""
    return tuple(numpy.concatenate(parts) for parts in zip(*samples))


def folds(day):
    """Expanding folds by time, the rows of a day together."""
    days = numpy.unique(day)
    for train, test in TimeSeriesSplit(FOLDS).split(days):
        yield numpy.isin(day, days[train]), numpy.isin(day, days[test])


def score(model, task, inputs, values):
    """How well a fitted model predicts, by the task's metric."""
    if task == CLASS:
        return roc_auc_score(values, model.predict_proba(inputs)[:, 1])
    return r2_score(values, model.predict(inputs))
