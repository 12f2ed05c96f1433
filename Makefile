# Every target sets up what it needs, and only that; a second run sets nothing up.
PYTHON ?= python3
BIN := .venv/bin
PEERS := .venv-peers/bin
PROOF := .venv-proof/bin
DOCS := .venv-docs/bin
WIRE := .venv-wire/bin
CODE := gpu_kernels proto server client batch tests bench deploy examples docs
# Tests move to the process that has none left, for some take a second and most a millisecond.
PYTEST := $(BIN)/python -m pytest -q -n 2 --dist worksteal --durations 20
GENERATED := $(foreach name,meanrev research,$(name)_pb2.py $(name)_pb2.pyi $(name)_pb2_grpc.py)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Servers and commands that tests start would otherwise compile every module anew where the environment keeps no bytecode.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help install demo test faults kills coverage proof peers examples docs pages gpu check check-wire hooks bench fault-table image wire fuzz soak audit clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: .venv/.run ## set up what serving needs

demo: .venv/.run ## the main job on real prices, in under a minute
	$(BIN)/meanrev demo --save demo.html

# Tests of kernels run at 2, 4 and 8 lanes; MEANREV_LANES=4 runs all the others at that width too.
test: .venv/.test ## the tests
	$(PYTEST)

faults: .venv/.test ## attacks on servers, servers that are killed and started again, crashes, full disks
	$(PYTEST) -m faults --ignore tests/faults/test_twenty_kills.py

# It takes several minutes, which is too long for `make faults`.
kills: .venv/.test ## a server that is killed twenty times under a load of calls and jobs
	$(PYTEST) -m faults tests/faults/test_twenty_kills.py

# Tests take about twice as long under measurement, so their limits of time are longer.
coverage: .venv/.test ## the tests, with the share of lines and branches that they reach; keeps build/coverage/report.txt
	mkdir -p build/coverage
	$(PYTEST) --timeout 600 -m "not proof" --cov --cov-report=
	$(BIN)/coverage report | tee build/coverage/report.txt

proof: .venv-proof/.proof ## kernels at 2, 4 and 8 lanes, under sanitizers, with planted faults, and compiled for every GPU; needs no GPU
	$(PROOF)/python -m pytest -q -n 2 -m "" tests/proof

# In a folder of its own, so that the tests meet the wheel and not the checkout. The wheel has to be whole, to answer every
# method to both clients and the command line, from threads and from a worker, and to agree with the peers. The maths behind
# that is the code that `make test` tests, and it is not tested again.
ON_WHEEL := test_installed.py peers proto worker client cli demo e2e server/test_methods.py server/test_research.py
peers: .venv-peers/.peers build/node/.ready ## the comparisons with peers, and each method from end to end, on the built wheel
	rm -rf build/peers
	mkdir -p build/peers
	$(PEERS)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir build/peers .
	$(PEERS)/python -m pip install --quiet --no-deps --force-reinstall build/peers/meanrev-*.whl
	cp -r tests pyproject.toml build/peers/
	cd build/peers && NODE_PATH=$(CURDIR)/build/node/node_modules ../../$(PEERS)/python -m pytest -q -n 2 --dist worksteal --run-peers $(ON_WHEEL:%=tests/%)

# What a machine lacks, such as Node.js, a C++ compiler with gRPC or Streamlit, is named, and its example is left out.
examples: .venv/.test build/node/.ready ## the examples and notebooks, each compared with what examples/README.md says it prints
	NODE_PATH=$(CURDIR)/build/node/node_modules $(BIN)/python examples/run.py

# The build is strict: a page that the order lacks, a link or an anchor that leads nowhere, and an equation that cannot be read
# end it. The pages that are made from the code are compared with it by `make test`.
docs: .venv-docs/.docs ## the site of all pages, in build/site; opens from the disk, without a network
	NO_MKDOCS_2_WARNING=1 $(DOCS)/python -m mkdocs build --strict
	$(DOCS)/python docs/site/links.py build/site

pages: .venv/.test ## write the pages of docs that are made from the code and from bench/results
	PYTHONPATH=. $(BIN)/python -m tests.pages

