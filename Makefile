# SPDX-License-Identifier: Apache-2.0
#
# One command each; `make` alone prints them. CMake does the building, these are its everyday words.
#
#   make test JOBS=4 · make soak N=500 · make lint ALL=1 · make install PREFIX=/opt/outfall · make fuzz SECONDS=600

JOBS ?= 2
PREFIX ?= /usr/local
N ?= 100
SECONDS ?= 60

.PHONY: help demo build test bench lint fmt fuzz soak install dist clean setup

help:
	@echo 'make demo     load real GitHub events into a DuckDB file and look at the tables'
	@echo 'make build    build/release/outfall, with everything that it needs'
	@echo 'make test     build, then run every test'
	@echo 'make bench    measure rows and bytes a second on this machine'
	@echo 'make lint     clang-tidy on what changed (ALL=1: everything), format, layers'
	@echo 'make fmt      format the C++ files'
	@echo 'make fuzz     throw mutated input at each parser (SECONDS=60 each)'
	@echo 'make soak     kill it, its server and its connections, again and again (N=100 rounds)'
	@echo 'make install  copy the program, headers and libraries to PREFIX=/usr/local'
	@echo 'make dist     pack the same as build/outfall-<version>-linux-<machine>.tar.gz, with its sha256'
	@echo 'make clean    remove what was built; downloads in .deps stay'

setup:
	@tools/setup

build: setup
	@cmake --preset release --log-level=WARNING >/dev/null
	@cmake --build --preset release --parallel $(JOBS)

demo: setup
	@cmake --preset release --log-level=WARNING >/dev/null
	@cmake --build --preset release --parallel $(JOBS) --target outfall
	@tools/demo

test: build
	@tools/setup --with dlt --with postgres
	@ctest --preset release --parallel $(JOBS) --no-tests=error

bench: build
	@tools/setup --with dlt
	@bench/run
	@bench/databases

lint:
	@tools/setup --with lint
	@cmake --preset release --log-level=WARNING >/dev/null
	@tools/lint $(if $(ALL),--all)

fmt:
	@tools/setup --with lint
	@git ls-files '*.cc' '*.h' | xargs -r clang-format-19 -i

fuzz:
	@tools/setup --with fuzz
	@tools/fuzz $(SECONDS) $(JOBS)

soak: build
	@tools/setup --with postgres
	@OUTFALL=$(CURDIR)/build/release/outfall OUTFALL_BUILD=$(CURDIR)/build/release tests/crash/run.py --rounds $(N)
	@OUTFALL=$(CURDIR)/build/release/outfall tests/crash/stops_test.py --timed
	@OUTFALL=$(CURDIR)/build/release/outfall python3 tests/databases/cut_connections_test.py --rounds $(N)
	@OUTFALL=$(CURDIR)/build/release/outfall python3 tests/databases/killed_server_test.py --rounds $$(($(N) / 10))
	@OUTFALL_CASES=$$(($(N) * 100)) build/release/outfall_delivery_tests --gtest_filter='*ShareOfCases*'
	@tools/setup --with dlt --with postgres
	@export OUTFALL=$(CURDIR)/build/release/outfall OUTFALL_POSTGRES=$(CURDIR)/build/postgres/soak; \
	tests/tools/postgres.py start "$$OUTFALL_POSTGRES"; \
	for database in duckdb sqlite postgres; do \
	  python3 tests/dlt/$${database}_test.py --cases $$(($(N) / 10 + 1)) --seed "$$(date +%s)" || exit; done

install: build
	@cmake --install build/release --prefix $(PREFIX)

dist: build
	@tools/dist build/release build

clean:
	@rm -rf build
