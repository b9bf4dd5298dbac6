#!/usr/bin/env bash
# Makes the release of one target: a static binary with man pages, completions and licences in a tarball, and
# SHA256SUMS beside it, in target/dist. Nothing in it depends on the folder that the sources or cargo's home lie in,
# on the clock or on who builds.
#
#   dist/build.sh [--target TARGET]       x86_64-unknown-linux-musl, unless another is named
#
# SOURCE_DATE_EPOCH dates the files; else the last commit does.
set -euo pipefail
umask 022
export LC_ALL=C CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0
cd "$(dirname "$0")/.."

say() { printf 'build: %s\n' "$*" >&2; }
die() { printf 'build: error: %s\n' "$*" >&2; exit 1; }

target=x86_64-unknown-linux-musl
case "$#:${1:-}" in
    0:) ;;
    2:--target) target=$2 ;;
    *) die "usage: dist/build.sh [--target TARGET]" ;;
esac

# The toolchain: the usual one where it has the target, else one that is called `musl`.
has_std() { compgen -G "$(rustc "$@" --print target-libdir --target "$target" 2>/dev/null)/libstd*.rlib" >/dev/null; }
toolchain=()
if ! has_std; then
    toolchain=(+musl)
    has_std +musl || die "no compiler here has the standard library of $target
  with rustup: rustup target add $target
  else: link a toolchain that has it, as rustup toolchain link musl FOLDER"
fi
arch=${target%%-*}
# The C compiler of another processor links, too; the target brings its own libc.
variable=${target//-/_}
if [ "$arch" != "$(uname -m)" ]; then
    compiler=$arch-linux-musl-gcc
    command -v "$compiler" >/dev/null || die "there is no $compiler; on Debian dist/$arch-musl.sh makes one"
    linker=CARGO_TARGET_${variable^^}_LINKER
    export "$linker=${!linker:-$compiler}"
fi

SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null)} ||
    die "no commit tells the date: set SOURCE_DATE_EPOCH"

# Nothing of this machine stays in the binary: neither in panics nor in the names of C files.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
sysroot=$(rustc "${toolchain[@]}" --print sysroot)
flags=()
for place in "$cargo_home=/cargo" "$sysroot/lib/rustlib=/rust" "$PWD=/src"; do
    flags+=("--remap-path-prefix=$place")
done
# With `panic = "abort"` nothing reads the tables for unwinding: half a megabyte.
flags+=("-Cforce-unwind-tables=no")
# Where the sources of the standard library are at hand it is built anew, for size and without backtraces, which a
# stripped binary cannot name anyway. Panics keep their messages and lose the places in the source, a tenth of a
# megabyte; a build with the same sources tells them.
std=()
if [ -f "$sysroot/lib/rustlib/src/rust/library/Cargo.lock" ]; then
    std=(-Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size)
    export RUSTC_BOOTSTRAP=1
    flags+=("-Zlocation-detail=none")
    flags+=("--remap-path-prefix=$(realpath "$sysroot/lib/rustlib/src/rust")=/rust/src")
else
    say "the sources of the standard library are not at hand (component rust-src): the binary gets a fifth larger"
fi
# Cargo parts flags by this character, so that folders may hold blanks.
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; printf '%s' "${flags[*]}")
# The crate cc parts those for C at blanks, unless it is told that they are quoted as for a shell.
quoted() { printf "'%s'" "${1//\'/\'\\\'\'}"; }
maps="$(quoted "-ffile-prefix-map=$cargo_home=/cargo") $(quoted "-ffile-prefix-map=$PWD=/src")"
say "building for $target with $(rustc "${toolchain[@]}" --version)"
env CARGO_ENCODED_RUSTFLAGS="$CARGO_ENCODED_RUSTFLAGS" CC_SHELL_ESCAPED_FLAGS=1 "CFLAGS_$variable=$maps" \
    SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" \
    cargo "${toolchain[@]}" build --release --locked --target "$target" --bin outcrop "${std[@]}"
folder=${CARGO_TARGET_DIR:-target}
binary=$folder/$target/release/outcrop

! readelf -lW "$binary" | grep -q INTERP || die "the binary asks for an interpreter"
! readelf -dW "$binary" | grep -q NEEDED || die "the binary needs shared libraries"
places=("$cargo_home" "$sysroot/lib/rustlib" "$PWD/src")
# Without a home, or at home in the root, there is nothing to look for.
home=${HOME:-}
[ -z "${home%/}" ] || places+=("${home%/}/")
for place in "${places[@]}"; do
    ! grep -qaF "$place" "$binary" || die "the binary holds the path $place"
done

unset RUSTC_BOOTSTRAP
# What does not depend on the target is made by a build for this machine, which cargo finds where it has put it. It does
# not get the date: C libraries that are built already would be built again for it.
unset CARGO_BUILD_TARGET
cargo build --locked --bin outcrop --example man_pages
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
name=outcrop-$version-$target
out=$folder/dist
rm -rf "${out:?}/$name"
mkdir -p "$out/$name/completions"
cp "$binary" README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT "$out/$name"
cargo run --quiet --locked --example man_pages -- "$out/$name/man/man1"
cargo run --quiet --locked --bin outcrop -- completions bash >"$out/$name/completions/outcrop.bash"
cargo run --quiet --locked --bin outcrop -- completions zsh >"$out/$name/completions/_outcrop"
cargo run --quiet --locked --bin outcrop -- completions fish >"$out/$name/completions/outcrop.fish"
bash dist/notices.sh "$target" >"$out/$name/THIRD-PARTY.txt"

tar --create --directory "$out" --format=ustar --sort=name --mtime="@$SOURCE_DATE_EPOCH" \
    --owner=0 --group=0 --numeric-owner --mode=u+rw,go=rX "$name" | gzip -9 -n >"$out/$name.tar.gz"
(cd "$out" && sha256sum -- *.tar.gz >SHA256SUMS)
say "$out/$name.tar.gz: $(stat -c %s "$out/$name.tar.gz") bytes, the binary $(stat -c %s "$binary")"
