#!/usr/bin/env bash
# nuri verify from the command line: tables, JSON, chosen cases, models that are wrong on purpose, files.
# NURI_PROGRAM is the program; runs from the repository root.
# shellcheck source=tests/tools/cli/cli.sh
. tests/tools/cli/cli.sh

expect 0 'some cases' verify --only fall,stop,chain.2.rk4
grep -q '^falling ball.* passed$' "$folder/out" || fail 'the table lacks a row'
grep -q '^[0-9]* passed, 0 failed, 0 shown only; double' "$folder/out" || fail 'the last line does not count'
[ "$(awk '{ if (length > n) n = length } END { print n + 0 }' "$folder/out")" -le 120 ] || fail 'lines of more than 120 columns'
expect 0 'as JSON' verify --only fall,rolling.y.euler.1ms --json
json 'o["ok"] and o["failed"] == 0 and o["precision"] == "double" and len(o["rows"]) == 3'
json 'o["rows"][0]["id"] == "fall.discrete" and o["rows"][0]["value"] < o["rows"][0]["bound"] and o["rows"][0]["verdict"] == "passed"'
json 'o["rows"][2]["published"][0]["engine"] == "Bullet" and o["rows"][2]["source"].startswith("SimBenchmark") and o["rows"][2]["mujoco"] > 0 and o["rows"][2]["as_mujoco"]'
expect 0 'in float' verify --only grasp,fall --precision float --json
json 'o["precision"] == "float" and all(r["verdict"] in ("passed", "shown") for r in o["rows"])'
expect 0 'the list' verify --list
grep -q '^simbenchmark  666.1ms  ' "$folder/out" || fail 'the list lacks a case'

# wrong models are noticed, and told by the status
expect 1 'another gravity' verify --only fall --break gravity=1.001
grep -q '^    fall.discrete: off by ' "$folder/out" || fail 'it is not said what failed'
expect 1 'a sum' verify --only chain.2.rk4 --break dof_damping+=0.001 --json
json 'not o["ok"] and o["failed"] == 1 and "off by" in o["rows"][0]["why"]'
expect 1 'two of them' verify --only fall --break gravity=1.001 --break gravity=0.999 --json
for wrong in gravity gravity= =2 gravity=x gravity=1x nothing=2 gravity+=; do
    expect 2 "--break $wrong" verify --only fall --break "$wrong"
done
expect 2 'an unknown case' verify --only nothing
grep -q "no case 'nothing'" "$folder/err" || fail 'the unknown case is not named'
expect 2 'no case' verify --only ''
expect 2 'an unknown precision' verify --precision half

# recipes for other engines, and what they played
expect 0 'scenes' verify --only stop --scenes "$folder/scenes" --json
json 'o["cases"] == 3'
[ -s "$folder/scenes/stop.mu0.2/0.xml" ] && [ -s "$folder/scenes/stop.mu0.2/0.json" ] || fail 'recipes are missing'
expect 1 'nothing was played' verify --only stop --from "$folder/scenes"
grep -q 'stop.mu0.2/0.bin cannot be read' "$folder/out" || fail 'the missing trajectory is not named'
expect 1 'a folder that cannot be' verify --only stop --scenes /dev/null/x

# the section of a document
printf 'no markers\n' >"$folder/plain.md"
expect 2 'a document without a section' verify --markdown "$folder/plain.md"
[ "$(cat "$folder/plain.md")" = 'no markers' ] || fail 'the document was changed'
expect 2 'a document that is not there' verify --markdown "$folder/none.md"
expect 2 'a section of some cases' verify --markdown "$folder/plain.md" --only fall

[ $problems -eq 0 ] && printf 'all good\n'
exit $((problems > 0))
