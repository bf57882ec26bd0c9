-- Model families: the call's, and a decision's own.

CREATE TABLE decisions (target text, symbol text, route text, model_families text[]);
INSERT INTO decisions VALUES
    ('t', NULL, 'ENABLED', NULL),
    ('t', 'a', 'ROUTE_BOTH', NULL),
    ('t', 'b', 'ROUTE_BOTH', '{ridge}'),
    ('t', 'c', 'ROUTE_BLOCKED', '{ridge}');

-- by default lightgbm and xgboost; a blocked job has none
SELECT job_id, model_families FROM generate_training_plan('decisions', include_blocked => true);

SELECT job_id, model_families FROM generate_training_plan('decisions', '{catboost,mlp}');

-- blanks around a name go, and repeats
SELECT model_families FROM generate_training_plan('decisions', ARRAY[' mlp', E'ridge\t', 'mlp', E'\n ridge ', 'two words'])
WHERE symbol = 'a';
SELECT model_families FROM generate_training_plan('decisions', '[5:6]={x,y}') WHERE symbol = 'a';
UPDATE decisions SET model_families = ARRAY['  lasso ', 'ridge', 'lasso'] WHERE symbol = 'b';
SELECT model_families FROM generate_training_plan('decisions') WHERE symbol = 'b';

-- names are the user's: case, and letters of any alphabet, are kept
SELECT model_families FROM generate_training_plan('decisions', '{LightGBM,lightgbm,Größe,模型}')
WHERE symbol = 'a';

-- lists that nothing could be trained with
\getenv test PG_ABS_SRCDIR
\set attempt :test '/helpers/attempt.sql'
\i :attempt
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions', '{}')$$);
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions', '{lightgbm,NULL}')$$);
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions', ARRAY[''])$$);
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions', ARRAY['lightgbm', E' \t\n'])$$);
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions', '{{lightgbm},{xgboost}}')$$);
SELECT pg_temp.attempt($$SELECT create_training_plan('decisions', '{}')$$);

-- the same in a decision, whether it makes a job or not
UPDATE decisions SET model_families = '{}' WHERE symbol = 'b';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET model_families = '{NULL}' WHERE symbol = 'b';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET model_families = '{" "}' WHERE symbol = 'b';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET model_families = '{{a,b}}' WHERE symbol = 'b';
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET model_families = CASE WHEN symbol = 'c' THEN '{}'::text[] END;
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);
UPDATE decisions SET model_families = CASE WHEN symbol IS NULL THEN '{}'::text[] END;
SELECT pg_temp.attempt($$SELECT * FROM generate_training_plan('decisions')$$);

DROP TABLE decisions;
