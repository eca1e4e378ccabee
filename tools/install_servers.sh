#!/bin/sh
# Install the servers that connectors are tried on, where that takes no question: as root, on Debian. It never
# fails: where one is missing, its tests say that they were not run.
for server in mariadbd redis-server gnome-keyring-daemon secret-tool dovecot dbus-daemon clickhouse-server; do
  command -v "$server" >/dev/null 2>&1 || [ -x "/usr/sbin/$server" ] || missing=1
done
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing=1
[ -n "$missing" ] || exit 0
[ "$(id -u)" = 0 ] && grep -qx 'ID=debian' /etc/os-release 2>/dev/null || exit 0
echo "Installing servers for the tests ..."
export DEBIAN_FRONTEND=noninteractive
# Nothing of it is to run but what a test starts.
{ apt-get update -qq && RUNLEVEL=1 apt-get install -y -qq --no-install-recommends \
  postgresql mariadb-server redis-server gnome-keyring libsecret-tools dbus dovecot-imapd clickhouse-server; } >/dev/null 2>&1 ||
  echo "Some servers cannot be installed; their tests are left out." >&2
exit 0
