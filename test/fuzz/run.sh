#!/bin/bash
# Looks for inputs that break a promise, with libFuzzer. Stops at the first one and leaves it in the folder of findings.
# usage: test/fuzz/run.sh [SECONDS] [NAME…]     SECONDS: for each input (3600); NAME: of a file in test/fuzz/inputs; without one all
# What it learnt stays in FUZZ_CORPUS (~/.cache/datapicker-fuzz) and is where the next run begins.
set -euo pipefail
exec </dev/null
cd "$(dirname "$0")/../.."
[ "${1:-}" != --help ] || { sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 0; }
seconds=${1:-3600}
names=("${@:2}")
[ ${#names[@]} -gt 0 ] || for file in test/fuzz/inputs/*.cpp; do names+=("$(basename "$file" .cpp)"); done
corpus=${FUZZ_CORPUS:-$HOME/.cache/datapicker-fuzz}
findings=$corpus/findings
mkdir -p "$findings"
[ -e build/fuzz/build.ninja ] || cmake --preset fuzz >/dev/null
ninja -C build/fuzz "${names[@]/#/fuzz_}" | tail -n 1

words=$corpus/yaml.dict
/usr/bin/python3 test/fuzz/words.py config/schema/*.json connectors/targets/*.yaml >"$words"
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm  # some inputs are files
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
for name in "${names[@]}"; do
  mkdir -p "$corpus/$name"
  more=()
  [ "$name" != target_definition ] || more=(connectors/targets)  # what is shipped is a good place to begin
  echo "== $name: $seconds s"
  build/fuzz/test/fuzz/fuzz_"$name" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=20000 -dict="$words" -print_final_stats=1 \
    -artifact_prefix="$findings/$name-" "$corpus/$name" "test/fuzz/kept/$name" "${more[@]}" >"$corpus/$name.log" 2>&1 ||
    { tail -n 40 "$corpus/$name.log"; echo "found: $findings/$name-*; kept as test/fuzz/kept/$name/WHAT_IT_IS once it is mended"; exit 1; }
  grep -E "stat::number_of_executed_units|cov:" "$corpus/$name.log" | tail -n 2
done
