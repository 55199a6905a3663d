#!/usr/bin/env bash
# The whole matrices of all scenes' scripts, and the proof that they test something: with what a guard names changed, each of them must fail.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 2
nuri=${NURI_PROGRAM:?the path of the program nuri}
status=0
"$nuri" regress scenes/regress --quiet || status=1
"$nuri" regress scenes/regress --quiet --mutate || status=1
exit $status
