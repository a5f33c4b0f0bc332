#!/bin/bash
# The Debian package: built from a build folder and looked at, and, where asked, installed on a bare Debian 12.
# usage: package.sh quick|bare BUILD_FOLDER
#   quick  builds it and checks its contents, control data and scripts; with lintian where that is installed
#   bare   also installs it in a chroot made by debootstrap (root, network, some minutes), runs the quickstart there as the
#          user datapicker, removes and purges it, and looks that the journal stays
set -euo pipefail
exec </dev/null
mode=${1:?quick or bare}
build=$(cd "${2:?the build folder}" && pwd)
checkout=$(cd "$(dirname "$0")/../../.." && pwd)
work=$(mktemp -d)
chroot=$work/debian
mounted=()
finish() {
  local status=$? place
  for place in "${mounted[@]}"; do umount -l "$place" || true; done
  rm -rf --one-file-system "$work"
  exit $status
}
trap finish EXIT

fail() { echo "package: $*" >&2; exit 1; }
contains() { grep -q -- "$2" "$1" || { cat "$1"; fail "$1 lacks $2"; }; }

build_package() {
  (cd "$build" && cpack -G DEB -B "$work/out" >"$work/cpack.log" 2>&1) || { cat "$work/cpack.log"; fail "cpack failed"; }
  package=$(echo "$work"/out/datapicker_*.deb)
  [ -e "$package" ] || fail "there is no package"
  echo "ok $(basename "$package"), $(du -k "$package" | cut -f1) KiB"
}

check_contents() {
  dpkg-deb --contents "$package" | awk '{print $1, $2, $6}' >"$work/contents"
  local path
  for path in /usr/bin/datapicker /usr/lib/systemd/system/datapicker@.service /usr/lib/sysusers.d/datapicker.conf \
    /usr/lib/tmpfiles.d/datapicker.conf /usr/share/datapicker/dialects/postgresql.yaml /usr/share/datapicker/targets/webhook.yaml \
    /usr/share/man/man1/datapicker.1.gz /usr/share/man/man1/datapicker-check.1.gz /usr/share/doc/datapicker/copyright \
    /usr/share/doc/datapicker/changelog.gz /usr/share/bash-completion/completions/datapicker; do
    contains "$work/contents" "[./]${path#/}\$"
  done
  ! grep -v ' root/root ' "$work/contents" || fail "something in the package does not belong to root"
  dpkg-deb --info "$package" >"$work/control"
  contains "$work/control" "Depends:.*libodbc2"
  contains "$work/control" "Depends:.*libphonenumber8"
  dpkg-deb --control "$package" "$work/scripts"
  local script
  for script in postinst prerm postrm; do sh -n "$work/scripts/$script"; done
  echo "ok contents, dependencies and scripts"
}

check_with_lintian() {
  command -v lintian >/dev/null || { echo "lintian is not installed"; return; }
  # Tags of a maintainer's own signing and of a first upload to Debian are not ours.
  lintian --allow-root --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs,bogus-mail-host,bogus-mail-host-in-debian-changelog \
    "$package" || fail "lintian found something"
  echo "ok lintian"
}

inside() { chroot "$chroot" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }

make_bare_debian() {
  debootstrap --variant=minbase bookworm "$chroot" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$work/debootstrap.log" 2>&1 ||
    { tail -n 20 "$work/debootstrap.log"; fail "debootstrap failed"; }
  printf '#!/bin/sh\nexit 101\n' >"$chroot/usr/sbin/policy-rc.d"
  chmod 755 "$chroot/usr/sbin/policy-rc.d"
  # Passed on where the machine reaches the archive through one.
  [ ! -e /etc/apt/apt.conf.d/proxy ] || cp /etc/apt/apt.conf.d/proxy "$chroot/etc/apt/apt.conf.d/"
  cp /etc/resolv.conf "$chroot/etc/resolv.conf"
  mount -t proc proc "$chroot/proc"
  mounted+=("$chroot/proc")
  inside apt-get -q update >"$work/apt.log" 2>&1 || { tail "$work/apt.log"; fail "apt-get update failed"; }
}

install_it() {
  cp "$package" "$chroot/tmp/"
  inside apt-get -q install -y --no-install-recommends "/tmp/$(basename "$package")" >"$work/apt.log" 2>&1 ||
    { tail -n 30 "$work/apt.log"; fail "it does not install"; }
  inside datapicker --version
  inside id datapicker
  [ "$(stat -c '%a %U' "$chroot/var/lib/datapicker" | cut -d' ' -f1)" = 750 ] || fail "/var/lib/datapicker is open to others"
  echo "ok installed on a bare Debian 12"
}

# The quickstart's folder where an instance stands, its journal where the unit keeps it, as the unit's user.
run_quickstart() {
  inside apt-get -q install -y --no-install-recommends libsqliteodbc odbcinst sqlite3 python3 procps >"$work/apt.log" 2>&1 ||
    { tail -n 30 "$work/apt.log"; fail "the quickstart's driver does not install"; }
  cp "$checkout/test/real/package/quickstart.sh" "$chroot/tmp/"
  inside bash /tmp/quickstart.sh
}

remove_and_purge() {
  inside apt-get -q remove -y datapicker >"$work/apt.log" 2>&1 || { tail "$work/apt.log"; fail "it does not go away"; }
  [ ! -e "$chroot/usr/bin/datapicker" ] || fail "the program is still there"
  inside dpkg --purge datapicker
  [ -s "$chroot/var/lib/datapicker/quickstart/journal.db" ] || fail "the purge took the journal along"
  echo "ok a purge leaves the journal"
  inside apt-get -q install -y --no-install-recommends "/tmp/$(basename "$package")" >"$work/apt.log" 2>&1
  touch "$chroot/etc/datapicker/purge-journals"
  inside dpkg --purge datapicker
  [ ! -e "$chroot/var/lib/datapicker" ] || fail "the journal is still there, though its end was asked for"
  echo "ok a purge takes the journal where that was asked for"
}

build_package
check_contents
check_with_lintian
if [ "$mode" = bare ]; then
  make_bare_debian
  install_it
  run_quickstart
  remove_and_purge
fi
