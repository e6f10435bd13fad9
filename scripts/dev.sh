#!/bin/sh
# Sets up what a command needs, then runs it:
#   sh scripts/dev.sh run     the demonstration: service, article, moderator
#   sh scripts/dev.sh test    the tests, on SQLite and on PostgreSQL; with pytest's options once, on what they name
#   sh scripts/dev.sh packages  what the tests need from Debian, and nothing else
#   sh scripts/dev.sh check   lint, types, import contracts, freshness of built files
#   sh scripts/dev.sh bench   the benchmark (--help lists its options)
#   sh scripts/dev.sh scaling which part of a large installation is full first (--write puts it into its page)
# Needs Python 3.11 or later. Once set up, it works offline.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

find_python() {
  for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
    if "$name" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  say 'Python 3.11 or later is needed and was not found.'
  exit 1
}

# set_up GROUPS: the virtual environment with the package and the dependency groups named, made once per pyproject.toml.
set_up() {
  stamp=".venv/.ready$(printf '%s' "$*" | tr -d ' -')"
  if [ -f "$stamp" ] && [ "$stamp" -nt pyproject.toml ]; then return; fi
  if [ ! -x .venv/bin/python ]; then
    "$(find_python)" -m venv .venv || { rm -rf .venv; say "Making a virtual environment failed; on Debian: apt-get install python3-venv"; exit 1; }
  fi
  say 'Setting up (once) …'
  # The pip that comes with Python may be too old for dependency groups.
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
  .venv/bin/python -m pip install --quiet --editable . "$@"
  touch "$stamp"
}

# What the tests need from Debian. Left out with a word where it cannot be installed; under CI it must be there.
SYSTEM='chromium:chromium fonts-noto-core:- postgresql:pg_ctlcluster pgbouncer:/usr/sbin/pgbouncer nginx-light:/usr/sbin/nginx redis-server:redis-server firefox-esr:firefox-esr webkit2gtk-driver:WebKitWebDriver xvfb:Xvfb hugo:hugo jekyll:jekyll wordpress:wp-setup php-cli:php mariadb-server-core:/usr/sbin/mariadbd'
system_packages() {
  missing=
  for pair in $SYSTEM; do
    package=${pair%%:*} program=${pair#*:}
    case $program in
      -) [ -d /usr/share/fonts/truetype/noto ] || missing="$missing $package" ;;
      *) command -v "$program" >/dev/null 2>&1 || missing="$missing $package" ;;
    esac
  done
  [ -n "$missing" ] || return 0
  if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    say "Installing from Debian:$missing"
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing; } >/dev/null 2>&1 && return 0
  fi
  say "Not installed, so what needs them is left out (apt-get install$missing)."
}

node_packages() {
  [ -d node_modules ] && [ node_modules -nt package-lock.json ] && return 0
  command -v npm >/dev/null 2>&1 && npm ci --silent --no-audit --no-fund >/dev/null 2>&1 && touch node_modules && return 0
  say 'npm or its packages are missing: the accessibility tests and the freshness of the widget are left out.'
}

command=${1:-run}
[ $# -eq 0 ] || shift
case $command in
  run)
    set_up
    exec .venv/bin/comments-service demo "$@"
    ;;
  test)
    set_up --group dev
    system_packages
    node_packages
    [ $# -eq 0 ] || exec .venv/bin/python -m pytest "$@"
    # All at once, for browsers and databases wait more than they work; each is told of when those before it have ended.
    told=$(mktemp -d) failed=0 parts=
    beside() {
      name=$1
      shift
      .venv/bin/python -m pytest "$@" >"$told/$name" 2>&1 &
      parts="$parts $!:$name"
    }
    beside sqlite --ignore tests/browser
    beside postgresql-1 --database postgresql tests/test_[a-m]*.py
    beside postgresql-2 --database postgresql tests/test_[n-z]*.py
    .venv/bin/python -m pytest tests/browser || failed=1
    for part in $parts; do
      wait "${part%%:*}" || failed=1
      cat "$told/${part#*:}"
    done
    rm -rf "$told"
    exit $failed
    ;;
  check)
    set_up --group dev
    node_packages
    exec .venv/bin/python scripts/check.py
    ;;
  packages)
    system_packages
    ;;
  bench|scaling)
    set_up --group dev
    SYSTEM='wrk:wrk postgresql:pg_ctlcluster' system_packages
    [ $command = bench ] || exec .venv/bin/python -m scripts.bench.model "$@"
    exec .venv/bin/python -m scripts.bench "$@"
    ;;
  *)
    say "usage: sh scripts/dev.sh run|test|packages|check|bench|scaling"
    exit 2
    ;;
esac
