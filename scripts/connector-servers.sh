#!/usr/bin/env bash
# Installs what the tests of connectors ask, where it is missing: servers and emulators, as root of a Debian, and Python's own readers and
# writers of tables. Each by itself and for a limited time: what can't be installed is named, and never an error, since tests whose server
# is missing are skipped, and say so. What is no package of Debian goes to $CUSTODY_SERVERS, else to ~/.cache/custody-servers.
set -uo pipefail
exec </dev/null

servers="${CUSTODY_SERVERS:-$HOME/.cache/custody-servers}"
most_s="${CUSTODY_INSTALL_S:-120}"
missing=()

# attempt NAME COMMAND…: the command, with as much time as one may take.
attempt() {
  local name=$1 log
  shift
  log=$(mktemp)
  if timeout --kill-after=10 "$most_s" "$@" >"$log" 2>&1; then
    printf 'installed: %s\n' "$name"
  else
    printf 'not installed: %s (%s)\n' "$name" "$(tail -n 1 "$log")"
    missing+=("$name")
  fi
  rm -f "$log"
}

has() { command -v "$1" >/dev/null 2>&1; }

debian() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq -o DPkg::Lock::Timeout=30 -o Acquire::Retries=1 update &&
    apt-get -qq -o DPkg::Lock::Timeout=30 install -y --no-install-recommends "$@"
}

# Of moto what speaks S3, and its server: all of it takes minutes.
moto() { python3 -m venv "$servers/venv" && "$servers/venv/bin/pip" install --quiet 'moto[s3]==5.2.5' flask==3.1.3 flask-cors==6.0.5; }

# Where pip may not touch the system's own Python, it is told that it may: the tests ask that one.
tables() {
  local packages=(pyarrow openpyxl xlsxwriter)
  python3 -m pip install --quiet "${packages[@]}" || python3 -m pip install --quiet --break-system-packages "${packages[@]}"
}

export -f debian moto tables
export servers

mkdir -p "$servers"
if ! has mariadbd && [ ! -x /usr/sbin/mariadbd ]; then attempt mariadb-server bash -c 'debian mariadb-server'; fi
if [ ! -x /usr/sbin/sshd ]; then attempt openssh-server bash -c 'debian openssh-server'; fi
if [ ! -x "$servers/venv/bin/moto_server" ]; then attempt moto bash -c moto; fi
if [ ! -d "$servers/azurite/node_modules/azurite" ]; then
  attempt azurite npm install --silent --no-audit --no-fund --prefix "$servers/azurite" azurite@3.37.0
fi
if [ ! -x "$servers/bin/fake-gcs-server" ]; then
  attempt fake-gcs-server env GOBIN="$servers/bin" go install github.com/fsouza/fake-gcs-server@v1.56.1
fi
if ! python3 -c 'import pyarrow, openpyxl, xlsxwriter' >/dev/null 2>&1; then attempt pyarrow bash -c tables; fi
if [ ${#missing[@]} -gt 0 ]; then printf 'tests of these are skipped: %s\n' "${missing[*]}"; fi
exit 0
