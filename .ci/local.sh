# To be sourced: runs `cargo local` on a port of its own while a script needs it.
#
# Sets `work`, a directory that goes away with the script, and after `start_local`, which takes the
# arguments of `cargo local`, `url`.

work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT

start_local() {
    cargo build --quiet --locked --package local
    target/debug/local --port 0 "$@" > "$work/out" 2> "$work/err" &
    server=$!
    for _ in $(seq 600); do
        grep -q "Onsale is listening on" "$work/out" && break
        kill -0 "$server" || { cat "$work/err" >&2; exit 1; }
        sleep 0.1
    done
    url=$(sed -n 's/^Onsale is listening on //p' "$work/out")
}

# Ends it as Ctrl-C does, which has to be a clean end.
stop_local() {
    kill -INT "$server"
    wait "$server"
}

# A field of a JSON answer on standard input.
field() {
    python3 -c "import json, sys; print(json.load(sys.stdin)['$1'])"
}
