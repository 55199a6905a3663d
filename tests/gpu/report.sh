#!/bin/bash
# What the compiler makes of the CUDA kernels, without a GPU: registers, spills, stack, code, compile time, per kernel and GPU generation; then, if
# nuri_gpu_test is built, what the planner would launch of each scene on an A100 and an H100 with these registers (Markdown, for docs/performance.md).
# usage: tests/gpu/report.sh [sm_80 sm_90 ..]; NURI_REPORT_SOURCE: another .cu file; NURI_REPORT_PROGRAM: another nuri_gpu_test
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PATH:/usr/local/cuda/bin
command -v nvcc >/dev/null || { printf 'skipped: no nvcc\n'; exit 77; }
source=${NURI_REPORT_SOURCE:-physics/cuda/kernel.cu}
program=${NURI_REPORT_PROGRAM:-build/release/nuri_gpu_test}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
[ $# -gt 0 ] || set -- sm_80 sm_90
# the flags of CMakeLists.txt
flags=(-std=c++20 -O3 -DNDEBUG -fmad=false -prec-div=true -prec-sqrt=true -ftz=false --expt-relaxed-constexpr -I. -diag-suppress 128)
nvcc --version | tail -n 2 | head -n 1
registers=128
for arch in "$@"; do
    TIMEFORMAT='%U %R'
    { time nvcc "${flags[@]}" -arch="$arch" -Xptxas -v -cubin "$source" -o "$folder/$arch.cubin" 2>"$folder/$arch.log"; } 2>"$folder/$arch.time"
    read -r user real <"$folder/$arch.time"
    printf '\n%s, compiled in %s s of processor time (%s s elapsed)\n\n' "$arch" "$user" "$real"
    printf '| kernel | registers | stack, bytes | spilled by the kernel, bytes (stores / loads) | by all functions | shared | constant |\n|---|---|---|---|---|---|---|\n'
    # ptxas speaks of functions first, then of kernels: "Compiling entry function 'name'", "Function properties for name", sizes, "Used N registers"
    c++filt <"$folder/$arch.log" | awk '
        function before(unit) { return match($0, "[0-9]+ bytes " unit) ? substr($0, RSTART, RLENGTH) + 0 : 0 }
        /Compiling entry function/ { entry = $0; sub(/^[^\047]*\047/, "", entry); sub(/\047.*/, "", entry) }
        /Function properties for/ { current = $0; sub(/.*properties for /, "", current) }
        /spill stores/ {
            stores += before("spill stores"); loads += before("spill loads")
            if (current == entry) { stack = before("stack frame"); own = before("spill stores") " / " before("spill loads") }
        }
        /Used [0-9]+ registers/ {
            match($0, /Used [0-9]+/); used = substr($0, RSTART + 5, RLENGTH - 5)
            name = match(entry, /[a-z_]+_kernel/) ? substr(entry, RSTART, RLENGTH) : entry
            printf "| `%s` | %s | %d | %s | %d / %d | %d | %d |\n", name, used, stack, own, stores, loads, before("smem"), before("cmem.0.")
            stores = loads = stack = 0; own = "?"
        }'
    most=$(grep -o 'Used [0-9]* registers' "$folder/$arch.log" | awk '{ print $2 }' | sort -n | tail -n 1)
    [ "$most" -le "$registers" ] || registers=$most
    printf '\ncode, bytes: '
    readelf -SW "$folder/$arch.cubin" 2>/dev/null | grep -o '\.text\.[^ ]* *PROGBITS.*' | awk '{ print "0x" $5 }' | while read -r x; do printf '%d\n' "$x"; done | awk '{ s += $1 } END { print s }'
    printf 'largest functions:\n'
    readelf -sW "$folder/$arch.cubin" 2>/dev/null | awk '$4 == "FUNC" { n = $3; name = $NF; sub(/.*\$/, "", name); print n, name }' |
        while read -r size name; do printf '%9d  %s\n' "$size" "$(c++filt "$name" | sed 's/<.*//; s/(.*//; s/.*[ :]//')"; done | sort -rn | sed -n 1,16p
done
printf '\nscratch and launches, %s registers per thread:\n\n' "$registers"
if [ -x "$program" ]; then "$program" plan --registers "$registers"; else printf 'not known: no %s\n' "$program"; fi
