#!/usr/bin/env bash
# Runs every fuzz target for SECONDS from its seeds, one on each core, and fails on the first crash, hang or excess of
# memory.
#
#   fuzz/run.sh SECONDS [TARGET...]
#
# Needs a nightly toolchain and cargo-fuzz (`cargo install cargo-fuzz`). Without a sanitizer, since the readers hold no
# unsafe code of their own but the mapping of files: three times as fast to build and to run. The seeds are copied: what
# a run finds stays in fuzz/corpus, a crash in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:?usage: fuzz/run.sh SECONDS [TARGET...]}
shift
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    mapfile -t targets < <(cd fuzz_targets && printf '%s\n' *.rs | sed 's/\.rs$//')
fi

cargo +nightly fuzz build --sanitizer none
host=$(rustc +nightly -vV | sed -n 's/^host: //p')
# Entry points that read a folder are given one in memory, where there is such a place.
if [ -w /dev/shm ]; then
    folder=$(mktemp -d -p /dev/shm)
else
    folder=$(mktemp -d)
fi
trap 'rm -rf "$folder"' EXIT
binaries=${CARGO_TARGET_DIR:-target}/$host/release
export seconds binaries TMPDIR=$folder

run_target() {
    local target=$1 log=$TMPDIR/$1.log dictionary=()
    mkdir -p "corpus/$target" "artifacts/$target"
    cp "seeds/$target"/* "corpus/$target/"
    if [ -f "dictionaries/$target" ]; then
        dictionary=("-dict=dictionaries/$target")
    fi
    if ! "$binaries/$target" "corpus/$target" "${dictionary[@]}" \
        -artifact_prefix="artifacts/$target/" -max_total_time="$seconds" -max_len=16384 -timeout=10 \
        -rss_limit_mb=1024 -malloc_limit_mb=512 -print_final_stats=1 -verbosity=1 >"$log" 2>&1; then
        tail -n 40 "$log"
        printf '%s: FAILED; the input is in fuzz/artifacts/%s\n' "$target" "$target"
        # xargs starts no other behind this status.
        exit 255
    fi
    awk -v target="$target" '
        /stat::number_of_executed_units/ { units = $2 }
        /stat::average_exec_per_sec/ { rate = $2 }
        /stat::peak_rss_mb/ { memory = $2 }
        END { printf "%s: %d executions, %d a second, at most %d MiB\n", target, units, rate, memory }
    ' "$log"
}
export -f run_target
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I '{}' bash -c 'run_target "$1"' _ '{}'
