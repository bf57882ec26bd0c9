-- The metrics into a table, unless it is there.
--
--   psql -X -f examples/eu_stocks/candidates.sql

SELECT to_regclass('eu_stock_candidates') IS NULL AS missing \gset
\if :missing

CREATE TABLE eu_stock_candidates (
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
);
\ir eu_stock_candidates.sql

\endif
\unset missing
