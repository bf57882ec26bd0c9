-- Routing plans in JSON and YAML, and what is wrong with some of them.

\getenv test PG_ABS_SRCDIR
\set attempt :test '/helpers/attempt.sql'

SELECT * FROM routing_decisions($$
{"metadata": {"git_commit": "f3ba63d", "view": null},
 "targets": {
  "fwd_ret_5d": {
   "cross_sectional": {"state": "STRONG", "route": "ENABLED", "reason": "score 0.61"},
   "cs_metrics": {"sample_size": 80000, "score": 0.61},
   "symbols": {
    "AAPL": {"route": "ROUTE_BOTH", "cs_state": "STRONG", "local_state": "STRONG", "reason": ["a", "b; c"]},
    "000001": {"route": "ROUTE_BLOCKED", "reason": [], "sample_size": 5e3, "model_families": ["mlp"]}
   }
  },
  "caf\u00e9": {"symbols": {"\ud83d\ude80": {"route": "ROUTE_BOTH", "note": [1, {"x": 2}]}}},
  "disabled": {"cross_sectional": {"route": "DISABLED"}, "symbols": {}}
 }}$$);

-- the same from YAML: a name is the text that stands there, quoted or not
SELECT * FROM routing_decisions($$%YAML 1.1
# written by hand
---
metadata: {generated_at: 2025-12-11T18:45:00Z, view: ~}
targets:
    fwd_ret_5d:
        cross_sectional: {route: ENABLED, state: STRONG, reason: score 0.61}
        cs_metrics: {sample_size: 80000.0}
        symbols:
            AAPL: {route: ROUTE_BOTH, reason: &why [a, "b;\tc"]}
            000001: {route: ROUTE_BLOCKED, reason: *why, sample_size: +5}
            ON: {route: "ROUTE_BOTH", reason: !!str 12}
            true: {route: ROUTE_BOTH, reason: ! 12}
            "true ": {route: ROUTE_BOTH, reason: 2025-12-11}
            12:30: {route: ROUTE_BOTH, reason: on}
            ~: {route: ROUTE_BOTH, reason: ~}
            '<<': {route: ROUTE_BOTH}
            ? a long key
            : route: ROUTE_BOTH
              reason: >-
                  folded
                  text
    copied: &copied
        symbols: {A: {route: ROUTE_BOTH}}
    again: *copied
...
$$);

-- an alias may stand for all of the targets, too
SELECT target, symbol, route FROM routing_decisions(E'old: &old {t: {symbols: {A: {route: ROUTE_BOTH}, B: {route: ROUTE_BLOCKED}}}}\ntargets: *old');

-- what has an anchor within them is there for its aliases, too, all of it
SELECT target, symbol, route, sample_size FROM routing_decisions($$
targets:
  a: &a
    cross_sectional: {route: ENABLED}
    symbols: &universe
      A: &both {route: ROUTE_BOTH, sample_size: 5}
      B: *both
  b: {symbols: *universe}
  c: *a
  d: {symbols: {C: *both}, cross_sectional: {route: DISABLED}}
$$);
SELECT target, symbol FROM routing_decisions('--- &document {targets: &targets {t: &t {symbols: &symbols {A: {route: ROUTE_BOTH}}}}}');

-- a target's own decision comes first, and is whole, if it comes before the symbols
SELECT target, symbol, reason, sample_size, model_families FROM routing_decisions($$
targets:
  a: {cross_sectional: {route: ENABLED}, symbols: {A: {route: ROUTE_BOTH, reason: [x, y]}, B: {route: ROUTE_BOTH, reason: z}}}
  b: {cross_sectional: {route: ENABLED}, symbols: {A: {route: ROUTE_BOTH, model_families: [m, n], sample_size: 7}}, cs_metrics: {sample_size: 5}}
  c: {cs_metrics: {sample_size: 5}, symbols: {A: {route: ROUTE_BOTH}}, cross_sectional: {route: ENABLED}}
  d: {symbols: {A: {route: ROUTE_BOTH}}, cross_sectional: {route: ENABLED}, cs_metrics: {sample_size: 5}}
$$);
SELECT count(*), count(*) FILTER (WHERE symbol IS NULL AND n = 1), sum(sample_size)
FROM routing_decisions((SELECT '{"targets": {"t": {"cross_sectional": {"route": "ENABLED"}, "symbols": {'
    || string_agg(format('"s%s": {"route": "ROUTE_BOTH", "sample_size": %s}', n, n), ',') || '}}}}' FROM generate_series(1, 20000) AS n))
    WITH ORDINALITY AS r (target, symbol, route, reason, cs_state, local_state, sample_size, model_families, n);

-- a routing plan is a routing relation
CREATE VIEW from_document AS SELECT * FROM routing_decisions('targets: {t: {cross_sectional: {route: ENABLED}, symbols: {a: {route: ROUTE_BOTH, reason: [x, y]}}}}');
SELECT job_id, route, reason, metadata FROM generate_training_plan('from_document');
DROP VIEW from_document;

