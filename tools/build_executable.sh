#!/bin/sh
# Builds the executable into dist/, where what it is made of has changed since the last time.
# `sh tools/build_executable.sh folder` builds the one-folder form, `both` the one-file form as well.
set -eu
cd "$(dirname "$0")/.."
form=${1:-folder}
stamp=dist/.$form

is_built() {
  [ -e "$stamp" ] && [ -z "$(find cowork_desktop build.spec pyproject.toml constraints.txt -name __pycache__ -prune \
    -o -newer "$stamp" -print | head -1)" ]
}

is_built && exit 0
echo "Building the executable ..." >&2
mkdir -p dist build && touch build/executable.begun
rm -f dist/cowork dist/.both # of other sources
# What PyInstaller keeps between builds stays in the checkout, too.
PYI_LOG_LEVEL=ERROR PYINSTALLER_CONFIG_DIR="$PWD/build/pyinstaller" .venv/bin/python -m PyInstaller --noconfirm \
  build.spec -- --form "$form" || {
  echo "The executable could not be built." >&2
  exit 1
}
touch -r build/executable.begun "$stamp"
[ "$form" = folder ] || touch -r build/executable.begun dist/.folder
rm -f build/executable.begun
