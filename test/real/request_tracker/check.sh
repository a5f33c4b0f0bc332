#!/usr/bin/env bash
# check.sh TEST_PROGRAM: runs it against a Request Tracker of its own. Exit code 77: RT is not installed.
set -euo pipefail

program=$1
[[ -x /usr/share/request-tracker5/libexec/rt-server ]] || { echo "Request Tracker is not installed"; exit 77; }
here=$(cd "$(dirname "$0")" && pwd)
RT_SCRIPT=$here/server.sh
RT_DIR=$(mktemp -d)
trap '"$RT_SCRIPT" clean "$RT_DIR"' EXIT

port=
for _ in $(seq 100); do
  port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
  (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
done
token=$("$RT_SCRIPT" start "$RT_DIR" "$port")
export RT_SCRIPT RT_DIR RT_TOKEN=${token#TOKEN=} RT_URL=http://127.0.0.1:$port/REST/2.0
"$program"
