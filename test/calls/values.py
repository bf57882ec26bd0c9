"""Ordinary and hostile values, as SQL expressions, for arguments and for columns."""

import pathlib

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"

WORDS = [
    "ROUTE_CROSS_SECTIONAL", "ROUTE_SYMBOL_SPECIFIC", "ROUTE_BOTH", "ROUTE_EXPERIMENTAL_ONLY", "ROUTE_BLOCKED",
    "ENABLED", "DISABLED", "STRONG", "WEAK_BUT_OK", "EXPERIMENTAL", "DISALLOWED", "STABLE", "DRIFTING", "DIVERGED",
    "UNKNOWN", "SAFE", "SUSPECT", "BLOCKED", "cross_sectional", "symbol_specific", "blocked", "pending", "waiting",
    "running", "succeeded", "reused", "failed", "cancelled", "expired", "lightgbm", "xgboost", "json", "yaml",
    "markdown", "html", "t1", "t2", "s1", "s2", "w1", "w2", "fwd_ret_5d", "AAPL", "decisions", "candidates",
]
TEXTS = [
    "", " ", "NULL", "null", "~", "'", '"', "\\", "\\.", "%s%n%p", "$1", "a\nb", "\t", "\r\n", "\x01\x7f", "\u00e9",
    "e\u0301", "\u65e5\u672c", "\U0001f980", "\u202e\u2028\ufeff", "ON", "1e5", "000001", "-", "---", "...", "- a: b", "{}", "[]",
    "{", "[[[[", "&a *a", "*a", "!!binary x", "<<: *a", "|", "<script>", "a,b", "${HOME}", "../../x", "/", ".", "..",
    "infinity", "NaN", "now", "0", "-1",
]
LONG_TEXTS = [
    "repeat('x', 64)", "repeat('long ', 600)", "repeat('\u65e5', 3000)", "repeat('a\u0301', 100000)", "repeat('[', 20000)",
    "repeat('{\"a\":', 5000)", "repeat('- ', 20000)", "repeat('a: ', 20000)", "string_agg(md5(n::text), '')",
]
INTEGERS = ["0", "1", "2", "3", "7", "-1", "100", "2147483647", "-2147483648"]
NUMBERS = ["0", "1", "0.5", "-0.0", "1e-300", "1e300", "'NaN'", "'Infinity'", "'-Infinity'"]
INTERVALS = [
    "15 minutes", "0", "1 second", "1 microsecond", "-1 day", "1 month -30 days", "1 year", "178000000 years",
    "-178000000 years", "2147483647 days", "1 day -24 hours", "infinity", "-infinity",
]
TIMES = ["now()", "'infinity'", "'-infinity'", "'epoch'", "now() - interval '1 hour'", "now() + interval '1 hour'",
         "'294276-12-31'", "'4713-01-01 BC'", "clock_timestamp()"]
JSON = [
    "null", "true", "1", "-0.0", "1e400", '""', "[]", "{}", '{"score": 0.7}', '{"score": "x"}', '{"cs_state": "STRONG"}',
    '{"needs_cs_ensemble": true}', '{"needs_cs_ensemble": "maybe"}', '{"needs_cs_ensemble": null}', '[[], {"a": [1, "\\u00e9"]}]',
    '{"sample_size": 99999999999999999999}', '{"sample_size": -1, "a": {"b": {"c": []}}}', '["a", null, 1, {}]',
]
JSONPATHS = ["$", "$.score", "$.*", "strict $.a[*]", "$.**", "$[0 to last]", '$.score ? (@ > 0.5)', "-$.score", "$.score.size()"]


def quote(text):
    """A literal, whatever standard_conforming_strings says."""
    text = text.replace("'", "''").replace("\0", "")
    return f" E'{text}'".replace("\\", "\\\\") if "\\" in text else f"'{text}'"


def broken(rng, text):
    """A document with a few small things wrong."""
    for _ in range(rng.choice([0, 1, 1, 2, 5])):
        place = rng.randrange(len(text) + 1)
        length = rng.choice([1, 1, 3, 20, 200])
        text = rng.choice([
            lambda: text[:place] + text[place + length:],
            lambda: text[:place] + text[place:place + length] * 2 + text[place + length:],
            lambda: text[:place] + rng.choice(TEXTS + WORDS) + text[place:],
            lambda: text[:place] + rng.choice(':,"{}[]-\n #&*!|>%@') + text[place:],
            lambda: text[:place],
            lambda: text.replace(rng.choice(WORDS), rng.choice(WORDS + TEXTS)),
            lambda: text.replace(str(rng.randrange(10)), rng.choice(NUMBERS + INTEGERS)),
        ])()
    return text


