#!/usr/bin/env bash
# Installs the servers that the tests of connectors ask, where they are missing: as root of a Debian. Tests whose server is missing are skipped, and say so.
# What is no package of Debian goes to $CUSTODY_SERVERS, else to ~/.cache/custody-servers.
set -euo pipefail

packages=()
command -v mariadbd >/dev/null || packages+=(mariadb-server)
[ -x /usr/sbin/sshd ] || packages+=(openssh-server)

if [ ${#packages[@]} -gt 0 ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${packages[@]}"
fi

servers="${CUSTODY_SERVERS:-$HOME/.cache/custody-servers}"
mkdir -p "$servers"
# Of moto what speaks S3, and its server: all of it takes minutes.
if [ ! -x "$servers/venv/bin/moto_server" ] && command -v python3 >/dev/null; then
  python3 -m venv "$servers/venv" && "$servers/venv/bin/pip" install --quiet 'moto[s3]==5.2.5' flask==3.1.3 flask-cors==6.0.5
fi
if [ ! -d "$servers/azurite/node_modules/azurite" ] && command -v npm >/dev/null; then
  npm install --silent --no-audit --no-fund --prefix "$servers/azurite" azurite@3.37.0
fi
if [ ! -x "$servers/bin/fake-gcs-server" ] && command -v go >/dev/null; then
  GOBIN="$servers/bin" go install github.com/fsouza/fake-gcs-server@v1.56.1
fi
