#!/bin/bash
# What the compiler makes of the fused kernel, without a GPU: registers, spills, stack, constant memory, code by function, compile time; per GPU
# generation. usage: tests/gpu/report.sh [sm_80 sm_90 ..]
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PATH:/usr/local/cuda/bin
command -v nvcc >/dev/null || { printf 'skipped: no nvcc\n'; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
[ $# -gt 0 ] || set -- sm_80 sm_90
# the flags of CMakeLists.txt
flags=(-std=c++20 -O3 -DNDEBUG -fmad=false -prec-div=true -prec-sqrt=true -ftz=false --expt-relaxed-constexpr -I. -diag-suppress 128)
nvcc --version | tail -n 2 | head -n 1
for arch in "$@"; do
    TIMEFORMAT='%U %R'
    { time nvcc "${flags[@]}" -arch="$arch" -Xptxas -v -cubin physics/cuda/kernel.cu -o "$folder/$arch.cubin" 2>"$folder/$arch.log"; } 2>"$folder/$arch.time"
    read -r user real <"$folder/$arch.time"
    used=$(grep -o 'Used [0-9]* registers.*' "$folder/$arch.log" | sed 's/used 0 barriers, //')
    frame=$(grep -m 1 -o '[0-9]* bytes stack frame' "$folder/$arch.log" | head -n 1)
    spills=$(awk '/spill stores/ { for (i = 1; i < NF; i++) { if ($(i + 2) == "spill" && $(i + 3) ~ /^stores/) s += $i; if ($(i + 2) == "spill" && $(i + 3) ~ /^loads/) l += $i } } END { print s + 0 " / " l + 0 }' "$folder/$arch.log")
    code=$(readelf -SW "$folder/$arch.cubin" 2>/dev/null | grep -o '\.text\.[^ ]* *PROGBITS.*' | awk '{ print "0x" $5 }' | while read -r x; do printf '%d\n' "$x"; done | awk '{ s += $1 } END { print s }')
    printf '\n%s: %s; kernel frame %s; spilled bytes, all functions: %s (stores / loads); code %s bytes; compiled in %s s of processor time (%s s elapsed)\n' \
        "$arch" "$used" "$frame" "$spills" "$code" "$user" "$real"
    printf 'largest functions, bytes of code:\n'
    readelf -sW "$folder/$arch.cubin" 2>/dev/null | awk '$4 == "FUNC" { n = $3; name = $NF; sub(/.*\$/, "", name); print n, name }' |
        while read -r size name; do printf '%9d  %s\n' "$size" "$(c++filt "$name" | sed 's/<.*//; s/(.*//; s/.*[ :]//')"; done | sort -rn | sed 1d | head -n 16
done
