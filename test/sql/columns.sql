-- Columns: found by name, in any order, of every type that can hold them.

CREATE TYPE route AS ENUM (
    'ENABLED', 'DISABLED', 'ROUTE_CROSS_SECTIONAL', 'ROUTE_SYMBOL_SPECIFIC', 'ROUTE_BOTH',
    'ROUTE_EXPERIMENTAL_ONLY', 'ROUTE_BLOCKED'
);
CREATE DOMAIN symbol AS varchar(12);
CREATE DOMAIN listed_symbol AS symbol CHECK (VALUE <> 'X');
CREATE DOMAIN decided_route AS route NOT NULL;
CREATE DOMAIN row_count AS bigint CHECK (VALUE >= 0);
CREATE DOMAIN family_list AS text[];

-- any order, others between them, and dropped ones
CREATE TABLE decisions (
    note text,
    sample_size smallint,
    gone integer,
    route text,
    "Target" text,
    symbol text,
    target text
);
ALTER TABLE decisions DROP gone, ADD reason text;
INSERT INTO decisions VALUES ('n', 7, 'ROUTE_BOTH', 'no', 's', 't', 'r');
SELECT job_id, estimated_samples, reason FROM generate_training_plan('decisions');
DROP TABLE decisions;

-- text: varchar and domains over it, enum
CREATE TABLE decisions (
    target varchar(20),
    symbol listed_symbol,
    route decided_route,
    cs_state varchar,
    local_state symbol,
    sample_size row_count,
    model_families family_list
);
INSERT INTO decisions VALUES ('t', 's', 'ROUTE_BOTH', 'STRONG', 'WEAK_BUT_OK', 7, '{ridge}');
SELECT job_id, route, model_families, estimated_samples, metadata FROM generate_training_plan('decisions');
DROP TABLE decisions;

-- text: char, whose padding is not part of the name, and name
CREATE TABLE decisions (target char(10), symbol name, route char(30), sample_size integer, model_families varchar(10)[]);
INSERT INTO decisions VALUES ('t', 's', 'ROUTE_BOTH', 7, '{ridge}'), ('t', NULL, 'ENABLED', 8, NULL);
SELECT job_id, target, symbol, estimated_samples, model_families FROM generate_training_plan('decisions');
DROP TABLE decisions;

-- a reason: text, an array of text, json
CREATE TABLE decisions (target text, symbol text, route text, reason text);
INSERT INTO decisions VALUES
    ('t', 'null', 'ROUTE_BOTH', NULL),
    ('t', 'empty', 'ROUTE_BOTH', ''),
    ('t', 'some', 'ROUTE_BOTH', 'a; b');
SELECT symbol, reason FROM generate_training_plan('decisions') WHERE symbol IS NOT NULL;

ALTER TABLE decisions ALTER reason TYPE text[] USING NULL;
TRUNCATE decisions;
INSERT INTO decisions VALUES
    ('t', 'null', 'ROUTE_BOTH', NULL),
    ('t', 'empty', 'ROUTE_BOTH', '{}'),
    ('t', 'one', 'ROUTE_BOTH', '{a}'),
    ('t', 'three', 'ROUTE_BOTH', ARRAY['score 0.61 >= 0.58', 'a; b', '']),
    ('t', 'with null', 'ROUTE_BOTH', ARRAY[NULL, 'a', NULL, 'b']),
    ('t', 'two-dimensional', 'ROUTE_BOTH', '{{a,b},{c,d}}');
SELECT symbol, reason FROM generate_training_plan('decisions') WHERE symbol IS NOT NULL;

ALTER TABLE decisions ALTER reason TYPE varchar(20)[];
SELECT count(reason) FROM generate_training_plan('decisions') WHERE symbol IS NOT NULL;

ALTER TABLE decisions ALTER reason TYPE jsonb USING NULL;
TRUNCATE decisions;
INSERT INTO decisions VALUES
    ('t', 'null', 'ROUTE_BOTH', NULL),
    ('t', 'json null', 'ROUTE_BOTH', 'null'),
    ('t', 'string', 'ROUTE_BOTH', '"why \"not\""'),
    ('t', 'empty', 'ROUTE_BOTH', '[]'),
    ('t', 'three', 'ROUTE_BOTH', '["a", "b", "c"]');
SELECT symbol, reason FROM generate_training_plan('decisions') WHERE symbol IS NOT NULL;
ALTER TABLE decisions ALTER reason TYPE json;
SELECT symbol, reason FROM generate_training_plan('decisions') WHERE symbol IS NOT NULL;

-- of a target's own decision, none is replaced
INSERT INTO decisions VALUES ('t', NULL, 'ENABLED', NULL), ('u', NULL, 'ENABLED', '"why"'), ('v', NULL, 'ENABLED', '""');
SELECT target, reason FROM generate_training_plan('decisions') WHERE symbol IS NULL;
DROP TABLE decisions;

-- long values, compressed and out of line
CREATE TABLE decisions (target text, symbol text, route text, reason text[], cs_state text);
ALTER TABLE decisions ALTER cs_state SET STORAGE EXTERNAL;
INSERT INTO decisions VALUES
    ('t', 's', 'ROUTE_BOTH', ARRAY[repeat('a', 100000), repeat('b', 100000)], repeat('c', 10000));
SELECT length(reason), left(reason, 3), right(reason, 3), length(metadata ->> 'cs_state')
FROM generate_training_plan('decisions') WHERE symbol = 's';
SELECT create_training_plan('decisions') AS plan \gset
SELECT length(reason), length(metadata ->> 'cs_state') FROM training_jobs WHERE plan_id = :plan AND symbol = 's';
DELETE FROM training_plans WHERE plan_id = :plan;
DROP TABLE decisions;

DROP DOMAIN decided_route, listed_symbol, symbol, row_count, family_list;
DROP TYPE route;
