-- Policies: what one may say, what is wrong with others, and where they are kept.

\getenv test PG_ABS_SRCDIR
\set attempt :test '/helpers/attempt.sql'
\i :attempt

SELECT $$routing:
  min_sample_size: {cross_sectional: 5000, symbol: 1000}
  cross_sectional:
    min_score: 0.52
    strong_score: 0.58
  symbol: {min_score: 0.54, strong_score: 0.60}
  stability_allowlist: {cross_sectional: [STABLE, DRIFTING], symbol: [STABLE]}
  both_strong_behavior: ROUTE_BOTH
$$ AS policy \gset

CREATE FUNCTION pg_temp.try(policy text) RETURNS SETOF text LANGUAGE sql
RETURN pg_temp.attempt(format('SELECT routing_policy_hash(%L)', policy));
-- the same policy with something else in the place of some of it, or with more of it
CREATE FUNCTION pg_temp.try_with(policy text, part text, other text) RETURNS SETOF text LANGUAGE sql
RETURN pg_temp.try(replace(policy, part, other));
CREATE FUNCTION pg_temp.try_more(policy text, more text) RETURNS SETOF text LANGUAGE sql
RETURN pg_temp.try(policy || '  ' || more);

-- ---- policies that can be used ---------------------------------------------

SELECT pg_temp.try(:'policy');
SELECT routing_policy_hash(:'policy') = left(encode(sha256(convert_to(:'policy', 'UTF8')), 'hex'), 8);
-- the default one is a policy, and what NULL means
SELECT pg_temp.try(routing_policy_default());
SELECT routing_policy_hash(NULL) IS NULL;

-- notations that people use: JSON, quotes, underscores, exponents, yes and no
SELECT pg_temp.try('{"routing": {"min_sample_size": {"cross_sectional": 50, "symbol": 5}, "cross_sectional": {"min_score": 0.5, "strong_score": 0.6}, "symbol": {"min_score": 0.5, "strong_score": 0.6}, "stability_allowlist": {"cross_sectional": [], "symbol": []}, "both_strong_behavior": "PREFER_CS"}}');
SELECT pg_temp.try_with(:'policy', '5000', n) FROM unnest(ARRAY['50_000', '5000.0', '5e3', '+5000', '0', '9223372036854775807']) AS n;
SELECT pg_temp.try_with(:'policy', '0.52', n) FROM unnest(ARRAY['.5', '-.Inf', '-.INF', '1e-320', '0e400', '-0.5', '5e-1', '5.0E-1', '-.inf', '1_0.0_1e-2', '-3', '0', '-0.0']) AS n;
SELECT pg_temp.try_more(:'policy', 'block_on_leakage: ' || b) FROM unnest(ARRAY['true', 'True', 'TRUE', 'false', 'False', 'FALSE', 'yes', 'Yes', 'YES', 'no', 'No', 'NO', 'on', 'On', 'ON', 'off', 'Off', 'OFF']) AS b;
SELECT pg_temp.try_with(:'policy', 'ROUTE_BOTH', '''PREFER_SYMBOL''');
SELECT pg_temp.try_with(:'policy', '{cross_sectional: [STABLE, DRIFTING], symbol: [STABLE]}', E'\n    cross_sectional:\n      - "STABLE"\n      - STABLE\n    symbol: []');

-- keys of the Python router's file that do not concern routing
SELECT pg_temp.try(:'policy' || $$
  view_policy: auto
  requested_view: CROSS_SECTIONAL
  auto_flip_min_symbols: 10
  auto_dev_mode_threshold: 10_000
  require_safe_features_only: true
  allowed_feature_leakage_status: [SAFE]
  require_min_successful_families: 1
  log_decision_reasons: true
  dump_plan_as:
    - JSON
    - YAML
  stability_classification:
    min_snapshots_for_stability: 2
    stable_overlap_min: 0.7
$$);

-- a strong_score that is easier to reach than min_score
SELECT pg_temp.try_with(:'policy', 'strong_score: 0.58', 'strong_score: 0.51');
SELECT pg_temp.try_with(:'policy', 'strong_score: 0.60', 'strong_score: {classification: 0.54, regression: {default: 0.7, short: 0.5, medium: 0.54, very_long: -1}}');

-- ---- anchors, aliases, merge keys -------------------------------------------

SELECT $$routing:
  min_sample_size: {cross_sectional: &size 5000, symbol: *size}
  cross_sectional: &scores
    min_score: &tiers {classification: 0.52, regression: {default: 0.1, short: 0.2}}
    strong_score: 0.58
  symbol:
    <<: *scores
    strong_score: *tiers
  stability_allowlist: {cross_sectional: &all [STABLE, DRIFTING], symbol: *all}
  both_strong_behavior: ROUTE_BOTH
