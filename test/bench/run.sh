#!/bin/bash
# Builds and runs all benches; prints a table, or with --json one object a line. Exit 1 when a goal was missed.
# usage: test/bench/run.sh [--json] [--rows N] [--only NAME]   NAME: diff, cycles, journal, map, deliver, many, review, arrival or long
# Everything runs in a release build, on servers of its own; quiet machines give better figures.
set -uo pipefail
exec </dev/null
json=no rows=1000000 only=
while [ $# -gt 0 ]; do
  case $1 in
    --json) json=yes ;;
    --rows) rows=$2; shift ;;
    --only) only=$2; shift ;;
    --help) sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "unknown option: $1 (try --help)" >&2; exit 2 ;;
  esac
  shift
done

cd "$(dirname "$0")/../.." || exit 1
build=${DATAPICKER_BUILD:-build/release}
work=$(mktemp -d)
stub=
clean_up() {
  [ -z "$stub" ] || kill "$stub" 2>/dev/null
  [ ! -e "$work/servers" ] || test/support/servers.sh stop "$work/servers" >&2
  rm -rf "$work"
}
trap clean_up EXIT

wanted() { [ -z "$only" ] || [ "$only" = "$1" ]; }
problem() { echo "bench: $*" >&2; status=1; }
bench() { "$build/test/bench/$1" "${@:2}" >>"$work/figures" || problem "$1 failed"; }
status=0
touch "$work/figures"

build_all() {
  config/debian/build-dependencies.sh --tests && { [ -e "$build/build.ninja" ] || cmake --preset release; } && ninja -C "$build" bench
}
build_all >"$work/build.log" 2>&1 || { tail -n 30 "$work/build.log" >&2; exit 1; }

into_postgresql() {
  bash test/bench/tables.sh postgresql "$1" | PGPASSWORD=$DATAPICKER_TEST_PG_PASSWORD psql -q -v ON_ERROR_STOP=1 \
    -h "$DATAPICKER_TEST_PG_HOST" -p "$DATAPICKER_TEST_PG_PORT" -U "$DATAPICKER_TEST_PG_USER" "$DATAPICKER_TEST_PG_DATABASE" >&2
}
into_mariadb() {
  bash test/bench/tables.sh mariadb "$1" | mariadb -h "$DATAPICKER_TEST_MARIADB_HOST" -P "$DATAPICKER_TEST_MARIADB_PORT" \
    -u "$DATAPICKER_TEST_MARIADB_USER" -p"$DATAPICKER_TEST_MARIADB_PASSWORD" "$DATAPICKER_TEST_MARIADB_DATABASE" >&2
}

diff_cycles() {
  bash test/bench/tables.sh sqlite "$rows" | sqlite3 "$work/erp.db"
  bench capture_bench --driver sqlite --dialect sqlite --odbc "Driver=SQLite3;Database=$work/erp.db"
  test/support/servers.sh start "$work/servers" >&2 || { problem "the servers did not start"; return; }
  . "$work/servers/env"
  into_postgresql "$rows"
  bench capture_bench --driver postgresql --dialect postgresql --odbc "$DATAPICKER_TEST_PG"
  into_mariadb "$rows"
  bench capture_bench --driver mariadb --dialect mariadb --odbc "$DATAPICKER_TEST_MARIADB"
  test/support/servers.sh stop "$work/servers" >&2
  rm -rf "$work/servers"
}

cycles() {
  test/support/servers.sh start "$work/servers" >&2 || { problem "the servers did not start"; return; }
  . "$work/servers/env"
  for size in $(printf '%s\n' 10000 100000 "$rows" | sort -nu); do
    [ "$size" -le "$rows" ] || break
    rm -f "$work/erp.db"
    bash test/bench/tables.sh sqlite "$size" | sqlite3 "$work/erp.db"
    bench cycle_bench --driver sqlite --dialect sqlite --rows "$size" --odbc "Driver=SQLite3;Database=$work/erp.db"
    into_postgresql "$size"
    bench cycle_bench --driver postgresql --dialect postgresql --rows "$size" --sparing 2.5 --odbc "$DATAPICKER_TEST_PG"
    into_mariadb "$size"
    bench cycle_bench --driver mariadb --dialect mariadb --rows "$size" --sparing 1.5 --odbc "$DATAPICKER_TEST_MARIADB"
  done
  test/support/servers.sh stop "$work/servers" >&2
  rm -rf "$work/servers"
}

deliveries() {
  "$build/test/stub_server" --port-file "$work/port" >/dev/null &
  stub=$!
  for _ in $(seq 100); do [ -e "$work/port" ] || sleep 0.05; done
  bench deliver_bench --url "http://127.0.0.1:$(cat "$work/port")"
  kill "$stub"
  stub=
}

many_pipelines() {
  test/support/servers.sh start "$work/servers" postgresql >&2 || { problem "the server did not start"; return; }
  . "$work/servers/env"
  /usr/bin/python3 test/bench/many_pipelines.py "$build/datapicker" "$DATAPICKER_TEST_PG" \
    "postgresql://$DATAPICKER_TEST_PG_USER:$DATAPICKER_TEST_PG_PASSWORD@$DATAPICKER_TEST_PG_HOST:$DATAPICKER_TEST_PG_PORT/$DATAPICKER_TEST_PG_DATABASE" \
    >>"$work/figures" || problem "many_pipelines.py failed"
  test/support/servers.sh stop "$work/servers" >&2
  rm -rf "$work/servers"
}

! wanted diff || diff_cycles
! wanted cycles || cycles
! wanted journal || bench journal_bench
! wanted map || bench map_bench
! wanted deliver || deliveries
! wanted many || many_pipelines
! wanted review || python3 test/bench/review.py "$build/datapicker" >>"$work/figures" || problem "review.py failed"
! wanted long || python3 test/bench/long_journal.py "$build/datapicker" "$build/test/stub_server" "$build/test/libstatement_log.so" >>"$work/figures" ||
  problem "long_journal.py failed"
arrivals() {
  python3 test/bench/arrival.py "$build/datapicker" "$build/test/stub_server" >>"$work/figures" || problem "arrival.py failed"
  /usr/bin/python3 test/bench/log_arrival.py "$build/datapicker" "$build/test/stub_server" >>"$work/figures" || problem "log_arrival.py failed"
}
! wanted arrival || arrivals

if [ $json = yes ]; then cat "$work/figures"; fi
python3 test/bench/table.py <"$work/figures" >"$work/table" || status=1
[ $json = yes ] || cat "$work/table"
exit $status
