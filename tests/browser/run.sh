#!/usr/bin/env bash
# Checks reports in headless Chromium: tests/browser/run.sh OUT RUN_OR_PAGE...
# A run folder stands for its report.html. Screenshots go to OUT. Installs Debian's Chromium and the packages of
# package.json where they are missing; needs Node 20 or later.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
if [ $# -lt 2 ]; then
    echo "usage: $0 OUT RUN_OR_PAGE..." >&2
    exit 2
fi
out=$1
shift
pages=()
for page in "$@"; do
    if [ -d "$page" ]; then page=$page/report.html; fi
    test -s "$page" || { echo "$page is missing" >&2; exit 1; }
    pages+=("$(realpath "$page")")
done
mkdir -p "$out"
out=$(realpath "$out")
if [ -z "${CHROMIUM:-}" ] && ! command -v chromium >/dev/null; then
    apt-get update
    apt-get install -y --no-install-recommends chromium
fi
# Without any font there would be no text to look at.
if ! command -v fc-list >/dev/null || [ -z "$(fc-list 2>/dev/null)" ]; then
    apt-get install -y --no-install-recommends fontconfig fonts-dejavu-core
fi
export CHROMIUM=${CHROMIUM:-$(command -v chromium)}
cd "$here"
if [ ! -d node_modules/playwright-core ]; then
    npm ci --no-audit --no-fund
fi
node check.mjs "$out" "${pages[@]}"
