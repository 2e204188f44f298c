# 用法 Usage: make run [PORT=8000] | test | test-fast | bench | lint | lock | clean
# Needs make and Python 3.11 or later; everything else is brought in, Python's parts by the lock files' hashes.

SHELL := /bin/sh
.SUFFIXES:
.DELETE_ON_ERROR:
.PHONY: run install test test-fast bench lint setup lock clean

BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
GEODATA := $(wildcard geodata/*)
WEB := web/build_hook.py web/package-lock.json $(wildcard web/page/* web/pages/* web/scripts/* web/styles/*)
SOURCES := $(shell find src alembic -name '*.py' 2>/dev/null)

# The first Python that is new enough and can make an environment; failing that, the first that is new enough.
define FIND_PYTHON
python=; \
for wish in venv,ensurepip sys; do \
  for name in python3.14 python3.13 python3.12 python3.11 python3 python; do \
    $$name -c "import sys, $$wish; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && python=$$name && break 2; \
  done; \
done
endef

# The service, at http://127.0.0.1:8000/; it loads the embedded default itself. A database of yours is loaded here.
run: install
ifneq ($(strip $(BIOPLAN_DATABASE_URL)),)
	@$(BIN)/bioplan load
endif
	@exec $(BIN)/bioplan serve $(if $(PORT),--port $(PORT))

install: .venv/.installed

.venv/.made:
	@$(FIND_PYTHON); \
	if [ -z "$$python" ]; then \
	  echo '需要 Python 3.11 或更高版本，未找到。Debian/Ubuntu：sudo apt install python3 python3-venv' >&2; \
	  echo 'Python 3.11 or later is needed, and none was found. Debian/Ubuntu: sudo apt install python3 python3-venv' >&2; \
	  exit 1; \
	fi; \
	if ! $$python -c 'import venv, ensurepip' 2>/dev/null; then \
	  package=$$($$python -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
	  echo "$$python 缺少 venv 模块。Debian/Ubuntu：sudo apt install $$package" >&2; \
	  echo "$$python lacks the venv module. Debian/Ubuntu: sudo apt install $$package" >&2; \
	  exit 1; \
	fi; \
	echo "正在用 $$python 建立环境 .venv · Making the environment .venv with $$python"; \
	$$python -m venv --clear .venv
	@touch $@

.venv/.requirements: .venv/.made requirements.lock requirements-build.lock
	@echo '正在安装依赖（首次约一分钟）· Installing the dependencies (about a minute, once)'
	@$(PIP) install --require-hashes -r requirements.lock -r requirements-build.lock
	@touch $@

.venv/.installed: .venv/.requirements pyproject.toml $(WEB)
	@echo '正在安装 BioPlan GIS 并生成网页资源 · Installing BioPlan GIS and building its page'
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.test-requirements: .venv/.installed requirements-test.lock
	@$(PIP) install --require-hashes -r requirements-test.lock
	@touch $@

# PostgreSQL with PostGIS, Chromium, QGIS and fonts for Chinese: what the tests need and pip does not bring.
setup:
	@sh tests/setup.sh

# OpenLayers and MapLibre, for the tests to look at the feeds with.
CLIENTS := tests/clients/node_modules/.package-lock.json
$(CLIENTS): tests/clients/package-lock.json .venv/.installed
	@$(BIN)/python tests/clients/install.py
	@touch $@

# A wheel as a user would install it, in an environment of its own; the tests start it from an empty folder.
var/wheel/.installed: .venv/.installed $(SOURCES) $(GEODATA) LICENSE NOTICE README.md
	@rm -rf var/wheel && mkdir -p var/wheel
	@$(PIP) wheel --no-deps --no-build-isolation --wheel-dir var/wheel .
	@$(BIN)/python -m venv var/wheel/venv
	@var/wheel/venv/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r requirements.lock
	@var/wheel/venv/bin/python -m pip --quiet --disable-pip-version-check install --no-deps var/wheel/*.whl
	@touch $@

lint: .venv/.test-requirements
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# A file's tests stay together, for they share databases and a browser; two workers are what two cores carry.
test: setup lint $(CLIENTS) var/wheel/.installed
	$(BIN)/pytest -n 2 --dist loadfile

# What needs no database, no service, no browser and no wheel; some seconds.
test-fast: .venv/.test-requirements
	$(BIN)/pytest -q --hypothesis-profile quick -m 'not (database or postgis or served or browser or wheel)'

# Run again after a change of pyproject.toml; one set of files serves Python 3.11 and every later one.
UV := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header
lock: .venv/.made
	@$(PIP) install uv
	@$(UV) pyproject.toml --output-file requirements.lock
	@$(UV) pyproject.toml --group test --output-file requirements-test.lock
	@$(BIN)/python -c 'import pathlib, tomllib; \
	print("\n".join(tomllib.loads(pathlib.Path("pyproject.toml").read_text("utf-8"))["build-system"]["requires"]))' \
	| $(UV) - --output-file requirements-build.lock

# Speed as ratios against the best bare equivalent, both engines in one run.
bench: setup .venv/.test-requirements
	@PYTHONPATH=bench $(BIN)/python bench/feeds.py
	@PYTHONPATH=bench $(BIN)/python bench/imports.py

clean:
	rm -rf .venv var dist web/node_modules web/build tests/clients/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
