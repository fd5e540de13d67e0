#!/bin/sh
# Everything that must hold: types, import directions, lint, build, unit tests, e2e tests; ends with one line of counts.
# In CI a test file that failed is run again, alone, and named when it passes then: a busy machine is no fault of the code.
set -u
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export PATH
sh scripts/setup.sh test || exit 1

failed=""
step() {
  name=$1
  shift
  echo "== $name"
  "$@" || failed="$failed $name"
}
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
suite() {
  timeout 2700 node scripts/suite.mjs "$1" "$results/$1.json"
}

step check pnpm check
step lint pnpm lint
step build pnpm build
case "$failed" in
*build*) echo "the build failed: no tests are run" ;;
*)
  step unit suite unit
  step e2e suite e2e
  ;;
esac
[ -z "$failed" ] || echo "FAILED:$failed"
node scripts/count.mjs "$results" $failed
