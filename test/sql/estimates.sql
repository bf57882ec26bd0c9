-- Estimates: what PostgreSQL's planner expects of generate_training_plan().

CREATE FUNCTION estimated_rows(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
    RETURN plan -> 0 -> 'Plan' ->> 'Plan Rows';
END
$$;

CREATE TABLE decisions (target text, symbol text, route text) PARTITION BY HASH (target);
CREATE TABLE decisions_0 PARTITION OF decisions FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE decisions_1 PARTITION OF decisions FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO decisions
SELECT 't' || t, 's' || s, 'ROUTE_BOTH' FROM generate_series(1, 100) AS t, generate_series(1, 50) AS s;
CREATE MATERIALIZED VIEW snapshot AS TABLE decisions;
CREATE VIEW seen AS TABLE decisions;
ANALYZE decisions_0, decisions_1, snapshot;

-- the rows of a relation that has storage; of a partitioned one, all that it has
SELECT estimated_rows($$SELECT * FROM generate_training_plan('snapshot')$$);
SELECT estimated_rows($$SELECT * FROM generate_training_plan('decisions')$$);
SELECT estimated_rows($$SELECT * FROM generate_training_plan('decisions_0')$$)
    + estimated_rows($$SELECT * FROM generate_training_plan('decisions_1')$$) AS sum;
SELECT estimated_rows($$SELECT generate_training_plan('snapshot')$$);
TRUNCATE decisions;
SELECT estimated_rows($$SELECT * FROM generate_training_plan('decisions')$$) < 5000 AS fewer;

-- a view's are what PostgreSQL expects of reading it
SELECT estimated_rows($$SELECT * FROM generate_training_plan('seen')$$) - estimated_rows('TABLE seen') AS difference;

-- those of a relation that is not are not known
SELECT estimated_rows($$SELECT * FROM generate_training_plan(NULL)$$);
SELECT estimated_rows($$SELECT * FROM generate_training_plan(4000000000::oid::regclass)$$);
SELECT estimated_rows($$SELECT * FROM pg_class AS c, generate_training_plan(c.oid) AS j WHERE c.relname = 'snapshot'$$) > 0 AS estimated;

DROP VIEW seen;
DROP MATERIALIZED VIEW snapshot;
DROP TABLE decisions;
DROP FUNCTION estimated_rows(text);
