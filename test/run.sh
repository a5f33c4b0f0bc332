#!/bin/bash
# Installs, builds and tests everything: the one command to run before a change is handed on.
# usage: test/run.sh [--fast | --help]
#   --fast   only the release build, unit tests and tidy
# Three builds stand in build/: release (g++, all tests), memory (g++ with AddressSanitizer and UBSan, unit tests) and
# threads (clang++ with ThreadSanitizer, unit tests of what has threads). ccache is used where it is installed.
set -uo pipefail
exec </dev/null

fast=no
case ${1:-} in
  "") ;;
  --fast) fast=yes ;;
  --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) echo "unknown option: $1 (try --help)" >&2; exit 2 ;;
esac

cd "$(dirname "$0")/.." || exit 1
checkout=$PWD
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
jobs=$(nproc)
times=()

phase() {  # phase NAME COMMAND…: runs it, remembers how long it took
  local name=$1 start=$SECONDS status
  shift
  echo "== $name"
  "$@"
  status=$?
  times+=("$(printf '%5d s  %s' $((SECONDS - start)) "$name")")
  return $status
}

stop_here() {
  printf '%s\n' "${times[@]}"
  echo "stopped: $1" >&2
  exit 1
}

configure() {  # configure PRESET
  local launcher=()
  if command -v ccache >/dev/null; then
    launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    # Paths are kept relative so that another checkout finds what this one compiled.
    export CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_BASEDIR=$checkout CCACHE_NOHASHDIR=1
  fi
  cmake --preset "$1" "${launcher[@]}" >"$results/configure" 2>&1 || { cat "$results/configure"; return 1; }
}

build() {  # build PRESET [TARGET]: only warnings and failures are worth a line
  local output=$results/build-$1
  configure "$1" || return 1
  if ninja -C "build/$1" -j "$jobs" "${@:2}" >"$output" 2>&1; then
    grep -A6 'warning:' "$output"
    tail -n 1 "$output"
  else
    grep -v '^\[' "$output"
    return 1
  fi
}

# Each program's own time limit stands in test/CMakeLists.txt.
run_tests() {  # run_tests PRESET [LABELS]
  local labels=() at_once=$jobs
  [ "$1" != release ] || at_once=$((2 * jobs))  # most of them wait for a server or for an interval
  [ $# -lt 2 ] || labels=(-L "$2")
  ctest --preset "$1" -j "$at_once" --no-tests=error --output-junit "$results/$1.xml" "${labels[@]}"
}

# What ctest counted, over all builds: a run whose tests were skipped must not look like one that passed.
summary() {
  python3 - "$results"/*.xml <<'PYTHON'
import sys
import xml.etree.ElementTree as xml
passed = failed = skipped = 0
for path in sys.argv[1:]:
    for case in xml.parse(path).getroot().iter("testcase"):
        status = case.get("status")
        passed += status == "run"
        failed += status == "fail"
        if status not in ("run", "fail"):
            skipped += 1
            print("skipped:", case.get("name"), path.split("/")[-1].removesuffix(".xml"))
print(f"{passed} passed, {failed} failed, {skipped} skipped")
PYTHON
}

phase "install" config/debian/build-dependencies.sh --tests || stop_here "packages are missing"
failed=()
if [ $fast = yes ]; then
  phase "build release" build release unit_tests || stop_here "the release build failed"
  phase "test release" run_tests release 'unit|tidy' || failed+=(release)
else
  phase "build release" build release || stop_here "the release build failed"
  phase "test release" run_tests release || failed+=(release)
  phase "build memory" build memory unit_tests || stop_here "the build with AddressSanitizer failed"
  phase "test memory" run_tests memory || failed+=(memory)
  phase "build threads" build threads thread_tests || stop_here "the build with clang and ThreadSanitizer failed"
  phase "test threads" run_tests threads || failed+=(threads)
fi

echo "== times"
printf '%s\n' "${times[@]}"
printf '%5d s  all\n' $SECONDS
[ ${#failed[@]} = 0 ] || echo "tests failed in: ${failed[*]}"
summary
[ ${#failed[@]} = 0 ]
