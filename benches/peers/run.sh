#!/usr/bin/env bash
# The AWS SDK for Rust beside this crate: one Markdown table on stdout, progress on stderr.
#
#   run.sh            measures everything (about half an hour: the SDK is built from nothing twice) and prints the table
#   run.sh PHASE...   measures these phases again (decode, process, size, build) and prints the table; with `table`,
#                     none. Figures of the other phases are those in target/figures.
#
# Instructions, allocations, system calls, sizes and crates are the same on every run; times are not: contenders take
# turns, and medians are printed. On a busy machine PEERS_PRIORITY="chrt -f 10" keeps others off. Needs valgrind, strace, GNU time, and crates.io.
set -euo pipefail
cd "$(dirname "$0")"
export CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never LC_ALL=C
figures=target/figures
bin=target/release
programs=(ours sdk sdk-lean)
mkdir -p "$figures"

say() { printf 'peers: %s\n' "$*" >&2; }
for tool in valgrind strace /usr/bin/time; do
    command -v "$tool" >/dev/null || { say "error: $tool is needed"; exit 1; }
done

# Instructions that a program executes, by callgrind.
instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null | sed -n 's/.*Collected : //p'
}

# The decoders in one process, on the same bytes.
decode() {
    cargo build --quiet --release --locked -p peers
    say "times of decoding"
    ${PEERS_PRIORITY:-} "$bin/times"
    say "allocations"
    "$bin/allocations"
    say "instructions"
    local pair workload events contender few many
    for pair in chat:2004 tool:505 reasoning:3005; do
        workload=${pair%:*} events=${pair#*:}
        for contender in ours smithy sdk; do
            few=$(instructions "$bin/rounds" "$contender" "$workload" 2)
            many=$(instructions "$bin/rounds" "$contender" "$workload" 12)
            echo "ir/$workload/$contender $(((many - few) / 10 / events))"
        done
    done
}

# One call's environment: keys, the endpoint, and nothing of the user's.
call() {
    env -i AWS_ACCESS_KEY_ID=AKIDEMO0OUTCROP00001 AWS_SECRET_ACCESS_KEY=demoSecretOfTheOutcropEmulator/IsPublic+ \
        AWS_REGION=us-east-1 AWS_ENDPOINT_URL_BEDROCK_RUNTIME="$url" "$@"
}

median() { sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

# Whole programs that make one call.
process() {
    local program build
    for program in peers oneshot-ours oneshot-sdk oneshot-sdk-lean; do
        cargo build --quiet --release --locked -p "$program"
    done
    local names=("${programs[@]/#/$bin/oneshot-}") scheme
    for scheme in http https; do
        say "starts, $scheme"
        ${PEERS_PRIORITY:-} "$bin/loopback" starts "$scheme" 40 "${names[@]}" | sed "s,^$bin/oneshot-,start-$scheme/,"
    done
    exec {from}< <(exec "$bin/loopback" serve)
    local server=$! url
    read -r url <&"$from"
    # shellcheck disable=SC2064
    trap "kill $server 2>/dev/null || true" EXIT
    for program in "${programs[@]}"; do
        say "a short and a long answer: $program"
        echo "ir-short/$program $(call "$(command -v valgrind)" --tool=callgrind --callgrind-out-file=/dev/null \
            "$bin/oneshot-$program" short 2>&1 >/dev/null | sed -n 's/.*Collected : //p')"
        echo "ir-long/$program $(call "$(command -v valgrind)" --tool=callgrind --callgrind-out-file=/dev/null \
            "$bin/oneshot-$program" long 2>&1 >/dev/null | sed -n 's/.*Collected : //p')"
        call "$(command -v strace)" -f -c -o target/strace "$bin/oneshot-$program" short >/dev/null
        echo "syscalls/$program $(awk '$NF == "total" { print $4 }' target/strace)"
        echo "rss/$program $(for _ in {1..9}; do
            call /usr/bin/time -f %M "$bin/oneshot-$program" short 2>&1 >/dev/null
        done | median)"
        echo "cpu-long/$program $(for _ in {1..9}; do
            TIMEFORMAT='%U %S'
            { time call "$bin/oneshot-$program" long >/dev/null; } 2>&1
        done | awk '{ print ($1 + $2) * 1000 }' | median)"
    done
    kill "$server"
}

