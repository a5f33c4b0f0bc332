#!/usr/bin/env bash
# A private Request Tracker 5 with SQLite for tests, on a port of 127.0.0.1, with all it writes below DIR.
#
#   server.sh start DIR PORT   prints TOKEN=… (the same after stop and start); DIR keeps its tickets
#   server.sh stop DIR         ends the server, keeps the data
#   server.sh clean DIR        ends the server, removes the data
#
# Needs the packages request-tracker5 rt5-db-sqlite rt5-standalone. The queue General has the custom fields ExternalId and Credit.
set -euo pipefail

fail() { echo "server.sh: $*" >&2; exit 1; }
usage() { sed -n '4,6s/^# *//p' "$0" >&2; exit 1; }

server=/usr/share/request-tracker5/libexec/rt-server
[[ $# -ge 2 ]] || usage
verb=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
export RT_SITE_CONFIG=$dir/RT_SiteConfig.pm RT_SITE_CONFIG_DIR=$dir/etc

configure() {
  mkdir -p "$dir/etc"
  cat > "$RT_SITE_CONFIG" <<CONFIG
Set(\$rtname, 'datapicker.test'); Set(\$Organization, 'datapicker.test');
Set(\$WebDomain, '127.0.0.1'); Set(\$WebPort, $1); Set(\$WebPath, ''); Set(\$WebBaseURL, 'http://127.0.0.1:$1');
Set(\$DatabaseType, 'SQLite'); Set(\$DatabaseName, '$dir/rt5.sqlite');
Set(\$DatabaseHost, ''); Set(\$DatabaseUser, ''); Set(\$DatabasePassword, '');
Set(\$LogToSyslog, undef); Set(\$LogToSTDERR, 'warning'); Set(\$MailCommand, 'testfile'); Set(\$WebSecureCookies, 0);
1;
CONFIG
}

seed() {
  cat > "$dir/seed.pl" <<'PERL'
use strict; use warnings;
use lib '/usr/share/request-tracker5/lib';
use RT; RT::LoadConfig(); RT::Init();
my $queue = RT::Queue->new(RT->SystemUser); $queue->Load('General');
for my $name (qw(ExternalId Credit)) {
  my $field = RT::CustomField->new(RT->SystemUser);
  my ($made, $why) = $field->Create(Name => $name, Type => 'FreeformSingle', MaxValues => 1, LookupType => 'RT::Queue-RT::Ticket');
  die $why unless $made;
  $field->AddToObject($queue);
}
my $user = RT::User->new(RT->SystemUser);
my ($made, $why) = $user->Create(Name => 'datapicker', Privileged => 1, EmailAddress => 'datapicker@example.com');
die $why unless $made;
$user->PrincipalObj->GrantRight(Right => $_, Object => $queue) for qw(CreateTicket ModifyTicket DeleteTicket ShowTicket SeeQueue
  SeeCustomField ModifyCustomField SetInitialCustomField ReplyToTicket CommentOnTicket ShowTicketComments OwnTicket);
my (undef, undef, $token) = RT::AuthToken->new(RT->SystemUser)->Create(Owner => $user->id, Description => 'test');
print "TOKEN=$token\n";
PERL
  perl "$dir/seed.pl" > "$dir/token" 2> "$dir/seed.log" || fail "seeding failed: $(tail -n 3 "$dir/seed.log")"
  grep -q '^TOKEN=1-' "$dir/token" || fail "no token: $(cat "$dir/seed.log")"
}

answers() { curl -s -o /dev/null --max-time 5 "http://127.0.0.1:$1/"; }

start() {
  local port=$1
  [[ -x $server ]] || fail "install request-tracker5 rt5-db-sqlite rt5-standalone"
  stop
  configure "$port"
  if [[ ! -e $dir/token ]]; then
    rm -f "$dir/rt5.sqlite"
    rt-setup-database-5 --action init --skip-create < /dev/null > "$dir/init.log" 2>&1 || fail "see $dir/init.log"
    seed
  fi
  nohup "$server" --server Standalone --host 127.0.0.1 --port "$port" < /dev/null > "$dir/server.log" 2>&1 &
  echo $! > "$dir/pid"
  local ends=$((SECONDS + 60))
  until answers "$port"; do
    kill -0 "$(cat "$dir/pid")" 2>/dev/null || fail "the server ended: $(tail -n 3 "$dir/server.log")"
    ((SECONDS < ends)) || fail "the server does not answer, see $dir/server.log"
    sleep 0.2
  done
  cat "$dir/token"
}

stop() {
  [[ -e $dir/pid ]] || return 0
  local pid
  pid=$(cat "$dir/pid")
  rm -f "$dir/pid"
  # A process id may have gone to somebody else meanwhile.
  grep -qs rt-server "/proc/$pid/cmdline" || return 0
  kill "$pid"
  for _ in $(seq 100); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -9 "$pid"
}

case $verb in
  start) [[ $# == 3 ]] || usage; start "$3" ;;
  stop) stop ;;
  clean) stop; rm -rf "$dir" ;;
  *) usage ;;
esac
