# trainplan: from metrics to training plans, in PostgreSQL
#
#   make demo, make test, make test-sanitized, make bench, make fuzz,
#   make example-celery, make example-dask, make example-nightly, make example-shards
#                                    on private servers that go away again
#   make, make install, make installcheck PG_CONFIG=...    as for any extension
#   make dist    the archive for PGXN, of what git has

EXTENSION = trainplan
EXTVERSION = 1.1

MODULE_big = $(EXTENSION)
# (files of the repository, which a VPATH build finds in another folder than it builds in)
in_srcdir = $(patsubst $(srcdir)/%,%,$(sort $(wildcard $(addprefix $(srcdir)/,$(1)))))
OBJS = $(patsubst %.c,%.o,$(sort $(call in_srcdir,src/*.c src/*/*.c) $(PAGE)))
# the page that shows a plan as a map, as C
PAGE = src/documents/map_page_template.c
PGFILEDESC = "trainplan - from metrics to training plans"
PG_CPPFLAGS = -I$(srcdir)/src $(shell pkg-config --cflags yaml-0.1 json-c 2>/dev/null)
SHLIB_LINK = $(shell pkg-config --libs yaml-0.1 json-c 2>/dev/null)
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers

# the extension's SQL, one topic a file; what an update from a released version does
TOPICS = $(call in_srcdir,sql/[0-9]*.sql)
RELEASED = 1.0
DATA_built = sql/$(EXTENSION)--$(EXTVERSION).sql sql/$(EXTENSION)--$(RELEASED)--$(EXTVERSION).sql
DATA = $(call in_srcdir,sql/released/*.sql)

# make installcheck on a server that has the extension, as a superuser.  The tests have a
# database in UTF8 and the C locale, whatever the cluster is in (NO_LOCALE= takes its locale),
# and what settings change in their output is as PostgreSQL has it.
REGRESS = $(patsubst test/sql/%.sql,%,$(call in_srcdir,test/sql/*.sql))
REGRESS_OPTS = --inputdir='$(srcdir)/test' --load-extension=$(EXTENSION)
ISOLATION = $(patsubst test/specs/%.spec,%,$(call in_srcdir,test/specs/*.spec))
ISOLATION_OPTS = --inputdir='$(srcdir)/test' --load-extension=$(EXTENSION)
ENCODING = UTF8
NO_LOCALE = 1
NO_INSTALLCHECK = 1
TEST_SETTINGS = -c client_min_messages=notice -c default_transaction_isolation=read\ committed -c quote_all_identifiers=off
PROVE_TESTS = $(call in_srcdir,test/t/*.pl)
EXTRA_CLEAN = $(PAGE) output_iso results regression.diffs regression.out tmp_check

PG_CONFIG ?= pg_config
PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
ifneq ($(PGXS),)
include $(PGXS)
else
all install installcheck clean: requirements
endif

# What is too old or missing stops a build before anything else.
too_old = $(filter 9.% 10 11 12 13 14,$(MAJORVERSION))
missing = $(strip \
    $(if $(wildcard $(includedir_server)/postgres.h),,postgresql-server-dev-$(or $(MAJORVERSION),all)) \
    $(shell command -v pkg-config >/dev/null || echo pkg-config) \
    $(shell pkg-config --exists yaml-0.1 2>/dev/null || echo libyaml-dev) \
    $(shell pkg-config --exists json-c 2>/dev/null || echo libjson-c-dev))
requirements:
	$(if $(too_old),$(error PG_CONFIG=$(PG_CONFIG) is PostgreSQL $(too_old), and trainplan needs 15 or later: name another PostgreSQL by PG_CONFIG))
	$(if $(missing),$(error to build for PG_CONFIG=$(PG_CONFIG), first install $(missing) (Debian), or name another PostgreSQL by PG_CONFIG))
	$(if $(VPATH),@mkdir -p $(sort $(dir $(OBJS) $(DATA_built))))

$(OBJS) $(OBJS:.o=.bc) $(PAGE) $(DATA_built): | requirements
$(OBJS) $(OBJS:.o=.bc): $(call in_srcdir,src/*.h src/*/*.h)

sql/$(EXTENSION)--$(EXTVERSION).sql: $(TOPICS)
	cat $^ > $@

sql/$(EXTENSION)--$(RELEASED)--$(EXTVERSION).sql: sql/update/expand.awk sql/update/$(EXTENSION)--$(RELEASED)--$(EXTVERSION).sql sql/released/$(EXTENSION)--$(RELEASED).sql $(TOPICS)
	awk -v OLD=$(word 3,$^) -v TOPICS="$(wordlist 4,$(words $^),$^)" -f $(wordlist 1,2,$^) > $@

$(PAGE): src/documents/map_page.awk src/documents/map_page.html
	awk -f $^ > $@

