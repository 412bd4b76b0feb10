#!/usr/bin/env bash
# Everything that is measured, in one table with one column. People who compare can put theirs
# beside it.
#
#     tests/load/all.sh         builds what it measures; some 40 minutes on two processors
#     tests/load/all.sh …       the options of `growth`, such as smaller sizes
#
# SECONDS_EACH is for the rates, OPTIONS for the instructions. The three tables themselves go to
# standard error. Fails if a request costs more when there is more data.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tests/load/rates.sh | tee "$work/rates" >&2
tests/load/instructions.sh | tee "$work/instructions" >&2
grows=0
tests/load/growth.sh "$@" | tee "$work/growth" >&2 || grows=1

echo "| what | ours |"
echo "|---|---|"
awk -F ' *[|] *' 'NR > 2 { printf "| %s, a second | %s |\n", $2, $3 }' "$work/rates"
awk -F ' *[|] *' 'NR > 2 {
    printf "| %s, instructions a request | %s |\n", $2, $4
    printf "| %s, binary, MB | %s |\n", $2, $6
    printf "| %s, memory, MB | %s |\n", $2, $7
    printf "| %s, start, ms | %s |\n", $2, $8
}' "$work/instructions"
sed -n 's/^The highest ratio of processor times is \([0-9.]*\).*/| a request with much data, times the processor time with little, at most | \1 |/p' "$work/growth"
exit "$grows"
