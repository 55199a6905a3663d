#!/usr/bin/env bash
# Regression scripts from the command line: status, filters, reports, goldens with their ledger, guards, and what is wrong with scripts.
# NURI_PROGRAM is the program; runs from the repository root.
# shellcheck source=tests/tools/cli/cli.sh
. tests/tools/cli/cli.sh

root=$PWD
scripts=$folder/scripts
mkdir "$scripts"
cat >"$scripts/fall.yaml" <<END
scene: $root/scenes/boxes.yaml
tags: [quick]
seconds: 0.5
matrix: {precision: [float, double], environments: [1, 3], width: [1, 8]}
timeline:
  - {at: 0.1, teleport: {body: left_3/crate, position: [0, 5, 3], linear_velocity: [0, 0, 0], angular_velocity: [0, 0, 0]}}
expect:
  - {at: 0.3, body: left_3/crate, position: [0, 5, 2.804], within: 0.005}
  - {hash: golden}
guards:
  - {gravity: 1.3}
END
cat >"$scripts/wrong.yaml" <<END
scene: $root/scenes/boxes.yaml
tags: [slow]
seconds: 0.2
expect:
  - {name: flies, body: left_1/crate, position: [null, null, {above: 1}]}
END

expect 0 'the list' regress "$scripts" --list
[ "$(wc -l <"$folder/out")" -eq 9 ] || fail 'the list is not of nine cases'
grep -q '^fall\[double,3,width=8\] ' "$folder/out" || fail 'a case is not named by its matrix'

# no golden yet; --update needs a reason
expect 1 'no golden' regress "$scripts/fall.yaml" --json
json 'o["passed"] == 0 and o["failed"] == 8'
expect 2 'an update without a reason' regress "$scripts/fall.yaml" --update
[ -e "$scripts/golden" ] && fail 'a refused update wrote something'
expect 2 'an update of mutations' regress "$scripts/fall.yaml" --update --mutate --reason no
expect 0 'an update' regress "$scripts/fall.yaml" --update --reason 'made'
grep -Eq '^fall \| none \| [0-9a-f]{16} \| [0-9.]+ \| made$' "$scripts/golden/ledger.txt" || fail 'the ledger has no line of it'
expect 0 'with a golden' regress "$scripts/fall.yaml" --json
json 'o["passed"] == 8 and o["failed"] == 0'

# the same bits with other numbers of cases at once
expect 0 'one at a time' regress "$scripts/fall.yaml" --jobs 1
expect 0 'many at once' regress "$scripts/fall.yaml" --jobs 6

# a folder, filters
expect 1 'a folder' regress "$scripts" --json --junit "$folder/junit.xml" --report "$folder/page.html"
json 'o["passed"] == 8 and o["failed"] == 1'
json '[c for c in o["cases"] if c["name"] == "wrong"][0]["checks"][0]["passed"] is False'
python3 -c 'import sys, xml.etree.ElementTree as t; sys.exit(0 if len(list(t.parse(sys.argv[1]).iter("testcase"))) == 9 else 1)' "$folder/junit.xml" || fail 'JUnit has not nine cases'
grep -q 'flies' "$folder/page.html" || fail 'the page does not name what failed'
expect 0 'by tag' regress "$scripts" --tag quick
expect 1 'by another tag' regress "$scripts" --tag slow
grep -q "wrong.yaml:5:5.*flies" "$folder/out" || fail 'a failure has no place'
expect 0 'by name' regress "$scripts" -k 'fall[double'
grep -q '^4 passed, 0 failed' "$folder/out" || fail 'the filter by name does not take four'
expect 0 'by matrix' regress "$scripts" --matrix-only environments=3 --matrix-only width=8 -k fall
grep -q '^2 passed' "$folder/out" || fail 'the filter by matrix does not take two'
expect 2 'an unknown key of the matrix' regress "$scripts" --matrix-only colour=3
expect 2 'nothing fits' regress "$scripts" -k nothing --json
json 'o["errors"][0]["code"] == "nothing-fits"'
expect 2 'no such path' regress "$folder/nowhere"
expect 1 'a report that cannot be written' regress "$scripts" --tag quick --junit "$scripts/fall.yaml/x.xml"

# a guard must be noticed; one that nobody notices is a failure
expect 0 'guards' regress "$scripts/fall.yaml" --mutate --json
json 'o["passed"] == 1 and o["cases"][0]["name"] == "fall/guard gravity 1.3"'
sed 's/gravity: 1.3/gravity: 1.00001/' "$scripts/fall.yaml" >"$folder/blind.yaml"
expect 1 'a blind guard' regress "$folder/blind.yaml" --mutate
grep -q 'nothing noticed' "$folder/out" || fail 'a blind guard is not told'

# one bit of one environment: the first moment and field are named, and that it is not the machine
sed 's/^expect:/  - {at: 0.2, nudge: {environment: 0, field: qvel, item: 3}}\nexpect:/' "$scripts/fall.yaml" >"$folder/nudged.yaml"
mkdir "$folder/golden" && cp "$scripts/golden/fall.golden" "$folder/golden/nudged.golden"
expect 1 'a nudge' regress "$folder/nudged.yaml" --matrix-only precision=float --matrix-only width=8
grep -q 'parts from the golden by substep' "$folder/out" || fail 'a difference is not located in time'
grep -q 'has the same bits' "$folder/out" || fail 'it is not said that the machine does not show'
printf 'x' >>"$folder/golden/nudged.golden"
expect 2 'a damaged golden' regress "$folder/nudged.yaml"
grep -q 'damaged-golden' "$folder/out" || fail 'a damaged golden is not told'

# what is wrong with scripts
while read -r name code line; do
    expect 2 "$name" regress "tests/bad/regress/$name" --json
    json "o['cases'][0]['outcome'] == 'error'"
    expect 2 "$name as text" regress "tests/bad/regress/$name"
    grep -Eq ":$line:[0-9]+: error: .*\[$code\]" "$folder/out" || { fail "$name is not [$code] in line $line" && head -n 4 "$folder/out"; }
done <tests/bad/regress/expected.txt

[ $problems -eq 0 ] && printf 'all good\n'
exit $((problems > 0))
