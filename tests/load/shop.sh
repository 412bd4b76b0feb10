# Sourced: the shop that rates.sh and instructions.sh measure.

work=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; wait; rm -rf "$work"' EXIT

# Starts a `cargo local-fast`, built before, that lets everybody in at once. Takes further options,
# and sets `address`.
start_shop() {
    : > "$work/out"
    target/fast/local --port 0 --demo-shows 400 "$@" \
        --parameter-overrides MainRate=10000 MainMaxActive=1000000 Events=false > "$work/out" 2> "$work/err" &
    until grep -q "Onsale is listening on" "$work/out"; do
        kill -0 $! || { cat "$work/err" >&2; exit 1; }
        sleep 0.2
    done
    address=$(sed -n 's|^Onsale is listening on http://||p' "$work/out")
}
