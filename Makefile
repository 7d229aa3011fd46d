# make run: from a fresh clone to the open panel.   make test: everything, browser included.
SHELL := /bin/sh
BIN := .venv/bin
JOBS ?= 2
N ?= 1000000
comma := ,

.PHONY: help setup run test unit faults bench lint proof lock licences clean

help:
	@echo "make run      set up and open the panel with demo data on http://127.0.0.1:5000"
	@echo "make test     set up and pass all tests      make unit    only those without services"
	@echo "make faults   long campaigns [ONLY=F01,F31]  make bench   measure [N=1000000] [ONLY=lists,export]"
	@echo "make proof    what shows an issue: ISSUE=n [FULL=1] [CUSTOMERS=1000000]"
	@echo "make lint     ruff and mypy                  make lock    resolve and pin the dependencies anew"

setup: .venv/ready
	@$(BIN)/python -m admin_app.catalogues

.venv/ready: requirements.lock pyproject.toml
	@test -x $(BIN)/python || { python=$$(.ci/python) && "$$python" -m venv .venv; }
	@echo "Bringing the dependencies into .venv (a few minutes the first time) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m admin_app.binaries
	@touch .venv/ready

run: setup
	@exec $(BIN)/dossier up --demo $(ARGS)

test: setup
	@.ci/chromium
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile tests $(ARGS)

unit: setup
	$(BIN)/python -m pytest tests/unit $(ARGS)

faults: setup
	FULL=1 $(BIN)/python -m pytest tests/faults $(if $(ONLY),-k "$(subst $(comma), or ,$(ONLY))") $(ARGS)

bench: setup
	$(BIN)/python tests/bench/run.py --count $(N) $(if $(ONLY),--only $(ONLY)) $(ARGS)

proof: setup
	@test -n "$(ISSUE)" || { echo "which issue? make proof ISSUE=1" >&2; exit 2; }
	@FULL=$(FULL) CUSTOMERS=$(CUSTOMERS) $(BIN)/python tests/proof.py $(ISSUE)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/mypy models jobs

lock:
	@command -v uv >/dev/null || { echo "make lock needs uv: python3 -m pip install uv" >&2; exit 1; }
	uv pip compile pyproject.toml --extra embedded --extra dev --universal --generate-hashes --quiet \
		--python-version 3.11 --no-emit-find-links --no-emit-index-url --custom-compile-command "make lock" \
		--output-file requirements.lock
	@$(MAKE) --no-print-directory setup licences

licences: setup
	@$(BIN)/python .ci/licences.py

clean:
	rm -rf .venv build *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
