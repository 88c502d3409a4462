# `make` alone tells what there is to do.

PYTHON ?= python3
# Tools to do without, as in: make test WITHOUT="g++ verilator pyosys hls4ml"
WITHOUT ?=

VENV := .venv
# Keras with TensorFlow is large: `make .venv/keras soak` has it in the campaigns.
NO_KERAS = $(shell test -e $(VENV)/keras || echo keras)
BIN := $(VENV)/bin
VOWELS := examples/vowels
LINT := build/lint

.DEFAULT_GOAL := help
.PHONY: help demo test soak bench lint style types imports docs clean FORCE

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-6s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/demo  ## compile a real LSTM to hardware, checked bit for bit, into build/vowels
	$(BIN)/lstmir compile $(VOWELS)/vowels_h32.onnx --data $(VOWELS)/vowels.npz \
	  --recipe bank50 --target ecp5-25k --macs 16 -o build/vowels

test: lint  ## the linters, then every test but the long campaigns
	$(BIN)/pytest -n auto --maxprocesses 8 --dist loadfile $(addprefix --without=,$(WITHOUT))

soak: $(VENV)/$(if $(filter torch,$(WITHOUT)),dev,soak)  ## the long campaigns; PyTorch is installed for them
	$(BIN)/pytest -m soak -n auto --maxprocesses 8 $(addprefix --without=,$(WITHOUT) $(NO_KERAS))

docs: $(VENV)/dev  ## write the pages and editor files that derive from tables of the code
	$(BIN)/python docs/generate.py

bench: $(VENV)/bench  ## measure against peers, and what compression costs; results in build/benchmarks
	$(BIN)/python -m benchmarks.ir_speed
	$(BIN)/python -m benchmarks.interpreter_speed
	$(BIN)/python -m benchmarks.compression
	$(BIN)/python -m benchmarks.large_layer
	$(BIN)/python -m benchmarks.hardware

lint: style types imports  ## style, types, and the direction of imports

style: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(LINT)
	cd $(LINT) && "$(CURDIR)/$(BIN)/mypy" -p lstmir -p tests -p benchmarks -p examples.meta_learner \
	  --config-file "$(CURDIR)/pyproject.toml" --cache-dir "$(CURDIR)/.mypy_cache"

imports: $(LINT)
	cd $(LINT) && "$(CURDIR)/$(BIN)/lint-imports" --config "$(CURDIR)/pyproject.toml" \
	  --cache-dir "$(CURDIR)/.import_linter_cache"

# The four code folders install as one package. mypy and import-linter do not follow that mapping: a tree
# of links shows them the package as it is.
$(LINT): $(VENV)/dev FORCE
	@rm -rf $@ && mkdir -p $@/lstmir
	@ln -s $(addprefix ../../../,$(wildcard lstmir/*) passes backends frontends) $@/lstmir
	@ln -s ../../tests ../../benchmarks ../../examples $@

clean:  ## delete what was built (.venv stays)
	rm -rf build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache *.egg-info
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

# PyTorch without CUDA stands on a page of its own. Where that cannot be reached, what pip finds serves.
$(VENV)/torch: | $(BIN)/pip
	@$(BIN)/pip install --quiet --disable-pip-version-check --retries 0 --no-deps --no-index \
	  --find-links https://download.pytorch.org/whl/cpu/torch/ torch || true
	@touch $@

$(VENV)/soak: | $(VENV)/torch

# The stamps $(VENV)/demo, $(VENV)/dev and so on: what was installed, and since when.
$(VENV)/demo $(VENV)/dev $(VENV)/bench $(VENV)/soak $(VENV)/keras: pyproject.toml setup.py | $(BIN)/pip
	@echo "Installing lstmir with what '$(@F)' needs into $(VENV)"
	@$(BIN)/pip install --quiet --disable-pip-version-check -e '.[$(@F)]'
	@touch $@

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "lstmir needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
	  { echo "$(PYTHON) cannot make virtual environments (Debian: apt-get install python3-venv)"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
