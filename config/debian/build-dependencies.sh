#!/bin/bash
# Installs on Debian 12 what building Datapicker needs. Safe to run again: with everything there it asks dpkg and leaves.
# Starts no system service. usage: build-dependencies.sh [--run] [--tests]
#   --run    also what the quickstart runs with (the SQLite ODBC driver, python3, sqlite3)
#   --tests  also what test/run.sh needs (compilers, database servers, drivers, Request Tracker)
set -euo pipefail

usage() { sed -n '2,5s/^# \{0,1\}//p' "$0"; }

build=(g++ cmake ninja-build pkg-config ca-certificates
  libboost1.81-dev libboost-json1.81-dev unixodbc-dev libsqlite3-dev libyaml-cpp-dev libfmt-dev libspdlog-dev
  libcurl4-openssl-dev libssl-dev libxxhash-dev libphonenumber8 libprotobuf-dev libabsl-dev libicu-dev libcli11-dev
  libexpected-dev prometheus-cpp-dev libsystemd-dev zlib1g-dev libnats-dev librdkafka-dev)
run=(odbcinst libsqliteodbc sqlite3 python3 curl)
tests=(ccache clang lld libclang-rt-14-dev llvm doctest-dev librapidcheck-dev
  odbc-postgresql odbc-mariadb odbc-mdbtools postgresql mariadb-server mariadb-client nats-server
  dpkg-dev file lintian groff-base chromium
  request-tracker5 rt5-db-sqlite rt5-standalone python3-yaml python3-jsonschema python3-psycopg2 python3-pymysql git procps)

wanted=("${build[@]}")
from_npm=no
for option in "$@"; do
  case $option in
    --run) wanted+=("${run[@]}") ;;
    --tests)
      wanted+=("${run[@]}" "${tests[@]}")
      command -v npm >/dev/null || wanted+=(nodejs npm)
      from_npm=yes
      ;;
    --help) usage; exit 0 ;;
    *) echo "unknown option: $option" >&2; usage >&2; exit 2 ;;
  esac
done

checkout=$(cd "$(dirname "$0")/../.." && pwd)
headers=$checkout/.cache/phonenumber
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null
}

# What tests have from npm: the editor's language server; clients of the APIs that are written to, and Prism, which serves
# published contracts. The tests say so when they have to do without.
install_from_npm() {  # install_from_npm FOLDER PACKAGE@VERSION…: again when other versions are wanted
  local folder=$checkout/.cache/$1
  shift
  [ "$(cat "$folder/installed" 2>/dev/null)" != "$*" ] || return 0
  mkdir -p "$folder"
  if npm install --prefix "$folder" --no-audit --no-fund --silent "$@" </dev/null; then
    echo "$*" >"$folder/installed"
  else
    echo "npm does not reach its registry: no $*" >&2
  fi
}
install_clients() {
  install_from_npm yaml-language-server yaml-language-server@1.19.2
  install_from_npm api-clients @hubspot/api-client@13.4.0 @jsforce/jsforce-node@3.9.1 node-zendesk@6.0.1 \
    @kapso/whatsapp-cloud-api@0.3.0 @stoplight/prism-cli@5.14.2
}

missing=()
for package in "${wanted[@]}"; do
  installed "$package" || missing+=("$package")
done
need_headers=no
[ -e "$headers/usr/include/phonenumbers/phonenumberutil.h" ] || need_headers=yes
# For its promtool, which checks the alert rules; the package itself would bring a service.
rules_checker=$checkout/.cache/prometheus
need_rules_checker=no
[[ " ${wanted[*]} " != *" lintian "* ]] || [ -e "$rules_checker/usr/bin/promtool" ] || need_rules_checker=yes
if [ ${#missing[@]} = 0 ] && [ $need_headers = no ] && [ $need_rules_checker = no ]; then
  [ $from_npm = no ] || install_clients
  exit 0
fi

# A policy of 101 keeps packages from starting their services while they are installed.
policy=/usr/sbin/policy-rc.d
policy_is_ours=no
downloads=
clean_up() {
  [ $policy_is_ours = no ] || "${as_root[@]}" rm -f "$policy"
  [ -z "$downloads" ] || rm -rf "$downloads"
}
trap clean_up EXIT

apt update
if [ ${#missing[@]} -gt 0 ]; then
  echo "installing: ${missing[*]}"
  if [ ! -e $policy ]; then
    policy_is_ours=yes
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
    "${as_root[@]}" chmod 755 $policy
  fi
  if [[ " ${missing[*]} " == *" postgresql "* ]]; then
    # The tests make their own clusters; a main one would be started at the next boot.
    apt install -y --no-install-recommends postgresql-common
    "${as_root[@]}" sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
  fi
  apt install -y --no-install-recommends "${missing[@]}"
  # Nor at the next boot: the tests start servers of their own.
  for package in mariadb-server nats-server request-tracker5; do
    if [[ " ${missing[*]} " == *" $package "* ]] && command -v systemctl >/dev/null; then
      "${as_root[@]}" systemctl --quiet disable "${package%-server}.service" || true
    fi
  done
fi

unpack() {  # unpack PACKAGE FOLDER: without installing it
  [ -n "$downloads" ] || downloads=$(mktemp -d)
  chmod 755 "$downloads"
  (cd "$downloads" && apt-get -q -o APT::Sandbox::User=root download "$1")
  mkdir -p "$2"
  dpkg -x "$downloads/$1"_*.deb "$2"
}

# libphonenumber-dev depends on Boost 1.74, which excludes 1.81: its headers alone are unpacked into the checkout.
[ $need_headers = no ] || unpack libphonenumber-dev "$headers"
[ $need_rules_checker = no ] || unpack prometheus "$rules_checker"
[ $from_npm = no ] || install_clients