# Bytes and crates. In a process of its own, for the sake of RUSTC_BOOTSTRAP.
size() (
    local program target=x86_64-unknown-linux-musl toolchain=() std=() flags
    for program in "${programs[@]}"; do
        cargo build --quiet --release --locked -p "oneshot-$program"
        echo "bytes/$program $(stat -c %s "$bin/oneshot-$program")"
        echo "crates/$program $(cargo tree --locked -p "oneshot-$program" -e normal --prefix none |
            sed 's/ (.*//' | sort -u | wc -l)"
    done
    cargo +musl --version >/dev/null 2>&1 && toolchain=(+musl)
    say "the static program, with the flags of dist/build.sh"
    flags=(-Cforce-unwind-tables=no)
    if [ -f "$(rustc "${toolchain[@]}" --print sysroot)/lib/rustlib/src/rust/library/Cargo.lock" ]; then
        export RUSTC_BOOTSTRAP=1
        std=(-Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size)
        flags+=(-Zlocation-detail=none)
    fi
    if RUSTFLAGS="${flags[*]}" cargo "${toolchain[@]}" build --quiet --profile small --locked --target "$target" \
        -p oneshot-ours "${std[@]}"; then
        echo "musl/ours $(stat -c %s "target/$target/small/oneshot-ours")"
    else
        say "no musl target here: its size is left out"
    fi
)

# Processor time of a build from nothing.
build() {
    local program folder
    cargo fetch --quiet --locked
    for program in "${programs[@]}"; do
        say "a clean build: $program"
        folder=$(mktemp -d -p target)
        TIMEFORMAT='%U %S'
        echo "build/$program $({ time cargo build --quiet --release --locked --offline -p "oneshot-$program" \
            --target-dir "$folder" >&2; } 2>&1 | tail -1 | awk '{ print $1 + $2 }')"
        rm -rf "$folder"
    done
}

