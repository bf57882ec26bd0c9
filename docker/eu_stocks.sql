-- What the database of the image begins with, as Dockerfile says: run once, by the
-- image's entry point, where the data directory is empty.

CREATE EXTENSION trainplan;
\cd /usr/local/share/trainplan
\i examples/eu_stocks/candidates.sql
