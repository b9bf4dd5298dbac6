#!/usr/bin/env bash
# Prints the README's table of feature sets: the crates of each, and the size of a small program that uses it
# (release, stripped, for this machine).
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${CARGO_TARGET_DIR:-target}
row() { # FEATURES PROGRAM TITLE WHAT
    local how=(--no-default-features) built=$folder/release/examples/$2
    [ "$1" = none ] || how+=(--features "$1")
    if [ "$1" = cli ]; then
        cargo build --quiet --release --locked
        built=$folder/release/outcrop
    else
        cargo build --quiet --release --locked "${how[@]}" --example "$2"
    fi
    local crates
    crates=$(cargo tree --locked -e normal --prefix none "${how[@]}" | sed 's/ (.*//' | sort -u | wc -l)
    local megabytes
    megabytes=$(awk -v bytes="$(stat -c %s "$built")" 'BEGIN { printf "%.2f MB", bytes / 1e6 }')
    printf '| %s | %s | %s | %s, %s |\n' "$3" "$4" "$crates" "$megabytes" "$5"
}
row none instructions none "the core without IO: decoder, typed model, signatures, profile and endpoint rules" "a decoder"
row client stream '`client`' '`Client`, the credential chain, TLS' '`examples/stream.rs`'
row client,emulator tools '`client,emulator`' "and the offline Bedrock" '`examples/tools.rs`'
row config settings '`config`' "the configuration file, with nothing of the network" '`examples/settings.rs`'
row cli outcrop '`cli` (default)' "all of it with the configuration file, and the program" "the program"
