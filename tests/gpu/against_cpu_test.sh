#!/usr/bin/env bash
# nuri_gpu_test with CPU worlds in the place of CUDA worlds: its cases, comparisons, tables and the search for a difference work before a GPU is at hand.
program=$(dirname "${NURI_PROGRAM:-build/release/nuri}")/nuri_gpu_test
[ -x "$program" ] || { echo 'skipped: built without CUDA'; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { printf 'FAILED: %s\n' "$1"; exit 1; }

"$program" bits --against cpu --steps 40 --out "$folder" hopper boxes fleet | tee "$folder/log" | tail -n 1
[ "${PIPESTATUS[0]}" = 0 ] || { grep -B2 -A12 -E 'DIFFERS|NOTHING' "$folder/log"; fail 'CPU worlds of different widths differ'; }
grep -q '^NO GPU IN THIS RUN' "$folder/log" || fail 'it does not say that there is no GPU'
[ "$(cut -f 3 "$folder/bits.tsv" | sort -u | tr '\n' ' ')" = 'equal result ' ] || fail 'bits.tsv'

# a comparison that cannot fail is none: one bit changed before substep 10 must be found, in the stage that reads it
"$program" bits --against cpu --steps 40 --spoil hopper >"$folder/spoiled" && fail 'a changed bit was not noticed'
grep -q 'first difference: environment 0 in substep 10' "$folder/spoiled" || fail 'the substep of the changed bit was not found'
grep -qE '^ *load +qpos\[0\]: cpu [0-9a-f]{8} ' "$folder/spoiled" || fail 'the stage of the changed bit was not found'

"$program" pictures --against cpu --out "$folder" >"$folder/log" || { grep DIFFERS "$folder/log"; fail 'pictures of different widths differ'; }
[ "$(cut -f 3 "$folder/pictures.tsv" | sort -u | tr '\n' ' ')" = 'equal result ' ] || fail 'pictures.tsv'
"$program" pictures --against cpu --spoil fair >"$folder/log" && fail 'a picture of a moved body was not noticed'

"$program" bench --against cpu --environments 10 --steps 20 --warm-up 0.1 --out "$folder" humanoid fleet >/dev/null || fail bench
[ "$(wc -l <"$folder/bench.tsv")" = 3 ] || fail 'bench.tsv'
"$program" profile --against cpu --environments 4 --steps 20 --warm-up 0.1 --out "$folder" hopper >/dev/null || fail profile
grep -q 'solve' "$folder/stages.tsv" || fail 'stages.tsv'

# ports and draws have no CPU in their place: the same program over an emulated runtime (tests/emulated_cuda)
if [ -x "${program}_emulated" ]; then
    "${program}_emulated" learn --environments 24 --out "$folder" >"$folder/log" || { cat "$folder/log"; fail 'ports or draws on the emulated GPU differ'; }
    [ "$(cut -f 5 "$folder/learn.tsv" | sort -u | tr '\n' ' ')" = 'copies none ' ] || fail 'learn.tsv'
    "${program}_emulated" learn --environments 24 --spoil hopper >"$folder/log" && fail 'a changed observation was not noticed'
    grep -q 'observation of environment 0, column 5, step 2' "$folder/log" || fail 'the changed observation was not found'
fi
[ "$("$program" plan humanoid fleet | grep -c 'H100')" = 2 ] || fail plan
echo 'passed'
