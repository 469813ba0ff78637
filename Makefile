# One command each: `make example` sets everything up and runs the main job, `make test` sets everything up and tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: example test check generate benchmark papers katex docs outputs lock resolve clean

example: $(VENV)/.run
	$(BIN)/mlsysim eval examples/llama3_70b_training.yaml || [ $$? -eq 3 ]

test: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

generate: $(VENV)/.dev
	$(BIN)/python -m mlsysim.symbolic.codegen
	$(BIN)/python -m mlsysim.registry.build
	$(BIN)/python -m mlsysim.schemas

benchmark: $(VENV)/.dev
	$(BIN)/python benchmarks/run.py

# The derivation book. Needs latexmk and TeX (texlive-latex-recommended, texlive-latex-extra, texlive-science, lmodern).
papers: $(VENV)/.run
	$(BIN)/python papers/book.py
	cd papers/build && SOURCE_DATE_EPOCH=0 latexmk -pdf -interaction=nonstopmode -halt-on-error -silent book.tex

# Every formula of the web form, rendered by KaTeX in strict mode. Needs node and npm; `make papers` first.
katex:
	npm install --silent --no-save --prefix papers/build katex@0.19.1
	cp papers/katex.mjs papers/build/ && node papers/build/katex.mjs papers/build/web

# The documentation, with no warnings.
docs: $(VENV)/.dev
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/build/html

# What commands print where README and docs show it.
outputs: $(VENV)/.dev
	$(BIN)/python -m docs.generate.outputs --write

$(VENV)/.run: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mlsysim needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

# Needs uv. Hashes are the same on every mirror; no address of one is written.
lock:
	uv pip compile pyproject.toml --no-strip-extras --group build --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --output-file requirements.lock
	uv pip compile pyproject.toml --no-strip-extras --group build --group dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --output-file requirements-dev.lock

# Both locks must resolve with the oldest pip that a supported Python comes with (Debian 12 has 23.0.1 beside Python 3.11).
resolve:
	$(PYTHON) -m venv --clear build/oldest-pip
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 12))' || build/oldest-pip/bin/python -m pip install --quiet --disable-pip-version-check pip==23.0.1
	for lock in requirements.lock requirements-dev.lock; do \
	    build/oldest-pip/bin/python -m pip install --dry-run --ignore-installed --quiet --disable-pip-version-check --require-hashes -r $$lock || exit; \
	done

clean:
	rm -rf $(VENV) build dist docs/build docs/reference/generated *.egg-info .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
