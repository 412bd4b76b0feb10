# To be sourced. Runs `cargo local` on its own port as long as a script needs it. When the script
# ends, its background processes end too.
#
# Sets `work`, a directory that is deleted with the script's end. `start_local` takes the arguments
# of `cargo local` and sets `url`.

work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT

# Builds `cargo local` and the tools that run beside it. It uses what `cargo test` has compiled,
# because packages and kinds of targets are the same, for which it needs an example. With `--package`,
# features would differ, and the AWS SDK and everything above it would be compiled again.
build_local() {
    cargo build --quiet --locked --bin local --bin storm --bin crash --bin purchases --bin rates --bin growth --example check-draw
}

# Waits until a command succeeds. Fails when the process has ended, or after ten minutes, which is
# longer than the slowest machine needs.
wait_for() {
    local process=$1 end=$((SECONDS + 600))
    shift
    until "$@" > /dev/null 2>&1; do
        kill -0 "$process" 2> /dev/null || return 1
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}

# A free port.
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

# Ends `cargo local` as Ctrl-C does. It must end cleanly.
stop_local() {
    kill -INT "$server"
    wait "$server"
}

# The block of code with that mark, from whichever document has it. Fails unless exactly one has it.
block() {
    find . -name '*.md' -not -path './target/*' -print0 | xargs -0 awk -v mark="<!-- $1 -->" '
        FNR == 1 { inside = wanted = 0 }
        $0 == mark { found++; wanted = 1; next }
        /^```/ { if (inside) wanted = 0; inside = !inside; next }
        inside && wanted
        END {
            if (found == 1) exit
            print "the mark " mark " is in the documents " found + 0 " times" > "/dev/stderr"
            exit 1
        }'
}

# A field of the JSON answer on standard input, by its name or by the names on the path to it.
field() {
    python3 -c '
import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1:]:
    value = value[int(name) if name.isdigit() else name]
print(value)' "$@"
}
