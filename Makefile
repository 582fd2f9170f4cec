# Everything runs in a virtual environment that these commands make themselves.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# PyPI's torch for Linux brings CUDA libraries, which a machine without an NVIDIA GPU does not need.
TORCH ?= $(shell command -v nvidia-smi > /dev/null 2>&1 && echo default || echo cpu)
TORCH_CPU = https://download.pytorch.org/whl/cpu
ifeq ($(filter $(TORCH),cpu default),)
$(error TORCH must be cpu or default, which is PyPI's; got '$(TORCH)'. Try TORCH=cpu)
endif

JAVASCRIPT_TYPES = npx --yes --package typescript@5 tsc --noEmit --allowJs --checkJs --strict --target es2022 \
	--module es2022 --moduleResolution bundler --lib es2022,dom,dom.iterable sincviz/explorer/js/*.js
# Modules are compiled once, not in every process that a test starts.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo figures population benchmark benchmark-networks paper tutorials docs test coverage lint check-slow clean

help:
	@echo "make demo        train on simulated EEG, show the learned bands, compare with the known truth"
	@echo "make figures     every figure of a paper on the network; make figures DATA=simulated needs no recordings"
	@echo "make population  train and group thirty networks of ten people, on dask workers of this machine (half an hour)"
	@echo "make benchmark   every attribution method on the 60 networks of the benchmark; SIZE=small takes 8"
	@echo "make benchmark-networks  train these networks, and write them to benchmark-networks.zip"
	@echo "make paper       compute every number of the paper, and compare them with its text"
	@echo "make tutorials   run the notebooks again and keep what they show"
	@echo "make docs        the reference and the notebooks as pages, in docs/_build"
	@echo "make test        the tests"
	@echo "make coverage    the tests, and which lines and branches they run"
	@echo "make lint        style, types, of the JavaScript too where npx is installed"
	@echo "make check-slow  the long tests: demo, figures, notebooks, real EEG, pages in a browser, fuzzing, kill tests"

demo: $(VENV)/.installed
	$(BIN)/sincviz demo --out sincviz-demo --overwrite --open

figures: $(VENV)/.installed
	$(BIN)/python -m figures $(if $(DATA),--data $(DATA)) $(if $(DATA_PATH),--data-path $(DATA_PATH)) $(OPTIONS)

population: $(VENV)/.installed-cluster
	$(BIN)/python -m figures.population $(if $(DATA_PATH),--data-path $(DATA_PATH)) $(OPTIONS)

benchmark: $(VENV)/.installed
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.attribution --size $(or $(SIZE),full) $(OPTIONS)

benchmark-networks: $(VENV)/.installed
	OMP_NUM_THREADS=1 $(BIN)/sincviz benchmark --size $(or $(SIZE),full) --write-networks benchmark-networks.zip

paper: $(VENV)/.installed
	OMP_NUM_THREADS=1 $(BIN)/python -m paper.numbers $(OPTIONS)

tutorials: $(VENV)/.installed-notebooks
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace --ExecutePreprocessor.record_timing=False \
		--ExecutePreprocessor.store_widget_state=False tutorials/*.ipynb

docs: $(VENV)/.installed-docs
	rm -rf docs/api docs/_build docs/_doctrees
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet -d docs/_doctrees docs docs/_build

test: $(VENV)/.installed-test
	MPLBACKEND=Agg OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n auto --dist loadfile --no-loadscope-reorder --max-worker-restart=0 --durations=5

coverage: $(VENV)/.installed-test
	MPLBACKEND=Agg OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n auto --dist loadfile --no-loadscope-reorder --max-worker-restart=0 \
		--cov=sincviz --cov-branch --cov-report=term:skip-covered

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/mypy
	@if command -v npx > /dev/null; then $(JAVASCRIPT_TYPES); else echo "JavaScript is not checked: npx is not installed"; fi

check-slow: $(VENV)/.installed-test,browser,notebooks,docs
	MPLBACKEND=Agg OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -m slow -n auto --dist loadfile --no-loadscope-reorder --max-worker-restart=0 \
		--durations=5 -o faulthandler_timeout=2400

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# About 300 MB (2026-11: torch 192 MB, scipy 35 MB); where the CPU build cannot be had, PyPI's comes with the rest.
$(VENV)/.torch: $(BIN)/python
	@echo "Installing into $(VENV): torch ($(TORCH)), MNE, SciPy and others; with TORCH=cpu about 300 MB to download."
ifeq ($(TORCH)-$(shell uname -sm),cpu-Linux x86_64)
	@$(BIN)/python -c "import torch" 2> /dev/null \
		|| $(BIN)/python -m pip install --retries 0 --timeout 15 --no-deps --index-url $(TORCH_CPU) torch \
		|| echo "The CPU build cannot be had from $(TORCH_CPU): torch comes from PyPI, with several GB of CUDA libraries."
endif
	@touch $@

$(VENV)/.installed: $(VENV)/.torch pyproject.toml
	$(BIN)/python -m pip install --editable .
	@touch $@

$(VENV)/.installed-%: $(VENV)/.torch pyproject.toml
	$(BIN)/python -m pip install --editable ".[$*]"
	@touch $@

clean:
	rm -rf $(VENV) sincviz-demo docs/_build docs/_doctrees docs/api docs/tutorials docs/jupyter_execute .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
