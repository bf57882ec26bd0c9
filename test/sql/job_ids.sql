-- Job ids: sym_<target>_<symbol> must name one job.

CREATE TABLE decisions (target text, symbol text, route text);

-- a_b + c, and a + b_c
INSERT INTO decisions VALUES
    ('a_b', 'c', 'ROUTE_BOTH'),
    ('a', 'b_c', 'ROUTE_SYMBOL_SPECIFIC');
SELECT job_id FROM generate_training_plan('decisions');
SELECT create_training_plan('decisions');
SELECT count(*) FROM training_plans;

-- two jobs of different kinds have different prefixes
UPDATE decisions SET route = 'ROUTE_BLOCKED' WHERE symbol = 'c';
SELECT job_id FROM generate_training_plan('decisions', include_blocked => true);

-- two blocked ones do not
UPDATE decisions SET route = 'ROUTE_BLOCKED';
SELECT job_id FROM generate_training_plan('decisions');
SELECT job_id FROM generate_training_plan('decisions', include_blocked => true);

-- only jobs count
UPDATE decisions SET route = CASE symbol WHEN 'c' THEN 'ROUTE_CROSS_SECTIONAL' ELSE 'ROUTE_BOTH' END;
SELECT job_id FROM generate_training_plan('decisions');

-- the cross-sectional jobs of targets that look like a target with a symbol
TRUNCATE decisions;
INSERT INTO decisions VALUES
    ('a', NULL, 'ENABLED'),
    ('a_b', NULL, 'ENABLED'),
    ('a', 'b', 'ROUTE_BOTH');
SELECT job_id FROM generate_training_plan('decisions');

-- underscores anywhere
TRUNCATE decisions;
INSERT INTO decisions VALUES ('a', '_b', 'ROUTE_BOTH'), ('a_', 'b', 'ROUTE_BOTH');
SELECT job_id FROM generate_training_plan('decisions');
TRUNCATE decisions;
INSERT INTO decisions VALUES ('_', '_', 'ROUTE_BOTH'), ('__', '_', 'ROUTE_BOTH'), ('_', '__', 'ROUTE_BLOCKED');
SELECT job_id FROM generate_training_plan('decisions');
UPDATE decisions SET route = 'ROUTE_BOTH';
SELECT job_id FROM generate_training_plan('decisions');
TRUNCATE decisions;
INSERT INTO decisions VALUES ('y_1', '2_3_4', 'ROUTE_BOTH'), ('y_1_2_3', '4', 'ROUTE_EXPERIMENTAL_ONLY');
SELECT job_id FROM generate_training_plan('decisions');

-- names that only look as if
TRUNCATE decisions;
INSERT INTO decisions VALUES
    ('swing', 'low_10m', 'ROUTE_BOTH'),
    ('swing_low', '10', 'ROUTE_BOTH'),
    ('swing_lo', 'w_10m', 'ROUTE_BOTH'),
    ('swing_low_10', 'm', 'ROUTE_BOTH');
SELECT job_id FROM generate_training_plan('decisions');

-- one clash among many symbols with underscores, however little memory there is
TRUNCATE decisions;
INSERT INTO decisions
SELECT 'y_' || t, 'pair_' || s, 'ROUTE_BOTH'
FROM generate_series(1, 20) AS t, generate_series(1, 200) AS s;
SELECT count(*) FROM generate_training_plan('decisions');
SET work_mem = '64kB';
SELECT count(*) FROM generate_training_plan('decisions');
INSERT INTO decisions VALUES ('y_7_pair', '11', 'ROUTE_EXPERIMENTAL_ONLY');
SELECT count(*) FROM generate_training_plan('decisions');
RESET work_mem;
SELECT count(*) FROM generate_training_plan('decisions');

-- a clash is found if and only if there is one: names of a letter and underscores, at random
CREATE FUNCTION pg_temp.finds_clash() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM generate_training_plan('decisions');
    RETURN false;
EXCEPTION WHEN unique_violation THEN
    RETURN true;
END
$$;
CREATE FUNCTION pg_temp.name() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    name text := '';
BEGIN
    FOR i IN 0 .. floor(random() * 3)::integer LOOP
        name := name || substr('a_', 1 + floor(random() * 2)::integer, 1);
    END LOOP;
    RETURN name;
END
$$;
CREATE PROCEDURE pg_temp.compare(times integer) LANGUAGE plpgsql AS $$
DECLARE
    clashes integer := 0;
    clashing boolean;
BEGIN
    PERFORM setseed(0.25);
    FOR i IN 1 .. times LOOP
        DELETE FROM decisions;
        INSERT INTO decisions
        SELECT DISTINCT pg_temp.name(), pg_temp.name(), 'ROUTE_BOTH' FROM generate_series(0, i % 9);
        SELECT count(DISTINCT target || '_' || symbol) < count(*) INTO clashing FROM decisions;
        IF pg_temp.finds_clash() <> clashing THEN
            RAISE 'wrong: %', (SELECT string_agg(format('(%s, %s)', target, symbol), ' ') FROM decisions);
        END IF;
        clashes := clashes + clashing::integer;
    END LOOP;
    RAISE NOTICE '% clashes', clashes;
END
$$;
CALL pg_temp.compare(1000);
SET work_mem = '64kB';
CALL pg_temp.compare(200);
RESET work_mem;

DROP TABLE decisions;
