#!/usr/bin/python3
"""Check the Markdown of a comparison, as cmark-gfm renders it.

    check_comparison.py MARKDOWN JSON

JSON has the rows of compare_training_plans() as an array, and behind it the number of
jobs that are as before. Prints what is different, and ends with 1 if anything is.
"""
import json
import pathlib
import subprocess
import sys

from check import HIDDEN, Page, expect, problems

HEADINGS = {"added": ["Target", "Symbol", "Route", "Priority", "Families", "Reason before", "Reason after"],
            "removed": ["Target", "Symbol", "Route", "Priority", "Families", "Reason before", "Reason after"],
            "changed": ["Target", "Symbol", "Before", "After", "Reason before", "Reason after"]}

WORDS = {"route": "route ", "training_type": "type ", "model_families": "families ", "priority": "priority "}


def in_words(name, value):
    if name == "needs_cs_ensemble":
        return "needs the pooled model" if value else "does not need the pooled model"
    return WORDS[name] + (", ".join(value) or "none" if isinstance(value, list) else str(value))


def cells(row):
    name = [row["target"], row["symbol"] or ""]
    reasons = [row["reason_before"] or "", row["reason_after"] or ""]
    if row["change"] == "changed":
        return name + ["; ".join(in_words(column, side[column]) for column in row["columns"])
                       for side in (row["before"], row["after"])] + reasons
    job = row["after"] or row["before"]
    return name + [job["route"], str(job["priority"]), ", ".join(job["model_families"])] + reasons


def main():
    text = pathlib.Path(sys.argv[1]).read_text()
    rows, same = json.loads(pathlib.Path(sys.argv[2]).read_text())
    page = Page()
    page.feed(subprocess.run(
        ["cmark-gfm", "--unsafe", "-e", "table", "-e", "strikethrough", "-e", "autolink", "-e", "tagfilter"],
        input=text.encode(), check=True, capture_output=True).stdout.decode())

    kinds = {kind: [row for row in rows if row["change"] == kind] for kind in HEADINGS}
    expect("the line that counts", text.split("\n")[0],
           ", ".join(f"{len(changes)} {kind}" for kind, changes in kinds.items()) + f", {same} as before")
    by_kind = {kind: changes for kind, changes in kinds.items() if changes}
    expect("headings", page.headings, [("h2", kind.capitalize()) for kind in by_kind])
    expect("number of tables", len(page.tables), len(by_kind))
    for (kind, changes), table in zip(by_kind.items(), page.tables):
        expect(f"heading of what was {kind}", table[0], HEADINGS[kind])
        expect(f"number of {kind}", len(table) - 1, len(changes))
        for row, line in zip(changes, table[1:]):
            expect(f"a row of what was {kind}", line, cells(row))
    expect("hidden characters", HIDDEN.findall(text), [])
    print("\n".join(problems) or f"{len(rows)} changes")
    return bool(problems)


sys.exit(main())