# One row: LABEL, FORM of the figures, key of OURS, of frames + serde_json, of the SDK, of the SDK without legacy
# features, the key to COMPARE with (`-`: the figure itself is judged), FLOOR and GOAL (`-`: none).
row() {
    cat "$figures"/* | awk -v label="$1" -v form="$2" -v ours="$3" -v smithy="$4" -v sdk="$5" -v lean="$6" \
        -v against="$7" -v floor="$8" -v goal="$9" '
        function number(text, parts) { return split(text, parts, "/") == 2 ? parts[1] / parts[2] : text + 0 }
        function show(key, value) {
            if (!(key in at)) return ""
            value = at[key]
            if (form == "MB") return sprintf("%.2f MB", value / 1e6)
            if (form == "MiB") return sprintf("%.1f MiB", value / 1024)
            if (form == "M") return sprintf("%.2f M", value / 1e6)
            return sprintf(form, value)
        }
        { at[$1] = $2 }
        END {
            if (!(ours in at)) { printf "| %s | not measured |\n", label; exit }
            measured = against == "-" ? at[ours] / (form == "MB" ? 1e6 : 1) : at[ours] / at[against]
            ratio = against == "-" ? "" : measured < 0.4 ? sprintf("1/%.1f", 1 / measured) : sprintf("%.2f", measured)
            verdict = floor == "-" ? "" : measured <= number(goal) ? "goal" : measured <= number(floor) ? "floor" : "**missed**"
            printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", label, show(ours), show(smithy), show(sdk),
                show(lean), ratio, floor == "-" ? "" : floor, goal == "-" ? "" : goal, verdict
        }'
}

version() { awk -v name="\"$1\"" '$1 == "name" { here = $3 == name } here && $1 == "version" { gsub(/"/, "", $3); print $3; exit }' Cargo.lock; }

table() {
    printf '%s; %s, %d cores; %s; aws-sdk-bedrockruntime %s, aws-config %s, outcrop %s (%s).\n\n' "$(date -u +%F)" \
        "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)" "$(nproc)" "$(rustc --version)" \
        "$(version aws-sdk-bedrockruntime)" "$(version aws-config)" "$(version outcrop)" \
        "$(git rev-parse --short HEAD 2>/dev/null || echo unknown)"
    echo '| | ours | smithy frames + serde_json | SDK | SDK, legacy features off | ours / SDK | floor | goal | reached |'
    echo '|---|---|---|---|---|---|---|---|---|'
    local name
    for name in chat tool reasoning; do
        row "$name: instructions an event" %d "ir/$name/"{ours,smithy,sdk} - "ir/$name/sdk" 1/7 1/12
    done
    for name in chat tool reasoning; do
        row "$name: ns an event" %.0f "ns/$name/"{ours,smithy,sdk}/16384 - "ns/$name/sdk/16384" - -
    done
    row "long: ns an event" %.0f ns/long/{ours,smithy,sdk}/16384 - ns/long/sdk/16384 1/5 1/9
    for name in chat tool reasoning; do
        row "$name: allocations an event" %.3f "allocations/$name/"{ours,smithy,sdk} - - 0.10 0.02
    done
    row "frames alone; beside it crc32fast frame by frame: ns an event" %.1f ns/long/frames/16384 - ns/long/checksums/16384 - \
        ns/long/checksums/16384 2 1.3
    row "chat, one byte a chunk: ns an event" %.0f ns/chat/ours/1 - ns/chat/sdk/1 - ns/chat/sdk/1 1/12 1/23
    for name in 65536 262144 1048576; do
        row "one frame of $((name / 1024)) KiB, one byte a chunk: ns a byte" %.1f "ns/one-$name/"{ours/1,-,sdk/1} - "ns/one-$name/sdk/1" - -
    done
    row "100,000 deltas, process: instructions" M ir-long/ours - ir-long/sdk{,-lean} ir-long/sdk 1/6 1/11
    row "100,000 deltas, process: CPU ms" %d cpu-long/ours - cpu-long/sdk{,-lean} cpu-long/sdk - -
    row "spawn to first request byte, ms" %.2f start-http/ours - start-http/sdk{,-lean} start-http/sdk 1/2.5 1/4
    row "the same over TLS: spawn to first byte of the handshake, ms" %.2f start-https/ours - start-https/sdk{,-lean} start-https/sdk - -
    row "short answer, process: instructions" M ir-short/ours - ir-short/sdk{,-lean} ir-short/sdk 1/10 1/30
    row "short answer: system calls" %d syscalls/ours - syscalls/sdk{,-lean} - 200 110
    row "short answer: peak RSS" MiB rss/ours - rss/sdk{,-lean} rss/sdk 0.65 0.5
    row "one-shot program, glibc, opt 3" MB bytes/ours - bytes/sdk{,-lean} bytes/sdk-lean - -
    row "one-shot program, static musl, built as a release is" MB musl/ours - - - - 2.6 2.2
    row "crates" %d crates/ours - crates/sdk{,-lean} crates/sdk-lean 0.9 0.8
    row "clean build, CPU s" %.0f build/ours - build/sdk{,-lean} build/sdk-lean 0.6 0.45
}

[ $# -gt 0 ] || set -- decode process size build
for phase; do
    case $phase in
        decode | process | size | build)
            "$phase" >target/new
            mv target/new "$figures/$phase"
            ;;
        table) ;;
        *) say "error: no phase $phase"; exit 2 ;;
    esac
done
table
