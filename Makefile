# Everything that is done daily. `make` alone tells what there is.
# Read from the environment: PORT, HOST, DATABASE_URL, NAVIGATOR_HOME (see .env.example).

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes --no-deps

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo serve test coverage quick check format bench bench-large bench-search torture rehearse reset lock messages

help: ## Tell what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: .venv/runtime ## Set everything up, load the real data, start the portal
	@$(MANAGE) demo
	@$(MANAGE) serve

serve: .venv/runtime ## Start the portal as it stands: web, workers and indexer
	@$(MANAGE) serve

test: .venv/dev ## Set everything up and run all tests
	@$(BIN)/python tests/install_browser.py
	@$(BIN)/python tests/install_clamd.py
	@$(BIN)/python tests/install_mail.py
	$(BIN)/python -m pytest -n $${TEST_WORKERS:-2} --dist worksteal $(ARGS)

coverage: ## Run all tests and tell which lines none of them ran; takes a fifth longer
	@$(MAKE) test ARGS="--cov --cov-report=term:skip-covered $(ARGS)"

quick: .venv/dev ## Run the tests that take no browser and no seconds
	$(BIN)/python -m pytest -q -m "not browser and not slow" $(ARGS)

check: .venv/dev ## Static checks: style, types, floors, migrations, templates, translations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports --no-logo
	$(BIN)/djhtml --check --tabwidth 2 themes/templates $(wildcard */templates)
	$(MANAGE) makemigrations --check --dry-run
	$(MANAGE) messages --check

format: .venv/dev ## Bring code and templates into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	-$(BIN)/djhtml --tabwidth 2 themes/templates $(wildcard */templates)

messages: .venv/dev ## Bring the Russian words in step with the source strings
	$(MANAGE) messages

bench: .venv/dev ## Measure: cold start, load, requests a second, queries, search
	$(BIN)/python -m tests.bench.run

bench-search: .venv/dev ## Measure search on a country's catalogue: make bench-search SIZES="10000 100000"
	$(BIN)/python -m tests.bench.search $(SIZES)

bench-large: .venv/dev ## Measure the desk at a million cases beside a thousand: takes 10 GB of disk and half an hour
	$(BIN)/python -m tests.bench.large $(ARGS)

torture: .venv/dev ## Kill web, workers and indexers again and again, then compare; try thousands of random forms
	TORTURE_ACCEPT=200 $(BIN)/python -m pytest tests/forms/test_no_loss.py \
	  tests/desk/test_killed_reader.py -k "killing or killed" --no-cov -q
	TORTURE_LEAKS=1 TORTURE_TASKS=1 TORTURE_CROSSED=100 $(BIN)/python -m pytest \
	  tests/cms/test_leaks.py tests/cms/test_killed_worker.py tests/desk/test_crossed_pages.py \
	  --no-cov -q
	TORTURE=50 $(BIN)/python -m pytest tests/search/test_indexer.py tests/search/test_elastic_portal.py \
	  -k killing --no-cov -q
	TORTURE=50 $(BIN)/python -m pytest tests/forms/test_any_form.py tests/forms/test_edited_forms.py \
	  --no-cov -q

rehearse: .venv/runtime ## Restore a copy beside the portal and open it with the keys
	@$(MANAGE) rehearse

reset: ## Throw away the demonstration's data (asks first)
	@test ! -e .venv/runtime || $(MANAGE) reset

lock: .venv/dev ## Write the lock files anew from pyproject.toml
	@for group in runtime elasticsearch dev; do \
	  case $$group in runtime) args= ;; elasticsearch) args="--group elasticsearch -c requirements/runtime.txt" ;; \
	  *) args="--group elasticsearch --group dev -c requirements/elasticsearch.txt" ;; esac; \
	  $(BIN)/uv pip compile --quiet pyproject.toml -c requirements/constraints.txt $$args --universal \
	    --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	    -o requirements/$$group.txt; \
	done

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; $(PYTHON) is older. Set PYTHON=/path/to/python3.11."; exit 1; }
	$(PYTHON) -m venv .venv

.venv/runtime: requirements/runtime.txt | .venv/bin/python
	$(PIP) -r requirements/runtime.txt
	@touch $@

.venv/dev: requirements/dev.txt | .venv/bin/python
	$(PIP) -r requirements/dev.txt
	@touch $@ .venv/runtime