check: .venv/.check check-wire ## style, types, layers, wire, spelling, image, manifests, workflow, sizes
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint proto
	$(BIN)/buf breaking proto --against proto/baseline
	$(BIN)/codespell
	$(BIN)/hadolint Dockerfile.cuda
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml deploy/compose.tls.yaml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/ci.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/idea.yml
	$(BIN)/pre-commit validate-config .pre-commit-config.yaml
	$(BIN)/kubernetes-validate --strict --quiet deploy/kubernetes.yaml deploy/batch/kubernetes.yaml
	for file in deploy/batch/*.sh deploy/batch/*.sbatch; do bash -n $$file || exit 1; done
	$(BIN)/python tests/budgets.py

hooks: .venv/.check ## check each commit before it is made, and everything before a push
	$(BIN)/pre-commit install

# A seed and a number make a request, so that each can be sent again; a second run goes on where the first ended.
fuzz: .venv/.test ## a million random requests of every method; FUZZ="--seed 2 --count 10000" for others
	mkdir -p build
	PYTHONPATH=. $(BIN)/python -m tests.fuzz --progress build/fuzz.json --out bench/results $(FUZZ)

soak: .venv/.test ## half an hour of honest clients and attackers, and what they leave behind; SOAK="--minutes 5" for less
	PYTHONPATH=. $(BIN)/python -m tests.soak --out bench/results $(SOAK)

bench: .venv-peers/.peers ## measurements, each beside its peer
	$(PEERS)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	$(PEERS)/python -m pytest -q bench --benchmark-enable --benchmark-only -p no:randomly --override-ini 'python_files=bench_*.py' --timeout 1800
	PYTHONPATH=. $(PEERS)/python bench/targets.py --out bench/results
	PYTHONPATH=. $(PEERS)/python bench/bench_rpc.py --out bench/results
	PYTHONPATH=. $(PEERS)/python bench/bench_overhead.py --out bench/results
	PYTHONPATH=. $(PEERS)/python bench/bench_answers.py --out bench/results
	PYTHONPATH=. $(PEERS)/python bench/bench_matrices.py --out bench/results
	PYTHONPATH=. $(PEERS)/python bench/bench_rolling.py --out bench/results
	PYTHONPATH=. $(PEERS)/python bench/bench_intake.py --out bench/results
	PYTHONPATH=. $(PEERS)/python bench/bench_import.py --out bench/results
	PYTHONPATH=. $(PEERS)/python bench/bench_batch.py --out bench/results
	PYTHONPATH=. $(PEERS)/python bench/bench_scale.py --out bench/results

fault-table: .venv/.test ## every fault against real servers, measured: writes bench/results and docs/faults.md
	PYTHONPATH=. $(BIN)/python -m bench.faults --out bench/results --page docs/faults.md

image: .venv/.run ## build the cpu container image and try it; needs root, buildah and debootstrap
	deploy/image.sh

# The machine's own Python with CuPy: such machines are bare, and the driver and the toolkit are theirs. One run of eight
# minutes gives everything; GPU="--only sweeps" carries out some of its steps.
gpu: ## on a machine with a GPU: figures beside their targets, cuda equals numpy, no stray access; OUT=folder for them
	$(PYTHON) -m bench.gpu --out $(or $(OUT),build/gpu) $(GPU)

wire: .venv-wire/.wire ## regenerate proto/meanrev_wire from the .proto
	$(call generate,proto/meanrev_wire)

check-wire: .venv-wire/.wire
	rm -rf build/wire
	mkdir -p build/wire
	$(call generate,build/wire)
	for file in $(GENERATED); do diff -u proto/meanrev_wire/$$file build/wire/$$file || exit 1; done

audit: .venv-audit/.audit ## look up the pinned dependencies in a database of advisories; exits with 1 for an advisory, 2 without a database
	AUDIT=.venv-audit/bin/pip-audit requirements/audit.sh

clean: ## remove everything that the other targets made
	rm -rf .venv .venv-audit .venv-peers .venv-proof .venv-wire build dist demo.html

# $(1) the folder; generated imports become absolute so that they work inside our package.
define generate
	$(WIRE)/python -m grpc_tools.protoc -Iproto --python_out=$(1) --pyi_out=$(1) --grpc_python_out=$(1) meanrev.proto research.proto
	sed -i -E 's/^import (meanrev|research)_pb2 /from meanrev_wire import \1_pb2 /' $(addprefix $(1)/,$(GENERATED))
endef

# $(1) the environment, $(2) its set of requirements
define set_up
	test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
	$(1)/bin/python -m pip install --quiet --require-hashes -r requirements/$(2).txt
endef

define editable
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@
endef

.venv/.run: requirements/run.txt pyproject.toml
	$(call set_up,.venv,run)
	$(editable)

.venv/.test: requirements/test.txt pyproject.toml
	$(call set_up,.venv,test)
	$(editable)

.venv/.check: requirements/check.txt pyproject.toml
	$(call set_up,.venv,check)
	$(editable)

.venv-peers/.peers: requirements/peers.txt
	$(call set_up,.venv-peers,peers)
	touch $@

.venv-proof/.proof: requirements/proof.txt
	$(call set_up,.venv-proof,proof)
	touch $@

# Without npm there is no Node.js either, and its test says that it needs it.
build/node/.ready: tests/peers/node/package-lock.json
	mkdir -p build/node
	cp tests/peers/node/package.json tests/peers/node/package-lock.json build/node/
	! command -v npm >/dev/null || npm ci --silent --ignore-scripts --prefix build/node
	touch $@

.venv-docs/.docs: requirements/docs.txt
	$(call set_up,.venv-docs,docs)
	touch $@

.venv-audit/.audit: requirements/audit.txt
	$(call set_up,.venv-audit,audit)
	touch $@

.venv-wire/.wire: requirements/wire.txt
	$(call set_up,.venv-wire,wire)
	touch $@