class Values:
    """Makes values: rng decides, schema is where the extension is, relations are
    expressions of type regclass, folder is a path that may be written to."""

    def __init__(self, rng, schema, relations, folder, version):
        self.rng = rng
        self.schema = schema
        self.relations = relations
        self.folder = folder
        self.intervals = [i for i in INTERVALS if version >= 17 or "infinity" not in i]
        self.documents = [
            path.read_text() for name in ("routing_config.yaml", "routing_plan.json", "training_plan.json")
            for path in sorted(GOLDEN.glob(f"*/{name}")) if path.stat().st_size < 20000
        ]

    def text(self):
        kind = self.rng.random()
        if kind < 0.05:
            return f"(SELECT {self.rng.choice(LONG_TEXTS)} FROM generate_series(1, 500) AS n)"
        return quote(self.rng.choice(TEXTS if kind < 0.4 else WORDS))

    def of_jobs(self, column):
        return f"(SELECT {column} FROM {self.schema}.training_jobs ORDER BY plan_id, job_id OFFSET {self.rng.randrange(12)} LIMIT 1)"

    def plan(self):
        return self.rng.choice(["1", "1", "2", "3", "4", f"(SELECT max(plan_id) FROM {self.schema}.training_plans)", "0", "-1", "9223372036854775807"])

    def document(self):
        kind = self.rng.random()
        if kind < 0.3:
            function = self.rng.choice(["training_plan_to_json", "training_plan_to_yaml"])
            text = f"{self.schema}.{function}({self.plan()})::text"
            if kind < 0.2:
                text = f"replace({text}, {quote(self.rng.choice(WORDS))}, {self.text()})"
            return text
        if kind < 0.4:
            return f"replace({self.schema}.routing_policy_default(), {quote(self.rng.choice(['0.5', 'true', ':', 'score', ' ']))}, {self.text()})"
        if kind < 0.5:
            return f"{self.schema}.routing_policy_default()"
        return quote(broken(self.rng, self.rng.choice(self.documents)))

    def path(self):
        here = self.folder
        return quote(self.rng.choice([
            here, f"{here}/new", f"{here}/a.csv", f"{here}/a.json", f"{here}/a.parquet", f"{here}/training_plan.json",
            f"{here}/training_plan.yaml", f"{here}/by_target", "", "relative", "/dev/null", "/dev/full/x", "/nonexistent/x.json",
            f"{here}/" + "x" * 300, f"{here}/\u65e5.json", f"{here}/a\nb.csv", f"{here}/../{here.rsplit('/', 1)[-1]}/x.csv",
        ]))

    def array(self, element, name):
        """An array of what element() makes."""
        rng = self.rng
        kind = rng.randrange(12)
        base = element
        if kind == 0:
            return "'{}'"
        if kind == 1:
            return f"'[5:6]={{{rng.choice(['1,2', 'NULL,1', '7,7'])}}}'"
        if kind == 2:
            return f"'{{{{1,2}},{{3,{rng.choice(['4', 'NULL'])}}}}}'"
        if kind == 3:
            return "(SELECT array_agg(n::text) FROM generate_series(1, 10000) AS n)::{type}[]"
        if kind == 4:
            return f"array_fill({base()}::{{type}}, ARRAY[{rng.choice(['1', '3', '10000', '2, 3'])}])"
        if kind == 5 and name in ("job_ids", "targets", "symbols"):
            return f"(SELECT array_agg({name[:-1]}) FROM {self.schema}.training_jobs WHERE plan_id = {self.plan()})"
        return f"ARRAY[{', '.join(base() if rng.random() > 0.15 else 'NULL' for _ in range(rng.choice([1, 1, 2, 3])))}]::{{type}}[]"

    def make(self, type_name, name=""):
        """An expression of that type for an argument or column of that name."""
        rng = self.rng
        if rng.random() < 0.08:
            return f"NULL::{type_name}"
        if type_name.endswith("[]"):
            element = type_name[:-2]
            made = self.array(lambda: self.make(element, name[:-1] if name.endswith("s") else name), name)
            return f"({made.replace('{type}', element)})::{type_name}"
        base = type_name.split("(")[0]
        if base == "regclass":
            return rng.choice(self.relations)
        if base == "bigint" and (name.endswith("plan_id") or name in ("before", "after")):
            return f"({self.plan()})::bigint"
        if base in ("integer", "bigint", "smallint", "oid"):
            limits = ["32767", "-32768"] if base == "smallint" else ["0", "1"] if base == "oid" else []
            if base == "bigint":
                limits = ["9223372036854775807", "-9223372036854775808"]
            numbers = [n for n in INTEGERS if base not in ("smallint", "oid") or 0 <= int(n) < 1000]
            return f"({rng.choice(numbers + limits)})::{base}"
        if base in ("double precision", "real", "numeric"):
            return f"({rng.choice([n for n in NUMBERS if base == 'double precision' or '300' not in n])})::{base}"
        if base == "boolean":
            return rng.choice(["true", "false"])
        if base == "interval":
            return f"{quote(rng.choice(self.intervals))}::interval"
        if base.startswith(("timestamp", "date")):
            return f"({rng.choice(TIMES)})::{type_name}"
        if base in ("json", "jsonb"):
            if rng.random() < 0.1:
                return f"(repeat('[', {rng.choice([100, 3000])}) || repeat(']', {rng.choice([100, 3000])}))::{base}"
            return f"{quote(rng.choice(JSON))}::{base}"
        if base == "jsonpath":
            return f"{quote(rng.choice(JSONPATHS))}::jsonpath"
        if base in ("text", "character varying", "name", "character", "varchar"):
            return f"({self._text_for(name)})::{base}"
        return f"NULL::{type_name}"

    def _text_for(self, name):
        rng = self.rng
        if rng.random() < 0.12:
            return self.text()
        if name in ("document", "policy"):
            return self.document()
        if name.endswith(("path", "directory", "dir")):
            return self.path()
        if name in ("job_id", "target", "symbol"):
            return self.of_jobs(name)
        if name in ("worker", "workers"):
            return quote(rng.choice(["w1", "w2", "w3"]))
        if name == "format":
            return quote(rng.choice(["json", "yaml", "markdown", "html"]))
        if name in ("families", "family", "familie", "model_families", "model_familie"):
            return quote(rng.choice(["lightgbm", "xgboost", "ridge", " lightgbm "]))
        if name in ("policy_name", "name"):
            return quote(rng.choice(["ours", "theirs"]))
        if name == "training_type":
            return quote(rng.choice(["cross_sectional", "symbol_specific", "blocked"]))
        return self.text()
