# Every target sets up what it needs, and only that; a second run sets nothing up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WIRE := .venv-wire
PRODUCT := gpu_kernels proto server client
CODE := $(PRODUCT) tests bench

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help install demo test peers check bench wire wheel-test clean

help:
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(VENV)/.run ## set up what serving needs

demo: $(VENV)/.run ## the main job on real prices
	$(BIN)/meanrev demo --save demo.html

test: $(VENV)/.test ## the tests
	$(BIN)/python -m pytest -q -n 2

peers: $(VENV)/.peers ## comparisons with the peers' libraries
	$(BIN)/python -m pytest -q tests/peers --run-peers

check: $(VENV)/.check wire ## everything but the tests that CI asks for
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint proto
	$(BIN)/buf breaking proto --against proto/baseline --path meanrev.proto
	$(BIN)/codespell
	$(BIN)/python tests/budgets.py

bench: $(VENV)/.peers ## measurements beside their peers
	$(BIN)/python -m pytest -q bench --benchmark-enable --benchmark-only

# $(1) the set of requirements, $(2) what the editable install needs besides
define set_up
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/$(1).txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@
endef

$(VENV)/.run: requirements/run.txt pyproject.toml
	$(call set_up,run)

$(VENV)/.test: requirements/test.txt pyproject.toml
	$(call set_up,test)

$(VENV)/.peers: requirements/peers.txt pyproject.toml
	$(call set_up,peers)

$(VENV)/.check: requirements/check.txt pyproject.toml
	$(call set_up,check)
