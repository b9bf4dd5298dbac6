#!/usr/bin/env bash
# Prints the licence texts of everything in the binary for a target: of each crate those that lie beside its source,
# then those of the standard library and of the C library.
#
#   dist/notices.sh TARGET
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."
die() { printf 'notices: error: %s\n' "$*" >&2; exit 1; }
registry=${CARGO_HOME:-$HOME/.cargo}/registry/src

# The folder of a crate's source: NAME VERSION.
source_of() {
    local found
    found=$(compgen -G "$registry/*/$1-$2" | head -n 1) || die "the source of $1 $2 is not in $registry"
    printf '%s' "$found"
}

# A licence text, or where the same one stands above: CRATE FILE.
declare -A printed
print_once() {
    local sum name
    sum=$(tr -d '\r' <"$2" | tr -s '[:space:]' ' ' | sha256sum) name=$(basename "$2")
    if [ -n "${printed[$sum]:-}" ]; then
        printf '\n---- %s: as %s\n' "$name" "${printed[$sum]}"
    else
        printed[$sum]="$name of $1"
        printf '\n---- %s\n\n' "$name"
        tr -d '\r' <"$2"
    fi
}

printf 'The program outcrop is licensed as LICENSE-MIT or LICENSE-APACHE says, at your choice.\n'
printf 'It holds the following works of others, each under its own terms.\n'
crates=$(cargo tree --locked --edges normal --prefix none --target "$1" --format '{p}|{l}' |
    sed 's/ (\*)$//' | sort -u | grep -v '^outcrop v')
while IFS='|' read -r crate terms; do
    read -r name version _ <<<"$crate"
    source=$(source_of "$name" "${version#v}")
    printf '\n%s\n%s %s: %s\n' "================================================================" "$name" "${version#v}" "$terms"
    texts=$(find "$source" -maxdepth 1 -type f -regextype posix-extended \
        -iregex '.*/(licen[cs]e|copying|copyright|notice|unlicense)[^/]*' | sort)
    if [ -n "$texts" ]; then
        while read -r text; do
            print_once "$name" "$text"
        done <<<"$texts"
    else
        # Its package has no text, but names a licence that has one form.
        [ "$terms" = MIT ] || die "$name has no licence text, and is not MIT"
        printf '\n---- MIT, of %s\n\n' "$(sed -n 's/^repository = "\(.*\)"/\1/p' "$source/Cargo.toml")"
        sed '1,4{/^Copyright/d}' LICENSE-MIT
    fi
done <<<"$crates"
for text in dist/notices/*.txt; do
    printf '\n%s\n' "================================================================"
    cat "$text"
done
