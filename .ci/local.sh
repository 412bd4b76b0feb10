# To be sourced: runs `cargo local` on a port of its own while a script needs it. Whatever the
# script leaves running in the background ends with it.
#
# Sets `work`, a directory that goes away with the script, and after `start_local`, which takes the
# arguments of `cargo local`, `url`.

work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT

# Builds `cargo local` and the tools that are run beside it from what `cargo test` has compiled
# already: with the features of the same packages, which `--package` would not choose, and of the
# same kinds of targets, which is what the example is for. Otherwise the AWS SDK, and all that needs
# it, would be compiled once more.
build_local() {
    cargo build --quiet --locked --bin local --bin storm --bin crash --bin purchases --example check-draw
}

# Waits until a command succeeds, for as long as a process lives. Ten minutes are for one that does
# not do what it should: no machine is that slow.
wait_for() {
    local process=$1 end=$((SECONDS + 600))
    shift
    until "$@" > /dev/null 2>&1; do
        kill -0 "$process" 2> /dev/null || return 1
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}

# A port that nobody listens at.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start_local() {
    build_local
    target/debug/local --port 0 "$@" > "$work/out" 2> "$work/err" &
    server=$!
    wait_for "$server" grep -q "Onsale is listening on" "$work/out" || { cat "$work/err" >&2; exit 1; }
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