$$ AS anchored \gset
CREATE TEMPORARY TABLE candidates AS
SELECT 't_5m' AS target, symbol, score, 5000 AS sample_size, 'DRIFTING' AS stability, task_type
FROM (VALUES (NULL, 0.6, 'REGRESSION'), ('a', 0.52, 'CLASSIFICATION'), ('b', 0.51, 'CLASSIFICATION'), ('c', 0.2, 'REGRESSION'), ('d', 0.19, 'REGRESSION')) AS v (symbol, score, task_type);
SELECT symbol, reason[2] FROM route_training_candidates('candidates', :'anchored') WHERE symbol IS NOT NULL;

-- own keys go before merged ones, earlier merged ones before later
SELECT pg_temp.try_with(:'anchored', '<<: *scores', '<<: [{min_score: 0.3}, *scores, {nonsense: 1}]');
SELECT pg_temp.try_with(:'anchored', '<<: *scores', '<<: [{min_score: 0.3}, *scores]');
SELECT pg_temp.try_with(:'anchored', '<<: *scores', '<<: {min_score: *scores}');
SELECT pg_temp.try_with(:'anchored', '<<: *scores', '<<: 5');
SELECT pg_temp.try_with(:'anchored', '<<: *scores', '<<: [5]');
SELECT pg_temp.try_with(:'anchored', '<<: *scores', '<<: [[*scores]]');
SELECT pg_temp.try_with(:'anchored', '<<: *scores', '"<<": *scores');
-- what goes round in circles, or would be too large
SELECT pg_temp.try_with(:'anchored', E'symbol:\n    <<: *scores', E'symbol: &self\n    <<: *self');
SELECT pg_temp.try('routing: &r {min_sample_size: *r}');
SELECT pg_temp.try(:'policy' || E'  experimental: {allowed_stabilities: &l [*l]}');
SELECT pg_temp.try(replace(:'policy', E'routing:\n', E'routing:\n  dump_plan_as:\n    - &x0 {min_score: 0.5}\n'
        || (SELECT string_agg(format(E'    - &x%s {<<: [%s]}\n', n, trim(trailing ', ' FROM repeat(format('*x%s, ', n - 1), 10))), '') FROM generate_series(1, 20) AS n))
    || '  experimental: {<<: *x20}');
SELECT pg_temp.try_with(:'anchored', E'symbol:\n    <<: *scores', E'symbol:\n    <<: [' || trim(trailing ', ' FROM repeat('*scores, ', 101)) || ']');
SELECT pg_temp.try_with(:'anchored', '*size', '*sice');
SELECT pg_temp.try_more(:'policy', 'dump_plan_as: [' || (SELECT string_agg(format('&a%s %s', n, n), ', ') FROM generate_series(1, 1001) AS n) || ']');

-- ---- keys -----------------------------------------------------------------------

-- misspelt, in the wrong place, repeated
SELECT pg_temp.try_with(:'policy', 'min_sample_size', 'min_sampel_size');
SELECT pg_temp.try_with(:'policy', '    min_score', '    mni_score');
SELECT pg_temp.try_with(:'policy', 'strong_score: 0.60', 'strongscore: 0.60');
SELECT pg_temp.try_with(:'policy', 'both_strong_behavior', 'both_strong_behaviour');
SELECT pg_temp.try_with(:'policy', 'symbol: 1000', 'symbols: 1000');
SELECT pg_temp.try_with(:'policy', 'routing:', 'Routing:');
SELECT pg_temp.try_with(:'policy', '0.52', '{clasification: 0.5}');
SELECT pg_temp.try_with(:'policy', '0.52', '{regression: {verylong: 0.5}}');
SELECT pg_temp.try_more(:'policy', 'dev_mod: true');
SELECT pg_temp.try_more(:'policy', 'experimental: {max_fraction: 0.5}');
SELECT pg_temp.try_more(:'policy', 'stability_classification: {stable_min: 0.5}');
SELECT pg_temp.try_more(:'policy', 'x: 1');
SELECT pg_temp.try_more(:'policy', '"a key, with ''quotes''": 1');
SELECT pg_temp.try_more(:'policy', repeat('long', 100) || ': 1');
SELECT pg_temp.try_more(:'policy', 'größe: 1');
SELECT pg_temp.try_more(:'policy', '? [a, b]' || E'\n  : 1');
SELECT pg_temp.try_more(:'policy', 'min_score: 0.5');
SELECT pg_temp.try(:'policy' || 'version: 1');
SELECT pg_temp.try_more(:'policy', E'dev_mode: true\n  block_on_leakage: true\n  dev_mode: false');
SELECT pg_temp.try_more(:'policy', E'view_policy: a\n  view_policy: b');

