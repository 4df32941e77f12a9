#!/usr/bin/env bash
# Installs what the tests of connectors ask, where it is missing: servers of Debian's packages (as root), emulators, and Python's own
# readers and writers of tables, in a virtual environment: tests find them with `$servers/tables/bin` first on the PATH.
# All at once, and each for a limited time. What can't be installed is named, and never an error: tests whose server is missing are
# skipped, and say so. What is no package of Debian goes to $CUSTODY_SERVERS, else to ~/.cache/custody-servers.
set -uo pipefail
exec </dev/null

servers="${CUSTODY_SERVERS:-${HOME:-/tmp}/.cache/custody-servers}"
most_s="${CUSTODY_INSTALL_S:-600}"
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

debian() {
  export DEBIAN_FRONTEND=noninteractive
  [ "$(id -u)" = 0 ] || { echo 'only root may'; return 1; }
  apt-get -qq -o DPkg::Lock::Timeout=30 -o Acquire::Retries=1 update
  apt-get -qq -o DPkg::Lock::Timeout=30 install -y --no-install-recommends "$@"
}

# A virtual environment in the folder $1 with the packages that follow.
python() {
  local at=$1
  shift
  python3 -m venv "$at" && "$at/bin/pip" install --quiet --disable-pip-version-check "$@"
}

npm_package() { npm install --silent --no-audit --no-fund --prefix "$1" "$2"; }
go_program() { GOBIN=$1 go install "$2"; }

export -f debian python npm_package go_program
export servers

# attempt NAME FOLDER COMMAND…: begins the command, with as much time as one may take; half of what it installs in the folder isn't left.
attempt() {
  local name=$1 at=$2
  shift 2
  (
    if timeout --kill-after=5 "$most_s" bash -c '"$@"' bash "$@" >"$logs/$name" 2>&1; then
      printf 'installed: %s\n' "$name"
    else
      [ -z "$at" ] || rm -rf "$at"
      printf 'not installed, and its tests are skipped: %s (%s)\n' "$name" "$(tail -n 1 "$logs/$name" | cut -c1-200)"
    fi
  ) &
}

mkdir -p "$servers" || exit 0
packages=()
[ -x /usr/sbin/mariadbd ] || command -v mariadbd >/dev/null || packages+=(mariadb-server)
[ -x /usr/sbin/sshd ] || packages+=(openssh-server)
[ ${#packages[@]} = 0 ] || attempt "${packages[*]}" "" debian "${packages[@]}"
# Of moto what speaks S3, and its server.
[ -x "$servers/venv/bin/moto_server" ] || attempt moto "$servers/venv" python "$servers/venv" 'moto[s3]==5.2.5' flask==3.1.3 flask-cors==6.0.5
[ -d "$servers/azurite/node_modules/azurite" ] || attempt azurite "$servers/azurite" npm_package "$servers/azurite" azurite@3.37.0
[ -x "$servers/bin/fake-gcs-server" ] ||
  attempt fake-gcs-server "" go_program "$servers/bin" github.com/fsouza/fake-gcs-server@v1.56.1
python3 -c 'import pyarrow, openpyxl, xlsxwriter' 2>/dev/null || [ -x "$servers/tables/bin/python3" ] ||
  attempt pyarrow "$servers/tables" python "$servers/tables" pyarrow openpyxl xlsxwriter
wait
exit 0
