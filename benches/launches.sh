#!/usr/bin/env bash
# Kernels that a step launches on a device of cubecl, and which:
#     benches/launches.sh [DEVICE [ENCODER...]]
# cubecl writes each launch to a log; a run with two more steps than another has their launches more. Needs a build with the
# device's feature: cargo build --release --features wgpu --example encoder_speed
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
device=${1:-wgpu}
shift || true
program=${CARGO_TARGET_DIR:-$root/target}/release/examples/encoder_speed
test -x "$program" || { echo "$program is missing: see the head of $0" >&2; exit 1; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# The names of the launches of a run, one a line.
launched() {
    rm -rf "$out/run"
    mkdir "$out/run"
    printf '[profiling.logger]\nlevel = "minimal"\nfile = "%s"\n' "$out/run/log" >"$out/run/cubecl.toml"
    (cd "$out/run" && "$program" --device "$device" --batch 4 --frames 50 "$@" >/dev/null)
    sed -n 's/.*Executing //p' "$out/run/log"
}

for encoder in "${@:-stgcn}"; do
    for mode in infer train; do
        launched --encoder "$encoder" --mode $mode --runs 1 | sort | uniq -c >"$out/few"
        launched --encoder "$encoder" --mode $mode --runs 3 | sort | uniq -c >"$out/more"
        awk '
            { count = $1; $1 = ""; name = $0 }
            NR == FNR { few[name] = count; next }
            count > few[name] { each = (count - few[name]) / 2; total += each; kinds[name] = each }
            END {
                print total " launches"
                for (name in kinds) printf "%8.1f %s\n", kinds[name], substr(name, 1, 100) | "sort -rn"
            }
        ' "$out/few" "$out/more" >"$out/table"
        echo "$device $encoder $mode: $(head -1 "$out/table")"
        tail -n +2 "$out/table"
    done
done
