#!/usr/bin/env bash
# Whether a request costs more when there is more data: one table of every function, with few items
# and with 100,000 concerts, a million users, a million sessions in a queue and a million orders.
#
#     tests/load/growth.sh                      takes some minutes, and 4 GB of disk for a while
#     tests/load/growth.sh --concerts 1000 …    the options of `growth`
#
# Fails if a request consumes something else with more data, or takes more than 1.2 times the
# processor time. Only a statement may: it reads the whole history of its user.
set -euo pipefail
cd "$(dirname "$0")/../.."

cargo build --quiet --locked --profile fast -p tools --bin growth
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
target/fast/growth --data "$work" "$@"
