#!/usr/bin/env bash
# Makes `dist/build.sh --target aarch64-unknown-linux-musl` work on an x86_64 Debian 12 whose compiler is Debian's own
# (rustc-web, linked to rustup as `musl`) and knows no other target. Where rustup can add the target, this is not needed.
#
# It builds the standard library from Debian's source of that compiler, and puts it where the compiler looks, with
# musl for arm64 and the unwinder of Debian's cross compiler. It writes to /usr/lib/rustlib and /usr/local, as root.
set -euo pipefail
target=aarch64-unknown-linux-musl
cross=aarch64-linux-gnu
library=/usr/lib/rustlib/src/rust/library
headers=/usr/local/lib/aarch64-linux-musl/include
wrapper=/usr/local/bin/aarch64-linux-musl-gcc
say() { printf 'aarch64-musl: %s\n' "$*" >&2; }
die() { printf 'aarch64-musl: error: %s\n' "$*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || die "not root"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say "packages"
export DEBIAN_FRONTEND=noninteractive
apt-get install -y -qq --no-install-recommends rustc-web cargo-web rust-web-src "gcc-$cross" >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; die "the packages did not install"; }
[ -d "$library/sysroot" ] || die "no source of the standard library in $library"
# musl for arm64, with lists of packages of its own, so that this machine does not become one of two architectures.
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/musl"
apt=(apt-get -qq -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o Dir::State::status=/dev/null
    -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root)
(cd "$work" && "${apt[@]}" update && "${apt[@]}" download musl-dev) >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; die "musl for arm64 cannot be had"; }
dpkg -x "$work"/musl-dev_*_arm64.deb "$work/musl"

say "a C compiler that knows musl's headers"
mkdir -p "$headers"
cp -r "$work/musl/usr/include/aarch64-linux-musl/." "$headers"
printf '#!/bin/sh\nexec %s-gcc -nostdinc -isystem %s -isystem %s "$@"\n' \
    "$cross" "$headers" "$("$cross-gcc" -print-file-name=include)" >"$wrapper"
chmod 755 "$wrapper"

say "the standard library"
source=$(readlink -f "$library/..")
# As Rust's own builds have it: bitcode for LTO across crates, tables for unwinding, no path of this machine.
flags=(-Cembed-bitcode=yes -Cforce-unwind-tables=yes -Zforce-unstable-if-unmarked
    "--remap-path-prefix=$source=/rustc/${source##*/rustc-}"
    "--remap-path-prefix=$library=/rustc/${source##*/rustc-}/library"
    "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=/cargo")
(cd "$library" && env RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$work/target" RUSTFLAGS="${flags[*]}" \
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 CARGO_PROFILE_RELEASE_DEBUG=0 "CC_${target//-/_}=$wrapper" \
    /usr/bin/cargo build --quiet --locked --release --target "$target" --manifest-path sysroot/Cargo.toml \
    --features backtrace,panic-unwind,compiler-builtins-mem) >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; die "the standard library did not build"; }

say "what is linked beside it"
own=$work/lib/self-contained
mkdir -p "$own"
cp "$work/target/$target/release/deps/"*.rlib "$work/lib"
cp "$work/musl/usr/lib/aarch64-linux-musl/"{crt1.o,Scrt1.o,rcrt1.o,crti.o,crtn.o,libc.a} "$own"
gcc=$(dirname "$("$cross-gcc" -print-libgcc-file-name)")
cp "$gcc"/{crtbegin.o,crtbeginS.o,crtend.o,crtendS.o} "$own"
# GCC's unwinder was built for glibc. It asks glibc which object holds an address, which musl does not tell in that
# form; and it takes threads for absent unless these functions are linked for some other reason.
cat >"$work/unwind.c" <<'C'
#define _GNU_SOURCE
#include <link.h>
#include <pthread.h>
#include <stdint.h>

__attribute__((used)) static const void *const needed[] = {
    pthread_once,       pthread_key_create,   pthread_getspecific,
    pthread_setspecific, pthread_mutex_lock, pthread_mutex_unlock,
};

struct dl_find_object {
    unsigned long long flags;
    void *begin, *end;
    struct link_map *map;
    void *eh_frame_header;
    unsigned long long reserved[7];
};

struct search {
    uintptr_t address;
    struct dl_find_object *found;
};

static int look(struct dl_phdr_info *object, size_t size, void *data) {
    struct search *search = data;
    uintptr_t begin = UINTPTR_MAX, end = 0, header = 0;
    for (int at = 0; at < object->dlpi_phnum; at++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[at];
        uintptr_t first = object->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_GNU_EH_FRAME) header = first;
        if (part->p_type != PT_LOAD) continue;
        if (first < begin) begin = first;
        if (first + part->p_memsz > end) end = first + part->p_memsz;
    }
    if (!header || search->address < begin || search->address >= end) return 0;
    *search->found = (struct dl_find_object){
        .flags = 0, .begin = (void *)begin, .end = (void *)end, .eh_frame_header = (void *)header};
    return 1;
}

int _dl_find_object(void *address, struct dl_find_object *found) {
    struct search search = {(uintptr_t)address, found};
    return dl_iterate_phdr(look, &search) == 1 ? 0 : -1;
}
C
"$wrapper" -Os -fPIC -c "$work/unwind.c" -o "$work/unwind.o"
printf '%s\n' "CREATE $own/libunwind.a" "ADDLIB $gcc/libgcc_eh.a" "ADDLIB $gcc/libgcc.a" "ADDMOD $work/unwind.o" SAVE END |
    "$cross-ar" -M
lib=/usr/lib/rustlib/$target/lib
rm -rf "$lib"
mkdir -p "$(dirname "$lib")"
cp -r "$work/lib" "$lib"
say "done: dist/build.sh --target $target"
