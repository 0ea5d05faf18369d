# All set-up is in tools/setup_env.py; a second run reuses the environment. PYTHON names another Python than the newest.
PYTHON ?= $(shell sh tools/find_python.sh)
PROJECT ?= projects/gemm_cascade
OUT ?= build/$(notdir $(patsubst %/,%,$(PROJECT)))
RUNS ?= 20
ENV := .venv
CORE_ENV := .venv-core
RUN := $(ENV)/bin/python
# What shows that the library needs no Qt: every module, then a little of each package. `make test` runs all tests.
CORE_TESTS := tests/test_without_qt.py tests/analysis/test_footprints.py tests/api/test_schedule_api.py \
	tests/backends/test_vitis_control.py tests/backends/rtl/test_rtl_control_forms.py tests/backends/rtl/test_rtl_stages.py \
	tests/benchmarks/test_seed_gemm.py tests/calibration/test_calibration_file.py tests/design/test_channels.py \
	tests/design/test_fifo.py tests/frontend/test_lang.py tests/hardware/test_hardware_doc.py tests/ip/test_ip_descriptor.py \
	tests/ir tests/library/test_library_catalogue.py tests/primitives/test_registry.py tests/project/test_load.py tests/project/test_save.py \
	tests/report/test_report_table.py tests/simulate/cycle/test_model.py tests/simulate/test_csim.py tests/test_cli.py \
	tests/test_docs_python_api.py tests/test_execute.py tests/test_schedule.py tests/test_verification.py
OFFSCREEN = QT_QPA_PLATFORM=$${QT_QPA_PLATFORM:-offscreen}

.DEFAULT_GOAL := help
.PHONY: help run test check core-test soak bench-seed bench-interactive bench-language bench-schedule bench-model bench-rtl bench-fifo bench-fifo-graphs bench-check bench-hls bench-ui screenshots format clean env-run env-test env-core need-python

help:
	@echo "make run         make the environment and open the studio on $(PROJECT)"
	@echo "make test        run all tests"
	@echo "make check       ruff, mypy and the import rules"
	@echo "make core-test   something of each package in an environment without Qt"
	@echo "make soak        the window's tests 20 times (RUNS), each in a process of its own, until Qt crashes"
	@echo "make bench-seed  the latencies of the GEMM schedules at 1024 x 1024 x 1024"
	@echo "make bench-interactive  what a person waits for at the window"
	@echo "make bench-language  the speed of the language on the kernels of PolyBench"
	@echo "make bench-schedule  latency, II and bounds of the kernels of PolyBench, and how long they take to schedule"
	@echo "make bench-model  the model against Vitis HLS: cycles of the designs of Fig. 10 of the Allo paper, estimated and in RTL"
	@echo "make bench-rtl   cycles of the RTL against prediction and ideal, and how long it takes to get and to run"
	@echo "make bench-fifo  FIFO depths of the examples: bits, proven bound, and what other rules take"
	@echo "make bench-fifo-graphs  the same of random graphs of kernels: depths, deadlocks and RTL against what is said of them"
	@echo "make bench-check  how long checking, saving and loading a design of 1000 blocks takes"
	@echo "make bench-hls   how long the C++ of the largest example takes to write, and a C simulation with nothing compiled"
	@echo "make bench-ui    the window with a thousand blocks beside NodeGraphQt as it comes, its start, and its waits in a build"
	@echo "make screenshots make the pictures of the documentation anew, in docs/images"
	@echo "make format      lay out the code with ruff"
	@echo "make clean       remove environments, caches and build results"

need-python:
	@test -n "$(PYTHON)"

env-run: need-python
	@"$(PYTHON)" tools/setup_env.py $(ENV) --extras studio --system qt compiler

env-test: need-python
	@"$(PYTHON)" tools/setup_env.py $(ENV) --extras studio,test,studio-test,check --system qt compiler simulators screen

env-core: need-python
	@"$(PYTHON)" tools/setup_env.py $(CORE_ENV) --extras test --system compiler

run: env-run
	@$(RUN) tools/open_studio.py "$(PROJECT)" "$(OUT)"

test: env-test
	@$(OFFSCREEN) $(RUN) -m pytest -n auto --dist worksteal

check: env-test
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy
	@$(ENV)/bin/lint-imports

core-test: env-core
	@$(CORE_ENV)/bin/python -m pytest -n auto --dist worksteal $(CORE_TESTS)

soak: env-test
	@$(OFFSCREEN) $(RUN) tools/soak.py --runs $(RUNS)

bench-seed: env-run
	@$(RUN) benchmarks/seed_gemm.py

bench-interactive: env-run
	@$(OFFSCREEN) $(RUN) benchmarks/interactive.py

bench-language: env-run
	@$(RUN) benchmarks/language.py

bench-schedule: env-run
	@$(RUN) benchmarks/schedule.py

bench-model: env-run
	@$(RUN) benchmarks/model.py

bench-rtl: env-run
	@$(RUN) benchmarks/rtl.py

bench-fifo: env-run
	@$(RUN) benchmarks/fifo.py

bench-fifo-graphs: env-run
	@$(RUN) benchmarks/fifo_graphs.py

bench-check: env-run
	@$(RUN) benchmarks/check.py

bench-hls: env-run
	@$(RUN) benchmarks/hls.py

bench-ui: env-run
	@$(OFFSCREEN) $(RUN) benchmarks/window.py

screenshots: env-run
	@$(OFFSCREEN) $(RUN) -m screenshots

format: env-test
	@$(RUN) -m ruff format .
	@$(RUN) -m ruff check --fix .

clean:
	rm -rf $(ENV) $(CORE_ENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
