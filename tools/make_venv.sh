#!/bin/sh
# Makes .venv where Python came without its venv module, as Debian's does until python3-venv is installed.
set -u
rm -rf .venv
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  apt-get update -qq >&2 && apt-get install -y -qq python3-venv >&2
elif "$1" -m pip --version >/dev/null 2>&1; then
  "$1" -m pip install --quiet --target .venv-maker virtualenv && PYTHONPATH=.venv-maker "$1" -m virtualenv -q .venv
  status=$?
  rm -rf .venv-maker
  exit $status
fi
"$1" -m venv .venv || {
  echo "This Python cannot make virtual environments. On Debian: sudo apt install python3-venv" >&2
  exit 1
}
