#!/usr/bin/python3
"""Check the files of a plan, as write_training_plan() wrote them, with other readers.

    check.py DIRECTORY

Or those of a routing plan, which are called routing_plan.json, .yaml and .md.  The JSON is what the others are compared with: the YAML as PyYAML (YAML 1.1) and
npm's yaml (YAML 1.2) read it, the Markdown as cmark-gfm renders it, and the views.
Prints what is different, and ends with 1 if anything is.
"""
import html.parser
import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse

import yaml

problems = []

# Characters that nobody sees, or that turn others around: no file has them as they are.
HIDDEN = re.compile("[\u0080-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
                    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
                    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]")


def expect(what, got, wanted):
    if got != wanted:
        problems.append(f"{what}:\n    got    {got!r}\n    wanted {wanted!r}"[:2000])


class Page(html.parser.HTMLParser):
    """Headings, list items and tables of a rendered page."""

    ALLOWED = {"h1", "h2", "h3", "ul", "li", "p", "table", "thead", "tbody", "tr", "th", "td", "pre", "code"}

    # What GitHub makes of a text that stands between tags or comments.
    MADE = re.compile(r"(?<![A-Za-z0-9_])@[A-Za-z0-9]|:(?=[a-z0-9_+-]*[a-z_+-]|100:|1234:)[a-z0-9_+-]+:", re.ASCII)

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.headings, self.items, self.tables, self.charts, self.text = [], [], [], [], None
        self.run = ""

    def handle_starttag(self, tag, attributes):
        self.end_run()
        expect("an element of the page", tag, tag if tag in self.ALLOWED else "one of ours")
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("h1", "h2", "h3", "li", "th", "td", "pre"):
            self.text = ""

    def handle_endtag(self, tag):
        if tag in ("pre", "code"):
            self.run = ""
        self.end_run()
        if tag in ("th", "td"):
            self.tables[-1][-1].append(self.text)
        elif tag in ("h1", "h2", "h3"):
            self.headings.append((tag, self.text))
        elif tag == "li":
            self.items.append(self.text)
        elif tag == "pre":
            self.charts.append(self.text)

    def end_run(self):
        expect("mentions and emoji", self.MADE.findall(self.run), [])
        self.run = ""

    def handle_comment(self, comment):
        self.end_run()

    def handle_data(self, data):
        self.run += data
        if self.text is not None:
            self.text += data


def by_target(jobs):
    """Targets with their jobs, the cross-sectional one first, then by symbol."""
    order = lambda job: (job["target"].encode(), job["symbol"] is not None, (job["symbol"] or "").encode())
    targets = {}
    for job in sorted(jobs, key=order):
        targets.setdefault(job["target"], []).append(job)
    return targets


def counts_table(heading, counts):
    return [[heading, "Jobs"]] + [[key, str(count)] for key, count in counts.items()]


def rendered(path):
    page = Page()
    page.feed(subprocess.run(
        ["cmark-gfm", "--unsafe", "-e", "table", "-e", "strikethrough", "-e", "autolink", "-e", "tagfilter", path],
        check=True, capture_output=True).stdout.decode())
    return page


def check_markdown(directory, plan):
    page = rendered(directory / "training_plan.md")
    summary, targets = plan["summary"], by_target(plan["jobs"])

    headings = [("h1", "Training plan " + plan["metadata"]["run_id"])]
    headings += [("h2", title) for title in ("Jobs by route", "Jobs by training type", "Jobs by priority", "Targets")]
    expect("headings", page.headings, headings + [("h3", target) for target in targets])

    tables = [counts_table("Route", summary["by_route"]),
              counts_table("Training type", summary["by_type"]),
              counts_table("Priority", summary["by_priority"])]
    items = 7
    for jobs in targets.values():
        symbols = [job for job in jobs if job["symbol"] is not None]
        items += 5 * (len(jobs) - len(symbols))
        if symbols:
            tables.append([["Symbol", "Route", "Priority", "Families", "Reason"]] + [
                [job["symbol"], job["route"], str(job["priority"]),
                 ", ".join(job["model_families"]) or "none", job["reason"] or ""] for job in symbols])
    expect("number of tables", len(page.tables), len(tables))
    for got, wanted in zip(page.tables, tables):
        expect("a table", got, wanted)
    expect("number of facts", len(page.items), items)
    expect("facts of cross-sectional jobs",
           [item for item in page.items if item.startswith("Cross-sectional job: ")],
           ["Cross-sectional job: " + job["job_id"] for jobs in targets.values() for job in jobs if job["symbol"] is None])
    expect("the chart", page.charts,
           ["pie showData\n    title Jobs by route\n" +
            "".join(f'    "{route}" : {count}\n' for route, count in summary["by_route"].items())])


