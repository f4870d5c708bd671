# Each target is one thing a newcomer wants; README.md shows the same lines without make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.PHONY: setup gate test check bench serve lock
setup: $(STAMP)
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "make setup: $(PYTHON) has no venv module; install it (Debian, Ubuntu: apt-get install python3-venv) or set PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make setup: $(PYTHON) is older than 3.11; set PYTHON=/path/to/python3.11 or newer" >&2; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

gate: setup
	@$(BIN)/python -m examples

test: setup
	$(BIN)/python -m pytest

check: setup
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/python -m pytest --quiet -m "not slow"

bench: setup
	$(BIN)/python -m benchmarks

serve: setup
	NOW_PLAYING_PAGE=on $(BIN)/python -m reference_service.serve --host 127.0.0.1 --port 8000

lock: setup
	$(BIN)/python -m pip install --quiet uv==0.13.9
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements.in --output-file requirements.lock