-- missing
SELECT pg_temp.try(regexp_replace(:'policy', '  ' || k || ':.*?\n(?=  \w|\Z)', ''))
FROM unnest(ARRAY['min_sample_size', 'cross_sectional', 'symbol', 'stability_allowlist', 'both_strong_behavior']) AS k;
SELECT pg_temp.try_with(:'policy', 'cross_sectional: 5000, ', '');
SELECT pg_temp.try_with(:'policy', ', symbol: 1000', '');
SELECT pg_temp.try_with(:'policy', E'    min_score: 0.52\n', '');
SELECT pg_temp.try_with(:'policy', ', strong_score: 0.60', '');
SELECT pg_temp.try_with(:'policy', ', symbol: [STABLE]', '');
SELECT pg_temp.try('routing: {}');
SELECT pg_temp.try('{}');

-- ---- values ---------------------------------------------------------------------

-- of the wrong type
SELECT pg_temp.try_with(:'policy', '{cross_sectional: 5000, symbol: 1000}', v) FROM unnest(ARRAY['5000', '[5000, 1000]', '""', '', 'null', '~']) AS v;
SELECT pg_temp.try_with(:'policy', '5000', v) FROM unnest(ARRAY['many', '"5000"', '5000.5', '{a: 1}', '[1]', 'null', '.inf', '5e99', '9223372036854775808', '0x10', '010', '1:30', 'true']) AS v;
SELECT pg_temp.try_with(:'policy', '0.52', v) FROM unnest(ARRAY['half', '"0.52"', '.nan', '0.5.2', '1e', '.', '-', '0,52', '[0.52]', '', '0x1p-1', 'inf', '12:30', '_5', '{regression: x}', '{classification: {short: 1}}', '{regression: {short: [1]}}']) AS v;
SELECT pg_temp.try_with(:'policy', '[STABLE, DRIFTING]', v) FROM unnest(ARRAY['STABLE', '[STABEL]', '[stable]', '[[STABLE]]', '{STABLE: true}', '[1]', '', '[null]']) AS v;
SELECT pg_temp.try_with(:'policy', 'ROUTE_BOTH', v) FROM unnest(ARRAY['BOTH', 'route_both', '[ROUTE_BOTH]', 'true', '', 'ROUTE_CROSS_SECTIONAL']) AS v;
SELECT pg_temp.try_more(:'policy', 'dev_mode: ' || v) FROM unnest(ARRAY['1', '"true"', 'y', 'null', '[true]', 'enabled', 'tRuE', 'fALSE', 'yEs', 'nO', 'oN', 'oFf', 'nULL', 'True.']) AS v;
SELECT pg_temp.try_more(:'policy', 'experimental: ' || v) FROM unnest(ARRAY['true', '[]', '', '{min_score: high}', '{allowed_stabilities: DRIFTING}']) AS v;

-- out of range
SELECT pg_temp.try_with(:'policy', '0.52', v) FROM unnest(ARRAY['1e400', '-1e400', '1e-400', '1e99999999999999999999', '.iNF', '+.inF', '-.iNf']) AS v;
SELECT pg_temp.try_with(:'policy', '5000', v) FROM unnest(ARRAY['1e400', '-1.5e400']) AS v;
SELECT pg_temp.try_with(:'policy', '0.52', '{regression: {short: 1e309}}');
SELECT pg_temp.try_more(:'policy', 'stability_classification: {max_std_overlap: ' || v || '}') FROM unnest(ARRAY['1e400', '.inf']) AS v;
SELECT pg_temp.try_with(:'policy', '5000', '-1');
SELECT pg_temp.try_more(:'policy', 'dev_mode_min_sample_size: -5_000');
SELECT pg_temp.try_more(:'policy', 'experimental: {max_fraction_symbols_per_target: ' || v || '}') FROM unnest(ARRAY['-0.1', '0', '1', '1.0000001', '20', '.inf']) AS v;
SELECT pg_temp.try_more(:'policy', 'stability_classification: {' || k || ': ' || v || '}')
FROM unnest(ARRAY['stable_overlap_min', 'drifting_overlap_min', 'stable_tau_min', 'drifting_tau_min', 'max_std_overlap', 'max_std_tau']) AS k, unnest(ARRAY['-1', '-1.1', '1', '1.1']) AS v
ORDER BY k, v COLLATE "C";

-- ---- texts ----------------------------------------------------------------------

