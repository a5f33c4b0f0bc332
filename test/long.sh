#!/bin/bash
# What takes too long, or too much of the machine, for every change: run it before a release.
# usage: test/long.sh      needs a release build (test/run.sh makes it), root for debootstrap, and the network
set -euo pipefail
exec </dev/null
here=$(cd "$(dirname "$0")" && pwd)
build=$here/../build/release
[ -x "$build/datapicker" ] || { echo "there is no release build: run test/run.sh" >&2; exit 1; }
# Each file by itself: elsewhere six are compiled together, and one could lean on another's includes.
cmake -S "$here/.." -B "$here/../build/alone" -G Ninja -DDATAPICKER_UNITY=OFF -DDATAPICKER_TESTS=OFF >/dev/null
ninja -C "$here/../build/alone" datapicker
"$here/real/package/package.sh" bare "$build"
for database in postgresql mariadb sqlite; do
  /usr/bin/python3 "$here/real/capture/documents.py" "$build/datapicker" "$build/test/stub_server" "$database" 25
  /usr/bin/python3 "$here/real/capture/documents.py" "$build/datapicker" "$build/test/stub_server" "$database" 10 --without-views
done
/usr/bin/python3 "$here/real/whatsapp/messages.py" "$build/datapicker" kill 200
for log in change_tracking flashback journal; do
  /usr/bin/python3 "$here/real/capture/scripted/$log.py" "$build/datapicker" "$build/test/stub_server" "$build/test/libscripted_driver.so" 25 5000
done
for database in postgresql mariadb sqlite; do
  /usr/bin/python3 "$here/real/capture/key_changes.py" "$build/datapicker" "$database" 25
  /usr/bin/python3 "$here/real/capture/key_range.py" "$build/datapicker" "$build/test/stub_server" "$database" 50000 25
  /usr/bin/python3 "$here/real/capture/large_table.py" "$build/datapicker" "$database" 1000000
done
/usr/bin/python3 "$here/real/targets/together.py" "$build/datapicker" "$build/test/stub_server" 25
/usr/bin/python3 "$here/real/capture/large_transaction.py" "$build/datapicker" "$build/test/stub_server" 100000
DATAPICKER_SEEDS=3000 "$build/test/test_simulation"
/usr/bin/python3 "$here/real/faults/seam_kill_test.py" "$build/datapicker" "$build/test/stub_server" "$build/test/libseam_killer.so" all
/usr/bin/python3 "$here/real/faults/lossy_network.py" "$build/datapicker" "$build/test/stub_server" 2000 180
/usr/bin/python3 "$here/real/faults/soak.py" "$build/datapicker" "$build/test/stub_server" "$build/test/libseam_killer.so" "${SOAK_MINUTES:-180}"
for own in slot versions; do
  /usr/bin/python3 "$here/real/capture/$own.py" "$build/datapicker" "$build/test/stub_server" 25 100000
done
for database in postgresql sqlite; do
  ROUNDS=12 /usr/bin/python3 "$here/real/limits/guards.py" "$build/datapicker" "$build/test/stub_server" "$database"
done
"$here/fuzz/run.sh" "${FUZZ_SECONDS:-3600}"
