# shellcheck shell=bash
# What scripts that test the program share; sourced from the repository root. NURI_PROGRAM is the program.
set -uo pipefail
nuri=${NURI_PROGRAM:?the path of the program nuri}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
problems=0

# expect STATUS WHAT COMMAND...: runs nuri; its outputs are kept in $folder/out and $folder/err.
expect() {
    local status=$1 what=$2 result
    shift 2
    timeout 300 "$nuri" "$@" >"$folder/out" 2>"$folder/err" </dev/null
    result=$?
    [ $result -eq "$status" ] && return 0
    printf 'FAILED %s: status %s instead of %s: nuri %s\n' "$what" $result "$status" "$*"
    head -n 5 "$folder/err"
    ((++problems))
}
fail() {
    printf 'FAILED %s\n' "$*"
    ((++problems))
}
# json EXPRESSION: true if standard output is one JSON object for which the Python expression on `o` holds.
json() {
    python3 -c 'import json, sys
o = json.load(open(sys.argv[1]))
sys.exit(0 if isinstance(o, dict) and eval(sys.argv[2]) else 1)' "$folder/out" "$1" || { fail "JSON: $1" && head -c 400 "$folder/out"; }
}