-- no decisions, and what means nothing
SELECT count(*) FROM routing_decisions('{"targets": {}}');
SELECT count(*) FROM routing_decisions('{"targets": {"t": {"symbols": {}, "symbol": {"A": 1}}}, "target": {}}');
SELECT * FROM routing_decisions(NULL);

\i :attempt
CREATE FUNCTION pg_temp.reading(document text) RETURNS SETOF text LANGUAGE sql
RETURN pg_temp.attempt(format('SELECT * FROM routing_decisions(%L)', document));

-- syntax, with line and column
SELECT pg_temp.reading('');
SELECT pg_temp.reading('# nothing');
SELECT pg_temp.reading('{"targets": }');
SELECT pg_temp.reading(E'{"targets": {\n  "ä": tru}}');
SELECT pg_temp.reading('{"targets": {}');
SELECT pg_temp.reading('{"targets": {},}');
SELECT pg_temp.reading('{"targets": {}} x');
SELECT pg_temp.reading(E'{"targets": "\t"}');
SELECT pg_temp.reading('{"targets": "\ud800"}');
SELECT pg_temp.reading('{"targets": "\u0000"}');
SELECT pg_temp.reading('{"targets": 007}');
SELECT pg_temp.reading('{targets: {}}');
SELECT pg_temp.reading(E'targets:\n\tt: x');
SELECT pg_temp.reading(E'targets:\n  a: 1\n b: 2');
SELECT pg_temp.reading(E'targets: "x');
SELECT pg_temp.reading(E'targets: {a: [1}');
SELECT pg_temp.reading(E'targets: @x');
SELECT pg_temp.reading(E'a: b: c');
SELECT pg_temp.reading(E'a: \u0001');
SELECT pg_temp.reading('%YAML 3.0' || E'\n---\na: 1');

-- what YAML has and these documents don't
SELECT pg_temp.reading('a: "\0"');
SELECT pg_temp.reading(E'a: 1\n---\na: 2');
SELECT pg_temp.reading(E'base: &b {x: 1}\nderived:\n  <<: *b');
SELECT pg_temp.reading('a: !python/object:os.system x');
SELECT pg_temp.reading('a: !!binary aGVsbG8=');
SELECT pg_temp.reading('a: !!int x');
SELECT pg_temp.reading('a: !!set {x}');
SELECT pg_temp.reading('a: !!map [x]');
SELECT pg_temp.reading('? [a, b] : c');
SELECT pg_temp.reading('? {a: b} : c');
SELECT pg_temp.reading('&a b: c');
SELECT pg_temp.reading(E'a: &x b\n*x : c');
SELECT pg_temp.reading('a: *nowhere');
SELECT pg_temp.reading('a: &a [*a]');
SELECT pg_temp.reading('a: &a {b: {c: *a}}');

-- keys that are there twice
SELECT pg_temp.reading('{"targets": {"t": {"symbols": {"A": {"route": "ROUTE_BOTH"}, "A": {"route": "ROUTE_BLOCKED"}}}}}');
SELECT pg_temp.reading(E'targets:\n  t: {symbols: {}}\n  "t": {symbols: {}}');
SELECT pg_temp.reading('{"targets": {}, "targets": {}}');
SELECT pg_temp.reading('{"targets": {"\u0041": {"symbols": {}}, "A": {"symbols": {}}}}');

-- also among very many, in however little memory: the first that is there twice, when all have come
CREATE TABLE many AS
SELECT '{"targets": {"t": {"symbols": {' || string_agg(format('"s%s": {"route": "ROUTE_BOTH"}', CASE WHEN n IN (8000, 9000) THEN n - 5000 ELSE n END), E',\n' ORDER BY n) || '}}}}' AS symbols,
    '{"targets": {' || string_agg(format('"t%s": {"symbols": {}}', CASE WHEN n IN (8000, 9000) THEN n - 5000 ELSE n END), E',\n' ORDER BY n) || '}}' AS targets
FROM generate_series(1, 10000) AS n;
CREATE FUNCTION pg_temp.reading_many() RETURNS SETOF text LANGUAGE sql
RETURN (SELECT string_agg(attempt, E'\n') FROM many, unnest(ARRAY[symbols, targets, E'#\n' || symbols, E'#\n' || targets]) AS d (document),
    LATERAL pg_temp.reading(document) AS attempt);
SELECT pg_temp.reading_many();
SET work_mem = '64kB';
SELECT pg_temp.reading_many();
RESET work_mem;
DROP FUNCTION pg_temp.reading_many;
DROP TABLE many;

