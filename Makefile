# Every command that a person or CI needs; `make` alone lists them. All set-up happens by itself:
# the first target that needs .venv makes it, from the pinned versions in requirements/.

PYTHON ?= python3
VENV   ?= .venv
ARGS   ?=
UV     ?= uv

BIN := $(VENV)/bin
# A virtual environment knows its own path: one that was copied or moved is installed anew.
HERE := $(shell printf '%s' "$(CURDIR)" | cksum | cut -d' ' -f1)
RUN := $(VENV)/.run-$(HERE)
DEV := $(VENV)/.dev-$(HERE)
# No build isolation: the tools that build are pinned too, in requirements/build.txt.
PIP := $(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check
FROM_LOCK := $(PIP) --require-hashes --no-build-isolation --use-pep517

.DEFAULT_GOAL := help
.PHONY: help run demo test chaos check format messages bench lock upgrade clean

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo "ARGS=\"...\" hands arguments on, as in: make run ARGS=\"--port 9000\""

run: $(RUN)  ## Install what is missing, then watch: worker, scheduler and review pages as one program
	@$(BIN)/seedwatch run $(ARGS)

demo: $(RUN)  ## Watch a made-up news site in twelve languages, end to end
	@$(BIN)/seedwatch demo $(ARGS)

test: $(DEV)  ## Run the tests
	$(BIN)/python -m pytest $(ARGS)

chaos: $(DEV)  ## Kill, freeze, empty and fill everything for an hour: nothing may be lost or doubled
	CHAOS=$${CHAOS:-long} $(BIN)/python -m pytest tests/chaos $(ARGS)

check: $(DEV)  ## Formatting, lint, types and the import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV)  ## Format the code and apply the lint fixes that are safe
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

messages: $(RUN)  ## Bring the catalogues in worker/locales up to date with the strings in the code
	@$(BIN)/pybabel --quiet extract -F pyproject.toml -c TRANSLATORS: --no-location --sort-output \
	  --project Seedwatch -o .messages.pot .
	@$(BIN)/pybabel --quiet update --ignore-pot-creation-date --ignore-obsolete \
	  --no-fuzzy-matching --no-wrap -D messages -i .messages.pot -d worker/locales
	@rm .messages.pot

bench: $(DEV)  ## Measure the quality of the matching
	$(BIN)/python -m bench.quality $(ARGS)

# --- installing ---------------------------------------------------------------------------------

OTHER := name another Python so: make PYTHON=python3.12 $(MAKECMDGOALS)

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not there; $(OTHER)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "Seedwatch needs Python 3.11 to 3.13, not $$($(PYTHON) -V); $(OTHER)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "Python's venv module is missing (on Debian: apt-get install python3-venv)." >&2; exit 1; }

$(RUN): requirements/build.txt requirements/run.txt requirements/fast.txt pyproject.toml | $(BIN)/python
	@echo "Installing Seedwatch into $(VENV) (once; about 160 MB to download)" >&2
	@$(FROM_LOCK) -r requirements/build.txt
	@$(FROM_LOCK) -r requirements/run.txt
	@$(FROM_LOCK) -r requirements/fast.txt || \
	  echo "ONNX Runtime has no package for this machine: the encoder runs at a sixth of its speed" >&2
	@$(PIP) --no-build-isolation --no-deps --editable .
	@touch $@

$(DEV): requirements/dev.txt $(RUN)
	@echo "Installing what tests and checks need (once)" >&2
	@$(FROM_LOCK) -r requirements/dev.txt
	@touch $@

# --- the lock -----------------------------------------------------------------------------------

COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
  --generate-hashes --no-annotate --no-emit-index-url \
  --custom-compile-command "make lock"

# what the image holds
SERVER := --extra postgresql --extra chat --extra sentry --extra otel --extra fast

lock: requirements/build.in pyproject.toml  ## Pin again what pyproject.toml asks for (needs uv); keeps the pins that still fit
	@command -v $(UV) >/dev/null || { echo "uv is needed to lock: pip install uv" >&2; exit 1; }
	@$(COMPILE) $(UPGRADE) pyproject.toml requirements/build.in --all-extras -o requirements/dev.txt
	@$(COMPILE) requirements/build.in -c requirements/dev.txt -o requirements/build.txt
	@$(COMPILE) pyproject.toml -c requirements/dev.txt -o requirements/run.txt
	@echo onnxruntime | $(COMPILE) - -c requirements/dev.txt -o requirements/fast.txt
	@$(COMPILE) pyproject.toml $(SERVER) -c requirements/dev.txt -o requirements/server.txt
	@$(COMPILE) pyproject.toml $(SERVER) --extra parquet -c requirements/dev.txt -o requirements/parquet.txt
	@$(COMPILE) pyproject.toml $(SERVER) --extra onnx -c requirements/dev.txt -o requirements/onnx.txt

upgrade:  ## Like lock, but move every pin to its newest version
	@$(MAKE) --no-print-directory lock UPGRADE=--upgrade

clean:  ## Remove what the targets above made; data/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
