#!/usr/bin/python3
"""Milliseconds that Python takes to write a plan's document into a file.

    dump.py json|yaml DOCUMENT OUTPUT
"""
import json
import sys
import time

import yaml

form, document, output = sys.argv[1:]
with open(document) as file:
    plan = json.load(file)
begin = time.perf_counter()
with open(output, "w") as file:
    if form == "json":
        json.dump(plan, file, indent=2)
    else:
        yaml.dump(plan, file, Dumper=yaml.CSafeDumper, sort_keys=False)
print(round(1000 * (time.perf_counter() - begin)))
