-- The rules: which decisions make which jobs.

CREATE TABLE decisions (
    target text,
    symbol text,
    route text,
    reason text,
    cs_state text,
    local_state text,
    sample_size integer
);

-- one target with every route that a symbol can have
INSERT INTO decisions VALUES
    ('fwd_ret_5d', NULL, 'ENABLED', 'pooled score 0.61', 'STRONG', NULL, 50000),
    ('fwd_ret_5d', 'AAPL', 'ROUTE_BOTH', 'both good', 'STRONG', 'STRONG', 4000),
    ('fwd_ret_5d', 'MSFT', 'ROUTE_SYMBOL_SPECIFIC', 'own model', 'DISALLOWED', 'WEAK_BUT_OK', 4001),
    ('fwd_ret_5d', 'NVDA', 'ROUTE_EXPERIMENTAL_ONLY', 'promising', 'DISALLOWED', 'EXPERIMENTAL', 4002),
    ('fwd_ret_5d', 'AMZN', 'ROUTE_CROSS_SECTIONAL', 'pooled is enough', 'STRONG', 'DISALLOWED', 4003),
    ('fwd_ret_5d', '000001', 'ROUTE_BLOCKED', 'leaks', 'DISALLOWED', 'DISALLOWED', 4004);

SELECT job_id, target, symbol, route, training_type, priority
FROM generate_training_plan('decisions');

SELECT job_id, model_families, estimated_samples, reason, metadata
FROM generate_training_plan('decisions');

-- blocked symbols have jobs if asked for, and nothing to train
SELECT job_id, target, symbol, route, training_type, model_families, priority
FROM generate_training_plan('decisions', include_blocked => true)
WHERE training_type = 'blocked';

SELECT job_id, estimated_samples, reason, metadata
FROM generate_training_plan('decisions', include_blocked => true)
WHERE training_type = 'blocked';

-- NULL is the default of every argument that has one
SELECT count(*) FROM generate_training_plan('decisions', NULL, NULL);

-- a target's own decision: ENABLED and DISABLED, or the routes that say the same
TRUNCATE decisions;
INSERT INTO decisions VALUES
    ('t1', NULL, 'ENABLED'),
    ('t2', NULL, 'ROUTE_CROSS_SECTIONAL'),
    ('t3', NULL, 'DISABLED'),
    ('t4', NULL, 'ROUTE_BLOCKED');
SELECT job_id, route, reason, metadata FROM generate_training_plan('decisions', NULL, true);

-- Only target, symbol and route have to be there; what a decision does not say
-- is unknown.  A job for a symbol has the reason that its decision has, if any.
CREATE TABLE bare AS
SELECT target, symbol, route FROM decisions;
INSERT INTO bare VALUES
    ('t1', 'a', 'ROUTE_BOTH'),
    ('t1', 'b', 'ROUTE_BLOCKED');
SELECT job_id, estimated_samples, reason, metadata
FROM generate_training_plan('bare', include_blocked => true)
WHERE target = 't1';

-- A target without a decision of its own is trained if symbols count on it.
TRUNCATE decisions;
INSERT INTO decisions VALUES
    ('both', 'a', 'ROUTE_BOTH'),
    ('cross_sectional', 'a', 'ROUTE_CROSS_SECTIONAL'),
    ('cross_sectional', 'b', 'ROUTE_CROSS_SECTIONAL'),
    ('mixed', 'a', 'ROUTE_SYMBOL_SPECIFIC'),
    ('mixed', 'b', 'ROUTE_CROSS_SECTIONAL'),
    ('nobody', 'a', 'ROUTE_SYMBOL_SPECIFIC'),
    ('nobody', 'b', 'ROUTE_EXPERIMENTAL_ONLY'),
    ('nobody', 'c', 'ROUTE_BLOCKED');
SELECT priority, job_id, reason, metadata
FROM generate_training_plan('decisions');

-- One whose own decision is DISABLED is not, and a warning says so, once.
INSERT INTO decisions VALUES
    ('both', NULL, 'DISABLED'),
    ('nobody', NULL, 'DISABLED');
SELECT priority, job_id FROM generate_training_plan('decisions');

INSERT INTO decisions
SELECT 'disabled_' || i, s, CASE WHEN s IS NULL THEN 'DISABLED' ELSE 'ROUTE_CROSS_SECTIONAL' END
FROM generate_series(1, 5) AS i, unnest(ARRAY[NULL, 'a', 'b']) AS s;
SELECT count(*) FROM generate_training_plan('decisions');

-- no decisions, no jobs
TRUNCATE decisions;
SELECT * FROM generate_training_plan('decisions');

-- a sample size of any size
CREATE TABLE sizes (target text, symbol text, route text, sample_size bigint);
INSERT INTO sizes VALUES
    ('t', '0', 'ROUTE_BOTH', 0),
    ('t', '4294967294', 'ROUTE_BOTH', 4294967294),
    ('t', '4294967295', 'ROUTE_BOTH', 4294967295),
    ('t', '4294967296', 'ROUTE_BOTH', 4294967296),
    ('t', '9223372036854775807', 'ROUTE_BOTH', 9223372036854775807),
    ('t', 'none', 'ROUTE_BOTH', NULL),
    ('t', NULL, 'ENABLED', 9223372036854775807);
SELECT symbol, estimated_samples, metadata -> 'sample_size' AS sample_size
FROM generate_training_plan('sizes');

-- the function in a select list, and called often
SELECT (generate_training_plan('sizes')).job_id;
SELECT count(*), count(DISTINCT j.*)
FROM generate_series(1, 3), LATERAL generate_training_plan('sizes') AS j;

DROP TABLE decisions, bare, sizes;
