# `make run` and `make test` are all a newcomer needs. Everything is installed into .venv, once: a stamp file in
# there is younger than pyproject.toml when nothing is to do. Plain POSIX sh and GNU make 3.81, as macOS has it.

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TEST_READY := $(VENV)/.test-ready
LINT_READY := $(VENV)/.lint-ready
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# The first of these that runs and is new enough makes .venv; `make run PYTHONS=/opt/python/bin/python3` names another.
PYTHONS := python3.14 python3.13 python3.12 python3.11 python3
PREFIX := $(HOME)/.local
ARGS :=

.DELETE_ON_ERROR:
.PHONY: help run serve test lint types bench bench-proxy screenshot schemas live install

help: ## this list
	@echo 'usage: make TARGET [ARGS="..."]'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' Makefile

run: $(INSTALLED) ## start ollama-code in this folder; its flags go into ARGS
	@exec $(BIN)/ollama-code $(ARGS)

serve: $(INSTALLED) ## serve models and tools to other programs; its flags go into ARGS
	@exec $(BIN)/ollama-code --serve $(ARGS)

test: $(TEST_READY) ## run every test; ARGS goes to pytest
	@exec $(BIN)/python -m pytest --numprocesses=auto $(ARGS)

lint: $(LINT_READY) ## check style and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(LINT_READY) ## check types
	@exec $(BIN)/mypy

bench: $(TEST_READY) ## measure start-up, memory and streaming beside a bare Textual app
	@exec $(BIN)/python benchmarks/program.py $(ARGS) </dev/null

bench-proxy: $(TEST_READY) ## measure what the proxy adds, beside a direct connection and a bare Starlette
	@exec $(BIN)/python benchmarks/proxy.py $(ARGS) </dev/null

SNAPSHOT := tests/tui/__snapshots__/test_screens/test_a_diff_to_approve[dark-120x40].svg
screenshot: ## take the picture of the README from the snapshots
	@cp '$(SNAPSHOT)' docs/screenshot.svg

schemas: $(INSTALLED) ## write docs/TOOL_SCHEMAS.md from the code
	@exec $(BIN)/python -m docs.tool_schemas

# Variables given to make are in the environment of its commands: make live OLLAMA_HOST=http://gpu:11434 MODEL=qwen3:4b
live: $(TEST_READY) ## try a real Ollama at OLLAMA_HOST with MODEL
	@exec $(BIN)/python -m pytest tests/live $(ARGS)

install: $(INSTALLED) ## put the command ollama-code into PREFIX/bin, ~/.local/bin by default
	@link='$(PREFIX)/bin/ollama-code'; command='$(CURDIR)/$(BIN)/ollama-code'; \
	mkdir -p '$(PREFIX)/bin' || exit 1; \
	if [ -e "$$link" ] && [ ! "$$link" -ef "$$command" ]; then \
		echo "$$link is another program. Remove it first, or choose a folder with PREFIX=..." >&2; exit 1; \
	fi; \
	ln -sf "$$command" "$$link" && echo "$$link is installed."; \
	case ":$$PATH:" in *":$(PREFIX)/bin:"*) ;; *) echo "Add $(PREFIX)/bin to your PATH to call it by name." ;; esac

$(BIN)/python:
	@for python in $(PYTHONS); do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Creating $(VENV) with $$("$$python" --version)."; \
			exec "$$python" -m venv --clear $(VENV); \
		fi; \
	done; \
	echo "ollama-code needs Python 3.11 or newer. None of these is: $(PYTHONS)." >&2; exit 1

# Dependency groups need pip 25.1; the pip that a new .venv comes with is as old as its Python.
$(INSTALLED): $(BIN)/python pyproject.toml
	@echo 'Installing ollama-code into $(VENV): about 20 MB to fetch the first time.'
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --editable .
	@touch $@

$(TEST_READY): $(INSTALLED)
	@echo 'Installing what the tests need.'
	@$(PIP) install --group test
	@touch $@

$(LINT_READY): $(INSTALLED)
	@echo 'Installing ruff and mypy.'
	@$(PIP) install --group lint
	@touch $@
