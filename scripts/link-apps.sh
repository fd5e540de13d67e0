#!/bin/sh
# Makes `pnpm exec <app>` run the built app: one link per apps/<app>/bin/<app>.mjs.
set -eu
cd "$(dirname "$0")/.."
for program in apps/*/bin/*.mjs; do
  ln -sf "../../$program" "node_modules/.bin/$(basename "$program" .mjs)"
done