-- too deep, too large
SELECT pg_temp.reading(repeat('[', 100000));
SELECT pg_temp.reading(repeat('{"a":', 100000));
SELECT pg_temp.reading(repeat('{a: ', 100000));
SELECT pg_temp.reading(string_agg(repeat(' ', n) || 'a:', E'\n' ORDER BY n)) FROM generate_series(0, 200) AS n;
SELECT pg_temp.reading(string_agg(format('a%s: &a%s [*a%s, *a%s]', n, n, n - 1, n - 1), E'\n' ORDER BY n))
FROM (SELECT generate_series(1, 99) AS n) AS s;
SELECT pg_temp.reading(E'a0: &a0 [lol]\n' || string_agg(format('a%s: &a%s [*a%s, *a%s, *a%s, *a%s]', n, n, n - 1, n - 1, n - 1, n - 1), E'\n' ORDER BY n))
FROM (SELECT generate_series(1, 50) AS n) AS s;
SELECT pg_temp.reading(E'a0: &a0 [lol]\n' || string_agg(format('a%s: &a%s [*a%s]', n, n, n - 1), E'\n' ORDER BY n))
FROM (SELECT generate_series(1, 150) AS n) AS s;
-- what is not handed out one by one
SELECT pg_temp.reading('{"metadata": [' || repeat('{},', 200000) || '{}]}');
SELECT pg_temp.reading(E'metadata: \n' || repeat(E'- []\n', 200001));
SELECT pg_temp.reading('{"targets": {"t": {"cs_metrics": [' || repeat('1,', 1000000) || '1]}}}');
SELECT pg_temp.reading('targets: {t: {symbols: &s {' || (SELECT string_agg(format('s%s: {}', n), ',') FROM generate_series(1, 200001) AS n) || '}}}');
SELECT pg_temp.reading('targets: {t: {symbols: {' || (SELECT string_agg(format('s%s: {route: ROUTE_BOTH, x: &x%s {}}', n, n), ',') FROM generate_series(1, 100001) AS n) || '}}}');
SELECT count(*) FROM routing_decisions('{"targets": {"t": {"symbols": {' || (SELECT string_agg(format('"s%s": {"route": "ROUTE_BOTH"}', n), ',') FROM generate_series(1, 250000) AS n) || '}}}}');

-- content, with its path
SELECT pg_temp.reading('[]');
SELECT pg_temp.reading('x');
SELECT pg_temp.reading('12');
SELECT pg_temp.reading('{}');
SELECT pg_temp.reading('{"targets": null}');
SELECT pg_temp.reading('{"targets": []}');
SELECT pg_temp.reading('{"targets": [{}]}');
SELECT pg_temp.reading('{"targets": "x"}');
SELECT pg_temp.reading('{"metadata": [], "targets": {}}');
SELECT pg_temp.reading('{"targets": {"t": null}}');
SELECT pg_temp.reading('{"targets": {"t": {}}}');
SELECT pg_temp.reading('{"targets": {"": {"symbols": {}}}}');
SELECT pg_temp.reading('{"targets": {"t": {"cross_sectional": "ENABLED"}}}');
SELECT pg_temp.reading('{"targets": {"t": {"cross_sectional": {}}}}');
SELECT pg_temp.reading('{"targets": {"t": {"cross_sectional": {"route": "ROUTE_BOTH"}}}}');
SELECT pg_temp.reading('{"targets": {"t": {"cross_sectional": {"route": "ENABLED", "state": 1}}}}');
SELECT pg_temp.reading('{"targets": {"t": {"cross_sectional": {"route": "ENABLED"}, "cs_metrics": 1}}}');
SELECT pg_temp.reading('{"targets": {"t": {"cross_sectional": {"route": "ENABLED"}, "cs_metrics": {"sample_size": "1"}}}}');
SELECT pg_temp.reading('{"targets": {"t": {"cross_sectional": {"route": "ENABLED"}, "cs_metrics": {"sample_size": 1.5}}}}');
SELECT pg_temp.reading('{"targets": {"t": {"cross_sectional": {"route": "ENABLED"}, "cs_metrics": {"sample_size": -1}}}}');
SELECT pg_temp.reading('{"targets": {"t": {"cross_sectional": {"route": "ENABLED"}, "cs_metrics": {"sample_size": 99999999999999999999}}}}');
SELECT pg_temp.reading('{"targets": {"t": {"symbols": []}}}');
SELECT pg_temp.reading('{"targets": {"t": {"symbols": {"": {"route": "ROUTE_BOTH"}}}}}');
SELECT pg_temp.reading('{"targets": {"fwd_ret_5d": {"symbols": {"AAPL": {"route": null}}}}}');
SELECT pg_temp.reading('{"targets": {"fwd_ret_5d": {"symbols": {"AAPL": {"route": "BOTH"}}}}}');
SELECT pg_temp.reading('{"targets": {"y_0.20": {"symbols": {"a \"b\"": {"route": true}}}}}');
SELECT pg_temp.reading('targets: {t: {symbols: {A: {route: ROUTE_BOTH, reason: 12}}}}');
SELECT pg_temp.reading('targets: {t: {symbols: {A: {route: ROUTE_BOTH, reason: [x, true]}}}}');
SELECT pg_temp.reading('targets: {t: {symbols: {A: {route: ROUTE_BOTH, cs_state: ~, local_state: []}}}}');
SELECT pg_temp.reading('targets: {t: {symbols: {A: {route: ROUTE_BOTH, model_families: xgboost}}}}');
SELECT pg_temp.reading('targets: {t: {symbols: {A: {route: ROUTE_BOTH, model_families: [null]}}}}');
