# `make book` builds the book, `make test` proves it. Both install what they need into .venv first,
# and do again only what something has changed for. `make help` lists the rest.

PYTHON ?= python3
BIN    := .venv/bin
BUILD  := book/_build

# A training by itself takes two threads, where none are set outside.
ALONE := OMP_NUM_THREADS=$(or $(OMP_NUM_THREADS),2) $(BIN)/python -m atomic_lib
# One thread a process: sums of floats come out in the same order on every machine, and so the numbers printed in the
# notebooks do too. There are as many processes as cores; with more threads, scipy's wait for each other at every small
# matrix, and measuring takes twice the time.
export OMP_NUM_THREADS ?= 1
# Threads that wait for each other sleep: spinning, they would take the cores from each other on a busy
# machine, and a book would take ten times as long. Numbers are the same to the byte.
export OMP_WAIT_POLICY ?= PASSIVE
# Memory of large tensors is kept, where the C library takes such a number: `devices.keep_memory` says why.
ifeq ($(shell $(PYTHON) -c 'import ctypes; print(ctypes.CDLL(None).mallopt(-3, 10**9))' 2>/dev/null),1)
export MALLOC_MMAP_THRESHOLD_ ?= 1000000000
export MALLOC_TRIM_THRESHOLD_ ?= 2000000000
endif
# Jupyter's debugger, which nobody uses here, would warn about Python's frozen modules.
export PYDEVD_DISABLE_FILE_VALIDATION := 1

NOTEBOOKS := $(wildcard book/*.ipynb)
LIBRARY   := $(shell find atomic_lib data -type f -not -path '*/__pycache__/*')
PAGES     := _config.yml _toc.yml $(shell find book -type f -not -path '$(BUILD)/*' -not -path '*/.*')

.DEFAULT_GOAL := help
.PHONY: help install book executed pdf check lint quick test slow pages nbval notebooks field paper normalise format \
  constraints clean distclean
.NOTPARALLEL: # training, executing and testing each use all the cores already

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

# --- the environment -----------------------------------------------------------------------------

install: .venv/.installed ## make .venv with the library, the book's tools and the tests' tools

.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "This book needs Python 3.11 or newer as '$(PYTHON)'; name another one with: make PYTHON=python3.12" >&2; \
	  exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo 'Installing into .venv; the first time this takes some minutes ...'
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[book,test]'
	@touch $@

# --- the book ------------------------------------------------------------------------------------

EXECUTE := $(BIN)/python book/_ext/execute.py

book: $(BUILD)/.built ## execute the notebooks and build the pages
	@echo "The book is at $(BUILD)/html/index.html"

$(BUILD)/.built: $(BUILD)/.executes $(PAGES)
	@rm -rf $(BUILD)/html
	$(EXECUTE)
	$(BIN)/jupyter-book build book/ --all -W --keep-going
	@touch $@

executed: $(BUILD)/.executes
	$(EXECUTE)

pdf: book ## print the book into one PDF, with the browser that the tests use
	@$(BIN)/python book/_ext/to_pdf.py

# Executed notebooks are cached by their code alone. What they compute also hangs on the library,
# the data and the weights, so a change in one of those drops the cache.
$(BUILD)/.executes: .venv/.installed $(LIBRARY)
	@rm -rf $(BUILD)/.jupyter_cache $(BUILD)/.explorer
	@mkdir -p $(BUILD)
	@touch $@

# --- the proof -----------------------------------------------------------------------------------

# So many tests side by side, each on one thread; who is done first takes from what the others have left.
SIDE_BY_SIDE := $(BIN)/python -m pytest --dist worksteal -n

# Building pages from executed notebooks takes half a core: the slow tests run beside it.
test: check executed ## everything that must hold: code, notebooks, book and pages
	@$(MAKE) slow & $(MAKE) book; built=$$?; wait $$! && exit $$built
	@$(MAKE) pages

check: lint quick ## in under a minute: format, types, imports, notebooks, JavaScript, the quick tests

lint: .venv/.installed ## whether all is in order, as it stands
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/oxlint --config .oxlintrc.json book/_extra book/_static
	@$(NORMALISE) --verify $(NOTEBOOKS) || { echo "Run 'make normalise' before committing." >&2; exit 1; }

quick: .venv/.installed ## the tests that take no more than a second
	MPLBACKEND=agg $(SIDE_BY_SIDE) 2 tests -m 'not slow' -q

slow: .venv/.installed ## the other tests of the library; every notebook with small parameters
	MPLBACKEND=agg $(SIDE_BY_SIDE) 2 tests -m slow --ignore=tests/pages

pages: book ## the built book: its numbers are those committed; links, figures, formulas; nothing from the network
	$(SIDE_BY_SIDE) 3 tests/pages # a browser's tab waits as often as it works

nbval: .venv/.installed ## run the committed notebooks once more, whole, and compare their marked cells
	$(BIN)/python -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout=1800 book

# --- working on it -------------------------------------------------------------------------------

# What a notebook is committed without: the traces of who ran it, when and with which tool.
# Outputs, execution counts and cell ids stay.
NORMALISE := $(BIN)/nbstripout --keep-output --keep-count --keep-id --unix-newlines \
  --extra-keys "metadata.papermill metadata.vscode metadata.widgets metadata.language_info.version \
  cell.metadata.papermill cell.metadata.vscode cell.metadata.jp-MarkdownHeadingCollapsed"

notebooks: .venv/.installed ## run every notebook in place, and normalise it
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace $(NOTEBOOKS)
	@$(NORMALISE) $(NOTEBOOKS)

field: .venv/.installed ## train and measure what is not recorded of all rivals, and of their weights before that
	$(ALONE) ablate field-choice
	$(ALONE) ablate field

MINUTES ?= 60
paper: .venv/.installed ## train the authors' recipes as released, MINUTES=60 each in all; with more, it goes on
	@for name in spikes-paper digits-paper; do \
	  again=$$(test ! -f runs/$$name/checkpoint.pt || echo --resume); \
	  $(ALONE) train $$name --minutes $(MINUTES) --out runs/$$name $$again || exit $$?; \
	done

normalise: .venv/.installed ## make the notebooks fit to commit, keeping their outputs
	@$(NORMALISE) $(NOTEBOOKS)

format: .venv/.installed ## put the code in the one format
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

# Every version that the pins of pyproject.toml lead to, for all its Pythons and systems at once. What torch brings for
# GPUs is left to torch: it depends on where torch comes from.
constraints: .venv/.installed ## write constraints.txt anew, after a pin in pyproject.toml has changed
	@$(BIN)/python -m pip install -qq --disable-pip-version-check uv==0.13.9
	@$(BIN)/uv pip compile pyproject.toml --quiet --extra book --extra test --universal --python-version 3.11 \
	  --no-annotate --no-header --output-file constraints.txt > /dev/null
	@pins=$$(grep -vE '^(#|nvidia|cuda|triton)' constraints.txt) && printf '%s\n' \
	  '# Made by `make constraints`: every version that the pins of pyproject.toml lead to.' "$$pins" > constraints.txt

clean: ## remove what was built
	rm -rf $(BUILD) .pytest_cache .ruff_cache .mypy_cache .import_linter_cache

distclean: clean ## remove .venv as well
	rm -rf .venv *.egg-info
