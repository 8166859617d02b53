# `make demo` and `make test` are all that a newcomer needs; `make help` lists the rest.
# Everything is installed under this folder. A second call does only what has changed.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
# pip and jlpm share folders here, and the tests' own summary has to come last.
.NOTPARALLEL:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.make
TOOLS := labextension/tools
TOOL := $(TOOLS)/node_modules/.bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# What is missing on this machine, as one line, before anything is downloaded.
ifneq ($(filter-out help clean,$(or $(MAKECMDGOALS),help)),)
  MISSING := $(shell .ci/missing "$(PYTHON)" "$(CURDIR)/$(VENV)")
  ifneq ($(MISSING),)
    $(error $(MISSING))
  endif
endif

say = @printf '\n\033[1m== %s\033[0m\n' "$(1)"

.PHONY: help demo lab build test lint unit-js schema bench clean chromium

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

demo: $(STAMPS)/demo ## install everything needed, and do the main job on a real notebook
	$(call say,Running the demo)
	@$(BIN)/python binder/demo.py

# In a container people are root, and JupyterLab asks for the word.
lab: $(STAMPS)/demo ## open JupyterLab on the runs of the demo
	@JUPYTER_MLOPS_HOME=$(CURDIR)/.demo $(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) \
	    --LabApp.default_url=/lab/tree/tour.ipynb binder

build: $(STAMPS)/demo ## build the front end after a change (reload the page to see it)

test: $(STAMPS)/test $(STAMPS)/tools chromium lint unit-js ## install the test tools, and run every check and test
	$(call say,Tests)
	@$(BIN)/python -m pytest

lint: $(STAMPS)/test $(STAMPS)/tools ## style, types, import rules, and whether schema.ts is current
	$(call say,Lint)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	cd $(TOOLS) && jlpm lint && jlpm types
	$(BIN)/python -m jupyter_mlops.schema | node $(TOOLS)/schema.mjs --check

schema: $(STAMPS)/test $(STAMPS)/tools ## write labextension/src/schema.ts again from the records
	$(BIN)/python -m jupyter_mlops.schema | node $(TOOLS)/schema.mjs

unit-js: $(STAMPS)/tools ## jest
	$(call say,Front-end tests)
	cd $(TOOLS) && jlpm run test

# All of them, whatever the first ones say. BENCH="--repeats 1" shows only whether they work.
bench: $(STAMPS)/test $(STAMPS)/peers ## the figures we claim, each beside its peer; fails short of a goal
	@short=; for file in benchmarks/[a-z]*.py; do \
	    printf '\n== %s\n' "$$file"; \
	    $(BIN)/python "$$file" --check $(BENCH) || short="$$short $$file"; \
	done; \
	if [ "$$short" ]; then printf '\nShort of a goal, or failed:%s\n' "$$short"; exit 1; fi

clean: ## remove everything that was installed or built here
	rm -rf $(VENV) node_modules $(TOOLS)/node_modules labextension/lib jupyter_mlops/labextension dist

# --- what the goals above stand on -------------------------------------------------------------

$(BIN)/python:
	$(call say,Python environment in $(VENV))
	$(PYTHON) -m venv $(VENV)

# The same line that an isolated build reads; here it also brings jlpm.
BUILD_NEEDS = $(shell sed -n 's/^requires = \[\(.*\)\]/\1/p' pyproject.toml | sed 's/", "/" "/g')

$(STAMPS)/build-needs: pyproject.toml | $(BIN)/python
	$(call say,Build tools)
	$(BIN)/pip install $(BUILD_NEEDS)
	@mkdir -p $(@D) && touch $@

# Always asked, because it compares content and not times: it builds only what does not match.
.PHONY: front-end
front-end: $(STAMPS)/build-needs
	$(call say,Front end)
	@$(BIN)/python hatch_build.py

INSTALLED := pyproject.toml package.json hatch_build.py $(wildcard ipython-config/*/* jupyter-config/*/*)
LABEXTENSION := $(VENV)/share/jupyter/labextensions/jupyter-mlops
RECORD := $(VENV)/lib/python*/site-packages/jupyter_mlops-*.dist-info/RECORD

# Editable, so that edits count at once: Python's on the next import, the front end's, which is
# linked, after `make build`. pip removes what RECORD lists, so the link has to be in it.
define install
	$(call say,Python packages ($(1)))
	@rm -rf $(LABEXTENSION)
	$(BIN)/pip install --no-build-isolation --editable '.[$(1)]'
	@rm -rf $(LABEXTENSION) && ln -s $(CURDIR)/jupyter_mlops/labextension $(LABEXTENSION)
	@for record in $(RECORD); do echo '../../..$(LABEXTENSION:$(VENV)%=%),,' >>"$$record"; done
	@mkdir -p $(@D) && touch $@
endef

# The stamps outlive `pip uninstall`.
ifeq ($(wildcard $(RECORD)),)
  $(STAMPS)/demo $(STAMPS)/test: uninstalled
endif
.PHONY: uninstalled
uninstalled:

$(STAMPS)/demo: $(INSTALLED) | front-end
	$(call install,demo)

# The test extra holds what the demo needs as well.
$(STAMPS)/test: $(INSTALLED) | front-end
	$(call install,test)
	@touch $(STAMPS)/demo

$(STAMPS)/tools: $(TOOLS)/package.json $(TOOLS)/yarn.lock .yarnrc.yml | front-end
	$(call say,Front-end test and lint tools)
	cd $(TOOLS) && jlpm install --immutable
	@mkdir -p $(@D) && touch $@

# Apart from ours: what they need is not what we need.
$(STAMPS)/peers: benchmarks/peers.txt benchmarks/peers-alone.txt | $(BIN)/python
	$(call say,Peers of the benchmarks)
	$(PYTHON) -m venv $(VENV)/peers
	$(VENV)/peers/bin/pip install --requirement benchmarks/peers.txt
	$(VENV)/peers/bin/pip install --no-deps --requirement benchmarks/peers-alone.txt
	@# The libraries that the labelled notebooks use are ours; what peers need themselves comes first.
	@for site in $(VENV)/peers/lib/python*/site-packages; do \
	    $(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' >"$$site/notebooks.pth"; \
	done
	@mkdir -p $(@D) && touch $@

chromium:
	@command -v chromium >/dev/null || .ci/chromium
