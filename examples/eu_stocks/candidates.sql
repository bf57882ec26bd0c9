-- The metrics into a table.
--
--   psql -X -f examples/eu_stocks/candidates.sql    from the top of the repository

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
\copy eu_stock_candidates FROM 'examples/eu_stocks/eu_stock_candidates.csv' WITH (FORMAT csv, HEADER match)