SELECT pg_temp.try(t) FROM unnest(ARRAY['', '   ', '# nothing', '---', 'routing', '[]', '5', 'null', 'routing: 5', 'routing:']) AS t;
SELECT pg_temp.try(t) FROM unnest(ARRAY[
    E'routing:\n\tmin_sample_size: 5',
    E'routing:\n  symbol: {min_score: 0.5',
    E'routing:\n  symbol: [0.5}',
    E'routing:\n  "symbol: 5',
    E'routing: a: b',
    E'routing: *nothing',
    E'routing: @x',
    E'a: b\n---\nc: d',
    :'policy' || E'---\n' || :'policy',
    E'routing: \u0001']) AS t;
SELECT pg_temp.try('routing: ' || repeat('[', 100000));
SELECT pg_temp.try(repeat('{a: ', 100000));

-- ten megabytes: of comments, of one word, of a key, of a list, of keys
SELECT pg_temp.try(:'policy' || repeat(E'# a comment\n', 900000));
SELECT pg_temp.try_with(:'policy', 'ROUTE_BOTH', repeat('ROUTE_BOTH', 1000000));
SELECT pg_temp.try_more(:'policy', repeat('k', 10000000) || ': 1');
SELECT pg_temp.try_with(:'policy', '[STABLE, DRIFTING]', '[' || repeat('STABLE, ', 1300000) || ']');
SELECT pg_temp.try_more(:'policy', E'view_policy:\n' || (SELECT string_agg(E'    k' || n || ': 1', E'\n') FROM generate_series(1, 600000) AS n));
SELECT pg_temp.try(:'policy' || (SELECT string_agg(E'  k' || n || ': 1', E'\n') FROM generate_series(1, 600000) AS n));

-- ---- stored ---------------------------------------------------------------------

\pset format aligned
\pset tuples_only off

BEGIN;
INSERT INTO routing_policies (name, policy) VALUES ('strict', :'policy'), ('default', routing_policy_default());
SELECT name, config_hash = routing_policy_hash(policy) AS hash, updated_at = now() AS updated FROM routing_policies ORDER BY name;
SELECT routing_policy('strict') = :'policy' AS strict;
UPDATE routing_policies SET updated_at = '2000-01-01', policy = replace(policy, '0.60', '0.70') WHERE name = 'strict';
SELECT name, config_hash = routing_policy_hash(policy) AS hash, updated_at = now() AS updated FROM routing_policies WHERE name = 'strict';
COMMIT;

-- one that can't be used can't be stored
INSERT INTO routing_policies (name, policy) VALUES ('wrong', 'routing: {symbol: 5}');
UPDATE routing_policies SET policy = replace(policy, 'STABLE', 'SOLID') WHERE name = 'strict';
\set VERBOSITY terse
INSERT INTO routing_policies (name, policy) VALUES ('none', NULL);
INSERT INTO routing_policies (name, policy) VALUES (NULL, routing_policy_default());
\set VERBOSITY default
INSERT INTO routing_policies (name, policy) VALUES ('default', routing_policy_default());
INSERT INTO routing_policies (name, policy, config_hash) VALUES ('other', routing_policy_default(), '12345678');
SELECT name FROM routing_policies ORDER BY name;

-- by name
SELECT symbol, route FROM route_training_candidates_by('candidates', 'strict');
SELECT count(*) FROM (SELECT * FROM route_training_candidates('candidates') EXCEPT SELECT * FROM route_training_candidates_by('candidates', 'default')) AS d;
SELECT * FROM route_training_candidates_by('candidates', 'strickt');
SELECT * FROM route_training_candidates_by('candidates', NULL);
SELECT plan_training('candidates', routing_policy('strict')) AS plan \gset
SELECT t.config_hash = p.config_hash AS "the plan's policy" FROM training_plans AS t, routing_policies AS p WHERE t.plan_id = :plan AND p.name = 'strict';
DELETE FROM training_plans;

-- names in front of the extension's change nothing
CREATE SCHEMA evil;
CREATE TABLE evil.routing_policies (name text, policy text);
INSERT INTO evil.routing_policies VALUES ('strict', 'evil');
CREATE FUNCTION evil.equal(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.equal);
SET search_path = evil, public, pg_catalog;
SELECT length(public.routing_policy('strict')) > 100 AS stored;
RESET search_path;
\set VERBOSITY terse
DROP SCHEMA evil CASCADE;
\set VERBOSITY default

-- the trigger is for that table
CREATE TABLE other (updated_at date);
CREATE TRIGGER touch BEFORE UPDATE ON other FOR EACH ROW EXECUTE FUNCTION routing_policy_touch();
INSERT INTO other VALUES (now());
UPDATE other SET updated_at = now();
DROP TRIGGER touch ON other;
CREATE TRIGGER touch BEFORE INSERT ON other FOR EACH ROW EXECUTE FUNCTION routing_policy_touch();
INSERT INTO other VALUES (now());
SELECT routing_policy_touch();
DROP TABLE other;

DELETE FROM routing_policies;
