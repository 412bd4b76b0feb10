#!/usr/bin/env bash
# How many processor instructions a warm request of get-place, hold-seats and pay costs: one table.
# Also size, memory and start of the functions.
#
#     tests/load/instructions.sh                 builds the functions as they deploy, for this machine
#     tests/load/instructions.sh DIRECTORY...    compares builds, each in a directory of its own
#
# A directory is the `target/release` of any version whose tables and variables are those of this
# one. Valgrind counts, so the machine's load hardly changes the counts. It does change the start.
# Options of the tool (`target/fast/instructions --help`) go into OPTIONS:
#
#     OPTIONS='--repeat 1' tests/load/instructions.sh
set -euo pipefail
builds=()
for build; do builds+=("$(realpath "$build")"); done
cd "$(dirname "$0")/../.."

command -v valgrind > /dev/null || { echo "install valgrind first" >&2; exit 1; }
if [[ ${#builds[@]} -eq 0 ]]; then
    # As cargo-lambda builds them, but for this machine's processor and system.
    cargo build --quiet --locked --release -p functions --bin get-place --bin hold-seats --bin pay
    builds=(target/release)
fi
cargo build --quiet --locked --profile fast -p local -p tools --bin local --bin instructions

work=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; wait; rm -rf "$work"' EXIT
target/fast/local --port 0 --demo-shows 400 \
    --parameter-overrides MainRate=10000 MainMaxActive=1000000 > "$work/out" 2> "$work/err" &
until grep -q "Onsale is listening on" "$work/out"; do
    kill -0 $! || { cat "$work/err" >&2; exit 1; }
    sleep 0.2
done
address=$(sed -n 's|^Onsale is listening on http://||p' "$work/out")
read -ra options <<< "${OPTIONS:-}"
target/fast/instructions --address "$address" ${options[@]+"${options[@]}"} "${builds[@]}"
