# make demo, make test: set everything up and run. make check: lint, types, architecture.
PYTHON ?= python3
PY := .venv/bin/python
# In a guest the current folder is the same, so that relative paths serve there too.
GUEST_PYTEST = $(PY) -m pytest -p no:cacheprovider --kernel=require
KVASER = -object can-bus,id=canwire -device kvaser_pci,canbus=canwire -device kvaser_pci,canbus=canwire

SOAK ?= 1
LIMIT ?= 1680
FUZZ_SECONDS ?= 600
JOBS ?= 2
BENCH_JSON ?= .bench/latest.json

.PHONY: demo test lab test-host test-kernel test-hardware check bench soak fuzz clean

demo: $(if $(wildcard .venv/.dev),.venv/.dev,.venv/.runtime)
	$(PY) -m canbus demo

# Side by side: a guest takes one processor. What each says comes when it is done.
test: .venv/.dev lab
	$(MAKE) -k -j$(JOBS) --output-sync=target test-kernel test-host test-hardware

# What the guests need, first: where it cannot be had, one line says so.
lab:
	tests/lab/boot --fetch

test-host: .venv/.dev .venv/.plugins lab
	$(PY) -m pytest tests --ignore=tests/kernel --ignore=tests/hardware --kernel=skip

# In a guest, unless this machine's own kernel has CAN and we may use it; then in a network
# namespace of its own, where no link of this machine is.
test-kernel: .venv/.dev lab
	@if $(PY) -m tests.kernel_support && unshare --net true; then \
		unshare --net $(GUEST_PYTEST) tests/kernel tests/docs; \
	else tests/lab/boot uml --timeout $(LIMIT) --env CANBUS_SOAK=$(SOAK) -- $(GUEST_PYTEST) tests/kernel tests/docs; fi

test-hardware: .venv/.dev lab
	tests/lab/boot qemu --timeout $(LIMIT) --env CANBUS_SOAK=$(SOAK) --qemu-arg='$(KVASER)' -- $(GUEST_PYTEST) tests/hardware

check: .venv/.dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -c 'from importlinter.cli import lint_imports_command as run; run()'

# Figures: a table, and JSON in $(BENCH_JSON), a path in this checkout. Two processors, as a
# busy thread and a sender at a pace have their own on any machine.
bench: .venv/.dev lab .bench/can_loops
	tests/lab/boot qemu --cpus 2 --timeout $(LIMIT) --env BENCH_JSON=$(BENCH_JSON) -- $(PY) -m benchmarks

.bench/can_loops: benchmarks/can_loops.c
	mkdir -p $(@D)
	$(CC) -O2 -Wall -Wextra -o $@ $<

# The same tests with larger N (tests/scale.py), and those that are marked `soak`.
soak: .venv/.dev
	CANBUS_SOAK=20 $(MAKE) test SOAK=20 LIMIT=14400

# Any bytes to the codecs, for FUZZ_SECONDS; atheris has its own virtual environment.
fuzz: .venv-fuzz/.fuzz
	.venv-fuzz/bin/python tests/fuzz/lawicel.py --seconds $(FUZZ_SECONDS)

# What tests/plugins runs against; a folder that no environment has on its path.
.venv/.plugins: tests/plugins/requirements.txt | .venv/.dev
	@PYTHON=$(PYTHON) .ci/venv plugins
	@touch $@

clean:
	rm -rf .venv .venv-fuzz .fuzz .lab .bench build dist *.egg-info

.venv/.runtime .venv/.dev: pyproject.toml .ci/venv
	@PYTHON=$(PYTHON) .ci/venv $(@F:.%=%)
	@touch $@

.venv-fuzz/.fuzz: pyproject.toml .ci/venv
	@PYTHON=$(PYTHON) .ci/venv fuzz
	@touch $@
