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

source tests/load/shop.sh
start_shop --data "$work/onsale.db"
measure "$address"
