# Everything runs in .venv, made from requirements.lock. Python 3.11 or newer and pip are enough.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
STAMP := .venv/.made-from-lock
TESTS ?= tests
LIVE_SEEDS ?= 200
FAULT_SEEDS ?= 50
ITEM_EXAMPLES ?= 10000

# Airflow starts a process for every task: what is compiled is kept, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help check audit docs demo ui test stories screenshots live properties lint format lock bench conformance kills faults soak simulate release-check matrix matrix-quick botocore botocore-quick clean
.DEFAULT_GOAL := help

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(STAMP) ## Migrate a table with real data through Airflow (DEMO_TABLE_ITEMS, DEMO_SEGMENTS)
	@$(BIN)/python -m airflow_ddb_migrate.local.demo

ui: $(STAMP) ## Leave Airflow running with the table loaded; Ctrl-C ends it
	@$(BIN)/python -m airflow_ddb_migrate.local.demo --ui

test: $(STAMP) ## Run the tests, in ten to fifteen minutes (TESTS=path for some)
	@$(BIN)/python -m pytest -n 4 --no-loadscope-reorder -m "not story" $(TESTS)

stories: $(STAMP) ## Run the tests that take long, such as whole stories on a real Airflow
	@$(BIN)/python -m pytest -n 2 --no-loadscope-reorder -m story $(TESTS)

docs: $(STAMP) ## Build the documentation into .site: a broken link, anchor or lost page fails
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --clean

screenshots: $(STAMP) ## Take the pictures in docs/images anew, of a real Airflow; needs chromium
	@mkdir -p docs/images
	@SCREENSHOTS=docs/images REQUIRE_BROWSER=1 $(BIN)/python -m pytest -q -k "browser or one_table_fails" \
		tests/e2e/test_in_browser.py tests/e2e/test_many.py tests/e2e/test_holds.py

live: $(STAMP) ## Migrate under live traffic, many times (LIVE_SEEDS=1000 for more)
	@LIVE_SEEDS=$(LIVE_SEEDS) $(BIN)/python -m pytest tests/live

properties: $(STAMP) ## Compare an item with a dict, many times (ITEM_EXAMPLES=10000)
	@ITEM_EXAMPLES=$(ITEM_EXAMPLES) $(BIN)/python -m pytest -q -n 2 --dist load \
		tests/unit/lambda_/contract/test_item_properties.py

check: lint audit docs test stories matrix-quick botocore-quick demo ## All that CI runs

lint: $(STAMP) ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

audit: $(STAMP) ## Ask an advisory database about every pinned package; says so where none answers (REQUIRE_AUDIT=1: fails)
	@$(BIN)/python -m tests.campaigns.audit

format: $(STAMP) ## Format and sort imports
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

bench: $(STAMP) ## Print every ratio beside its goal and the last record (RECORD=1 keeps it)
	@BENCH=1 RECORD=$(RECORD) $(BIN)/python -m pytest -s -q tests/campaigns/benchmarks

conformance: $(STAMP) ## Score every DynamoDB that tests use beside AWS (RECORD=1 keeps it)
	@RECORD=$(RECORD) PYTHONPATH=.:lambda $(BIN)/python -m tests.conformance

kills: $(STAMP) ## Kill Airflow, its parts and Lambdas in mid-run (KILLS_ONLY=triggerer: one case)
	@KILLS=1 $(BIN)/python -m pytest -s -q --durations=0 -k "$(KILLS_ONLY)" tests/campaigns/kills

faults: $(STAMP) ## Inject every kind of fault, many seeds (FAULTS_ONLY=kind, FAULT_SEEDS=3, FAULT_SEED=17)
	@FAULTS_ONLY=$(FAULTS_ONLY) FAULT_SEEDS=$(FAULT_SEEDS) FAULT_SEED=$(FAULT_SEED) \
		FAULT_JOBS=$(FAULT_JOBS) FAULT_RESUME=$(FAULT_RESUME) $(BIN)/python -m tests.faults

soak: $(STAMP) ## Migrate 10,000 segments and watch memory and open files (SOAK_SEGMENTS)
	@SOAK=1 $(BIN)/python -m pytest -s -q tests/campaigns/soak

simulate: $(STAMP) ## Simulate migrations of up to 10 TiB (SIMULATE="ten hundred": some; PICTURES=docs/images)
	@PYTHONPATH=.:lambda $(BIN)/python -m tests.simulation $(SIMULATE) $(PICTURES:%=--pictures %)

release-check: $(STAMP) ## Build what would be released, and check it; needs the package index
	@$(BIN)/python -m tests.campaigns.release

matrix: $(STAMP) ## Install the wheel beside each Airflow minor and Python, and run the chain there (MATRIX_ONLY=3.1.8)
	@$(BIN)/python -m tests.campaigns.matrix --all --only "$(MATRIX_ONLY)"

matrix-quick: $(STAMP) ## The same with one Python, and only the example DAGs
	@$(BIN)/python -m tests.campaigns.matrix --quick

botocore: $(STAMP) ## Test the Lambda's code on the botocores and Pythons that it may have
	@$(BIN)/python -m tests.campaigns.botocore

botocore-quick: $(STAMP) ## The same with one Python, two botocores, and fewer tests
	@$(BIN)/python -m tests.campaigns.botocore --quick

COMPILE := $(BIN)/uv pip compile --universal --generate-hashes --no-header --quiet --python-version 3.11

lock: $(STAMP) ## Resolve what is installed again, by hash; no lock names a host
	@$(COMPILE) pyproject.toml --all-extras --constraint constraints.in --output-file requirements.lock
	@$(COMPILE) --no-annotate .ci/bootstrap.in --output-file .ci/bootstrap.lock
	@$(COMPILE) --no-annotate .ci/tools.in --output-file .ci/tools.lock
	@! grep -nE 'https?://' requirements.lock .ci/*.lock

clean: ## Remove what demo, tests and the environment left
	@rm -rf .venv .tools .site .demo .bench .kills .faults .soak .simulate .local .release .matrix tests/asl/node_modules tests/live/node_modules

$(STAMP): requirements.lock pyproject.toml .ci/bootstrap.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/bootstrap.lock
	@$(BIN)/uv pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
