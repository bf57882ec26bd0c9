# The official image of PostgreSQL with trainplan.  Its database begins with the extension and
# with the metrics of examples/eu_stocks in a table.
#
#   docker build -t trainplan .            (--build-arg PG_MAJOR=17 for another PostgreSQL)
#   docker run --name trainplan -e POSTGRES_PASSWORD=secret -d trainplan
#   docker exec trainplan psql -U postgres -c "SELECT plan_training('eu_stock_candidates')"

ARG PG_MAJOR=18

FROM postgres:${PG_MAJOR} AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        build-essential libjson-c-dev libyaml-dev pkgconf postgresql-server-dev-$PG_MAJOR
COPY . /usr/src/trainplan
RUN make -C /usr/src/trainplan install with_llvm=no DESTDIR=/installed

FROM postgres:${PG_MAJOR}
RUN apt-get update \
    && apt-get install -y --no-install-recommends libjson-c5 libyaml-0-2 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /installed /
COPY examples /usr/local/share/trainplan/examples
COPY docker/eu_stocks.sql /docker-entrypoint-initdb.d/
