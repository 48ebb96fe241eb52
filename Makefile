# Everything needs only make and Python 3.11, 3.12 or 3.13; the rest goes into .venv on first use.

CANDIDATES = python3 python3.13 python3.12 python3.11
SUITABLE = import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
# A candidate must really run: a name on the PATH may be a shim with nothing behind it.
PYTHON ?= $(shell for candidate in $(CANDIDATES); do \
	if $$candidate -c '$(SUITABLE)' >/dev/null 2>&1; then echo $$candidate; break; fi; done)
UV ?= uv
BIN = .venv/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check --no-input

# Compiling all of TensorFlow takes a minute, what is used compiles itself in a few seconds:
# installed uncompiled, and then allowed to keep what it compiles.
unexport PYTHONDONTWRITEBYTECODE
INSTALL = $(PIP) install --no-compile --no-build-isolation
# LIME has no wheel; nothing else may run a build of its own.
WHEELS = --only-binary :all: --no-binary lime

LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	$(WHEELS) --generate-hashes --no-annotate --custom-compile-command "make lock" $(UPGRADE)

# A step that fails or is interrupted leaves no file that looks finished.
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup demo test coverage faults slow fuzz bench bench-quick soak lint typecheck format reference docs lock clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12

setup: .venv/dev.installed ## install everything that the other commands need into .venv

demo: .venv/runtime.installed ## run the main job end to end on the built-in data set
	$(BIN)/python examples/demo.py

# Tests mostly wait, so two cores run three of them; those of faults start workers, which compute.
IN_PARALLEL = -n 3 --dist worksteal --durations=30
FAULTS_IN_PARALLEL = -n 2 --dist worksteal

test: .venv/dev.installed ## run all tests
	$(BIN)/python -m pytest $(IN_PARALLEL)

coverage: .venv/dev.installed ## run all tests; fail if they reach less than 90 % of lines and branches
	$(BIN)/python -m pytest $(IN_PARALLEL) --cov --cov-report=term-missing:skip-covered

faults: .venv/dev.installed ## run the tests of faults that take minutes
	$(BIN)/python -m pytest -m faults $(FAULTS_IN_PARALLEL) --durations=0 -rA

slow: .venv/dev.installed ## follow the tutorial, command by command, and run a small GPU benchmark on the CPU
	$(BIN)/python -m pytest tests/slow -m slow

fuzz: .venv/dev.installed ## try 10,000 generated inputs
	$(BIN)/python -m pytest tests/fuzz --hypothesis-profile=fuzz -m "fuzz or not fuzz"

BENCH ?= lime
bench: .venv/dev.installed ## measure one part and write its table into docs/performance.md (BENCH=sweep)
	$(BIN)/python -m benchmarks $(BENCH)

bench-quick: .venv/dev.installed ## measure small, and fail if a ratio fell by more than 20 %
	$(BIN)/python -m benchmarks.quick

MINUTES ?= 10
DATABASE ?= sqlite
soak: .venv/dev.installed ## break things for MINUTES=10 while trials are trained (DATABASE=postgresql)
	$(BIN)/python -m tests.soak --minutes $(MINUTES) --database $(DATABASE)

lint: .venv/dev.installed typecheck ## check style, spelling, types, dependencies and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell $$(git ls-files)
	$(BIN)/deptry .
	$(BIN)/lint-imports --no-logo

typecheck: .venv/dev.installed ## check the types only
	$(BIN)/mypy

format: .venv/dev.installed ## put the code into the common form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

reference: .venv/dev.installed ## write the tables of docs/json.md from the code; meanings stay
	$(BIN)/python -m tests.json_reference

docs: .venv/dev.installed ## build the documentation as a site in build/site; a warning is an error
	$(BIN)/python -m mkdocs build --quiet

lock: ## choose the versions in requirements/ (needs uv; UPGRADE=--upgrade takes newer ones)
	$(LOCK) pyproject.toml --output-file requirements/runtime.txt
	$(LOCK) pyproject.toml --group dev --constraint requirements/runtime.txt --output-file requirements/dev.txt
	$(LOCK) pyproject.toml --extra gpu --constraint requirements/runtime.txt --output-file requirements/gpu.txt
	$(LOCK) pyproject.toml --extra parquet --extra tensorboard --constraint requirements/runtime.txt --output-file requirements/exports.txt
	printf 'optuna\n' | $(LOCK) - --constraint requirements/dev.txt --output-file benchmarks/peers/optuna.txt
	printf 'setuptools\nwheel\n' | $(LOCK) - --constraint requirements/runtime.txt --output-file requirements/build.txt

clean: ## remove .venv, caches and builds; results stay
	rm -rf .venv .hypothesis build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.venv/bin/python:
	@$(or $(PYTHON),false) -c '$(SUITABLE)' >/dev/null 2>&1 || { \
		echo "error: $(or $(PYTHON),none of $(CANDIDATES)) is no Python that works here" >&2; \
		echo "  expected: Python 3.11, 3.12 or 3.13 with its venv module" >&2; \
		echo "  to fix it: install one (Debian and Ubuntu: apt install python3-venv)," >&2; \
		echo "             or name one: make PYTHON=/path/to/python3.13" >&2; \
		exit 2; }
	$(PYTHON) -m venv --clear .venv

# Done again when a lock or the project's metadata changes, and only then.
.venv/runtime.installed .venv/dev.installed: .venv/%.installed: requirements/%.txt requirements/build.txt pyproject.toml .venv/bin/python
	@echo "Installing into .venv, about 750 MB: a minute or two with a fast connection"
	$(INSTALL) $(WHEELS) --quiet --require-hashes -r requirements/build.txt
	$(INSTALL) $(WHEELS) --require-hashes -r requirements/$*.txt
	$(INSTALL) --quiet --no-deps --editable .
	touch .venv/runtime.installed $@
