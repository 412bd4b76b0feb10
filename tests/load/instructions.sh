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

source tests/load/shop.sh
start_shop
read -ra options <<< "${OPTIONS:-}"
target/fast/instructions --address "$address" ${options[@]+"${options[@]}"} "${builds[@]}"
