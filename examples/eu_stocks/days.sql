-- The metrics of two days into a table, unless it is there, and a view for each: what was
-- known on day 1610, and 250 days of prices later.
--
--   psql -X -f examples/eu_stocks/days.sql

SELECT to_regclass('eu_stock_days') IS NULL AS missing \gset
\if :missing

CREATE TABLE eu_stock_days (
    day integer,
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
\ir eu_stock_days.sql

CREATE VIEW eu_stocks_before AS SELECT * FROM eu_stock_days WHERE day = 1610;
CREATE VIEW eu_stocks_after AS SELECT * FROM eu_stock_days WHERE day = 1860;

\endif
\unset missing
