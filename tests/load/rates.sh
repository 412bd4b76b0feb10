#!/usr/bin/env bash
# How many requests of each kind a shop answers in a second: one table.
#
#     tests/load/rates.sh              builds `cargo local-fast` and measures it, with its data in a file
#     tests/load/rates.sh HOST:PORT    measures a shop that runs: the local one, or another
#
# SECONDS_EACH is how long each kind of request is sent (10). To compare two shops, measure them in
# turn on the same machine, several times.
set -euo pipefail
cd "$(dirname "$0")/../.."

cargo build --quiet --locked --profile fast -p local -p tools --bin local --bin rates
measure() {
    target/fast/rates --address "$1" --seconds "${SECONDS_EACH:-10}"
}
if [[ $# -gt 0 ]]; then
    measure "$1"
    exit
fi

work=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; wait; rm -rf "$work"' EXIT
target/fast/local --port 0 --demo-shows 400 --data "$work/onsale.db" \
    --parameter-overrides MainRate=10000 MainMaxActive=1000000 > "$work/out" 2> "$work/err" &
until grep -q "Onsale is listening on" "$work/out"; do
    kill -0 $! || { cat "$work/err" >&2; exit 1; }
    sleep 0.2
done
measure "$(sed -n 's|^Onsale is listening on http://||p' "$work/out")"
