#!/usr/bin/env bash
# Private PostgreSQL and MariaDB servers for tests: on free ports of 127.0.0.1, with data of their own, as unprivileged
# users even when the caller is root. Nothing outside DIR and one folder in /tmp is touched.
#
#   servers.sh start DIR [postgresql|mariadb]   start both or one; what was stopped alone comes back with its port and data
#   servers.sh stop  DIR [postgresql|mariadb]   both: stop and remove the data; one: only unplug it, keeping port and data
#   servers.sh kill  DIR postgresql|mariadb     the same as stopping one, without letting it finish anything
#   servers.sh with  DIR COMMAND…               run COMMAND with the variables of DIR/env
#
# DIR/env exports DATAPICKER_TEST_PG and DATAPICKER_TEST_MARIADB (ODBC connection strings) and for each of both
# _HOST _PORT _USER _PASSWORD _DATABASE; _SOCKET_DIR (PG) and _SOCKET (MARIADB) lead to the superuser without a password.
# DATAPICKER_TEST_LISTEN: addresses that a new PostgreSQL listens on instead, and whose neighbours it lets in.
set -euo pipefail

fail() { echo "servers.sh: $*" >&2; exit 1; }

user=datapicker password=s3cret-Pa55 database=erp
# shellcheck disable=SC2012
pg_bin=${PG_BIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)}

# Both servers refuse to run as root; anybody else runs them as himself.
as() {
  local account=$1; shift
  if [[ $(id -u) == 0 ]]; then (cd / && runuser -u "$account" -- "$@"); else "$@"; fi
}

free_port() {
  local port
  for _ in $(seq 200); do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  fail "no free port"
}

until_true() {  # until_true SECONDS COMMAND…
  local ends=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < ends)) || return 1
    sleep 0.1
  done
}

create_state() {
  mkdir -p "$dir"
  data=$(mktemp -d /tmp/datapicker-servers.XXXXXX)
  chmod 1777 "$data"  # two accounts put their sockets there
  pg_port=$(free_port) maria_port=$(free_port)
  while [[ $maria_port == "$pg_port" ]]; do maria_port=$(free_port); done
  printf 'data=%s\npg_port=%s\nmaria_port=%s\n' "$data" "$pg_port" "$maria_port" >"$dir/state"
  write_env
}

write_env() {
  variables() {  # variables PREFIX PORT
    printf 'export %s_HOST=127.0.0.1 %s_PORT=%s %s_USER=%s %s_PASSWORD=%s %s_DATABASE=%s\n' \
      "$1" "$1" "$2" "$1" "$user" "$1" "$password" "$1" "$database"
  }
  {
    variables DATAPICKER_TEST_PG "$pg_port"
    printf "export DATAPICKER_TEST_PG_SOCKET_DIR=%s\n" "$data"
    printf "export DATAPICKER_TEST_PG='Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=%s;Database=%s;UID=%s;PWD=%s'\n" \
      "$pg_port" "$database" "$user" "$password"
    variables DATAPICKER_TEST_MARIADB "$maria_port"
    printf "export DATAPICKER_TEST_MARIADB_SOCKET=%s\n" "$data/mariadb.sock"
    printf "export DATAPICKER_TEST_MARIADB='Driver=MariaDB Unicode;Server=127.0.0.1;Port=%s;Database=%s;UID=%s;PWD=%s'\n" \
      "$maria_port" "$database" "$user" "$password"
  } >"$dir/env"
}

# -------- PostgreSQL
start_postgresql() {
  [[ -x $pg_bin/initdb ]] || fail "PostgreSQL's server programs are missing: apt-get install postgresql"
  local cluster=$data/postgresql new=
  if [[ ! -d $cluster ]]; then
    new=yes
    mkdir "$cluster"
    echo "$password" >"$data/password"
    [[ $(id -u) != 0 ]] || chown postgres: "$cluster" "$data/password"
    as postgres "$pg_bin/initdb" -D "$cluster" -U postgres -E UTF8 --locale=C.UTF-8 -A scram-sha-256 --auth-local=trust \
      --pwfile="$data/password" -N >"$dir/initdb.log" 2>&1 || { rm -rf "$cluster"; fail "initdb: see $dir/initdb.log"; }
    cat >>"$cluster/postgresql.conf" <<CONF
listen_addresses = '${DATAPICKER_TEST_LISTEN:-127.0.0.1}'
port = $pg_port
unix_socket_directories = '$data'
fsync = off
full_page_writes = off
wal_level = logical
max_wal_size = 4GB
shared_buffers = 256MB
timezone = 'UTC'
CONF
    [[ -z ${DATAPICKER_TEST_LISTEN:-} ]] || echo "host all all samenet scram-sha-256" >>"$cluster/pg_hba.conf"
  fi
  ! as postgres "$pg_bin/pg_ctl" -D "$cluster" status >/dev/null 2>&1 || return 0
  as postgres "$pg_bin/pg_ctl" -D "$cluster" -l "$cluster/log" -w -t 60 start </dev/null >/dev/null 2>&1 ||
    fail "PostgreSQL does not start: see $cluster/log"
  [[ -n $new ]] || return 0
  as postgres "$pg_bin/psql" -q -h "$data" -p "$pg_port" -U postgres -d postgres -v ON_ERROR_STOP=1 \
    -c "CREATE ROLE $user LOGIN REPLICATION PASSWORD '$password'" -c "CREATE DATABASE $database OWNER $user" >/dev/null
}

