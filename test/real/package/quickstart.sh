#!/bin/bash
# Runs inside the chroot of package.sh: the installed quickstart as an instance of the installed program.
set -euo pipefail
instance=/etc/datapicker/quickstart
state=/var/lib/datapicker/quickstart
shipped=/usr/share/doc/datapicker/examples/quickstart
as_daemon() { runuser -u datapicker -- env -i PATH=/usr/bin:/bin LANG=C.UTF-8 "$@"; }
fail() { echo "quickstart: $*" >&2; exit 1; }
wait_for() {
  local what=$1 tries=600
  shift
  until "$@" >/dev/null 2>&1; do
    ((tries-- > 0)) || { cat /tmp/daemon.log; fail "$what did not happen within 60 seconds"; }
    sleep 0.1
  done
}

install -d -o datapicker -g datapicker -m 0750 $state
cp -r $shipped/instance $instance
sqlite3 $state/erp.db <$shipped/erp.sql >/dev/null
chown datapicker:datapicker $state/erp.db
sed -i "s|^instance:.*|instance: quickstart\njournal: { path: $state/journal.db }|" $instance/datapicker.yaml
sed -i '/^  path: /d; /^journal:$/d' $instance/datapicker.yaml
sed -i "s|Database=[^;\"]*|Database=$state/erp.db|" $instance/connections/erp.yaml
chown -R root:datapicker $instance
chmod -R u=rwX,g=rX,o= $instance

python3 $shipped/web_api.py /tmp/port /tmp/requests &
api=$!
wait_for "the web API" test -e /tmp/port
sed -i "s/127.0.0.1:8088/127.0.0.1:$(cat /tmp/port)/" $instance/connections/crm.yaml

as_daemon datapicker check -i $instance
umask 0027
as_daemon datapicker run -i $instance 2>/tmp/daemon.log &
daemon=$!
wait_for "the first deliveries" grep -q C0004 /tmp/requests

# A member of the group sees everything, daemon up and down; others see nothing.
useradd --system --groups datapicker watcher
useradd --system stranger
runuser -u watcher -- datapicker status -i $instance >/tmp/status || fail "a member of the group is refused while the daemon runs"
grep -q customers /tmp/status || fail "status shows nothing"
! runuser -u stranger -- datapicker status -i $instance >/dev/null 2>&1 || fail "a stranger sees the journal"
kill -TERM "$(pgrep -u datapicker -x datapicker)"
wait $daemon || fail "the daemon ended badly"
runuser -u watcher -- datapicker status -i $instance >/dev/null || fail "a member of the group is refused while the daemon is down"
kill $api
echo "ok the quickstart ran as the user datapicker, seen by its group alone"
