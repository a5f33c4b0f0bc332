#!/bin/bash
# Quickstart: an ERP in SQLite, a web API, and Datapicker between them, in a folder that is removed at the end.
# usage: examples/quickstart/run.sh
# On Debian 12 it installs what is missing and builds first; DATAPICKER_BINARY=PATH uses a program that is already built.
set -euo pipefail
exec </dev/null
here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../.." && pwd)

work=$(mktemp -d)
started=()
finish() {
  local status=$? process
  # The daemon first, so that it can finish what it is sending; then the web API.
  for process in "${started[@]}"; do
    kill "$process" 2>/dev/null || continue
    wait "$process" 2>/dev/null || true
  done
  [ $status = 0 ] || { echo "--- the daemon's log:"; tail -n 30 "$work/daemon.log" 2>/dev/null; }
  rm -rf "$work"
  exit $status
}
trap finish EXIT

# Bold on a terminal only.
say() { if [ -t 1 ]; then printf '\n\033[1m%s\033[0m\n' "$*"; else printf '\n%s\n' "$*"; fi; }
fail() { echo "quickstart: $*" >&2; exit 1; }
pause() { [ -n "${CI:-}" ] || [ ! -t 1 ] || sleep "$1"; }
sql() { sqlite3 -cmd '.timeout 5000' "$work/erp.db" "$1"; }
verb() { (cd "$work" && "$datapicker" "$@" -i instance); }

wait_for() {  # wait_for WHAT COMMAND…: up to 30 seconds
  local what=$1 tries=1500
  shift
  until "$@" >/dev/null 2>&1; do
    ((tries-- > 0)) || fail "$what did not happen within 30 seconds"
    sleep 0.02
  done
}

build_datapicker() {
  say "Installing what is missing, and building (the first time takes some minutes)"
  "$checkout/config/debian/build-dependencies.sh" --run
  (cd "$checkout" && cmake --preset release --log-level=WARNING && ninja -C build/release datapicker)
  datapicker=$checkout/build/release/datapicker
}

arrived() { tail -n +"$((seen + 1))" "$work/requests" 2>/dev/null | grep -F "\"method\": \"$1\", \"path\": \"/api/customers/$2\"" | grep -F -- "$3"; }

change() {  # change WHAT SQL METHOD CODE BODY: makes it, shows it arriving and how long it took
  local committed came
  say "$1"
  echo "  $2"
  seen=$(wc -l <"$work/requests")
  sql "$2"
  committed=$(date +%s%3N)
  wait_for "$3 of customer $4 with '$5'" arrived "$3" "$4" "$5"
  came=$(arrived "$3" "$4" "$5" | head -n 1 | sed 's/.*"time": \([0-9]*\).*/\1/')
  sleep 0.1
  echo "  arrived $((came - committed)) ms after the commit"
  pause 2
}

if [ -n "${DATAPICKER_BINARY:-}" ]; then datapicker=$DATAPICKER_BINARY; else build_datapicker; fi

sqlite3 "$work/erp.db" <"$here/erp.sql" >/dev/null
cp -r "$here/instance" "$work/instance"
touch "$work/requests"

say "The ERP's customer master"
sqlite3 -header -column "$work/erp.db" 'SELECT CDCLI, RASCL, LOCCL, TELCL, DTULO, FIDO, STATO FROM ANCF00F'

python3 "$here/web_api.py" "$work/port" "$work/requests" &
api=$!
started=("$api")
wait_for "the web API's start" test -e "$work/port"
sed -i "s/127.0.0.1:8088/127.0.0.1:$(cat "$work/port")/" "$work/instance/connections/crm.yaml"

say "datapicker check"
verb check
pause 1

say "datapicker run: the first read sends every customer that is not closed"
(cd "$work" && exec "$datapicker" run -i instance) 2>"$work/daemon.log" &
started=("$!" "$api")
seen=0
wait_for "the first delivery" arrived PUT C0004 '1999-12-31'
wait_for "four customers at the web API" test 4 -le "$(wc -l <"$work/requests")"
pause 2

change "A credit limit is raised" "UPDATE ANCF00F SET FIDO = 20000 WHERE CDCLI = 'C0001   '" PUT C0001 '20000.00'
change "A new customer" \
  "INSERT INTO ANCF00F VALUES ('C0006   ', 'PASTICCERIA D''AMICO          ', 'RIMINI', '0541 665544', 1251122, 1200, 'A', '')" \
  PUT C0006 "Pasticceria"
change "A customer is closed: the row stays, but the pipeline's 'where' is not true any more" \
  "UPDATE ANCF00F SET STATO = 'C' WHERE CDCLI = 'C0002   '" DELETE C0002 ''
change "A customer is deleted" "DELETE FROM ANCF00F WHERE CDCLI = 'C0003   '" DELETE C0003 ''

say "A column that nobody mapped: the change is in the journal, and no call is made"
before=$(wc -l <"$work/requests")
echo "  UPDATE ANCF00F SET NOTEI = 'PAGA SEMPRE TARDI' WHERE CDCLI = 'C0001   '"
sql "UPDATE ANCF00F SET NOTEI = 'PAGA SEMPRE TARDI' WHERE CDCLI = 'C0001   '"
skipped() { verb story customers C0001 | grep -w skipped; }
wait_for "the skipped delivery" skipped
[ "$(wc -l <"$work/requests")" = "$before" ] || fail "a call was made for a column that nobody mapped"
pause 2

say "datapicker changes"
verb changes --limit 5
say "datapicker story customers C0001"
verb story customers C0001
say "datapicker status"
verb status
say "Done: $(wc -l <"$work/requests") requests, each change once."
