#!/usr/bin/env bash
# foreign/with-pcscd.sh COMMAND…: runs a command beside a pcscd of its own, in private network and mount namespaces.
#
# vpcd listens on every address of its network, and there is one pcscd to a machine: in namespaces of their own, neither
# meets anything of this machine's. Exit code 77 when this cannot be done here, with the reason on standard error.
set -u

if [ "${1:-}" != "--inside" ]; then
  for tool in unshare ip pcscd; do
    command -v "$tool" >/dev/null || { echo "with-pcscd: no $tool on this machine" >&2; exit 77; }
  done
  # Root needs no user namespace; anybody else becomes root of one, where that is allowed.
  user=(); [ "$(id -u)" = 0 ] || user=(--map-root-user)
  unshare "${user[@]}" --net --mount true 2>/dev/null || { echo "with-pcscd: no namespaces for this user" >&2; exit 77; }
  exec unshare "${user[@]}" --net --mount "$0" --inside "$@"
fi
shift

ip link set lo up
# vpcd sends length and body apart, which Nagle's algorithm and delayed acknowledgements make 40 ms each. Speed, no more.
for route in 127.0.0.0/8 127.0.0.1; do
  ip route replace table local local "$route" dev lo proto kernel scope host src 127.0.0.1 quickack 1 2>/dev/null
done
mount -t tmpfs tmpfs /run && mkdir /run/pcscd || { echo "with-pcscd: no /run of its own" >&2; exit 77; }

log=$(mktemp)
pcscd --foreground --error >"$log" 2>&1 &
daemon=$!
trap 'kill "$daemon" 2>/dev/null; wait "$daemon" 2>/dev/null; rm -f "$log"' EXIT
for _ in $(seq 100); do
  [ -S /run/pcscd/pcscd.comm ] && break
  kill -0 "$daemon" 2>/dev/null || { cat "$log" >&2; echo "with-pcscd: pcscd does not start" >&2; exit 77; }
  sleep 0.05
done

"$@"