stop_postgresql() {  # stop_postgresql fast|immediate
  [[ -f $data/postgresql/postmaster.pid ]] || return 0
  as postgres "$pg_bin/pg_ctl" -D "$data/postgresql" -m "$1" -w -t 60 stop >/dev/null 2>&1 || fail "PostgreSQL does not stop"
}

# -------- MariaDB
maria_pid() { cat "$data/mariadb.pid" 2>/dev/null; }
maria_runs() { local pid; pid=$(maria_pid) && [[ -n $pid ]] && kill -0 "$pid" 2>/dev/null; }
maria_gone() { ! maria_runs; }
maria_answers() { mariadb-admin --no-defaults --socket="$data/mariadb.sock" -u root ping; }

start_mariadb() {
  maria_runs && return 0
  local server; server=$(command -v mariadbd || true)
  [[ -n $server || ! -x /usr/sbin/mariadbd ]] || server=/usr/sbin/mariadbd
  [[ -n $server ]] || fail "MariaDB's server program is missing: apt-get install mariadb-server"
  local tables=$data/mariadb new=
  if [[ ! -d $tables ]]; then
    new=yes
    mkdir -p "$tables" "$data/mariadb.tmp"
    [[ $(id -u) != 0 ]] || { chown mysql: "$tables" "$data/mariadb.tmp"; }
    as mysql mariadb-install-db --no-defaults --datadir="$tables" --auth-root-authentication-method=normal --skip-test-db \
      --tmpdir="$data/mariadb.tmp" >"$dir/mariadb-install.log" 2>&1 ||
      { rm -rf "$tables"; fail "mariadb-install-db: see $dir/mariadb-install.log"; }
  fi
  # Spawned with setsid and no terminal, so that it outlives the caller and holds none of its pipes.
  as mysql setsid "$server" --no-defaults --datadir="$tables" --port="$maria_port" --bind-address=127.0.0.1 \
    --socket="$data/mariadb.sock" --pid-file="$data/mariadb.pid" --tmpdir="$data/mariadb.tmp" --skip-name-resolve \
    --character-set-server=utf8mb4 --innodb-flush-log-at-trx-commit=2 --innodb-buffer-pool-size=320M --default-time-zone=+00:00 \
    --innodb-fast-shutdown=2 --log-error="$tables/log.err" </dev/null >/dev/null 2>&1 &
  until_true 60 maria_answers || fail "MariaDB does not start: see $tables/log.err"
  [[ -n $new ]] || return 0
  mariadb --no-defaults --socket="$data/mariadb.sock" -u root <<SQL
CREATE DATABASE $database CHARACTER SET utf8mb4;
CREATE USER '$user'@'%' IDENTIFIED BY '$password';
GRANT ALL ON $database.* TO '$user'@'%';
GRANT REPLICATION CLIENT ON *.* TO '$user'@'%';
SQL
}

stop_mariadb() {  # stop_mariadb TERM|KILL
  maria_runs || return 0
  kill "-$1" "$(maria_pid)"
  until_true 60 maria_gone || fail "MariaDB does not stop"
  [[ $1 != KILL ]] || rm -f "$data/mariadb.pid" "$data/mariadb.sock"
}

# -------- the verbs
[[ $# -ge 2 ]] || { sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
verb=$1 dir=$2; shift 2
if [[ -f $dir/state ]]; then
  # shellcheck disable=SC1091
  source "$dir/state"
elif [[ $verb == start ]]; then
  create_state
elif [[ $verb == stop ]]; then
  exit 0
else
  fail "nothing was started in $dir"
fi

case "$verb ${1:-}" in
  "start ") start_postgresql; start_mariadb ;;
  "start postgresql") start_postgresql ;;
  "start mariadb") start_mariadb ;;
  "stop ") stop_postgresql immediate; stop_mariadb KILL; rm -rf "$data" "$dir/state" "$dir/env" ;;
  "stop postgresql") stop_postgresql fast ;;
  "stop mariadb") stop_mariadb TERM ;;
  "kill postgresql") stop_postgresql immediate ;;
  "kill mariadb") stop_mariadb KILL ;;
  "with "*)
    # shellcheck disable=SC1091
    source "$dir/env"
    exec "$@" ;;
  *) fail "unknown: $verb ${1:-}" ;;
esac
