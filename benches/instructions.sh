#!/usr/bin/env bash
# Instructions an event, counted by callgrind: ours beside the SDK's frame reader with serde_json.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v valgrind >/dev/null || { echo "valgrind is needed (package valgrind)" >&2; exit 1; }
cargo build --quiet --release --no-default-features --example instructions
program=${CARGO_TARGET_DIR:-target}/release/examples/instructions
events() { case $1 in chat) echo 2004 ;; tool) echo 505 ;; reasoning) echo 3005 ;; esac; }
count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$@" 2>&1 |
        sed -n 's/.*Collected : //p'
}
printf '%-10s %12s %12s %8s\n' workload ours peer ratio
for workload in chat tool reasoning; do
    for side in ours peer; do
        few=$(count "$workload" 2 "$side")
        many=$(count "$workload" 12 "$side")
        printf -v "$side" '%d' "$(((many - few) / 10 / $(events "$workload")))"
    done
    printf '%-10s %12d %12d %8s\n' "$workload" "$ours" "$peer" "1/$((peer / ours))"
done
