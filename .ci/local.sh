# To be sourced: runs `cargo local` on a port of its own while a script needs it. Whatever the
# script leaves running in the background ends with it.
#
# Sets `work`, a directory that goes away with the script, and after `start_local`, which takes the
# arguments of `cargo local`, `url`.

work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT

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

# The block of the README below that mark.
block() {
    awk -v mark="<!-- $1 -->" \
        '$0 == mark { found = 1 } found && /^```/ { if (inside) exit; inside = 1; next } inside' README.md
}

# A field of a JSON answer on standard input, by its name, or by the names on the way to it.
field() {
    python3 -c '
import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1:]:
    value = value[int(name) if name.isdigit() else name]
print(value)' "$@"
}
