#!/bin/sh
# Installs what is missing, and only that: `setup.sh` for the daemon, `setup.sh test` for the tests as well.
# System packages come from Debian (as root); Node and pnpm stay inside this folder.
set -eu
cd "$(dirname "$0")/.."

say() { echo "setup: $*"; }

# program=package, a line each; a package is installed when its program is missing.
programs="conmon=conmon ip=iproute2 nft=nftables ps=procps tini=tini flock=util-linux mount=mount tar=tar"
test_programs="busybox=busybox-static docker-registry=docker-registry iptables=iptables curl=curl git=git
  openssl=openssl socat=socat docker=docker.io gh=gh ssh=openssh-client sshd=openssh-server"

missing=""
want() {
  for pair in $1; do
    command -v "${pair%%=*}" >/dev/null 2>&1 || missing="$missing ${pair#*=}"
  done
}
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export PATH
want "$programs"
command -v crun >/dev/null 2>&1 || command -v runc >/dev/null 2>&1 || missing="$missing crun"
# Docker's default seccomp profile, as a file.
[ -e /usr/share/containers/seccomp.json ] || missing="$missing golang-github-containers-common"
[ "${1:-}" != test ] || want "$test_programs"

install_packages() {
  if ! command -v apt-get >/dev/null 2>&1; then
    say "these are missing, please install them:$missing"
    exit 1
  fi
  if [ "$(id -u)" != 0 ]; then
    say "run as root, or first: apt-get install --no-install-recommends$missing"
    exit 1
  fi
  say "installing Debian packages:$missing"
  # A package that brings a service must not start it: the tests start their own, with private folders.
  guard=/usr/sbin/policy-rc.d
  if [ ! -e "$guard" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$guard"
    chmod 755 "$guard"
    trap 'rm -f "$guard"' EXIT
  fi
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086 # a list of names
  if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >"$log" 2>&1; then
    cat "$log"
    rm -f "$log"
    say "installing failed"
    exit 1
  fi
  rm -f "$log"
}
[ -z "$missing" ] || install_packages

version_of() { sed -n "s/^ *\"$1\": \"\([0-9.]*\)\".*/\1/p" package.json; }
stamp=node_modules/.setup-stamp
key=$(cat package.json pnpm-lock.yaml pnpm-workspace.yaml | cksum)
if [ ! -x node_modules/.bin/pnpm ] || [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$key" ]; then
  say "installing the npm packages of pnpm-lock.yaml, Node $(version_of node) and pnpm $(version_of pnpm) among them"
  CI=true npx --yes --package "node@$(version_of node)" --package "pnpm@$(version_of pnpm)" -- \
    pnpm install --frozen-lockfile --reporter=append-only >node_modules.log 2>&1 || {
    cat node_modules.log
    exit 1
  }
  rm -f node_modules.log
  echo "$key" >"$stamp"
fi
say "ready"