# Both kinds of tests run, also where one fails.  pg_regress looks for what is expected
# where its output goes.
installcheck:
	@superuser=$$('$(bindir)/psql' -XAtc 'SHOW is_superuser' postgres) || exit; \
	[ "$$superuser" = on ] || { echo "make installcheck: only a superuser can run it (PGUSER=...)" >&2; exit 1; }
	@mkdir -p output_iso; expected=$$(cd '$(srcdir)/expected' && pwd); \
	for place in . output_iso; do [ -d $$place/expected -a ! -L $$place/expected ] || ln -sfn "$$expected" $$place/expected; done
	@PGOPTIONS="$$PGOPTIONS $(TEST_SETTINGS)"; export PGOPTIONS; ended=0; \
	$(if $(REGRESS),$(pg_regress_installcheck) $(REGRESS_OPTS) $(REGRESS) || ended=1;) \
	$(if $(ISOLATION),$(pg_isolation_regress_installcheck) $(ISOLATION_OPTS) $(ISOLATION) || ended=1;) \
	exit $$ended

clean: clean-expected
clean-expected:
	@[ ! -L expected ] || rm expected

# Tests that start servers of their own; not as root.
prove_installcheck:
	$(prove_installcheck)

# What dev/with-server is told is said below, and not by the environment.
unexport PACKAGES SERVER_SETTINGS SMALL_DISK KEEP

demo:
	@KEEP=trainplan_demo dev/with-server psql -X -f examples/eu_stocks/demo.sql

# What dev/with-server installs, and says what for.
TRAINING_PACKAGES = to train models: python3-psycopg2 python3-sklearn python3-xgboost;
CELERY_PACKAGES = to work with Celery: python3-celery python3-redis redis-tools;
DASK_PACKAGES = to work with Dask: python3-distributed;
DOCUMENT_PACKAGES = to read documents as others do: cmark-gfm nodejs node-yaml python3-yaml;
BROWSER_PACKAGES = to look at pages as a browser does (optional): chromium; to check HTML (optional): tidy;
# (npm may have come with a Node.js that is not Debian's)
PARQUET_PACKAGES = to get DuckDB, for Parquet (optional): $$(command -v npm >/dev/null || echo npm);
# (these would start services if they were installed)
MONITORING_PACKAGES = to watch plans as operators do (unpacked): prometheus promtool prometheus-postgres-exporter;
# (VERSION is that of the PostgreSQL that is used)
CRON_PACKAGES = to forget plans by a timer (optional): postgresql-VERSION-cron;
train_with = psql -X -f examples/eu_stocks/plan.sql && examples/eu_stocks/$(1) && psql -X -f examples/eu_stocks/scores.sql && \
    psql -X -f examples/eu_stocks/proof.sql

# The example's plan, trained on Celery and on Dask, in a minute or two each.
example-celery:
	@PACKAGES="$(TRAINING_PACKAGES) $(CELERY_PACKAGES)" dev/with-server \
	    sh -c '$(call train_with,celery_run.sh)'

example-dask:
	@PACKAGES="$(TRAINING_PACKAGES) $(DASK_PACKAGES)" dev/with-server \
	    sh -c '$(call train_with,dask_run.py)'

# Two days of it: on the second, nothing is trained again but what changed.
example-nightly:
	@PACKAGES="$(TRAINING_PACKAGES)" dev/with-server \
	    sh -c 'examples/eu_stocks/two_days.sh && psql -X -f examples/eu_stocks/scores.sql'

# A plan in parts on two servers, one of which is killed on the way.
example-shards:
	@PACKAGES="$(TRAINING_PACKAGES)" dev/with-server examples/shards/run.sh

test:
	@PACKAGES="$(DOCUMENT_PACKAGES) $(BROWSER_PACKAGES) $(PARQUET_PACKAGES) $(TRAINING_PACKAGES) $(CELERY_PACKAGES) $(DASK_PACKAGES) $(MONITORING_PACKAGES) $(CRON_PACKAGES)" SMALL_DISK=4m \
	    dev/with-server test/run

bench:
	@PACKAGES="to measure: python3-yaml python3-numpy python3-scipy python3-psycopg2 nodejs; to draw (optional): chromium" SERVER_SETTINGS="fsync = on" dev/with-server bench/run

# The readers of documents and policies, for twenty minutes or FUZZ_SECONDS.
fuzz:
	@PACKAGES="to fuzz: clang llvm" dev/with-server test/fuzz/run

# Memory and undefined behaviour, on a PostgreSQL with assertions that is built for it:
# twenty minutes, or as CALLS and SQLSMITH_SECONDS say (test/calls/sanitized).
test-sanitized:
	@PACKAGES="to make calls: python3 sqlsmith" dev/with-sanitizers test/calls/sanitized

# Do the rooms of src/ stand on each other, and on nothing above?
lint:
	@dev/lint

# What PGXN gets: all that the last commit has, in a folder.  PostgreSQL is not needed.
DISTVERSION = $(shell git show HEAD:META.json | sed -n 's/^    "version": "\(.*\)",/\1/p')
dist:
	git archive --format=zip --prefix=$(EXTENSION)-$(DISTVERSION)/ -o $(EXTENSION)-$(DISTVERSION).zip HEAD

# The reference manual, made from the comments of the SQL objects, and the picture of the example.
doc:
	@reference=$$(dev/with-server psql -X -f doc/reference.sql) && printf '%s\n' "$$reference" >doc/reference.md
	@picture=$$(dev/with-server psql -X -f doc/eu_stocks.sql) && printf '%s\n' "$$picture" >doc/eu_stocks.svg

.PHONY: all install installcheck clean clean-expected requirements prove_installcheck demo example-celery example-dask example-nightly example-shards test test-sanitized bench fuzz lint dist doc
