# Thin front door; CMake presets do the work. `make` leaves the release program at build/tillwatch.
BUILD = build
.PHONY: all test bench fmt lint asan tsan fuzz cov clean

all:
	sh scripts/deps.sh build web duckdb
	sh scripts/build.sh release

test:
	./test

asan:
	sh scripts/build.sh dev && ctest --test-dir $(BUILD)/dev --output-on-failure

tsan:
	sh scripts/build.sh tsan && TSAN_OPTIONS="suppressions=$(CURDIR)/tests/tsan.supp" ctest --test-dir $(BUILD)/tsan --output-on-failure -L 'unit|integration'

fuzz:
	sh scripts/deps.sh lint && sh scripts/build.sh fuzz && sh scripts/fuzz.sh

cov:
	sh scripts/build.sh cov && ctest --test-dir $(BUILD)/cov -L 'unit|property|conformance|fuzz' && gcov -r $$(find $(BUILD)/cov -name '*.gcda') | grep -A1 "^File 'src"

bench:
	sh scripts/deps.sh build bench && sh bench/run.sh

fmt:
	clang-format-14 -i $$(git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'bench/*.[ch]')

lint:
	sh scripts/deps.sh lint && sh scripts/lint.sh

clean:
	rm -rf $(BUILD)
