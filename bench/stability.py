"""Stability of feature importances as a Python program makes it, with numpy and scipy.

    stability.py RELATION    reads it from the server of the environment, and prints for each
                             target and symbol what feature_stability() returns
"""
import sys

import numpy
import psycopg2
from scipy.stats import kendalltau

TOP = 20


def tau(before, after):
    common = [feature for feature in before if feature in after]
    if len(common) < 3:
        return None
    return kendalltau([before[feature] for feature in common], [after[feature] for feature in common])[0]


groups = {}
with psycopg2.connect("") as database, database.cursor() as cursor:
    cursor.execute(f"SELECT target, symbol, snapshot, feature, importance FROM {sys.argv[1]}")
    for target, symbol, snapshot, feature, importance in cursor:
        groups.setdefault((target, symbol), {}).setdefault(snapshot, {})[feature] = importance

for (target, symbol), snapshots in groups.items():
    rankings = [
        sorted(importances, key=lambda feature: (-importances[feature], feature))
        for _, importances in sorted(snapshots.items())
    ]
    ranks = [{feature: rank for rank, feature in enumerate(ranking)} for ranking in rankings]
    overlaps, taus = [], []
    for n in range(1, len(rankings)):
        before, after = set(rankings[n - 1][:TOP]), set(rankings[n][:TOP])
        overlaps.append(len(before & after) / len(before | after))
        taus.append(tau(ranks[n - 1], ranks[n]))
    taus = [value for value in taus if value is not None]
    numbers = [len(rankings)]
    for values in overlaps, taus:
        numbers += [numpy.mean(values), numpy.std(values)] if values else ["", ""]
    print(target, symbol or "", *numbers, sep=",")
