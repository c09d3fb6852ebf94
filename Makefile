# The workshop. `make demo` and `make test` do all the set-up that they need.
.PHONY: demo test test-slow lint bench docs lock clean

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
UV_VERSION := 0.13.8
BIN := .venv/bin
READY := .venv/.ready
DEV := .venv/.ready-dev

demo: $(READY)
	@$(BIN)/codegenesis demo

test: $(DEV)
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow"

test-slow: $(DEV)
	$(BIN)/pytest -m slow

lint: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(DEV)
	$(BIN)/python -m benchmarks --json benchmarks/results/local

docs: $(DEV)
	$(BIN)/pdoc --output-directory build/docs codegenesis
	@echo "open build/docs/index.html"

# Re-resolve the pinned dependencies (needs the package index).
lock: $(DEV)
	uv=$$(command -v uv || echo $(BIN)/uv); for list in "requirements.lock --group build" "requirements-dev.lock --group dev --extra native --extra symbolic --extra tune --extra discover --extra models --extra local-llm --extra postgres --extra telemetry --extra export"; do \
	$$uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --extra demo pyproject.toml -o $$list; done

clean:
	rm -rf .venv build dist

# One environment from the pinned lists, hashes checked; uv where it is, else installed into it.
# The demo needs little; tests add what they compare with and compile with.
define install
	@uv=$$(command -v uv || echo $(BIN)/uv); export VIRTUAL_ENV=$(CURDIR)/.venv; \
		$$uv pip install -q --require-hashes -r $(1) && \
		$$uv pip install -q --no-deps --no-build-isolation -e .
	@touch $@
endef

$(DEV): requirements-dev.lock $(READY)
	$(call install,requirements-dev.lock)

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "CodeGenesis needs Python 3.11 or newer; none was found. Install one, or: make PYTHON=/path/to/python" >&2; exit 1; }
	@if command -v uv >/dev/null; then uv venv -q --clear --python $(PYTHON) .venv; else \
		$(PYTHON) -m venv --clear .venv || { echo "$(PYTHON) has no venv module; on Debian: apt install python3-venv" >&2; exit 1; }; \
		$(BIN)/pip install -q --disable-pip-version-check uv==$(UV_VERSION); fi
	$(call install,requirements.lock)
