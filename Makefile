# `make run` and `make test` need nothing but Python 3.11+: everything else is installed into .venv.
.DEFAULT_GOAL := help
.PHONY: help run demo ui test quick fuzz check bench package desktop executable e2e screenshots openapi constraints viewer clean chromium servers

BASE_PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
  command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PYTHON := .venv/bin/python
ARGS ?=

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{ printf "%-12s %s\n", $$1, $$2 }'

run: .venv/run ui ## start Cowork on port 26866 and show it in the browser (ARGS=--no-open for no page)
	@exec $(PYTHON) -m cowork_desktop serve $(ARGS)

demo: .venv/run ui ## have a table summarised, to see what Cowork does (DATA=folder keeps it)
	@exec $(PYTHON) tools/demo.py $(if $(DATA),--data-dir "$(DATA)") $(ARGS)

ui: .venv/bin/python ## build the app that people see, where it has changed
	@sh tools/build_ui.sh

test: .venv/dev ui chromium servers executable ## run the tests
	@sh tools/build_ui.sh run --silent test
	@sh tools/build_ui.sh run --silent test:shell
	@$(PYTHON) -m pytest -n 2 --dist worksteal $(ARGS)

e2e: executable ## run the desktop shell's specs in the real Electron, whose program npm must be able to fetch
	@COWORK_ELECTRON=1 sh tools/build_ui.sh run --silent test:shell

quick: .venv/dev ## run the tests that are fast
	@sh tools/build_ui.sh run --silent test
	@$(PYTHON) -m pytest -n 2 -m "not slow and not browser" --ignore=tests/contract/test_schemathesis.py $(ARGS)

fuzz: .venv/dev ## look for inputs that break what the tests say of any input
	@$(PYTHON) -m pytest -n 2 --timeout 1800 --hypothesis-profile=fuzz tests/unit $(ARGS)

check: .venv/dev ## format, lint, types and the rules of the architecture
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports
	@sh tools/build_ui.sh run --silent check

bench: .venv/dev ui chromium executable ## measure, each number beside its limit in the same run
	@$(PYTHON) -m bench $(ARGS)

package: executable ## build the executable into dist/, as a folder and as one file; how large, how fast
	@$(PYTHON) -m bench --only executable $(ARGS)

desktop: executable ## build the desktop app's installers for this system; fetches Electron
	@sh tools/build_ui.sh run --silent package

screenshots: .venv/dev ui chromium ## take the pictures of docs/screenshots anew (ARGS=names takes some)
	@$(PYTHON) -m tests.screenshots $(ARGS)

openapi: .venv/run ## write openapi.json and the page's types of it anew
	@$(PYTHON) -m cowork_desktop openapi > openapi.json
	@sh tools/build_ui.sh run --silent types

constraints: ## pin what is installed anew, into constraints.txt
	@rm -rf .venv/pins && $(BASE_PYTHON) -m venv .venv/pins
	@.venv/pins/bin/python -m pip install --quiet --upgrade -e '.[dev]'
	@{ echo '# Exact versions of all that is installed; made by `make constraints`.'; \
	  .venv/pins/bin/python -m pip freeze --exclude cowork-desktop; } > constraints.txt && rm -rf .venv/pins

clean: ## remove what was installed and built
	rm -rf .venv build dist electron/node_modules cowork_desktop/ui .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

chromium:
	@sh tools/install_chromium.sh

servers: | chromium  # of Debian's packages, too, which are installed one at a time
	@sh tools/install_servers.sh

executable: .venv/dev | ui
	@sh tools/build_executable.sh both

.venv/bin/python:
	@sh -c 'test -n "$(BASE_PYTHON)" || { echo "Cowork needs Python 3.11 or newer; found none." >&2; exit 1; }'
	@$(BASE_PYTHON) -m venv .venv 2>/dev/null || sh tools/make_venv.sh $(BASE_PYTHON)

.venv/run: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing Cowork into .venv ..."
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/dev: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing Cowork and its tools into .venv ..."
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ .venv/run
