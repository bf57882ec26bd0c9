-- What the coordinator has: both servers, as whom it goes there, and the metrics as one relation.
--
--   psql -X -v host=/tmp/shards -v port1=5441 -v port2=5442 -f examples/shards/coordinator.sql
--
-- It makes the servers shard1 and shard2, schemas of these names, and the table candidates: in a database that has none of
-- them.

\set QUIET on
\set ON_ERROR_STOP on
SET client_min_messages = warning;

CREATE EXTENSION IF NOT EXISTS trainplan;
CREATE EXTENSION IF NOT EXISTS postgres_fdw;

-- async_capable: both are asked at the same time
CREATE SERVER shard1 FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host :'host', port :'port1', dbname 'postgres', async_capable 'true');
CREATE SERVER shard2 FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host :'host', port :'port2', dbname 'postgres', async_capable 'true');
CREATE USER MAPPING FOR CURRENT_USER SERVER shard1 OPTIONS (user 'planner');
CREATE USER MAPPING FOR CURRENT_USER SERVER shard2 OPTIONS (user 'planner');
SELECT add_training_server('shard1'), add_training_server('shard2') \g /dev/null

-- Who writes here writes there: a row's server is known by its target.
CREATE TABLE candidates (
    target text,
    symbol text,
    mode text,
    score double precision,
    stability text,
    sample_size bigint,
    leakage_status text,
    task_type text,
    metric_name text,
    mean_overlap double precision,
    std_overlap double precision,
    mean_tau double precision,
    std_tau double precision
) PARTITION BY HASH (target);
CREATE FOREIGN TABLE candidates_1 PARTITION OF candidates FOR VALUES WITH (MODULUS 2, REMAINDER 0)
    SERVER shard1 OPTIONS (table_name 'candidates', batch_size '1000');
CREATE FOREIGN TABLE candidates_2 PARTITION OF candidates FOR VALUES WITH (MODULUS 2, REMAINDER 1)
    SERVER shard2 OPTIONS (table_name 'candidates', batch_size '1000');

-- For proof.sql: what each server keeps of its jobs' attempts.
CREATE SCHEMA shard1;
CREATE SCHEMA shard2;
IMPORT FOREIGN SCHEMA public LIMIT TO (training_job_attempts) FROM SERVER shard1 INTO shard1;
IMPORT FOREIGN SCHEMA public LIMIT TO (training_job_attempts) FROM SERVER shard2 INTO shard2;
