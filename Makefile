# Every target makes its own .venv first; a second run starts at once.
PYTHON ?= python3
BIN := .venv/bin

# `make label` labels this file with these settings: make label POOL=mine.csv
POOL ?= examples/emails.jsonl

.PHONY: demo label gallery test lint bench lock clean

demo: .venv/run.stamp
	$(BIN)/askwell compare digits breast_cancer letter \
	  --strategies random,margin,coreset,uherding,margin-herding,learned --splits 20 --out runs/demo
	$(BIN)/askwell plot learning-curves runs/demo --out runs/demo/learning-curves.png
	$(BIN)/askwell report runs/demo

label: .venv/label.stamp
	$(BIN)/askwell label $(POOL) --open

gallery: .venv/run.stamp
	$(BIN)/python docs/gallery.py

test: .venv/dev.stamp
	$(BIN)/python -m pytest -n 2

lint: .venv/dev.stamp
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/pyright

bench: .venv/dev.stamp
	$(BIN)/python benchmarks/rounds.py

# The lock files carry names, versions and hashes only. --no-deps: they are complete as they stand.
INSTALL = $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes
PROJECT = $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .

.venv/run.stamp: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(INSTALL) -r requirements.lock
	$(PROJECT)
	touch $@

.venv/label.stamp: requirements-label.lock .venv/run.stamp
	$(INSTALL) -r requirements-label.lock
	touch $@

.venv/dev.stamp: requirements-dev.lock .venv/run.stamp
	$(INSTALL) -r requirements-dev.lock
	touch $@

LOCK = uvx uv pip compile -q --universal --generate-hashes --no-header pyproject.toml
lock:
	$(LOCK) --group data --group build -o requirements.lock
	$(LOCK) --extra label --group data --group build -c requirements.lock -o requirements-label.lock
	$(LOCK) --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf .venv runs
