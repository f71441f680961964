#!/usr/bin/env bash
# foreign/run.sh: our cards and terminals against the software of other people. Exit code 77, and why, where that is not
# to be had: it needs Debian's pcscd, vsmartcard-vpcd, pcsc-tools, opensc, python3-pyscard and cardpeek. `--install` (root)
# installs them.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

packages=(pcscd vsmartcard-vpcd pcsc-tools opensc python3-pyscard cardpeek libpcsclite-dev iproute2)
if [ "${1:-}" = "--install" ]; then
  shift
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && command -v dpkg >/dev/null && ! dpkg -s "${packages[@]}" >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    # No service starts: pcscd is run by hand, in namespaces of its own.
    { timeout 120 apt-get update -qq && timeout 300 apt-get install -y -qq --no-install-recommends "${packages[@]}"; } >/dev/null 2>&1 </dev/null
  fi
fi

for tool in pcscd scriptor opensc-tool cardpeek; do
  command -v "$tool" >/dev/null || { echo "foreign: skipped, no $tool here (Debian: ${packages[*]})"; exit 77; }
done
/usr/bin/python3 -c 'import smartcard' 2>/dev/null || { echo "foreign: skipped, no pyscard for /usr/bin/python3"; exit 77; }
foreign/with-pcscd.sh true || { echo "foreign: skipped, no pcscd of its own here"; exit 77; }

# The binding to PC/SC is compiled where it is installed: in a folder of its own, not among the project's packages.
binding="${SMARTCARD_FOLDER:-$(mktemp -d)}"
mkdir -p "$binding"
[ -n "${SMARTCARD_FOLDER:-}" ] || trap 'rm -rf "$binding"' EXIT
if [ ! -d "$binding/node_modules/smartcard" ]; then
  timeout 300 npm install --prefix "$binding" --no-save --no-audit --no-fund --foreground-scripts smartcard@3.7.0 >"$binding/log" 2>&1 </dev/null ||
    echo "foreign: the package smartcard does not install here; what needs it is skipped"
fi

# Where a program runs is where our terminal looks for the binding, when it is not among its own packages.
project=$PWD
cd "$binding" && "$project/foreign/with-pcscd.sh" node "$project/node_modules/vitest/vitest.mjs" run --config "$project/foreign/vitest.config.ts" "$@"
