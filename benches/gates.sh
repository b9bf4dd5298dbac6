#!/usr/bin/env bash
# Measures what is the same on every run (instructions, system calls, bytes, crates) and compares it with the
# ceilings of benches/ceilings.toml. `gates.sh --print` prints the figures only; `gates.sh --static FILE` looks at the
# bytes of a static program alone. What cannot be measured fails, as does a number of crates that fell below its
# ceiling, which is exact.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-check}
ceilings=benches/ceilings.toml
folder=${CARGO_TARGET_DIR:-target}
failed=0

# The figures of `KEY` in `[SECTION]`: measured when the ceiling was set, and the ceiling.
figures() {
    awk -v section="[$1]" -v key="$2" '
        $0 == section { here = 1; next }
        /^\[/ { here = 0 }
        here && $1 == key { gsub(/[^0-9 ]/, ""); print $1, $2; exit }' "$ceilings"
}

# Compares one figure: SECTION KEY MEASURED WHAT.
gate() {
    local measured limit
    read -r measured limit < <(figures "$1" "$2") || true
    # The measuring commands are arguments of this function, where a shell takes no notice of their failures.
    if ! [[ $3 =~ ^[1-9][0-9]*$ ]]; then
        printf 'gates: error: %s: not measured (`%s`)\n' "$4" "$3" >&2
        failed=1
    elif [ "$mode" = --print ]; then
        printf '%-24s %-14s %12s\n' "$1" "$2" "$3"
    elif [ -z "$limit" ]; then
        printf 'gates: error: %s has no ceiling %s.%s\n' "$ceilings" "$1" "$2" >&2
        failed=1
    elif [ "$3" -gt "$limit" ]; then
        printf 'gates: error: %s: %s; they were %s when the ceiling %s.%s was set at %s\n' \
            "$4" "$3" "$measured" "$1" "$2" "$limit" >&2
        failed=1
    elif [ "$1" = crates ] && [ "$3" -lt "$limit" ]; then
        printf 'gates: error: %s: %s; lower the ceiling %s.%s from %s\n' "$4" "$3" "$1" "$2" "$limit" >&2
        failed=1
    else
        printf '%-24s %-14s %12s of %s\n' "$1" "$2" "$3" "$limit"
    fi
}

if [ "$mode" = --static ]; then
    gate bytes static "$(stat -c %s "$2")" "bytes of the static program"
    exit "$failed"
fi

command -v valgrind >/dev/null || { echo "gates: error: valgrind is needed (package valgrind)" >&2; exit 1; }
command -v strace >/dev/null || { echo "gates: error: strace is needed (package strace)" >&2; exit 1; }

# Instructions an event: the difference between many rounds and few.
cargo build --quiet --release --locked --no-default-features --example instructions
decoder=$folder/release/examples/instructions
count() { valgrind --tool=callgrind --callgrind-out-file=/dev/null "$decoder" "$@" 2>&1 | sed -n 's/.*Collected : //p'; }
for pair in chat:2004 tool:505 reasoning:3005; do
    name=${pair%:*} events=${pair#*:}
    few=$(count "$name" 2 ours) many=$(count "$name" 12 ours)
    gate instructions_per_event "$name" "$(((many - few) / 10 / events))" "instructions to decode an event of the workload $name"
done

# System calls of one short answer from a server on loopback, keys in the environment, no AWS files.
cargo build --quiet --release --locked
program=$folder/release/outcrop
log=$(mktemp) && url=$(mktemp)
trap 'kill "$server" 2>/dev/null || true; rm -f "$log" "$url"' EXIT
"$program" emulate --quiet --tokens-per-second 0 >"$url" &
server=$!
until [ -s "$url" ]; do
    kill -0 "$server" 2>/dev/null || { echo "gates: error: \`outcrop emulate\` did not start" >&2; exit 1; }
    sleep 0.05
done
env -i AWS_ACCESS_KEY_ID=AKIDEMO0OUTCROP00001 AWS_SECRET_ACCESS_KEY=demoSecretOfTheOutcropEmulator/IsPublic+ \
    AWS_REGION=us-east-1 AWS_ENDPOINT_URL="$(cat "$url")" \
    strace -f -qq -o "$log" "$program" chat -m amazon.nova-micro-v1:0 --max-tokens 20 hi </dev/null >/dev/null 2>&1
# What the second thread does, and the calls by which the two wait for each other, differ from run to run: the first
# thread's other calls are the gate, and the number of threads. A call that another thread interrupts in the log is
# written in two lines; the second one is no call.
first=$(sed -n '1s/ .*//p' "$log")
gate system_calls chat "$(grep "^$first .*(" "$log" | grep -vcE 'resumed>|^[0-9]+ +futex\(')" "system calls of a short answer"
gate system_calls threads "$(grep -cE '^[0-9]+ +(clone|clone3|fork|vfork)\(' "$log")" "threads of a short answer"

gate bytes program "$(stat -c %s "$program")" "bytes of the program (glibc)"
gate bytes decoder "$(stat -c %s "$decoder")" "bytes of a program that only decodes"

crates() {
    local tree
    tree=$(cargo tree --locked -e normal --prefix none "$@") && sed 's/ (.*//' <<<"$tree" | sort -u | wc -l
}
gate crates core "$(crates --no-default-features)" "crates without features"
gate crates client "$(crates --no-default-features --features client)" "crates with the feature client"
gate crates cli "$(crates)" "crates of the program"
exit "$failed"