def check_routing_markdown(directory, plan):
    page, targets = rendered(directory / "routing_plan.md"), plan["targets"]
    symbols = [symbol for target in targets.values() for symbol in target["symbols"].values()]
    own = [target["cross_sectional"]["route"] for target in targets.values() if "cross_sectional" in target]

    expect("headings", page.headings, [("h1", "Routing plan"), ("h2", "Symbols by route"), ("h2", "Targets")] +
           [("h3", target) for target in targets])
    routes = {route: sum(symbol["route"] == route for symbol in symbols) for route in
              ("ROUTE_CROSS_SECTIONAL", "ROUTE_SYMBOL_SPECIFIC", "ROUTE_BOTH", "ROUTE_EXPERIMENTAL_ONLY", "ROUTE_BLOCKED")}
    tables = [[["Route", "Symbols"]] + [[route, str(count)] for route, count in routes.items() if count]]
    items = ["Routing: " + plan["metadata"]["routing"],
             f"Targets: {len(targets)} ({own.count('ENABLED')} enabled, {own.count('DISABLED')} disabled, "
             f"{len(targets) - len(own)} without a decision of their own)",
             f"Decisions: {len(symbols) + len(own)} ({len(own)} of targets, {len(symbols)} of symbols)"]
    for target in targets.values():
        if "cross_sectional" in target:
            decision = target["cross_sectional"]
            reason = decision["reason"]
            samples = target["cs_metrics"].get("sample_size")
            items += ["Decision: " + decision["route"],
                      "State: " + ("not known" if decision["state"] is None else decision["state"]),
                      "Samples: " + ("not known" if samples is None else str(samples)),
                      "Families: " + ", ".join(decision.get("model_families", ["those of the plan"])),
                      "Reason: " + ("; ".join(reason) if isinstance(reason, list) else reason or "not given")]
        if target["symbols"]:
            tables.append([["Symbol", "Route", "Cross-sectional", "Local", "Samples", "Families", "Reason"]] + [
                [name, symbol["route"], symbol["cs_state"] or "", symbol["local_state"] or "", str(symbol.get("sample_size", "")),
                 ", ".join(symbol.get("model_families", [])), "; ".join(symbol["reason"] or [])]
                for name, symbol in target["symbols"].items()])
    expect("number of tables", len(page.tables), len(tables))
    for got, wanted in zip(page.tables, tables):
        expect("a table", got, wanted)
    expect("facts", page.items, items)


def check_views(directory, plan):
    for folder, key in (("by_target", "target"), ("by_symbol", "symbol"), ("by_type", "training_type"), ("by_route", "route")):
        wanted = {}
        for job in plan["jobs"]:
            if job[key] is not None:
                wanted.setdefault(job[key], []).append(job)
        got = {}
        for path in (directory / folder).iterdir():
            view = json.loads(path.read_text())
            expect(f"keys of {path}", list(view), [key, "jobs"])
            got[view[key]] = view["jobs"]
            if "%~" not in path.name:
                expect(f"name of {path}", urllib.parse.unquote(path.name), view[key] + ".json")
        expect(f"files in {folder}", len(os.listdir(directory / folder)), len(wanted))
        expect(f"views in {folder}", got, wanted)


def check_nothing_hidden(directory):
    for path in directory.rglob("*"):
        expect(f"hidden characters in the name of {path}", HIDDEN.findall(path.name), [])
        if path.is_file():
            expect(f"hidden characters in {path}", HIDDEN.findall(path.read_text()), [])


def check_data(directory, name):
    """The JSON, which the YAML must be the same as."""
    text = (directory / f"{name}.json").read_text()
    plan = json.loads(text)
    written = json.dumps(plan, indent=2, ensure_ascii=False) + "\n"
    expect("JSON as Python writes it", text, HIDDEN.sub(lambda match: json.dumps(match[0])[1:-1], written))

    document = directory / f"{name}.yaml"
    expect("YAML as PyYAML reads it", yaml.load(document.read_text(), yaml.CSafeLoader), plan)
    script = pathlib.Path(__file__).with_name("yaml_to_json.js")
    parsed = subprocess.run(["node", script, document], check=True, capture_output=True,
                            env={**os.environ, "NODE_PATH": "/usr/share/nodejs"})
    expect("YAML as npm's yaml reads it", json.loads(parsed.stdout), plan)
    return plan


def main():
    directory = pathlib.Path(sys.argv[1])
    if (directory / "routing_plan.json").exists():
        plan = check_data(directory, "routing_plan")
        check_routing_markdown(directory, plan)
        answer = f"{plan['metadata']['total_decisions']} decisions"
    else:
        plan = check_data(directory, "training_plan")
        check_markdown(directory, plan)
        check_views(directory, plan)
        answer = f"{len(plan['jobs'])} jobs"
    check_nothing_hidden(directory)
    print("\n".join(problems) or answer)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
