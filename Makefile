# Works on a fresh machine with Python 3.11 or later, pip and make; needs nothing else installed.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: demo test check fix docs screens bench bench-full serve fuzz clean

demo: $(READY)  ## Run the main job on the Portland scenario.
	$(BIN)/ojt allocate scenarios/portland --out out/portland

test: $(READY)  ## Pass the tests (large sizes: make test PYTEST="-m slow").
	$(BIN)/python -m pytest -n auto --dist worksteal -q $(if $(PYTEST),$(PYTEST),-m "not slow")

check: $(READY)  ## Lint, types, and documents against the code they describe.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check -q .
	$(BIN)/mypy
	$(BIN)/python docs/generate.py --check

fix: $(READY)  ## Let the formatter and the linter mend what they can.
	$(BIN)/ruff format -q .
	$(BIN)/ruff check --fix .

docs: $(READY)  ## Write the generated pages anew.
	$(BIN)/python docs/generate.py

screens: $(READY)  ## Take a picture of every page anew; needs Chromium.
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r .ci/browser.txt
	$(BIN)/python docs/screens.py

fuzz: $(READY)  ## Ask every operation of the service 50,000 odd things, in an hour or so.
	$(BIN)/python -m pytest tests/api/test_fuzz.py -m slow -q -s

bench: $(READY)  ## Measure small sizes beside peers, in a few minutes; results in out/benchmarks.
	$(BIN)/python -m benchmarks.run all

bench-full: $(READY)  ## Measure what docs/performance.md shows, in some hours, and write it anew.
	$(BIN)/python -m benchmarks.run all --scale large --results benchmarks/results
	$(BIN)/python -m benchmarks.plot
	$(BIN)/python -m benchmarks.report

serve: $(READY)  ## Start the service; it says where it serves and how to get in.
	$(BIN)/ojt serve

clean:  ## Remove what make has made.
	rm -rf $(VENV) out .pytest_cache .mypy_cache .ruff_cache .hypothesis

# uv installs the pinned set in seconds; where it cannot be had, pip does the same more slowly.
$(READY): requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed; try: make PYTHON=python3.11")'
	$(PYTHON) -m venv --clear $(VENV) || { $(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) -m pip --python $(BIN)/python install -q pip; }
	$(BIN)/python -m pip install -q --disable-pip-version-check uv || true
	if [ -x $(BIN)/uv ]; then $(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements.txt; \
	else $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt; fi
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	touch $(READY)
