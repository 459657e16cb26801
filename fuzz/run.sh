#!/usr/bin/env bash
# Runs every fuzz target for SECONDS from its seeds, and fails on the first crash, hang or excess of memory.
#
#   fuzz/run.sh SECONDS [TARGET...]
#
# Needs a nightly toolchain and cargo-fuzz (`cargo install cargo-fuzz`). Without a sanitizer, since the readers hold no
# unsafe code: three times as fast to build and to run. The seeds are copied: what a run finds stays in
# fuzz/corpus, a crash in fuzz/artifacts.
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
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for target in "${targets[@]}"; do
    mkdir -p "corpus/$target" "artifacts/$target"
    cp "seeds/$target"/* "corpus/$target/"
    if ! "target/$host/release/$target" "corpus/$target" \
        -artifact_prefix="artifacts/$target/" -max_total_time="$seconds" -max_len=16384 -timeout=10 \
        -rss_limit_mb=1024 -malloc_limit_mb=512 -print_final_stats=1 -verbosity=1 >"$log" 2>&1; then
        tail -n 40 "$log"
        printf '%s: FAILED; the input is in fuzz/artifacts/%s\n' "$target" "$target"
        exit 1
    fi
    awk -v target="$target" '
        /stat::number_of_executed_units/ { units = $2 }
        /stat::average_exec_per_sec/ { rate = $2 }
        /stat::peak_rss_mb/ { memory = $2 }
        END { printf "%s: %d executions, %d a second, at most %d MiB\n", target, units, rate, memory }
    ' "$log"
done
